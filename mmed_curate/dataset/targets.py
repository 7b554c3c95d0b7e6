"""What a model is to tell of each clip: one class, shares over classes, or which action units there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING

from mmed_curate.dataset.asked import Field
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.codebook import Codebook

if TYPE_CHECKING:
    import pandas as pd

Target = int | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """A target for each clip that has one."""

    field: Field
    soft: bool
    """Shares of the coders; otherwise what was settled."""
    classes: tuple[str, ...]
    """Codes, in the codebook's order: what an index, or a place in the shares, stands for."""
    of: Mapping[str, Target]
    """By clip name: an index, or one number for each of the classes. NaN for an action unit: that part of the face
    could not be seen."""
    left_out: Mapping[str, str]
    """Why a clip has none, by its name."""


def settled_targets(rows: Sequence[ClipRow], field: Field, codebook: Codebook) -> Targets:
    """What was settled: the index of a class; of action units 1 where it was scored, 0 where not.

    Args:
        rows: of clips.csv.
        field: which label.
        codebook: of the release.
    """
    classes = tuple(classes_of(field, codebook))
    found: dict[str, Target] = {}
    left_out: dict[str, str] = {}
    region_of = {entry.code: entry.region for entry in codebook.action_units}
    for row in rows:
        if field is Field.ACTION_UNITS:
            scored = {text.partition(":")[0] for text in row.action_units}
            found[row.clip] = tuple(
                nan if region_of[code] in row.not_visible else float(code in scored) for code in classes
            )
            continue
        label = {
            Field.EMOTION: row.emotion,
            Field.EMOTION_CLASS: row.emotion_class,
            Field.EVENT_TYPE: row.event_type,
        }[field]
        if label is None:
            left_out[row.clip] = "its emotion is in no class"
        else:
            found[row.clip] = classes.index(label)
    return Targets(field=field, soft=False, classes=classes, of=found, left_out=left_out)


def soft_targets(shares: pd.DataFrame, field: Field, codebook: Codebook) -> Targets:
    """Shares of the coders who marked the event, over the classes alone.

    Args:
        shares: soft labels given the event, as `softlabels.soft_labels` gives them.
        field: which label.
        codebook: of the release.
    """
    classes = tuple(classes_of(field, codebook))
    found: dict[str, Target] = {}
    left_out: dict[str, str] = {}
    for clip, values in zip(shares.index, shares[list(classes)].to_numpy().tolist(), strict=True):
        total = sum(values)
        if field is Field.ACTION_UNITS:
            found[clip] = tuple(values)
        elif isnan(total) or not total:  # those who chose no class are left out, so that shares sum to 1
            left_out[clip] = "no coder marked it" if isnan(total) else "no coder chose a class"
        else:
            found[clip] = tuple(value / total for value in values)
    return Targets(field=field, soft=True, classes=classes, of=found, left_out=left_out)


def classes_of(field: Field, codebook: Codebook) -> list[str]:
    """The codes that can be told apart in a field, in the codebook's order."""
    if field is Field.EMOTION_CLASS:
        return list(codebook.class_codes)
    if field is Field.EMOTION:
        return [entry.code for entry in codebook.emotions]
    if field is Field.EVENT_TYPE:
        return [entry.code for entry in codebook.event_types if entry.is_event]
    return [entry.code for entry in codebook.action_units]

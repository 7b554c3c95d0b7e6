"""A release as a dataset of the Hugging Face `datasets` package, made in memory: nothing is fetched or sent.

Pictures and sound are paths, as text: to decode them in `datasets` takes torchcodec, and our own `clip.video()` needs
no more than the base install.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from mmed_curate.dataset.arraynames import N_AXES_OF, array_of, check_names, lacking
from mmed_curate.dataset.clip import ReleasedClip
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.dataset.targets import Targets
from mmed_curate.domain.findings import BadInput

try:
    import datasets  # type: ignore[import-untyped]
except ModuleNotFoundError as error:
    if error.name != "datasets":
        raise
    raise BadInput.of(
        "dataset.no_datasets", "to_hf() needs the package datasets", "pip install 'mmed-curate[hf]'"
    ) from error

_MEDIA = ("picture", "archival", "sound", "features", "sound_features")
_KIND_OF = {"str": "string", "int": "int64", "float": "float64", "bool": "bool"}


def as_hugging_face(
    root: Path,
    clips: Sequence[ReleasedClip],
    *,
    labels: Sequence[Targets],
    shares: Sequence[Targets],
    arrays: Sequence[str],
    description: str,
) -> datasets.Dataset:
    """The columns of clips.csv, labels as ClassLabel, media as absolute paths; on request arrays and soft labels.

    Args:
        root: folder of the release.
        clips: one row each, in this order.
        labels: settled labels that become ClassLabel; a clip without has none (None).
        shares: soft labels, as columns `<field>_shares`: one number for each name of the label.
        arrays: names, see docs/arrays.md; all of them are held in memory. A clip without one has None.
        description: goes into the dataset's info.

    Raises:
        BadInput: there is no such array, or a file is missing or not what was sealed.
    """
    check_names(arrays)
    columns: dict[str, list[Any]] = {}
    kinds: dict[str, Any] = {}
    named = {one.field.value: one for one in labels}
    for column in fields(ClipRow):
        name, kind = column.name, str(column.type).removesuffix(" | None")
        values = [getattr(clip.row, name) for clip in clips]
        if name in named:
            targets = named[name]
            kinds[name] = datasets.ClassLabel(names=list(targets.classes))
            columns[name] = [targets.of.get(clip.name) for clip in clips]
        elif kind in _KIND_OF:
            kinds[name] = datasets.Value(_KIND_OF[kind])
            columns[name] = [str(root / value) if name in _MEDIA and value is not None else value for value in values]
        else:
            kinds[name] = datasets.List(datasets.Value("string"))
            columns[name] = [list(value) for value in values]
    for targets in shares:
        name = f"{targets.field.value}_shares"
        kinds[name] = datasets.List(datasets.Value("float64"), length=len(targets.classes))
        columns[name] = [targets.of.get(clip.name) for clip in clips]
    for name, values, kind in _arrays(clips, arrays):
        columns[name], kinds[name] = values, kind
    features = datasets.Features(kinds)
    info = datasets.DatasetInfo(description=description, features=features)
    return datasets.Dataset.from_dict(columns, features=features, info=info)


def _arrays(clips: Sequence[ReleasedClip], names: Sequence[str]) -> Iterator[tuple[str, list[Any], Any]]:
    """Each array as a column of nested lists: `datasets` turns a missing one of its own array types into NaN."""
    for name in names:
        values = [None if lacking(clip.row, [name]) else array_of(clip, name, {}) for clip in clips]
        first = next((value for value in values if value is not None), None)
        kind: Any = datasets.Value("float32" if first is None else str(first.dtype))
        for _ in range(N_AXES_OF.get(name, 1)):
            kind = datasets.List(kind)
        yield name, values, kind

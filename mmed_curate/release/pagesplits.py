"""The page's section on splits: what splits.json holds, by subjects and by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.splits import Side, Splits
from mmed_curate.domain.counted import counted
from mmed_curate.release.pagesections import NO_CLASS, class_names
from mmed_curate.report.markup import Html, element, joined, table

_SIDES = {Side.TRAIN: "fixed: training", Side.VALIDATION: "fixed: validation", Side.TEST: "fixed: test"}


def splits_section(dataset: Dataset) -> Html:
    """The folds and the fixed split, in a table; empty where there are too few subjects for either.

    Raises:
        BadInput: splits.json is not as it was sealed.
    """
    if len({row.subject for row in dataset.clip_rows}) < 2:
        return Html("")
    splits, named = dataset.splits, class_names(dataset)
    class_of = {row.clip: row.emotion_class or NO_CLASS for row in dataset.clip_rows}

    def row(label: str, n_subjects: int, clips: Iterable[str]) -> tuple[object, ...]:
        found = Counter(class_of[clip] for clip in clips)
        return (label, n_subjects, *(found[code] for code in named), found.total())

    tested = [clip for clips in splits.loso.values() for clip in clips]
    rows = [row(f"leave one subject out: tested in {len(splits.loso)} folds", len(splits.loso), tested)]
    if splits.fixed is not None:
        fixed = splits.fixed
        rows += [row(label, len(fixed.subjects[side]), fixed.clips[side]) for side, label in _SIDES.items()]
    heads = ("", "subjects", *named.values(), "all")
    return joined(
        (
            element("p", " ".join(_told(splits, named, class_of)), class_="means"),
            table("Events on each side of the splits", heads, rows),
        )
    )


def _told(splits: Splits, named: dict[str, str], class_of: dict[str, str]) -> Iterable[str]:
    sizes = sorted(len(clips) for clips in splits.loso.values())
    some = counted(sizes[0], "event") if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]} events"
    yield "A subject is on one side only, with all events."
    yield f"Each of {len(sizes)} folds tests on {some} of one subject, and learns from those of all others."
    for code, name in named.items():
        without = sum(all(class_of[clip] != code for clip in clips) for clips in splits.loso.values())
        if without:
            yield f"{counted(without, 'fold tests', 'folds test')} on none of class {name}."
    if splits.fixed is None:
        yield "There is no fixed split."
    else:
        yield "The fixed split is in splits.json: the same for everybody."

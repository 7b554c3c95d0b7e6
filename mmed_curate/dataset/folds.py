"""Leave-one-subject-out folds: a subject is never on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mmed_curate.domain.findings import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One split of the clips into those to learn from and those of the subject left out."""

    held_out: str
    """The subject whose clips are the test side."""
    train: tuple[str, ...]
    """Names of the other subjects' clips, sorted."""
    test: tuple[str, ...]
    """Names of the held-out subject's clips, sorted."""


def leave_one_subject_out(subject_of: Mapping[str, str]) -> Iterator[Fold]:
    """One fold per subject, subjects in sorted order whatever the order of the mapping.

    Args:
        subject_of: subject by clip name.

    Raises:
        BadInput: fewer than two subjects, so that nothing would be left to learn from.
    """
    subjects = sorted(set(subject_of.values()))
    if len(subjects) < 2:
        raise BadInput.of(
            "dataset.too_few_subjects",
            f"leaving one subject out needs at least 2 subjects, got {len(subjects)}",
            "fold a release with more subjects",
            subjects=len(subjects),
        )
    names = sorted(subject_of)
    for held_out in subjects:
        yield Fold(
            held_out=held_out,
            train=tuple(name for name in names if subject_of[name] != held_out),
            test=tuple(name for name in names if subject_of[name] == held_out),
        )

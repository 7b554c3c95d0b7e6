"""What may be told of the subjects of a release: only what many share, so that nobody is told apart by it.

k-anonymity (Sweeney 2002, "k-anonymity: a model for protecting privacy", IJUFKS 10 (5)): in every combination of what
is told there are at least k subjects. What is not told counts as a value too: who stands alone in having nothing said
of them is told apart as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.domain.records import Subject
from mmed_curate.domain.transcript import one_line
from mmed_curate.release.recipe import Groups


def subject_rows(subjects: Mapping[str, Subject], groups: Groups | None) -> tuple[SubjectRow, ...]:
    """A row for each subject, by pseudonym, with what may be told of them.

    An attribute is taken where each of its values that too few share is left out, and every combination with the
    attributes before it, what is left out included, is then shared by enough; else it is left out for everybody.

    Args:
        subjects: who has a clip in the release, by pseudonym.
        groups: what may be told, in order; None: nothing.
    """
    told: dict[str, dict[str, str | None]] = {name: {} for name in sorted(subjects)}
    for attribute in () if groups is None else groups.attributes:
        least = groups.at_least if groups is not None else 0
        said = {name: _said(getattr(subjects[name], attribute)) for name in told}
        shared = {value for value, number in Counter(said.values()).items() if value is not None and number >= least}
        column = {name: value if value in shared else None for name, value in said.items()}
        together = Counter((*told[name].values(), column[name]) for name in told)
        if shared and all(number >= least for number in together.values()):
            for name, value in column.items():
                told[name][attribute] = value
    return tuple(SubjectRow(subject=name, **values) for name, values in told.items())


def _said(value: str | bool | None) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(value or "") or None

"""How a release divides its clips: leave-one-subject-out folds, and one fixed split by subject, both in splits.json.

The fixed split is drawn so that everybody gets the same one, and keeps it as the dataset grows. Subjects are taken
by the class that they show most often. Within a class they stand in the order of the SHA-256 of their pseudonyms:
the first go to the test side, the next to validation, the rest to training. How many of each class go where follows
from the shares by largest remainders, so that each side gets its part of each class as far as whole subjects allow.

A pseudonym is the same in every version, and a subject's place among the hashes does not hang on others. A version
with more subjects therefore moves those next to a border only, and hardly ever one between training and test.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmed_curate.dataset.folds import leave_one_subject_out
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput

SPLITS = "splits.json"
FORMAT = "mmed-splits"
VERSION = 1
SEED = "mmed-split-1"
"""What stands before a pseudonym when it is hashed: the same for every dataset, so that no lab can choose it."""
_FEWEST = 3
"""Subjects for a fixed split: one for each side."""


class Side(Enum):
    """Where a clip of the fixed split lies."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Parts of the subjects that a fixed split keeps from training."""

    validation: float
    test: float

    def __post_init__(self) -> None:
        if not (self.validation > 0 and self.test > 0 and self.validation + self.test < 1):
            raise BadInput.of(
                "splits.shares",
                f"validation {self.validation} and test {self.test} leave no three sides",
                "give two numbers above 0 whose sum is below 1",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSplit:
    """Every subject on one side, with all of its clips."""

    shares: Shares
    subjects: Mapping[Side, tuple[str, ...]]
    """Pseudonyms by side, sorted; none on two."""
    clips: Mapping[Side, tuple[str, ...]]
    """Names by side, sorted; each clip of the release on exactly one."""

    @property
    def train(self) -> tuple[str, ...]:
        """Names of the clips to learn from."""
        return self.clips[Side.TRAIN]

    @property
    def validation(self) -> tuple[str, ...]:
        """Names of the clips to choose by."""
        return self.clips[Side.VALIDATION]

    @property
    def test(self) -> tuple[str, ...]:
        """Names of the clips to report on, once."""
        return self.clips[Side.TEST]


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """What splits.json holds."""

    loso: Mapping[str, tuple[str, ...]]
    """Names of the clips to test on by the subject held out, both sorted; all other clips are to learn from. Empty
    where there are fewer than two subjects."""
    fixed: FixedSplit | None
    """None: fewer than three subjects."""

    def among(self, rows: Sequence[ClipRow]) -> Splits:
        """The same with these clips alone, nobody on another side; who has none of them is on none.

        Args:
            rows: of clips.csv, in any order.
        """
        here = {row.clip for row in rows}
        subjects = {row.subject for row in rows}
        loso = {one: left for one, clips in self.loso.items() if (left := _among(clips, here))}
        fixed = self.fixed
        return Splits(
            loso=loso if len(loso) > 1 else {},
            fixed=None
            if fixed is None
            else FixedSplit(
                shares=fixed.shares,
                subjects={side: _among(its, subjects) for side, its in fixed.subjects.items()},
                clips={side: _among(its, here) for side, its in fixed.clips.items()},
            ),
        )


def splits_of(rows: Sequence[ClipRow], shares: Shares) -> Splits:
    """Divide the clips of a release.

    Args:
        rows: of clips.csv, in any order.
        shares: of the fixed split.
    """
    subject_of = {row.clip: row.subject for row in rows}
    n_subjects = len(set(subject_of.values()))
    loso = {} if n_subjects < 2 else {fold.held_out: fold.test for fold in leave_one_subject_out(subject_of)}
    if n_subjects < _FEWEST:
        return Splits(loso=loso, fixed=None)
    side_of = _sides(rows, shares)
    return Splits(
        loso=loso,
        fixed=FixedSplit(
            shares=shares,
            subjects={side: tuple(sorted(one for one, its in side_of.items() if its is side)) for side in Side},
            clips={
                side: tuple(sorted(clip for clip, subject in subject_of.items() if side_of[subject] is side))
                for side in Side
            },
        ),
    )


def _sides(rows: Iterable[ClipRow], shares: Shares) -> dict[str, Side]:
    """The side of each subject."""
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        shown[row.subject][row.emotion_class or ""] += 1
    strata: dict[str, list[str]] = defaultdict(list)
    for subject in sorted(shown, key=_place):
        most = max(shown[subject].values())
        strata[min(one for one, count in shown[subject].items() if count == most)].append(subject)
    sizes = {stratum: len(subjects) for stratum, subjects in strata.items()}
    n_test = _parts(sizes, shares.test, spare=2)
    left = {stratum: size - n_test[stratum] for stratum, size in sizes.items()}
    n_validation = _parts(left, shares.validation / (1 - shares.test), spare=1)
    side_of = {}
    for stratum, subjects in strata.items():
        first, second = n_test[stratum], n_test[stratum] + n_validation[stratum]
        side_of.update(dict.fromkeys(subjects[:first], Side.TEST))
        side_of.update(dict.fromkeys(subjects[first:second], Side.VALIDATION))
        side_of.update(dict.fromkeys(subjects[second:], Side.TRAIN))
    return side_of


def _parts(sizes: Mapping[str, int], share: float, *, spare: int) -> dict[str, int]:
    """How many of each stratum make up a share of all: whole parts first, then by largest remainder.

    At least one, and all but `spare` at most, whatever the share: the other sides need somebody too.
    """
    exact = {stratum: size * Fraction(share).limit_denominator(1000) for stratum, size in sizes.items()}
    whole = max(1, min(round(sum(exact.values())), sum(sizes.values()) - spare))
    parts = {stratum: int(part) for stratum, part in exact.items()}
    # of equal remainders the larger stratum, then the first by name: no order of rows decides
    order = sorted(exact, key=lambda one: (parts[one] - exact[one], -sizes[one], one))
    for stratum in [one for one in order if parts[one] < sizes[one]][: max(0, whole - sum(parts.values()))]:
        parts[stratum] += 1
    for stratum in sorted(parts, key=lambda one: (-parts[one], one))[: max(0, sum(parts.values()) - whole)]:
        parts[stratum] -= 1
    return parts


def _place(subject: str) -> str:
    return hashlib.sha256(f"{SEED}:{subject}".encode()).hexdigest()


def splits_document(splits: Splits) -> dict[str, Any]:
    """splits.json as JSON values, in the shape of schema/json/splits.schema.json."""
    fixed = splits.fixed
    return {
        "format": FORMAT,
        "version": VERSION,
        "loso": [{"held_out": subject, "test": list(clips)} for subject, clips in sorted(splits.loso.items())],
        "fixed": None
        if fixed is None
        else {
            "seed": SEED,
            "shares": {"validation": fixed.shares.validation, "test": fixed.shares.test},
            **{side.value: {"subjects": list(fixed.subjects[side]), "clips": list(fixed.clips[side])} for side in Side},
        },
    }


def read_splits(root: Path) -> Splits:
    """Read the splits.json of a release.

    Raises:
        BadInput: there is none, or it is none of ours.
    """
    path = root / SPLITS
    try:
        with opened_text(path) as stream:
            document: Any = json.load(stream)
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r}")
        if document["version"] != VERSION:
            raise _unreadable(path, f"is of version {document['version']}, and this mmed reads {VERSION}")
        fixed = document["fixed"]
        return Splits(
            loso={fold["held_out"]: _names(fold["test"]) for fold in document["loso"]},
            fixed=None
            if fixed is None
            else FixedSplit(
                shares=Shares(validation=fixed["shares"]["validation"], test=fixed["shares"]["test"]),
                subjects={side: _names(fixed[side.value]["subjects"]) for side in Side},
                clips={side: _names(fixed[side.value]["clips"]) for side in Side},
            ),
        )
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable(path, f"cannot be read ({error})") from error


def _among(names: Iterable[str], here: Set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in here)


def _names(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"{found!r} is no list of names")
    return tuple(found)


def _unreadable(path: Path, what: str) -> BadInput:
    return BadInput.of(
        "dataset.splits",
        f"{path} {what}",
        f"run `{shlex.join(['mmed', 'verify', str(path.parent)])}`, and download again what it names",
    )

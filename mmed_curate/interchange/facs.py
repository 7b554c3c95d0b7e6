"""Action units as label tables write them: `R4B+L12C`, `4+7`, `(R6 or R12)+R15`, `10A/B`, `ref(7B)+43`, `A/L12`.

`+` stands between movements that were seen together. `or` and `/` stand between readings of one movement, bind more
tightly than `+`, and leave it open which was meant. Letters before the number say the side, letters after it the
intensity: `A12` is an asymmetric 12, `12A` a trace of 12.

A part that is none of this is kept as text: nothing is guessed, nothing is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from mmed_curate.domain.judgements import Intensity

FACS_NUMBERS = frozenset(
    {1, 2, *range(4, 8), *range(8, 40), *range(41, 47), *range(50, 67), 68, 69, *range(70, 75), *range(80, 86)}
    | {40, 91, 92, 97, 98}
)
"""Numbers that FACS gives a meaning: action units and descriptors, head and eyes, visibility, gross behaviour
(Ekman, Friesen & Hager 2002)."""

_LONGEST = 2000
"""Signs of a cell; the longest of the published tables has 20 (ours)."""


class FacsSide(Enum):
    """Which part of the face a letter before the number names, from the subject's own point of view."""

    BOTH = ""
    """No letter: on both sides, or the movement has none."""
    LEFT = "L"
    RIGHT = "R"
    ASYMMETRIC = "A"
    """On both sides, one of them stronger (the key of SAMM's table)."""
    UNILATERAL = "U"
    """On one side, which is not said."""
    TOP = "T"
    """Of the upper lip only."""
    BOTTOM = "B"
    """Of the lower lip only."""


class FacsKind(Enum):
    """The word that a table puts before the number."""

    UNSAID = ""
    ACTION_UNIT = "AU"
    ACTION_DESCRIPTOR = "AD"
    HEAD_OR_EYES = "M"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacsMark:
    """One action unit, as it is written."""

    number: int
    """Of FACS, above 0."""
    side: FacsSide = FacsSide.BOTH
    intensity: Intensity | None = None
    """None: not scored."""
    kind: FacsKind = FacsKind.UNSAID
    is_doubted: bool = False
    """A question mark stands behind it."""

    def __post_init__(self) -> None:
        if not 0 < self.number < 1000:
            raise ValueError(f"an action unit has a number from 1 to 999, got {self.number}")

    @property
    def is_known(self) -> bool:
        """True where FACS gives this number a meaning."""
        return self.number in FACS_NUMBERS

    def __str__(self) -> str:
        grade = self.intensity.value if self.intensity else ""
        return f"{self.side.value}{self.kind.value}{self.number}{grade}{'?' if self.is_doubted else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacsTerm:
    """One movement: a mark, or several readings of it of which one is meant."""

    readings: tuple[FacsMark, ...]
    """Never empty; more than one: the table leaves open which."""
    is_reference: bool = False
    """Written inside `ref(…)`, as SAMM does; its key does not say what that means."""

    def __post_init__(self) -> None:
        if not self.readings:
            raise ValueError("a movement needs at least one reading")

    def __str__(self) -> str:
        joined = " or ".join(map(str, self.readings))
        if self.is_reference:
            return f"ref({joined})"
        return f"({joined})" if len(self.readings) > 1 else joined


@dataclass(frozen=True, slots=True, kw_only=True)
class FacsText:
    """The action units of one event. `str()` writes them in one way, which reads as the same again."""

    terms: tuple[FacsTerm, ...] = ()
    unread: tuple[str, ...] = ()
    """Parts that say no action unit, as they are written; empty text: nothing stands behind a plus."""

    def __str__(self) -> str:
        return "+".join([*map(str, self.terms), *self.unread])

    @property
    def unknown_numbers(self) -> tuple[int, ...]:
        """Numbers without a meaning in FACS, in order."""
        return tuple(mark.number for term in self.terms for mark in term.readings if not mark.is_known)


_MARK = re.compile(
    r"""(?: (?P<kind>AU|AD|M) \s* (?P<late>[LRAUTB])?                 # AU 4, AU L12
          | (?P<sides>[LRAUTB](?:\s*/\s*[LRAUTB])*) \s* (?P<word>AU|AD|M)?   # A/L12: one of two sides
        )? \s*
        (?P<number>[0-9]{1,3}) \s*
        (?P<grades>[A-E](?:\s*/\s*[A-E](?![0-9]))*)? \s*              # 10A/B: one of two intensities
        (?P<doubt>\?)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_OR = re.compile(r"\s*(?:or|/)\s*", re.IGNORECASE | re.ASCII)
_WRAPPED = re.compile(r"(?P<word>ref)?\s*\((?P<inside>[^()]*)\)", re.IGNORECASE)


def read_facs(text: str) -> FacsText:
    """Read a cell of action units; never fails: what cannot be read is in `unread`.

    Args:
        text: the cell, such as `R4B+L12C`; empty: nothing was scored.
    """
    text = text.strip()
    if not text:
        return FacsText()
    if len(text) > _LONGEST:
        return FacsText(unread=(text,))
    terms: list[FacsTerm] = []
    unread: list[str] = []
    for part in _parts(text):
        term = _term_of(part)
        if term is not None:
            terms.append(term)
        else:
            unread.append(part)
    return FacsText(terms=tuple(terms), unread=tuple(unread))


def _parts(text: str) -> list[str]:
    """What stands between the pluses that are in no bracket."""
    parts, depth = [""], 0
    for sign in text:
        depth = max(depth + (sign == "(") - (sign == ")"), 0)
        if sign == "+" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _term_of(part: str) -> FacsTerm | None:
    wrapped = _WRAPPED.fullmatch(part)
    readings = _readings_of(wrapped["inside"] if wrapped else part)
    if not readings:
        return None
    return FacsTerm(readings=readings, is_reference=bool(wrapped and wrapped["word"]))


def _readings_of(text: str) -> tuple[FacsMark, ...]:
    """The readings between `or` and `/`; empty where one of them is no action unit."""
    readings: list[FacsMark] = []
    place, text = 0, text.strip()
    while True:
        found = _MARK.match(text, place)
        marks = _marks_of(found) if found else ()
        if not found or not marks:
            return ()
        readings += marks
        place = found.end()
        if place == len(text):
            return tuple(readings)
        gap = _OR.match(text, place)
        if not gap:
            return ()
        place = gap.end()


def _marks_of(found: re.Match[str]) -> tuple[FacsMark, ...]:
    number = int(found["number"])
    if not number:
        return ()
    kind = FacsKind((found["kind"] or found["word"] or "").upper())
    plain = FacsMark(number=number, kind=kind, is_doubted=found["doubt"] is not None)
    on_sides = [replace(plain, side=FacsSide(side)) for side in _letters(found["sides"] or found["late"]) or [""]]
    grades: list[Intensity | None] = [Intensity(grade) for grade in _letters(found["grades"])]
    return tuple(replace(mark, intensity=grade) for mark in on_sides for grade in grades or [None])


def _letters(text: str | None) -> list[str]:
    return re.findall(r"[A-Z]", (text or "").upper(), re.ASCII)

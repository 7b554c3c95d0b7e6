"""What was said in a recording: cues, each a stretch of words with its times and, where it is known, its speaker.

Times are seconds on the recording's clock. A cue runs from its onset up to its offset, the moment itself outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId


def one_line(text: str) -> str:
    """Words with one space between them, whatever stood there: line breaks, tabs, several spaces."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWords:
    """A part of a cue whose own times are known: mostly one word."""

    onset_s: float
    offset_s: float
    text: str

    def __post_init__(self) -> None:
        _check(self.onset_s, self.offset_s, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What one person said in one stretch of a recording."""

    recording: RecordingId
    onset_s: float
    offset_s: float
    text: str
    speaker: SubjectId | None = None
    """None: nobody knows, or it is no subject."""
    words: tuple[TimedWords, ...] = ()
    """The whole text in parts, in order; empty: only the times of the cue are known."""

    def __post_init__(self) -> None:
        _check(self.onset_s, self.offset_s, self.text)
        if self.words and " ".join(part.text for part in self.words) != self.text:
            raise BadInput.of(
                "transcript.words", "the words with times are not the words of the cue", "give times to all of them"
            )
        onsets = [part.onset_s for part in self.words]
        if onsets != sorted(onsets):
            raise BadInput.of("transcript.words", "the words of a cue are not in the order of their times", "sort them")

    def between(self, start_s: float, end_s: float) -> Cue | None:
        """What of the cue is said between two times; None: nothing.

        A cue whose words have times is cut between words; a word that reaches across is kept whole. Any other cue is
        kept whole where it overlaps, for nobody knows when in it which word was said.
        """
        if not self.words:
            return self if self.onset_s < end_s and self.offset_s > start_s else None
        kept = tuple(part for part in self.words if part.onset_s < end_s and part.offset_s > start_s)
        if len(kept) == len(self.words):
            return self
        if not kept:
            return None
        return replace(
            self,
            onset_s=kept[0].onset_s,
            offset_s=max(part.offset_s for part in kept),
            text=" ".join(part.text for part in kept),
            words=kept,
        )


def _check(onset_s: float, offset_s: float, text: str) -> None:
    if not (math.isfinite(onset_s) and math.isfinite(offset_s) and onset_s < offset_s):
        raise BadInput.of(
            "transcript.times",
            f"{onset_s:g} s to {offset_s:g} s is no stretch of time",
            "let it end after it begins",
        )
    if not text or text != one_line(text):
        raise BadInput.of("transcript.text", f"{text[:40]!r} is no line of words", "give words, on one line")
    if any(not sign.isprintable() for sign in text):
        raise BadInput.of("transcript.text", f"{text[:40]!r} holds a sign that cannot be printed", "take the sign out")

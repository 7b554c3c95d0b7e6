"""Clips sent back to coding: all that name a class, some drawn by lot, or all that were coded.

On which of them agreement may be measured afterwards says `gate.attempts`; here stands what may be sent back. A class
is coded once more only where the gate asked for it: to choose clips by what was said of them, whenever the numbers look
better for it, would be no fresh sample. Nobody chooses the lot either: it follows from what the last attempt saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.named import known_codes, named_by, named_in_events
from mmed_curate.agreement.settle import Course, course
from mmed_curate.domain.conduct import Recoding, RecodingKind
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import NEXT, Purpose, Stage
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, attempts_of, by_lot
from mmed_curate.store import Workspace, Writer

_ENDS = frozenset({Stage.SETTLED, Stage.REJECTED})
_NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which clips are to be coded once more."""

    kind: RecodingKind
    code: str = ""
    """Of a class: a code of the codebook."""
    number: int = 0
    """Of a sample: how many clips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoded:
    """What was sent back."""

    clips: tuple[ClipId, ...]
    """Sorted."""
    since: int
    """Number of the last attempt at the gate; 0: none was made."""


def recode(workspace: Workspace, wish: Wish, *, because: str, name_of: Callable[[ClipId], str]) -> Recoded:
    """Send clips that reached an end after they were coded back to coding, for one more round, blind as the first.

    Nothing that was said of them goes. Who adjudicated or verified one of them does not code it; who coded it may, but
    others come first. Clips that were screened out, and clips of who left, stay where they are. Between two attempts at
    the gate a clip goes back once, or once for a class and once by lot or with all.

    Args:
        workspace: whose clips.
        wish: which.
        because: why, for the log.
        name_of: a clip's name in releases, by which lots are drawn.

    Raises:
        BadInput: no reason is given, the codebook knows no such code, or there is no clip that could go back.
        Refused: a class did not fail by itself in the last attempt that failed; no attempt was made before a sample is
            drawn; or clips that were sent back before are not through yet.
    """
    with workspace.write() as records:
        attempts = attempts_of(records.log(ATTEMPT_MADE))
        pool = _Pool.of(workspace, records, attempts)
        clips = pool.chosen(wish, name_of)
        if not clips:
            raise BadInput.of(
                "recode.nothing",
                "there is no clip left that could be coded once more",
                "hold the gate (mmed gate) on what was coded since, or have new clips coded",
            )
        records.note_recoding(clips, wish.kind, code=wish.code, because=because)
        places = records.places()
        for clip in clips:
            seats = workspace.protocol.coding.judges
            records.set_stage(clip, Stage.CODING, round=places[clip].round + 1, open_seats=seats)
    return Recoded(clips=tuple(sorted(clips)), since=pool.n_attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """Every clip that was coded, where it stands, and what was sent back since the last attempt."""

    workspace: Workspace
    courses: Mapping[ClipId, Course]
    attempts: Sequence[Attempt]
    since: Sequence[Recoding]
    """Acts since the last attempt."""

    @classmethod
    def of(cls, workspace: Workspace, records: Writer, attempts: Sequence[Attempt]) -> _Pool:
        gone, terms = records.gone() | records.erased(), records.terms()
        said = records.judgements_by_clip((Purpose.ORDINARY,))
        courses = {
            clip.id: course(said[clip.id], workspace.protocol, clip.clock, workspace.codebook, terms[clip.id])
            for clip in records.clips()
            if clip.id in said and clip.id not in gone
        }
        last = attempts[-1].order if attempts else 0
        return cls(
            workspace=workspace,
            courses={clip: one for clip, one in courses.items() if one.codings},
            attempts=attempts,
            since=[act for act in records.recodings() if act.order > last],
        )

    @property
    def n_attempts(self) -> int:
        return len(self.attempts)

    def chosen(self, wish: Wish, name_of: Callable[[ClipId], str]) -> list[ClipId]:
        if wish.kind is RecodingKind.CLASS:
            return self._of_class(wish.code)
        self._refuse_unfinished()
        by_lot_or_all = {clip for act in self.since if act.kind is not RecodingKind.CLASS for clip in act.clips}
        left = [clip for clip, one in self.courses.items() if one.stage in _ENDS and clip not in by_lot_or_all]
        if wish.kind is RecodingKind.ALL:
            return left
        if not self.attempts:
            raise _refused(
                "recode.no_attempt",
                "no attempt at the gate was made yet, so that every coding counts and no fresh sample is needed",
                "hold the gate first (mmed gate), or have everything coded once more (--all)",
            )
        last = self.attempts[-1]
        stale = [clip for clip in left if self.courses[clip].codings[-1].closed_at < last.order or self._by_class(clip)]
        if wish.number > len(stale):
            raise BadInput.of(
                "recode.too_few",
                f"{len(stale)} clips were coded before attempt {last.number} and not drawn since, fewer than "
                f"{wish.number}",
                "draw fewer, or send all back (--all)",
            )
        return sorted(stale, key=lambda clip: by_lot(last.judgements_digest, name_of(clip)))[: wish.number]

    def _by_class(self, clip: ClipId) -> bool:
        return any(clip in act.clips for act in self.since if act.kind is RecodingKind.CLASS)

    def _of_class(self, code: str) -> list[ClipId]:
        if code not in known_codes(self.workspace.codebook):
            raise BadInput.of(
                "recode.unknown_code",
                f"the codebook knows no class, emotion, action unit or vocal cue {code}",
                "take a code from docs/protocol.md, or from `mmed gate`",
            )
        failed = next((one for one in reversed(self.attempts) if one.failed), None)
        if failed is None:
            raise _refused(
                "recode.no_attempt",
                f"no attempt at the gate failed yet, so nothing says that {code} must be coded once more",
                "hold the gate first (mmed gate)",
            )
        if code not in failed.failed_classes:
            raise _refused(
                "recode.not_the_class",
                f"attempt {failed.number} failed on {_some(failed)}, and not on {code} alone: clips that are chosen by "
                "what was said of them are no fresh sample",
                "have a sample drawn by lot coded once more (--sample N), or all (--all)",
            )
        again = {clip for act in self.since for clip in act.clips}
        return [
            clip
            for clip, one in self.courses.items()
            if one.stage in _ENDS and clip not in again and code in self._named(one)
        ]

    def _named(self, one: Course) -> frozenset[str]:
        codebook = self.workspace.codebook
        settled = () if one.consensus is None else one.consensus.events
        return named_by(one.coded, codebook) | named_in_events(settled, codebook)

    def _refuse_unfinished(self) -> None:
        """Nothing is drawn while a clip is under way that might have been drawn."""
        sent_back = {clip for act in self.since for clip in act.clips}
        last = self.attempts[-1].order if self.attempts else 0
        waiting = sum(
            bool(NEXT[one.stage]) and (clip in sent_back or one.codings[-1].closed_at < last)
            for clip, one in self.courses.items()
        )
        if waiting:
            raise _refused(
                "recode.unfinished",
                f"{waiting} clips that were coded before are still being judged",
                "have them finished first",
            )


def _some(failed: Attempt) -> str:
    names = [rule.name for rule in failed.failed]
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _refused(code: str, what: str, remedy: str) -> Refused:
    return Refused(Finding(code=code, what=what, remedy=remedy))

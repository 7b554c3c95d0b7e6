"""Clips sent back to coding: some drawn by lot, or all that were coded.

On which of them agreement may be measured afterwards says `gate.attempts`; here stands what may be sent back. Nobody
chooses clips by what was said of them, and nobody chooses the lot: it follows from what the last attempt saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.settle import Course, course
from mmed_curate.domain.conduct import Recoding, RecodingKind
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import NEXT, Purpose, Stage
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, attempts_of, by_lot
from mmed_curate.store import Workspace, Writer

_ENDS = frozenset({Stage.SETTLED, Stage.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which clips are to be coded once more."""

    kind: RecodingKind
    number: int = 0
    """Of a sample: how many clips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoded:
    """What was sent back."""

    clips: tuple[ClipId, ...]
    """Sorted."""
    since: int
    """Number of the last attempt at the gate; 0: none was made."""
    had_held: bool
    """Coders had agreed well enough in it, so that nothing asked for this."""


def recode(workspace: Workspace, wish: Wish, *, because: str, name_of: Callable[[ClipId], str]) -> Recoded:
    """Send clips that reached an end after they were coded back to coding, for one more round, blind as the first.

    Nothing that was said of them goes. Who adjudicated or verified one of them does not code it; who coded it may, but
    others come first. Clips that were screened out, and clips of who left, stay where they are. Between two attempts at
    the gate a clip goes back once.

    Args:
        workspace: whose clips.
        wish: which.
        because: why, for the log.
        name_of: a clip's name in releases, by which lots are drawn.

    Raises:
        BadInput: no reason is given, or there is no clip that could go back.
        Refused: no attempt was made before a sample is drawn, or clips that were sent back before are not through yet.
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
        records.note_recoding(clips, wish.kind, because=because)
        places = records.places()
        for clip in clips:
            seats = workspace.protocol.coding.judges
            records.set_stage(clip, Stage.CODING, round=places[clip].round + 1, open_seats=seats)
    return Recoded(clips=tuple(sorted(clips)), since=len(attempts), had_held=bool(attempts) and not attempts[-1].failed)


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

    def chosen(self, wish: Wish, name_of: Callable[[ClipId], str]) -> list[ClipId]:
        self._refuse_unfinished()
        again = {clip for act in self.since for clip in act.clips}
        left = [clip for clip, one in self.courses.items() if one.stage in _ENDS and clip not in again]
        if wish.kind is RecodingKind.ALL:
            return left
        if not self.attempts:
            raise _refused(
                "recode.no_attempt",
                "no attempt at the gate was made yet, so that every coding counts and no fresh sample is needed",
                "hold the gate first (mmed gate), or have everything coded once more (--all)",
            )
        last = self.attempts[-1]
        stale = [clip for clip in left if self.courses[clip].codings[-1].closed_at < last.order]
        if wish.number > len(stale):
            raise BadInput.of(
                "recode.too_few",
                f"{len(stale)} clips were coded before attempt {last.number} and not drawn since, fewer than "
                f"{wish.number}",
                "draw fewer, or send all back (--all)",
            )
        return sorted(stale, key=lambda clip: by_lot(last.judgements_digest, name_of(clip)))[: wish.number]

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


def _refused(code: str, what: str, remedy: str) -> Refused:
    return Refused(Finding(code=code, what=what, remedy=remedy))

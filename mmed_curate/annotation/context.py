"""What is known of the game round a clip, without anybody's code: for stages at which the protocol shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mmed_curate.domain.context import ClipContext, ShownEvent, ShownReport, Whose
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import Clip
from mmed_curate.domain.time import Frame
from mmed_curate.store import Reader


def clip_context(records: Reader, clip: Clip, around_s: float) -> ClipContext:
    """The game's context, and what happened and was said from so long before a clip to so long after it.

    Who is meant is said as "the player" or "another player". Codes of subjects and of the session that stand in what
    people wrote are replaced too, where they hold at least two signs, one of them a letter: others (`7`, `A`) cannot
    be told from plain words.

    Args:
        records: of the workspace.
        clip: which.
        around_s: how far before and after it, in seconds.
    """
    recording = records.recording(clip.recording)
    session = next(one for one in records.sessions() if one.id == recording.session)
    known = records.session_context(session.id)
    names: dict[str, str] = {
        subject.code: _whose(subject.id, clip).value for subject in records.subjects() if subject.id in session.subjects
    }
    names[session.code] = "the session"
    begins = float(recording.clock.start_of(clip.first))
    ends = float(recording.clock.end_of(Frame(clip.last)))
    player = next((one for one in known.players if one.subject == clip.subject), None)
    return ClipContext(
        game=_without(session.game, names),
        stakes=_without(known.stakes, names),
        outcome=_without(known.outcome, names),
        role=None if player is None else _without(player.role, names),
        player_outcome=None if player is None else _without(player.outcome, names),
        events=tuple(
            ShownEvent(
                time_s=round(event.time_s - begins, 6),
                what=_without(event.what, names) or "",
                whose=None if event.subject is None else _whose(event.subject, clip),
                detail=_without(event.detail, names) or "",
            )
            for event in records.game_events(recording.id)
            if begins - around_s <= event.time_s <= ends + around_s
        ),
        reports=tuple(
            ShownReport(
                onset_s=round(report.onset_s - begins, 6),
                offset_s=round(report.offset_s - begins, 6),
                emotion=report.emotion,
                intensity=report.intensity,
                words=_without(report.words, names) or "",
            )
            for report in records.self_reports(recording.id)
            if report.subject == clip.subject
            and report.offset_s >= begins - around_s
            and report.onset_s <= ends + around_s
        ),
    )


def _whose(subject: SubjectId, clip: Clip) -> Whose:
    return Whose.PLAYER if subject == clip.subject else Whose.ANOTHER


def _without(text: str | None, names: Mapping[str, str]) -> str | None:
    """A text in which codes are replaced by what may be said."""
    if text is None:
        return None
    for code in sorted(names, key=len, reverse=True):
        if len(code) >= 2 and any(sign.isalpha() for sign in code):
            text = re.sub(rf"(?<!\w){re.escape(code)}(?!\w)", names[code], text, flags=re.IGNORECASE)
    return text

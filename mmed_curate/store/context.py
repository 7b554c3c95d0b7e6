"""Taking in what happened in games and what players said of it; append-only. The log keeps salted hashes of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import func, select

from mmed_curate.domain.context import GameEvent, Player, SelfReport
from mmed_curate.domain.identity import SessionId, SubjectId
from mmed_curate.store.happened import (
    EVENTS_LOGGED,
    REPORTS_TAKEN,
    SESSION_CONTEXT,
    context_seal,
    event_parts,
    game_parts,
    player_parts,
    report_parts,
    salt_name,
)
from mmed_curate.store.journal import Journal
from mmed_curate.store.tables import GameEventRow, KeepsakeRow, SelfReportRow

T = TypeVar("T")


class ContextWriter(Journal):
    """Taking in what happened in games."""

    def add_game_events(self, events: Sequence[GameEvent]) -> None:
        """Take in what happened in a game; one entry of the log for each subject, so that each can be erased alone.

        Raises:
            BadInput: there is no such recording or subject.
        """
        self.refuse_left([one.subject for one in events if one.subject], "and nothing of their games is kept any more")
        number = self._session.scalar(select(func.max(GameEventRow.number))) or 0
        grouped = _grouped([(event.recording, event.subject, event) for event in events])
        for (recording, subject), some in grouped.items():
            rows = [
                GameEventRow(
                    number=number + place,
                    recording=recording,
                    time_s=event.time_s,
                    what=event.what,
                    subject=subject,
                    detail=event.detail,
                )
                for place, event in enumerate(some, start=1)
            ]
            number += len(rows)
            said = {"recording": recording, "subject": subject, "rows": len(rows)}
            sequence = self._log_sealed(EVENTS_LOGGED, said, event_parts(rows))
            for row in rows:
                row.sequence = sequence
            self._add_all(rows)

    def add_self_reports(self, reports: Sequence[SelfReport]) -> None:
        """Take in what players said; one entry of the log for each of them.

        Raises:
            BadInput: there is no such recording or subject.
        """
        self.refuse_left([one.subject for one in reports], "and nothing that they say is kept any more")
        number = self._session.scalar(select(func.max(SelfReportRow.number))) or 0
        grouped = _grouped([(report.recording, report.subject, report) for report in reports])
        for (recording, subject), some in grouped.items():
            rows = [
                SelfReportRow(
                    number=number + place,
                    recording=recording,
                    subject=subject,
                    onset_s=report.onset_s,
                    offset_s=report.offset_s,
                    emotion=report.emotion,
                    intensity=report.intensity,
                    words=report.words,
                )
                for place, report in enumerate(some, start=1)
            ]
            number += len(rows)
            said = {"recording": recording, "subject": subject, "rows": len(rows)}
            sequence = self._log_sealed(REPORTS_TAKEN, said, report_parts(rows))
            for row in rows:
                row.sequence = sequence
            self._add_all(rows)

    def _seal_session(
        self, session: SessionId, stakes: str | None, outcome: str | None, players: Sequence[Player]
    ) -> None:
        """Note in the log, sealed, what is known of a game that was just registered."""
        if stakes is not None or outcome is not None:
            said: dict[str, object] = {"session": session, "subject": None}
            self._log_sealed(SESSION_CONTEXT, said, game_parts(stakes, outcome))
        for player in players:
            if player.role is not None or player.outcome is not None:
                said = {"session": session, "subject": player.subject}
                self._log_sealed(SESSION_CONTEXT, said, player_parts(player.role, player.outcome))

    def _log_sealed(self, kind: str, said: Mapping[str, object], parts: Sequence[Sequence[object]]) -> int:
        salt = secrets.token_bytes(16)
        entry = self.log_act(kind, {**said, "seal": context_seal(salt, parts)})
        self._add(KeepsakeRow(name=salt_name(entry.sequence), value=salt))
        return entry.sequence


def _grouped(items: Sequence[tuple[str, SubjectId | None, T]]) -> dict[tuple[str, SubjectId | None], list[T]]:
    """By recording and subject, in the order in which each first appears."""
    grouped: dict[tuple[str, SubjectId | None], list[T]] = {}
    for recording, subject, item in items:
        grouped.setdefault((recording, subject), []).append(item)
    return grouped

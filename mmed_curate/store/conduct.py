"""Acts by which a round is conducted; append-only, all of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from mmed_curate.domain.conduct import Admission, Aid, Effort, GoldClip, LotKind, RecodingKind, Reference
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import LogEntry
from mmed_curate.domain.serial import to_json
from mmed_curate.store.asides import AID_USED, EFFORT_NOTED, FLAG_CLOSED, FLAG_RAISED
from mmed_curate.store.chain import sealed
from mmed_curate.store.conducted import CLIPS_RECODED
from mmed_curate.store.happened import salt_name
from mmed_curate.store.journal import Journal
from mmed_curate.store.left import words_name
from mmed_curate.store.seals import GOLD_ADDED, gold_seal
from mmed_curate.store.tables import (
    AdmissionRow,
    GoldRow,
    KeepsakeRow,
    LogRow,
    LotRow,
    PlaceRow,
    RecodingRow,
    ReferenceRow,
)
from mmed_curate.store.vouched import CODER_ADMITTED, LOTS_DRAWN, REFERENCE_PUT


class ConductWriter(Journal):
    """Acts by which a round is conducted."""

    def draw_lots(self, clips: Iterable[ClipId], kind: LotKind) -> None:
        """Let a lot fall to clips that wait for screening; it stays.

        Raises:
            BadInput: it fell to one of them before, or one is past its screening.
        """
        ids = sorted(clips)
        if not ids:
            return
        waiting = select(PlaceRow).where(PlaceRow.clip.in_(ids), PlaceRow.stage == Stage.SCREENING.value)
        places = list(self._session.scalars(waiting))
        if len(places) < len(ids):
            raise BadInput.of(
                "store.lot_too_late", "a clip past its screening cannot be drawn", "draw among those that wait"
            )
        if kind is LotKind.SCREENED_AGAIN:
            for place in places:
                place.open_seats += 1
            self._flush()
        entry = self.log_act(LOTS_DRAWN, {"kind": kind.value, "clips": ids})
        self._add_all(LotRow(clip=id, kind=kind.value, sequence=entry.sequence) for id in ids)

    def note_recoding(self, clips: Iterable[ClipId], kind: RecodingKind, *, because: str) -> None:
        """Note that clips go back to coding; where they stand then is the caller's to say (`set_stage`).

        Args:
            clips: that reached an end after they were coded, at least one.
            kind: how they were chosen.
            because: why, for the log.

        Raises:
            BadInput: no clip, or no reason is given; or one of them is not at such an end.
        """
        ids = sorted(clips)
        if not ids:
            raise BadInput.of("store.no_clip", "no clip is named that could be sent back to coding", "name one")
        if not because.strip():
            raise BadInput.of("store.no_reason", "coding clips once more needs a reason", "say why in a few words")
        ends = (Stage.SETTLED.value, Stage.REJECTED.value)
        at_end = set(self._session.scalars(select(PlaceRow.clip).where(PlaceRow.stage.in_(ends))))
        if early := [id for id in ids if id not in at_end]:
            raise BadInput.of(
                "store.still_judged", f"clip {early[0]} is still being judged", "have it finished before it goes back"
            )
        entry = self.log_act(CLIPS_RECODED, {"kind": kind.value, "clips": ids, "because": because})
        self._add_all(RecodingRow(clip=id, sequence=entry.sequence) for id in ids)

    def add_gold(self, gold: Iterable[GoldClip]) -> None:
        """Take readings of clips as known; a newer one of the same clip counts in place of the one before.

        Raises:
            BadInput: there is no such clip.
        """
        number = self._session.scalar(select(func.max(GoldRow.number))) or 0
        gone = self.gone()
        for one in gold:
            if one.clip in gone:
                raise BadInput.of("store.gone", f"clip {one.clip} left with a subject", "take another clip as gold")
            number += 1
            reading = canonical_json(to_json(one.reading))
            row, salt = GoldRow(number=number, clip=one.clip, reading=reading, why=one.why), secrets.token_bytes(16)
            entry = self.log_act(GOLD_ADDED, {"clip": one.clip, "seal": gold_seal(row, salt)})
            row.sequence = entry.sequence
            self._add_all([row, KeepsakeRow(name=salt_name(entry.sequence), value=salt)])

    def admit(self, admission: Admission) -> None:
        """Note that a coder is, or is no longer, admitted to a stage.

        Raises:
            BadInput: there is no such coder.
        """
        last = self._session.scalar(select(func.max(AdmissionRow.number))) or 0
        said = {"coder": admission.coder, "stage": admission.stage.value, "admitted": admission.admitted}
        entry = self.log_act(CODER_ADMITTED, {**said, "evidence": dict(admission.evidence)})
        evidence = canonical_json(dict(admission.evidence))
        self._add(AdmissionRow(**said, number=last + 1, evidence=evidence, sequence=entry.sequence))

    def put_reference(self, reference: Reference, *, because: str = "") -> None:
        """Take this as a subject's face at rest from now on.

        Args:
            reference: whose files are there.
            because: what the curator says of it.

        Raises:
            BadInput: there is no such subject or recording.
        """
        self.refuse_left([reference.subject], "and no reference of them is kept any more")
        last = self._session.scalar(select(func.max(ReferenceRow.number))) or 0
        files = {part.value: list(file) for part, file in sorted(reference.files.items(), key=lambda one: one[0].value)}
        entry = self._log_with_words(
            REFERENCE_PUT,
            {
                "subject": reference.subject,
                "recording": reference.recording,
                "first": reference.first,
                "last": reference.last,
                "files": files,
            },
            because,
        )
        self._add(
            ReferenceRow(
                number=last + 1,
                subject=reference.subject,
                recording=reference.recording,
                first=reference.first,
                last=reference.last,
                files=canonical_json(files),
                sequence=entry.sequence,
            )
        )

    def note_aid(self, ticket: TicketId, aid: Aid) -> None:
        """Note that an aid was used on a ticket; once is enough."""
        said = {"ticket": ticket, "aid": aid.value}
        noted = select(LogRow.sequence).where(LogRow.kind == AID_USED, LogRow.payload == canonical_json(said))
        if self._session.scalar(noted.limit(1)) is None:
            self.log_act(AID_USED, said)

    def note_effort(self, ticket: TicketId, effort: Effort) -> None:
        """Note what an answer took; said again, the later one counts."""
        self.log_act(EFFORT_NOTED, {"ticket": ticket, "effort": to_json(effort)})

    def flag_clip(self, clip: ClipId, ticket: TicketId, because: str) -> None:
        """Note that a clip is to be discussed, and why, in the coder's own words."""
        self._log_with_words(FLAG_RAISED, {"clip": clip, "ticket": ticket}, because)

    def close_flags(self, clip: ClipId, because: str) -> int:
        """Note that a clip was discussed; the number of flags that this closes.

        Raises:
            BadInput: it has no open flag, or no reason is given.
        """
        flags = sum(flag.clip == clip for flag in self.open_flags())
        if not flags:
            raise BadInput.of("store.no_flag", f"clip {clip} has no open flag", "see `mmed flag list`")
        if not because.strip():
            raise BadInput.of("store.no_reason", "closing a flag needs a reason", "say what came of it in a few words")
        self._log_with_words(FLAG_CLOSED, {"clip": clip}, because)
        return flags

    def _log_with_words(self, kind: str, payload: Mapping[str, object], words: str) -> LogEntry:
        """Note an act with somebody's own words: they may name a person, so the log only seals them and they can go."""
        if not words:
            return self.log_act(kind, payload)
        salt = secrets.token_bytes(16)
        entry = self.log_act(kind, {**payload, "seal": sealed(salt.hex(), words)})
        self._add(KeepsakeRow(name=salt_name(entry.sequence), value=salt))
        self._add(KeepsakeRow(name=words_name(entry.sequence), value=words.encode()))
        return entry

"""What can be done to a workspace. Every act leaves its entry in the event log, in the same transaction."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath
from types import MappingProxyType

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.context import Player
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import (
    ClipId,
    RecordingId,
    SessionId,
    SubjectId,
    derived_uuid,
)
from mmed_curate.domain.protocol import ClipTerms, Protocol, Role, Stage
from mmed_curate.domain.records import (
    Asset,
    Candidate,
    Clip,
    Coder,
    Companion,
    Consent,
    FaceOwner,
    Recording,
    Session,
    Subject,
)
from mmed_curate.store import rows
from mmed_curate.store.facts import (
    CLIPS_ADDED,
    CODER_ADDED,
    RECORDING_ADDED,
    SESSION_ADDED,
    SUBJECT_ADDED,
    clip_facts,
    cut_digest,
)
from mmed_curate.store.happened import salt_name
from mmed_curate.store.journal import Clock
from mmed_curate.store.leaving import LeavingWriter
from mmed_curate.store.made import ASSETS_PUT, made_digest, proposed_digests, read_digest
from mmed_curate.store.seals import CONSENT_GIVEN, consent_seal, subject_seal
from mmed_curate.store.tables import (
    AssetRow,
    ClaimRow,
    ClipRow,
    CoderRow,
    ConsentRow,
    KeepsakeRow,
    PlaceRow,
    RecordingRow,
    SessionRow,
    SessionSubjectRow,
    SubjectRow,
)
from mmed_curate.store.transcribing import TranscriptWriter

_LONGEST_CODE = 64
"""Signs in the code of a person or a game (ours): it stands in tables, tiers and sentences."""


class Writer(LeavingWriter, TranscriptWriter):
    """One transaction that changes a workspace; it sees its own changes."""

    def __init__(
        self, session: OrmSession, *, secret: bytes, protocol: Protocol | None, actor: str, now: Clock
    ) -> None:
        super().__init__(session, actor=actor, now=now)
        self._secret = secret
        self._protocol = protocol  # None: before there is one, and so before there are clips

    def add_subject(
        self,
        code: str,
        consent: Consent,
        *,
        simulated: bool = False,
        age_band: str | None = None,
        sex: str | None = None,
        ethnicity: str | None = None,
        language: str | None = None,
        glasses: bool | None = None,
        beard: bool | None = None,
    ) -> Subject:
        """Register a subject with what was signed.

        Raises:
            BadInput: the code is empty or taken.
        """
        self._check_new("subject", code, self._session.scalar(select(SubjectRow.id).where(SubjectRow.code == code)))
        row = SubjectRow(
            id=derived_uuid(self._secret, "subject", code),
            code=code,
            simulated=simulated,
            age_band=age_band,
            sex=sex,
            ethnicity=ethnicity,
            language=language,
            glasses=glasses,
            beard=beard,
        )
        self._add(row)
        salt = secrets.token_bytes(16)
        said = {"subject": row.id, "code": code, "simulated": simulated, "seal": subject_seal(row, salt)}
        entry = self.log_act(SUBJECT_ADDED, said)
        self._add(KeepsakeRow(name=salt_name(entry.sequence), value=salt))
        self._add_consent(SubjectId(row.id), consent)
        return self.subject(code)

    def add_consent(self, code: str, consent: Consent) -> Subject:
        """Record that a subject signed anew; from now on this counts.

        Raises:
            BadInput: there is no subject of that code.
        """
        subject = self.subject(code)
        self.refuse_left([subject.id], "and no consent is taken from them any more")
        self._add_consent(subject.id, consent)
        return self.subject(code)

    def add_session(
        self,
        code: str,
        subjects: Sequence[str],
        *,
        game: str | None = None,
        played_on: date | None = None,
        stakes: str | None = None,
        outcome: str | None = None,
        roles: Mapping[str, str] = MappingProxyType({}),
        outcomes: Mapping[str, str] = MappingProxyType({}),
        simulated: bool = False,
    ) -> Session:
        """Register a game session.

        Args:
            code: the lab's code.
            subjects: codes of those who took part, at least one.
            game: what was played.
            played_on: the day.
            stakes: what could be won or lost.
            outcome: how it ended.
            roles: what each was in the game, by subject's code; not all need one.
            outcomes: how it ended for each, by subject's code.
            simulated: nobody played.

        Raises:
            BadInput: the code is empty or taken, a subject is not registered or named twice, or a role or outcome is
                empty or of somebody who did not take part.
        """
        self._check_new("session", code, self._session.scalar(select(SessionRow.id).where(SessionRow.code == code)))
        if not subjects:
            raise BadInput.of("store.no_subjects", f"session {code} names no subject", "name who took part")
        if len(set(subjects)) != len(subjects):
            raise BadInput.of("store.subject_twice", f"session {code} names a subject twice", "name each once")
        for given, what in ((roles, "role"), (outcomes, "outcome")):
            for subject, word in given.items():
                if subject not in subjects or not word.strip():
                    raise BadInput.of(
                        "store.player",
                        f"{what} {word!r} of {subject} fits nobody who took part in session {code}",
                        f"name one of {', '.join(subjects)}, and the {what}",
                    )
        players = [
            Player(subject=self.subject(subject).id, role=roles.get(subject), outcome=outcomes.get(subject))
            for subject in subjects
        ]
        took_part = [player.subject for player in players]
        self.refuse_left(took_part, "and no session with them is registered any more")
        id = SessionId(derived_uuid(self._secret, "session", code))
        self._add(
            SessionRow(
                id=id, code=code, game=game, played_on=played_on, simulated=simulated, stakes=stakes, outcome=outcome
            )
        )
        for position, player in enumerate(players):
            whose = {"subject": player.subject, "role": player.role, "outcome": player.outcome}
            self._add(SessionSubjectRow(session=id, position=position, **whose))
        self.log_act(SESSION_ADDED, {"session": id, "code": code, "subjects": list(took_part), "simulated": simulated})
        self._seal_session(id, stakes, outcome, players)
        return self.session(code)

    def add_coder(self, code: str, roles: Collection[Role], *, simulated: bool = False) -> Coder:
        """Register a coder and what they are admitted to.

        Raises:
            BadInput: the code is empty or taken, or no role is given.
        """
        self._check_new("coder", code, self._session.scalar(select(CoderRow.id).where(CoderRow.code == code)))
        if not roles:
            raise BadInput.of(
                "store.no_roles",
                f"coder {code} is admitted to nothing",
                f"give at least one of: {', '.join(role.value for role in Role)}",
            )
        id = derived_uuid(self._secret, "coder", code)
        self._add(CoderRow(id=id, code=code, roles=rows.sorted_words(set(roles)), simulated=simulated))
        self.log_act(
            CODER_ADDED,
            {"coder": id, "code": code, "roles": sorted(role.value for role in roles), "simulated": simulated},
        )
        return self.coder(code)

    def add_recording(
        self,
        recording: Recording,
        candidates: Iterable[Candidate] = (),
        clips: Iterable[Clip] = (),
        assets: Iterable[Asset] = (),
        companions: Sequence[Companion] = (),
        face_owners: Sequence[FaceOwner] = (),
    ) -> None:
        """Register a recording with all that was made of it: everything or nothing. Its clips wait for screening.

        Raises:
            BadInput: it is registered already, or one of its parts names something that is not there.
        """
        if self._session.scalar(select(RecordingRow.id).where(RecordingRow.sha256 == recording.sha256)) is not None:
            raise BadInput.of(
                "store.recording_twice", f"{recording.path} is registered already", "there is nothing left to do"
            )
        named = [recording.subject, *(owner.subject for owner in face_owners), *self.players(recording.session)]
        self.refuse_left(named, "and no recording in which they may be seen or heard is taken in any more")
        recording_row = rows.recording_row(recording)
        self._add(recording_row)
        self._add_all(rows.companion_row(companion, position) for position, companion in enumerate(companions))
        self._add_all(rows.face_owner_row(owner) for owner in face_owners)
        candidate_rows = [rows.candidate_row(candidate) for candidate in candidates]
        self._add_all(candidate_rows)
        added = self._add_clips(clips, assets)
        self.log_act(
            RECORDING_ADDED,
            {
                "recording": recording.id,
                "sha256": recording.sha256,
                "session": recording.session,
                "subject": recording.subject,
                "read": read_digest(recording_row),
                "candidates": len(candidate_rows),
                "proposed": proposed_digests(candidate_rows),
                **added,
                "simulated": recording.simulated,
                "companions": [companion.sha256 for companion in companions],
                "faces": {str(owner.track): owner.subject for owner in face_owners},
            },
        )

    def move_recording(self, id: RecordingId, path: str) -> None:
        """Note that a recording's file, whose bytes are the same, now lies elsewhere.

        Raises:
            BadInput: there is no such recording.
        """
        self.recording(id)
        self._session.execute(update(RecordingRow).where(RecordingRow.id == id).values(path=path))
        self._session.expire_all()
        self.log_act("recording.moved", {"recording": id})

    def add_clips(self, recording: RecordingId, clips: Sequence[Clip], assets: Iterable[Asset], *, why: str) -> None:
        """Add clips of spans that people named to a recording that is registered. They wait for screening.

        Args:
            recording: whose they are.
            clips: all of this recording, not there yet.
            assets: their files.
            why: who named the spans, for the log.

        Raises:
            BadInput: there is no such recording, or a clip is of another one or there already.
        """
        self.recording(recording)
        if any(clip.recording != recording for clip in clips):
            raise BadInput.of("store.clip_of_other", "a clip belongs to another recording", "sort them by recording")
        self.refuse_left(
            self.players(self.recording(recording).session),
            "and no clip in which they may be seen or heard is added any more",
        )
        self.log_act(CLIPS_ADDED, {"recording": recording, **self._add_clips(clips, assets), "why": why})

    def _add_clips(self, clips: Iterable[Clip], assets: Iterable[Asset]) -> dict[str, object]:
        """What the log says of them: their ids, how they are cut, and by clip what was made of it."""
        made = list(clips)
        clip_rows = [rows.clip_row(clip) for clip in made]
        self._add_all(clip_rows)
        self._add_all(self._first_place(clip) for clip in made)
        files: dict[str, list[AssetRow]] = defaultdict(list)
        for asset in assets:
            files[asset.clip].append(_checked_asset_row(asset))
        self._add_all(row for some in files.values() for row in some)
        return {
            "clips": sorted(clip.id for clip in made),
            "cut": cut_digest(clip_facts(row) for row in clip_rows),
            "made": {row.id: made_digest(row, files[row.id]) for row in clip_rows},
        }

    def _first_place(self, clip: Clip) -> PlaceRow:
        if self._protocol is None:
            raise ValueError("a clip cannot be added before there is a protocol")
        terms = ClipTerms(origin=clip.origin)
        stage = self._protocol.first_stage(terms)
        return PlaceRow(clip=clip.id, stage=stage.value, round=1, open_seats=self._protocol.judges(stage, terms))

    def claim(
        self, sha256: str, *, holder: str, now_s: float, lease_s: float, gone: Callable[[str], bool]
    ) -> str | None:
        """Take up the work on a recording, so that nobody else does it at the same time.

        A claim is no act on the data and leaves no entry in the log. One whose time is over, or whose holder is
        gone, is taken over.

        Args:
            sha256: the recording's bytes.
            holder: who takes it up; may take up again what it holds.
            now_s: seconds since the epoch.
            lease_s: how long it holds without being renewed.
            gone: whether a holder is known to be no longer there.

        Returns:
            None where it is ours now, else who holds it.
        """
        held = self._session.get(ClaimRow, sha256)
        if held is not None and held.holder != holder and held.until > now_s and not gone(held.holder):
            return held.holder
        self._session.merge(ClaimRow(sha256=sha256, holder=holder, until=now_s + lease_s))
        self._flush()
        return None

    def renew_claims(self, holder: str, *, now_s: float, lease_s: float) -> None:
        """Say that a holder is still at work on all that it holds."""
        self._session.execute(update(ClaimRow).where(ClaimRow.holder == holder).values(until=now_s + lease_s))

    def let_go(self, sha256: str, *, holder: str) -> None:
        """End a claim where it is this holder's."""
        self._session.execute(delete(ClaimRow).where(ClaimRow.sha256 == sha256, ClaimRow.holder == holder))

    def put_assets(self, clip: ClipId, assets: Iterable[Asset]) -> None:
        """Let these be all the files of a clip; what was noted before and is not among them is forgotten.

        Raises:
            BadInput: a file belongs to another clip, or lies outside the media folder.
        """
        self.place(clip)
        made = list(assets)
        if any(asset.clip != clip for asset in made):
            raise BadInput.of("store.asset_of_other", f"a file given for clip {clip} belongs to another", "sort them")
        self._session.execute(delete(AssetRow).where(AssetRow.clip == clip))
        files = [_checked_asset_row(asset) for asset in made]
        self._add_all(files)
        shown = self._session.get_one(ClipRow, clip)
        told = {"files": sorted(asset.sha256 for asset in made), "made": made_digest(shown, files)}
        self.log_act(ASSETS_PUT, {"clip": clip, **told})

    def set_stage(self, clip: ClipId, stage: Stage, *, round: int, open_seats: int) -> None:
        """Note where a clip stands now; says so in the log where it moved.

        Raises:
            BadInput: there is no such clip.
        """
        before = self.place(clip)
        self._session.execute(
            update(PlaceRow)
            .where(PlaceRow.clip == clip)
            .values(stage=stage.value, round=round, open_seats=open_seats)
            .execution_options(synchronize_session=False)
        )
        self._session.expire_all()
        if (before.stage, before.round) != (stage, round):
            self.log_act("clip.moved", {"clip": clip, "from": before.stage.value, "to": stage.value, "round": round})

    def _add_consent(self, subject: SubjectId, consent: Consent) -> None:
        last = self._session.scalar(select(func.max(ConsentRow.number)))
        row = ConsentRow(
            number=1 if last is None else last + 1,
            subject=subject,
            terms=rows.sorted_words(consent.terms),
            form_version=consent.form_version,
            signed_on=consent.signed_on,
            expires_on=consent.expires_on,
        )
        entry = self.log_act(CONSENT_GIVEN, {"subject": subject, "seal": consent_seal(row)})
        row.sequence = entry.sequence
        self._add(row)

    def _check_new(self, kind: str, code: str, taken: str | None) -> None:
        if len(code) > _LONGEST_CODE:
            raise BadInput.of(
                f"store.{kind}_code",
                f"the code of a {kind} has {len(code):,} signs, at most {_LONGEST_CODE} are taken",
                "use a short word",
            )
        if not code.strip() or code != code.strip() or not code.isprintable():
            raise BadInput.of(
                f"store.{kind}_code", f"{code!r} is no code for a {kind}", "use a short word without spaces at its ends"
            )
        if taken is not None:
            raise BadInput.of(f"store.{kind}_twice", f"{kind} {code} is registered already", "choose another code")


def _checked_asset_row(asset: Asset) -> AssetRow:
    path = PurePosixPath(asset.path)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadInput.of(
            "store.asset_outside", f"the file {asset.path} lies outside the media folder", "give a path inside it"
        )
    return rows.asset_row(asset)

"""Canaries planted in everything a coder must not learn, sought in everything a coder can reach.

The same search must catch a desk that leaks, one leak at a time: else it proves nothing.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from builders.watchable import watchable_media
from builders.workspace import CLIP_FRAMES, a_workspace, an_answer, an_event
from pydantic import BaseModel

from mmed_curate.annotation import Aid, Desk, Ticket, assign
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, MmedError
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.records import Asset, AssetKind, Candidate, Clip, Coder, Recording, Session, Subject
from mmed_curate.store import TicketRecord, Workspace

CODERS = ("canary-ann", "canary-bob", "canary-cem", "canary-dee", "canary-eve")
MADE_AT = 1234567890
"""Time of the original files, in seconds since 1970."""
WITHHELD_TYPES = (Asset, Candidate, Clip, Coder, Judgement, Recording, Session, Subject, TicketRecord)
OTHERS_ONSET = 37
"""Onset that the first coder marks; nobody else marks it."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Everything that a coder must not learn says canary, or is listed in `canaries`."""
    staff = dict(
        zip(CODERS, [(Role.SCREENER,), (Role.CODER,), (Role.CODER,), (Role.ADJUDICATOR,), (Role.EXPERT,)], strict=True)
    )
    made = a_workspace(
        tmp_path / "ws",
        staff=staff,
        subject="canary-subject",
        session="canary-session",
        recording="canary-file.mp4",
        region="canary-region",
        score=0.739142653,
    )
    measure(made)
    for path in made.media.rglob("*"):
        os.utime(path, (MADE_AT, MADE_AT))
    return made


def measure(workspace: Workspace) -> None:
    """Lay arrays beside each clip as ingest does, with more in them than a coder may see."""
    with workspace.read() as records:
        clips = {clip.id: records.assets(clip=clip.id) for clip in records.clips()}
    for clip, assets in clips.items():
        made = []
        for kind in (AssetKind.CODING_FEATURES, AssetKind.CODING_SOUND_FEATURES):
            name, contents = watchable_media()[kind]
            with np.load(io.BytesIO(contents)) as held:
                arrays = {**held, "canary-region": np.array("canary-note"), "score": np.array(0.739142653)}
            path = workspace.media / clip / name
            np.savez(path, **arrays)
            size = path.stat().st_size
            named = {"path": f"{clip}/{name}", "sha256": sha256_of(path), "n_bytes": size}
            made.append(replace(assets[0], kind=kind, **named))
        with workspace.write(actor="ingest") as records:
            records.put_assets(clip, [*assets, *made])


def canaries(workspace: Workspace, me: str) -> frozenset[str]:
    """Every text that must not reach a coder."""
    with workspace.read() as records:
        ids = [
            one.id
            for found in (
                records.subjects(),
                records.sessions(),
                records.recordings(),
                records.candidates(),
                records.clips(),
                records.judgements(),
                [coder for coder in records.coders() if coder.code != me],
            )
            for one in found
        ]
        texts = [recording.sha256 for recording in records.recordings()]
        texts += [asset.path for asset in records.assets()]
    others = [code for code in CODERS if code != me]
    planted = ["canary-subject", "canary-session", "canary-file", "canary-region", "canary-note", "0.739142653"]
    return frozenset((*planted, *others, *ids, *texts, str(MADE_AT)))


def answer_at(workspace: Workspace, stage: Stage, *, differs: bool) -> Answer:
    """What a coder says, with a canary in every free text that nobody else shall read."""
    book = workspace.codebook
    if stage is Stage.SCREENING:
        return Screening(verdict=ScreeningVerdict.ACCEPT, reason="canary-note of a screener")
    if stage is Stage.CODING:
        event = an_event(book, onset=OTHERS_ONSET if differs else 20, emotion=1 if differs else 0)
        return Coding(events=(event,), note="canary-note of a coder")
    if stage is Stage.ADJUDICATION:
        return Adjudication(events=(an_event(book),), reason="canary-note of an adjudicator")
    return Verification(verdict=VerificationVerdict.ACCEPT, reason="canary-note of an expert")


def all_that_reaches(
    workspace: Workspace, me: str, caplog: pytest.LogCaptureFixture, desk_of: Callable[[Workspace, str], Desk]
) -> Iterator[tuple[str, str]]:
    """Let a coder do all that can be done with a ticket, and give every text that comes back, with where it was."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        desk = desk_of(workspace, me)
        ticket = desk.next_ticket()
        assert ticket is not None
        yield from walk(ticket, "ticket")
        yield "repr(desk)", repr(desk)
        yield from walk({name: value for name, value in vars(desk).items() if not name.startswith("_")}, "desk")
        for path in (ticket.picture, ticket.sound, ticket.face, ticket.voice):
            assert path is not None
            if path.suffix == ".npz":
                with np.load(path, allow_pickle=False) as held:
                    yield from walk({name: held[name].tolist() for name in held}, path.name)
            yield f"path {path.name}", str(path.relative_to(workspace.root))
            yield f"time of {path.name}", str(int(path.stat().st_mtime))
            yield f"time of its folder {path.parent.name}", str(int(path.parent.stat().st_mtime))
            yield f"inode of {path.name}", f"{path.stat().st_nlink - 1} other names"
            yield f"bytes of {path.name}", path.read_bytes().decode("latin-1")
        yield "progress", repr(desk.progress())
        yield from walk(desk.coming(9), "coming")
        stage, book = ticket.stage, workspace.codebook
        late = (an_event(book, onset=CLIP_FRAMES),)
        attempts: list[Callable[[], None]] = [
            lambda: desk.submit(TicketId("another"), an_answer(stage, book)),
            lambda: desk.submit(ticket.id, an_answer(next(other for other in Stage if other is not stage), book)),
            lambda: desk.submit(ticket.id, Coding(events=late)),
            lambda: desk.submit(ticket.id, Adjudication(events=late, reason="late")),
            lambda: desk.correct(ticket.id, an_answer(stage, book)),
            lambda: desk.submit(ticket.id, answer_at(workspace, stage, differs=me == "canary-bob")),
            lambda: desk.submit(ticket.id, an_answer(stage, book)),
            lambda: Desk(workspace, "canary-bo") and None,
            lambda: desk.note_aid(TicketId("another"), Aid.MOTION_CURVE),
            lambda: desk.note_aid(ticket.id, Aid.MOTION_CURVE),
            lambda: desk.flag(ticket.id, "is this a blink?"),
            lambda: desk.flag(ticket.id, " "),
            lambda: desk.correct(TicketId("another"), an_answer(stage, book)),
        ]
        for number, attempt in enumerate(attempts):
            try:
                attempt()
            except MmedError as error:
                # its own canary apart, an error may repeat what the coder typed
                yield f"error {number}", f"{error} {error!r} {dict(error.finding.parameters)}".replace("canary-bo ", "")
    for record in caplog.records:
        if record.name.startswith("mmed_curate"):
            yield f"log of {record.name}", f"{record.getMessage()} {record.args}"


def walk(thing: object, where: str) -> Iterator[tuple[str, str]]:
    """Every value that can be reached from a thing, as text; a withheld type is a canary by itself."""
    if isinstance(thing, WITHHELD_TYPES):
        yield where, f"canary-note: a {type(thing).__name__}"
    if isinstance(thing, BaseModel):
        yield from walk(thing.model_dump(mode="json"), where)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from walk(getattr(thing, field.name), f"{where}.{field.name}")
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from walk(key, where)
            yield from walk(value, f"{where}[{key!r}]")
    elif isinstance(thing, (tuple, list, set, frozenset)):
        for number, value in enumerate(thing):
            yield from walk(value, f"{where}[{number}]")
    else:
        yield where, f"{thing} {thing!r}"


def leaks(
    workspace: Workspace, me: str, caplog: pytest.LogCaptureFixture, desk_of: Callable[[Workspace, str], Desk] = Desk
) -> list[str]:
    """Where a canary came through."""
    forbidden = canaries(workspace, me) | {"1 other names"}
    return [
        f"{canary} in {where}"
        for where, text in all_that_reaches(workspace, me, caplog, desk_of)
        for canary in sorted(forbidden)
        if canary in text
    ]


def judge_until(workspace: Workspace, me: str) -> None:
    """Let all others do their part until `me` has a ticket."""
    for code in CODERS:
        assign(workspace, seed=1)
        if code == me:
            return
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            desk.submit(ticket.id, answer_at(workspace, ticket.stage, differs=code == "canary-bob"))


@pytest.mark.parametrize("me", CODERS)
def test_no_canary_reaches_a_coder(workspace: Workspace, me: str, caplog: pytest.LogCaptureFixture) -> None:
    judge_until(workspace, me)
    assert leaks(workspace, me, caplog) == []


def test_a_coder_sees_nothing_of_what_another_marked(workspace: Workspace) -> None:
    """Labels and frames are not canaries by themselves (the codebook lists the one, the clock the other)."""
    judge_until(workspace, "canary-cem")
    ticket = Desk(workspace, "canary-cem").next_ticket()
    assert ticket is not None
    assert ticket.stage is Stage.CODING
    assert (ticket.readings, ticket.proposed, ticket.disputed, ticket.returned_because) == ((), (), (), "")


def test_an_adjudicator_sees_events_and_letters_and_nothing_else_of_the_coders(workspace: Workspace) -> None:
    judge_until(workspace, "canary-dee")
    ticket = Desk(workspace, "canary-dee").next_ticket()
    assert ticket is not None
    assert {event.span.onset for reading in ticket.readings for event in reading.events} == {20, OTHERS_ONSET}
    assert {field.name for reading in ticket.readings for field in fields(reading)} == {"letter", "events"}


def test_letters_are_drawn_for_each_ticket(tmp_path: Path) -> None:
    """Else the first coder would be A everywhere. Six draws all alike: one in 32, and this seed is not it."""
    staff = {"ann": (Role.SCREENER,), "bob": (Role.CODER,), "cem": (Role.CODER,), "dee": (Role.ADJUDICATOR,)}
    workspace = a_workspace(tmp_path / "ws", n_clips=6, staff=staff)
    first = []
    for code in staff:
        assign(workspace, seed=1)
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            first += [ticket.readings[0].events[0].span.onset] if ticket.readings else []
            emotion = 1 if code == "bob" else 0
            onset = 21 if code == "bob" else 20
            desk.submit(ticket.id, an_answer(ticket.stage, workspace.codebook, onset=onset, emotion=emotion))
    assert len(first) == 6
    assert set(first) == {20, 21}


def test_two_coders_of_one_clip_read_two_names(workspace: Workspace) -> None:
    judge_until(workspace, "canary-bob")
    bob, cem = (Desk(workspace, code).next_ticket() for code in ("canary-bob", "canary-cem"))
    assert bob is not None
    assert cem is not None
    assert bob.clip_name != cem.clip_name
    assert bob.picture != cem.picture


class NameLeaks(Desk):
    """Calls the clip by its id."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        with self._workspace.read() as records:
            return ticket and replace(ticket, clip_name=records.clips()[0].id)


class PathLeaks(Desk):
    """Hands out the original instead of a copy."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        with self._workspace.read() as records:
            return ticket and replace(ticket, picture=self._workspace.media / records.assets()[0].path)


class TimeLeaks(Desk):
    """Leaves the original's time on the copy."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        if ticket is not None and ticket.picture is not None:
            os.utime(ticket.picture, (MADE_AT, MADE_AT))
        return ticket


class LinkLeaks(Desk):
    """Hands out a link: through its number the original can be found, and changed."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        if ticket is not None and ticket.picture is not None:
            other = ticket.picture.with_name("other.mp4")
            other.unlink(missing_ok=True)
            other.hardlink_to(ticket.picture)
        return ticket


class BytesLeak(Desk):
    """Writes whose clip it is into the file."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        if ticket is not None and ticket.sound is not None:
            ticket.sound.write_bytes(b"RIFF canary-subject")
            os.utime(ticket.sound, (0, 0))
        return ticket


class CurvesLeak(Desk):
    """Hands out the array file as it is stored."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        with self._workspace.read() as records:
            (stored,) = records.assets(kind=AssetKind.CODING_FEATURES)
        if ticket is not None and ticket.face is not None:
            ticket.face.write_bytes((self._workspace.media / stored.path).read_bytes())
            os.utime(ticket.face, (0, 0))
        return ticket


class NoteLeaks(Desk):
    """Shows the others' notes."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        with self._workspace.read() as records:
            notes = [one.answer.note for one in records.judgements() if isinstance(one.answer, Coding)]
        return ticket and replace(ticket, returned_because=" ".join(notes))


class ObjectLeaks(Desk):
    """Hangs a whole record on the ticket, where a window would not show it but anyone can look."""

    def next_ticket(self) -> Ticket | None:
        ticket = super().next_ticket()
        with self._workspace.read() as records:
            reached: tuple[CodedEvent, ...] = (records.candidates()[0],)  # type: ignore[assignment]
        return ticket and replace(ticket, proposed=reached)


class AttributeLeaks(Desk):
    """Keeps a record in a public attribute."""

    def __init__(self, workspace: Workspace, coder_code: str) -> None:
        super().__init__(workspace, coder_code)
        with workspace.read() as records:
            self.about = records.recordings()[0].path


class ErrorLeaks(Desk):
    """Says in an error whose clip it was."""

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        try:
            super().submit(ticket_id, answer)
        except MmedError as error:
            raise BadInput.of("leak", f"{error.finding.what} (canary-subject)", "look away") from error


class LogLeaks(Desk):
    """Logs the recording beside the ticket."""

    def next_ticket(self) -> Ticket | None:
        logging.getLogger("mmed_curate.annotation.desk").debug("handing out a part of %s", "canary-file.mp4")
        return super().next_ticket()


@pytest.mark.parametrize(
    "leaky",
    [
        NameLeaks,
        PathLeaks,
        TimeLeaks,
        LinkLeaks,
        BytesLeak,
        CurvesLeak,
        NoteLeaks,
        ObjectLeaks,
        AttributeLeaks,
        ErrorLeaks,
        LogLeaks,
    ],
)
def test_the_search_catches_a_leaky_desk(
    workspace: Workspace, caplog: pytest.LogCaptureFixture, leaky: type[Desk]
) -> None:
    judge_until(workspace, "canary-cem")
    assert leaks(workspace, "canary-cem", caplog, leaky) != []


def test_media_on_the_desk_were_all_made_at_no_time(workspace: Workspace) -> None:
    judge_until(workspace, "canary-bob")
    Desk(workspace, "canary-bob").next_ticket()
    laid_out = [path for path in (workspace.media / "desk").rglob("*") if path.is_file() or path.parent.name == "desk"]
    assert laid_out
    assert {datetime.fromtimestamp(path.stat().st_mtime, UTC).year for path in laid_out} == {1970}

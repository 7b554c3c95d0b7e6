"""One coder at the desk: what comes, what may be handed in, what it moves, and what can still be corrected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest
from builders.video import a_recording, steady
from builders.workspace import CLIP_FRAMES, STAFF, a_workspace, an_answer, an_event

from mmed_curate.annotation import Desk, Ticket, assign
from mmed_curate.annotation.handout import lay_out
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.judgements import (
    Coding,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import AnswerField, Modality, Role, Stage
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.domain.time import Frame
from mmed_curate.store import TicketState, Workspace, Writer


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One clip, five people, one for each seat."""
    return a_workspace(tmp_path / "ws")


def take(workspace: Workspace, code: str) -> Ticket:
    """The ticket that a coder gets after a round of handing out."""
    assign(workspace, seed=1)
    ticket = Desk(workspace, code).next_ticket()
    assert ticket is not None
    return ticket


def answer(workspace: Workspace, code: str, *, onset: int = 20, emotion: int = 0) -> None:
    """Let a coder take a ticket and hand in what moves the clip on."""
    ticket = take(workspace, code)
    Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook, onset=onset, emotion=emotion))


def stage_of_the_clip(workspace: Workspace) -> Stage:
    with workspace.read() as records:
        (stage,) = records.stages().values()
    return stage


def test_coders_who_agree_need_no_adjudicator(workspace: Workspace) -> None:
    for code in ("ann", "bob", "cem"):
        answer(workspace, code)
    assert stage_of_the_clip(workspace) is Stage.VERIFICATION
    answer(workspace, "eve")
    assert stage_of_the_clip(workspace) is Stage.SETTLED
    assign(workspace, seed=1)
    assert all(Desk(workspace, code).next_ticket() is None for code in STAFF)


def test_an_adjudicator_sees_both_readings_under_letters_and_what_is_disputed(workspace: Workspace) -> None:
    answer(workspace, "ann")
    answer(workspace, "bob", emotion=0)
    answer(workspace, "cem", emotion=1)
    ticket = take(workspace, "dee")
    assert ticket.stage is Stage.ADJUDICATION
    assert [reading.letter for reading in ticket.readings] == ["A", "B"]
    read = {reading.events[0].emotion for reading in ticket.readings}
    assert read == {workspace.codebook.emotions[0].code, workspace.codebook.emotions[1].code}
    assert ticket.disputed == (AnswerField.EMOTION,)
    assert ticket.proposed == ()


def test_an_expert_sees_the_events_as_they_would_stand_and_can_send_them_back(workspace: Workspace) -> None:
    answer(workspace, "ann")
    answer(workspace, "bob", onset=20)
    answer(workspace, "cem", onset=22)
    ticket = take(workspace, "eve")
    assert ticket.stage is Stage.VERIFICATION
    assert [event.span.onset for event in ticket.proposed] == [21]  # the median of 20 and 22
    Desk(workspace, "eve").submit(
        ticket.id, Verification(verdict=VerificationVerdict.SEND_BACK, reason="the apex is late")
    )
    again = take(workspace, "dee")
    assert (again.stage, again.round, again.returned_because) == (Stage.ADJUDICATION, 2, "the apex is late")
    assert len(again.readings) == 2


def test_the_same_ticket_comes_until_it_is_answered(workspace: Workspace) -> None:
    first = take(workspace, "ann")
    assert Desk(workspace, "ann").next_ticket() == first
    assert Desk(workspace, "ann").progress().waiting == 1


def test_a_second_submit_is_refused_and_changes_nothing(workspace: Workspace) -> None:
    ticket = take(workspace, "ann")
    desk = Desk(workspace, "ann")
    desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    with pytest.raises(BadInput, match="already submitted"):
        desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.REJECT, reason="second thoughts"))
    with workspace.read() as records:
        assert len(records.judgements()) == 1
    assert stage_of_the_clip(workspace) is Stage.CODING


def test_tickets_of_others_and_tickets_that_are_not_there_sound_the_same(workspace: Workspace) -> None:
    ticket = take(workspace, "ann")
    said = []
    for id in (ticket.id, TicketId("00000000-0000-8000-8000-000000000000")):
        with pytest.raises(BadInput) as refused:
            Desk(workspace, "bob").submit(id, Screening(verdict=ScreeningVerdict.ACCEPT))
        said.append(str(refused.value).replace(id, "…"))
    assert said[0] == said[1]


def test_a_ticket_must_be_taken_before_it_is_answered(workspace: Workspace) -> None:
    assign(workspace, seed=1)
    with workspace.read() as records:
        (given,) = records.tickets()
    with pytest.raises(BadInput, match="is not on the desk"):
        Desk(workspace, "ann").submit(given.id, Screening(verdict=ScreeningVerdict.ACCEPT))


def test_an_answer_of_another_stage_is_refused(workspace: Workspace) -> None:
    ticket = take(workspace, "ann")
    with pytest.raises(BadInput, match="the answer is one of coding, the ticket one of screening"):
        Desk(workspace, "ann").submit(ticket.id, Coding(events=()))


def test_a_mark_behind_the_clips_end_is_refused(workspace: Workspace) -> None:
    answer(workspace, "ann")
    ticket = take(workspace, "bob")
    late = an_event(workspace.codebook, onset=CLIP_FRAMES - 10)  # its offset is the first frame that is not there
    with pytest.raises(BadInput, match=f"frame {CLIP_FRAMES}, the clip's last frame is {CLIP_FRAMES - 1}"):
        Desk(workspace, "bob").submit(ticket.id, Coding(events=(late,)))
    Desk(workspace, "bob").submit(ticket.id, Coding(events=(an_event(workspace.codebook, onset=CLIP_FRAMES - 11),)))


@pytest.mark.parametrize("name", ["event_type", "emotion", "basis", "confidence"])
def test_a_word_that_the_codebook_does_not_hold_is_refused(workspace: Workspace, name: str) -> None:
    answer(workspace, "ann")
    ticket = take(workspace, "bob")
    event = replace(an_event(workspace.codebook), **{name: "gloom"})
    with pytest.raises(BadInput, match=r'the codebook has no .*"gloom"'):
        Desk(workspace, "bob").submit(ticket.id, Coding(events=(event,)))


def test_a_correction_counts_in_place_of_the_answer_while_the_stage_is_open(workspace: Workspace) -> None:
    answer(workspace, "ann")
    ticket = take(workspace, "bob")
    desk = Desk(workspace, "bob")
    desk.submit(ticket.id, Coding(events=()))
    assert desk.ticket(ticket.id).picture is not None  # to look at it again
    desk.correct(ticket.id, Coding(events=(an_event(workspace.codebook),)))
    with workspace.read() as records:
        first, second = (one for one in records.judgements() if one.stage is Stage.CODING)
    assert second.supersedes == first.id
    answer(workspace, "cem")
    assert stage_of_the_clip(workspace) is Stage.VERIFICATION  # both saw the event: the empty answer did not count


def test_a_correction_comes_too_late_once_the_clip_moved_on(workspace: Workspace) -> None:
    ticket = take(workspace, "ann")
    desk = Desk(workspace, "ann")
    desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    with pytest.raises(Refused, match="moved on"):
        desk.correct(ticket.id, Screening(verdict=ScreeningVerdict.REJECT, reason="a blink"))
    with pytest.raises(Refused, match="moved on"):
        desk.ticket(ticket.id)


def test_what_was_not_answered_cannot_be_corrected(workspace: Workspace) -> None:
    ticket = take(workspace, "ann")
    with pytest.raises(BadInput, match="no answer to correct"):
        Desk(workspace, "ann").correct(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))


def test_an_unknown_coder_is_told_nothing_of_the_others(workspace: Workspace) -> None:
    with pytest.raises(BadInput) as refused:
        Desk(workspace, "bop")
    assert "bob" not in str(refused.value)


def test_lost_media_are_said_by_the_tickets_number_only(workspace: Workspace) -> None:
    assign(workspace, seed=1)
    with workspace.read() as records:
        (asset, _) = records.assets()
        (given,) = records.tickets()
    (workspace.media / asset.path).unlink()
    with pytest.raises(BadInput) as refused:
        Desk(workspace, "ann").next_ticket()
    assert given.id in str(refused.value)
    assert asset.clip not in str(refused.value)


def test_the_ticket_closes_with_the_judgement_or_not_at_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure between judgement and stage leaves neither."""
    ticket = take(workspace, "ann")

    def breaks(self: Writer, id: TicketId) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "close_ticket", breaks)
        with pytest.raises(OSError, match="power"):
            Desk(workspace, "ann").submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    with workspace.read() as records:
        assert records.judgements() == ()
        assert [one.state for one in records.tickets()] == [TicketState.HELD]
        assert not records.log("judgement.submitted")
    assert stage_of_the_clip(workspace) is Stage.SCREENING


def test_a_judges_own_roles_do_not_let_them_verify_what_they_coded(tmp_path: Path) -> None:
    staff = {**STAFF, "bob": (Role.CODER, Role.EXPERT), "eve": (Role.CODER,)}
    workspace = a_workspace(tmp_path / "ws", staff={code: staff[code] for code in ("ann", "bob", "cem", "dee")})
    for code in ("ann", "bob", "cem"):
        answer(workspace, code)
    found = assign(workspace, seed=1)
    assert found.n_opened == 0
    assert [finding.parameters["role"] for finding in found.findings] == ["expert"]


@pytest.mark.parametrize(
    ("modality", "kinds", "has_sound_file"),
    [
        (Modality.BOTH, {"video", "audio"}, True),
        (Modality.PICTURE, {"video"}, False),
        (Modality.SOUND, set(), True),
    ],
)
def test_a_pass_holds_only_what_it_may_show(
    tmp_path: Path, modality: Modality, kinds: set[str], has_sound_file: bool
) -> None:
    planted = a_recording(tmp_path / "source.mp4", pts=steady(12, 512), sound_codec="aac")
    (tmp_path / "sound.wav").write_bytes(b"RIFF")
    given = [
        Asset(
            clip=ClipId("c"),
            kind=kind,
            path=path,
            sha256=sha256_of(tmp_path / path),
            n_bytes=1,
            first=Frame(0),
            last=Frame(11),
        )
        for kind, path in ((AssetKind.CODING_PICTURE, "source.mp4"), (AssetKind.CODING_SOUND, "sound.wav"))
    ]
    laid_out = lay_out(tmp_path, "name", given, None, modality)
    assert laid_out is not None
    picture, sound = laid_out.picture, laid_out.sound
    assert (sound is not None) is has_sound_file
    assert (picture is not None) is bool(kinds)
    if picture is not None:
        with av.open(str(picture)) as opened:
            assert {stream.type for stream in opened.streams} == kinds
            pts = [frame.pts for frame in opened.decode(video=0)]
        with av.open(str(planted.path)) as opened:
            assert pts == [frame.pts for frame in opened.decode(video=0)]

"""A ticket as a folder: nothing in it that the ticket does not hold, and what is written is what is read."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders.desks import fill, say
from builders.timelines import coded_events
from builders.workspace import CLIP_FRAMES, a_workspace, an_answer, an_event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmed_curate.annotation import Desk, Ticket, assign
from mmed_curate.annotation.packet import Tool, lay_before, read_answer
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding, Screening, ScreeningVerdict
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import Workspace

BOOK = load_codebook("mmed")
CODERS = ("canary-ann", "canary-bob", "canary-cem", "canary-dee", "canary-eve")
ROLES = ((Role.SCREENER,), (Role.CODER,), (Role.CODER,), (Role.ADJUDICATOR,), (Role.EXPERT,))
MADE_AT = 1234567890


def held(workspace: Workspace, code: str) -> Ticket:
    """The ticket that a coder has once all before them have answered, each otherwise."""
    for emotion, one in enumerate(CODERS):
        assign(workspace, seed=1)
        ticket = Desk(workspace, one).next_ticket()
        assert ticket is not None
        if one == code:
            return ticket
        Desk(workspace, one).submit(ticket.id, an_answer(ticket.stage, BOOK, emotion=emotion))
    raise LookupError(code)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = a_workspace(
        tmp_path / "ws",
        staff=dict(zip(CODERS, ROLES, strict=True)),
        subject="canary-subject",
        session="canary-session",
        recording="canary-file.mp4",
        region="canary-region",
        score=0.739142653,
    )
    for path in made.media.rglob("*"):
        os.utime(path, (MADE_AT, MADE_AT))
    return made


def forbidden(workspace: Workspace) -> set[str]:
    """Every text that no file of a ticket may hold, the coder's own code too."""
    with workspace.read() as records:
        ids: set[str] = {subject.id for subject in records.subjects()} | {one.id for one in records.sessions()}
        ids |= {one.id for one in records.recordings()} | {one.id for one in records.candidates()}
        ids |= {one.id for one in records.clips()} | {one.id for one in records.coders()}
        ids |= {one.id for one in records.judgements()}
        ids |= {one.path for one in records.assets()} | {one.sha256 for one in records.recordings()}
    return {"canary", "0.739142653", str(MADE_AT), str(workspace.root), *ids}


def leaks(workspace: Workspace, folder: Path) -> list[str]:
    """Where a name, a path, a byte or a time tells something."""
    texts = {str(path.relative_to(folder.parent)): path.read_bytes().decode("latin-1") for path in folder.iterdir()}
    texts |= {f"time of {name}": str(int((folder.parent / name).stat().st_mtime)) for name in texts}
    texts |= {f"links of {name}": "canary" for name in [*texts] if (folder.parent / name).is_symlink()}
    texts |= {f"name {name}": name for name in [*texts]}
    return [f"{word} in {name}" for name, text in texts.items() for word in forbidden(workspace) if word in text]


@pytest.mark.parametrize("tool", Tool)
@pytest.mark.parametrize("code", CODERS)
def test_no_canary_lies_in_a_ticket_s_folder(workspace: Workspace, tmp_path: Path, code: str, tool: Tool) -> None:
    ticket = held(workspace, code)
    folder = lay_before(ticket, tmp_path / "out", tool).folder
    assert leaks(workspace, folder) == []
    assert {int(path.stat().st_mtime) for path in folder.iterdir() if not path.name.startswith("answer")} == {0}
    assert {"picture.mp4", "sound.wav", "ticket.txt", "ticket.json"} <= {path.name for path in folder.iterdir()}
    assert (folder / "picture.mp4").stat().st_ino != ticket.picture.stat().st_ino if ticket.picture else False


@pytest.mark.parametrize("said", ["canary-file.mp4", str(MADE_AT)])
def test_the_search_for_canaries_finds_one(workspace: Workspace, tmp_path: Path, said: str) -> None:
    folder = lay_before(held(workspace, CODERS[1]), tmp_path / "out", None).folder
    (folder / "answer.eaf").write_text(f"<HEADER MEDIA_FILE='{said}'/>")
    assert leaks(workspace, folder)


def test_an_elan_file_names_no_author_no_day_and_its_media_beside_it(workspace: Workspace, tmp_path: Path) -> None:
    text = lay_before(held(workspace, CODERS[1]), tmp_path, None).answer.read_text(encoding="utf-8")
    assert 'AUTHOR=""' in text
    assert 'DATE="1970-' in text
    assert re.findall(r'MEDIA_URL="([^"]*)"', text) == ["picture.mp4", "./picture.mp4", "sound.wav", "./sound.wav"]


@pytest.fixture(scope="module")
def coding(tmp_path_factory: pytest.TempPathFactory) -> Ticket:
    """A ticket of coding on 60 frames."""
    made = a_workspace(tmp_path_factory.mktemp("lab") / "ws", staff=dict(zip(CODERS, ROLES, strict=True)))
    return held(made, CODERS[1])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=coded_events(BOOK, CLIP_FRAMES - 1), note=st.sampled_from(["", 'unsure, of "it"', "=1\nß"]))
@pytest.mark.parametrize("tool", Tool)
def test_what_is_read_is_what_was_written(
    coding: Ticket, tmp_path_factory: pytest.TempPathFactory, tool: Tool, events: tuple[CodedEvent, ...], note: str
) -> None:
    packet = lay_before(coding, tmp_path_factory.mktemp("out"), tool)
    say(packet.answer, coding, events, note)
    read = read_answer(packet.folder, coding, {}, nothing_happened=not events)
    assert isinstance(read.answer, Coding)
    assert sorted(map(repr, read.answer.events)) == sorted(map(repr, map(in_order, events)))
    assert read.answer.note == note


def in_order(event: CodedEvent) -> CodedEvent:
    """Its cues by time, as files have them."""
    cues = sorted(event.vocal_cues, key=lambda cue: (cue.onset, cue.offset, cue.code, cue.owner))
    return replace(event, vocal_cues=tuple(cues))


def test_what_was_begun_is_never_written_over(coding: Ticket, tmp_path: Path) -> None:
    packet = lay_before(coding, tmp_path, Tool.CSV)
    assert not packet.begun
    say(packet.answer, coding, (an_event(BOOK),))
    before = packet.answer.read_bytes()
    again = lay_before(coding, tmp_path, None)
    assert (again.answer, again.begun) == (packet.answer, True)
    assert packet.answer.read_bytes() == before
    with pytest.raises(BadInput, match=r"answer\.csv is there already"):
        lay_before(coding, tmp_path, Tool.ELAN)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("20,25,99,micro,,happiness,appearance", "row 2: '99' is no frame of the clip"),
        ("20,19,30,micro,,happiness,appearance", "row 2: 20, 19, 30 are not in order"),
        ("20,,30,micro,,happiness,appearance", "row 2: onset, apex or offset is missing"),
        ("20,25,30,mikro,,happiness,appearance", "'mikro' is no event of the codebook"),
        ("20,25,30,micro,L99,happiness,appearance", "L99 is not in the codebook"),
        ("20,25,30,micro,,,appearance", "has no emotion"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(coding: Ticket, tmp_path: Path, row: str, said: str) -> None:
    packet = lay_before(coding, tmp_path, Tool.CSV)
    packet.answer.write_text(f"onset,apex,offset,event_type,action_units,emotion,basis\n{row}\n")
    read = read_answer(packet.folder, coding, {})
    assert read.answer is None
    assert any(said in one.what for one in read.findings)


def test_a_table_may_give_seconds(coding: Ticket, tmp_path: Path) -> None:
    packet = lay_before(coding, tmp_path, Tool.CSV)
    packet.answer.write_text(  # frame 6 begins at 0.2 s, frame 15 ends at 16/30 s
        "onset_s;apex_s;offset_s;event_type;emotion;basis\n0.2;0.34;0.533;micro;fear;appearance\n"
    )
    read = read_answer(packet.answer, coding, {})
    assert isinstance(read.answer, Coding)
    assert [(e.span.onset, e.span.apex, e.span.offset) for e in read.answer.events] == [(6, 10, 15)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ticket": "another"}, "the form is one of ticket another"),
        ({"stage": "screening"}, "not one of coding"),
        ({"verdict": "accept"}, "coding does not ask for verdict"),
        ({"events": None}, "the form says nothing of events"),
        ({"events": [{"spam": 1}]}, "event 1: span does not fit"),
        ({"events": [{"span": {"onset": 1, "apex": 2, "offset": 3}, "emotoin": "fear"}]}, '"emotoin" is no key'),
        ({"events": [{"span": {"onset": 3, "apex": 2, "offset": 3}}]}, "event 1: need 0 <= onset"),
        ({"version": "9.0"}, "of version 9.0"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(
    coding: Ticket, tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    packet = lay_before(coding, tmp_path, Tool.JSON)
    document = json.loads(packet.answer.read_text()) | changed
    packet.answer.write_text(json.dumps(document))
    with pytest.raises(BadInput, match=re.escape(said)):
        read_answer(packet.folder, coding, {})


def test_a_folder_of_another_ticket_is_refused(coding: Ticket, tmp_path: Path) -> None:
    packet = lay_before(coding, tmp_path, Tool.ELAN)
    with pytest.raises(BadInput, match="the folder is one of ticket"):
        read_answer(packet.folder, replace(coding, id=type(coding.id)("another")), {})


@pytest.mark.parametrize("tool", Tool)
def test_a_file_that_nobody_touched_is_no_answer(coding: Ticket, tmp_path: Path, tool: Tool) -> None:
    packet = lay_before(coding, tmp_path, tool)
    with pytest.raises(BadInput, match=r"holds no event, nothing is handed in|says nothing of events"):
        read_answer(packet.folder, coding, {})
    assert read_answer(packet.folder, coding, {}, nothing_happened=True).answer == Coding(events=())


def test_an_empty_list_in_the_form_says_that_nothing_happened(coding: Ticket, tmp_path: Path) -> None:
    packet = lay_before(coding, tmp_path, Tool.JSON)
    fill(packet.answer, events=[])
    assert read_answer(packet.folder, coding, {}).answer == Coding(events=())


@pytest.mark.parametrize("tool", Tool)
def test_nothing_happened_where_events_are_marked_is_refused(coding: Ticket, tmp_path: Path, tool: Tool) -> None:
    packet = lay_before(coding, tmp_path, tool)
    say(packet.answer, coding, (an_event(BOOK),))
    with pytest.raises(BadInput, match="holds events, and nothing is said to have happened"):
        read_answer(packet.folder, coding, {}, nothing_happened=True)


def test_a_screening_names_what_it_found(workspace: Workspace, tmp_path: Path) -> None:
    ticket = held(workspace, CODERS[0])
    packet = lay_before(ticket, tmp_path / "out", None)
    assert packet.answer.name == "answer.json"
    with pytest.raises(BadInput, match="no verdict"):
        read_answer(packet.folder, ticket, {})
    fill(packet.answer, verdict="accept", found=[{"onset": 3, "apex": 5, "offset": 9}], cut_again="adjust")
    answer = read_answer(packet.folder, ticket, {}).answer
    assert isinstance(answer, Screening)
    assert answer.verdict is ScreeningVerdict.ACCEPT
    assert [span.offset for span in answer.found] == [9]


@pytest.mark.parametrize("tool", [Tool.ELAN, Tool.JSON])
def test_an_adjudicator_reads_letters_and_names_who_took_part(workspace: Workspace, tmp_path: Path, tool: Tool) -> None:
    ticket = held(workspace, CODERS[3])
    assert ticket.stage is Stage.ADJUDICATION
    packet = lay_before(ticket, tmp_path / "out", tool)
    text = (packet.folder / "ticket.txt").read_text()
    assert {"Reading A", "Reading B", "They do not agree on"} <= set(text.splitlines())
    assert (packet.folder / "reading-B.eaf").exists() is (tool is Tool.ELAN)
    colleagues = Desk(workspace, CODERS[3]).colleagues()
    say(packet.answer, ticket, (an_event(BOOK),))
    with pytest.raises(BadInput, match="needs a reason"):
        read_answer(packet.folder, ticket, colleagues)
    form = packet.folder / "answer.json"
    fill(form, reason="clearer", participants=["nobody"])
    with pytest.raises(BadInput, match="there is no coder nobody"):
        read_answer(packet.folder, ticket, colleagues)
    fill(form, participants=[CODERS[3], CODERS[1]])
    answer = read_answer(packet.folder, ticket, colleagues).answer
    assert isinstance(answer, Adjudication)
    assert (answer.events, answer.reason) == ((an_event(BOOK),), "clearer")
    assert set(answer.participants) == {colleagues[CODERS[1]], colleagues[CODERS[3]]}


def test_a_note_in_the_tiers_of_an_adjudicator_is_the_reason(workspace: Workspace, tmp_path: Path) -> None:
    ticket = held(workspace, CODERS[3])
    packet = lay_before(ticket, tmp_path / "out", Tool.ELAN)
    say(packet.answer, ticket, (an_event(BOOK),), "the brow")
    answer = read_answer(packet.folder, ticket, {}).answer
    assert isinstance(answer, Adjudication)
    assert answer.reason == "the brow"

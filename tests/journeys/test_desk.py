"""A clip's whole way by command: one coder in ELAN, one in a table, a judge and an expert in JSON forms."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from builders.desks import fill, say
from builders.known import a_lab, known_event
from builders.rounds import Day
from builders.workspace import PLAIN, SIGNED, STAFF, add_clips, an_event, noon
from jsonschema import Draft202012Validator

from mmed_curate.annotation import Desk, Ticket
from mmed_curate.annotation.packet import movement_of
from mmed_curate.annotation.training import train
from mmed_curate.cli.main import main
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.interchange.elan import read_elan
from mmed_curate.store import Workspace


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A clip that waits for screening, under rules that ask for the movement first."""
    rules = tmp_path / "rules.yaml"
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2", 1)
    rules.write_text(text.replace("coding:", "coding:\n  movement_first: true", 1), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "lab", seed=7, protocol=str(rules), now=noon)
    with workspace.write() as records:
        records.add_subject("S1", SIGNED, simulated=True)
        records.add_session("G1", ["S1"], simulated=True)
        for code, roles in STAFF.items():
            records.add_coder(code, roles, simulated=True)
    add_clips(workspace, 1)
    monkeypatch.chdir(workspace.root)
    return workspace


class Door:
    """The command line, and what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str], repository: Path, out: Path) -> None:
        self._capsys, self._repository, self._out = capsys, repository, out

    def run(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        told = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, told.out, told.err

    def valid(self, name: str, document: Any) -> Any:
        path = self._repository / "schema" / "json" / f"{name}.schema.json"
        Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(document)
        return document

    def take(self, coder: str, *options: str) -> tuple[str, Path]:
        """The number and the folder of a coder's next ticket."""
        assert self.run("assign")[0] == 0
        code, out, _ = self.run("desk", "next", coder, "-o", str(self._out / coder), *options, "--json")
        document = self.valid("ticket", json.loads(out))
        folder = Path(document["folder"])
        self.valid("ticket", json.loads((folder / "ticket.json").read_text(encoding="utf-8")))
        assert code == 0
        return document["ticket"], folder


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path) -> Door:
    return Door(capsys, repository, tmp_path / "out")


def ticket_of(workspace: Workspace, coder: str) -> Ticket:
    ticket = Desk(workspace, coder).next_ticket()
    assert ticket is not None
    return ticket


def submitted(workspace: Workspace, coder: str) -> Any:
    """What the database holds of a coder's last answer."""
    with workspace.read() as records:
        who = records.coder(coder).id
        return [one.answer for one in records.judgements() if one.coder == who][-1]


def code_in_two_steps(
    lab: Workspace, door: Door, coder: str, tool: str, event: CodedEvent, note: str
) -> tuple[str, Path]:
    """Movement, then the rest, in one file."""
    number, folder = door.take(coder, "--format", tool)
    answer = next(path for path in folder.glob("answer.*"))
    ticket = ticket_of(lab, coder)
    assert ticket.later_fields
    say(answer, ticket, (event,))
    code, _, told = door.run("desk", "submit", coder, number, str(folder))
    assert (code, "movement comes first" in told) == (2, True)
    assert ticket_of(lab, coder).movement is None, "nothing is handed in"
    say(answer, ticket, movement_of(Coding(events=(event,))).events)
    code, told, _ = door.run("desk", "submit", coder, number, str(folder))
    assert (code, "now say emotion" in told) == (0, True)
    assert (folder / f"answer.movement{answer.suffix}").exists()
    now = ticket_of(lab, coder)
    assert (now.later_fields, now.movement) == ((), movement_of(Coding(events=(event,))))
    code, _, told = door.run("desk", "submit", coder, number, str(folder))
    assert (code, "has no emotion" in told) == (2, True)
    say(answer, now, (event,), note)
    assert door.run("desk", "submit", coder, number, str(folder))[0] == 0
    assert submitted(lab, coder) == Coding(events=(event,), note=note)
    return number, folder


def test_the_command_that_hands_in_can_be_pasted(lab: Workspace, door: Door, tmp_path: Path) -> None:
    assert door.run("assign")[0] == 0
    code, told, _ = door.run("desk", "next", "ann", "-o", str(tmp_path / "for ann"))
    assert code == 0
    (line,) = [one for one in told.splitlines() if one.startswith("then ")]
    words = shlex.split(line.removeprefix("then "))
    assert words[:4] == ["mmed", "desk", "submit", "ann"]
    assert Path(words[-1]).is_relative_to(tmp_path / "for ann")


def test_a_clip_goes_its_whole_way_in_four_tools(lab: Workspace, door: Door, tmp_path: Path) -> None:
    number, folder = door.take("ann")
    door.valid("answer", json.loads((folder / "answer.json").read_text(encoding="utf-8")))
    assert door.run("desk", "submit", "ann", number, str(folder))[0] == 2
    fill(folder / "answer.json", verdict="accept", reason="a brow")
    door.valid("answer", json.loads((folder / "answer.json").read_text(encoding="utf-8")))
    assert door.run("desk", "submit", "ann", number, str(folder / "answer.json"))[0] == 0
    code, _, told = door.run("desk", "submit", "ann", number, str(folder))
    assert (code, "is already submitted: take the next ticket" in told) == (2, True)

    first, second = an_event(lab.codebook, onset=20), an_event(lab.codebook, onset=24, emotion=1)
    code_in_two_steps(lab, door, "bob", "elan", first, "unsure")
    code_in_two_steps(lab, door, "cem", "csv", second, "")

    number, folder = door.take("dee", "--format", "json")
    document = json.loads((folder / "ticket.json").read_text(encoding="utf-8"))
    fill(folder / "answer.json", events=document["readings"][0]["events"], reason="the clearer one")
    assert door.run("desk", "submit", "dee", number, str(folder))[0] == 0
    settled = submitted(lab, "dee")
    assert isinstance(settled, Adjudication)
    assert settled.events in {(first,), (second,)}

    number, folder = door.take("eve")
    fill(folder / "answer.json", verdict="accept")
    assert door.run("desk", "submit", "eve", number, str(folder))[0] == 0
    with lab.read() as records:
        assert set(records.stages().values()) == {Stage.SETTLED}

    progress = door.valid("desk-progress", json.loads(door.run("desk", "progress", "eve", "--json")[1]))
    assert (progress["submitted"], progress["waiting"]) == (1, 0)
    assert door.valid("desk-progress", json.loads(door.run("desk", "next", "eve", "--json")[1]))["waiting"] == 0

    assert door.run("export", "judgements", "elan", "-o", str(tmp_path / "judged"))[0] == 0
    (file,) = (tmp_path / "judged").iterdir()
    tiers = {tier.name: tier for tier in read_elan(file).timelines[0].tiers}
    assert {"event@bob", "apex@bob", "emotion@cem", "event@dee", "note@bob"} <= set(tiers)
    assert tiers["event@bob"].annotations[0].start == pytest.approx(20 / 30, abs=0.001)
    assert door.run("export", "consensus", "csv", "-o", str(tmp_path / "settled"), "--on-recording")[0] == 0
    (file,) = (tmp_path / "settled").iterdir()
    assert "@" not in file.read_text(encoding="utf-8")


def test_movement_can_be_handed_in_again_while_the_answer_is_open(lab: Workspace, door: Door) -> None:
    number, folder = door.take("ann")
    fill(folder / "answer.json", verdict="accept")
    door.run("desk", "submit", "ann", number, str(folder))
    number, folder = door.take("bob", "--format", "json")
    early, late = an_event(lab.codebook, onset=20), an_event(lab.codebook, onset=22)
    say(folder / "answer.json", ticket_of(lab, "bob"), movement_of(Coding(events=(early,))).events)
    assert door.run("desk", "submit", "bob", number, str(folder))[0] == 0
    say(folder / "answer.json", ticket_of(lab, "bob"), (late,))
    code, _, told = door.run("desk", "submit", "bob", number, str(folder))
    assert (code, "are not those that were handed in" in told) == (2, True)
    assert door.run("desk", "submit", "bob", number, str(folder), "--movement")[0] == 0
    assert door.run("desk", "submit", "bob", number, str(folder))[0] == 0
    assert submitted(lab, "bob").events == (late,)
    say(folder / "answer.json", _asked(lab, number), (late,), "surer now")
    assert door.run("desk", "correct", "bob", number, str(folder))[0] == 0
    assert submitted(lab, "bob").note == "surer now"


def _asked(lab: Workspace, number: str) -> Ticket:
    with lab.read() as records:
        (ticket,) = [one.id for one in records.tickets() if one.id == number]
    return Desk(lab, "bob").ticket(ticket)


@pytest.mark.parametrize("tool", ["elan", "boris", "praat", "csv"])
def test_what_opens_after_the_movement_opens_in_the_coder_s_own_file(lab: Workspace, door: Door, tool: str) -> None:
    number, folder = door.take("ann")
    fill(folder / "answer.json", verdict="accept")
    door.run("desk", "submit", "ann", number, str(folder))
    number, folder = door.take("bob", "--format", tool)
    (answer,) = folder.glob("answer.*")
    event = movement_of(Coding(events=(an_event(lab.codebook),)))
    say(answer, ticket_of(lab, "bob"), event.events)
    assert door.run("desk", "submit", "bob", number, str(folder))[0] == 0
    text = answer.read_text(encoding="utf-8")
    assert all(word in text for word in ("emotion", "basis", "vocal_cue", "confidence", "note"))
    assert "emotion" not in (folder / f"answer.movement{answer.suffix}").read_text(encoding="utf-8")
    code, _, told = door.run("desk", "submit", "bob", number, str(folder))
    assert (code, "has no emotion" in told) == (2, True), "its event is still there"


@pytest.mark.parametrize("tool", ["elan", "boris", "praat", "csv", "json"])
def test_no_event_is_an_answer_only_where_a_coder_says_so(lab: Workspace, door: Door, tool: str) -> None:
    number, folder = door.take("ann")
    fill(folder / "answer.json", verdict="accept")
    door.run("desk", "submit", "ann", number, str(folder))
    number, folder = door.take("bob", "--format", tool)
    for _ in range(2):
        code, _, told = door.run("desk", "submit", "bob", number, str(folder))
        assert (code, "where nothing happened" in told) == (2, True)
    assert ticket_of(lab, "bob").movement is None
    said = ["--nothing-happened"]
    if tool == "json":  # an empty list says it in the form itself
        fill(folder / "answer.json", events=[])
        said = []
    code, told, _ = door.run("desk", "submit", "bob", number, str(folder), *said)
    assert (code, "is handed in: nothing happened" in told) == (0, True)
    assert submitted(lab, "bob") == Coding(events=())


def test_feedback_follows_a_training_clip(tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = a_lab(tmp_path / "known", Day(), n_gold=3, n_free=0)
    train(workspace, "bob", clips=1)
    monkeypatch.chdir(workspace.root)
    number, folder = door.take("bob", "--format", "csv")
    assert door.run("desk", "feedback", "bob", number)[0] == 2
    say(folder / "answer.csv", ticket_of(workspace, "bob"), (known_event(workspace.codebook),))
    assert door.run("desk", "submit", "bob", number, str(folder))[0] == 0
    code, told, _ = door.run("desk", "feedback", "bob", number)
    assert (code, told.count("frames 20 to 30")) == (0, 2)
    document = door.valid("feedback", json.loads(door.run("desk", "feedback", "bob", number, "--json")[1]))
    assert (document["matched"], document["events_f1"]) == (1, 1.0)


def test_a_ticket_goes_back(lab: Workspace, door: Door) -> None:
    number, _ = door.take("ann")
    code, told, _ = door.run("desk", "back", "ann", number, "--because", "my neighbour", "--knows-them")
    assert (code, "went back" in told) == (0, True)
    code, told, _ = door.run("desk", "next", "ann")
    assert (code, told) == (0, "nothing waits for you now\n")
    with lab.read() as records:
        assert [one.why for one in records.exclusions()] == ["my neighbour"]

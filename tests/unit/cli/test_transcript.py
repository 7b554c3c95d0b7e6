"""A curator takes in what was said in a recording; nobody's words are kept who left."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from builders.workspace import SIGNED, a_workspace, add_clips
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.cli.interchange import import_
from mmed_curate.domain.findings import BadInput
from mmed_curate.store import Workspace


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A game of two, filmed on S01's camera for 6.67 s; we stand in the workspace."""
    made = a_workspace(tmp_path / "ws", n_clips=0, subject="S01", session="other")
    with made.write() as records:
        records.add_subject("S02", SIGNED, simulated=True)
        records.add_session("G1", ["S01", "S02"], simulated=True)
    add_clips(made, 2, subject="S01", session="G1", recording="cam.mp4")
    monkeypatch.chdir(made.root)
    return made


VTT = """\
WEBVTT

00:01.000 --> 00:02.000
<v S01>I <00:01.500>thought so

00:02.000 --> 00:03.000
<v S02>did you

00:03.000 --> 00:07.000
somebody laughs
"""


def call(text: str, *words: str, name: str = "t.vtt") -> Result:
    Path(name).write_text(text, encoding="utf-8")
    return CliRunner().invoke(import_, ["transcript", name, "--recording", "cam.mp4", *words])


def said(result: Result) -> str:
    """The sentence of what was refused."""
    assert isinstance(result.exception, BadInput), result.output
    return str(result.exception)


def texts(lab: Workspace) -> list[tuple[str | None, str]]:
    with lab.read() as records:
        codes = {one.id: one.code for one in records.subjects()}
        return [(codes[cue.speaker] if cue.speaker else None, cue.text) for cue in records.cues()]


def test_what_was_said_is_taken_in_with_its_speakers_and_word_times(lab: Workspace, repository: Path) -> None:
    document = json.loads(call(VTT, "--json").output)
    schema = json.loads((repository / "schema" / "json" / "transcript.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    for part in (document, document["speakers"][0]):
        for key in list(part):
            kept = part.pop(key)
            assert not Draft202012Validator(schema).is_valid(document), f"{key} may be left out"
            part[key] = kept
    assert document["cues"] == 3
    assert document["with_word_times"] == 1
    assert document["speakers"] == [
        {"subject": None, "cues": 1},
        {"subject": "S01", "cues": 1},
        {"subject": "S02", "cues": 1},
    ]
    assert texts(lab) == [("S01", "I thought so"), ("S02", "did you"), (None, "somebody laughs")]
    with lab.read() as records:
        first = records.cues()[0]
        assert [(one.onset_s, one.offset_s, one.text) for one in first.words] == [(1, 1.5, "I"), (1.5, 2, "thought so")]


def test_the_log_seals_it_and_the_audit_sees_a_change(lab: Workspace) -> None:
    call(VTT)
    with lab.read() as records:
        assert records.audit().intact
        assert not [entry for entry in records.log() if "thought" in entry.payload or "laughs" in entry.payload]
    with sqlite3.connect(lab.database) as database:
        database.execute("DROP TRIGGER cue_no_update")
        database.execute("UPDATE cue SET text = 'never' WHERE number = 2")
    with lab.read() as records:
        found = [one.what for one in records.audit().findings if "guard" not in one.what]
    assert len(found) == 1
    assert "part of a transcript" in found[0]


def test_a_cue_that_ends_long_after_the_recording_is_refused(lab: Workspace) -> None:
    late = "WEBVTT\n\n00:01.000 --> {}\nhello\n"
    assert "line 3: it ends at 356522 s, after the recording, which ends at 6.6" in said(
        call(late.format("99:02:02.000"))
    )
    assert "line 3: it ends at 7.7 s" in said(call(late.format("00:07.700")))
    assert texts(lab) == []
    assert call(late.format("00:07.600")).exit_code == 0  # an end rounded up


def test_a_better_transcript_counts_in_the_place_of_the_one_before(lab: Workspace) -> None:
    call(VTT)
    assert "was taken in already" in said(call(VTT))
    assert "exclude each other" in said(call(VTT, "--replace", "--beside"))
    assert call("WEBVTT\n\n00:01.000 --> 00:02.000\n<v S01>I knew it\n", "--replace").exit_code == 0
    assert texts(lab) == [("S01", "I knew it")]
    assert call("WEBVTT\n\n00:02.000 --> 00:03.000\n<v S02>you did\n", "--beside").exit_code == 0
    assert texts(lab) == [("S01", "I knew it"), ("S02", "you did")]
    with lab.read() as records:
        assert records.audit().intact


def test_voices_and_tiers_that_are_no_codes_are_named(lab: Workspace) -> None:
    anna = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>me\n\n00:02.000 --> 00:03.000\n<v Master>next\n"
    assert "line 3: Anna is no code of one who took part (S01, S02): say whose" in said(call(anna))
    assert call(anna, "--voice", "Anna=S02", "--voice", "Master=").exit_code == 0
    assert texts(lab) == [("S02", "me"), (None, "next")]
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n'
    grid = head + '0 5 <exists> 1\n"IntervalTier" "words" 0 5 1 0 5 "no"\n'
    assert "words is no code" in said(call(grid, "--replace", name="t.TextGrid"))
    assert call(grid, "--replace", "--speaker", "S01", name="t.TextGrid").exit_code == 0
    assert texts(lab) == [("S01", "no")]


BAD = {
    "outside": ("WEBVTT\n\n00:07.000 --> 00:08.000\nhi\n", (), "line 3: 7 s is outside the recording, which runs from"),
    "no speaker of the game": (VTT, ("--speaker", "S09"), "'S09' did not take part in the session, S01, S02 did"),
    "no voice": (VTT, ("--voice", "Bob=S01"), "has no voice Bob"),
    "a voice of nobody": (VTT, ("--voice", "S01=S09"), "'S09' did not take part"),
    "no pair": (VTT, ("--voice", "Bob"), "'Bob' names no voice"),
    "a pair twice": (VTT, ("--voice", "S01=S01", "--voice", "S01=S02"), "names S01 twice"),
    "a sign that is none": ("WEBVTT\n\n00:01.000 --> 00:02.000\nh\x07i\n", (), "line 3: .* cannot be printed"),
    "a wrong line": ("WEBVTT\n\n00:02.000 --> 00:01.000\nhi\n", (), "line 3: the cue ends at"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_one_sentence_and_nothing_is_taken_in(lab: Workspace, case: str) -> None:
    text, words, sentence = BAD[case]
    result = call(text, *words)
    assert isinstance(result.exception, BadInput)
    with pytest.raises(BadInput, match=sentence):
        raise result.exception
    assert texts(lab) == []


def test_who_left_is_erased_from_it_and_what_they_may_have_said(lab: Workspace) -> None:
    call(VTT)
    call(VTT, "--replace")
    withdraw(lab, "S02", erase=True)
    assert texts(lab) == [("S01", "I thought so")]
    held = lab.database.read_bytes()
    assert b"did you" not in held
    assert b"somebody laughs" not in held
    with lab.read() as records:
        assert records.audit().intact
        counts = records.erasure(records.subject("S02").id)
    assert counts is not None
    assert counts.counts["cues"] == 4
    assert "S02 withdrew" in said(call(VTT, "--replace"))
    unnamed = "WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n"
    assert "name who says what" in said(call(unnamed, "--replace"))
    assert call(unnamed, "--replace", "--speaker", "S01").exit_code == 0

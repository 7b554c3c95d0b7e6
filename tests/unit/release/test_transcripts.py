"""A transcript goes in as WebVTT and comes out of the release, cut to each clip, by the consent of who said it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlcroissant
import pytest
from builders.road import CANARY, a_settled_workspace
from click.testing import CliRunner

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.benchmark.wording import encoded
from mmed_curate.cli.interchange import import_
from mmed_curate.dataset import load, verify
from mmed_curate.dataset.manifest import files_under
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.records import Consent, Term
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace

Ask = Callable[[Workspace], Leave]
EVERYTHING = frozenset(Term)
NO_WORDS = EVERYTHING - {Term.PUBLISH_TRANSCRIPT}
ZERO, ONE = f"{CANARY}-0", f"{CANARY}-1"
"""Codes of two of the players; each has a recording of two clips, the first with one event, the second with two."""

VTT = f"""\
WEBVTT

00:00.000 --> 00:00.160
<v {ZERO}>before

00:00.100 --> 00:00.500
<v {ZERO}>=quokka

00:01.000 --> 00:03.000
<v {ZERO}>I <00:01.500>narwhal <00:02.000>so

00:01.200 --> 00:01.700
<v {ONE}><b>did</b> you &lt;axolotl&gt;

00:01.400 --> 00:01.600
wombat

00:02.500 --> 00:03.000
<v {ZERO}>between
"""
"""Release cuts cover frames 5 to 54 of each clip at 30 Hz: of the first clip 1/6 s to 11/6 s of the recording, of the
second, which begins at frame 100, 3.5 s to 5.17 s."""


def lab(tmp_path: Path, consents: Sequence[frozenset[Term]], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Three at one table, the last of whom agrees to all; two clips of each; a transcript of the first's."""
    made = a_settled_workspace(tmp_path / "ws", consents=(*consents, EVERYTHING), clips=2, together=True)
    monkeypatch.chdir(made.root)
    take_in(VTT)
    return made


def take_in(text: str, *words: str) -> None:
    Path("t.vtt").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(import_, ["transcript", "t.vtt", "--recording", f"{ZERO}.mp4", *words])
    assert done.exit_code == 0, done.exception


def released(workspace: Workspace, ask: Ask, version: str | None = "0.1.0") -> Release:
    return create_release(workspace, ask(workspace), Wishes(version=version, recipe=load_release_recipe("mmed")))


def texts(rows: Sequence[TranscriptRow]) -> list[str]:
    return [row.text for row in rows]


def test_from_a_webvtt_file_to_the_tokens_of_a_clip(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = lab(tmp_path, (EVERYTHING, EVERYTHING), monkeypatch)
    made = released(workspace, ask)
    dataset = load(made.path)
    (clip,) = [clip for clip in dataset if texts(clip.transcript)]
    assert texts(clip.transcript) == ["=quokka", "I narwhal", "did you <axolotl>", "wombat"]
    quokka, narwhal, _, wombat = clip.transcript
    assert quokka.onset_s == pytest.approx(0.1 - 1 / 6, abs=1e-6)  # it began before the clip
    assert (narwhal.onset_s, narwhal.offset_s) == pytest.approx((1 - 1 / 6, 2 - 1 / 6), abs=1e-6)  # without `so`
    assert [row.owner == clip.subject for row in clip.transcript] == [True, True, False, False]
    assert wombat.owner is None
    assert all(row.simulated for row in clip.transcript)

    frame = dataset.transcripts
    assert list(frame["text"]) == texts(dataset.transcript_rows)
    assert str(frame["owner"].dtype) == "string"
    tokens, mask = encoded(clip.transcript, n_tokens=32)
    assert tokens.shape == (32, 256)
    assert 8 < mask.sum() < 20
    assert verify(made.path).ok
    card = (made.path / "DATACARD.md").read_text(encoding="utf-8")
    assert "transcripts.csv, 4 cues of 1 clip, where whoever said it agreed to publish-transcript; of 1 nobody" in card
    with (made.path / "transcripts.csv").open(encoding="utf-8", newline="") as stream:
        cells = [row["text"] for row in csv.DictReader(stream)]
    assert cells[0] == "'=quokka"  # no formula for a spreadsheet
    croissant = mlcroissant.Dataset(str(made.path / "croissant.json"))
    assert (croissant.metadata.ctx.issues.errors, croissant.metadata.ctx.issues.warnings) == (set(), set())
    assert [record["transcripts/text"].decode() for record in croissant.records("transcripts")] == cells


@pytest.mark.parametrize(
    ("consents", "left"),
    [
        ((EVERYTHING, NO_WORDS), ["=quokka", "I narwhal"]),
        ((NO_WORDS, EVERYTHING), ["did you <axolotl>"]),
        ((NO_WORDS, NO_WORDS), []),
        ((EVERYTHING, EVERYTHING - {Term.REDISTRIBUTE}), ["=quokka", "I narwhal"]),
    ],
)
def test_only_the_words_of_those_who_agreed_go_out(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch, consents: Sequence[frozenset[Term]], left: list[str]
) -> None:
    made = released(lab(tmp_path, consents, monkeypatch), ask)
    assert texts(load(made.path).transcript_rows) == left
    assert (made.path / "transcripts.csv").exists() == bool(left)
    assert ("transcripts.csv" in (made.path / "README.md").read_text(encoding="utf-8")) == bool(left)
    assert verify(made.path).ok
    silent = {"quokka", "narwhal", "axolotl", "wombat"} - {word for text in left for word in words_of(text)}
    assert silent
    for name in files_under(made.path):
        data = (made.path / name).read_bytes()
        assert not [word for word in silent if word.encode() in data], name


def words_of(text: str) -> list[str]:
    return [word.strip("=<>") for word in text.split()]


def test_no_word_of_one_who_takes_back_consent_or_withdraws_is_in_the_next_version(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = lab(tmp_path, (EVERYTHING, EVERYTHING), monkeypatch)
    first = released(workspace, ask)
    with workspace.write() as records:
        records.add_consent(ONE, Consent(terms=NO_WORDS, form_version="2", signed_on=date(2026, 2, 2)))
    second = released(workspace, ask, None)  # that words went is a change, if of no clip
    assert second.facts.version == "0.1.1"
    assert texts(load(first.path).transcript_rows) == ["=quokka", "I narwhal", "did you <axolotl>", "wombat"]
    assert texts(load(second.path).transcript_rows) == ["=quokka", "I narwhal"]
    assert second.because == ("transcripts.csv changed",)
    for name in files_under(second.path):
        assert b"axolotl" not in (second.path / name).read_bytes(), name


def test_who_withdrew_takes_every_word_along(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third plays alone, so that there is something to release after the second one left with their table."""
    made = a_settled_workspace(tmp_path / "ws", consents=(EVERYTHING,) * 3, clips=2)
    monkeypatch.chdir(made.root)
    take_in(VTT.replace(f"<v {ONE}>", ""))
    assert texts(load(released(made, ask).path).transcript_rows)
    withdraw(made, ZERO, erase=True)
    after = released(made, ask, "1.0.0")
    assert load(after.path).transcript_rows == ()
    for name in files_under(after.path):
        data = (after.path / name).read_bytes()
        assert not [word for word in (b"quokka", b"narwhal", b"axolotl", b"wombat") if word in data], name
    with made.read() as records:
        assert records.cues() == ()
        assert records.audit().intact


def test_verify_sees_words_that_are_in_no_clip(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from builders.release import reseal

    made = released(lab(tmp_path, (EVERYTHING, EVERYTHING), monkeypatch), ask)
    from mmed_curate.dataset.transcript import transcripts_text

    path = made.path / "transcripts.csv"
    rows = load(made.path).transcript_rows
    late = replace(rows[-1], onset_s=100.0, offset_s=101.0)
    stranger = replace(rows[0], clip="c-000000000000", cue=1)
    unmarked = replace(rows[0], simulated=False)
    for wrong in ((*rows[:-1], late), (*rows, stranger), (unmarked, *rows[1:]), rows[1:]):
        path.write_text(transcripts_text(wrong), encoding="utf-8", newline="\n")
        reseal(made.path)
        assert any("cues of transcripts.csv" in said for said in verify(made.path).differences)
    path.write_text(transcripts_text(rows), encoding="utf-8", newline="\n")
    reseal(made.path)
    assert not any("transcripts.csv" in said for said in verify(made.path).differences)

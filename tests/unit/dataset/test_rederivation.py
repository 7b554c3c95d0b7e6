"""A release that says more than its own judgements is found out, even where every hash is right."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders.release import N_FRAMES, RATE_HZ, a_release, reseal

from mmed_curate.agreement.document import report_document
from mmed_curate.agreement.judged import judgements_digest
from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import settings_of
from mmed_curate.dataset import load, verify
from mmed_curate.dataset.answers import judgement_of, rows_digest
from mmed_curate.dataset.judged import clock_of
from mmed_curate.dataset.rederivation import judged_clips
from mmed_curate.dataset.rows import durations_of, durations_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.yamlfile import read_yaml


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return a_release(tmp_path / "r", n_subjects=3, clips_per_subject=3)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def edit_row(path: Path, row: int, column: str, to: str) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[row][column] = to
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def differences(release: Path) -> str:
    reseal(release)
    report = verify(release)
    assert not report.changed
    return "\n".join(report.differences)


def test_an_honest_release_can_be_derived_again(release: Path) -> None:
    report = verify(release)
    assert report.ok
    what = [one.what for one in report.rederived]
    assert "agreement.json" in what
    assert any(word.startswith("gate rule ") for word in what)
    assert any("consent" in word for word in report.attested)


def test_a_better_number_than_the_judgements_give_is_found(release: Path) -> None:
    def better(report: Any) -> None:
        report["layers"][0]["percent"]["value"] = 0.75

    edit(release / "agreement.json", better)
    assert "layers.emotion.percent.value" in differences(release)


def test_a_last_digit_that_another_processor_rounds_differently_is_not(release: Path) -> None:
    def nudge(report: Any) -> None:
        report["layers"][0]["percent"]["value"] -= 1e-12

    edit(release / "agreement.json", nudge)
    assert differences(release) == ""


def test_another_label_than_was_settled_is_found(release: Path) -> None:
    emotions = [entry.code for entry in load(release).codebook.emotions]
    row = load(release).clip_rows[4]
    edit_row(release / "clips.csv", 4, "emotion", next(code for code in emotions if code != row.emotion))
    assert f"another reading of {row.clip}" in differences(release)


def test_another_frame_than_was_settled_is_found(release: Path) -> None:
    edit_row(release / "clips.csv", 2, "apex", "11")
    assert "another reading of" in differences(release)


def test_a_left_out_event_is_found(release: Path) -> None:
    lines = (release / "clips.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (release / "clips.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    edit(release / "release.json", lambda document: document["counts"].update(clips=8))
    assert "another reading of" in differences(release)


def test_a_judgement_that_was_changed_is_found(release: Path) -> None:
    with (release / "judgements.csv").open(encoding="utf-8", newline="") as stream:
        answer = json.loads(list(csv.DictReader(stream))[1]["answer"])
    answer["events"][0]["span"]["apex"] += 1
    edit_row(release / "judgements.csv", 1, "answer", json.dumps(answer))
    assert "hash of the judgements" in differences(release)


def test_a_judgement_that_is_none_is_said(release: Path) -> None:
    edit_row(release / "judgements.csv", 1, "answer", "{}")
    assert "its own tables" in differences(release)


def test_a_verifier_who_also_coded_is_found(release: Path) -> None:
    coder = load(release).judgement_rows[1].coder
    edit_row(release / "judgements.csv", 3, "coder", coder)
    assert "judged this clip at coding" in differences(release)


def test_a_milder_policy_than_the_one_that_was_held_is_found(release: Path) -> None:
    policy = yaml.safe_load((release / "policy.yaml").read_text(encoding="utf-8"))
    policy["sample"]["min_units"] = 2
    (release / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
    found = differences(release)
    assert "hash of the policy" in found
    assert "gate rule coded-units" in found


def test_a_dropped_rule_is_found(release: Path) -> None:
    first = load(release).gate["rules"][0]["name"]
    edit(release / "gate.json", lambda gate: gate["rules"].pop(0))
    assert f"gate rule {first} (stated is missing" in differences(release)


def test_an_attested_rule_must_at_least_be_said_to_hold(release: Path) -> None:
    def break_consent(gate: Any) -> None:
        next(rule for rule in gate["rules"] if rule["name"] == "consent")["holds"] = False

    edit(release / "gate.json", break_consent)
    assert "gate rule consent" in differences(release)


@pytest.mark.parametrize(
    ("table", "column", "to", "says"),
    [
        ("clips.csv", "emotion_class", "", "class of three"),
        ("clips.csv", "subject", "S-99999999", "judged clips that"),
        ("clips.csv", "session", "G-99999999", "judged clips that"),
        ("clips.csv", "onset_s", "0.100000", "times in clips.csv"),
        ("clips.csv", "offset_s", "0.700000", "times in clips.csv"),
        ("clips.csv", "rate_hz", "60.000000", "times in clips.csv"),
        ("clips.csv", "n_frames", "9", "times in clips.csv"),
        ("clips.csv", "simulated", "false", "marks of what is simulated"),
        ("judged-clips.csv", "simulated", "false", "marks of what is simulated"),
        ("judgements.csv", "subject", "S-99999999", "judged clips that"),
        ("judgements.csv", "superseded", "true", "columns of judgements.csv"),
        ("judgements.csv", "verdict", "reject", "columns of judgements.csv"),
    ],
)
def test_a_cell_that_another_table_contradicts_is_found(
    release: Path, table: str, column: str, to: str, says: str
) -> None:
    edit_row(release / table, 0, column, to)
    assert says in differences(release)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"simulated": False}, "whether anything is simulated"),
        ({"notice": "Recordings of people, judged by people."}, "whether anything is simulated"),
        (
            {"counts": {"clips": 9, "judged_clips": 9, "judgements": 36, "subjects": 3, "sessions": 1, "coders": 40}},
            "counts",
        ),
    ],
)
def test_a_release_that_says_another_thing_of_itself_is_found(release: Path, change: dict[str, Any], says: str) -> None:
    edit(release / "release.json", lambda document: document.update(change))
    assert says in differences(release)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gate.json", "[]"),
        ("gate.json", '{"rules": 7}'),
        ("gate.json", '{"rules": [[], null]}'),
        ("agreement.json", "{"),
        ("agreement.json", "[" * 100_000),
        ("agreement.json", '{"settings": []}'),
        ("policy.yaml", "[]"),
        ("protocol.yaml", "{"),
        ("codebook.yaml", "null"),
        ("clips.csv", ""),
    ],
)
def test_a_document_that_is_none_is_a_difference_and_no_failure(release: Path, name: str, text: str) -> None:
    (release / name).write_text(text, encoding="utf-8")
    assert differences(release)


@pytest.mark.parametrize(
    "text", ["[]", "{", "null", '{"format": "mmed-release", "version": 1, "codebook": []}', "[" * 100_000]
)
def test_a_release_json_that_is_none_is_said_in_a_sentence(release: Path, text: str) -> None:
    (release / "release.json").write_text(text, encoding="utf-8")
    reseal(release)
    with pytest.raises(BadInput, match=r"release\.json"):
        verify(release)


@pytest.mark.parametrize(
    ("table", "column", "to"),
    [
        ("clips.csv", "event_type", "never-heard-of"),
        ("clips.csv", "emotion", "never-heard-of"),
        ("judged-clips.csv", "durations", "1*1000000000000"),
        ("judged-clips.csv", "durations", "1*-5"),
        ("judged-clips.csv", "time_base", "1/0"),
        ("clips.csv", "rate_hz", "nan"),
        ("clips.csv", "onset_s", "inf"),
        ("clips.csv", "judged_shift", "-99999999999999999999"),
        ("judgements.csv", "stage", "settled"),
        ("judgements.csv", "answer", "[]"),
    ],
)
def test_a_cell_that_cannot_be_is_a_difference_and_no_failure(release: Path, table: str, column: str, to: str) -> None:
    edit_row(release / table, 1, column, to)
    assert differences(release)


def test_an_event_type_that_no_codebook_holds_is_said(release: Path) -> None:
    with (release / "judgements.csv").open(encoding="utf-8", newline="") as stream:
        answer = json.loads(list(csv.DictReader(stream))[1]["answer"])
    answer["events"][0]["event_type"] = "never-heard-of"
    edit_row(release / "judgements.csv", 1, "answer", json.dumps(answer))
    assert "never-heard-of" in differences(release)


def test_judged_clips_come_back_with_clock_and_judgements(release: Path) -> None:
    clip = judged_clips(load(release))[0]
    assert clip.clock.n_frames == N_FRAMES
    assert clip.clock.rate_hz() == Fraction(RATE_HZ)
    codings = [one.answer for one in clip.judgements if isinstance(one.answer, Coding)]
    assert len(codings) == 2
    assert {coding.note for coding in codings} == {"(not released)"}


def test_the_hash_of_rows_is_that_of_the_judgements_that_they_stand_for(release: Path) -> None:
    rows = load(release).judgement_rows
    assert rows_digest(reversed(rows)) == judgements_digest(map(judgement_of, rows))


def test_uneven_frame_times_survive() -> None:
    assert durations_text([512, 512, 1024, 512]) == ("512*2", "1024*1", "512*1")
    assert durations_of(("512*2", "1024*1", "512*1")) == (512, 512, 1024, 512)


def test_a_clock_that_is_none_is_said(release: Path) -> None:
    edit_row(release / "judged-clips.csv", 0, "durations", "0*24")
    assert "its own tables" in differences(release)
    with pytest.raises(Exception, match="tick"):
        clock_of(load(release).judged_clip_rows[0])


@pytest.mark.parametrize("version", [1, 2])
def test_a_release_with_an_older_report_is_derived_again_by_the_rules_of_its_version(
    release: Path, version: int
) -> None:
    dataset = load(release)
    before = agreement_report(
        judged_clips(dataset),
        read_yaml(release / "protocol.yaml", Protocol),
        dataset.codebook,
        settings_of(dataset.agreement["settings"]),
        version=version,
    )
    (release / "agreement.json").write_text(json.dumps(report_document(before)), encoding="utf-8")
    assert differences(release) == ""
    edit(release / "agreement.json", lambda document: document.update(version=version + 1))
    assert "agreement.json" in differences(release)


def test_a_report_of_a_later_version_is_refused_by_name(release: Path) -> None:
    edit(release / "agreement.json", lambda document: document.update(version=99))
    assert "version 99 is newer than this program" in differences(release)

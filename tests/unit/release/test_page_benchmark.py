"""The benchmark in a release: the page shows what its report says, of version 1 too, and that there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from builders.pageread import Elements
from builders.release import a_release, reseal

from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave
from mmed_curate.release.page import INDEX, PageMedia, page_outside, write_page
from mmed_curate.store.workspace import Workspace


def benchmarked(root: Path, report: dict[str, Any]) -> Elements:
    """The page of a release that holds a benchmark's report."""
    (root / "benchmark").mkdir(exist_ok=True)
    (root / "benchmark" / "benchmark.json").write_text(json.dumps(report))
    reseal(root)
    write_page(root, root, media=True)
    return Elements((root / INDEX).read_text())


SCORES = {"accuracy": 0.75, "uf1": 0.5, "uar": None, "confusion": [[3, 1], [0, 4]]}
INTERVAL = {"low": 0.25, "high": 0.625, "level": 0.95}
REPORT_1: dict[str, Any] = {
    "notice": "SIMULATED: planted.",
    "protocol": "leave-one-subject-out",
    "classes": ["positive", "negative"],
    "n_clips": 8,
    "settings": {"seeds": [1, 2]},
    "models": [
        {"name": "one", "n_parameters": 1234, "scores": SCORES, "intervals": {"uf1": INTERVAL, "uar": None}},
    ],
}
"""What the page reads of version 1 of the report."""


def test_the_benchmark_of_an_older_release_is_a_table_with_intervals(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    tables = benchmarked(root, REPORT_1).tables
    assert tables["Scores, leaving one subject out"] == [
        ["model", "UF1", "interval", "UAR", "interval", "accuracy", "interval", "parameters"],
        ["one", "0.500", "0.250..0.625", "–", "–", "0.750", "–", "1,234"],
    ]
    confused = tables["What one says (columns) of what was settled (rows)"]
    assert confused == [["", "Positive", "Negative"], ["Positive", "3", "1"], ["Negative", "·", "4"]]
    assert "Does sound help?" not in (root / INDEX).read_text()


def difference(value: float | None, low: float, high: float) -> dict[str, Any]:
    found = {
        "value": value,
        "p_two_sided": 0.25,
        "p_greater": 0.125,
        "interval": {"low": low, "high": high, "level": 0.95},
    }
    return {"uar": found}


def test_the_page_answers_whether_sound_helps_and_leads_to_the_hardest_clips(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", media=True, shown_subjects=(0,))
    shown, hidden = "c-000000000000", "c-000001000000"
    scores = {**SCORES, "uar": 0.75}
    bins = [{"confidence": 0.5, "accuracy": 0.25, "interval": None, "n_answers": 4}]
    bins.append({"confidence": None, "accuracy": None, "interval": None, "n_answers": 0})
    calibration = {"ece": 0.1, "sentence": "Mean confidence 0.500.", "bins": bins}
    model = {"name": "amf-net", "n_parameters": 9, "scores": scores, "intervals": {"uar": INTERVAL}}
    report = {
        **REPORT_1,
        "settings": {"seeds": [1, 2], "name": "mine"},
        "models": [model, REPORT_1["models"][0]],
        "against": [{"model": "one", "difference": difference(0.125, -0.01, 0.25)}],
        "by_session": [{**model, "scores": {**scores, "uar": 0.5}}],
        "sound": {
            "sentence": "No help of sound is shown.",
            "power": {"sentence": "It needs 554 clips."},
            "against_permuted": difference(0.02, -0.01, 0.05),
            "against_visual": difference(0.01, -0.02, 0.04),
            "n_without_voice": 3,
            "while_nobody_speaks": None,
            "controls": [
                {
                    "control": "sound-shifted",
                    "means": "hardly when it sounds",
                    "n_changed": 8,
                    "scores": scores,
                    "gain": difference(-0.025, -0.05, 0.0),
                }
            ],
        },
        "balance": {"scores": {"accuracy": 0.8, "uar": 0.7}, "intervals": {"uar": INTERVAL}},
        "calibration": {"before": calibration, "after": calibration},
        "soft_labels": {
            "amf-net": {"cross_entropy_bits": 0.9},
            "human_ceiling": {
                "n_coders": 3,
                "n_answers": 20,
                "scores": {"accuracy": 0.9, "uar": 0.875},
                "intervals": {"uar": INTERVAL},
                "soft": {"cross_entropy_bits": 0.5},
            },
        },
        "groups": {
            "rows": [
                {
                    "attribute": "glasses",
                    "value": "yes",
                    "n_subjects": 5,
                    "scores": scores,
                    "intervals": {"uar": INTERVAL},
                }
            ]
        },
        "probes": [{"sentence": "The subject can be told."}],
        "hardest": [{"clip": shown, "truth": "positive", "answers": [{"class": "negative", "n": 7}]}],
        "notes": ["3 clips have no sound"],
    }
    (root / "benchmark").mkdir()
    for clip in (shown, hidden):
        (root / "benchmark" / f"attention-{clip}.png").write_bytes(b"PNG")
    page = benchmarked(root, report)
    text = (root / INDEX).read_text()

    for said in (
        *("SIMULATED: planted.", "Run by the settings mine.", "Does sound help?", "No help of sound is shown."),
        *("It needs 554 clips.", "Mean confidence 0.500.", "accuracy 0.900, UAR 0.875", "needs 0.90 bits"),
        *("From the sound alone: the subject can be told.", "3 clips have no sound"),
        "AMF-Net has accuracy 0.800 and UAR 0.700, interval 0.250..0.625",
    ):
        assert said in text
    assert page.tables["Scores, leaving one subject out"][2][7] == "+12.5, -1.0..+25.0, p = 0.250"
    by_session = page.tables["UAR leaving out one session and all who played in it, beside leaving out one subject"]
    assert by_session[1] == ["amf-net", "0.750", "0.250..0.625", "0.500", "0.250..0.625"]
    assert page.tables["Controls"][1] == [
        *("sound shifted", "8", "0.750", "-2.5, -5.0..+0.0, p = 0.250", "hardly when it sounds"),
    ]
    assert page.tables["AMF-Net by group"][1] == ["glasses: yes", "5", "0.750", "0.250..0.625"]
    assert page.tables["Hardest clips"][1] == [shown, "Positive", "Negative 7"]
    links = [one.get("href") for tag, one in page.found if tag == "a"]
    assert f"#clip={shown}" in links
    pictures = [one.get("src") for tag, one in page.found if tag == "img"]
    assert pictures == [f"benchmark/attention-{shown}.png"]  # the other clip may not be shown publicly


def test_a_page_without_media_shows_no_sound_of_anybody(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", media=True, shown_subjects=(0,))
    (root / "benchmark").mkdir()
    (root / "benchmark" / "attention-c-000000000000.png").write_bytes(b"PNG")
    (root / "benchmark" / "benchmark.json").write_text(json.dumps(REPORT_1))
    reseal(root)
    page_outside(root, tmp_path / "page")
    assert "<img" not in (tmp_path / "page" / INDEX).read_text()


def test_that_no_benchmark_was_run_is_said_in_readme_and_page(made: Release) -> None:
    assert not made.benchmarked
    for name in ("README.md", INDEX):
        assert "No benchmark was run on this release" in (made.path / name).read_text(encoding="utf-8")


def test_a_release_with_a_benchmark_says_where_it_is(
    workspace: Workspace, ask: Callable[[Workspace], Leave], wishes: Wishes
) -> None:
    def benchmark(folder: Path) -> None:
        (folder / "benchmark").mkdir()
        (folder / "benchmark" / "benchmark.json").write_text("{}")

    only = replace(wishes, benchmark=benchmark, page=PageMedia.NONE)  # a page would read a whole report
    made = create_release(workspace, ask(workspace), only)
    readme = (made.path / "README.md").read_text(encoding="utf-8")
    assert made.benchmarked
    assert "benchmark/benchmark.json holds" in readme and "No benchmark" not in readme

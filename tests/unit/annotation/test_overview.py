"""What the curator sees: how far everyone is, how well they agree, and one step from a number to its clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.rounds import Day
from builders.workspace import STAFF, a_workspace, an_answer

from mmed_curate.annotation import Desk, Overview, assign, open_overview
from mmed_curate.annotation.overview import overview
from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.measures import Coefficient, Undetermined
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace

SAID = {"bob": (0, 0, 1, 1, 0, 0), "cem": (0, 0, 1, 1, 1, None)}
"""Emotion that each coder names, clip by clip; None: they see nothing."""


@pytest.fixture
def coded(tmp_path: Path) -> Workspace:
    """Six clips, screened on 1 March 2026 (a Sunday, week 9), coded by bob that day and by cem a week later."""
    day = Day()
    workspace = Workspace.open(a_workspace(tmp_path / "ws", n_clips=6).root, now=day)
    for code in ("ann", "bob", "cem"):
        if code == "cem":
            day.go_on(7)
        assign(workspace, seed=1)
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            with workspace.read() as records:
                record = records.ticket(ticket.id)
                place = [clip.id for clip in records.clips()].index(record.clip) if record else 0
            answer = an_answer(ticket.stage, workspace.codebook)
            if code in SAID:
                emotion = SAID[code][place]
                nothing = Coding(events=(), note="just a blink")
                answer = nothing if emotion is None else an_answer(ticket.stage, workspace.codebook, emotion=emotion)
            desk.submit(ticket.id, answer)
    return workspace


def value(measure: object) -> float:
    assert isinstance(measure, Coefficient)
    return measure.value


def test_where_clips_and_coders_are(coded: Workspace) -> None:
    assign(coded, seed=1)
    seen = overview(coded)
    assert {stage: number for stage, number in seen.stages.items() if number} == {
        Stage.ADJUDICATION: 2,
        Stage.VERIFICATION: 4,
    }
    lines = {line.code: line for line in seen.coders}
    assert list(lines) == sorted(STAFF)
    assert lines["bob"].submitted == {Stage.CODING: 6}
    assert (lines["bob"].last_day, lines["cem"].last_day, lines["dee"].last_day) == ("2026-03-01", "2026-03-08", "")
    assert lines["dee"].waiting == {Stage.ADJUDICATION: 2}
    assert lines["eve"].waiting == {Stage.VERIFICATION: 4}
    assert seen.simulated


def test_agreement_is_that_of_hand_calculation(coded: Workspace) -> None:
    """Events that both marked: 00 00 11 11 01. Ten values, five of each: alpha = 1 - 9 * 2 / (2 * 5 * 5) = 0.64.

    Of six events five were seen by both. All marks are the same.
    """
    seen = overview(coded)
    assert value(seen.emotion_alpha) == pytest.approx(0.64)
    assert value(seen.rates["existence"]) == pytest.approx(5 / 6)
    assert [value(seen.rates[mark]) for mark in ("onset", "apex", "offset")] == [1, 1, 1]


def test_one_subject_gives_no_interval_and_says_why(coded: Workspace) -> None:
    alpha = overview(coded).emotion_alpha
    assert isinstance(alpha, Coefficient)
    assert isinstance(alpha.interval, Undetermined)
    assert "1 cluster is too few" in alpha.interval.reason


def test_the_trend_counts_a_clip_in_the_week_in_which_its_coding_closed(coded: Workspace) -> None:
    """cem's are the last word on each: Sunday 8 March 2026 is in week 10."""
    (point,) = overview(coded).trend
    assert (point.week, point.n_clips) == ("2026-W10", 6)
    assert value(point.emotion_alpha) == pytest.approx(0.64)


def test_clips_that_disagree_are_named_with_what_each_coder_saw(coded: Workspace) -> None:
    with coded.read() as records:
        clips = [clip.id for clip in records.clips()]
    first, second = (entry.code for entry in coded.codebook.emotions[:2])
    disputes = {dispute.clip: dispute for dispute in overview(coded).disputes}
    assert set(disputes) == set(clips[4:])
    assert disputes[clips[4]].what == (f"event 1: emotion, bob {first}, cem {second}",)
    assert disputes[clips[5]].what == ("event 1: seen by bob, not by cem",)
    assert disputes[clips[5]].stage is Stage.ADJUDICATION
    assert [(one.coder, len(one.events), one.note) for one in disputes[clips[5]].readings] == [
        ("bob", 1, ""),
        ("cem", 0, "just a blink"),
    ]
    assert disputes[clips[5]].clock.n_frames == 60


def test_only_so_many_are_named(coded: Workspace) -> None:
    assert len(overview(coded, n_disputes=1).disputes) == 1


def test_clips_that_left_are_counted_nowhere(coded: Workspace) -> None:
    withdraw(coded, "S1")
    seen = overview(coded)
    assert sum(seen.stages.values()) == 0
    assert seen.disputes == () and seen.trend == ()
    assert isinstance(seen.emotion_alpha, Undetermined)


def test_flags_are_among_it(coded: Workspace) -> None:
    with coded.read() as records:
        (ticket, *_) = records.tickets(coder=records.coder("bob").id)
    Desk(coded, "bob").flag(ticket.id, "two faces in it")
    assert [(flag.coder, flag.because) for flag in overview(coded).flags] == [("bob", "two faces in it")]


def test_an_empty_workspace_has_nothing_to_say(tmp_path: Path) -> None:
    seen = open_overview(a_workspace(tmp_path / "ws", n_clips=0, staff={}).root)
    assert isinstance(seen, Overview)
    assert isinstance(seen.emotion_alpha, Undetermined)
    assert (seen.coders, seen.trend, seen.disputes, seen.flags) == ((), (), (), ())


def test_reading_changes_nothing(coded: Workspace) -> None:
    with coded.read() as records:
        before = records.audit()
    overview(coded)
    with coded.read() as records:
        assert records.audit() == before

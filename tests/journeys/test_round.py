"""A whole round by SIMULATED coders of known reliability and bias: passes, foils, gold, repeats, a discussion, leaving.

Their media are make-believe; the desk, the database and every rule are the real ones. Time is put forward by hand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pytest
from builders.rounds import Day, all_of_it
from builders.simulated import CODEBOOK, EMOTIONS, a_simulated_lab, more_sessions

from mmed_curate.agreement.coders import WHOLE, WindowScore, by_number, over_time
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import load_settings
from mmed_curate.agreement.settle import course
from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.checks import checks
from mmed_curate.annotation.gold import add_drawn
from mmed_curate.domain.judgements import Adjudication, Coding
from mmed_curate.domain.protocol import ClipOrigin, Purpose, Stage
from mmed_curate.simulation.coders import simulate_coders
from mmed_curate.simulation.crew import CoderSettings, Member, load_coders
from mmed_curate.store import TicketState, Workspace

LATE = 3
"""Frames by which one coder marks every onset late."""


@dataclass(frozen=True)
class Round:
    """A lab after months of work."""

    workspace: Workspace
    truth: Path
    settings: CoderSettings
    day: Day

    def work(self) -> Counter[Stage]:
        """Everyone answers what waits; how many answers there were, by stage."""
        done = simulate_coders(self.workspace, self.truth, self.settings, profile="biased", seed=4)
        return Counter(done.judgements)


def crew_with_a_bias() -> CoderSettings:
    """The reliable crew, one of whose coders marks onsets late."""
    settings = load_coders()
    profile = settings.profile("reliable")
    abilities = dict(profile.abilities)
    abilities["late"] = abilities["coder"].model_copy(update={"onset_bias": LATE})
    crew = tuple(
        Member(code=one.code, roles=one.roles, ability="late") if one.code == "sim-coder-3" else one
        for one in profile.crew
    )
    biased = profile.model_copy(update={"crew": crew, "abilities": abilities})
    return settings.model_copy(update={"profiles": {"biased": biased}})


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Round:
    """Six subjects; two passes a week apart, discussions; gold after the first round; repeats after two weeks."""
    root, day = tmp_path_factory.mktemp("round"), Day()
    rules = root / "rules.yaml"
    rules.write_text(all_of_it(together=True), encoding="utf-8")
    workspace, truth = a_simulated_lab(
        root / "lab", protocol=str(rules), now=day, n_subjects=6, n_events=7, n_blinks=2, n_watched=2
    )
    lived = Round(workspace=workspace, truth=truth, settings=crew_with_a_bias(), day=day)
    lived.work()
    for _ in range(3):
        day.go_on(8)
        lived.work()
    return lived


def said(lived: Round, *purposes: Purpose) -> list[tuple[str, Coding]]:
    """Codings of the last pass, with their coder's code."""
    with lived.workspace.read() as records:
        codes = {coder.id: coder.code for coder in records.coders()}
        return [
            (codes[one.coder], one.answer)
            for one in records.judgements(purposes=purposes)
            if isinstance(one.answer, Coding) and one.turn == 2
        ]


def figures(lived: Round) -> tuple[WindowScore, ...]:
    """Each coder against gold and against themselves."""
    return over_time(
        checks(lived.workspace),
        windows=by_number(10),
        match_iou=lived.workspace.protocol.match_iou,
        codebook=CODEBOOK,
        min_units=5,
    )


def test_every_clip_comes_to_an_end_and_each_share_is_reached(lived: Round) -> None:
    with lived.workspace.read() as records:
        stages, terms, tickets = Counter(records.stages().values()), records.terms(), records.tickets()
        clips = {clip.id: clip for clip in records.clips()}
        stage_of = records.stages()
    assert set(stages) <= {Stage.SETTLED, Stage.REJECTED}
    machine = [one for one in terms.values() if one.origin is ClipOrigin.CANDIDATE]
    assert mean(one.screened_again for one in machine) >= 0.4
    coding = [one for one in tickets if one.stage is Stage.CODING and one.purpose is Purpose.ORDINARY and one.turn == 1]
    foils = {clip for clip, one in terms.items() if one.foil}
    assert mean(one.clip in foils for one in coding) >= 0.2  # 0.25 of those that were expected to be coded
    assert all(stage_of[clip] is Stage.SETTLED for clip in foils)
    for clip in clips:
        watchers = {one.coder for one in tickets if one.clip == clip and one.stage is Stage.SCREENING}
        least = 2 if terms[clip].origin is ClipOrigin.WATCHED or terms[clip].screened_again else 1
        assert len(watchers) == least


def test_nothing_is_settled_on_foils_and_nearly_all_that_was_planted_is(lived: Round) -> None:
    workspace = lived.workspace
    with workspace.read() as records:
        terms, clips = records.terms(), {clip.id: clip for clip in records.clips()}
        settled = {
            clip: course(
                records.judgements(clip), workspace.protocol, clips[clip].clock, CODEBOOK, terms[clip]
            ).consensus
            for clip, stage in records.stages().items()
            if stage is Stage.SETTLED
        }
    found = {clip: consensus.events for clip, consensus in settled.items() if consensus is not None}
    assert all(not events for clip, events in found.items() if terms[clip].foil)
    events = [event for own in found.values() for event in own]
    assert len(events) >= 0.85 * 6 * 7
    assert {event.emotion for event in events} <= set(EMOTIONS)


def test_discussions_name_the_two_who_coded(lived: Round) -> None:
    with lived.workspace.read() as records:
        judgements = records.judgements()
    discussed = [one for one in judgements if isinstance(one.answer, Adjudication)]
    assert discussed
    for one in discussed:
        coders = {other.coder for other in judgements if other.clip == one.clip and other.stage is Stage.CODING}
        assert set(one.answer.participants) == coders
        assert one.coder in coders


def test_who_marks_late_is_seen_to(lived: Round) -> None:
    """Held against the truth: events are planted 40 frames into their clip."""
    onsets: dict[str, list[int]] = {}
    for code, answer in said(lived, Purpose.ORDINARY):
        onsets.setdefault(code, []).extend(event.span.onset for event in answer.events if 30 <= event.span.onset <= 50)
    assert mean(onsets["sim-coder-3"]) - 40 == pytest.approx(LATE, abs=0.8)
    for code in ("sim-coder-1", "sim-coder-2"):
        assert mean(onsets[code]) - 40 == pytest.approx(0, abs=0.5)


def test_repeats_come_after_two_weeks_and_agree_as_the_coders_are_made(lived: Round) -> None:
    lived.day.go_on(15)
    lived.work()
    lived.day.go_on(8)
    lived.work()
    repeats = said(lived, Purpose.REPEAT)
    assert len(repeats) >= 10
    scores = [one for one in figures(lived) if one.kind is Purpose.REPEAT and isinstance(one.events_f1.value, float)]
    assert {one.window for one in scores} > {WHOLE}
    assert all(0.8 <= one.events_f1.value <= 1 for one in scores if one.window == WHOLE)


def test_gold_is_hidden_among_new_clips_and_finds_who_marks_late(lived: Round) -> None:
    added = add_drawn(lived.workspace, 30, seed=1, why="settled in the first round")
    assert len(added.clips) == 30
    more_sessions(lived.workspace, first=6, n_subjects=4)
    for _ in range(4):
        lived.work()
        lived.day.go_on(8)
    with lived.workspace.read() as records:
        coding = [one for one in records.tickets() if one.stage is Stage.CODING and one.turn == 1]
        late = records.coder("sim-coder-3").id
    season = [one for one in coding if one.purpose is not Purpose.REPEAT][-1:]
    assert season
    assert any(one.purpose is Purpose.GOLD for one in coding)
    gold = [one for one in figures(lived) if one.kind is Purpose.GOLD and one.window == WHOLE]
    off_ms = {one.coder: one.onset_ms.value for one in gold if isinstance(one.onset_ms.value, float)}
    assert max(off_ms, key=lambda coder: off_ms[coder]) == late


def test_who_leaves_is_in_no_queue_and_no_figure_any_more(lived: Round) -> None:
    more_sessions(lived.workspace, first=10, n_subjects=1)
    assign(lived.workspace, seed=4)
    with lived.workspace.read() as records:
        subject = records.subject("sim-s10").id
        clips = {clip.id for clip in records.clips() if clip.subject == subject}
    with lived.workspace.write() as records:
        taken_back = records.withdraw(subject)
    assert taken_back
    with lived.workspace.read() as records:
        waiting = records.tickets(states=(TicketState.OPEN, TicketState.HELD))
        assert not {one.clip for one in waiting} & clips
        assert records.audit().intact
    assign(lived.workspace, seed=4)
    with lived.workspace.read() as records:
        waiting = records.tickets(states=(TicketState.OPEN, TicketState.HELD))
        assert not {one.clip for one in waiting} & clips


def test_agreement_is_what_the_coders_were_made_with(lived: Round) -> None:
    workspace = lived.workspace
    with workspace.read() as records:
        terms = records.terms()
        judged = [
            JudgedClip(
                clip=clip.id,
                subject=clip.subject,
                clock=clip.clock,
                judgements=tuple(records.judgements(clip.id)),
                terms=terms[clip.id],
                simulated=True,
            )
            for clip in records.clips()
        ]
    report = agreement_report(judged, workspace.protocol, CODEBOOK, load_settings("mmed"))
    emotion = next(layer for layer in report.layers if layer.name == "emotion")
    assert emotion.alpha.value is not None
    assert emotion.alpha.value == pytest.approx(0.85, abs=0.12)


def test_the_log_holds_and_desks_are_empty(lived: Round) -> None:
    assign(lived.workspace, seed=4)
    with lived.workspace.read() as records:
        assert records.audit().intact
        assert all(coder.simulated for coder in records.coders())
        codes = [coder.code for coder in records.coders()]
    assert all(Desk(lived.workspace, code).next_ticket() is None for code in codes)

"""Simulated coders work through the desk until every clip is at an end, the same way every time."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from builders.workspace import PLAIN

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, RecordingId
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.records import Asset, AssetKind, Clip, Consent, Recording, Term
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.simulation.coders import Oracle, simulate_coders
from mmed_curate.simulation.crew import load_coders
from mmed_curate.simulation.truth import Kind, Planted, TruthRow, read_truth, write_truth
from mmed_curate.store import Workspace

CODERS = load_coders()
CODEBOOK = load_codebook("mmed")
EMOTIONS = [entry.code for entry in CODEBOOK.emotions if entry.emotion_class][:3]
N_SUBJECTS, N_EVENTS, EVERY, RATE = 2, 7, 300, 30
"""An event each ten seconds, at frames 100..112, 400..412, …; a blink 100 frames after each."""


def an_event(number: int) -> Planted:
    at = 100 + EVERY * number
    return Planted(
        kind=Kind.EVENT,
        span=Span(onset=Frame(at), apex=Frame(at + 6), offset=Frame(at + 12)),
        amplitude_px=2.0,
        emotion=EMOTIONS[number % 3],
        movement="any",
        action_units=(CODEBOOK.action_units[0].code,),
        voice_cue=CODEBOOK.vocal_cues[0].code,
        cue_start=-(-at * 16000 // RATE),  # the first sample that sounds while the frame is on screen
        cue_stop=(at + 15) * 16000 // RATE,
    )


def a_blink(number: int) -> Planted:
    at = 200 + EVERY * number
    return Planted(kind=Kind.BLINK, span=Span(onset=Frame(at), apex=Frame(at + 2), offset=Frame(at + 6)), closure=1.0)


def a_workspace(root: Path, *, simulated: bool = True) -> tuple[Workspace, Path]:
    """Two subjects, seven events each; a clip of 3 s round each event, and round one blink of each subject."""
    workspace = Workspace.create(root, protocol=str(PLAIN), seed=5)
    truth = []
    clock = FrameClock(pts=tuple(range(N_EVENTS * EVERY)), end_pts=N_EVENTS * EVERY, time_base=Fraction(1, RATE))
    consent = Consent(terms=frozenset(Term), form_version="simulated", signed_on=date(2025, 1, 1))
    (workspace.media / "clip.mp4").write_bytes(b"not looked at by simulated coders")
    with workspace.write() as act:
        for number in range(N_SUBJECTS):
            code = f"sim-s{number}"
            subject = act.add_subject(code, consent, simulated=simulated)
            session = act.add_session(f"sim-g{number}", [code], simulated=simulated)
            planted = [one for n in range(N_EVENTS) for one in (an_event(n), a_blink(n))]
            sha256 = f"{number:064x}"
            recording = Recording(
                id=RecordingId(f"recording-{number}"),
                sha256=sha256,
                path=f"/nowhere/{number}.mp4",
                session=session.id,
                subject=subject.id,
                width=320,
                height=240,
                clock=clock,
                has_sound=True,
                sample_rate_hz=16000,
                simulated=simulated,
            )
            wanted = [one for one in planted if one.kind is Kind.EVENT] + [a_blink(0)]
            clips = [
                Clip(
                    id=ClipId(f"clip-{number}-{index}"),
                    recording=recording.id,
                    candidate=None,
                    subject=subject.id,
                    first=Frame(one.span.onset - 40),
                    last=Frame(one.span.onset + 49),
                    clock=clock.window(Frame(0), Frame(89)),
                    crop=None,
                )
                for index, one in enumerate(wanted)
            ]
            assets = [
                Asset(
                    clip=clip.id,
                    kind=AssetKind.CODING_PICTURE,
                    path="clip.mp4",
                    sha256="0" * 64,
                    n_bytes=1,
                    first=clip.first,
                    last=clip.last,
                )
                for clip in clips
            ]
            act.add_recording(recording, (), clips, assets)
            truth += [
                TruthRow(
                    subject=code,
                    session=session.code,
                    recording=f"{number}.mp4",
                    sha256=sha256,
                    planted=one,
                    rate_hz=RATE,
                    sample_rate_hz=16000,
                )
                for one in planted
            ]
    path = root / "truth.csv"
    write_truth(path, truth)
    return workspace, path


def coded(workspace: Workspace) -> dict[tuple[str, str], Answer]:
    with workspace.read() as view:
        coders = {coder.id: coder.code for coder in view.coders()}
        return {(one.clip, coders[one.coder]): one.answer for one in view.judgements() if one.stage is Stage.CODING}


def agreement(workspace: Workspace) -> float:
    """Share of clips on whose emotion both coders agree."""
    by_clip: dict[str, list[list[str]]] = {}
    for (clip, _), answer in coded(workspace).items():
        assert isinstance(answer, Coding)
        by_clip.setdefault(clip, []).append([event.emotion for event in answer.events])
    assert all(len(pair) == 2 for pair in by_clip.values())
    return sum(one == other for one, other in by_clip.values()) / len(by_clip)


def test_the_oracle_knows_what_each_clip_shows_in_its_own_frames(tmp_path: Path) -> None:
    workspace, truth = a_workspace(tmp_path)

    oracle = Oracle.of(workspace, read_truth(truth), CODERS, truth)

    (event,) = oracle.events[ClipId("clip-1-4")]
    assert event.span == Span(onset=Frame(40), apex=Frame(46), offset=Frame(52))
    assert event.emotion == EMOTIONS[1] and event.cue is not None
    assert (event.cue.onset, event.cue.offset) == (40, 54)
    assert oracle.events[ClipId("clip-1-7")] == ()  # a blink is nothing


def test_reliable_coders_bring_every_clip_to_an_end_and_run_again_do_nothing(tmp_path: Path) -> None:
    workspace, truth = a_workspace(tmp_path)
    told: list[int] = []

    done = simulate_coders(
        workspace, truth, CODERS, profile="reliable", seed=1, progress=lambda so_far, total: told.append(so_far)
    )
    again = simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

    assert set(done.stages) <= {Stage.SETTLED, Stage.REJECTED} and sum(done.stages.values()) == 16
    assert done.stages[Stage.SETTLED] >= 12  # 14 clips with an event, of which 3 % are turned away
    assert done.judgements[Stage.SCREENING] == 16 and told == list(range(1, done.n_judgements + 1))
    assert again.n_judgements == 0 and again.stages == done.stages
    with workspace.read() as view:
        assert all(one.simulated for one in view.judgements())
        assert all(coder.simulated and coder.code.startswith("sim-") for coder in view.coders())
        assert view.audit().findings == ()


def test_unreliable_coders_agree_less(tmp_path: Path) -> None:
    shares = {}
    for profile in ("reliable", "unreliable"):
        workspace, truth = a_workspace(tmp_path / profile)
        simulate_coders(workspace, truth, CODERS, profile=profile, seed=1)
        shares[profile] = agreement(workspace)

    # .95² · .98² + … ≈ .88 of about 14 clips, and .6² · .85² + … ≈ .3
    assert shares["reliable"] > 0.7 > 0.55 > shares["unreliable"]


def test_the_same_seed_gives_the_same_judgements_and_another_others(tmp_path: Path) -> None:
    given = []
    for folder, seed in (("one", 1), ("again", 1), ("other", 3)):
        workspace, truth = a_workspace(tmp_path / folder)
        simulate_coders(workspace, truth, CODERS, profile="unreliable", seed=seed)
        given.append(coded(workspace))

    assert given[0] == given[1] != given[2]


def test_a_coder_works_alike_when_others_have_worked_before(tmp_path: Path) -> None:
    alone, truth = a_workspace(tmp_path / "alone")
    simulate_coders(alone, truth, CODERS, profile="reliable", seed=1)
    later, truth = a_workspace(tmp_path / "later")
    with later.write() as act:  # one more coder shares the work, so that everybody's tickets differ
        act.add_coder("sim-coder-0", {Role.CODER}, simulated=True)
    crew = CODERS.profile("reliable")
    more = crew.model_copy(update={"crew": (crew.crew[1].model_copy(update={"code": "sim-coder-0"}), *crew.crew[::-1])})
    simulate_coders(
        later, truth, CODERS.model_copy(update={"profiles": {"reliable": more}}), profile="reliable", seed=1
    )

    before, after = coded(alone), coded(later)
    common = set(before) & set(after)
    assert len(common) >= 5 and set(before) != set(after)
    assert all(before[seat] == after[seat] for seat in common)


def test_real_recordings_are_for_people(tmp_path: Path) -> None:
    workspace, truth = a_workspace(tmp_path, simulated=False)

    with pytest.raises(BadInput, match="is not simulated"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

    with workspace.read() as view:
        assert Counter(view.stages().values()) == {Stage.SCREENING: 16} and view.coders() == ()


def test_a_truth_of_other_recordings_is_refused(tmp_path: Path) -> None:
    workspace, truth = a_workspace(tmp_path)
    truth.write_text(truth.read_text().replace("0" * 60, "f" * 60))

    with pytest.raises(BadInput, match="knows nothing of the recording"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)


def test_nobody_is_impersonated(tmp_path: Path) -> None:
    workspace, truth = a_workspace(tmp_path)
    with workspace.write() as act:
        act.add_coder("sim-coder-1", {Role.CODER})

    with pytest.raises(BadInput, match="registered here as a person"):
        simulate_coders(workspace, truth, CODERS, profile="reliable", seed=1)

"""What the gate is told of each clip, and what agreement is measured on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from builders.road import CANARY, a_settled_workspace

from mmed_curate.agreement.judged import judgements_digest
from mmed_curate.dataset import load
from mmed_curate.dataset.rederivation import judged_clips as judged_in_release
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Consent, Term
from mmed_curate.release.build import Release
from mmed_curate.release.evidence import gather, judged_clips
from mmed_curate.store.workspace import Workspace

TODAY = date(2026, 6, 1)


def test_each_clip_is_told_with_who_judged_it(workspace: Workspace) -> None:
    evidence = gather(workspace, on=TODAY)
    with workspace.read() as records:
        code_of = {coder.id: coder.code.removeprefix(f"{CANARY}-") for coder in records.coders()}
    adjudicated = [facts for facts in evidence.clips if facts.adjudicated_by]
    assert len(adjudicated) == 5
    for facts in adjudicated:
        assert {code_of[coder] for coder in facts.coded_by} == {"bob", "cem"}
        assert {code_of[coder] for coder in facts.adjudicated_by} == {"dee"}
        assert facts.verified_by is not None
        assert code_of[facts.verified_by] == "eve"
    assert sorted(facts.stage.value for facts in evidence.clips).count(Stage.REJECTED.value) == 5
    # of five clips per subject: one event, two, none, rejected, one
    assert sorted(facts.n_events for facts in evidence.clips) == [0] * 10 + [1] * 10 + [2] * 5
    assert all(facts.simulated and not facts.faults for facts in evidence.clips)


def test_consent_is_looked_up_for_the_day(tmp_path: Path) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", consents=(frozenset(Term),) * 2)
    with workspace.write() as records:
        ends = Consent(
            terms=frozenset(Term), form_version="2", signed_on=date(2026, 1, 2), expires_on=date(2026, 5, 31)
        )
        records.add_consent(f"{CANARY}-0", ends)
    for on, held in ((date(2026, 5, 31), True), (date(2026, 6, 1), False), (date(2026, 1, 1), False)):
        facts = [one for one in gather(workspace, on=on).clips if one.subject_code == f"{CANARY}-0"]
        assert all(one.terms == (frozenset(Term) if held else frozenset()) for one in facts)


def test_a_changed_or_missing_file_is_a_fault_of_its_clip(workspace: Workspace) -> None:
    with workspace.read() as records:
        n_with_sound = len({asset.clip for asset in records.assets() if asset.kind.value == "release-sound"})
    sound = workspace.media / "release" / "sound.wav"
    data = sound.read_bytes()
    sound.write_bytes(data[:-1] + b"\x01")
    faulty = [facts for facts in gather(workspace, on=TODAY).clips if facts.faults]
    assert len(faulty) == n_with_sound
    assert {fault for facts in faulty for fault in facts.faults} == {"sound changed"}
    sound.unlink()
    faulty = [facts for facts in gather(workspace, on=TODAY, rehash=False).clips if facts.faults]
    assert {fault for facts in faulty for fault in facts.faults} == {"sound missing"}


def test_the_gate_measures_what_a_stranger_measures(pristine: Path, made: Release) -> None:
    inside = judged_clips(Workspace.open(pristine))
    outside = judged_in_release(load(made.path))
    assert inside == outside
    assert judgements_digest(one for clip in inside for one in clip.judgements) == made.facts.judgements_digest


def test_no_free_text_is_measured_or_hashed(pristine: Path) -> None:
    assert CANARY not in repr(judged_clips(Workspace.open(pristine)))


def test_who_did_not_agree_to_research_is_not_measured(tmp_path: Path) -> None:
    everything = frozenset(Term)
    workspace = a_settled_workspace(tmp_path / "ws", consents=(everything, everything - {Term.RESEARCH}))
    assert len({clip.subject for clip in judged_clips(workspace)}) == 1
    assert len(gather(workspace, on=TODAY).clips) == 10  # the gate still sees them all, and closes

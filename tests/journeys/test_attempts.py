"""When the gate stays shut: what is no way round it, what opens it, and what a release then tells (SIMULATED)."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.release import lenient_policy, lenient_settings, reseal
from builders.road import CANARY, STAFF, a_settled_workspace

from mmed_curate.agreement.settle import course
from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.recode import Wish, recode
from mmed_curate.annotation.standing import audit
from mmed_curate.cli.main import main
from mmed_curate.dataset import load, verify
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.layers import Layer
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.gate.policy import ClassRule, Policy, Rare
from mmed_curate.gate.policy import Held as HeldNumber
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import Held, hold_gate
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace

TODAY = date(2026, 6, 1)
ALL, SAMPLE = RecodingKind.ALL, RecodingKind.SAMPLE


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five subjects with five clips each; on the emotion of one clip of each subject the coders differ."""
    return a_settled_workspace(tmp_path_factory.mktemp("attempts") / "ws").root


@pytest.fixture
def workspace(pristine: Path, tmp_path: Path) -> Workspace:
    return Workspace.open(Path(shutil.copytree(pristine, tmp_path / "ws")))


def layer_policy(at_least: float = 0.9) -> Policy:
    """Coders must name the same emotion in nine of ten events; in the pristine workspace it is 15 of 20."""
    policy = lenient_policy()
    (rule,) = policy.measures
    return policy.model_copy(update={"measures": (rule.model_copy(update={"at_least": at_least}),)})


def class_policy() -> Policy:
    """The layer may be as it is; each emotion must be told from the others."""
    rule = ClassRule(
        name="emotion",
        layer=Layer.EMOTION,
        held=HeldNumber.VALUE,
        at_least=0.9,
        min_positives=1,
        rare=Rare.SHUTS,
        remedy="retrain",
    )
    return lenient_policy().model_copy(update={"version": 2, "classes": (rule,), "max_flagged_clips": 0})


def hold(workspace: Workspace, policy: Policy) -> Held:
    return hold_gate(workspace, policy=policy, settings=lenient_settings(), on=TODAY, record=True)


def send_back(workspace: Workspace, kind: RecodingKind, **which: Any) -> tuple[ClipId, ...]:
    names = Pseudonyms(workspace.secret)
    wish = Wish(kind=kind, **which)
    return recode(workspace, wish, because="retrained on emotions", name_of=names.clip).clips


def readings(workspace: Workspace) -> Mapping[ClipId, tuple[CodedEvent, ...]]:
    """What was settled of each clip: what coders who learned it would say."""
    with workspace.read() as records:
        said, terms = records.judgements_by_clip(), records.terms()
        found = {}
        for clip in records.clips():
            now = course(said[clip.id], workspace.protocol, clip.clock, workspace.codebook, terms[clip.id])
            if now.consensus is not None:
                found[clip.id] = tuple(
                    CodedEvent(
                        span=event.span,
                        event_type=event.event_type,
                        emotion=event.emotion,
                        basis=event.basis,
                        action_units=event.action_units,
                        vocal_cues=event.vocal_cues,
                    )
                    for event in now.consensus.events
                )
    return found


def judge_again(workspace: Workspace, known: Mapping[ClipId, tuple[CodedEvent, ...]]) -> None:
    """Everybody does what waits for them, and now knows what it is."""
    for _ in range(4):
        assign(workspace, seed=1)
        for code in STAFF:
            desk = Desk(workspace, f"{CANARY}-{code}")
            while (ticket := desk.next_ticket()) is not None:
                with workspace.read() as records:
                    record = records.ticket(ticket.id)
                assert record is not None
                answers: dict[Stage, Answer] = {
                    Stage.CODING: Coding(events=known[record.clip]),
                    Stage.ADJUDICATION: Adjudication(events=known[record.clip], reason="clear"),
                    Stage.VERIFICATION: Verification(verdict=VerificationVerdict.ACCEPT),
                }
                assert ticket.round == 1 or ticket.stage is not Stage.CODING  # nothing tells that it is coded again
                desk.submit(ticket.id, answers[ticket.stage])


def release(workspace: Workspace, held: Held, version: str = "0.1.0") -> Path:
    leave = held.leave()
    assert leave is not None
    return create_release(workspace, leave, Wishes(version=version, recipe=load_release_recipe("mmed"))).path


def test_a_failed_attempt_is_recorded_once_and_holding_the_gate_again_changes_nothing(workspace: Workspace) -> None:
    first = hold(workspace, layer_policy())
    assert first.attempt is not None and first.attempt.number == 1 and not first.recorded_before
    assert [(rule.name, rule.number, rule.at_least) for rule in first.attempt.failed] == [("existence", 0.75, 0.9)]
    again = hold(workspace, layer_policy())
    assert again.recorded_before and again.attempt == replace_order(first, again)
    assert again.decision.verdicts == first.decision.verdicts
    assert audit(workspace).intact


def replace_order(first: Held, again: Held) -> object:
    """The attempt as the log gives it back: with its place there."""
    assert first.attempt is not None and again.attempt is not None
    return replace(first.attempt, order=again.attempt.order)


def test_a_laxer_policy_after_a_failed_attempt_is_no_way_round(workspace: Workspace) -> None:
    hold(workspace, layer_policy())
    lax = hold(workspace, layer_policy(at_least=0.1))
    assert lax.decision.passed is None and lax.attempt is None
    failed = {verdict.name: verdict for verdict in lax.decision.failed}
    assert "attempt 1 failed on existence" in failed["fresh-sample"].what
    assert "mmed recode --sample N, or --all" in failed["fresh-sample"].remedy
    assert lax.no_attempt_because.startswith("no attempt: the sample is too small")


def test_better_coders_of_all_clips_open_it_and_the_release_tells_of_both_attempts(workspace: Workspace) -> None:
    known = readings(workspace)
    hold(workspace, layer_policy())
    clips = send_back(workspace, ALL)
    assert len(clips) == 20  # the five that were screened out stay where they are
    waiting = hold(workspace, layer_policy())
    assert waiting.attempt is None and "still being judged" in waiting.no_attempt_because
    judge_again(workspace, known)
    second = hold(workspace, layer_policy())
    assert second.attempt is not None and second.attempt.number == 2 and not second.attempt.failed
    made = release(workspace, second)
    assert verify(made).ok, verify(made).differences
    told = json.loads((made / "attempts.json").read_text(encoding="utf-8"))["attempts"]
    assert [(one["number"], len(one["measured"]), len(one["failed"])) for one in told] == [(1, 20, 1), (2, 20, 0)]
    assert {one["round"] for one in told[0]["measured"]} == {1} and {one["round"] for one in told[1]["measured"]} == {2}
    rows = [row for row in load(made).judged_clip_rows if row.recodings]
    assert {(row.recodings, row.coded_after, row.measured_in) for row in rows} == {
        (("all",), ("0", "1"), ("1:1", "2:2"))
    }
    said = [row for row in load(made).judgement_rows if row.clip == rows[0].clip and row.stage == "coding"]
    assert {row.round for row in said} == {1, 2}  # nothing that was said is gone
    readme = (made / "README.md").read_text(encoding="utf-8")
    assert "measured 20 clips and failed on existence (0.7500, needed 0.9000)" in readme
    assert audit(workspace).intact


def test_a_sample_by_lot_is_measured_alone(workspace: Workspace) -> None:
    known = readings(workspace)
    with pytest.raises(Refused, match="no attempt at the gate was made yet"):
        send_back(workspace, SAMPLE, number=8)
    hold(workspace, layer_policy())
    clips = send_back(workspace, SAMPLE, number=8)
    with pytest.raises(Refused, match="8 clips that were coded before are still being judged"):
        send_back(workspace, SAMPLE, number=1)
    judge_again(workspace, known)
    held = hold(workspace, layer_policy())
    assert held.attempt is not None and not held.attempt.failed
    assert set(held.attempt.measured) == set(clips) and (held.report.n_coded, held.report.n_left_out) == (8, 12)
    made = release(workspace, held)
    assert verify(made).ok, verify(made).differences
    assert "Agreement was measured on 8 clips, a fresh sample; 12 coded clips were" in (made / "README.md").read_text(
        encoding="utf-8"
    )


def test_where_only_classes_failed_a_fresh_sample_is_needed_too(workspace: Workspace) -> None:
    known = readings(workspace)
    first = hold(workspace, class_policy())
    assert first.attempt is not None
    owed = {rule.name for rule in first.attempt.failed}
    assert owed and all(rule.code for rule in first.attempt.failed)
    send_back(workspace, SAMPLE, number=3)
    judge_again(workspace, known)
    few = hold(workspace, class_policy())
    assert few.attempt is None and few.report.n_coded == 3
    assert owed <= {verdict.name for verdict in few.decision.failed}  # held in no sample yet
    send_back(workspace, ALL)
    judge_again(workspace, known)
    held = hold(workspace, class_policy())
    assert held.attempt is not None and held.attempt.number == 2 and not held.attempt.failed
    assert owed <= held.attempt.held and held.report.n_left_out == 0
    made = release(workspace, held)
    assert verify(made).ok, verify(made).differences


def test_after_clips_were_sent_back_the_gate_knows_of_the_attempt_before(workspace: Workspace) -> None:
    """Nothing is said in the new round yet, so that the judgements are those of the attempt."""
    hold(workspace, layer_policy())
    send_back(workspace, SAMPLE, number=8)
    waiting = hold(workspace, layer_policy())
    (fresh,) = (verdict for verdict in waiting.decision.failed if verdict.name == "fresh-sample")
    assert "attempt 1 failed on existence" in fresh.what and waiting.report.n_coded == 0
    assert len(hold(workspace, layer_policy()).snapshot.attempts) == 1


def another_way(row: dict[str, str]) -> None:
    row["recodings"] = "all"


def never_measured(row: dict[str, str]) -> None:
    row["measured_in"] = ""


def coded_later(row: dict[str, str]) -> None:
    row["coded_after"] = "1" if row["coded_after"] == "0" else row["coded_after"]


@pytest.fixture(scope="module")
def sampled(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release after a failed attempt and a sample by lot; not to be written to."""
    root = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("sampled") / "ws"))
    workspace = Workspace.open(root)
    known = readings(workspace)
    hold(workspace, layer_policy())
    send_back(workspace, SAMPLE, number=8)
    judge_again(workspace, known)
    return release(workspace, hold(workspace, layer_policy()))


@pytest.mark.parametrize("change", [another_way, never_measured, coded_later], ids=lambda one: one.__name__)
def test_a_column_that_says_otherwise_is_found(
    sampled: Path, tmp_path: Path, change: Callable[[dict[str, str]], None]
) -> None:
    folder = Path(shutil.copytree(sampled, tmp_path / "release"))
    path = folder / "judged-clips.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["coded_after"]:
            change(row)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    reseal(folder)
    assert not verify(folder).ok


def no_first(document: Any) -> None:
    """The failed attempt is left out."""
    document["attempts"] = [{**document["attempts"][1], "number": 1}]


def not_failed(document: Any) -> None:
    document["attempts"][0]["failed"] = []


def fewer_measured(document: Any) -> None:
    document["attempts"][1]["measured"].pop()


def another_digest(document: Any) -> None:
    document["attempts"][0]["judgements_digest"] = "0" * 64


def none(document: Any) -> None:
    document["attempts"] = []


def better(document: Any) -> None:
    """Coders nearly agreed well enough."""
    document["attempts"][0]["failed"][0]["number"] = 0.89


def lower_bound(document: Any) -> None:
    document["attempts"][0]["failed"][0]["at_least"] = 0.8


def other_rule(document: Any) -> None:
    document["attempts"][0]["failed"][0]["rule"] = "apex-within-tolerance"


def more_held(document: Any) -> None:
    document["attempts"][0]["held"] = ["emotion=fear"]


def later(document: Any) -> None:
    document["attempts"][0]["day"] = "2999-01-01"


@pytest.mark.parametrize(
    "change",
    [
        no_first,
        not_failed,
        fewer_measured,
        another_digest,
        none,
        better,
        lower_bound,
        other_rule,
        more_held,
        later,
    ],
    ids=lambda one: one.__name__,
)
def test_attempts_that_were_told_otherwise_are_found(
    sampled: Path, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    folder = Path(shutil.copytree(sampled, tmp_path / "release"))
    path = folder / "attempts.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    reseal(folder)
    assert not verify(folder).ok


def withdrawn_since(document: Any) -> None:
    document["attempts"][0]["n_withdrawn"] = 1


def other_method(document: Any) -> None:
    document["attempts"][0]["method_digest"] = "0" * 64


def other_policy(document: Any) -> None:
    document["attempts"][0]["policy_digest"] = "0" * 64


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (withdrawn_since, "1 of its clips are not in this release"),
        (other_method, "protocol, codebook or toolkit were others then"),
        (other_policy, "it was held by another policy"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_an_attempt_came_out_with_is_attested_by_name_where_it_cannot_be_measured_again(
    sampled: Path, tmp_path: Path, change: Callable[[Any], None], why: str
) -> None:
    assert not any("came out with" in word and "attempt 1" in word for word in verify(sampled).attested)
    assert any("on the days it names" in word for word in verify(sampled).attested)
    folder = Path(shutil.copytree(sampled, tmp_path / "release"))
    path = folder / "attempts.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    reseal(folder)
    assert any(word.startswith(f"what attempt 1 at the gate came out with: {why}") for word in verify(folder).attested)


def test_without_the_file_it_is_no_whole_release(sampled: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sampled, tmp_path / "release"))
    (folder / "attempts.json").unlink()
    reseal(folder)
    with pytest.raises(BadInput, match=r"does not list attempts\.json"):
        load(folder)
    assert not verify(folder).ok


def test_on_the_command_line(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    monkeypatch.setenv("MMED_GATE", str(written(tmp_path / "own.yaml", layer_policy())))
    other = written(tmp_path / "other.yaml", layer_policy(at_least=0.5))

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as exit_:
            main(list(words))
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out + captured.err

    code, said = run("gate", "--policy", str(other))
    assert code == 0 and "not recorded, and no attempt" in said
    code, said = run("gate")
    assert code == 1 and "Attempt 1, recorded: failed." in said
    code, said = run("gate", "--policy", str(other))
    todo = said.partition("What to do:")[2]
    assert code == 1 and todo.split()[1] == "fresh-sample:"
    assert "Waiting for fresh-sample, for nothing counts yet that could be measured: existence" in todo
    code, said = run("gate")
    assert code == 1 and "Attempt 1, recorded before" in said
    assert run("recode", "--all")[0] == 2
    assert run("recode", "--all", "--sample", "3", "--because", "x")[0] == 2
    code, said = run("recode", "--sample", "3", "--because", "retrained", "--json")
    document = json.loads(said)
    assert code == 0 and len(document["clips"]) == 3 and document["since_attempt"] == 1
    code, said = run("why", document["clips"][0])
    assert code == 0 and "sent back to coding 1 time(s)" in said
    code, said = run("gate")
    assert code == 1 and "No attempt: clips are still being judged." in said
    assert run("audit")[0] == 0


def test_who_sends_clips_back_though_the_gate_was_open_is_told(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    assert hold(workspace, layer_policy(at_least=0.5)).decision.passed is not None
    with pytest.raises(SystemExit) as exit_:
        main(["recode", "--sample", "3", "--because", "to be sure"])
    said = " ".join(capsys.readouterr().out.split())
    assert not exit_.value.code and "In attempt 1 coders agreed well enough" in said and "the gate is closed" in said


def written(path: Path, policy: Declared) -> Path:
    path.write_text(json.dumps(policy.model_dump(mode="json")), encoding="utf-8")  # JSON is YAML
    return path

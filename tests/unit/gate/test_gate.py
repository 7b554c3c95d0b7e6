"""The door stays shut unless every rule holds; only the gate opens it, for what it saw and nothing else."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import itertools
import json
import math
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.agreement.settings import load_settings, settings_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.measures import Coefficient, Interval, Measure, MeasuredClass, Undetermined
from mmed_curate.domain.packaged import packaged_names, packaged_path
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Term
from mmed_curate.gate.attempted import what_to_do
from mmed_curate.gate.attempts import Attempt, Counting, FailedRule
from mmed_curate.gate.decide import DraftOnly, Passed, decide
from mmed_curate.gate.document import decision_document, word_document
from mmed_curate.gate.enough import in_words, more_for
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import Policy, load_policy

DIGEST = "a" * 64


def good(value: float = 0.9, lower: float = 0.85) -> Coefficient:
    return Coefficient(
        value=value,
        interval=Interval(lower=lower, upper=0.95, confidence=0.95),
        n_units=200,
        n_judgements=400,
        n_clusters=20,
    )


MEASURES: Mapping[str, Measure] = {
    "existence.percent": good(),
    "emotion.alpha": good(),
    "emotion-class.alpha": good(),
    "onset.within-tolerance": good(),
    "apex.within-tolerance": good(),
    "offset.within-tolerance": good(),
    "duration.alpha": good(),
}


CLASSES: Mapping[str, Mapping[str, MeasuredClass]] = {
    "emotion-class": {"surprise": MeasuredClass(positives=60, alpha=good())},
    "action-units": {"au4": MeasuredClass(positives=40, alpha=good())},
    "emotion": {},
    "vocal-cues": {},
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """As much of an agreement report as the gate reads."""

    judgements_digest: str = DIGEST
    measured_by: Mapping[str, int | float | str] = field(default_factory=lambda: load_policy("mmed").agreement)
    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES)
    classes: Mapping[str, Mapping[str, MeasuredClass]] = field(default_factory=lambda: CLASSES)
    n_coders: int = 3
    n_coded: int = 200


def facts(number: int = 0, **changes: object) -> ClipFacts:
    """A settled clip with one event, verified by another, with full consent and whole files."""
    whole = ClipFacts(
        clip=ClipId(f"clip{number}"),
        subject=SubjectId(f"subject{number}"),
        subject_code=f"P{number}",
        stage=Stage.SETTLED,
        n_events=1,
        coded_by=frozenset({CoderId("a"), CoderId("b")}),
        adjudicated_by=frozenset({CoderId("j")}),
        verified_by=CoderId("x"),
        terms=frozenset(Term),
        faults=(),
        simulated=False,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def evidence(*clips: ClipFacts) -> Evidence:
    return Evidence(on=date(2030, 1, 1), judgements_digest=DIGEST, clips=clips or (facts(0), facts(1)))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("mmed")


def test_it_opens_when_every_rule_holds(policy):
    decision = decide(Report(), evidence(), policy)
    assert decision.passed is not None and not decision.failed
    assert decision.passed.verdicts == decision.verdicts
    assert decision.passed.opens(judgements_digest=DIGEST, evidence_digest=evidence().digest())


@pytest.mark.parametrize("name", sorted(MEASURES))
@pytest.mark.parametrize(
    "worse",
    [
        Undetermined(reason="only one value occurs"),
        good(math.nan, math.nan),
        good(0.5, 0.4),
        replace(good(), value=0.5, interval=Undetermined(reason="4 clusters are too few")),
    ],
)
def test_each_measure_alone_keeps_it_shut(policy, name, worse):
    decision = decide(Report(measures={**MEASURES, name: worse}), evidence(), policy)
    assert decision.passed is None
    rule = next(rule.name for rule in policy.measures if rule.measure == name)
    verdict = next(verdict for verdict in decision.failed if verdict.name == rule)
    assert verdict.remedy and verdict.bound > 0


def test_a_measure_that_the_report_does_not_hold_keeps_it_shut(policy):
    without = {name: measure for name, measure in MEASURES.items() if name != "duration.alpha"}
    assert [verdict.name for verdict in decide(Report(measures=without), evidence(), policy).failed] == [
        "duration-alpha"
    ]


def test_the_emotion_rule_holds_the_lower_end_and_not_the_point(policy):
    """0.72 looks fine; its interval reaches down to 0.666."""
    decision = decide(Report(measures={**MEASURES, "emotion.alpha": good(0.72, 0.666)}), evidence(), policy)
    (failed,) = decision.failed
    assert (failed.name, failed.number, failed.bound) == ("emotion-alpha", 0.666, 0.667)
    exactly = Report(measures={**MEASURES, "emotion.alpha": good(0.72, 0.667)})
    assert decide(exactly, evidence(), policy).passed is not None


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_below_the_bound_opens_it(number):
    decision = decide(
        Report(measures={**MEASURES, "emotion.alpha": good(number, number)}), evidence(), load_policy("mmed")
    )
    assert (decision.passed is not None) == (number >= 0.667)


@pytest.mark.parametrize(
    ("rule", "changes", "said"),
    [
        ("open-clips", {"stage": Stage.CODING, "n_events": 0, "verified_by": None}, "1 at coding"),
        (
            "open-clips",
            {"stage": Stage.REPLACED, "n_events": 0, "verified_by": None, "waits": True},
            "run `mmed recut`",
        ),
        ("verified-by-another", {"verified_by": None}, "clip7"),
        ("verified-by-another", {"verified_by": CoderId("a")}, "clip7"),
        ("verified-by-another", {"verified_by": CoderId("j")}, "clip7"),
        ("consent", {"terms": frozenset(Term) - {Term.REDISTRIBUTE}}, "P7 lacks redistribute"),
        ("files", {"faults": ("picture changed",)}, "clip7 (picture changed)"),
        ("simulated", {"simulated": True}, "P7"),
        ("flagged-clips", {"n_flags": 2}, "mmed flag list"),
    ],
)
def test_one_bad_clip_keeps_it_shut_and_is_named(policy, rule, changes, said):
    (failed,) = decide(Report(), evidence(facts(0), facts(7, **changes)), policy).failed
    assert (failed.name, failed.number, failed.bound, failed.clips) == (rule, 1, 0, ("clip7",))
    assert said in failed.remedy


def test_a_clip_that_is_not_released_needs_no_consent_and_no_files(policy):
    rejected = facts(5, stage=Stage.REJECTED, n_events=0, verified_by=None, terms=frozenset(), faults=("gone",))
    quiet = facts(6, n_events=0, terms=frozenset(), faults=("gone",))
    assert decide(Report(), evidence(facts(0), rejected, quiet), policy).passed is not None


@pytest.mark.parametrize(
    ("layer", "positives", "alpha", "name", "outcome"),
    [
        ("action-units", 20, good(0.667), "action-unit=au12", "holds"),
        ("action-units", 20, good(0.66), "action-unit=au12", "fails"),
        ("action-units", 20, Undetermined(reason="nothing"), "action-unit=au12", "fails"),
        ("action-units", 19, good(0.66), "action-unit=au12", "undetermined"),
        ("emotion", 3, Undetermined(reason="too few"), "emotion=au12", "undetermined"),
        ("emotion-class", 19, good(0.8), "class=au12", "holds"),
        ("emotion-class", 19, good(0.6), "class=au12", "fails"),
        ("emotion-class", 3, Undetermined(reason="too few"), "class=au12", "fails"),
    ],
)
def test_a_class_is_held_by_itself_and_a_rare_one_goes_out_marked(policy, layer, positives, alpha, name, outcome):
    """A rare code shuts nothing, and says that nobody knows; a class of the map of three is never excused."""
    report = Report(classes={**CLASSES, layer: {"au12": MeasuredClass(positives=positives, alpha=alpha)}})
    decision = decide(report, evidence(), policy)
    (verdict,) = [one for one in decision.verdicts if one.name == name]
    assert verdict.outcome.value == outcome
    assert (decision.passed is None) == (outcome == "fails")
    assert (verdict.number is None) == (outcome == "undetermined" or isinstance(alpha, Undetermined))


def test_a_layer_that_the_report_does_not_know_keeps_it_shut(policy):
    """Else a rule would be gone without a word where its layer is called otherwise."""
    without = {layer: classes for layer, classes in CLASSES.items() if layer != "vocal-cues"}
    (failed,) = decide(Report(classes=without), evidence(), policy).failed
    assert (failed.name, failed.number, failed.what) == ("vocal-cue", None, "the report holds no vocal-cues")


def test_a_map_of_three_of_which_nothing_was_chosen_keeps_it_shut(policy):
    """Rare emotions and cues go out marked, so that none was chosen shuts nothing; a class may not be rare."""
    (failed,) = decide(Report(classes={**CLASSES, "emotion-class": {}}), evidence(), policy).failed
    assert (failed.name, failed.number, failed.what) == ("class", None, "no class of emotion-class was chosen")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("layer: emotion-class", "layer: emotion-clas", "did you mean emotion-class"),
        ("measure: existence.percent", "measure: existence.percnt", "such as existence.percent"),
        ("measure: existence.percent", "measure: existence.masi", "no agreement report holds 'existence.masi'"),
        ("measure: emotion.alpha\n  min_units", "measure: emotion.alpa\n  min_units", "such as emotion.alpha"),
        ("at_least: 0.70", "at_least: 70", "write 0.70"),
        ("at_least: 0.70", "at_least: -0.1", "as no share is"),
        ("at_least: 0.667", "at_least: -1", "reached by whatever coders say"),
        ("at_least: 0.667  # Krippendorff 2004, as above\n    min", "at_least: 66.7\n    min", "write 0.67"),
    ],
)
def test_a_rule_that_could_never_fail_or_never_hold_is_no_rule(tmp_path, right, wrong, said):
    """A misspelled layer used to open the gate."""
    path = tmp_path / "mine.yaml"
    text = packaged_path("pipelines", "gate", "mmed.yaml").read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(BadInput, match=re.escape(said)):
        load_policy(str(path))


@pytest.mark.parametrize(
    "name",
    ["emotion=anger.alpha", "au4.intensity-alpha", "au4.alpha", "pass-1-sound:emotion.alpha", "existence.alpha-u"],
)
def test_a_policy_may_name_any_number_of_a_report(tmp_path, name):
    path = tmp_path / "mine.yaml"
    text = packaged_path("pipelines", "gate", "mmed.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("measure: duration.alpha", f"measure: {name}"), encoding="utf-8")
    assert name in {rule.measure for rule in load_policy(str(path)).measures}


def test_a_policy_of_version_1_is_read_as_it_was_meant(policy, tmp_path):
    """No rule on classes and flags is asked of it, and its hash is the one that releases of its day name."""
    values = policy.model_dump(mode="json", exclude={"classes", "max_flagged_clips"})
    path = tmp_path / "old.yaml"
    path.write_text(json.dumps({**values, "version": 1}), encoding="utf-8")
    old = load_policy(str(path))
    canonical = json.dumps({**values, "version": 1}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert old.digest() == hashlib.sha256(canonical.encode()).hexdigest()
    names = {verdict.name for verdict in decide(Report(), evidence(facts(0, n_flags=1)), old).verdicts}
    assert "flagged-clips" not in names and not any("=" in name for name in names)
    for missing in ("classes", "max_flagged_clips"):
        kept = policy.model_dump(mode="json", exclude={missing})
        path.write_text(json.dumps(kept), encoding="utf-8")
        with pytest.raises(BadInput, match=missing):
            load_policy(str(path))


@given(value=st.floats(0.7, 0.99), width=st.floats(0.001, 0.6), n=st.integers(10, 5000), subjects=st.integers(5, 200))
def test_as_many_more_clips_as_are_named_bring_the_interval_over_the_line(value, width, n, subjects):
    """With the interval narrowing by the root of the number of subjects, the named number is enough."""
    bound, lower = 0.667, value - width
    one = replace(good(value, lower), n_units=n, n_clusters=subjects)
    more = more_for(one, bound)
    assert more is not None
    then = value - width * math.sqrt(subjects / (subjects + more.subjects))
    assert then >= bound - 1e-9
    if lower < bound and more.subjects > 1:
        fewer = value - width * math.sqrt(subjects / (subjects + more.subjects - 1.001))
        assert fewer < bound


def test_no_number_of_clips_is_named_where_none_helps(policy):
    assert more_for(good(0.667, 0.6), 0.667) is None
    assert more_for(replace(good(), interval=Undetermined(reason="4 clusters")), 0.667) is None
    said = {
        lower: next(
            verdict.remedy
            for verdict in decide(
                Report(measures={**MEASURES, "emotion.alpha": good(value, lower)}), evidence(), policy
            ).failed
        )
        for value, lower in ((0.6, 0.5), (0.75, 0.6))
    }
    assert "more clips alone will not help" in said[0.5]
    assert "a sample of about 654 events of 66 subjects would do, all of it coded after the attempt" in said[0.6]
    assert said[0.6].endswith("2 subjects were coded so far, so record 64 more")


def test_new_subjects_are_asked_for_only_where_too_few_were_coded_at_all():
    """What an attempt failed on no longer counts, but its subjects' clips can be coded again."""
    assert in_words(good(0.75, 0.6), 0.667, 66).endswith("66 subjects were coded so far, so no more need be recorded")
    assert in_words(good(0.75, 0.6), 0.667, 65).endswith("record 1 more")


@pytest.mark.parametrize(
    ("changes", "report", "shared"),
    [
        ({}, Report(measures={**MEASURES, "emotion.alpha": good(0.5, 0.4)}), True),
        ({"verified_by": None}, Report(), True),
        ({"n_flags": 1}, Report(n_coders=1), True),
        ({"terms": frozenset(Term) - {Term.RESEARCH}}, Report(), False),
        ({"faults": ("picture changed",)}, Report(), False),
        ({"simulated": True}, Report(), False),
        ({"n_events": 0}, Report(), False),
        ({}, Report(judgements_digest="b" * 64), False),
        ({}, Report(), False),
    ],
)
def test_what_fails_can_be_shared_as_a_draft_but_never_round_consent_files_or_marks(policy, changes, report, shared):
    """The last of them passed: what is open is no draft."""
    decision = decide(report, evidence(facts(0, **changes)), policy)
    assert (decision.draft is not None) == shared
    if decision.draft is not None:
        assert decision.passed is None and decision.draft.failed == decision.failed


def test_events_that_one_coder_alone_saw_keep_it_shut(policy):
    """480 of 600 events marked by one of two coders: the other 120 agree on everything, and that is not enough."""
    seen = replace(good(), value=120 / 600, n_units=600)
    (failed,) = decide(Report(measures={**MEASURES, "existence.percent": seen}), evidence(), policy).failed
    assert (failed.name, failed.number, failed.bound) == ("existence", 0.2, 0.7)


def test_an_open_clip_of_someone_who_never_agreed_to_a_release_keeps_nothing_shut(policy):
    open_clip = {"stage": Stage.CODING, "n_events": 0, "verified_by": None}
    assert decide(Report(), evidence(facts(0), facts(7, **open_clip, agreed=False)), policy).passed is not None
    assert decide(Report(), evidence(facts(0), facts(7, **open_clip, agreed=True)), policy).passed is None


def test_nothing_to_release_keeps_it_shut(policy):
    failed = decide(Report(), evidence(facts(0, n_events=0)), policy).failed
    assert [verdict.name for verdict in failed] == ["released-clips"]


@pytest.mark.parametrize(
    ("rule", "report"),
    [
        ("coded-units", Report(measures={**MEASURES, "emotion.alpha": replace(good(), n_units=99)})),
        ("subjects", Report(measures={**MEASURES, "emotion.alpha": replace(good(), n_clusters=9)})),
        ("coders", Report(n_coders=1)),
        ("same-judgements", Report(judgements_digest="b" * 64)),
        ("same-settings", Report(measured_by={**load_policy("mmed").agreement, "seed": 7})),
        ("same-settings", Report(measured_by={**load_policy("mmed").agreement, "confidence": 0.5})),
        ("same-settings", Report(measured_by={})),
    ],
)
def test_too_little_or_other_judgements_keep_it_shut(policy, rule, report):
    assert [verdict.name for verdict in decide(report, evidence(), policy).failed] == [rule]


def test_simulated_content_passes_only_where_the_policy_says_so_and_is_marked(policy):
    clips = evidence(facts(0, simulated=True), facts(1))
    assert decide(Report(), clips, policy).passed is None
    passed = decide(Report(), clips, load_policy("simulation")).passed
    assert passed is not None and passed.simulated
    assert not decide(Report(), evidence(), policy).passed.simulated


def test_the_policy_for_simulations_holds_agreement_to_the_same_bounds(policy):
    assert load_policy("simulation").measures == policy.measures
    assert load_policy("simulation").classes == policy.classes
    assert load_policy("simulation").required_terms == policy.required_terms
    assert load_policy("simulation").max_open_clips == policy.max_open_clips == 0


def test_nobody_else_makes_a_passed(policy):
    values = {"judgements_digest": DIGEST, "evidence_digest": DIGEST, "policy_digest": DIGEST, "policy": "mine"}
    for seal, word in itertools.product((None, object(), True), (Passed, DraftOnly)):
        with pytest.raises(BadInput, match="only the gate"):
            word(**values, simulated=False, verdicts=(), seal=seal)
    with pytest.raises(TypeError):
        Passed(**values, simulated=False, verdicts=())  # type: ignore[call-arg]
    passed = decide(Report(), evidence(), policy).passed
    with pytest.raises((ValueError, TypeError)):
        dataclasses.replace(passed, judgements_digest="c" * 64)
    with pytest.raises(dataclasses.FrozenInstanceError):
        passed.judgements_digest = "c" * 64  # type: ignore[misc]
    with pytest.raises(TypeError):
        pickle.dumps(passed)
    with pytest.raises(TypeError):
        copy.deepcopy(passed)


def test_a_judgement_or_a_fact_more_and_it_no_longer_opens(policy):
    before = evidence()
    passed = decide(Report(), before, policy).passed
    changed = [
        evidence(facts(0)),
        evidence(facts(0), facts(1, terms=frozenset())),
        evidence(facts(0), facts(1, faults=("sound missing",))),
        evidence(facts(0), facts(1, agreed=False)),
        replace(before, on=date(2031, 1, 1)),
    ]
    for now in changed:
        assert not passed.opens(judgements_digest=DIGEST, evidence_digest=now.digest())
    assert not passed.opens(judgements_digest="b" * 64, evidence_digest=before.digest())


def test_the_evidence_digest_does_not_depend_on_order():
    assert evidence(facts(0), facts(1)).digest() == evidence(facts(1), facts(0)).digest()


def test_the_documents_fit_their_schema(policy, repository):
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    schema = json.loads((repository / "schema" / "json" / "gate.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    shut = evidence(facts(0, verified_by=None))
    closed = decision_document(decide(Report(measures={}), shut, policy), shut, policy)
    decision = decide(Report(), evidence(), policy)
    opened = decision_document(decision, evidence(), policy)
    for document in (closed, opened):
        validator.validate(document)
        for key in document:
            with pytest.raises(jsonschema.ValidationError):
                validator.validate({k: v for k, v in document.items() if k != key})
    assert closed["passed"] is False and opened == word_document(decision.passed)
    assert "P0" not in json.dumps(opened) and "clip0" not in json.dumps(opened)


@pytest.mark.parametrize("name", packaged_names("pipelines", "gate"))
def test_every_packaged_bound_names_its_source(name):
    assert load_policy(name).name == name
    lines = packaged_path("pipelines", "gate", f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    bounds = [line for line in lines if line.strip().startswith("at_least:")]
    assert len(bounds) == len(load_policy(name).measures) + len(load_policy(name).classes)
    assert all("#" in line for line in bounds)


def test_a_policy_holds_the_values_of_the_agreement_settings_that_it_names(tmp_path, policy):
    """Named in its file, held as numbers: other numbers make another policy, and it can be read without the name."""
    assert settings_of(policy.agreement) == load_settings("mmed")
    settings = packaged_path("pipelines", "agreement", "mmed.yaml").read_text(encoding="utf-8")
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(re.sub(r"seed: \d+", "seed: 7", settings), encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    text = packaged_path("pipelines", "gate", "mmed.yaml").read_text(encoding="utf-8")
    mine.write_text(text.replace("agreement: mmed ", f"agreement: {theirs} "), encoding="utf-8")
    other = load_policy(str(mine))
    assert {name for name in other.agreement if other.agreement[name] != policy.agreement[name]} == {"seed"}
    assert other.digest() != policy.digest()
    mine.write_text(json.dumps(policy.model_dump(mode="json")), encoding="utf-8")
    assert load_policy(str(mine)).digest() == policy.digest()


def test_settings_that_are_none_are_refused(policy):
    for values in ({}, {**policy.agreement, "seed": -1}, {**policy.agreement, "sead": 1}):
        with pytest.raises(BadInput, match="agreement settings"):
            settings_of(values)


def test_a_policy_with_a_mistake_is_refused_by_line(tmp_path):
    text = packaged_path("pipelines", "gate", "mmed.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("max_open_clips", "max_open_clip"), encoding="utf-8")
    with pytest.raises(BadInput, match="max_open_clip"):
        load_policy(str(path))
    path.write_text(text.replace("at_least: 0.667", "at_least: .nan"), encoding="utf-8")
    with pytest.raises(BadInput, match="at_least"):
        load_policy(str(path))


def after_a_failure(*clips: str, owed: str = "", is_whole: bool = False) -> Counting:
    """What counts after attempt 1 failed on a layer."""
    first = Attempt(
        number=1,
        day=date(2029, 1, 1),
        policy="mmed",
        policy_digest="",
        judgements_digest="",
        measured={},
        failed=(FailedRule(name="emotion-alpha", number=0.5, at_least=0.667, code=""),),
        held=frozenset(),
        method_digest="",
    )
    return Counting(
        clips=frozenset(ClipId(clip) for clip in clips),
        n_coded=200,
        since=first,
        owed=frozenset({owed} - {""}),
        is_whole=is_whole,
    )


def test_where_nothing_counts_yet_the_rest_waits_for_a_fresh_sample(policy):
    nothing = Undetermined(reason="no unit was judged by two or more")
    empty = Report(measures=dict.fromkeys(MEASURES, nothing), n_coders=0, n_coded=0)
    shown = replace(evidence(facts(0, n_flags=1)), counting=after_a_failure())
    todo, waiting = what_to_do(decide(empty, shown, policy).failed)
    assert [verdict.name for verdict in todo] == ["fresh-sample", "flagged-clips"]
    assert {"existence", "subjects", "coders"} <= {verdict.name for verdict in waiting}
    assert not any("record" in verdict.remedy or "retrain" in verdict.remedy for verdict in waiting)


def test_of_a_sample_that_is_too_small_more_is_drawn_before_anything_is_recorded(policy):
    """The subjects are there; their clips are not in the sample."""
    small = Report(measures={**MEASURES, "emotion.alpha": replace(good(), n_units=30, n_clusters=4)}, n_coded=1)
    shown = replace(evidence(*(facts(number) for number in range(12))), counting=after_a_failure("clip0"))
    said = {verdict.name: verdict.remedy for verdict in decide(small, shown, policy).failed}
    assert said["subjects"].startswith("have clips of all 12 that were coded before coded again (mmed recode")
    assert said["coded-units"].startswith("have more clips coded since attempt 1 (mmed recode --sample N, or --all)")


def rare(alpha: float, positives: int = 8) -> Report:
    return Report(
        classes={**CLASSES, "emotion": {"fear": MeasuredClass(positives=positives, alpha=good(alpha))}}, n_coded=1
    )


@pytest.mark.parametrize(
    ("counting", "report", "outcome", "has_number"),
    [
        (after_a_failure("clip0"), rare(0.4), "undetermined", False),  # it never failed
        (after_a_failure("clip0", owed="emotion=fear"), rare(0.9), "fails", False),  # a larger sample can be drawn
        (after_a_failure("clip0", owed="emotion=fear"), rare(0.9, positives=20), "holds", True),
        (after_a_failure("clip0", owed="emotion=fear", is_whole=True), rare(0.4), "fails", True),
        (after_a_failure("clip0", owed="emotion=fear", is_whole=True), rare(0.9), "holds", True),
        (after_a_failure("clip0", owed="emotion=fear"), Report(n_coded=1), "fails", False),  # chosen nowhere in it
    ],
)
def test_what_failed_once_is_not_excused_by_being_rare_in_a_sample(policy, counting, report, outcome, has_number):
    decision = decide(report, replace(evidence(), counting=counting), policy)
    verdict = next(verdict for verdict in decision.verdicts if verdict.name == "emotion=fear")
    assert (verdict.outcome.value, verdict.number is not None) == (outcome, has_number)
    assert (decision.passed is None) == (outcome == "fails")


def test_what_nobody_names_any_more_in_all_that_was_coded_is_no_rule(policy):
    counting = after_a_failure("clip0", owed="emotion=fear", is_whole=True)
    decision = decide(Report(n_coded=1), replace(evidence(), counting=counting), policy)
    assert decision.passed is not None and all(verdict.name != "emotion=fear" for verdict in decision.verdicts)

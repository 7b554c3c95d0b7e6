"""What a release says, computed again from its own judgements: consensus, agreement, and the gate's rules on them.

A stranger needs nothing of the lab for it: protocol.yaml, codebook.yaml and policy.yaml say how, judgements.csv what
was said, judged-clips.csv on which frames and what lot fell to each clip. What rests on more than that is attested.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from mmed_curate.agreement.basis import Measured, basis_digest
from mmed_curate.agreement.document import report_document
from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import Course, course
from mmed_curate.dataset.answers import action_unit_text, judgement_of, vocal_cues_text
from mmed_curate.dataset.attempts import attempts_in, codings_in, counting_in, derived_attempts
from mmed_curate.dataset.attested import ATTESTED_RULES
from mmed_curate.dataset.consistency import Rederived, compared, same_number
from mmed_curate.dataset.judged import judged_from, settled_events
from mmed_curate.dataset.layout import AGREEMENT, CLIPS, CODEBOOK, POLICY, PROTOCOL
from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.remeasured import attempts_again, report_version
from mmed_curate.dataset.retraced import derived_history
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.collecting import no_search_for_circles
from mmed_curate.domain.findings import BadInput, MmedError
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import (
    Adjudication,
    Coding,
    ConsensusEvent,
    Judgement,
)
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.domain.yamlfile import read_yaml
from mmed_curate.gate.decide import EVEN_FOR_A_DRAFT, decide
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import Policy
from mmed_curate.gate.verdicts import RuleVerdict

_GARBLED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""Documents of a stranger, sealed by the stranger: whatever they hold, it is a difference and no failure of ours."""


def derive_again(
    root: Path, *, measured: Measured | None = None, coming: Mapping[str, int] = MappingProxyType({})
) -> tuple[Rederived, ...]:
    """Compute again what a release states, from the tables inside it.

    Args:
        root: a release whose files are as they were sealed.
        measured: by who makes it: where its tables hold the very same, agreement is not measured again.
        coming: bytes of sealed files that are still on their way, by path.
    """
    found = read_again(root)
    return (found,) if isinstance(found, Rederived) else derived(found, measured=measured, coming=coming)


def read_again(root: Path, *, held: Collection[str] = ()) -> Dataset | Rederived:
    """Read a release; where it cannot be, that is what is said of it.

    Args:
        root: a release whose files are as they were sealed.
        held: see `read_release`.
    """
    try:
        return read_release(root, held=held)
    except MmedError as error:
        return _unusable(str(error))
    except _GARBLED as error:
        return _unusable(f"{type(error).__name__}: {error}")


def derived(
    dataset: Dataset, *, measured: Measured | None = None, coming: Mapping[str, int] = MappingProxyType({})
) -> tuple[Rederived, ...]:
    """What `derive_again` says, of a release that was read already."""
    try:
        with no_search_for_circles():
            return tuple(_derived(dataset, measured, coming))
    except MmedError as error:
        return (_unusable(str(error)),)
    except _GARBLED as error:
        return (_unusable(f"{type(error).__name__}: {error}"),)


def closed_by(dataset: Dataset) -> tuple[str, ...]:
    """The rules that did not hold, by what a draft's gate.json says; nothing where it cannot be read."""
    try:
        rules = dataset.gate.get("rules", [])
    except MmedError:
        return ()
    named = (rule for rule in rules if isinstance(rule, dict) and rule.get("holds") is False)
    return tuple(str(rule.get("name")) for rule in named)


def _unusable(why: str) -> Rederived:
    return Rederived(what="its own tables", stated="can be judged by", found=why[:300], same=False)


def _derived(dataset: Dataset, measured: Measured | None, coming: Mapping[str, int]) -> Iterator[Rederived]:
    protocol = read_yaml(dataset.root / PROTOCOL, Protocol)
    policy = read_yaml(dataset.root / POLICY, Policy)
    said = tuple(map(judgement_of, dataset.judgement_rows))
    _check_codes(dataset, said)
    judged = judged_from(dataset.judged_clip_rows, said)
    courses = {one.clip: course(one.judgements, protocol, one.clock, dataset.codebook, one.terms) for one in judged}
    attempts, counting = attempts_in(dataset), None
    if attempts is not None:
        codings = codings_in(dataset, courses)
        counting = counting_in(dataset, attempts, codings)
        judged = tuple(replace(one, counts=one.clip in counting.clips or not codings[one.clip]) for one in judged)
        yield derived_attempts(dataset, attempts, codings, counting)
    settings, version = _settings(dataset), report_version(dataset)
    report = _report(dataset, judged, courses, protocol, settings, version, measured)
    yield from attempts_again(
        dataset,
        attempts or (),
        judged,
        courses,
        protocol=protocol,
        policy=policy,
        settings=settings,
        version=version,
    )
    yield _digest(dataset, report)
    yield _consensus(dataset, courses)
    yield from compared(dataset, said, {one.clip: one.clock for one in judged}, coming)
    yield _agreement(dataset, report)
    evidence = replace(_evidence(dataset, courses, judged, report.judgements_digest), counting=counting)
    yield from _gate(dataset, report, evidence, policy)
    yield from derived_history(dataset)


def _report(
    dataset: Dataset,
    judged: tuple[JudgedClip, ...],
    courses: Mapping[ClipId, Course],
    protocol: Protocol,
    settings: AgreementSettings,
    version: int,
    measured: Measured | None,
) -> AgreementReport:
    if measured is not None:
        digest = judgements_digest(one for clip in judged for one in clip.judgements)
        basis = basis_digest(judged, protocol, dataset.codebook, settings, version=version, judgements_digest=digest)
        if basis == measured.basis:
            return measured.report
    return agreement_report(judged, protocol, dataset.codebook, settings, version=version, courses=courses)


def _check_codes(dataset: Dataset, said: Iterable[Judgement]) -> None:
    types = {entry.code for entry in dataset.codebook.event_types}
    emotions = {entry.code for entry in dataset.codebook.emotions}
    events = [(row.clip, row.event_type, row.emotion) for row in dataset.clip_rows]
    for one in said:
        if isinstance(one.answer, (Coding, Adjudication)):
            events.extend((one.id, event.event_type, event.emotion) for event in one.answer.events)
    for name, event_type, emotion in events:
        if event_type not in types or emotion not in emotions:
            raise BadInput.of(
                "dataset.code",
                f"{name} says {event_type}, {emotion}, and {CODEBOOK} does not hold both",
                "ask for a whole release",
            )


def judged_clips(dataset: Dataset) -> tuple[JudgedClip, ...]:
    """Every judged clip of a release with what was said of it: what agreement is measured on.

    Raises:
        BadInput: a clock or an answer in the tables is none.
    """
    return judged_from(dataset.judged_clip_rows, map(judgement_of, dataset.judgement_rows))


def _settings(dataset: Dataset) -> AgreementSettings:
    try:
        return AgreementSettings.model_validate(
            {"format": "mmed-agreement-settings", "version": 1, **dataset.agreement["settings"]}, strict=False
        )
    except (ValidationError, KeyError, TypeError) as error:
        raise BadInput.of(
            "dataset.settings", f"{AGREEMENT} does not say how it was measured", "ask for a whole release"
        ) from error


def _digest(dataset: Dataset, report: AgreementReport) -> Rederived:
    stated = {
        dataset.release.judgements_digest,
        str(dataset.agreement.get("judgements_digest")),
        str(dataset.gate.get("judgements_digest")),
    }
    return Rederived(
        what="hash of the judgements that were measured and held against the gate",
        stated=", ".join(sorted(stated)),
        found=report.judgements_digest,
        same=stated == {report.judgements_digest},
    )


def _consensus(dataset: Dataset, courses: Mapping[ClipId, Course]) -> Rederived:
    rows: dict[str, list[ClipRow]] = defaultdict(list)
    for clip in dataset.clip_rows:
        rows[clip.judged_clip].append(clip)
    wrong = []
    for judged in dataset.judged_clip_rows:
        found = courses[ClipId(judged.clip)]
        events = settled_events(found, dataset.codebook)
        stated = {row.clip: row for row in rows.pop(judged.clip, [])}
        derived = {
            judged.clip if place == 0 else f"{judged.clip}-e{place + 1}": event for place, event in events.items()
        }
        same = stated.keys() == derived.keys() and all(
            _as_settled(row) == _settled(derived[name], found, row) for name, row in stated.items()
        )
        if not same or judged.stage != found.stage.value or judged.n_events != len(events):
            wrong.append(judged.clip)
    wrong.extend(rows)
    return Rederived(
        what=f"consensus of {len(courses)} judged clips in {CLIPS}",
        stated=f"{len(dataset)} events",
        found=f"{len(dataset)} events" if not wrong else f"another reading of {', '.join(wrong[:5])}",
        same=not wrong,
    )


def _as_settled(row: ClipRow) -> tuple[object, ...]:
    return (
        (row.onset, row.apex, row.offset),
        (row.event_type, row.emotion, row.basis),
        row.action_units,
        row.not_visible,
        row.vocal_cues,
        row.settled_by,
        row.n_coders,
    )


def _settled(event: ConsensusEvent, found: Course, row: ClipRow) -> tuple[object, ...]:
    """The consensus in the terms of its row: frames of the released cut."""
    span = event.span
    return (
        tuple(mark + row.judged_shift for mark in (span.onset, span.apex, span.offset)),
        (event.event_type, event.emotion, event.basis or None),
        tuple(action_unit_text(mark) for mark in event.action_units),
        event.not_visible,
        vocal_cues_text(event.vocal_cues, shift=row.judged_shift, n_frames=row.n_frames),
        tuple(f"{name}:{how.rule.value}" for name, how in sorted(event.how.items())),
        len(found.coded),
    )


def _agreement(dataset: Dataset, report: AgreementReport) -> Rederived:
    differ = list(_differences(dataset.agreement, report_document(report)))
    headline = f"{len(report.measures)} measures of {report.n_coded} coded clips"
    return Rederived(
        what=AGREEMENT,
        stated=headline if not differ else "; ".join(f"{path} is {stated}" for path, stated, _ in differ[:5]),
        found=headline if not differ else "; ".join(f"{path} is {found}" for path, _, found in differ[:5]),
        same=not differ,
    )


def _differences(stated: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stated, dict) and isinstance(found, dict):
        for key in sorted({*stated, *found}):
            yield from _differences(stated.get(key), found.get(key), f"{path}.{key}" if path else key)
    elif isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        for index, (one, other) in enumerate(zip(stated, found, strict=True)):
            name = one.get("name") or one.get("code") or one.get("mark") if isinstance(one, dict) else None
            yield from _differences(one, other, f"{path}.{name or index}")
    elif isinstance(stated, float) and isinstance(found, (int, float)):
        if not same_number(stated, found):
            yield path, stated, found
    elif stated != found:
        yield path, json.dumps(stated), json.dumps(found)


def _evidence(
    dataset: Dataset, courses: Mapping[ClipId, Course], judged: tuple[JudgedClip, ...], digest: str
) -> Evidence:
    simulated = {row.clip: row.simulated for row in dataset.judged_clip_rows}
    facts = []
    for one in judged:
        found = courses[one.clip]
        facts.append(
            ClipFacts(
                clip=one.clip,
                subject=one.subject,
                subject_code=one.subject,
                stage=found.stage,
                n_events=len(settled_events(found, dataset.codebook)),
                coded_by=_who(one, Stage.CODING),
                adjudicated_by=_who(one, Stage.ADJUDICATION),
                verified_by=found.verified_by,
                terms=frozenset(),
                faults=(),
                simulated=simulated[one.clip],
            )
        )
    return Evidence(
        on=dataset.release.released_on,
        judgements_digest=digest,
        clips=tuple(facts),
    )


def _gate(dataset: Dataset, report: AgreementReport, evidence: Evidence, policy: Policy) -> Iterator[Rederived]:
    yield Rederived(
        what="hash of the policy",
        stated=str(dataset.gate.get("policy_digest")),
        found=policy.digest(),
        same=dataset.gate.get("policy_digest") == policy.digest(),
    )
    draft = dataset.release.draft
    marked = {draft, dataset.manifest.draft, dataset.gate.get("draft", False)}
    passed = dataset.gate.get("passed")
    yield Rederived(
        what="whether it is a draft",
        stated="marked so here and not there" if len(marked) > 1 else "draft" if draft else "release",
        found=f"gate {'open' if passed is True else 'closed'}",
        same=marked == {draft} and passed is not draft and ("DRAFT: " in dataset.release.notice) is draft,
    )
    stated = {str(rule.get("name")): rule for rule in dataset.gate.get("rules", []) if isinstance(rule, dict)}
    for verdict in decide(report, evidence, policy).verdicts:
        rule = stated.pop(verdict.name, None)
        may_fail = draft and verdict.about not in EVEN_FOR_A_DRAFT
        if verdict.name in ATTESTED_RULES:
            if rule is None or not (may_fail or rule.get("holds") is True):
                yield _rule(verdict.name, "does not hold" if rule else "is missing", "must hold", same=False)
            continue
        said = "is missing" if rule is None else _in_words(rule.get("number"), rule.get("bound"), rule.get("holds"))
        same = rule is not None and (may_fail or verdict.holds) and _same_rule(rule, verdict)
        yield _rule(verdict.name, said, _in_words(verdict.number, verdict.bound, verdict.holds), same=same)
    for name in stated:
        yield _rule(name, "is among the rules", "is not in the policy", same=False)


def _rule(name: str, stated: str, found: str, *, same: bool) -> Rederived:
    return Rederived(what=f"gate rule {name}", stated=stated, found=found, same=same)


def _same_rule(rule: Mapping[str, Any], verdict: RuleVerdict) -> bool:
    number = rule.get("number")
    return (
        rule.get("bound") == verdict.bound
        and rule.get("relation") == verdict.relation.value
        and rule.get("holds") is verdict.holds
        and rule.get("outcome", verdict.outcome.value) == verdict.outcome.value
        and _same_or_none(number, verdict.number)
    )


def _same_or_none(stated: object, found: float | None) -> bool:
    if found is None or not isinstance(stated, (int, float)):
        return stated is None and found is None
    return same_number(stated, found)


def _in_words(number: object, bound: object, holds: object) -> str:
    if number is None and holds is True:
        return "too rare to be told"
    shown = f"{number:.4f}" if isinstance(number, float) else str(number)
    return f"{shown} against {bound}, {'holds' if holds is True else 'does not hold'}"


def _who(judged: JudgedClip, stage: Stage) -> frozenset[CoderId]:
    return frozenset(who for said in judged.judgements if said.stage is stage for who in said.judges)

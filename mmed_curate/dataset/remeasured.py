"""Attempts at the gate measured again: what each came out with, from the judgements that it measured.

Possible where all of them are still in the release, and policy, protocol, codebook and agreement report are the same;
what an attempt came out with is attested where they are not, and on which day it was always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import VERSION, agreement_report
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import Course
from mmed_curate.dataset.attempts import made_by, n_withdrawn
from mmed_curate.dataset.consistency import Rederived, same_number
from mmed_curate.dataset.layout import ATTEMPTS
from mmed_curate.dataset.released import Dataset
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.gate.attempted import failed_rules, held_classes
from mmed_curate.gate.attempts import Attempt, Counting, FailedRule, method_digest, owed_after
from mmed_curate.gate.measured import Coded, agreement_verdicts
from mmed_curate.gate.policy import Policy
from mmed_curate.gate.verdicts import RuleVerdict


def attempts_again(
    dataset: Dataset,
    attempts: Sequence[Attempt],
    judged: Sequence[JudgedClip],
    courses: Mapping[ClipId, Course],
    *,
    protocol: Protocol,
    policy: Policy,
    settings: AgreementSettings,
    version: int,
) -> Iterator[Rederived]:
    """Measure again what each attempt measured, and hold its rules on agreement against what it is said to have found.

    The attempt by which a release was made is left out: its rules are in gate.json, and derived from there.

    Args:
        dataset: the release.
        attempts: by number.
        judged: every judged clip with all that was said of it.
        courses: of these clips.
        protocol, policy, settings, version: by which the release's own agreement is measured.
    """
    of = {one.clip: one for one in judged}
    for one in attempts:
        if made_by(dataset, one) or why_attested(dataset, one, protocol=protocol, policy=policy, version=version):
            continue
        measured = [_as_then(of[clip], courses[clip], round) for clip, round in one.measured.items() if clip in of]
        report = agreement_report(measured, protocol, dataset.codebook, settings, version=version)
        owed = owed_after(attempts[: one.number - 1])
        counting = Counting(clips=frozenset(one.measured), n_coded=len(measured), owed=owed)
        coded = Coded(n_subjects=report.n_subjects, n_coders=report.n_coders, counting=counting)
        wrong = _difference(one, _of_coding(agreement_verdicts(report, policy, coded), policy))
        said = ", ".join(rule.name for rule in one.failed) or "none"
        yield Rederived(
            what=f"{ATTEMPTS}: rules on agreement that failed in attempt {one.number}",
            stated=said,
            found=wrong or said,
            same=not wrong,
        )


def why_attested(dataset: Dataset, attempt: Attempt, *, protocol: Protocol, policy: Policy, version: int) -> str:
    """Why an attempt cannot be measured again, in a few words; empty: it can.

    Args:
        dataset: the release.
        attempt: of which it tells.
        protocol, policy, version: of the release.
    """
    if gone := n_withdrawn(dataset, attempt.number):
        return f"{gone} of its clips are not in this release"
    if attempt.policy_digest != policy.digest():
        return f"it was held by another policy ({attempt.policy})"
    if attempt.method_digest != method_digest(version=version, protocol=protocol, codebook=dataset.codebook):
        return "protocol, codebook or toolkit were others then"
    return ""


def report_version(dataset: Dataset) -> int:
    """Of a release's agreement report, whose rules and measures are those by which it is derived again."""
    stated = dataset.agreement.get("version")
    return stated if isinstance(stated, int) and not isinstance(stated, bool) and stated > 0 else VERSION


def _as_then(judged: JudgedClip, found: Course, round: int) -> JudgedClip:
    """A clip as it was when its coding of a round closed; without any such coding, with nothing said of it."""
    closed = next((one.closed_at for one in found.codings if one.round == round), 0)
    return replace(judged, judgements=tuple(one for one in judged.judgements if one.order <= closed), counts=True)


def _of_coding(verdicts: Sequence[RuleVerdict], policy: Policy) -> list[RuleVerdict]:
    """Without rules on screening: what had been screened by then, a release does not say."""
    of_screening = {rule.name for rule in policy.measures if rule.measure.startswith(Stage.SCREENING.value)}
    return [one for one in verdicts if one.name not in of_screening]


def _difference(attempt: Attempt, verdicts: Sequence[RuleVerdict]) -> str:
    measured = {one.name for one in verdicts}
    of_screening = {rule.name for rule in attempt.failed if not rule.code} - measured
    stated = {rule.name: rule for rule in attempt.failed if rule.name not in of_screening}
    found = {rule.name: rule for rule in failed_rules(verdicts)}
    for name in sorted({*stated, *found}):
        one, other = stated.get(name), found.get(name)
        if one is None or other is None:
            return f"{name} {'holds' if other is None else f'fails with {other.number:.4f}'}"
        if not _same(one, other):
            return f"{name} is {other.number:.4f}, needed {other.at_least}"
    if without := [one.name for one in verdicts if not one.holds and one.number is None]:
        return f"no number for {without[0]}"
    if attempt.held != (held := held_classes(verdicts)):
        return f"other classes that held: {', '.join(sorted(attempt.held ^ held)[:5])}"
    return ""


def _same(one: FailedRule, other: FailedRule) -> bool:
    return same_number(one.number, other.number) and one.at_least == other.at_least and one.code == other.code

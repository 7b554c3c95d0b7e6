"""The whole report of a round as one page, for the curator: what was measured joined with the clips behind it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from mmed_curate.agreement.among import among_coders
from mmed_curate.agreement.discussion import focus_of
from mmed_curate.agreement.document import alpha_in_words
from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import load_settings
from mmed_curate.annotation.behind import clips_behind
from mmed_curate.annotation.clipreadings import COLUMNS, differing_columns, events_shown, notes_of
from mmed_curate.annotation.links import Links
from mmed_curate.annotation.measured import RuleLine, attempt_lines, layer_title, rule_lines
from mmed_curate.annotation.overview import judged_here
from mmed_curate.annotation.reportnumbers import (
    classes_shown,
    layer_names,
    layer_shown,
    marks_shown,
    matrix_shown,
    others_shown,
)
from mmed_curate.annotation.reportpeople import (
    coders_shown,
    drift_shown,
    pairs_shown,
    rule_shown,
    topics_shown,
    weeks_shown,
)
from mmed_curate.annotation.roundread import RoundRead, read_round
from mmed_curate.annotation.topics import clip_words
from mmed_curate.domain.counted import counted
from mmed_curate.domain.files import write_text
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import Stage
from mmed_curate.gate.attempted import next_needs
from mmed_curate.gate.measured import agreement_verdicts, sample_verdicts
from mmed_curate.gate.policy import load_policy
from mmed_curate.report.agreementpage import agreement_page
from mmed_curate.report.agreementshown import AgreementShown, ShownAttempt, ShownClip
from mmed_curate.report.svgplots import Bound
from mmed_curate.store import Workspace

_MATRICES = ("emotion", "emotion-class", "event-type", Stage.SCREENING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateShown:
    """How the gate came out."""

    policy: str
    """Title of its policy."""
    passed: bool | None
    """None: only the rules on agreement were held."""
    rules: tuple[RuleLine, ...]


def write_whole_report(here: RoundRead, path: Path, *, gate: GateShown | None = None) -> None:
    """Write the page, whole or not at all; what bears that name is written over.

    Args:
        here: what was measured, and on what.
        path: where to.
        gate: its decision, where there is one.

    Raises:
        BadInput: the page cannot be written.
    """
    write_text(path, agreement_page(whole_report(here, path.resolve().parent, gate=gate)))


def write_round_report(workspace: Workspace, path: Path, *, settings: str = "mmed") -> None:
    """Measure a round as the curator's view does, hold the gate's rules on agreement, and write the page.

    Args:
        workspace: whose round: every clip that nobody in it left.
        path: where to.
        settings: how agreement is measured: name or path.

    Raises:
        BadInput: the policy or the database cannot be read, or the page cannot be written.
    """
    report = agreement_report(judged_here(workspace), workspace.protocol, workspace.codebook, load_settings(settings))
    policy = load_policy(workspace.settings["gate"])
    verdicts = (*agreement_verdicts(report, policy), *sample_verdicts(report, policy))
    gate = GateShown(policy=policy.title, passed=None, rules=rule_lines(verdicts, policy, workspace.codebook))
    write_whole_report(read_round(workspace, report), path, gate=gate)


def whole_report(here: RoundRead, beside: Path, *, gate: GateShown | None = None) -> AgreementShown:
    """What the page shows.

    Args:
        here: what was measured, and on what.
        beside: the folder in which the page will lie: addresses of media start there.
        gate: its decision, where there is one.
    """
    report = here.report
    links = Links(
        behind=clips_behind(here.pairs, here.week, [focus_of("duration.alpha", here.book)]), coded=here.pairs.courses
    )
    settings, rules = report.settings, gate.rules if gate else ()
    counting = [one for one in here.clips if one.counts]
    among = among_coders(counting, here.protocol, here.book, settings)
    shown = AgreementShown(
        title=f"Agreement: {here.protocol.title}",
        simulated=report.simulated or here.workspace.simulated,
        headline=_headline(report, gate),
        topics=topics_shown(here, links, rules),
        policy=gate.policy if gate else "",
        passed=gate.passed if gate else None,
        rules=tuple(rule_shown(links, one) for one in rules),
        attempts=tuple(
            ShownAttempt(
                number=line.number,
                day=line.day,
                policy=line.policy,
                n_clips=len(one.measured),
                failed=line.failed,
                came=line.came,
            )
            for one, line in zip(here.attempts, attempt_lines(here.attempts), strict=True)
        ),
        next_needs=next_needs(here.attempts),
        layers=tuple(layer_shown(here, links, name) for name in layer_names(here)),
        bounds=(
            Bound(value=settings.tentative_from, label=f"{settings.tentative_from:g} tentative"),
            Bound(value=settings.firm_from, label=f"{settings.firm_from:g} reliable"),
        ),
        others=others_shown(here, links),
        classes=classes_shown(here, links),
        marks=marks_shown(here, links),
        matrices=tuple(one for layer in _MATRICES if (one := matrix_shown(here, links, layer)) is not None),
        coders=coders_shown(here, links, among),
        pairs=pairs_shown(here, links, among),
        weeks=weeks_shown(here, links),
        drift=drift_shown(here),
        numbers=report.measures,
        keys={
            name: links.of(focus_of(name, here.book), layer_title(name.rpartition(".")[0])) for name in report.measures
        },
        how=_how(report),
        columns=COLUMNS,
        more="Emotions on which coders differ are named with all their clips by mmed coder compare --json.",
        lists=(),
        clips=(),
    )
    # last: only now is known which lists and clips the numbers lead to
    return replace(shown, lists=tuple(links.lists.values()), clips=_clips(here, links, beside))


def _headline(report: AgreementReport, gate: GateShown | None) -> tuple[str, ...]:
    emotion = report.measures["emotion.alpha"]
    words = alpha_in_words(emotion, report.settings)
    number = "" if isinstance(emotion, Undetermined) else f"alpha {emotion.value:.3f}, "
    decided = []
    if gate is not None and gate.passed is not None:
        n_failed = sum(not rule.holds for rule in gate.rules)
        rules = counted(n_failed, "rule fails", "rules fail")
        decided = ["The gate is open." if gate.passed else f"The gate is closed: {rules}."]
    left_out = f"{report.n_left_out} coded clips do not count: an attempt at the gate failed on them."
    return (
        f"{report.n_coded} of {report.n_clips} judged clips are coded, by {counted(report.n_coders, 'coder')}; "
        f"{counted(report.n_events, 'event')} of {counted(report.n_subjects, 'subject')}.",
        *([left_out] if report.n_left_out else []),
        f"The emotion of an event: {number}{words}.",
        *decided,
        "Counted is what stood when the coding of a clip closed, before anybody discussed it.",
    )


def _clips(here: RoundRead, links: Links, beside: Path) -> tuple[ShownClip, ...]:
    clocks = {one.clip: one.clock for one in here.clips}
    differing = differing_columns(here.pairs, set(links.wanted))
    known = links.behind.clips
    return tuple(
        ShownClip(
            clip=clip,
            stands=f"Stage: {here.stages[clip].value}",
            differs=clip_words(known[clip]) if clip in known else "",
            events=events_shown(
                here.pairs.courses[clip].coded,
                here.protocol,
                here.book,
                clocks[clip],
                here.codes,
                differing.get(clip, {}),
            ),
            notes=notes_of(here.pairs.courses[clip].coded, here.codes),
            media=_address(here, clip, beside),
        )
        for clip in links.wanted
    )


def _address(here: RoundRead, clip: ClipId, beside: Path) -> str:
    path = here.workspace.media / here.media[clip] if clip in here.media else None
    if path is None or not path.is_file():
        return ""
    return quote(Path(os.path.relpath(path, beside)).as_posix())


def _how(report: AgreementReport) -> tuple[tuple[str, str], ...]:
    return (
        ("protocol", report.protocol),
        ("codebook", report.codebook),
        ("intervals", "resample subjects, because clips of one subject are not independent"),
        *((name.replace("_", " "), str(value)) for name, value in report.measured_by.items()),
        ("hash of the judgements", report.judgements_digest),
    )

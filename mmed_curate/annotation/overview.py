"""What the curator sees of a round: how far everyone is, how well they agree, where they do not. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from mmed_curate.agreement.gathering import matched
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import agreement_report, emotion_alpha
from mmed_curate.agreement.settings import load_settings
from mmed_curate.agreement.settle import Course, Disagreement, course
from mmed_curate.annotation.measured import AttemptLine, MeasuredRound, attempt_lines, measured_round
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.conduct import Flag
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Side
from mmed_curate.domain.measures import Measure
from mmed_curate.domain.protocol import AnswerField, ClipTerms, Protocol, Purpose, Stage
from mmed_curate.domain.records import Clip, Coder
from mmed_curate.domain.time import FrameClock
from mmed_curate.gate.attempted import next_needs
from mmed_curate.gate.attempts import ATTEMPT_MADE, attempts_of
from mmed_curate.store import Place, TicketRecord, TicketState, Workspace

_SIDE: Mapping[Side, str] = {Side.BOTH: "", Side.LEFT: " left", Side.RIGHT: " right"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoderLine:
    """One coder at a glance."""

    code: str
    waiting: Mapping[Stage, int]
    """Tickets not yet answered, by stage; a stage without any is left out."""
    submitted: Mapping[Stage, int]
    """Tickets answered, by stage."""
    last_day: str
    """Day of their last act, as 2026-03-01 (UTC); empty: none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """Agreement on what was coded in one week."""

    week: str
    """As 2026-W09 (ISO 8601, UTC): the week in which a clip's coding closed."""
    n_clips: int
    emotion_alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedReading:
    """What one coder saw in a clip."""

    coder: str
    """Code of who it was."""
    events: tuple[CodedEvent, ...]
    """In order of onset."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A clip on which its coders differ."""

    clip: ClipId
    stage: Stage
    """Where it stands now."""
    what: tuple[str, ...]
    """A sentence for each difference."""
    readings: tuple[CodedReading, ...]
    """By coder's code."""
    clock: FrameClock
    """The clip's own: frames of the readings count on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole round at one moment. Not for coders."""

    title: str
    """Of the protocol."""
    simulated: bool
    stages: Mapping[Stage, int]
    """Clips that stand at each stage."""
    coders: tuple[CoderLine, ...]
    """By code."""
    emotion_alpha: Measure
    """Krippendorff's alpha, nominal, with its interval over subjects."""
    rates: Mapping[str, Measure]
    """`existence`, and `onset`, `apex`, `offset` within tolerance: shares of pairs of coders."""
    trend: tuple[TrendPoint, ...]
    """In order of time."""
    disputes: tuple[Dispute, ...]
    """The clips that disagree most, the worst first."""
    flags: tuple[Flag, ...]
    """Open ones, oldest first."""
    codebook: Codebook
    """Says what the codes of readings mean."""
    measured: MeasuredRound
    """Every layer, class and mark, what is confused most, and the rules of the gate on agreement."""
    attempts: tuple[AttemptLine, ...]
    """Every attempt at the gate, by number."""
    next_needs: str
    """What the next one needs, without a full stop; empty: the last one did not fail."""


def overview(workspace: Workspace, *, settings: str = "mmed", n_disputes: int = 1000, n_confused: int = 12) -> Overview:
    """Read all of it in one view.

    Agreement is measured on every clip that nobody in it left, as `mmed agreement` does on those that may go out.

    Args:
        workspace: whose round.
        settings: how agreement is measured: name or path.
        n_disputes: most clips that are named for their differences.
        n_confused: most answers that are named because they are confused.

    Raises:
        BadInput: the database cannot be read, or the judgements of a clip fit no history.
    """
    how = load_settings(settings)
    protocol, codebook = workspace.protocol, workspace.codebook
    with workspace.read() as records:
        gone = records.gone() | records.erased()
        clips = [clip for clip in records.clips() if clip.id not in gone]
        places, terms = records.places(), records.terms()
        said = records.judgements_by_clip((Purpose.ORDINARY,))
        coders, tickets, acts = records.coders(), records.tickets(), records.last_acts()
        flags, attempts = records.open_flags(), attempts_of(records.log(ATTEMPT_MADE))
        judged = [_judged(clip, said[clip.id], terms, workspace) for clip in clips if clip.id in said]
        courses = [course(one.judgements, protocol, one.clock, codebook, one.terms) for one in judged]
        coded = [(one, now) for one, now in zip(judged, courses, strict=True) if now.coded]
        closed = {one.clip: now.coded[-1].order for one, now in coded}
        times = records.log_times(closed.values())
    report = agreement_report(judged, protocol, codebook, how)
    by_week: dict[str, list[tuple[str, Sequence[Judgement]]]] = defaultdict(list)
    for one, now in coded:
        by_week[week_of(times[closed[one.clip]])].append((one.subject, now.coded))
    codes = {coder.id: coder.code for coder in coders}
    return Overview(
        title=protocol.title,
        simulated=workspace.simulated or report.simulated,
        stages={stage: sum(places[clip.id].stage is stage for clip in clips) for stage in Stage},
        coders=tuple(_coder_line(coder, tickets, acts.get(coder.code, "")) for coder in coders),
        emotion_alpha=report.measures["emotion.alpha"],
        rates={
            "existence": report.measures["existence.percent"],
            **{mark.mark: mark.within_tolerance for mark in report.times.marks},
        },
        trend=tuple(
            TrendPoint(week=week, n_clips=len(ones), emotion_alpha=emotion_alpha(ones, protocol, codebook, how))
            for week, ones in sorted(by_week.items())
        ),
        disputes=_disputes(coded, places, protocol, codebook, codes)[:n_disputes],
        flags=flags,
        codebook=codebook,
        measured=measured_round(report, judged, protocol, codebook, policy=workspace.settings["gate"], most=n_confused),
        attempts=attempt_lines(attempts),
        next_needs=next_needs(attempts),
    )


def judged_here(workspace: Workspace) -> tuple[JudgedClip, ...]:
    """Every judged clip that nobody in it left, coders under their own ids: for the curator, not for a release."""
    with workspace.read() as records:
        gone = records.gone() | records.erased()
        said, terms = records.judgements_by_clip((Purpose.ORDINARY,)), records.terms()
        return tuple(
            _judged(clip, said[clip.id], terms, workspace)
            for clip in records.clips()
            if clip.id in said and clip.id not in gone
        )


def _judged(
    clip: Clip, said: Sequence[Judgement], terms: Mapping[ClipId, ClipTerms], workspace: Workspace
) -> JudgedClip:
    return JudgedClip(
        clip=clip.id,
        subject=clip.subject,
        clock=clip.clock,
        judgements=tuple(said),
        terms=terms[clip.id],
        simulated=workspace.simulated,
    )


def week_of(at: str) -> str:
    """Of a time in the log: the week as 2026-W09 (ISO 8601)."""
    year, week, _ = datetime.fromisoformat(at).isocalendar()
    return f"{year}-W{week:02d}"


def _coder_line(coder: Coder, tickets: Sequence[TicketRecord], last: str) -> CoderLine:
    own = [ticket for ticket in tickets if ticket.coder == coder.id]
    waiting = Counter(one.stage for one in own if one.state in (TicketState.OPEN, TicketState.HELD))
    submitted = Counter(one.stage for one in own if one.state is TicketState.SUBMITTED)
    return CoderLine(
        code=coder.code,
        waiting={stage: waiting[stage] for stage in Stage if waiting[stage]},
        submitted={stage: submitted[stage] for stage in Stage if submitted[stage]},
        last_day=last[:10],
    )


def _disputes(
    coded: Sequence[tuple[JudgedClip, Course]],
    places: Mapping[ClipId, Place],
    protocol: Protocol,
    codebook: Codebook,
    codes: Mapping[CoderId, str],
) -> tuple[Dispute, ...]:
    """Clips on which coders differ: the most differences first; of as many, the one whose marks lie furthest apart."""
    found: list[tuple[int, Fraction, Dispute]] = []
    for one, now in coded:
        if not now.disagreements:
            continue
        events, groups = matched(now.coded, protocol, codebook)
        names = [codes.get(judgement.coder, judgement.coder) for judgement in now.coded]
        seen = [
            {names[coder]: events[coder][index] for coder, index in enumerate(group) if index is not None}
            for group in groups
        ]
        notes = {
            name: judgement.answer.note
            for name, judgement in zip(names, now.coded, strict=True)
            if isinstance(judgement.answer, Coding)
        }
        readings = tuple(
            CodedReading(
                coder=name, events=tuple(sorted(own, key=lambda event: event.span.onset)), note=notes.get(name, "")
            )
            for name, own in sorted(zip(names, events, strict=True))
        )
        dispute = Dispute(
            clip=one.clip,
            stage=places[one.clip].stage,
            what=tuple(_sentence(differs, seen[differs.event], names) for differs in now.disagreements),
            readings=readings,
            clock=one.clock,
        )
        found.append((len(now.disagreements), max(_apart_s(group, one.clock) for group in seen), dispute))
    found.sort(key=lambda item: (-item[0], -item[1], item[2].clip))
    return tuple(dispute for _, _, dispute in found)


def _apart_s(seen: Mapping[str, CodedEvent], clock: FrameClock) -> Fraction:
    """The widest gap between two marks of one event."""
    marks = [(event.span.onset, event.span.apex, event.span.offset) for event in seen.values()]
    gaps = [clock.start_of(max(same)) - clock.start_of(min(same)) for same in zip(*marks, strict=True)]
    return max(gaps, default=Fraction(0))


def _sentence(differs: Disagreement, seen: Mapping[str, CodedEvent], names: Sequence[str]) -> str:
    if differs.unseen_by:
        blind = ", ".join(sorted(set(names) - set(seen)))
        return f"event {differs.event + 1}: seen by {', '.join(sorted(seen))}, not by {blind}"
    said = ", ".join(f"{name} {_value(differs.field, event)}" for name, event in sorted(seen.items()))
    return f"event {differs.event + 1}: {differs.field.value.replace('_', ' ')}, {said}"


def _value(field: AnswerField, event: CodedEvent) -> str:
    if field is AnswerField.SPAN:
        return f"{event.span.onset}-{event.span.apex}-{event.span.offset}"
    if field is AnswerField.ACTION_UNITS:
        return "+".join(f"{mark.code}{_SIDE[mark.side]}" for mark in event.action_units) or "none"
    if field is AnswerField.VOCAL_CUES:
        return "+".join(cue.code for cue in event.vocal_cues) or "none"
    return str(getattr(event, field.value, None) or "nothing")

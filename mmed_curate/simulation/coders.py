"""Simulated coders at work: they judge through the desk that people use, and only the simulation knows the truth.

The desk shows them what it shows anyone. Beside it the simulation looks up which clip a ticket is for, and what was
planted there; that is what a person's eyes and ears would give them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from mmed_curate.annotation.assign import assign
from mmed_curate.annotation.desk import Desk
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.domain.conduct import Admission
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, RecordingId
from mmed_curate.domain.judgements import Adjudication, Coding
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.protocol import Purpose, Role, Stage
from mmed_curate.domain.records import Clip, Recording
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.crew import CoderSettings, Member
from mmed_curate.simulation.judging import Judge, Question, TrueCue, TrueEvent
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.truth import KnownEvent, read_truth
from mmed_curate.store.read import TicketRecord, TicketState
from mmed_curate.store.workspace import Workspace

_ACTOR = "simulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedJudgements:
    """What the simulated coders did."""

    judgements: Mapping[Stage, int]
    """Submitted now, by stage."""
    stages: Mapping[Stage, int]
    """Where the clips stand now."""

    @property
    def n_judgements(self) -> int:
        """Submitted now, in all."""
        return sum(self.judgements.values())


def simulate_coders(
    workspace: Workspace,
    truth: Path,
    settings: CoderSettings,
    *,
    profile: str,
    seed: int,
    progress: Progress = silent,
) -> SimulatedJudgements:
    """Let simulated coders judge every clip through the desk until nothing moves any more.

    Args:
        workspace: where the simulated sessions were ingested; coders that are missing are registered.
        truth: the truth.csv of those sessions.
        settings: the coders.
        profile: which of them.
        seed: of who gets which clip and of every judgement.
        progress: told in judgements, of those that are known to be needed so far.

    Raises:
        BadInput: the truth is of other recordings, a recording is not simulated, a code is not in the codebook, or
            a coder's code belongs to a person.
    """
    settings.check(workspace.codebook)
    crew = settings.profile(profile)
    oracle = Oracle.of(workspace, read_truth(truth), settings, truth)
    _register(workspace, crew.crew)
    judges = {
        member.code: Judge(ability=crew.abilities[member.ability], settings=settings, codebook=workspace.codebook)
        for member in crew.crew
    }
    done: Counter[Stage] = Counter()
    while True:
        assign(workspace, seed=seed)
        with workspace.read() as view:
            waiting = view.tickets(states=(TicketState.OPEN, TicketState.HELD))
            record_of = {ticket.id: ticket for ticket in waiting}
        before = done.total()
        for code, judge in judges.items():
            desk = Desk(workspace, code)
            while (ticket := desk.next_ticket()) is not None:
                record = record_of[ticket.id]
                clip = record.clip
                rng = generator(seed, "judgement", code, clip, ticket.stage.value, record.round, *_later(record))
                answer = judge.answer(_question(ticket, oracle.events[clip]), rng)
                if ticket.later_fields and isinstance(answer, Coding):
                    desk.submit_movement(ticket.id, _movement_of(answer))
                if isinstance(answer, Adjudication) and ticket.together:
                    answer = replace(answer, participants=_coders_of(workspace, clip))
                desk.submit(ticket.id, answer)
                done[ticket.stage] += 1
                progress(done.total(), before + len(waiting))
        if done.total() == before:
            break
    with workspace.read() as view:
        stages = Counter(view.stages().values())
    return SimulatedJudgements(judgements=dict(done), stages=dict(stages))


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """What is in each clip."""

    events: Mapping[ClipId, tuple[TrueEvent, ...]]
    """In frames of the clip."""

    @classmethod
    def of(cls, workspace: Workspace, truth: tuple[KnownEvent, ...], settings: CoderSettings, source: Path) -> Oracle:
        """Look every clip up in the truth by its recording's bytes.

        Raises:
            BadInput: a recording that has clips is not simulated, or is not in the truth.
        """
        planted: dict[str, list[KnownEvent]] = defaultdict(list)
        for one in truth:
            planted[one.sha256].append(one)
        with workspace.read() as view:
            recordings: dict[RecordingId, Recording] = {one.id: one for one in view.recordings()}
            clips = view.clips()
        events = {}
        for clip in clips:
            recording = recordings[clip.recording]
            if not recording.simulated:
                raise BadInput.of(
                    "simulation.real_recording",
                    f"the recording {Path(recording.path).name} in this workspace is not simulated",
                    "let people judge it, or use simulated coders in a workspace of their own",
                )
            if recording.sha256 not in planted:
                raise BadInput.of(
                    "simulation.not_in_truth",
                    f"{source} knows nothing of the recording {Path(recording.path).name}",
                    "give the truth.csv that was written with it",
                )
            events[clip.id] = _in_clip(clip, recording, planted[recording.sha256], settings)
        return cls(events=events)


def _in_clip(
    clip: Clip, recording: Recording, planted: list[KnownEvent], settings: CoderSettings
) -> tuple[TrueEvent, ...]:
    """Events whose apex the clip shows, as far as it shows them, in frames of the clip."""
    events = []
    for one in planted:
        event_type = settings.judged.get(one.kind)
        if event_type is None or not clip.first <= one.span.apex <= clip.last:
            continue
        shown = Span(
            onset=Frame(max(clip.first, one.span.onset)),
            apex=one.span.apex,
            offset=Frame(min(clip.last, one.span.offset)),
        )
        events.append(
            TrueEvent(
                span=clip.in_clip(shown),
                event_type=event_type,
                emotion=one.emotion,
                action_units=one.action_units,
                cue=_cue_in_clip(clip, recording, one),
            )
        )
    return tuple(sorted(events, key=lambda event: event.span.onset))


def _cue_in_clip(clip: Clip, recording: Recording, one: KnownEvent) -> TrueCue | None:
    if one.cue_onset_s is None or one.cue_offset_s is None:
        return None
    first, last = (recording.clock.frame_at(Fraction(time_s)) for time_s in (one.cue_onset_s, one.cue_offset_s))
    if last < clip.first or first > clip.last:
        return None
    return TrueCue(
        code=one.voice_cue,
        onset=Frame(max(first, clip.first) - clip.first),
        offset=Frame(min(last, clip.last) - clip.first),
    )


def _question(ticket: Ticket, truth: tuple[TrueEvent, ...]) -> Question:
    return Question(
        stage=ticket.stage,
        round=ticket.round,
        fields=(*ticket.fields, *ticket.later_fields),
        truth=truth,
        last_frame=ticket.clock.last_frame,
        proposed=ticket.proposed,
    )


def _later(record: TicketRecord) -> tuple[str, ...]:
    """What tells later passes, repeats and gold from a coder's first look at a clip: they are looks of their own."""
    first = record.purpose is Purpose.ORDINARY and record.turn == 1
    return () if first else (record.purpose.value, str(record.turn))


def _movement_of(answer: Coding) -> Coding:
    """What is handed in before the emotion opens."""
    return Coding(
        events=tuple(replace(event, emotion="", basis="", vocal_cues=(), confidence=None) for event in answer.events)
    )


def _coders_of(workspace: Workspace, clip: ClipId) -> tuple[CoderId, ...]:
    """Those who coded a clip, and so discuss it: people know this of each other, the desk does not say it."""
    with workspace.read() as view:
        said = view.judgements(clip)
    coded = [one for one in said if one.stage is Stage.CODING and one.purpose is Purpose.ORDINARY]
    newest = max((one.round for one in coded), default=1)
    return tuple(sorted({one.coder for one in coded if one.round == newest}))


def _register(workspace: Workspace, crew: tuple[Member, ...]) -> None:
    with workspace.read() as view:
        known = {coder.code: coder for coder in view.coders()}
    for member in crew:
        if member.code not in known:
            with workspace.write(actor=_ACTOR) as act:
                coder = act.add_coder(member.code, member.roles, simulated=True)
                if workspace.protocol.qualification is not None and Role.CODER in member.roles:
                    said = {"word": "SIMULATED: of known reliability, nothing was shown on gold"}
                    act.admit(Admission(coder=coder.id, stage=Stage.CODING, admitted=True, evidence=said))
        elif not known[member.code].simulated:
            raise BadInput.of(
                "simulation.coder_is_a_person",
                f"the coder {member.code} is registered here as a person",
                "give the simulated coder another code",
            )

"""`mmed status` and `mmed audit`: where everything stands, and whether the log was tampered with."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.annotation.standing import audit as whole_audit
from mmed_curate.cli.console import json_option, out, print_json, progress_bar, table
from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.protocol import NEXT, Stage
from mmed_curate.domain.serial import to_json
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, attempts_of
from mmed_curate.ingest.notes import RefusedFile, notes_on, refusals, sheet_path
from mmed_curate.ingest.waiting import waiting_to_be_cut
from mmed_curate.store import Setting, TicketState, Workspace
from mmed_curate.store.workspace import adopted_rules

_GRAVEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLine:
    """One recording at a glance."""

    name: str
    id: str
    subject: str
    session: str
    length_s: float
    candidates: int
    clips: int
    settled: int
    simulated: bool
    path: str
    notes: tuple[Finding, ...]
    """What was said of it when it was taken in."""
    sheet: Path | None
    """Its contact sheet; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoderLine:
    """One coder at a glance."""

    code: str
    roles: tuple[str, ...]
    waiting: int
    on_desk: int
    submitted: int
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that `mmed status` says."""

    root: Path
    simulated: bool
    protocol: str
    adopted: str
    """Name of the protocol that was copied into the workspace."""
    codebook: str
    subjects: int
    sessions: int
    recordings: tuple[RecordingLine, ...]
    refused: tuple[RefusedFile, ...]
    """Files that ingest could not use."""
    stages: dict[Stage, int]
    unseated: dict[Stage, int]
    """By stage: seats that nobody was given yet."""
    withdrawn: int
    """Clips that left with a subject who withdrew; they stand at no stage any more."""
    erased: int
    """Of these: clips of which nothing is kept."""
    to_cut_again: int
    """Clips that screeners want cut again, and that were not yet."""
    assignable: bool
    """Whether a seat is free that `mmed assign` could give to somebody."""
    faceless: int
    """Clips at coding that nobody is given before a face at rest of their subject was approved."""
    flags: int
    """Open flags: clips that coders want discussed."""
    coded_again: int
    """Clips that were sent back to coding and are under way."""
    attempts: tuple[Attempt, ...]
    """At the gate, by number."""
    coders: tuple[CoderLine, ...]
    settings: tuple[Setting, ...]


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Where every recording and clip stands, who has work waiting, and where each setting comes from."""
    standing = gather(Workspace.find())
    if as_json:
        print_json(_document(standing))
    else:
        _tell(standing)


@click.command()
@json_option
def audit(as_json: bool) -> None:
    """Check the event log's chain, and that judgements, consents, all registered and the rules are as it says.

    Ends with 0 where all fit, with 1 and the first altered row where something does not. Keep the newest hash
    elsewhere: with it you can tell a log that was cut off.
    """
    workspace = Workspace.find()
    with progress_bar("audit", "clips") as progress:
        found = whole_audit(workspace, progress=progress)
    if as_json:
        print_json(
            {
                "intact": found.intact,
                "entries": found.entries,
                "newest": found.newest,
                "findings": [{"code": one.code, "what": one.what, "remedy": one.remedy} for one in found.findings],
            }
        )
    else:
        for finding in found.findings:
            out.print(f"  {finding}", markup=False)
        if found.intact:
            out.print(f"the chain of {found.entries} log entries is whole; newest {found.newest}", style="bold green")
        else:
            out.print("the log does not hold together", style="bold red")
    if not found.intact:
        sys.exit(1)


def gather(workspace: Workspace) -> Standing:
    """Read all that `mmed status` says, in one view."""
    with workspace.read() as records:
        subjects = {subject.id: subject for subject in records.subjects()}
        sessions = {session.id: session for session in records.sessions()}
        recordings = records.recordings()
        candidates = Counter(candidate.recording for candidate in records.candidates())
        clips = records.clips()
        gone, erased = records.gone(), records.erased()
        places = {clip: place for clip, place in records.places().items() if clip not in gone}
        coders = records.coders()
        rested = records.references() if workspace.protocol.neutral_face else None
        counts = records.ticket_counts()
        to_cut_again = len(waiting_to_be_cut(records))
        flags = len(records.open_flags())
        terms = records.terms()
        attempts = attempts_of(records.log(ATTEMPT_MADE))
        adopted = str(adopted_rules(records).get("name", ""))
        unanswered = Counter(
            (ticket.clip, ticket.stage, ticket.round)
            for ticket in records.tickets(states=(TicketState.OPEN, TicketState.HELD))
        )
    of_recording = Counter(clip.recording for clip in clips)
    settled = Counter(clip.recording for clip in clips if clip.id in places and places[clip.id].stage is Stage.SETTLED)
    faceless = {
        clip.id
        for clip in clips
        if rested is not None
        and clip.subject not in rested
        and clip.id in places
        and places[clip.id].stage is Stage.CODING
    }
    unseated: Counter[Stage] = Counter()
    assignable = False
    for clip, place in places.items():
        free = max(0, place.open_seats - unanswered[clip, place.stage, place.round])
        unseated[place.stage] += free
        assignable |= free > 0 and clip not in faceless
    lines = [
        RecordingLine(
            name=Path(recording.path).name,
            id=recording.id,
            subject=subjects[recording.subject].code,
            session=sessions[recording.session].code,
            length_s=float((recording.clock.end_pts - recording.clock.pts[0]) * recording.clock.time_base),
            candidates=candidates[recording.id],
            clips=of_recording[recording.id],
            settled=settled[recording.id],
            simulated=recording.simulated,
            path=recording.path,
            notes=notes_on(workspace.media, recording.id),
            sheet=sheet if (sheet := sheet_path(workspace.media, recording.id)).is_file() else None,
        )
        for recording in recordings
    ]
    nothing = dict.fromkeys(TicketState, 0)
    return Standing(
        root=workspace.root,
        simulated=workspace.simulated,
        protocol=workspace.protocol.title,
        adopted=adopted,
        codebook=f"{workspace.codebook.name} {workspace.codebook.version}",
        subjects=len(subjects),
        sessions=len(sessions),
        recordings=tuple(sorted(lines, key=lambda line: (line.session, line.subject, line.name, line.id))),
        refused=refusals(workspace.root),
        stages={stage: sum(place.stage is stage for place in places.values()) for stage in Stage},
        unseated={stage: unseated[stage] for stage in Stage},
        withdrawn=len(gone),
        erased=len(erased),
        to_cut_again=to_cut_again,
        flags=flags,
        coded_again=sum(bool(terms[clip].recodings and NEXT[place.stage]) for clip, place in places.items()),
        attempts=attempts,
        faceless=len(faceless),
        assignable=assignable,
        coders=tuple(
            CoderLine(
                code=coder.code,
                roles=tuple(sorted(role.value for role in coder.roles)),
                waiting=counts.get(coder.id, nothing)[TicketState.OPEN],
                on_desk=counts.get(coder.id, nothing)[TicketState.HELD],
                submitted=counts.get(coder.id, nothing)[TicketState.SUBMITTED],
                simulated=coder.simulated,
            )
            for coder in coders
        ),
        settings=tuple(workspace.settings.by_name.values()),
    )


def _tell(standing: Standing) -> None:
    kind = "SIMULATED workspace" if standing.simulated else "workspace"
    out.print(f"{kind} {standing.root}", style="bold", markup=False)
    out.print(f"{standing.protocol} (copied from {standing.adopted}); codebook {standing.codebook}", markup=False)
    out.print(f"{standing.subjects} subject(s), {standing.sessions} session(s)", markup=False)
    rows = [
        (
            escape(line.name) + (" (simulated)" if line.simulated else ""),
            escape(line.session),
            escape(line.subject),
            _length(line.length_s),
            line.candidates,
            line.clips,
            line.settled,
        )
        for line in standing.recordings
    ]
    columns = ("recording", "session", "subject", "length", "candidates", "clips", "settled")
    out.print(table("Recordings", columns, rows) if rows else "no recordings yet: mmed ingest FILES…")
    noted = [line for line in standing.recordings if line.notes]
    if noted:
        heads = ("recording", *(f"{severity.value}s" for severity in _GRAVEST_FIRST), "read them in")
        out.print(table("What ingest said", heads, [_noted(line, standing.root) for line in noted]))
    for refused in standing.refused:
        where = "" if refused.path in refused.said else f" ({refused.path})"
        out.print(f"refused by ingest: {refused.said}{where}", markup=False)
    stages = [(stage.value, number, standing.unseated[stage]) for stage, number in standing.stages.items()]
    if rows:
        out.print(table("Clips", ("stage", "clips", "seats nobody has"), stages))
    coders = [
        (
            escape(line.code) + (" (simulated)" if line.simulated else ""),
            ", ".join(line.roles),
            line.waiting,
            line.on_desk,
            line.submitted,
        )
        for line in standing.coders
    ]
    if coders:
        out.print(table("Tickets", ("coder", "roles", "waiting", "on the desk", "submitted"), coders))
    settings = [(setting.name, escape(setting.value), setting.origin.value) for setting in standing.settings]
    out.print(table("Settings", ("setting", "value", "from"), settings))
    if standing.withdrawn:
        out.print(f"{standing.withdrawn} clip(s) left with subjects who withdrew; {standing.erased} are erased")
    if standing.to_cut_again:
        out.print(f"{standing.to_cut_again} clip(s) wait to be cut again as screeners asked: run `mmed recut`")
    if standing.flags:
        out.print(f"{standing.flags} flag(s) of coders are open: see `mmed flag list`")
    if standing.coded_again:
        out.print(f"{standing.coded_again} clip(s) that were sent back to coding are under way")
    if standing.attempts:
        last = standing.attempts[-1]
        failed = ", ".join(rule.name for rule in last.failed)
        came = f"failed on {failed}" if failed else "coders agree well enough"
        out.print(f"attempt {last.number} at the gate: {came}", markup=False)
    if standing.faceless:
        out.print(
            f"{standing.faceless} clip(s) wait for their subject's face at rest: "
            "`mmed reference list` says who lacks one"
        )
    if standing.assignable:
        out.print("seats are free: run `mmed assign`")


def _noted(line: RecordingLine, root: Path) -> tuple[object, ...]:
    counts = Counter(note.severity for note in line.notes)
    where = "mmed status --json" if line.sheet is None else escape(str(line.sheet.relative_to(root)))
    return (escape(line.name), *(counts[severity] for severity in _GRAVEST_FIRST), where)


def _document(standing: Standing) -> dict[str, object]:
    return {
        "format": "mmed-status",
        "version": "1.0",
        "workspace": str(standing.root),
        "simulated": standing.simulated,
        "protocol": standing.protocol,
        "adopted": standing.adopted,
        "codebook": standing.codebook,
        "subjects": standing.subjects,
        "sessions": standing.sessions,
        "recordings": [
            {
                "recording": line.id,
                "name": line.name,
                "path": line.path,
                "session": line.session,
                "subject": line.subject,
                "length_s": line.length_s,
                "candidates": line.candidates,
                "clips": line.clips,
                "settled": line.settled,
                "simulated": line.simulated,
                "notes": [to_json(note) for note in line.notes],
                "contact_sheet": None if line.sheet is None else str(line.sheet),
            }
            for line in standing.recordings
        ],
        "refused": [{"path": one.path, "error": one.said} for one in standing.refused],
        "clips": {
            stage.value: {"clips": number, "free_seats": standing.unseated[stage]}
            for stage, number in standing.stages.items()
        },
        "withdrawn": {"clips": standing.withdrawn, "erased": standing.erased},
        "to_cut_again": standing.to_cut_again,
        "open_flags": standing.flags,
        "coded_again": standing.coded_again,
        "attempts": [
            {"number": one.number, "day": one.day.isoformat(), "failed": [rule.name for rule in one.failed]}
            for one in standing.attempts
        ],
        "without_face_at_rest": standing.faceless,
        "coders": [
            {
                "coder": line.code,
                "roles": list(line.roles),
                "waiting": line.waiting,
                "on_desk": line.on_desk,
                "submitted": line.submitted,
                "simulated": line.simulated,
            }
            for line in standing.coders
        ],
        "settings": {
            setting.name: {"value": setting.value, "from": setting.origin.value} for setting in standing.settings
        },
    }


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"

"""`mmed session`: games, who took part, what happened in them and what players said of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from mmed_curate.cli.console import json_option, out, print_json
from mmed_curate.cli.console import table as as_table
from mmed_curate.domain.context import GameEvent, Player, SelfReport, SessionContext
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.records import Recording, Session
from mmed_curate.domain.serial import to_json
from mmed_curate.store.contexttable import read_events, read_reports
from mmed_curate.store.naming import recording_named
from mmed_curate.store.read import Reader
from mmed_curate.store.subjecttable import parse_day
from mmed_curate.store.workspace import Workspace


@click.group()
def session() -> None:
    """Register game sessions, and what is known of them. Coders see none of it."""


@session.command(name="add")
@click.argument("code")
@click.option("--subjects", required=True, help="Codes of those who took part, between commas.")
@click.option("--game", help="What was played.")
@click.option("--date", "played_on", metavar="YYYY-MM-DD", help="Day of the game.")
@click.option("--stakes", help="What could be won or lost.")
@click.option("--outcome", help="How the game ended.")
@click.option(
    "--role", "roles", multiple=True, metavar="SUBJECT=ROLE", help="What one was in the game; may be given again."
)
@click.option(
    "--player-outcome",
    "outcomes",
    multiple=True,
    metavar="SUBJECT=OUTCOME",
    help="How it ended for one; may be given again.",
)
@click.option("--simulated", is_flag=True, help="Nobody played.")
@json_option
def add_session(
    code: str,
    subjects: str,
    game: str | None,
    played_on: str | None,
    stakes: str | None,
    outcome: str | None,
    roles: tuple[str, ...],
    outcomes: tuple[str, ...],
    simulated: bool,
    as_json: bool,
) -> None:
    """Register the game session CODE, who took part, and what the game was about."""
    took_part = [word.strip() for word in subjects.split(",") if word.strip()]
    day = None if played_on is None else parse_day(played_on, "--date")
    with Workspace.find().write() as records:
        added = records.add_session(
            code,
            took_part,
            game=game,
            played_on=day,
            stakes=stakes,
            outcome=outcome,
            roles=_by_subject(roles, "--role"),
            outcomes=_by_subject(outcomes, "--player-outcome"),
            simulated=simulated,
        )
    if as_json:
        print_json(to_json(added))
    else:
        out.print(f"{'SIMULATED ' if simulated else ''}session {code}: {', '.join(took_part)}", markup=False)


@session.command(name="log")
@click.argument("code", metavar="SESSION")
@click.argument("events", metavar="EVENTS.csv", type=click.Path(path_type=Path))
@click.option("--recording", required=True, metavar="FILE", help="The recording on whose clock the times lie.")
def log_events(code: str, events: Path, recording: str) -> None:
    """Take in what happened in the game SESSION.

    EVENTS.csv has the columns time_s (seconds) or time (h:mm:ss.mmm), what, and optionally subject and detail. All rows
    are taken in, or none.
    """
    with Workspace.find().write() as records:
        game = records.session(code)
        on = recording_named(records, recording, session=game.id)
        read = read_events(events, on, _players(records, game), records.game_events(on.id))
        records.add_game_events(read)
    out.print(f"{len(read)} event(s) of session {code} taken in; coders do not see them", markup=False)


@session.command(name="reports")
@click.argument("code", metavar="SESSION")
@click.argument("reports", metavar="REPORTS.csv", type=click.Path(path_type=Path))
@click.option("--recording", required=True, metavar="FILE", help="The recording on whose clock the times lie.")
def take_reports(code: str, reports: Path, recording: str) -> None:
    """Take in what players of SESSION said of what they felt.

    REPORTS.csv has the columns subject, onset_s, offset_s, emotion (a code of the codebook), and optionally intensity
    (1 to 7) and words. All rows are taken in, or none.
    """
    workspace = Workspace.find()
    with workspace.write() as records:
        game = records.session(code)
        on = recording_named(records, recording, session=game.id)
        read = read_reports(reports, on, _players(records, game), workspace.codebook, records.self_reports(on.id))
        records.add_self_reports(read)
    out.print(f"{len(read)} self-report(s) of session {code} taken in; coders do not see them", markup=False)


@session.command(name="show")
@click.argument("code", metavar="SESSION")
@json_option
def show_session(code: str, as_json: bool) -> None:
    """Show what is known of the game SESSION; who withdrew is not named, nor what they did or said."""
    with Workspace.find().read() as records:
        game = records.session(code)
        left = records.withdrawn()
        context = _without(records.session_context(game.id), left)
        events = tuple(one for one in records.game_events(session=game.id) if one.subject not in left)
        reports = tuple(one for one in records.self_reports(session=game.id) if one.subject not in left)
        codes = {one.id: one.code for one in records.subjects() if one.id not in left}
        files = {one.id: one for one in records.recordings()}
    if as_json:
        print_json(_as_json(game, context, events, reports, codes, files))
        return
    named = {id: Path(one.path).name for id, one in files.items()}
    said = [("game", game.game), ("date", game.played_on), ("stakes", context.stakes), ("outcome", context.outcome)]
    out.print(f"{'SIMULATED ' if game.simulated else ''}session {game.code}", markup=False)
    for what, value in said:
        if value is not None:
            out.print(f"  {what}: {value}", markup=False)
    rows = [(codes.get(one.subject, "(withdrew)"), one.role or "–", one.outcome or "–") for one in context.players]
    out.print(_table("Players", ("subject", "role", "outcome"), rows))
    if events:
        shown = [
            (named[one.recording], f"{one.time_s:.3f}", one.what, _code(one.subject, codes), one.detail)
            for one in events
        ]
        out.print(_table("What happened", ("recording", "at s", "what", "subject", "detail"), shown))
    if reports:
        told = [
            (
                named[one.recording],
                codes[one.subject],
                f"{one.onset_s:.3f}",
                f"{one.offset_s:.3f}",
                one.emotion,
                "–" if one.intensity is None else str(one.intensity),
                one.words,
            )
            for one in reports
        ]
        columns = ("recording", "subject", "from s", "to s", "emotion", "1 to 7", "words")
        out.print(_table("What players said", columns, told))


def _without(context: SessionContext, left: Collection[SubjectId]) -> SessionContext:
    """A game without what is known of players who withdrew."""
    players = (
        Player(subject=one.subject, role=None, outcome=None) if one.subject in left else one for one in context.players
    )
    return replace(context, players=tuple(players))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """What people wrote may look like markup."""
    return as_table(title, columns, [[escape(cell) for cell in row] for row in rows])


def _by_subject(given: tuple[str, ...], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for words in given:
        subject, sign, value = words.partition("=")
        if not sign or not subject.strip() or not value.strip():
            raise BadInput.of(
                "session.pair", f"{option} {words!r} does not say whose it is", f"write {option} S01=impostor"
            )
        if subject.strip() in found:
            raise BadInput.of("session.pair", f"{option} names {subject.strip()} twice", "name each subject once")
        found[subject.strip()] = value.strip()
    return found


def _players(records: Reader, game: Session) -> dict[str, SubjectId]:
    codes = {subject.id: subject.code for subject in records.subjects()}
    return {codes[subject]: subject for subject in game.subjects}


def _code(subject: SubjectId | None, codes: dict[SubjectId, str]) -> str:
    return "–" if subject is None else codes[subject]


def _as_json(
    game: Session,
    context: SessionContext,
    events: tuple[GameEvent, ...],
    reports: tuple[SelfReport, ...],
    codes: dict[SubjectId, str],
    files: dict[RecordingId, Recording],
) -> dict[str, object]:
    return {
        "format": "mmed-session",
        "version": "1.0",
        "session": game.code,
        "simulated": game.simulated,
        "game": game.game,
        "date": None if game.played_on is None else game.played_on.isoformat(),
        "stakes": context.stakes,
        "outcome": context.outcome,
        "players": [
            {"subject": codes.get(one.subject), "role": one.role, "outcome": one.outcome} for one in context.players
        ],
        "events": [
            {
                "recording": files[one.recording].path,
                "time_s": one.time_s,
                "what": one.what,
                "subject": None if one.subject is None else codes[one.subject],
                "detail": one.detail,
            }
            for one in events
        ],
        "reports": [
            {
                "recording": files[one.recording].path,
                "subject": codes[one.subject],
                "onset_s": one.onset_s,
                "offset_s": one.offset_s,
                "emotion": one.emotion,
                "intensity": one.intensity,
                "words": one.words,
            }
            for one in reports
        ],
    }

"""`mmed coder`: the people who judge, whom they know, and how they hold up."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from mmed_curate.agreement.among import AmongCoders, among_coders
from mmed_curate.agreement.coders import WHOLE, Held, Windows, WindowScore, by_month, by_number, by_week, over_time
from mmed_curate.agreement.document import measure_document
from mmed_curate.agreement.settings import load_settings
from mmed_curate.annotation.allowed import admitted_stages
from mmed_curate.annotation.checks import checks
from mmed_curate.annotation.overview import judged_here
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.cli.outputs import PICTURE
from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import JUDGED, Purpose, Role
from mmed_curate.domain.serial import to_json
from mmed_curate.report.tables import NOTHING, milliseconds, number, share, spread
from mmed_curate.store import TicketState, Workspace

_DRAWN: tuple[tuple[str, str, float | None], ...] = (
    ("events_f1", "F1 of events", 1.0),
    ("emotion_agreement", "share with the same emotion", 1.0),
    ("action_unit_index", "index of action units", 1.0),
    ("onset_ms", "median distance of onsets, ms", None),
)
"""Field of a score, what it is called, and where its axis ends."""

_CALENDAR: Mapping[str, tuple[Windows, str]] = {"month": (by_month, "months"), "week": (by_week, "weeks")}
"""Windows of the calendar, and what they are called."""


@click.group()
def coder() -> None:
    """Register the people who judge, and see how they hold up."""


@coder.command(name="add")
@click.argument("code")
@click.option(
    "--role", "roles", required=True, multiple=True, help="screener, coder, adjudicator, expert, between commas."
)
@click.option("--is-subject", metavar="CODE", help="They are this subject: they judge no clip of themselves.")
@click.option("--knows", multiple=True, metavar="CODES", help="Subjects whom they know, between commas.")
@click.option("--simulated", is_flag=True, help="A program, not a person.")
@json_option
def add_coder(
    code: str,
    roles: tuple[str, ...],
    is_subject: str | None,
    knows: tuple[str, ...],
    simulated: bool,
    as_json: bool,
) -> None:
    """Register the coder CODE (a pseudonym), their roles, and whom they may not judge."""
    known = [role.value for role in Role]
    words = _words(roles)
    unknown = [word for word in words if word not in known]
    if unknown:
        raise BadInput.of("coder.role", f"there is no role {unknown[0]}", f"use some of: {', '.join(known)}")
    given = frozenset(Role(word) for word in words)
    reasons = {} if is_subject is None else {is_subject: "themselves"}
    reasons |= {subject: "knows them" for subject in _words(knows) if subject not in reasons}
    with Workspace.find().write() as records:
        added = records.add_coder(code, given, simulated=simulated)
        for subject, why in reasons.items():
            records.exclude(Exclusion(coder=added.id, subject=records.subject(subject).id, why=why))
    if as_json:
        print_json(to_json(added))
    else:
        named = ", ".join(role for role in known if Role(role) in given)
        but = f"; judges no clip with {', '.join(reasons)}" if reasons else ""
        out.print(f"{'SIMULATED ' if simulated else ''}coder {code}: {named}{but}", markup=False)


@coder.command(name="exclude")
@click.argument("code")
@click.argument("subject")
@click.option("--because", required=True, help="It is them, or how they know them.")
def exclude(code: str, subject: str, because: str) -> None:
    """Keep the coder CODE from every clip in which SUBJECT may be seen or heard; tickets of such clips go back."""
    with Workspace.find().write() as records:
        person, whom = records.coder(code), records.subject(subject)
        before = records.ticket_counts(person.id).get(person.id, {})
        new = records.exclude(Exclusion(coder=person.id, subject=whom.id, why=because))
        after = records.ticket_counts(person.id).get(person.id, {})
    if not new:
        out.print(f"{code} judges no clip with {subject}: that is so already", markup=False)
        return
    back = after.get(TicketState.RETURNED, 0) - before.get(TicketState.RETURNED, 0)
    went = f"; {back} ticket(s) went back" if back else ""
    out.print(f"{code} judges no clip with {subject} from now on{went}", markup=False)


@coder.command(name="list")
@json_option
def list_coders(as_json: bool) -> None:
    """Who judges: roles, stages to which they are admitted, how many subjects they may not judge, and their load."""
    workspace = Workspace.find()
    with workspace.read() as records:
        coders = records.coders()
        admitted = admitted_stages(records, workspace.protocol, coders)
        excluded = Counter(one.coder for one in records.exclusions())
        counts = records.ticket_counts()
    nothing = dict.fromkeys(TicketState, 0)
    lines = [
        {
            "coder": one.code,
            "roles": [role.value for role in Role if role in one.roles],
            "admitted": [stage.value for stage in JUDGED if stage in admitted[one.id]],
            "exclusions": excluded[one.id],
            "waiting": counts.get(one.id, nothing)[TicketState.OPEN],
            "on_desk": counts.get(one.id, nothing)[TicketState.HELD],
            "submitted": counts.get(one.id, nothing)[TicketState.SUBMITTED],
            "simulated": one.simulated,
        }
        for one in coders
    ]
    if as_json:
        print_json({"format": "mmed-coders", "version": "1.0", "simulated": workspace.simulated, "coders": lines})
        return
    rows = [
        (
            escape(one.code) + (" (simulated)" if one.simulated else ""),
            ", ".join(role.value for role in Role if role in one.roles),
            ", ".join(stage.value for stage in JUDGED if stage in admitted[one.id]) or NOTHING,
            excluded[one.id],
            counts.get(one.id, nothing)[TicketState.OPEN],
            counts.get(one.id, nothing)[TicketState.HELD],
            counts.get(one.id, nothing)[TicketState.SUBMITTED],
        )
        for one in coders
    ]
    columns = ("coder", "roles", "admitted to", "may not judge", "waiting", "on desk", "submitted")
    out.print(table("Coders", columns, rows))
    waits = [
        one.code for one in coders if Role.CODER in one.roles and "coding" not in {s.value for s in admitted[one.id]}
    ]
    if waits:
        out.print(f"not admitted to coding: {', '.join(waits)}; see `mmed train` and `mmed qualify`", markup=False)


@coder.command(name="drift")
@click.argument("code", required=False)
@click.option("--by", type=click.Choice(list(_CALENDAR)), help="Windows of the calendar [default: month].")
@click.option("--every", type=click.IntRange(min=1), metavar="N", help="Windows of N answers instead.")
@click.option("--settings", default="mmed", show_default=True, help="Name or path of pipelines/agreement/*.yaml.")
@click.option("--plot", type=PICTURE, metavar="FILE.png", help="Draw the figures over time.")
@json_option
def drift(code: str | None, by: str | None, every: int | None, settings: str, plot: Path | None, as_json: bool) -> None:
    """How coders hold to hidden gold, and agree with themselves on repeats, over time. Not for coders' eyes.

    A figure that rests on too few clips or events is undetermined, with the reason.
    """
    if by is not None and every is not None:
        raise BadInput.of(
            "coder.windows", "--by and --every both say how time is cut into windows", "leave one of them out"
        )
    windows, called = _CALENDAR[by or "month"] if every is None else (by_number(every), f"every {every} answers")
    workspace = Workspace.find()
    with workspace.read() as records:
        who = None if code is None else records.coder(code)
        codes = {one.id: one.code for one in records.coders()}
    least = load_settings(settings).min_units
    scores = over_time(
        checks(workspace, who),
        windows=windows,
        match_iou=workspace.protocol.match_iou,
        codebook=workspace.codebook,
        min_units=least,
    )
    named = sorted(((codes[one.coder], one) for one in scores), key=lambda pair: pair[0])
    if as_json:
        print_json(
            {
                "format": "mmed-drift",
                "version": "1.0",
                "simulated": workspace.simulated,
                "windows": called,
                "min_units": least,
                "scores": [_score_document(name, one) for name, one in named],
            }
        )
    else:
        _tell_drift(named, simulated=workspace.simulated)
    if plot is not None:
        _draw(named, plot, simulated=workspace.simulated)
        err.print(f"wrote {plot}", markup=False)


@coder.command(name="compare")
@click.option("--settings", default="mmed", show_default=True, help="Name or path of pipelines/agreement/*.yaml.")
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, help="Differences that are shown.")
@json_option
def compare(settings: str, most: int, as_json: bool) -> None:
    """Who agrees with whom, who differs from all, and about what. Not for coders' eyes.

    Counted is what stood when a clip's coding closed. --json says all of it, with the clips to look at together.
    """
    workspace = Workspace.find()
    with workspace.read() as records:
        codes = {one.id: one.code for one in records.coders()}
    found = among_coders(judged_here(workspace), workspace.protocol, workspace.codebook, load_settings(settings))
    if as_json:
        print_json(_among_document(found, codes, simulated=workspace.simulated))
    else:
        _tell_among(found, codes, most, simulated=workspace.simulated)


def _among_document(found: AmongCoders, codes: Mapping[CoderId, str], *, simulated: bool) -> dict[str, Any]:
    def counted(confusion: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
        return [{"first": first, "second": second, "n": n} for (first, second), n in confusion.items()]

    return {
        "format": "mmed-coder-compare",
        "version": "1.0",
        "simulated": simulated,
        "alpha": measure_document(found.alpha),
        "coders": [
            {
                "coder": codes[one.coder],
                "clips": one.n_clips,
                "with_others": measure_document(one.with_others),
                "alpha_without": measure_document(one.alpha_without),
                "consensus": {
                    "clips": one.against_consensus.n_clips,
                    "events_f1": one.against_consensus.events_f1,
                    "emotion_agreement": one.against_consensus.emotion_agreement,
                    "action_unit_index": one.against_consensus.action_unit_index,
                },
                "confusion": counted(one.confusion),
            }
            for one in found.coders
        ],
        "pairs": [
            {
                "one": codes[one.one],
                "other": codes[one.other],
                "clips": one.n_clips,
                "events": one.n_events,
                "seen_by_one": one.seen_by_one,
                "seen_by_other": one.seen_by_other,
                "kappa": measure_document(one.kappa),
                "onset_ms": one.onset_ms,
                "confusion": counted(one.confusion),
            }
            for one in found.pairs
        ],
        "differences": [
            {
                "one": codes[one.one],
                "other": codes[one.other],
                "says": one.says,
                "where_other_says": one.where_other_says,
                "clips": list(one.clips),
            }
            for one in found.differences
        ],
    }


def _tell_among(found: AmongCoders, codes: Mapping[CoderId, str], most: int, *, simulated: bool) -> None:
    if not found.coders:
        out.print("no clip's coding has closed yet")
        return
    if simulated:
        out.print("[bold]SIMULATED workspace[/bold]")
    rows = [
        (
            escape(codes[one.coder]),
            one.n_clips,
            share(one.with_others),
            spread(one.with_others),
            number(one.alpha_without),
            _figure(one.against_consensus.emotion_agreement),
            _figure(one.against_consensus.events_f1),
        )
        for one in found.coders
    ]
    columns = ("coder", "clips", "with others", "interval", "alpha without", "emotion as settled", "events as settled")
    out.print(table(f"Coders; alpha of all {number(found.alpha)}", columns, rows))
    of_pairs = [
        (
            f"{escape(codes[one.one])}, {escape(codes[one.other])}",
            one.n_clips,
            number(one.kappa),
            spread(one.kappa),
            milliseconds(one.onset_ms),
            f"{one.n_events}, {one.seen_by_one}, {one.seen_by_other}",
        )
        for one in found.pairs
    ]
    names = ("pair", "clips", "kappa", "interval", "onset apart", "events of both, first, second")
    out.print(table("Pairs, emotion", names, of_pairs))
    if found.differences:
        what = [
            (escape(codes[one.one]), one.says, escape(codes[one.other]), one.where_other_says, len(one.clips))
            for one in found.differences[:most]
        ]
        out.print(table("Who says what where another says", ("coder", "says", "coder", "says", "clips"), what))
    out.print(
        "'with others' is the share of pairs that name the same emotion, part of it by chance. 'alpha without' is that "
        "of all others: above alpha of all, a coder differs from the rest. What was settled rests in part on their own "
        "word."
    )


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _words(given: tuple[str, ...]) -> list[str]:
    return [word.strip() for one in given for word in one.split(",") if word.strip()]


def _score_document(name: str, score: WindowScore) -> dict[str, Any]:
    return {
        "coder": name,
        "kind": score.kind.value,
        "window": score.window,
        "clips": score.n_clips,
        "event_free": score.n_event_free,
        "events_f1": _held_document(score.events_f1),
        "emotion_agreement": _held_document(score.emotion_agreement),
        "action_unit_index": _held_document(score.action_unit_index),
        "onset_ms": _held_document(score.onset_ms),
    }


def _held_document(held: Held) -> dict[str, Any]:
    undetermined = held.value.reason if isinstance(held.value, Undetermined) else None
    return {"value": None if undetermined is not None else held.value, "n": held.n, "undetermined": undetermined}


def _tell_drift(named: list[tuple[str, WindowScore]], *, simulated: bool) -> None:
    if not named:
        out.print("no hidden gold and no repeat was answered yet")
        return
    if simulated:
        out.print("[bold]SIMULATED workspace[/bold]")
    rows = [
        (
            escape(name),
            one.kind.value,
            one.window,
            one.n_clips,
            _cell(one.events_f1, "{:.2f}"),
            _cell(one.emotion_agreement, "{:.2f}"),
            _cell(one.action_unit_index, "{:.2f}"),
            _cell(one.onset_ms, "{:.0f} ms"),
        )
        for name, one in named
    ]
    columns = ("coder", "held against", "window", "clips", "event F1", "emotion", "AU index", "onset apart")
    out.print(table("Coders over time", columns, rows))
    reasons = sorted(
        {
            f"{what}: {held.value.reason}"
            for _, one in named
            for what, held in (
                ("event F1", one.events_f1),
                ("emotion", one.emotion_agreement),
                ("AU index", one.action_unit_index),
            )
            if isinstance(held.value, Undetermined)
        }
    )
    for reason in reasons:
        out.print(f"  {NOTHING} {reason}", markup=False)
    out.print(
        "gold: against what is known; repeat: against what the same coder said before. In brackets: events for F1, "
        "else matched events."
    )


def _cell(held: Held, shape: str) -> str:
    return f"{NOTHING} ({held.n})" if isinstance(held.value, Undetermined) else f"{shape.format(held.value)} ({held.n})"


def _draw(named: list[tuple[str, WindowScore]], path: Path, *, simulated: bool) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        raise BadInput.of("coder.no_matplotlib", "--plot needs matplotlib", "pip install 'mmed-curate[curate]'")
    from mmed_curate.report.figures_coders import Course, CoursePanel, courses_figure

    at = {(name, one.kind.value, one.window): one for name, one in named if one.window != WHOLE}
    windows = sorted({window for *_, window in at}, key=lambda window: (len(window.partition("..")[0]), window))
    lines = sorted({(name, kind) for name, kind, _ in at})

    def course(name: str, kind: str, figure: str) -> Course:
        values: list[float | None] = []
        for window in windows:
            one = at.get((name, kind, window))
            held = None if one is None else getattr(one, figure).value
            values.append(held if isinstance(held, float) else None)
        return Course(label=f"{name}, {kind}", dashed=kind == Purpose.REPEAT.value, values=tuple(values))

    panels = [
        CoursePanel(title=title, most=most, courses=tuple(course(name, kind, figure) for name, kind in lines))
        for figure, title, most in _DRAWN
    ]
    said = f"{'SIMULATED: ' if simulated else ''}coders against gold and against themselves"
    courses_figure(panels, windows, path, title=said)

"""How every verb speaks: results on stdout (a table, or JSON alone), progress on stderr with rate and ETA."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, Protocol, TypeVar

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from mmed_curate.domain.files import readable_json

Function = TypeVar("Function", bound=Callable[..., Any])

_PIPED_WIDTH = 120
"""Columns where no terminal says how many it has: logs and pagers are wider than 80."""


def _width(is_terminal: bool) -> int | None:
    return None if is_terminal or "COLUMNS" in os.environ else _PIPED_WIDTH


out = Console(highlight=False, soft_wrap=True, width=_width(sys.stdout.isatty()))
"""For results."""
err = Console(stderr=True, highlight=False, soft_wrap=True, width=_width(sys.stderr.isatty()))
"""For progress and remarks."""


def json_option(function: Function) -> Function:
    """Adds `--json`: the result on stdout as JSON and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON only.")(function)


def print_json(value: object) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(readable_json(value))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table for people; numbers are set to the right."""
    drawn = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        drawn.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    return drawn


class RunUnlessNamed(click.Group):
    """A group whose unknown first word means its subcommand `run`: `mmed spot FILE` is `mmed spot run FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of anything but a subcommand or a request for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Units a second, over the last while."""
        speed = task.finished_speed or task.speed
        return Text(
            "" if speed is None else f"{speed:,.1f} {task.fields.get('unit', '')}/s", style="progress.data.speed"
        )


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr; gives the function that long work calls with (done, total)."""
    with _bars(with_rate=True) as bars:
        task = bars.add_task(what, total=None, unit=unit)
        yield lambda done, total: bars.update(task, completed=done, total=total)


class AtWork(Protocol):
    """One task that is being worked on: the part of `ingest.batch.AtWork` that is shown."""

    @property
    def position(self) -> int:
        """Which one."""

    @property
    def step(self) -> Enum:
        """What is done to it."""

    @property
    def done(self) -> int:
        """Units done of this step."""

    @property
    def total(self) -> int | None:
        """Units of this step; None: not known."""


class Batch(Protocol):
    """How far a batch is: the part of `ingest.batch.BatchState` that is shown."""

    @property
    def n_done(self) -> int:
        """Tasks that have ended."""

    @property
    def n_tasks(self) -> int:
        """All tasks."""

    @property
    def units_done(self) -> int:
        """Units done over all tasks."""

    @property
    def units_total(self) -> int:
        """Units of all tasks."""

    @property
    def at_work(self) -> Sequence[AtWork]:
        """Tasks that are being worked on."""


@contextmanager
def batch_bars(what: str, unit: str, names: Sequence[str]) -> Iterator[Callable[[Batch], None]]:
    """A bar for the whole batch on stderr, with rate and ETA, and below it a line for what each worker does.

    Args:
        what: is done.
        unit: that is counted.
        names: of the tasks, by position; where there are none, only the whole is shown.
    """
    whole, each = _bars(with_rate=True), _bars(with_rate=False)
    task = whole.add_task(what, total=None, unit=unit)
    lines: dict[int, TaskID] = {}

    def watch(state: Batch) -> None:
        many = f"{what} {state.n_done}/{state.n_tasks}" if state.n_tasks > 1 else what
        whole.update(task, description=many, completed=state.units_done, total=state.units_total or None)
        at_work = {one.position: one for one in state.at_work if one.position < len(names)}
        for gone in [position for position in lines if position not in at_work]:
            each.remove_task(lines.pop(gone))
        for position, one in at_work.items():
            if position not in lines:
                lines[position] = each.add_task("", total=None)
            said = f"  {names[position]}: {one.step.value}"
            each.update(lines[position], description=said, completed=one.done, total=one.total)

    try:
        with Live(Group(whole, each), console=err, refresh_per_second=5):
            yield watch
    finally:
        if not err.is_interactive:  # rich ends the last line only on a terminal
            err.print()


def _bars(*, with_rate: bool) -> Progress:
    columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()]
    if with_rate:
        columns += [_Rate(), TimeElapsedColumn(), TextColumn("ETA"), TimeRemainingColumn()]
    return Progress(*columns, console=err)

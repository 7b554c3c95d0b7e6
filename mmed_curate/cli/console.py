"""How every verb speaks: results on stdout (a table, or JSON alone), progress on stderr with rate and ETA."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
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
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=err,
        transient=False,
    ) as bars:
        task = bars.add_task(what, total=None, unit=unit)
        yield lambda done, total: bars.update(task, completed=done, total=total)

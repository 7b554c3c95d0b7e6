"""`mmed benchmark compare`: which of two models is better, on the same clips."""

from __future__ import annotations

import click
from rich.markup import escape

from mmed_curate.benchmark.answersread import read_answers
from mmed_curate.benchmark.paired import Difference
from mmed_curate.benchmark.settings import load_settings
from mmed_curate.benchmark.sidebyside import SideBySide, set_side_by_side
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.counted import counted


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--common", is_flag=True, help="Compare on the clips that both have, where one has others as well.")
@click.option(
    "--settings",
    default="mmed",
    show_default=True,
    help="Numbers of swaps and draws: packaged settings, or a YAML file.",
)
@json_option
def compare(first: str, second: str, common: bool, settings: str, as_json: bool) -> None:
    """Test the difference between two models that answered the same clips: FIRST less SECOND.

    Each is the folder that a benchmark wrote, a release that holds one, or a CSV table with the columns
    subject,truth,predicted,clip; after a colon, a model of it: `benchmark-mmed-1.0.0:visual-only` (amf-net where none
    is named). Of two releases the clips in both are compared. Ends with 0 whether or not they differ.
    """
    found = set_side_by_side(read_answers(first), read_answers(second), load_settings(settings), common=common)
    if as_json:
        print_json(found.as_json())
        return
    _tell(found)


def _tell(found: SideBySide) -> None:
    out.print(found.notice, style="bold", markup=False)
    out.print(f"First: {found.first.named}. Second: {found.second.named}.", markup=False)
    one, other = found.scores
    rows = [
        (name, _said(first), _said(second), *_differing(difference))
        for name, first, second, difference in (
            ("accuracy", one.accuracy, other.accuracy, found.difference.accuracy),
            ("UF1", one.uf1, other.uf1, found.difference.uf1),
            ("UAR", one.uar, other.uar, found.difference.uar),
        )
    ]
    recalls = zip(found.classes, one.per_class, other.per_class, strict=True)
    rows += [(f"recall of {escape(code)}", _said(a.recall), _said(b.recall), "", "", "") for code, a, b in recalls]
    n_seeds = max(len(found.first.predicted), len(found.second.predicted))
    out.print(
        table(
            f"{counted(len(found.first.clips), 'clip')}, {counted(found.difference.n_subjects, 'subject')}, pooled "
            f"over {counted(n_seeds, 'seed')}",
            ("score", "first", "second", "first less second", "95 % over subjects", "p, two-sided"),
            rows,
        )
    )
    out.print(found.sentence, markup=False)
    out.print(found.needed.sentence, markup=False)
    for note in found.notes:
        err.print(f"mmed benchmark compare: {note}", markup=False)


def _said(value: float | None) -> str:
    return "undetermined" if value is None else f"{value:.3f}"


def _differing(found: Difference) -> tuple[str, str, str]:
    if found.value is None:
        return "undetermined", "", ""
    interval = "undetermined" if found.interval is None else f"{found.interval.low:+.3f} … {found.interval.high:+.3f}"
    return f"{found.value:+.3f}", interval, f"{found.p_two_sided:.3f}"

"""`mmed score`: what a table of predictions is worth, pooled over the subjects."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.benchmark.scores import Interval, Scores, bootstrap, intervals_json
from mmed_curate.cli.console import err, json_option, out, print_json, table


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--classes", help="All classes, in order, separated by commas [default: those that occur, sorted].")
@click.option("--seed", default=0, show_default=True, help="Of the draws behind the intervals.")
@click.option(
    "--resamples", default=2000, show_default=True, type=click.IntRange(min=0), help="Draws of subjects; 0: none."
)
@json_option
def score(predictions: Path, classes: str | None, seed: int, resamples: int, as_json: bool) -> None:
    """Accuracy, UF1 and UAR of PREDICTIONS, a CSV table with the columns subject, truth, predicted.

    Counts are pooled over subjects; means of per-subject scores are not what UF1 and UAR mean. Intervals hold 95 %
    and draw subjects, not clips.
    """
    allowed = tuple(name.strip() for name in classes.split(",") if name.strip()) if classes is not None else None
    given = read_predictions(predictions, classes=allowed)
    labels = allowed or given.labels()
    scores = Scores.of(given.confusion(labels), labels)
    subjects, counts = given.by_subject(labels)
    intervals = bootstrap(counts, seed=seed, resamples=resamples) if resamples else (None, None, None)
    if as_json:
        print_json(
            {
                "format": "mmed-scores",
                "version": 1,
                **scores.as_json(),
                "n_subjects": len(subjects),
                "intervals": intervals_json(intervals),
            }
        )
        return
    rows = [
        (name, _said(value), _spread(found))
        for name, value, found in zip(
            ("accuracy", "UF1", "UAR"), (scores.accuracy, scores.uf1, scores.uar), intervals, strict=True
        )
    ]
    out.print(
        table(
            f"{scores.n_predictions} predictions, {len(subjects)} subjects, pooled",
            ("score", "value", "95 % over subjects"),
            rows,
        )
    )
    out.print(class_table(scores))
    out.print(confusion_table(scores))
    for note in scores.notes:
        err.print(f"mmed score: {note}", markup=False)


def class_table(scores: Scores) -> Table:
    """Recall, precision and F1 of each class, for people."""
    rows = [
        (escape(one.label), one.n_truth, one.n_predicted, _said(one.recall), _said(one.precision), _said(one.f1))
        for one in scores.per_class
    ]
    return table("Per class", ("class", "truth", "predicted", "recall", "precision", "F1"), rows)


def confusion_table(scores: Scores) -> Table:
    """The confusion matrix, for people."""
    rows = [(escape(label), *row) for label, row in zip(scores.labels, scores.confusion, strict=True)]
    return table("Confusion (rows truth, columns predicted)", ("", *map(escape, scores.labels)), rows)


def _said(value: float | None) -> str:
    return "undetermined" if value is None else f"{value:.4f}"


def _spread(found: Interval | None) -> str:
    return "undetermined" if found is None else f"{found.low:.3f} … {found.high:.3f}"

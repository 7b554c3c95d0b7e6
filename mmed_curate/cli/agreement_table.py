"""Agreement of a plain long table of anyone's: which measure on which columns, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from mmed_curate.agreement.coefficients import Chance
from mmed_curate.agreement.document import alpha_in_words, measure_document, settings_document, times_document
from mmed_curate.agreement.layers import (
    ClassAgreement,
    ac2_coefficient,
    cohen_coefficient,
    index_measure,
    masi_measure,
    nominal_coefficient,
    one_against_rest,
    reported_alpha,
)
from mmed_curate.agreement.ratings import Level
from mmed_curate.agreement.sets import set_ratings
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.table import LongTable, ratings_of, sets_of
from mmed_curate.agreement.times import TimeAgreement
from mmed_curate.cli.agreement_told import MEANING, interval_name, tell_classes, tell_times
from mmed_curate.cli.console import out, print_json, table
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.tables import NOTHING, count, number, spread


def tell_values(
    found: LongTable,
    value: str,
    level: Level,
    order: Sequence[str] | None,
    kind: str,
    settings: AgreementSettings,
    *,
    as_json: bool,
) -> None:
    """Measure one column of values, and print it; of nominal alpha each value against the rest too."""
    measured, classes = _measured(found, value, level, order, kind, settings)
    tell_measure(found, kind, level, measured, classes, settings, as_json=as_json)


def tell_measure(
    found: LongTable,
    kind: str,
    level: Level | None,
    measured: Measure,
    classes: Sequence[ClassAgreement],
    settings: AgreementSettings,
    *,
    as_json: bool,
) -> None:
    """Print one number of a table, with what it means."""
    if as_json:
        print_json(
            {
                **_head(found, kind, level, settings),
                "coefficient": measure_document(measured),
                "classes": [
                    {"code": one.code, "positives": one.positives, "alpha": measure_document(one.alpha)}
                    for one in classes
                ],
            }
        )
        return
    judged = NOTHING if isinstance(measured, Undetermined) else str(measured.n_judgements)
    name = kind if level is None or kind != "alpha" else f"alpha, {level.value}"
    rows = [(name, number(measured), spread(measured), count(measured), judged, _reason(measured, kind, settings))]
    columns = ("measure", "value", interval_name(settings), "units", "judgements", "in words")
    out.print(table(escape(found.path.name), columns, rows))
    if classes:
        tell_classes("Each value against the rest", "value", classes, settings)
    _tell_meaning(found, kind)


def tell_times_of(found: LongTable, times: TimeAgreement, settings: AgreementSettings, *, as_json: bool) -> None:
    """Print how far apart the times of a table lie."""
    if as_json:
        print_json({**_head(found, "times", None, settings), "times": times_document(times), "classes": []})
    else:
        tell_times(times)
        _tell_meaning(found, "times")


def _measured(
    found: LongTable,
    value: str,
    level: Level,
    order: Sequence[str] | None,
    kind: str,
    settings: AgreementSettings,
) -> tuple[Measure, tuple[ClassAgreement, ...]]:
    """The number, and for nominal alpha each value against the rest."""
    if kind in {"masi", "index"}:
        sets = set_ratings(*sets_of(found, value))
        return (masi_measure if kind == "masi" else index_measure)(sets, settings), ()
    ratings = ratings_of(found, value, level=level, order=order)
    if kind == "alpha":
        classes = one_against_rest(ratings, settings) if level is Level.NOMINAL else ()
        return reported_alpha(ratings, settings, level), classes
    if kind == "cohen":
        return cohen_coefficient(ratings, settings), ()
    if kind == "ac2":
        return ac2_coefficient(ratings, settings), ()
    return nominal_coefficient(ratings, Chance(kind), settings), ()


def _tell_meaning(found: LongTable, kind: str) -> None:
    drawn = "units, taken as independent" if found.cluster is None else f"the column {escape(found.cluster)}"
    out.print(f"{MEANING[kind]}. Intervals resample {drawn}.")


def _reason(measure: Measure, kind: str, settings: AgreementSettings) -> str:
    if isinstance(measure, Undetermined) or isinstance(measure.interval, Undetermined) or kind == "alpha":
        return alpha_in_words(measure, settings)
    return ""


def _head(found: LongTable, kind: str, level: Level | None, settings: AgreementSettings) -> dict[str, Any]:
    return {
        "format": "mmed-table-agreement",
        "version": 2,
        "table": found.path.name,
        "measure": kind,
        "level": level.value if level else None,
        "cluster": found.cluster,
        "settings": settings_document(settings),
        "meaning": MEANING[kind],
    }

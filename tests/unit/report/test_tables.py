"""Cells of tables: a dash where there is no number."""

from __future__ import annotations

from mmed_curate.domain.measures import Coefficient, Interval, Undetermined
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread


def test_cells():
    measured = Coefficient(
        value=0.7124,
        interval=Interval(lower=0.61, upper=0.8, confidence=0.95),
        n_units=30,
        n_judgements=60,
        n_clusters=8,
    )
    assert (number(measured), spread(measured), share(measured), count(measured)) == (
        "0.712",
        "0.610..0.800",
        "71 %",
        "30",
    )
    nothing = Undetermined(reason="one value")
    assert {number(nothing), spread(nothing), share(nothing), count(nothing), milliseconds(None)} == {NOTHING}
    assert milliseconds(33.4) == "33 ms"

"""Section of the page on the benchmark, where a release holds one."""

from __future__ import annotations

from mmed_curate.domain.codebook import Codebook
from mmed_curate.release.pagetold import PageTold, ToldModel, ToldScore
from mmed_curate.report.markup import Html, element, joined, table
from mmed_curate.report.svgplots import Point, intervals
from mmed_curate.report.tables import NOTHING

_SCORES = (("uf1", "UF1"), ("uar", "UAR"), ("accuracy", "accuracy"))
_SHADES = 10
"""Steps of shade that the style knows for the cells of a confusion matrix: heat-0 to heat-10."""


def benchmark_section(told: PageTold, codebook: Codebook) -> Html:
    """What models make of it; nothing where none was run."""
    found = told.benchmark
    if found is None:
        return Html("")
    named = {one.code: one.label["en"] for one in codebook.classes}
    classes = [named.get(code, code) for code in found.classes]
    points = [
        Point(label=one.name, value=one.scores["uf1"].value, lower=one.scores["uf1"].low, upper=one.scores["uf1"].high)
        for one in found.models
    ]
    rows = [
        (
            one.name,
            *(cell for name, _ in _SCORES for cell in (_value(one.scores[name]), _interval(one.scores[name]))),
            NOTHING if one.n_parameters is None else f"{one.n_parameters:,}",
        )
        for one in found.models
    ]
    heads = ("model", *(head for _, words in _SCORES for head in (words, "interval")), "parameters")
    said = "; ".join(
        f"{one.name}: {_value(one.scores['uf1'])}, interval {_interval(one.scores['uf1'])}" for one in found.models
    )
    return joined(
        (
            element("p", found.notice, class_="banner") if found.notice.startswith("SIMULATED") else "",
            element(
                "p",
                f"Which of {len(classes)} classes, on {found.n_clips} clips: {found.protocol}. {found.n_seeds} "
                f"{'seed' if found.n_seeds == 1 else 'seeds'}; intervals resample subjects.",
            ),
            element(
                "p",
                "UF1 and UAR count every class alike, however rare: the mean over classes of F1, and of the share "
                "recognised. Guessing one class throughout makes accuracy look better than it is, and these not.",
                class_="means",
            ),
            element("figure", intervals(points, (), title="UF1 of each model with its interval", describe=said)),
            table("Scores, leaving one subject out", heads, rows),
            *(_confusion(one, classes) for one in found.models),
        )
    )


def _confusion(model: ToldModel, classes: list[str]) -> Html:
    rows = []
    for at, (label, counts) in enumerate(zip(classes, model.confusion, strict=True)):
        total = sum(counts) or 1
        cells = [
            element(
                "td",
                count or "·",
                class_=f"heat-{round(_SHADES * count / total)}{' same' if at == beside else ''}",
            )
            for beside, count in enumerate(counts)
        ]
        rows.append(element("tr", element("th", label, scope="row"), *cells))
    caption = f"What {model.name} says (columns) of what was settled (rows)"
    drawn = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("td", ""), *(element("th", one, scope="col") for one in classes))),
        element("tbody", *rows),
        class_="heat",
    )
    return element(
        "details",
        element("summary", f"What {model.name} confuses with what"),
        element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=caption),
    )


def _value(score: ToldScore) -> str:
    return NOTHING if score.value is None else f"{score.value:.3f}"


def _interval(score: ToldScore) -> str:
    return NOTHING if score.low is None or score.high is None else f"{score.low:.3f}..{score.high:.3f}"

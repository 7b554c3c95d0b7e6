"""Section of the page on the benchmark: whether sound helps, the models, the controls, and where they go wrong."""

from __future__ import annotations

from collections.abc import Sequence

from mmed_curate.dataset.released import Dataset
from mmed_curate.release.pagetold import PageTold
from mmed_curate.release.toldbenchmark import (
    ToldBenchmark,
    ToldBin,
    ToldCalibration,
    ToldCeiling,
    ToldDifference,
    ToldGroup,
    ToldModel,
    ToldScore,
    ToldSound,
)
from mmed_curate.report.figures_benchmark import Reliable
from mmed_curate.report.markup import Html, element, joined, table
from mmed_curate.report.svgbenchmark import differences, reliability
from mmed_curate.report.svgplots import Bound, Point, intervals
from mmed_curate.report.tables import NOTHING

NOT_RUN = "No benchmark was run on this release."
FULL = "mmed"
"""Name of the settings that are the benchmark; others are said."""
_SCORES = (("uf1", "UF1"), ("uar", "UAR"), ("accuracy", "accuracy"))
_SHADES = 10
"""Steps of shade that the style knows for the cells of a confusion matrix: heat-0 to heat-10."""
_SILENCE = "silence"
"""The control that the others are held against."""


def benchmark_section(told: PageTold, dataset: Dataset, *, media: bool) -> Html:
    """What models make of it; that none was run, where none was.

    Args:
        told: the release's documents.
        dataset: the release.
        media: whether pictures of sound that may be shown are.
    """
    found = told.benchmark
    if found is None:
        return element("p", NOT_RUN)
    named = {one.code: one.label["en"] for one in dataset.codebook.classes}
    classes = [named.get(code, code) for code in found.classes]
    return joined(
        (
            element("p", found.notice, class_="banner") if found.notice.startswith("SIMULATED") else "",
            "" if found.settings in ("", FULL) else element("p", f"Run by the settings {found.settings}."),
            "" if found.sound is None else _answer(found.sound),
            *_models(found, classes),
            "" if found.sound is None else _controls(found.sound),
            "" if found.calibration is None else _calibration(found.calibration),
            "" if found.ceiling is None else _ceiling(found.ceiling),
            _groups(found.groups),
            _probes(found.probes),
            _hardest(found, dataset, named),
            _attention(dataset) if media else "",
            _notes(found.notes),
        )
    )


def _answer(sound: ToldSound) -> Html:
    behind = []
    if sound.against_visual is not None:
        behind.append(
            f"Over the visual-only model, which is another network, in points of UAR: {_points(sound.against_visual)}."
        )
    if sound.while_nobody_speaks is not None:
        behind.append(
            f"In the {sound.n_without_voice} clips in which nobody speaks, over permuted sound, in points of UAR: "
            f"{_points(sound.while_nobody_speaks)}."
        )
    return element(
        "div",
        element("h3", "Does sound help?"),
        element("p", element("b", sound.sentence)),
        element("p", sound.power),
        *(element("p", one) for one in behind),
        element(
            "p",
            "AMF-Net is held against the same network, trained anew on the same clips with their sounds dealt out "
            "anew: nothing differs but what the sound has to do with the clip.",
            class_="means",
        ),
        class_="callout",
    )


def _models(found: ToldBenchmark, classes: list[str]) -> list[Html]:
    points = [_point(one.name, one.scores["uar"]) for one in found.models]
    points += [_point(f"{name}, by session", score) for name, score in found.by_session.items()]
    rows = []
    for one in found.models:
        row = [one.name]
        row += [cell for name, _ in _SCORES for cell in (_value(one.scores[name]), _interval(one.scores[name]))]
        if found.against:
            row.append(_points(found.against[one.name]) if one.name in found.against else NOTHING)
        row.append(NOTHING if one.n_parameters is None else f"{one.n_parameters:,}")
        rows.append(row)
    heads = ["model", *(head for _, words in _SCORES for head in (words, "interval"))]
    heads += ["AMF-Net less it, points of UAR"] if found.against else []
    said = "; ".join(f"{point.label}: {_number(point.value)}" for point in points)
    return [
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
        element(
            "figure",
            intervals(
                points,
                [Bound(value=1 / len(classes), label="knows nothing")],
                title="UAR of each model with its interval",
                describe=said,
            ),
        ),
        table("Scores, leaving one subject out", [*heads, "parameters"], rows),
        _by_session(found),
        _balance(found),
        _confusion(found.models[0], classes),
        *(
            [
                element(
                    "details",
                    element("summary", "What the other models confuse with what"),
                    element("div", *(_confusion(one, classes) for one in found.models[1:]), class_="pair"),
                )
            ]
            if len(found.models) > 1
            else []
        ),
    ]


def _balance(found: ToldBenchmark) -> Html:
    if found.balanced is None:
        return Html("")
    accuracy, uar = found.balanced
    return element(
        "p",
        f"With answers as balanced as the inner splits chose, AMF-Net has accuracy {accuracy:.3f} and UAR "
        f"{_value(uar)}, interval {_interval(uar)}.",
    )


def _by_session(found: ToldBenchmark) -> Html:
    if not found.by_session:
        return Html("")
    whole = {one.name: one.scores["uar"] for one in found.models}
    rows = []
    for name, score in found.by_session.items():
        beside = [_value(whole[name]), _interval(whole[name])] if name in whole else [NOTHING, NOTHING]
        rows.append([name, *beside, _value(score), _interval(score)])
    return joined(
        (
            table(
                "UAR leaving out one session and all who played in it, beside leaving out one subject",
                ("model", "by subject", "interval", "by session", "interval"),
                rows,
            ),
            element(
                "p",
                "Players share a room, a game and each other's voices. What holds up only while others of the same "
                "session were learned from is no reading of faces and voices.",
                class_="means",
            ),
        )
    )


def _controls(sound: ToldSound) -> Html:
    if not sound.controls:
        return Html("")
    points = [_gain("over permuted sound", sound.against_permuted)]
    points += [_gain(_words(one.name), one.gain) for one in sound.controls if one.name != _SILENCE]
    rows = [(_words(one.name), one.n_changed, _number(one.uar), _points(one.gain), one.means) for one in sound.controls]
    said = "; ".join(f"{row[0]}: {row[3]}" for row in rows)
    return joined(
        (
            element("h3", "What must hold if it is the sound"),
            element(
                "p",
                "The trained AMF-Net is asked again with its senses disturbed. Gains are over the same network "
                "without any sound.",
                class_="means",
            ),
            element("figure", differences(points, unit="points of UAR", title="Gains by control", describe=said)),
            table("Controls", ("control", "clips", "UAR", "gain, points of UAR", "what it says"), rows, class_="prose"),
        )
    )


def _calibration(found: ToldCalibration) -> Html:
    said = "; ".join(f"confidence {one.confidence:.2f}, right {one.accuracy:.2f}" for one in found.after)
    return joined(
        (
            element("h3", "Are AMF-Net's probabilities what they say?"),
            element("p", f"{found.sentence} Before temperature, ECE was {found.ece_before:.3f}."),
            element(
                "figure",
                reliability(_reliable(found.before), _reliable(found.after), title="Reliability", describe=said),
            ),
        )
    )


def _ceiling(found: ToldCeiling) -> Html:
    bits = ""
    if found.bits is not None and found.model_bits is not None:
        bits = (
            f" Against the coders' shares AMF-Net needs {found.model_bits:.2f} bits a clip, one coder, who is held "
            f"against the others, {found.bits:.2f}."
        )
    return joined(
        (
            element("h3", "How well one coder predicts the others"),
            element(
                "p",
                f"Over {found.n_answers} choices of {found.n_coders} coders: accuracy {found.accuracy:.3f}, UAR "
                f"{_value(found.uar)}, interval {_interval(found.uar)}.{bits}",
            ),
            element(
                "p",
                "It is no bound: a model that learned from many coders may come nearer to what they settle than one "
                "of them does. Above it a model is no better at seeing than experts; it guesses better what they say.",
                class_="means",
            ),
        )
    )


def _groups(groups: Sequence[ToldGroup]) -> Html:
    if not groups:
        return Html("")
    rows = [(f"{one.attribute}: {one.value}", one.n_subjects, _value(one.uar), _interval(one.uar)) for one in groups]
    return joined(
        (
            element("h3", "Groups of subjects"),
            table("AMF-Net by group", ("group", "subjects", "UAR", "interval"), rows, class_="untitled"),
            element(
                "p",
                "Groups of few subjects have no row. Groups differ in more than their name, and intervals that overlap "
                "are no proof of equality.",
                class_="means",
            ),
        )
    )


def _probes(sentences: Sequence[str]) -> Html:
    if not sentences:
        return Html("")
    return joined(
        (
            element("h3", "Whose sound it is"),
            *(element("p", f"From the sound alone: {one[0].lower()}{one[1:]}") for one in sentences),
        )
    )


def _hardest(found: ToldBenchmark, dataset: Dataset, named: dict[str, str]) -> Html:
    if not found.hardest:
        return Html("")
    there = {row.clip for row in dataset.clip_rows}
    rows = [
        (
            element("a", one.clip, href=f"#clip={one.clip}") if one.clip in there else one.clip,
            named.get(one.truth, one.truth),
            ", ".join(f"{named.get(code, code)} {count}" for code, count in one.answers),
        )
        for one in found.hardest
    ]
    return joined(
        (
            element("h3", "Most often answered wrongly"),
            element(
                "p", "Clips that most answers of all models and seeds get wrong; look at them above.", class_="means"
            ),
            table("Hardest clips", ("clip", "settled as", "answers"), rows, class_="untitled"),
        )
    )


def _attention(dataset: Dataset) -> Html:
    """Pictures that lie in the release, of clips that may be shown publicly."""
    held = {file.path for file in dataset.manifest.files}
    pictures = [
        element(
            "figure",
            element("img", src=path, alt=f"Sound of {row.clip} over time, and AMF-Net's attention over it"),
            class_="drawn",
        )
        for row in dataset.clip_rows
        if row.may_be_shown and (path := f"benchmark/attention-{row.clip}.png") in held
    ]
    if not pictures:
        return Html("")
    return element(
        "details",
        element("summary", "Where AMF-Net listened"),
        element(
            "p",
            "Attention says which sound was pooled, and not why the answer came out as it did.",
            class_="means",
        ),
        *pictures,
    )


def _notes(notes: Sequence[str]) -> Html:
    return element("ul", *(element("li", one) for one in notes), class_="quiet") if notes else Html("")


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
    return element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=caption)


def _words(control: str) -> str:
    return control.replace("-", " ")


def _point(label: str, score: ToldScore) -> Point:
    return Point(label=label, value=score.value, lower=score.low, upper=score.high)


def _gain(label: str, found: ToldDifference) -> Point:
    value, low, high = (None if one is None else 100 * one for one in (found.value, found.low, found.high))
    return Point(label=label, value=value, lower=low, upper=high)


def _reliable(bins: Sequence[ToldBin]) -> list[Reliable]:
    return [
        Reliable(
            confidence=one.confidence, accuracy=one.accuracy, lower=one.low, upper=one.high, n_answers=one.n_answers
        )
        for one in bins
    ]


def _value(score: ToldScore) -> str:
    return _number(score.value)


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _interval(score: ToldScore) -> str:
    return NOTHING if score.low is None or score.high is None else f"{score.low:.3f}..{score.high:.3f}"


def _points(found: ToldDifference) -> str:
    """A difference in points with its interval and p value."""
    if found.value is None or found.p_two_sided is None:
        return NOTHING
    spread = "" if found.low is None or found.high is None else f", {100 * found.low:+.1f}..{100 * found.high:+.1f}"
    return f"{100 * found.value:+.1f}{spread}, p = {found.p_two_sided:.3f}"

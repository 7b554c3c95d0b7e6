"""The numbers of the whole report: layers, classes, sets, times, confusion; each with the clips behind it."""

from __future__ import annotations

from collections.abc import Mapping

from mmed_curate.agreement.discussion import Focus, focus_of
from mmed_curate.agreement.document import alpha_in_words
from mmed_curate.agreement.gathering import NO_CLASS
from mmed_curate.annotation.behind import confusion_key
from mmed_curate.annotation.clipreadings import matrix_of
from mmed_curate.annotation.links import Links
from mmed_curate.annotation.measured import layer_title, mark_lines
from mmed_curate.annotation.roundread import RoundRead
from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.protocol import Tolerance
from mmed_curate.report.agreementshown import (
    ShownClass,
    ShownClasses,
    ShownLayer,
    ShownMark,
    ShownMatrix,
    ShownOther,
)


def layer_names(here: RoundRead) -> tuple[str, ...]:
    """Every layer that has an alpha, of each pass too, then scales."""
    names = [one.name for one in here.report.layers]
    names += [f"{one.name}:{layer.name}" for one in here.report.passes for layer in one.layers]
    names += [one.name for one in here.report.ordered]
    return tuple(names)


def layer_shown(here: RoundRead, links: Links, name: str) -> ShownLayer:
    """One of them."""
    of = here.report.measures
    title = layer_title(name)
    ordinal = name in {one.name for one in here.report.ordered}
    return ShownLayer(
        title=f"{title}, ordinal" if ordinal else title,
        alpha=of[f"{name}.alpha"],
        ac1=of.get(f"{name}.ac2" if ordinal else f"{name}.ac1"),
        kappa=of.get(f"{name}.cohen"),
        percent=of[f"{name}.percent"],
        words=alpha_in_words(of[f"{name}.alpha"], here.report.settings),
        key=links.of(focus_of(f"{name}.alpha", here.book), title),
    )


def classes_shown(here: RoundRead, links: Links) -> tuple[ShownClasses, ...]:
    """Each value against the rest, layer by layer."""
    titles = {
        "emotion-class": "Classes of emotions",
        "emotion": "Emotions",
        "event-type": "Event types",
        "action-units": "Action units, scored or not",
        "vocal-cues": "Vocal cues, heard or not",
    }
    labels, report = labels_of(here.book), here.report
    measured = {one.name: one.classes for one in report.layers}
    measured |= {"action-units": report.action_units, "vocal-cues": report.vocal_cues}
    return tuple(
        ShownClasses(
            title=title,
            classes=tuple(
                ShownClass(
                    code=one.code,
                    label=labels[one.code],
                    positives=one.positives,
                    alpha=one.alpha,
                    ac1=one.ac1,
                    percent=one.percent,
                    words=alpha_in_words(one.alpha, here.report.settings),
                    key=links.of(Focus(layers=(layer,), code=one.code), f"{layer_title(layer)}: {one.code}"),
                )
                for one in classes
            ),
        )
        for layer, title in titles.items()
        if (classes := [one for one in measured.get(layer, ()) if one.code in labels])
    )


def others_shown(here: RoundRead, links: Links) -> tuple[ShownOther, ...]:
    """What is no layer's alpha."""
    of = here.report.measures
    named = (
        ("action units as sets, MASI", "action-units.masi", False),
        ("action units, index of FACS", "action-units.index", False),
        ("vocal cues as sets, MASI", "vocal-cues.masi", False),
        ("vocal cues, index of FACS", "vocal-cues.index", False),
        ("duration, interval alpha", "duration.alpha", False),
        ("stretches that coders marked, alpha of units", "existence.alpha-u", False),
        ("stretches that screeners marked, alpha of units", "screening.alpha-u", False),
        ("codings of foils with an event", "foils.invented", True),
    )
    return tuple(
        ShownOther(
            title=title,
            measure=name,
            value=of[name],
            as_share=as_share,
            key=links.of(focus := focus_of(name, here.book), " and ".join(map(layer_title, focus.layers or ()))),
        )
        for title, name, as_share in named
        if name in of
    )


def marks_shown(here: RoundRead, links: Links) -> tuple[ShownMark, ...]:
    """Onset, apex and offset."""
    protocol = here.protocol
    return tuple(
        ShownMark(
            mark=one.mark,
            n_pairs=one.n_pairs,
            median_ms=one.median_ms,
            p95_ms=one.p95_ms,
            within=one.within,
            tolerance=_tolerance_words(protocol.tolerance.of(one.mark)),
            histogram=one.histogram,
            key=links.key(one.mark, f"{one.mark.capitalize()} further apart than the tolerance"),
        )
        for one in mark_lines(here.report, here.pairs, protocol, here.clips)
    )


def matrix_shown(here: RoundRead, links: Links, layer: str) -> ShownMatrix | None:
    """What one said where another said that; None: fewer than two values occur."""
    counts = matrix_of(here.pairs, layer)
    labels = [code for code in _order(here, layer) if any(code in pair for pair in counts)]
    if len(labels) < 2:
        return None
    rows = tuple(tuple(counts.get((one, other), 0) for other in labels) for one in labels)
    names = {**labels_of(here.book), NO_CLASS: "no class"}
    return ShownMatrix(
        title=layer_title(layer)[:1].upper() + layer_title(layer)[1:],
        labels=tuple(names.get(code, code) for code in labels),
        counts=rows,
        keys={
            (at, beside): links.key(
                confusion_key(layer, one, other),
                f"{layer_title(layer)[:1].upper()}{layer_title(layer)[1:]}: "
                f"{names.get(one, one)} and {names.get(other, other)}",
            )
            for at, one in enumerate(labels)
            for beside, other in enumerate(labels)
            if at != beside and rows[at][beside]
        },
    )


def _order(here: RoundRead, layer: str) -> tuple[str, ...]:
    """Codes in the codebook's order, then what it does not hold."""
    book = here.book
    known: dict[str, tuple[Entry, ...]] = {
        "emotion": book.emotions,
        "emotion-class": book.classes,
        "event-type": book.event_types,
    }
    listed = [entry.code for entry in known.get(layer, ())]
    said = {code for pair in matrix_of(here.pairs, layer) for code in pair}
    return (*listed, *sorted(said - set(listed)))


def labels_of(book: Codebook) -> Mapping[str, str]:
    """What codes are called, in English."""
    named = {
        entry.code: entry.label["en"] for entry in (*book.classes, *book.event_types, *book.emotions, *book.vocal_cues)
    }
    units = {entry.code: f"{entry.code} {entry.label['en']}" for entry in book.action_units}
    return {**named, **units}


def _tolerance_words(tolerance: Tolerance) -> str:
    return f"{tolerance.frames} frames or {tolerance.ms:g} ms, whichever is more"

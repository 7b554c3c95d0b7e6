"""When what is planted into one recording: micro-expressions first, then distractors into the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.settings import Bounds, SessionSettings
from mmed_curate.simulation.truth import Kind, Planted


def plan_recording(settings: SessionSettings, codebook: Codebook, subject: int) -> tuple[Planted, ...]:
    """What is planted into one subject's recording, in order of time.

    Args:
        settings: the world.
        codebook: gives each emotion's class.
        subject: its number, from 0; another subject's plan does not depend on it.

    Raises:
        BadInput: so much does not fit into so short a recording.
    """
    rng = generator(settings.seed, "plan", subject)
    rate = settings.picture.rate_hz
    events = _events(settings, codebook, rng)
    taken = [(one.span.onset, one.span.offset) for one in events]
    planted = list(events)
    gap = round(settings.distractors.gap_s * rate)
    for kind, count, duration_s in _distractors(settings):
        for _ in range(count):
            n_frames = n_frames_of(duration_s, rate, rng)
            onset = _free_place(taken, n_frames, gap, settings, rng)
            one = _distractor(kind, onset, n_frames, settings, codebook, rng)
            planted.append(one)
            if settings.distractors.apart:
                taken.append((one.span.onset, one.span.offset))
    return tuple(sorted(planted, key=lambda one: (one.span.onset, one.kind.value)))


def _events(settings: SessionSettings, codebook: Codebook, rng: np.random.Generator) -> list[Planted]:
    rate = settings.picture.rate_hz
    count = max(1, round(settings.events.per_minute * settings.minutes))
    lengths = [n_frames_of(settings.events.duration_s, rate, rng) for _ in range(count)]
    edge, gap = round(settings.edge_s * rate), round(settings.events.gap_s * rate)
    spare = settings.n_frames - 2 * edge - sum(lengths) - gap * (count - 1)
    if spare < 0:
        raise BadInput.of(
            "simulation.too_much",
            f"{count} events do not fit into {settings.minutes:g} minutes with gaps of {settings.events.gap_s:g} s",
            "plant fewer a minute, or let the recordings be longer",
        )
    cuts = np.sort(rng.integers(0, spare + 1, size=count))
    before = 0
    events = []
    for length, cut, own in zip(lengths, cuts, _dealt(settings, count, rng), strict=True):
        onset = edge + int(cut) + before
        before += length + gap
        shown = own if rng.random() < settings.picture_informative else _any(settings, rng)
        heard = own if rng.random() < settings.sound_informative else _any(settings, rng)
        emotion = settings.emotions[own]
        movement = settings.movements[settings.emotions[shown].movement]
        start_s = onset / rate + settings.events.cue_lag_s.drawn(rng)
        start = max(0, round(start_s * settings.sound.rate_hz))
        events.append(
            Planted(
                kind=Kind.EVENT,
                span=drawn_span(onset, length, rng),
                amplitude_px=settings.events.amplitude_px.drawn(rng),
                emotion=emotion.code,
                emotion_class=codebook.class_of(emotion.code) or "",
                movement=settings.emotions[shown].movement,
                region=movement.region,
                action_units=movement.action_units,
                voice_cue=settings.emotions[heard].cue,
                cue_start=start,
                cue_stop=start + round(settings.events.cue_duration_s.drawn(rng) * settings.sound.rate_hz),
            )
        )
    return events


def _dealt(settings: SessionSettings, count: int, rng: np.random.Generator) -> list[int]:
    """Emotions by their shares, as evenly as `count` allows (largest remainders, ties drawn), shuffled."""
    wanted = np.array(settings.shares) * count
    dealt = np.floor(wanted).astype(int)
    by_need = np.lexsort((rng.random(len(wanted)), dealt - wanted))
    dealt[by_need[: count - int(dealt.sum())]] += 1
    return [int(index) for index in rng.permutation(np.repeat(np.arange(len(wanted)), dealt))]


def _any(settings: SessionSettings, rng: np.random.Generator) -> int:
    return int(rng.choice(len(settings.emotions), p=settings.shares))


def _distractors(settings: SessionSettings) -> list[tuple[Kind, int, Bounds]]:
    of = settings.distractors
    return [
        (kind, round(one.per_minute * settings.minutes), one.duration_s)  # longest first: they are hardest to place
        for kind, one in ((Kind.MACRO, of.macros), (Kind.HEAD_MOTION, of.head_motions), (Kind.BLINK, of.blinks))
    ]


def _distractor(
    kind: Kind,
    onset: int,
    n_frames: int,
    settings: SessionSettings,
    codebook: Codebook,
    rng: np.random.Generator,
) -> Planted:
    of = settings.distractors
    if kind is Kind.BLINK:
        # lids close about twice as fast as they open (Evinger, Manning & Sibony 1991)
        apex = onset + max(1, n_frames // 3)
        span = Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(onset + n_frames - 1))
        return Planted(kind=kind, span=span, closure=of.blinks.closure.drawn(rng), region=of.blinks.region)
    span = drawn_span(onset, n_frames, rng)
    if kind is Kind.HEAD_MOTION:
        return Planted(
            kind=kind,
            span=span,
            amplitude_px=of.head_motions.shift_px.drawn(rng),
            turn_deg=of.head_motions.turn_deg.drawn(rng) * float(rng.choice((-1, 1))),
            heading_deg=float(rng.uniform(0, 360)),
        )
    emotion = settings.emotions[_any(settings, rng)]
    movement = settings.movements[emotion.movement]
    ramp = n_frames // 3
    held = Span(onset=Frame(onset), apex=Frame(onset + ramp), offset=Frame(onset + n_frames - 1))
    return Planted(
        kind=kind,
        span=held,
        hold=n_frames - 2 * ramp - 1,
        amplitude_px=of.macros.amplitude_px.drawn(rng),
        emotion=emotion.code,
        emotion_class=codebook.class_of(emotion.code) or "",
        movement=emotion.movement,
        region=movement.region,
        action_units=movement.action_units,
    )


def n_frames_of(duration_s: Bounds, rate_hz: float, rng: np.random.Generator) -> int:
    """At least 3: an onset, an apex and an offset; never longer than the most that is allowed."""
    return max(3, min(int(duration_s.most * rate_hz + 1e-9), round(duration_s.drawn(rng) * rate_hz)))


def drawn_span(onset: int, n_frames: int, rng: np.random.Generator) -> Span:
    """The apex lies between two and three fifths of the way, as fast as it came or a little slower to go."""
    apex = onset + int(np.clip(round(n_frames * rng.uniform(0.4, 0.55)), 1, n_frames - 2))
    return Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(onset + n_frames - 1))


def _free_place(
    taken: Sequence[tuple[int, int]], n_frames: int, gap: int, settings: SessionSettings, rng: np.random.Generator
) -> int:
    """A drawn onset at which `n_frames` fit with a gap on both sides; every such onset is as likely."""
    edge = round(settings.edge_s * settings.picture.rate_hz)
    free = np.zeros(settings.n_frames, dtype=bool)
    free[edge : max(edge, settings.n_frames - edge - n_frames + 1)] = True
    if settings.distractors.apart:
        for first, last in taken:
            free[max(0, first - gap - n_frames) : last + gap + 1] = False
    places = np.flatnonzero(free)
    if not len(places):
        raise BadInput.of(
            "simulation.too_much",
            f"the distractors do not fit into the gaps of {settings.minutes:g} minutes",
            "plant fewer a minute, or let the recordings be longer",
        )
    return int(rng.choice(places))

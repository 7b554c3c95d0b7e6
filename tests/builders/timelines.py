"""Timelines to try formats with: random ones within what a format can hold, and coded events."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Intensity, Side, VocalCueMark
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.interchange.timelines import Annotation, Medium, Tier, TierKind, Timeline

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\"<>&'|\n\r\t,;="),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()) and "\ufffe" not in text)
"""Labels with what XML, CSV, JSON and TextGrids each find hard."""


def a_clock(n_frames: int = 400, rate_hz: int = 200) -> FrameClock:
    """A camera's clock at a constant rate, from 0."""
    return FrameClock(pts=tuple(range(n_frames)), end_pts=n_frames, time_base=Fraction(1, rate_hz))


@st.composite
def tiers_apart(draw: st.DrawFn, *, per_second: int, people: bool = False, comments: bool = False) -> tuple[Tier, ...]:
    """Tiers whose annotations do not overlap, at whole parts of a second, in order."""
    tiers = []
    names = draw(st.lists(st.from_regex(r"[a-zé][a-z0-9é _]{0,8}", fullmatch=True), max_size=4, unique=True))
    for name in names:
        kind = draw(st.sampled_from(TierKind))
        subject = draw(st.sampled_from(["", "P01", "Zoë & <co>"])) if people else ""
        edges = sorted(draw(st.lists(st.integers(0, 20 * per_second), max_size=12, unique=True)))
        pairs = list(zip(edges[::2], edges[1::2], strict=False))
        if kind is TierKind.POINT:
            pairs = [(edge, edge) for edge in edges]
        annotations = tuple(
            Annotation(
                start=Fraction(start, per_second),
                end=Fraction(end, per_second),
                value=draw(TEXTS),
                subject=subject,
                comment=draw(st.just("") | TEXTS) if comments else "",
            )
            for start, end in pairs
        )
        tiers.append(Tier(name=name, kind=kind, annotations=annotations, subject=subject if annotations else ""))
    return tuple(tiers)


def a_timeline(*tiers: Tier, name: str = "") -> Timeline:
    """Tiers on a recording of 30 s."""
    medium = Medium(name="file:///media/match%20one.mp4", mime="video/mp4")
    return Timeline(name=name, media=(medium,), tiers=tiers, end_s=Fraction(30))


def an_interval(start: str, end: str, value: str = "x", subject: str = "") -> Annotation:
    """An interval with its times as they are written."""
    return Annotation(start=Fraction(start), end=Fraction(end), value=value, subject=subject)


@st.composite
def coded_events(draw: st.DrawFn, codebook: Codebook, last: int) -> tuple[CodedEvent, ...]:
    """Up to four events as one coder may say them, in order, which may touch and overlap a little."""
    events: list[CodedEvent] = []
    for _ in range(draw(st.integers(0, 4))):
        onset, apex, offset = sorted(draw(st.tuples(*[st.integers(0, last)] * 3)))
        span = Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset))
        if any(span.iou(other.span) >= 0.5 for other in events):
            continue
        units = draw(
            st.lists(
                st.builds(
                    ActionUnitMark,
                    code=st.sampled_from([entry.code for entry in codebook.action_units]),
                    side=st.sampled_from(Side),
                    intensity=st.none() | st.sampled_from(Intensity),
                ),
                max_size=4,
                unique_by=lambda mark: (mark.code, mark.side),
            )
        )
        cues = []
        for _ in range(draw(st.integers(0, 2))):
            begins, ends = sorted(draw(st.tuples(st.integers(0, last), st.integers(0, last))))
            cues.append(
                VocalCueMark(
                    code=draw(st.sampled_from([entry.code for entry in codebook.vocal_cues])),
                    onset=Frame(begins),
                    offset=Frame(ends),
                    owner=draw(st.sampled_from([entry.code for entry in codebook.cue_owners])),
                )
            )
        regions = [entry.code for entry in codebook.regions]
        events.append(
            CodedEvent(
                span=span,
                event_type=draw(st.sampled_from([entry.code for entry in codebook.event_types])),
                emotion=draw(st.sampled_from([entry.code for entry in codebook.emotions])),
                basis=draw(st.sampled_from([entry.code for entry in codebook.bases])),
                action_units=tuple(units),
                vocal_cues=tuple(sorted(cues, key=lambda cue: (cue.onset, cue.offset, cue.code, cue.owner))),
                confidence=draw(st.none() | st.sampled_from([entry.code for entry in codebook.confidences])),
                not_visible=tuple(draw(st.lists(st.sampled_from(regions), max_size=2, unique=True))) if regions else (),
            )
        )
    return tuple(sorted(events, key=lambda one: (one.span.onset, one.span.offset, one.span.apex, one.event_type)))

"""What a window is shown, without a desk behind it: tickets of every pass, and views of a draft."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from annotator_gui.draft import EMPTY, Draft
from mmed_curate.annotation import Ticket
from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import FrameClock


def a_clock(n_frames: int = 60, rate_hz: int = 60) -> FrameClock:
    """A camera's clock at a constant rate, from 0."""
    return FrameClock(pts=tuple(range(n_frames)), end_pts=n_frames, time_base=Fraction(1, rate_hz))


@lru_cache(maxsize=1)
def the_codebook() -> Codebook:
    """The packaged one."""
    return load_codebook("mmed")


def a_ticket(
    *, clock: FrameClock | None = None, picture: bool = True, sound: bool = True, number: str = "1", **more: Any
) -> Ticket:
    """A coding ticket of a clip of one second; nothing lies behind its paths."""
    asked = {"stage": Stage.CODING, "fields": tuple(AnswerField), "round": 1, **more}
    return Ticket(
        id=TicketId(number),
        clip_name="q7x",
        picture=Path("picture.mp4") if picture else None,
        sound=Path("sound.wav") if sound else None,
        clock=clock or a_clock(),
        codebook=the_codebook(),
        **asked,
    )


def a_view(
    *, draft: Draft = EMPTY, movement_given: bool = False, may_show_motion: bool = False, **ticket: Any
) -> SimpleNamespace:
    """What the timeline reads of a sitting's view."""
    return SimpleNamespace(
        ticket=a_ticket(**ticket), draft=draft, movement_given=movement_given, may_show_motion=may_show_motion
    )

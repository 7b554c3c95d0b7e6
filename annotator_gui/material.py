"""What a clip gives the timeline to show, and the tracks that it fills. What its pass hides never comes out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotator_gui.lanes import Track, Wish
from annotator_gui.placing import BAR_PX, Rows
from annotator_gui.signals import Face, HasSamples, Voice, pitch_ends_hz
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import FrameClock, Span

if TYPE_CHECKING:
    from annotator_gui.language import Words
    from mmed_curate.annotation import Ticket

Readings = tuple[tuple[str, tuple[Span, ...]], ...]
"""What others marked, each under a letter."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Everything on the timeline but the coder's own marks."""

    ticket: Ticket | None = None
    """None: there is no clip on the desk."""
    clock: FrameClock | None = None
    opened: bool = False
    """Its media are read; before that nothing can be said of its sound."""
    given_sound: HasSamples | None = None
    given_voice: Voice | None = None
    given_face: Face | None = None
    """Handed over, whether or not the pass lets it be heard or seen."""
    may_show_motion: bool = False
    readings: Readings = ()
    tolerance_frames: int = 0
    """Marks of two readings that lie no farther apart say the same."""

    @property
    def heard(self) -> bool:
        """Whether this pass lets anything be heard."""
        return self.ticket is not None and self.ticket.sound is not None

    @property
    def sound(self) -> HasSamples | None:
        """The samples, where they may be heard."""
        return self.given_sound if self.heard else None

    @property
    def voice(self) -> Voice | None:
        """What was measured of the sound, where it may be heard."""
        return self.given_voice if self.heard else None

    @property
    def motion(self) -> Face | None:
        """The motion curve, where it is given and may be seen."""
        may = self.may_show_motion and self.ticket is not None and self.ticket.picture is not None
        return self.given_face if may else None


def given_readings(ticket: Ticket, words: Words) -> Readings:
    """At adjudication what each coder marked, at verification what would stand."""
    if ticket.stage is Stage.VERIFICATION:
        return ((words("consensus"), tuple(event.span for event in ticket.proposed)),)
    return tuple((one.letter, tuple(event.span for event in one.events)) for one in ticket.readings)


def wishes(material: Material, taken: Rows, *, text_px: int) -> list[Wish]:
    """The tracks that are drawn, from the top, each with the room that it needs.

    Args:
        material: what there is to show.
        taken: rows of the coder's events and cues.
        text_px: height of a line of text.
    """
    asked = [Wish(track=Track.RULER, least=round(text_px * 2.2))]
    if material.sound is None:
        asked.append(Wish(track=Track.WAVE, least=text_px + 8))
    else:
        asked.append(Wish(track=Track.WAVE, least=text_px * 2, share=3))
        if material.voice is not None:
            asked.append(Wish(track=Track.SPECTRUM, least=text_px * 3, share=4))
            if pitch_ends_hz(material.voice) is not None:
                asked.append(Wish(track=Track.PITCH, least=text_px * 2 + 2, share=2))
            else:
                asked.append(Wish(track=Track.PITCH, least=text_px + 8))
    if material.motion is not None:
        asked.append(Wish(track=Track.MOTION, least=text_px * 2 + 2, share=3))
    marked_px = round(text_px * 0.85) + BAR_PX
    asked.append(Wish(track=Track.MARKS, least=taken.n_events * (marked_px + 5)))
    if taken.n_cues and material.heard:
        asked.append(Wish(track=Track.CUES, least=taken.n_cues * (text_px + 6)))
    asked += [Wish(track=Track.READING, least=marked_px, row=row) for row in range(len(material.readings))]
    return asked

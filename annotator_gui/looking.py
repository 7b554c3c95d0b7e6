"""What is looked at: the frame as it is, or with an aid that was asked for and noted; all of it, or a part close up."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtGui import QImage

from annotator_gui.film import Film
from annotator_gui.language import Words
from annotator_gui.overlays import Difference, Magnifier, Part
from annotator_gui.picture import PictureView
from annotator_gui.regions import Region, box_of
from mmed_curate.domain.time import Frame

_FLICKER_MS = 250
"""Each of two pictures stays for a quarter second (ours): motion between them is seen as motion."""


class Shown(Enum):
    """How the frame is shown."""

    PLAIN = "plain"
    MAGNIFIED = "magnified"
    DIFFERENCE = "difference"
    NEUTRAL = "neutral"
    """The face at rest and the frame in turn."""
    MARKS = "marks"
    """Onset and apex in turn."""


class Looking(QObject):
    """Decides what the picture view paints."""

    def __init__(self, view: PictureView, *, words: Words, parent: QObject | None = None) -> None:
        """Nothing to look at yet."""
        super().__init__(parent)
        self._view, self._words = view, words
        self._film: Film | None = None
        self._landmarks: NDArray[np.float32] | None = None
        self._neutral: QImage | None = None
        self._frame = Frame(0)
        self._onset: Frame | None = None
        self._apex: Frame | None = None
        self._magnifier: Magnifier | None = None
        self._difference: Difference | None = None
        self._turn = False
        self._timer = QTimer(self)
        self._timer.setInterval(_FLICKER_MS)
        self._timer.timeout.connect(self._flick)
        self.how = Shown.PLAIN
        self.region = Region.WHOLE

    def close(self, sentence: str) -> None:
        """Nothing of any clip stays on screen; words instead."""
        self._film, self._landmarks, self._neutral = None, None, None
        self._onset, self._apex = None, None
        self._frame = Frame(0)
        self._show_how(Shown.PLAIN)
        self._view.look_at(None)
        self.region = Region.WHOLE
        self._view.say(sentence)

    def open(self, film: Film) -> None:
        """A clip's picture, at the frame that was gone to meanwhile: keys may be pressed before it is there."""
        if film is not self._film:
            self._film = film
            self._show_how(Shown.PLAIN)
        self.paint()

    def know(self, landmarks: NDArray[np.float32] | None, neutral: QImage | None) -> None:
        """What lies beside the clip."""
        self._landmarks, self._neutral = landmarks, neutral

    @property
    def has_neutral(self) -> bool:
        """There is a face at rest to compare with."""
        return self._neutral is not None

    def show(self, frame: Frame) -> None:
        """Another frame."""
        self._frame = frame
        self.paint()

    def mark(self, onset: Frame | None, apex: Frame | None) -> None:
        """Where the selected event's onset and apex are."""
        if (onset, apex) == (self._onset, self._apex):
            return
        self._onset, self._apex, self._difference = onset, apex, None
        if self.how in {Shown.DIFFERENCE, Shown.MARKS}:
            self.paint()

    def toggle(self, how: Shown) -> None:
        """Show the frame so, or plainly again."""
        self._show_how(Shown.PLAIN if self.how is how else how)
        self.paint()

    def look_at(self, region: Region) -> bool:
        """Bring a part close; False: where it is, is not known."""
        shown = self._film.at(self._frame) if self._film is not None else None
        if shown is None:
            return False
        box = box_of(region, self._landmarks, width=shown.shape[1], height=shown.shape[0])
        if box is None:
            return False
        self.region = region
        self._view.look_at(None if region is Region.WHOLE else box)
        return True

    def paint(self) -> None:
        """Paint what is looked at now."""
        if self._film is None:
            return
        pixels = self._film.at(self._frame)
        if pixels is None:
            self._view.say(self._words("Opening…"))  # another frame in its place would be a wrong one
            return
        # an overlay looks at frames all around: it waits until all are there
        how = self.how if self._film.whole else Shown.PLAIN
        if how is Shown.NEUTRAL and self._turn and self._neutral is not None:
            self._view.show_image(self._neutral, label=self._words("At rest"))
        elif how is Shown.MARKS and self._onset is not None and self._apex is not None:
            marked = self._film.at(self._apex if self._turn else self._onset)
            label = self._words("Apex") if self._turn else self._words("Onset")
            self._view.show_frame(pixels if marked is None else marked, label=label)
        elif how is Shown.MAGNIFIED:
            self._magnifier = self._magnifier or Magnifier(self._film, part=self._face_part(pixels))
            self._view.show_frame(self._magnifier.at(self._frame), label=self._words("Motion magnified"))
        elif how is Shown.DIFFERENCE and self._onset is not None:
            self._difference = self._difference or Difference(self._film, self._onset, part=self._face_part(pixels))
            self._view.show_frame(self._difference.at(self._frame), label=self._words("Difference to onset"))
        else:
            self._view.show_frame(pixels)

    def _face_part(self, pixels: NDArray[np.uint8]) -> Part | None:
        """Where the face lies: what moves behind it is left as it is. None: that is not known."""
        box = None
        if self._landmarks is not None:
            box = box_of(Region.FACE, self._landmarks, width=pixels.shape[1], height=pixels.shape[0])
        if box is None:
            return None
        return Part(left=int(box.left), top=int(box.top), right=int(box.right), bottom=int(box.bottom))

    def _show_how(self, how: Shown) -> None:
        self.how, self._turn = how, False
        self._magnifier, self._difference = None, None
        if how in {Shown.NEUTRAL, Shown.MARKS}:
            self._timer.start()
        else:
            self._timer.stop()

    def _flick(self) -> None:
        self._turn = not self._turn
        self.paint()

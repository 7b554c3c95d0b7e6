"""Makes the practice clip of the annotation window, from a bundled recording and a SIMULATED sound, into a folder.

python scripts/make_practice_clip.py demo/practice
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Coding, VocalCueMark
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.serial import to_json
from mmed_curate.domain.time import Frame, Span
from mmed_curate.media.clock import read_clock
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.media.write import RecordingWriter

LEFT, TOP, SIDE = 138, 20, 320
"""What is cut out of the picture: the face, pixel for pixel."""
AT_REST = Frame(12)
RATE_HZ = 16_000
BREATH = (Frame(5), Frame(14))
"""Frames in which the SIMULATED breath is heard, both inside."""

READING = Coding(
    events=(
        CodedEvent(
            span=Span(onset=Frame(17), apex=Frame(40), offset=Frame(70)),
            event_type="macro",
            emotion="happiness",
            basis="appearance",
            action_units=tuple(ActionUnitMark(code=code) for code in ("au6", "au12", "au25")),
            vocal_cues=(VocalCueMark(code="breath", onset=BREATH[0], offset=BREATH[1], owner="subject"),),
        ),
    )
)
"""Ours, by stepping through the frames; no certified coder confirmed it."""


def breath(begins_s: float, ends_s: float, length_s: float) -> NDArray[np.float32]:
    """Noise that swells and fades between two times, over a floor of noise; the same samples each time."""
    random = np.random.default_rng(1978)
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    phase = np.clip((time_s - begins_s) / (ends_s - begins_s), 0, 1)
    noise = random.normal(size=time_s.size)
    soft = np.convolve(noise, np.ones(8) / 8, mode="same")  # breath has little above 2 kHz
    return (0.5 * np.sin(np.pi * phase) ** 2 * soft + 0.002 * noise).astype(np.float32)


def main(folder: Path) -> None:
    """Write picture.mp4, sound.wav, neutral.png and reading.json."""
    recording = packaged_path("demo", "recordings", "single_face.mp4")
    clock = read_clock(recording).from_zero()
    with RecordingWriter(
        folder / "picture.mp4", width=SIDE, height=SIDE, time_base=clock.time_base, crf=19, preset="veryslow"
    ) as writer:
        for frame, picture in enumerate(pictures(recording)):
            face = np.ascontiguousarray(picture.bgr()[TOP : TOP + SIDE, LEFT : LEFT + SIDE])
            writer.picture(face, clock.pts[frame])
            if frame == AT_REST:
                cv2.imwrite(str(folder / "neutral.png"), face, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    samples = breath(float(clock.start_of(BREATH[0])), float(clock.end_of(BREATH[1])), float(clock.duration))
    write_wav(folder / "sound.wav", Sound(samples=samples[:, None], rate_hz=RATE_HZ, start=Fraction(0)))
    (folder / "reading.json").write_text(json.dumps(to_json(READING), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

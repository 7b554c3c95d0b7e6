"""The same pictures in a file without sound, for those who must judge without hearing."""

from __future__ import annotations

from pathlib import Path

import av


def without_sound(source: Path, target: Path) -> None:
    """Copy the packets of the first picture stream into an mp4 that holds nothing else: no sound, no metadata.

    Args:
        source: an mp4 of ours.
        target: where to; replaced.
    """
    with (
        av.open(str(source)) as inside,
        av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as out,
    ):
        stream = inside.streams.video[0]
        copied = out.add_stream_from_template(stream)
        copied.metadata.clear()
        for packet in inside.demux(stream):
            if packet.dts is None:  # the flush at the end
                continue
            packet.stream = copied
            out.mux(packet)

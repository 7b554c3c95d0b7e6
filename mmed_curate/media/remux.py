"""The same pictures in a file without sound: the compressed frames are copied, not encoded again."""

from __future__ import annotations

from pathlib import Path

import av

from mmed_curate.domain.findings import BadInput


def without_sound(source: Path, target: Path) -> None:
    """Write the pictures of an mp4 or mov into another that has no sound and no metadata; frames and times stay exact.

    Args:
        source: an mp4 or mov of ours; the target is of the same kind.
        target: where to; replaced.

    Raises:
        BadInput: the source is no such file with pictures.
    """
    kind, options = source.suffix[1:], {"movflags": "+faststart", "fflags": "+bitexact"}
    try:
        with (
            av.open(str(source)) as given,
            av.open(str(target), "w", format=kind, options=options) as written,
        ):
            pictures = given.streams.video[0]
            copied = written.add_stream_from_template(pictures)
            copied.metadata.clear()
            for packet in given.demux(pictures):
                if packet.dts is None:  # the empty packet that ends the stream
                    continue
                packet.stream = copied
                written.mux(packet)
    except (av.error.FFmpegError, IndexError) as error:
        raise BadInput.of(
            "media.remux", f"the sound cannot be taken out of {source} ({error})", "make that file again"
        ) from error

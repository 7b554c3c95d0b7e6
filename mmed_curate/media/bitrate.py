"""How many bytes of a file are its picture: counted from its packets, nothing is decoded."""

from __future__ import annotations

from pathlib import Path

import av

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, picture_stream, read_only


def picture_bytes(path: Path, *, streams: StreamChoice = AS_PLAYED) -> int:
    """Bytes of the compressed picture, without sound and container.

    Raises:
        BadInput: the file cannot be read, or has no such picture.
    """
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        read_only(container, stream)
        try:
            return sum(packet.size for packet in container.demux(stream))
        except av.FFmpegError as error:
            raise BadInput.of(
                "media.breaks_off", f"{path} breaks off ({error.strerror})", "copy it again from its source"
            ) from error

"""Copies of a recording in other containers: packets shifted, dropped or edited, none decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet

Kind = str
"""`video` or `audio`."""


def remuxed(
    source: Path,
    target: Path,
    *,
    shift_s: Mapping[Kind, Fraction] | None = None,
    keep: Callable[[Kind, int, Packet], bool] = lambda kind, number, packet: True,
    edit: Callable[[Packet, int], None] = lambda packet, number: None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Copy packets into another file.

    Args:
        source: the recording.
        target: its ending chooses the container.
        shift_s: how much later each kind of stream appears, in seconds.
        keep: whether a packet stays, by kind of its stream, number in it in order of decoding, and itself.
        edit: changes a packet that stays.
        options: of the new container.
    """
    with av.open(str(source)) as old, av.open(str(target), "w", options=dict(options or {})) as new:
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        numbers = dict.fromkeys(copies, -1)
        for packet in old.demux():
            if not packet.size:
                continue
            index, kind = packet.stream.index, packet.stream.type
            numbers[index] += 1
            if not keep(kind, numbers[index], packet):
                continue
            ticks = round((shift_s or {}).get(kind, Fraction(0)) / packet.time_base)
            if packet.pts is not None:
                packet.pts += ticks
            if packet.dts is not None:
                packet.dts += ticks
            edit(packet, numbers[index])
            packet.stream = copies[index]
            new.mux(packet)
    return target


def joined(target: Path, *sources: Path, default: frozenset[int] | None = None) -> Path:
    """All streams of several recordings beside each other in one file.

    Args:
        target: its ending chooses the container.
        sources: each keeps the order of its streams.
        default: numbers of the streams in the new file that are marked as default; None: as the container does.
    """
    with av.open(str(target), "w") as new:
        opened = [av.open(str(source)) for source in sources]
        copies = []
        for old in opened:
            copies.append({stream.index: new.add_stream_from_template(stream) for stream in old.streams})
        if default is not None:
            for stream in new.streams:
                stream.disposition = av.stream.Disposition.default if stream.index in default else 0
        for old, copy in zip(opened, copies, strict=True):
            for packet in old.demux():
                if packet.size:
                    packet.stream = copy[packet.stream.index]
                    new.mux(packet)
            old.close()
    return target

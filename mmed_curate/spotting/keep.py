"""An observation kept in a file, so that nothing is decoded twice: `.npz` without pickles, the same bytes again.

Curves are stored as they are measured: displacements as 16-bit floats, which hold all that a meter gives, the rest as
32-bit floats and times as 64-bit ones. What is proposed from a loaded observation is what was proposed before.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import FrameClock
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.quality import PictureQuality
from mmed_curate.signals.rows import Rows, Shelf, let_go
from mmed_curate.spotting.observation import Observation
from mmed_curate.spotting.tracks import FaceTrack

FORMAT = "mmed-observation"
VERSION = 1

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip entry can carry: the file holds no time of day."""
_BLOCK = 4096
"""Rows that are written or read at once."""
_CURVE = {"times_s": "f8", "displacement": "f2", "drift": "f4", "head": "f4", "openness": "f4"}
"""What is kept of a curve, and in which type."""
_SEEN = {"frames": ("i8", ()), "boxes": ("f4", (4,)), "eye_distance_px": ("f4", ())}
_THUMBNAILS = ("thumbnails", "thumbnail_frames")
"""What is kept of a track."""

Array = npt.NDArray[Any]


def save_observation(observation: Observation, path: Path) -> None:
    """Write an observation, whole or not at all.

    Raises:
        BadInput: it cannot be written there.
    """
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, kind, array in _arrays(observation):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as stream:
                _write(stream, array, kind)
            let_go(array)


def load_observation(path: Path) -> Observation:
    """Read what `save_observation` wrote; long curves are laid aside again and take no memory.

    Raises:
        BadInput: there is no such file, it is damaged, or newer than this version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = _Held(archive)
            found = (str(held["format"]), int(held["version"]))
            if found != (FORMAT, VERSION):
                raise BadInput.of(
                    "spotting.kept_version",
                    f"{path} is a {found[0]} of version {found[1]}, not a {FORMAT} of version {VERSION}",
                    "analyse the recording again",
                )
            return _observation(held)
    except FileNotFoundError as error:
        raise BadInput.of("files.missing", f"there is no file {path}", "check the spelling and the folder") from error
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        MemoryError,
        ArithmeticError,
    ) as error:
        raise BadInput.of(
            "spotting.kept_damaged",
            f"{path} holds no observation that can be read ({type(error).__name__})",
            "delete it and analyse the recording again",
        ) from error


def _arrays(observation: Observation) -> Iterator[tuple[str, str | None, Array]]:
    """Name, type (None: as it is) and array of all that is kept."""
    clock = observation.clock
    yield "format", None, np.array(FORMAT)
    yield "version", None, np.array(VERSION)
    yield "measured_by", None, np.array(observation.measured_by)
    yield "clock.pts", None, np.array(clock.pts, dtype=np.int64)
    yield "clock.end_pts", None, np.array(clock.end_pts, dtype=np.int64)
    yield "clock.tick", None, np.array(str(clock.time_base))
    yield "tracks", None, np.array([track.track for track in observation.tracks], dtype=np.int64)
    for track in observation.tracks:
        for name in (*_SEEN, *_THUMBNAILS):
            yield f"track{track.track}.{name}", None, getattr(track, name)
        curve = observation.curves[track.track]
        yield f"curve{track.track}.places", None, np.array(curve.places)
        for name, kind in _CURVE.items():
            yield f"curve{track.track}.{name}", kind, getattr(curve, name)
    for name, array in observation.quality.arrays().items():
        yield f"quality.{name}", None, array


class _Held:
    """Arrays of an archive by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.shelf = Shelf()

    def __getitem__(self, name: str) -> Array:
        with self._archive.open(f"{name}.npy") as stream:
            array: Array = np.lib.format.read_array(stream, allow_pickle=False)
        return array

    def names(self, prefix: str) -> Iterator[str]:
        """What follows a prefix."""
        for name in self._archive.namelist():
            if name.startswith(prefix):
                yield name.removeprefix(prefix).removesuffix(".npy")

    def long(self, prefix: str, kinds: Mapping[str, tuple[str, tuple[int, ...]]]) -> Rows:
        """Columns of equal length as rows that are laid aside."""
        rows = Rows(kinds, shelf=self.shelf)
        streams = {name: _Blocks(self._archive.open(f"{prefix}{name}.npy")) for name in kinds}
        lengths = {blocks.shape[0] for blocks in streams.values()}
        if len(lengths) != 1:
            raise ValueError(f"columns of {prefix} are of different length")
        left = lengths.pop()
        while left:
            count = min(left, _BLOCK)
            rows.extend({name: blocks.take(count) for name, blocks in streams.items()})
            left -= count
        for blocks in streams.values():
            blocks.close()
        rows.finish()
        return rows


class _Blocks:
    """An array in a stream, read a few rows at a time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        major, _ = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        self.shape, by_column, self._kind = read(stream)
        if by_column or self._kind.hasobject or not self.shape:
            raise ValueError("not an array that we write")

    def take(self, count: int) -> Array:
        shape = (count, *self.shape[1:])
        size = int(np.prod(shape)) * self._kind.itemsize
        data = self._stream.read(size)
        if len(data) != size:
            raise EOFError("the array ends early")
        return np.frombuffer(data, dtype=self._kind).reshape(shape)

    def close(self) -> None:
        self._stream.read()  # to its end, where its checksum is compared
        self._stream.close()


def _observation(held: _Held) -> Observation:
    clock = FrameClock(
        pts=tuple(held["clock.pts"].tolist()),
        end_pts=int(held["clock.end_pts"]),
        time_base=Fraction(str(held["clock.tick"])),
    )
    numbers = [int(number) for number in held["tracks"]]
    seen, moved, places = {}, {}, {}
    for number in numbers:
        places[number] = tuple(str(name) for name in held[f"curve{number}.places"])
        seen[number] = held.long(f"track{number}.", _SEEN)
        moved[number] = held.long(f"curve{number}.", _moved(len(places[number])))
        if len(seen[number]) != len(moved[number]):
            raise ValueError(f"curve and track {number} are of different length")
    tracks = (
        FaceTrack(track=number, **seen[number].table(), **{name: held[f"track{number}.{name}"] for name in _THUMBNAILS})
        for number in numbers
    )
    return Observation(
        clock=clock,
        tracks=tuple(tracks),
        curves={number: MotionCurve(places=places[number], **moved[number].table()) for number in numbers},
        quality=PictureQuality.of_arrays({name: held[f"quality.{name}"] for name in held.names("quality.")}),
        measured_by=str(held["measured_by"]),
    )


def _moved(n_places: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Columns of a curve as it is held."""
    size = (n_places, 2)
    return {
        "times_s": ("f8", ()),
        "displacement": ("f4", size),
        "drift": ("f4", size),
        "head": ("f4", (2,)),
        "openness": ("f4", ()),
    }


def _write(stream: IO[bytes], array: Array, kind: str | None) -> None:
    """NumPy's own format, a block after the other: no second copy of a long array."""
    stored = np.dtype(kind) if kind is not None else array.dtype
    header = {"descr": np.lib.format.dtype_to_descr(stored), "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(stream, header)
    if not array.shape:
        stream.write(array.astype(stored).tobytes())
    for first in range(0, array.shape[0] if array.shape else 0, _BLOCK):
        stream.write(array[first : first + _BLOCK].astype(stored).tobytes())

"""How good a recording is, before anybody codes it: numbers, verdicts, and for each problem its remedy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.serial import to_json
from mmed_curate.domain.time import FrameClock
from mmed_curate.ingest.picturelines import picture_lines
from mmed_curate.ingest.qualitybounds import QualityBounds
from mmed_curate.ingest.qualitynumbers import PictureNumbers, SoundNumbers, picture_numbers, sound_numbers
from mmed_curate.ingest.soundlines import sound_lines
from mmed_curate.ingest.verdicts import About, QualityLine, Verdict
from mmed_curate.media.bitrate import picture_bytes
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.probe import probe
from mmed_curate.media.sound import sound_samples
from mmed_curate.signals.quality import PictureQuality
from mmed_curate.signals.soundquality import SoundMeter, SoundQuality
from mmed_curate.spotting.quality import watch

__all__ = ["About", "Coded", "Measured", "QualityLine", "QualityReport", "Verdict", "coded", "heard"]
__all__ += ["measure", "quality_document", "quality_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What a curator should know of one recording."""

    picture: PictureNumbers
    sound: SoundNumbers | None
    """None: the recording has no sound stream."""
    lines: tuple[QualityLine, ...]
    """One for each question, in the order of the report."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The problems, each with its remedy."""
        return tuple(line.finding for line in self.lines if line.finding is not None)

    @property
    def verdict(self) -> Verdict:
        """The worst one."""
        for verdict in (Verdict.POOR, Verdict.LOOK):
            if any(line.verdict is verdict for line in self.lines):
                return verdict
        return Verdict.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """How a recording's picture is compressed."""

    codec: str
    """FFmpeg's name."""
    bits_per_pixel: float
    """Per pixel and frame."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """One recording's report with the series behind it."""

    report: QualityReport
    clock: FrameClock
    picture: PictureQuality
    sound: SoundQuality | None


def quality_report(
    picture: PictureQuality,
    clock: FrameClock,
    sound: SoundQuality | None,
    *,
    bounds: QualityBounds,
    coded: Coded | None = None,
    tracks: Collection[int] | None = None,
    least_rate_hz: float | None = None,
    insist: bool = False,
) -> QualityReport:
    """Judge what was measured of a recording.

    Args:
        picture: from the pass that decoded it.
        clock: exact times of its frames.
        sound: of its sound; None: it has no sound stream.
        bounds: what counts as good.
        coded: how the picture is compressed; None: not known.
        tracks: the faces that matter; None: the largest one at each moment.
        least_rate_hz: the recipe's own least rate; None: that of the bounds.
        insist: the recipe spots also below it.
    """
    if least_rate_hz is not None:
        bounds = bounds.model_copy(update={"rate": bounds.rate.model_copy(update={"least_hz": least_rate_hz})})
    seen = picture_numbers(
        picture,
        clock,
        bounds,
        codec=None if coded is None else coded.codec,
        bits_per_pixel=None if coded is None else coded.bits_per_pixel,
        tracks=tracks,
    )
    told = None if sound is None else sound_numbers(sound, clock, bounds)
    lines = (*picture_lines(seen, bounds, insist=insist), *sound_lines(told, bounds))
    return QualityReport(picture=seen, sound=told, lines=lines)


def coded(path: Path, n_frames: int, *, streams: StreamChoice = AS_PLAYED) -> Coded:
    """How a recording's picture is compressed.

    Args:
        path: the recording.
        n_frames: its frames.
        streams: which of several pictures is meant.

    Raises:
        BadInput: the file cannot be read.
    """
    picture = probe(path, streams=streams).picture
    pixels = picture.width * picture.height * max(n_frames, 1)
    return Coded(codec=picture.codec, bits_per_pixel=8 * picture_bytes(path, streams=streams) / pixels)


def heard(path: Path, *, streams: StreamChoice = AS_PLAYED) -> SoundQuality | None:
    """Measure a recording's sound; None: it has no sound stream, or one without a sample.

    Raises:
        BadInput: the sound cannot be decoded.
    """
    if probe(path, streams=streams).sound is None:
        return None
    meter: SoundMeter | None = None
    for block in sound_samples(path, streams=streams):
        meter = meter or SoundMeter(block.rate_hz, block.samples.shape[1], start_s=float(block.start))
        meter.add(block.samples)
    return None if meter is None else meter.quality()


def measure(
    path: Path,
    *,
    bounds: QualityBounds,
    streams: StreamChoice = AS_PLAYED,
    least_rate_hz: float | None = None,
    insist: bool = False,
    progress: Progress = silent,
) -> Measured:
    """Decode a recording once and judge it.

    Args:
        path: the recording.
        bounds: what counts as good.
        streams: which of several pictures and sounds are meant.
        least_rate_hz, insist: see `quality_report`.
        progress: called with frames done and, where the file says, about how many there are.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    watched = watch(path, streams=streams, progress=progress)
    sound = heard(path, streams=streams)
    report = quality_report(
        watched.quality,
        watched.clock,
        sound,
        bounds=bounds,
        coded=coded(path, watched.clock.n_frames, streams=streams),
        least_rate_hz=least_rate_hz,
        insist=insist,
    )
    return Measured(report=report, clock=watched.clock, picture=watched.quality, sound=sound)


def quality_document(reports: Sequence[tuple[str, QualityReport]]) -> dict[str, Any]:
    """The JSON document `mmed-quality` (schema/json/quality.schema.json).

    Args:
        reports: each recording's name or path, as people know it, and its report.
    """
    return {
        "format": "mmed-quality",
        "version": "1.0",
        "recordings": [_entry(recording, report) for recording, report in reports],
    }


def _entry(recording: str, report: QualityReport) -> dict[str, Any]:
    return {
        "recording": recording,
        "verdict": report.verdict.value,
        "picture": _rounded(to_json(report.picture)),
        "sound": None if report.sound is None else _rounded(to_json(report.sound)),
        "lines": [
            {
                "about": line.about.value,
                "verdict": line.verdict.value,
                "said": line.said,
                "finding": None if line.finding is None else line.finding.code,
            }
            for line in report.lines
        ],
        "findings": [to_json(finding) for finding in report.findings],
    }


def _rounded(value: Any) -> Any:
    """Six digits: enough for all of these numbers, and the same on every processor."""
    if isinstance(value, dict):
        return {key: _rounded(inside) for key, inside in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value

"""What to do with a recording, read from `pipelines/ingest/`: the numbers of a run, and none in the code."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.records import Tag
from mmed_curate.domain.yamlfile import Clash, Declared, read_yaml
from mmed_curate.media.write import Preset

Seconds = Annotated[float, Field(ge=0)]


class PicturePart(Enum):
    """How much of the picture a clip shows."""

    FACE = "face"
    WHOLE = "whole"


class Encoding(Declared):
    """How a clip's picture is compressed (x264)."""

    crf: Annotated[int, Field(ge=0, le=51)]
    preset: Preset


class ContextRange(Declared):
    """Bounds between which a length is drawn, in seconds."""

    least: Seconds
    most: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> ContextRange:
        if self.least > self.most:
            raise Clash(
                "least",
                what=f"least ({self.least:g}) is above most ({self.most:g})",
                remedy="let most be the larger one",
            )
        return self


class CodingCut(Declared):
    """The clips that experts judge."""

    picture: PicturePart
    face_margin: Annotated[float, Field(ge=0, le=3)]
    """Margin on each side, as a share of the face's size."""
    context_s: ContextRange
    """On each side of a candidate."""
    join_gap_s: Seconds
    """Candidates closer together than this share a clip."""
    longest_s: Annotated[float, Field(gt=0)]
    """Candidates that merely lie close share no clip beyond this length; those that overlap always do."""
    encoding: Encoding


class WatchedCut(Declared):
    """The clips in which the machine proposed nothing: how much of that is cut, the protocol says."""

    length_s: ContextRange
    """As long as the clips round candidates, so that nobody can tell them by their length."""
    margin_s: Seconds
    """So far away from every candidate."""
    face_gap_s: Seconds
    """For so long the face may be lost inside one."""

    @model_validator(mode="after")
    def _has_length(self) -> WatchedCut:
        if self.length_s.least <= 0:
            raise Clash(
                *("length_s", "least"),
                what=f"{self.length_s.least:g} is not above 0",
                remedy="write a number above 0",
            )
        return self


class ReleaseCut(Declared):
    """The clips that researchers get."""

    context_s: Seconds
    encoding: Encoding
    archive: bool = False
    """Keep a lossless file of each clip too: the decoder's own pixels and samples."""


class Streams(Declared):
    """Which streams of a file are taken, by their number in it; None: those that players choose."""

    picture: Annotated[int, Field(ge=0)] | None = None
    sound: Annotated[int, Field(ge=0)] | None = None


class Recipe(Declared):
    """One way from recordings to clips."""

    format: Literal["mmed-recipe"]
    version: Literal[1]
    name: str
    title: str
    spotting: str
    """Name of packaged spotting parameters, or a path."""
    cut_tagged: tuple[Tag, ...]
    coding: CodingCut
    release: ReleaseCut
    streams: Streams = Streams()
    quality: str = "mmed"
    """Name of packaged bounds of quality, or a path."""
    sync: str = "mmed"
    """Name of packaged bounds of sync, or a path."""
    watched: WatchedCut = WatchedCut(length_s=ContextRange(least=2.0, most=6.0), margin_s=0.25, face_gap_s=0.5)
    faces_at_once_s: Seconds = 0.5
    """For longer than this two faces may not be in the picture at once, unless a table says whose each is."""
    insist: bool = False
    """Spot also where too few different pictures a second were recorded for micro-expressions."""

    @property
    def digest(self) -> str:
        """SHA-256 over the recipe's values."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()


def load_recipe(name_or_path: str) -> Recipe:
    """Read a packaged recipe by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "ingest")
    return read_yaml(path, Recipe)

"""What models answered, read back: from a benchmark's report, a release that holds one, or a table. Needs no torch."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.dataset.facts import RELEASE
from mmed_curate.domain.counted import counted
from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table

REPORT, REPORT_FORMAT = "benchmark.json", "mmed-benchmark"
REPORT_VERSIONS = (1, 2)
"""Versions of a benchmark's report that are read: both hold each answer of each model."""
USUAL = "amf-net"
"""The model meant where a report is named and no model."""
_NAMED = 5
"""Clips that a complaint names."""

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one model answered of N clips, each with R seeds."""

    source: str
    """As a person named it."""
    model: str | None
    """None: a table does not say."""
    release: tuple[str, str] | None
    """Name and version; None: a table does not say."""
    simulated: bool
    classes: tuple[str, ...]
    clips: tuple[str, ...]
    """Increasing."""
    subjects: tuple[str, ...]
    truth: tuple[str, ...]
    predicted: Texts
    """(R, N)."""
    seeds: tuple[int, ...]
    """Of the rows; empty: there is one row, of no seed."""

    @property
    def named(self) -> str:
        """How sentences call it."""
        return self.source if self.model is None else f"{self.model} of {self.source.removesuffix(f':{self.model}')}"

    def at(self, places: Sequence[int], rows: Sequence[int]) -> Answers:
        """The same of some clips and some seeds, in that order."""
        return Answers(
            source=self.source,
            model=self.model,
            release=self.release,
            simulated=self.simulated,
            classes=self.classes,
            clips=tuple(self.clips[place] for place in places),
            subjects=tuple(self.subjects[place] for place in places),
            truth=tuple(self.truth[place] for place in places),
            predicted=self.predicted[np.ix_(rows, places)],
            seeds=tuple(self.seeds[row] for row in rows) if self.seeds else (),
        )

    def as_json(self) -> dict[str, Any]:
        """Where they come from, as JSON values."""
        return {
            "source": self.source,
            "model": self.model,
            "release": None if self.release is None else {"name": self.release[0], "version": self.release[1]},
            "seeds": list(self.seeds),
        }


def read_answers(source: str) -> Answers:
    """Answers by what a person names: a path, or a path, a colon, and the name of a model in it.

    Args:
        source: a benchmark's folder or its benchmark.json, a release that holds one, or a CSV table with the columns
            subject, truth, predicted and clip (and seed, where a clip has several lines).

    Raises:
        BadInput: there is no such file, or no such model in it, or it is not whole.
    """
    path, model = _path_and_model(source)
    if path.is_dir():
        path = report_in(path)
    if path.suffix.lower() == ".json":
        return _from_report(source, path, model)
    if model is not None:
        raise BadInput.of("compare.no_models", f"{path} is a table and tells no models apart", f"name {path} alone")
    return _from_table(source, path)


def few(clips: Sequence[str]) -> str:
    """Some of them, for a complaint."""
    return f"such as {', '.join(clips[:_NAMED])}" if len(clips) > _NAMED else ", ".join(clips)


def _path_and_model(source: str) -> tuple[Path, str | None]:
    """A path may hold colons, and so may the name of a model: the longest path that is there is meant."""
    places = [place for place, letter in enumerate(source) if letter == ":"]
    for place in (len(source), *reversed(places)):
        if place and Path(source[:place]).exists():
            return Path(source[:place]), source[place + 1 :] or None
    raise BadInput.of(
        "compare.none",
        f"there is no {source}",
        "name a benchmark's folder, a release, or a table of predictions, and after a colon a model of it",
    )


def report_in(folder: Path) -> Path:
    """The benchmark.json of a benchmark's folder or of a release.

    Raises:
        BadInput: there is none.
    """
    for path in (folder / REPORT, folder / "benchmark" / REPORT):
        if path.is_file():
            return path
    if (folder / RELEASE).is_file():
        raise BadInput.of(
            "compare.no_report",
            f"the release {folder} holds no benchmark",
            f"run `mmed benchmark {folder}` and name what it writes",
        )
    raise BadInput.of("compare.no_report", f"{folder} holds no {REPORT}", "name a benchmark's folder or a release")


def _from_report(source: str, path: Path, model: str | None) -> Answers:
    document = read_report(path)
    try:
        models = {str(one["name"]): one for one in document["models"]}
        chosen = USUAL if model is None and USUAL in models else model
        if chosen not in models:
            raise BadInput.of(
                "compare.no_such_model",
                f"{path} tells of no model {chosen}"
                if chosen
                else f"{path} tells of several models, and not of {USUAL}",
                f"write one of {', '.join(models)} after a colon",
            )
        rows = models[chosen]["predictions"]
        return _gathered(
            source,
            path,
            model=chosen,
            release=(str(document["release"]["name"]), str(document["release"]["version"])),
            simulated=bool(document["simulated"]),
            classes=tuple(map(str, document["classes"])),
            rows=[(row["clip"], row["seed"], row["subject"], row["truth"], row["predicted"]) for row in rows],
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _not_whole(path, f"{type(error).__name__}: {error}") from error


def read_report(path: Path) -> dict[str, Any]:
    """A benchmark.json as its JSON values.

    Raises:
        BadInput: it is none, or of a version that is not read.
    """
    try:
        with opened_text(path) as stream:
            document = json.load(stream)
        if not isinstance(document, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError, RecursionError) as error:
        raise _not_whole(path, str(error)) from error
    if document.get("format") != REPORT_FORMAT or document.get("version") not in REPORT_VERSIONS:
        told = f"{document.get('format')}, version {document.get('version')}"
        raise BadInput.of(
            "compare.other_format",
            f"{path} is {told if document.get('format') else 'no report of a benchmark'}, and this mmed reads "
            f"{REPORT_FORMAT} of version {' and '.join(map(str, REPORT_VERSIONS))}",
            "name the benchmark.json of a benchmark, or install the mmed-curate that wrote it",
        )
    return document


def _from_table(source: str, path: Path) -> Answers:
    told = read_predictions(path)
    if told.clips is None or not all(told.clips):
        raise BadInput.of(
            "compare.no_clips",
            f"{path} does not say of each line which clip it is of, so its answers cannot be paired",
            "add the column clip, and fill it in every line",
        )
    with opened_table(path) as stream:
        lines = [line for line in csv.DictReader(stream) if any((cell or "").strip() for cell in _cells(line))]
    columns = [{(name or "").strip(): (cell or "") for name, cell in line.items() if name} for line in lines]
    return _gathered(
        source,
        path,
        model=None,
        release=None,
        simulated=any(line.get("simulated", "").strip() == "true" for line in columns),
        classes=told.labels(),
        rows=[
            (clip, _seed(path, line), subject, truth, predicted)
            for clip, line, subject, truth, predicted in zip(
                told.clips, columns, told.subjects, told.truth, told.predicted, strict=True
            )
        ],
    )


def _cells(line: dict[str, Any]) -> list[str]:
    return [cell for cell in line.values() if isinstance(cell, str)]


def _seed(path: Path, line: dict[str, str]) -> int | None:
    told = line.get("seed", "").strip()
    if not told:
        return None
    if not told.isascii() or not told.isdigit():
        raise BadInput.of("compare.seed", f"{path} has the seed {told!r}", "write whole numbers in the column seed")
    return int(told)


def _gathered(
    source: str,
    path: Path,
    *,
    model: str | None,
    release: tuple[str, str] | None,
    simulated: bool,
    classes: tuple[str, ...],
    rows: Sequence[tuple[str, int | None, str, str, str]],
) -> Answers:
    """From lines of clip, seed, subject, truth and answer."""
    facts: dict[str, tuple[str, str]] = {}
    said: dict[tuple[str, int | None], str] = {}
    for clip, seed, subject, truth, predicted in rows:
        if facts.setdefault(clip, (subject, truth)) != (subject, truth):
            raise _not_whole(path, f"clip {clip} has two subjects or truths")
        if (clip, seed) in said:
            raise BadInput.of(
                "compare.twice",
                f"{path} answers clip {clip} twice{'' if seed is None else f' with seed {seed}'}",
                "keep one line per clip, or tell the lines apart by a column seed",
            )
        said[clip, seed] = predicted
    seeds = sorted({seed for _, seed in said}, key=lambda seed: -1 if seed is None else seed)
    clips = sorted(facts)
    missing = [clip for clip in clips if any((clip, seed) not in said for seed in seeds)]
    if missing:
        raise _not_whole(path, f"{counted(len(missing), 'clip')} not answered with every seed, {few(missing)}")
    return Answers(
        source=source,
        model=model,
        release=release,
        simulated=simulated,
        classes=classes,
        clips=tuple(clips),
        subjects=tuple(facts[clip][0] for clip in clips),
        truth=tuple(facts[clip][1] for clip in clips),
        predicted=np.array([[said[clip, seed] for clip in clips] for seed in seeds]),
        seeds=tuple(seed for seed in seeds if seed is not None),
    )


def _not_whole(path: Path, why: str) -> BadInput:
    return BadInput.of("compare.not_whole", f"{path} cannot be used ({why})", "benchmark again, or mend the file")

"""The vocabulary that coders choose from, read from `schema/codebooks/`. No code of it is written in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Clash, Declared, read_yaml

EXAMPLES = "examples"
"""Folder beside a codebook that holds the clips that show its entries."""
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
"""A short lower-case word that stands for one entry."""


class Entry(Declared):
    """One thing a coder can choose."""

    code: Code
    label: Mapping[str, str]
    """What the coder reads, by language (BCP 47); English is required."""
    example: str | None = None
    """Clip that shows it, as a path below `examples/` beside the codebook; None: there is none."""
    definition: str
    """When to choose it, in our own words."""
    source: str
    """Where the definition comes from."""

    @model_validator(mode="after")
    def _has_english(self) -> Entry:
        if "en" not in self.label:
            raise Clash("label", what=f"{self.code} has no English label", remedy="add en: and what coders read")
        parts = () if self.example is None else PurePosixPath(self.example).parts
        if self.example is not None and (len(parts) < 2 or parts[0] != EXAMPLES or ".." in parts):
            raise Clash(
                "example",
                what=f"{self.example} lies not below {EXAMPLES}/ beside the codebook",
                remedy=f"put the clip there, and write {EXAMPLES}/NAME.mp4",
            )
        return self


class EmotionEntry(Entry):
    """An emotion category."""

    emotion_class: Code | None
    """Its class of three for the benchmark; None: released and counted, never benchmarked."""


class EventTypeEntry(Entry):
    """What kind of event the coder saw."""

    is_event: bool
    """False for the code that says that nothing happened."""
    is_micro: bool = False
    """True for the code that marks a micro-expression."""


class ActionUnitEntry(Entry):
    """A facial action unit."""

    region: Code
    """The part of the face in which it shows."""


class VocalCueEntry(Entry):
    """Something heard in the voice."""


class ClassEntry(Entry):
    """One of the classes that the benchmark tells apart."""


class BasisEntry(Entry):
    """What an emotion label rests on."""

    needs_context: bool = False
    """True: it can be chosen only where what happened in the game, and what the player said, is shown."""


class Speech(Declared):
    """What is scored while the subject speaks."""

    action_unit: Code
    """Stands for speech."""
    not_scored: tuple[Code, ...]
    """Action units that speech makes by itself: not scored in an event that holds the former."""


class Codebook(Declared):
    """One version of a lab's vocabulary."""

    format: Literal["mmed-codebook"]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    """Judgements point at the version under which they were made."""
    name: Code
    title: str
    classes: tuple[ClassEntry, ...]
    event_types: tuple[EventTypeEntry, ...]
    emotions: tuple[EmotionEntry, ...]
    action_units: tuple[ActionUnitEntry, ...]
    vocal_cues: tuple[VocalCueEntry, ...]
    cue_owners: tuple[Entry, ...]
    """Whose a vocal cue is; the first entry means the subject."""
    confidences: tuple[Entry, ...]
    """From least to most sure."""
    bases: tuple[BasisEntry, ...]
    """What an emotion label rests on."""
    regions: tuple[Entry, ...] = ()
    """Parts of the face that may be hidden; empty: no coder can say so. Those of the action units are among them."""
    speech: Speech | None = None
    """How speech is told from expression; None: it is not."""

    @model_validator(mode="after")
    def _codes_hold_together(self) -> Codebook:
        for name, entries in self._lists().items():
            codes = [entry.code for entry in entries]
            if not codes and name != "regions":
                raise Clash(name, what="there is no entry", remedy="write at least one")
            for place, code in enumerate(codes):
                if code in codes[:place]:
                    raise Clash(
                        *(name, place, "code"),
                        what=f"the code {code} stands twice under {name}",
                        remedy="give each entry a code of its own",
                    )
        known = {entry.code for entry in self.classes}
        for place, emotion in enumerate(self.emotions):
            if emotion.emotion_class is not None and emotion.emotion_class not in known:
                raise _unknown("emotions", place, "emotion_class", code=emotion.emotion_class, among="classes")
        regions = {entry.code for entry in self.regions}
        for place, unit in enumerate(self.action_units):
            if regions and unit.region not in regions:
                raise _unknown("action_units", place, "region", code=unit.region, among="regions")
        units = {entry.code for entry in self.action_units}
        if self.speech is not None:
            if self.speech.action_unit not in units:
                raise _unknown("speech", "action_unit", code=self.speech.action_unit, among="action_units")
            for place, code in enumerate(self.speech.not_scored):
                if code not in units:
                    raise _unknown("speech", "not_scored", place, code=code, among="action_units")
        if all(entry.needs_context for entry in self.bases):
            raise Clash(
                "bases",
                what="every entry needs_context, and coders are shown no context",
                remedy="let one entry be without needs_context",
            )
        if not any(entry.is_micro for entry in self.event_types):
            raise Clash("event_types", what="no entry is micro", remedy="write is_micro: true in one entry")
        return self

    @property
    def class_codes(self) -> tuple[str, ...]:
        """Codes of the benchmark's classes, in the codebook's order."""
        return tuple(entry.code for entry in self.classes)

    @property
    def examples(self) -> tuple[str, ...]:
        """Paths of the clips that show an entry, sorted."""
        return tuple(sorted({one.example for entries in self._lists().values() for one in entries if one.example}))

    def _lists(self) -> Mapping[str, tuple[Entry, ...]]:
        return {
            "classes": self.classes,
            "event_types": self.event_types,
            "emotions": self.emotions,
            "action_units": self.action_units,
            "vocal_cues": self.vocal_cues,
            "cue_owners": self.cue_owners,
            "confidences": self.confidences,
            "bases": self.bases,
            "regions": self.regions,
        }

    def class_of(self, emotion: str) -> str | None:
        """The class of an emotion code, or None where it has none.

        Raises:
            KeyError: the code is not in this codebook.
        """
        return {entry.code: entry.emotion_class for entry in self.emotions}[emotion]


def missing_examples(codebook: Codebook, path: Path) -> tuple[Finding, ...]:
    """Clips that a codebook names to show an entry, and that do not lie beside it.

    Args:
        codebook: as it was read.
        path: where it was read from.
    """
    return tuple(
        Finding(
            code="codebook.no_example",
            what=f"{path} names the example {example}, and there is no such file beside it",
            remedy="put the clip there, or take the example out of the codebook",
        )
        for example in codebook.examples
        if not (path.parent / example).is_file()
    )


def _unknown(*keys: int | str, code: str, among: str) -> Clash:
    return Clash(*keys, what=f"{code} is not in {among}", remedy=f"write a code of {among}, or add it there")


def load_codebook(name_or_path: str) -> Codebook:
    """Read a packaged codebook by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "schema", "codebooks")
    return read_yaml(path, Codebook)

"""Two releases side by side: their tables, their agreement with intervals, and the rules that they were made by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmed_curate.dataset.changes import changed_document, reasons, tally_document
from mmed_curate.dataset.difference import ClipWent, Difference, compare, side_of
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.layout import CODEBOOK, POLICY, PROTOCOL
from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.versions import newer
from mmed_curate.domain.files import canonical_json, opened_text
from mmed_curate.domain.findings import BadInput

FORMAT = "mmed-release-diff"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A measured number and its interval; None: undetermined."""

    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChanged:
    """One measure of the agreement report, in both."""

    measure: str
    """As policies name it, such as `emotion.alpha`."""
    older: Number | None
    """None: not measured there."""
    newer: Number | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanged:
    """One value in the codebook, the protocol or the policy."""

    file: str
    path: str
    """Keys, apart by points; entries of lists by their code or name."""
    older: str | None
    """As JSON; None: not there."""
    newer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """All that lies between two releases."""

    older: ReleaseFacts
    newer: ReleaseFacts
    older_id: str
    newer_id: str
    difference: Difference
    agreement: tuple[NumberChanged, ...]
    rules: tuple[RuleChanged, ...]

    @property
    def backwards(self) -> bool:
        """Whether the first one is the newer; then no reason is known for what went."""
        return newer(self.older.version, self.newer.version)

    @property
    def same(self) -> bool:
        """Nothing differs in clips, judgements, media, agreement and rules."""
        found = self.difference
        return not (
            found.came
            or found.went
            or found.changed
            or found.judged_came
            or found.judged_went
            or found.judged_anew
            or found.tally.rules
            or self.agreement
        )


def between(older: Path, newer: Path) -> Between:
    """Compare two releases.

    Args:
        older, newer: their folders, in this order.

    Raises:
        BadInput: one is no release, or not whole.
    """
    before, now = read_release(older), read_release(newer)
    return Between(
        older=before.release,
        newer=now.release,
        older_id=before.id,
        newer_id=now.id,
        difference=compare(side_of(before), side_of(now)),
        agreement=tuple(_numbers_changed(before, now)),
        rules=tuple(_rules_changed(before, now)),
    )


def between_document(found: Between) -> dict[str, Any]:
    """What `mmed release diff --json` prints: schema/json/release-diff.schema.json."""
    difference = found.difference
    return {
        "format": FORMAT,
        "version": VERSION,
        "older": _facts(found.older, found.older_id),
        "newer": _facts(found.newer, found.newer_id),
        "same": found.same,
        "because": list(reasons(difference.tally)),
        "changes": tally_document(difference.tally),
        "came": list(difference.came),
        "went": _went(difference.went),
        "changed": [changed_document(one) for one in difference.changed],
        "judged_came": list(difference.judged_came),
        "judged_went": _went(difference.judged_went),
        "judged_anew": list(difference.judged_anew),
        "subjects": {"came": list(difference.subjects_came), "went": list(difference.subjects_went)},
        "agreement": [
            {"measure": one.measure, "older": _number(one.older), "newer": _number(one.newer)}
            for one in found.agreement
        ],
        "rules": [{"file": one.file, "path": one.path, "older": one.older, "newer": one.newer} for one in found.rules],
    }


def _facts(facts: ReleaseFacts, id: str) -> dict[str, Any]:
    return {
        "name": facts.name,
        "release": facts.version,
        "id": id,
        "simulated": facts.simulated,
        "draft": facts.draft,
        "released_on": facts.released_on.isoformat(),
    }


def _went(ones: tuple[ClipWent, ...]) -> list[dict[str, str]]:
    return [{"clip": one.clip, "why": one.why.value} for one in ones]


def _number(one: Number | None) -> dict[str, float | None] | None:
    return None if one is None else {"value": one.value, "lower": one.lower, "upper": one.upper}


def _numbers_changed(before: Dataset, now: Dataset) -> Iterator[NumberChanged]:
    old, new = numbers_in(before.agreement), numbers_in(now.agreement)
    for name in (*old, *(one for one in new if one not in old)):
        if old.get(name) != new.get(name):
            yield NumberChanged(measure=name, older=old.get(name), newer=new.get(name))


def numbers_in(report: Mapping[str, Any]) -> dict[str, Number]:
    """Every measure of an agreement report, by the name that policies call it by, in the report's order.

    Args:
        report: agreement.json of any version.

    Raises:
        BadInput: it is no such report.
    """
    try:
        found = dict(_layers(report["layers"], ""))
        for mark in report["times"]["marks"]:
            found[f"{mark['mark']}.within-tolerance"] = mark["within_tolerance"]
        found["duration.alpha"] = report["times"]["duration_alpha"]
        for one in (*report["action_units"], *report["vocal_cues"]):
            found |= _measures(one, one["code"])
        for one in (*report.get("sets", ()), *report.get("ordered", ())):
            found |= _measures(one, one["name"])
        for one in report.get("unit_intensities", ()):
            found[f"{one['code']}.intensity-alpha"] = one["alpha"]
        if "existence" in report:
            found["existence.alpha-u"] = report["existence"]["alpha_u"]
            found["screening.alpha-u"] = report["existence"]["screeners_alpha_u"]
            found["foils.invented"] = report["existence"]["invented"]
        for one in report.get("passes", ()):
            found |= dict(_layers(one["layers"], f"{one['name']}:"))
        return {name: Number(value=one["value"], lower=one["lower"], upper=one["upper"]) for name, one in found.items()}
    except (LookupError, TypeError, AttributeError) as error:
        raise BadInput.of(
            "dataset.agreement", f"an agreement report cannot be read ({error})", "ask for a whole release"
        ) from error


def _layers(layers: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in layers:
        yield from _measures(layer, f"{prefix}{layer['name']}").items()
        for one in layer["classes"]:
            yield from _measures(one, f"{prefix}{layer['name']}={one['code']}").items()


def _measures(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in one.items() if isinstance(value, dict) and "lower" in value}


def _rules_changed(before: Dataset, now: Dataset) -> Iterator[RuleChanged]:
    for file in (CODEBOOK, PROTOCOL, POLICY):
        old, new = (dict(_leaves(_yaml(dataset.root / file), "")) for dataset in (before, now))
        for path in (*old, *(one for one in new if one not in old)):
            if old.get(path) != new.get(path):
                yield RuleChanged(file=file, path=path, older=old.get(path), newer=new.get(path))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for place, one in enumerate(value):
            name = (one.get("code") or one.get("name")) if isinstance(one, dict) else None
            yield from _leaves(one, f"{path}.{name or place}")
    else:
        yield path, canonical_json(value)


def _yaml(path: Path) -> Any:
    try:
        with opened_text(path) as stream:
            return yaml.safe_load(stream)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput.of("dataset.rules", f"{path} cannot be read ({error})", "ask for a whole release") from error

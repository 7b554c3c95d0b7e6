"""The release policy of a lab, read from `pipelines/gate/`: every bound has a name, a number and a source there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.layers import Layer, can_be_measured, is_share, nearest_name
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.records import Term
from mmed_curate.domain.yamlfile import Clash, Declared, read_yaml

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _SettingsFile(BaseModel):
    """A file of `pipelines/agreement/`, as far as the gate must know it."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    format: Literal["mmed-agreement-settings"]
    version: Literal[1]


def _by_name(given: Any) -> Any:
    """The values behind a name or path of agreement settings; what is no name is left as it is."""
    if not isinstance(given, str):
        return given
    path = named_or_path(given, "pipelines", "agreement")
    return read_yaml(path, _SettingsFile).model_extra


AgreementValues = Annotated[Mapping[str, int | float | str], BeforeValidator(_by_name), Field(min_length=1)]
"""Every number that decides how agreement is measured, by its name in `pipelines/agreement/`."""


class Held(Enum):
    """Which number of a coefficient is held against the bound."""

    LOWER = "lower"
    """The lower end of its interval: even an unlucky draw of subjects would have met the bound."""
    VALUE = "value"
    """The point estimate."""


def _check_name(measure: str) -> None:
    """Refuse the name of a number that no report holds.

    Raises:
        Clash: it is none.
    """
    if not can_be_measured(measure):
        raise Clash(
            "measure",
            what=f"no agreement report holds {measure!r}",
            remedy=f"name a number as `mmed agreement --json` does, such as {nearest_name(measure)}",
        )


def _check_bound(bound: float, *, share: bool) -> None:
    """Refuse a bound that nothing reaches, or that everything does.

    Raises:
        Clash: it is one.
    """
    if bound > 1:
        cure = f"write {bound / 100:.2f}" if 1 < bound <= 100 else "write a number up to 1"
        raise Clash("at_least", what=f"{bound:g} is above 1, which nothing can reach", remedy=cure)
    if share and bound < 0:
        raise Clash("at_least", what=f"{bound:g} is below 0, as no share is", remedy="write a share from 0 to 1")
    if bound <= -1:
        raise Clash("at_least", what=f"{bound:g} is reached by whatever coders say", remedy="write a number above -1")


class MeasureRule(Declared):
    """One measured number that must reach a bound."""

    name: Name
    measure: str
    """Name in the agreement report, such as `emotion.alpha`."""
    held: Held
    at_least: Annotated[float, Field(allow_inf_nan=False)]
    remedy: str
    """What to do where it falls short, as an imperative."""

    @model_validator(mode="after")
    def _can_hold_and_fail(self) -> MeasureRule:
        _check_name(self.measure)
        _check_bound(self.at_least, share=is_share(self.measure))
        return self


class Rare(Enum):
    """What becomes of a code that was chosen too rarely."""

    MARKED = "marked"
    """It is released, marked as undetermined."""
    SHUTS = "shuts"
    """It is held all the same, and closes the gate where it has no number."""


class ClassRule(Declared):
    """Each code of a layer, told apart from the rest, must reach a bound."""

    name: Name
    layer: Layer
    """Of the agreement report."""
    held: Held
    at_least: Annotated[float, Field(allow_inf_nan=False)]
    min_positives: Annotated[int, Field(ge=1)]
    """Units in which at least one coder chose the code; below this it is rare."""
    rare: Rare
    remedy: str
    """What to do where it falls short, as an imperative."""

    @model_validator(mode="after")
    def _can_hold_and_fail(self) -> ClassRule:
        _check_bound(self.at_least, share=False)
        return self


class SampleRule(Declared):
    """How much must have been judged before any number counts."""

    measure: str
    """The coefficient whose units and subjects are counted."""
    min_units: Annotated[int, Field(ge=1)]
    min_subjects: Annotated[int, Field(ge=2)]
    min_coders: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _is_measured(self) -> SampleRule:
        _check_name(self.measure)
        return self


class Policy(Declared):
    """What must hold before a release may be made. There is no override."""

    format: Literal["mmed-gate-policy"]
    version: Literal[1, 2]
    """1: without what version 2 added; none of that is then asked for."""
    name: Name
    title: str
    allow_simulated: bool
    """Whether simulated content may be released, marked as such."""
    required_terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    """Consent terms that every subject in the release must have in force."""
    max_open_clips: Annotated[int, Field(ge=0)]
    """Clips that may still be neither settled nor rejected."""
    agreement: AgreementValues
    """How agreement must have been measured: written as the name of packaged settings, held as their values."""
    sample: SampleRule
    measures: Annotated[tuple[MeasureRule, ...], Field(min_length=1)]
    classes: tuple[ClassRule, ...] = ()
    max_flagged_clips: Annotated[int, Field(ge=0)] | None = None
    """Clips with flags that nobody closed; None: not looked at."""

    @model_validator(mode="after")
    def _names_differ(self) -> Policy:
        for part, rules in (("measures", self.measures), ("classes", self.classes)):
            names = [rule.name for rule in rules]
            for place, name in enumerate(names):
                if name in names[:place]:
                    raise Clash(
                        *(part, place, "name"), what=f"two rules are named {name}", remedy="give each its own name"
                    )
        return self

    @model_validator(mode="after")
    def _version_knows_its_rules(self) -> Policy:
        news = {"classes": bool(self.classes), "max_flagged_clips": self.max_flagged_clips is not None}
        for name, given in news.items():
            if self.version == 1 and given:
                raise Clash(name, what="version 1 knows no such rule", remedy="write version: 2")
            if self.version == 2 and not given:
                raise Clash(name, what="version 2 asks for it", remedy="add it, or write version: 1")
        return self

    def digest(self) -> str:
        """SHA-256 over everything in it, the agreement settings' values included."""
        news = {"classes", "max_flagged_clips"} if self.version == 1 else set()
        values = self.model_dump(mode="json", exclude=news)
        return hashlib.sha256(canonical_json(values).encode()).hexdigest()


def load_policy(name_or_path: str) -> Policy:
    """Read a packaged policy by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "gate"), Policy)

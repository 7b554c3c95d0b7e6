"""The release policy of a lab, read from `pipelines/gate/`: every bound has a name, a number and a source there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mmed_curate.domain.files import canonical_json
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


class MeasureRule(Declared):
    """One measured number that must reach a bound."""

    name: Name
    measure: str
    """Name in the agreement report, such as `emotion.alpha`."""
    held: Held
    at_least: Annotated[float, Field(allow_inf_nan=False)]
    remedy: str
    """What to do where it falls short, as an imperative."""


class SampleRule(Declared):
    """How much must have been judged before any number counts."""

    measure: str
    """The coefficient whose units and subjects are counted."""
    min_units: Annotated[int, Field(ge=1)]
    min_subjects: Annotated[int, Field(ge=2)]
    min_coders: Annotated[int, Field(ge=2)]


class Policy(Declared):
    """What must hold before a release may be made. There is no override."""

    format: Literal["mmed-gate-policy"]
    version: Literal[1]
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

    @model_validator(mode="after")
    def _names_differ(self) -> Policy:
        names = [rule.name for rule in self.measures]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise Clash(
                    *("measures", place, "name"), what=f"two rules are named {name}", remedy="give each its own name"
                )
        return self

    def digest(self) -> str:
        """SHA-256 over everything in it, the agreement settings' values included."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()


def load_policy(name_or_path: str) -> Policy:
    """Read a packaged policy by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "gate")
    return read_yaml(path, Policy)

"""How agreement is measured, read from `pipelines/agreement/`: resampling, and what is too little to measure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml


class IntervalMethod(Enum):
    """How an interval is read off the resampled values."""

    PERCENTILE = "percentile"
    """Their quantiles."""
    BCA = "bca"
    """Their quantiles, corrected for bias and skew (Efron 1987, J. American Statistical Association 82, 171-185)."""


class AgreementSettings(Declared):
    """Numbers on which every report rests."""

    format: Literal["mmed-agreement-settings"]
    version: Literal[1]
    seed: Annotated[int, Field(ge=0)]
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    method: IntervalMethod
    min_units: Annotated[int, Field(ge=1)]
    """Fewer pairable units give no number."""
    min_positives: Annotated[int, Field(ge=1)]
    """A class that was chosen in fewer units gets no number of its own."""
    min_clusters: Annotated[int, Field(ge=2)]
    """Fewer clusters (subjects) give no interval."""
    max_degenerate: Annotated[float, Field(ge=0, lt=1)]
    """Largest share of resamples in which the coefficient may be undefined before the interval is."""
    firm_from: Annotated[float, Field(gt=0, le=1)]
    """Alpha from here on is called reliable in words."""
    tentative_from: Annotated[float, Field(gt=0, le=1)]
    """Alpha from here on is called good for tentative conclusions."""

    def values(self) -> dict[str, Any]:
        """Every number by name, as a report states it and a policy holds it."""
        return self.model_dump(mode="json", exclude={"format", "version"})


def load_settings(name_or_path: str) -> AgreementSettings:
    """Read packaged settings by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "agreement")
    return read_yaml(path, AgreementSettings)


def settings_of(values: Mapping[str, Any]) -> AgreementSettings:
    """Settings from their values by name, such as a policy holds (see `AgreementSettings.values`).

    Raises:
        BadInput: a value is missing, unknown, or none that it may be.
    """
    try:
        return AgreementSettings.model_validate(
            {"format": "mmed-agreement-settings", "version": 1, **values}, strict=False
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput.of(
            "agreement.settings",
            f"the policy's agreement settings: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}",
            "name settings of pipelines/agreement/ in the policy, such as mmed",
        ) from error

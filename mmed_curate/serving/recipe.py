"""How hard people may lean on the server, read from `pipelines/serving/`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.yamlfile import Declared, read_yaml

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Rate(Declared):
    """So many requests."""

    requests_per_minute: Count
    burst: Count
    """How many may come at once after a rest."""


class Failures(Declared):
    """How wrong tokens slow down whoever sends them."""

    free: Annotated[int, Field(ge=0)]
    """Mistakes without a wait."""
    first_wait_s: Positive
    """After the first mistake that is not free; twice as long after each further one."""
    longest_wait_s: Positive
    forgotten_after_s: Positive
    """Since the last one."""


class ServingRecipe(Declared):
    """The limits of a server."""

    format: Literal["mmed-serving-recipe"]
    version: Literal[1]
    per_token: Rate
    per_address: Rate
    per_stranger: Rate
    """Of an address, without a token."""
    failures: Failures
    asks_per_hour: Count
    """Requests for access, of one address."""
    asks_kept: Count
    """Requests for access in all, until the curator has cleared them away."""


def load_serving_recipe(name_or_path: str) -> ServingRecipe:
    """Read a packaged recipe by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "serving"), ServingRecipe)

"""Records to JSON values and back, by their own types: one owner for each shape, checked on the way in."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from mmed_curate.domain.findings import BadInput

T = TypeVar("T")


def to_json(record: object) -> Any:
    """A record (frozen dataclass, enum, tuple of them) as JSON values; exact fractions become text such as "1/30"."""
    return _adapter(cast(Hashable, type(record))).serializer.to_python(record, mode="json")


def from_json(kind: type[T], value: object) -> T:
    """The record of the given kind that a JSON value stands for; its own checks run.

    Raises:
        BadInput: the value does not fit.
    """
    try:
        return cast(T, _adapter(cast(Hashable, kind)).validate_python(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInput.of(
            "serial.shape", f"{where} does not fit {kind.__name__} ({first['msg']})", "use the file as it was written"
        ) from error


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))

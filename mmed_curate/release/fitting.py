"""A schema turned into one function that says whether a value fits, for what is asked a hundred thousand times.

It knows the keywords that our own schemas of rows use; of a part with any other, and wherever it says no, `jsonschema`
is asked, which alone refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jsonschema import Draft202012Validator

Fits = Callable[[Any], bool]

_TYPES: Mapping[str, Fits] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,  # 1.0 is one too: let `jsonschema` say so
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
_REFERS = "'$ref'"
_SAYS_NOTHING = frozenset({"$schema", "title", "description"})


def fits_of(schema: Mapping[str, Any]) -> Fits:
    """What says whether a value fits a schema; it never says yes where `jsonschema` says no.

    Args:
        schema: whole, or a part without references.
    """
    if _REFERS in str(schema):  # those `jsonschema` alone follows
        return _asking(schema)
    parts = [
        _KEYWORDS[word](asked, schema) if word in _KEYWORDS else _asking(schema)
        for word, asked in schema.items()
        if word not in _SAYS_NOTHING
    ]
    if len(parts) == 1:
        return parts[0]
    return lambda value: all(part(value) for part in parts)


def _asking(schema: Mapping[str, Any]) -> Fits:
    return Draft202012Validator(schema).is_valid


def _type(asked: str | list[str], _: Mapping[str, Any]) -> Fits:
    kinds = [_TYPES[one] for one in ([asked] if isinstance(asked, str) else asked)]
    return kinds[0] if len(kinds) == 1 else lambda value: any(one(value) for one in kinds)


def _pattern(asked: str, _: Mapping[str, Any]) -> Fits:
    search = re.compile(asked).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _enum(asked: list[Any], schema: Mapping[str, Any]) -> Fits:
    if not all(one is None or isinstance(one, str) for one in asked):  # 1, 1.0 and True are told apart there
        return _asking(schema)
    return lambda value: (value is None or isinstance(value, str)) and value in asked


def _items(asked: Mapping[str, Any], _: Mapping[str, Any]) -> Fits:
    fits = fits_of(asked)
    return lambda value: not isinstance(value, list) or all(map(fits, value))


def _unique(asked: bool, schema: Mapping[str, Any]) -> Fits:
    if not asked:
        return lambda value: True
    is_valid = _asking({"uniqueItems": True})
    return lambda value: not isinstance(value, list) or len(value) < 2 or is_valid(value)


def _properties(asked: Mapping[str, Any], _: Mapping[str, Any]) -> Fits:
    fits = {name: fits_of(part) for name, part in asked.items()}
    return lambda value: (
        not isinstance(value, dict) or all(fit(value[name]) for name, fit in fits.items() if name in value)
    )


def _required(asked: Collection[str], _: Mapping[str, Any]) -> Fits:
    return lambda value: not isinstance(value, dict) or all(name in value for name in asked)


def _additional(asked: bool | Mapping[str, Any], schema: Mapping[str, Any]) -> Fits:
    known = frozenset(schema.get("properties", ()))
    if asked is not False or "patternProperties" in schema:
        return _asking(schema)
    return lambda value: not isinstance(value, dict) or value.keys() <= known


def _bound(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Mapping[str, Any]], Fits]:
    number = _TYPES["number"]
    return lambda asked, _: lambda value: not number(value) or holds(value, asked)


_KEYWORDS: Mapping[str, Callable[[Any, Mapping[str, Any]], Fits]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _enum,
    "minimum": _bound(lambda value, asked: value >= asked),
    "exclusiveMinimum": _bound(lambda value, asked: value > asked),
    "minLength": lambda asked, _: lambda value: not isinstance(value, str) or len(value) >= asked,
    "items": _items,
    "uniqueItems": _unique,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
}

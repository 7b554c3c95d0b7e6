"""A schema as one function: beside `jsonschema`, which is the measure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mmed_curate.domain.packaged import packaged_path
from mmed_curate.release.fitting import fits_of

ROWS = ("clips-row", "judgements-row", "judged-clips-row")
CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["c-0123456789ab", "S-01234567", "au12:left:B", "none", "picture", "{", "1*90", "cough:1-2:own"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def _properties() -> list[Any]:
    schemas = [
        json.loads(packaged_path("schema", "json", f"{name}.schema.json").read_text(encoding="utf-8")) for name in ROWS
    ]
    return [part for schema in schemas for part in schema["properties"].values()]


@given(schema=st.sampled_from(_properties()), value=CELLS)
def test_it_never_says_yes_where_jsonschema_says_no(schema: Any, value: Any) -> None:
    assert not fits_of(schema)(value) or Draft202012Validator(schema).is_valid(value)


@given(value=CELLS)
def test_of_a_keyword_that_it_does_not_know_jsonschema_is_asked(value: Any) -> None:
    schema = {"type": ["array", "integer"], "maxItems": 1, "multipleOf": 2}
    assert fits_of(schema)(value) == (Draft202012Validator(schema).is_valid(value) and not (isinstance(value, float)))


@pytest.mark.parametrize(
    ("schema", "fitting", "not_fitting"),
    [
        ({"type": ["integer", "null"], "minimum": 0}, [0, 7, None], [-1, True, "1", []]),
        ({"type": "number", "exclusiveMinimum": 0}, [0.1, 3], [0, -0.5, False]),
        ({"enum": ["adjust", None]}, ["adjust", None], ["split", 0]),
        ({"type": "array", "items": {"pattern": "^a"}, "uniqueItems": True}, [[], ["a", "ab"]], [["b"], ["a", "a"]]),
        (
            {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
            [{"a": ""}],
            [{}, {"a": 1}, {"a": "", "b": ""}],
        ),
    ],
)
def test_what_fits_and_what_does_not(schema: Any, fitting: list[Any], not_fitting: list[Any]) -> None:
    fits = fits_of(schema)
    assert all(fits(one) for one in fitting)
    assert not any(fits(one) for one in not_fitting)

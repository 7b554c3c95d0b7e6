"""YAML that a lab writes: read safely, checked against its model, and every mistake said with line, key and cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.yamlmistakes import Clash, doubled_key, graver_first, line_of, place_of, said_of, syntax_said

__all__ = ["Clash", "Declared", "read_yaml"]


class Declared(BaseModel):
    """Base of everything that is declared in a YAML file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same words ten times faster, where libyaml is there


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read one YAML file into its model.

    Args:
        path: the file.
        model: the pydantic model that says what must hold.

    Raises:
        BadInput: the file is missing, is not YAML, or breaks the model; the message names line and key.
    """
    try:
        with opened_text(path) as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput.of(
            "yaml.unreadable", f"{path} cannot be read ({reason})", "give the path of a UTF-8 YAML file"
        ) from error
    try:
        loader = _LOADER(text)
        tree = loader.get_single_node()
        _check_keys(path, tree)
        document = None if tree is None else loader.construct_document(tree)
        # through JSON: strict about numbers and words there, and yet lists become tuples and words become enums
        plain = json.dumps(document, default=str)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        line, said, cure = syntax_said(error, text)
        where = "" if line is None else f", line {line}"
        raise BadInput.of("yaml.syntax", f"{path}{where} is not valid YAML ({said})", cure) from error
    try:
        return model.model_validate_json(plain, strict=True)
    except ValidationError as error:
        first = min(error.errors(), key=graver_first)
        place = place_of(first)
        keys = ".".join(map(str, place)) or "(top)"
        said, cure = said_of(first, model, empty=tree is None)
        raise BadInput.of("yaml.invalid", f"{path}, line {line_of(tree, place)}, key {keys}: {said}", cure) from error


def _check_keys(path: Path, tree: yaml.Node | None) -> None:
    """Stop where a key stands twice: YAML would take the last one without a word."""
    doubled = doubled_key(tree)
    if doubled is not None:
        keys, first, second = doubled
        raise BadInput.of(
            "yaml.doubled_key",
            f"{path}, line {second}, key {'.'.join(keys)}: it stands in line {first} already",
            "keep one of the two",
        )

"""YAML that a lab writes: read safely, checked against its model, and every mistake said with line, key and cure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput


class Declared(BaseModel):
    """Base of everything that is declared in a YAML file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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
        raise BadInput.of(
            "yaml.unreadable", f"{path} cannot be read ({error})", "give the path of a UTF-8 YAML file"
        ) from error
    try:
        loader = _LOADER(text)
        tree = loader.get_single_node()
        document = None if tree is None else loader.construct_document(tree)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place else ""
        raise BadInput.of(
            "yaml.syntax",
            f"{path}{line} is not valid YAML ({getattr(error, 'problem', None) or error})",
            "mend the indentation or quoting there",
        ) from error
    try:
        # through JSON: strict about numbers and words there, and yet lists become tuples and words become enums
        return model.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as error:
        # an unknown key is most often the misspelling of a missing one
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        keys = [str(part) for part in first["loc"]]
        raise BadInput.of(
            "yaml.invalid",
            f"{path}, line {_line_of(tree, first['loc'])}, key {'.'.join(keys) or '(top)'}: "
            f"{first['msg'][0].lower()}{first['msg'][1:]}",
            _cure(model, first["type"], keys),
        ) from error


def _cure(model: type[BaseModel], kind: str, keys: list[str]) -> str:
    if kind == "extra_forbidden" and keys:
        known = list(_keys_of(model, keys[:-1]))
        close = difflib.get_close_matches(keys[-1], known, n=1)
        return f"did you mean {close[0]}?" if close else f"remove it, or use one of: {', '.join(known)}"
    if kind == "missing":
        return "add this key"
    return "correct the value there"


def _keys_of(model: type[BaseModel], path: Iterable[str]) -> Iterable[str]:
    current: type[BaseModel] | None = model
    for key in path:
        if key.isdigit():  # a place in a list, whose entries the annotation names
            continue
        field = current.model_fields.get(key) if current else None
        current = _model_in(field.annotation) if field else None
    return tuple(current.model_fields) if current else ()


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model that an annotation is, or holds: `Entry`, `tuple[Entry, ...]`, `Entry | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)


def _line_of(tree: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    node = tree
    line = 1
    for part in location:
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, following = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            following = node.value[part]
            line = following.start_mark.line + 1
        if following is None:
            break
        node = following
    return line

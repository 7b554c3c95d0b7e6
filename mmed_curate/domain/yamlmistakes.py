"""What is wrong in a YAML file, in words: the line, the key, what stands there, and what to write instead."""

from __future__ import annotations

import collections.abc
import difflib
import re
import types
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

_SHOWN_AT_MOST = 40
"""Signs of what stands in the file that a sentence repeats."""
_WRITE = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text, in quotes where YAML would read it otherwise",
    "list": "a list: [first, second], or a line with a dash for each",
    "tuple": "a list: [first, second], or a line with a dash for each",
    "set": "a list: [first, second], or a line with a dash for each",
    "frozen_set": "a list: [first, second], or a line with a dash for each",
    "dict": "keys with values, each on a line of its own",
    "mapping": "keys with values, each on a line of its own",
    "model": "keys with values, each on a line of its own",
    "date": "a day as 2026-01-31",
}
"""What is asked for, by the first word of pydantic's kinds of mistakes `…_type` and `…_parsing`."""
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_SYNTAX = {
    "tab character": "indent with spaces, not with tabs",
    "\\t": "indent with spaces, not with tabs",
    "mapping values are not allowed": "put a text that holds a colon in quotes, and check the indentation",
    "expected <block end>": "give all keys of one level the same indentation",
    "could not find expected ':'": "write a colon and a space behind the key",
    "unexpected end of stream": "close the quote that was opened there",
    "expected ',' or": "close the bracket, and put commas between its entries",
    "undefined alias": "name an &anchor that stands further up, or put the text in quotes",
    "cannot start any token": "put a text that begins with that sign in quotes",
    "expected a single document": "keep one document, without --- between",
}
"""What to do, by a part of the parser's words."""


class Clash(ValueError):
    """Two keys that do not go together, told by a model's own check: which key to look at, and what to do."""

    def __init__(self, *keys: int | str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.keys = keys
        """From the model that checks, down to the key."""
        self.remedy = remedy


def place_of(error: ErrorDetails) -> tuple[int | str, ...]:
    """The keys down to the mistake."""
    said = error.get("ctx", {}).get("error")
    return (*error["loc"], *(said.keys if isinstance(said, Clash) else ()))


def graver_first(error: ErrorDetails) -> int:
    """Order of mistakes: an unknown key is most often the misspelling of a missing one."""
    return 0 if error["type"] == "extra_forbidden" else 1


def said_of(error: ErrorDetails, model: type[BaseModel], *, empty: bool) -> tuple[str, str]:
    """What is wrong with a value, and what to write instead.

    Args:
        error: pydantic's, on a file of that model.
        model: what the file must be.
        empty: the file holds nothing.
    """
    kind, keys, context = error["type"], error["loc"], error.get("ctx", {})
    got = _shown(error["input"])
    if empty:
        return "the file is empty", f"write {', '.join(model.model_fields)}"
    if kind == "extra_forbidden":
        return _unknown_key(str(keys[-1]), _keys_of(_at(model, keys[:-1])))
    if kind == "missing":
        return "this key is missing", f"add {keys[-1]}: {in_words(_at(model, keys))}"
    if kind == "value_error":
        told = context["error"]
        return str(told), told.remedy if isinstance(told, Clash) else "correct the values there"
    if kind in {"enum", "literal_error"}:
        allowed = [text or number for text, number in re.findall(r"'([^']*)'|(-?\d+)", str(context["expected"]))]
        close = _nearest(str(error["input"]), allowed)
        cure = f"did you mean {close}?" if close and len(allowed) > 1 else f"write {_either(allowed)}"
        several = f"none of {', '.join(allowed)}" if len(allowed) > 1 else f"not {allowed[0]}" if allowed else "unknown"
        return f"{got} is {several}", cure
    if kind in _BOUNDS:
        name, relation = _BOUNDS[kind]
        bound = f"{relation} {_number(context[name])}"
        return f"{got} is not {bound}", f"write a number {bound}"
    if kind == "finite_number":
        return f"{got} is no finite number", "write a number that can be counted to"
    if kind in {"too_short", "too_long"}:
        name, relation = ("min_length", "at least") if kind == "too_short" else ("max_length", "at most")
        asked = f"{relation} {context[name]} {'entry' if context[name] == 1 else 'entries'}"
        return f"{context['actual_length']} of {asked}", f"write {asked}"
    if kind in {"string_too_short", "string_too_long"}:
        name, relation = ("min_length", "at least") if kind == "string_too_short" else ("max_length", "at most")
        return f"{got} is not of {relation} {context[name]} signs", f"write a text of {relation} {context[name]} signs"
    if kind == "string_pattern_mismatch":
        return f"{got} does not fit the pattern {context['pattern']}", "write a text that does"
    if kind == "multiple_of":
        step = _number(context["multiple_of"])
        return f"{got} is no multiple of {step}", f"write a multiple of {step}"
    if kind == "int_from_float":
        return f"{got} is no whole number", "write a whole number"
    asked = _WRITE.get(kind.rsplit("_", 1)[0]) or in_words(_at(model, keys))
    nothing = error["input"] is None
    return ("nothing stands there" if nothing else f"{got} is not what is asked for"), f"write {asked}"


def doubled_key(node: yaml.Node | None) -> tuple[list[str], int, int] | None:
    """The first key that stands twice in one place: its path, and the two lines. YAML would keep the last one silently.

    Args:
        node: root of the tree.
    """
    seen: set[int] = set()
    waiting: list[tuple[list[str], yaml.Node | None]] = [([], node)]
    while waiting:
        path, node = waiting.pop(0)
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [([*path, str(index)], one) for index, one in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue
                line = key.start_mark.line + 1
                if key.value in lines and key.value != "<<":
                    return [*path, key.value], lines[key.value], line
                lines[key.value] = line
                waiting.append(([*path, key.value], value))
    return None


def syntax_said(error: Exception, text: str) -> tuple[int | None, str, str]:
    """Line, what is wrong, and what to do, of a text that is no YAML."""
    place = getattr(error, "problem_mark", None)
    line = None if place is None else place.line + 1
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return (
            line,
            f"a sign that no text holds (number {error.character})",
            "remove it, or save the file as UTF-8 text",
        )
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    said = " ".join(str(problem or error).split())
    cure = next((cure for part, cure in _SYNTAX.items() if part in repr(said)), "mend the indentation or quoting there")
    began = getattr(error, "context_mark", None)
    if context and began is not None and began.line + 1 != line:
        said += f"; begun in line {began.line + 1}"
    return line, said, cure


def line_of(tree: yaml.Node | None, location: Sequence[int | str]) -> int:
    """The line where a key stands, or where what should hold it begins."""
    node = tree
    line = 1 if tree is None else tree.start_mark.line + 1
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


def in_words(annotation: object) -> str:
    """What a value of this type is, for a person who writes one."""
    annotation = _core(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"keys with values ({', '.join(annotation.model_fields)})"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _either([str(one.value) for one in annotation])
    if get_origin(annotation) is Literal:
        return _either([str(one) for one in get_args(annotation)])
    named = {bool: "bool", int: "int", float: "float", str: "string"}
    if isinstance(annotation, type) and annotation in named:
        return _WRITE[named[annotation]]
    origin = get_origin(annotation)
    if origin in {dict, collections.abc.Mapping}:
        return _WRITE["dict"]
    return _WRITE["list"] if origin in {tuple, list, set, frozenset} else "what this key asks for"


def _unknown_key(key: str, known: Sequence[str]) -> tuple[str, str]:
    close = _nearest(key, known)
    if close:
        return "there is no such key", f"did you mean {close}?"
    return "there is no such key", f"remove it, or use one of: {', '.join(known)}" if known else "remove it"


def _nearest(said: str, known: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(said, known, n=1)), None)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def _number(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _shown(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping of keys"
    if isinstance(value, list):
        return "a list"
    said = repr(value)
    return said if len(said) <= _SHOWN_AT_MOST else f"{said[:_SHOWN_AT_MOST]}…"


def _keys_of(annotation: object) -> tuple[str, ...]:
    core = _core(annotation)
    return tuple(core.model_fields) if isinstance(core, type) and issubclass(core, BaseModel) else ()


def _at(model: type[BaseModel], path: Sequence[int | str]) -> object:
    """The type of what stands at a path in a file of this model; None: not known."""
    current: object = model
    for key in path:
        core = _core(current)
        inner = get_args(core)
        if isinstance(core, type) and issubclass(core, BaseModel):
            field = core.model_fields.get(str(key))
            current = None if field is None else field.annotation
        elif isinstance(key, int) and inner:
            current = inner[key] if key < len(inner) and inner[-1] is not Ellipsis else inner[0]
        else:
            current = inner[1] if len(inner) > 1 else None
    return current


def _core(annotation: Any) -> Any:
    """An annotation without what pydantic is told beside it, and without `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, types.UnionType}:
            annotation = next((one for one in get_args(annotation) if one is not type(None)), None)
        else:
            return annotation

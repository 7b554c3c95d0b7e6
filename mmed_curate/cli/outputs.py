"""Files that a command writes under a name that a person gave: the one place where such a name is refused.

Nothing is written over but what is of the same kind: a slip of the hand in `--html` must not cost a database.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import FORMATS

_TOML = "mmed.toml"
"""Its presence makes a folder a workspace."""
_BEGINNING = 1024
"""Bytes that are looked at."""
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"%PDF-", b"<?xml", b"<svg")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _is_page(beginning: bytes) -> bool:
    return beginning.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _is_picture(beginning: bytes) -> bool:
    found = next((one for one in _PICTURES if beginning.startswith(one)), None)
    return found is not None and (found != b"<?xml" or b"<svg" in beginning or b"DOCTYPE svg" in beginning)


def _is_text(beginning: bytes) -> bool:
    return beginning.startswith(_UTF16) or b"\0" not in beginning


def _is_table(beginning: bytes) -> bool:
    return beginning.startswith(b"PK") or _is_text(beginning)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    called: str
    endings: tuple[str, ...]
    """Of its name, lower case; none: any."""


_PAGE = _Kind(called="an HTML page", endings=(".html", ".htm"))
_PICTURE = _Kind(called="a picture", endings=tuple(FORMATS))
_TEXT = _Kind(called="a text", endings=())
_TABLE = _Kind(called="a table", endings=())
_LOOKS = {_PAGE: _is_page, _PICTURE: _is_picture, _TEXT: _is_text, _TABLE: _is_table}


class OutputFile(click.Path):
    """The type of an option that names a file to write."""

    def __init__(self, kind: _Kind) -> None:
        super().__init__(path_type=Path)
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path.

        Raises:
            BadInput: it holds something of another kind, belongs to a workspace, or its name ends as no such file's.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        check_output(path, self._kind)
        return path


PAGE, PICTURE = OutputFile(_PAGE), OutputFile(_PICTURE)
TEXT, TABLE = OutputFile(_TEXT), OutputFile(_TABLE)
"""A table may be a workbook; a text is anything that is read as text."""


def check_output(path: Path, kind: _Kind = _TEXT) -> None:
    """Stop before a file is lost.

    Args:
        path: what would be written.
        kind: what it would hold.

    Raises:
        BadInput: what stands there is of another kind or a workspace's own, or the name ends as no such file's.
    """
    refuse_own(path)
    if path.is_file():
        try:
            with path.open("rb") as stream:
                beginning = stream.read(_BEGINNING)
        except OSError as error:
            raise BadInput.of(
                "cli.output_unreadable",
                f"{path} is there and cannot be looked at ({error.strerror})",
                "choose another name",
            ) from error
        if beginning and not _LOOKS[kind](beginning):
            raise BadInput.of(
                "cli.output_taken", f"{path} would be written over, and is not {kind.called}", "choose another name"
            )
    if kind.endings and path.suffix.lower() not in kind.endings:
        *others, last = kind.endings
        raise BadInput.of(
            "cli.output_ending",
            f"{path} does not end as the name of {kind.called} does",
            f"let it end in {', '.join(others)} or {last}",
        )


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Stop before anything is written where an output would take the place of an input: recordings are never changed.

    Args:
        outputs: files that a command would write; None: one that was not asked for.
        inputs: files that it reads.

    Raises:
        BadInput: two of them are one file, or an output is a workspace's own.
    """
    read = list(inputs)
    for path in outputs:
        if path is not None:
            refuse_own(path)
        same = None if path is None else next((one for one in read if one.resolve() == path.resolve()), None)
        if path is not None and same is None and path.exists():
            same = next((one for one in read if one.exists() and one.samefile(path)), None)
        if same is not None:
            raise BadInput.of(
                "cli.output_is_input", f"{path} would be written over {same}, which is read", "choose another name"
            )


def refuse_own(path: Path) -> None:
    """Stop before a workspace's own file is written over.

    Raises:
        BadInput: it is one, or lies where a workspace keeps its own.
    """
    resolved = path.resolve()
    root = next((folder for folder in resolved.parents if (folder / _TOML).is_file()), None)
    if root is None:
        return
    from mmed_curate.store.workspace import is_own  # here, because most tables need no database

    if is_own(root, resolved):
        raise BadInput.of("cli.output_own", f"{path} belongs to the workspace {root}", "choose another name")

"""What every module owes its reader, and what no tracked file may hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmed_curate.domain.codebook import load_codebook

VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "tools"}
"""Names that say nothing about what lies inside."""

ORDINARY_WORDS: dict[str, str] = {
    "other": "what remains, in any table",
    "pause": "a verb of players and machines",
    "silence": "a property of any sound",
}
"""Codes that are also plain words of the trade, and what they mean there. Everything else is refused."""

MACHINE_PATHS = re.compile("|".join(f"(?<![\\w.])/{folder}/" for folder in ("wor" + "k", "op" + "t", "roo" + "t")))
"""Absolute folders of one machine. In two halves, so that this file does not hold them itself."""

REGISTRIES = re.compile(
    "|".join(
        re.escape(host) for host in ("pypi" + ".org", "python" + "hosted", "download.py" + "torch", "anaconda" + ".org")
    )
)


def test_no_code_of_the_codebook_is_a_literal(sources: dict[Path, ast.Module]) -> None:
    book = load_codebook("mmed")
    lists = (book.classes, book.emotions, book.action_units, book.vocal_cues)
    codes = {entry.code for entries in lists for entry in entries} - set(ORDINARY_WORDS)
    found = [
        f"{path}:{node.lineno} {node.value!r}"
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in codes
    ]
    assert not found, "take these from the codebook: " + ", ".join(found)


def test_every_module_has_a_caption(sources: dict[Path, ast.Module]) -> None:
    assert not [str(path) for path, tree in sources.items() if not ast.get_docstring(tree)]


def test_what_is_public_is_explained(sources: dict[Path, ast.Module]) -> None:
    mute = [
        f"{path}: {name}"
        for path, tree in sources.items()
        for name, node in public(tree)
        if not ast.get_docstring(node)
    ]
    assert not mute, "say what these are for: " + ", ".join(mute)


def test_no_name_is_vague(tracked: tuple[Path, ...], repository: Path) -> None:
    named = [path.relative_to(repository) for path in tracked]
    assert not [str(path) for path in named if VAGUE & {Path(part).stem for part in path.parts}]


def test_nothing_is_left_undone(sources: dict[Path, ast.Module], package: Path) -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not [str(path) for path in sources if marks.search((package.parent / path).read_text(encoding="utf-8"))]


def test_libraries_log_and_only_the_command_line_prints(sources: dict[Path, ast.Module]) -> None:
    assert not [
        f"{path}:{node.lineno}"
        for path, tree in sources.items()
        if path.parts[1] != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


@pytest.mark.parametrize("sought", [MACHINE_PATHS, REGISTRIES], ids=["path of a machine", "host of a registry"])
def test_tracked_files_name_no_place(sought: re.Pattern[str], tracked: tuple[Path, ...], repository: Path) -> None:
    found = [str(path.relative_to(repository)) for path in tracked if sought.search(text_of(path))]
    assert not found


def text_of(path: Path) -> str:
    """The file as text; empty where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def public(
    tree: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Every class, function and method whose name and owners do not begin with an underscore."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public(node, f"{prefix}{node.name}.")

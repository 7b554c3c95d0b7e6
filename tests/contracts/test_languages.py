"""Every sentence of the window is there in every language, with the same values; no catalogue keeps old ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotator_gui.language import ENGLISH, languages

LANGUAGES = [code for code in languages() if code != ENGLISH]
VALUES = re.compile(r"{(\w*)}")


def said_in(path: Path) -> Iterator[str]:
    """Every literal sentence that a module hands to `words(…)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        first = node.args[0]
        if name in {"words", "_words"} and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


@pytest.fixture(scope="module")
def sentences(repository: Path) -> set[str]:
    """Everything that the window says."""
    return {one for path in (repository / "annotator_gui").glob("*.py") for one in said_in(path)}

"""Chinese on the screen: its fonts, and where its lines break. The sentences: `tests/contracts/test_languages.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtGui import QFont, QFontDatabase, QFontMetrics
from pytestqt.qtbot import QtBot

from annotator_gui.chips import in_lines
from annotator_gui.language import Words
from annotator_gui.preferences import Preferences
from annotator_gui.shell import Shell
from annotator_gui.theme import DARK, style_sheet


def test_no_font_is_forced_but_where_a_language_asks_for_one() -> None:
    """Signs that a font lacks are looked for in the system's others."""
    assert "font-family" not in style_sheet(DARK, points=10)
    both = style_sheet(DARK, points=10, families=("DejaVu Sans", "Noto Sans CJK SC"))
    assert '* { font-family: "DejaVu Sans", "Noto Sans CJK SC"; ' in both
    assert not Words("en").fonts and Words("zh-Hans").fonts


def test_the_window_takes_a_font_that_is_there(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's font first, then one of the language's; where there is none, the system chooses."""
    there = ["DejaVu Sans", "WenQuanYi Micro Hei"]
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: there)
    shell = Shell(Preferences(language="zh-Hans"), tmp_path)
    qtbot.addWidget(shell)
    assert '"WenQuanYi Micro Hei"; ' in shell.styleSheet()
    there.pop()
    shell.restyle(shell.preferences)
    assert "font-family" not in shell.styleSheet()


def test_chinese_breaks_anywhere_but_inside_brackets(qtbot: QtBot) -> None:
    """A bracket that opens ends no line, one that closes begins none."""
    metrics = QFontMetrics(QFont())
    for width in range(metrics.horizontalAdvance("嘴角收"), metrics.horizontalAdvance("嘴角收紧（酒窝）")):
        first, *others = in_lines("嘴角收紧（酒窝）", metrics, width, most=2)
        assert not first.endswith("（")
        assert not any(line.startswith("）") for line in others)

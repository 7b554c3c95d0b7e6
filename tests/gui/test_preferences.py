"""Likings are kept; a file that cannot be read stops nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator_gui.preferences import LARGEST_POINTS, Preferences, read_preferences, write_preferences


def test_likings_are_kept(tmp_path: Path) -> None:
    liked = Preferences(theme="light", points=13, language="zh-Hans", toured=True)
    write_preferences(tmp_path / "new", liked)
    assert read_preferences(tmp_path / "new") == liked


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "x"}', '{"format": "mmed-window", "version": 1, "points": "large"}']
)
def test_a_file_that_cannot_be_read_gives_the_defaults(text: str, tmp_path: Path) -> None:
    (tmp_path / "window.json").write_text(text, encoding="utf-8")
    assert read_preferences(tmp_path) == Preferences()


def test_text_stays_readable() -> None:
    assert Preferences().larger(100).points == LARGEST_POINTS

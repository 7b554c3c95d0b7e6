"""Colours and sizes, dark and light. Marks and curves are told apart by colour-blind eyes too, and by shape.

Colours of marks: Okabe & Ito 2008, "Color Universal Design". Knows no Qt: colours are `#rrggbb`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from annotator_gui.marks import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """One set of colours."""

    name: str
    window: str
    panel: str
    raised: str
    """Buttons and chips."""
    line: str
    text: str
    quiet: str
    """Text that matters less; still 4.5 : 1 against the panel (WCAG 2.1, 1.4.3)."""
    accent: str
    """What is chosen, and where the keyboard is."""
    on_accent: str
    warn: str
    onset: str
    apex: str
    offset: str
    cue: str
    motion: str
    wave: str
    pitch: str

    def of(self, mark: Mark) -> str:
        """The colour of a mark."""
        return {Mark.ONSET: self.onset, Mark.APEX: self.apex, Mark.OFFSET: self.offset}[mark]


DARK = Theme(
    name="dark",
    window="#16181d",
    panel="#1f232a",
    raised="#2c323c",
    line="#414957",
    text="#eceff4",
    quiet="#a7b0bf",
    accent="#56b4e9",
    on_accent="#0b1116",
    warn="#e69f00",
    onset="#56b4e9",
    apex="#e69f00",
    offset="#2fbf94",
    cue="#cc79a7",
    motion="#f0e442",
    wave="#8fa3bf",
    pitch="#f0e442",
)
LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    panel="#ffffff",
    raised="#e9ecf1",
    line="#bcc4d0",
    text="#161a21",
    quiet="#566070",
    accent="#0072b2",
    on_accent="#ffffff",
    warn="#a35200",
    onset="#0072b2",
    apex="#b35900",
    offset="#00795a",
    cue="#a2457a",
    motion="#7a6a00",
    wave="#56708f",
    pitch="#7a6a00",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def style_sheet(theme: Theme, *, points: int, families: Sequence[str] = ()) -> str:
    """Qt style sheet of the whole window.

    Args:
        theme: its colours.
        points: size of ordinary text.
        families: of fonts, in which each sign is looked for in this order; empty: as the system has it.
    """
    family = f"font-family: {', '.join(json.dumps(one) for one in families)}; " if families else ""
    return f"""
* {{ {family}font-size: {points}pt; color: {theme.text}; }}
QMainWindow, QDialog {{ background: {theme.window}; }}
QWidget#panel, QScrollArea, QScrollArea > QWidget > QWidget {{ background: {theme.panel}; border: none; }}
QLabel {{ background: transparent; }}
QLabel[quiet="true"] {{ color: {theme.quiet}; }}
QLabel[warn="true"] {{ color: {theme.warn}; }}
QLabel[heading="true"] {{ font-weight: 600; }}
QLabel[large="true"] {{ font-size: {points + 4}pt; font-weight: 600; }}
QPushButton, QToolButton {{
  background: {theme.raised}; border: 1px solid {theme.line}; border-radius: 4px; padding: 3px 8px; text-align: left;
}}
QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
QPushButton:checked, QToolButton:checked, QPushButton[primary="true"] {{
  background: {theme.accent}; color: {theme.on_accent}; border-color: {theme.accent};
}}
QPushButton:focus, QToolButton:focus, QLineEdit:focus, QPlainTextEdit:focus, QListWidget:focus, QTableWidget:focus {{
  border: 2px solid {theme.accent};
}}
QPushButton:disabled, QToolButton:disabled {{ color: {theme.quiet}; background: {theme.panel}; }}
QLineEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox, QListWidget, QTableWidget, QTextBrowser {{
  background: {theme.window}; border: 1px solid {theme.line}; border-radius: 4px; padding: 3px;
  selection-background-color: {theme.accent}; selection-color: {theme.on_accent};
}}
QHeaderView::section {{ background: {theme.raised}; border: none; padding: 3px 6px; }}
QTableWidget {{ gridline-color: {theme.line}; }}
QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line}; }}
QDockWidget::title {{ background: {theme.panel}; padding: 4px; }}
QGroupBox {{ border: 1px solid {theme.line}; border-radius: 4px; margin-top: 1.2em; padding: 4px; }}
QGroupBox[here="true"] {{ border: 2px solid {theme.accent}; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; color: {theme.quiet}; }}
QGroupBox[here="true"]::title {{ color: {theme.accent}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {theme.quiet}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {theme.raised}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
QStatusBar {{ background: {theme.panel}; }}
QSplitter::handle {{ background: {theme.line}; }}
"""

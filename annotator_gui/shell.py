"""The window's frame: there at once, in the coder's colours and where it was; what is heavy is put into it later."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt6.QtCore import QByteArray, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QFontDatabase, QFontInfo, QPaintEvent
from PyQt6.QtWidgets import QApplication, QLabel, QMainWindow

from annotator_gui.language import ENGLISH, Words, language_of_machine
from annotator_gui.preferences import Preferences, packed, unpacked, write_preferences
from annotator_gui.theme import THEMES, Theme, style_sheet

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says."""

    workspace: Path | None
    """None: the one that `MMED_WORKSPACE` names, or the nearest above the current folder."""
    coder: str | None
    """None: it is asked for in the window."""
    curator: bool
    practice: bool
    language: str | None
    config: Path


class Shell(QMainWindow):
    """The window's frame: there at once, filled when what is heavy has been loaded."""

    painted = pyqtSignal()
    """It was painted for the first time: a timer alone may fire before that."""

    def __init__(self, preferences: Preferences, config: Path) -> None:
        """Empty, with a word of welcome."""
        super().__init__()
        self._painted = False
        self.preferences, self.config = preferences, config
        self.words = _readable(Words(preferences.language or language_of_machine()))
        self.setWindowTitle(self.words("Annotation desk"))
        self.resize(1360, 860)
        self.restoreGeometry(QByteArray(unpacked(preferences.geometry)))
        self.say(self.words("Opening…"))
        self.restyle(preferences)

    @property
    def theme(self) -> Theme:
        """Its colours."""
        return THEMES.get(self.preferences.theme, THEMES["dark"])

    def say(self, sentence: str) -> None:
        """Show words and nothing else."""
        label = QLabel(sentence)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setProperty("large", "true")
        self.setCentralWidget(label)

    def restyle(self, preferences: Preferences) -> None:
        """Other colours or sizes, kept for the next day."""
        self.preferences = preferences
        self.setStyleSheet(style_sheet(self.theme, points=preferences.points, families=self._families()))
        write_preferences(self.config, preferences)

    def _families(self) -> tuple[str, ...]:
        """The system's font, then one that has the language's signs: else each sign may come from another one."""
        if not self.words.fonts:
            return ()  # to list all fonts takes its time
        known = set(QFontDatabase.families())
        there = next((family for family in self.words.fonts if family in known), None)
        return () if there is None else (QFontInfo(QApplication.font()).family(), there)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Tell of the first time, once all that is in it is painted too."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Keep where it was; what was typed last is kept first, and where it cannot be, the window stays once."""
        page = self.centralWidget()
        may_leave = getattr(page, "may_leave", None)
        if event is not None and may_leave is not None and not may_leave():
            event.ignore()
            return
        leave = getattr(page, "leave", None)
        if leave is not None:
            self.preferences = replace(self.preferences, layout=leave())
        geometry = packed(bytes(self.saveGeometry().data()))
        write_preferences(self.config, replace(self.preferences, geometry=geometry))
        super().closeEvent(event)


def _readable(words: Words) -> Words:
    """Words that this machine can draw: without any font for their signs, English is better than boxes."""
    if not words.fonts or QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese):
        return words
    _log.warning("no font here has the signs of %s, the window speaks English: install %s", words.code, words.fonts[0])
    return Words(ENGLISH)

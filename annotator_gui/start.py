"""What the window shows once it is loaded: the desk, the curator's view, practice, or who is sitting down."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from annotator_gui.curator import CuratorPage
from annotator_gui.dispatch import desk_page
from annotator_gui.keys import KeyMap
from annotator_gui.language import Words
from annotator_gui.practice import PracticeDesk
from annotator_gui.shell import Asked, Shell
from mmed_curate.annotation.door import coder_codes, open_desk, open_overview
from mmed_curate.domain.findings import BadInput


def page_for(shell: Shell, asked: Asked, keys: KeyMap) -> None:
    """Fill the window with what was asked for.

    Raises:
        BadInput: there is no such workspace or coder, or it cannot be opened.
    """
    if asked.curator:
        overview = partial(open_overview, asked.workspace)
        shell.setCentralWidget(CuratorPage(read=overview, words=shell.words, theme=shell.theme))
        return
    if asked.practice:
        shell.setCentralWidget(desk_page(shell, PracticeDesk, keys=keys, tour=True))
        return
    if asked.coder is not None:
        _sit_down(shell, asked, keys, asked.coder)
        return
    codes = coder_codes(asked.workspace)
    if not codes:
        raise BadInput.of(
            "gui.no_coders", "nobody is registered here", "register with `mmed coder add CODE --role ROLE`"
        )
    chooser = Chooser(codes, words=shell.words)
    chooser.chosen.connect(partial(_sit_down, shell, asked, keys))
    chooser.practised.connect(lambda: shell.setCentralWidget(desk_page(shell, PracticeDesk, keys=keys, tour=True)))
    shell.setCentralWidget(chooser)


def _sit_down(shell: Shell, asked: Asked, keys: KeyMap, code: str) -> None:
    shell.setCentralWidget(desk_page(shell, partial(open_desk, asked.workspace, code), keys=keys))


class Chooser(QWidget):
    """Who is sitting down?"""

    chosen = pyqtSignal(str)
    practised = pyqtSignal()

    def __init__(self, codes: tuple[str, ...], *, words: Words, parent: QWidget | None = None) -> None:
        """A button for each coder."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        question = QLabel(words("Who is sitting down?"))
        question.setProperty("large", "true")
        column.addWidget(question)
        for code in codes:
            button = QPushButton(code)
            button.setAccessibleName(words("Sit down as {coder}", coder=code))
            button.setMinimumWidth(240)
            button.clicked.connect(lambda _, code=code: self.chosen.emit(code))
            column.addWidget(button)
        practice = QPushButton(words("Practise on an example clip"))
        practice.setMinimumWidth(240)
        practice.clicked.connect(lambda: self.practised.emit())
        column.addSpacing(16)
        column.addWidget(practice)

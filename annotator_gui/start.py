"""What the window shows once it is loaded: the desk, the curator's view, practice, or who is sitting down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from annotator_gui.curator import CuratorPage
from annotator_gui.dispatch import desk_page
from annotator_gui.keys import KeyMap
from annotator_gui.language import Words
from annotator_gui.practice import PracticeDesk
from annotator_gui.shell import Asked, Shell
from mmed_curate.annotation.door import coder_codes, open_desk, open_overview, write_report
from mmed_curate.domain.findings import BadInput


def page_for(shell: Shell, asked: Asked, keys: KeyMap) -> None:
    """Fill the window with what was asked for.

    Raises:
        BadInput: there is no such workspace or coder, or it cannot be opened.
    """
    if asked.curator:
        read, write = partial(open_overview, asked.workspace), partial(write_report, asked.workspace)
        shell.setCentralWidget(CuratorPage(read=read, write=write, words=shell.words, theme=shell.theme))
        return
    if asked.practice:
        _practise(shell, keys)
        return
    if asked.coder is not None and shell.preferences.toured:
        _sit_down(shell, asked, keys, asked.coder)
        return
    nowhere = ""
    try:
        codes = coder_codes(asked.workspace)
    except BadInput as error:
        if asked.workspace is not None or asked.coder is not None:
            raise
        codes, nowhere = (), shell.words.finding(error.finding)
    if asked.coder is not None and asked.coder not in codes:
        _sit_down(shell, asked, keys, asked.coder)  # which says that there is none
        return
    if not codes and not nowhere:
        raise BadInput.of(
            "gui.no_coders", "nobody is registered here", "register with `mmed coder add CODE --role ROLE`"
        )
    first = asked.coder is not None
    chooser = Chooser(codes if asked.coder is None else (asked.coder,), words=shell.words, first=first, nowhere=nowhere)
    chooser.chosen.connect(partial(_sit_down, shell, asked, keys))
    chooser.practised.connect(partial(_practise, shell, keys, then=lambda: page_for(shell, asked, keys)))
    shell.setCentralWidget(chooser)


def _sit_down(shell: Shell, asked: Asked, keys: KeyMap, code: str) -> None:
    if not shell.preferences.toured:
        shell.restyle(replace(shell.preferences, toured=True))  # it was offered
    shell.setCentralWidget(desk_page(shell, partial(open_desk, asked.workspace, code), keys=keys))


def _practise(shell: Shell, keys: KeyMap, *, then: Callable[[], None] | None = None) -> None:
    page = desk_page(shell, PracticeDesk, keys=keys, tour=True)

    def go_on() -> None:
        page.leave()
        if then is not None:
            then()

    if then is not None:
        page.toured.connect(lambda: QTimer.singleShot(0, go_on))  # the page that tells of it goes
    shell.setCentralWidget(page)


class Chooser(QWidget):
    """Who is sitting down?"""

    chosen = pyqtSignal(str)
    practised = pyqtSignal()

    def __init__(
        self,
        codes: tuple[str, ...],
        *,
        words: Words,
        first: bool = False,
        nowhere: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """A button for each coder.

        Args:
            codes: of the coders.
            words: in the coder's language.
            first: a coder sits here for the first time, and is offered the tour before all else.
            nowhere: why nobody can sit down.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        question = QLabel(nowhere or words("Who is sitting down?"))
        if first:
            question.setText(words("Is this your first time here?"))
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setWordWrap(bool(nowhere))
        question.setProperty("large", "true")
        column.addWidget(question)
        practice = QPushButton(
            words("Take the guided tour on a practice clip") if first else words("Practise on an example clip")
        )
        practice.setMinimumWidth(240)
        practice.clicked.connect(lambda: self.practised.emit())
        if first:
            column.addWidget(practice)
        for code in codes:
            button = QPushButton(words("No: sit down as {coder}", coder=code) if first else code)
            button.setAccessibleName(words("Sit down as {coder}", coder=code))
            button.setMinimumWidth(240)
            button.clicked.connect(lambda _, code=code: self.chosen.emit(code))
            column.addWidget(button)
        if not first:
            column.addSpacing(16)
            column.addWidget(practice)

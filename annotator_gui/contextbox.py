"""What happened in the game round a clip, and what the player said of it; only where the protocol shows it."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from annotator_gui.language import Words
from annotator_gui.stageparts import plain
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.context import MOST_INTENSITY, ClipContext, Whose


class ContextBox(QWidget):
    """Hidden where nothing is shown."""

    def __init__(self, *, words: Words, parent: QWidget | None = None) -> None:
        """Hidden at first."""
        super().__init__(parent)
        self._words = words
        self._shown: ClipContext | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(plain(words("What happened in the game"), heading=True))
        self._body = QWidget()
        self._rows = QGridLayout(self._body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(3)
        self._rows.setColumnMinimumWidth(0, 116)
        self._rows.setColumnStretch(1, 1)
        column.addWidget(self._body)
        self.hide()

    def show_context(self, context: ClipContext | None, book: Codebook) -> None:
        """Show it, or nothing."""
        self.setVisible(context is not None)
        if context is None or context == self._shown:
            return
        self._shown = context
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, (name, said) in enumerate(self._lines(context, book)):
            self._rows.addWidget(plain(name, quiet=True), row, 0)
            self._rows.addWidget(plain(said), row, 1)

    def _lines(self, context: ClipContext, book: Codebook) -> Iterator[tuple[str, str]]:
        words = self._words
        about = (
            (words("Game"), context.game),
            (words("Stakes"), context.stakes),
            (words("How it ended"), context.outcome),
            (words("The player's role"), context.role),
            (words("For the player"), context.player_outcome),
        )
        yield from ((name, said) for name, said in about if said)
        whose = {Whose.PLAYER: words("the player"), Whose.ANOTHER: words("another player")}
        for event in context.events:
            said = ", ".join(part for part in (event.what, event.detail) if part)
            who = f" ({whose[event.whose]})" if event.whose is not None else ""
            yield words("at {seconds} s", seconds=f"{event.time_s:+.1f}"), f"{said}{who}"
        for report in context.reports:
            entry = next((one for one in book.emotions if one.code == report.emotion), None)
            felt = report.emotion if entry is None else words.label(entry)
            if report.intensity is not None:
                felt = words(
                    "{felt}, {intensity} of {most}", felt=felt, intensity=report.intensity, most=MOST_INTENSITY
                )
            quoted = f": “{report.words}”" if report.words else ""
            yield (
                words("{first} to {last} s", first=f"{report.onset_s:+.1f}", last=f"{report.offset_s:+.1f}"),
                words("the player said: {felt}", felt=felt) + quoted,
            )

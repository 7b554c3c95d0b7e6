"""Training: after each clip, what was said beside what is known, with the definition of what was seen otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtWidgets import QGridLayout, QWidget

from annotator_gui.differences import Line, codes_concerned
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.readingtable import ReadingTable, entry_of
from annotator_gui.session import View
from annotator_gui.stageparts import KeyButton, StagePanel, plain
from annotator_gui.theme import Theme
from mmed_curate.annotation import Feedback, Ticket
from mmed_curate.domain.codebook import Codebook


class FeedbackPanel(StagePanel):
    """Feedback on the clip just answered. Asks for `go-on`."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view with feedback."""
        super().__init__(words=words, theme=theme, keys=keys, parent=parent)
        self._ticket: Ticket | None = None
        self._feedback: Feedback | None = None
        column = self._column
        self._title = plain(large=True)
        column.addWidget(self._title)
        self._score = plain()
        column.addWidget(self._score)
        self.table = ReadingTable(words=words, theme=theme)
        column.addWidget(self.table)
        self._differs = plain(words("≠ and colour: here you and the known reading differ."), quiet=True)
        column.addWidget(self._differs)
        self._what = plain(words("What these mean"), heading=True)
        column.addWidget(self._what)
        self._body = QWidget()
        self._rows = QGridLayout(self._body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(10)
        self._rows.setVerticalSpacing(5)
        self._rows.setColumnMinimumWidth(0, 120)
        self._rows.setColumnStretch(1, 1)
        column.addWidget(self._body)
        column.addStretch(1)
        self.go_on_button = KeyButton(words("Go on"), key=keys.shown(Command.HAND_IN), checkable=False)
        self.go_on_button.setProperty("primary", "true")
        self.go_on_button.clicked.connect(self.go_on)
        self._foot.addWidget(self.go_on_button)

    @property
    def has_feedback(self) -> bool:
        """There is something to look at before the next clip comes."""
        return self._feedback is not None

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        super().set_theme(theme)
        self.table.set_theme(theme)

    def go_on(self) -> None:
        """Leave the feedback; the next clip may come."""
        self._feedback = None
        self.asked.emit("go-on")

    def show_view(self, view: View) -> None:
        """Keep the ticket while it is there, and draw the feedback once it is gone."""
        if view.ticket is not None:
            self._ticket = view.ticket
        if view.feedback is not None and self._ticket is not None:
            self.show_feedback(view.feedback, self._ticket)

    def show_feedback(self, feedback: Feedback, ticket: Ticket) -> None:
        """Draw feedback on a ticket that was answered."""
        self._feedback = feedback
        words = self._words
        self.table.show_readings(
            [(words("You"), feedback.said.events), (words("Known"), feedback.known.events)],
            book=ticket.codebook,
            clock=ticket.clock,
            lines=[line for line in Line if line is not Line.CONFIDENCE],  # what is known is nobody's
        )
        differs = any(event.differs for event in self.table.compared)
        self._title.setText(words("Seen otherwise: look at it once more") if differs else words("Just as it is known"))
        self._differs.setVisible(differs)
        self._score.setText("\n".join(score_words(feedback, words)))
        self._define(codes_concerned(self.table.compared) if differs else (), ticket.codebook)

    def _define(self, codes: tuple[tuple[Line, str], ...], book: Codebook) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        found = [
            (line, code, entry)
            for line, code in codes
            if line is not Line.BASIS and (entry := entry_of(line, code, book)) is not None
        ]
        for row, (line, code, entry) in enumerate(found):
            name = f"{code.upper()}  " if line is Line.ACTION_UNITS else ""
            self._rows.addWidget(plain(f"{name}{self._words.label(entry)}", heading=True), row, 0)
            self._rows.addWidget(plain(entry.definition), row, 1)
        self._what.setVisible(bool(found))
        self._body.setVisible(bool(found))


def score_words(feedback: Feedback, words: Words) -> Iterator[str]:
    """What the score of one clip comes to, in sentences."""
    score = feedback.score
    if not score.n_gold:
        yield (
            words("Nothing happens in this clip, and you marked nothing: right.")
            if not score.n_marked
            else words("Nothing happens in this clip; you marked {n}.", n=score.n_marked)
        )
        return
    yield words(
        "Events: you marked {marked}, {known} known, {matched} the same.",
        marked=score.n_marked,
        known=score.n_gold,
        matched=score.n_matched,
    )
    if not score.n_matched:
        return
    yield words("Emotion: the same in {same} of {matched}.", same=score.n_same_emotion, matched=score.n_matched)
    index = score.action_unit_index
    if index is None:
        yield words("Action units: none scored, by you or in the known reading.")
    else:
        yield words(
            "Action units: {common} in common, index {index} (1.00: all the same).",
            common=score.n_common_units,
            index=f"{index:.2f}",
        )

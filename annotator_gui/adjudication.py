"""Adjudication: what the coders saw, side by side under letters; a starting point by one key; a reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from annotator_gui import acts
from annotator_gui.contextbox import ContextBox
from annotator_gui.differences import lines_of
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.readingtable import ReadingTable, field_words
from annotator_gui.session import View
from annotator_gui.stageparts import HandIn, KeyButton, ReasonBox, StagePanel, plain
from annotator_gui.theme import Theme
from mmed_curate.annotation import LetteredReading
from mmed_curate.domain.judgements import CodedEvent
from mmed_curate.domain.protocol import Stage

_PARTICIPANTS_IN_A_ROW = 4


class AdjudicationPanel(StagePanel):
    """Readings side by side, and who settled it why. The events themselves are changed in the coding form."""

    def __init__(
        self, *, words: Words, theme: Theme, keys: KeyMap, hands_in: bool = False, parent: QWidget | None = None
    ) -> None:
        """Empty until it is shown a view.

        Args:
            words: the window's.
            theme: its colours.
            keys: its keys.
            hands_in: whether the way out is here too; the form beside it has one.
            parent: as Qt wants it.
        """
        super().__init__(words=words, theme=theme, keys=keys, parent=parent)
        self._ticket: object = None
        self._readings: tuple[LetteredReading, ...] = ()
        self._taken = -1
        self._named: tuple[str, ...] = ()
        self._hands_in = hands_in
        column = self._column
        self._returned = plain(warn=True)
        self._disputed = plain()
        column.addWidget(self._returned)
        column.addWidget(self._disputed)
        self._starts = QWidget()
        self._start_row = QHBoxLayout(self._starts)
        self._start_row.setContentsMargins(0, 0, 0, 0)
        self._start_row.setSpacing(4)
        self.start_buttons: tuple[KeyButton, ...] = ()
        column.addWidget(self._starts)
        next_key = keys.shown(Command.START_FROM)
        if next_key:
            says = words("{key}: start from the next one, then change it below.", key=next_key)
            column.addWidget(plain(says, quiet=True))
        self.table = ReadingTable(words=words, theme=theme)
        column.addWidget(self.table)
        self._legend = plain(words("≠ and colour: here they differ. What they agree on is quiet."), quiet=True)
        column.addWidget(self._legend)
        self._context = ContextBox(words=words)
        column.addWidget(self._context)
        self._who = QWidget()
        who = QGridLayout(self._who)
        who.setContentsMargins(0, 0, 0, 0)
        who.setSpacing(4)
        who.addWidget(
            plain(words("Who discussed it (you are named with them)"), heading=True), 0, 0, 1, _PARTICIPANTS_IN_A_ROW
        )
        self._who_grid = who
        self.participant_buttons: dict[str, KeyButton] = {}
        column.addWidget(self._who)
        self._reason = ReasonBox(
            title=words("Reason"), hint=words("Needed: what decides it, in a few words"), words=words
        )
        self._reason.written.connect(lambda text: self.acted.emit(acts.set_reason(text)))
        column.addWidget(self._reason)
        column.addStretch(1)
        self._hand_in = HandIn(words=words, keys=keys, parent=self)
        self._hand_in.pressed.connect(self.handed_in)
        self._hand_in.setVisible(hands_in)
        if hands_in:
            self._foot.addWidget(self._hand_in)
        else:
            self._foot.setContentsMargins(0, 0, 0, 0)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        super().set_theme(theme)
        self.table.set_theme(theme)

    def show_colleagues(self, codes: Sequence[str]) -> None:
        """Offer everyone who may have discussed it, by code."""
        if tuple(self.participant_buttons) == tuple(codes):
            return
        for button in self.participant_buttons.values():
            button.hide()
            button.deleteLater()
        self.participant_buttons = {}
        for place, code in enumerate(codes):
            button = KeyButton(code)
            button.setAccessibleName(self._words("{coder} took part", coder=code))
            button.clicked.connect(partial(self._toggle, code))
            self._who_grid.addWidget(button, 1 + place // _PARTICIPANTS_IN_A_ROW, place % _PARTICIPANTS_IN_A_ROW)
            self.participant_buttons[code] = button
        self._show_named()

    def show_view(self, view: View) -> None:
        """Draw what there is."""
        ticket = view.ticket
        if ticket is None or ticket.stage is not Stage.ADJUDICATION:
            return
        words = self._words
        if ticket.id != self._ticket:
            self._ticket, self._taken = ticket.id, -1
            self._reason.forget()
            self._offer(ticket.readings)
        self._returned.setVisible(bool(ticket.returned_because))
        self._returned.setText(
            words("Sent back at verification, because: {reason}", reason=ticket.returned_because)
            if ticket.returned_because
            else ""
        )
        names = field_words(words)
        self._disputed.setVisible(bool(ticket.disputed))
        self._disputed.setText(
            words("To be settled: {fields}", fields=words(", ").join(names[field] for field in ticket.disputed))
        )
        self.table.show_readings(
            [(reading.letter, reading.events) for reading in ticket.readings],
            book=ticket.codebook,
            clock=ticket.clock,
            lines=lines_of(ticket.fields),
            disputed=ticket.disputed,
        )
        now = tuple(event.coded() for event in view.draft.events if event.marks.span is not None)
        for reading, button in zip(self._readings, self.start_buttons, strict=True):
            whole = len(now) == len(view.draft.events)
            button.show_chosen(whole and now == reading.events and bool(now or view.draft.nothing))
        self._context.show_context(ticket.context, ticket.codebook)
        self._who.setVisible(ticket.together)
        self._named = view.draft.participants
        self._show_named()
        self._reason.show_text(view.draft.reason)
        if self._hands_in:
            self._hand_in.show_view(view)

    def start_from_next(self) -> None:
        """Take the next reading as the starting point; after the last comes the first."""
        if self._readings:
            self._start((self._taken + 1) % len(self._readings))

    def _offer(self, readings: tuple[LetteredReading, ...]) -> None:
        for button in self.start_buttons:
            button.hide()
            button.deleteLater()
        self._readings = readings
        self._by_key = {}
        buttons = []
        for place, reading in enumerate(readings):
            key = f"Alt+{reading.letter}"
            free = self._keys.command(key) is None
            button = KeyButton(self._words("Start from {letter}", letter=reading.letter), key=key if free else "")
            if free:
                # no shortcut of Qt's: that presses the button 100 ms later, after keys that came after it
                self._by_key[key.lower()] = partial(self._start, place)
            button.clicked.connect(partial(self._start, place))
            self._start_row.addWidget(button)
            buttons.append(button)
        self.start_buttons = tuple(buttons)

    def _start(self, place: int) -> None:
        self._taken = place
        events: tuple[CodedEvent, ...] = self._readings[place].events
        self.acted.emit(acts.start_from(events))

    def _toggle(self, code: str) -> None:
        left = tuple(one for one in self._named if one != code)
        self.acted.emit(acts.take_part(left if left != self._named else (*left, code)))

    def _show_named(self) -> None:
        for code, button in self.participant_buttons.items():
            button.show_chosen(code in self._named)

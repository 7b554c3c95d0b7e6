"""Screening: is this clip worth coding, and is it cut well?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import DraftEvent
from annotator_gui.keys import CODE_KEYS, Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import mark_titles, total_ms
from annotator_gui.session import View
from annotator_gui.stageparts import HandIn, KeyButton, ReasonBox, StagePanel, plain
from annotator_gui.theme import Theme
from mmed_curate.domain.judgements import CutAgain, ScreeningVerdict
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import FrameClock

_LEAST = {CutAgain.ADJUST: 1, CutAgain.SPLIT: 2}
"""Marks that a cut needs, as the answer itself wants them."""


class ScreeningPanel(StagePanel):
    """Accept or reject, with one key; what was found; how to cut again."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view."""
        super().__init__(words=words, theme=theme, keys=keys, parent=parent)
        self._ticket: object = None
        column = self._column
        column.addWidget(plain(words("Is something of the face here that is worth coding?"), large=True))
        free = iter(CODE_KEYS)
        self.accept_button = self._button(words("Yes, worth coding"), next(free), acts.screen(ScreeningVerdict.ACCEPT))
        column.addWidget(self.accept_button)
        column.addWidget(plain(words("No, because"), heading=True))
        self.reason_buttons: dict[str, KeyButton] = {}
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, reason in enumerate(reasons(words)):
            button = self._button(reason, next(free), reject_because(reason))
            self.reason_buttons[reason] = button
            grid.addWidget(button, place // 2, place % 2)
        self.other_button = KeyButton(words("Another reason…"), key=next(free))
        self.other_button.clicked.connect(self._another)
        self._by_key[self.other_button_key] = self._another
        grid.addWidget(self.other_button, len(self.reason_buttons) // 2, len(self.reason_buttons) % 2)
        column.addLayout(grid)
        self._reason = ReasonBox(
            title=words("Reason"), hint=words("Needed where you reject the clip: why, in a few words"), words=words
        )
        self._reason.written.connect(lambda text: self.acted.emit(acts.set_reason(text)))
        column.addWidget(self._reason)
        column.addWidget(plain(words("What you found"), heading=True))
        self._how = plain(quiet=True)
        self._how.setText(
            words(
                "You need not mark anything. Where the clip should be cut again, mark what you found: "
                "{onset} onset, {apex} apex, {offset} offset; {new} begins another mark.",
                onset=keys.shown(Command.MARK_ONSET),
                apex=keys.shown(Command.MARK_APEX),
                offset=keys.shown(Command.MARK_OFFSET),
                new=keys.shown(Command.NEW_EVENT),
            )
        )
        column.addWidget(self._how)
        self._found = QWidget()
        self._rows = QGridLayout(self._found)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self._rows.setColumnStretch(0, 1)
        self._listed: tuple[object, ...] = ()
        column.addWidget(self._found)
        column.addWidget(plain(words("Is it cut well?"), heading=True))
        self.adjust_button = self._button(words("Cut it again"), next(free), acts.cut_again(CutAgain.ADJUST))
        self.split_button = self._button(words("Split it"), next(free), acts.cut_again(CutAgain.SPLIT))
        both = QHBoxLayout()
        both.setSpacing(4)
        both.addWidget(self.adjust_button)
        both.addWidget(self.split_button)
        column.addLayout(both)
        self._cut = plain(quiet=True)
        column.addWidget(self._cut)
        column.addStretch(1)
        self._hand_in = HandIn(words=words, keys=keys)
        self._hand_in.pressed.connect(self.handed_in)
        self._foot.addWidget(self._hand_in)

    @property
    def other_button_key(self) -> str:
        """The key of a reason in own words."""
        return CODE_KEYS[len(self.reason_buttons) + 1]

    def show_view(self, view: View) -> None:
        """Draw what there is."""
        ticket = view.ticket
        if ticket is None or ticket.stage is not Stage.SCREENING:
            return
        if ticket.id != self._ticket:
            self._ticket = ticket.id
            self._reason.forget()
        draft = view.draft
        rejects = draft.screening is ScreeningVerdict.REJECT
        self.accept_button.show_chosen(draft.screening is ScreeningVerdict.ACCEPT)
        for reason, button in self.reason_buttons.items():
            button.show_chosen(rejects and draft.reason == reason)
        self.other_button.show_chosen(rejects and draft.reason not in self.reason_buttons)
        self._reason.show_text(draft.reason)
        self._list(draft.events, draft.selected, ticket.clock)
        self.adjust_button.show_chosen(draft.cut_again is CutAgain.ADJUST)
        self.split_button.show_chosen(draft.cut_again is CutAgain.SPLIT)
        whole = sum(event.marks.span is not None for event in draft.events)
        for how, button in ((CutAgain.ADJUST, self.adjust_button), (CutAgain.SPLIT, self.split_button)):
            button.setEnabled(draft.cut_again is how or whole >= _LEAST[how])
        self._cut.setText(self._cut_words(draft.cut_again, whole))
        self._hand_in.show_view(view)

    def _button(self, text: str, key: str, act: Act) -> KeyButton:
        button = KeyButton(text, key=key)
        button.clicked.connect(lambda: self.acted.emit(act))
        self._by_key[key] = lambda: self.acted.emit(act) if button.isEnabled() else None
        return button

    def _another(self) -> None:
        self.acted.emit(acts.screen(ScreeningVerdict.REJECT))
        self._reason.begin()

    def _cut_words(self, how: CutAgain | None, n_marked: int) -> str:
        words = self._words
        if how is CutAgain.ADJUST:
            return words("It will be cut again: one clip round all that you marked, with new context on each side.")
        if how is CutAgain.SPLIT:
            return words("It will be split: one clip round each of your {n} marks.", n=n_marked)
        if not n_marked:
            return words("As it is. To have it cut again, mark one thing; to have it split, mark two.")
        if n_marked == 1:
            return words("As it is. Cut it again where an event runs out of it; to have it split, mark another one.")
        return words("As it is. Cut it again where an event runs out of it, split it where two should be judged apart.")

    def _list(self, events: Sequence[DraftEvent], selected: int | None, clock: FrameClock) -> None:
        now = (tuple(event.marks for event in events), selected, clock)
        if now == self._listed:
            return
        self._listed = now
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, event in enumerate(events):
            row = KeyButton(f"{place + 1}.  {self._span_words(event, clock)}")
            row.show_chosen(place == selected)
            row.clicked.connect(partial(self.chosen.emit, place))
            away = KeyButton(self._words("Remove"), checkable=False)
            away.setAccessibleName(self._words("Remove mark {number}", number=place + 1))
            away.clicked.connect(lambda _, place=place: self.acted.emit(acts.remove_event_at(place)))
            self._rows.addWidget(row, place, 0)
            self._rows.addWidget(away, place, 1)
        self._found.setVisible(bool(events))

    def _span_words(self, event: DraftEvent, clock: FrameClock) -> str:
        span = event.marks.span
        if span is not None:
            return self._words(
                "frames {onset} to {offset}, {ms} ms",
                onset=span.onset,
                offset=span.offset,
                ms=total_ms(span, clock),
            )
        names = mark_titles(self._words)
        lacking = self._words(", ").join(names[mark] for mark in event.marks.missing)
        return self._words("still without: {marks}", marks=lacking)


def reasons(words: Words) -> tuple[str, ...]:
    """Common reasons to reject a clip, as they are offered and kept."""
    return (
        words("Nothing happens"),
        words("Face hidden"),
        words("Blink only"),
        words("Speech only"),
        words("Not this face"),
    )


def reject_because(reason: str) -> Act:
    """Reject a clip for a reason that stands ready."""
    return acts.together("reject", acts.screen(ScreeningVerdict.REJECT), acts.set_reason(reason))

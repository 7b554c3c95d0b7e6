"""Verification: does the reading stand? Accept it, send it back, or reject the clip."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PyQt6.QtWidgets import QWidget

from annotator_gui import acts
from annotator_gui.contextbox import ContextBox
from annotator_gui.differences import Line
from annotator_gui.keys import CODE_KEYS, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.readingtable import ReadingTable, field_words
from annotator_gui.session import View
from annotator_gui.stageparts import HandIn, KeyButton, ReasonBox, StagePanel, plain
from annotator_gui.theme import Theme
from mmed_curate.annotation import Ticket
from mmed_curate.domain.judgements import SettlingRule, VerificationVerdict
from mmed_curate.domain.protocol import AnswerField, Stage


class VerificationPanel(StagePanel):
    """The events as they would stand, and three verdicts, each by one key."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view."""
        super().__init__(words=words, theme=theme, keys=keys, parent=parent)
        self._ticket: object = None
        column = self._column
        column.addWidget(plain(words("Does this reading stand?"), large=True))
        self._round = plain(quiet=True)
        column.addWidget(self._round)
        self.table = ReadingTable(words=words, theme=theme)
        column.addWidget(self.table)
        self._how = plain(quiet=True)
        column.addWidget(self._how)
        self._context = ContextBox(words=words)
        column.addWidget(self._context)
        column.addWidget(plain(words("Your verdict"), heading=True))
        said = (
            (VerificationVerdict.ACCEPT, words("Accept: it stands as it is")),
            (VerificationVerdict.SEND_BACK, words("Send back: adjudicate it again")),
            (VerificationVerdict.REJECT, words("Reject: leave the clip out")),
        )
        self.verdict_buttons: dict[VerificationVerdict, KeyButton] = {}
        for key, (verdict, text) in zip(CODE_KEYS, said, strict=False):
            button = KeyButton(text, key=key)
            button.clicked.connect(partial(self._say, verdict))
            self._by_key[key] = partial(self._say, verdict)
            self.verdict_buttons[verdict] = button
            column.addWidget(button)
        self._reason = ReasonBox(
            title=words("Reason"), hint=words("Needed where you send it back or reject it"), words=words
        )
        self._reason.written.connect(lambda text: self.acted.emit(acts.set_reason(text)))
        column.addWidget(self._reason)
        column.addStretch(1)
        self._hand_in = HandIn(words=words, keys=keys)
        self._hand_in.pressed.connect(self.handed_in)
        self._foot.addWidget(self._hand_in)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        super().set_theme(theme)
        self.table.set_theme(theme)

    def show_view(self, view: View) -> None:
        """Draw what there is."""
        ticket = view.ticket
        if ticket is None or ticket.stage is not Stage.VERIFICATION:
            return
        words = self._words
        if ticket.id != self._ticket:
            self._ticket = ticket.id
            self._reason.forget()
        n_events = len(ticket.proposed)
        counted = (
            words("Nothing happens in this clip, it says.")
            if not n_events
            else words("One event.")
            if n_events == 1
            else words("{n} events.", n=n_events)
        )
        again = words("It was sent back before: this is round {n}.", n=ticket.round) if ticket.round > 1 else ""
        self._round.setText(f"{counted} {again}".strip())
        self.table.show_readings(
            [(words("Proposed"), ticket.proposed), *((one.letter, one.events) for one in ticket.readings)],
            book=ticket.codebook,
            clock=ticket.clock,
            lines=[line for line in Line if line is not Line.CONFIDENCE],  # nobody's: it was settled
        )
        self._how.setText("\n".join(how_words(ticket, words)))
        self._context.show_context(ticket.context, ticket.codebook)
        for verdict, button in self.verdict_buttons.items():
            button.show_chosen(view.draft.verification is verdict)
        self._reason.show_text(view.draft.reason)
        self._hand_in.show_view(view)

    def _say(self, verdict: VerificationVerdict) -> None:
        self.acted.emit(acts.verify(verdict))
        if verdict is not VerificationVerdict.ACCEPT:
            self._reason.begin()


def how_words(ticket: Ticket, words: Words) -> Iterator[str]:
    """How each proposed event came to stand, a line each."""
    rules = {
        SettlingRule.MAJORITY: words("most coders said so"),
        SettlingRule.MEDIAN: words("the coders' marks lie close, their median stands"),
        SettlingRule.ADJUDICATED: words("the adjudicator's word"),
    }
    names = field_words(words)
    for number, event in enumerate(ticket.how, 1):
        by_rule: dict[SettlingRule, list[str]] = {}
        for field, rule in event.items():
            name = names[AnswerField.SPAN] if field in _MARKS else names[AnswerField(field)]
            said = by_rule.setdefault(rule, [])
            if name not in said:
                said.append(name)
        told = "; ".join(f"{', '.join(fields)}: {rules[rule]}" for rule, fields in by_rule.items())
        yield words("Event {number}: {how}", number=number, how=told)


_MARKS = frozenset(mark.value for mark in Mark)

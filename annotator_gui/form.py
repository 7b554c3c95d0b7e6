"""The coding form, drawn from the codebook: marks, codes and words of the selected event, and what is still open.

It draws what a view says and tells what a person wants; it holds no rules. What is chosen is shown once it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.chips import Painted
from annotator_gui.codesearch import CodeSearch
from annotator_gui.draft import EMPTY, Draft
from annotator_gui.eventbar import EventBar
from annotator_gui.fieldcolumn import FieldColumn
from annotator_gui.fields import (
    Choice,
    Field,
    act_of,
    after,
    after_choice,
    beside,
    chosen,
    cue_range,
    event_of,
    field_of,
    open_groups,
)
from annotator_gui.formwords import called, hint
from annotator_gui.handingin import HandingIn
from annotator_gui.keys import DEFAULT_KEYS, Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import Range
from annotator_gui.session import ALL, Part, View
from annotator_gui.texts import SmallText
from annotator_gui.theme import Theme
from annotator_gui.writing import Writing
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.judgements import Intensity, Side

_INTENSITY_OF: Mapping[Command, Intensity] = {
    Command.INTENSITY_A: Intensity.A,
    Command.INTENSITY_B: Intensity.B,
    Command.INTENSITY_C: Intensity.C,
    Command.INTENSITY_D: Intensity.D,
    Command.INTENSITY_E: Intensity.E,
}
_SIDE_OF: Mapping[Command, Side] = {
    Command.SIDE_LEFT: Side.LEFT,
    Command.SIDE_RIGHT: Side.RIGHT,
    Command.SIDE_BOTH: Side.BOTH,
}


class Form(QWidget):
    """Where a coder codes."""

    acted = pyqtSignal(object)
    """An Act to be done."""
    selected = pyqtSignal(int)
    """Place of the event that acts shall go to."""
    handed_in = pyqtSignal()
    """Hand in what is there."""
    reopened = pyqtSignal()
    """Let the movement be changed once more."""
    asked = pyqtSignal(str)
    """Value of a Command that the window does."""
    frame_asked = pyqtSignal(int)
    """Go to this frame."""
    hearing_asked = pyqtSignal(int, int)
    """Play these frames once at full speed, both inside."""
    field_changed = pyqtSignal(str)
    """Value of the Field in hand; empty: none."""

    def __init__(
        self, *, words: Words, theme: Theme, keys: KeyMap = DEFAULT_KEYS, parent: QWidget | None = None
    ) -> None:
        """Empty until it is shown a view."""
        super().__init__(parent)
        self._words, self._theme, self._keys = words, theme, keys
        self._view = View(ticket=None)
        self._ahead: Draft = EMPTY
        """The draft as it will be once the acts under way are done: quick fingers are faster than disks."""
        self._n_begun = 0
        """Events begun here that are not shown yet."""
        self._led_from: Field | None = None
        """The field of the first choice that is under way; where it is refused, that field is in hand again."""
        self._field: Field | None = None
        self._unit: str | None = None
        """Action unit to which keys for side and intensity go."""
        self._cue: int | None = None
        """Vocal cue to which keys for whose it is go."""
        self._range: Range | None = None
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(words("Coding form"))
        self.setMinimumWidth(360)
        self._lay_out()
        self._show_all()

    # what the window calls

    def show_view(self, view: View, changed: frozenset[Part] = ALL, *, under_way: Sequence[Act] = ()) -> None:
        """Draw what a view says.

        Args:
            view: everything that may be shown.
            changed: what of it is other than before.
            under_way: acts that were asked for since, and are not done yet.
        """
        before, self._view = self._view, view
        ticket = view.ticket
        self._look_ahead(under_way)
        other = before.ticket is None or ticket is None or before.ticket.id != ticket.id
        if other:
            self._field, self._unit, self._cue, self._range = None, None, None, None
            self._note.begin(view.draft.note)
            self._search.clear()
        if ticket is not None:
            self._column.build(ticket)
        if before.movement_given and not view.movement_given:
            self._field = None  # opened again, to be changed
        turned = other or before.ticket is not ticket or before.movement_given != view.movement_given
        if turned:
            self._show_all()
        elif changed & {Part.EVENTS, Part.TICKET}:
            if len(view.draft.events) > len(before.draft.events) and before.draft.events:
                if self._n_begun:  # by a key here: its first field was in hand at once, and may be done by now
                    self._n_begun -= 1
                else:
                    self._field = None  # a new event begins at its first field
            self._show_events()
        if turned or changed & {Part.WORDS, Part.TICKET}:
            self._note.show_text(view.draft.note)
        if turned or before.missing != view.missing or changed & {Part.EVENTS}:
            self._show_open()
        if not under_way:
            self._led_from, self._n_begun = None, 0

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        for widget in self.findChildren(QWidget):
            if isinstance(widget, Painted):
                widget.set_theme(theme)

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys of commands."""
        self._keys = keys
        for part in (self._search, self._bar, self._column, self._foot):
            part.set_keys(keys)
        self._show_all()

    def set_range(self, selection: Range | None) -> None:
        """Frames that are selected on the timeline: a vocal cue is put there. None: nothing is selected."""
        self._range = selection

    def press(self, key: str) -> bool:
        """Choose the code with this key in the field in hand; False: no code has it."""
        choice = self._column.choice(self._field, key)
        if choice is None or self._field not in self._taking():
            return False
        self._choose(choice)
        return True

    def command(self, command: Command) -> bool:
        """Do what a command asks of the form; False: it is none of the form's."""
        if self._view.ticket is None:
            return False
        if command in _INTENSITY_OF:
            self._score(self._unit, _INTENSITY_OF[command])
            return True
        if command in _SIDE_OF:
            self._score(self._unit, _SIDE_OF[command])
            return True
        do: Mapping[Command, Callable[[], None]] = {
            Command.NEXT_FIELD: partial(self._go, 1),
            Command.PREVIOUS_FIELD: partial(self._go, -1),
            Command.SEARCH: self.search,
            Command.NOTE: partial(self.take_in_hand, Field.NOTE),
            Command.NEW_EVENT: lambda: self._do(acts.new_event()),
            Command.REMOVE_EVENT: lambda: self._do(acts.remove_event()),
            Command.NEXT_EVENT: self._next_event,
            Command.NOTHING: lambda: self._do(acts.nothing()),
            Command.HAND_IN: self._hand_in,
            Command.REOPEN: self.reopened.emit,
        }
        if command not in do or (command is Command.NOTE and Field.NOTE not in self._taking()):
            return False
        do[command]()
        return True

    def flush(self) -> None:
        """Tell of letters not told yet; to be called before anything that leaves the ticket, or undoes."""
        self._note.flush()

    def act_failed(self, *, under_way: Sequence[Act] = ()) -> None:
        """An act was refused: what is shown is what is kept, and the field whose code was refused is in hand again."""
        self._look_ahead(under_way)
        self._note.not_kept()
        if self._led_from is not None and self._led_from in self._taking():
            self._take(self._led_from)
        self._led_from, self._n_begun = None, 0

    @property
    def field(self) -> Field | None:
        """The field in hand; None: nothing takes anything."""
        return self._field

    @property
    def typing(self) -> bool:
        """The keyboard is in a field for words or numbers: keys are text."""
        window = self.window()
        there = window.focusWidget() if window is not None else None
        writes = isinstance(there, (QLineEdit, QPlainTextEdit, QAbstractSpinBox))
        return writes and self.isAncestorOf(there)

    def take_in_hand(self, field: Field) -> None:
        """Let keys go to a field; nothing where it takes none."""
        if field not in self._taking():
            return
        self._take(field)
        if field is Field.NOTE:
            self._note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def search(self) -> None:
        """Let the next letters look for codes."""
        self._search.begin()

    def _look_ahead(self, under_way: Sequence[Act]) -> None:
        self._ahead = self._view.draft
        ticket = self._view.ticket
        if ticket is not None:
            for act in under_way:
                self._ahead = after(act, self._ahead, ticket)

    # laid out once

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(5)
        self._search = CodeSearch(words=self._words, keys=self._keys, among=self._searched)
        self._search.taken.connect(self._choose)
        self._search.pointed.connect(self._mean)
        self._search.left.connect(self._come_home)
        column.addWidget(self._search)
        self._bar = EventBar(words=self._words, theme=self._theme, keys=self._keys)
        self._bar.selected.connect(self.selected)
        self._bar.asked.connect(self.command)
        self._bar.left.connect(self._come_home)
        column.addWidget(self._bar)

        self._note = Writing()
        self._note.setAccessibleName(self._words("Note"))
        self._note.written.connect(self._written)
        self._note.passed.connect(self._go)
        self._note.left.connect(self._come_home)
        self._column = FieldColumn(words=self._words, theme=self._theme, keys=self._keys, note=self._note)
        self._column.acted.connect(self._do)
        self._column.chosen.connect(self._clicked)
        self._column.pointed.connect(self._pointed)
        self._column.scored.connect(self._score)
        self._column.cue_taken.connect(self._take_cue)
        self._column.field_asked.connect(self.take_in_hand)
        self._column.mark_asked.connect(self.asked)
        self._column.frame_asked.connect(self.frame_asked)
        self._column.hearing_asked.connect(self.hearing_asked)
        self._column.reopened.connect(self.reopened)
        self._column.left.connect(self._come_home)
        column.addWidget(self._column, 1)
        self._meaning = SmallText(theme=self._theme, lines=3)
        column.addWidget(self._meaning)
        self._foot = HandingIn(words=self._words, theme=self._theme, keys=self._keys)
        self._foot.to_mend.connect(self._mend)
        self._foot.handed_in.connect(self._hand_in)
        self._foot.left.connect(self._come_home)
        column.addWidget(self._foot)

    def _come_home(self) -> None:
        """The keyboard comes back to the codes."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # drawn by part

    def _show_all(self) -> None:
        view, ticket = self._view, self._view.ticket
        for part in (self._search, self._bar, self._column, self._meaning, self._foot):
            part.setVisible(ticket is not None)
        self._column.show_asked(view, self._taking())
        self._show_events()
        self._show_open()

    def _show_events(self) -> None:
        view, ticket = self._view, self._view.ticket
        if ticket is None:
            return
        draft = view.draft
        self._bar.setVisible(bool(draft.events) or not view.movement_given)
        self._bar.show_events(draft, ticket.clock, locked=view.movement_given)
        ahead = self._ahead.event  # keys pressed meanwhile go to what is on its way already
        units = ahead.action_units if ahead is not None else ()
        if self._unit not in {one.code for one in units}:
            self._unit = units[-1].code if units else None
        n_cues = len(ahead.vocal_cues) if ahead is not None else 0
        if self._cue is None or self._cue >= n_cues:
            self._cue = n_cues - 1 if n_cues else None
        taking = self._taking()
        shown = 0 if draft.event is None else len(draft.event.vocal_cues)
        cue = self._cue if self._cue is not None and self._cue < shown else None
        self._column.show_event(view, taking, unit=self._unit, cue=cue)
        if self._field not in taking:
            self._take(taking[0] if taking else None)

    def _show_open(self) -> None:
        """What keeps the answer from being handed in, and where it is mended."""
        view, ticket = self._view, self._view.ticket
        if ticket is None:
            return
        if self._foot.show_open(view.missing, ticket):
            self._column.bring()  # there is another room for it now
        self._column.show_open(view)
        if view.draft.event is not None:
            self._column.show_cues(view, cue=self._cue)

    # what a person does

    def _choose(self, choice: Choice) -> None:
        ticket = self._view.ticket
        if ticket is None:
            return
        before = self._ahead
        act = act_of(choice, before, heard_in=cue_range(self._range, before.event, ticket.clock), cue=self._cue)
        if act is None:
            return
        self._ahead = after(act, before, ticket)
        event = self._ahead.event
        field = choice.field
        if field is Field.ACTION_UNITS:
            scored = [one.code for one in event.action_units] if event is not None else []
            self._unit = choice.code if choice.code in scored else next(reversed(scored), None)
        if field is Field.VOCAL_CUES and event is not None:
            self._cue = len(event.vocal_cues) - 1
        leads = choice.code in chosen(field, event, cue=self._cue)
        taking = self._taking()
        if leads:
            field = after_choice(field, taking, event, with_sound=ticket.sound is not None)
        self._led_from = self._led_from or choice.field
        self._take(field)
        self._mean(choice)
        self.acted.emit(act)

    def _clicked(self, choice: Choice) -> None:
        if choice.field in self._taking():
            self._choose(choice)

    def _score(self, code: str | None, value: Side | Intensity) -> None:
        if code is None or self._view.movement_given:
            return
        self._unit = code
        if isinstance(value, Side):
            self._do(acts.set_unit(code, side=value))
        else:
            self._do(acts.set_unit(code, intensity=value))

    def _take_cue(self, place: int) -> None:
        self._cue = place
        self._show_events()

    def _do(self, act: Act) -> None:
        if self._view.ticket is not None:
            before = self._ahead
            self._ahead = after(act, before, self._view.ticket)
            if before.events and len(self._ahead.events) > len(before.events):
                self._n_begun += 1
                taking = self._taking()
                self._unit, self._cue = None, None
                self._take(taking[0] if taking else None)
            self.acted.emit(act)

    def _written(self, text: str) -> None:
        self._do(acts.set_note(text))

    def _hand_in(self) -> None:
        self._note.flush()
        self.handed_in.emit()

    def _next_event(self) -> None:
        draft = self._ahead
        if len(draft.events) > 1 and draft.selected is not None:
            place = (draft.selected + 1) % len(draft.events)
            units = draft.events[place].action_units
            self._ahead, self._unit = replace(draft, selected=place), units[-1].code if units else None
            self.selected.emit(place)

    def _mend(self, finding: Finding) -> None:
        """Go to where an open thing is mended."""
        event, field = event_of(finding), field_of(finding)
        if event is not None and event != self._view.draft.selected:
            self.selected.emit(event)
        if field is Field.SPAN:
            self._column.bring_marks()
        elif field is Field.NOTE and field not in self._taking():
            self.asked.emit(Command.NOTE.value)  # a reason is written elsewhere
        elif field is not None:
            self.take_in_hand(field)

    # the field in hand

    def _taking(self) -> tuple[Field, ...]:
        ticket = self._view.ticket
        if ticket is None:
            return ()
        return open_groups(ticket, self._ahead, movement_given=self._view.movement_given)

    def _go(self, by: int) -> None:
        field = beside(self._field, self._taking(), by)
        if field is not None:
            self.take_in_hand(field)
        self._search.clear()
        if field is not Field.NOTE and self.typing:
            self._come_home()

    def _take(self, field: Field | None) -> None:
        if field is self._field:
            return
        self._field = field
        self._column.show_here(field)
        self._meaning.say(hint(field, self._words, self._keys))
        self.field_changed.emit(field.value if field is not None else "")

    # words

    def _searched(self) -> tuple[Sequence[Choice], Field | None]:
        """The codes that can be chosen now, and the field in hand."""
        return self._column.offered(self._taking()), self._field

    def _mean(self, choice: Choice) -> None:
        self._meaning.say(f"{called(choice, self._words)}: {choice.entry.definition}")

    def _pointed(self, choice: Choice, came: bool) -> None:
        if came:
            self._mean(choice)
        else:
            self._meaning.say(hint(self._field, self._words, self._keys))

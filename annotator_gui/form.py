"""The coding form, drawn from the codebook: marks, codes and words of the selected event, and what is still open.

It draws what a view says and tells what a person wants; it holds no rules. What is chosen is shown once it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.boxes import ChoiceBox, FieldBox
from annotator_gui.chips import Painted, SmallText
from annotator_gui.codesearch import CodeSearch
from annotator_gui.cuebox import CueBox
from annotator_gui.draft import EMPTY, Draft, DraftEvent
from annotator_gui.eventbar import EventBar
from annotator_gui.fields import (
    Choice,
    Field,
    Range,
    act_of,
    after,
    after_choice,
    beside,
    choices,
    chosen,
    cue_range,
    event_of,
    field_of,
    groups,
    not_heard,
    open_groups,
    says_nothing,
    title,
)
from annotator_gui.formwords import called, hint, tag_of
from annotator_gui.handingin import HandingIn
from annotator_gui.keys import DEFAULT_KEYS, Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.movementbox import LockedBox, MarkBox
from annotator_gui.session import ALL, Part, View
from annotator_gui.theme import Theme
from annotator_gui.unitbox import UnitBox
from annotator_gui.writing import Writing
from mmed_curate.annotation import Ticket
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
        self._built_for: tuple[object, ...] = ()
        self._boxes: dict[Field, FieldBox] = {}
        self._field: Field | None = None
        self._unit: str | None = None
        """Action unit to which keys for side and intensity go."""
        self._cue: int | None = None
        """Vocal cue to which keys for whose it is go."""
        self._range: Range | None = None
        self._bringing = QTimer(self)
        """Once everything has its place."""
        self._bringing.setSingleShot(True)
        self._bringing.setInterval(0)
        self._bringing.timeout.connect(self._bring)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(words("Coding form"))
        self.setMinimumWidth(360)
        self._lay_out()
        self._show_all()

    # what the window calls

    def show_view(self, view: View, changed: frozenset[Part] = ALL) -> None:
        """Draw what a view says.

        Args:
            view: everything that may be shown.
            changed: what of it is other than before.
        """
        before, self._view, self._ahead = self._view, view, view.draft
        ticket = view.ticket
        other = before.ticket is None or ticket is None or before.ticket.id != ticket.id
        if other:
            self._field, self._unit, self._cue, self._range = None, None, None, None
            self._note.begin(view.draft.note)
            self._search.clear()
        if ticket is not None:
            shape = self._shape(ticket)
            if shape != self._built_for:
                self._build(ticket)
                self._built_for = shape
        if before.movement_given and not view.movement_given:
            self._field = None  # opened again, to be changed
        turned = other or before.ticket is not ticket or before.movement_given != view.movement_given
        if turned:
            self._show_all()
        elif changed & {Part.EVENTS, Part.TICKET}:
            if len(view.draft.events) > len(before.draft.events) and before.draft.events:
                self._field = None  # a new event begins at its first field
            self._show_events()
        if turned or changed & {Part.WORDS, Part.TICKET}:
            self._note.show_text(view.draft.note)
        if turned or before.missing != view.missing or changed & {Part.EVENTS}:
            self._show_open()

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        for widget in self.findChildren(QWidget):
            if isinstance(widget, Painted):
                widget.set_theme(theme)

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys of commands."""
        self._keys = keys
        for part in (self._search, self._bar, self._marks_box, self._locked_box, self._foot):
            part.set_keys(keys)
        if isinstance(units := self._boxes.get(Field.ACTION_UNITS), UnitBox):
            units.set_keys(keys)
        self._show_all()

    def set_range(self, selection: Range | None) -> None:
        """Frames that are selected on the timeline: a vocal cue is put there. None: nothing is selected."""
        self._range = selection

    def press(self, key: str) -> bool:
        """Choose the code with this key in the field in hand; False: no code has it."""
        box = self._boxes.get(self._field) if self._field is not None else None
        choice = box.choice(key) if isinstance(box, ChoiceBox) else None
        if choice is None or self._field not in self._taking():
            return False
        self._choose(choice)
        return True

    def command(self, command: Command) -> bool:
        """Do what a command asks of the form; False: it is none of the form's."""
        if self._view.ticket is None:
            return False
        if command in _INTENSITY_OF:
            self._score(self._unit, intensity=_INTENSITY_OF[command])
            return True
        if command in _SIDE_OF:
            self._score(self._unit, side=_SIDE_OF[command])
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

    def act_failed(self) -> None:
        """The last act was refused: what is shown is what is kept."""
        self._ahead = self._view.draft
        self._note.not_kept()

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

        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(0, 0, 2, 0)
        self._inside.setSpacing(7)
        self._scroll.setWidget(inside)
        column.addWidget(self._scroll, 1)

        self._marks_box = MarkBox(words=self._words, theme=self._theme, keys=self._keys)
        self._marks_box.to_set.connect(self.asked)
        self._marks_box.to_go.connect(self.frame_asked)
        self._locked_box = LockedBox(words=self._words, theme=self._theme, keys=self._keys)
        self._locked_box.reopened.connect(self.reopened)
        self._waiting_box = FieldBox(name=self._words("After the movement"), theme=self._theme)
        self._waiting_text = SmallText(theme=self._theme)
        self._waiting_box.body.addWidget(self._waiting_text)
        self._note = Writing()
        self._note.setAccessibleName(self._words("Note"))
        self._note.written.connect(self._written)
        self._note.passed.connect(self._go)
        self._note.left.connect(self._come_home)

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

    # built anew only where the codebook or what is asked is another

    def _shape(self, ticket: Ticket) -> tuple[object, ...]:
        return (ticket.codebook, ticket.fields + ticket.later_fields, acts.selectable_bases(ticket), ticket.disputed)

    def _build(self, ticket: Ticket) -> None:
        while self._inside.count():
            item = self._inside.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
        self._note.setParent(self)
        self._note.hide()
        for box in self._boxes.values():
            box.setParent(None)
            box.deleteLater()
        self._boxes = {}
        asked = groups(ticket.fields + ticket.later_fields, ticket.codebook)
        if Field.SPAN in asked:
            self._inside.addWidget(self._marks_box)
        self._inside.addWidget(self._locked_box)
        for field in asked:
            if field is Field.SPAN:
                continue
            box = self._note_box() if field is Field.NOTE else self._choice_box(field, ticket)
            box.asked.connect(partial(self.take_in_hand, field))
            self._boxes[field] = box
            self._inside.addWidget(box)
        self._inside.addWidget(self._waiting_box)
        self._inside.addStretch(1)

    def _note_box(self) -> FieldBox:
        box = FieldBox(name=title(Field.NOTE, self._words), theme=self._theme)
        box.body.addWidget(self._note)
        self._note.show()
        return box

    def _choice_box(self, field: Field, ticket: Ticket) -> ChoiceBox:
        words, theme, offered = self._words, self._theme, choices(field, ticket)
        box: ChoiceBox
        if field is Field.ACTION_UNITS:
            regions = ticket.codebook.regions
            box = units = UnitBox(offered=offered, regions=regions, words=words, theme=theme, keys=self._keys)
            units.side_asked.connect(lambda code, side: self._score(code, side=side))
            units.intensity_asked.connect(lambda code, intensity: self._score(code, intensity=intensity))
            units.removed.connect(lambda code: self._do(acts.toggle_unit(code)))
        elif field is Field.VOCAL_CUES:
            box = cues = CueBox(offered=offered, words=words, theme=theme)
            cues.acted.connect(self._do)
            cues.taken.connect(self._take_cue)
            cues.to_hear.connect(self.hearing_asked)
            cues.left.connect(self._come_home)
        else:
            box = ChoiceBox(field=field, offered=offered, words=words, theme=theme)
        box.chosen.connect(self._clicked)
        box.pointed.connect(self._pointed)
        return box

    # drawn by part

    def _show_all(self) -> None:
        view, ticket = self._view, self._view.ticket
        for part in (self._search, self._bar, self._scroll, self._meaning, self._foot):
            part.setVisible(ticket is not None)
        given = view.movement_given
        self._locked_box.setVisible(given)
        self._marks_box.allow(not given)
        if ticket is not None:
            taking, shown = self._taking(), groups(ticket.fields, ticket.codebook)
            for field, box in self._boxes.items():
                # whose a cue is stays: a box that comes and goes would move all below it
                visible = field in taking
                if box.isVisibleTo(self) != visible:
                    box.setVisible(visible)
            self._marks_box.setVisible(Field.SPAN in shown and not (given and view.draft.nothing))
            waiting = [one for one in groups(ticket.later_fields, ticket.codebook) if one is not Field.CUE_OWNERS]
            self._waiting_box.setVisible(bool(waiting))
            if waiting:
                names = self._words(", ").join(title(one, self._words) for one in waiting)
                self._waiting_text.say(
                    self._words(
                        "{fields} open once the movement is handed in: what is seen comes before what it means.",
                        fields=names,
                    )
                )
        self._show_events()
        self._show_open()

    def _show_events(self) -> None:
        view, ticket = self._view, self._view.ticket
        if ticket is None:
            return
        draft, event = view.draft, view.draft.event
        self._bar.setVisible(bool(draft.events) or not view.movement_given)
        self._bar.show_events(draft, ticket.clock, locked=view.movement_given)
        self._marks_box.show_marks(event, ticket.clock)
        units = event.action_units if event is not None else ()
        if self._unit not in {one.code for one in units}:
            self._unit = units[-1].code if units else None
        n_cues = len(event.vocal_cues) if event is not None else 0
        if self._cue is None or self._cue >= n_cues:
            self._cue = n_cues - 1 if n_cues else None
        for field, box in self._boxes.items():
            if isinstance(box, UnitBox):
                box.show_units(units, here=self._unit)
            elif isinstance(box, ChoiceBox):
                codes = chosen(field, event, cue=self._cue)
                box.show_chosen(codes | says_nothing(box.offered) if draft.nothing else codes)
        self._show_cues(event, ticket)
        owners = self._boxes.get(Field.CUE_OWNERS)
        if owners is not None and owners.isVisibleTo(self) != (Field.CUE_OWNERS in self._taking()):
            owners.setVisible(Field.CUE_OWNERS in self._taking())
        if view.movement_given:
            self._locked_box.show_event(event, ticket.codebook)
        taking = self._taking()
        if self._field not in taking:
            self._take(taking[0] if taking else None)

    def _show_cues(self, event: DraftEvent | None, ticket: Ticket) -> None:
        box = self._boxes.get(Field.VOCAL_CUES)
        if isinstance(box, CueBox):
            box.show_cues(
                event.vocal_cues if event is not None else (),
                book=ticket.codebook,
                last=ticket.clock.last_frame,
                unheard=not_heard(self._view.missing),
                here=self._cue,
            )

    def _show_open(self) -> None:
        """What keeps the answer from being handed in, and where it is mended."""
        view, ticket = self._view, self._view.ticket
        missing = view.missing if ticket is not None else ()
        if ticket is not None and self._foot.show_open(missing, ticket):
            self._bringing.start()  # there is another room for it now
        here = view.draft.selected
        wanting = {field_of(one) for one in missing if event_of(one) in {None, here}}
        for field, box in self._boxes.items():
            tag, is_open = tag_of(field, ticket, wanting, self._words)
            box.say(tag, is_open=is_open)
        if Field.SPAN in wanting and view.draft.events:
            self._marks_box.say(self._words("not all set"), is_open=True)
        else:
            self._marks_box.say(self._words("locked") if view.movement_given else "")
        if ticket is not None and view.draft.event is not None:
            self._show_cues(view.draft.event, ticket)

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
        self._take(field)
        self._mean(choice)
        self.acted.emit(act)

    def _clicked(self, choice: Choice) -> None:
        if choice.field in self._taking():
            self._choose(choice)

    def _score(self, code: str | None, *, side: Side | None = None, intensity: Intensity | None = None) -> None:
        if code is None or self._view.movement_given:
            return
        self._unit = code
        self._do(acts.set_unit(code, side=side, intensity=intensity))

    def _take_cue(self, place: int) -> None:
        self._cue = place
        self._show_events()

    def _do(self, act: Act) -> None:
        if self._view.ticket is not None:
            self._ahead = after(act, self._ahead, self._view.ticket)
            self.acted.emit(act)

    def _written(self, text: str) -> None:
        self._do(acts.set_note(text))

    def _hand_in(self) -> None:
        self._note.flush()
        self.handed_in.emit()

    def _next_event(self) -> None:
        draft = self._view.draft
        if len(draft.events) > 1 and draft.selected is not None:
            self.selected.emit((draft.selected + 1) % len(draft.events))

    def _mend(self, finding: Finding) -> None:
        """Go to where an open thing is mended."""
        event, field = event_of(finding), field_of(finding)
        if event is not None and event != self._view.draft.selected:
            self.selected.emit(event)
        if field is Field.SPAN:
            self._scroll.ensureWidgetVisible(self._marks_box, 0, 0)
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
        for one, box in self._boxes.items():
            box.show_here(one is field)
        self._bringing.start()
        self._meaning.say(hint(field, self._words, self._keys))
        self.field_changed.emit(field.value if field is not None else "")

    def _bring(self) -> None:
        """From the marks on, where the field in hand is seen so; else scroll as little as shows it, or its top."""
        box = self._boxes.get(self._field) if self._field is not None else None
        bar, view = self._scroll.verticalScrollBar(), self._scroll.viewport()
        if bar is None or view is None or box is None or not box.isVisible():
            return
        top, bottom, room = box.y() - 4, box.y() + box.height() + 4, view.height()
        if bottom <= room:
            bar.setValue(0)
        elif top < bar.value() or bottom - top > room:
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    # words

    def _searched(self) -> tuple[Sequence[Choice], Field | None]:
        """The codes that can be chosen now, and the field in hand."""
        open_boxes = [self._boxes.get(field) for field in self._taking()]
        offered = [choice for box in open_boxes if isinstance(box, ChoiceBox) for choice in box.offered]
        return offered, self._field

    def _mean(self, choice: Choice) -> None:
        self._meaning.say(f"{called(choice, self._words)}: {choice.entry.definition}")

    def _pointed(self, choice: Choice, came: bool) -> None:
        if came:
            self._mean(choice)
        else:
            self._meaning.say(hint(self._field, self._words, self._keys))

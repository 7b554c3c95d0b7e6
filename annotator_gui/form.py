"""The coding form, drawn from the codebook: marks, codes and words of the selected event, and what is still open.

It draws what a view says and tells what a person wants; it holds no rules. What is chosen is shown once it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.boxes import CueRow, FieldBox, MarkRow, ProblemRow, UnitRow
from annotator_gui.chips import Chip, GroupedChips, Look, Painted, SmallText, tip
from annotator_gui.draft import EMPTY, Draft, DraftEvent
from annotator_gui.fields import (
    SINGLE,
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
    matches,
    not_heard,
    open_groups,
    title,
    unit_number,
)
from annotator_gui.flow import FlowLayout
from annotator_gui.keys import DEFAULT_KEYS, Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.marks import Mark, length_note
from annotator_gui.session import ALL, Part, View
from annotator_gui.theme import Theme
from annotator_gui.writing import Writing
from mmed_curate.annotation import Ticket
from mmed_curate.domain.judgements import ActionUnitMark, Intensity, Side
from mmed_curate.domain.protocol import Stage

_MARK_OF: Mapping[Mark, Command] = {
    Mark.ONSET: Command.MARK_ONSET,
    Mark.APEX: Command.MARK_APEX,
    Mark.OFFSET: Command.MARK_OFFSET,
}
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
_MOST_PROBLEMS = 4
"""Open things that are spelt out at once; the rest is counted (ours)."""
_MOST_FOUND = 7


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
        self._led_from: Field | None = None
        """The field of the first choice that is under way; where it is refused, that field is in hand again."""
        self._built_for: tuple[object, ...] = ()
        self._boxes: dict[Field, FieldBox] = {}
        self._chips: dict[Field, dict[str, Chip]] = {}
        self._offered: dict[Field, tuple[Choice, ...]] = {}
        self._by_key: dict[Field, dict[str, Choice]] = {}
        self._field: Field | None = None
        self._unit: str | None = None
        """Action unit to which keys for side and intensity go."""
        self._cue: int | None = None
        """Vocal cue to which keys for whose it is go."""
        self._range: Range | None = None
        self._event_chips: list[Chip] = []
        self._command_chips: dict[Command, Chip] = {}
        self._unit_rows: list[UnitRow] = []
        self._cue_rows: list[CueRow] = []
        self._found: tuple[Choice, ...] = ()
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
        if not under_way:
            self._led_from = None
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
        for command, chip in self._command_chips.items():
            chip.set_key(self._shown(command))
        self._search.say(self._shown(Command.SEARCH))
        self._show_all()

    def set_range(self, selection: Range | None) -> None:
        """Frames that are selected on the timeline: a vocal cue is put there. None: nothing is selected."""
        self._range = selection

    def press(self, key: str) -> bool:
        """Choose the code with this key in the field in hand; False: no code has it."""
        choice = self._by_key.get(self._field, {}).get(key) if self._field is not None else None
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

    def act_failed(self, *, under_way: Sequence[Act] = ()) -> None:
        """An act was refused: what is shown is what is kept, and the field whose code was refused is in hand again."""
        self._look_ahead(under_way)
        self._note.not_kept()
        if self._led_from is not None and self._led_from in self._taking():
            self._take(self._led_from)
        self._led_from = None

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
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _look_ahead(self, under_way: Sequence[Act]) -> None:
        self._ahead = self._view.draft
        ticket = self._view.ticket
        for act in under_way if ticket is not None else ():
            self._ahead = after(act, self._ahead, ticket)

    # laid out once

    def _lay_out(self) -> None:
        words = self._words
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(5)
        self._search = _Search(words, self._shown(Command.SEARCH))
        self._search.textChanged.connect(self._look_for)
        self._search.taken.connect(self._take_found)
        self._search.left.connect(self._leave_search)
        self._search.stepped.connect(self._step_found)
        column.addWidget(self._search)
        self._list = QListWidget()
        self._list.setAccessibleName(words("Codes found"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda item: self._take_found())
        self._list.hide()
        column.addWidget(self._list)

        self._events = QWidget()
        self._event_flow = FlowLayout(self._events)
        column.addWidget(self._events)
        self._managing = QWidget()
        managing = FlowLayout(self._managing)
        self._new = self._button(words("New event"), Command.NEW_EVENT)
        self._remove = self._button(words("Remove event"), Command.REMOVE_EVENT)
        self._nothing = self._button(words("Nothing happens"), Command.NOTHING, chooses=True)
        for chip in (self._nothing, self._new, self._remove):
            managing.addWidget(chip)
        column.addWidget(self._managing)

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

        self._marks_box = self._mark_box()
        self._locked_box, self._locked_text = self._box_of_locked()
        self._waiting_box = FieldBox(name=words("After the movement"), theme=self._theme)
        self._waiting_text = SmallText(theme=self._theme)
        self._waiting_box.body.addWidget(self._waiting_text)
        self._note = Writing()
        self._note.setAccessibleName(words("Note"))
        self._note.written.connect(self._written)
        self._note.passed.connect(self._go)
        self._note.left.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))

        self._meaning = SmallText(theme=self._theme, lines=3)
        column.addWidget(self._meaning)
        self._count = QLabel()
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        self._count.setProperty("heading", True)
        column.addWidget(self._count)
        self._problems = [ProblemRow(theme=self._theme) for _ in range(_MOST_PROBLEMS)]
        for place, row in enumerate(self._problems):
            row.clicked.connect(partial(self._mend, place))
            column.addWidget(row)
        self._button_in = QPushButton()
        self._button_in.setProperty("primary", True)
        self._button_in.setStyleSheet("text-align: center; font-weight: 600; padding: 5px;")
        self._button_in.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button_in.clicked.connect(self._hand_in)
        column.addWidget(self._button_in)

    def _button(self, label: str, command: Command, *, chooses: bool = False) -> Chip:
        chip = Chip(theme=self._theme, label=label, key=self._shown(command), look=Look.SMALL, chooses=chooses)
        chip.show_here(True)
        chip.clicked.connect(lambda: self.command(command))
        self._command_chips[command] = chip
        return chip

    def _mark_box(self) -> FieldBox:
        box = FieldBox(name=title(Field.SPAN, self._words), theme=self._theme)
        box.body.setSpacing(2)
        self._marks: dict[Mark, MarkRow] = {}
        self._mark_keys: dict[Mark, Chip] = {}
        for mark, command in _MARK_OF.items():
            line = QHBoxLayout()
            row = MarkRow(mark=mark, words=self._words, theme=self._theme)
            row.clicked.connect(partial(self._go_to_mark, mark))
            here = Chip(
                theme=self._theme,
                label=self._words("Set here"),
                key=self._shown(command),
                look=Look.SMALL,
                chooses=False,
            )
            here.setAccessibleName(
                {
                    Mark.ONSET: self._words("Set the onset here"),
                    Mark.APEX: self._words("Set the apex here"),
                    Mark.OFFSET: self._words("Set the offset here"),
                }[mark]
            )
            here.show_here(True)
            here.clicked.connect(lambda _=False, command=command: self.asked.emit(command.value))
            line.addWidget(row, 1)
            line.addWidget(here)
            box.body.addLayout(line)
            self._marks[mark], self._mark_keys[mark], self._command_chips[command] = row, here, here
        self._length = SmallText(theme=self._theme)
        box.body.addWidget(self._length)
        return box

    def _box_of_locked(self) -> tuple[FieldBox, QLabel]:
        box = FieldBox(name=self._words("Movement, as handed in"), theme=self._theme)
        box.say(self._words("locked"))
        text = QLabel()
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        box.body.addWidget(text)
        line = QHBoxLayout()
        again = self._button(self._words("Open the movement again"), Command.REOPEN)
        line.addWidget(again)
        line.addStretch(1)
        box.body.addLayout(line)
        return box, text

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
        self._boxes, self._chips, self._offered, self._by_key = {}, {}, {}, {}
        self._unit_rows, self._cue_rows = [], []
        asked = groups(ticket.fields + ticket.later_fields, ticket.codebook)
        if Field.SPAN in asked:
            self._inside.addWidget(self._marks_box)
        self._inside.addWidget(self._locked_box)
        for field in asked:
            if field is Field.SPAN:
                continue
            box = FieldBox(name=title(field, self._words), theme=self._theme)
            box.asked.connect(partial(self.take_in_hand, field))
            self._boxes[field] = box
            self._fill(field, box, ticket)
            self._inside.addWidget(box)
        self._inside.addWidget(self._waiting_box)
        self._inside.addStretch(1)

    def _fill(self, field: Field, box: FieldBox, ticket: Ticket) -> None:
        if field is Field.NOTE:
            box.body.addWidget(self._note)
            self._note.show()
            return
        offered = choices(field, ticket)
        self._offered[field] = offered
        self._by_key[field] = {one.key: one for one in offered if one.key}
        chips = {one.code: self._chip(one) for one in offered}
        self._chips[field] = chips
        if field is Field.ACTION_UNITS:
            names = {entry.code: self._words.label(entry) for entry in ticket.codebook.regions}
            regions = list(dict.fromkeys([*names, *(one.region for one in offered)]))
            named = [
                (names.get(region, region), [chips[one.code] for one in offered if one.region == region])
                for region in regions
            ]
            box.body.addWidget(GroupedChips([one for one in named if one[1]], theme=self._theme))
            self._unit_place = QVBoxLayout()
            self._unit_place.setSpacing(1)
            box.body.addLayout(self._unit_place)
            self._unit_hint = SmallText(theme=self._theme)
            box.body.addWidget(self._unit_hint)
            return
        flow = FlowLayout()
        for chip in chips.values():
            flow.addWidget(chip)
        box.body.addLayout(flow)
        if field is Field.VOCAL_CUES:
            self._cue_place = QVBoxLayout()
            self._cue_place.setSpacing(3)
            box.body.addLayout(self._cue_place)

    def _chip(self, choice: Choice) -> Chip:
        entry, label = choice.entry, self._words.label(choice.entry)
        chip = Chip(
            theme=self._theme,
            label=label,
            key=choice.key,
            number=choice.number,
            look=Look.UNIT if choice.field is Field.ACTION_UNITS else Look.PLAIN,
        )
        chip.setToolTip(tip(heading=self._called(choice), text=entry.definition, source=entry.source))
        chip.clicked.connect(partial(self._clicked, choice))
        chip.pointed.connect(partial(self._pointed, choice))
        return chip

    # drawn by part

    def _show_all(self) -> None:
        view, ticket = self._view, self._view.ticket
        self._events.setVisible(ticket is not None)
        self._scroll.setVisible(ticket is not None)
        given = view.movement_given
        self._managing.setVisible(ticket is not None and not given)
        self._button_in.setVisible(ticket is not None)
        self._search.setVisible(ticket is not None)
        if ticket is not None:
            taking, shown = self._taking(), groups(ticket.fields, ticket.codebook)
            for field, box in self._boxes.items():
                # whose a cue is stays: a box that comes and goes would move all below it
                visible = field in taking
                if box.isVisibleTo(self) != visible:
                    box.setVisible(visible)
            self._marks_box.setVisible(Field.SPAN in shown and not (given and view.draft.nothing))
            for chip in self._mark_keys.values():
                chip.setVisible(not given)
            self._marks_box.say(self._words("locked") if given else "")
            self._locked_box.setVisible(given)
            waiting = [one for one in groups(ticket.later_fields, ticket.codebook) if one is not Field.CUE_OWNERS]
            self._waiting_box.setVisible(bool(waiting))
            if waiting:
                names = ", ".join(title(one, self._words) for one in waiting)
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
        self._show_event_chips(draft, ticket)
        self._nothing.show_chosen(draft.nothing)
        self._enable(self._nothing, not draft.events)
        self._enable(self._remove, event is not None)
        for mark, row in self._marks.items():
            frame = event.marks.at(mark) if event is not None else None
            row.show_mark(frame, ticket.clock, key=self._shown(_MARK_OF[mark]))
        self._length.say(self._length_of(event, ticket))
        units = {one.code: one for one in event.action_units} if event is not None else {}
        if self._unit not in units:
            self._unit = next(reversed(units), None)
        n_cues = len(event.vocal_cues) if event is not None else 0
        if self._cue is None or self._cue >= n_cues:
            self._cue = n_cues - 1 if n_cues else None
        for field, chips in self._chips.items():
            codes = chosen(field, event, cue=self._cue)
            for code, chip in chips.items():
                mark_ = units.get(code) if field is Field.ACTION_UNITS else None
                says_nothing = field is Field.EVENT_TYPE and draft.nothing and self._says_nothing(code)
                chip.show_chosen(code in codes or says_nothing, "" if mark_ is None else self._detail(mark_))
        self._show_units(tuple(units.values()))
        self._show_cues(event, ticket)
        owners = self._boxes.get(Field.CUE_OWNERS)
        if owners is not None and owners.isVisibleTo(self) != (Field.CUE_OWNERS in self._taking()):
            owners.setVisible(Field.CUE_OWNERS in self._taking())
        if view.movement_given:
            self._show_locked(event)
        taking = self._taking()
        if self._field not in taking:
            self._take(taking[0] if taking else None)

    def _enable(self, widget: QWidget, on: bool) -> None:
        """The keyboard does not wander to a neighbour when what it is on is closed."""
        if widget.isEnabled() != on:
            if not on and widget.hasFocus():
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            widget.setEnabled(on)

    def _show_event_chips(self, draft: Draft, ticket: Ticket) -> None:
        while len(self._event_chips) < len(draft.events):
            place = len(self._event_chips)
            chip = Chip(theme=self._theme, label="", number=str(place + 1))
            chip.clicked.connect(partial(self.selected.emit, place))
            self._event_flow.addWidget(chip)
            self._event_chips.append(chip)
        for place, chip in enumerate(self._event_chips):
            there = place < len(draft.events)
            if chip.isVisibleTo(self._events) != there:
                chip.setVisible(there)
            if not there:
                continue
            span = draft.events[place].marks.span
            if span is None:
                chip.say(self._words("not all marks set"))
            else:
                chip.say(
                    self._words(
                        "frames {first}–{last} · {ms} ms",
                        first=span.onset,
                        last=span.offset,
                        ms=round(float(ticket.clock.span_duration(span) * 1000)),
                    )
                )
            chip.show_chosen(place == draft.selected)
        shows = bool(draft.events)
        if self._events.isVisibleTo(self) != shows:
            self._events.setVisible(shows)

    def _show_units(self, units: tuple[ActionUnitMark, ...]) -> None:
        if Field.ACTION_UNITS not in self._chips:
            return
        while len(self._unit_rows) < len(units):
            row = UnitRow(words=self._words, theme=self._theme)
            row.side_asked.connect(lambda code, side: self._score(code, side=side))
            row.intensity_asked.connect(lambda code, one: self._score(code, intensity=one))
            row.removed.connect(self._take_unit_away)
            self._unit_place.addWidget(row)
            self._unit_rows.append(row)
        labels = {one.code: self._words.label(one.entry) for one in self._offered[Field.ACTION_UNITS]}
        for place, row in enumerate(self._unit_rows):
            if row.isVisibleTo(row.parentWidget() or self) != (place < len(units)):
                row.setVisible(place < len(units))
            if place < len(units):
                code = units[place].code
                row.show_unit(units[place], labels.get(code, code), here=code == self._unit)
        keys = self._shown
        self._unit_hint.setVisible(bool(units))
        if units:
            self._unit_hint.say(
                self._words(
                    "Keys for the marked line: {a} to {e} intensity; {left}, {both}, {right} side.",
                    a=keys(Command.INTENSITY_A),
                    e=keys(Command.INTENSITY_E),
                    left=keys(Command.SIDE_LEFT),
                    both=keys(Command.SIDE_BOTH),
                    right=keys(Command.SIDE_RIGHT),
                )
            )

    def _show_cues(self, event: DraftEvent | None, ticket: Ticket) -> None:
        if Field.VOCAL_CUES not in self._chips:
            return
        cues = event.vocal_cues if event is not None else ()
        while len(self._cue_rows) < len(cues):
            row = CueRow(place=len(self._cue_rows), words=self._words, theme=self._theme)
            row.taken.connect(self._take_cue)
            row.moved.connect(lambda place, first, last: self._do(acts.change_cue(place, first=first, last=last)))
            row.to_hear.connect(self.hearing_asked)
            row.removed.connect(lambda place: self._do(acts.remove_cue(place)))
            row.left.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
            self._cue_place.addWidget(row)
            self._cue_rows.append(row)
        unheard = not_heard(self._view.missing)
        labels = {entry.code: self._words.label(entry) for entry in ticket.codebook.vocal_cues}
        owners = {entry.code: self._words.label(entry) for entry in ticket.codebook.cue_owners}
        for place, row in enumerate(self._cue_rows):
            if row.isVisibleTo(row.parentWidget() or self) != (place < len(cues)):
                row.setVisible(place < len(cues))
            if place >= len(cues):
                continue
            cue = cues[place]
            row.show_cue(
                cue,
                label=labels.get(cue.code, cue.code),
                owner=owners.get(cue.owner, cue.owner),
                last=ticket.clock.last_frame,
                heard=(cue.code, cue.onset, cue.offset) not in unheard,
                here=place == self._cue,
                locked=False,
            )

    def _show_locked(self, event: DraftEvent | None) -> None:
        if event is None:
            said = self._words("Nothing happens in this clip")
        else:
            kinds = self._labels(Field.EVENT_TYPE)
            lines = [kinds.get(event.event_type, event.event_type)]
            names = self._labels(Field.ACTION_UNITS)
            for mark in event.action_units:
                parts = [f"{unit_number(mark.code)} {names.get(mark.code, mark.code)}", self._detail(mark)]
                lines.append(" · ".join(part for part in parts if part))
            if event.not_visible:
                hidden = ", ".join(self._labels(Field.NOT_VISIBLE).get(code, code) for code in event.not_visible)
                lines.append(self._words("cannot be seen: {parts}", parts=hidden))
            said = "\n".join(line for line in lines if line)
        if said != self._locked_text.text():
            self._locked_text.setText(said)

    def _show_open(self) -> None:
        """What keeps the answer from being handed in, and where it is mended."""
        view, words = self._view, self._words
        ticket = view.ticket
        missing = view.missing if ticket is not None else ()
        taller = any(row.isVisibleTo(self) != (place < len(missing)) for place, row in enumerate(self._problems))
        for place, row in enumerate(self._problems):
            there = place < len(missing)
            if row.isVisibleTo(self) != there:
                row.setVisible(there)
            if there:
                row.say(self._where(field_of(missing[place])), words.finding(missing[place]))
        more = len(missing) - _MOST_PROBLEMS
        if more > 0:
            said = words("{n} things are open; the first {shown}:", n=len(missing), shown=_MOST_PROBLEMS)
        elif len(missing) > 1:
            said = words("{n} things are open:", n=len(missing))
        else:
            said = words("One thing is open:") if missing else words("All is said.")
        if said != self._count.text():
            self._count.setText(said)
        self._count.setVisible(ticket is not None)
        self._meaning.setVisible(ticket is not None)
        if ticket is not None:
            key = self._shown(Command.HAND_IN)
            text = words("Hand in the movement") if ticket.later_fields else words("Hand in")
            label = f"{text}   {key}"
            if label != self._button_in.text():
                self._button_in.setText(label)
                self._button_in.setAccessibleName(text)
            self._enable(self._button_in, not missing)
        if taller:
            self._bringing.start()  # there is another room for it now
        here = view.draft.selected
        wanting = {field_of(one) for one in missing if event_of(one) in {None, here}}
        for field, box in self._boxes.items():
            tag, is_open = self._tag(field, wanting)
            box.say(tag, is_open=is_open)
        if Field.SPAN in wanting and view.draft.events:
            self._marks_box.say(words("not all set"), is_open=True)
        else:
            self._marks_box.say(words("locked") if view.movement_given else "")
        if ticket is not None and view.draft.event is not None:
            self._show_cues(view.draft.event, ticket)

    def _where(self, field: Field | None) -> str:
        """The name of the group in which something is mended; empty: none in particular."""
        ticket = self._view.ticket
        if field is None or ticket is None:
            return ""
        if field is Field.NOTE and ticket.stage is not Stage.CODING:
            return self._words("Reason")
        return title(field, self._words)

    def _tag(self, field: Field, wanting: set[Field | None]) -> tuple[str, bool]:
        words, ticket = self._words, self._view.ticket
        if field in wanting:
            if field is Field.VOCAL_CUES:
                return words("not heard at 1× yet"), True
            return (words("not chosen yet") if field in SINGLE else words("to be mended")), True
        if ticket is not None and field.value in {one.value for one in ticket.disputed}:
            return words("to be settled"), False
        if field is Field.VOCAL_CUES and ticket is not None and ticket.sound is None:
            return words("there is nothing to hear"), False
        if field in {Field.ACTION_UNITS, Field.VOCAL_CUES}:
            return words("any number"), False
        if field is Field.NOT_VISIBLE:
            return words("where something hides the face"), False
        if field is Field.NOTE:
            return words("saved as you type"), False
        return "", False

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

    def _score(self, code: str | None, *, side: Side | None = None, intensity: Intensity | None = None) -> None:
        if code is None or self._view.movement_given:
            return
        self._unit = code
        self._do(acts.set_unit(code, side=side, intensity=intensity))

    def _take_unit_away(self, code: str) -> None:
        self._do(acts.toggle_unit(code))

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

    def _go_to_mark(self, mark: Mark) -> None:
        frame = self._marks[mark].frame
        if frame is not None:
            self.frame_asked.emit(frame)
        elif not self._view.movement_given:
            self.asked.emit(_MARK_OF[mark].value)

    def _mend(self, place: int) -> None:
        """Go to where an open thing is mended."""
        if place >= len(self._view.missing):
            return
        finding = self._view.missing[place]
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
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, field: Field | None) -> None:
        if field is self._field:
            return
        self._field = field
        for one, box in self._boxes.items():
            box.show_here(one is field)
            for chip in self._chips.get(one, {}).values():
                chip.show_here(one is field)
        self._bringing.start()
        self._meaning.say(self._hint())
        self.field_changed.emit(field.value if field is not None else "")

    def _bring(self) -> None:
        """Scroll as little as shows the field in hand; of one taller than the room, its top."""
        box = self._boxes.get(self._field) if self._field is not None else None
        bar, view = self._scroll.verticalScrollBar(), self._scroll.viewport()
        if bar is None or view is None or box is None or not box.isVisible():
            return
        top, bottom, room = box.y() - 4, box.y() + box.height() + 4, view.height()
        if top < bar.value() or bottom - top > room:
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    # searching by typing

    def _look_for(self, text: str) -> None:
        offered = [one for field in self._taking() for one in self._offered.get(field, ())]
        self._found = matches(text, offered, words=self._words, in_hand=self._field, limit=_MOST_FOUND)
        self._list.clear()
        for one in self._found:
            key = f"   [{one.key}]" if one.key else ""
            self._list.addItem(f"{self._called(one)} · {title(one.field, self._words)}{key}")
        if text.strip() and not self._found:
            self._list.addItem(self._words("No code is like that"))
        self._list.setCurrentRow(0)
        shows = bool(text.strip())
        if shows:
            row = max(self._list.sizeHintForRow(0), 18)
            self._list.setFixedHeight(row * max(1, len(self._found)) + 10)
        self._list.setVisible(shows)
        if self._found:
            self._mean(self._found[0])

    def _step_found(self, by: int) -> None:
        if self._found:
            row = (self._list.currentRow() + by) % len(self._found)
            self._list.setCurrentRow(row)
            self._mean(self._found[row])

    def _take_found(self) -> None:
        row = max(0, self._list.currentRow())
        choice = self._found[row] if row < len(self._found) else None
        if choice is None:
            return
        self._leave_search()
        self._choose(choice)

    def _leave_search(self) -> None:
        self._search.clear()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # words

    def _shown(self, command: Command) -> str:
        return self._keys.shown(command)

    def _called(self, choice: Choice) -> str:
        label = self._words.label(choice.entry)
        return f"{choice.number} {label}" if choice.number else label

    def _labels(self, field: Field) -> Mapping[str, str]:
        return {one.code: self._words.label(one.entry) for one in self._offered.get(field, ())}

    def _says_nothing(self, code: str) -> bool:
        offered = self._offered.get(Field.EVENT_TYPE, ())
        return any(one.code == code and not getattr(one.entry, "is_event", True) for one in offered)

    def _detail(self, mark: ActionUnitMark) -> str:
        side = {Side.LEFT: self._words("L"), Side.RIGHT: self._words("R"), Side.BOTH: ""}[mark.side]
        return " ".join(part for part in (side, mark.intensity.value if mark.intensity else "") if part)

    def _length_of(self, event: DraftEvent | None, ticket: Ticket) -> str:
        span = event.marks.span if event is not None else None
        if span is None:
            return ""
        total = float(ticket.clock.span_duration(span) * 1000)
        rise = float((ticket.clock.start_of(span.apex) - ticket.clock.start_of(span.onset)) * 1000)
        said = self._words("{total} ms in all, {rise} ms to the apex", total=round(total), rise=round(rise))
        note = length_note(span, ticket.clock)
        return said if note is None else self._words.finding(note)

    def _mean(self, choice: Choice) -> None:
        self._meaning.say(f"{self._called(choice)}: {choice.entry.definition}")

    def _pointed(self, choice: Choice, came: bool) -> None:
        if came:
            self._mean(choice)
        else:
            self._meaning.say(self._hint())

    def _hint(self) -> str:
        if self._field is None:
            return ""
        if self._field is Field.NOTE:
            return self._words("{field}: Esc goes back to the codes.", field=title(self._field, self._words))
        return self._words(
            "{field}: press the key on a chip, or {search} and type. {next} goes on.",
            field=title(self._field, self._words),
            search=self._shown(Command.SEARCH),
            next=self._shown(Command.NEXT_FIELD),
        )


class _Search(QLineEdit):
    """The line in which codes are looked for."""

    taken = pyqtSignal()
    left = pyqtSignal()
    stepped = pyqtSignal(int)

    def __init__(self, words: Words, key: str) -> None:
        super().__init__()
        self._words = words
        self.say(key)
        self.setAccessibleName(words("Search codes"))
        self.setClearButtonEnabled(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def say(self, key: str) -> None:
        """What it is for, and its key."""
        self.setPlaceholderText(self._words("{key}  search codes: word, number or meaning", key=key))

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab leaves, for the codes."""
        self.left.emit()
        return True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter takes, Esc leaves, arrows go through what was found; all else is text."""
        if event is None:
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.taken.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

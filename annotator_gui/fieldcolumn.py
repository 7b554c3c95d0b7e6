"""The fields of the coding form one below another: built for what a ticket asks, shown as a view and a hand want it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from annotator_gui import acts
from annotator_gui.boxes import ChoiceBox, FieldBox
from annotator_gui.cuebox import CueBox
from annotator_gui.fields import (
    Choice,
    Field,
    choices,
    chosen,
    event_of,
    field_of,
    groups,
    not_heard,
    says_nothing,
    title,
)
from annotator_gui.formwords import tag_of
from annotator_gui.keys import KeyMap
from annotator_gui.language import Words
from annotator_gui.movementbox import LockedBox, MarkBox
from annotator_gui.session import View
from annotator_gui.texts import SmallText
from annotator_gui.theme import Theme
from annotator_gui.unitbox import UnitBox
from annotator_gui.writing import Writing
from mmed_curate.annotation import Ticket


class FieldColumn(QScrollArea):
    """A box for each field that a ticket asks, and for the movement once it is handed in."""

    acted = pyqtSignal(object)
    """An Act to be done."""
    chosen = pyqtSignal(object)
    """A `Choice` that was clicked."""
    pointed = pyqtSignal(object, bool)
    """A `Choice` to which the pointer or the keyboard came (True), or from which it went."""
    scored = pyqtSignal(str, object)
    """Code of an action unit, and its Side or its Intensity."""
    cue_taken = pyqtSignal(int)
    """Place of a vocal cue: keys for whose it is go to it."""
    field_asked = pyqtSignal(object)
    """A `Field` to be taken in hand."""
    mark_asked = pyqtSignal(str)
    """Value of the Command that sets a mark."""
    frame_asked = pyqtSignal(int)
    """Go to this frame."""
    hearing_asked = pyqtSignal(int, int)
    """Play these frames once at full speed, both inside."""
    reopened = pyqtSignal()
    """Let the movement be changed once more."""
    left = pyqtSignal()
    """The keyboard wants back to the codes."""

    def __init__(
        self, *, words: Words, theme: Theme, keys: KeyMap, note: Writing, parent: QWidget | None = None
    ) -> None:
        """Empty until it is built for a ticket.

        Args:
            words: the coder's language.
            theme: colours.
            keys: that are named in the boxes.
            note: where a note is written; it has a box of its own where one is asked.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._words, self._theme, self._keys, self._note = words, theme, keys, note
        self._built_for: tuple[object, ...] = ()
        self._boxes: dict[Field, FieldBox] = {}
        self._field: Field | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(0, 0, 2, 0)
        self._inside.setSpacing(7)
        self.setWidget(inside)
        self._marks = MarkBox(words=words, theme=theme, keys=keys)
        self._marks.to_set.connect(self.mark_asked)
        self._marks.to_go.connect(self.frame_asked)
        self._locked = LockedBox(words=words, theme=theme, keys=keys)
        self._locked.reopened.connect(self.reopened)
        self._waiting = FieldBox(name=words("After the movement"), theme=theme)
        self._waiting_text = SmallText(theme=theme)
        self._waiting.body.addWidget(self._waiting_text)
        self._bringing = QTimer(self)
        """Once everything has its place."""
        self._bringing.setSingleShot(True)
        self._bringing.setInterval(0)
        self._bringing.timeout.connect(self._bring)

    def set_theme(self, theme: Theme) -> None:
        """Other colours, for boxes to come."""
        self._theme = theme

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys; some are named once the boxes are shown anew."""
        self._keys = keys
        self._marks.set_keys(keys)
        self._locked.set_keys(keys)
        units = self._boxes.get(Field.ACTION_UNITS)
        if isinstance(units, UnitBox):
            units.set_keys(keys)

    def choice(self, field: Field | None, key: str) -> Choice | None:
        """The code of a field with this key; None: none has it."""
        box = self._boxes.get(field) if field is not None else None
        return box.choice(key) if isinstance(box, ChoiceBox) else None

    def offered(self, fields: Iterable[Field]) -> list[Choice]:
        """All codes of some fields."""
        boxes = [self._boxes.get(field) for field in fields]
        return [choice for box in boxes if isinstance(box, ChoiceBox) for choice in box.offered]

    # built anew only where the codebook or what is asked is another

    def build(self, ticket: Ticket) -> None:
        """Make the boxes that a ticket asks for; those of a ticket that asks the same stay."""
        asked = groups(ticket.fields + ticket.later_fields, ticket.codebook)
        shape = (ticket.codebook, asked, acts.selectable_bases(ticket), ticket.disputed)
        if shape == self._built_for:
            return
        self._built_for = shape
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
        if Field.SPAN in asked:
            self._inside.addWidget(self._marks)
        self._inside.addWidget(self._locked)
        self._boxes = {field: self._box(field, ticket) for field in asked if field is not Field.SPAN}
        for box in self._boxes.values():
            self._inside.addWidget(box)
        self._inside.addWidget(self._waiting)
        self._inside.addStretch(1)

    def _box(self, field: Field, ticket: Ticket) -> FieldBox:
        if field is Field.NOTE:
            box = FieldBox(name=title(Field.NOTE, self._words), theme=self._theme)
            box.body.addWidget(self._note)
            self._note.show()
        else:
            box = self._choice_box(field, ticket)
        box.asked.connect(partial(self.field_asked.emit, field))
        return box

    def _choice_box(self, field: Field, ticket: Ticket) -> ChoiceBox:
        words, theme, offered = self._words, self._theme, choices(field, ticket)
        box: ChoiceBox
        if field is Field.ACTION_UNITS:
            regions = ticket.codebook.regions
            box = units = UnitBox(offered=offered, regions=regions, words=words, theme=theme, keys=self._keys)
            units.side_asked.connect(self.scored)
            units.intensity_asked.connect(self.scored)
            units.removed.connect(lambda code: self.acted.emit(acts.toggle_unit(code)))
        elif field is Field.VOCAL_CUES:
            box = cues = CueBox(offered=offered, words=words, theme=theme)
            cues.acted.connect(self.acted)
            cues.taken.connect(self.cue_taken)
            cues.to_hear.connect(self.hearing_asked)
            cues.left.connect(self.left)
        else:
            box = ChoiceBox(field=field, offered=offered, words=words, theme=theme)
        box.chosen.connect(self.chosen)
        box.pointed.connect(self.pointed)
        return box

    # drawn by part

    def show_asked(self, view: View, taking: Collection[Field]) -> None:
        """Which boxes there are: those that take something, the movement as handed in, what waits for it."""
        ticket, given = view.ticket, view.movement_given
        self._locked.setVisible(given)
        self._marks.allow(not given)
        if ticket is None:
            return
        for field, box in self._boxes.items():
            self._show_box(box, field in taking)
        asked = groups(ticket.fields, ticket.codebook)
        self._marks.setVisible(Field.SPAN in asked and not (given and view.draft.nothing))
        waiting = [one for one in groups(ticket.later_fields, ticket.codebook) if one is not Field.CUE_OWNERS]
        self._waiting.setVisible(bool(waiting))
        if waiting:
            names = self._words(", ").join(title(one, self._words) for one in waiting)
            self._waiting_text.say(
                self._words(
                    "{fields} open once the movement is handed in: what is seen comes before what it means.",
                    fields=names,
                )
            )

    def show_event(self, view: View, taking: Collection[Field], *, unit: str | None, cue: int | None) -> None:
        """The selected event.

        Args:
            view: whose event.
            taking: fields that take something now.
            unit: code of the action unit to which keys for side and intensity go.
            cue: place of the vocal cue to which keys for whose it is go.
        """
        ticket, draft, event = view.ticket, view.draft, view.draft.event
        if ticket is None:
            return
        self._marks.show_marks(event, ticket.clock)
        for field, box in self._boxes.items():
            if isinstance(box, UnitBox):
                box.show_units(event.action_units if event is not None else (), here=unit)
            elif isinstance(box, ChoiceBox):
                codes = chosen(field, event, cue=cue)
                box.show_chosen(codes | says_nothing(box.offered) if draft.nothing else codes)
        self.show_cues(view, cue=cue)
        owners = self._boxes.get(Field.CUE_OWNERS)
        if owners is not None:
            self._show_box(owners, Field.CUE_OWNERS in taking)
        if view.movement_given:
            self._locked.show_event(event, ticket.codebook)

    def show_cues(self, view: View, *, cue: int | None) -> None:
        """The vocal cues of the selected event, and which of them were not heard yet."""
        box, ticket, event = self._boxes.get(Field.VOCAL_CUES), view.ticket, view.draft.event
        if isinstance(box, CueBox) and ticket is not None:
            box.show_cues(
                event.vocal_cues if event is not None else (),
                book=ticket.codebook,
                last=ticket.clock.last_frame,
                unheard=not_heard(view.missing),
                here=cue,
            )

    def show_open(self, view: View) -> None:
        """In which fields something of the selected event is open."""
        words, selected = self._words, view.draft.selected
        wanting = {field_of(one) for one in view.missing if event_of(one) in {None, selected}}
        for field, box in self._boxes.items():
            tag, is_open = tag_of(field, view.ticket, wanting, words)
            box.say(tag, is_open=is_open)
        if Field.SPAN in wanting and view.draft.events:
            self._marks.say(words("not all set"), is_open=True)
        else:
            self._marks.say(words("locked") if view.movement_given else "")

    def show_here(self, field: Field | None) -> None:
        """Which field is in hand; it is brought into sight."""
        self._field = field
        for one, box in self._boxes.items():
            box.show_here(one is field)
        self.bring()

    # what is in sight

    def bring(self) -> None:
        """Bring the field in hand into sight, once everything has its place."""
        self._bringing.start()

    def bring_marks(self) -> None:
        """Bring the marks into sight."""
        self.ensureWidgetVisible(self._marks, 0, 0)

    def _bring(self) -> None:
        """From the marks on, where the field in hand is seen so; else scroll as little as shows it, or its top."""
        box = self._boxes.get(self._field) if self._field is not None else None
        bar, view = self.verticalScrollBar(), self.viewport()
        if bar is None or view is None or box is None or not box.isVisible():
            return
        top, bottom, room = box.y() - 4, box.y() + box.height() + 4, view.height()
        if bottom <= room:
            bar.setValue(0)
        elif top < bar.value() or bottom - top > room:
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    def _show_box(self, box: FieldBox, shows: bool) -> None:
        if box.isVisibleTo(self) != shows:
            box.setVisible(shows)

"""What is mine: the ticket in hand, what waits, today's work; giving a ticket back, flagging it, taking a break."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLabel, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from annotator_gui.breaks import Activity, break_due, minutes_worked
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.session import View
from annotator_gui.stageparts import KeyButton, plain
from annotator_gui.theme import Theme
from mmed_curate.annotation import OwnProgress
from mmed_curate.domain.protocol import Stage

_MOST_WORDS = 500
"""Letters of a reason that can be typed in a dialog."""


def stage_words(words: Words) -> Mapping[Stage, str]:
    """What stages are called."""
    return {
        Stage.SCREENING: words("Screening"),
        Stage.CODING: words("Coding"),
        Stage.ADJUDICATION: words("Adjudication"),
        Stage.VERIFICATION: words("Verification"),
        Stage.SETTLED: words("Settled"),
        Stage.REJECTED: words("Rejected"),
        Stage.REPLACED: words("Cut again"),
    }


def asked_words(view: View, words: Words) -> str:
    """What is asked of the ticket in hand, in a sentence."""
    ticket = view.ticket
    if ticket is None:
        return ""
    if view.movement_given:
        return words("Say what it means. The movement is handed in.")
    if ticket.stage is Stage.CODING and ticket.later_fields:
        return words("Mark what the face does; what it means comes after.")
    return {
        Stage.SCREENING: words("Is it worth coding?"),
        Stage.CODING: words("Mark every event of the face. None is an answer too."),
        Stage.ADJUDICATION: words("How shall it stand, and why?"),
        Stage.VERIFICATION: words("Does it stand?"),
    }.get(ticket.stage, "")


def waiting_words(progress: OwnProgress, words: Words) -> str:
    """What waits, by stage."""
    names = stage_words(words)
    parts = [f"{names[stage]} {n}" for stage in Stage if (n := progress.waiting_at.get(stage, 0))]
    return words("Waiting for you: {n}", n=progress.waiting) + (f"  ({', '.join(parts)})" if parts else "")


class QueueBar(QWidget):
    """The bar over the desk."""

    given_back = pyqtSignal(str, bool)
    """The ticket goes back unanswered: why, and whether the coder knows who is seen or heard."""
    flagged = pyqtSignal(str)
    """The clip is to be discussed: why."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view."""
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._words, self._theme, self._keys = words, theme, keys
        self._activity: Activity | None = None
        self._dialog: ReasonDialog | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(10)
        self._stage = QLabel()
        self._stage.setProperty("heading", "true")
        self._asked = plain(quiet=True)
        self._waiting = QLabel()
        self._waiting.setProperty("quiet", "true")
        self._today = QProgressBar()
        self._today.setTextVisible(False)
        self._today.setFixedWidth(110)
        self._today.setAccessibleName(words("Today's work"))
        self._today_words = QLabel()
        self._today_words.setProperty("quiet", "true")
        for label in (self._stage, self._waiting, self._today_words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.skip_button = KeyButton(words("Give back…"), key=keys.shown(Command.SKIP), checkable=False)
        self.flag_button = KeyButton(words("Flag…"), key=keys.shown(Command.FLAG), checkable=False)
        for button in (self.skip_button, self.flag_button):
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the bar does not jump between two clips
            button.setSizePolicy(policy)
        self.skip_button.clicked.connect(self.skip)
        self.flag_button.clicked.connect(self.flag)
        row.addWidget(self._stage)
        row.addWidget(self._asked, 1)
        row.addWidget(self._waiting)
        row.addWidget(self._today)
        row.addWidget(self._today_words)
        row.addWidget(self.flag_button)
        row.addWidget(self.skip_button)
        column.addLayout(row)
        self._break = QWidget()
        pause = QHBoxLayout(self._break)
        pause.setContentsMargins(0, 0, 0, 0)
        pause.setSpacing(10)
        self._break_words = plain()
        self.not_now_button = KeyButton(words("Not now"), checkable=False)
        self.not_now_button.clicked.connect(self._put_off)
        pause.addWidget(self._break_words, 1)
        pause.addWidget(self.not_now_button)
        self._break.hide()
        column.addWidget(self._break)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme

    def show_view(self, view: View) -> None:
        """Draw what there is."""
        words, ticket, progress = self._words, view.ticket, view.progress
        name = "" if ticket is None else stage_words(words)[ticket.stage]
        if ticket is not None and ticket.round > 1:
            name = words("{stage}, round {n}", stage=name, n=ticket.round)
        self._stage.setText(name)
        self._asked.setText(asked_words(view, words))
        for button in (self.skip_button, self.flag_button):
            button.setVisible(ticket is not None)
        shown = progress is not None
        for widget in (self._waiting, self._today, self._today_words):
            widget.setVisible(shown)
        if progress is None:
            return
        self._waiting.setText(words("{n} waiting", n=progress.waiting))
        self._waiting.setToolTip(_as_text(waiting_words(progress, words)))
        self._waiting.setAccessibleName(waiting_words(progress, words))
        self._today.setMaximum(max(1, progress.submitted_today + progress.waiting - progress.later))
        self._today.setValue(progress.submitted_today)
        self._today_words.setText(words("{n} today", n=progress.submitted_today))

    def show_unopened(self, there: bool) -> None:
        """A ticket that cannot be opened can still be given back."""
        self.skip_button.setVisible(there)

    def stirred(self, now_s: float) -> None:
        """Take note that the coder does something, and suggest a break after long work.

        Args:
            now_s: seconds of a clock that only runs forward.
        """
        self._activity = (
            Activity(began_s=now_s, last_s=now_s) if self._activity is None else self._activity.stirred(now_s)
        )
        due = break_due(self._activity, now_s)
        if due:
            minutes = minutes_worked(self._activity)
            self._break_words.setText(
                self._words(
                    "You have worked for {minutes} minutes. A few minutes away from the screen would do your eyes "
                    "good; everything is kept.",
                    minutes=minutes,
                )
            )
        self._break.setVisible(due)

    @property
    def suggests_break(self) -> bool:
        """A break is suggested at the moment."""
        return not self._break.isHidden()

    def skip(self) -> None:
        """Ask why the ticket goes back."""
        dialog = SkipDialog(words=self._words, parent=self)
        dialog.said.connect(self.given_back)
        self._open(dialog)

    def flag(self) -> None:
        """Ask why the clip should be discussed."""
        dialog = FlagDialog(words=self._words, parent=self)
        dialog.said.connect(lambda because, _: self.flagged.emit(because))
        self._open(dialog)

    @property
    def dialog(self) -> ReasonDialog | None:
        """The dialog that was opened last."""
        return self._dialog

    def _open(self, dialog: ReasonDialog) -> None:
        self._dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self._dialog = None

    def _put_off(self) -> None:
        if self._activity is not None:
            self._activity = self._activity.put_off(self._activity.last_s)
        self._break.hide()


class ReasonDialog(QDialog):
    """Asks for a reason in a few words; nothing can be said without one."""

    said = pyqtSignal(str, bool)
    """The reason, and whether the box was ticked."""

    def __init__(
        self, *, title: str, explains: str, does: str, box: str, words: Words, parent: QWidget | None = None
    ) -> None:
        """Empty at first.

        Args:
            title: of the dialog.
            explains: what happens then.
            does: on the button.
            box: beside the box to tick; empty: there is none.
            words: the window's.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(plain(title, large=True))
        column.addWidget(plain(explains, quiet=True))
        self.line = QLineEdit()
        self.line.setPlaceholderText(words("Why, in a few words"))
        self.line.setAccessibleName(words("Reason"))
        self.line.setMaxLength(_MOST_WORDS)
        self.line.textChanged.connect(self._may)
        self.line.returnPressed.connect(self._done)
        column.addWidget(self.line)
        self.box = QCheckBox(box)
        self.box.setVisible(bool(box))
        column.addWidget(self.box)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel_button = KeyButton(words("Cancel"), key="Esc", checkable=False)
        self.cancel_button.clicked.connect(self.reject)
        self.do_button = KeyButton(does, key="Enter", checkable=False)
        self.do_button.setProperty("primary", "true")
        self.do_button.clicked.connect(self._done)
        for button in (self.cancel_button, self.do_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self._may()
        self.line.setFocus()

    def _may(self) -> None:
        self.do_button.setEnabled(bool(self.line.text().strip()))

    def _done(self) -> None:
        because = self.line.text().strip()
        if because:
            self.said.emit(because, self.box.isChecked())
            self.accept()


class SkipDialog(ReasonDialog):
    """Why a ticket goes back."""

    def __init__(self, *, words: Words, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(
            title=words("Give the clip back"),
            explains=words("Somebody else will judge it. The curator reads your reason; other coders do not."),
            does=words("Give back"),
            box=words("I know this person: give me no clip of theirs any more"),
            words=words,
            parent=parent,
        )
        self._known = words("I know this person")
        self.box.toggled.connect(self._knows)

    def _knows(self, knows: bool) -> None:
        """That they know them is a reason; it can be said better, and need not."""
        if knows and not self.line.text().strip():
            self.line.setText(self._known)
        elif not knows and self.line.text() == self._known:
            self.line.clear()


class FlagDialog(ReasonDialog):
    """Why a clip should be discussed."""

    def __init__(self, *, words: Words, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(
            title=words("Flag the clip for discussion"),
            explains=words("The curator will see it. The clip stays on your desk: answer it as you see it."),
            does=words("Flag"),
            box="",
            words=words,
            parent=parent,
        )


class NothingNow(QWidget):
    """What is shown while there is nothing to do."""

    asked = pyqtSignal(str)
    """`look-again`: whether something has come meanwhile."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view."""
        super().__init__(parent)
        self._words = words
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(12)
        self._title = QLabel(words("Nothing to do now"))
        self._title.setProperty("large", "true")
        self._why = QLabel()
        self._today = QLabel()
        self._today.setProperty("quiet", "true")
        for label in (self._title, self._why, self._today):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setFixedWidth(460)
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        self.look_button = KeyButton(words("Look again"), checkable=False)
        self.look_button.clicked.connect(lambda: self.asked.emit("look-again"))
        column.addWidget(self.look_button, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_theme(self, theme: Theme) -> None:
        """Colours come from the window's style."""

    def show_view(self, view: View) -> None:
        """Say when something may come, as far as it is known."""
        words, progress = self._words, view.progress
        self._title.setText(words("Nothing to do now"))
        later = 0 if progress is None else progress.later
        if later == 1:
            said = words("One clip waits for its next pass, on a later day: passes lie some days apart, on purpose.")
        elif later:
            said = words(
                "{n} clips wait for their next pass, on a later day: passes lie some days apart, on purpose.", n=later
            )
        else:
            said = words("All that was given to you is answered. More comes when the curator hands out clips.")
        self._why.setText(said)
        today = 0 if progress is None else progress.submitted_today
        self._today.setText(words("Answered today: {n}. Thank you.", n=today) if today else "")
        self._today.setVisible(bool(today))

    def show_trouble(self, sentence: str) -> None:
        """Say why there is no clip, though there may be one."""
        self._title.setText(self._words("No clip can be shown now"))
        self._why.setText(sentence)
        self._today.hide()


def _as_text(text: str) -> str:
    """A tooltip that is not read as markup."""
    return text.replace("<", "‹").replace(">", "›")

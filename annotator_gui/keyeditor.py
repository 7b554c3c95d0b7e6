"""Other keys for commands: press the new one. Kept at once; no key ever serves two."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from annotator_gui.closing import closing_row
from annotator_gui.keys import DEFAULT_KEYS, DEFAULTS, SAID, Command, KeyMap, write_keys
from annotator_gui.keysheet import commands_by_heading, shown_key, shown_keys
from annotator_gui.language import Words
from annotator_gui.typed import key_of
from mmed_curate.domain.findings import BadInput


class KeyEditor(QDialog):
    """Gives commands other keys."""

    changed = pyqtSignal(object)
    """The KeyMap as it is now; on disk already."""

    def __init__(self, *, words: Words, keys: KeyMap, path: Path, parent: QWidget | None = None) -> None:
        """Show the coder's keys.

        Args:
            words: the coder's language.
            keys: as they are.
            path: where they are kept.
            parent: the window.
        """
        super().__init__(parent)
        self._words, self._keys, self._path = words, keys, path
        self._rows: list[Command | None] = []
        self.setWindowTitle(words("Change keys"))
        self.resize(560, 680)
        column = QVBoxLayout(self)
        self._table = self._filled()
        column.addWidget(self._table, 1)
        self._catcher = _Catcher()
        self._catcher.setAccessibleName(words("New key"))
        self._catcher.setPlaceholderText(words("choose a line, then press its new key here"))
        self._catcher.caught.connect(self._give)
        column.addWidget(self._catcher)
        self._said = QLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setWordWrap(True)
        self._said.setMinimumHeight(self._said.fontMetrics().lineSpacing() * 2)
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._said)
        does = (
            (words("Its usual key again"), self._reset_one),
            (words("All usual keys again"), self._reset_all),
        )
        column.addLayout(closing_row(self, does, words=words, by_enter=False))
        self._table.currentCellChanged.connect(lambda *_: self._ask())
        self._table.itemActivated.connect(lambda _: self._catcher.setFocus())
        self._table.itemDoubleClicked.connect(lambda _: self._catcher.setFocus())
        self.choose(Command.PLAY)

    @property
    def keys(self) -> KeyMap:
        """The keys as they are now."""
        return self._keys

    @property
    def says(self) -> str:
        """What it says of the last thing done."""
        return self._said.text()

    def choose(self, command: Command) -> None:
        """Go to the line of a command."""
        self._table.setCurrentCell(self._rows.index(command), 0)

    def _filled(self) -> QTableWidget:
        words, table = self._words, QTableWidget(0, 2)
        table.setHorizontalHeaderLabels([words("What it does"), words("Key")])
        table.setAccessibleName(words("Commands and their keys"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        sides, head = table.verticalHeader(), table.horizontalHeader()
        if sides is not None:
            sides.hide()
        if head is not None:
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for heading, commands in commands_by_heading(words).items():
            self._add_row(table, heading, None)
            for command, does in commands:
                self._add_row(table, does, command)
        return table

    def _add_row(self, table: QTableWidget, text: str, command: Command | None) -> None:
        row = table.rowCount()
        table.insertRow(row)
        self._rows.append(command)
        name, key = QTableWidgetItem(text), QTableWidgetItem("")
        if command is None:
            font = name.font()
            font.setBold(True)
            name.setFont(font)
            for item in (name, key):
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        else:
            name.setText(f"    {text}")
            key.setText(self._shown(command))
        table.setItem(row, 0, name)
        table.setItem(row, 1, key)

    def _shown(self, command: Command) -> str:
        keys = ", ".join(shown_keys(self._keys.keys.get(command, ())))
        changed = self._keys.keys.get(command, ()) != DEFAULTS[command]
        return self._words("{keys} (changed)", keys=keys) if changed else keys

    @property
    def _chosen(self) -> Command | None:
        row = self._table.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _ask(self) -> None:
        command = self._chosen
        if command is None:
            self._said.setText("")
            return
        self._said.setText(self._words("{does}: press its new key in the field above.", does=self._does(command)))

    def _does(self, command: Command) -> str:
        return self._words(SAID[command][1])

    def _give(self, key: str) -> None:
        command = self._chosen
        if command is None:
            self._said.setText(self._words("Choose a line first."))
            return
        holder = self._keys.command(key)
        if holder is not None and holder is not command:
            self._said.setText(
                self._words(
                    "{key} is already the key of “{other}”: give that another key first, or press another one here.",
                    key=shown_key(key),
                    other=self._does(holder),
                )
            )
            return
        self._try(command, (key,))

    def _reset_one(self) -> None:
        if self._chosen is not None:
            self._try(self._chosen, DEFAULTS[self._chosen])

    def _reset_all(self) -> None:
        self._keep(DEFAULT_KEYS, self._words("All keys are the usual ones again."))

    def _try(self, command: Command, keys: tuple[str, ...]) -> None:
        try:
            changed = self._keys.changed(command, keys)
        except BadInput as error:
            self._said.setText(self._words.finding(error.finding))
            return
        shown = ", ".join(shown_keys(keys))
        self._keep(changed, self._words("{does}: {keys} now.", does=self._does(command), keys=shown))

    def _keep(self, keys: KeyMap, said: str) -> None:
        try:
            write_keys(self._path, keys)
        except OSError as error:
            self._said.setText(
                self._words(
                    "{path} cannot be written ({why}): the keys stay as they were.",
                    path=self._path,
                    why=error.strerror or error,
                )
            )
            return
        self._keys = keys
        for row, command in enumerate(self._rows):
            item = self._table.item(row, 1)
            if command is not None and item is not None:
                item.setText(self._shown(command))
        self._said.setText(said)
        self.changed.emit(keys)


class _Catcher(QLineEdit):
    """Takes the next key, whatever it is; only Esc stays what it is."""

    caught = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)

    def event(self, event: QEvent | None) -> bool:
        """Also keys that would else go to a neighbour, such as Tab."""
        if event is None:
            return False
        if isinstance(event, QKeyEvent) and event.key() != Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                key = key_of(event)
                if key and not event.isAutoRepeat():
                    self.setText(shown_key(key))
                    self.caught.emit(key)
                return True
        return super().event(event)

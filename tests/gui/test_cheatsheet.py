"""The list of keys and its editor: everything is listed, a key is never of two, what is changed is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLineEdit, QPushButton, QTextBrowser
from pytestqt.qtbot import QtBot

from annotator_gui.cheatsheet import CheatSheet
from annotator_gui.keyeditor import KeyEditor
from annotator_gui.keys import DEFAULT_KEYS, SAID, Command, read_keys
from annotator_gui.keysheet import sheet, shown_key
from annotator_gui.language import Words
from mmed_curate.domain.codebook import load_codebook


def test_every_command_and_every_code_is_listed() -> None:
    book = load_codebook("mmed")
    page = sheet(DEFAULT_KEYS, Words(), book)
    for heading, does in SAID.values():
        assert heading in page and does in page
    for entries in (book.event_types, book.emotions, book.action_units, book.vocal_cues, book.confidences):
        for entry in entries:
            assert entry.label["en"] in page
    assert "Self-report" not in page  # no context is shown to coders


def test_without_a_codebook_only_commands_are_listed() -> None:
    assert "Lip corner puller" not in sheet(DEFAULT_KEYS, Words(), None)


def test_labels_are_no_markup() -> None:
    book = load_codebook("mmed")
    named = book.emotions[0].model_copy(update={"label": {"en": "<b>Joy & co"}})
    page = sheet(DEFAULT_KEYS, Words(), book.model_copy(update={"emotions": (named,)}))
    assert "&lt;b&gt;Joy &amp; co" in page


def test_changed_keys_are_those_listed() -> None:
    keys = DEFAULT_KEYS.changed(Command.MARK_ONSET, ["Ctrl+O"])
    assert "<tt>Ctrl+O</tt>" in sheet(keys, Words(), None)
    assert "<tt>F2</tt>" not in sheet(keys, Words(), None)


def test_the_list_is_shown_and_saved_as_a_pdf_of_two_pages(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = CheatSheet(words=Words(), keys=DEFAULT_KEYS, codebook=load_codebook("mmed"))
    qtbot.addWidget(dialog)
    page = dialog.findChild(QTextBrowser)
    assert page is not None and "Onset here" in page.toPlainText()
    path = tmp_path / "keys.pdf"
    assert dialog.write_pdf(path)
    written = path.read_bytes()
    assert written.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", written)) == 2
    assert not dialog.write_pdf(tmp_path / "no-such-folder" / "keys.pdf")


@pytest.fixture
def editor(qtbot: QtBot, tmp_path: Path) -> KeyEditor:
    editor = KeyEditor(words=Words(), keys=DEFAULT_KEYS, path=tmp_path / "keys.json")
    qtbot.addWidget(editor)
    editor.show()
    return editor


def catcher(editor: KeyEditor) -> QLineEdit:
    line = editor.findChild(QLineEdit)
    assert line is not None
    return line


def test_a_new_key_is_pressed_and_kept(editor: KeyEditor, qtbot: QtBot, tmp_path: Path) -> None:
    editor.choose(Command.MARK_ONSET)
    with qtbot.waitSignal(editor.changed):
        qtbot.keyClick(catcher(editor), Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert editor.keys.command("Ctrl+O") is Command.MARK_ONSET
    assert editor.keys.command("F2") is None
    assert read_keys(tmp_path / "keys.json") == editor.keys
    assert editor.says == "Onset here: Ctrl+O now."


def test_a_key_that_is_taken_is_said_to_be_and_nothing_changes(editor: KeyEditor, qtbot: QtBot, tmp_path: Path) -> None:
    editor.choose(Command.MARK_ONSET)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_F3)
    assert editor.says.startswith("F3 is already the key of “Apex here”")
    assert editor.keys == DEFAULT_KEYS
    assert not (tmp_path / "keys.json").exists()


def test_keys_of_codes_cannot_be_taken(editor: KeyEditor, qtbot: QtBot) -> None:
    editor.choose(Command.MARK_ONSET)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_O)
    assert "plain letters and digits choose codes" in editor.says
    assert editor.keys == DEFAULT_KEYS


def test_tab_can_be_given_too(editor: KeyEditor, qtbot: QtBot) -> None:
    editor.choose(Command.NEXT_FIELD)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    editor.choose(Command.NEXT_EVENT)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_Tab)
    assert editor.keys.command("Tab") is Command.NEXT_EVENT


def test_usual_keys_come_back(editor: KeyEditor, qtbot: QtBot, tmp_path: Path) -> None:
    editor.choose(Command.MARK_ONSET)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    editor.choose(Command.MARK_APEX)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_F2)
    buttons = {one.text(): one for one in editor.findChildren(QPushButton)}
    editor.choose(Command.MARK_ONSET)
    qtbot.mouseClick(buttons["Its usual key again"], Qt.MouseButton.LeftButton)
    assert "F2" in editor.says  # the apex has it
    assert editor.keys.command("F2") is Command.MARK_APEX
    qtbot.mouseClick(buttons["All usual keys again"], Qt.MouseButton.LeftButton)
    assert editor.keys == DEFAULT_KEYS == read_keys(tmp_path / "keys.json")


def test_a_folder_that_cannot_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    editor = KeyEditor(words=Words(), keys=DEFAULT_KEYS, path=tmp_path / "file" / "keys.json")
    qtbot.addWidget(editor)
    editor.choose(Command.MARK_ONSET)
    qtbot.keyClick(catcher(editor), Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert "cannot be written" in editor.says
    assert editor.keys == DEFAULT_KEYS


def test_keys_read_as_people_say_them() -> None:
    assert [shown_key(key) for key in ("Return", "PgUp", "Ctrl+Z")] == ["Enter", "Page Up", "Ctrl+Z"]

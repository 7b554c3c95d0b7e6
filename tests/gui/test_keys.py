"""Keys: no key twice, plain letters and digits are the codes', what a coder changed is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator_gui.keys import DEFAULT_KEYS, DEFAULTS, SAID, Command, code_keys, read_keys, write_keys
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.findings import BadInput


def test_every_command_has_a_key_and_a_word() -> None:
    assert set(DEFAULTS) == set(SAID) == set(Command)
    assert all(DEFAULTS.values())


def test_a_key_serves_one_command_only() -> None:
    with pytest.raises(BadInput, match=r"F2 is the key of .* and of"):
        DEFAULT_KEYS.changed(Command.PLAY, ["F2"])


@pytest.mark.parametrize("key", ["1", "A"])
def test_plain_letters_and_digits_are_left_to_codes(key: str) -> None:
    with pytest.raises(BadInput, match="plain letters and digits choose codes"):
        DEFAULT_KEYS.changed(Command.PLAY, [key])


def test_every_code_of_every_field_of_our_codebook_has_a_key_of_its_own() -> None:
    book = load_codebook("mmed")
    for entries in (book.event_types, book.emotions, book.action_units, book.vocal_cues, book.confidences):
        codes = [entry.code for entry in entries]
        assert sorted(code_keys(codes).values()) == sorted(codes)


def test_what_was_changed_is_kept_and_the_rest_follows_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    changed = DEFAULT_KEYS.changed(Command.MARK_ONSET, ["Ctrl+O"])
    write_keys(path, changed)
    assert read_keys(path) == changed
    assert read_keys(path).command("Ctrl+O") is Command.MARK_ONSET
    assert "play" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "{}", '{"format": "mmed-keys", "version": 9, "keys": {}}'])
def test_a_file_of_something_else_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="delete it to have the usual keys back"):
        read_keys(path)

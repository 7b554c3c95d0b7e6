"""Which key does what. Keys are written as Qt writes them in portable text, such as `Ctrl+Z`. Knows no Qt.

Commands sit on keys that every keyboard layout has: function, arrow and editing keys, and letters with Ctrl or Alt.
Plain digits and letters are left to the codes of the field in hand, so that each code is one key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from annotator_gui.marks import Mark
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput

CODE_KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"
"""In the order in which they are given to the codes of a field."""

_FORMAT, _VERSION = "mmed-keys", 1


class Command(Enum):
    """What a key can do."""

    PLAY = "play"
    STEP_BACK = "step-back"
    STEP_ON = "step-on"
    TEN_BACK = "ten-back"
    TEN_ON = "ten-on"
    FIRST_FRAME = "first-frame"
    LAST_FRAME = "last-frame"
    PREVIOUS_MARK = "previous-mark"
    NEXT_MARK = "next-mark"
    SLOWER = "slower"
    FASTER = "faster"
    LOOP_SPAN = "loop-span"
    SOUND = "sound"
    MARK_ONSET = "mark-onset"
    MARK_APEX = "mark-apex"
    MARK_OFFSET = "mark-offset"
    NUDGE_BACK = "nudge-back"
    NUDGE_ON = "nudge-on"
    NEW_EVENT = "new-event"
    REMOVE_EVENT = "remove-event"
    NEXT_EVENT = "next-event"
    NOTHING = "nothing"
    NEXT_FIELD = "next-field"
    PREVIOUS_FIELD = "previous-field"
    SEARCH = "search"
    NOTE = "note"
    UNDO = "undo"
    REDO = "redo"
    HAND_IN = "hand-in"
    REOPEN = "reopen"
    SKIP = "skip"
    FLAG = "flag"
    WHOLE = "whole"
    FACE = "face"
    BROWS = "brows"
    MOUTH = "mouth"
    ZOOM_IN = "zoom-in"
    ZOOM_OUT = "zoom-out"
    NEUTRAL = "neutral"
    FLICKER = "flicker"
    MAGNIFY = "magnify"
    DIFFERENCE = "difference"
    MOTION = "motion"
    INTENSITY_A = "intensity-a"
    INTENSITY_B = "intensity-b"
    INTENSITY_C = "intensity-c"
    INTENSITY_D = "intensity-d"
    INTENSITY_E = "intensity-e"
    SIDE_LEFT = "side-left"
    SIDE_RIGHT = "side-right"
    SIDE_BOTH = "side-both"
    START_FROM = "start-from"
    KEYS = "keys"
    THEME = "theme"
    BIGGER_TEXT = "bigger-text"
    SMALLER_TEXT = "smaller-text"


SETS: Mapping[Mark, Command] = {
    Mark.ONSET: Command.MARK_ONSET,
    Mark.APEX: Command.MARK_APEX,
    Mark.OFFSET: Command.MARK_OFFSET,
}
"""By mark: the command that sets it."""

SAID: Mapping[Command, tuple[str, str]] = {
    Command.PLAY: ("Looking and listening", "Play or stop the loop"),
    Command.STEP_BACK: ("Looking and listening", "One frame back; hold to run"),
    Command.STEP_ON: ("Looking and listening", "One frame on; hold to run"),
    Command.TEN_BACK: ("Looking and listening", "Ten frames back"),
    Command.TEN_ON: ("Looking and listening", "Ten frames on"),
    Command.FIRST_FRAME: ("Looking and listening", "First frame"),
    Command.LAST_FRAME: ("Looking and listening", "Last frame"),
    Command.PREVIOUS_MARK: ("Looking and listening", "Jump to the mark before"),
    Command.NEXT_MARK: ("Looking and listening", "Jump to the mark after"),
    Command.SLOWER: ("Looking and listening", "Slower"),
    Command.FASTER: ("Looking and listening", "Faster"),
    Command.LOOP_SPAN: ("Looking and listening", "Loop the event, or the whole clip"),
    Command.SOUND: ("Looking and listening", "Sound on or off"),
    Command.MARK_ONSET: ("Marking", "Onset here"),
    Command.MARK_APEX: ("Marking", "Apex here"),
    Command.MARK_OFFSET: ("Marking", "Offset here"),
    Command.NUDGE_BACK: ("Marking", "Move the last mark one frame back"),
    Command.NUDGE_ON: ("Marking", "Move the last mark one frame on"),
    Command.NEW_EVENT: ("Marking", "Begin another event"),
    Command.REMOVE_EVENT: ("Marking", "Remove the event"),
    Command.NEXT_EVENT: ("Marking", "Go to the next event"),
    Command.NOTHING: ("Marking", "Nothing happens in this clip"),
    Command.NEXT_FIELD: ("Coding", "Next field"),
    Command.PREVIOUS_FIELD: ("Coding", "Field before"),
    Command.SEARCH: ("Coding", "Search codes by typing"),
    Command.NOTE: ("Coding", "Write a note or reason"),
    Command.INTENSITY_A: ("Coding", "Intensity A of the last action unit"),
    Command.INTENSITY_B: ("Coding", "Intensity B"),
    Command.INTENSITY_C: ("Coding", "Intensity C"),
    Command.INTENSITY_D: ("Coding", "Intensity D"),
    Command.INTENSITY_E: ("Coding", "Intensity E"),
    Command.SIDE_LEFT: ("Coding", "Left side of the last action unit"),
    Command.SIDE_RIGHT: ("Coding", "Right side"),
    Command.SIDE_BOTH: ("Coding", "Both sides"),
    Command.START_FROM: ("Coding", "Start from the next reading"),
    Command.UNDO: ("Answering", "Undo"),
    Command.REDO: ("Answering", "Redo"),
    Command.HAND_IN: ("Answering", "Hand in"),
    Command.REOPEN: ("Answering", "Open the movement again"),
    Command.SKIP: ("Answering", "Give the clip back, with a reason"),
    Command.FLAG: ("Answering", "Flag the clip for discussion"),
    Command.WHOLE: ("Looking closer", "Whole picture; again: pixel for pixel"),
    Command.FACE: ("Looking closer", "The face"),
    Command.BROWS: ("Looking closer", "The brows"),
    Command.MOUTH: ("Looking closer", "The mouth"),
    Command.ZOOM_IN: ("Looking closer", "Zoom in"),
    Command.ZOOM_OUT: ("Looking closer", "Zoom out"),
    Command.NEUTRAL: ("Looking closer", "Flicker the face at rest against this frame"),
    Command.FLICKER: ("Looking closer", "Flicker onset and apex"),
    Command.MAGNIFY: ("Looking closer", "Magnify motion; noted"),
    Command.DIFFERENCE: ("Looking closer", "Difference to onset; noted"),
    Command.MOTION: ("Looking closer", "Motion curve, once your marks are set; noted"),
    Command.KEYS: ("The window", "This list of keys"),
    Command.THEME: ("The window", "Dark or light"),
    Command.BIGGER_TEXT: ("The window", "Larger text"),
    Command.SMALLER_TEXT: ("The window", "Smaller text"),
}
"""By command: the heading under which the list of keys has it, and what it does."""

DEFAULTS: Mapping[Command, tuple[str, ...]] = {
    Command.PLAY: ("Space",),
    Command.STEP_BACK: ("Left",),
    Command.STEP_ON: ("Right",),
    Command.TEN_BACK: ("Shift+Left", "PgUp"),
    Command.TEN_ON: ("Shift+Right", "PgDown"),
    Command.FIRST_FRAME: ("Home",),
    Command.LAST_FRAME: ("End",),
    Command.PREVIOUS_MARK: ("Ctrl+Left",),
    Command.NEXT_MARK: ("Ctrl+Right",),
    Command.SLOWER: ("Down",),
    Command.FASTER: ("Up",),
    Command.LOOP_SPAN: ("F5",),
    Command.SOUND: ("F6",),
    Command.MARK_ONSET: ("F2",),
    Command.MARK_APEX: ("F3",),
    Command.MARK_OFFSET: ("F4",),
    Command.NUDGE_BACK: ("Alt+Left",),
    Command.NUDGE_ON: ("Alt+Right",),
    Command.NEW_EVENT: ("Ins", "Ctrl+N"),
    Command.REMOVE_EVENT: ("Del",),
    Command.NEXT_EVENT: ("Ctrl+E",),
    Command.NOTHING: ("F9",),
    Command.NEXT_FIELD: ("Tab",),
    Command.PREVIOUS_FIELD: ("Shift+Tab",),
    Command.SEARCH: ("/", "Ctrl+F"),
    Command.NOTE: ("Ctrl+T",),
    Command.UNDO: ("Ctrl+Z",),
    Command.REDO: ("Ctrl+Y", "Ctrl+Shift+Z"),
    Command.HAND_IN: ("Return", "Enter"),
    Command.REOPEN: ("Ctrl+M",),
    Command.SKIP: ("Ctrl+K",),
    Command.FLAG: ("Ctrl+D",),
    Command.WHOLE: ("Ctrl+1",),
    Command.FACE: ("Ctrl+2",),
    Command.BROWS: ("Ctrl+3",),
    Command.MOUTH: ("Ctrl+4",),
    Command.ZOOM_IN: ("Ctrl++", "Ctrl+="),
    Command.ZOOM_OUT: ("Ctrl+-",),
    Command.NEUTRAL: ("F7",),
    Command.FLICKER: ("F8",),
    Command.MAGNIFY: ("F10",),
    Command.DIFFERENCE: ("F11",),
    Command.MOTION: ("F12",),
    Command.INTENSITY_A: ("Shift+A",),
    Command.INTENSITY_B: ("Shift+B",),
    Command.INTENSITY_C: ("Shift+C",),
    Command.INTENSITY_D: ("Shift+D",),
    Command.INTENSITY_E: ("Shift+E",),
    Command.SIDE_LEFT: ("Shift+L",),
    Command.SIDE_RIGHT: ("Shift+R",),
    Command.SIDE_BOTH: ("Shift+X",),
    Command.START_FROM: ("Ctrl+R",),
    Command.KEYS: ("?", "F1"),
    Command.THEME: ("Ctrl+L",),
    Command.BIGGER_TEXT: ("Ctrl+Shift+Up",),
    Command.SMALLER_TEXT: ("Ctrl+Shift+Down",),
}


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Keys of every command; no key serves two."""

    keys: Mapping[Command, tuple[str, ...]]

    def __post_init__(self) -> None:
        taken: dict[str, Command] = {}
        for command, keys in self.keys.items():
            for key in keys:
                if key in taken:
                    raise BadInput.of(
                        "gui.key_twice",
                        f"{key} is the key of {taken[key].value} and of {command.value}",
                        "give one of them another key",
                        key=key,
                        first=SAID[taken[key]][1],
                        second=SAID[command][1],
                    )
                if len(key) == 1 and key.lower() in CODE_KEYS:
                    raise BadInput.of(
                        "gui.key_of_codes",
                        f"{key} cannot be the key of {command.value}: plain letters and digits choose codes",
                        "take a function key, or a letter with Ctrl or Alt",
                        key=key,
                        does=SAID[command][1],
                    )
                taken[key] = command

    def command(self, key: str) -> Command | None:
        """What a key does; None: nothing, or it belongs to the codes."""
        return next((command for command, keys in self.keys.items() if key in keys), None)

    def shown(self, command: Command) -> str:
        """The first key of a command, as people read it; empty: it has none."""
        keys = self.keys.get(command, ())
        return keys[0].replace("Return", "Enter") if keys else ""

    def changed(self, command: Command, keys: Sequence[str]) -> KeyMap:
        """The same with other keys for a command.

        Raises:
            BadInput: a key is taken, or belongs to the codes.
        """
        return KeyMap({**self.keys, command: tuple(keys)})


DEFAULT_KEYS = KeyMap(DEFAULTS)


def code_keys(codes: Sequence[str]) -> Mapping[str, str]:
    """By key: the code of a field that it chooses; codes beyond the last key are found by typing."""
    return dict(zip(CODE_KEYS, codes, strict=False))


def read_keys(path: Path) -> KeyMap:
    """Keys as a coder changed them; the defaults where there is no file.

    Raises:
        BadInput: the file is something else, newer, or gives a key twice.
    """
    if not path.exists():
        return DEFAULT_KEYS
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["format"] != _FORMAT or held["version"] != _VERSION:
            raise KeyError(_FORMAT)
        changed = {Command(name): tuple(map(str, keys)) for name, keys in held["keys"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput.of(
            "gui.keys_file",
            f"{path} holds no keys of this window",
            "delete it to have the usual keys back",
            path=str(path),
        ) from error
    return KeyMap({**DEFAULTS, **changed})


def write_keys(path: Path, keys: KeyMap) -> None:
    """Keep what differs from the defaults."""
    changed = {command.value: list(own) for command, own in keys.keys.items() if own != DEFAULTS[command]}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({"format": _FORMAT, "version": _VERSION, "keys": changed}, indent=1))

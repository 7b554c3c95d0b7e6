"""What a coder likes, kept between days: theme, text size, language, layout. The file is the coder's, not the lab's."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmed_curate.domain.files import write_text

_FILE = "window.json"
_FORMAT, _VERSION = "mmed-window", 1
SMALLEST_POINTS, LARGEST_POINTS = 8, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One coder's likings."""

    theme: str = "dark"
    points: int = 10
    """Size of text."""
    language: str = ""
    """BCP 47 code; empty: that of the machine."""
    reaction_ms: int = 200
    """What is taken off where a mark is set while the clip runs (ours); it only proposes a frame."""
    sound: bool = True
    toured: bool = False
    """The guided tour was seen or declined."""
    geometry: str = ""
    """Where the window was, as Qt packs it, in base 64."""
    layout: str = ""
    """How its panels were."""

    def larger(self, by: int) -> Preferences:
        """Text larger or smaller by some points, within bounds."""
        return replace(self, points=max(SMALLEST_POINTS, min(LARGEST_POINTS, self.points + by)))


def folder() -> Path:
    """Where they are kept: `$XDG_CONFIG_HOME/mmed-annotate`, else `~/.config/mmed-annotate`."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "mmed-annotate"


def read_preferences(at: Path) -> Preferences:
    """What was kept; the defaults where there is nothing, or nothing that can be read: likings stop nobody's work."""
    try:
        held: dict[str, Any] = json.loads((at / _FILE).read_text(encoding="utf-8"))
        if held.pop("format") != _FORMAT or held.pop("version") != _VERSION:
            return Preferences()
        known = {name: value for name, value in held.items() if name in Preferences.__dataclass_fields__}
        right = all(isinstance(value, type(getattr(Preferences(), name))) for name, value in known.items())
        return Preferences(**known).larger(0) if right else Preferences()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Preferences()


def write_preferences(at: Path, preferences: Preferences) -> None:
    """Keep them, where the folder can be written; else they last for this sitting."""
    try:
        at.mkdir(parents=True, exist_ok=True)
        write_text(at / _FILE, json.dumps({"format": _FORMAT, "version": _VERSION, **asdict(preferences)}, indent=1))
    except OSError:
        return


def packed(data: bytes) -> str:
    """Qt's bytes as text."""
    return base64.b64encode(data).decode("ascii")


def unpacked(text: str) -> bytes:
    """The bytes again; none where it is no such text."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""

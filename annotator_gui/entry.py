"""The door `mmed-annotate`: says in one sentence what is missing where the window cannot open here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

_BAD_INPUT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window.

    Args:
        argv: None: this process's.

    Returns:
        0: it was closed; 2: it cannot be opened, and why was said.
    """
    try:
        from annotator_gui.app import main as run
    except ImportError as error:
        print(f"mmed-annotate: {_missing(error)}", file=sys.stderr)  # noqa: T201
        return _BAD_INPUT
    asks_for_help = any(word in {"-h", "--help"} for word in (sys.argv[1:] if argv is None else argv))
    if not asks_for_help and not has_screen(os.environ, sys.platform):
        print(  # noqa: T201
            "mmed-annotate: there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set): start it in a "
            "graphical session, or in a virtual one with xvfb-run",
            file=sys.stderr,
        )
        return _BAD_INPUT
    return run(argv)


def has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Whether Qt finds a screen: where it finds none, it ends the process without a word of ours.

    Args:
        environment: of the process.
        platform: as `sys.platform` names it.
    """
    if platform != "linux" or environment.get("QT_QPA_PLATFORM"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _missing(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"it needs {(error.name or '').partition('.')[0]}: pip install 'mmed-curate[gui]'"
    # a shared library of the system, such as libEGL.so.1
    library = str(error).partition(":")[0]
    return f"Qt needs {library}, which this machine lacks: install it from the system's packages (libegl1, libgl1, …)"

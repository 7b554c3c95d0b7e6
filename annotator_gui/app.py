"""`mmed-annotate`: opens the window, paints it, and only then loads what is heavy.

mmed-annotate --workspace LAB --as bob        judge
mmed-annotate --workspace LAB --curator       see how the round goes
mmed-annotate --practice                      try it on a practice clip
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtWidgets import QApplication

from annotator_gui.keys import read_keys
from annotator_gui.language import Words, language_of_machine, languages
from annotator_gui.preferences import folder, read_preferences
from annotator_gui.shell import Asked, Shell
from mmed_curate.domain.findings import BadInput, MmedError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window until it is closed.

    Returns:
        0: closed; 2: the command line or a file of the coder's own is wrong, said in one sentence.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false;*.debug=false")
    try:
        asked = _asked(sys.argv[1:] if argv is None else list(argv))
        preferences = read_preferences(asked.config)
        if asked.language is not None:
            preferences = replace(preferences, language=asked.language)
        Words(preferences.language or language_of_machine())
    except BadInput as error:
        print(f"mmed-annotate: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    app = QApplication.instance() or QApplication([sys.argv[0]])
    shell = Shell(preferences, asked.config)
    shell.painted.connect(lambda: fill(shell, asked))
    shell.show()
    return int(app.exec()) if isinstance(app, QApplication) else 70


def fill(shell: Shell, asked: Asked) -> None:
    """Put into the window what was asked for; to be called once it has been painted."""
    from annotator_gui.start import page_for  # heavy: loaded after the first paint

    try:
        keys = read_keys(shell.config / "keys.json")
        page_for(shell, asked, keys)
    except MmedError as error:
        shell.say(shell.words.finding(error.finding))


def _asked(argv: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(prog="mmed-annotate", description="The annotation desk.")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="the lab's workspace")
    parser.add_argument("--as", dest="coder", metavar="CODER", help="your code; asked for where it is not given")
    parser.add_argument("--curator", action="store_true", help="how the round goes, for the curator only")
    parser.add_argument("--practice", action="store_true", help="a practice clip with a guided tour; stores nothing")
    parser.add_argument("--language", choices=languages(), help="of the window")
    parser.add_argument("--config", type=Path, default=folder(), metavar="DIR", help="where keys and likings are kept")
    said = parser.parse_args(argv)
    return Asked(
        workspace=said.workspace,
        coder=said.coder,
        curator=said.curator,
        practice=said.practice,
        language=said.language,
        config=said.config,
    )

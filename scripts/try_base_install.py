"""Tries the doors of a base install, from inside its environment; exit 1 names those that answer wrongly."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from mmed_curate.cli.main import BAD_INPUT, DONE, EXTRA_OF, VERBS
from mmed_curate.domain.packaged import packaged_root

MMED = str(Path(sys.executable).with_name("mmed"))


def answer(*words: str) -> subprocess.CompletedProcess[str]:
    """What `mmed` says to some words, called from an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run([MMED, *words], cwd=empty, capture_output=True, text=True, check=False)


def complaints() -> list[str]:
    """Everything that is not as a base install should be."""
    found = []
    if not packaged_root().is_relative_to(sys.prefix):
        found.append(f"the data is read from {packaged_root()}, outside the environment")
    for name, verb in VERBS.items():
        said = answer(name, "--help")
        if not verb.needs and said.returncode != DONE:
            found.append(f"mmed {name} --help: {said.stderr.strip()}")
        extra = EXTRA_OF[verb.needs[0]] if verb.needs else ""
        if verb.needs and (said.returncode != BAD_INPUT or f"mmed-curate[{extra}]" not in said.stderr):
            found.append(f"mmed {name} --help does not name [{extra}]: exit {said.returncode}, {said.stderr.strip()}")
    said = answer("verify", "no-such-release")
    if said.returncode != BAD_INPUT or "pip install" in said.stderr:
        found.append(f"mmed verify: exit {said.returncode}, {said.stderr.strip()}")
    window = subprocess.run([str(Path(MMED).with_name("mmed-annotate"))], capture_output=True, text=True, check=False)
    if window.returncode != BAD_INPUT or "mmed-curate[gui]" not in window.stderr:
        found.append(f"mmed-annotate does not name [gui]: exit {window.returncode}, {window.stderr.strip()}")
    loading = "import mmed_curate.dataset as d; d.load"
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=False)
    if done.returncode:
        found.append(f"import mmed_curate.dataset: {done.stderr.strip()}")
    return found


if __name__ == "__main__":
    wrong = complaints()
    sys.stderr.write("".join(f"  {line}\n" for line in wrong))
    sys.exit(bool(wrong))

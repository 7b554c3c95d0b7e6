"""Coders who act without end and tell of each act once it is acknowledged: to be killed at any moment. No Qt.

`acting.py WORKSPACE` reads lines `CODER SEED FILE`, begins one process for each, and answers with its id.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import to_text
from annotator_gui.marks import Mark
from annotator_gui.session import Sitting
from mmed_curate.annotation.door import open_desk
from mmed_curate.domain.conduct import Aid
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame


def an_act(draws: np.random.Generator, units: list[str]) -> Act:
    """Something that a coder may do."""
    kinds = (
        lambda: acts.set_mark(list(Mark)[draws.integers(3)], Frame(int(draws.integers(60)))),
        lambda: acts.toggle_unit(units[draws.integers(len(units))]),
        lambda: acts.set_note(f"note {draws.integers(1 << 30)}"),
        acts.new_event,
    )
    return kinds[draws.integers(len(kinds))]()


def act_on(root: Path, code: str, seed: int, told: Path) -> None:
    """Act until killed."""
    draws = np.random.default_rng(seed)
    sitting = Sitting(open_desk(root, code))
    view = sitting.take().view
    if view.ticket is None:
        raise SystemExit(f"{code} has nothing to do")
    units = [entry.code for entry in view.ticket.codebook.action_units]
    noted: list[str] = []
    with told.open("w", encoding="utf-8") as out:
        while True:
            begin_s = time.perf_counter()
            try:
                if draws.random() < 0.02:
                    aid = list(Aid)[draws.integers(3)]
                    sitting.use(aid)
                    noted.append(aid.value)
                elif draws.random() < 0.1:
                    sitting.undo()
                else:
                    sitting.act(an_act(draws, units))
            except BadInput:
                continue
            took_ms = 1000 * (time.perf_counter() - begin_s)
            document = {
                "draft": to_text(sitting._steps),
                "aids": noted,
                "ticket": view.ticket.id,
                "took_ms": took_ms,
            }
            out.write(json.dumps(document) + "\n")
            out.flush()


def main() -> None:
    """Begin what is asked for; everything heavy is loaded once."""
    root = Path(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who is dead is gone
    for line in sys.stdin:
        code, seed, told = line.rstrip("\n").split(" ", 2)
        child = os.fork()
        if child == 0:
            act_on(root, code, int(seed), Path(told))
        print(child, flush=True)


if __name__ == "__main__":
    main()

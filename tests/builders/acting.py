"""Acts without end, each told of once it is acknowledged: to be killed at any moment. `acting.py WORKSPACE CODER SEED`."""

from __future__ import annotations

import json
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


def main() -> None:
    """Act until killed."""
    root, code, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    draws = np.random.default_rng(seed)
    sitting = Sitting(open_desk(root, code))
    view = sitting.take().view
    assert view.ticket is not None
    units = [entry.code for entry in view.ticket.codebook.action_units]
    noted: list[str] = []
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
        steps = sitting._steps
        told = {"draft": to_text(steps), "aids": noted, "ticket": view.ticket.id, "took_ms": took_ms}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

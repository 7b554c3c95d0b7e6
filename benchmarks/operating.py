"""How often the gate is wrong: SIMULATED coders of known kappa, measured and decided by the real code (`gate_held`).

Run: `python benchmarks/operating.py`; exit code 1 where a target is missed. What was done is kept after each cell, so a
run that was stopped goes on where it was; `--afresh` begins again. It takes about half an hour on one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from coded_batches import ACTION_UNITS, KAPPA_SPREAD, MARGINALS, MIX_SPREAD, Conditions
from gate_held import DOORS, SEED, TARGETS, Cell, Gate, cells_of, did, missed, run_cell, size_of, wilson
from measured import RESULTS, keep

from mmed_curate.gate.policy import load_policy

SIZES = ((60, 10), (150, 15), (400, 20), (1000, 30))
"""Clips, subjects. The policy asks for 100 events, so the first can only pass the layer's own rule."""
KAPPAS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
BELOW = (0.6, 0.65)
"""Kappas below the bound, for which a table says what a second attempt does."""
ENOUGH = 0.95
"""The share from which on a table says that batches pass."""
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "operating.svg"


def conditions() -> Iterator[Conditions]:
    """Every way of coding, for the targets; size and kappa are still to be set."""
    for coders, marginals, missing, apart in product((2, 3), MARGINALS, (0.0, 0.1), (False, True)):
        yield Conditions(
            kappa=0.0, clips=1, subjects=1, coders=coders, marginals=marginals, missing=missing, apart=apart
        )


def one_sided(among: Conditions) -> bool:
    """Whether it is coded with nothing hard or with everything."""
    return among.apart == (among.missing > 0)


def in_curve(among: Conditions) -> bool:
    """Whether the whole curve is made under these conditions."""
    return among.coders == 2 and one_sided(among)


def plan(batches: int, headline: int) -> dict[Conditions, int]:
    """All cells, with the number of batches of each."""
    cells: dict[Conditions, int] = {}
    for among in conditions():
        if in_curve(among):
            for (clips, subjects), kappa in product(SIZES, KAPPAS):
                cells[replace(among, kappa=kappa, clips=clips, subjects=subjects)] = batches
        for target in TARGETS:
            if target.passes or one_sided(among):
                cells[replace(among, kappa=target.kappa, clips=target.clips, subjects=target.subjects)] = headline
    return cells


class Kept:
    """Cells done so far, a line each, beside the results; of the same policy, model, seed and numbers, or none."""

    def __init__(self, gate: Gate, batches: int, headline: int, *, afresh: bool) -> None:
        sources = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("coded_batches.py", "gate_held.py"))
        head = json.dumps([gate.policy.digest(), hashlib.sha256(sources).hexdigest(), SEED, batches, headline]) + "\n"
        self.path = RESULTS / ".operating.lines"
        text = self.path.read_text(encoding="utf-8") if self.path.exists() and not afresh else ""
        lines = text[: text.rfind("\n") + 1].splitlines(keepends=True)  # the last may have been cut off
        lines = lines if lines and lines[0] == head else [head]
        RESULTS.mkdir(exist_ok=True)
        self.path.write_text("".join(lines), encoding="utf-8")
        self.cells = {cell.among: cell for cell in map(cell_of, map(json.loads, lines[1:]))}

    def add(self, cell: Cell) -> None:
        """One more."""
        self.cells[cell.among] = cell
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(cell)) + "\n")


def cell_of(line: Mapping[str, Any]) -> Cell:
    """A cell from its line."""
    return Cell(**{**line, "among": Conditions(**line["among"])})


def pooled(cells: Iterable[Cell], door: str) -> tuple[int, int]:
    """Batches that came through, of how many."""
    chosen = list(cells)
    return sum(cell.through[door] for cell in chosen), sum(cell.tried[door] for cell in chosen)


def share(held: int, of: int) -> str:
    """A share with its interval."""
    low, high = wilson(held, of)
    return f"{held / of:.3f} ({low:.3f}-{high:.3f})"


def named(among: Conditions) -> str:
    """The way of coding, in a line."""
    subjects = "subjects differ" if among.apart else "subjects alike"
    return f"{among.coders} coders, {among.marginals:16}, {among.missing:4.0%} missing, {subjects}"


def target_lines(cells: Sequence[Cell]) -> list[str]:
    """Each target: over all conditions, under the worst, and where it is missed.

    Beyond doubt: the lower end of the share's interval reaches the target too.
    """
    lines = []
    for target in TARGETS:
        own = cells_of(target, cells)
        worst = min(own, key=lambda cell: did(target, [cell])[0] / cell.tried["layer"])
        below = missed(target, cells)
        clear = [cell for cell in own if wilson(*did(target, [cell]))[0] >= target.share]
        verdict = f"MISSED under {len(below)}" if below else "met under each"
        lines += [
            f"{target.words()}; target {target.share:.2f}",
            f"  {len(own)} conditions together {share(*did(target, own))}: {verdict}, beyond doubt under {len(clear)}",
            f"  worst {share(*did(target, [worst]))}: {named(worst.among)}",
        ]
        lines += [f"  missed {share(*did(target, [cell]))}: {named(cell.among)}" for cell in below]
    return lines


def condition_lines(cells: Sequence[Cell]) -> list[str]:
    """Of what must pass, the share that does under each way of coding."""
    ways = list(product((2, 3), (False, True), (0.0, 0.1)))
    heads = [f"{coders}, {'differ' if apart else 'alike'}, {missing:.0%}" for coders, apart, missing in ways]
    lines = []
    for target in (one for one in TARGETS if one.passes):
        found = {
            (cell.among.marginals, cell.among.coders, cell.among.apart, cell.among.missing): cell
            for cell in cells_of(target, cells)
        }
        for door in DOORS:
            size = f"{target.clips} clips of {target.subjects} subjects"
            lines.append(f"share through the door '{door}' at kappa {target.kappa}, {size}")
            lines.append(f"  {'coders, subjects, missing':26}" + "".join(f"{head:>16}" for head in heads))
            for marginals in MARGINALS:
                own = [found[(marginals, *way)] for way in ways]
                shown = [f"{cell.through[door] / cell.tried[door]:.3f}" for cell in own]
                lines.append(f"  {marginals:26}" + "".join(f"{one:>16}" for one in shown))
    return lines


def curve_lines(cells: Sequence[Cell]) -> list[str]:
    """The share that comes through each door by kappa and size, two coders, at their easiest and at their hardest."""
    lines = []
    for door, hard in product(DOORS, (False, True)):
        how = "10% missing, subjects differ" if hard else "nothing missing, subjects alike"
        lines.append(
            f"share through the door '{door}', two coders, {how}; mean (least-most) of {len(MARGINALS)} sets of values"
        )
        lines.append("  kappa " + "".join(f"{f'{clips}/{subjects}':>20}" for clips, subjects in SIZES))
        for kappa in KAPPAS:
            shown = []
            for size in SIZES:
                own = on_curve(cells, kappa, size, hard)
                held, of = pooled(own, door)
                each = [cell.through[door] / cell.tried[door] for cell in own]
                shown.append(f"{held / of:.3f} ({min(each):.2f}-{max(each):.2f})")
            lines.append(f"  {kappa:5.2f} " + "".join(f"{one:>20}" for one in shown))
    return lines


def on_curve(cells: Iterable[Cell], kappa: float, size: tuple[int, int], hard: bool) -> list[Cell]:
    """The cells of one point."""
    return [
        cell
        for cell in cells
        if in_curve(cell.among)
        and (cell.among.kappa, (cell.among.clips, cell.among.subjects), cell.among.apart) == (kappa, size, hard)
    ]


def reached(cells: Iterable[Cell], among: Conditions, size: tuple[int, int], door: str) -> float | None:
    """The least kappa of the grid from which on enough batches pass; None: not even at 1."""
    found = None
    by_kappa = {
        cell.among.kappa: cell.through[door] / cell.tried[door]
        for cell in cells
        if replace(cell.among, kappa=0.0, clips=1, subjects=1) == among
        and (cell.among.clips, cell.among.subjects) == size
    }
    for kappa in reversed(KAPPAS):
        if by_kappa[kappa] < ENOUGH:
            break
        found = kappa
    return found


def reached_lines(cells: Sequence[Cell]) -> list[str]:
    """From which kappa on 95 % pass, by way of coding, size and door."""
    lines = [
        f"least kappa of the grid from which on {ENOUGH:.0%} of batches pass: " + " / ".join(DOORS) + "; - : never",
        f"  {'':62}" + "".join(f"{f'{clips}/{subjects}':>20}" for clips, subjects in SIZES),
    ]
    for among in filter(in_curve, conditions()):
        by_size = [[reached(cells, among, size, door) for door in DOORS] for size in SIZES]
        told = [" / ".join("-" if one is None else f"{one:.2f}" for one in found) for found in by_size]
        lines.append(f"  {named(among):62}" + "".join(f"{one:>20}" for one in told))
    return lines


def attempts(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """What comes through the layer though it should not, of how many: of single attempts, and of pairs."""
    found = []
    for kappa, (clips, subjects) in product(BELOW, SIZES[1:3]):
        own = [cell for cell in cells if size_of(cell) == (kappa, clips, subjects)]
        found.append(
            {
                "kappa": kappa,
                "clips": clips,
                "subjects": subjects,
                "one": pooled(own, "layer"),
                "either_of_two": (sum(cell.either for cell in own), sum(cell.pairs for cell in own)),
            }
        )
    return found


def attempt_lines(cells: Sequence[Cell]) -> list[str]:
    """What a second attempt with fresh clips does."""
    return [
        f"kappa {one['kappa']}, {one['clips']} clips of {one['subjects']} subjects: the layer passes at one attempt "
        f"{share(*one['one'])}, at the first or a second with fresh clips {share(*one['either_of_two'])}"
        for one in attempts(cells)
    ]


def draw(cells: Sequence[Cell]) -> None:
    """The picture of the curve."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Okabe & Ito 2008, Color Universal Design
    colours = ("#999999", "#E69F00", "#0072B2", "#009E73")
    titles = {
        "layer": "alpha of emotion alone",
        "emotions": "… and classes and emotions",
        "units": "… and eight action units",
    }
    with matplotlib.rc_context({"svg.hashsalt": "operating", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10.5, 3.9), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        for axes, door in zip(figure.subplots(1, len(DOORS), sharey=True), DOORS, strict=True):
            for size, colour in zip(SIZES, colours, strict=True):
                every = [
                    [*on_curve(cells, kappa, size, False), *on_curve(cells, kappa, size, True)] for kappa in KAPPAS
                ]
                each = [[cell.through[door] / cell.tried[door] for cell in own] for own in every]
                axes.fill_between(
                    KAPPAS, [min(one) for one in each], [max(one) for one in each], color=colour, alpha=0.2
                )
                mean = [held / of for held, of in (pooled(own, door) for own in every)]
                axes.plot(KAPPAS, mean, color=colour, marker=".", label=f"{size[0]} clips, {size[1]} subjects")
            axes.axvline(0.667, color="#D55E00", linestyle="--", linewidth=0.9)
            axes.axhline(0.95, color="#BBBBBB", linewidth=0.7)
            axes.set(title=titles[door], xlabel="true kappa", xlim=(0.0, 1.0), ylim=(-0.02, 1.02))
        figure.axes[0].set_ylabel("share of batches that pass")
        figure.axes[0].legend(fontsize=8, loc="upper left")
        figure.suptitle("SIMULATED coders: how often the gate opens (lines: mean; bands: easiest to hardest coding)")
        aside = PICTURE.with_name(f".{PICTURE.name}")
        figure.savefig(aside, format="svg", metadata={"Date": None, "Title": "Operating curve of the gate"})
        aside.replace(PICTURE)


def document(cells: Sequence[Cell], gate: Gate) -> dict[str, Any]:
    """Everything that was counted."""
    return {
        "format": "mmed-bench-operating",
        "version": "1.0",
        "simulated": True,
        "policy": gate.policy.name,
        "bounds": {
            **{rule.name: [rule.held.value, rule.at_least] for rule in gate.policy.measures},
            **{f"{rule.name}=": [rule.held.value, rule.at_least, rule.min_positives] for rule in gate.policy.classes},
        },
        "seed": SEED,
        "model": {
            "marginals": MARGINALS,
            "action_units": ACTION_UNITS,
            "kappa_spread": KAPPA_SPREAD,
            "mix_spread": MIX_SPREAD,
        },
        "met": {target.words(): not missed(target, cells) for target in TARGETS},
        "attempts": attempts(cells),
        "cells": [{**asdict(cell.among), "tried": cell.tried, "through": cell.through} for cell in cells],
    }


def table(cells: Sequence[Cell], gate: Gate) -> str:
    """Everything that was found, for people."""
    batches = sorted({cell.tried["layer"] for cell in cells})
    lines = [
        f"SIMULATED coders, {sum(cell.tried['layer'] for cell in cells):,} batches in {len(cells)} cells of "
        f"{batches[0]:,} to {batches[-1]:,}, seed {SEED}; policy {gate.policy.name}, "
        f"{gate.settings.resamples:,} resamples; intervals of shares: Wilson, 95%",
        "",
        *target_lines(cells),
        "",
        *condition_lines(cells),
        "",
        *reached_lines(cells),
        "",
        *attempt_lines(cells),
        "",
        *curve_lines(cells),
    ]
    return "\n".join(lines) + "\n"


def as_text(found: Mapping[str, Any]) -> str:
    """JSON with one cell a line."""
    cells = ",\n".join("    " + json.dumps(cell) for cell in found["cells"])
    head = json.dumps({**found, "cells": []}, indent=2)
    return head.replace('"cells": []', f'"cells": [\n{cells}\n  ]') + "\n"


def main() -> int:
    """Print the table; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=300, help="in a cell of the curve")
    parser.add_argument("--headline", type=int, default=1000, help="in a cell of a target")
    parser.add_argument("--afresh", action="store_true", help="forget what a stopped run has done")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    chosen = parser.parse_args()
    gate = Gate(policy=load_policy("mmed"))
    cells_planned = plan(chosen.batches, chosen.headline)
    kept = Kept(gate, chosen.batches, chosen.headline, afresh=chosen.afresh)
    begin = time.perf_counter()
    for number, (among, batches) in enumerate(cells_planned.items(), 1):
        if among not in kept.cells:
            kept.add(run_cell(gate, among, batches, min(batches, chosen.batches)))
            if number % 20 == 0:
                print(f"{number} of {len(cells_planned)} cells, {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    cells = [kept.cells[among] for among in cells_planned]
    found = document(cells, gate)
    keep("operating.json", as_text(found))
    keep("operating.txt", table(cells, gate))
    draw(cells)
    kept.path.unlink()
    print(as_text(found) if chosen.json else table(cells, gate), end="")
    return 0 if all(found["met"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())

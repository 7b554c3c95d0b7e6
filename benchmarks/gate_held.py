"""SIMULATED batches held against the real gate, and what the gate is asked to do with them.

Each batch (`coded_batches`) is measured as `mmed agreement` measures, with the settings that the policy names, and held
against the policy by `mmed_curate.gate.decide`. What is not simulated (existence, times, clips, consent) is taken to
hold, so that emotions and action units alone decide. Three doors are told apart, each with all before it:

- layer: the lower end of alpha of emotion;
- emotions: alpha of the map of three, every class and every emotion that is not rare, enough units and subjects;
- units: eight action units as well, coded with the same kappa, each that is not rare.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from coded_batches import Batch, Conditions, coded

from mmed_curate.agreement.layers import ClassAgreement, one_against_rest, reported_alpha
from mmed_curate.agreement.ratings import Ratings
from mmed_curate.agreement.settings import AgreementSettings, settings_of
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.measures import Coefficient, Interval, Measure, MeasuredClass
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Term
from mmed_curate.gate.decide import decide
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import Held, Policy

LAYER = "emotion.alpha"
DOORS = ("layer", "emotions", "units")
SEED = 6
_DIGEST = "0" * 64
_MORE_THAN_THERE_ARE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the whole layer must do."""

    kappa: float
    clips: int
    subjects: int
    passes: bool
    """Else it must refuse."""
    share: float
    """At least."""

    def words(self) -> str:
        """In a line."""
        does, sign = ("passes", ">=") if self.passes else ("refuses", "<=")
        return f"{does} at kappa {sign} {self.kappa:.2f}, {self.clips} clips of {self.subjects} subjects"


TARGETS = (
    *(Target(kappa=0.4, clips=c, subjects=s, passes=False, share=0.99) for c, s in ((150, 15), (400, 20))),
    *(Target(kappa=0.6, clips=c, subjects=s, passes=False, share=0.95) for c, s in ((150, 15), (400, 20))),
    Target(kappa=0.9, clips=150, subjects=15, passes=True, share=0.95),
    Target(kappa=0.8, clips=400, subjects=20, passes=True, share=0.95),
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """As much of an agreement report as the gate reads."""

    measures: Mapping[str, Measure]
    classes: Mapping[str, Mapping[str, MeasuredClass]]
    measured_by: Mapping[str, Any]
    n_coders: int
    n_coded: int = 1
    judgements_digest: str = _DIGEST


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The real rules of one policy, with everything held open that is not simulated."""

    policy: Policy

    @cached_property
    def settings(self) -> AgreementSettings:
        """How the policy wants agreement measured."""
        return settings_of(self.policy.agreement)

    @cached_property
    def _of_classes(self) -> AgreementSettings:
        """The same, but without intervals where no rule on classes reads one: a class's value does not rest on it."""
        reads = any(rule.held is Held.LOWER for rule in self.policy.classes)
        return self.settings if reads else self.settings.model_copy(update={"min_clusters": _MORE_THAN_THERE_ARE})

    @cached_property
    def _class_of(self) -> dict[str, str]:
        return {entry.code: entry.emotion_class or "" for entry in load_codebook("mmed").emotions}

    @cached_property
    def _open(self) -> dict[str, Measure]:
        return {rule.measure: self._perfect for rule in self.policy.measures}

    @cached_property
    def _open_classes(self) -> dict[str, dict[str, MeasuredClass]]:
        one = {"any": MeasuredClass(positives=self._perfect.n_units, alpha=self._perfect)}
        return {rule.layer: one for rule in self.policy.classes}

    @cached_property
    def _perfect(self) -> Coefficient:
        return Coefficient(
            value=1.0,
            interval=Interval(lower=1.0, upper=1.0, confidence=self.settings.confidence),
            n_units=1000,
            n_judgements=2000,
            n_clusters=30,
        )

    @cached_property
    def _layer_rule(self) -> str:
        return next(rule.name for rule in self.policy.measures if rule.measure == LAYER)

    def doors(self, batch: Batch, n_coders: int, *, whole: bool = True) -> tuple[bool, bool, bool]:
        """Whether a batch comes through each of `DOORS`; unless `whole`, the first alone is tried.

        What is behind a door that is shut is not measured: it could not open it.
        """
        ratings = batch.ratings()
        measured = {LAYER: reported_alpha(ratings, self.settings)}
        decision = self._decided(measured, {}, n_coders)
        layer = any(verdict.name == self._layer_rule and verdict.holds for verdict in decision.verdicts)
        if decision.passed is None or not whole:
            return layer, False, False
        classes = batch.ratings(self._class_of)
        measured["emotion-class.alpha"] = reported_alpha(classes, self.settings)
        told = {"emotion": self._told(ratings), "emotion-class": self._told(classes)}
        if self._decided(measured, told, n_coders).passed is None:
            return layer, False, False
        told["action-units"] = {code: self._told(scored)["yes"] for code, scored in batch.scored().items()}
        return layer, True, self._decided(measured, told, n_coders).passed is not None

    def _decided(self, measures: Mapping[str, Measure], classes: Mapping[str, Any], n_coders: int) -> Any:
        report = Measured(
            measures={**self._open, **measures},
            classes={**self._open_classes, **classes},
            measured_by=self.settings.values(),
            n_coders=n_coders,
        )
        return decide(report, _nothing_else_to_say(), self.policy)

    def _told(self, ratings: Ratings) -> dict[str, MeasuredClass]:
        """Each value that occurs against the rest; what belongs to no class is none."""
        found: Iterable[ClassAgreement] = one_against_rest(ratings, self._of_classes)
        return {one.code: MeasuredClass(positives=one.positives, alpha=one.alpha) for one in found if one.code}


def _nothing_else_to_say() -> Evidence:
    """One settled clip, verified, agreed to and whole."""
    clip = ClipFacts(
        clip=ClipId("c"),
        subject=SubjectId("s"),
        subject_code="S",
        stage=Stage.SETTLED,
        n_events=1,
        coded_by=frozenset({CoderId("a"), CoderId("b")}),
        adjudicated_by=frozenset(),
        verified_by=CoderId("v"),
        terms=frozenset(Term),
        faults=(),
        simulated=False,
    )
    return Evidence(on=date(2030, 1, 1), judgements_digest=_DIGEST, clips=(clip,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How batches under the same conditions came out."""

    among: Conditions
    tried: Mapping[str, int]
    """Batches, by door: the first is tried by all, the others by the first of them."""
    through: Mapping[str, int]
    """Of those tried, by door."""
    pairs: int
    """Pairs of batches, each a first and a second attempt with fresh clips."""
    either: int
    """Of them, those of which one or both came through the first door."""


def run_cell(gate: Gate, among: Conditions, batches: int, whole: int, seed: int = SEED) -> Cell:
    """Simulate, measure, decide. The draws depend on the conditions and the seed alone.

    Args:
        gate: the rules.
        among: how clips are coded.
        batches: how many are held against the layer's rule.
        whole: how many of them against all rules.
        seed: of everything that is drawn.
    """
    words = json.dumps([seed, *asdict(among).values()]).encode()
    draws = np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest()[:8], "big"))
    came = [gate.doors(coded(draws, among), among.coders, whole=number < whole) for number in range(batches)]
    layer = [one for one, _, _ in came]
    first, second = layer[0::2], layer[1::2]
    return Cell(
        among=among,
        tried=dict(zip(DOORS, (batches, whole, whole), strict=True)),
        through=dict(zip(DOORS, map(sum, zip(*came, strict=True)), strict=True)),
        pairs=len(second),
        either=sum(one or other for one, other in zip(first, second, strict=False)),
    )


def wilson(held: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, J. American Statistical Association 22, 209-212)."""
    z, share = 1.959964, held / of
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * math.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def did(target: Target, cells: Iterable[Cell]) -> tuple[int, int]:
    """In how many batches the layer did what the target asks, of how many."""
    chosen = list(cells)
    of, through = sum(cell.tried["layer"] for cell in chosen), sum(cell.through["layer"] for cell in chosen)
    return (through if target.passes else of - through), of


def size_of(cell: Cell) -> tuple[float, int, int]:
    """Its kappa, clips and subjects."""
    return cell.among.kappa, cell.among.clips, cell.among.subjects


def cells_of(target: Target, cells: Sequence[Cell]) -> list[Cell]:
    """Those at the target's own size and kappa."""
    return [cell for cell in cells if size_of(cell) == (target.kappa, target.clips, target.subjects)]


def missed(target: Target, cells: Sequence[Cell]) -> list[Cell]:
    """The conditions under which the share of batches is below the target."""

    def is_below(cell: Cell) -> bool:
        held, of = did(target, [cell])
        return held < target.share * of

    return [cell for cell in cells_of(target, cells) if is_below(cell)]

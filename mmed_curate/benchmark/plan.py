"""Which networks a run trains, by its settings and by what the clips allow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mmed_curate.benchmark.amfnet import Design
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import LeftOut
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.units import Unit

AMF_NET = Entrant(Design.AMF_NET.value)
FEWEST_SESSIONS = 2
"""Sessions that leaving one out needs at least."""


class Purpose(Enum):
    """What a training is for."""

    STANDING = "standing"
    """The comparison, leave-one-subject-out."""
    PERMUTED = "permuted"
    """AMF-Net on sound dealt out anew."""
    SESSIONS = "sessions"
    """Leave-one-session-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Units by purpose and entrant, one per seed in order of seeds."""

    units: Mapping[tuple[Purpose, Entrant], Sequence[Unit]]

    @property
    def every(self) -> tuple[Unit, ...]:
        """All of them; the longest first, so that processes end together."""
        return tuple(
            sorted(
                (unit for units in self.units.values() for unit in units),
                key=lambda unit: (unit.inner is None, unit.entrant != AMF_NET),
            )
        )

    def without(self, entrants: Collection[Entrant]) -> Plan:
        """The same, some left out."""
        return Plan(units={key: units for key, units in self.units.items() if key[1] not in entrants})

    def entrants(self, purpose: Purpose) -> tuple[Entrant, ...]:
        """Who is trained for a purpose."""
        return tuple(entrant for kind, entrant in self.units if kind is purpose)


def planned(data: BenchmarkData, settings: BenchmarkSettings, own: Sequence[str] = ()) -> Plan:
    """What to train.

    Args:
        data: the clips.
        settings: who enters.
        own: networks of one's own, `module:Class` each.
    """
    heard = {subject for subject, sounds in zip(data.subjects, data.has_sound, strict=True) if sounds}
    entrants = [
        entrant
        for entrant in map(Entrant, dict.fromkeys((*settings.entrants, *own)))
        if entrant.sees or len(heard) > 1  # one that only hears learns from whom it can hear
    ]
    units: dict[tuple[Purpose, Entrant], list[Unit]] = {}
    for entrant in entrants:
        amf = entrant == AMF_NET
        units[Purpose.STANDING, entrant] = [
            Unit(
                entrant=entrant,
                seed=seed,
                controls=amf and settings.controls,
                inner=(place % settings.inner_parts, settings.inner_parts) if amf and settings.inner_parts else None,
            )
            for place, seed in enumerate(settings.seeds)
        ]
    if settings.sound_permuted and AMF_NET in entrants and len(heard) > 1:
        units[Purpose.PERMUTED, AMF_NET] = [
            Unit(entrant=AMF_NET, seed=seed, sound_permuted=True) for seed in settings.seeds
        ]
    if len(set(data.sessions)) >= FEWEST_SESSIONS and _sessions_teach(data):
        for name in settings.by_session:
            if (entrant := Entrant(name)) in entrants:
                units[Purpose.SESSIONS, entrant] = [
                    Unit(entrant=entrant, seed=seed, left_out=LeftOut.SESSION) for seed in settings.seeds
                ]
    return Plan(units=units)


def _sessions_teach(data: BenchmarkData) -> bool:
    """Whether somebody is left to learn from whenever a session and all who played in it are left out."""
    players: dict[str, set[str]] = {}
    for session, subject in zip(data.sessions, data.subjects, strict=True):
        players.setdefault(session, set()).add(subject)
    everyone = set(data.subjects)
    return all(len(everyone - present) > 0 for present in players.values())

"""What is measured of one layer: values chosen, values on a scale, codes given or not, sets of codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmed_curate.agreement.alpha import alpha, package_alpha
from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.coefficients import Chance, ac2, cohen, corrected
from mmed_curate.agreement.gamma import gamma
from mmed_curate.agreement.ratings import Level, Ratings, tally
from mmed_curate.agreement.sets import Codes, masi_alpha, reliability_index
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.statistic import Statistic, divided, summed
from mmed_curate.agreement.unitizing import Continuum, alpha_u
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Measure, Undetermined

_ONE_VALUE = "only one value occurs, so agreement cannot be told from chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAgreement:
    """One value told apart from all others."""

    code: str
    positives: int
    """Units in which at least one coder chose it."""
    alpha: Measure
    ac1: Measure | None = None
    """Gwet's AC1 of this value against the rest; None: not measured."""
    percent: Measure | None = None
    """Share of pairs who say the same of it, not corrected for chance; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerAgreement:
    """One thing that coders choose, over all units."""

    name: str
    """Such as `emotion`; its numbers are `emotion.alpha`, `emotion.ac1` and so on."""
    unit: str
    """What one unit is."""
    alpha: Measure
    """Krippendorff's alpha, nominal."""
    ac1: Measure
    """Gwet's AC1."""
    fleiss: Measure
    """Fleiss's kappa."""
    percent: Measure
    """Share of agreeing pairs, not corrected for chance."""
    classes: tuple[ClassAgreement, ...]
    """Each value that occurs against the rest, by code."""
    cohen: Measure | None = None
    """Cohen's kappa, of more than two coders Conger's; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedAgreement:
    """One thing that coders give a place on a scale, over all units."""

    name: str
    """Such as `confidence`; its numbers are `confidence.alpha`, `confidence.ac2`, `confidence.percent`."""
    unit: str
    """What one unit is."""
    values: tuple[str, ...]
    """The scale, from least to most."""
    alpha: Measure
    """Krippendorff's alpha, ordinal."""
    ac2: Measure
    """Gwet's AC2, ordinal weights over the whole scale."""
    percent: Measure
    """Share of pairs who chose the very same value, not corrected for chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAgreement:
    """Sets of codes as wholes."""

    name: str
    """Such as `action-units`; its numbers are `action-units.masi` and `action-units.index`."""
    unit: str
    """What one unit is."""
    masi: Measure
    """Krippendorff's alpha with Passonneau's distance of sets."""
    index: Measure
    """The reliability index of FACS; NOT corrected for chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistenceAgreement:
    """Whether and where something happened, beyond the layer `existence`."""

    alpha_u: Measure
    """Krippendorff's alpha of units over coded clips: events as coders marked them, before any are matched."""
    screeners_alpha_u: Measure
    """The same over clips screened by two or more, of the spans that screeners found; nothing where they rejected."""
    n_foils: int
    """Coded clips in which screeners had seen nothing."""
    invented: Measure
    """Share of the codings of foils in which an event was marked."""


@dataclass(slots=True)
class Rows:
    """A long table in the making: one row for each value that a coder gave."""

    units: list[str]
    values: list[str]
    clusters: list[str]
    coders: list[str]

    @classmethod
    def none(cls) -> Rows:
        """No rows yet."""
        return cls([], [], [], [])

    def add(self, unit: str, value: str, cluster: str, coder: str) -> None:
        """One more value."""
        self.units.append(unit)
        self.values.append(value)
        self.clusters.append(cluster)
        self.coders.append(coder)

    def ratings(self, order: Sequence[str] | None = None) -> Ratings:
        """The table; with an order of values, on that scale."""
        level = Level.NOMINAL if order is None else Level.ORDINAL
        return tally(self.units, self.values, self.clusters, level=level, order=order, coders=self.coders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Which codes one coder gave in one unit."""

    unit: str
    cluster: str
    codes: Codes
    unknown: Codes = frozenset()
    """Codes of which this coder could say nothing: missing, not absent."""


def reported_alpha(ratings: Ratings, settings: AgreementSettings, level: Level = Level.NOMINAL) -> Measure:
    """Alpha with its interval: the point by the `krippendorff` package where it can, the interval by ours."""
    occurring = sorted({ratings.labels[index] for index in set(ratings.pairable.value.tolist())})
    only = occurring[0] if occurring else ""
    return measure(
        alpha(ratings, level),
        settings,
        why_nan=f"only one value occurs ({only}), so agreement cannot be told from chance",
        point=package_alpha(ratings, level),
    )


def nominal_coefficient(ratings: Ratings, chance: Chance, settings: AgreementSettings) -> Measure:
    """Percent agreement or a chance-corrected coefficient with its interval."""
    return measure(corrected(ratings, chance), settings, why_nan=_ONE_VALUE)


def cohen_coefficient(ratings: Ratings, settings: AgreementSettings) -> Measure:
    """Cohen's kappa, of more than two coders Conger's, with its interval."""
    return measure(cohen(ratings), settings, why_nan=_ONE_VALUE)


def ac2_coefficient(ratings: Ratings, settings: AgreementSettings) -> Measure:
    """Gwet's AC2 with its interval."""
    return measure(ac2(ratings), settings, why_nan=_ONE_VALUE)


def layer_agreement(
    name: str, unit: str, ratings: Ratings, settings: AgreementSettings, *, version: int
) -> LayerAgreement:
    """All nominal measures of one layer, as far as a report of this version holds them."""
    return LayerAgreement(
        name=name,
        unit=unit,
        alpha=reported_alpha(ratings, settings),
        ac1=nominal_coefficient(ratings, Chance.AC1, settings),
        fleiss=nominal_coefficient(ratings, Chance.FLEISS, settings),
        percent=nominal_coefficient(ratings, Chance.NONE, settings),
        classes=one_against_rest(ratings, settings, version=version),
        cohen=None if version == 1 else cohen_coefficient(ratings, settings),
    )


def ordered_agreement(
    name: str, unit: str, rows: Rows, order: Sequence[str], settings: AgreementSettings
) -> OrderedAgreement:
    """All ordinal measures of one layer."""
    ratings = rows.ratings(order)
    return OrderedAgreement(
        name=name,
        unit=unit,
        values=tuple(order),
        alpha=reported_alpha(ratings, settings, Level.ORDINAL),
        ac2=ac2_coefficient(ratings, settings),
        percent=nominal_coefficient(ratings, Chance.NONE, settings),
    )


def set_agreement(name: str, unit: str, rows: Sequence[Scored], settings: AgreementSettings) -> SetAgreement:
    """Alpha over sets, and the index of FACS.

    A code that one coder of a unit could not see is left out of the sets of all its coders; a unit whose coders could
    see nothing in common is left out by whoever makes the rows.
    """
    unknown: dict[str, Codes] = {}
    for row in rows:
        unknown[row.unit] = unknown.get(row.unit, frozenset()) | row.unknown
    units = [row.unit for row in rows]
    sets = [row.codes - unknown[row.unit] for row in rows]
    clusters = [row.cluster for row in rows]
    return SetAgreement(
        name=name,
        unit=unit,
        masi=masi_measure(units, sets, clusters, settings),
        index=index_measure(units, sets, clusters, settings),
    )


def masi_measure(
    units: Sequence[str], sets: Sequence[Codes], clusters: Sequence[str] | None, settings: AgreementSettings
) -> Measure:
    """Alpha over sets with its interval; undetermined where there are more different sets than can be compared."""
    return _or_too_large(
        lambda: masi_alpha(units, sets, clusters),
        settings,
        why_nan="every unit was given the same set, so agreement cannot be told from chance",
    )


def index_measure(
    units: Sequence[str], sets: Sequence[Codes], clusters: Sequence[str] | None, settings: AgreementSettings
) -> Measure:
    """The index of FACS with its interval; not corrected for chance."""
    return measure(reliability_index(units, sets, clusters), settings, why_nan="nobody scored anything in these units")


def alpha_u_measure(continua: Sequence[Continuum], settings: AgreementSettings) -> Measure:
    """Krippendorff's alpha of units with its interval."""
    return measure(alpha_u(continua), settings, why_nan="nobody marked an event")


def gamma_measure(continua: Sequence[Continuum], settings: AgreementSettings) -> Measure:
    """Gamma with its interval."""
    return measure(gamma(continua, seed=settings.seed), settings, why_nan="nobody marked an event")


def invented_measure(codings: Sequence[tuple[str, str, bool]], settings: AgreementSettings) -> Measure:
    """Share of codings of foils in which an event was marked.

    Args:
        codings: of each, its clip, the clip's cluster, and whether an event was marked.
        settings: how intervals are made and what is too little.
    """
    if not codings:
        return Undetermined(reason="no clip was coded in which screeners had seen nothing")
    place = {name: number for number, name in enumerate(sorted({cluster for _, cluster, _ in codings}))}
    cluster = np.array([place[name] for _, name, _ in codings], dtype=np.int64)
    marked = np.array([found for _, _, found in codings], dtype=float)
    statistic = Statistic(
        contributions=np.column_stack(
            [summed(marked, cluster, len(place)), np.bincount(cluster, minlength=len(place))]
        ),
        combine=lambda total: divided(total[:, 0], total[:, 1]),
        n_units=len({clip for clip, _, _ in codings}),
        n_judgements=len(codings),
        n_clusters=len(place),
    )
    return measure(statistic, settings, why_nan="no clip was coded in which screeners had seen nothing")


def one_against_rest(ratings: Ratings, settings: AgreementSettings, *, version: int) -> tuple[ClassAgreement, ...]:
    """Each value that occurs against the rest, with the number of units in which a coder chose it."""
    paired = ratings.pairable
    return tuple(
        _class_agreement(
            ratings.labels[index],
            len(set(paired.unit[paired.value == index].tolist())),
            ratings.one_against_rest(index),
            settings,
            version=version,
        )
        for index in sorted(set(paired.value.tolist()), key=lambda one: ratings.labels[one])
    )


def each_or_not(rows: Sequence[Scored], settings: AgreementSettings, *, version: int) -> tuple[ClassAgreement, ...]:
    """Each code that anyone gave: given or not, per unit and coder; missing for who could say nothing of it."""
    if not rows:
        return ()
    every = tally([row.unit for row in rows], [""] * len(rows), [row.cluster for row in rows])
    place = {unit: number for number, unit in enumerate(dict.fromkeys(row.unit for row in rows))}
    order = np.argsort([place[row.unit] for row in rows], kind="stable")
    ordered = [rows[at] for at in order.tolist()]
    codes = sorted({code for row in rows for code in row.codes - row.unknown})
    given, known = np.zeros((len(rows), len(codes)), dtype=np.int64), np.ones((len(rows), len(codes)), dtype=bool)
    column = {code: number for number, code in enumerate(codes)}
    for number, row in enumerate(ordered):
        for code in row.codes & column.keys():
            given[number, column[code]] = 1
        for code in row.unknown & column.keys():
            known[number, column[code]] = False
    found: list[ClassAgreement] = []
    for number, code in enumerate(codes):
        seen = known[:, number]
        ratings = Ratings(
            unit=every.unit[seen],
            value=given[seen, number],
            scale=np.array([0.0, 1.0]),
            labels=("no", "yes"),
            cluster=every.cluster,
        )
        paired = ratings.pairable
        positives = len(np.unique(paired.unit[paired.value == 1]))
        found.append(_class_agreement(code, positives, ratings, settings, version=version))
    return tuple(found)


def _class_agreement(
    code: str, positives: int, ratings: Ratings, settings: AgreementSettings, *, version: int
) -> ClassAgreement:
    rare = (
        Undetermined(reason=f"chosen in {positives} units, needed are {settings.min_positives}")
        if positives < settings.min_positives
        else None
    )
    if version == 1:
        return ClassAgreement(code=code, positives=positives, alpha=rare or reported_alpha(ratings, settings))
    return ClassAgreement(
        code=code,
        positives=positives,
        alpha=rare or reported_alpha(ratings, settings),
        ac1=rare or nominal_coefficient(ratings, Chance.AC1, settings),
        percent=rare or nominal_coefficient(ratings, Chance.NONE, settings),
    )


def _or_too_large(make: Callable[[], Statistic], settings: AgreementSettings, *, why_nan: str) -> Measure:
    try:
        statistic = make()
    except BadInput:
        return Undetermined(reason="there are more different sets than can be compared")
    return measure(statistic, settings, why_nan=why_nan)

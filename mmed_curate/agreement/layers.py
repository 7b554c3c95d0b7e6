"""What is measured of one layer: values chosen, values on a scale, codes given or not, sets of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmed_curate.agreement.alpha import alpha, package_alpha
from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.coefficients import Chance, ac2, cohen, corrected
from mmed_curate.agreement.gamma import gamma
from mmed_curate.agreement.onevalue import OneValue
from mmed_curate.agreement.ratings import Level, Ratings, from_units
from mmed_curate.agreement.rules import NEWEST, Rules
from mmed_curate.agreement.sets import CodeRows, SetRatings, masi_alpha, reliability_index
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityAgreement:
    """How strongly one action unit was scored, over the events in which coders gave it an intensity."""

    code: str
    n_events: int
    """Events in which two or more coders gave it one."""
    alpha: Measure
    """Krippendorff's alpha, ordinal, over the whole scale."""


@dataclass(slots=True)
class Rows:
    """A long table in the making, unit by unit: one row for each value that a coder gave."""

    clusters: list[str]
    """(U,) cluster of each unit."""
    sizes: list[int]
    """(U,) how many values it was given."""
    values: list[str]
    """(N,) unit by unit."""
    coders: list[str]
    """(N,) who gave each."""

    @classmethod
    def none(cls) -> Rows:
        """No rows yet."""
        return cls([], [], [], [])

    def add(self, cluster: str, values: Mapping[str, str]) -> None:
        """One more unit, with what each coder said of it; with nothing said it is none."""
        if values:
            self.clusters.append(cluster)
            self.sizes.append(len(values))
            self.values.extend(values.values())
            self.coders.extend(values)

    def without(self, coder: str) -> Rows:
        """The same without what one coder said."""
        kept = Rows.none()
        first = 0
        for cluster, size in zip(self.clusters, self.sizes, strict=True):
            rows = slice(first, first + size)
            said = dict(zip(self.coders[rows], self.values[rows], strict=True))
            said.pop(coder, None)
            kept.add(cluster, said)
            first += size
        return kept

    def ratings(self, order: Sequence[str] | None = None) -> Ratings:
        """The table; with an order of values, on that scale."""
        level = Level.NOMINAL if order is None else Level.ORDINAL
        return from_units(self.sizes, self.values, self.clusters, level=level, order=order, coders=self.coders)


def reported_alpha(
    ratings: Ratings, settings: AgreementSettings, level: Level = Level.NOMINAL, *, rules: Rules = NEWEST
) -> Measure:
    """Alpha with its interval: the point by the `krippendorff` package where it can, the interval by ours."""
    occurring = sorted({ratings.labels[index] for index in set(ratings.pairable.value.tolist())})
    only = occurring[0] if occurring else ""
    return measure(
        alpha(ratings, level),
        settings,
        why_nan=_only(only),
        point=package_alpha(ratings, level),
        rules=rules,
    )


def nominal_coefficient(
    ratings: Ratings, chance: Chance, settings: AgreementSettings, *, rules: Rules = NEWEST
) -> Measure:
    """Percent agreement or a chance-corrected coefficient with its interval."""
    return measure(corrected(ratings, chance), settings, why_nan=_ONE_VALUE, rules=rules)


def cohen_coefficient(ratings: Ratings, settings: AgreementSettings, *, rules: Rules = NEWEST) -> Measure:
    """Cohen's kappa, of more than two coders Conger's, with its interval."""
    return measure(cohen(ratings), settings, why_nan=_ONE_VALUE, rules=rules)


def ac2_coefficient(ratings: Ratings, settings: AgreementSettings, *, rules: Rules = NEWEST) -> Measure:
    """Gwet's AC2 with its interval."""
    return measure(ac2(ratings), settings, why_nan=_ONE_VALUE, rules=rules)


def layer_agreement(
    name: str, unit: str, ratings: Ratings, settings: AgreementSettings, *, rules: Rules
) -> LayerAgreement:
    """All nominal measures of one layer, as far as a report by these rules holds them."""
    return LayerAgreement(
        name=name,
        unit=unit,
        alpha=reported_alpha(ratings, settings, rules=rules),
        ac1=nominal_coefficient(ratings, Chance.AC1, settings, rules=rules),
        fleiss=nominal_coefficient(ratings, Chance.FLEISS, settings, rules=rules),
        percent=nominal_coefficient(ratings, Chance.NONE, settings, rules=rules),
        classes=one_against_rest(ratings, settings, rules=rules),
        cohen=cohen_coefficient(ratings, settings, rules=rules) if rules.is_whole else None,
    )


def ordered_agreement(
    name: str, unit: str, rows: Rows, order: Sequence[str], settings: AgreementSettings, *, rules: Rules
) -> OrderedAgreement:
    """All ordinal measures of one layer."""
    ratings = rows.ratings(order)
    return OrderedAgreement(
        name=name,
        unit=unit,
        values=tuple(order),
        alpha=reported_alpha(ratings, settings, Level.ORDINAL, rules=rules),
        ac2=ac2_coefficient(ratings, settings, rules=rules),
        percent=nominal_coefficient(ratings, Chance.NONE, settings, rules=rules),
    )


def intensity_agreement(
    code: str, rows: Rows, order: Sequence[str], settings: AgreementSettings, *, rules: Rules
) -> IntensityAgreement:
    """Alpha of the intensity of one action unit; undetermined where too few events hold two intensities."""
    ratings = rows.ratings(order)
    n_events = ratings.pairable.n_units
    events = rules.counted(n_events, "event", "events")
    few = f"given an intensity by two coders in {events}, needed are {settings.min_positives}"
    return IntensityAgreement(
        code=code,
        n_events=n_events,
        alpha=Undetermined(reason=few)
        if n_events < settings.min_positives
        else reported_alpha(ratings, settings, Level.ORDINAL, rules=rules),
    )


def set_agreement(name: str, unit: str, rows: CodeRows, settings: AgreementSettings, *, rules: Rules) -> SetAgreement:
    """Alpha over sets, and the index of FACS, over what all coders of a unit could tell."""
    sets = rows.told_by_all()
    return SetAgreement(
        name=name,
        unit=unit,
        masi=masi_measure(sets, settings, rules=rules),
        index=index_measure(sets, settings, rules=rules),
    )


def masi_measure(sets: SetRatings, settings: AgreementSettings, *, rules: Rules = NEWEST) -> Measure:
    """Alpha over sets with its interval; undetermined where there are more different sets than can be compared."""
    try:
        statistic = masi_alpha(sets)
    except BadInput:
        return Undetermined(reason="there are more different sets than can be compared")
    return measure(
        statistic,
        settings,
        why_nan="every unit was given the same set, so agreement cannot be told from chance",
        rules=rules,
    )


def index_measure(sets: SetRatings, settings: AgreementSettings, *, rules: Rules = NEWEST) -> Measure:
    """The index of FACS with its interval; not corrected for chance."""
    return measure(reliability_index(sets), settings, why_nan="nobody scored anything in these units", rules=rules)


def alpha_u_measure(continua: Sequence[Continuum], settings: AgreementSettings, *, rules: Rules = NEWEST) -> Measure:
    """Krippendorff's alpha of units with its interval."""
    return measure(alpha_u(continua), settings, why_nan="nobody marked an event", rules=rules)


def gamma_measure(continua: Sequence[Continuum], settings: AgreementSettings) -> Measure:
    """Gamma with its interval."""
    return measure(gamma(continua, seed=settings.seed), settings, why_nan="nobody marked an event")


def invented_measure(codings: Sequence[tuple[str, str, bool]], settings: AgreementSettings, *, rules: Rules) -> Measure:
    """Share of codings of foils in which an event was marked.

    Args:
        codings: of each, its clip, the clip's cluster, and whether an event was marked.
        settings: how intervals are made and what is too little.
        rules: of which version of the report.
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
    return measure(statistic, settings, why_nan="no clip was coded in which screeners had seen nothing", rules=rules)


def one_against_rest(
    ratings: Ratings, settings: AgreementSettings, *, rules: Rules = NEWEST
) -> tuple[ClassAgreement, ...]:
    """Each value that occurs against the rest, with the number of units in which a coder chose it."""
    return tuple(
        _class_agreement(
            ratings.labels[index],
            OneValue(
                given=ratings.per_unit,
                chosen=np.bincount(ratings.unit[ratings.value == index], minlength=ratings.n_units),
                cluster=ratings.cluster,
            ),
            ("rest", ratings.labels[index]),
            settings,
            rules,
        )
        for index in sorted(set(ratings.pairable.value.tolist()), key=lambda one: ratings.labels[one])
    )


def each_or_not(rows: CodeRows, settings: AgreementSettings, *, rules: Rules) -> tuple[ClassAgreement, ...]:
    """Each code that anyone gave: given or not, per unit and coder; missing for who could say nothing of it."""
    return tuple(
        _class_agreement(code, found, ("no", "yes"), settings, rules) for code, found in rows.each_or_not().items()
    )


def _class_agreement(
    code: str, found: OneValue, labels: tuple[str, str], settings: AgreementSettings, rules: Rules
) -> ClassAgreement:
    positives = found.positives
    if positives < settings.min_positives:
        chosen = rules.counted(positives, "unit", "units")
        rare = Undetermined(reason=f"chosen in {chosen}, needed are {settings.min_positives}")
        news = rare if rules.is_whole else None
        return ClassAgreement(code=code, positives=positives, alpha=rare, ac1=news, percent=news)

    def coefficient(chance: Chance) -> Measure:
        return measure(found.agreement(chance), settings, why_nan=_ONE_VALUE, rules=rules)

    return ClassAgreement(
        code=code,
        positives=positives,
        alpha=measure(
            found.alpha(),
            settings,
            why_nan=_only(labels[1] if found.only else labels[0]),
            point=found.package_alpha(),
            rules=rules,
        ),
        ac1=coefficient(Chance.AC1) if rules.is_whole else None,
        percent=coefficient(Chance.NONE) if rules.is_whole else None,
    )


def _only(value: str) -> str:
    return f"only one value occurs ({value}), so agreement cannot be told from chance"

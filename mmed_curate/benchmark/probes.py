"""Identity probes: can subject or session be told from what a model gets? Needs no torch.

If it can, a model may learn who speaks, or where, instead of what shows: clips of the same identity on both sides of a
fold then leak. Leave-one-subject-out rules this out for subjects; that players of one session share its jingles, music
and each other's voices, it does not. A probe is a linear model on the same features (Alain and Bengio 2017,
"Understanding intermediate layers using linear classifier probes", ICLR workshop): what it finds is there, and what it
does not find may be there all the same.

Accuracy stands beside two kinds of chance: always saying the commonest identity, and the same probe on identities that
were shuffled (Ojala and Garriga 2010, J. Machine Learning Research 11, 1833-1863). Folds are dealt anew for each
shuffle: folds that balance the true identities alone would make shuffled ones look worse than they are.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmed_curate.domain.findings import BadInput, Finding, Severity

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Folds = list[tuple[Labels, Labels]]

_MOST_STEPS = 200
"""Of the solver: a standardised and regularised fit moves little after that, and shuffled ones get the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProbe:
    """How well an identity can be told."""

    of: str
    """What was to be told, such as subject or session."""
    apart: str | None
    """What was never on both sides of a fold, such as subject; None: clips were dealt out freely."""
    n_clips: int
    n_identities: int
    n_left_out: int
    """Clips without features, or of an identity with too few clips."""
    accuracy: float | None
    """Of clips that the probe was not fitted on; None: fewer than two identities have enough clips."""
    majority: float | None
    """What always saying the commonest identity gets."""
    shuffled: tuple[float, float] | None
    """Ends of the interval of what the same probe gets on shuffled identities."""
    level: float
    """Coverage of that interval."""
    p_value: float | None
    """Share of shuffles as good, the observed one counted in."""
    notes: tuple[Finding, ...]

    def __post_init__(self) -> None:
        known = {value is not None for value in (self.accuracy, self.majority, self.shuffled, self.p_value)}
        if len(known) != 1:
            raise ValueError("a probe is known as a whole or not at all")

    @property
    def sentence(self) -> str:
        """The line for the report."""
        kept = f", no {self.apart} on both sides" if self.apart else ""
        if self.accuracy is None or self.majority is None or self.shuffled is None or self.p_value is None:
            return f"Whether the {self.of} can be told{kept}, is undetermined: too few clips."
        low, high = self.shuffled
        said = "can be told" if self.p_value <= 1 - self.level else "could not be told"
        return (
            f"The {self.of} {said} by a linear probe{kept}: {self.accuracy:.3f} of {self.n_clips} clips, "
            f"{self.n_identities} identities; always the commonest {self.majority:.3f}, shuffled {low:.3f} to "
            f"{high:.3f} (p {self.p_value:.3f})."
        )

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "of": self.of,
            "apart": self.apart,
            "n_clips": self.n_clips,
            "n_identities": self.n_identities,
            "n_left_out": self.n_left_out,
            "accuracy": self.accuracy,
            "majority": self.majority,
            "shuffled": None if self.shuffled is None else list(self.shuffled),
            "level": self.level,
            "p_value": self.p_value,
            "sentence": self.sentence,
            "notes": [str(note) for note in self.notes],
        }


def pooled_log_mel(log_mel: npt.ArrayLike, mask: npt.ArrayLike) -> Floats:
    """Mean and standard deviation of each band over time: what a voice, a room and a microphone leave.

    Log-mels that were levelled clip by clip (`features.levelled_sound`) have lost their means: the probe then says what
    a network gets that is fed with these; of raw ones, what the release holds.

    Args:
        log_mel: (N, B, T).
        mask: (N, T) where there is sound.

    Returns:
        (N, 2 B); a row of NaN: the clip has no sound.
    """
    values, there = np.asarray(log_mel, dtype=np.float64), np.asarray(mask, dtype=bool)
    n_frames = there.sum(axis=1)[:, None]  # (N, 1)
    known = np.where(there[:, None, :], values, 0.0)  # (N, B, T)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = known.sum(axis=2) / n_frames  # (N, B)
        off = np.where(there[:, None, :], values - np.nan_to_num(mean)[:, :, None], 0.0)
        spread = np.sqrt((off**2).sum(axis=2) / n_frames)  # (N, B)
    return np.concatenate([mean, spread], axis=1)


def identity_probe(
    features: npt.ArrayLike,
    identities: Sequence[str],
    *,
    of: str,
    folds: int,
    penalty: float,
    shuffles: int,
    seed: int,
    level: float,
    apart: tuple[str, Sequence[str]] | None = None,
) -> IdentityProbe:
    """Tell identities by logistic regression, fold by fold over clips.

    Args:
        features: (N, D), such as `pooled_log_mel` or an embedding; clips with NaN are left out.
        identities: (N,) names.
        of: what they are, for people: subject, session.
        folds: number of folds; identities with fewer clips (or fewer groups) are left out.
        penalty: strength of the L2 penalty on standardised features: 1 / C of scikit-learn.
        shuffles: how often identities are shuffled.
        seed: of folds and shuffles.
        level: coverage of the interval of the shuffled.
        apart: what must not be on both sides of a fold: its name for people, and (N,) names. With subjects kept apart,
            that a session can be told does not come from whom it was played by; whole groups are then shuffled.

    Raises:
        BadInput: shapes do not fit.
    """
    values, names = np.asarray(features, dtype=np.float64), np.array(identities, dtype=np.str_)
    groups = None if apart is None else np.array(apart[1], dtype=np.str_)
    if values.ndim != 2 or len(names) != len(values) or (groups is not None and len(groups) != len(values)):
        raise BadInput.of(
            "probe.shape",
            f"features are {values.shape}, identities {len(names)}",
            "give (clips, values), and one identity and group per clip",
        )
    kept = np.isfinite(values).all(axis=1)
    units = names if groups is None else _pairs(names, groups)
    enough = _with_enough(names[kept], units[kept], folds, by_unit=groups is not None)
    kept &= np.isin(names, enough)
    base = {
        "of": of,
        "apart": None if apart is None else apart[0],
        "n_clips": int(kept.sum()),
        "n_identities": len(enough),
        "n_left_out": int((~kept).sum()),
        "level": level,
    }
    if len(enough) < 2:
        return IdentityProbe(
            **base,  # type: ignore[arg-type]
            accuracy=None,
            majority=None,
            shuffled=None,
            p_value=None,
            notes=(_too_few(of, folds, None if apart is None else apart[0]),),
        )
    _, labels = np.unique(names[kept], return_inverse=True)  # (M,)
    own_groups = None if groups is None else np.unique(groups[kept], return_inverse=True)[1]

    def told(those: Labels) -> float:
        return _accuracy(values[kept], those, _dealt(those, own_groups, folds, seed), penalty)

    accuracy = told(labels)
    random = np.random.default_rng(seed)
    block = np.unique(units[kept], return_inverse=True)[1] if groups is not None else np.arange(len(labels))  # (M,)
    chance = np.array([told(_shuffled(labels, block, random)) for _ in range(shuffles)])
    low, high = np.quantile(chance, [(1 - level) / 2, (1 + level) / 2])
    return IdentityProbe(
        **base,  # type: ignore[arg-type]
        accuracy=accuracy,
        majority=float(np.bincount(labels).max() / len(labels)),
        shuffled=(float(low), float(high)),
        p_value=float((np.sum(chance >= accuracy - 1e-12) + 1) / (shuffles + 1)),
        notes=(),
    )


def _pairs(names: npt.NDArray[np.str_], groups: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """(N,) one name for each group within each identity: what is shuffled as a whole."""
    return np.array([f"{len(name)}:{name}{group}" for name, group in zip(names, groups, strict=True)], dtype=np.str_)


def _with_enough(names: npt.NDArray[np.str_], units: npt.NDArray[np.str_], folds: int, *, by_unit: bool) -> list[str]:
    """Identities with at least as many clips as folds; where groups are kept apart, with at least two groups."""
    clips = Counter(names.tolist())
    groups = Counter(pair[0] for pair in set(zip(names.tolist(), units.tolist(), strict=True)))
    return sorted(name for name, n in clips.items() if n >= folds and (not by_unit or groups[name] >= 2))


def _dealt(labels: Labels, groups: Labels | None, folds: int, seed: int) -> Folds:
    if groups is None:
        return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels))
    within = min(folds, len(set(groups.tolist())))
    return list(StratifiedGroupKFold(within, shuffle=True, random_state=seed).split(labels, labels, groups))


def _shuffled(labels: Labels, block: Labels, random: np.random.Generator) -> Labels:
    """Labels dealt out anew among blocks, whose clips share one."""
    _, first = np.unique(block, return_index=True)
    mixed: Labels = random.permutation(labels[first])[block]
    return mixed


def _accuracy(values: Floats, labels: Labels, dealt: Folds, penalty: float) -> float:
    right = 0
    for train, test in dealt:
        if len(set(labels[train].tolist())) < 2:
            right += int(np.sum(labels[test] == labels[train[0]]))
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, max_iter=_MOST_STEPS))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(values[train], labels[train])
        right += int(np.sum(model.predict(values[test]) == labels[test]))
    return right / sum(len(test) for _, test in dealt)


def _too_few(of: str, folds: int, apart: str | None) -> Finding:
    also = "" if apart is None else f" by two or more {apart}s"
    return Finding(
        code="probe.too_few",
        what=f"fewer than two {of}s have {folds} clips with features{also}, so whether the {of} can be told is "
        "undetermined",
        remedy="probe a release with more clips, or with fewer folds",
        severity=Severity.NOTE,
        parameters={"folds": folds},
    )

"""Who is left out of what: folds by subject and by session, and inside each the split that chooses strengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

Mask = npt.NDArray[np.bool_]


class LeftOut(Enum):
    """What a fold leaves out."""

    SUBJECT = "subject"
    """All clips of one subject: LOSO."""
    SESSION = "session"
    """One session, and every other clip of those who played in it: nobody asked about was ever heard or seen, and no
    room, jingle or fellow player either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """K splits of N clips. Every clip is asked about in exactly one of them."""

    names: tuple[str, ...]
    """What each leaves out."""
    learned: Mask
    """(K, N) True: the network of this fold learns from the clip."""
    asked: Mask
    """(K, N) True: it answers for the clip."""
    inner: Mask | None = None
    """(K, N) True: left out of a second network of the fold, which answers for it; chooses what is chosen."""

    def __post_init__(self) -> None:
        if len(self.names) < 2:
            raise BadInput.of(
                "benchmark.one_fold", f"{len(self.names)} fold leaves nothing to learn from", "benchmark more subjects"
            )
        if (self.learned & self.asked).any() or not (self.asked.sum(axis=0) == 1).all():
            raise ValueError("a fold learns from what it is asked about, or a clip is asked about more than once")
        if self.inner is not None and (self.inner & ~self.learned).any():
            raise ValueError("the inner split holds what the fold does not learn from")

    @property
    def answering(self) -> npt.NDArray[np.int64]:
        """(N,) index of the fold that answers for each clip."""
        found: npt.NDArray[np.int64] = self.asked.argmax(axis=0)
        return found

    @classmethod
    def by(
        cls, kind: LeftOut, subjects: Sequence[str], sessions: Sequence[str], *, inner: tuple[int, int] | None = None
    ) -> Folds:
        """Folds over N clips, in order of names.

        Args:
            kind: what is left out.
            subjects, sessions: of each clip.
            inner: (part, parts): the part of the subjects learned from that each fold's second network leaves out.

        Raises:
            BadInput: fewer than two folds.
        """
        owner = np.array(subjects)  # (N,)
        groups = owner if kind is LeftOut.SUBJECT else np.array(sessions)  # (N,)
        names = sorted(set(groups.tolist()))
        asked = groups[None, :] == np.array(names)[:, None]  # (K, N)
        players = np.stack([np.isin(owner, owner[row]) for row in asked])  # (K, N)
        learned = ~asked & ~players
        return cls(
            names=tuple(names),
            learned=learned,
            asked=asked,
            inner=None if inner is None else _inner(owner, learned, *inner),
        )


def _inner(owner: npt.NDArray[np.str_], learned: Mask, part: int, parts: int) -> Mask | None:
    """(K, N) clips of every `parts`-th of the subjects learned from; None: a fold would have nobody left."""
    split = np.zeros_like(learned)
    for row, mask in zip(split, learned, strict=True):
        subjects = sorted(set(owner[mask].tolist()))
        chosen = [subject for rank, subject in enumerate(subjects) if rank % parts == part % parts]
        if not chosen or len(chosen) == len(subjects):
            return None
        row[:] = mask & np.isin(owner, chosen)
    return split

"""Attempts at the gate, as a release tells of them: attempts.json and three columns of judged-clips.csv, held together.

What a stranger can hold against each other is: which clips each attempt measured, and in which round; that what was
measured at last is what counts after the attempts before; and that samples are the lots that follow from what the
attempt before them saw. What each came out with is measured again in `remeasured`. That no other attempt was made must
be taken on the lab's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from mmed_curate.agreement.settle import Course
from mmed_curate.dataset.consistency import Rederived
from mmed_curate.dataset.layout import ATTEMPTS, JUDGED_CLIPS
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import JudgedClipRow
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.gate.attempts import (
    Attempt,
    Codings,
    Counting,
    ToldCoding,
    attempt_of,
    attempts_before,
    by_lot,
    failed_document,
    what_counts,
)

FORMAT = "mmed-attempts"
VERSION = 1


def attempts_document(attempts: Sequence[Attempt], held: Mapping[ClipId, str]) -> dict[str, Any]:
    """Every attempt at the gate as the JSON document that a release holds: schema/json/attempts.schema.json.

    Args:
        attempts: by number.
        held: names of the judged clips that the release holds, by their ids in the attempts.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "attempts": [
            {
                "number": one.number,
                "day": one.day.isoformat(),
                "policy": one.policy,
                "policy_digest": one.policy_digest,
                "judgements_digest": one.judgements_digest,
                "method_digest": one.method_digest,
                "failed": [failed_document(rule) for rule in one.failed],
                "held": sorted(one.held),
                "n_withdrawn": sum(clip not in held for clip in one.measured),
                "measured": [
                    {"clip": name, "round": round}
                    for name, round in sorted(
                        (held[clip], round) for clip, round in one.measured.items() if clip in held
                    )
                ],
            }
            for one in attempts
        ],
    }


def attempts_in(dataset: Dataset) -> tuple[Attempt, ...] | None:
    """The attempts that a release tells of, by number; None: it was made before releases told of them.

    Raises:
        BadInput: the document is none.
    """
    document = dataset.attempts
    if document is None:
        return None
    try:
        return tuple(
            attempt_of(told, measured={ClipId(one["clip"]): one["round"] for one in told["measured"]})
            for told in document["attempts"]
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BadInput.of(
            "dataset.attempts", f"{ATTEMPTS} does not say what was tried", "ask for a whole release"
        ) from error


def codings_in(dataset: Dataset, courses: Mapping[ClipId, Course]) -> Codings:
    """Every closed coding of each judged clip of a release.

    Raises:
        BadInput: the columns on recodings do not fit what was judged.
    """
    return {ClipId(row.clip): tuple(_told(row, courses[ClipId(row.clip)])) for row in dataset.judged_clip_rows}


def _told(row: JudgedClipRow, found: Course) -> Iterator[ToldCoding]:
    closed, ways = [int(one) for one in row.coded_after], [None, *(RecodingKind(one) for one in row.recodings)]
    if len(closed) != len(found.codings) or (closed and len(ways) != len(closed)) or closed != sorted(closed):
        raise BadInput.of(
            "dataset.codings",
            f"{JUDGED_CLIPS} says that {row.clip} was coded {counted(len(closed), 'time')}, and its judgements say "
            "otherwise",
            "ask for a whole release",
        )
    for by, after, coding in zip(ways, closed, found.codings, strict=False):
        yield ToldCoding(round=coding.round, after=after, by=by)


def n_withdrawn(dataset: Dataset, number: int) -> int:
    """Clips that an attempt measured and that are not in the release, by its own word.

    Args:
        dataset: a release that tells of attempts.
        number: of one of them.
    """
    told = dataset.attempts["attempts"][number - 1]
    return int(told["n_withdrawn"])


def made_by(dataset: Dataset, attempt: Attempt) -> bool:
    """Whether a release, and not a draft, was made by an attempt: the same judgements under the same policy."""
    key = (dataset.release.judgements_digest, str(dataset.gate.get("policy_digest")))
    return not dataset.release.draft and (attempt.judgements_digest, attempt.policy_digest) == key


def counting_in(dataset: Dataset, attempts: Sequence[Attempt], codings: Codings) -> Counting:
    """Whose coding counts in a release, by the attempts before the one that it was made by."""
    before = attempts_before(
        attempts,
        judgements_digest=dataset.release.judgements_digest,
        policy_digest=str(dataset.gate.get("policy_digest")),
    )
    return what_counts(before, codings)


def derived_attempts(dataset: Dataset, attempts: Sequence[Attempt], codings: Codings, counting: Counting) -> Rederived:
    """Hold attempts.json, the columns of judged-clips.csv and what counts against each other."""
    wrong = next(_differences(dataset, attempts, codings, counting), "")
    said = f"{counted(len(attempts), 'attempt')}, {sum(bool(one.failed) for one in attempts)} of them failed"
    return Rederived(what=ATTEMPTS, stated=said, found=wrong or said, same=not wrong)


def _differences(dataset: Dataset, attempts: Sequence[Attempt], codings: Codings, counting: Counting) -> Iterator[str]:
    if [one.number for one in attempts] != list(range(1, len(attempts) + 1)):
        yield "attempts that are not numbered from 1"
    if any(one.day > later.day for one, later in pairwise(attempts)):
        yield "an attempt on an earlier day than the one before"
    keys = [(one.judgements_digest, one.policy_digest) for one in attempts]
    if any(one == later for one, later in pairwise(keys)):
        yield "one attempt twice in a row"
    for row in dataset.judged_clip_rows:
        stated = tuple(
            f"{one.number}:{one.measured[ClipId(row.clip)]}" for one in attempts if ClipId(row.clip) in one.measured
        )
        if row.measured_in != stated:
            yield f"{row.clip} measured in {' '.join(stated) or 'none'}, where {JUDGED_CLIPS} says otherwise"
    for one in attempts:
        yield from _not_there(one, codings)
    for clip, ones in codings.items():
        yield from _not_allowed(clip, ones, attempts)
    yield from _not_the_lot(attempts, codings)
    yield from _not_this(dataset, attempts, codings, counting)


def _not_there(attempt: Attempt, codings: Codings) -> Iterator[str]:
    for clip, round in attempt.measured.items():
        before = [one for one in codings.get(clip, ()) if one.after < attempt.number]
        if not before or before[-1].round != round:
            yield f"attempt {attempt.number} without a coding of {clip} in round {round} that stood then"


def _not_allowed(clip: ClipId, codings: Sequence[ToldCoding], attempts: Sequence[Attempt]) -> Iterator[str]:
    sent_back = [one.after for one in codings if one.by is not None]
    if len(set(sent_back)) != len(sent_back):
        yield f"{clip} coded once more twice between two attempts"
    for one in codings:
        if not 0 <= one.after <= len(attempts):
            yield f"{clip} coded after attempt {one.after}, of which nothing is told"


def _not_the_lot(attempts: Sequence[Attempt], codings: Codings) -> Iterator[str]:
    """Clips drawn after an attempt are the first by lot of those that were coded before it."""
    for attempt in attempts:
        pool = [clip for clip, ones in codings.items() if ones and ones[0].after < attempt.number]
        drawn = {
            clip
            for clip, ones in codings.items()
            if any(one.after == attempt.number and one.by is RecodingKind.SAMPLE for one in ones)
        }
        if set(sorted(pool, key=lambda clip: by_lot(attempt.judgements_digest, clip))[: len(drawn)]) != drawn:
            yield f"another sample after attempt {attempt.number} than the lot gives"


def _not_this(dataset: Dataset, attempts: Sequence[Attempt], codings: Codings, counting: Counting) -> Iterator[str]:
    """The release was made by the last attempt, which measured what counts."""
    key = (dataset.release.judgements_digest, str(dataset.gate.get("policy_digest")))
    last = attempts[-1] if attempts else None
    if last is None or (last.judgements_digest, last.policy_digest) != key:
        if not dataset.release.draft:  # of a draft the sample may have been too small for an attempt
            yield "no attempt on these judgements under this policy"
        return
    if last.failed and not dataset.release.draft:
        yield f"that attempt {last.number}, by which it was made, failed"
    if last.measured != {clip: codings[clip][-1].round for clip in counting.clips}:
        yield f"attempt {last.number} on other clips than count"

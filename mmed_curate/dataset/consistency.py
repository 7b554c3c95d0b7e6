"""What the tables of a release say more than once, held together: none may say of another what that one does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from operator import attrgetter
from typing import Any

from mmed_curate.dataset.answers import judgement_row
from mmed_curate.dataset.cells import AT_ONCE
from mmed_curate.dataset.facts import RELEASE
from mmed_curate.dataset.groups import read_subjects_table, wrong_subjects
from mmed_curate.dataset.layout import CLIPS, JUDGED_CLIPS, JUDGEMENTS, SUBJECTS, TRANSCRIPTS
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, header_of
from mmed_curate.dataset.selection import MEDIA_PARTS, Part, media_bytes
from mmed_curate.dataset.splits import SPLITS, Shares, read_splits, splits_of
from mmed_curate.dataset.transcript import read_transcripts, wrong_cues
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Judgement
from mmed_curate.domain.protocol import ClipOrigin, Stage
from mmed_curate.domain.time import Frame, FrameClock

PARQUET = "clips.parquet"
_NEAR = 1e-9
"""Relative difference of two numbers that are the same but for the order of a sum."""
_NEAR_S = 2e-6
"""Seconds; the tables hold six decimals, and a difference rounds twice."""


def same_number(stated: float, found: float) -> bool:
    """Whether two numbers differ by no more than the order of a sum can make them."""
    return math.isclose(stated, found, rel_tol=_NEAR, abs_tol=_NEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rederived:
    """One statement of the release that was computed again from its tables."""

    what: str
    stated: str
    """What the release says."""
    found: str
    """What its judgements give."""
    same: bool


def compared(
    dataset: Dataset, answers: Sequence[Judgement], clocks: Mapping[ClipId, FrameClock], coming: Mapping[str, int]
) -> Iterator[Rederived]:
    """Compare what the tables say twice.

    Args:
        dataset: the release.
        answers: what the rows of judgements.csv stand for, in their order.
        clocks: of every judged clip.
        coming: see `derive_again`.
    """
    judged = {row.clip: row for row in dataset.judged_clip_rows}
    clips, said = dataset.clip_rows, dataset.judgement_rows
    yield _line(
        f"judged clips that {CLIPS} and {JUDGEMENTS} name",
        [
            *(row.clip for row in clips if not _is_of(row.subject, judged.get(row.judged_clip), row.session)),
            *(row.judgement for row in said if not _is_of(row.subject, judged.get(row.clip))),
        ],
    )
    yield _line(
        f"class of three of each emotion in {CLIPS}",
        [row.clip for row in clips if row.emotion_class != dataset.codebook.class_of(row.emotion)],
    )
    yield _line(
        f"times in {CLIPS}",
        [
            row.clip
            for row in clips
            if ClipId(row.judged_clip) in clocks and not _times_hold(row, clocks[ClipId(row.judged_clip)])
        ],
    )
    yield _line(f"columns of {JUDGEMENTS} beside its answers", _unlike_their_answers(said, answers))
    yield _line(f"which clip replaces which in {JUDGED_CLIPS}", _wrongly_replaced(judged))
    yield _counts(dataset)
    if dataset.release.media_bytes is not None:
        yield from _bytes(dataset, dataset.release.media_bytes, coming)
    yield from _simulated(dataset, judged)
    yield from _beside(dataset)
    if any(file.path == SPLITS for file in dataset.manifest.files):
        yield from _splits(dataset)
    if any(file.path == PARQUET for file in dataset.manifest.files) and find_spec("pyarrow") is not None:
        yield _parquet(dataset)


def _beside(dataset: Dataset) -> Iterator[Rederived]:
    """The tables that older releases do not have."""
    held = {file.path for file in dataset.manifest.files}
    if TRANSCRIPTS in held:
        rows = read_transcripts(dataset.root / TRANSCRIPTS)  # all of them, of clips that are not there too
        yield _line(f"cues of {TRANSCRIPTS} in the clips of {CLIPS}", wrong_cues(rows, dataset.clip_rows))
    if SUBJECTS in held:
        subjects = read_subjects_table(dataset.root / SUBJECTS)
        yield _line(f"subjects of {SUBJECTS} and {CLIPS}", wrong_subjects(subjects, dataset.clip_rows))


def _line(what: str, wrong: Sequence[str]) -> Rederived:
    found = f"something else for {', '.join(wrong[:5])}" if wrong else "the same"
    return Rederived(what=what, stated="the same", found=found, same=not wrong)


def _is_of(subject: str, judged: JudgedClipRow | None, session: str | None = None) -> bool:
    return judged is not None and judged.subject == subject and session in {None, judged.session}


def _times_hold(row: ClipRow, clock: FrameClock) -> bool:
    """The cut may reach beyond what was judged; the event lies inside, so its seconds follow from the judged clock."""
    if not 0 <= row.onset <= row.apex <= row.offset < row.n_frames:
        return False
    if not (math.isfinite(row.rate_hz) and row.rate_hz > 0):
        return False
    onset, apex, offset = (Frame(frame - row.judged_shift) for frame in (row.onset, row.apex, row.offset))
    if not 0 <= onset <= offset <= clock.last_frame:
        return False
    stated = [row.apex_s - row.onset_s, row.offset_s - row.onset_s]
    found = [clock.start_of(apex) - clock.start_of(onset), clock.end_of(offset) - clock.start_of(onset)]
    first, last = -row.judged_shift, row.n_frames - 1 - row.judged_shift
    if first >= 0 and last <= clock.last_frame:
        cut = clock.window(Frame(first), Frame(last)).from_zero()
        stated += [row.onset_s, row.rate_hz]
        found += [cut.start_of(Frame(row.onset)), cut.rate_hz()]
    whole_s = row.n_frames / row.rate_hz
    return (
        all(abs(one - float(other)) <= _NEAR_S for one, other in zip(stated, found, strict=True))
        and row.onset_s >= -_NEAR_S
        and row.offset_s <= whole_s * (1 + _NEAR_S) + _NEAR_S
    )


def _unlike_their_answers(rows: Sequence[JudgementRow], answers: Sequence[Judgement]) -> list[str]:
    corrected = {row.supersedes for row in rows if row.supersedes is not None}
    return [
        row.judgement
        for row, judgement in zip(rows, answers, strict=True)
        if row
        != judgement_row(
            judgement,
            name=row.judgement,
            clip=row.clip,
            subject=row.subject,
            coder=row.coder,
            order=row.order,
            supersedes=row.supersedes,
            superseded=row.judgement in corrected,
        )
    ]


def _wrongly_replaced(judged: Mapping[str, JudgedClipRow]) -> list[str]:
    """Clips in the place of one that still stands or is another's, and replaced ones with nothing in their place."""
    of_whom = {row.replaces for row in judged.values()}
    wrong = [row.clip for row in judged.values() if (row.stage == Stage.REPLACED.value) != (row.clip in of_whom)]
    for row in judged.values():
        old = None if row.replaces is None else judged.get(row.replaces)
        same = old is not None and (old.subject, old.session) == (row.subject, row.session)
        if (row.origin == ClipOrigin.CUT_AGAIN.value) != (row.replaces is not None) or (row.replaces and not same):
            wrong.append(row.clip)
    return wrong


def _counts(dataset: Dataset) -> Rederived:
    found = {
        "clips": len(dataset.clip_rows),
        "judged_clips": len(dataset.judged_clip_rows),
        "judgements": len(dataset.judgement_rows),
        "subjects": len({row.subject for row in dataset.clip_rows}),
        "sessions": len({row.session for row in dataset.clip_rows}),
        "coders": len({row.coder for row in dataset.judgement_rows}),
    }
    stated = {name: getattr(dataset.release.counts, name) for name in found}
    return Rederived(
        what=f"counts in {RELEASE}",
        stated=", ".join(f"{count} {name}" for name, count in stated.items()),
        found=", ".join(f"{count} {name}" for name, count in found.items()),
        same=stated == found,
    )


def _bytes(dataset: Dataset, stated: Mapping[Part, int], coming: Mapping[str, int]) -> Iterator[Rederived]:
    try:
        found = media_bytes(dataset.root, (file.path for file in dataset.manifest.files), known=coming)
    except OSError:  # a copy of a part of it
        return
    yield Rederived(
        what=f"bytes of media in {RELEASE}",
        stated=", ".join(f"{stated[part]} of {part.value}" for part in MEDIA_PARTS),
        found=", ".join(f"{found[part]} of {part.value}" for part in MEDIA_PARTS),
        same=stated == found,
    )


def _splits(dataset: Dataset) -> Iterator[Rederived]:
    stated = read_splits(dataset.root)
    rows = dataset.clip_rows
    every, subject_of = sorted(row.clip for row in rows), {row.clip: row.subject for row in rows}
    twice = []
    folds = [tuple(stated.loso.values()), *([] if stated.fixed is None else [tuple(stated.fixed.clips.values())])]
    for sides in folds:
        if sides and sorted(clip for clips in sides for clip in clips) != every:
            twice.append("a clip that is there not once")
        whose = [{subject_of.get(clip) for clip in clips} for clips in sides]
        if sum(len(subjects) for subjects in whose) != len(set().union(*whose)):
            twice.append("a subject on two sides")
    yield _line(f"each clip once and each subject on one side in {SPLITS}", twice)
    shares = None if stated.fixed is None else stated.fixed.shares
    found = splits_of(rows, shares or Shares(validation=0.5, test=0.25))  # too few subjects: no shares to hold it to
    wrong = [] if stated.loso == found.loso else ["the folds"]
    yield _line(f"folds and fixed split in {SPLITS}", wrong if stated.fixed == found.fixed else [*wrong, "the split"])


def _simulated(dataset: Dataset, judged: Mapping[str, JudgedClipRow]) -> Iterator[Rederived]:
    said = {row.clip for row in dataset.judgement_rows if row.simulated}
    marked = {name for name, row in judged.items() if row.simulated}
    yield _line(
        f"marks of what is simulated in {CLIPS} and {JUDGED_CLIPS}",
        [
            *sorted(said - marked),
            *(row.clip for row in dataset.clip_rows if row.judged_clip in said | marked and not row.simulated),
        ],
    )
    simulated = bool(said or marked or any(row.simulated for row in dataset.clip_rows))
    release = dataset.release
    yield Rederived(
        what=f"whether anything is simulated, in {RELEASE}",
        stated=f"{release.simulated}, {release.notice[:40]}",
        found=str(simulated),
        same=release.simulated == simulated and release.notice.startswith("SIMULATED") == simulated,
    )


def _parquet(dataset: Dataset) -> Rederived:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(header_of(dataset.root / CLIPS))  # an older version holds fewer columns, in both
    rows = dataset.clip_rows
    other = Rederived(what=PARQUET, stated=f"the same as {CLIPS}", found="another shape", same=False)
    wrong: list[str] = []
    first = 0
    try:
        with (dataset.root / PARQUET).open("rb") as stream:
            # in pieces: read whole, pyarrow loads pandas
            table = pq.ParquetFile(stream)
            if table.schema_arrow.names != names or table.metadata.num_rows != len(rows):
                return other
            for piece in table.iter_batches(AT_ONCE):
                some = rows[first : first + piece.num_rows]
                first += piece.num_rows
                wrong += _unlike(some, piece.to_pydict())
    except (OSError, ValueError, pa.ArrowException) as error:
        return Rederived(what=PARQUET, stated=f"the same as {CLIPS}", found=f"unreadable ({error})", same=False)
    return _line(f"{PARQUET} beside {CLIPS}", wrong) if first == len(rows) else other


def _unlike(rows: Sequence[ClipRow], columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """Clips of which a column says another thing."""
    differ = {
        place
        for name, values in columns.items()
        for place, (one, other) in enumerate(zip(map(attrgetter(name), rows), values, strict=True))
        if not _equal(one, other)
    }
    return [rows[place].clip for place in sorted(differ)]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)):
        return abs(one - other) <= _NEAR_S
    return bool((list(one) if isinstance(one, tuple) else one) == other)

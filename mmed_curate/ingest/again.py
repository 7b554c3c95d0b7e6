"""What screeners asked is worked off: new clips in the place of those that they want cut otherwise.

Nothing is stored beside the judgements: what is to be cut is derived from them each time, and a clip is done when
there is one that replaces it. The new clips were screened by whoever asked for them, and wait for coding.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mmed_curate.agreement.settle import course
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.judgements import CutAgain, Judgement, Screening
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.records import Clip, Recording
from mmed_curate.domain.time import Span
from mmed_curate.ingest.batch import Watch, unwatched
from mmed_curate.ingest.clips import context_seed
from mmed_curate.ingest.crew import Crew
from mmed_curate.ingest.newclips import NewClip, NewClipsJob, in_play, job_of, make_and_store
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.waiting import waiting_to_be_cut
from mmed_curate.ingest.windows import coding_windows
from mmed_curate.store.read import Reader
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAgainSummary:
    """What became of the clips that screeners want cut again."""

    n_replaced: int
    """Clips in whose place others are now."""
    n_made: int
    """Those others; they wait for coding."""
    errors: tuple[BadInput, ...]
    """One for each recording that could not be read again, and for each clip in whose place nothing could be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One clip to be cut."""

    clip: Clip
    """In whose place."""
    number: int
    """Which of those in its place, from 0."""
    span: Span
    """What it must show, in frames of the recording."""


def cut_again(
    workspace: Workspace, recipe: Recipe, *, crew: AbstractContextManager[Crew] | None = None, watch: Watch = unwatched
) -> CutAgainSummary:
    """Cut new clips in the place of all that screeners want cut again; what was done before is left alone.

    The context on each side is drawn anew. A new clip may share frames with the one that it replaces, and with no
    other that is judged; where two would meet they end in the middle between what they show.

    Args:
        workspace: whose clips.
        recipe: context, crop and encoding of the clips.
        crew: who does it; None: a process for each core.
        watch: called with how far the batch is, in clips.
    """
    with workspace.read() as records:
        jobs = _jobs(workspace, records, recipe)
    made, errors = make_and_store(workspace, jobs, why="as screeners asked", crew=crew, watch=watch)
    return CutAgainSummary(n_replaced=len({clip.replaces for clip in made}), n_made=len(made), errors=errors)


def asked_spans(standing: Iterable[Judgement]) -> tuple[Span, ...]:
    """What the clips that come in one clip's place must show, in order, in frames of that clip.

    Of several screeners those count who asked for another cut. What they found is taken together: spans that share a
    frame are one. Where more than half of them asked for a clip round each, and there is more than one span, these
    are the spans; else it is one, round all.

    Args:
        standing: the clip's judgements that are not superseded.
    """
    asking = [one.answer for one in standing if isinstance(one.answer, Screening) and one.answer.cut_again is not None]
    spans: list[Span] = []
    for span in sorted((span for answer in asking for span in answer.found), key=lambda one: (one.onset, one.offset)):
        if spans and span.onset <= spans[-1].offset:
            spans[-1] = _round([spans[-1], span])
        else:
            spans.append(span)
    splitting = sum(answer.cut_again is CutAgain.SPLIT for answer in asking)
    return tuple(spans) if not spans or 2 * splitting > len(asking) else (_round(spans),)


def _round(spans: Sequence[Span]) -> Span:
    return Span(onset=spans[0].onset, apex=spans[0].apex, offset=max(span.offset for span in spans))


def _jobs(workspace: Workspace, records: Reader, recipe: Recipe) -> dict[int, NewClipsJob]:
    waiting = waiting_to_be_cut(records)
    wishes: dict[RecordingId, dict[SubjectId, list[_Wish]]] = defaultdict(lambda: defaultdict(list))
    for clip in waiting:
        terms = records.terms(clip=clip.id)[clip.id]
        found = course(
            records.judgements(clip=clip.id), workspace.protocol, clip.clock, workspace.codebook, terms
        ).standing
        for number, span in enumerate(asked_spans(found)):
            wishes[clip.recording][clip.subject].append(
                _Wish(clip=clip, number=number, span=clip.in_recording(span)),
            )
    judged = in_play(records) - {clip.id for clip in waiting}
    jobs: dict[int, NewClipsJob] = {}
    for id, of_subject in sorted(wishes.items()):
        recording = records.recording(id)
        others = [clip for clip in records.clips(recording=id) if clip.id in judged]
        wanted = [
            new
            for subject, some in sorted(of_subject.items())
            for new in _wanted(
                some, recording, subject, [one for one in others if one.subject == subject], recipe, workspace
            )
        ]
        jobs[len(jobs)] = job_of(workspace, records, recording, wanted, recipe)
    return jobs


def _wanted(
    wishes: Sequence[_Wish],
    recording: Recording,
    subject: SubjectId,
    others: Sequence[Clip],
    recipe: Recipe,
    workspace: Workspace,
) -> Iterator[NewClip]:
    seed = context_seed(recording, subject, workspace.secret)
    windows = coding_windows(
        wishes,
        recording.clock,
        context=recipe.coding.context_s,
        join_gap_s=0,  # spans that a screener told apart are never joined
        longest_s=recipe.coding.longest_s,
        seed=hashlib.sha256(seed + b"|again").digest(),
        taken=[(clip.first, clip.last) for clip in others],
    )
    for window in windows:
        (member,) = window.members
        wish = wishes[member]
        yield NewClip(
            subject=subject,
            window=window,
            origin=ClipOrigin.CUT_AGAIN,
            replaces=wish.clip.id,
            number=wish.number,
        )

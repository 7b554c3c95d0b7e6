"""A batch of recordings taken in: a process for each core, one bad file never stops the rest, nothing is done twice."""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SessionId, SubjectId
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import IngestOutcome, Session, Subject
from mmed_curate.domain.workers import worker_pool
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import IngestedRecording, RecordingJob, sheet_path, take_in
from mmed_curate.media.probe import probe
from mmed_curate.store.workspace import Workspace

logger = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

_REPORT_EVERY = 15
"""Frames between two reports of a worker: often enough for the eye, rare enough to cost nothing."""


class Channel(Protocol):
    """Where workers say how far they are: the part of a queue that they use."""

    def put(self, item: tuple[int, int]) -> None:
        """Tell (job, units done)."""

    def get_nowait(self) -> tuple[int, int]:
        """The next message; raises queue.Empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to take in, and whose it is."""

    path: Path
    subject: str
    """The subject's code."""
    session: str
    """The session's code; the subject must have taken part."""


def ingest(
    workspace: Workspace,
    sources: Sequence[Source],
    *,
    recipe: Recipe,
    workers: int | None = None,
    progress: Progress = silent,
) -> tuple[IngestOutcome, ...]:
    """Take recordings into the workspace.

    Each recording is stored in one transaction when all of its files are written. A recording whose bytes are
    registered already is left alone.

    Args:
        workspace: where to.
        sources: media files, and whose they are.
        recipe: how.
        workers: processes; None: one for each core.
        progress: called with frames done of the frames that the files claim.

    Returns:
        What became of each file, in the order given; a file that could not be used carries its sentence.

    Raises:
        BadInput: all name one subject and session, and these are not registered or do not belong together.
    """
    owners = _owners(workspace, sources)
    outcomes: dict[int, IngestOutcome] = {}
    jobs: dict[int, RecordingJob] = {}
    first_with: dict[str, Path] = {}
    expected_frames = 0
    for position, source in enumerate(sources):
        path, owner = source.path, owners[source.subject, source.session]
        if isinstance(owner, BadInput):
            outcomes[position] = IngestOutcome(path=str(path), recording=None, error=f"{path} is left out: {owner}")
            continue
        who, game = owner
        try:
            expected_frames += _expected_frames(path)
            outcome = _known_already(workspace, path, who, game, first_with)
        except BadInput as error:
            outcome = IngestOutcome(path=str(path), recording=None, error=str(error))
        if outcome is not None:
            outcomes[position] = outcome
        else:
            jobs[position] = RecordingJob(
                path=path,
                subject=who.id,
                session=game.id,
                simulated=who.simulated or game.simulated,
                recipe=recipe,
                media=workspace.media,
                secret=workspace.secret,
            )

    def store(position: int, result: IngestedRecording | BadInput) -> None:
        path = str(sources[position].path)
        if isinstance(result, BadInput):
            outcomes[position] = IngestOutcome(path=path, recording=None, error=str(result))
            return
        try:
            with workspace.write(actor="ingest") as records:
                records.add_recording(result.recording, result.candidates, result.clips, result.assets)
        except BadInput as error:
            # another ingest of the same bytes may have been faster
            known = _known(workspace, result.recording.sha256, path, jobs[position].subject, jobs[position].session)
            outcomes[position] = known or IngestOutcome(path=path, recording=None, error=str(error))
            return
        outcomes[position] = IngestOutcome(
            path=path,
            recording=result.recording.id,
            n_candidates=len(result.candidates),
            n_clips=len(result.clips),
            sheet=None if result.sheet is None else str(result.sheet),
            notes=tuple(str(note) for note in result.notes),
        )

    run_jobs(_take_in_reporting, jobs, store, workers=workers, progress=progress, total=expected_frames)
    return tuple(outcomes[position] for position in range(len(sources)))


def run_jobs(
    work: Callable[[int, Job, Channel], Result],
    jobs: dict[int, Job],
    store: Callable[[int, Result | BadInput], None],
    *,
    workers: int | None,
    progress: Progress,
    total: int,
) -> None:
    """Run jobs in processes and hand each result to `store`, here, as it comes.

    A job that ends in BadInput, or whose process is killed, is handed on as BadInput; an error of ours is raised
    when the other jobs are done.

    Args:
        work: runs in a process of its own: (position, job, channel for progress) -> result; must be importable.
        jobs: by position.
        store: receives (position, result) in this process.
        workers: processes; None: one for each core.
        progress: called with units done, of `total`.
        total: units expected over all jobs.
    """
    if not jobs:
        return
    n_workers = min(workers or os.cpu_count() or 1, len(jobs))
    ours: list[BaseException] = []
    done: dict[int, int] = {}
    channel: multiprocessing.Queue[tuple[int, int]] = multiprocessing.get_context("spawn").Queue()
    with worker_pool(n_workers, begin_with=_listen, arguments=(channel,)) as pool:
        waiting: dict[Future[Result], int] = {
            pool.submit(_at_work, work, position, job): position for position, job in sorted(jobs.items())
        }
        while waiting:
            finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            done |= dict(_messages(channel))
            progress(min(sum(done.values()), total), total)
            for future in finished:
                position = waiting.pop(future)
                error = future.exception()
                if error is None:
                    store(position, future.result())
                elif isinstance(error, BadInput):
                    store(position, error)
                elif isinstance(error, BrokenProcessPool):
                    store(
                        position,
                        BadInput.of(
                            "ingest.worker_killed",
                            "the worker process was killed, most often for want of memory",
                            "run the same command again, with --workers 1",
                        ),
                    )
                else:
                    logger.error("job %d failed", position, exc_info=error)
                    ours.append(error)
    progress(total, total)
    if ours:
        raise ours[0]


_channels: list[Channel] = []
"""In a worker: where it says how far it is. A queue reaches a worker only when it is started."""


def _listen(channel: Channel) -> None:
    _channels.append(channel)


def _at_work(work: Callable[[int, Job, Channel], Result], position: int, job: Job) -> Result:
    return work(position, job, _channels[0])


def _owners(
    workspace: Workspace, sources: Sequence[Source]
) -> dict[tuple[str, str], tuple[Subject, Session] | BadInput]:
    """Subject and session of every pair of codes, or why they are none.

    Raises:
        BadInput: all sources name one and the same pair, and it is none.
    """
    owners: dict[tuple[str, str], tuple[Subject, Session] | BadInput] = {}
    with workspace.read() as records:
        for codes in sorted({(source.subject, source.session) for source in sources}):
            try:
                who, game = records.subject(codes[0]), records.session(codes[1])
                if who.id not in game.subjects:
                    raise BadInput.of(
                        "ingest.not_in_session",
                        f"subject {who.code} did not take part in session {game.code}",
                        "name the session's own subjects, or register the session with this one",
                    )
                owners[codes] = (who, game)
            except BadInput as error:
                owners[codes] = error
    (first, *others) = owners.values()
    if isinstance(first, BadInput) and not others:
        raise first
    return owners


def _take_in_reporting(position: int, job: RecordingJob, channel: Channel) -> IngestedRecording:
    def tell(done: int, total: int | None) -> None:
        if done % _REPORT_EVERY == 0:
            channel.put((position, done))

    return take_in(job, progress=tell)


def _messages(channel: Channel) -> Iterator[tuple[int, int]]:
    while True:
        try:
            yield channel.get_nowait()
        except queue.Empty:
            return


def _expected_frames(path: Path) -> int:
    sources = probe(path)
    rate = sources.picture.mean_rate_hz
    return int((sources.duration_s or 0) * float(rate)) if rate else 0


def _known_already(
    workspace: Workspace, path: Path, subject: Subject, session: Session, first_with: dict[str, Path]
) -> IngestOutcome | None:
    """The outcome of a file that needs no work; None: it needs some."""
    sha256 = sha256_of(path)
    earlier = first_with.setdefault(sha256, path)
    if earlier is not path:
        return IngestOutcome(
            path=str(path), recording=None, already_done=True, notes=(f"the same bytes as {earlier}: taken in once",)
        )
    known = _known(workspace, sha256, str(path), subject.id, session.id)
    if known is None:
        with workspace.read() as records:
            if records.recording_by_hash(sha256) is not None:
                raise BadInput.of(
                    "ingest.registered_otherwise",
                    f"{path} is registered already, for another subject or session",
                    "name the subject and session it was registered for",
                )
    return known


def _known(
    workspace: Workspace, sha256: str, path: str, subject: SubjectId, session: SessionId
) -> IngestOutcome | None:
    """The outcome of a recording that is registered for this subject and session; None: it is not."""
    with workspace.read() as records:
        known = records.recording_by_hash(sha256)
        if known is None or (known.subject, known.session) != (subject, session):
            return None
        return IngestOutcome(
            path=path,
            recording=known.id,
            n_candidates=len(records.candidates(recording=known.id)),
            n_clips=len(records.clips(recording=known.id)),
            sheet=str(sheet) if (sheet := sheet_path(workspace.media, known.id)).is_file() else None,
            already_done=True,
        )

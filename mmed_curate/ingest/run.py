"""A batch of recordings taken in: one task each, one bad file never stops the rest, nothing is done twice.

Stopped at any moment and run again, it ends with the same files and records as if it had never been stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.identity import RecordingId, SessionId, SubjectId
from mmed_curate.domain.records import IngestOutcome, Session, Subject
from mmed_curate.ingest.batch import AtWork, BatchState, Watch, run_jobs, unwatched
from mmed_curate.ingest.claims import Claims, claims
from mmed_curate.ingest.companions import CompanionTable
from mmed_curate.ingest.crew import Crew, Step, processes
from mmed_curate.ingest.faces import FaceTable
from mmed_curate.ingest.notes import forget_refusal, keep_refusal, notes_on, sheet_path
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import IngestedRecording, RecordingJob, take_in
from mmed_curate.ingest.watched import n_watched
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.probe import probe
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to take in, and whose it is."""

    path: Path
    subject: str | None
    """Code of the subject it is registered for, whose every face in it is unless a table of faces says otherwise.
    None: the first one whom that table names."""
    session: str
    """The session's code; the subject must have taken part."""
    streams: StreamChoice = AS_PLAYED
    """Which picture and sound of the file."""


def ingest(
    workspace: Workspace,
    sources: Sequence[Source],
    *,
    recipe: Recipe,
    crew: AbstractContextManager[Crew] | None = None,
    faces: FaceTable | None = None,
    companions: CompanionTable | None = None,
    watch: Watch = unwatched,
) -> tuple[IngestOutcome, ...]:
    """Take recordings into the workspace.

    Each recording is stored in one transaction when all of its files are written. A recording whose bytes are
    registered already is left alone; so is one that another ingest of this workspace is at work on.

    Args:
        workspace: where to.
        sources: media files, and whose they are.
        recipe: how.
        crew: who does it; None: a process for each core.
        faces: whose each face is, where recordings show several.
        companions: files beside the recordings: microphones, game captures.
        watch: called with how far the batch is.

    Returns:
        What became of each file, in the order given; a file that could not be used carries its sentence.

    Raises:
        BadInput: all name one subject and session, and these are not registered or do not belong together; or a
            table names a recording that is not among the sources.
    """
    with claims(workspace) as held:
        intake = _Intake(workspace, sources, recipe, faces, companions, held, watch)
        run_jobs(
            take_in,
            intake.jobs,
            intake.store,
            crew=crew or processes(None, len(intake.jobs)),
            units=intake.expected_frames,
            begin=intake.begin,
            watch=watch,
        )
    return tuple(intake.outcomes[position] for position in range(len(sources)))


class _Intake:
    """One batch on this side of its workers: who waits, who is through, what was said."""

    def __init__(
        self,
        workspace: Workspace,
        sources: Sequence[Source],
        recipe: Recipe,
        faces: FaceTable | None,
        companions: CompanionTable | None,
        held: Claims,
        watch: Watch,
    ) -> None:
        self._workspace, self._sources, self._held = workspace, sources, held
        self.outcomes: dict[int, IngestOutcome] = {}
        self.jobs: dict[int, RecordingJob] = {}
        self.expected_frames: dict[int, int] = {}
        self._first_with: dict[str, Path] = {}
        _check_named(sources, companions)
        _check_faces_named(sources, faces)
        self._sources = sources = [_with_subject(source, faces) for source in sources]
        owners = _owners(workspace, sources)
        with workspace.read() as records:
            codes = {subject.code: subject.id for subject in records.subjects()}
        for position, source in enumerate(sources):
            probing = AtWork(position=position, step=Step.PROBING, done=0, total=None)
            watch(BatchState(n_done=0, n_tasks=len(sources), units_done=0, units_total=0, at_work=(probing,)))
            owner = owners[source.subject or "", source.session]
            if isinstance(owner, BadInput):
                self._refuse(position, f"{source.path} is left out: {owner}")
                continue
            try:
                who, game = owner
                self.expected_frames[position] = _expected_frames(source)
                taken_part = {code: id for code, id in codes.items() if id in game.subjects}
                self.jobs[position] = RecordingJob(
                    path=source.path,
                    streams=source.streams,
                    sha256="",
                    subject=who.id,
                    session=game.id,
                    players=taken_part,
                    faces=faces,
                    companions=() if companions is None else companions.of(source.path),
                    simulated=who.simulated or game.simulated,
                    recipe=recipe,
                    media=workspace.media,
                    secret=workspace.secret,
                    watched=workspace.protocol.screening.watched,
                )
            except BadInput as error:
                self._refuse(position, str(error))

    def begin(self, position: int) -> bool:
        """Whether a recording is to be worked on: it is new, and nobody else is at it."""
        path, job = self._sources[position].path, self.jobs[position]
        try:
            sha256 = sha256_of(path)
            outcome = _known_already(self._workspace, path, sha256, job, self._first_with)
        except BadInput as error:
            self._refuse(position, str(error))
            return False
        except OSError as error:
            self._refuse(position, f"{path} cannot be read ({error.strerror}): see that it may be read, and run again")
            return False
        if outcome is None and (holder := self._held.take(sha256)) is not None:
            outcome = IngestOutcome(path=str(path), recording=None, held_by=holder)
        if outcome is not None:
            self.outcomes[position] = outcome
            if outcome.already_done:
                forget_refusal(self._workspace.root, path)
            return False
        self.jobs[position] = replace(job, sha256=sha256)
        return True

    def store(self, position: int, result: IngestedRecording | BadInput) -> None:
        """Write what a worker made of a recording, and let it go."""
        job = self.jobs[position]
        try:
            if isinstance(result, BadInput):
                raise result
            _check_arrived(result, job.media)
            with self._workspace.write(actor="ingest") as records:
                records.add_recording(
                    result.recording,
                    result.candidates,
                    result.clips,
                    result.assets,
                    result.companions,
                    result.face_owners,
                )
                records.let_go(job.sha256, holder=self._held.holder)
        except BadInput as error:
            # an older program, which knows no claims, may have been faster
            known = _known(self._workspace, job.sha256, str(job.path), job.subject, job.session)
            if known is None:
                self._refuse(position, str(error))
            else:
                self.outcomes[position] = known
            self._held.let_go(job.sha256)
            return
        self.outcomes[position] = IngestOutcome(
            path=str(job.path),
            recording=result.recording.id,
            n_candidates=len(result.candidates),
            n_clips=len(result.clips),
            n_watched=n_watched(result.clips),
            sheet=None if result.sheet is None else str(result.sheet),
            notes=result.notes,
            companions=result.companions,
        )
        forget_refusal(self._workspace.root, job.path)

    def _refuse(self, position: int, said: str) -> None:
        path = self._sources[position].path
        self.outcomes[position] = IngestOutcome(path=str(path), recording=None, error=said)
        keep_refusal(self._workspace.root, path, said)


def _check_arrived(result: IngestedRecording, media: Path) -> None:
    """Whether the files that a worker says it wrote are here.

    Raises:
        BadInput: one is not.
    """
    for asset in result.assets:
        path = media / asset.path
        if not path.is_file() or path.stat().st_size != asset.n_bytes:
            raise BadInput.of(
                "ingest.not_arrived",
                f"a worker says that it wrote {path}, and it is not there",
                "let all workers see the workspace's media folder at the same path",
            )


def _check_named(sources: Sequence[Source], companions: CompanionTable | None) -> None:
    """Stop where companions lie beside a recording that is not taken in: a misspelt path would leave them out."""
    given = {source.path.resolve() for source in sources}
    for row in () if companions is None else companions.rows:
        if row.recording.resolve() not in given:
            raise BadInput.of(
                "ingest.companion_of_none",
                f"{companions.path if companions else ''}, row {row.row}: {row.recording} is none of the recordings "
                "that are taken in",
                "correct the path (it counts from the table's folder), or give that recording too",
            )


def _check_faces_named(sources: Sequence[Source], faces: FaceTable | None) -> None:
    """Stop where a table of faces speaks of no recording that is taken in."""
    given = {source.path.name for source in sources}
    strange = [] if faces is None else [row for row in faces.rows if row.recording not in given]
    if faces is not None and len(strange) == len(faces.rows):
        raise BadInput.of(
            "ingest.faces_of_none",
            f"{faces.path} speaks of {strange[0].recording if strange else 'nothing'}, which is none of the recordings "
            "that are taken in",
            "give the table of these recordings, or correct its column recording",
        )


def _with_subject(source: Source, faces: FaceTable | None) -> Source:
    """A source with the subject whom the table of faces names first, where it has none."""
    if source.subject is not None or faces is None:
        return source
    named = [row.subject for row in faces.rows if row.recording == source.path.name and row.subject is not None]
    return replace(source, subject=named[0]) if named else source


def _owners(
    workspace: Workspace, sources: Sequence[Source]
) -> dict[tuple[str, str], tuple[Subject, Session] | BadInput]:
    """Subject and session of every pair of codes, or why they are none.

    Raises:
        BadInput: all sources name one and the same pair, and it is none.
    """
    owners: dict[tuple[str, str], tuple[Subject, Session] | BadInput] = {}
    with workspace.read() as records:
        for codes in sorted({(source.subject or "", source.session) for source in sources}):
            try:
                if not codes[0]:
                    raise BadInput.of(
                        "ingest.whose",
                        "nobody says whose the recording is",
                        "give --subject, or a table of faces that names a subject of it",
                    )
                who, game = records.subject(codes[0]), records.session(codes[1])
                if who.id not in game.subjects:
                    raise BadInput.of(
                        "ingest.not_in_session",
                        f"subject {who.code} did not take part in session {game.code}",
                        "name the session's own subjects, or register the session with this one",
                    )
                records.refuse_left(
                    game.subjects, "and no recording in which they may be seen or heard is taken in any more"
                )
                owners[codes] = (who, game)
            except BadInput as error:
                owners[codes] = error
    (first, *others) = owners.values()
    if isinstance(first, BadInput) and not others:
        raise first
    return owners


def _expected_frames(source: Source) -> int:
    found = probe(source.path, streams=source.streams)
    rate = found.picture.mean_rate_hz
    return int((found.duration_s or 0) * float(rate)) if rate else 0


def _known_already(
    workspace: Workspace, path: Path, sha256: str, job: RecordingJob, first_with: dict[str, Path]
) -> IngestOutcome | None:
    """The outcome of a file that needs no work; None: it needs some.

    Raises:
        BadInput: it is registered for somebody else.
    """
    earlier = first_with.setdefault(sha256, path)
    if earlier is not path:
        same = Finding(
            code="ingest.same_bytes",
            what=f"{path.name} has the same bytes as {earlier}, and is taken in once",
            remedy="give each recording once",
            severity=Severity.NOTE,
        )
        return IngestOutcome(path=str(path), recording=None, already_done=True, notes=(same,))
    known = _known(workspace, sha256, str(path), job.subject, job.session)
    if known is not None and known.recording is not None:
        _check_same_owners(workspace, known.recording, path, sha256, job)
    if known is None:
        with workspace.read() as records:
            if records.recording_by_hash(sha256) is not None:
                raise BadInput.of(
                    "ingest.registered_otherwise",
                    f"{path} is registered already, for another subject or session",
                    "name the subject and session it was registered for; if those were wrong, take it into another "
                    "workspace",
                )
    return known


def _check_same_owners(
    workspace: Workspace, recording: RecordingId, path: Path, sha256: str, job: RecordingJob
) -> None:
    """Stop where a table says otherwise than the workspace whose a registered recording's faces are."""
    if job.faces is None:
        return
    with workspace.read() as records:
        owners = {owner.track: owner.subject for owner in records.face_owners(recording)}
    for row in job.faces.of(path.name, sha256):
        if (None if row.subject is None else job.players.get(row.subject)) != owners.get(row.track):
            raise BadInput.of(
                "ingest.other_owners",
                f"{job.faces.path}, row {row.row}: face {row.track} of {path.name} was registered as somebody else's, "
                "and clips of it may have been judged",
                "leave the table as it was, or reject these clips at screening and take the recording into another "
                "workspace (docs/faces.md, when the table was wrong)",
            )


def _known(
    workspace: Workspace, sha256: str, path: str, subject: SubjectId, session: SessionId
) -> IngestOutcome | None:
    """The outcome of a recording that is registered for this subject and session; None: it is not."""
    with workspace.read() as records:
        known = records.recording_by_hash(sha256)
        if known is None or (known.subject, known.session) != (subject, session):
            return None
        moved = not Path(known.path).is_file() and Path(path).is_file()
    if moved:
        with workspace.write(actor="ingest") as writer:
            writer.move_recording(known.id, str(Path(path).resolve()))
    found_again = Finding(
        code="ingest.moved",
        what=f"{Path(path).name} was registered as {known.path}, which is gone, and is read here from now on",
        remedy="nothing has to be done",
        severity=Severity.NOTE,
    )
    with workspace.read() as records:
        clips = records.clips(recording=known.id)
        return IngestOutcome(
            path=path,
            recording=known.id,
            n_candidates=len(records.candidates(recording=known.id)),
            n_clips=len(clips),
            n_watched=n_watched(clips),
            sheet=str(sheet) if (sheet := sheet_path(workspace.media, known.id)).is_file() else None,
            already_done=True,
            notes=((found_again,) if moved else ()) + notes_on(workspace.media, known.id),
            companions=records.companions(known.id),
        )

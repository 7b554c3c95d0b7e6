"""The contact sheet of a subject's face at rest, and the table beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.files import folder_written_aside, write_text
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.progress import Progress
from mmed_curate.domain.records import Companion, Recording
from mmed_curate.domain.time import Frame
from mmed_curate.face.still import fitted
from mmed_curate.face.thumbnail import as_jpeg
from mmed_curate.ingest.crew import Step
from mmed_curate.ingest.kept import observation_of, streams_of
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.rest import Rest, RestBounds, apart, judged_stretches, resting, spoken_share
from mmed_curate.media.pictures import pictures
from mmed_curate.report.figures_rest import rest_figure
from mmed_curate.report.restpage import SheetRest, rest_page
from mmed_curate.spotting.tracks import FaceTrack
from mmed_curate.store.naming import recording_named
from mmed_curate.store.read import Reader
from mmed_curate.store.workspace import Workspace

TABLE, PAGE, PICTURE = "rest.csv", "rest.html", "rest.png"
COLUMNS = (
    "number",
    "recording",
    "at_s",
    "first",
    "last",
    "motion_px",
    "off_usual_px",
    "openness",
    "yaw_deg",
    "blur_px",
    "eye_px",
    "speech",
)
"""Of rest.csv: first and last are frames of the recording, both inside."""
_SIDE_PX = 180

Watching = Callable[[Path], AbstractContextManager[Progress]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSheet:
    """What was proposed and written."""

    rests: tuple[Rest, ...]
    """The best first."""
    names: tuple[str, ...]
    """File name of the recording of each."""
    refused: tuple[tuple[Path, BadInput], ...]
    """Recordings in which nothing could be looked for, and why."""
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Where:
    recording: Recording
    companions: tuple[Companion, ...]
    tracks: dict[int, FaceTrack]


def rest_sheet(
    workspace: Workspace,
    code: str,
    folder: Path,
    recipe: Recipe,
    bounds: RestBounds,
    *,
    recording: str | None = None,
    progress: Watching,
) -> RestSheet:
    """Propose stretches in which a subject's face rests: `rest.html`, `rest.png` and `rest.csv`.

    Args:
        workspace: whose recordings.
        code: the subject's.
        folder: where to; must not be there yet.
        recipe: the one that the recordings were taken in with.
        bounds: what counts as rest.
        recording: only this one, by path, file name or id; None: all that show the subject.
        progress: opened for each recording; gives what is called with frames done and how many there are.

    Raises:
        BadInput: there is no such subject or recording, none shows their face, or the folder is there already.
        Refused: the face rests nowhere.
    """
    if folder.exists() or folder.is_symlink():
        raise BadInput.of("files.exists", f"{folder} exists already", "choose another name, or move it away")
    with workspace.read() as records:
        subject = records.subject(code).id
        records.refuse_left([subject], "and nobody looks for a face at rest of theirs any more")
        chosen = _showing(records, subject, code, recording)
        owners = {one.id: _owners(records, one) for one in chosen}
        judged = {one.id: judged_stretches(records, one.id, subject) for one in chosen}
        companions = {one.id: records.companions(one.id) for one in chosen}
    found: list[Rest] = []
    where: dict[RecordingId, _Where] = {}
    refused: list[tuple[Path, BadInput]] = []
    for one in chosen:
        try:
            if (gone := changed_since(one)) is not None:
                raise gone
            with progress(Path(one.path)) as told:

                def tell(step: Step, done: int, total: int | None, told: Progress = told) -> None:
                    told(done, total)

                seen = observation_of(one, owners[one.id], workspace.media, recipe, tell)
                told(one.clock.n_frames, one.clock.n_frames)
            if seen is None:
                raise BadInput.of(
                    "reference.not_kept",
                    f"what was seen in {Path(one.path).name} was not kept",
                    "name a time yourself with `mmed reference add`",
                )
        except BadInput as error:
            refused.append((Path(one.path), error))
            continue
        own = [track for track in seen.tracks if owners[one.id].get(track.track) == subject]
        where[one.id] = _Where(
            recording=one, companions=companions[one.id], tracks={track.track: track for track in own}
        )
        found.extend(resting(one, seen, where[one.id].tracks, judged[one.id], bounds))
    best = _heard(apart(found), where, subject, bounds)
    if not best:
        if refused and not where:
            raise refused[0][1]
        raise Refused(
            Finding(
                code="reference.no_rest",
                what=f"the face of {code} rests for {bounds.length_s:g} s nowhere apart from what is judged",
                remedy="take in a recording in which they sit still, or name a time with `mmed reference add`",
            )
        )
    shown = [_shown(place, rest, where[rest.recording], recipe) for place, rest in enumerate(best, start=1)]
    with folder_written_aside(folder) as aside:
        rest_figure(code, shown, aside / PICTURE)
        write_text(aside / PAGE, rest_page(code, shown))
        write_text(aside / TABLE, _csv(best, [one.recording for one in shown]))
    names = tuple(one.recording for one in shown)
    return RestSheet(rests=best, names=names, refused=tuple(refused), folder=folder)


def _showing(records: Reader, subject: SubjectId, code: str, name: str | None) -> list[Recording]:
    theirs = {owner.recording for owner in records.face_owners() if owner.subject == subject}
    known = [recording_named(records, name)] if name is not None else list(records.recordings())
    chosen = [one for one in known if one.subject == subject or one.id in theirs]
    if not chosen:
        what = "no recording is" if name is None else f"{name} is not"
        raise BadInput.of("reference.not_shown", f"{what} known to show {code}", "take in one that does")
    return sorted(chosen, key=lambda one: (Path(one.path).name, one.id))


def _owners(records: Reader, recording: Recording) -> dict[int, SubjectId]:
    return {owner.track: owner.subject for owner in records.face_owners(recording.id)}


def _heard(
    found: Sequence[Rest], where: dict[RecordingId, _Where], subject: SubjectId, bounds: RestBounds
) -> tuple[Rest, ...]:
    """The best, those last in which somebody speaks; only so many as may be shown are listened to."""
    heard: list[Rest] = []
    for rest in found[: bounds.n_heard]:
        at = where[rest.recording]
        speech = spoken_share(rest, at.recording, subject, at.companions, bounds.speech_around_s)
        heard.append(replace(rest, speech=speech))
    spoken = {rest: rest.speech is not None and rest.speech > bounds.speech_share for rest in heard}
    return tuple(sorted(heard, key=lambda rest: spoken[rest])[: bounds.n_proposals])


def _shown(number: int, rest: Rest, where: _Where, recipe: Recipe) -> SheetRest:
    recording, track = where.recording, where.tracks[rest.track]
    margin = recipe.coding.face_margin
    box = track.box_over(rest.first, rest.last, margin, recording.width, recording.height)
    small: list[npt.NDArray[np.uint8]] = []
    wanted = {rest.first, Frame((rest.first + rest.last) // 2), rest.last}
    for picture in pictures(
        Path(recording.path), first=rest.first, last=rest.last, clock=recording.clock, streams=streams_of(recording)
    ):
        if picture.frame in wanted:
            part = np.ascontiguousarray(picture.bgr()[box.top : box.bottom, box.left : box.right])
            small.append(fitted(part, _SIDE_PX))
    return SheetRest(
        number=number,
        recording=Path(recording.path).name,
        at_s=rest.at_s,
        facts=_facts(rest),
        pictures=tuple(np.ascontiguousarray(one[:, :, ::-1]) for one in small),
        jpegs=tuple(as_jpeg(one) for one in small),
    )


def _facts(rest: Rest) -> tuple[str, ...]:
    lines = [
        f"moves by {rest.motion_px:.2f} px of the aligned face, {rest.off_usual_px:.2f} px off its usual place",
        f"eyes at least {rest.openness:.0%} as open as usual, {rest.eye_px:.0f} px apart",
    ]
    if rest.yaw_deg is not None:
        lines.append(f"turned by {rest.yaw_deg:.0f} degrees at most")
    if rest.blur_px is not None:
        lines.append(f"blur {rest.blur_px:.1f} px")
    if rest.speech is None:
        lines.append("no sound to tell whether somebody speaks")
    else:
        lines.append(f"somebody is heard to speak in {rest.speech:.0%} of it")
    return tuple(lines)


def _csv(rests: Sequence[Rest], names: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, (rest, name) in enumerate(zip(rests, names, strict=True), start=1):
        values = (
            rest.motion_px,
            rest.off_usual_px,
            rest.openness,
            rest.yaw_deg,
            rest.blur_px,
            rest.eye_px,
            rest.speech,
        )
        told = ["" if value is None else f"{value:.3f}" for value in values]
        writer.writerow([number, name, f"{rest.at_s:.3f}", rest.first, rest.last, *told])
    return text.getvalue()

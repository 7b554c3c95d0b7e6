"""Simulated game sessions: real faces and synthetic voices with planted micro-expressions, and the truth about them.

What comes out says that it is simulated, in every table and in the first line of its README; the recordings
themselves carry neutral names and no metadata.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.files import folder_written_aside, readable_json, sha256_of, write_text
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.workers import worker_pool
from mmed_curate.media.write import RecordingWriter
from mmed_curate.simulation.camera import Camera
from mmed_curate.simulation.ceiling import Ceiling, ceiling
from mmed_curate.simulation.plan import plan_recording
from mmed_curate.simulation.portrait import portrait
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.settings import SessionSettings
from mmed_curate.simulation.truth import Kind, Planted, TruthRow, write_truth
from mmed_curate.simulation.voice import Cue, babble, draw_voice

_LOOK_EVERY_S = 0.25
"""How often the progress of the workers is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRecording:
    """One file and whose it is."""

    file: str
    sha256: str
    subject: str
    session: str
    planted: tuple[Planted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSessions:
    """What was made."""

    folder: Path
    recordings: tuple[SimulatedRecording, ...]
    ceiling: Ceiling

    @property
    def truth(self) -> Path:
        """The table of all that was planted."""
        return self.folder / "truth.csv"

    @property
    def subjects(self) -> Path:
        """The table of subjects, for `mmed subject import`."""
        return self.folder / "subjects.csv"

    def count(self, kind: Kind) -> int:
        """How many of a kind were planted."""
        return sum(one.kind is kind for recording in self.recordings for one in recording.planted)


def simulate_sessions(
    settings: SessionSettings, to: Path, *, workers: int = 1, progress: Progress = silent
) -> SimulatedSessions:
    """Make all recordings of a simulated world, and its truth; the same settings give the same bytes.

    Args:
        settings: the world.
        to: a folder that does not exist yet.
        workers: processes at work at once.
        progress: told in pictures.

    Raises:
        BadInput: the folder exists, a face is not found, or more is to be planted than fits.
    """
    codebook = load_codebook(settings.codebook)
    # all plans first: what cannot be planted is said before anything is rendered
    for subject in range(settings.subjects):
        plan_recording(settings, codebook, subject)
    with folder_written_aside(to) as folder:
        recordings = tuple(_rendered(settings, codebook, folder, workers, progress))
        best = ceiling(settings, codebook)
        made = SimulatedSessions(folder=folder, recordings=recordings, ceiling=best)
        _write_tables(made, settings)
        write_text(folder / "README.md", _readme(made, settings))
        write_text(folder / "simulation.json", readable_json(_as_json(made, settings)))
    return replace(made, folder=to)


def render_recording(
    settings: SessionSettings, codebook: Codebook, subject: int, folder: Path, tell: Callable[[], None] = lambda: None
) -> SimulatedRecording:
    """Make one subject's recording; it depends on nothing but the settings and the subject's number.

    Args:
        settings: the world.
        codebook: gives each emotion's class.
        subject: its number, from 0.
        folder: where to put the file.
        tell: called once per picture.
    """
    planted = plan_recording(settings, codebook, subject)
    camera = Camera(settings, portrait(settings, subject), planted, subject)
    planted = tuple(
        replace(one, amplitude_px=one.closure * camera.lid_travel_px) if one.kind is Kind.BLINK else one
        for one in planted
    )
    rate, sample_rate = settings.picture.rate_hz, settings.sound.rate_hz
    starts = [frame * sample_rate // rate for frame in range(settings.n_frames + 1)]
    rng = generator(settings.seed, "voice", subject)
    cues = [
        Cue(effect=settings.cues[one.voice_cue], start=one.cue_start, stop=one.cue_stop)
        for one in planted
        if one.voice_cue
    ]
    sound = babble(draw_voice(settings.sound, rng), starts[-1], cues, settings.sound, rng)
    name = f"{generator(settings.seed, 'name', subject).bytes(4).hex()}.mp4"
    with RecordingWriter(
        folder / name,
        width=settings.picture.width,
        height=settings.picture.height,
        time_base=Fraction(1, rate),
        sample_rate_hz=sample_rate,
        crf=settings.picture.crf,
        preset=settings.picture.preset,
    ) as writer:
        for frame, picture in enumerate(camera.pictures()):
            writer.picture(picture, frame)
            writer.sound(sound[starts[frame] : starts[frame + 1]])
            tell()
    return SimulatedRecording(
        file=name,
        sha256=sha256_of(folder / name),
        subject=f"sim-s{subject + 1:02d}",
        session=f"sim-g{subject // settings.subjects_per_session + 1:02d}",
        planted=planted,
    )


def _rendered(
    settings: SessionSettings, codebook: Codebook, folder: Path, workers: int, progress: Progress
) -> Iterator[SimulatedRecording]:
    total = settings.subjects * settings.n_frames
    if workers <= 1 or settings.subjects == 1:
        done = 0

        def tell() -> None:
            nonlocal done
            done += 1
            progress(done, total)

        for subject in range(settings.subjects):
            yield render_recording(settings, codebook, subject, folder, tell)
        return
    drawn = multiprocessing.get_context("spawn").Value("q", 0)
    with worker_pool(min(workers, settings.subjects), begin_with=_at_work, arguments=(drawn,)) as pool:
        jobs = [pool.submit(_one, settings, codebook, subject, folder) for subject in range(settings.subjects)]
        try:
            while not all(job.done() for job in jobs):
                if any(job.done() and job.exception() for job in jobs):
                    break
                progress(drawn.value, total)
                time.sleep(_LOOK_EVERY_S)
            yield from (job.result() for job in jobs)
        finally:
            pool.shutdown(cancel_futures=True)
    progress(total, total)


_drawn: list[Synchronized[int]] = []
"""In a worker: the counter it shares with its parent."""


def _at_work(drawn: Synchronized[int]) -> None:
    _drawn.append(drawn)


def _one(settings: SessionSettings, codebook: Codebook, subject: int, folder: Path) -> SimulatedRecording:
    def tell() -> None:
        with _drawn[0].get_lock():
            _drawn[0].value += 1

    return render_recording(settings, codebook, subject, folder, tell)


def _write_tables(made: SimulatedSessions, settings: SessionSettings) -> None:
    write_truth(
        made.truth,
        [
            TruthRow(
                subject=recording.subject,
                session=recording.session,
                recording=recording.file,
                sha256=recording.sha256,
                planted=one,
                rate_hz=settings.picture.rate_hz,
                sample_rate_hz=settings.sound.rate_hz,
            )
            for recording in made.recordings
            for one in recording.planted
        ],
    )
    consent = settings.consent
    _write_table(
        made.subjects,
        ("code", "consent", "form_version", "signed_on", "simulated"),
        [
            (one.subject, "all;show-publicly", consent.form_version, consent.signed_on.isoformat(), "yes")
            for one in sorted(made.recordings, key=lambda one: one.subject)
        ],
    )
    (made.folder / "events").mkdir()
    for recording in made.recordings:
        _write_table(
            made.folder / "events" / f"{Path(recording.file).stem}.csv",
            ("onset", "apex", "offset", "region"),
            [
                (str(one.span.onset), str(one.span.apex), str(one.span.offset), one.region)
                for one in recording.planted
                if one.kind is Kind.EVENT
            ],
        )
    _write_table(
        made.folder / "recordings.csv",
        ("recording", "subject", "session", "simulated"),
        [(one.file, one.subject, one.session, "yes") for one in made.recordings],
    )


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    write_text(path, text.getvalue())


def _readme(made: SimulatedSessions, settings: SessionSettings) -> str:
    best, camera = made.ceiling, settings.picture
    return f"""SIMULATED: no recording here shows what anyone did or said.

Settings {settings.name!r} ({settings.title}), seed {settings.seed}.
{len(made.recordings)} simulated subjects, {settings.minutes:g} minutes each, {camera.rate_hz} pictures a second, \
{camera.width}×{camera.height}.

- The faces are real pictures that were bent, lit and moved by a program; one face stands for several subjects.
  The mouths do not move with the voices. Sources: {", ".join(one.file for one in settings.faces)}.
- The voices are synthetic babble; nothing is said.
- Planted: {made.count(Kind.EVENT)} micro-expressions; {made.count(Kind.BLINK)} blinks, \
{made.count(Kind.HEAD_MOTION)} motions of the head and {made.count(Kind.MACRO)} slow expressions as distractors.

What a model can know. A planted movement is its emotion's own with probability {settings.picture_informative:g} and
otherwise that of an emotion drawn by its share; a planted voice cue is its emotion's own with probability
{settings.sound_informative:g}. A reader who sees and hears each without error names the class rightly at best in

| from | of events |
|---|---|
| nothing (the most frequent class) | {best.chance:.1%} |
| the sound | {best.sound:.1%} |
| the picture | {best.picture:.1%} |
| both | {best.both:.1%} |

Files: `truth.csv` (all that was planted, distractors too), `subjects.csv` (for `mmed subject import`),
`recordings.csv` (whose each recording is), `events/` (the micro-expressions of each recording, for
`mmed spot evaluate` and `mmed cut`), `simulation.json` (settings and ceiling).
"""


def _as_json(made: SimulatedSessions, settings: SessionSettings) -> dict[str, object]:
    best = made.ceiling
    return {
        "format": "mmed-simulated-sessions",
        "version": "1.0",
        "simulated": True,
        "ceiling": {"chance": best.chance, "picture": best.picture, "sound": best.sound, "both": best.both},
        "settings": settings.model_dump(mode="json"),
    }

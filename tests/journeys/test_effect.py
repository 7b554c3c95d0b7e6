"""AMF-Net finds the effect that the simulation plants, and none where it plants none: rendered, filmed, measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.benchmark.amfnet import Design
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData, levelled_flow, levelled_sound, window_round
from mmed_curate.benchmark.scores import Scores, confusion_of
from mmed_curate.benchmark.settings import load_settings as load_benchmark
from mmed_curate.benchmark.units import Unit, answered
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.features import write_picture_features, write_sound_features
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import CutRequest
from mmed_curate.simulation.sessions import simulate_sessions
from mmed_curate.simulation.settings import load_settings
from mmed_curate.simulation.truth import Kind, read_truth

N_SUBJECTS = 4
SOUND_FRAMES = 128
World = Callable[[float], BenchmarkData]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Worlds of four simulated subjects in which so much of the class shows, measured at the planted frames."""

    def made(informative: float) -> BenchmarkData:
        folder = tmp_path_factory.mktemp("world")
        settings = load_settings("mmed")
        settings = settings.model_copy(
            update={
                "seed": 11,
                "subjects": N_SUBJECTS,
                "minutes": 0.6,
                "picture_informative": informative,
                "sound_informative": informative,
                "events": settings.events.model_copy(update={"per_minute": 20.0, "gap_s": 1.2}),
                "distractors": settings.distractors.model_copy(
                    update={
                        "blinks": settings.distractors.blinks.model_copy(update={"per_minute": 0.0}),
                        "head_motions": settings.distractors.head_motions.model_copy(update={"per_minute": 0.0}),
                        "macros": settings.distractors.macros.model_copy(update={"per_minute": 0.0}),
                    }
                ),
            }
        )
        sessions = simulate_sessions(settings, folder / "sessions", workers=2)
        return measured(folder / "sessions", {one.file: one.subject for one in sessions.recordings}, folder)

    return made


def measured(sessions: Path, subject_of: dict[str, str], scratch: Path) -> BenchmarkData:
    """Features of every planted event, as `mmed recut` measures them, and its planted class."""
    codebook = load_codebook("mmed")
    clocks = {file: read_clock(sessions / file) for file in subject_of}
    flows, mels, masks, labels, subjects, names = [], [], [], [], [], []
    for number, one in enumerate(read_truth(sessions / "truth.csv")):
        if one.kind is not Kind.EVENT:
            continue
        recording, clock = sessions / one.recording, clocks[one.recording]
        around = CutRequest(
            first=one.span.onset, last=one.span.offset, crop=None, picture=scratch / "unused.mp4", sound=None
        )
        write_picture_features(scratch / "picture.npz", recording, clock, around, one.span)
        wide = CutRequest(
            first=Frame(max(0, one.span.onset - 25)),
            last=Frame(min(clock.last_frame, one.span.offset + 25)),
            crop=None,
            picture=scratch / "unused.mp4",
            sound=None,
        )
        write_sound_features(scratch / "sound.npz", recording, clock, wide, one.span)
        with np.load(scratch / "picture.npz") as picture, np.load(scratch / "sound.npz") as sound:
            flows.append(levelled_flow(picture["flow"]))
            centre = round(float(sound["apex_s"]) / float(sound["hop_s"]))
            mel, mask = window_round(levelled_sound(sound["log_mel"]), centre, SOUND_FRAMES)
        mels.append(mel)
        masks.append(mask)
        labels.append(codebook.class_codes.index(str(codebook.class_of(one.emotion))))
        subjects.append(subject_of[one.recording])
        names.append(f"event-{number:03d}")
    return BenchmarkData.of(
        flow=np.stack(flows),
        log_mel=np.stack(mels),
        sound_mask=np.stack(masks),
        labels=labels,
        subjects=subjects,
        names=names,
        classes=codebook.class_codes,
    )


def uar(data: BenchmarkData, design: Design) -> float:
    unit = Unit(entrant=Entrant(design.value), seed=1)
    said = answered(data, unit, load_benchmark("mmed")).logits.argmax(axis=1)
    truth, answers = ([data.classes[place] for place in each] for each in (data.labels, said))
    found = Scores.of(confusion_of(truth, answers, data.classes), data.classes).uar
    assert found is not None
    return found


@pytest.mark.slow
def test_a_planted_effect_is_found_by_people_never_seen_in_training(world: World) -> None:
    data = world(1.0)
    assert len(data.names) >= 40
    # chance is 1/3; with 40 clips and more the mean recall of a guesser has a standard deviation below .08
    assert uar(data, Design.AMF_NET) >= 0.60


@pytest.mark.slow
def test_nothing_is_found_where_nothing_tells_the_class(world: World) -> None:
    data = world(0.0)
    assert abs(uar(data, Design.AMF_NET) - 1 / 3) <= 0.24  # three such deviations

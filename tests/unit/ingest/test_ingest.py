"""Recordings into a workspace: what goes through, what is refused, and that neither spoils the other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders.workspace import PLAIN

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import AssetKind, Consent, IngestOutcome, Term
from mmed_curate.ingest.batch import BatchState
from mmed_curate.ingest.crew import Step, processes
from mmed_curate.ingest.faces import read_face_table
from mmed_curate.ingest.recipe import load_recipe
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import read_sound, sound_span
from mmed_curate.store.workspace import Workspace


@pytest.fixture
def lab(tmp_path: Path) -> Workspace:
    """A workspace with one subject who took part in one session, and one who did not."""
    workspace = Workspace.create(tmp_path / "lab", protocol=str(PLAIN), seed=3)
    signed = Consent(terms=frozenset({Term.RECORD}), form_version="1", signed_on=date(2025, 1, 1))
    with workspace.write() as records:
        records.add_subject("P1", signed)
        records.add_subject("P2", signed)
        records.add_session("G1", ["P1"])
    return workspace


def taken_in(workspace: Workspace, *files: Path, recipe: str = "every-candidate") -> tuple[IngestOutcome, ...]:
    sources = [Source(path=path, subject="P1", session="G1") for path in files]
    return ingest(workspace, sources, recipe=load_recipe(recipe), crew=processes(1))


def test_a_smile_is_cut_with_the_sound_that_starts_late(lab: Workspace, repository: Path) -> None:
    """face_noface.mov: a real smile, variable frame rate, sound that begins 2.43 s after the picture."""
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    (outcome,) = taken_in(lab, recording)
    assert outcome.error is None
    assert outcome.n_clips >= 1
    with lab.read() as records:
        (known,) = records.recordings()
        clips = records.clips()
        assets = {(asset.clip, asset.kind): asset for asset in records.assets()}
    assert known.has_sound
    assert outcome.sheet is not None
    assert Path(outcome.sheet).is_file()
    for clip in clips:
        picture = lab.media / assets[clip.id, AssetKind.CODING_PICTURE].path
        sound = lab.media / assets[clip.id, AssetKind.CODING_SOUND].path
        assert sum(1 for _ in pictures(picture)) == clip.last - clip.first + 1
        span = sound_span(sound)
        assert span is not None
        heard = read_sound(sound, *span)
        # the rule of the house: the samples between two instants, to less than one sample
        ideal = float(clip.clock.duration) * heard.rate_hz
        assert abs(heard.n_samples - ideal) < 1


def test_the_same_bytes_are_taken_in_once(lab: Workspace, repository: Path, tmp_path: Path) -> None:
    recording = repository / "demo" / "recordings" / "please.mkv"
    copy = tmp_path / "another name.mkv"
    copy.write_bytes(recording.read_bytes())
    first, second = taken_in(lab, recording, copy)
    assert first.error is None
    assert second.already_done
    (again,) = taken_in(lab, copy)
    assert again.already_done
    assert again.recording == first.recording
    with lab.read() as records:
        assert len(records.recordings()) == 1


def test_a_recording_that_was_renamed_is_read_at_its_new_place(
    lab: Workspace, repository: Path, tmp_path: Path
) -> None:
    recording = tmp_path / "before.mkv"
    recording.write_bytes((repository / "demo" / "recordings" / "please.mkv").read_bytes())
    (first,) = taken_in(lab, recording)
    renamed = recording.rename(tmp_path / "after.mkv")
    (again,) = taken_in(lab, renamed)
    assert again.already_done
    assert again.recording == first.recording
    assert any("before.mkv, which is gone" in note.what for note in again.notes)
    with lab.read() as records:
        (known,) = records.recordings()
        assert known.path == str(renamed)
        assert records.audit().intact


def test_one_bad_file_never_stops_the_others(lab: Workspace, repository: Path, tmp_path: Path) -> None:
    empty, words, nowhere = tmp_path / "empty.mp4", tmp_path / "words.mp4", tmp_path / "nowhere.mp4"
    empty.touch()
    words.write_text("not a film\n" * 100)
    truncated = tmp_path / "truncated.mp4"
    whole = (repository / "demo" / "recordings" / "single_face.mp4").read_bytes()
    truncated.write_bytes(whole[: len(whole) // 2])
    good = repository / "demo" / "recordings" / "please.mkv"
    outcomes = taken_in(lab, empty, words, nowhere, truncated, tmp_path, good)
    *refused, through = outcomes
    assert through.error is None
    for outcome in refused:
        assert outcome.error is not None
        assert Path(outcome.path).name in outcome.error
        assert "\n" not in outcome.error
    with lab.read() as records:
        (recording,) = records.recordings()
        kept = {Path(asset.path).parts[1] for asset in records.assets()}
    assert recording.path == str(good)
    coding = lab.media / "coding"
    assert {folder.name for folder in coding.iterdir()} == kept if coding.exists() else not kept


@pytest.mark.parametrize(
    "name",
    [
        "ugly-moviepy/result.webm",  # zero bytes
        "ugly-decord/corrupted.mp4",  # 28 of 50 frames
        "aana/physicsworks_audio.webm",  # sound only
        "whisper-jfk/jfk.flac",
        "vad-silero/test.wav",
        "labels-samm/SAMM_Micro_FACS_Codes_v2.xlsx",  # no media at all
        "boris/test.boris",
        "trackingjs-franck/SOURCE.txt",  # text that FFmpeg would draw as film
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(lab: Workspace, material: Path, name: str) -> None:
    (outcome,) = taken_in(lab, material / name)
    assert outcome.recording is None
    assert outcome.error is not None
    assert Path(name).name in outcome.error
    assert "\n" not in outcome.error
    with lab.read() as records:
        assert records.recordings() == ()


def test_a_face_that_is_not_there_is_said(lab: Workspace, material: Path) -> None:
    (outcome,) = taken_in(lab, material / "ugly-decord" / "video_0.mov")
    assert outcome.error is None
    assert (outcome.n_candidates, outcome.n_clips) == (0, 0)
    assert any("no face" in note.what for note in outcome.notes)


@pytest.mark.parametrize(
    ("subject", "session", "said"),
    [("P9", "G1", "P9"), ("P1", "G9", "G9"), ("P2", "G1", "P2 did not take part in session G1")],
)
def test_whose_a_recording_is_must_be_known(
    lab: Workspace, repository: Path, subject: str, session: str, said: str
) -> None:
    source = Source(path=repository / "demo" / "recordings" / "please.mkv", subject=subject, session=session)
    with pytest.raises(BadInput, match=said):
        ingest(lab, [source], recipe=load_recipe("mmed"), crew=processes(1))


def test_an_unknown_subject_in_a_table_stops_no_other_row(lab: Workspace, repository: Path) -> None:
    recordings = repository / "demo" / "recordings"
    refused, through = ingest(
        lab,
        [
            Source(path=recordings / "single_face.mp4", subject="P9", session="G1"),
            Source(path=recordings / "please.mkv", subject="P1", session="G1"),
        ],
        recipe=load_recipe("mmed"),
        crew=processes(1),
    )
    assert refused.error is not None
    assert "single_face.mp4" in refused.error
    assert "P9" in refused.error
    assert through.error is None


def test_clips_that_cannot_be_written_are_said_and_leave_nothing(lab: Workspace, repository: Path) -> None:
    (lab.media / "coding").write_text("a file where the folder of clips should be")
    outcome = taken_in(lab, repository / "demo" / "recordings" / "single_face.mp4")[0]
    assert outcome.error is not None
    assert "single_face.mp4 was not taken in" in outcome.error
    with lab.read() as records:
        assert records.recordings() == ()
    (lab.media / "coding").unlink()
    assert taken_in(lab, repository / "demo" / "recordings" / "single_face.mp4")[0].error is None


def test_nothing_in_a_clip_names_its_recording(lab: Workspace, repository: Path, tmp_path: Path) -> None:
    named = tmp_path / "CANARY-anna-game7.mp4"
    named.write_bytes((repository / "demo" / "recordings" / "single_face.mp4").read_bytes())
    taken_in(lab, named)
    for_curators = {lab.media / "sheets", lab.media / "quality", lab.media / "notes"}
    files = [path for path in lab.media.rglob("*") if path.is_file() and path.parent not in for_curators]
    assert {path.relative_to(lab.media).parts[0] for path in files} == {"coding", "observed"}
    for path in files:
        assert "CANARY" not in str(path.relative_to(lab.root))
        assert b"CANARY" not in path.read_bytes()


def test_whose_a_face_is_stays_as_it_was_said(lab: Workspace, repository: Path, tmp_path: Path) -> None:
    recording = repository / "demo" / "recordings" / "please.mkv"
    sources = [Source(path=recording, subject="P1", session="G1")]

    def with_table(subject: str) -> IngestOutcome:
        (tmp_path / "faces.csv").write_text(f"recording,track,subject\nplease.mkv,0,{subject}\n", encoding="utf-8")
        faces = read_face_table(tmp_path / "faces.csv")
        (outcome,) = ingest(lab, sources, recipe=load_recipe("every-candidate"), crew=processes(1), faces=faces)
        return outcome

    assert with_table("P1").error is None
    assert with_table("P1").already_done
    refused = with_table("").error
    assert refused is not None and "faces.csv, row 2: face 0 of please.mkv was registered as somebody else's" in refused
    assert "take the recording into another workspace" in refused
    with lab.read() as records:
        (owner,) = records.face_owners()
        assert owner.subject == records.subject("P1").id


def test_the_watcher_sees_every_file_before_the_first_is_begun(lab: Workspace, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.mp4" for number in range(3)]
    states: list[BatchState] = []
    sources = [Source(path=path, subject="P1", session="G1") for path in files]
    outcomes = ingest(lab, sources, recipe=load_recipe("mmed"), crew=processes(1), watch=states.append)
    assert all(outcome.error for outcome in outcomes)
    assert [(state.at_work[0].position, state.at_work[0].step) for state in states] == [
        (number, Step.PROBING) for number in range(3)
    ]

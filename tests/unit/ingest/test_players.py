"""Two players in one picture, a microphone each: whose face, whose voice, and who else is seen and heard.

The scene is put together from two real faces; the voices are simulated.
"""

from __future__ import annotations

import csv
import re
import shutil
import wave
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from builders.faces import Layer, cut_head, scene
from builders.workspace import PLAIN

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.records import AssetKind, Clip, Consent, IngestOutcome, SoundFlag, Term
from mmed_curate.domain.spantable import read_spans
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.added import add_spans
from mmed_curate.ingest.companions import read_companions
from mmed_curate.ingest.crew import processes
from mmed_curate.ingest.faces import face_table_csv, read_face_table
from mmed_curate.ingest.recipe import Recipe, load_recipe
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.media.sound import read_sound, sound_span
from mmed_curate.media.write import RecordingWriter
from mmed_curate.simulation.settings import load_settings
from mmed_curate.simulation.voice import babble, draw_voice
from mmed_curate.spotting.parameters import load_parameters
from mmed_curate.spotting.tracks import find_tracks
from mmed_curate.store.workspace import Workspace

SECONDS, RATE_HZ, SOUND_HZ = 8, 25, 16_000
STARTED_S = {"anna": -1.5, "ben": 0.75}
"""When each microphone was started, on the camera's clock."""
SPEAKS_S = {"anna": (0.0, 3.0), "ben": (5.0, 8.0)}
"""From when to when each of them speaks; nobody does between."""

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def voices() -> dict[str, Floats]:
    """SIMULATED: what each player says, from 2 s before the camera starts until it ends."""
    settings = load_settings("mmed").sound
    said = {}
    for seed, name in enumerate(STARTED_S):
        rng = np.random.default_rng(seed)
        voice = babble(draw_voice(settings, rng), (SECONDS + 2) * SOUND_HZ, [], settings, rng)
        mono = np.asarray(voice, dtype=np.float32).reshape(len(voice), -1)[:, 0].copy()
        first, last = ((2 + moment) * SOUND_HZ for moment in SPEAKS_S[name])
        mono[: int(first)] = mono[int(last) :] = 0
        said[name] = mono
    return said


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory, repository: Path, voices: dict[str, Floats]) -> Path:
    """A folder with camera.mp4 (anna on the left, ben on the right) and a microphone's file for each."""
    folder = tmp_path_factory.mktemp("game")
    recordings = repository / "demo" / "recordings"
    heads = {
        "anna": cut_head(recordings / "face_noface.mov", "anna", last=30, grey=False),
        "ben": cut_head(recordings / "WolfgangLanger_Pexels.mp4", "ben", first=200, last=240, grey=False),
    }
    layers = [
        Layer(head=heads["anna"], way=lambda time_s: (130.0, 140.0, 48.0)),
        Layer(head=heads["ben"], way=lambda time_s: (350.0, 140.0, 48.0)),
    ]
    room = sum(0.3 * voice for voice in voices.values())
    step = SOUND_HZ // RATE_HZ
    with RecordingWriter(
        folder / "camera.mp4", width=480, height=270, time_base=Fraction(1, RATE_HZ), sample_rate_hz=SOUND_HZ
    ) as writer:
        for frame, (_, picture, _) in enumerate(scene(layers, seconds=SECONDS, rate_hz=RATE_HZ)):
            writer.picture(picture, frame)
            heard = room[2 * SOUND_HZ + frame * step : 2 * SOUND_HZ + (frame + 1) * step]
            writer.sound(heard[:, None].astype(np.float32))
    for name, started_s in STARTED_S.items():
        other = next(one for one in voices if one != name)
        near = voices[name] + 0.1 * voices[other]
        with wave.open(str(folder / f"{name}.wav"), "wb") as stream:
            stream.setnchannels(1)
            stream.setsampwidth(2)
            stream.setframerate(SOUND_HZ)
            stream.writeframes((near[round((2 + started_s) * SOUND_HZ) :] * 32767).astype("<i2").tobytes())
    return folder


@pytest.fixture(scope="module")
def faces(game: Path) -> Path:
    """The curator's table: the face on the left is anna's, the one on the right ben's."""
    parameters = load_parameters("mmed").face
    clock, tracks = find_tracks(game / "camera.mp4", parameters)
    text = face_table_csv([("camera.mp4", "", parameters.digest(), clock, tracks)])
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2
    for row, track in zip(rows, tracks, strict=True):
        row["subject"] = "anna" if np.median(track.boxes[:, 0]) < 240 else "ben"
    path = game / "faces.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def companions(game: Path) -> Path:
    path = game / "companions.csv"
    lines = ["recording,companion,kind,subject,stream,channel,offset_s,drift_ppm"]
    lines += [f"camera.mp4,{name}.wav,microphone,{name},,,{at_s},0" for name, at_s in STARTED_S.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def a_lab(root: Path, players: Sequence[str] = ("anna", "ben")) -> Workspace:
    workspace = Workspace.create(root, protocol=str(PLAIN), seed=3)
    signed = Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1))
    with workspace.write() as records:
        for code in ("anna", "ben"):
            records.add_subject(code, signed)
        records.add_session("G1", list(players))
    return workspace


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A recipe that proposes nothing: the heads of the scene jerk, and the clips of this file are named by hand."""
    numbers = packaged_path("pipelines", "spotting", "mmed.yaml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("recipe") / "deaf.yaml"
    path.write_text(re.sub(r"least_px: [\d.]+", "least_px: 90.0", numbers), encoding="utf-8")
    return load_recipe("mmed").model_copy(update={"spotting": str(path)})


def taken_in(
    workspace: Workspace, game: Path, recipe: Recipe, faces: Path | None = None, companions: Path | None = None
) -> IngestOutcome:
    (outcome,) = ingest(
        workspace,
        [Source(path=game / "camera.mp4", subject="anna", session="G1")],
        recipe=recipe,
        crew=processes(1),
        faces=None if faces is None else read_face_table(faces),
        companions=None if companions is None else read_companions(companions),
    )
    return outcome


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, game: Path, faces: Path, companions: Path, deaf: Recipe) -> Workspace:
    """Taken in with both tables; then a clip for each of them where they speak, named by hand."""
    workspace = a_lab(tmp_path_factory.mktemp("lab") / "lab")
    outcome = taken_in(workspace, game, deaf, faces, companions)
    assert outcome.error is None
    spans = game / "spans.csv"
    lines = ["recording,subject,onset,apex,offset"]
    for name, (first_s, _) in SPEAKS_S.items():
        onset = round(first_s * RATE_HZ) + 30
        lines.append(f"camera.mp4,{name},{onset},{onset + 2},{onset + 5}")
    spans.write_text("\n".join(lines) + "\n")
    summary = add_spans(workspace, read_spans(spans), deaf, crew=processes(1))
    assert (summary.n_added, summary.errors) == (2, ())
    again = add_spans(workspace, read_spans(spans), deaf, crew=processes(1))
    assert (again.n_added, again.n_shown_already) == (0, 2)
    return workspace


def clips_of(lab: Workspace, code: str) -> list[Clip]:
    with lab.read() as records:
        who = records.subject(code).id
        return [clip for clip in records.clips() if clip.subject == who]


def test_without_a_table_nobody_is_guessed(tmp_path: Path, game: Path, deaf: Recipe) -> None:
    outcome = taken_in(a_lab(tmp_path / "lab"), game, deaf)
    assert outcome.recording is None
    assert "camera.mp4 shows more than one face at once" in (outcome.error or "")
    assert "mmed faces" in (outcome.error or "")


def test_each_clip_shows_its_own_player(lab: Workspace) -> None:
    for code, (left, right) in {"anna": (0, 260), "ben": (220, 480)}.items():
        assert clips_of(lab, code)
        for clip in clips_of(lab, code):
            assert clip.crop is not None
            assert left <= clip.crop.left < clip.crop.right <= right
            assert clip.also_visible == ()
    with lab.read() as records:
        assert len(records.face_owners()) == 2
        assert records.audit().intact


def test_a_face_that_nobody_named_enters_no_clip(tmp_path: Path, game: Path, faces: Path) -> None:
    only_anna = tmp_path / "faces.csv"
    only_anna.write_text(faces.read_text().replace(",ben", ","))
    lab = a_lab(tmp_path / "lab")
    assert taken_in(lab, game, load_recipe("every-candidate"), only_anna).error is None
    with lab.read() as records:
        anna = records.subject("anna").id
        assert {owner.subject for owner in records.face_owners()} == {anna}
        tracks = {owner.track for owner in records.face_owners()}
        assert {candidate.track for candidate in records.candidates()} <= tracks
        assert {clip.subject for clip in records.clips()} <= {anna}


def test_a_table_of_other_bytes_is_named_by_its_row(tmp_path: Path, game: Path, faces: Path, deaf: Recipe) -> None:
    with faces.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    table = tmp_path / "faces.csv"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"sha256": "0" * 64} for row in rows)
    outcome = taken_in(a_lab(tmp_path / "lab"), game, deaf, table)
    assert "faces.csv, row 2: it speaks of a file named camera.mp4 with other bytes" in (outcome.error or "")


def test_faces_keep_their_owners_when_what_was_kept_is_lost(lab: Workspace, tmp_path: Path, deaf: Recipe) -> None:
    shutil.copytree(lab.root, tmp_path / "lab")
    shutil.rmtree(tmp_path / "lab" / "media" / "observed")
    copy = Workspace.open(tmp_path / "lab")
    spans = tmp_path / "spans.csv"
    onset = 1
    spans.write_text(f"recording,subject,onset,apex,offset\ncamera.mp4,ben,{onset},{onset + 2},{onset + 4}\n")
    assert add_spans(copy, read_spans(spans), deaf, crew=processes(1)).n_added == 1
    (clip,) = (clip for clip in clips_of(copy, "ben") if clip.first <= onset <= clip.last)
    assert clip.crop is not None
    assert clip.crop.left >= 220


def test_a_player_of_another_session_is_refused(tmp_path: Path, game: Path, faces: Path, deaf: Recipe) -> None:
    outcome = taken_in(a_lab(tmp_path / "lab", players=["anna"]), game, deaf, faces)
    assert "to ben, who did not take part" in (outcome.error or "")


def test_a_clip_holds_its_player_s_microphone_on_the_camera_s_clock(lab: Workspace, voices: dict[str, Floats]) -> None:
    with lab.read() as records:
        (recording,) = records.recordings()
        assert len(records.companions()) == 2
    for code in STARTED_S:
        for clip in clips_of(lab, code):
            with lab.read() as records:
                assets = {asset.kind: asset for asset in records.assets(clip=clip.id)}
            path = lab.media / assets[AssetKind.CODING_SOUND].path
            span = sound_span(path)
            assert span is not None
            heard = read_sound(path, *span).samples[:, 0]
            start = round((2 + float(recording.clock.start_of(clip.first))) * SOUND_HZ)
            own = voices[code][start : start + len(heard)]
            other = voices[next(one for one in voices if one != code)][start : start + len(heard)]
            ideal = float(clip.clock.duration) * SOUND_HZ
            assert abs(len(heard) - ideal) < 1
            # 16 bits, and 0.1 of the other voice: what it is, to the sample
            assert np.abs(heard - own - 0.1 * other).max() < 2 / 32768


def test_a_clip_says_whom_its_microphone_heard(lab: Workspace) -> None:
    """Each hears the other 20 dB weaker: while only the other speaks, that is crosstalk; they never speak at once."""
    for code in STARTED_S:
        for clip in clips_of(lab, code):
            assert clip.sound_flags is not None
            assert SoundFlag.OVERLAP not in clip.sound_flags


def test_a_companion_of_a_recording_that_is_not_taken_in_is_named(
    tmp_path: Path, game: Path, deaf: Recipe, companions: Path
) -> None:
    (game / "other.mp4").write_bytes((game / "camera.mp4").read_bytes()[:100])
    misspelt = game / "misspelt.csv"
    misspelt.write_text(companions.read_text().replace("camera.mp4,ben", "other.mp4,ben"))
    with pytest.raises(BadInput, match=r"misspelt.csv, row 3: .*other.mp4 is none of the recordings"):
        taken_in(a_lab(tmp_path / "lab"), game, deaf, companions=misspelt)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("recording,onset,apex,offset\nother.mp4,1,2,3", "row 2: other.mp4 is no recording of this workspace"),
        ("onset,apex,offset\n1,2,3", "row 2: names no recording"),
        ("recording,onset,apex,offset\ncamera.mp4,1,2,3", "row 2: does not say whose movement it is"),
        ("recording,subject,onset,apex,offset\ncamera.mp4,carl,1,2,3", "row 2: carl is nobody whose face"),
        ("recording,subject,onset,apex,offset\ncamera.mp4,ben,1,2,9999", "outside"),
    ],
)
def test_spans_that_fit_nowhere_are_named_and_nothing_is_added(
    lab: Workspace, tmp_path: Path, rows: str, said: str
) -> None:
    table = tmp_path / "spans.csv"
    table.write_text(rows + "\n")
    with lab.read() as records:
        before = records.clips()
    with pytest.raises(BadInput, match=said):
        add_spans(lab, read_spans(table), load_recipe("mmed"), crew=processes(1))
    with lab.read() as records:
        assert records.clips() == before


def test_a_span_across_the_edge_of_a_clip_is_named(lab: Workspace, tmp_path: Path) -> None:
    clip = clips_of(lab, "ben")[0]
    table = tmp_path / "spans.csv"
    onset = Frame(max(0, clip.first - 1))
    table.write_text(f"recording,subject,onset,apex,offset\ncamera.mp4,ben,{onset},{onset + 1},{onset + 2}\n")
    with pytest.raises(BadInput, match="cross the edge of a clip"):
        add_spans(lab, read_spans(table), load_recipe("mmed"), crew=processes(1))

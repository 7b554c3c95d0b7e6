"""A curator finds, approves and lists references of faces at rest; coders learn nothing from them but the face."""

from __future__ import annotations

import csv
import json
import shutil
import struct
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from builders.workspace import PLAIN, SIGNED, a_workspace
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.handout import lay_out
from mmed_curate.cli.reference import reference
from mmed_curate.domain.conduct import Reference, ReferenceFile
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Modality
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.companions import read_companions
from mmed_curate.ingest.crew import processes
from mmed_curate.ingest.recipe import load_recipe
from mmed_curate.ingest.reference import add_reference
from mmed_curate.ingest.rest import judged_stretches, load_rest_bounds
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.store import Workspace

RATE_HZ = 16_000
SMILE = Fraction(9, 5)
"""Seconds into single_face.mp4 at which a smile is held: still, though not at rest. Nothing is judged there."""
VOICE = (Fraction(11, 10), Fraction(21, 10))
"""A second behind the last candidate."""


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """Two subjects, a bundled recording each; sample n of the first one's microphone has the value n mod 9973."""
    folder = tmp_path_factory.mktemp("reference")
    microphone = folder / "microphone.wav"
    with wave.open(str(microphone), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(RATE_HZ)
        stream.writeframes((np.arange(3 * RATE_HZ) % 9973).astype("<i2").tobytes())
    beside = folder / "companions.csv"
    recordings = repository / "demo" / "recordings"
    beside.write_text(
        "recording,companion,kind,subject,offset_s,drift_ppm\n"
        f"{recordings / 'single_face.mp4'},microphone.wav,microphone,canary-one,0,0\n",
        encoding="utf-8",
    )
    workspace = Workspace.create(folder / "lab", protocol=str(PLAIN), seed=3)
    with workspace.write() as records:
        for code in ("canary-one", "canary-two", "canary-three"):
            records.add_subject(code, SIGNED, simulated=True)
        records.add_session("canary-game", ["canary-one", "canary-two"], simulated=True)
    sources = [
        Source(path=recordings / name, subject=subject, session="canary-game")
        for name, subject in (("single_face.mp4", "canary-one"), ("face_noface.mov", "canary-two"))
    ]
    done = ingest(workspace, sources, recipe=load_recipe("mmed"), crew=processes(1), companions=read_companions(beside))
    assert [outcome.error for outcome in done] == [None, None]
    workspace.close()
    return folder


@pytest.fixture
def lab(taken_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A copy of it, and we stand in it."""
    shutil.copytree(taken_in / "lab", tmp_path / "lab")
    monkeypatch.chdir(tmp_path / "lab")
    workspace = Workspace.open(tmp_path / "lab")
    yield workspace
    workspace.close()


def added(lab: Workspace, subject: str, recording: str, at: Fraction, **more: object) -> Reference:
    return add_reference(
        lab,
        subject,
        recording,
        at,
        load_recipe("mmed"),
        load_rest_bounds("mmed"),
        **more,  # type: ignore[arg-type]
    )


def files_of(lab: Workspace) -> list[Path]:
    """All that lies below the references."""
    return sorted((lab.media / "references").rglob("*"))


def test_proposals_lie_apart_from_what_is_judged(lab: Workspace) -> None:
    done = CliRunner().invoke(reference, ["propose", "canary-one", "-o", "rest"])
    assert done.exit_code == 0, done.output
    with Path("rest/rest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with lab.read() as records:
        recording = next(one for one in records.recordings() if one.path.endswith("single_face.mp4"))
        judged = judged_stretches(records, recording.id, records.subject("canary-one").id)
    assert rows and judged
    for row in rows:
        first, last = int(row["first"]), int(row["last"])
        assert last - first + 1 == 30  # a second at 30 Hz
        for start, end in judged:
            assert first - end > 7 or start - last > 7  # a quarter of a second
        assert float(row["openness"]) > 0.8
    page = Path("rest/rest.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == len(rows) and page.count("data:image/jpeg") == 3 * len(rows)
    assert "http" not in page and "<script" not in page
    assert Path("rest/rest.png").read_bytes()[:4] == b"\x89PNG"


def test_a_reference_is_cut_as_clips_are_and_says_nothing_else(lab: Workspace) -> None:
    made = added(lab, "canary-one", "single_face.mp4", SMILE, voice=VOICE, because="calm")
    assert (made.first, made.last) == (39, 68)  # 1.3 s to 2.3 s at 30 Hz
    paths = {part: lab.media / path for part, (path, _) in made.files.items()}
    assert {path.name for path in paths.values()} == {"still.png", "picture.mp4", "sound.wav"}
    assert all(sha256_of(lab.media / path) == digest for path, digest in made.files.values())
    with av.open(str(paths[ReferenceFile.PICTURE])) as clip:
        assert [stream.type for stream in clip.streams] == ["video"]
        shown = [frame.to_ndarray(format="bgr24") for frame in clip.decode(video=0)]
        assert set(clip.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
    assert len(shown) == 30
    chunks, still = chunks_of(paths[ReferenceFile.STILL])
    assert chunks == {b"IHDR", b"IDAT", b"IEND"}
    assert still == (shown[0].shape[1], shown[0].shape[0])  # the same crop
    with wave.open(str(paths[ReferenceFile.SOUND]), "rb") as stream:
        assert (stream.getframerate(), stream.getnchannels()) == (RATE_HZ, 1)
        heard = np.frombuffer(stream.readframes(stream.getnframes()), dtype="<i2")
    assert np.array_equal(heard, np.arange(17_600, 33_600) % 9973)  # of the microphone, sample by sample
    with lab.read() as records:
        assert records.references()[made.subject] == made
        said = json.loads(records.log("reference.put")[-1].payload)
        assert "seal" in said
        assert "calm" not in json.dumps(said)
        assert records.audit().intact


def chunks_of(path: Path) -> tuple[set[bytes], tuple[int, int]]:
    """Kinds of chunks of a PNG file, and its width and height."""
    data, at, found = path.read_bytes(), 8, set()
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.add(data[at + 4 : at + 8])
        at += 12 + length
    width, height = struct.unpack(">II", data[16:24])
    return found, (width, height)


@pytest.mark.parametrize(
    ("subject", "recording", "at", "voice", "sentence"),
    [
        ("canary-one", "single_face.mp4", Fraction(1, 2), None, "the face is judged there"),
        ("canary-one", "single_face.mp4", SMILE, (Fraction(0), Fraction(1)), "the voice is judged there"),
        ("canary-one", "single_face.mp4", Fraction(9), None, "9 s is outside"),
        ("canary-one", "single_face.mp4", SMILE, (Fraction(2), Fraction(1)), "is no stretch of"),
        ("canary-two", "single_face.mp4", SMILE, None, "shows no face of canary-two"),
        ("canary-two", "face_noface.mov", Fraction(5), None, "shows no face of canary-two"),
        ("canary-one", "nothing.mp4", SMILE, None, "is no recording of this workspace"),
        ("canary-four", "single_face.mp4", SMILE, None, 'no subject "canary-four"'),
    ],
)
def test_what_is_no_reference_is_refused_and_leaves_nothing(
    lab: Workspace, subject: str, recording: str, at: Fraction, voice: object, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        added(lab, subject, recording, at, voice=voice)
    assert files_of(lab) == []
    with lab.read() as records:
        assert records.references() == {}


def test_files_go_where_the_database_does_not_take_the_reference(lab: Workspace) -> None:
    rules = lab.root / "protocol.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    with pytest.raises(BadInput, match="protocol"):
        added(Workspace.open(lab.root), "canary-one", "single_face.mp4", SMILE)
    assert [path for path in files_of(lab) if path.is_file()] == []


def media_of(made: Reference) -> list[Asset]:
    """A clip's coding media, for which those of a reference with a voice serve here."""
    kinds = {AssetKind.CODING_PICTURE: ReferenceFile.PICTURE, AssetKind.CODING_SOUND: ReferenceFile.SOUND}
    where = {"clip": ClipId("c"), "n_bytes": 1, "first": Frame(0), "last": Frame(1)}
    return [
        Asset(kind=kind, path=made.files[part][0], sha256=made.files[part][1], **where)  # type: ignore[arg-type]
        for kind, part in kinds.items()
    ]


def test_tickets_of_two_subjects_differ_in_nothing_but_the_face(lab: Workspace) -> None:
    """One clip with the references of two: names and times are alike, and no code, recording or folder is anywhere."""
    assets = media_of(added(lab, "canary-one", "single_face.mp4", SMILE, voice=VOICE))
    one = added(lab, "canary-one", "single_face.mp4", SMILE)
    two = added(lab, "canary-two", "face_noface.mov", SMILE)
    names = ("a" * 12, "b" * 12)
    for name, given in zip(names, (one, two), strict=True):
        assert lay_out(lab.media, name, assets, given, Modality.BOTH) is not None
    found = [
        {path.name: (path.stat().st_mtime, path.stat().st_nlink) for path in (lab.media / "desk" / name).iterdir()}
        for name in names
    ]
    assert found[0] == found[1]
    assert set(found[0]) == {"picture.mp4", "sound.wav", "neutral.png", "neutral.mp4"}
    secrets = [b"canary", b"single_face", b"face_noface"]
    secrets += [given.files[ReferenceFile.STILL][0].split("/")[1].encode() for given in (one, two)]
    for path in (lab.media / "desk").rglob("*.*"):
        assert not any(secret in path.read_bytes() for secret in secrets)
    headers = []
    for name in names:
        with av.open(str(lab.media / "desk" / name / "neutral.mp4")) as clip:
            headers.append((dict(clip.metadata), [dict(stream.metadata) for stream in clip.streams]))
    assert headers[0] == headers[1]


@pytest.mark.parametrize(
    ("modality", "parts"),
    [
        (Modality.PICTURE, {"picture.mp4", "neutral.png", "neutral.mp4"}),
        (Modality.SOUND, {"sound.wav", "neutral.wav"}),
    ],
)
def test_a_pass_gets_of_the_reference_what_it_may_show(lab: Workspace, modality: Modality, parts: set[str]) -> None:
    made = added(lab, "canary-one", "single_face.mp4", SMILE, voice=VOICE)
    laid = lay_out(lab.media, "c" * 12, media_of(made), made, modality)
    assert laid is not None
    assert {path.name for path in (lab.media / "desk" / ("c" * 12)).iterdir()} == parts
    assert (laid.neutral_sound is None) is (modality is Modality.PICTURE)
    if laid.neutral_picture is not None:
        with av.open(str(laid.neutral_picture)) as clip:
            assert [stream.type for stream in clip.streams] == ["video"]


@pytest.mark.parametrize(("first", "shown"), [(59, False), (60, True)])
def test_a_reference_that_shows_frames_of_the_clip_is_withheld(tmp_path: Path, first: int, shown: bool) -> None:
    """The clip has frames 0 to 59 of the recording."""
    workspace = a_workspace(tmp_path / "ws")
    (workspace.media / "still.png").write_bytes(b"a face")
    with workspace.write() as records:
        (recording,) = records.recordings()
        records.put_reference(
            Reference(
                subject=recording.subject,
                recording=recording.id,
                first=Frame(first),
                last=Frame(first + 20),
                files={ReferenceFile.STILL: ("still.png", sha256_of(workspace.media / "still.png"))},
            )
        )
    assign(workspace, seed=1)
    ticket = Desk(workspace, "ann").next_ticket()
    assert ticket is not None
    assert (ticket.neutral_still is not None) is shown


def test_who_has_one_and_who_lacks_one(lab: Workspace, repository: Path) -> None:
    words = ["add", "canary-one", "--recording", "single_face.mp4", "--at", "0:01.8"]
    assert CliRunner().invoke(reference, words).exit_code == 0
    document = json.loads(CliRunner().invoke(reference, ["list", "--json"]).stdout)
    schema = json.loads((repository / "schema" / "json" / "references.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    for part in (document, document["subjects"][0]):
        for key in list(part):
            kept = part.pop(key)
            assert not Draft202012Validator(schema).is_valid(document), f"{key} may be left out"
            part[key] = kept
    assert {one["subject"]: one["parts"] for one in document["subjects"]} == {
        "canary-one": ["picture", "still"],
        "canary-two": [],
        "canary-three": [],
    }
    listed = CliRunner().invoke(reference, ["list"])
    assert "2 subject(s) without a reference" in listed.output
    again = CliRunner().invoke(reference, words)
    assert "already" in str(again.exception)

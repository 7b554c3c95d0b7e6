"""What lies beside a recording, who its faces are, clips that people add, and claims on the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.workspace import a_clock, a_workspace

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, RecordingId
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Clip, Companion, CompanionKind, FaceOwner, Recording, Skew, SoundFlag
from mmed_curate.domain.time import Frame, SyncBasis, Synchrony
from mmed_curate.ingest.claims import gone, this_process
from mmed_curate.store import Workspace

SKEW = Skew(start_ms=40, end_ms=44, uncertainty_ms=8, start_s=2, end_s=3600)
SYNCHRONY = Synchrony(offset_s=-12.25, drift_ppm=31.5, uncertainty_ms=0.3, basis=SyncBasis.MEASURED)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return a_workspace(tmp_path / "lab", n_clips=1)


def another_recording(workspace: Workspace) -> Recording:
    with workspace.read() as records:
        known = records.recordings()[0]
    return replace(known, id=RecordingId("r-2"), sha256="2" * 64, path="/recordings/two.mp4", skew=SKEW)


def a_clip_of(recording: Recording, *, first: int = 1000) -> Clip:
    return Clip(
        id=ClipId(f"clip-{recording.id}-{first}"),
        recording=recording.id,
        candidate=None,
        subject=recording.subject,
        first=Frame(first),
        last=Frame(first + 59),
        clock=a_clock(60),
        crop=None,
        sound_flags=frozenset({SoundFlag.OVERLAP}),
        also_visible=(recording.subject, None),
    )


def test_companions_owners_of_faces_and_the_skew_come_back_as_they_went_in(workspace: Workspace) -> None:
    recording = another_recording(workspace)
    beside = tuple(
        Companion(
            recording=recording.id,
            path=f"/recordings/{name}",
            sha256=name * 64,
            kind=kind,
            subject=subject,
            stream=1,
            channel=channel,
            synchrony=SYNCHRONY,
            confidence=0.93,
        )
        for name, kind, subject, channel in (
            ("b", CompanionKind.MICROPHONE, recording.subject, 0),
            ("a", CompanionKind.GAME, None, None),
        )
    )
    owners = (FaceOwner(recording=recording.id, track=3, subject=recording.subject),)
    with workspace.write() as records:
        records.add_recording(recording, clips=[a_clip_of(recording)], companions=beside, face_owners=owners)
    with workspace.read() as records:
        assert records.recording(recording.id) == recording
        assert records.companions(recording.id) == beside
        assert records.face_owners(recording.id) == owners
        assert records.clips(recording.id) == (a_clip_of(recording),)
        assert records.audit().intact


def test_clips_that_people_add_wait_for_screening_and_the_audit_knows_them(workspace: Workspace) -> None:
    with workspace.read() as records:
        (recording,) = records.recordings()
    with workspace.write() as records:
        records.add_clips(recording.id, [a_clip_of(recording)], [], why="spans.csv")
    with workspace.read() as records:
        added = records.place(a_clip_of(recording).id)
        assert added.stage is Stage.SCREENING
        assert added.open_seats == workspace.protocol.screening.judges
        assert records.audit().intact


def test_clips_of_another_recording_are_refused_and_nothing_is_added(workspace: Workspace) -> None:
    with workspace.read() as records:
        (recording,) = records.recordings()
    with pytest.raises(BadInput, match="another recording"), workspace.write() as records:
        records.add_clips(recording.id, [a_clip_of(another_recording(workspace))], [], why="spans.csv")
    with workspace.read() as records:
        assert len(records.clips()) == 1


def never(holder: str) -> bool:
    return False


def take(workspace: Workspace, holder: str, *, now_s: float) -> str | None:
    with workspace.write() as records:
        return records.claim("f" * 64, holder=holder, now_s=now_s, lease_s=60, gone=never)


def test_a_claim_holds_until_it_is_let_go_or_falls_silent(workspace: Workspace) -> None:
    assert take(workspace, "one", now_s=0) is None
    assert take(workspace, "one", now_s=1) is None
    assert take(workspace, "two", now_s=59) == "one"
    with workspace.write() as records:
        records.renew_claims("one", now_s=59, lease_s=60)
    assert take(workspace, "two", now_s=110) == "one"
    assert take(workspace, "two", now_s=120) is None
    with workspace.write() as records:
        records.let_go("f" * 64, holder="one")  # no longer one's to let go
    assert take(workspace, "one", now_s=121) == "two"


def test_the_claim_of_a_process_that_ended_is_taken_over_at_once(workspace: Workspace) -> None:
    host, pid, started = this_process().rsplit(":", 2)
    assert not gone(this_process())
    assert gone(f"{host}:{pid}:{int(started) + 1}")  # another process had this number
    assert not gone(f"another-machine:{pid}:{started}")
    ended = f"{host}:{pid}:{int(started) + 1}"
    with workspace.write() as records:
        assert records.claim("e" * 64, holder=ended, now_s=0, lease_s=60, gone=gone) is None
        assert records.claim("e" * 64, holder="two", now_s=1, lease_s=60, gone=gone) is None

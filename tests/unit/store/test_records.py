"""What goes in comes out the same; what does not fit is refused whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest
from builders.workspace import SIGNED, a_workspace, add_clips
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.records import Asset, AssetKind, Box, Consent, Tag, Term
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.store import Workspace
from mmed_curate.store.rows import packed_clock, unpacked_clock


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One subject, one session, one recording with two clips."""
    return a_workspace(tmp_path / "ws", n_clips=2)


@given(
    first=st.integers(-(2**40), 2**40),
    steps=st.lists(st.integers(1, 10_000), min_size=1, max_size=200),
    time_base=st.fractions(min_value=Fraction(1, 90_000), max_value=1),
)
def test_a_packed_clock_is_the_same_clock(first: int, steps: list[int], time_base: Fraction) -> None:
    pts = tuple(accumulate(steps, initial=first))
    clock = FrameClock(pts=pts[:-1], end_pts=pts[-1], time_base=time_base)
    assert unpacked_clock(packed_clock(clock)) == clock


def test_an_hour_of_frames_packs_into_a_few_hundred_bytes() -> None:
    clock = FrameClock(pts=tuple(range(0, 108_000 * 512, 512)), end_pts=108_000 * 512, time_base=Fraction(1, 15_360))
    assert len(packed_clock(clock)) < 2_000


def test_recording_candidates_clips_and_files_come_back_as_they_went_in(workspace: Workspace) -> None:
    with workspace.read() as records:
        (recording,) = records.recordings()
        assert records.recording(recording.id) == recording
        assert records.recording_by_hash(recording.sha256) == recording
        assert records.recording_by_hash("0" * 64) is None
        assert (recording.width, recording.clock.n_frames, recording.sample_rate_hz) == (640, 200, 16_000)
        one, two = records.candidates(recording=recording.id)
        assert (one.span.onset, two.span.onset, one.tags) == (20, 120, frozenset({Tag.BLINK}))
        clips = records.clips()
        assert [clip.first for clip in clips] == [0, 100]
        assert clips[0].crop == Box(left=10, top=20, right=110, bottom=140)
        assert records.clip(clips[0].id) == clips[0]
        assert clips[0].candidate == one.id
        assert {asset.kind for asset in records.assets(clip=clips[0].id)} == {
            AssetKind.CODING_PICTURE,
            AssetKind.CODING_SOUND,
        }
        assert len(records.assets(kind=AssetKind.CODING_SOUND)) == 2
        assert set(records.stages().values()) == {Stage.SCREENING}


def test_a_subject_comes_back_with_all_that_was_said(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)
    consent = Consent(
        terms=frozenset({Term.RECORD, Term.PUBLISH_VOICE}),
        form_version="2b",
        signed_on=date(2026, 1, 2),
        expires_on=date(2027, 1, 1),
    )
    with workspace.write() as records:
        added = records.add_subject(
            "S2", consent, age_band="20-29", sex="f", ethnicity="Han", language="zh-Hans", glasses=True, beard=False
        )
    with workspace.read() as records:
        assert records.subject("S2") == added
    assert (added.consent, added.glasses, added.beard, added.age_band) == (consent, True, False, "20-29")


def test_the_newest_consent_counts_and_the_older_ones_stay(workspace: Workspace) -> None:
    narrower = Consent(terms=frozenset({Term.RECORD}), form_version="2", signed_on=date(2026, 2, 1))
    with workspace.write() as records:
        records.add_consent("S1", narrower)
    with workspace.read() as records:
        assert records.subject("S1").consent == narrower
        assert records.subjects()[0].consent == narrower
        assert records.consents("S1") == (SIGNED, narrower)


def test_an_unknown_code_lists_near_ones_or_how_to_register_it(workspace: Workspace) -> None:
    with workspace.read() as records:
        with pytest.raises(BadInput, match=r'there is no subject "S11": did you mean S1\?'):
            records.subject("S11")
        with pytest.raises(BadInput, match=r'there is no session "g1": did you mean G1\?'):
            records.session("g1")
        with pytest.raises(BadInput, match="register it with `mmed coder add`, or use one of: ann, bob"):
            records.coder("zzz")


@pytest.mark.parametrize("code", ["", "  ", " S9", "S\n9"])
def test_a_code_that_cannot_be_typed_is_refused(workspace: Workspace, code: str) -> None:
    with pytest.raises(BadInput, match="no code for a subject"), workspace.write() as records:
        records.add_subject(code, SIGNED)


def test_what_is_there_already_is_refused(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="subject S1 is registered already"), workspace.write() as records:
        records.add_subject("S1", SIGNED)
    with pytest.raises(BadInput, match="session G1 is registered already"), workspace.write() as records:
        records.add_session("G1", ["S1"])
    with pytest.raises(BadInput, match="coder ann is registered already"), workspace.write() as records:
        records.add_coder("ann", [Role.CODER])
    with pytest.raises(BadInput, match=r"r1\.mp4 is registered already"):
        add_clips(workspace, 1)


def test_a_session_needs_registered_subjects_each_once(workspace: Workspace) -> None:
    for subjects, said in (([], "names no subject"), (["S1", "S1"], "twice"), (["S1", "S2"], "no subject")):
        with pytest.raises(BadInput, match=said), workspace.write() as records:
            records.add_session("G2", subjects)
    with workspace.read() as records:
        assert [session.code for session in records.sessions()] == ["G1"]


def test_subjects_of_a_session_keep_their_order(workspace: Workspace) -> None:
    with workspace.write() as records:
        zed, abe = records.add_subject("zed", SIGNED), records.add_subject("abe", SIGNED)
        records.add_session("G2", ["zed", "abe"])
    with workspace.read() as records:
        assert records.session("G2").subjects == (zed.id, abe.id)


def test_a_code_has_64_signs_at_most(workspace: Workspace) -> None:
    with workspace.write() as records:
        assert records.add_coder("b" * 64, [Role.CODER]).code == "b" * 64
    with (
        pytest.raises(BadInput, match="the code of a coder has 65 signs, at most 64 are taken"),
        workspace.write() as w,
    ):
        w.add_coder("c" * 65, [Role.CODER])


def test_a_coder_needs_a_role(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="admitted to nothing"), workspace.write() as records:
        records.add_coder("zoe", [])


def test_a_recording_with_a_part_that_does_not_fit_is_refused_whole(workspace: Workspace) -> None:
    with workspace.read() as records:
        (recording,) = records.recordings()
        clips = records.clips()
    other = replace(recording, id="another", sha256="f" * 64)
    stray = replace(clips[0], id=ClipId("stray"), candidate="nobody", recording=other.id)
    with pytest.raises(BadInput, match="the database refuses this"), workspace.write() as records:
        records.add_recording(other, (), [stray])
    with workspace.read() as records:
        assert len(records.recordings()) == 1
        assert records.audit().intact


def an_asset(clip: ClipId, *, path: str = "x/release.mp4", event: int = 0) -> Asset:
    return Asset(
        clip=clip,
        kind=AssetKind.RELEASE_PICTURE,
        path=path,
        sha256="a" * 64,
        n_bytes=3,
        first=Frame(0),
        last=Frame(9),
        event=event,
    )


def test_files_put_for_a_clip_are_all_its_files(workspace: Workspace) -> None:
    with workspace.read() as records:
        one, two = (clip.id for clip in records.clips())
        coding = records.assets(clip=one)
        of_two = records.assets(clip=two)
    with workspace.write() as records:
        records.put_assets(one, [*coding, an_asset(one, event=0), an_asset(one, event=1)])
    with workspace.write() as records:
        records.put_assets(one, [*coding, an_asset(one)])
    with workspace.read() as records:
        assert {(asset.kind, asset.event) for asset in records.assets(clip=one)} == {
            (AssetKind.CODING_PICTURE, 0),
            (AssetKind.CODING_SOUND, 0),
            (AssetKind.RELEASE_PICTURE, 0),
        }
        assert records.assets(clip=two) == of_two


@pytest.mark.parametrize("path", ["/etc/passwd", "../mmed.sqlite", "a/../../b", ""])
def test_a_file_outside_the_media_folder_is_refused(workspace: Workspace, path: str) -> None:
    with workspace.read() as records:
        clip = records.clips()[0].id
    with pytest.raises(BadInput, match="outside the media folder"), workspace.write() as records:
        records.put_assets(clip, [an_asset(clip, path=path)])


def test_what_is_read_does_not_hang_on_the_order_of_storing(tmp_path: Path) -> None:
    read = []
    for name, order in (("one", ("a.mp4", "b.mp4")), ("two", ("b.mp4", "a.mp4"))):
        workspace = a_workspace(tmp_path / name, n_clips=0)
        for recording in order:
            add_clips(workspace, 2, recording=recording)
        with workspace.read() as records:
            read.append(
                (records.recordings(), records.candidates(), records.clips(), records.assets(), records.places())
            )
    assert read[0] == read[1]

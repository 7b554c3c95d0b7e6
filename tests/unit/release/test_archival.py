"""Lossless copies go out where the recipe wishes it and consent lets them, silent where the voice is withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from builders.road import a_settled_workspace

from mmed_curate.dataset import load, verify
from mmed_curate.domain.findings import Refused
from mmed_curate.domain.records import AssetKind
from mmed_curate.media.clock import read_clock
from mmed_curate.media.sound import has_sound
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import Leave
from mmed_curate.store.workspace import Workspace

Ask = Callable[[Workspace], Leave]


@pytest.fixture
def archival(wishes: Wishes) -> Wishes:
    return replace(wishes, recipe=wishes.recipe.model_copy(update={"archival": True}))


def as_mov(source: Path, target: Path) -> None:
    """The same pictures and sound in a mov: what is in it does not matter here, that it arrives does."""
    with av.open(str(source)) as given, av.open(str(target), "w", format="mov") as written:
        copies = {stream.index: written.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                written.mux(packet)


@pytest.fixture
def kept(tmp_path: Path) -> Workspace:
    """A workspace that kept a lossless copy of every event."""
    workspace = a_settled_workspace(tmp_path / "ws")
    path = workspace.media / "release" / "archive.mov"
    as_mov(workspace.media / "release" / "picture.mp4", path)
    data = path.read_bytes()
    with workspace.write() as records:
        for clip in records.clips():
            files = records.assets(clip=clip.id)
            copies = [
                replace(
                    one,
                    kind=AssetKind.RELEASE_ARCHIVE,
                    path="release/archive.mov",
                    sha256=hashlib.sha256(data).hexdigest(),
                    n_bytes=len(data),
                )
                for one in files
                if one.kind is AssetKind.RELEASE_PICTURE
            ]
            records.put_assets(clip.id, [*files, *copies])
    return workspace


def test_a_lossless_copy_goes_out_with_the_picture(kept: Workspace, ask: Ask, archival: Wishes) -> None:
    release = create_release(kept, ask(kept), archival)
    rows = load(release.path).clip_rows
    assert {row.archival is None for row in rows if row.picture is None} == {True}
    shown = [row for row in rows if row.picture is not None]
    assert [row.archival for row in shown] == [f"media/{row.clip}/archival.mov" for row in shown]
    for row in shown:
        copy = release.path / str(row.archival)
        assert has_sound(copy) == ("publish-voice" not in row.withheld)
        assert read_clock(copy).n_frames == row.n_frames
    one = load(release.path).clip(shown[0].clip)
    np.testing.assert_array_equal(one.video(archival=True).frames, one.video().frames)  # here the same pictures
    assert verify(release.path).ok


def test_without_the_wish_it_stays_in_the_lab(kept: Workspace, ask: Ask, wishes: Wishes) -> None:
    release = create_release(kept, ask(kept), wishes)
    assert not list(release.path.rglob("*.mov"))
    assert {row.archival for row in load(release.path).clip_rows} == {None}


def test_a_wish_for_what_was_not_kept_is_refused(workspace: Workspace, ask: Ask, archival: Wishes) -> None:
    with pytest.raises(Refused, match=r"has no lossless copy .*`archive: true` in the workspace's ingest recipe"):
        create_release(workspace, ask(workspace), archival)

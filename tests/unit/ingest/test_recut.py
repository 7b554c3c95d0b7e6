"""Settled events cut and measured: once, again when a file is lost, and one bad event never spoils the others."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from builders.workspace import PLAIN

from mmed_curate.annotation.assign import assign
from mmed_curate.annotation.desk import Desk
from mmed_curate.annotation.recode import Wish, recode
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import (
    Answer,
    CodedEvent,
    Coding,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.domain.records import AssetKind, Consent, Term
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.ingest.crew import processes
from mmed_curate.ingest.features import write_picture_features
from mmed_curate.ingest.recipe import Recipe, load_recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.recut import RELEASE_KINDS, recut, settled_events
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import CutRequest
from mmed_curate.media.pictures import pictures
from mmed_curate.store.workspace import Workspace


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("every-candidate")


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, repository: Path, recipe: Recipe) -> Workspace:
    """A real smile with sound, coded alike by two people and verified by a third."""
    root = tmp_path_factory.mktemp("settled")
    recording = root / "smile.mov"
    shutil.copy(repository / "demo" / "recordings" / "face_noface.mov", recording)
    workspace = Workspace.create(root / "lab", protocol=str(PLAIN), seed=5)
    with workspace.write() as records:
        records.add_subject("P1", Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1)))
        records.add_session("G1", ["P1"])
        for code, role in (("ann", Role.SCREENER), ("bob", Role.CODER), ("cem", Role.CODER), ("eve", Role.EXPERT)):
            records.add_coder(code, [role])
        records.add_coder("dee", [Role.ADJUDICATOR])
    ingest(workspace, [Source(path=recording, subject="P1", session="G1")], recipe=recipe, crew=processes(1))
    while assign(workspace, seed=1).opened:
        for code in ("ann", "bob", "cem", "eve"):
            desk = Desk(workspace, code)
            while (ticket := desk.next_ticket()) is not None:
                desk.submit(ticket.id, the_same_from_everyone(ticket))
    return workspace


def the_same_from_everyone(ticket: Ticket, middle: int = 12) -> Answer:
    """What all experts say of a clip: one event, early in it, while the face is still in the picture."""
    if ticket.stage is Stage.SCREENING:
        return Screening(verdict=ScreeningVerdict.ACCEPT)
    if ticket.stage is Stage.VERIFICATION:
        return Verification(verdict=VerificationVerdict.ACCEPT)
    book = ticket.codebook
    return Coding(
        events=(
            CodedEvent(
                span=Span(onset=Frame(middle - 4), apex=Frame(middle), offset=Frame(middle + 4)),
                event_type=next(entry.code for entry in book.event_types if entry.is_micro),
                emotion=book.emotions[0].code,
                basis=book.bases[0].code,
            ),
        )
    )


@pytest.fixture
def lab(settled: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the settled workspace, to do with as one likes."""
    shutil.copytree(settled.root, tmp_path / "lab")
    return Workspace.open(tmp_path / "lab")


def test_every_settled_event_is_cut_and_measured_once(lab: Workspace, recipe: Recipe) -> None:
    events = [event for found in settled_events(lab).values() for event in found]
    assert events
    first = recut(lab, recipe, crew=processes(1))
    assert (first.n_cut, first.n_up_to_date, first.errors) == (len(events), 0, ())
    with lab.read() as records:
        for event in events:
            made = [asset for asset in records.assets(clip=event.clip.id) if asset.kind in RELEASE_KINDS]
            assert {asset.kind for asset in made} == RELEASE_KINDS - {AssetKind.RELEASE_ARCHIVE}
            assert all(asset.first <= event.span.onset <= event.span.offset <= asset.last for asset in made)
    again = recut(lab, recipe, crew=processes(1))
    assert (again.n_cut, again.n_up_to_date) == (0, len(events))


def test_a_clip_that_was_coded_once_more_is_cut_round_what_was_settled_then(lab: Workspace, recipe: Recipe) -> None:
    recut(lab, recipe, crew=processes(1))
    before = settled_events(lab)
    recode(lab, Wish(kind=RecodingKind.ALL), because="retrained", name_of=str)
    assert settled_events(lab) == {}  # nothing is cut of a clip that is under way
    while assign(lab, seed=1).opened:
        for code in ("bob", "cem", "eve"):
            desk = Desk(lab, code)
            while (ticket := desk.next_ticket()) is not None:
                desk.submit(ticket.id, the_same_from_everyone(ticket, middle=16))
    after = settled_events(lab)
    assert before.keys() == after.keys()
    assert {after[clip][0].span.apex - before[clip][0].span.apex for clip in after} == {4}
    again = recut(lab, recipe, crew=processes(1))
    assert (again.n_cut, again.n_up_to_date, again.errors) == (len(after), 0, ())
    with lab.read() as records:
        for (event,) in after.values():
            made = [asset for asset in records.assets(clip=event.clip.id) if asset.kind in RELEASE_KINDS]
            assert {asset.kind for asset in made} == RELEASE_KINDS - {AssetKind.RELEASE_ARCHIVE}
            assert all(asset.first <= event.span.onset <= event.span.offset <= asset.last for asset in made)


def test_an_archive_is_cut_where_the_recipe_asks_for_one(lab: Workspace, recipe: Recipe) -> None:
    kept = recipe.model_copy(update={"release": recipe.release.model_copy(update={"archive": True})})
    recut(lab, kept, crew=processes(1))
    with lab.read() as records:
        archives = records.assets(kind=AssetKind.RELEASE_ARCHIVE)
        pictures_cut = {(one.clip, one.event): one for one in records.assets(kind=AssetKind.RELEASE_PICTURE)}
    assert archives
    for archive in archives:
        beside = pictures_cut[archive.clip, archive.event]
        assert sum(1 for _ in pictures(lab.media / archive.path)) == beside.last - beside.first + 1
        assert recut(lab, kept, crew=processes(1)).n_cut == 0


def test_marks_in_the_features_are_those_of_the_consensus(lab: Workspace, recipe: Recipe) -> None:
    recut(lab, recipe, crew=processes(1))
    for found in settled_events(lab).values():
        for event in found:
            with lab.read() as records:
                files = {asset.kind: asset for asset in records.assets(clip=event.clip.id)}
                clock = records.recording(event.clip.recording).clock
            first = files[AssetKind.FEATURES].first
            with np.load(lab.media / files[AssetKind.FEATURES].path, allow_pickle=False) as arrays:
                assert (int(arrays["onset"]), int(arrays["apex"])) == (
                    event.span.onset - first,
                    event.span.apex - first,
                )
                assert arrays["flow"].shape == (3, 48, 48)
                motion = arrays["motion"]  # against the face at onset: least there
                assert np.nanargmin(motion) == event.span.onset - first
                assert motion[event.span.onset - first] < 0.02
            with np.load(lab.media / files[AssetKind.SOUND_FEATURES].path, allow_pickle=False) as arrays:
                assert float(arrays["apex_s"]) == pytest.approx(
                    float(clock.start_of(event.span.apex) - clock.start_of(first)), abs=1e-9
                )


@pytest.mark.parametrize("harm", ["lost", "changed"])
def test_a_file_that_is_lost_or_changed_is_made_again(lab: Workspace, recipe: Recipe, harm: str) -> None:
    recut(lab, recipe, crew=processes(1))
    with lab.read() as records:
        asset = records.assets(kind=AssetKind.FEATURES)[0]
    path = lab.media / asset.path
    before = path.read_bytes()
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(before[:100] + bytes([before[100] ^ 1]) + before[101:])
    assert recut(lab, recipe, crew=processes(1)).n_cut >= 1
    assert path.read_bytes() == before


def test_another_recipe_cuts_anew(lab: Workspace, recipe: Recipe) -> None:
    recut(lab, recipe, crew=processes(1))
    wider = recipe.model_copy(update={"release": recipe.release.model_copy(update={"context_s": 0.5})})
    assert recut(lab, wider, crew=processes(1)).n_up_to_date == 0


def test_a_recording_that_is_gone_or_changed_is_named(lab: Workspace, recipe: Recipe, tmp_path: Path) -> None:
    with lab.read() as records:
        (recording,) = records.recordings()
    moved = replace(recording, path=str(tmp_path / "elsewhere.mov"))
    gone = changed_since(moved)
    assert gone is not None
    assert "elsewhere.mov is no longer there" in str(gone)
    Path(moved.path).write_bytes(b"another film")
    other = changed_since(moved)
    assert other is not None
    assert "is not the file that was ingested" in str(other)


def test_a_window_without_a_face_is_said(repository: Path, tmp_path: Path) -> None:
    """The last second of face_noface.mov is a cartoon."""
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    clock: FrameClock = read_clock(recording)
    first, last = Frame(clock.n_frames - 25), clock.last_frame
    window = CutRequest(first=first, last=last, crop=None, picture=tmp_path / "picture.mp4", sound=None)
    span = Span(onset=Frame(first + 5), apex=Frame(first + 8), offset=Frame(first + 12))
    with pytest.raises(BadInput, match="shows no face in frames"):
        write_picture_features(tmp_path / "features.npz", recording, clock, window, span)
    assert list(tmp_path.iterdir()) == []

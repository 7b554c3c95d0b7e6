"""Stretches that are watched: only face without a candidate, as much as asked, the same however often it is drawn."""

from __future__ import annotations

import shutil
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from builders.workspace import PLAIN
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mmed_curate.domain.protocol import ClipOrigin, Stage
from mmed_curate.domain.records import AssetKind, Consent, IngestOutcome, Term
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.ingest.crew import processes
from mmed_curate.ingest.recipe import ContextRange, Recipe, WatchedCut, load_recipe
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.ingest.watched import Stretches, stretches
from mmed_curate.store.workspace import Workspace

BOUNDS = WatchedCut(length_s=ContextRange(least=2, most=6), margin_s=0.5, face_gap_s=0.5)
RATE_HZ = 25


def a_clock(n_frames: int, ticks: tuple[int, ...] = (1,)) -> FrameClock:
    """25 Hz, or as uneven as `ticks` are, which come one after the other."""
    lengths = [ticks[place % len(ticks)] for place in range(n_frames)]
    pts = [0]
    for length in lengths:
        pts.append(pts[-1] + length)
    return FrameClock(pts=tuple(pts[:-1]), end_pts=pts[-1], time_base=Fraction(1, RATE_HZ))


def frames(*runs: tuple[int, int]) -> list[npt.NDArray[np.int64]]:
    return [np.arange(first, last + 1) for first, last in runs]


def drawn(
    n_frames: int,
    *,
    seen: list[npt.NDArray[np.int64]] | None = None,
    proposed: list[tuple[int, int]] | None = None,
    shown: list[tuple[int, int]] | None = None,
    share: float,
    seed: bytes = b"a",
) -> Stretches:
    return stretches(
        frames((0, n_frames - 1)) if seen is None else seen,
        [(Frame(first), Frame(last)) for first, last in proposed or ()],
        [(Frame(first), Frame(last)) for first, last in shown or ()],
        a_clock(n_frames),
        BOUNDS,
        seed=seed,
        share=share,
    )


def watched_s(found: Stretches) -> float:
    return sum(window.last - window.first + 1 for window in found.windows) / RATE_HZ


def test_at_least_the_share_is_watched_and_at_most_one_clip_more() -> None:
    found = drawn(10 * 60 * RATE_HZ, share=0.05)
    assert 30 <= watched_s(found) < 36
    assert found.lacking_s == 0
    lengths = [window.last - window.first + 1 for window in found.windows]
    assert all(2 * RATE_HZ - 1 <= length <= 6 * RATE_HZ for length in lengths)
    assert len(set(lengths)) > 1


def test_nothing_asked_nothing_drawn() -> None:
    assert drawn(1000, share=0) == Stretches(windows=(), lacking_s=0)


def test_lots_differ_by_seed_and_not_by_the_hour() -> None:
    assert drawn(5000, share=0.2) == drawn(5000, share=0.2)
    assert drawn(5000, share=0.2) != drawn(5000, share=0.2, seed=b"b")


def test_places_are_drawn_evenly() -> None:
    """Over many seeds no part of a recording is watched more than another, but for its very ends."""
    hits = np.zeros(1000)
    for number in range(400):
        (window, *_) = drawn(1000, share=0.01, seed=number.to_bytes(2, "big")).windows
        hits[window.first : window.last + 1] += 1
    inner = hits[150:850].reshape(7, 100).mean(axis=1)
    assert inner.max() / inner.min() < 1.5


def test_where_the_face_is_hardly_seen_what_is_lacking_is_said() -> None:
    """Three seconds of quiet face can be watched once; a stretch below two seconds never."""
    assert drawn(1000, seen=frames((0, 74)), share=1).lacking_s == pytest.approx(3 - watched_s(drawn(75, share=1)))
    found = drawn(1000, seen=frames((0, 40), (200, 240)), share=0.5)
    assert found.windows == ()
    assert found.lacking_s == pytest.approx(0.5 * 82 / RATE_HZ)


def test_a_face_lost_for_a_moment_is_still_there() -> None:
    assert drawn(100, seen=frames((0, 45), (52, 99)), share=0.1).windows
    assert not drawn(100, seen=frames((0, 45), (80, 99)), share=0.1).windows


spans = st.lists(st.tuples(st.integers(0, 580), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair))), max_size=8)


@given(spans, spans, spans, st.floats(0, 1), st.binary(min_size=1, max_size=4), st.sampled_from([(1,), (1, 2, 4)]))
def test_no_window_touches_a_candidate_a_clip_or_another(
    seen: list[tuple[int, int]],
    proposed: list[tuple[int, int]],
    shown: list[tuple[int, int]],
    share: float,
    seed: bytes,
    ticks: tuple[int, ...],
) -> None:
    clock = a_clock(600, ticks)
    there = [np.arange(600)[first:] for first, _ in seen] or frames((0, 599))
    found = stretches(
        there,
        [(Frame(first), Frame(last)) for first, last in proposed],
        [(Frame(first), Frame(last)) for first, last in shown],
        clock,
        BOUNDS,
        seed=seed,
        share=share,
    )
    margin = Fraction(1, 2) - clock.time_base  # a margin of whole ticks
    for window in found.windows:
        for first, last in proposed:
            before = clock.start_of(Frame(first)) - clock.end_of(window.last)
            after = clock.start_of(window.first) - clock.end_of(Frame(last))
            assert max(before, after) >= margin
        assert not any(first <= window.last and window.first <= last for first, last in shown)
        assert window.first >= min(int(some[0]) for some in there)
        assert clock.end_of(window.last) - clock.start_of(window.first) <= 6
    assert all(earlier.last < later.first for earlier, later in pairwise(found.windows))


def test_a_clip_without_length_is_refused() -> None:
    with pytest.raises(ValidationError, match="above 0"):
        WatchedCut(length_s=ContextRange(least=0, most=1), margin_s=0, face_gap_s=0)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Short clips for a short recording."""
    recipe = load_recipe("mmed")
    watched = recipe.watched.model_copy(update={"length_s": ContextRange(least=0.4, most=0.8), "margin_s": 0.1})
    return recipe.model_copy(update={"watched": watched})


def taken_in(root: Path, recording: Path, recipe: Recipe, *, share: float) -> tuple[Workspace, IngestOutcome]:
    rules = root / f"rules-{share}.yaml"
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2", 1)
    rules.write_text(text.replace("screening:", f"screening:\n  watched: {share}", 1), encoding="utf-8")
    workspace = Workspace.create(root / f"lab-{share}", protocol=str(rules), seed=3)
    with workspace.write() as records:
        records.add_subject("P1", Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1)))
        records.add_session("G1", ["P1"])
    (outcome,) = ingest(
        workspace, [Source(path=recording, subject="P1", session="G1")], recipe=recipe, crew=processes(1)
    )
    return workspace, outcome


@pytest.fixture(scope="module")
def with_and_without(
    tmp_path_factory: pytest.TempPathFactory, repository: Path, recipe: Recipe
) -> dict[float, tuple[Workspace, IngestOutcome]]:
    root = tmp_path_factory.mktemp("watched")
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    return {share: taken_in(root, recording, recipe, share=share) for share in (0, 0.5)}


def test_stretches_are_cut_beside_the_candidates(
    with_and_without: dict[float, tuple[Workspace, IngestOutcome]],
) -> None:
    """face_noface.mov: 2.7 s of a face whose movements are all tagged, and so cut into no clip of their own."""
    workspace, outcome = with_and_without[0.5]
    with workspace.read() as records:
        clips, candidates, stages = records.clips(), records.candidates(), records.stages()
        kinds = {clip.id: {asset.kind for asset in records.assets(clip=clip.id)} for clip in clips}
    assert outcome.n_watched == outcome.n_clips == len(clips) > 0
    assert {"ingest.no_clips"} <= {note.code for note in outcome.notes}, "nothing was cut round a candidate"
    for clip in clips:
        assert (clip.origin, clip.candidate) == (ClipOrigin.WATCHED, None)
        assert stages[clip.id] is Stage.SCREENING
        assert {AssetKind.CODING_PICTURE, AssetKind.CODING_FEATURES} <= kinds[clip.id]
        assert clip.last <= 71, "the face is there until frame 71"
        assert not any(clip.first <= one.span.offset and one.span.onset <= clip.last for one in candidates)
    assert outcome.sheet is not None
    page = Path(outcome.sheet).read_text(encoding="utf-8")
    assert f"{len(clips)} of them watched" in page
    assert page.count("<p>watched</p>") == len(clips)


def test_without_a_share_nothing_is_other_than_it_was(
    with_and_without: dict[float, tuple[Workspace, IngestOutcome]],
) -> None:
    (workspace, outcome), (other, _) = with_and_without[0], with_and_without[0.5]
    assert (outcome.n_watched, outcome.n_clips) == (0, 0)
    with workspace.read() as records, other.read() as others:
        assert records.candidates() == others.candidates()
    assert outcome.sheet is not None
    assert "watched" not in Path(outcome.sheet).read_text(encoding="utf-8")


def test_taken_in_again_it_is_counted_alike(
    with_and_without: dict[float, tuple[Workspace, IngestOutcome]], recipe: Recipe, repository: Path
) -> None:
    workspace, outcome = with_and_without[0.5]
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    (again,) = ingest(workspace, [Source(path=recording, subject="P1", session="G1")], recipe=recipe, crew=processes(1))
    assert again.already_done
    assert (again.n_clips, again.n_watched) == (outcome.n_clips, outcome.n_watched)


def test_after_a_kill_the_same_is_cut_again(
    with_and_without: dict[float, tuple[Workspace, IngestOutcome]], tmp_path: Path, recipe: Recipe, repository: Path
) -> None:
    """A run that wrote its files and was stopped before it stored anything: the next one ends as if it had not been."""
    workspace, _ = with_and_without[0.5]
    again = Workspace.create(tmp_path / "lab", protocol=str(workspace.root.parent / "rules-0.5.yaml"), seed=3)
    with again.write() as records:
        records.add_subject("P1", Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1)))
        records.add_session("G1", ["P1"])
    shutil.copytree(workspace.media, again.media, dirs_exist_ok=True)
    for picture in again.media.glob("coding/*/picture.mp4"):
        picture.write_bytes(picture.read_bytes()[:100])  # half written
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    ingest(again, [Source(path=recording, subject="P1", session="G1")], recipe=recipe, crew=processes(1))
    with workspace.read() as before, again.read() as after:
        assert after.clips() == before.clips()
        assert after.assets() == before.assets()

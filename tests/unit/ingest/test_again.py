"""What screeners ask is worked off: adjusted and split clips are cut, once, and coded without another screening."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from builders.workspace import PLAIN
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.annotation.assign import assign
from mmed_curate.annotation.desk import Desk
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.judgements import CutAgain, Judgement, Screening, ScreeningVerdict
from mmed_curate.domain.protocol import ClipOrigin, Role, Stage
from mmed_curate.domain.records import AssetKind, Clip, Consent, Term
from mmed_curate.domain.spantable import read_spans
from mmed_curate.domain.time import Frame, Span
from mmed_curate.ingest.added import add_spans
from mmed_curate.ingest.again import asked_spans, cut_again
from mmed_curate.ingest.crew import processes
from mmed_curate.ingest.recipe import ContextRange, Recipe, load_recipe
from mmed_curate.ingest.run import Source, ingest
from mmed_curate.ingest.waiting import waiting_to_be_cut
from mmed_curate.media.pictures import pictures
from mmed_curate.store.workspace import Workspace


def marked(*bounds: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(onset=Frame(first), apex=Frame(first), offset=Frame(last)) for first, last in bounds)


def bounds(spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    return [(span.onset, span.offset) for span in spans]


def said(number: int, how: CutAgain | None, *found: tuple[int, int]) -> Judgement:
    answer = Screening(verdict=ScreeningVerdict.ACCEPT, found=marked(*found), cut_again=how)
    return Judgement(
        id=JudgementId(f"j{number}"),
        clip=ClipId("c"),
        coder=CoderId(f"s{number}"),
        answer=answer,
        codebook_version="1",
        order=number,
    )


def test_one_clip_round_all_or_one_round_each() -> None:
    assert bounds(asked_spans([said(1, CutAgain.ADJUST, (3, 9), (20, 30))])) == [(3, 30)]
    assert bounds(asked_spans([said(1, CutAgain.SPLIT, (3, 9), (20, 30))])) == [(3, 9), (20, 30)]


def test_of_several_screeners_those_count_who_asked() -> None:
    """Spans that share a frame are one; whoever found the clip good as it is has no say in how it is cut."""
    one = said(1, CutAgain.SPLIT, (3, 9), (20, 30))
    assert bounds(asked_spans([one, said(2, CutAgain.SPLIT, (9, 12), (25, 26))])) == [(3, 12), (20, 30)]
    assert bounds(asked_spans([one, said(2, None, (40, 50))])) == [(3, 9), (20, 30)]
    assert bounds(asked_spans([one, said(2, CutAgain.ADJUST, (40, 50))])) == [(3, 50)], "half is never enough"
    assert bounds(asked_spans([one, said(2, CutAgain.SPLIT, (5, 6), (8, 22))])) == [(3, 30)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=2, max_size=6), st.booleans())
def test_everything_found_is_shown_and_no_two_spans_share_a_frame(found: list[tuple[int, int]], split: bool) -> None:
    each = [said(number, CutAgain.ADJUST, (first, first + more)) for number, (first, more) in enumerate(found)]
    if split:
        apart = ((100, 101), (110, 111))
        each += [said(number, CutAgain.SPLIT, *apart) for number in range(10, 11 + len(found))]
    spans = asked_spans(each)
    for judgement in each:
        assert isinstance(judgement.answer, Screening)
        for span in judgement.answer.found:
            assert any(one.onset <= span.onset and span.offset <= one.offset for one in spans)
    assert all(earlier.offset < later.onset for earlier, later in pairwise(spans))
    assert len(spans) == 1 or split


@pytest.fixture(scope="module")
def narrow() -> Recipe:
    """Short clips, so that there are several in a short recording."""
    recipe = load_recipe("every-candidate")
    coding = recipe.coding.model_copy(update={"context_s": ContextRange(least=0.1, most=0.2), "join_gap_s": 0.0})
    return recipe.model_copy(update={"coding": coding})


@pytest.fixture(scope="module")
def recipe(narrow: Recipe) -> Recipe:
    """Of the clips that are cut again: with far more context than there is room for."""
    wide = narrow.coding.model_copy(update={"context_s": ContextRange(least=0.5, most=2.0)})
    return narrow.model_copy(update={"coding": wide})


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory, repository: Path, narrow: Recipe) -> Workspace:
    """A real smile, with the two clips that ingest cuts, and one more that a person named."""
    root = tmp_path_factory.mktemp("again")
    recording = root / "smile.mov"
    shutil.copy(repository / "demo" / "recordings" / "face_noface.mov", recording)
    workspace = Workspace.create(root / "lab", protocol=str(PLAIN), seed=5)
    with workspace.write() as records:
        records.add_subject("P1", Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1)))
        records.add_session("G1", ["P1"])
        for code, role in (("ann", Role.SCREENER), ("bob", Role.CODER), ("cem", Role.CODER), ("eve", Role.EXPERT)):
            records.add_coder(code, [role])
        records.add_coder("dee", [Role.ADJUDICATOR])
    ingest(workspace, [Source(path=recording, subject="P1", session="G1")], recipe=narrow, crew=processes(1))
    table = root / "spans.csv"
    table.write_text("onset,apex,offset,recording\n48,52,60,smile.mov\n")
    assert add_spans(workspace, read_spans(table), narrow, crew=processes(1)).n_added == 1
    return workspace


@pytest.fixture
def lab(taken_in: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(taken_in.root, tmp_path / "lab")
    return Workspace.open(tmp_path / "lab")


def screened(lab: Workspace, how: CutAgain, *, ask: int = 100) -> list[Clip]:
    """Every clip is screened; of the first ones another cut is asked. These."""
    assign(lab, seed=1)
    desk = Desk(lab, "ann")
    asked: list[Clip] = []
    with lab.read() as records:
        clips = {clip.id: clip for clip in records.clips()}
        of_ticket = {ticket.id: ticket.clip for ticket in records.tickets()}
    while (ticket := desk.next_ticket()) is not None:
        clip = clips[of_ticket[ticket.id]]
        last = clip.clock.last_frame
        if len(asked) < ask:
            asked.append(clip)
            found = marked((2, 5), (last - 4, last - 1)) if how is CutAgain.SPLIT else marked((1, 4))
            desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT, found=found, cut_again=how))
        else:
            desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    return asked


def share_a_frame(one: Clip, other: Clip) -> bool:
    return one.first <= other.last and other.first <= one.last


@pytest.mark.parametrize("how", CutAgain)
def test_new_clips_take_the_place_of_the_old(lab: Workspace, recipe: Recipe, how: CutAgain) -> None:
    asked = screened(lab, how)
    n_each = 2 if how is CutAgain.SPLIT else 1
    with lab.read() as records:
        assert {clip.id for clip in waiting_to_be_cut(records)} == {clip.id for clip in asked}
    done = cut_again(lab, recipe, crew=processes(1))
    assert (done.n_replaced, done.n_made, done.errors) == (len(asked), n_each * len(asked), ())
    with lab.read() as records:
        assert waiting_to_be_cut(records) == ()
        new = [clip for clip in records.clips() if clip.replaces is not None]
        stages, clips = records.stages(), {clip.id: clip for clip in records.clips()}
        clock = records.recordings()[0].clock
        for clip in new:
            assert clip.replaces is not None
            old = clips[clip.replaces]
            assert clip.origin is ClipOrigin.CUT_AGAIN
            assert (clip.recording, clip.subject, clip.candidate) == (old.recording, old.subject, None)
            assert stages[clip.id] is Stage.CODING
            assert stages[old.id] is Stage.REPLACED
            assert clip.crop is not None
            assert 0 <= clip.first <= clip.last <= clock.last_frame
            files = {asset.kind: asset for asset in records.assets(clip=clip.id)}
            assert {AssetKind.CODING_PICTURE, AssetKind.CODING_FEATURES} <= set(files)
            shown = sum(1 for _ in pictures(lab.media / files[AssetKind.CODING_PICTURE].path))
            assert shown == clip.last - clip.first + 1
        judged = [clip for clip in records.clips() if stages[clip.id] is not Stage.REPLACED]
        assert not any(share_a_frame(one, other) for one, other in combinations(judged, 2))
        assert records.audit().intact
    for old in asked:
        in_its_place = sorted((clip for clip in new if clip.replaces == old.id), key=lambda clip: clip.first)
        wanted = [(2, 5), (old.last - old.first - 4, old.last - old.first - 1)] if n_each == 2 else [(1, 4)]
        for clip, (onset, offset) in zip(in_its_place, wanted, strict=True):
            assert clip.first <= old.first + onset <= old.first + offset <= clip.last
    assert cut_again(lab, recipe, crew=processes(1)) == replace(done, n_replaced=0, n_made=0)


def test_it_stops_at_clips_that_are_judged(lab: Workspace, recipe: Recipe) -> None:
    """One clip is cut again, its neighbours are not; and the ends of the recording hold too."""
    (old,) = screened(lab, CutAgain.ADJUST, ask=1)
    cut_again(lab, recipe, crew=processes(1))
    with lab.read() as records:
        (new,) = [clip for clip in records.clips() if clip.replaces is not None]
        others = [clip for clip in records.clips() if clip.id not in (old.id, new.id)]
    assert others
    assert not any(share_a_frame(new, other) for other in others)


def test_what_was_killed_before_it_was_stored_is_done_again_alike(
    lab: Workspace, recipe: Recipe, tmp_path: Path
) -> None:
    """Files of a run that never came to store anything lie about; the next one makes the same, and no other."""
    screened(lab, CutAgain.SPLIT)
    shutil.copytree(lab.root, tmp_path / "other")
    other = Workspace.open(tmp_path / "other")
    cut_again(other, recipe, crew=processes(1))
    with other.read() as records:
        made = records.clips()
    shutil.rmtree(lab.media / "coding")
    shutil.copytree(other.media / "coding", lab.media / "coding")
    cut_again(lab, recipe, crew=processes(1))
    with lab.read() as records:
        assert records.clips() == made
    folders = {folder.name for folder in (lab.media / "coding").iterdir()}
    assert folders == {clip.id for clip in made}


def test_a_span_is_not_shown_by_a_clip_that_was_replaced(lab: Workspace, narrow: Recipe, tmp_path: Path) -> None:
    """Where the new clip does not reach, the old one counts for nothing: a person may name a span there."""
    *_, old = screened(lab, CutAgain.ADJUST)
    cut_again(lab, narrow, crew=processes(1))
    with lab.read() as records:
        (new,) = [clip for clip in records.clips() if clip.replaces == old.id]
    assert new.last < old.last
    table = tmp_path / "spans.csv"
    table.write_text(f"onset,apex,offset,recording\n{old.last},{old.last},{old.last},smile.mov\n")
    summary = add_spans(lab, read_spans(table), narrow, crew=processes(1))
    assert (summary.n_added, summary.n_shown_already) == (1, 0)
    with lab.read() as records:
        added = [clip for clip in records.clips() if clip.origin is ClipOrigin.ADDED]
    assert not any(share_a_frame(clip, new) for clip in added if clip.id != old.id)

"""A release in which everything fell to some clip: a stranger comes to the same consensus, and learns no more."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.release import lenient_policy, lenient_settings, reseal
from builders.rounds import watch
from builders.workspace import PLAIN, SIGNED, a_clock, add_clips, an_event

from mmed_curate.annotation.assign import assign
from mmed_curate.annotation.desk import Desk
from mmed_curate.dataset import load, verify
from mmed_curate.dataset.rows import JudgedClipRow, JudgementRow, csv_text
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    Coding,
    CutAgain,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import ClipOrigin, Purpose, Role, Stage
from mmed_curate.domain.records import Asset
from mmed_curate.domain.time import Frame, Span
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.evidence import kinds_of
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.page import PageMedia
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store import Workspace

Ask = Callable[[Workspace], Leave]

STAFF = {
    "ann": Role.SCREENER,
    "amy": Role.SCREENER,
    "bob": Role.CODER,
    "cem": Role.CODER,
    "eve": Role.EXPERT,
}


def a_lab(root: Path) -> Workspace:
    """Two subjects with four clips of the machine's and a watched stretch each; coders settle differences together."""
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2", 1)
    text = text.replace("screening:", "screening:\n  again: 0.1\n  watched: 0.1", 1)
    text = text.replace("coding:", "coding:\n  foils: 0.2", 1)
    text = text.replace("adjudication:", "adjudication:\n  together: true", 1)
    (root / "rules.yaml").write_text(text, encoding="utf-8")
    workspace = Workspace.create(root / "ws", protocol=str(root / "rules.yaml"), seed=9)
    with workspace.write() as records:
        for code, role in STAFF.items():
            records.add_coder(code, [role], simulated=True)
        for number in (1, 2):
            records.add_subject(f"S{number}", SIGNED, simulated=True)
            records.add_session(f"G{number}", [f"S{number}"], simulated=True)
    for number in (1, 2):
        ids = add_clips(workspace, 4, subject=f"S{number}", session=f"G{number}", recording=f"r{number}.mp4")
        watch(workspace, ids[0])
    return workspace


def judge_all(workspace: Workspace, *, anew: ClipId) -> None:
    """Of one clip another cut is asked; nothing is seen in watched stretches; one reading is settled in a talk."""
    with workspace.read() as records:
        ids = {coder.code: coder.id for coder in records.coders()}
        origins = {clip.id: clip.origin for clip in records.clips()}
    while assign(workspace, seed=1).opened:
        for code in STAFF:
            desk = Desk(workspace, code)
            while (ticket := desk.next_ticket()) is not None:
                with workspace.read() as records:
                    clip = next(one.clip for one in records.tickets() if one.id == ticket.id)
                desk.submit(ticket.id, said_by(code, ticket.stage, clip, origins[clip], anew, ids, workspace))


def said_by(
    code: str,
    stage: Stage,
    clip: ClipId,
    origin: ClipOrigin,
    anew: ClipId,
    ids: dict[str, CoderId],
    workspace: Workspace,
) -> Answer:
    book = workspace.codebook
    event = replace(an_event(book, emotion=int(clip[0], 16) % 3), not_visible=(book.regions[0].code,))
    if stage is Stage.SCREENING:
        if origin is ClipOrigin.WATCHED:
            return Screening(verdict=ScreeningVerdict.REJECT, reason="nothing")
        found = (Span(onset=Frame(3), apex=Frame(4), offset=Frame(9)),)
        how = CutAgain.ADJUST if clip == anew else None
        return Screening(verdict=ScreeningVerdict.ACCEPT, found=found, cut_again=how)
    if stage is Stage.VERIFICATION:
        return Verification(verdict=VerificationVerdict.ACCEPT)
    if stage is Stage.ADJUDICATION:
        return Adjudication(
            events=(event,), reason="we looked again", participants=tuple(sorted((ids["bob"], ids["cem"])))
        )
    if origin is ClipOrigin.WATCHED:
        return Coding(events=())
    differ = clip.endswith(tuple("01234567")) and code == "cem"
    return Coding(events=(replace(event, emotion=book.emotions[3].code) if differ else event,))


def cut_again(workspace: Workspace, old: ClipId) -> ClipId:
    """As recut does, with make-believe media."""
    with workspace.write(actor="recut") as records:
        clip = records.clip(old)
        id = ClipId(clip.id[:-4] + "bbbb")
        new = replace(
            clip,
            id=id,
            candidate=None,
            origin=ClipOrigin.CUT_AGAIN,
            replaces=old,
            last=Frame(clip.last - 10),
            clock=a_clock(clip.last - 10 - clip.first + 1),
        )
        files = [replace(one, clip=id) for one in records.assets(clip=old)]
        records.add_clips(clip.recording, [new], files, why="as screeners asked")
    return id


def with_release_files(workspace: Workspace) -> None:
    with workspace.write() as records:
        snapshot = read_snapshot(workspace)
        for clip in snapshot.clips.values():
            made = []
            for place, _ in snapshot.events(clip.id):
                for kind in kinds_of(snapshot, clip):
                    contents = f"{clip.id} {place} {kind.value}".encode()
                    path = workspace.media / "release" / clip.id / f"{place}-{kind.value}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(contents)
                    made.append(
                        Asset(
                            clip=clip.id,
                            kind=kind,
                            path=path.relative_to(workspace.media).as_posix(),
                            sha256=hashlib.sha256(contents).hexdigest(),
                            n_bytes=len(contents),
                            first=clip.first,
                            last=clip.last,
                            event=place,
                        )
                    )
            records.put_assets(clip.id, made)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, ClipId]:
    """The workspace, with one clip that is still to be cut again; and that clip."""
    workspace = a_lab(tmp_path_factory.mktemp("lots"))
    with workspace.read() as records:
        anew = records.clips()[0].id
    judge_all(workspace, anew=anew)
    return workspace, anew


@pytest.fixture(scope="module")
def released(judged: tuple[Workspace, ClipId], ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> Release:
    workspace, anew = judged
    workspace = Workspace.open(Path(shutil.copytree(workspace.root, tmp_path_factory.mktemp("released") / "ws")))
    cut_again(workspace, anew)
    judge_all(workspace, anew=anew)
    with_release_files(workspace)
    wishes = Wishes(version="0.1.0", recipe=load_release_recipe("mmed"), page=PageMedia.NO_MEDIA)  # its media are none
    return create_release(workspace, ask(workspace), wishes)


def test_a_stranger_comes_to_the_same_consensus(released: Release) -> None:
    report = verify(released.path)
    assert report.ok, report.differences
    rows = load(released.path).judged_clip_rows
    assert {row.origin for row in rows} == {"candidate", "watched", "cut-again"}
    assert any(row.screened_again for row in rows)
    assert any(row.foil and row.origin == "watched" and row.stage == "settled" for row in rows)
    (new,) = [row for row in rows if row.replaces is not None]
    (old,) = [row for row in rows if row.stage == "replaced"]
    assert (new.replaces, new.origin, new.stage) == (old.clip, "cut-again", "settled")


def test_what_was_found_and_who_talked_is_told_under_pseudonyms(
    released: Release, judged: tuple[Workspace, ClipId]
) -> None:
    dataset = load(released.path)
    asked = [row for row in dataset.judgement_rows if row.cut_again]
    assert {(row.cut_again, row.found) for row in asked} == {("adjust", ("3-9",))}
    talks = [row for row in dataset.judgement_rows if row.stage == "adjudication"]
    coders = {row.coder for row in dataset.judgement_rows if row.stage == "coding"}
    assert talks
    assert all(set(row.participants) == coders and row.coder in coders for row in talks)
    region = dataset.codebook.regions[0].code
    assert {row.not_visible for row in dataset.clip_rows} == {(region,)}
    with judged[0].read() as records:
        secrets = [coder.id for coder in records.coders()] + [clip.id for clip in records.clips()]
    for path in released.path.rglob("*"):
        if path.suffix in {".csv", ".json", ".md", ".yaml"}:
            text = path.read_text(encoding="utf-8")
            assert not [secret for secret in secrets if secret in text], path.name


def test_hidden_answers_stay_in_the_lab(judged: tuple[Workspace, ClipId], tmp_path: Path) -> None:
    workspace = Workspace.open(Path(shutil.copytree(judged[0].root, tmp_path / "ws")))
    before = read_snapshot(workspace).judged_clips()
    with workspace.write() as records:
        settled = next(clip for clip, stage in records.stages().items() if stage is Stage.SETTLED)
        coder = records.coder("bob")
        ticket = records.open_ticket(clip=settled, coder=coder.id, stage=Stage.CODING, round=1, purpose=Purpose.REPEAT)
        last = records.judgements(settled)[-1]
        records.append_judgement(
            ticket=ticket.id,
            clip=settled,
            coder=coder.id,
            answer=Coding(events=()),
            round=1,
            modality=last.modality,
            codebook_version=last.codebook_version,
            supersedes=None,
            simulated=True,
            purpose=Purpose.REPEAT,
        )
    assert read_snapshot(workspace).judged_clips() == before


def test_while_a_clip_waits_to_be_cut_again_nothing_is_released(
    judged: tuple[Workspace, ClipId], tmp_path: Path
) -> None:
    workspace = Workspace.open(Path(shutil.copytree(judged[0].root, tmp_path / "ws")))
    with_release_files(workspace)
    decision, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
    assert leave is None
    (rule,) = (rule for rule in decision.failed if rule.name == "open-clips")
    assert "1 at replaced (replaced: run `mmed recut`)" in rule.remedy


@pytest.mark.parametrize("lie", ["", "foil", "screened_again", "replaces", "origin", "participants"])
def test_a_lie_about_what_fell_to_a_clip_is_found(released: Release, tmp_path: Path, lie: str) -> None:
    folder = Path(shutil.copytree(released.path, tmp_path / "copy"))
    dataset = load(folder)

    def judged_clip(row: JudgedClipRow) -> JudgedClipRow:
        if lie == "foil" and row.foil:
            return replace(row, foil=False)
        if lie == "screened_again" and row.screened_again:
            return replace(row, screened_again=False)
        if lie == "replaces" and row.replaces:
            return replace(row, replaces=None)
        if lie == "origin" and row.origin == "watched":
            return replace(row, origin="candidate")
        return row

    def judgement(row: JudgementRow) -> JudgementRow:
        return replace(row, participants=()) if lie == "participants" else row

    (folder / "judged-clips.csv").write_text(
        csv_text(JudgedClipRow, [judged_clip(row) for row in dataset.judged_clip_rows]), encoding="utf-8"
    )
    (folder / "judgements.csv").write_text(
        csv_text(JudgementRow, [judgement(row) for row in dataset.judgement_rows]), encoding="utf-8"
    )
    reseal(folder)
    assert verify(folder).ok is (not lie)

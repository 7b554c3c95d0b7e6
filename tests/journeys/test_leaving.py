"""A release, a withdrawal with erasure, a release: the second holds no byte and no row of who left."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from builders.leaving import its_own
from builders.release import lenient_policy, lenient_settings, reseal
from builders.road import CANARY, FULL, a_settled_workspace

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.dataset.manifest import files_under
from mmed_curate.dataset.verification import verify
from mmed_curate.ingest.recut import settled_events
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.holding import releases_holding
from mmed_curate.release.leave import ask_gate
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace


def release(workspace: Workspace, version: str) -> Path:
    _, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
    assert leave is not None
    made = create_release(workspace, leave, Wishes(version=version, recipe=load_release_recipe("mmed"))).path
    assert verify(made).ok
    return made


def names_in(made: Path) -> set[str]:
    """Every cell of every table."""
    tables = [*made.glob("*.csv")]
    assert len(tables) >= 3
    return {cell for path in tables for row in csv.reader(path.open(encoding="utf-8")) for cell in row}


@pytest.mark.parametrize("seen", [False, True], ids=["alone", "seen in the clip of another"])
def test_the_next_release_holds_nothing_of_who_left(tmp_path: Path, seen: bool) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", consents=(FULL,) * 4)
    with workspace.read() as records:
        clips = records.clips()
        leaver = records.subject(f"{CANARY}-0")
        assets = {clip.id: records.assets(clip=clip.id) for clip in clips}
        shows = next(clip for clip in reversed(clips) if clip.subject != leaver.id)
        who_stays = {one.id for one in records.subjects()} - {leaver.id}
    with workspace.write() as records:
        for clip in clips:
            own = [its_own(workspace, one) if "coding" not in one.path else one for one in assets[clip.id]]
            records.put_assets(clip.id, own)
    if seen:  # somebody's face reaches into a clip of another: no verb says so afterwards
        workspace.close()
        beside(workspace, shows.id, leaver.id)
    gone = {clip.id for clip in clips if clip.subject == leaver.id} | ({shows.id} if seen else set())
    with workspace.read() as records:
        before_hashes = {one.sha256 for clip in gone for one in records.assets(clip=clip) if "coding" not in one.path}
    first = release(workspace, "1.0.0")
    names = Pseudonyms(workspace.secret)
    theirs = {names.clip(clip, event) for clip in gone for event in range(2)}
    assert names.subject(leaver.id) in names_in(first)
    assert theirs & names_in(first)

    done = withdraw(workspace, f"{CANARY}-0", erase=True)
    assert done.erasure is not None
    assert not gone & set(settled_events(workspace))
    (held,) = releases_holding(workspace, leaver.id)
    assert (held.version, held.path, held.sure) == ("1.0.0", first, True)

    second = release(workspace, "2.0.0")
    with workspace.read() as records:
        # the one thing that the audit may name is the face that this test put into a clip behind its back
        altered = [one.what for one in records.audit().findings]
        assert len(altered) == int(seen)
        assert all("who else is in it" in what for what in altered)
    assert releases_holding(workspace, leaver.id) == (held,)
    cells = names_in(second)
    assert not cells & {names.subject(leaver.id), *theirs}
    assert {names.subject(one) for one in who_stays} <= cells
    text = b"".join((second / path).read_bytes() for path in files_under(second))
    for name in (names.subject(leaver.id), *theirs, *gone, leaver.id, f"{CANARY}-0"):
        assert name.encode() not in text
    hashes = {hashlib.sha256((second / path).read_bytes()).hexdigest() for path in files_under(second)}
    published = {hashlib.sha256((first / path).read_bytes()).hexdigest() for path in files_under(first)}
    assert len(before_hashes & published) >= 12
    assert not before_hashes & hashes
    assert not [path for path in workspace.media.rglob("*") for clip in gone if clip in str(path)]
    # what they said or did counts in no number either: judgements of their clips are in no table
    with workspace.read() as records:
        assert not {one.clip for one in records.judgements()} & {clip.id for clip in clips if clip.subject == leaver.id}


def test_drafts_and_what_no_entry_tells_of_are_named_too(tmp_path: Path) -> None:
    """A draft holds the same media; so does a release that was made, and not entered before a kill."""
    workspace = a_settled_workspace(tmp_path / "ws", consents=(FULL,) * 4)
    policy = lenient_policy()
    shut = policy.model_copy(
        update={"measures": tuple(one.model_copy(update={"at_least": 1.0}) for one in policy.measures)}
    )
    _, leave = ask_gate(workspace, policy=shut, settings=lenient_settings(), on=date(2026, 6, 1), draft=True)
    assert leave is not None
    wishes = Wishes(version="0.1.0", recipe=load_release_recipe("mmed"), draft=True)
    draft = create_release(workspace, leave, wishes).path
    unentered = Path(shutil.copytree(draft, workspace.root / "releases" / "mmed-0.2.0-draft"))
    (unentered / "more.txt").write_text("makes it another", encoding="utf-8")
    reseal(unentered)
    with workspace.read() as records:
        leaver = records.subject(f"{CANARY}-0")
    withdraw(workspace, f"{CANARY}-0", erase=True)
    held = releases_holding(workspace, leaver.id)
    assert [(one.version, one.path, one.sure) for one in held] == [
        ("0.1.0-draft", draft, True),
        ("0.1.0-draft", unentered, True),
    ]
    assert [one.at is None for one in held] == [False, True]


def beside(workspace: Workspace, clip: str, subject: str) -> None:
    """Note that a subject's face reaches into a clip, as ingest would have."""
    connection = sqlite3.connect(workspace.database, isolation_level=None)
    (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'clip_no_update'").fetchone()
    connection.execute("DROP TRIGGER clip_no_update")
    connection.execute("UPDATE clip SET also_visible = ? WHERE id = ?", (json.dumps([subject]), clip))
    connection.execute(guard)
    connection.close()

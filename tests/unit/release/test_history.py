"""Which number a release gets, what it tells of the versions before, and that verify finds what is told otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.release import lenient_policy, lenient_settings, reseal
from builders.road import CANARY, a_later_recording

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.dataset import load, verify
from mmed_curate.dataset.changes import CHANGELOG, CHANGES, Known, changes_in
from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.tombstones import TOMBSTONES, read_tombstones, tombstone_of
from mmed_curate.dataset.versions import Version
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Consent, Term
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.recipe import Licence, load_release_recipe
from mmed_curate.store.workspace import Workspace

Ask = Callable[[Workspace], Leave]


@pytest.fixture
def make(workspace: Workspace, ask: Ask, wishes: Wishes) -> Callable[..., Release]:
    """Make a release of the workspace, without a number unless one is given."""

    def made(**wished: Any) -> Release:
        return create_release(workspace, ask(workspace), replace(wishes, **{"version": None, **wished}))

    return made


Make = Callable[..., Release]


def history(made: Release) -> list[tuple[str, Known]]:
    return [(entry.release, entry.known) for entry in changes_in(made.path).entries]


def test_the_first_is_1_0_0(make: Make) -> None:
    made = make()
    assert (made.facts.version, made.since, made.because) == ("1.0.0", None, ("it is the first version",))
    assert made.path.name == "mmed-1.0.0"
    assert history(made) == [("1.0.0", Known.FIRST)]
    assert read_tombstones(made.path).hashes == frozenset()


def test_nothing_new_is_made_only_where_a_number_is_given(workspace: Workspace, make: Make) -> None:
    make()
    with pytest.raises(BadInput, match=r"nothing changed since 1\.0\.0: give a number .*, 1\.0\.1 or higher"):
        make()
    assert [path.name for path in (workspace.root / "releases").iterdir()] == ["mmed-1.0.0"]
    terms = Licence(name="Other terms", text="Other terms.\n")
    assert make(licence=terms).because == ("LICENSE.txt changed",)


def test_nothing_new_is_a_patch_and_history_accumulates(make: Make) -> None:
    make(version="0.3.0")
    second, third = make(version="0.3.1"), make(version="0.3.2")
    assert (second.facts.version, second.because) == ("0.3.1", ("labels and clips are as they were",))
    assert history(third) == [("0.3.2", Known.COMPARED), ("0.3.1", Known.COMPARED), ("0.3.0", Known.FIRST)]
    text = (third.path / CHANGELOG).read_text(encoding="utf-8")
    assert [text.index(f"## {version} ") for version in ("0.3.2", "0.3.1", "0.3.0")] == sorted(
        text.index(f"## {version} ") for version in ("0.3.2", "0.3.1", "0.3.0")
    )
    assert verify(third.path).ok


def test_clips_that_were_added_are_minor(workspace: Workspace, make: Make) -> None:
    make()
    a_later_recording(workspace, 0)
    made = make()
    assert (made.facts.version, made.because) == ("1.1.0", ("1 clip came", "1 judged clip came"))
    told = changes_in(made.path)
    assert len(told.came) == 1 and told.came[0] in load(made.path).clips.index
    assert not told.changed and verify(made.path).ok


def test_a_withdrawal_is_major_and_leaves_tombstones(workspace: Workspace, make: Make) -> None:
    first = make()
    theirs = {row.clip for row in load(first.path).judged_clip_rows}
    withdraw(workspace, f"{CANARY}-0")
    with pytest.raises(BadInput, match=r"too low a number after 1\.0\.0: 4 clips went because consent"):
        make(version="1.9.0")
    made = make()
    assert (made.facts.version, made.proposed) == ("2.0.0", "2.0.0")
    theirs -= {row.clip for row in load(made.path).judged_clip_rows}
    assert len(read_tombstones(made.path).hashes) == len(theirs) == 5
    assert verify(made.path).ok, verify(made.path).differences
    a_patch = make(version="2.0.1")
    assert (a_patch.facts.version, changes_in(a_patch.path).this.tombstones) == ("2.0.1", 5)
    assert "- Tombstones: 5 judged clips." in (a_patch.path / CHANGELOG).read_text(encoding="utf-8")


def test_tombstones_stand_though_the_version_before_was_dropped(workspace: Workspace, make: Make) -> None:
    first = make()
    withdraw(workspace, f"{CANARY}-0", erase=True)
    shutil.rmtree(first.path)
    made = make()
    assert made.facts.version == "2.0.0"
    assert made.because == ("1.0.0 was not at hand, so what changed since is not known",)
    assert len(read_tombstones(made.path).hashes) == 5
    assert history(made) == [("2.0.0", Known.NOT_AT_HAND)]
    assert verify(made.path).ok


def test_who_left_before_anything_was_made_has_no_tombstone(workspace: Workspace, make: Make) -> None:
    withdraw(workspace, f"{CANARY}-0")
    assert read_tombstones(make().path).hashes == frozenset()


def test_who_no_longer_agrees_lies_there_until_they_agree_again(workspace: Workspace, make: Make) -> None:
    first = make()
    all_terms = frozenset(Term)
    for terms, version, buried in ((all_terms - {Term.REDISTRIBUTE}, "2.0.0", 5), (all_terms, "2.1.0", 0)):
        with workspace.write() as records:
            consent = Consent(terms=terms, form_version="2", signed_on=date(2026, 1, 3))
            records.add_consent(f"{CANARY}-0", consent)
        a_later_recording(workspace, 1) if not buried else None
        made = make()
        assert (made.facts.version, len(read_tombstones(made.path).hashes)) == (version, buried)
        assert verify(made.path).ok
    assert {row.clip for row in load(made.path).clip_rows} > {row.clip for row in read_release(first.path).clip_rows}


def test_the_version_before_may_lie_elsewhere(workspace: Workspace, make: Make, tmp_path: Path) -> None:
    first = make()
    moved = Path(shutil.move(first.path, tmp_path / "archive"))
    second = make(since=moved, version="1.0.1")
    assert history(second) == [("1.0.1", Known.COMPARED), ("1.0.0", Known.FIRST)]
    with pytest.raises(BadInput, match=r"and 1\.0\.1, made after it, is at hand: give .*mmed-1\.0\.1 with"):
        make(since=moved)


def test_where_the_version_before_is_gone_an_older_one_is_compared_with(workspace: Workspace, make: Make) -> None:
    """The number still rises above the newest that was made, and the account says what it is told since."""
    first = make()
    shutil.rmtree(make(version="1.0.1").path)
    a_later_recording(workspace, 0)
    with pytest.raises(BadInput, match=r"after 1\.0\.1: it is not at hand.* give 2\.0\.0 .* older release .* --since"):
        make(version="1.1.0")
    with pytest.raises(BadInput, match=r"1\.0\.2 is too low a number after 1\.0\.0, 1\.0\.1: 1 clip came"):
        make(version="1.0.2", since=first.path)
    made = make(since=first.path)
    assert (made.facts.version, made.since) == ("1.1.0", "1.0.0")
    assert history(made) == [("1.1.0", Known.COMPARED), ("1.0.0", Known.FIRST)]
    text = (made.path / CHANGELOG).read_text(encoding="utf-8")
    assert "- All of this is told since 1.0.0, for 1.0.1 was not at hand.\n" in text
    assert verify(made.path).ok, verify(made.path).differences


def test_what_a_lost_version_may_have_changed_counts_as_taken_back(make: Make) -> None:
    first = make()
    shutil.rmtree(make(version="2.0.0").path)
    assert make(since=first.path).facts.version == "3.0.0"


def test_a_release_of_another_workspace_is_none_to_compare_with(make: Make, tmp_path: Path) -> None:
    strange = Path(shutil.copytree(make().path, tmp_path / "strange"))
    (strange / "README.md").write_text("another\n", encoding="utf-8")
    reseal(strange)
    with pytest.raises(BadInput, match=r"of another id than any version that was made .*; the last is 1\.0\.0"):
        make(since=strange)


def test_there_is_nothing_before_the_first(made: Release, make: Make) -> None:
    with pytest.raises(BadInput, match="no release was made of this workspace before"):
        make(since=made.path)


def test_a_number_that_was_made_gives_the_same_bytes_again(workspace: Workspace, make: Make, tmp_path: Path) -> None:
    make()
    a_later_recording(workspace, 0)
    second = make()
    make(version="1.1.1")
    assert make(version="1.1.0", to=tmp_path / "again").id == second.id


@pytest.fixture
def draft(workspace: Workspace, wishes: Wishes) -> Callable[[], Release]:
    """Makes a draft behind a closed gate, without a number."""

    def drafted() -> Release:
        strict = lenient_policy()
        (rule,) = strict.measures
        strict = strict.model_copy(update={"measures": (rule.model_copy(update={"at_least": 1.0}),)})
        day = date(2026, 6, 1)
        _, leave = ask_gate(workspace, policy=strict, settings=lenient_settings(), on=day, draft=True)
        assert leave is not None
        return create_release(workspace, leave, replace(wishes, version=None, draft=True))

    return drafted


def test_drafts_count_below_the_first_release_and_have_no_versions_after_them(draft: Callable[[], Release]) -> None:
    assert draft().facts.version == "0.1.0-draft"
    second = draft()
    assert (second.facts.version, second.since) == ("0.2.0-draft", None)
    assert verify(second.path).ok


def test_a_further_draft_of_a_number_sorts_after_the_one_before_and_before_its_release(
    make: Make, draft: Callable[[], Release]
) -> None:
    make()
    first, second = draft(), draft()
    assert [one.facts.version for one in (first, second)] == ["1.0.1-draft", "1.0.1-v02-draft"]
    assert Version.of("1.0.1-draft") < Version.of("1.0.1-v02-draft") < Version.of("1.0.1")
    assert verify(second.path).ok, verify(second.path).differences


@pytest.fixture(scope="module")
def second(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second version, after a withdrawal and one more clip; not to be written to."""
    workspace = Workspace.open(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("told") / "ws")))

    def made() -> Path:
        _, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
        assert leave is not None
        return create_release(workspace, leave, Wishes(version=None, recipe=load_release_recipe("mmed"))).path

    made()
    a_later_recording(workspace, 1)
    withdraw(workspace, f"{CANARY}-0")
    return made()


def too_low(document: Any) -> None:
    document["entries"][0]["since"]["release"] = "1.5.0"


def demands_less(document: Any) -> None:
    document["entries"][0]["changes"]["demands"] = "patch"


def fewer_went(document: Any) -> None:
    document["entries"][0]["changes"]["clips"]["went"]["withdrawn"] -= 1


def another_name(document: Any) -> None:
    document["came"] = ["c-0123456789ab"]


def one_more_name(document: Any) -> None:
    document["came"].append("c-0123456789ab")


def another_value(document: Any) -> None:
    clip = document["came"][0]
    change = {"field": "emotion", "old": "", "new": "nonsense"}
    empty: dict[str, list[str]] = {"files_came": [], "files_went": [], "files_changed": []}
    document["changed"] = [{"clip": clip, "fields": [change], **empty}]
    document["entries"][0]["changes"]["clips"]["relabelled"] = 1


def no_before(document: Any) -> None:
    document["entries"] = document["entries"][:1]
    document["entries"][0] |= {"since": None, "changes": None, "known": "first"}


def no_tombstones(document: Any) -> None:
    document["entries"][0]["tombstones"] = 0


@pytest.mark.parametrize(
    "change",
    [
        too_low,
        demands_less,
        fewer_went,
        another_name,
        one_more_name,
        another_value,
        no_before,
        no_tombstones,
    ],
    ids=lambda one: one.__name__,
)
def test_an_account_that_says_otherwise_is_found(second: Path, tmp_path: Path, change: Callable[[Any], None]) -> None:
    folder = Path(shutil.copytree(second, tmp_path / "release"))
    document = json.loads((folder / CHANGES).read_text(encoding="utf-8"))
    change(document)
    (folder / CHANGES).write_text(json.dumps(document), encoding="utf-8")
    reseal(folder)
    report = verify(folder)
    assert not report.changed and not report.ok


@pytest.mark.parametrize("name", [CHANGES, CHANGELOG, TOMBSTONES])
def test_an_account_that_is_missing_or_garbled_is_found(second: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(second, tmp_path / "release"))
    (folder / name).write_text("[]", encoding="utf-8")
    reseal(folder)
    assert not verify(folder).ok
    (folder / name).unlink()
    reseal(folder)
    assert not verify(folder).ok


def test_a_clip_that_is_there_and_lies_among_the_tombstones_is_found(second: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(second, tmp_path / "release"))
    document = json.loads((folder / TOMBSTONES).read_text(encoding="utf-8"))
    clip = load(folder).judged_clip_rows[0].clip
    document["tombstones"] = sorted([*document["tombstones"][1:], tombstone_of(clip)])
    (folder / TOMBSTONES).write_text(json.dumps(document), encoding="utf-8")
    reseal(folder)
    assert any(clip in line for line in verify(folder).differences)


def test_numbers_alone_are_carried_on(second: Path) -> None:
    told = json.loads((second / CHANGES).read_text(encoding="utf-8"))
    assert [entry["release"] for entry in told["entries"]] == ["2.0.0", "1.0.0"]
    assert CANARY not in (second / CHANGES).read_text(encoding="utf-8")
    assert "c-" not in json.dumps(told["entries"])

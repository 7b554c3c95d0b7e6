"""What the gate does not let out can be shared as a draft, and everybody who touches it is told."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.release import lenient_policy, lenient_settings
from builders.road import a_settled_workspace, begin_another_clip

from mmed_curate.dataset import DraftWarning, load, verify
from mmed_curate.dataset.manifest import MANIFEST, files_under, read_manifest, seal
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.records import Term
from mmed_curate.gate.policy import Policy
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace

TODAY = date(2026, 6, 1)


def unreachable() -> Policy:
    """The lenient policy, but for one bound of agreement that these coders do not reach."""
    policy = lenient_policy()
    (rule,) = policy.measures
    return policy.model_copy(update={"measures": (rule.model_copy(update={"at_least": 1.0}),)})


def leave_for_a_draft(workspace: Workspace, policy: Policy) -> Leave:
    decision, leave = ask_gate(workspace, policy=policy, settings=lenient_settings(), on=TODAY, draft=True)
    assert leave is not None, decision.failed
    return leave


@pytest.fixture(scope="module")
def draft(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    workspace = Workspace.open(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("draft") / "ws")))
    wishes = Wishes(version="0.1.0", recipe=load_release_recipe("mmed"), draft=True)
    return create_release(workspace, leave_for_a_draft(workspace, unreachable()), wishes)


def test_its_name_texts_manifest_and_loader_say_so(draft: Release) -> None:
    assert draft.path.name == "mmed-0.1.0-draft"
    assert draft.facts.version == "0.1.0-draft" and "DRAFT: its gate is closed" in draft.facts.notice
    for name in ("README.md", "DATACARD.md"):
        assert (draft.path / name).read_text(encoding="utf-8").startswith("# SIMULATED DRAFT ")
    assert "CLOSED: existence did not hold" in (draft.path / "README.md").read_text(encoding="utf-8")
    readme = (draft.path / "README.md").read_text(encoding="utf-8")
    assert "Shared as a draft on 20" in readme and "Released on" not in readme
    assert "DRAFT" in (draft.path / "CITATION.cff").read_text(encoding="utf-8")
    assert read_manifest(draft.path).draft
    assert (draft.path / MANIFEST).read_text(encoding="utf-8").splitlines()[1] == "# version: 2"
    with pytest.warns(DraftWarning, match="a draft and no release"):
        dataset = load(draft.path)
    assert dataset.release.draft and len(dataset) == 20


def test_verify_finds_it_whole_and_says_what_it_is(draft: Release) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DraftWarning)
        report = verify(draft.path)
    assert report.ok, report.differences
    assert report.draft and report.closed_by == ("existence",)


def test_a_release_is_none(pristine: Path, made: Release) -> None:
    assert not verify(made.path).draft
    with warnings.catch_warnings():
        warnings.simplefilter("error", DraftWarning)
        assert not load(made.path).release.draft


@pytest.mark.filterwarnings("ignore::mmed_curate.dataset.DraftWarning")
@pytest.mark.parametrize("where", ["manifest", "release.json", "gate.json", "gate.json open", "a rule", "all"])
def test_whoever_rubs_the_mark_off_is_found_out(draft: Release, tmp_path: Path, where: str) -> None:
    """Sealed again as a release, each mark by itself and all of them together."""
    folder = Path(shutil.copytree(draft.path, tmp_path / "copy"))
    for name, changes in {
        "release.json": {"draft": False},
        "gate.json": {"draft": False},
        "gate.json open": {"passed": True},
    }.items():
        if where in (name, "all"):
            _change(folder / name.partition(" ")[0], changes)
    if where in ("a rule", "all"):
        document = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
        rules = [{**rule, "holds": True, "outcome": "holds"} for rule in document["rules"]]
        _change(folder / "gate.json", {"rules": rules})
    (folder / MANIFEST).unlink()
    seal(folder, derived=lambda path: path == "clips.parquet", draft=where not in ("manifest", "all"))
    report = verify(folder)
    assert not report.ok
    assert not [one for one in report.differences if "(stated " in one and said_twice(one)]
    if where in ("release.json", "all"):
        assert any("only what release.json calls a draft may" in line for line in report.differences) == (
            where != "all"
        )
    assert any("draft" in line or "gate rule" in line for line in report.differences)


def said_twice(difference: str) -> bool:
    """Whether the same is stated and found: then nobody knows what differs."""
    stated, _, found = difference.partition("(stated ")[2].removesuffix(")").partition(", found ")
    return stated == found


def test_what_is_too_rare_is_said_so_when_it_is_verified(draft: Release) -> None:
    lines = {one.what: one.found for one in verify(draft.path).rederived if one.what.startswith("gate rule emotion=")}
    assert lines and set(lines.values()) == {"too rare to be told"}


def test_what_is_still_being_judged_stays_out_of_it(workspace: Workspace, wishes: Wishes) -> None:
    """Who codes a clip must not read in a draft what another said of it."""
    with workspace.read() as records:
        code = records.subjects()[0].code
    begin_another_clip(workspace, code)
    decision, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=TODAY, draft=True)
    assert [verdict.name for verdict in decision.failed] == ["open-clips"] and leave is not None
    made = create_release(workspace, leave, replace(wishes, draft=True))
    with pytest.warns(DraftWarning):
        stages = {row.stage for row in load(made.path).judged_clip_rows}
    assert stages <= {"settled", "rejected"}


def test_not_even_a_draft_goes_round_consent(tmp_path: Path) -> None:
    full = frozenset(Term)
    policy = lenient_policy().model_copy(update={"required_terms": (Term.RECORD, Term.PUBLISH_VOICE)})
    workspace = a_settled_workspace(tmp_path / "ws", consents=(*[full] * 5, full - {Term.PUBLISH_VOICE}))
    decision, leave = ask_gate(workspace, policy=policy, settings=lenient_settings(), on=TODAY, draft=True)
    assert leave is None and [verdict.name for verdict in decision.failed] == ["consent"]


def test_leave_for_a_draft_makes_no_release(workspace: Workspace, wishes: Wishes, ask: Callable[..., Leave]) -> None:
    """And the other way round: the wish and the word must be of one kind."""
    with pytest.raises(Refused, match="draft"):
        create_release(workspace, ask(workspace), replace(wishes, draft=True))
    with pytest.raises(BadInput, match="--draft"):
        create_release(workspace, ask(workspace), replace(wishes, version="1.0.0-draft"))
    with pytest.raises(Refused, match="draft"):
        create_release(workspace, leave_for_a_draft(workspace, unreachable()), wishes)
    assert not (workspace.root / "releases").exists()


def test_a_draft_leaves_nothing_out_but_the_gate(draft: Release, made: Release) -> None:
    assert sorted(files_under(draft.path)) == sorted(files_under(made.path))


def _change(path: Path, changes: dict[str, object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, **changes}), encoding="utf-8")

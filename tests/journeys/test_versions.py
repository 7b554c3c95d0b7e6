"""Two versions and a withdrawal between them, on the command line, and what a researcher then sees."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders.leaving import its_own
from builders.release import lenient_policy
from builders.road import CANARY, FULL, a_later_recording, a_settled_workspace

from mmed_curate.cli.main import main
from mmed_curate.dataset import WithdrawnClipsWarning, load
from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.manifest import files_under
from mmed_curate.dataset.tombstones import tombstone_of
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.release.schemas import check_document
from mmed_curate.store.workspace import Workspace

LEAVER = f"{CANARY}-0"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Four subjects who agreed to everything; every file tells itself apart from every other, as real ones do."""
    workspace = a_settled_workspace(tmp_path / "ws", consents=(FULL,) * 4)
    tell_apart(workspace)
    policy = tmp_path / "lenient.yaml"
    policy.write_text(yaml.safe_dump(lenient_policy().model_dump(mode="json")), encoding="utf-8")
    monkeypatch.setenv("MMED_WORKSPACE", str(workspace.root))
    monkeypatch.setenv("MMED_GATE", str(policy))
    return workspace


def tell_apart(workspace: Workspace) -> None:
    with workspace.write() as records:
        for clip in records.clips():
            files = records.assets(clip=clip.id)
            records.put_assets(
                clip.id,
                [one if "coding" in one.path or clip.id in one.path else its_own(workspace, one) for one in files],
            )


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert not ended.value.code, captured.out + captured.err
    return captured.out


def create(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(run(capsys, "release", "create", "--no-benchmark", "--json"))
    return made


def test_versions_with_a_withdrawal_between(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = create(capsys)
    assert (first["version"], first["because"]) == ("1.0.0", ["it is the first version"])
    downloaded = Path(shutil.copytree(first["path"], tmp_path / "home of a researcher" / "mmed-1.0.0"))
    assert load(downloaded).withdrawn == ()

    a_later_recording(workspace, 1)
    tell_apart(workspace)
    run(capsys, "withdraw", LEAVER, "--erase", "--yes")
    second = create(capsys)
    assert (second["version"], second["since"]) == ("2.0.0", "1.0.0")
    assert second["because"] == ["4 clips went because consent was withdrawn"]
    run(capsys, "verify", second["path"])

    said = run(capsys, "release", "diff", first["path"], second["path"])
    assert "4 clips went because consent was withdrawn" in said and "Clips that came" in said
    told = json.loads(run(capsys, "release", "diff", first["path"], second["path"], "--json"))
    check_document("release-diff", told, where="the difference")
    leaver = pseudonym(workspace, LEAVER)
    assert told["subjects"] == {"came": [], "went": [leaver]}
    assert len(told["came"]) == 1 and not told["changed"]
    theirs = {one["clip"] for one in told["judged_went"]} | {one["clip"] for one in told["went"]}
    assert {one["why"] for one in told["went"]} == {"withdrawn"} and len(told["judged_went"]) == 5
    assert {"emotion.alpha"} <= {one["measure"] for one in told["agreement"]}, told["agreement"]

    nothing_is_left(Path(first["path"]), Path(second["path"]), theirs, leaver)

    shutil.copytree(second["path"], downloaded.parent / "mmed-2.0.0")
    with pytest.warns(WithdrawnClipsWarning, match=r"5 of 20 judged clips of mmed 1\.0\.0 were withdrawn"):
        old = load(downloaded)
    new = load(downloaded.parent / "mmed-2.0.0")
    assert set(old.withdrawn) <= theirs
    assert set(old.without_withdrawn().clips.index) == set(new.clips.index) - set(told["came"])


def pseudonym(workspace: Workspace, code: str) -> str:
    with workspace.read() as records:
        return Pseudonyms(workspace.secret).subject(records.subject(code).id)


def nothing_is_left(first: Path, second: Path, clips: set[str], subject: str) -> None:
    """No file, id, row or feature of who left is in the second version; that they were in the first is shown too."""
    old, new = read_release(first), read_release(second)
    judged = {row.clip for row in old.judged_clip_rows if row.subject == subject}
    ids = {
        subject,
        *clips,
        *(row.session for row in old.judged_clip_rows if row.subject == subject),
        *(row.judgement for row in old.judgement_rows if row.subject == subject),
    }
    text = {path: (second / path).read_bytes() for path in files_under(second)}
    was = b"".join((first / path).read_bytes() for path in files_under(first))
    for one in ids:
        assert one.encode() in was
        assert not [path for path, data in text.items() if one.encode() in data or one in path]
    for what in ("clip_rows", "judged_clip_rows", "judgement_rows"):
        gone = {row for row in getattr(old, what) if row.subject == subject}
        assert gone and not gone & set(getattr(new, what))
    media = [path for path in files_under(first) if path.split("/")[0] == "media" and path.split("/")[1] in clips]
    hashes = {hashlib.sha256((first / path).read_bytes()).hexdigest() for path in media}
    assert len(hashes) == len(media) >= 16
    assert not hashes & {hashlib.sha256(data).hexdigest() for data in text.values()}
    listed = (second / "manifest-sha256.txt").read_text(encoding="utf-8")
    assert not [one for one in hashes if one in listed]
    graves = set(json.loads(text["tombstones.json"])["tombstones"])
    assert graves == {tombstone_of(clip) for clip in judged}
    assert not [path for path, data in text.items() if path != "tombstones.json" and graves & words(data)]


def words(data: bytes) -> set[str]:
    return set(data.decode("utf-8", errors="replace").replace('"', " ").replace(",", " ").split())

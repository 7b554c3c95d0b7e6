"""Making, finding and opening a workspace; and every way in which it says that it cannot be used."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from builders.workspace import SIGNED, a_workspace

from mmed_curate.domain.findings import BadInput
from mmed_curate.store import Origin, Workspace
from mmed_curate.store.database import network_filesystem
from mmed_curate.store.settings import read_settings
from mmed_curate.store.workspace import find_root

TOML = 'format = "mmed-workspace"\nversion = 1\n'


def test_a_new_workspace_is_a_folder_with_five_things(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "a" / "ws")
    workspace.close()  # while it is open, SQLite keeps its log beside the database
    assert sorted(path.name for path in workspace.root.iterdir()) == [
        "codebook.yaml",
        "media",
        "mmed.sqlite",
        "mmed.toml",
        "protocol.yaml",
    ]
    assert workspace.protocol.name == "mmed"
    assert not workspace.simulated


def test_an_empty_folder_can_become_one_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    Workspace.create(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_second_init_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)
    with pytest.raises(BadInput, match=r"holds mmed\.toml already"):
        Workspace.create(tmp_path / "ws")
    with workspace.read() as records:
        assert len(records.subjects()) == 1


def test_a_wrong_protocol_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the package holds no"):
        Workspace.create(tmp_path / "ws", protocol="nobodys")
    assert not (tmp_path / "ws").exists()


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "ws").write_text("a file")
    with pytest.raises(BadInput, match="cannot be made into a workspace"):
        Workspace.create(tmp_path / "ws")


def test_it_is_found_from_a_folder_below_like_git(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "ws")
    below = tmp_path / "ws" / "media" / "deep"
    below.mkdir()
    assert find_root(below, environment={}) == tmp_path / "ws"
    with pytest.raises(BadInput, match="run `mmed init DIR`"):
        find_root(tmp_path, environment={})


def test_the_environment_names_it_first(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Workspace.create(tmp_path / name)
    named = {"MMED_WORKSPACE": str(tmp_path / "two")}
    assert Workspace.find(tmp_path / "one", environment=named).root == tmp_path / "two"
    with pytest.raises(BadInput, match="MMED_WORKSPACE names"):
        Workspace.find(tmp_path / "one", environment={"MMED_WORKSPACE": str(tmp_path)})


def test_the_same_seed_gives_the_same_ids_and_says_simulated(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        workspace = Workspace.create(tmp_path / name, seed=5)
        assert workspace.simulated
        assert "SIMULATED" in (workspace.root / "mmed.toml").read_text()
        with workspace.write() as records:
            made.append((records.add_subject("S1", SIGNED), records.add_session("G1", ["S1"])))
    assert made[0] == made[1]


def test_without_a_seed_ids_cannot_be_foretold(tmp_path: Path) -> None:
    ids = set()
    for name in ("one", "two"):
        with Workspace.create(tmp_path / name).write() as records:
            ids.add(records.add_subject("S1", SIGNED).id)
    assert len(ids) == 2


def test_a_lab_brings_its_own_protocol_and_codebook(tmp_path: Path, repository: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    book = (repository / "schema" / "codebooks" / "mmed.yaml").read_text().replace("name: mmed", "name: our-words", 1)
    rules = (repository / "pipelines" / "protocols" / "mmed.yaml").read_text()
    (lab / "words.yaml").write_text(book)
    (lab / "rules.yaml").write_text(rules.replace("codebook: mmed", "codebook: words.yaml"))
    Workspace.create(tmp_path / "ws", protocol=str(lab / "rules.yaml"))
    shutil.rmtree(lab)  # the workspace has copies
    (tmp_path / "ws").rename(tmp_path / "moved")
    moved = Workspace.open(tmp_path / "moved")
    assert moved.codebook.name == "our-words"
    with moved.write() as records:
        records.add_subject("S1", SIGNED)


def test_the_command_that_makes_one_can_be_pasted(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"make one with `mmed init '.*/our lab'`"):
        Workspace.open(tmp_path / "our lab")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("protocol.yaml", "match_iou: 0.5", "match_iou: 0.1"), ("codebook.yaml", "name: mmed", "name: others")],
)
def test_rules_that_were_changed_take_no_more_judgements(tmp_path: Path, name: str, before: str, after: str) -> None:
    root = a_workspace(tmp_path / "ws").root
    adopted = (root / name).read_text()
    assert before in adopted
    (root / name).write_text(adopted.replace(before, after))
    workspace = Workspace.open(root)
    said = rf"{name} is not the {name[:-5]} that this workspace adopted.*restore"
    with pytest.raises(BadInput, match=said), workspace.write():
        pass
    with workspace.read() as records:
        assert records.audit().intact
        assert workspace.changed_rules(records) is not None
    (root / name).write_text(adopted)
    with Workspace.open(root).write() as records:
        records.add_subject("S2", SIGNED)


def test_another_protocol_line_in_mmed_toml_is_no_way_around(tmp_path: Path) -> None:
    root = Workspace.create(tmp_path).root
    toml = root / "mmed.toml"
    toml.write_text(toml.read_text().replace('protocol = "protocol.yaml"', 'protocol = "mmed"'))
    with pytest.raises(BadInput, match="is not the protocol that this workspace adopted"), Workspace.open(root).write():
        pass


def test_a_protocol_whose_codebook_line_cannot_be_copied_is_said(tmp_path: Path, repository: Path) -> None:
    rules = (repository / "pipelines" / "protocols" / "mmed.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(rules.replace("codebook: mmed", '"codebook": mmed'))
    with pytest.raises(BadInput, match="on a line of its own"):
        Workspace.create(tmp_path / "ws", protocol=str(tmp_path / "rules.yaml"))


def test_a_newer_workspace_names_both_versions(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    path = tmp_path / "mmed.toml"
    path.write_text(path.read_text().replace("version = 1", "version = 7"))
    with pytest.raises(BadInput, match=r"of version 7, this program knows up to version 1"):
        Workspace.open(tmp_path)


def test_a_newer_database_names_both_versions(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    with sqlite3.connect(tmp_path / "mmed.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadInput, match=r"of version 9999, this program knows up to version 0006"):
        Workspace.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1\n", "does not say format"),
        ('format = "mmed-workspace"\n', "has no version number"),
        (TOML + 'recipee = "x"\n', "there is no setting recipee"),
        (TOML + "recipe = 3\n", "must be a name or a path in quotes"),
        (TOML + "recipe = \n", "is not valid TOML"),
        (TOML + 'simulated_seed = "x"\n', "simulated_seed must be a whole number"),
    ],
)
def test_a_mistake_in_mmed_toml_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mmed.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        read_settings(tmp_path / "mmed.toml", {})


def test_every_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "mmed.toml"
    path.write_text(TOML + 'protocol = "mmed"\nrecipe = "lab.yaml"\n')
    settings = read_settings(path, {"MMED_GATE": "strict", "MMED_RECIPE": "", "MMED_PROTOCOL": "lax"})
    assert {name: (one.value, one.origin) for name, one in settings.by_name.items()} == {
        "protocol": ("mmed", Origin.WORKSPACE),  # the rules do not hang on whose shell is open
        "recipe": (str(tmp_path / "lab.yaml"), Origin.WORKSPACE),
        "gate": ("strict", Origin.ENVIRONMENT),
        "benchmark": ("mmed", Origin.PACKAGE),
    }


MOUNTS = """\
/dev/sda / ext4 rw 0 0
server:/lab /mnt/lab nfs4 rw 0 0
/dev/sdb /mnt/lab/fast xfs rw 0 0
//nas/films /mnt/my\\040films cifs rw 0 0
me@host:/data /home/me/far fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/me/ws", None),
        ("/mnt/lab/ws", "nfs4"),
        ("/mnt/lab/fast/ws", None),
        ("/mnt/laboratory/ws", None),
        ("/mnt/my films/ws", "cifs"),
        ("/home/me/far/away/ws", "fuse.sshfs"),
    ],
)
def test_network_filesystems_are_told_by_the_nearest_mount(place: str, kind: str | None) -> None:
    assert network_filesystem(Path(place), MOUNTS) == kind


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """A database that may not grow fails as one on a full disk does (SQLITE_FULL)."""
    Workspace.create(tmp_path)
    with sqlite3.connect(tmp_path / "mmed.sqlite") as raw:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
    workspace = Workspace.open(tmp_path, at_most_pages=pages)
    with pytest.raises(BadInput, match="no room left to write"), workspace.write() as records:
        for number in range(2000):
            records.add_subject(f"S{number}", SIGNED)
    for again in (workspace, Workspace.open(tmp_path)):
        with again.read() as records:
            assert records.subjects() == ()
            assert records.audit().intact
    with Workspace.open(tmp_path).write() as records:
        records.add_subject("S1", SIGNED)


def test_a_database_that_another_program_holds_is_one_sentence(tmp_path: Path) -> None:
    Workspace.create(tmp_path)
    workspace = Workspace.open(tmp_path, wait_s=0.05)
    holder = sqlite3.connect(tmp_path / "mmed.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BadInput, match="another program holds"), workspace.write():
        pass
    with workspace.read() as records:  # readers go on
        assert records.subjects() == ()
    holder.execute("ROLLBACK")
    with workspace.write() as records:
        records.add_subject("S1", SIGNED)


@pytest.mark.parametrize("contents", [b"", b"this is no database at all, not even a little" * 100])
def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, contents: bytes) -> None:
    Workspace.create(tmp_path)
    for path in tmp_path.glob("mmed.sqlite*"):
        path.unlink()
    (tmp_path / "mmed.sqlite").write_bytes(contents)
    with pytest.raises(BadInput):
        Workspace.open(tmp_path)


def test_a_missing_database_is_one_sentence(tmp_path: Path) -> None:
    Workspace.create(tmp_path).close()
    (tmp_path / "mmed.sqlite").unlink()
    with pytest.raises(BadInput, match=r"mmed.sqlite is missing"):
        Workspace.open(tmp_path)
    assert not (tmp_path / "mmed.sqlite").exists()  # looking for it does not make one


def test_what_raises_inside_a_transaction_undoes_all_of_it(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)
    with workspace.read() as records:
        before = records.log()
    with pytest.raises(BadInput, match="registered already"), workspace.write() as records:
        records.add_subject("S2", SIGNED)
        records.add_subject("S2", SIGNED)
    with workspace.read() as records:
        assert [subject.code for subject in records.subjects()] == ["S1"]
        assert records.log() == before


def test_a_reader_sees_one_state_however_long_it_looks(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)
    with workspace.read() as early:
        assert len(early.subjects()) == 1
        with Workspace.open(workspace.root).write() as records:
            records.add_subject("S2", SIGNED)
        assert len(early.subjects()) == 1
    with workspace.read() as late:
        assert len(late.subjects()) == 2

"""Releases of all versions of the format are read: what came later has its default, and digests hold."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from builders.release import a_release, reseal

from mmed_curate.dataset import load, verify
from mmed_curate.dataset.answers import answer_of, answer_text
from mmed_curate.dataset.rows import (
    FORMAT_VERSION,
    ClipRow,
    JudgedClipRow,
    JudgementRow,
    columns_of,
    csv_text,
)
from mmed_curate.domain.findings import BadInput

TABLES: dict[str, type[ClipRow] | type[JudgementRow] | type[JudgedClipRow]] = {
    "clips.csv": ClipRow,
    "judgements.csv": JudgementRow,
    "judged-clips.csv": JudgedClipRow,
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("formats") / "release")


def as_version(release: Path, target: Path, version: int) -> Path:
    """The release as an earlier mmed wrote it: without the columns that came later."""
    folder = Path(shutil.copytree(release, target))
    for name, kind in TABLES.items():
        names = columns_of(kind, version)
        rows = list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
        (folder / name).write_text(table(names, rows), encoding="utf-8")
    if (folder / "clips.parquet").is_file():
        parquet = pq.read_table(folder / "clips.parquet")
        pq.write_table(parquet.select(list(columns_of(ClipRow, version))), folder / "clips.parquet")
    if version < 4:  # no attempts at the gate were told of
        (folder / "attempts.json").unlink()
        gate = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
        gate["rules"] = [rule for rule in gate["rules"] if rule["name"] not in {"fresh-sample", "same-sample"}]
        (folder / "gate.json").write_text(json.dumps(gate), encoding="utf-8")
    document = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    (folder / "release.json").write_text(json.dumps({**document, "version": version}), encoding="utf-8")
    reseal(folder)
    return folder


def table(names: Sequence[str], rows: Sequence[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def test_each_version_added_columns() -> None:
    for kind in TABLES.values():
        assert set(columns_of(kind, 1)) <= set(columns_of(kind, 2)) < set(columns_of(kind, 3))
    assert set(columns_of(JudgedClipRow, 3)) - set(columns_of(JudgedClipRow, 2)) == {
        "origin",
        "screened_again",
        "foil",
        "replaces",
    }


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_all_versions_verify(release: Path, tmp_path: Path, version: int) -> None:
    folder = as_version(release, tmp_path / "old", version)
    header = (folder / "judged-clips.csv").read_text(encoding="utf-8").splitlines()[0]
    assert ("origin" in header) == (version >= 3)
    report = verify(folder)
    assert report.ok, report.differences
    assert any("attempts.json" in word for word in report.attested) == (version >= 4)  # not of a file it does not hold
    old, new = load(folder), load(release)
    assert old.release.judgements_digest == new.release.judgements_digest
    assert old.judgement_rows == new.judgement_rows, "what came later says nothing here"
    assert [row.origin for row in old.judged_clip_rows] == ["candidate"] * len(old.judged_clip_rows)


def test_columns_of_no_version_are_refused(release: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release, tmp_path / "copy"))
    rows = list(csv.DictReader((folder / "clips.csv").read_text(encoding="utf-8").splitlines()))
    names = [name for name in columns_of(ClipRow) if name != "sound_flags"]
    (folder / "clips.csv").write_text(table(names, rows), encoding="utf-8")
    reseal(folder)
    with pytest.raises(BadInput, match=r"clips\.csv has the columns"):
        load(folder)


def test_an_answer_reads_alike_in_all_versions() -> None:
    before = '{"verdict":"accept"}'
    assert answer_text(answer_of("screening", before)) == before
    now = '{"cut_again":"adjust","found":[{"apex":2,"offset":3,"onset":1}],"verdict":"accept"}'
    assert answer_text(answer_of("screening", now)) == now
    assert csv_text(ClipRow, []).rstrip("\n").split(",") == list(columns_of(ClipRow))

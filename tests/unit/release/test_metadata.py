"""What a release tells other tools of itself: Croissant, DataCite, CITATION.cff. Each is read by whom it is for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
import yaml

from mmed_curate.dataset import load
from mmed_curate.dataset.manifest import Mark, read_manifest
from mmed_curate.release.build import Release


def parsed(release: Release, name: str) -> Any:
    return json.loads((release.path / name).read_text(encoding="utf-8"))


def test_mlcroissant_takes_it_without_a_warning(made: Release) -> None:
    issues = mlcroissant.Dataset(str(made.path / "croissant.json")).metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())


@pytest.mark.parametrize("table", ["clips", "judgements", "judged_clips", "subjects"])
def test_mlcroissant_reads_every_record_with_its_types(made: Release, table: str) -> None:
    dataset = load(made.path)
    rows = {"clips": dataset.clip_rows, "judgements": dataset.judgement_rows, "judged_clips": dataset.judged_clip_rows}
    rows["subjects"] = dataset.subject_rows
    records = list(mlcroissant.Dataset(str(made.path / "croissant.json")).records(table))
    assert len(records) == len(rows[table])
    for record, row in zip(records, rows[table], strict=True):
        for name in type(row).__dataclass_fields__:
            told, ours = record[f"{table}/{name}"], getattr(row, name)
            if isinstance(ours, (bool, int)):
                assert (type(told), told) == (type(ours), ours)
            elif isinstance(ours, float):
                assert told == pytest.approx(ours, abs=1e-6)
            elif isinstance(ours, str):
                assert told == ours.encode()
            else:
                assert ours in {None, ()} if told is None else isinstance(told, bytes)


def test_mlcroissant_finds_a_table_that_was_changed(made: Release, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made.path, tmp_path / "copy"))
    table = copy / "clips.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("happiness", "happinoss"), encoding="utf-8")
    with pytest.raises(mlcroissant.GenerationError) as caught:
        list(mlcroissant.Dataset(str(copy / "croissant.json")).records("clips"))
    assert "not identical with the reference" in str(caught.value.__cause__)


@pytest.mark.parametrize("table", ["clips.csv", "judged-clips.csv", "judgements.csv"])
def test_frictionless_finds_nothing_wrong_with_a_table(
    made: Release, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One header, rows of one length, values of one type a column; a row too short is found."""
    frictionless = pytest.importorskip("frictionless", reason="a development package")
    monkeypatch.chdir(made.path)
    assert frictionless.validate(table).valid
    monkeypatch.chdir(tmp_path)
    text = (made.path / table).read_text(encoding="utf-8")
    Path(table).write_text(f"{text}c-000000000000\n", encoding="utf-8")
    assert not frictionless.validate(table).valid


def test_croissant_names_sealed_files_and_no_derived_one(made: Release) -> None:
    sealed = {file.path: file for file in read_manifest(made.path).files}
    for file in parsed(made, "croissant.json")["distribution"]:
        if file["@type"] == "cr:FileObject":
            assert file["sha256"] == sealed[file["contentUrl"]].sha256
            assert sealed[file["contentUrl"]].mark is Mark.CORE
        else:
            assert any(re.fullmatch(file["includes"].replace("*", "[^/]+"), path) for path in sealed)


def test_croissant_says_what_it_is_not_for(made: Release) -> None:
    document = parsed(made, "croissant.json")
    assert any("lie detector" in line for line in document["rai:dataLimitations"])
    assert "Not for: Decisions about people." in document["rai:dataLimitations"]
    assert document["description"].startswith("SIMULATED")


def test_datacite_has_what_a_registration_asks_for_and_invents_no_doi(made: Release) -> None:
    document = parsed(made, "datacite.json")
    # mandatory properties of DataCite Metadata Schema 4.5, chapter 2.1, less the identifier
    assert {"creators", "titles", "publisher", "publicationYear", "types"} <= document.keys()
    assert not {"doi", "identifiers", "identifier"} & document.keys()
    assert document["publicationYear"] == str(made.facts.released_on.year)
    assert document["titles"][0]["title"].startswith("SIMULATED: ")


def test_the_citation_is_a_citation_file(made: Release) -> None:
    document = yaml.safe_load((made.path / "CITATION.cff").read_text(encoding="utf-8"))
    # Citation File Format 1.2.0: required are authors, cff-version, message, title; nothing unknown is allowed
    assert {"authors", "cff-version", "message", "title"} <= document.keys()
    assert document.keys() <= {
        *("abstract", "authors", "cff-version", "contact", "date-released", "keywords", "message", "title", "type"),
        *("url", "version"),
    }
    assert (document["cff-version"], document["type"]) == ("1.2.0", "dataset")
    assert document["version"] == made.facts.version
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", document["date-released"])
    assert all(author["name"] for author in document["authors"])


def test_the_data_card_answers_all_parts_of_a_datasheet(made: Release) -> None:
    text = (made.path / "DATACARD.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    # the seven parts of Gebru et al. 2021; labelling stands apart from preprocessing
    seven = {
        "Motivation",
        "Composition",
        "Collection",
        "Preprocessing",
        "Labels",
        "Uses",
        "Distribution",
        "Maintenance",
    }
    assert {*seven, "Consent", "Limits", "Agreement", "Not a lie detector"} == set(parts)
    assert all(len(part.strip()) > 80 for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:])
    assert "Ethical review: not stated by the lab." in text  # nothing is made up for it


def test_the_numbers_of_the_data_card_are_those_of_the_release(made: Release) -> None:
    text = (made.path / "DATACARD.md").read_text(encoding="utf-8")
    clips = load(made.path).clips
    assert f"Of {len(clips)} clips, {clips.may_be_shown.sum()} may be shown publicly" in text
    assert f"{clips.picture.isna().sum()} have no picture, {clips.sound.isna().sum()} have no sound" in text
    for name, count in clips.emotion_class.value_counts().items():
        assert re.search(rf"\| class of three \| {name} \| .* \| {count} \|", text)
    fixed = parsed(made, "splits.json")["fixed"]
    for side in ("train", "validation", "test"):
        assert f"| {side} | {len(fixed[side]['subjects'])} |" in text

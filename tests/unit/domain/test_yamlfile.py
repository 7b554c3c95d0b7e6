"""A mistake in a lab's YAML file: its line, its key, what is wrong, and what to write instead."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_names, packaged_path
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.ingest.recipe import load_recipe


class Sort(Enum):
    LOUD = "loud"
    QUIET = "quiet"


class Part(Declared):
    place: str
    share: Annotated[float, Field(gt=0, le=1)] = 1.0


class Settings(Declared):
    format: Literal["ours"]
    version: Literal[1]
    name: str
    judges: Annotated[int, Field(ge=2)]
    sort: Sort = Sort.LOUD
    again: bool = False
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    moves: dict[str, tuple[Part, ...]]
    limit: Annotated[float, Field(ge=0)] | None = None


RIGHT = """\
format: ours
version: 1
name: one
judges: 2
sort: quiet
again: true
parts:
  - place: brow
    share: 0.5
moves:
  smile: [{place: mouth}]
limit: null
"""

MISTAKES = {
    "an unknown key": ("sort:", "sorte:", "line 5, key sorte: there is no such key: did you mean sort?"),
    "an unknown key like no other": (
        "sort: quiet",
        "xyz: 1",
        "line 5, key xyz: there is no such key: remove it, or use one of: format, version, name, judges",
    ),
    "an unknown key within a named entry": (
        "{place: mouth}",
        "{place: mouth, shar: 1}",
        "line 11, key moves.smile.0.shar: there is no such key: did you mean share?",
    ),
    "a missing key": ("judges: 2\n", "", "line 1, key judges: this key is missing: add judges: a whole number"),
    "a missing key within": (
        "place: brow\n    share: 0.5",
        "share: 0.5",
        "line 8, key parts.0.place: this key is missing: add place: a text",
    ),
    "a text for a number": (
        "judges: 2",
        "judges: two",
        "line 4, key judges: 'two' is not what is asked for: write a whole",
    ),
    "a part of a number": ("judges: 2", "judges: 2.5", "line 4, key judges: 2.5 is no.* whole number"),
    "a word that YAML takes for a truth": (
        "name: one",
        "name: no",
        "line 3, key name: false is not what is asked for: write a text, in quotes where YAML would read it otherwise",
    ),
    "a number for a truth": (
        "again: true",
        "again: 1",
        "line 6, key again: 1 is not what is asked for: write true or false",
    ),
    "a word for a list": ("  - place: brow\n    share: 0.5", "  brow", "key parts: 'brow' is not .*: write a list"),
    "nothing": ("judges: 2", "judges:", "line 4, key judges: nothing stands there: write a whole number"),
    "too small": ("judges: 2", "judges: 1", "line 4, key judges: 1 is not at least 2: write a number at least 2"),
    "not above": ("share: 0.5", "share: 0", "line 9, key parts.0.share: 0 is not above 0: write a number above 0"),
    "too large": ("share: 0.5", "share: 5", "line 9, key parts.0.share: 5 is not at most 1: write a number at most 1"),
    "too small where nothing may stand": ("limit: null", "limit: -1", "line 12, key limit: -1 is not at least 0"),
    "no number at all": ("share: 0.5", "share: .nan", "line 9, key parts.0.share: .* is no finite number"),
    "too few": ("  - place: brow\n    share: 0.5", "  []", "key parts: 0 of at least 1 entry: write at least 1 entry"),
    "a word of none": (
        "sort: quiet",
        "sort: quite",
        "line 5, key sort: 'quite' is none of loud, quiet: did you mean quiet?",
    ),
    "a word like none": (
        "sort: quiet",
        "sort: 7",
        "line 5, key sort: 7 is none of loud, quiet: write one of loud, quiet",
    ),
    "another format": ("format: ours", "format: theirs", "line 1, key format: 'theirs' is not ours: write ours"),
    "another version": ("version: 1", "version: 3", "line 2, key version: 3 is not 1: write 1"),
    "a key twice": ("again: true", "judges: 3", "line 6, key judges: it stands in line 4 already: keep one of the two"),
    "a key twice within": (
        "    share: 0.5",
        "    share: 0.5\n    place: lid",
        "line 10, key parts.0.place: it stands in line 8 already",
    ),
    "a tab": ("    share: 0.5", "\tshare: 0.5", "line 9 is not valid YAML .*: indent with spaces, not with tabs"),
    "a colon in a text": (
        "name: one",
        "name: one: two",
        "line 3 is not valid YAML .*: put a text that holds a colon in",
    ),
    "an open quote": ("name: one", 'name: "one', "is not valid YAML .*begun in line 3.*: close the quote"),
    "an open bracket": ("[{place: mouth}]", "[{place: mouth}", "is not valid YAML .*: close the bracket"),
    "an odd indentation": ("sort: quiet", " sort: quiet", "line 5 is not valid YAML"),
    "a sign that is none": ("name: one", "name: o\x00ne", "line 3 is not valid YAML .a sign that no text holds"),
    "a day that is none": ("name: one", "name: 2026-13-01", "is not valid YAML .month must be in"),
    "a key that is a day": ("smile:", "2026-01-01:", "is not valid YAML"),
    "a text that holds itself": ("sort: quiet", "sort: &a [*a]", "is not valid YAML"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_with_line_key_and_cure(name: str, tmp_path: Path) -> None:
    right, wrong, said = MISTAKES[name]
    assert RIGHT.count(right) == 1
    path = tmp_path / "ours.yaml"
    path.write_text(RIGHT.replace(right, wrong), encoding="utf-8")
    with pytest.raises(BadInput, match=said) as refused:
        read_yaml(path, Settings)
    sentence = str(refused.value)
    assert sentence.startswith(str(path)) and "\n" not in sentence
    for word in ("Input should", "Extra inputs", "Field required", "Value error", "_type"):
        assert word not in sentence


def test_what_is_right_is_read(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(RIGHT, encoding="utf-8")
    read = read_yaml(tmp_path / "ours.yaml", Settings)
    assert read.sort is Sort.QUIET and read.parts == (Part(place="brow", share=0.5),) and read.limit is None


def test_an_empty_file_and_a_list_are_said(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("# later\n", encoding="utf-8")
    with pytest.raises(BadInput, match="the file is empty: write format, version, name"):
        read_yaml(path, Settings)
    path.write_text("- one\n", encoding="utf-8")
    with pytest.raises(BadInput, match="a list is not what is asked for: write keys with values"):
        read_yaml(path, Settings)


def test_a_merged_key_is_no_doubled_one(tmp_path: Path) -> None:
    text = RIGHT.replace(
        "- place: brow\n    share: 0.5", "- &one {place: brow, share: 0.5}\n  - {<<: *one, place: lid}"
    )
    (tmp_path / "ours.yaml").write_text(text, encoding="utf-8")
    assert [part.place for part in read_yaml(tmp_path / "ours.yaml", Settings).parts] == ["brow", "lid"]


def test_a_recipe_says_its_mistake(tmp_path: Path) -> None:
    assert "mmed" in packaged_names("pipelines", "ingest")
    text = packaged_path("pipelines", "ingest", "mmed.yaml").read_text(encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(text.replace("crf:", "crv:"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"line \d+, key coding\.encoding\.crv: .* did you mean crf\?"):
        load_recipe(str(tmp_path / "ours.yaml"))

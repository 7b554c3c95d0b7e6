"""Every sentence of the window is there in every language, with the same values; no catalogue keeps old ones."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from annotator_gui.keys import SAID
from annotator_gui.language import ENGLISH, Words, languages
from annotator_gui.marks import Mark, Marks, moved
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame

LANGUAGES = [code for code in languages() if code != ENGLISH]
REPOSITORY = Path(__file__).resolve().parents[2]
WINDOW = REPOSITORY / "annotator_gui"

KNOWN_EXPRESSIONS = {
    "mark.value",
    "SAID[command][1]",
    "does",
    "heading",
    "self.speaker.silent_because",
}
"""What is handed to `words(…)` and is no literal: all that it can be is in `beyond_literals`."""
CODES_MADE = {"f'gui.no_{what}'": ("gui.no_picture", "gui.no_sound")}
"""Codes that are put together, by how."""
ALL_OF = (
    *sorted(WINDOW.glob("*.py")),
    REPOSITORY / "mmed_curate/annotation/answers.py",
    REPOSITORY / "mmed_curate/annotation/desk.py",
    REPOSITORY / "mmed_curate/annotation/ticketing.py",
    REPOSITORY / "mmed_curate/store/tickets.py",
    REPOSITORY / "mmed_curate/domain/judgements.py",
)
"""A coder can meet every finding of these."""
MET_TOO = {
    "time.span_order",
    "time.frame_outside",
    "time.no_frames",
    "store.busy",
    "store.cannot_open",
    "store.damaged",
    "store.disk_full",
    "store.io",
    "store.network",
    "store.newer",
    "store.no_database",
    "store.no_secret",
    "store.no_workspace",
    "store.not_writable",
    "store.older",
    "media.breaks_off",
    "media.empty",
    "media.missing",
    "media.no_picture",
    "media.not_media",
    "media.not_readable",
}
"""Of other modules, those that can reach the window."""
SHOWS = {"setText", "setToolTip", "setPlaceholderText", "setWindowTitle", "setAccessibleName", "setStatusTip", "plain"}


def tree_of(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    function = node.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def handed(path: Path) -> Iterator[ast.expr]:
    """Everything that a module hands to `words(…)`, both ways of a choice."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and node.args and called(node) in {"words", "_words"}:
            ways = [node.args[0]]
            while ways:
                way = ways.pop()
                if isinstance(way, ast.IfExp):
                    ways += [way.body, way.orelse]
                else:
                    yield way


def said_in(path: Path) -> Iterator[str]:
    """Every literal sentence that a module hands to `words(…)`."""
    for one in handed(path):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def silent_because(path: Path) -> Iterator[str]:
    """The speaker's constants: why nothing is heard."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def beyond_literals() -> set[str]:
    """What is said through constants, and the words that stand inside findings."""
    inside = {", ", *(mark.value for mark in Mark)} | {
        field.value
        for field in (AnswerField.EVENT_TYPE, AnswerField.EMOTION, AnswerField.BASIS, AnswerField.CONFIDENCE)
    }
    keys = {word for pair in SAID.values() for word in pair}
    return inside | keys | set(silent_because(WINDOW / "speaker.py"))


def sentences(*modules: Path) -> set[str]:
    """Everything that the window says."""
    literal = {one for path in (*sorted(WINDOW.glob("*.py")), *modules) for one in said_in(path)}
    return literal | beyond_literals()


def values(sentence: str) -> list[str]:
    """Names in braces; twice is twice."""
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


@cache
def raised(*paths: Path) -> Mapping[str, list[tuple[str, frozenset[str]]]]:
    """By code: where a finding is made, and the values that it carries."""
    found: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for path in paths:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call):
                continue
            code, carries = _finding(node)
            for one in _codes(code):
                found.setdefault(one, []).append((f"{path.name}:{node.lineno}", carries))
    return found


def _finding(node: ast.Call) -> tuple[ast.expr | None, frozenset[str]]:
    if called(node) == "of" and ast.unparse(node.func) == "BadInput.of":
        return node.args[0], frozenset(word.arg for word in node.keywords if word.arg)
    if called(node) == "Finding":
        given = {word.arg: word.value for word in node.keywords}
        carried = given.get("parameters")
        names = carried.keys if isinstance(carried, ast.Dict) else []
        return given.get("code"), frozenset(str(name.value) for name in names if isinstance(name, ast.Constant))
    return None, frozenset()


def _codes(code: ast.expr | None) -> tuple[str, ...]:
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        return (code.value,)
    if isinstance(code, ast.JoinedStr) and "gui." in ast.unparse(code):
        return CODES_MADE[ast.unparse(code)]  # a new way to make one belongs into the table
    return ()


def everywhere() -> tuple[Path, ...]:
    """All modules that may make a finding which has a translation."""
    return (*sorted(WINDOW.glob("*.py")), *sorted((REPOSITORY / "mmed_curate").rglob("*.py")))


@pytest.fixture(params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> Mapping[str, Mapping[str, object]]:
    """One language's sentences and findings."""
    held: Mapping[str, Mapping[str, object]] = json.loads(
        (WINDOW / "languages" / f"{request.param}.json").read_text(encoding="utf-8")
    )
    return held


def test_chinese_is_there() -> None:
    """Simplified Chinese beside English."""
    assert "zh-Hans" in LANGUAGES


def test_all_sentences_and_no_others(catalogue: Mapping[str, Mapping[str, str]]) -> None:
    """None is missing, none is left over, none is empty."""
    said = sentences()
    assert len(said) > 300, "the sentences are found"
    assert said - set(catalogue["words"]) == set(), "sentences without a translation"
    assert set(catalogue["words"]) - said == set(), "translations of what nobody says"
    assert all(one.strip() for one in catalogue["words"].values())


def test_a_new_sentence_is_missed(catalogue: Mapping[str, Mapping[str, str]], tmp_path: Path) -> None:
    """A module that says something new, in either way of a choice, is found out."""
    planted = tmp_path / "planted.py"
    planted.write_text(
        'def said(self, words, n):\n    self._words("Not heard of yet, {n}", n=n)\n'
        '    return words("This way" if n else "That way")\n',
        encoding="utf-8",
    )
    assert sentences(planted) - set(catalogue["words"]) == {"Not heard of yet, {n}", "This way", "That way"}


def test_nothing_is_said_past_the_catalogue() -> None:
    """What is handed to `words(…)` is a literal or known here; what is shown went through it."""
    unknown = {
        f"{path.name}: {ast.unparse(one)}"
        for path in WINDOW.glob("*.py")
        for one in handed(path)
        if not isinstance(one, ast.Constant) and ast.unparse(one) not in KNOWN_EXPRESSIONS
    }
    assert unknown == set()
    past = {
        f"{path.name}: {ast.unparse(node.args[0])}"
        for path in WINDOW.glob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and node.args and called(node) in SHOWS
        if isinstance(node.args[0], ast.Constant) and re.search(r"[A-Za-z]{2}", str(node.args[0].value))
    }
    assert past == set()


def test_the_same_values_stand_in_both(catalogue: Mapping[str, Mapping[str, str]]) -> None:
    """A translation says the values that the English says, and no others."""
    other = {english: said for english, said in catalogue["words"].items() if set(values(english)) != set(values(said))}
    assert other == {}


def test_every_finding_that_a_coder_meets(catalogue: Mapping[str, Mapping[str, object]]) -> None:
    """All codes of the window and the desk, and those of other rooms that reach it; none that is never raised."""
    met = {code for code in raised(*ALL_OF) if code.split(".")[0] in {"gui", "desk", "judgement"}} | MET_TOO
    assert len(met) > 80, "the codes are found"
    assert met - set(catalogue["findings"]) == set(), "findings without a translation"
    assert set(catalogue["findings"]) - set(raised(*everywhere())) == set(), "translations of what nobody raises"


def test_findings_carry_what_their_translation_says(catalogue: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    """Wherever a finding is made, it has the values; else the coder would read English."""
    lacking = {}
    for code, said in catalogue["findings"].items():
        assert set(said) == {"what", "remedy"} and all(one.strip() for one in said.values()), code
        wanted = {*values(said["what"]), *values(said["remedy"])}
        for where, carries in raised(*everywhere())[code]:
            if wanted - carries:
                lacking[f"{code} at {where}"] = wanted - carries
    assert lacking == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_inside_a_finding_are_translated_too(code: str) -> None:
    """Marks, lists of them and fields; what is no word of ours stays as it is."""
    words = Words(code)
    with pytest.raises(BadInput) as refused:
        moved(Marks(apex=Frame(4)), Mark.ONSET, Frame(7), last=Frame(9))
    said = words.finding(refused.value.finding)
    assert words("onset") in said and "onset" not in said

    def of(finding: str, **carried: str | int) -> str:
        return words.finding(Finding(code=finding, what="what", remedy="do", parameters=carried))

    both = words("apex") + words(", ") + words("offset")
    assert both in of("gui.marks_missing", event=2, marks="apex, offset")
    assert words("basis") in of("gui.not_chosen", event=1, field="basis")
    assert "/a, b/keys.json" in of("gui.keys_file", path="/a, b/keys.json")
    assert of("gui.not_chosen") == "what: do", "English where a value is missing"


def test_a_value_that_a_finding_lacks_is_missed(tmp_path: Path) -> None:
    """The check reads the values off the call, in both ways of making a finding."""
    planted = tmp_path / "planted.py"
    planted.write_text(
        'raise BadInput.of("gui.planted", "x", "y", frame=1)\n'
        'Finding(code="gui.planted", what="x", remedy="y", parameters={"mark": 2})\n',
        encoding="utf-8",
    )
    assert [carries for _, carries in raised(planted)["gui.planted"]] == [{"frame"}, {"mark"}]

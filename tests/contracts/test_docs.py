"""The pages: every verb is explained, every command line in them exists, and they build without a warning."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from annotator_gui.keys import DEFAULTS, SAID
from annotator_gui.keysheet import shown_key
from mmed_curate.cli.main import VERBS, mmed

PAGES = ("README.md", "CONTRIBUTING.md", "docs")
PLAIN = {"sex", "ethnicity", "glasses", "beard"}
"""Options of `subject add` whose name says all."""
FENCE = re.compile(r"^```(?:sh|console)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def reference(repository: Path) -> ModuleType:
    """The writer of the reference pages."""
    spec = importlib.util.spec_from_file_location("reference", repository / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(repository: Path) -> Iterator[Path]:
    """Every page written by hand."""
    for name in PAGES:
        path = repository / name
        yield from (
            [path] if path.is_file() else (page for page in sorted(path.rglob("*.md")) if "_" not in page.parent.name)
        )


def command_lines(page: Path) -> Iterator[list[str]]:
    """The words after `mmed` of each command line in a page's shell blocks."""
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        for line in block["text"].replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words and Path(words[0]).name == "mmed":
                yield words[1:]


def complaint(words: list[str]) -> str | None:
    """What is wrong with a command line, without running it; None: nothing."""
    context = click.Context(mmed, info_name="mmed")
    known = {"--help", "-h", "--version", "--verbose", "-v"}
    command: click.Command = mmed
    rest = list(words)
    while isinstance(command, click.Group):
        below = command.get_command(context, rest[0]) if rest and not rest[0].startswith("-") else None
        if below is None:
            below = command.get_command(context, "run") if command is not mmed else None
            if below is None:
                return None if set(rest) <= known else f"there is no {' '.join(words)}"
        else:
            rest.pop(0)
        command, context = below, click.Context(below, parent=context)
    for parameter in command.params:
        known.update((*parameter.opts, *parameter.secondary_opts))
    strange = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known]
    missing = [
        parameter.opts[0]
        for parameter in command.params
        if parameter.required and isinstance(parameter, click.Option) and not set(parameter.opts) & set(rest)
    ]
    if strange or (missing and "--help" not in rest):
        return f"mmed {' '.join(words)}: unknown {strange}, missing {missing}"
    return None


def test_every_verb_is_explained(reference: ModuleType) -> None:
    page = reference.commands_page()
    for words, command in reference.commands():
        assert f"# mmed {words}\n" in page
        assert command.help or command.short_help, f"mmed {words} says nothing about itself"
    assert {words.partition(" ")[0] for words, _ in reference.commands()} == set(VERBS)


def test_every_option_is_explained(reference: ModuleType) -> None:
    mute = [
        f"mmed {words} {parameter.opts[0]}"
        for words, command in reference.commands()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help and parameter.name not in PLAIN
    ]
    assert not mute


def test_command_lines_in_the_pages_exist(repository: Path) -> None:
    wrong = [
        f"{page.name}: {said}"
        for page in pages(repository)
        for words in command_lines(page)
        if (said := complaint(words)) is not None
    ]
    assert not wrong, "\n".join(wrong)


def test_the_road_is_told_with_real_commands(repository: Path) -> None:
    told = {words[0] for page in pages(repository) for words in command_lines(page) if words}
    assert set(VERBS) <= told, f"no page shows {sorted(set(VERBS) - told)}"


def test_a_command_line_that_does_not_exist_is_noticed() -> None:
    assert complaint(["no-such-verb"]) is not None
    assert complaint(["score", "predictions.csv", "--no-such-option"]) is not None
    assert complaint(["session", "add", "G01"]) is not None
    assert complaint(["score", "predictions.csv", "--json"]) is None


@pytest.mark.slow
def test_the_pages_build_without_a_warning(repository: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("furo") is None:
        pytest.skip("building the pages needs the development tools: make setup")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(tmp_path / "html")],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").is_file()


def test_every_key_of_the_window_is_listed(reference: ModuleType) -> None:
    page = reference.keys_page()
    for command, (heading, does) in SAID.items():
        assert f"### {heading}\n" in page
        assert f"| {does} |" in page
        assert all(f"`{shown_key(key)}`" in page for key in DEFAULTS[command])


def test_pictures_of_the_window_are_small_and_come_in_both_themes(repository: Path) -> None:
    pictures = sorted((repository / "docs" / "pictures" / "window").glob("*.png"))
    dark, light = (
        {path.name.removesuffix(end) for path in pictures if path.name.endswith(end)}
        for end in ("-dark.png", "-light.png")
    )
    assert dark == light
    assert len(dark) + len(light) == len(pictures) > 0
    assert max(path.stat().st_size for path in pictures) < 150_000
    assert sum(path.stat().st_size for path in pictures) < 2_500_000


def test_every_picture_of_the_window_is_shown_somewhere(repository: Path) -> None:
    told = "".join(page.read_text(encoding="utf-8") for page in pages(repository))
    for picture in (repository / "docs" / "pictures" / "window").glob("*-dark.png"):
        assert picture.name in told, f"no page shows {picture.name}"

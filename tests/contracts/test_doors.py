"""Which door opens with which install. Absence is played: a finder hides packages that are installed here.

What a real, empty environment says is tried by `scripts/check_installs.sh`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TypedDict

import pytest

from mmed_curate.cli.main import EXTRA_OF, VERBS

PROGRAM = """
import contextlib, importlib.machinery, io, json, sys

hidden = set(json.loads(sys.argv[1]))

class Hiding:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            return None
        return importlib.machinery.PathFinder.find_spec(name, path, target)

sys.meta_path = [Hiding if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]

from mmed_curate.cli.main import main

said = {}
for line in json.loads(sys.argv[2]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as leaving:
            code = leaving.code
    said[line] = {"code": code, "out": out.getvalue(), "err": err.getvalue()}
said[""] = {"code": 0, "out": " ".join(sorted(sys.modules)), "err": ""}
print(json.dumps(said))
"""

BEYOND_BASE = sorted({*EXTRA_OF, "PyQt6", "mako", "greenlet", "sympy"})
"""What a base install does not bring."""


class Said(TypedDict):
    """What one command line answered."""

    code: int
    out: str
    err: str


def ask(*lines: str, hidden: list[str]) -> dict[str, Said]:
    """Run command lines of `mmed` in a process in which some packages cannot be found."""
    with tempfile.TemporaryDirectory() as state:
        done = _run(lines, hidden, {**os.environ, "XDG_STATE_HOME": state})
    answers: dict[str, Said] = json.loads(done)
    return answers


def _run(lines: tuple[str, ...], hidden: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(hidden), json.dumps(lines)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_every_verb_answers_with_everything_installed() -> None:
    answers = ask(*(f"{verb} --help" for verb in VERBS), hidden=[])
    shut = {verb: answers[f"{verb} --help"]["err"] for verb in VERBS if answers[f"{verb} --help"]["code"] != 0}
    assert not shut


def test_a_base_install_opens_its_doors_and_names_the_extra_at_the_others() -> None:
    answers = ask(*(f"{verb} --help" for verb in VERBS), hidden=BEYOND_BASE)
    for verb, known in VERBS.items():
        answer = answers[f"{verb} --help"]
        if known.needs:
            assert answer["code"] == 2, verb
            assert f"pip install 'mmed-curate[{EXTRA_OF[known.needs[0]]}]'" in answer["err"], verb
        else:
            assert answer["code"] == 0, f"{verb}: {answer['err']}"


@pytest.mark.parametrize("package", ["torch", "cv2", "sqlalchemy"])
def test_an_extra_that_is_missing_alone_is_named_alone(package: str) -> None:
    answers = ask(*(f"{verb} --help" for verb in VERBS), hidden=[package])
    for verb, known in VERBS.items():
        answer = answers[f"{verb} --help"]
        assert answer["code"] == (2 if package in known.needs else 0), f"{verb}: {answer['err']}"


def test_verify_works_without_any_extra() -> None:
    answer = ask("verify no-such-release", hidden=BEYOND_BASE)["verify no-such-release"]
    assert answer["code"] == 2
    assert "no-such-release" in answer["err"]
    assert "pip install" not in answer["err"]


def test_the_list_of_verbs_loads_no_room() -> None:
    loaded = ask("--help", hidden=[])[""]["out"].split()
    assert not {"pandas", "av", "cv2", "torch", "sqlalchemy", "matplotlib", "pyarrow"} & set(loaded)


def test_the_researchers_side_is_light() -> None:
    program = "import sys, mmed_curate.dataset; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"pandas", "av", "cv2", "torch", "sqlalchemy", "PyQt6", "matplotlib"} & set(done.stdout.split())

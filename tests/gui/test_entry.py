"""Where the window cannot open, one sentence says why, and what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from annotator_gui.entry import has_screen

HIDING = """
import sys

class Hiding:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hiding)
from annotator_gui.entry import main
sys.exit(main(["--practice"]))
"""


def test_a_missing_package_is_named_with_its_cure() -> None:
    done = subprocess.run([sys.executable, "-c", HIDING, "PyQt6"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mmed-annotate: it needs PyQt6: pip install 'mmed-curate[gui]'\n"


@pytest.mark.parametrize(
    ("environment", "platform", "there"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_without_a_screen_qt_is_not_even_asked(environment: dict[str, str], platform: str, there: bool) -> None:
    assert has_screen(environment, platform) is there

"""`mmed-annotate` is painted before anything heavy is loaded, and then shows what was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FIRST_PAINT = """
import sys
from annotator_gui import app, shell

class Told(shell.Shell):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(sorted({"numpy", "av", "sqlalchemy", "pydantic"} & set(sys.modules)), flush=True)
        self.painted.connect(lambda: print(type(self.centralWidget()).__name__, flush=True))
        self.painted.connect(self.close)
        self.paintEvent = super().paintEvent

app.Shell = Told
sys.exit(app.main(["--practice", "--config", sys.argv[1]]))
"""


def test_nothing_heavy_is_loaded_before_the_first_paint(tmp_path: Path, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(repository)},
    )
    assert done.stdout.splitlines()[0] == "[]", done.stderr
    assert done.stdout.splitlines()[1] == "DeskPage"
    assert "Traceback" not in done.stderr
    assert done.returncode == 0

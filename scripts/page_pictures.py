"""Makes pictures of the page of a SIMULATED release in a Chromium without a window, light and dark.

    mmed demo --to demo-out
    python scripts/page_pictures.py demo-out/workspace/releases/mmed-0.1.0 docs/pictures/page

The faces are bent pictures of bundled recordings under the MIT licence (demo/recordings/ATTRIBUTION.md); nothing
in them was done or said by anyone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.browser import Browser

WIDTH, HEIGHT = 1180, 860
COLOURS = 256
VIEWS = {
    "clip": "document.getElementById('clip').scrollIntoView({behavior: 'instant'}); true",
    "agreement": "document.getElementById('agreement').scrollIntoView({behavior: 'instant'}); true",
}


def main() -> int:
    """Write two pictures of every view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("to", type=Path)
    chosen = parser.parse_args()
    if not json.loads((chosen.release / "release.json").read_text())["simulated"]:
        parser.error("only of a SIMULATED release: nobody's face belongs into documentation")
    chosen.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, Browser(Path(profile)) as browser:
        for dark in (False, True):
            browser.look(width=WIDTH, height=HEIGHT, dark=dark)
            browser.open((chosen.release / "index.html").resolve().as_uri())
            browser.wait("document.getElementById('stage').dataset.presented")
            browser.value("document.getElementById('to-apex').click()")
            for name, there in VIEWS.items():
                browser.value(there)
                browser.settle(0.4)
                path = chosen.to / f"{name}-{'dark' if dark else 'light'}.png"
                browser.picture(path)
                Image.open(path).convert("RGB").quantize(COLOURS, kmeans=1).save(path, optimize=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

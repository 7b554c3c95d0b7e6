"""How the pages are built: Sphinx, MyST, furo.

Some parts are written from their owners: the verbs, the codebook, the columns of tables, the keys of the window.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from docutils import nodes  # noqa: E402
from reference import codebook_page, columns_page, commands_page, keys_page  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.transforms import SphinxTransform  # noqa: E402

from mmed_curate import __version__  # noqa: E402
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow  # noqa: E402
from mmed_curate.domain.codebook import load_codebook  # noqa: E402

project = "mmed-curate"
author = "The mmed-curate authors"
project_copyright = "The mmed-curate authors"
release = version = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_generated", "pictures"]
nitpicky = True

html_theme = "furo"
html_title = "mmed-curate"
html_static_path: list[str] = []
html_show_sphinx = False

generated = HERE / "_generated"
generated.mkdir(exist_ok=True)
PAGES = {
    "verbs.md": commands_page(),
    "keys.md": keys_page(),
    "codebook.md": codebook_page(load_codebook("mmed")),
    "columns.md": columns_page(
        ("clips.csv", ClipRow), ("judgements.csv", JudgementRow), ("judged-clips.csv", JudgedClipRow)
    ),
}
for name, text in PAGES.items():
    if not (generated / name).is_file() or (generated / name).read_text(encoding="utf-8") != text:
        (generated / name).write_text(text, encoding="utf-8")


class BothThemes(SphinxTransform):
    """A picture named `…-dark.png` is shown on dark pages, and its twin `…-light.png` on light ones."""

    default_priority = 200

    def apply(self, **kwargs: object) -> None:
        """Put each twin beside its picture; furo shows one of them."""
        for picture in list(self.document.findall(nodes.image)):
            dark = str(picture["uri"])
            if not dark.endswith("-dark.png"):
                continue
            light = picture.deepcopy()
            light["uri"] = f"{dark.removesuffix('-dark.png')}-light.png"
            light["classes"] = ["only-light"]
            picture["classes"] = ["only-dark"]
            picture.parent.insert(picture.parent.index(picture) + 1, light)


def setup(app: Sphinx) -> None:
    """Tell Sphinx."""
    app.add_transform(BothThemes)

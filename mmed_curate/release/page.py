"""The page of a release: `index.html` and `page/`, static files that work from disk and ask nobody for anything.

It is made of what the release holds and of nothing else, so that it can also be made later, outside of a release.
Media are shown only where `may_be_shown` says that all who are seen or heard in a clip agreed to that.
"""

from __future__ import annotations

import json
import shlex
from enum import Enum
from pathlib import Path
from typing import Any

from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.released import Dataset
from mmed_curate.domain.files import folder_written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.release.pagedata import columns_of_clips, details, facts_for_script
from mmed_curate.release.pagetold import PageTold, told_of
from mmed_curate.release.pagewhole import SCRIPTS, STYLES, whole_page
from mmed_curate.report.pagestyle import STYLE

INDEX = "index.html"
PAGE = "page"
_ASSETS = Path(__file__).parent / "_page"


class PageMedia(Enum):
    """What the page of a release shows."""

    MEDIA = "media"
    """Picture and sound of clips that may be shown publicly."""
    NO_MEDIA = "no-media"
    """No picture and no sound of anybody."""
    NONE = "none"
    """There is no page."""


def is_of_page(path: str) -> bool:
    """Whether a file of a release belongs to its page."""
    return path == INDEX or path.startswith(f"{PAGE}/")


def write_page(root: Path, to: Path, *, media: bool) -> None:
    """Write the page of a release.

    Args:
        root: the release; its tables are held against its manifest.
        to: folder to write into; must hold no page. With media it must be the release itself, where they lie.
        media: whether pictures and sounds that may be shown are.

    Raises:
        BadInput: the release is not whole, or one of its documents is garbled.
    """
    dataset = read_release(root)
    try:
        told = told_of(dataset)
        _write_assets(to)
        _write_data(dataset, told, to, media=media)
        _write(to / INDEX, whole_page(dataset, told, media=media, inside=to == root))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # documents of a stranger, sealed by the stranger: whatever they hold, it is no failure of ours
        raise BadInput.of(
            "release.page",
            f"no page can be made of {root}: one of its documents is garbled ({type(error).__name__}: {error})",
            f"run `{shlex.join(['mmed', 'verify', str(root)])}`, and ask whoever made it",
        ) from error


def page_outside(root: Path, to: Path) -> None:
    """Make a page without media of a release in a folder of its own; the release stays as it is.

    Args:
        root: the release.
        to: the folder to make.

    Raises:
        BadInput: the folder exists or lies inside the release, or the release is not whole.
    """
    if to.resolve().is_relative_to(root.resolve()):
        raise BadInput.of(
            "release.page_inside",
            f"{to} lies inside the release, which is never changed",
            "choose a folder elsewhere",
        )
    with folder_written_aside(to) as folder:
        write_page(root, folder, media=False)


def _write_assets(to: Path) -> None:
    (to / PAGE / "data").mkdir(parents=True)
    _write(to / PAGE / STYLES[0], STYLE.lstrip("\n"))
    for name in (*STYLES[1:], *SCRIPTS):
        _write(to / PAGE / name, (_ASSETS / name).read_text(encoding="utf-8"))


def _write_data(dataset: Dataset, told: PageTold, to: Path, *, media: bool) -> None:
    data = to / PAGE / "data"
    _write(data / "clips.js", _given("facts", facts_for_script(dataset, told.title)))
    with (data / "clips.js").open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(_given("clips", columns_of_clips(dataset, media=media)))
    for number, clips in enumerate(details(dataset, media=media)):
        _write(data / f"clips-{number:04d}.js", _given("details", number, clips))


def _given(what: str, *values: Any) -> str:
    """A script that hands values over; ASCII, so that no character can end a line or the script."""
    texts = (json.dumps(value, separators=(",", ":"), allow_nan=False) for value in values)
    return f"mmed.give.{what}({','.join(texts)});\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

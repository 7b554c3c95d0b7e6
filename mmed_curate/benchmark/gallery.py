"""The gallery of a run beside a release: clips most often answered wrongly, and where AMF-Net listened, as one page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mmed_curate.benchmark.hardest import HardClip
from mmed_curate.benchmark.listened import attention_name
from mmed_curate.benchmark.report import BenchmarkReport, notice
from mmed_curate.report.markup import Html, element, table
from mmed_curate.report.pagestyle import STYLE

GALLERY = "gallery.html"


def gallery(report: BenchmarkReport, drawn: Sequence[str], *, release: Path, beside: Path) -> str:
    """The page.

    Args:
        report: what was found.
        drawn: clips whose attention was drawn into the same folder.
        release: the release; clips are linked to its page, or to their files where it has none.
        beside: the folder that the page will lie in.
    """
    rows = [
        (_linked(one.clip, release, beside), one.subject, one.truth, answers_in_words(one)) for one in report.hardest
    ]
    pictures = [
        element("figure", element("img", src=attention_name(clip), alt=f"sound and attention of {clip}"))
        for clip in drawn
    ]
    hard = table(
        "Clips wrong more often than not, over all models and seeds",
        ("clip", "subject", "settled as", "answers"),
        rows,
    )
    body = [
        element("p", notice(report.simulated), class_="banner"),
        element("h1", f"{report.release} {report.release_version}: where models go wrong"),
        hard if rows else element("p", "No clip is answered wrongly more often than not."),
        *([element("h2", "Where AMF-Net listened"), *pictures] if pictures else []),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{element('title', f'{report.release} {report.release_version}: gallery')}\n"
        f"<style>{STYLE}img{{max-width:100%}}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def answers_in_words(clip: HardClip) -> str:
    """What was answered, such as `negative 31, surprise 4`."""
    return ", ".join(f"{code} {count}" for code, count in clip.answers)


def _linked(clip: str, release: Path, beside: Path) -> Html:
    there = Path(os.path.relpath(release.resolve(), beside.resolve()))
    if (release / "index.html").is_file():
        return element("a", clip, href=f"{quote((there / 'index.html').as_posix())}#clip={quote(clip)}")
    return element("a", clip, href=quote((there / "media" / clip).as_posix()))

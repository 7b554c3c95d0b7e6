"""A contact sheet: for each clip a row with onset, apex, offset, and what changed from onset to apex.

Drawn by one ffmpeg filter graph. A micro-expression hardly shows in thumbnails, so the difference is amplified.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Span

CELL_PX = 200
"""Side of a thumbnail; a clip's picture is fitted in and centred on black."""
GAIN = 6
"""By how much the difference is amplified (ours: 10 grey levels, a strong edge moved by a pixel, become 60)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One clip and the movement to show of it."""

    clip: Path
    span: Span
    """In frames of the clip."""


def contact_sheet(rows: Sequence[SheetRow], to: Path) -> None:
    """Draw a PNG with one row for each clip: onset, apex, offset, and |apex - onset| amplified, all `CELL_PX` wide.

    Args:
        rows: different clips, from top to bottom.
        to: the picture to write.

    Raises:
        BadInput: there are no rows, a clip comes twice, or one cannot be drawn.
    """
    if not rows or len({row.clip for row in rows}) != len(rows):
        raise BadInput.of("sheet.rows", "a contact sheet needs at least one clip, and each once", "choose other clips")
    strips = [_strip(row) for row in rows]
    drawn = strips[0] if len(strips) == 1 else ffmpeg.filter(strips, "vstack", inputs=len(strips))
    with written_aside(to) as aside:
        try:
            ffmpeg.output(drawn, str(aside), vframes=1, format="image2", vcodec="png").global_args("-nostdin").run(
                cmd=_binary(), overwrite_output=True, capture_stdout=True, capture_stderr=True
            )
        except ffmpeg.Error as error:
            last = (error.stderr or b"").decode(errors="replace").strip().splitlines()[-1:]
            raise BadInput.of(
                "sheet.not_drawn", f"no contact sheet could be drawn ({' '.join(last)})", "check the clips it shows"
            ) from error


def _strip(row: SheetRow) -> ffmpeg.Stream:
    fitted = ffmpeg.input(str(row.clip)).video.filter("scale", CELL_PX, CELL_PX, force_original_aspect_ratio="decrease")
    fitted = fitted.filter("pad", CELL_PX, CELL_PX, "(ow-iw)/2", "(oh-ih)/2").filter("format", "gbrp")
    copies = fitted.filter_multi_output("split", 5)
    marks = (row.span.onset, row.span.apex, row.span.offset, row.span.onset, row.span.apex)
    onset, apex, offset, rest, moved = (
        copies[place].filter("select", f"eq(n,{frame})").filter("setpts", "0") for place, frame in enumerate(marks)
    )
    louder = f"min(val*{GAIN},255)"
    changed = ffmpeg.filter([rest, moved], "blend", all_mode="difference")
    amplified = changed.filter("lutrgb", r=louder, g=louder, b=louder)
    return ffmpeg.filter([onset, apex, offset, amplified], "hstack", inputs=4)


def _binary() -> str:
    """The ffmpeg on the PATH, or the one that imageio-ffmpeg brings."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())

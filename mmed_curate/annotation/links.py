"""Links from the numbers of a page down to clips: gathers which lists and which clips the page must hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mmed_curate.agreement.discussion import Focus
from mmed_curate.annotation.behind import Behind, key_of
from mmed_curate.annotation.topics import clip_words
from mmed_curate.domain.identity import ClipId
from mmed_curate.report.agreementshown import ShownList

LISTED = 8
"""Clips that are listed behind each number, at most: the page of ten thousand clips must still open."""


@dataclass(slots=True, kw_only=True)
class Links:
    """What was asked for so far."""

    behind: Behind
    coded: Collection[ClipId]
    """Clips whose coding has closed: of others there is nothing to show."""
    lists: dict[str, ShownList] = field(default_factory=dict)
    wanted: dict[ClipId, None] = field(default_factory=dict)
    """In the order in which they are first named."""

    def key(self, key: str, title: str) -> str:
        """A key whose list is on the page; empty: nobody differs there."""
        return key if key in self.lists or self.list_of(key, title, self.behind.of(key)) else ""

    def of(self, focus: Focus, title: str) -> str:
        """The same for what a number is about."""
        return self.key(key_of(focus), title[:1].upper() + title[1:])

    def list_of(self, key: str, title: str, clips: Sequence[ClipId]) -> bool:
        """Put a list on the page; False: it would be empty."""
        if not clips:
            return False
        shown, known = clips[:LISTED], self.behind.clips
        self.lists[key] = ShownList(
            key=key,
            title=title,
            clips=tuple((clip, clip_words(known[clip]) if clip in known else "") for clip in shown),
            n_more=len(clips) - len(shown),
        )
        for clip in shown:
            self.want(clip)
        return True

    def want(self, clip: ClipId) -> None:
        """Put a clip on the page, where there is something to show of it."""
        if clip in self.coded:
            self.wanted.setdefault(clip)

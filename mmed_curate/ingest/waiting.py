"""Which clips wait to be cut again: known from records alone, so that `mmed status` needs nothing that decodes."""

from __future__ import annotations

from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Clip
from mmed_curate.store.read import Reader


def waiting_to_be_cut(records: Reader) -> tuple[Clip, ...]:
    """Clips that screeners want cut again and in whose place there is nothing yet; not those of people who left."""
    clips, stages = records.clips(), records.stages()
    done = {clip.replaces for clip in clips}
    waiting = [clip for clip in clips if stages[clip.id] is Stage.REPLACED and clip.id not in done]
    gone = records.gone() if waiting else frozenset()
    return tuple(clip for clip in waiting if clip.id not in gone)

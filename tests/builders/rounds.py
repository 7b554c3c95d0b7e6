"""A workspace whose protocol asks for everything, on a clock that can be put forward."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from builders.workspace import PLAIN, SIGNED, add_clips
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.protocol import ClipOrigin, Role
from mmed_curate.domain.time import Frame
from mmed_curate.store import Workspace

STAFF = {
    "ann": (Role.SCREENER,),
    "bea": (Role.SCREENER, Role.CODER),
    "bob": (Role.CODER,),
    "cem": (Role.CODER, Role.SCREENER),
    "dee": (Role.CODER,),
    "eve": (Role.EXPERT,),
    "fay": (Role.EXPERT, Role.ADJUDICATOR),
}


@dataclass
class Day:
    """A time of day that stands still until it is put forward."""

    at: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def go_on(self, days: float) -> None:
        """Put it forward."""
        self.at += timedelta(days=days)


def all_of_it(*, together: bool) -> str:
    """A protocol of version 2 with every part in use, made from the plain one."""
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2").replace("name: plain", "name: all")
    text = text.replace("  judges: 1  # ours; a share screened twice comes with its own evidence", "  judges: 1")
    text = text.replace("screening:", "screening:\n  again: 0.4\n  watched: 0.2\n  watchers: 2", 1)
    begin, end = text.index("coding:"), text.index("adjudication:")
    coding = """coding:
  judges: 2
  passes:
    - {modality: both, fields: [span, event_type, action_units]}
    - {modality: both, fields: [span, event_type, action_units, emotion, basis, vocal_cues, confidence, note]}
  days_between_passes: 7
  movement_first: true
  foils: 0.25

"""
    text = text[:begin] + coding + text[end:]
    if together:
        text = text.replace("adjudication:", "adjudication:\n  together: true\n  participants: 2", 1)
    return text + "\nrepeats: {share: 0.5, after_days: 14}\ngold: {share: 0.3}\nreturn_after_days: 20\n"


def a_round(root: Path, day: Day, *, together: bool, n_clips: int = 2) -> Workspace:
    """Two subjects in sessions of their own, each with clips of the machine's and one watched stretch."""
    shutil.copytree(_empty(together), root)
    workspace = Workspace.open(root, now=day)
    with workspace.write() as records:
        for number in (1, 2):
            records.add_subject(f"S{number}", SIGNED, simulated=True)
            records.add_session(f"G{number}", [f"S{number}"], simulated=True)
        for code, roles in STAFF.items():
            records.add_coder(code, roles, simulated=True)
    for number in (1, 2):
        ids = add_clips(workspace, n_clips, subject=f"S{number}", session=f"G{number}", recording=f"r{number}.mp4")
        watch(workspace, ids[0])
    return workspace


def watch(workspace: Workspace, beside: ClipId) -> ClipId:
    """Add a stretch without a candidate to the recording of a clip."""
    with workspace.read() as records:
        clip = records.clip(beside)
        assets = records.assets(clip=beside)
    id = ClipId(clip.id[:-4] + "aaaa")
    clock = clip.clock.window(Frame(0), Frame(39)).from_zero()
    watched = replace(
        clip, id=id, candidate=None, origin=ClipOrigin.WATCHED, first=Frame(60), last=Frame(99), clock=clock
    )
    with workspace.write() as records:
        records.add_clips(clip.recording, [watched], [replace(one, clip=id) for one in assets], why="watched")
    return id


def subject_of(workspace: Workspace, code: str) -> SubjectId:
    """By the lab's code."""
    with workspace.read() as records:
        return records.subject(code).id


@cache
def _empty(together: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mmed-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rules = folder / "all.yaml"
    rules.write_text(all_of_it(together=together), encoding="utf-8")
    Workspace.create(folder / "empty", seed=9, protocol=str(rules), now=Day()).close()
    return folder / "empty"

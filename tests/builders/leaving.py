"""A lab that somebody may leave: S1 alone in one game, S2 in a game with S1, S3 in a game of their own."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

from builders.workspace import SIGNED, a_workspace, add_clips, an_answer
from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Asset
from mmed_curate.store import Workspace

NOTE = "the left corner of her mouth, like her aunt Rosalind"
"""What a coder wrote of S1's clip."""
STAYS = "a quick one, brow only"
"""What a coder wrote of S3's clip."""


def a_lab(root: Path) -> tuple[Workspace, dict[str, ClipId]]:
    """The workspace, and the one clip of each subject by code; all are screened and coded by bob, cem has yet to.

    Beside the media lie an observation, notes and a contact sheet of every recording, as ingest leaves them.
    """
    workspace = a_workspace(root, n_clips=0)
    with workspace.write() as records:
        for code in ("S2", "S3"):
            records.add_subject(code, SIGNED, simulated=True, age_band="20-29")
        records.add_session("G2", ["S2", "S1"], simulated=True)
        records.add_session("G3", ["S3"], simulated=True)
    clips = {}
    for code, session in (("S1", "G1"), ("S2", "G2"), ("S3", "G3")):
        (clips[code],) = add_clips(
            workspace, 1, subject=code, session=session, recording=f"{code}.mp4", picture=f"picture of {code} ".encode()
        )
    with workspace.read() as records:
        recordings = [one.id for one in records.recordings()]
    for id in recordings:
        for kept in (f"observed/{id}-abc.npz", f"notes/{id}.json", f"sheets/{id}.html", f"quality/{id}.json"):
            path = workspace.media / kept
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"of {id}", encoding="utf-8")
    assign(workspace, seed=1)
    answer_all(workspace, "ann")
    assign(workspace, seed=1)
    answer_all(workspace, "bob", notes={clips["S1"]: NOTE, clips["S3"]: STAYS})
    return workspace, clips


def answer_all(workspace: Workspace, coder: str, notes: dict[ClipId, str] | None = None) -> None:
    """Answer every ticket of a coder."""
    desk = Desk(workspace, coder)
    while (ticket := desk.next_ticket()) is not None:
        answer = an_answer(ticket.stage, workspace.codebook)
        with workspace.read() as records:
            record = records.ticket(ticket.id)
        assert record is not None
        if isinstance(answer, Coding):
            answer = Coding(events=answer.events, note=(notes or {}).get(record.clip, ""))
        desk.submit(ticket.id, answer)


def on_desk(workspace: Workspace, coder: str, clip: ClipId) -> str:
    """Take tickets until the one of a clip lies on a coder's desk; its id."""
    desk = Desk(workspace, coder)
    while (ticket := desk.next_ticket()) is not None:
        with workspace.read() as records:
            record = records.ticket(ticket.id)
        assert record is not None
        if record.clip == clip:
            return ticket.id
        desk.submit(ticket.id, an_answer(Stage.CODING, workspace.codebook))
    raise AssertionError("the coder never got it")


def its_own(workspace: Workspace, asset: Asset) -> Asset:
    """A copy of a file that tells itself apart from every other clip's, as real ones do."""
    mark = f"{asset.clip} {asset.event}".encode()
    source = workspace.media / asset.path
    target = workspace.media / "release" / asset.clip / f"{asset.event}-{source.name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    if target.suffix == ".npz":
        with zipfile.ZipFile(target, "a") as archive:
            archive.comment = mark
    else:  # a box, or a chunk, that every reader skips
        box = struct.pack(">I", 8 + len(mark)) + b"free" if target.suffix == ".mp4" else b""
        target.write_bytes(target.read_bytes() + box + mark)
    data = target.read_bytes()
    return replace(
        asset,
        path=target.relative_to(workspace.media).as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
    )

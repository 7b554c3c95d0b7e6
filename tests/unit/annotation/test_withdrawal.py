"""Who leaves is gone from queues, desks and files; what is erased is gone for good, and the audit still passes."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from builders.leaving import NOTE, STAYS, a_lab, on_desk
from builders.workspace import SIGNED, add_clips, an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.receipt import receipt_of
from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.domain.conduct import Exclusion, GoldClip, Reference, ReferenceFile
from mmed_curate.domain.context import GameEvent, SelfReport
from mmed_curate.domain.findings import BadInput, MmedError
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import TicketState, Workspace

Lab = tuple[Workspace, dict[str, ClipId]]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return a_lab(tmp_path / "ws")


def findings(workspace: Workspace) -> list[str]:
    with workspace.read() as records:
        return [str(one) for one in records.audit().findings]


def forced(workspace: Workspace, *acts: str) -> None:
    """Do it as somebody would who holds the file."""
    workspace.close()
    connection = sqlite3.connect(workspace.database, isolation_level=None)
    for act in acts:
        assert connection.execute(act).rowcount != 0, act
    connection.close()


def test_tickets_leave_the_queues_and_a_held_one_says_nothing_of_why(lab: Lab) -> None:
    workspace, clips = lab
    held = TicketId(on_desk(workspace, "cem", clips["S1"]))
    desk = Desk(workspace, "cem")
    desk.save_draft(held, "half")
    assert any((workspace.media / "desk").iterdir())
    withdraw(workspace, "S1")
    assert not any((workspace.media / "desk").iterdir())
    answer = an_answer(Stage.CODING, workspace.codebook)
    for act in (
        lambda: desk.ticket(held),
        lambda: desk.save_draft(held, "more"),
        lambda: desk.submit(held, answer),
    ):
        with pytest.raises(MmedError) as refused:
            act()
        said = str(refused.value)
        assert "S1" not in said
        assert not re.search("withdr|left|erase|subject", said)
    assign(workspace, seed=2)
    with workspace.read() as records:
        waiting = records.tickets(states=(TicketState.OPEN, TicketState.HELD))
        assert {ticket.clip for ticket in waiting} <= {clips["S3"]}
        assert records.gone() == {clips["S1"], clips["S2"]}
        assert all(records.is_gone(clip) == (clip in records.gone()) for clip in clips.values())


def test_what_was_answered_cannot_be_looked_at_or_corrected_any_more(lab: Lab) -> None:
    workspace, clips = lab
    withdraw(workspace, "S1")
    with workspace.read() as records:
        bob = records.coder("bob").id
        tickets = {one.clip: one.id for one in records.tickets(coder=bob, states=(TicketState.SUBMITTED,))}
    answer = an_answer(Stage.CODING, workspace.codebook)
    for code in ("S1", "S2"):
        with pytest.raises(MmedError, match="moved on"):
            Desk(workspace, "bob").ticket(tickets[clips[code]])
        with pytest.raises(MmedError, match="moved on"):
            Desk(workspace, "bob").correct(tickets[clips[code]], answer)
    Desk(workspace, "bob").correct(tickets[clips["S3"]], answer)


def test_a_withdrawal_is_never_undone(lab: Lab) -> None:
    workspace, clips = lab
    withdraw(workspace, "S1")
    assert withdraw(workspace, "S1").n_returned == 0
    said = r"subject S1 withdrew, and no .*; a withdrawal is never undone"
    with pytest.raises(BadInput, match=said), workspace.write() as records:
        records.add_consent("S1", SIGNED)
    with pytest.raises(BadInput, match=said), workspace.write() as records:
        records.add_session("G9", ["S3", "S1"])
    for session, subject in (("G1", "S1"), ("G2", "S2")):
        with pytest.raises(BadInput, match=said):
            add_clips(workspace, 1, subject=subject, session=session, recording=f"new {session}")
    gold = GoldClip(clip=clips["S2"], reading=Coding(events=()), why="settled")
    with pytest.raises(BadInput, match="left with a subject"), workspace.write() as records:
        records.add_gold([gold])
    assert findings(workspace) == []


def test_erasing_leaves_nothing_of_them_and_all_of_the_others(lab: Lab) -> None:
    workspace, clips = lab
    gold = GoldClip(clip=clips["S1"], reading=Coding(events=(), note=NOTE), why=NOTE)
    with workspace.write() as records:
        records.add_gold([gold])
        eve = records.coder("eve").id
        records.exclude(Exclusion(coder=eve, subject=records.subject("S1").id, why=NOTE))
    ticket = TicketId(on_desk(workspace, "cem", clips["S1"]))
    Desk(workspace, "cem").save_draft(ticket, NOTE)
    Desk(workspace, "cem").give_back(ticket, because=NOTE)
    assert findings(workspace) == []
    with workspace.read() as records:
        names = {code: {one.recording for one in records.clips() if one.id == clip} for code, clip in clips.items()}
        before = records.judgements(clips["S3"])
        others = records.judgements(clips["S2"])
    done = withdraw(workspace, "S1", erase=True)
    assert findings(workspace) == []
    with workspace.read() as records:
        assert records.judgements(clips["S1"]) == ()
        assert records.judgements(clips["S3"]) == before
        assert records.judgements(clips["S2"]) == others
        assert records.gold() == {}
        assert records.erased() == {clips["S1"]}
        assert not [one for one in records.assets() if one.clip != clips["S3"]]
        assert records.subject("S2").age_band == "20-29"
    left = [path.relative_to(workspace.media).as_posix() for path in workspace.media.rglob("*") if path.is_file()]
    for code in ("S1", "S2"):
        assert not [path for path in left for name in (clips[code], *names[code]) if name in path]
    assert len([path for path in left for name in (clips["S3"], *names["S3"]) if name in path]) == 6
    assert done.erasure is not None
    assert {
        "judgements": 2,
        "gold": 1,
        "drafts": 1,
        "reasons": 1,
        "exclusions": 1,
    }.items() <= done.erasure.counts.items()
    assert len(done.erasure.files or ()) == 12


def test_words_on_their_face_and_on_clips_of_others_in_which_they_are_seen_go_too(lab: Lab) -> None:
    """S1 and S2 sat in one game: whoever gave a clip of S2 back may have named S1."""
    workspace, clips = lab
    (workspace.media / "references").mkdir(exist_ok=True)
    (workspace.media / "references" / "a.png").write_bytes(b"a face at rest")
    with workspace.write() as records:
        clip = records.clip(clips["S1"])
        files = {ReferenceFile.STILL: ("references/a.png", "0" * 64)}
        face = Reference(subject=clip.subject, recording=clip.recording, first=clip.first, last=clip.last, files=files)
        records.put_reference(face, because=NOTE)
    ticket = TicketId(on_desk(workspace, "cem", clips["S2"]))
    Desk(workspace, "cem").give_back(ticket, because=NOTE)
    assert findings(workspace) == []
    withdraw(workspace, "S1", erase=True)
    assert findings(workspace) == []
    assert not (workspace.media / "references" / "a.png").exists()
    workspace.close()
    assert NOTE.encode() not in b"".join(path.read_bytes() for path in workspace.root.glob("mmed.sqlite*"))
    with workspace.write() as records:
        with pytest.raises(BadInput, match="nobody judges them any more"):
            records.exclude(Exclusion(coder=records.coder("eve").id, subject=clip.subject, why=NOTE))
        event = GameEvent(recording=clip.recording, time_s=1.0, what="vote", subject=clip.subject, detail=NOTE)
        with pytest.raises(BadInput, match="nothing of their games is kept any more"):
            records.add_game_events([event])


def test_what_happened_to_them_in_the_game_and_what_they_said_goes_too(lab: Lab) -> None:
    workspace, _ = lab
    with workspace.write() as records:
        of = {code: records.subject(code).id for code in ("S1", "S2")}
        (both,) = (one for one in records.recordings() if one.path.endswith("S2.mp4"))
        for code, subject in of.items():
            told = f"{code} told a long story"
            records.add_game_events(
                [GameEvent(recording=both.id, time_s=1.5, what="bluff", subject=subject, detail=told)]
            )
            records.add_self_reports(
                [SelfReport(recording=both.id, subject=subject, onset_s=1, offset_s=2, emotion="joy", words=told)]
            )
        roles = {"S1": "the liar", "S2": "the judge"}
        records.add_session("G7", ["S1", "S2"], roles=roles, stakes="ten euros")
    assert findings(workspace) == []
    done = withdraw(workspace, "S1", erase=True).erasure
    assert findings(workspace) == []
    assert done is not None
    assert (done.counts["game events"], done.counts["self-reports"]) == (1, 1)
    with workspace.read() as records:
        assert {one.subject for one in records.game_events()} == {of["S2"]}
        assert {one.subject for one in records.self_reports()} == {of["S2"]}
        context = records.session_context(records.session("G7").id)
        assert {player.subject: player.role for player in context.players} == {of["S1"]: None, of["S2"]: "the judge"}
    kept = b"".join(path.read_bytes() for path in workspace.root.glob("mmed.sqlite*"))
    assert [words in kept for words in (b"S1 told", b"the liar", b"S2 told", b"the judge")] == [
        False,
        False,
        True,
        True,
    ]
    forced(
        workspace, "DROP TRIGGER self_report_no_update", "UPDATE self_report SET words = 'never said', emotion = 'x'"
    )
    assert any("self-reports of log entry" in one and "altered" in one for one in findings(workspace))


def test_the_bytes_of_an_erased_note_are_in_no_file_of_the_database(lab: Lab) -> None:
    workspace, _ = lab

    def holds(words: str) -> bool:
        files = [path for path in workspace.root.glob("mmed.sqlite*") if path.is_file()]
        return any(words.encode() in path.read_bytes() for path in files)

    assert holds(NOTE)
    withdraw(workspace, "S1", erase=True)
    assert not holds(NOTE)
    assert holds(STAYS)


def test_a_reader_that_holds_the_database_is_named_and_the_next_run_finishes(lab: Lab) -> None:
    workspace = Workspace.open(lab[0].root, wait_s=0.1)
    reader = sqlite3.connect(workspace.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM log").fetchone()
    with pytest.raises(BadInput, match="another program holds"):
        withdraw(workspace, "S1", erase=True)
    with workspace.read() as records:
        begun = records.erasure(records.subject("S1").id)
    assert begun is not None
    assert not begun.finished
    reader.close()
    done = withdraw(workspace, "S1", erase=True).erasure
    assert done is not None
    assert done.finished


KILLED = """
import os, signal, sys
from pathlib import Path
from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.store import Workspace
def die(done, total):
    if done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
withdraw(Workspace.open(Path(sys.argv[1])), "S1", erase=True, progress=die)
"""


def test_killed_among_the_files_and_run_again_it_comes_to_the_same_end(lab: Lab) -> None:
    workspace, clips = lab
    workspace.close()
    ended = subprocess.run([sys.executable, "-c", KILLED, str(workspace.root), "3"], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert any(clips["S1"] in str(path) or clips["S2"] in str(path) for path in workspace.media.rglob("*"))
    assert findings(workspace) == []
    said = receipt_of(workspace, "S1", ()).erasure
    assert said is not None
    assert not said.finished
    done = withdraw(workspace, "S1", erase=True).erasure
    assert done is not None
    assert done.finished
    assert len(done.files or ()) == 12  # those that were deleted before the kill are still named
    assert withdraw(workspace, "S1", erase=True).erasure == done
    assert findings(workspace) == []


EMPTY = "UPDATE judgement SET answer = '', salt = '' WHERE clip = '{S3}'"
FORGED = "INSERT INTO erasure VALUES ('{S3}', (SELECT max(sequence) FROM log))"


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        pytest.param(["DROP TRIGGER judgement_no_update", EMPTY], "the judgement of log entry", id="emptied by force"),
        pytest.param([FORGED, EMPTY], "no log entry speaks of it", id="an erasure nobody logged"),
        pytest.param(["DROP TRIGGER log_no_delete"], "the guard log_no_delete of the database is gone", id="no guard"),
        pytest.param(
            [
                "DROP TRIGGER gold_no_update",
                "CREATE TRIGGER gold_no_update BEFORE UPDATE ON gold WHEN 0 BEGIN SELECT 1; END",
            ],
            "the guard gold_no_update of the database was altered",
            id="a guard that lets all through",
        ),
        pytest.param(
            ["CREATE TRIGGER quiet AFTER INSERT ON judgement BEGIN UPDATE place SET stage = 'settled'; END"],
            "a trigger quiet, which no version of this program makes",
            id="a trigger of their own",
        ),
        pytest.param(
            ["DROP TRIGGER clip_no_update", "UPDATE clip SET last = last - 1 WHERE id = '{S3}'"],
            "a clip of log entry",
            id="other frames",
        ),
        pytest.param(
            [
                "DROP TRIGGER clip_no_update",
                "UPDATE clip SET subject = (SELECT id FROM subject WHERE code = 'S3') WHERE id = '{S2}'",
            ],
            "a clip of log entry",
            id="another's clip",
        ),
        pytest.param(
            ["DROP TRIGGER withdrawal_no_delete", "DELETE FROM withdrawal"],
            "the withdrawal of subject .* is missing",
            id="a withdrawal undone",
        ),
    ],
)
def test_the_audit_tells_an_erasure_from_a_forgery(lab: Lab, acts: list[str], said: str) -> None:
    workspace, clips = lab
    withdraw(workspace, "S1", erase=True)
    assert findings(workspace) == []
    forced(workspace, *(act.format(**clips) for act in acts))
    assert any(re.search(said, one) for one in findings(workspace)), findings(workspace)


def test_a_forged_erasure_does_not_excuse_an_emptied_judgement(lab: Lab) -> None:
    workspace, clips = lab
    forced(workspace, FORGED.format(**clips), EMPTY.format(**clips))
    assert any(re.search("the judgement of log entry .* was altered", one) for one in findings(workspace))

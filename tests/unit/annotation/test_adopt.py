"""Other rules in the middle of a round: said before it is done, all or nothing, and never what was judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from builders.workspace import PLAIN, STAFF, a_workspace, an_answer, an_event

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.adopt import adopt
from mmed_curate.domain.codebookchange import Change, change_findings
from mmed_curate.domain.conduct import GoldClip
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import TicketState, Workspace


@pytest.fixture
def coded(tmp_path: Path) -> Workspace:
    """Two clips that were screened; the first was coded twice and waits for verification."""
    workspace = a_workspace(tmp_path / "ws", n_clips=2)
    for code in ("ann", "ann", "bob", "cem"):
        assign(workspace, seed=1)
        ticket = Desk(workspace, code).next_ticket()
        assert ticket is not None
        Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook))
    assign(workspace, seed=1)
    return workspace


def rules(folder: Path, codebook: Path, *changes: tuple[str, str], words: tuple[tuple[str, str], ...] = ()) -> str:
    """The plain protocol and the packaged codebook, changed."""
    text, book = PLAIN.read_text(encoding="utf-8"), codebook.read_text(encoding="utf-8")
    for old, new in (("codebook: mmed", "codebook: words.yaml"), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    for old, new in words:
        assert old in book
        book = book.replace(old, new, 1)
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    (folder / "words.yaml").write_text(book, encoding="utf-8")
    return str(folder / "ours.yaml")


@pytest.fixture
def codebook(repository: Path) -> Path:
    return repository / "schema" / "codebooks" / "mmed.yaml"


def test_a_wider_tolerance_holds_from_now_on_and_the_log_says_why(
    coded: Workspace, tmp_path: Path, codebook: Path
) -> None:
    wider = rules(tmp_path, codebook, ("onset: {frames: 2, ms: 50}", "onset: {frames: 4, ms: 100}"))
    done = adopt(coded, wider, because="30 fps only")
    assert (done.codes, done.moved) == ((), {})
    again = Workspace.open(coded.root)
    assert again.protocol.tolerance.onset.frames == 4
    with again.read() as records:
        assert "30 fps only" in records.log("protocol.adopted")[-1].payload
        assert records.audit().intact
        assert again.changed_rules(records) is None


def test_a_rehearsal_changes_nothing(coded: Workspace, tmp_path: Path, codebook: Path) -> None:
    before = sorted(path for path in coded.root.rglob("*") if "sqlite" not in path.name)
    stricter = rules(tmp_path, codebook, ("  judges: 2  # CASME II used", "  judges: 3  # CASME II used"))
    done = adopt(coded, stricter, because="a third coder", rehearse=True)
    assert done.moved == {(Stage.VERIFICATION, Stage.CODING): 1}
    assert sorted(path for path in coded.root.rglob("*") if "sqlite" not in path.name) == before
    assert coded.protocol.coding.judges == 2


def test_a_third_coder_takes_clips_back_to_coding_and_their_tickets_too(
    coded: Workspace, tmp_path: Path, codebook: Path
) -> None:
    stricter = rules(tmp_path, codebook, ("  judges: 2  # CASME II used", "  judges: 3  # CASME II used"))
    done = adopt(coded, stricter, because="a third coder")
    assert done.n_returned == 1
    with coded.read() as records:
        places = sorted((one.stage.value, one.open_seats) for one in records.places().values())
        assert places == [("coding", 1), ("coding", 3)]
        assert not records.tickets(coder=records.coder("eve").id, states=(TicketState.OPEN,))
        assert len(records.judgements()) == 4


def test_a_seat_too_many_goes_back_at_once_and_not_the_one_that_somebody_began(tmp_path: Path, codebook: Path) -> None:
    """First three code a clip, by the new rules two; one has coded it, one is at work, one has not begun."""
    roles = {**STAFF, "fay": STAFF["bob"]}
    workspace = a_workspace(tmp_path / "ws", staff=roles)
    three = ("  judges: 2  # CASME II used", "  judges: 3  # CASME II used")
    adopt(workspace, rules(tmp_path, codebook, three), because="three")
    for code in ("ann", "bob"):
        assign(workspace, seed=1)
        ticket = Desk(workspace, code).next_ticket()
        assert ticket is not None
        Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook))
    held = Desk(workspace, "cem").next_ticket()
    assert held is not None
    assert adopt(workspace, rules(tmp_path, codebook), because="two are enough").n_returned == 1
    assert Desk(workspace, "fay").next_ticket() is None
    Desk(workspace, "cem").submit(held.id, an_answer(held.stage, workspace.codebook))
    with workspace.read() as records:
        assert set(records.stages().values()) == {Stage.VERIFICATION}
        assert records.audit().intact


def test_a_code_that_was_judged_with_cannot_go(coded: Workspace, tmp_path: Path, codebook: Path) -> None:
    words = (("- code: happiness", "- code: joy"), ('version: "1.1"', 'version: "2.0"'))
    with pytest.raises(BadInput, match=r"lacks what was judged with: happiness \(emotions, 2 judgements\)"):
        adopt(coded, rules(tmp_path, codebook, words=words), because="a better word")


def test_a_code_that_only_gold_uses_cannot_go_either(coded: Workspace, tmp_path: Path, codebook: Path) -> None:
    reading = Coding(events=(an_event(coded.codebook, emotion=6),))
    with coded.write() as records:
        clip = records.clips()[0].id
        records.add_gold([GoldClip(clip=clip, reading=reading, why="by hand")])
    words = (("- code: contempt", "- code: scorn"), ('version: "1.1"', 'version: "2.0"'))
    with pytest.raises(BadInput, match=r"lacks what was judged with: contempt \(emotions, 1 judgements\)"):
        adopt(coded, rules(tmp_path, codebook, words=words), because="a better word")


def test_a_changed_meaning_needs_a_new_version_and_names_the_judgements_it_touches(
    coded: Workspace, tmp_path: Path, codebook: Path
) -> None:
    meaning = ("The face reads as pleased or amused, as a held-back smile often does.", "The face smiles.")
    with pytest.raises(BadInput, match=r"changes 1 codes and is still of version 1\.1"):
        adopt(coded, rules(tmp_path, codebook, words=(meaning,)), because="shorter")
    done = adopt(
        coded, rules(tmp_path, codebook, words=(meaning, ('version: "1.1"', 'version: "1.2"'))), because="shorter"
    )
    (change,) = done.codes
    assert (change.code, change.change, change.touched) == ("happiness", Change.MEANING, 2)
    (finding,) = change_findings(done.codes)
    assert "2 judgements were made before" in finding.what
    with coded.read() as records:
        assert {one.codebook_version for one in records.judgements()} == {"1.1"}


def test_what_is_settled_stays_settled(coded: Workspace, tmp_path: Path, codebook: Path) -> None:
    ticket = Desk(coded, "eve").next_ticket()
    assert ticket is not None
    Desk(coded, "eve").submit(ticket.id, an_answer(ticket.stage, coded.codebook))
    stricter = rules(tmp_path, codebook, ("  judges: 2  # CASME II used", "  judges: 3  # CASME II used"))
    with pytest.raises(BadInput, match="is not possible under the new protocol"):
        adopt(coded, stricter, because="a third coder")


@pytest.mark.parametrize("moment", ["keep_rules", "take_up_rules"])
def test_power_that_fails_in_the_middle_leaves_the_old_rules_or_the_new_ones(
    coded: Workspace, tmp_path: Path, codebook: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Before the transaction is through nothing has changed; after it the file is put right when it is opened next."""
    wider = rules(tmp_path, codebook, ("onset: {frames: 2, ms: 50}", "onset: {frames: 4, ms: 100}"))
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, moment, _power_fails_in(getattr(Workspace, moment), moment))
        with pytest.raises(RuntimeError, match="power"):
            adopt(coded, wider, because="30 fps only")
    again = Workspace.open(coded.root)
    through = moment == "take_up_rules"
    assert again.protocol.tolerance.onset.frames == (4 if through else 2)
    assert ("rules/2/" in (coded.root / "mmed.toml").read_text(encoding="utf-8")) is through
    assert again.settings["protocol"] == str(coded.root / ("rules/2/protocol.yaml" if through else "protocol.yaml"))
    with again.write() as records:
        assert records.audit().intact
        assert again.changed_rules(records) is None
    assert adopt(again, wider, because="once more").n_returned == 0


def _power_fails_in(act: Callable[..., object], moment: str) -> Callable[..., object]:
    def cut_off(*args: object, **named: object) -> object:
        if moment == "keep_rules":
            act(*args, **named)
        raise RuntimeError("power")

    return cut_off


def test_rules_that_somebody_named_by_hand_are_not_put_right(coded: Workspace, tmp_path: Path, codebook: Path) -> None:
    adopt(coded, rules(tmp_path, codebook, ("frames: 3, ms: 100", "frames: 4, ms: 120")), because="first")
    toml = coded.root / "mmed.toml"
    by_hand = rules(tmp_path, codebook, ("onset: {frames: 2, ms: 50}", "onset: {frames: 4, ms: 100}"))
    toml.write_text(toml.read_text(encoding="utf-8").replace("rules/2/protocol.yaml", by_hand), encoding="utf-8")
    again = Workspace.open(coded.root)
    with again.read() as records:
        assert again.changed_rules(records) is not None
    with pytest.raises(BadInput, match="mmed protocol adopt"), again.write():
        pass

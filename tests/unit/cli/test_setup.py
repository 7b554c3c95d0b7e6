"""A lab sets itself up: every verb, every door's sentence, and `--json` alone on stdout."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from builders.workspace import PLAIN, a_workspace, an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.cli.main import main
from mmed_curate.domain.records import Term
from mmed_curate.store import Workspace


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs `mmed` and gives exit code, stdout and stderr."""
    monkeypatch.delenv("MMED_WORKSPACE", raising=False)

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, and we stand in it."""
    made = Workspace.create(tmp_path / "ws", seed=1)
    monkeypatch.chdir(made.root)
    return made


CONSENT = ("--consent", "all", "--form-version", "2", "--signed", "2026-01-02")


def test_the_way_from_nothing_to_a_lab(tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("init", str(tmp_path / "ws"))
    assert code == 0
    assert "mmed subject add" in out
    monkeypatch.chdir(tmp_path / "ws" / "media")
    assert run("subject", "add", "S1", *CONSENT, "--age-band", "20-29", "--no-glasses")[0] == 0
    assert run("session", "add", "G1", "--subjects", "S1", "--game", "poker", "--date", "2026-02-01")[0] == 0
    assert run("coder", "add", "C1", "--role", "coder,expert", "--role", "screener")[0] == 0
    with Workspace.open(tmp_path / "ws").read() as records:
        subject, session, coder = records.subject("S1"), records.session("G1"), records.coder("C1")
    assert (subject.consent.terms, subject.glasses, subject.beard) == (
        frozenset(Term) - {Term.SHOW_PUBLICLY},  # a consent of its own: it must be named
        False,
        None,
    )
    assert (session.game, session.subjects) == ("poker", (subject.id,))
    assert {role.value for role in coder.roles} == {"coder", "expert", "screener"}


def test_init_says_simulated_where_a_seed_is_given(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("init", str(tmp_path / "ws"), "--seed", "3", "--json")
    assert (code, json.loads(out)["simulated"]) == (0, True)


BAD = {
    "no consent term": (("subject", "add", "S1", "--consent", "recrod", *CONSENT[2:]), "did you mean record?"),
    "no term at all": (("subject", "add", "S1", "--consent", ",", *CONSENT[2:]), "no consent term is given"),
    "a day of another kind": (("subject", "add", "S1", *CONSENT[:-1], "1.2.2026"), "write it as YYYY-MM-DD"),
    "ends before it begins": (("subject", "add", "S1", *CONSENT, "--expires", "2025-01-01"), "expires before that"),
    "an unknown subject": (("session", "add", "G1", "--subjects", "S7"), 'there is no subject "S7"'),
    "no subject": (("session", "add", "G1", "--subjects", ","), "names no subject"),
    "an unknown role": (("coder", "add", "C1", "--role", "judge"), "there is no role judge"),
    "no role": (("coder", "add", "C1", "--role", ","), "admitted to nothing"),
    "renew of nobody": (("subject", "add", "S1", "--renew", *CONSENT), 'there is no subject "S1"'),
    "renew with more": (("subject", "add", "S1", "--renew", "--sex", "f", *CONSENT), "changes the consent only"),
    "no such table": (("subject", "import", "none.csv"), "none.csv cannot be read"),
    "a second init": (("init", "."), "holds mmed.toml already"),
    "no such protocol": (("protocol", "check", "nobodys"), "choose one of: casme2, mmed, samm"),
    "a missing option": (("subject", "add", "S1"), "--consent"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_exit_2(lab: Workspace, run, name: str) -> None:  # type: ignore[no-untyped-def]
    words, said = BAD[name]
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    with lab.read() as records:
        assert not records.subjects()
        assert not records.coders()


@pytest.mark.parametrize("verb", ["status", "audit", "assign", "upgrade"])
def test_outside_of_a_workspace_every_verb_says_how_to_make_one(
    tmp_path: Path,
    run,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,  # type: ignore[no-untyped-def]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(verb)
    assert code == 2
    assert "run `mmed init DIR`" in err


TABLE = """\
code,consent,form_version,signed_on,expires_on,glasses,language
S1,all,2,2026-01-02,,yes,zh-Hans
S2,record;research,2,2026-01-02,2027-01-01,,
S3,"record, publish-voice",2,2026-01-02,,no,
"""


def test_a_table_of_subjects_is_registered_whole(lab: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    Path("subjects.csv").write_text("\ufeff" + TABLE, encoding="utf-8")  # as spreadsheets write it
    code, out, _ = run("subject", "import", "subjects.csv", "--json")
    assert (code, json.loads(out)) == (0, {"registered": ["S1", "S2", "S3"]})
    with lab.read() as records:
        one, two, three = records.subjects()
    assert (one.glasses, two.glasses, three.glasses) == (True, None, False)
    assert two.consent.terms == {Term.RECORD, Term.RESEARCH}
    assert three.consent.terms == {Term.RECORD, Term.PUBLISH_VOICE}


def test_every_bad_row_is_named_and_none_is_registered(lab: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    rows = TABLE + "S4,recrod,2,2026-01-02,,,\nS1,all,2,2026-01-02,,,\n,all,2,2026-01-02,,,\nS5,all,2,soon,,,\n"
    rows += "S6,all,2,2026-01-02,,maybe,\nS7,all,2,2026-01-02,,,,extra\n"
    Path("subjects.csv").write_text(rows, encoding="utf-8")
    code, _, err = run("subject", "import", "subjects.csv")
    assert code == 2
    for line, said in (
        (5, "recrod is no consent term"),
        (6, "subject S1 is there already"),
        (7, "code is empty"),
        (8, "'soon' is no day"),
        (9, "glasses is 'maybe'"),
        (10, "more cells than the header"),
    ):
        assert f"line {line}: " in err
        assert said in err
    assert "6 of 9 rows" in err
    with lab.read() as records:
        assert records.subjects() == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the column"),
        ("code,consent\nS1,all\n", "lacks the column form_version, signed_on"),
        ("code,consent,form_version,signed_on,shoe\n", "'shoe' that means nothing"),
        ("code,consent,form_version,signed_on\n", "has no rows"),
    ],
)
def test_a_table_of_another_kind_is_one_sentence(lab: Workspace, run, text: str, said: str) -> None:  # type: ignore[no-untyped-def]
    Path("subjects.csv").write_text(text)
    code, _, err = run("subject", "import", "subjects.csv")
    assert code == 2
    assert said in err


def test_a_consent_can_be_renewed(lab: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    run("subject", "add", "S1", *CONSENT)
    code, out, _ = run(
        "subject",
        "add",
        "S1",
        "--renew",
        "--consent",
        "record",
        "--form-version",
        "3",
        "--signed",
        "2026-04-01",
        "--json",
    )
    assert (code, json.loads(out)["consent"]["terms"]) == (0, ["record"])


def test_the_protocol_and_its_codebook_are_checked(tmp_path: Path, run, repository: Path) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("protocol", "check", "mmed", "--json")
    found = json.loads(out)
    assert (code, found["codebook"]) == (0, "mmed 1.1")
    assert [stage["judges"] for stage in found["stages"]] == [1, 2, 1, 1]
    assert run("protocol", "check", "mmed")[0] == 0
    text = (repository / "pipelines" / "protocols" / "mmed.yaml").read_text()
    (tmp_path / "ours.yaml").write_text(text.replace("codebook: mmed", "codebook: words.yaml"))
    code, _, err = run("protocol", "check", str(tmp_path / "ours.yaml"))
    assert code == 2
    assert str(tmp_path / "words.yaml") in err


def test_an_example_of_a_code_is_checked_copied_and_shown(
    tmp_path: Path, run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    book = (repository / "schema" / "codebooks" / "mmed.yaml").read_text(encoding="utf-8")
    named = "- code: au12\n    example: examples/au12.mp4"
    assert "- code: au12\n" in book
    (tmp_path / "words.yaml").write_text(book.replace("- code: au12", named), encoding="utf-8")
    rules = tmp_path / "ours.yaml"
    rules.write_text(PLAIN.read_text(encoding="utf-8").replace("codebook: mmed", "codebook: words.yaml"))
    for words in (("protocol", "check", str(rules)), ("init", str(tmp_path / "lab"), "--protocol", str(rules))):
        code, _, err = run(*words)
        assert (code, "names the example examples/au12.mp4, and there is no such file" in err) == (2, True)
    assert not (tmp_path / "lab" / "mmed.toml").exists()
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "au12.mp4").write_bytes(b"a smile")
    code, out, _ = run("protocol", "check", str(rules))
    assert (code, "1 examples" in out) == (0, True)
    assert run("init", str(tmp_path / "lab"), "--protocol", str(rules), "--seed", "1")[0] == 0
    assert (tmp_path / "lab" / "examples" / "au12.mp4").read_bytes() == b"a smile"
    made = a_workspace(tmp_path / "busy", n_clips=1)
    monkeypatch.chdir(made.root)
    (tmp_path / "words.yaml").write_text((tmp_path / "words.yaml").read_text().replace('"1.1"', '"1.2"'))
    assert run("protocol", "adopt", str(rules), "--because", "what a smile is")[0] == 0
    assert run("assign")[0] == 0
    made = Workspace.open(made.root)
    ticket = Desk(made, "ann").next_ticket()
    assert ticket is not None
    Desk(made, "ann").submit(ticket.id, an_answer(ticket.stage, made.codebook))
    assert run("assign")[0] == 0
    code, out, _ = run("desk", "next", "bob", "-o", "tickets", "--json")
    units = next(one["codes"] for one in json.loads(out)["choices"] if one["of"] == "action_units")
    shown = {one["code"]: one["example"] for one in units}
    assert (shown["au12"], shown["au1"]) == ("../examples/au12.mp4", None)
    folder = Path(json.loads(out)["folder"])
    assert (folder / shown["au12"]).read_bytes() == b"a smile"
    assert "Example: ../examples/au12.mp4" in " ".join((folder / "ticket.txt").read_text().split())


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Two clips; one was screened, and its coding is handed out."""
    made = a_workspace(tmp_path / "busy", n_clips=2)
    assign(made, seed=1)
    ticket = Desk(made, "ann").next_ticket()
    assert ticket is not None
    Desk(made, "ann").submit(ticket.id, an_answer(ticket.stage, made.codebook))
    monkeypatch.chdir(made.root)
    return made


def test_status_counts_what_is_there(busy: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("status", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["simulated"] is True
    (recording,) = found["recordings"]
    assert (recording["subject"], recording["candidates"], recording["clips"]) == ("S1", 2, 2)
    assert recording["length_s"] == pytest.approx(200 / 30)
    assert found["clips"]["screening"] == {"clips": 1, "free_seats": 0}
    assert found["clips"]["coding"] == {"clips": 1, "free_seats": 2}
    tickets = {one["coder"]: (one["waiting"], one["on_desk"], one["submitted"]) for one in found["coders"]}
    assert tickets["ann"] == (1, 0, 1)
    assert tickets["bob"] == (0, 0, 0)
    assert found["settings"]["protocol"] == {"value": str(busy.root / "protocol.yaml"), "from": "mmed.toml"}
    assert found["adopted"] == "plain.yaml"


def test_status_reads_at_a_glance_and_says_simulated(busy: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("status")
    assert code == 0
    assert out.startswith("SIMULATED workspace")
    for word in ("r1.mp4", "0:06.7", "coding", "ann", "seats are free: run `mmed assign`", "package"):
        assert word in out


def test_status_says_who_lacks_a_face_at_rest_and_not_to_assign(busy: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    """What waits for a face at rest is given to nobody, however often one assigns."""
    rules = busy.root.parent / "neutral.yaml"
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2", 1)
    rules.write_text(f"{text}\nneutral_face: true\n", encoding="utf-8")
    assert run("protocol", "adopt", str(rules), "--because", "FACS is scored against neutral")[0] == 0
    assert run("assign")[0] == 2
    code, out, _ = run("status")
    assert code == 0
    assert "1 clip(s) wait for their subject's face at rest" in out
    assert "run `mmed assign`" not in out
    assert json.loads(run("status", "--json")[1])["without_face_at_rest"] == 1


def test_assign_opens_tickets_and_then_none(busy: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("assign", "--json")
    assert (code, json.loads(out)) == (0, {"opened": {"bob": 1, "cem": 1}, "findings": []})
    code, out, _ = run("assign")
    assert (code, out.strip()) == (0, "no new tickets")


def test_assign_ends_with_2_where_clips_wait_for_people(tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(a_workspace(tmp_path / "ws", n_clips=2, staff={}).root)
    code, out, err = run("assign")
    assert code == 2
    assert "2 clips wait at screening for want of 1 more screener" in err
    code, out, _ = run("assign", "--json")
    assert json.loads(out)["findings"][0]["parameters"]["clips"] == 2


def test_audit_ends_with_0_on_a_whole_log_and_1_on_an_altered_one(busy: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("audit")
    assert code == 0
    assert "is whole" in out
    with sqlite3.connect(busy.database) as raw:
        raw.execute("DROP TRIGGER log_no_update")
        raw.execute("UPDATE log SET at = '1999' WHERE sequence = 5")
    code, out, _ = run("audit")
    assert code == 1
    assert "log entry 5" in out
    code, out, _ = run("audit", "--json")
    assert (code, json.loads(out)["intact"]) == (1, False)


def test_upgrade_says_that_there_is_nothing_to_do(lab: Workspace, run) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = run("upgrade")
    assert code == 0
    assert "is up to date" in out

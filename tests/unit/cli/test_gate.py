"""`mmed gate` and `mmed agreement` in a workspace: shut with remedies and exit code 1, open with what comes next."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="a workspace needs the curate extra")

from builders.workspace import CLIP_FRAMES, SIGNED, STAFF, a_workspace, add_clips, an_answer

from mmed_curate.cli.main import main
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.protocol import Modality, Stage
from mmed_curate.domain.records import Asset, AssetKind, Clip, Term
from mmed_curate.domain.time import Frame
from mmed_curate.release.evidence import kinds_of
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store import Workspace, Writer

WAY = (("ann", Stage.SCREENING), ("bob", Stage.CODING), ("cem", Stage.CODING), ("eve", Stage.VERIFICATION))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def judged(records: Writer, workspace: Workspace, clip: ClipId, *, onset: int, emotion: int, upto: int = 4) -> None:
    """Lead a clip along the whole way, or its first steps."""
    for code, stage in WAY[:upto]:
        coder = records.coder(code).id
        ticket = records.open_ticket(clip=clip, coder=coder, stage=stage, round=1)
        later = 1 if code == "cem" else 0
        records.append_judgement(
            ticket=ticket.id,
            clip=clip,
            coder=coder,
            answer=longer(an_answer(stage, workspace.codebook, onset=onset + later, emotion=emotion), onset % 9),
            round=1,
            modality=Modality.BOTH,
            codebook_version=workspace.codebook.version,
            simulated=True,
        )


def longer(answer: Answer, by: int) -> Answer:
    """The same answer with events that end some frames later, so that durations differ."""
    if not isinstance(answer, Coding):
        return answer
    return replace(
        answer,
        events=tuple(
            replace(event, span=replace(event.span, offset=Frame(event.span.offset + by))) for event in answer.events
        ),
    )


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Workspace]:
    """A workspace of six subjects with six clips each, judged by coders who agree, with the files that recut makes."""

    def build(*, left: int = 0, lacks: Term | None = None) -> Workspace:
        workspace = a_workspace(tmp_path / "ws", n_clips=0, staff=STAFF)
        names = [f"S{number}" for number in range(1, 7)]
        with workspace.write() as records:
            for name in names[1:]:
                terms = SIGNED.terms - {lacks} if lacks and name == "S3" else SIGNED.terms
                records.add_subject(name, replace(SIGNED, terms=terms), simulated=True)
                records.add_session(f"G{name}", [name], simulated=True)
        clips = [
            (number, clip)
            for number, name in enumerate(names)
            for clip in add_clips(workspace, 6, name, "G1" if name == "S1" else f"G{name}", f"{name}.mp4")
        ]
        with workspace.write() as records:
            for place, (_, clip) in enumerate(clips):
                judged(
                    records,
                    workspace,
                    clip,
                    onset=10 + place % 20,
                    emotion=place % 3,
                    upto=2 if place < left else 4,
                )
        with workspace.write() as records:
            snapshot = read_snapshot(workspace)
            for clip in snapshot.clips.values():
                records.put_assets(clip.id, cut(workspace, clip, kinds_of(snapshot, clip)))
        monkeypatch.chdir(workspace.root)
        return workspace

    return build


def cut(workspace: Workspace, clip: Clip, kinds: tuple[AssetKind, ...]) -> list[Asset]:
    assets = []
    for kind in kinds:
        contents = f"{clip.id} {kind.value}".encode()
        path = workspace.media / clip.id / kind.value
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(contents)
        assets.append(
            Asset(
                clip=clip.id,
                kind=kind,
                path=f"{clip.id}/{kind.value}",
                sha256=hashlib.sha256(contents).hexdigest(),
                n_bytes=len(contents),
                first=clip.first,
                last=Frame(clip.first + CLIP_FRAMES - 1),
            )
        )
    return assets


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("", "is empty: choose one of mmed, simulation"),
        ("/tmp", "/tmp cannot be read (it is a folder, not a file)"),
        ("none/mine.yaml", "none/mine.yaml cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_policy_is_said_in_words(make, capsys, policy, said):
    make()
    for words in (("gate",), ("release", "create", "1.0.0", "--no-benchmark")):
        code, _, err = run(capsys, *words, "--policy", policy)
        assert code == 2 and said in err


def test_open_for_simulated_content_under_its_own_policy(make, capsys, repository):
    make()
    code, out, err = run(capsys, "gate", "--policy", "simulation", "--on", "2027-01-01")
    assert code == 0, out + err
    assert "SIMULATED" in out.splitlines()[0]
    assert "The gate is open" in out and "mmed release create" in out

    code, out, _ = run(capsys, "gate", "--policy", "simulation", "--on", "2027-01-01", "--json")
    document = json.loads(out)
    assert code == 0 and document["passed"] and document["simulated"]
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    schema = repository / "schema" / "json" / "gate.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)


def test_shut_by_default_for_simulated_content(make, capsys):
    make()
    code, out, _ = run(capsys, "gate", "--on", "2027-01-01", "--json")
    failed = [rule["name"] for rule in json.loads(out)["rules"] if not rule["holds"]]
    assert code == 1
    assert failed == ["coded-units", "subjects", "simulated"]


def test_shut_names_every_rule_that_fails_with_number_bound_and_remedy(make, capsys):
    workspace = make(left=2, lacks=Term.RESEARCH)
    broken = next((workspace.media).rglob("release-picture"))
    broken.write_bytes(b"touched")
    code, out, _ = run(capsys, "gate", "--policy", "simulation", "--on", "2027-01-01")
    assert code == 1
    assert "The gate is closed" in out
    assert "open-clips: 2, needed ≤ 0: finish them: 2 at coding" in out
    assert f"run mmed recut for {broken.parent.name} (picture changed)" in out
    assert "mmed release create" not in out


def test_consent_that_ran_out_is_looked_up_for_the_day(make, capsys):
    make()
    code, out, _ = run(capsys, "gate", "--policy", "simulation", "--on", "2025-12-31", "--json")
    (failed,) = (rule for rule in json.loads(out)["rules"] if not rule["holds"])
    assert code == 1
    assert (failed["name"], failed["number"]) == ("consent", 36)  # signed two days later
    assert "S1 lacks record, redistribute, research" in failed["remedy"]


def test_agreement_of_a_workspace(make, capsys, repository):
    make(left=1)
    code, out, _ = run(capsys, "agreement")
    assert code == 0
    assert "SIMULATED" in out.splitlines()[0]
    assert "35 of 36 judged clips are coded, by 2 coders; 35 events of 6 subjects" in out
    assert "emotion" in out and "1.000" in out and "33 ms" in out  # onsets one frame of 1/30 s apart

    code, out, _ = run(capsys, "agreement", "--json")
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    schema = repository / "schema" / "json" / "agreement.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(json.loads(out))


def test_coders_of_a_workspace_beside_each_other(make, capsys, repository):
    make()
    code, out, _ = run(capsys, "coder", "compare")
    assert code == 0 and "SIMULATED" in out and "1.000" in out and "33 ms" in out
    code, out, _ = run(capsys, "coder", "compare", "--json")
    document = json.loads(out)
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    schema = repository / "schema" / "json" / "coder-compare.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)
    (pair,) = document["pairs"]
    assert (pair["clips"], pair["events"], pair["kappa"]["value"], document["differences"]) == (36, 36, 1.0, [])
    assert {one["coder"] for one in document["coders"]} == {pair["one"], pair["other"]}


def test_where_nobody_has_coded_there_is_nothing_to_compare(make, capsys):
    make(left=36)
    code, out, _ = run(capsys, "coder", "compare")
    assert (code, out.strip()) == (0, "no clip's coding has closed yet")


def test_the_whole_report_is_written_on_request(make, capsys, tmp_path):
    """cem marks onsets one frame late, which is within tolerance: nothing to discuss, and every rule is on the page."""
    make(left=1)
    code, out, err = run(capsys, "agreement", "--json", "--html", str(tmp_path / "agreement.html"))
    assert code == 0 and "it names coders: give it to nobody who still codes" in err
    assert json.loads(out)["n_coded"] == 35
    page = (tmp_path / "agreement.html").read_text(encoding="utf-8")
    assert "35 of 36 judged clips are coded" in page and "Nobody differs on anything." in page
    assert 'id="gate"' not in page

    code, out, _ = run(capsys, "gate", "--on", "2027-01-01", "--html", str(tmp_path / "gate.html"))
    page = (tmp_path / "gate.html").read_text(encoding="utf-8")
    assert code == 1 and "What to discuss" not in out
    assert "The gate is closed:" in page and "verified-by-another" in page


def test_what_to_discuss_names_answers_coders_and_clips(make, capsys):
    """cem calls the event of every sixth clip by the next emotion of the codebook."""
    workspace = make(left=36)
    said = itertools.count()
    emotions = [entry.code for entry in workspace.codebook.emotions[:4]]
    with workspace.write() as records:
        cem = records.coder("cem").id
        for clip in sorted(read_snapshot(workspace).clips.values(), key=lambda one: one.id):
            number = next(said)
            (bobs,) = (one for one in records.judgements(clip.id) if one.stage is Stage.CODING)
            (event,) = bobs.answer.events
            if number % 6 == 0:
                event = replace(event, emotion=emotions[emotions.index(event.emotion) + 1])
            ticket = records.open_ticket(clip=clip.id, coder=cem, stage=Stage.CODING, round=1)
            records.append_judgement(
                ticket=ticket.id,
                clip=clip.id,
                coder=cem,
                answer=replace(bobs.answer, events=(event,)),
                round=1,
                modality=Modality.BOTH,
                codebook_version=workspace.codebook.version,
                simulated=True,
            )
    code, out, _ = run(capsys, "agreement")
    assert code == 0
    told = out[out.index("What to discuss in retraining") :]
    assert "  Most often confused\n    - emotion: " in told
    assert "bob and cem differ in 6 of " in told or "cem and bob differ in 6 of " in told
    assert told.count(": 1 difference in emotion") == 3

    code, out, _ = run(capsys, "gate", "--on", "2027-01-01")
    told = out[out.index("What to discuss in retraining") :]
    assert code == 1 and "  - emotion-alpha: " in told and "; clips " in told


def test_a_page_of_a_table_there_is_none(tmp_path, capsys):
    code, _, err = run(capsys, "agreement", "votes.csv", "--html", str(tmp_path / "page.html"))
    assert code == 2 and "--html shows a workspace, not a table" in err
    code, _, err = run(capsys, "agreement", "votes.csv", "--plot", str(tmp_path / "page.png"))
    assert code == 2 and "--plot shows a workspace, not a table" in err


def test_agreement_is_drawn_on_request(make, capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need the curate extra")
    make(left=1)
    code, out, err = run(capsys, "agreement", "--json", "--plot", str(tmp_path / "agreement.png"))
    assert code == 0 and "agreement.png" in err
    assert json.loads(out)["n_coded"] == 35
    assert (tmp_path / "agreement.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("words", [("gate",), ("release", "create", "1.0.0")])
def test_nobody_at_the_gate_chooses_how_agreement_is_measured(make, capsys, words):
    make()
    for option in ("--settings", "--seed"):
        code, _, err = run(capsys, *words, option, "7")
        assert code == 2 and option in err


def test_no_workspace_and_no_date_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMED_WORKSPACE", raising=False)
    for words, said in (
        (("gate",), "no workspace"),
        (("agreement",), "no workspace"),
        (("gate", "--on", "soon"), "soon is no date"),
    ):
        code, out, err = run(capsys, *words)
        assert code == 2 and out == "" and said in err and err.count("\n") == 1

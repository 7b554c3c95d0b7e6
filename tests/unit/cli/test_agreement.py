"""`mmed agreement TABLE.csv`: published numbers, every option, one sentence for every mistake."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmed_curate.agreement.unitizing import Continuum, alpha_u
from mmed_curate.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


@pytest.fixture
def abstractors(tmp_path: Path) -> Path:
    """Two abstractors' 100 diagnoses, made from the counts [[13, 0, 0], [0, 20, 7], [0, 4, 56]] (Gwet 2014)."""
    counts = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
    pairs = [(a, b) for a, row in enumerate(counts) for b, n in enumerate(row) for _ in range(n)]
    path = tmp_path / "votes.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case", "who", "diagnosis", "ward", "twice"])
        for case, pair in enumerate(pairs):
            for who, value in zip("ab", pair, strict=True):
                writer.writerow([case, who, f"type{value}", case % 10, "1+1"])
    return path


COLUMNS = ("--unit", "case", "--coder", "who", "--value", "diagnosis")


def test_a_table_for_people_says_what_the_number_means(abstractors, capsys):
    code, out, err = run(capsys, "agreement", str(abstractors), *COLUMNS, "--cluster", "ward")
    assert code == 0 and err == ""
    assert "0.797" in out and "type0" in out  # 0.79726 by irrCAC
    assert "is 1 where coders always agree and 0 where they agree as chance would have it" in out
    assert "resample the column ward" in out


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("alpha", 0.79726), ("ac1", 0.84933), ("cohen", 0.79641), ("bp", 0.835), ("percent", 0.89)],
)
def test_json_fits_its_schema(abstractors, capsys, repository, measure, expected):
    code, out, _ = run(capsys, "agreement", str(abstractors), *COLUMNS, "--measure", measure, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["coefficient"]["value"] == pytest.approx(expected, abs=5e-6)
    assert document["coefficient"]["lower"] < expected < document["coefficient"]["upper"]
    check(document, repository)


def test_times_in_json_fit_the_same_schema(tmp_path, capsys, repository):
    path = tmp_path / "times.csv"
    rows = [
        f"{event},{who},{event + late},{event + 5},{event + 9}"
        for event in range(8)
        for who, late in (("a", 0), ("b", 1))
    ]
    path.write_text("\n".join(["event,who,on,ap,off", *rows]) + "\n", encoding="utf-8")
    words = (
        "--unit",
        "event",
        "--coder",
        "who",
        "--measure",
        "times",
        "--onset",
        "on",
        "--apex",
        "ap",
        "--offset",
        "off",
    )
    code, out, _ = run(capsys, "agreement", str(path), *words, "--rate-hz", "25", "--tolerance-ms", "20", "--json")
    document = json.loads(out)
    assert code == 0
    onset, apex, _ = document["times"]["marks"]
    assert (onset["median_ms"], apex["median_ms"]) == (40.0, 0.0)
    assert (onset["within_tolerance"]["value"], apex["within_tolerance"]["value"]) == (0.0, 1.0)
    check(document, repository)
    code, out, _ = run(capsys, "agreement", str(path), *words)
    assert code == 0 and "1000 ms" in out  # without a rate the columns are seconds


def check(document: object, repository: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    path = repository / "schema" / "json" / "table-agreement.schema.json"
    jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(document)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two coders' action units in twelve events: the same but for every third, in which b adds 4; strengths 1 apart."""
    path = tmp_path / "units.csv"
    rows = [
        f"{event},{who},{units},{strength}"
        for event in range(12)
        for who, units, strength in (
            ("a", "1" if event % 2 else "-", "A" if event % 2 else "C"),
            (
                "b",
                ("1" if event % 2 else "-") if event % 3 else ("1+4" if event % 2 else "4"),
                "B" if event % 2 else "C",
            ),
        )
    ]
    path.write_text("\n".join(["event,who,units,strength", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # 8 events alike; {1} beside {1, 4} twice, 2/3 apart; {} beside {4} twice, 1 apart. Sets: {1} 10, {} 10,
        # {1, 4} 2, {4} 2; observed 2 (2 2/3 + 2) / 24; expected by all other pairs, of which 1-14 and 14-4 are 2/3
        (
            ("units", "--measure", "masi"),
            1 - (2 * (4 / 3 + 2) / 24) / (2 * (100 + 2 / 3 * 20 + 20 + 20 + 20 + 2 / 3 * 4) / (24 * 23)),
        ),
        (("units", "--measure", "index"), 2 * 6 / (6 + 10)),
        # ordinal weights of three values: 1, 2/3, 0; six pairs A-B, six pairs C-C; p = 1/4, 1/4, 1/2
        (("strength", "--measure", "ac2", "--order", "A,B,C"), None),
    ],
)
def test_sets_and_scales_of_a_table(faces, capsys, repository, words, expected):
    columns = ("--unit", "event", "--coder", "who", "--value")
    code, out, _ = run(capsys, "agreement", str(faces), *columns, *words, "--json")
    document = json.loads(out)
    if expected is None:
        agreed = (6 + 6 * 2 / 3) / 12
        by_chance = (3 + 2 * (2 / 3 + 2 / 3)) / 6 * (2 * 3 / 16 + 1 / 4)
        expected = (agreed - by_chance) / (1 - by_chance)
    assert code == 0 and document["coefficient"]["value"] == pytest.approx(expected)
    check(document, repository)
    _, out, _ = run(capsys, "agreement", str(faces), *columns, *words)
    assert ("NOT corrected" in " ".join(out.split())) == ("index" in words)


def test_events_of_a_table(tmp_path, capsys, repository):
    """The example of Content Analysis, 2nd ed., p. 254, category c, six times over: in seconds, told in whole ms."""
    path = tmp_path / "events.csv"
    marked = {"i": ((75, 145), (220, 250)), "j": ((70, 150), (205, 225), (250, 270))}
    rows = [f"{clip},{who},{b},{e},300" for clip in range(6) for who, own in marked.items() for b, e in own]
    path.write_text("\n".join(["clip,who,on,off,long", *rows]) + "\n", encoding="utf-8")
    words = ("--unit", "clip", "--coder", "who", "--measure", "events", "--onset", "on", "--offset", "off")
    code, out, _ = run(capsys, "agreement", str(path), *words, "--length", "long", "--json")
    document = json.loads(out)
    ms = tuple(tuple((1000 * b, 1000 * e, "") for b, e in own) for own in marked.values())
    by_hand = alpha_u([Continuum(cluster="", length=300_000, marked=ms)] * 6).point()
    assert code == 0 and document["coefficient"]["value"] == pytest.approx(by_hand)
    check(document, repository)
    by_gamma = ["gamma" if word == "events" else word for word in words]
    code, out, _ = run(capsys, "agreement", str(path), *by_gamma, "--length", "long", "--json")
    assert code == 0 and 0 < json.loads(out)["coefficient"]["value"] < 1
    check(json.loads(out), repository)
    code, out, _ = run(capsys, "agreement", str(path), *words, "--length", "long")
    assert code == 0 and "mark the same events" in " ".join(out.split())
    code, _, err = run(capsys, "agreement", str(path), *words)
    assert code == 2 and "--length" in err
    path.write_text("clip,who,on,off,long\n1,a,5,4,9\n", encoding="utf-8")
    code, _, err = run(capsys, "agreement", str(path), *words, "--length", "long")
    assert code == 2 and "line 2: an event from 5 to 4 overlaps" in err and "which is 9 long" in err


@pytest.mark.parametrize("measure", ["gamma", "events"])
def test_the_recording_of_pygamma_gives_what_the_page_says(material, repository, tmp_path, capsys, measure):
    """One recording is undetermined by the packaged settings, and has a number by settings that ask for one unit."""
    lines = (material / "pygamma" / "AlexPaulSuzan.csv").read_text(encoding="utf-8").split()
    path = tmp_path / "friends.csv"
    rows = [f"one,{line},60" for line in lines]
    path.write_text("\n".join(["recording,who,kind,onset,offset,length", *rows]) + "\n", encoding="utf-8")
    words = ["--unit", "recording", "--coder", "who", "--value", "kind", "--measure", measure]
    words += ["--onset", "onset", "--offset", "offset", "--length", "length", "--json"]
    _, out, _ = run(capsys, "agreement", str(path), *words)
    assert json.loads(out)["coefficient"]["undetermined"].startswith("1 unit was judged")
    own = tmp_path / "one.yaml"
    packaged = (repository / "pipelines" / "agreement" / "mmed.yaml").read_text(encoding="utf-8")
    own.write_text(packaged.replace("min_units: 5", "min_units: 1"), encoding="utf-8")
    _, out, _ = run(capsys, "agreement", str(path), *words, "--settings", str(own))
    found = json.loads(out)["coefficient"]
    page, shown = (repository / "docs" / "agreement.md").read_text(encoding="utf-8"), f"{found['value']:.3f}"[1:]
    assert re.search(rf"^\| {measure}[^|]*\| {shown} \|", page, re.MULTILINE)
    assert found["lower"] is None and "1 cluster is too few" in found["no_interval"]
    if measure == "gamma":
        assert 0.44 <= found["value"] <= 0.47  # test_gamma_alexpaulsuzan of pygamma-agreement


def test_degenerate_data_are_undetermined_and_no_error(tmp_path, capsys):
    path = tmp_path / "same.csv"
    path.write_text("case,who,diagnosis\n" + "".join(f"{n},{w},x\n" for n in range(9) for w in "ab"), encoding="utf-8")
    code, out, _ = run(capsys, "agreement", str(path), *COLUMNS)
    assert code == 0 and "undetermined" in out and "1.000" not in out
    _, out, _ = run(capsys, "agreement", str(path), *COLUMNS, "--json")
    assert json.loads(out)["coefficient"]["value"] is None


def test_the_seed_moves_the_interval_and_not_the_number(abstractors, capsys):
    def found(seed: str) -> dict[str, float]:
        return json.loads(run(capsys, "agreement", str(abstractors), *COLUMNS, "--seed", seed, "--json")[1])[
            "coefficient"
        ]  # type: ignore[no-any-return]

    one, again, other = found("1"), found("1"), found("2")
    assert one == again
    assert one["value"] == other["value"] and one["lower"] != other["lower"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--unit", "case"), "a table needs --unit and --coder"),
        (("--unit", "case", "--coder", "who"), "alpha needs --value"),
        (("--unit", "case", "--coder", "doctor", "--value", "diagnosis"), "has no column doctor"),
        (("--unit", "case", "--coder", "who", "--measure", "times"), "times need --onset, --apex and --offset"),
        ((*COLUMNS, "--measure", "ac1", "--level", "ordinal"), "ac1 is for nominal values"),
        ((*COLUMNS, "--measure", "ac2", "--level", "nominal"), "ac2 is for values on an ordinal scale"),
        (("--unit", "case", "--coder", "who", "--value", "twice", "--measure", "masi"), "line 2: the set 1+1 names a"),
        ((*COLUMNS, "--level", "ordinal"), "is no number, as the ordinal level needs: give --order"),
        ((*COLUMNS, "--settings", "none.yaml"), "none.yaml cannot be read (No such file or directory)"),
        ((*COLUMNS, "--settings", ""), "is empty: choose one of mmed, or give the path of a YAML file"),
        ((*COLUMNS, "--settings", "/tmp"), "/tmp cannot be read (it is a folder, not a file)"),
        ((*COLUMNS, "--measure", "ac2", "--order", "type0,type1,type1"), "--order names type1 twice"),
        ((*COLUMNS, "--order", "type0,type1,type2"), "--order is for ordinal values"),
        ((*COLUMNS, "--measure", "cohen", "--tolerance-ms", "50"), "cohen does not look at --tolerance-ms"),
        ((*COLUMNS, "--measure", "gamma", "--apex", "case"), "gamma does not look at --apex"),
    ],
)
def test_a_mistake_is_one_sentence(abstractors, capsys, words, said):
    code, out, err = run(capsys, "agreement", str(abstractors), *words)
    assert code == 2 and out == ""
    assert said in err and err.count("\n") == 1


@pytest.mark.parametrize("word", ["nan", "NA", "<NA>", "null"])
@pytest.mark.parametrize("more", [(), ("--measure", "masi"), ("--measure", "ac2", "--order", "x,y")])
def test_what_programs_write_for_a_missing_judgement_is_no_value(tmp_path, capsys, word, more):
    """Taken for a value it would count as agreement where two coders said nothing."""
    path = tmp_path / "votes.csv"
    path.write_text(f"case,who,diagnosis\n1,a,x\n1,b,{word}\n", encoding="utf-8")
    code, out, err = run(capsys, "agreement", str(path), *COLUMNS, *more)
    assert code == 2 and out == ""
    assert f"line 3: the value {word} is what programs write where there is none: leave the cell empty" in err


def test_a_value_that_the_order_names_is_one(tmp_path, capsys):
    path = tmp_path / "sure.csv"
    rows = [f"{case},{who},{'NA' if case % 2 else 'sure'}" for case in range(8) for who in "ab"]
    path.write_text("\n".join(["case,who,diagnosis", *rows]) + "\n", encoding="utf-8")
    words = ("--measure", "ac2", "--order", "NA,sure", "--json")
    code, out, _ = run(capsys, "agreement", str(path), *COLUMNS, *words)
    assert code == 0 and json.loads(out)["coefficient"]["value"] == 1.0


def test_columns_without_a_table_are_a_mistake(capsys):
    code, _, err = run(capsys, "agreement", "--unit", "case")
    assert code == 2 and "no table" in err


def test_ordinal_values_take_their_order_from_the_option(tmp_path, capsys):
    path = tmp_path / "sure.csv"
    values = ["low", "low", "low", "mid", "mid", "mid", "mid", "high", "high", "high", "high", "high"]
    rows = [f"{index // 2},{'ab'[index % 2]},{value}" for index, value in enumerate(values)]
    path.write_text("\n".join(["case,who,diagnosis", *rows]) + "\n", encoding="utf-8")
    code, out, _ = run(
        capsys, "agreement", str(path), *COLUMNS, "--level", "ordinal", "--order", "low, mid, high", "--json"
    )
    # by hand: mid-ranks 1.5, 5, 9.5; two pairs lie 3.5 and 4.5 apart: D_o = 2 (12.25 + 20.25) / 12;
    # D_e = 2 (12 x sum n r^2 - (sum n r)^2) / (12 x 11) = 2 (12 x 558 - 72^2) / 132
    assert code == 0
    assert json.loads(out)["coefficient"]["value"] == pytest.approx(1 - (65 / 12) / (2 * (12 * 558 - 72**2) / 132))


def test_a_table_needs_nothing_beyond_the_base_install(abstractors):
    """In a process where matplotlib, scipy, SQLAlchemy, OpenCV, LiteRT and torch cannot be imported."""
    script = (
        "import sys\n"
        "missing = ('matplotlib', 'scipy', 'sqlalchemy', 'cv2', 'ai_edge_litert', 'torch', 'jsonschema')\n"
        "for name in missing: sys.modules[name] = None\n"
        "from mmed_curate.cli.main import main\n"
        f"main(['agreement', {str(abstractors)!r}, *{COLUMNS!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0.797" in done.stdout

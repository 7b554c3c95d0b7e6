"""CREMA-D, real votes of strangers on what actors played: measured by `mmed agreement`, and refused by the gate."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from mmed_curate.cli.main import main
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.measures import Coefficient, Interval, Measure, MeasuredClass
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Term
from mmed_curate.gate.decide import decide
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import load_policy

POLICY = load_policy("mmed")
PERFECT = Coefficient(
    value=1.0,
    interval=Interval(lower=1.0, upper=1.0, confidence=0.95),
    n_units=7442,
    n_judgements=70_000,
    n_clusters=91,
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the gate reads; all but the emotion is perfect, so that the emotion alone decides."""

    measures: Mapping[str, Measure]
    classes: Mapping[str, Mapping[str, MeasuredClass]] = field(
        default_factory=lambda: {
            rule.layer: {"any": MeasuredClass(positives=7442, alpha=PERFECT)} for rule in POLICY.classes
        }
    )
    judgements_digest: str = "0" * 64
    measured_by: Mapping[str, int | float | str] = field(default_factory=lambda: POLICY.agreement)
    n_coders: int = 10
    n_coded: int = 7442


def all_but_emotion_holds(emotion: Coefficient) -> Report:
    return Report(measures={**{rule.measure: PERFECT for rule in POLICY.measures}, "emotion.alpha": emotion})


@pytest.fixture
def evidence() -> Evidence:
    """One clip, settled, verified, agreed to and whole."""
    clip = ClipFacts(
        clip=ClipId("clip"),
        subject=SubjectId("subject"),
        subject_code="P1",
        stage=Stage.SETTLED,
        n_events=1,
        coded_by=frozenset({CoderId("a"), CoderId("b")}),
        adjudicated_by=frozenset(),
        verified_by=CoderId("x"),
        terms=frozenset(Term),
        faults=(),
        simulated=False,
    )
    return Evidence(on=date(2030, 1, 1), judgements_digest="0" * 64, clips=(clip,))


@pytest.fixture(scope="module")
def votes(material: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A table for each pass (1 the voice, 2 the face, 3 both): a row for each vote, clips clustered by actor.

    The source counts votes by clip and emotion and does not say whose they are, so the voters of a clip are numbered.
    """
    source = material / "cremad-votes" / "tabulatedVotes.csv"
    if not source.is_file():
        pytest.skip("the votes of CREMA-D are not among the shared material")
    folder = tmp_path_factory.mktemp("cremad")
    with source.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    paths = {number: folder / f"pass{number}.csv" for number in (1, 2, 3)}
    for number, path in paths.items():
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["clip", "actor", "voter", "emotion"])
            for row in rows:
                if int(row[0]) // 100_000 == number:
                    said = [letter for letter, n in zip("ADFHNS", row[1:7], strict=True) for _ in range(int(n))]
                    writer.writerows([row[7], row[7].split("_")[0], voter, one] for voter, one in enumerate(said))
    return paths


@pytest.mark.parametrize(("number", "alpha"), [(1, 0.2811), (2, 0.4582), (3, 0.4967)])
def test_the_gate_refuses_the_votes_of_crema_d(votes, evidence, capsys, number, alpha):
    """Alphas: by hand, and by the krippendorff package 0.9.0."""
    columns = ("--unit", "clip", "--coder", "voter", "--value", "emotion", "--cluster", "actor")
    with pytest.raises(SystemExit) as ended:
        main(["agreement", str(votes[number]), *columns, "--json"])
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)["coefficient"]
    assert found["value"] == pytest.approx(alpha, abs=5e-5)
    assert found["n_clusters"] == 91  # actors
    emotion = Coefficient(
        value=found["value"],
        interval=Interval(lower=found["lower"], upper=found["upper"], confidence=found["confidence"]),
        n_units=found["n_units"],
        n_judgements=found["n_judgements"],
        n_clusters=found["n_clusters"],
    )
    decision = decide(all_but_emotion_holds(emotion), evidence, POLICY)
    assert decision.passed is None
    (failed,) = decision.failed
    assert failed.name == "emotion-alpha" and failed.number == found["lower"] < alpha
    assert "more clips alone will not help" in failed.remedy


def test_with_better_votes_nothing_else_would_keep_it_shut(evidence):
    assert decide(all_but_emotion_holds(PERFECT), evidence, POLICY).passed is not None

"""The stages hold together, and the packaged protocol is the one that is documented."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import STAGE_OF_ANSWER
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.protocol import (
    JUDGED,
    MAY_NOT_HAVE_JUDGED,
    NEXT,
    ROLE_FOR,
    AnswerField,
    Role,
    Stage,
    Tolerance,
    codebook_of,
    load_protocol,
)
from mmed_curate.domain.time import Frame, FrameClock


def test_every_stage_has_its_moves_role_and_answer() -> None:
    assert set(NEXT) == set(Stage)
    assert set(ROLE_FOR) == set(MAY_NOT_HAVE_JUDGED) == set(JUDGED) == set(STAGE_OF_ANSWER.values())
    assert set(ROLE_FOR.values()) == set(Role)


def test_from_every_stage_an_end_can_be_reached() -> None:
    ends = {stage for stage in Stage if not NEXT[stage]}
    reached = set(ends)
    while grown := {stage for stage in Stage if NEXT[stage] & reached} - reached:
        reached |= grown
    assert reached == set(Stage)
    assert ends == {Stage.SETTLED, Stage.REJECTED, Stage.REPLACED}


def test_the_packaged_protocol_is_ours_and_says_so() -> None:
    protocol = load_protocol("mmed")
    assert "our reading" in protocol.title
    assert [protocol.rules(stage).judges for stage in JUDGED] == [1, 2, 1, 1]
    assert (protocol.tolerance.onset.frames, protocol.tolerance.onset.ms) == (2, 50)
    assert (protocol.tolerance.apex.frames, protocol.tolerance.apex.ms) == (2, 50)
    assert (protocol.tolerance.offset.frames, protocol.tolerance.offset.ms) == (3, 100)
    assert protocol.match_iou == 0.5
    assert set(protocol.must_agree) == {AnswerField.SPAN, AnswerField.EVENT_TYPE, AnswerField.EMOTION}
    fields = protocol.coding.fields
    assert fields.index(AnswerField.ACTION_UNITS) < fields.index(AnswerField.EMOTION)
    assert codebook_of(protocol, "mmed").name == "mmed"


def test_nobody_judges_at_an_end() -> None:
    with pytest.raises(KeyError):
        load_protocol("mmed").rules(Stage.SETTLED)


@pytest.mark.parametrize(
    ("rate_hz", "apart", "holds"),
    [
        (200, 10, True),  # 50 ms: the larger bound at 200 frames a second
        (200, 11, False),
        (30, 2, True),  # 67 ms, but two frames
        (30, 3, False),
    ],
)
def test_of_two_bounds_the_larger_counts(rate_hz: int, apart: int, holds: bool) -> None:
    clock = FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, rate_hz))
    tolerance = Tolerance(frames=2, ms=50)
    assert tolerance.holds(Frame(20), Frame(20 + apart), clock) is holds
    assert tolerance.holds(Frame(20 + apart), Frame(20), clock) is holds


MISTAKES = {
    "a single coder": (
        "judges: 2",
        "judges: 1",
        "key coding.judges: 1 is not at least 2: one coder agrees with nobody",
    ),
    "nobody screens": (
        "judges: 1\n  modality: both\n  again",
        "judges: 0\n  modality: both\n  again",
        "key screening.judges",
    ),
    "a share above one": ("foils: 0.1", "foils: 10", "key coding.foils"),
    "emotion before movement": (
        "[span, event_type, action_units, emotion, basis, vocal_cues, confidence, note]",
        "[span, event_type, emotion, action_units, basis, vocal_cues, confidence, note]",
        "key coding.movement_first: action_units must stand before emotion",
    ),
    "a discussion without enough coders": (
        "  judges: 1\n  modality: both\n  fields: [span, event_type, action_units, emotion, basis, vocal_cues, note]",
        "  judges: 1\n  modality: both\n  together: true\n  participants: 3\n  fields: [span]",
        "key adjudication.participants: .* coding has 2 judges",
    ),
    "nothing to qualify by": (
        "event_free: 10",
        "event_free: 50",
        "key qualification.event_free: event_free must be below clips",
    ),
    "agreement on what is not asked": (
        "must_agree: [span, event_type, emotion]",
        "must_agree: [span, confidence, basis, note]\nmatch: 1",
        "did you mean match_iou",
    ),
    "two who adjudicate": (
        "  judges: 1\n  modality: both\n  fields: [span, event_type, action_units, emotion, basis, vocal_cues, note]",
        "  judges: 2\n  modality: both\n  fields: [span, event_type, action_units, emotion, basis, vocal_cues, note]",
        "key adjudication.judges: adjudication is one person's word, so 2 is too many: write 1",
    ),
    "agreement on what nobody says": (
        "must_agree: [span, event_type, emotion]",
        "must_agree: [span, participants]",
        "key must_agree",
    ),
    "an unknown field": ("[span, event_type, emotion]", "[span, mood]", "key must_agree.1"),
    "a misspelt key": ("tolerance:", "tolerances:", "did you mean tolerance"),
    "a text for a number": ("match_iou: 0.5", 'match_iou: "half"', "key match_iou"),
    "an overlap beyond 1": ("match_iou: 0.5", "match_iou: 1.5", "key match_iou"),
    "broken YAML": ("coding:  #", "coding:  [#", "not valid YAML"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_line_and_key(tmp_path: Path, name: str) -> None:
    right, wrong, said = MISTAKES[name]
    text = packaged_path("pipelines", "protocols", "mmed.yaml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "ours.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=said) as refused:
        load_protocol(str(tmp_path / "ours.yaml"))
    assert "ours.yaml, line " in str(refused.value)
    assert "ours.yaml, line 1," not in str(refused.value), "the line of the mistake, not the file's first"


def test_the_line_is_the_line_of_the_mistake(tmp_path: Path) -> None:
    text = packaged_path("pipelines", "protocols", "mmed.yaml").read_text(encoding="utf-8")
    wrong = text.replace("match_iou: 0.5", "match_iou: 1.5")
    (tmp_path / "ours.yaml").write_text(wrong, encoding="utf-8")
    line = next(number for number, line in enumerate(wrong.splitlines(), 1) if line.startswith("match_iou"))
    with pytest.raises(BadInput, match=f"line {line}, key match_iou"):
        load_protocol(str(tmp_path / "ours.yaml"))


@pytest.mark.parametrize("contents", [b"", b"- a list", b"\xff\xfe not text"])
def test_a_file_that_is_no_protocol_is_one_sentence(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "ours.yaml").write_bytes(contents)
    with pytest.raises(BadInput):
        load_protocol(str(tmp_path / "ours.yaml"))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_protocol(str(tmp_path / "none.yaml"))


CODING = """coding:
  judges: 2
  movement_first: true
  passes:
    - {modality: picture, fields: [FIRST]}
    - {modality: both, fields: [LAST]}

"""


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("span, event_type, action_units", "span, event_type, emotion, basis", "must ask again for action_units"),
        (
            "span, event_type, emotion, basis",
            "span, event_type, action_units, emotion, basis",
            "action_units must stand before emotion",
        ),
    ],
)
def test_of_several_passes_the_last_says_all_and_movement_comes_first(
    tmp_path: Path, first: str, last: str, said: str
) -> None:
    text = packaged_path("pipelines", "protocols", "mmed.yaml").read_text(encoding="utf-8")
    begin, end = text.index("coding:"), text.index("adjudication:")
    coding = CODING.replace("FIRST", first).replace("LAST", last)
    (tmp_path / "ours.yaml").write_text(text[:begin] + coding + text[end:], encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load_protocol(str(tmp_path / "ours.yaml"))

"""Records that cannot exist in a wrong state, ids that say nothing, JSON that comes back the same."""

from __future__ import annotations

import json
import pickle
import uuid
from dataclasses import FrozenInstanceError
from datetime import date
from fractions import Fraction

import pytest

from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import derived_uuid
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    CodedEvent,
    Coding,
    Intensity,
    Screening,
    ScreeningVerdict,
    Side,
    Verification,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.records import Box, Consent, Term
from mmed_curate.domain.serial import from_json, to_json
from mmed_curate.domain.time import Frame, FrameClock, Span

SECRET = b"0123456789abcdef"


def an_event(onset: int = 10, offset: int = 20, **changes: object) -> CodedEvent:
    fields: dict[str, object] = {
        "span": Span(onset=Frame(onset), apex=Frame(onset), offset=Frame(offset)),
        "event_type": "t",
        "emotion": "e",
        "basis": "b",
    }
    return CodedEvent(**{**fields, **changes})  # type: ignore[arg-type]


def test_consent_covers_what_was_agreed_to_from_the_day_of_signing_to_the_last_day() -> None:
    consent = Consent(
        terms=frozenset({Term.RESEARCH}),
        form_version="1",
        signed_on=date(2026, 1, 2),
        expires_on=date(2026, 3, 4),
    )
    days = {date(2026, 1, 1): False, date(2026, 1, 2): True, date(2026, 3, 4): True, date(2026, 3, 5): False}
    assert {day: consent.covers(Term.RESEARCH, day) for day in days} == days
    assert not consent.covers(Term.PUBLISH_FACE, date(2026, 2, 1))


def test_a_consent_that_ends_before_it_begins_cannot_exist() -> None:
    with pytest.raises(BadInput, match="expires before that"):
        Consent(terms=frozenset(), form_version="1", signed_on=date(2026, 1, 2), expires_on=date(2026, 1, 1))


def test_an_id_is_a_uuid_that_hangs_on_the_secret_and_on_every_part() -> None:
    made = derived_uuid(SECRET, "clip", "a", "b")
    assert uuid.UUID(made).version == 8
    assert made == derived_uuid(SECRET, "clip", "a", "b")
    assert len({made, derived_uuid(b"f" * 16, "clip", "a", "b"), derived_uuid(SECRET, "clip", "ab", "")}) == 3


def test_a_box_holds_something() -> None:
    assert (Box(left=1, top=2, right=11, bottom=22).width, Box(left=1, top=2, right=11, bottom=22).height) == (10, 20)
    with pytest.raises(BadInput):
        Box(left=5, top=0, right=5, bottom=9)


def test_refusing_answers_need_a_reason() -> None:
    for make in (
        lambda: Screening(verdict=ScreeningVerdict.REJECT, reason=" "),
        lambda: Verification(verdict=VerificationVerdict.SEND_BACK),
        lambda: Verification(verdict=VerificationVerdict.REJECT),
        lambda: Adjudication(events=(), reason=""),
    ):
        with pytest.raises(BadInput, match="reason"):
            make()


def test_one_coder_cannot_mark_one_event_twice() -> None:
    """10..20 and 10..30: eleven frames in common of twenty-one, more than half."""
    with pytest.raises(BadInput, match="overlap by half"):
        Coding(events=(an_event(10, 20), an_event(10, 30)))
    assert len(Coding(events=(an_event(10, 20), an_event(21, 30))).events) == 2


def test_an_action_unit_is_scored_once_on_each_side() -> None:
    left, right = (ActionUnitMark(code="u", side=side) for side in (Side.LEFT, Side.RIGHT))
    assert len(an_event(action_units=(left, right)).action_units) == 2
    with pytest.raises(BadInput, match="twice on one side"):
        an_event(action_units=(left, left))


def test_a_cue_ends_after_it_begins() -> None:
    with pytest.raises(BadInput, match="needs 0 <= onset <= offset"):
        VocalCueMark(code="c", onset=Frame(5), offset=Frame(4), owner="o")


def test_a_record_comes_back_from_json_as_it_was() -> None:
    answer = Coding(
        events=(
            an_event(
                action_units=(ActionUnitMark(code="u", side=Side.LEFT, intensity=Intensity.C),),
                vocal_cues=(VocalCueMark(code="c", onset=Frame(1), offset=Frame(2), owner="o"),),
                confidence="high",
            ),
        ),
        note="« a note »",
    )
    assert from_json(Coding, json.loads(json.dumps(to_json(answer)))) == answer
    clock = FrameClock(pts=(0, 7), end_pts=11, time_base=Fraction(1001, 30000))
    assert from_json(FrameClock, json.loads(json.dumps(to_json(clock)))) == clock


def test_json_that_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="does not fit Span"):
        from_json(Span, {"onset": 1})
    with pytest.raises(BadInput):
        from_json(Span, {"onset": 3, "apex": 2, "offset": 1})


def test_records_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        an_event().emotion = "other"  # type: ignore[misc]


def test_a_finding_is_a_sentence_and_an_error_travels_between_processes() -> None:
    error = BadInput.of("a.b", "it is too short (3 cm)", "make it longer", length_cm=3)
    assert str(error) == "it is too short (3 cm): make it longer"
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  # as a process pool does
    assert (type(back), str(back), back.exit_code) == (BadInput, str(error), 2)
    assert dict(back.finding.parameters) == {"length_cm": 3}
    refused = Refused(Finding(code="c", what="w", remedy="r"), reasons=(error.finding,))
    assert refused.exit_code == 1

"""Why a clip reads so: each action unit and cue rests on those who marked it, not on all who saw the event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmed_curate.agreement.explain import explain
from mmed_curate.agreement.settle import course
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, VocalCueMark
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.time import Frame, FrameClock


def test_each_unit_and_each_cue_rests_on_who_marked_it(
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
    an_event: Callable[..., CodedEvent],
    log: Any,
) -> None:
    """Of three coders, numbers 2 to 4: all score au1, the first two au2, the last two hear a sigh; au4 falls."""
    three = protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": 3})})
    one, two, four = (ActionUnitMark(code=code) for code in ("au1", "au2", "au4"))
    sigh = VocalCueMark(code="sigh", onset=Frame(25), offset=Frame(35), owner=codebook.cue_owners[0].code)
    elsewhere = an_event(60, 70, 80, units=(two,))  # another event of the last coder, which says nothing of this one
    said = (
        log.screened()
        .coded("a", an_event(units=(one, two, four)))
        .coded("b", an_event(units=(one, two), cues=(sigh,)))
        .coded("c", an_event(units=(one,), cues=(sigh,)), elsewhere)
        .judgements
    )
    told = explain(course(said, three, clock, codebook), said, {})
    rests = {(one.field, one.value): one.rests_on for one in told.settled}
    assert rests["action_units", "au1"] == (2, 3, 4)
    assert rests["action_units", "au2"] == (2, 3)
    assert rests["vocal_cues", "sigh 25-35"] == (3, 4)
    assert rests["onset", "20"] == (2, 3, 4)
    assert not [one for one in told.settled if "au4" in one.value]


def test_where_nothing_was_marked_that_is_said(
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
    an_event: Callable[..., CodedEvent],
    log: Any,
) -> None:
    said = log.screened().coded("a", an_event()).coded("b", an_event()).judgements
    told = explain(course(said, protocol, clock, codebook), said, {})
    (units,) = [one for one in told.settled if one.field == "action_units"]
    assert (units.value, units.why, units.rests_on) == ("-", "nothing was marked by more than half", (2, 3))

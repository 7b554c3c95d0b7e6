"""After an attempt that failed: whose coding counts, and what is no way round."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.identity import ClipId
from mmed_curate.gate.attempted import no_attempt_because
from mmed_curate.gate.attempts import (
    Attempt,
    FailedRule,
    ToldCoding,
    attempt_document,
    attempt_of,
    by_lot,
    failed_before,
    what_counts,
)
from mmed_curate.gate.verdicts import About, at_least

CLASS, SAMPLE, ALL = RecodingKind.CLASS, RecodingKind.SAMPLE, RecodingKind.ALL
LAYER = FailedRule(name="emotion-alpha", number=0.5, at_least=0.667, code="")


def of_class(code: str) -> FailedRule:
    return FailedRule(name=f"class={code}", number=0.5, at_least=0.667, code=code)


def an_attempt(
    number: int, *failed: FailedRule, measured: Mapping[str, int], digest: str = "", policy: str = "p"
) -> Attempt:
    return Attempt(
        number=number,
        day=date(2026, 3, number),
        policy="mmed",
        policy_digest=policy,
        judgements_digest=digest or f"digest {number}",
        measured={ClipId(clip): round for clip, round in measured.items()},
        failed=failed,
    )


def a_coding(*names: str, round: int = 1, after: int = 0, by: RecodingKind | None = None, code: str = "") -> ToldCoding:
    return ToldCoding(round=round, after=after, by=by, code=code, names=frozenset(names))


def counted(codings: Mapping[str, list[ToldCoding]], *attempts: Attempt) -> set[str]:
    """Names of the clips that count after these attempts."""
    since = failed_before(attempts, judgements_digest="now", policy_digest="p")
    return set(what_counts(since, attempts, {ClipId(clip): ones for clip, ones in codings.items()}).clips)


FIRST = {"a": [a_coding("joy")], "b": [a_coding("joy", "au4")], "c": [a_coding("fear")]}
MEASURED = {"a": 1, "b": 1, "c": 1}


def test_before_any_attempt_and_after_one_that_coders_passed_all_count() -> None:
    assert counted(FIRST) == {"a", "b", "c"}
    assert counted(FIRST, an_attempt(1, measured=MEASURED)) == {"a", "b", "c"}


def test_after_a_layer_failed_nothing_counts_that_was_there() -> None:
    assert counted(FIRST, an_attempt(1, LAYER, measured=MEASURED)) == set()


@pytest.mark.parametrize("by", [None, SAMPLE, ALL])
def test_new_clips_lots_and_all_are_fresh(by: RecodingKind | None) -> None:
    new = a_coding("joy", round=1 if by is None else 2, after=1, by=by)
    there = {**FIRST, "a": [*FIRST["a"], new]} if by else {**FIRST, "d": [new]}
    assert counted(there, an_attempt(1, LAYER, measured=MEASURED)) == {"a" if by else "d"}


def test_a_class_coded_again_is_no_way_round_where_the_layer_failed() -> None:
    again = {**FIRST, "c": [*FIRST["c"], a_coding("joy", round=2, after=1, by=CLASS, code="fear")]}
    assert counted(again, an_attempt(1, LAYER, of_class("fear"), measured=MEASURED)) == set()
    assert counted(again, an_attempt(1, LAYER, measured=MEASURED)) == set()


def test_where_only_a_class_failed_all_count_once_every_clip_of_it_was_coded_again() -> None:
    attempt = an_attempt(1, of_class("joy"), measured=MEASURED)
    again = a_coding("fear", round=2, after=1, by=CLASS, code="joy")
    half = {**FIRST, "a": [*FIRST["a"], again]}
    assert counted(half, attempt) == set()
    assert counted({**half, "b": [*FIRST["b"], again]}, attempt) == {"a", "b", "c"}
    withdrawn = {clip: ones for clip, ones in half.items() if clip != "b"}
    assert counted(withdrawn, attempt) == {"a", "c"}


def test_of_two_classes_one_coded_again_is_not_enough() -> None:
    attempt = an_attempt(1, of_class("joy"), of_class("fear"), measured=MEASURED)
    again = {clip: [*ones, a_coding(round=2, after=1, by=CLASS, code="joy")] for clip, ones in FIRST.items()}
    assert counted({**again, "c": FIRST["c"]}, attempt) == set()
    assert counted(again, attempt) == {"a", "b", "c"}


def test_a_class_that_nothing_asked_for_never_counts() -> None:
    """What no door lets through; a table that says it all the same gains nothing by it."""
    unasked = {**FIRST, "c": [*FIRST["c"], a_coding(round=2, after=0, by=CLASS, code="fear")]}
    assert counted(unasked) == {"a", "b"}
    joy_failed = an_attempt(1, of_class("joy"), measured=MEASURED)
    other = {**FIRST, "c": [*FIRST["c"], a_coding(round=2, after=1, by=CLASS, code="fear")]}
    assert counted({clip: other[clip] for clip in ("c",)}, joy_failed) == set()


def test_what_a_later_attempt_left_out_is_not_fresh_for_the_one_after() -> None:
    """Attempt 2 measured a sample; clips that it left out were there, and are as stale as before."""
    attempts = (an_attempt(1, LAYER, measured=MEASURED), an_attempt(2, LAYER, measured={"a": 2}))
    there = {**FIRST, "a": [*FIRST["a"], a_coding("joy", round=2, after=1, by=SAMPLE)]}
    assert counted(there, *attempts) == set()
    assert counted({**there, "b": [*FIRST["b"], a_coding("joy", round=2, after=2, by=ALL)]}, *attempts) == {"b"}


def test_the_gate_held_twice_on_the_same_shows_the_same_and_another_policy_does_not_help() -> None:
    attempts = [an_attempt(1, LAYER, measured=MEASURED, digest="now")]
    assert failed_before(attempts, judgements_digest="now", policy_digest="p") is None
    assert failed_before(attempts, judgements_digest="now", policy_digest=None) is None  # only looked at
    assert failed_before(attempts, judgements_digest="now", policy_digest="laxer") is attempts[0]
    assert failed_before(attempts, judgements_digest="more", policy_digest="p") is attempts[0]


@given(st.permutations("abcdefgh"), st.text(max_size=5))
def test_a_lot_depends_on_nothing_but_what_was_seen_and_the_names(names: list[str], digest: str) -> None:
    drawn = sorted(names, key=lambda name: by_lot(digest, name))
    assert drawn == sorted("abcdefgh", key=lambda name: by_lot(digest, name))


@pytest.mark.parametrize(
    ("about", "name", "number", "said"),
    [
        (About.PROCESS, "open-clips", None, "still being judged"),
        (About.SAMPLE, "subjects", 3.0, "too small"),
        (About.AGREEMENT, "emotion-alpha", None, "there is no number for emotion-alpha"),
        (About.AGREEMENT, "emotion-alpha", 0.3, ""),
        (About.RIGHTS, "consent", 0.0, ""),
        (About.PROCESS, "verified-by-another", 0.0, ""),
    ],
)
def test_it_is_an_attempt_only_on_a_whole_sample_with_numbers(
    about: About, name: str, number: float | None, said: str
) -> None:
    verdict = at_least(about, name, number, 5, "looked at", "do better")
    assert said in no_attempt_because([verdict]) and bool(said) == bool(no_attempt_because([verdict]))


def test_an_attempt_is_read_back_from_the_log_as_it_was() -> None:
    attempt = an_attempt(2, LAYER, of_class("joy"), measured=MEASURED)
    assert attempt_of(attempt_document(attempt), measured=attempt.measured) == attempt
    assert attempt.failed_classes == frozenset()  # not classes alone

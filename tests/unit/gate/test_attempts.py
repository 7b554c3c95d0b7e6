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
    Counting,
    FailedRule,
    ToldCoding,
    attempt_document,
    attempt_of,
    attempts_before,
    by_lot,
    owed_after,
    the_same,
    what_counts,
)
from mmed_curate.gate.verdicts import About, at_least

SAMPLE, ALL = RecodingKind.SAMPLE, RecodingKind.ALL
LAYER = FailedRule(name="emotion-alpha", number=0.5, at_least=0.667, code="")


def of_class(code: str) -> FailedRule:
    return FailedRule(name=f"class={code}", number=0.5, at_least=0.667, code=code)


def an_attempt(
    number: int,
    *failed: FailedRule,
    measured: Mapping[str, int],
    digest: str = "",
    policy: str = "p",
    held: frozenset[str] = frozenset(),
    order: int = 0,
) -> Attempt:
    return Attempt(
        number=number,
        day=date(2026, 3, number),
        policy="mmed",
        policy_digest=policy,
        judgements_digest=digest or f"digest {number}",
        measured={ClipId(clip): round for clip, round in measured.items()},
        failed=failed,
        held=held,
        method_digest="",
        order=order,
    )


def test_only_the_last_attempt_can_be_the_same_again() -> None:
    """Judgements that come back, for consent was given again, are tried anew: something else was tried in between."""
    first, second = (an_attempt(number, measured={"a": 1}) for number in (1, 2))
    assert the_same((first,), judgements_digest="digest 1", policy_digest="p") is first
    assert the_same((first, second), judgements_digest="digest 2", policy_digest="p") is second
    assert the_same((first, second), judgements_digest="digest 1", policy_digest="p") is None
    assert the_same((first,), judgements_digest="digest 1", policy_digest="another") is None
    assert the_same((), judgements_digest="digest 1", policy_digest="p") is None


def a_coding(round: int = 1, after: int = 0, by: RecodingKind | None = None) -> ToldCoding:
    return ToldCoding(round=round, after=after, by=by)


def counted(codings: Mapping[str, list[ToldCoding]], *attempts: Attempt) -> set[str]:
    """Names of the clips that count after these attempts."""
    return set(counting(codings, *attempts).clips)


def counting(codings: Mapping[str, list[ToldCoding]], *attempts: Attempt) -> Counting:
    """Whose coding counts after these attempts."""
    before = attempts_before(attempts, judgements_digest="now", policy_digest="p")
    return what_counts(before, {ClipId(clip): ones for clip, ones in codings.items()})


FIRST = {"a": [a_coding()], "b": [a_coding()], "c": [a_coding()]}
MEASURED = {"a": 1, "b": 1, "c": 1}


def test_before_any_attempt_and_after_one_that_coders_passed_all_count() -> None:
    assert counted(FIRST) == {"a", "b", "c"}
    assert counted(FIRST, an_attempt(1, measured=MEASURED)) == {"a", "b", "c"}


def test_after_a_layer_failed_nothing_counts_that_was_there() -> None:
    assert counted(FIRST, an_attempt(1, LAYER, measured=MEASURED)) == set()


@pytest.mark.parametrize("by", [None, SAMPLE, ALL])
def test_new_clips_lots_and_all_are_fresh(by: RecodingKind | None) -> None:
    new = a_coding(round=1 if by is None else 2, after=1, by=by)
    there = {**FIRST, "a": [*FIRST["a"], new]} if by else {**FIRST, "d": [new]}
    assert counted(there, an_attempt(1, LAYER, measured=MEASURED)) == {"a" if by else "d"}


def test_a_class_that_failed_alone_is_no_exception() -> None:
    """Its clips, coded again, would be a sample chosen for what was said of it: no door does that."""
    attempt = an_attempt(1, of_class("joy"), measured=MEASURED)
    again = {
        clip: [*ones, a_coding(round=2, after=1, by=SAMPLE)] if clip == "a" else ones for clip, ones in FIRST.items()
    }
    assert counted(again, attempt) == {"a"}


def test_a_class_that_failed_is_owed_until_an_attempt_where_it_held() -> None:
    first = an_attempt(1, of_class("joy"), of_class("fear"), measured=MEASURED)
    second = an_attempt(2, LAYER, held=frozenset({"class=joy"}), measured=MEASURED)
    assert owed_after([]) == frozenset()
    assert owed_after([first]) == {"class=joy", "class=fear"}
    assert owed_after([first, second]) == {"class=fear"}  # nothing was said of fear
    assert owed_after([first, second, an_attempt(3, of_class("joy"), measured=MEASURED)]) == {"class=joy", "class=fear"}


def test_a_sample_is_whole_once_nothing_is_left_that_could_be_drawn() -> None:
    attempt = an_attempt(1, LAYER, measured=MEASURED)
    again = {clip: [*ones, a_coding(round=2, after=1, by=ALL)] for clip, ones in FIRST.items()}
    assert counting(again, attempt).is_whole
    assert not counting({**again, "c": FIRST["c"]}, attempt).is_whole


def test_once_clips_were_sent_back_the_attempt_before_is_not_this_one() -> None:
    """Nothing is said yet in the new round, so the judgements are still those of the attempt that failed."""
    attempt = an_attempt(1, LAYER, measured=MEASURED, digest="now", order=7)
    told = {"judgements_digest": "now", "policy_digest": "p"}
    assert attempts_before([attempt], **told, sent_back=3) == ()
    assert attempts_before([attempt], **told, sent_back=8) == (attempt,)


def test_what_a_later_attempt_left_out_is_not_fresh_for_the_one_after() -> None:
    """Attempt 2 measured a sample; clips that it left out were there, and are as stale as before."""
    attempts = (an_attempt(1, LAYER, measured=MEASURED), an_attempt(2, LAYER, measured={"a": 2}))
    there = {**FIRST, "a": [*FIRST["a"], a_coding(round=2, after=1, by=SAMPLE)]}
    assert counted(there, *attempts) == set()
    assert counted({**there, "b": [*FIRST["b"], a_coding(round=2, after=2, by=ALL)]}, *attempts) == {"b"}


def test_the_gate_held_twice_on_the_same_shows_the_same_and_another_policy_does_not_help() -> None:
    attempts = [an_attempt(1, LAYER, measured=MEASURED, digest="now")]
    assert attempts_before(attempts, judgements_digest="now", policy_digest="p") == ()
    assert attempts_before(attempts, judgements_digest="now", policy_digest=None) == ()  # only looked at
    assert attempts_before(attempts, judgements_digest="now", policy_digest="laxer") == (attempts[0],)
    assert attempts_before(attempts, judgements_digest="more", policy_digest="p") == (attempts[0],)


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
    attempt = an_attempt(2, LAYER, of_class("joy"), held=frozenset({"class=fear"}), measured=MEASURED)
    assert attempt_of(attempt_document(attempt), measured=attempt.measured) == attempt

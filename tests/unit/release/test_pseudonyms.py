"""Names that go out are stable, tell nothing, and differ between labs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, SessionId, SubjectId
from mmed_curate.release.pseudonyms import Pseudonyms, check_apart

secrets = st.binary(min_size=16, max_size=32)


@given(secrets, st.uuids().map(str))
def test_they_have_their_shape_and_stay(secret: bytes, identity: str) -> None:
    names, again = Pseudonyms(secret), Pseudonyms(secret)
    assert re.fullmatch(r"S-[0-9a-f]{10}", names.subject(SubjectId(identity)))
    assert re.fullmatch(r"G-[0-9a-f]{10}", names.session(SessionId(identity)))
    assert re.fullmatch(r"C-[0-9a-f]{10}", names.coder(CoderId(identity)))
    assert re.fullmatch(r"j-[0-9a-f]{16}", names.judgement(JudgementId(identity)))
    assert re.fullmatch(r"c-[0-9a-f]{12}-e3", names.clip(ClipId(identity), 2))
    assert names.subject(SubjectId(identity)) == again.subject(SubjectId(identity))


@given(secrets, secrets, st.uuids().map(str))
def test_another_lab_gives_other_names(one: bytes, other: bytes, identity: str) -> None:
    same = Pseudonyms(one).clip(ClipId(identity)) == Pseudonyms(other).clip(ClipId(identity))
    assert same == (one == other)


@given(secrets, st.uuids().map(str))
def test_one_id_used_for_two_kinds_gets_names_that_do_not_tell(secret: bytes, identity: str) -> None:
    names = Pseudonyms(secret)
    digits = {
        names.subject(SubjectId(identity))[2:],
        names.coder(CoderId(identity))[2:],
        names.clip(ClipId(identity))[2:12],
    }
    assert len(digits) == 3
    assert not any(identity.replace("-", "").startswith(one) for one in digits)


def test_two_things_of_one_name_are_refused() -> None:
    check_apart(["a", "b"])
    with pytest.raises(BadInput, match="under the name a"):
        check_apart(["a", "b", "a"])

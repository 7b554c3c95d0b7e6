"""Tokens are made, told once, revoked; ledgers only grow, also after a power cut."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders.served import Clock

from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.access import Access
from mmed_curate.serving.ledger import Ledger
from mmed_curate.serving.limits import key_of


def test_a_token_is_told_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    access = Access(tmp_path / "access")
    token, secret = access.add_token("Ada", expires=datetime.now(UTC) + timedelta(days=1))
    assert access.known(secret) == token
    assert secret not in (tmp_path / "access" / "tokens.jsonl").read_text()
    assert len(secret) >= 43, "256 bits in Base64"
    assert Access(tmp_path / "access").known(secret) == token, "another process knows it"


def test_a_revocation_counts_at_once_in_another_process(tmp_path: Path) -> None:
    server, curator = Access(tmp_path / "access"), Access(tmp_path / "access")
    token, secret = curator.add_token("Ada", expires=datetime.now(UTC) + timedelta(days=1))
    assert server.known(secret) is not None
    curator.revoke_token(token.id)
    assert server.known(secret) is None
    with pytest.raises(BadInput, match="is revoked since"):
        curator.revoke_token(token.id)
    with pytest.raises(BadInput, match="there is no token t-0"):
        curator.revoke_token("t-0")


def test_a_token_holds_to_its_last_moment(tmp_path: Path) -> None:
    clock = Clock()
    access = Access(tmp_path / "access", now=clock.now)
    _, secret = access.add_token("Ada", expires=clock.now() + timedelta(seconds=10))
    clock.pass_s(9)
    assert access.known(secret) is not None
    clock.pass_s(1)
    assert access.known(secret) is None
    with pytest.raises(BadInput, match="is over"):
        access.add_token("Ada", expires=clock.now())


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201])
def test_a_name_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no name of a person"):
        Access(tmp_path).add_token(name, expires=datetime.now(UTC) + timedelta(days=1))


def test_a_line_that_broke_off_hides_no_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.add({"n": 1})
    with ledger.path.open("a") as stream:
        stream.write('{"n": 2, "brok')
    ledger.add({"n": 3})
    assert [line["n"] for line in ledger.lines()] == [1, 3]
    assert json.loads(ledger.path.read_text().splitlines()[-1]) == {"n": 3}


def test_addresses_of_one_network_are_one_person() -> None:
    assert key_of("2001:db8:1:2::1") == key_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert key_of("2001:db8:1:3::1") != key_of("2001:db8:1:2::1")
    assert key_of("::ffff:192.0.2.1") == key_of("192.0.2.1") == "192.0.2.1"
    assert key_of("testclient") == "testclient"

"""Who may download: tokens by person, of which only a hash is kept; who accepted which terms; who asked for access.

All of it lies in ledgers in a folder of its own beside the releases, so that no web server hands it out with them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmed_curate.domain.files import said_in_words
from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.ledger import Ledger

TOKENS = "tokens.jsonl"
ACCEPTED = "accepted.jsonl"
ASKED = "asked.jsonl"
LOG = "access.jsonl"
_PREFIX = "mmed_"
_BYTES = 32
"""Of chance in a token: 256 bits, which nobody guesses, so that a plain SHA-256 of it keeps it safe."""
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What lets one person in."""

    id: str
    """To speak of it without showing it."""
    name: str
    """Of the person, as the curator wrote it."""
    sha256: str
    added: datetime
    expires: datetime
    releases: frozenset[str] | None
    """Folders that it opens, drafts too; None: every release that is no draft."""
    revoked: datetime | None = None

    def is_good(self, at: datetime) -> bool:
        """Neither expired nor revoked."""
        return self.revoked is None and at < self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Somebody accepted a text."""

    token: str
    """Id of the token."""
    name: str
    terms: str
    """SHA-256 of the text."""
    at: datetime


class Access:
    """The folder of ledgers of a folder of releases."""

    def __init__(self, root: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """
        Args:
            root: the folder of ledgers; made when first written.
            now: what time it is.
        """
        self.root = root
        self.now = now
        self._tokens = Ledger(root / TOKENS)
        self._accepted = Ledger(root / ACCEPTED)
        self._asked = Ledger(root / ASKED)
        self._log = Ledger(root / LOG)
        self._read: tuple[Sequence[Mapping[str, Any]], tuple[Token, ...]] = ((), ())

    @classmethod
    def beside(cls, releases: Path) -> Access:
        """Of a folder of releases.

        Raises:
            BadInput: there is no such folder.
        """
        if not releases.is_dir():
            raise BadInput.of(
                "serving.no_folder", f"there is no folder {releases}", "give the folder that releases lie in"
            )
        folder = releases.resolve()
        return cls(folder.with_name(f"{folder.name}.access"))

    def add_token(self, name: str, *, expires: datetime, releases: frozenset[str] | None = None) -> tuple[Token, str]:
        """Make a token for a person.

        Args:
            name: of the person.
            expires: when it ends.
            releases: folders that it opens; None: every release that is no draft.

        Returns:
            What is kept of it, and the token itself, which nobody can tell again.

        Raises:
            BadInput: the name is none, it ends in the past, or the ledger cannot be written.
        """
        if not _NAME.fullmatch(name.strip()):
            raise BadInput.of("serving.name", f"{name!r} is no name of a person", "give one in a line of its own")
        now = self.now()
        if expires <= now:
            raise BadInput.of("serving.expired", f"{expires:%Y-%m-%d} is over", "give a later day")
        secret = _PREFIX + secrets.token_urlsafe(_BYTES)
        token = Token(
            id=f"t-{secrets.token_hex(4)}",
            name=name.strip(),
            sha256=hashlib.sha256(secret.encode()).hexdigest(),
            added=now,
            expires=expires,
            releases=releases,
        )
        self._make()
        self._tokens.add(
            {
                "act": "added",
                "id": token.id,
                "name": token.name,
                "sha256": token.sha256,
                "at": now.isoformat(),
                "expires": expires.isoformat(),
                "releases": None if releases is None else sorted(releases),
            }
        )
        return token, secret

    def revoke_token(self, token_id: str) -> Token:
        """End a token at once.

        Raises:
            BadInput: there is none of that id, or it is revoked already.
        """
        token = next((one for one in self.tokens() if one.id == token_id), None)
        if token is None:
            raise BadInput.of(
                "serving.no_token", f"there is no token {token_id}", "see `mmed serve token list` for their ids"
            )
        if token.revoked is not None:
            raise BadInput.of("serving.revoked", f"{token_id} is revoked since {token.revoked:%Y-%m-%d}", "leave it")
        self._tokens.add({"act": "revoked", "id": token_id, "at": self.now().isoformat()})
        return token

    def tokens(self) -> tuple[Token, ...]:
        """All that were ever made, oldest first.

        Raises:
            BadInput: the ledger cannot be read.
        """
        lines = self._tokens.lines()
        if lines is not self._read[0]:
            self._read = (lines, _tokens(lines))
        return self._read[1]

    def known(self, secret: str) -> Token | None:
        """Whose token this is; None: nobody's, or it is over. Takes as long for every wrong one."""
        sought = hashlib.sha256(secret.encode()).hexdigest()
        found = None
        for token in self.tokens():
            if hmac.compare_digest(token.sha256, sought):
                found = token
        return found if found is not None and found.is_good(self.now()) else None

    def accept(self, token: Token, terms: str) -> None:
        """Note that somebody accepted a text, once."""
        if not self.has_accepted(token, terms):
            at = self.now().isoformat()
            self._make()
            self._accepted.add({"token": token.id, "name": token.name, "terms": terms, "at": at})

    def has_accepted(self, token: Token, terms: str) -> bool:
        """Whether the holder of a token accepted a text."""
        return any(line.get("token") == token.id and line.get("terms") == terms for line in self._accepted.lines())

    def acceptances(self) -> tuple[Acceptance, ...]:
        """All of them, oldest first."""
        return tuple(
            Acceptance(
                token=line["token"], name=line["name"], terms=line["terms"], at=datetime.fromisoformat(line["at"])
            )
            for line in self._accepted.lines()
        )

    def ask(self, words: dict[str, str], address: str) -> None:
        """Keep a request for access until the curator has read it."""
        self._make()
        self._asked.add({"at": self.now().isoformat(), "address": address, **words})

    def asked(self) -> tuple[dict[str, str], ...]:
        """Every request for access, oldest first."""
        return self._asked.lines()

    def log(self, line: Mapping[str, object]) -> None:
        """Note a request that was answered."""
        self._make()
        self._log.add(line, at_once=False)

    def _make(self) -> None:
        with said_in_words(self.root, beginning=True):
            self.root.mkdir(mode=0o700, exist_ok=True)


def _tokens(lines: Sequence[Mapping[str, Any]]) -> tuple[Token, ...]:
    revoked = {line["id"]: datetime.fromisoformat(line["at"]) for line in lines if line.get("act") == "revoked"}
    return tuple(
        Token(
            id=line["id"],
            name=line["name"],
            sha256=line["sha256"],
            added=datetime.fromisoformat(line["at"]),
            expires=datetime.fromisoformat(line["expires"]),
            releases=None if line["releases"] is None else frozenset(line["releases"]),
            revoked=revoked.get(line["id"]),
        )
        for line in lines
        if line.get("act") == "added"
    )

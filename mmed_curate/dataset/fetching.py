"""One file of a release over HTTP: by pieces, again after a drop, until its SHA-256 is the sealed one.

A piece on disk goes on by Range, held by If-Range to what it began with. Where the server knows no Range, or now has
something else, the file begins anew. What ends it is its hash alone: lengths that a server states are not relied on.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from mmed_curate.dataset.addresses import Address
from mmed_curate.dataset.pieces import Told, Validator, digest_of, forget, read_note, size_of, write_all, write_note
from mmed_curate.domain.files import said_in_words
from mmed_curate.domain.findings import BadInput, Finding

if TYPE_CHECKING:
    import httpx

_LONGEST_REASON = 1 << 16
Answer = TypeVar("Answer")
_LOG = logging.getLogger(__name__)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a server says that may be otherwise soon (RFC 9110, RFC 6585)."""
_GONE = frozenset({404, 410})
_UNNAMED = frozenset({401, 403, 407})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for."""

    timeout_s: float = 30.0
    """Without a byte."""
    tries: int = 6
    """In a row that bring no byte."""
    first_wait_s: float = 0.5
    """Before the second try; twice as long before each further one, less up to a half by chance."""
    longest_wait_s: float = 60.0
    """Also where the server asks for more with Retry-After."""


class Stopped(Exception):
    """Another file could not be got, or somebody interrupted."""


class LackingFile(BadInput):
    """This one file cannot be got as it was sealed; others may."""


class _Dropped(Exception):
    """The connection ended, or the server cannot answer now; worth another try."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Server:
    """Asks one server for what lies below an address. Usable by many threads at once."""

    def __init__(
        self,
        address: Address,
        *,
        authorization: str | None = None,
        patience: Patience,
        at_once: int,
        stop: threading.Event | None = None,
    ) -> None:
        """
        Args:
            address: what paths are relative to.
            authorization: value of that header; it goes to this address's origin only, never along a redirect to
                another.
            patience: how long it is waited for.
            at_once: connections.
            stop: set when everything should end.
        """
        import httpx  # here, so that loading a release from a folder does not load it

        from mmed_curate import __version__

        self.address = address
        self._patience = patience
        self._stop = stop or threading.Event()
        self._known = authorization is not None
        headers = {"User-Agent": f"mmed-curate/{__version__}", "Accept-Encoding": "identity"}
        if authorization is not None:
            headers["Authorization"] = authorization
        self._headers = headers
        self._client = httpx.Client(
            timeout=patience.timeout_s,
            limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
            follow_redirects=True,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def below(self, folder: str) -> Server:
        """The same server, for what lies in a folder there; closed with this one."""
        other = copy.copy(self)
        other.address = self.address.folder(folder)
        return other

    @property
    def shown(self) -> str:
        """The address, as it may be shown."""
        return self.address.shown

    def document(self, relative: str, *, most_bytes: int) -> bytes | None:
        """The bytes of a small file; None: the server has none.

        Args:
            relative: its path below the address.
            most_bytes: that it may have.

        Raises:
            BadInput: the server cannot be reached, does not let us in, or sends more.
        """
        where = self.address.folder(relative).shown

        def ask() -> bytes | None:
            received = bytearray()
            with self._asked(relative, {}) as response:
                if response.status_code in _GONE:
                    return None
                self._check(response, where)
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > most_bytes:
                        raise BadInput.of(
                            "download.too_long",
                            f"{where} is longer than any such file of a release",
                            "check the address",
                        )
            return bytes(received)

        return self._until_it_comes(ask, lambda: 0)

    def file(self, relative: str, sha256: str, piece: Path, told: Told) -> None:
        """Fill a piece on disk until its SHA-256 is the sealed one.

        Args:
            relative: path below the address.
            sha256: that was sealed.
            piece: where it is filled; what is there from before is gone on with.
            told: called as bytes come.

        Raises:
            LackingFile: the server has no such file, or another one.
            BadInput: the server cannot be reached or does not let us in, or the disk does not take it.
            Stopped: everything should end.
        """
        for _ in range(2):  # the first may have gone on with a piece that was no beginning of the file
            with said_in_words(piece, beginning=True):
                digest = self._until_it_comes(lambda: self._fill(relative, sha256, piece, told), lambda: size_of(piece))
                forget(piece)
                if digest == sha256:
                    return
                piece.unlink(missing_ok=True)
        raise LackingFile.of(
            "download.other_bytes",
            f"{self.address.folder(relative).shown} is not the file that was sealed",
            "tell who runs the server; do not use that file",
            path=relative,
        )

    def accept(self, terms: str) -> None:
        """Tell the server that the terms of this SHA-256 are accepted.

        Raises:
            BadInput: it cannot be reached, or does not take it.
        """
        origin = urlsplit(self.address.base)

        def tell() -> None:
            response = self._client.post(
                f"{origin.scheme}://{origin.netloc}/accept",
                json={"terms": terms},
                headers=self._headers,
                follow_redirects=False,
            )
            if response.status_code in _AGAIN:
                raise _Dropped(f"status {response.status_code}", _retry_after(response))
            if response.status_code not in {200, 204}:
                raise BadInput.of(
                    "download.terms_refused",
                    f"{self.shown} does not take that its terms are accepted (status {response.status_code})",
                    "read them again at its address",
                )

        self._until_it_comes(tell, lambda: 0)

    def _fill(self, relative: str, sha256: str, piece: Path, told: Told) -> str:
        """Ask once for what is missing of a piece; its digest then."""
        note = read_note(piece)
        have = size_of(piece) if note is not None and not note.encoded else 0
        digest, have = digest_of(piece, have)
        if have and digest.hexdigest() == sha256:
            return sha256  # it was whole, and a server that states a wrong length made us think otherwise
        headers = {}
        if have:
            headers["Range"] = f"bytes={have}-"
            condition = note and (note.etag or note.modified)
            if condition:
                headers["If-Range"] = condition
        with self._asked(relative, headers) as response:
            if response.status_code == 416 and have:
                raise _begin_anew(piece)
            if response.status_code in _GONE:
                raise LackingFile.of(
                    "download.no_file",
                    f"{self.address.folder(relative).shown} is not there, although the manifest names it",
                    "tell who runs the server, and run the same command again when it is mended",
                    path=relative,
                )
            self._check(response, self.address.folder(relative).shown)
            found = _validator(response)
            if response.status_code == 206:
                if not have or found.encoded or _begins(response) != have or _another(note, found):
                    raise _begin_anew(piece)
            else:
                digest, have = hashlib.sha256(), 0
                write_note(piece, found)
            length = response.headers.get("content-length", "")
            total = have + int(length) if length.isdecimal() and not found.encoded else None
            with piece.open("r+b" if have else "wb", buffering=0) as stream:
                stream.seek(have)
                for part in response.iter_bytes():
                    write_all(stream.fileno(), part)
                    digest.update(part)
                    have += len(part)
                    told(have, total, len(part))
                    if self._stop.is_set():
                        raise Stopped
                os.fsync(stream.fileno())
        return str(digest.hexdigest())

    def _until_it_comes(self, ask: Callable[[], Answer], progress: Callable[[], int]) -> Answer:
        """Ask until it is answered; gives up after some tries in a row without progress."""
        import httpx

        fruitless, before = 0, progress()
        while True:
            if self._stop.is_set():
                raise Stopped
            wait_s = None
            try:
                return ask()
            except _Dropped as error:
                why, wait_s = str(error), error.wait_s
            except httpx.UnsupportedProtocol as error:
                raise BadInput.of(
                    "download.redirect", f"{self.address.shown} leads to an address that is none of the web", "check it"
                ) from error
            except httpx.TooManyRedirects as error:
                raise BadInput.of(
                    "download.redirect", f"{self.address.shown} leads in a circle", "check the address"
                ) from error
            except httpx.HTTPError as error:
                why = _said(error)
            now = progress()
            fruitless, before = (0, now) if now > before else (fruitless + 1, before)
            _LOG.info("%s: %s, try %d", self.address.shown, why, fruitless + 1)
            if fruitless >= self._patience.tries:
                raise BadInput.of(
                    "download.unreachable",
                    f"{self.address.shown} does not answer ({why})",
                    "check the address and the network, and run the same command again: what came is kept",
                )
            self._wait(fruitless, wait_s)

    def _wait(self, fruitless: int, asked_s: float | None) -> None:
        patience = self._patience
        wait_s = patience.first_wait_s * 2 ** max(0, fruitless - 1) * random.uniform(0.5, 1) if fruitless else 0.0
        if asked_s is not None:
            wait_s = max(wait_s, asked_s)
        if self._stop.wait(min(wait_s, patience.longest_wait_s)):
            raise Stopped

    @contextmanager
    def _asked(self, relative: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        with self._client.stream("GET", self.address.below(relative), headers={**self._headers, **headers}) as response:
            yield response

    def _check(self, response: httpx.Response, where: str) -> None:
        """Go on only with an answer that brings what was asked for."""
        status = response.status_code
        if status in {200, 206}:
            return
        if status in _AGAIN:
            raise _Dropped(f"status {status}", _retry_after(response))
        if status in _UNNAMED:
            raise BadInput(_not_let_in(where, response, known=self._known))
        raise BadInput.of(
            "download.status", f"{where} answers with status {status}", "check the address, or tell who runs the server"
        )


def _not_let_in(where: str, response: httpx.Response, *, known: bool) -> Finding:
    terms = _terms(response)
    if terms is not None:
        return Finding(
            code="download.terms",
            what=f"the terms of {where} are not accepted yet",
            remedy=f"read {response.url.join(terms[1])}, and run the same command with --accept-terms {terms[0]}",
            parameters={"terms": terms[0]},
        )
    if response.status_code == 401 and not known:
        return Finding(
            code="download.token",
            what=f"{where} is handed out to people who are known only",
            remedy=f"give your token with --token or in MMED_TOKEN, or ask for one at {_root(response.url)}",
        )
    return Finding(
        code="download.token",
        what=f"{where} does not let this token in (status {response.status_code})",
        remedy="check that it is whole, not expired and not revoked, or ask for a new one",
    )


def _root(url: httpx.URL) -> str:
    """Where a server has its form, as it may be shown: without user and password."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}/"


def _terms(response: httpx.Response) -> tuple[str, str] | None:
    """SHA-256 of the terms that have to be accepted, and where to read them; None: that is not what is missing."""
    if response.status_code != 403 or not response.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        document = json.loads(b"".join(response.iter_bytes())[:_LONGEST_REASON])
        terms, page = document["terms"], document["read"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    good = isinstance(terms, str) and re.fullmatch(r"[0-9a-f]{64}", terms) and isinstance(page, str)
    return (terms, page) if good and page.startswith("/") and page.isprintable() else None


def _begin_anew(piece: Path) -> _Dropped:
    """Forget what a piece began with, so that the next try begins at its start."""
    forget(piece)
    return _Dropped("what is there is no beginning of it any more")


def _begins(response: httpx.Response) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found else -1


def _validator(response: httpx.Response) -> Validator:
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    return Validator(
        etag=etag if etag and not etag.startswith("W/") else None,  # a weak one does not stand for bytes
        modified=modified,
        encoded=response.headers.get("content-encoding", "identity") != "identity",
    )


def _another(note: Validator | None, found: Validator) -> bool:
    """A server may answer with a range of another file than the one that If-Range asked for."""
    if note is None:
        return True
    return bool(note.etag and found.etag and note.etag != found.etag)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks for (RFC 9110, 10.2.3); None: it does not say."""
    said = response.headers.get("retry-after", "")
    if said.isdecimal():
        return float(said)
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, when.timestamp() - time.time())


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")

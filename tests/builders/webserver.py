"""A static web server on this machine that counts what it sends and behaves as badly as it is told to."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_CHUNK = 8192


@dataclass(kw_only=True)
class Web:
    """What a server does, and what it saw. Paths are those of files below its root."""

    root: Path
    url: str = ""
    ranges: bool = True
    """Knows Range and If-Range; otherwise it sends whole files."""
    etags: bool = True
    dates: bool = True
    """Tells Last-Modified."""
    drops_at: list[int] = field(default_factory=list)
    """After so many bytes of bodies in all it ends every connection, without a word."""
    dies_at: int | None = None
    """After so many bytes it ends every connection, old and new."""
    when_it_drops: Callable[[], object] = lambda: None
    heeds_if_range: bool = True
    instead: dict[str, bytes] = field(default_factory=dict)
    """Sends these bytes in place of a file's."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """Answers with these first, one after the other."""
    retry_after: str | None = None
    states_length: dict[str, int] = field(default_factory=dict)
    """Says this length, whatever it sends."""
    packs: bool = False
    """Sends gzip although nobody asked for it."""
    moved: dict[str, str] = field(default_factory=dict)
    """First parts of paths, and addresses they lead to."""
    page_for_missing: bool = False
    """Answers with a page where there is no file, as many do."""
    token: str | None = None
    silent: set[str] = field(default_factory=set)
    """Takes the question and never answers."""
    sent: int = 0
    """Bytes of bodies."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers (in lower case) of each question."""
    most_at_once: int = 0
    """Connections that were being answered at one time."""
    pauses_at: int | None = None
    """After so many bytes it sends nothing more, until this is None."""
    chunk_s: float = 0.0
    """Waits so long before each piece of 8 KB."""
    answers_when: int = 1
    """Lets the first answers wait until it was asked for so many files at one time."""
    answering: int = 0
    drops: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for path, _ in self.asked]


@contextmanager
def a_web(root: Path, **manners: object) -> Iterator[Web]:
    """A server of a folder, for as long as the block runs."""
    web = Web(root=root, **manners)  # type: ignore[arg-type]

    class Handler(_Handler):
        pass

    Handler.web = web
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as every real server does; else a connection that stays waits 40 ms a file
    web: Web

    def log_message(self, *words: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        web = self.web
        with web.lock:
            web.answering += 1
            web.most_at_once = max(web.most_at_once, web.answering)
        while web.most_at_once < web.answers_when and self.path.count("/") > 2 and not web.over.is_set():
            time.sleep(0.005)
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with web.lock:
                web.answering -= 1

    def _answer(self) -> None:
        web = self.web
        path = unquote(urlsplit(self.path).path).lstrip("/")
        with web.lock:
            web.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
            statuses = web.statuses.get(path, [])
            status = statuses.pop(0) if statuses else 0
        if web.dies_at is not None and web.sent >= web.dies_at:
            self.close_connection = True
            return
        if path in web.silent:
            web.over.wait(60)
            self.close_connection = True
            return
        if web.token is not None and self.headers.get("Authorization") != f"Bearer {web.token}":
            self._short(401, b"no")
            return
        if status:
            self._short(status, b"not now", {"Retry-After": web.retry_after} if web.retry_after else {})
            return
        for first, address in web.moved.items():
            if path.startswith(first):
                self._short(302, b"", {"Location": address + path[len(first) :]})
                return
        file = web.root / path
        if path in web.instead:
            body = web.instead[path]
        elif file.is_file():
            body = file.read_bytes()
        elif web.page_for_missing:
            self._short(200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})
            return
        else:
            self._short(404, b"nothing here")
            return
        self._send(path, body)

    def _send(self, path: str, body: bytes) -> None:
        web = self.web
        headers = {}
        etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        modified = formatdate(1_700_000_000 + len(body), usegmt=True)
        if web.etags:
            headers["ETag"] = etag
        if web.dates:
            headers["Last-Modified"] = modified
        if web.packs:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        start, asked, condition = 0, self.headers.get("Range"), self.headers.get("If-Range")
        valid = condition is None or (web.etags and condition == etag) or (web.dates and condition == modified)
        if web.ranges and asked and (valid or not web.heeds_if_range) and not web.packs:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(body):
                self._short(416, b"", {"Content-Range": f"bytes */{len(body)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.send_response(206 if "Content-Range" in headers else 200)
        headers["Content-Length"] = str(web.states_length.get(path, len(body) - start))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        drops = web.drops
        for at in range(start, len(body), _CHUNK):
            part = body[at : at + _CHUNK]
            time.sleep(web.chunk_s)
            while web.pauses_at is not None and web.sent >= web.pauses_at and not web.over.is_set():
                time.sleep(0.01)
            with web.lock:
                if web.drops != drops:
                    break
                if web.drops_at and web.sent + len(part) > web.drops_at[0]:
                    part = part[: web.drops_at.pop(0) - web.sent]
                    web.drops += 1
                    web.when_it_drops()
                if web.dies_at is not None and web.sent + len(part) >= web.dies_at:
                    part = part[: max(0, web.dies_at - web.sent)]
                    web.drops += 1
                web.sent += len(part)
            self.wfile.write(part)
        if web.drops != drops or path in web.states_length:
            self.close_connection = True

    def _short(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

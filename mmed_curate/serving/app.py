"""The server as an ASGI application: who are you, may you, did you accept the terms; then the file, whole or in part.

Without a good token every path but the pages gets one and the same answer, whether something lies there or not. With
one, what it does not open is as absent as what is not there.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mmed_curate.dataset.catalogue import CATALOGUE
from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.access import Access, Token
from mmed_curate.serving.limits import Buckets, Mistakes, key_of
from mmed_curate.serving.logged import Logged
from mmed_curate.serving.pages import FIELDS, LONGEST_ANSWER, front_page, said_page, terms_page
from mmed_curate.serving.recipe import Rate, ServingRecipe
from mmed_curate.serving.shelf import Shelf, Shelved

_LONGEST_BODY = 16_384
"""Bytes of a form."""
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_MEDIA_TYPES = {".md": "text/markdown", ".yaml": "application/yaml", ".cff": "application/yaml", ".wav": "audio/wav"}


class _TooLong(Exception):
    """A form has more bytes than any has."""


class Doors:
    """Answers requests, out of a shelf, by the rules of a recipe."""

    def __init__(
        self, shelf: Shelf, access: Access, recipe: ServingRecipe, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            shelf: what is handed out.
            access: to whom.
            recipe: how often.
            now_s: a clock that never goes back.
        """
        self._shelf = shelf
        self._access = access
        self._recipe = recipe
        self._of_token = Buckets(recipe.per_token, now_s)
        self._of_address = Buckets(recipe.per_address, now_s)
        self._of_stranger = Buckets(recipe.per_stranger, now_s)
        self._asks = Buckets(Rate(requests_per_minute=1, burst=recipe.asks_per_hour), now_s)
        self._mistakes = Mistakes(recipe.failures, now_s)

    def routes(self) -> list[Route]:
        """What is answered where."""
        return [
            Route("/", self._front, methods=["GET"]),
            Route("/terms/{sha256}", self._terms, methods=["GET"]),
            Route("/ask", self._ask, methods=["POST"]),
            Route("/accept", self._accept, methods=["POST"]),
            Route("/{path:path}", self._file, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        ]

    def _front(self, request: Request) -> Response:
        if (slow := self._slowed(request, self._of_stranger)) is not None:
            return slow
        self._shelf_looked_at()
        return HTMLResponse(front_page(self._shelf.terms()), headers=_PAGE_HEADERS)

    def _terms(self, request: Request) -> Response:
        if (slow := self._slowed(request, self._of_stranger)) is not None:
            return slow
        sha256 = request.path_params["sha256"]
        text = self._shelf.terms().get(sha256)
        if text is None:
            return _unknown()
        return HTMLResponse(terms_page(sha256, text), headers=_PAGE_HEADERS)

    async def _ask(self, request: Request) -> Response:
        slow = self._slowed(request, self._of_stranger) or self._slowed(request, self._asks)
        if slow is not None:
            return slow
        try:
            form = _form(await _body(request))
        except _TooLong:
            return _said("Too long", "Say it in fewer words.", 413)
        words = {name: form.get(name, "").strip() for name in FIELDS}
        if not all(0 < len(word) <= LONGEST_ANSWER for word in words.values()):
            return _said("Not complete", f"Fill in every field, each in at most {LONGEST_ANSWER} signs.", 400)
        if len(await run_in_threadpool(self._access.asked)) >= self._recipe.asks_kept:
            return _said("Too many requests wait", "Write to whoever keeps the data instead.", 503)
        await run_in_threadpool(self._access.ask, words, _address(request))
        return _said("Asked", "Whoever keeps the data will read it and write to you.", 202)

    async def _accept(self, request: Request) -> Response:
        try:
            body = await _body(request)
        except _TooLong:
            return _said("Too long", "That is no form of ours.", 413)
        as_json = request.headers.get("content-type", "").startswith("application/json")
        form = _json(body) if as_json else _form(body)
        # never by what a browser sends of itself: another site could make it accept
        secret = _secret(request) if as_json else form.get("token")
        token, wrong = await run_in_threadpool(self._who, request, secret)
        if token is None:
            return wrong
        terms = form.get("terms", "")
        open_terms = {one.terms for one in self._shelf.releases() if one.opens_for(token)}
        if terms not in open_terms or not (as_json or form.get("accepted") == "yes"):
            return _said("Not accepted", "These are no terms of what your token opens.", 400)
        await run_in_threadpool(self._access.accept, token, terms)
        return Response(status_code=204) if as_json else _said("Accepted", "Now download with your token.", 200)

    def _file(self, request: Request) -> Response:
        token, wrong = self._who(request, _secret(request))
        if token is None:
            return wrong
        if request.method not in {"GET", "HEAD"}:
            return _unknown()
        self._shelf_looked_at()
        path = request.path_params["path"]
        if path == CATALOGUE:
            return _catalogue(self._shelf.catalogue_for(token))
        folder, _, relative = path.partition("/")
        release = self._shelf.release(folder)
        if release is None or not release.opens_for(token):
            return _unknown()
        if release.terms is not None and not self._access.has_accepted(token, release.terms):
            return JSONResponse(
                {
                    "error": "the terms are not accepted yet",
                    "terms": release.terms,
                    "read": f"/terms/{release.terms}",
                },
                403,
            )
        return _answer(request, release, relative)

    def _who(self, request: Request, secret: str | None) -> tuple[Token | None, Response]:
        """Whose request it is; None: nobody's, and what is answered to that.

        Only wrong tokens make wrong tokens wait: a lab behind one address is not shut out by whoever guesses there. A
        right one is looked for all the same, which helps nobody to guess: it has 256 bits of chance.
        """
        address = key_of(_address(request))
        token = None if secret is None else self._access.known(secret)
        if token is not None:
            request.scope["mmed.token"] = token
            wait_s = self._of_address.wait_s(address) or self._of_token.wait_s(token.id)
            return (None, _later(wait_s)) if wait_s else (token, _nobody())
        if secret is not None:
            wait_s = self._mistakes.wait_s(address)
            if wait_s:
                return None, _later(wait_s)
            self._mistakes.made(address)
        return None, self._slowed(request, self._of_stranger) or _nobody()

    def _slowed(self, request: Request, buckets: Buckets) -> Response | None:
        wait_s = buckets.wait_s(key_of(_address(request)))
        return _later(wait_s) if wait_s else None

    def _shelf_looked_at(self) -> None:
        try:
            self._shelf.look()
        except BadInput:  # a release is being laid in: what was whole before stays
            return


def application(
    releases: Path, access: Access, recipe: ServingRecipe, *, now_s: Callable[[], float] = time.monotonic
) -> ASGIApp:
    """The server of a folder of releases.

    Args:
        releases: the folder.
        access: who may download.
        recipe: how often.
        now_s: a clock that never goes back.

    Raises:
        BadInput: the folder holds no whole release.
    """
    doors = Doors(Shelf(releases), access, recipe, now_s)
    return Logged(Starlette(routes=doors.routes()), access)


def _answer(request: Request, release: Shelved, relative: str) -> Response:
    found = release.file(relative)
    if found is None:
        return _unknown()
    try:
        status = found.stat()
    except OSError:
        return _unknown()
    response = FileResponse(
        found,
        headers={"ETag": f'"{release.sha256_of[relative]}"', "Cache-Control": "private, no-cache"},
        media_type=_MEDIA_TYPES.get(found.suffix),
        stat_result=status,
    )
    if _is_had(request.headers, response.headers):
        kept = {name: response.headers[name] for name in ("etag", "last-modified", "cache-control")}
        return Response(status_code=304, headers=kept)
    return response


def _is_had(asked: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Whether the asker has it already (RFC 9110, 13.1: the ETag decides where one is given)."""
    tags = asked.get("if-none-match")
    if tags is not None:
        named = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in named or ours["etag"] in named
    since = asked.get("if-modified-since")
    if since is None:
        return False
    try:
        return parsedate_to_datetime(ours["last-modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _secret(request: Request) -> str | None:
    """The token of a request: as Bearer, or as the password of Basic, which browsers and ~/.netrc send."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, ValueError):
            return value
    return None


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


async def _body(request: Request) -> bytes:
    found = bytearray()
    try:
        async for part in request.stream():
            found += part
            if len(found) > _LONGEST_BODY:
                raise _TooLong
    except ClientDisconnect:
        return b""
    return bytes(found)


def _form(body: bytes) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=20).items()}
    except ValueError:
        return {}


def _json(body: bytes) -> dict[str, str]:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return (
        {str(key): value for key, value in document.items() if isinstance(value, str)}
        if isinstance(document, dict)
        else {}
    )


def _catalogue(text: str) -> Response:
    return Response(text, media_type="application/json", headers={"Cache-Control": "private, no-cache"})


def _nobody() -> Response:
    return PlainTextResponse("a token is needed\n", 401, headers={"WWW-Authenticate": 'Basic realm="token"'})


def _unknown() -> Response:
    return PlainTextResponse("nothing here\n", 404)


def _later(wait_s: float) -> Response:
    return PlainTextResponse("too often\n", 429, headers={"Retry-After": str(max(1, math.ceil(wait_s)))})


def _said(title: str, sentence: str, status: int) -> Response:
    return HTMLResponse(said_page(title, sentence), status, headers=_PAGE_HEADERS)

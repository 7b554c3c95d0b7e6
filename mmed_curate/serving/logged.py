"""Who fetched what, when, and how many bytes went out: one line for each request, also for those that broke off."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.access import Access, Token

_LOG = logging.getLogger(__name__)
_SAFE = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Logged:
    """Wraps an application; tokens themselves are never written."""

    def __init__(self, inner: ASGIApp, access: Access) -> None:
        self._inner = inner
        self._access = access
        self._unnoted = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        if self._unnoted and not self._noted({"at": self._access.now().isoformat(), "event": "notes are taken again"}):
            await PlainTextResponse("not now\n", 503, headers={"Retry-After": "60"})(scope, receive, send)
            return
        status, sent, whole = 0, 0, False
        began_s, at = time.monotonic(), self._access.now()

        async def counted(message: Message) -> None:
            nonlocal status, sent, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *_SAFE]}
            await send(message)
            if message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                whole = not message.get("more_body", False)

        try:
            await self._inner(scope, receive, counted)
        finally:
            token = scope.get("mmed.token")
            client = scope.get("client")
            line = {
                "at": at.isoformat(),
                "address": client[0] if client else None,
                "token": token.id if isinstance(token, Token) else None,
                "name": token.name if isinstance(token, Token) else None,
                "method": scope["method"],
                "path": scope["path"][:1000],
                "status": status,
                "bytes": sent,
                "whole": whole,
                "seconds": round(time.monotonic() - began_s, 3),
            }
            self._noted(line)

    def _noted(self, line: Mapping[str, object]) -> bool:
        """Write a line; where that fails, nothing more goes out until it can be noted again."""
        try:
            self._access.log(line)
        except BadInput as error:
            _LOG.error("%s", error)
            self._unnoted = True
        else:
            self._unnoted = False
        return not self._unnoted

"""The server as a process: a socket, a certificate where there is one, uvicorn."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from mmed_curate.domain.findings import BadInput

_MOST_CONNECTIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server listens."""

    host: str
    port: int
    """0: one that is free."""
    certificate: Path | None = None
    """PEM file, with the chain; None: unencrypted."""
    key: Path | None = None
    """PEM file; None: it is in the certificate's."""
    proxy: str | None = None
    """Address of the web server in front, whose word on who asks is taken; None: there is none."""


def run_server(application: ASGIApp, place: Place, begun: Callable[[str], None]) -> None:
    """Answer until interrupted.

    Args:
        application: that answers.
        place: where.
        begun: called with the address once it listens.

    Raises:
        BadInput: the place cannot be had, or the certificate cannot be read.
    """
    _check_certificate(place)
    listening = _listening(place)
    host, port = listening.getsockname()[:2]
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        proxy_headers=place.proxy is not None,
        forwarded_allow_ips=place.proxy or "",
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
        lifespan="off",
    )
    scheme = "http" if place.certificate is None else "https"
    begun(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise BadInput.of(
            "serving.place",
            f"nothing can listen at {place.host}, port {place.port} ({'it is taken' if taken else error})",
            "choose another with --host and --port",
        ) from error


def _check_certificate(place: Place) -> None:
    import ssl

    if place.certificate is None:
        if place.key is not None:
            raise BadInput.of("serving.certificate", "a key is given without its certificate", "give --certificate")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(place.certificate, place.key)
    except OSError as error:  # an SSLError is one
        raise BadInput.of(
            "serving.certificate",
            f"{place.certificate} is no certificate to serve with ({error.strerror or error})",
            "give PEM files with --certificate and --key",
        ) from error

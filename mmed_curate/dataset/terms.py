"""Accepting the terms of a server that asks for that before it hands anything out."""

from __future__ import annotations

from mmed_curate.dataset.fetching import Server
from mmed_curate.domain.findings import BadInput, Finding

_FEWEST = 12
"""Signs of the SHA-256 that say which text was read."""


def terms_in(finding: Finding) -> str | None:
    """SHA-256 of the terms that a server wants accepted; None: that is not what it said."""
    return str(finding.parameters["terms"]) if finding.code == "download.terms" else None


def accept_terms(server: Server, asked: str, given: str) -> None:
    """Tell the server that its terms are accepted.

    Args:
        server: that asked for it.
        asked: SHA-256 of its terms.
        given: what the person accepts: that, or at least twelve of its first signs.

    Raises:
        BadInput: the person accepts another text, or the server does not take it.
    """
    if len(given) < _FEWEST or not asked.startswith(given.lower()):
        raise BadInput.of(
            "download.other_terms",
            f"the terms of {server.shown} are {asked}, and {given!r} is accepted",
            "read them again, and accept those",
        )
    server.accept(asked)

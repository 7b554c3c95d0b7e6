"""With what a server is told who asks: a token given, in MMED_TOKEN, or a password of ~/.netrc. Never shown."""

from __future__ import annotations

import base64
import netrc
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mmed_curate.dataset.addresses import Address
from mmed_curate.domain.findings import BadInput

VARIABLE = "MMED_TOKEN"
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What lets somebody in at one server."""

    header: str = field(repr=False)
    """Value of the header Authorization."""
    origin: str
    """Where it comes from: --token, MMED_TOKEN, or the netrc file."""


def pass_for(address: Address, token: str | None) -> Pass | None:
    """What to show at an address; None: nothing is known, or the address itself names a user.

    Args:
        address: that is asked.
        token: that was given; None: see the environment, then ~/.netrc (or the file that NETRC names).

    Raises:
        BadInput: the token has signs that none has, or the netrc file cannot be read.
    """
    if not address.is_http:
        return None
    for value, origin in ((token, "--token"), (os.environ.get(VARIABLE) or None, VARIABLE)):
        if value is not None:
            if not _TOKEN.fullmatch(value.strip()):
                raise BadInput.of(
                    "download.token_signs",
                    f"the token of {origin} is empty or holds signs that none has",
                    "copy it again",
                )
            return Pass(header=f"Bearer {value.strip()}", origin=origin)
    if urlsplit(address.base).username is not None:
        return None
    return _from_netrc(address.host)


def _from_netrc(host: str) -> Pass | None:
    path = Path(os.environ["NETRC"]) if os.environ.get("NETRC") else Path.home() / ".netrc"
    if not path.is_file():
        return None
    try:
        entry = netrc.netrc(str(path)).authenticators(host)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError) as error:
        what = error.msg if isinstance(error, netrc.NetrcParseError) else type(error).__name__
        raise BadInput.of("download.netrc", f"{path} cannot be read ({what})", "mend it, or give --token") from error
    if entry is None or not entry[2]:
        return None
    pair = base64.b64encode(f"{entry[0]}:{entry[2]}".encode()).decode()
    return Pass(header=f"Basic {pair}", origin=str(path))

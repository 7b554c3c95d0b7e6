"""Where a release is asked for: `URL[@VERSION]`, of a server or a folder; and how it is shown, without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mmed_curate.dataset.versions import Version
from mmed_curate.domain.findings import BadInput

_SAFE = "/%:@!$&'()*+,;=~-._"
LATEST = "latest"
"""Asks for the newest that is no draft, as does no version at all."""
_HOST_LIKE = re.compile(r"localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:.]+\]|[^@/]*:\d{1,5}")
"""What before an @ is a server rather than a user: it has dots or a port."""
_VERSION_LIKE = re.compile(r"v?\d+(\.\w+){0,2}(-[\w.-]+)?|[\w-]+")
"""What after an @ is a version, good or bad, rather than a server: it begins with a number, or has no dots."""
_FILES = ("manifest-sha256.txt", "catalogue.json", "release.json", "index.html")
"""Files of a release or a folder of releases that somebody may have copied the address of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A folder of a release or of releases."""

    base: str
    """`http…` without a slash at the end, or an absolute path."""
    version: str | None = None

    @property
    def is_http(self) -> bool:
        """Asked of a server; otherwise a folder."""
        return self.base.startswith(("http://", "https://"))

    @property
    def host(self) -> str:
        """Name of the server."""
        return (urlsplit(self.base).hostname or "") if self.is_http else ""

    @property
    def shown(self) -> str:
        """As it may be shown: without user, password and query, which may hold a secret."""
        if not self.is_http:
            return self.base
        parts = urlsplit(self.base)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def below(self, relative: str) -> str:
        """The address of a file below it; each sign that an address cannot carry is written as percent and number."""
        if not self.is_http:
            return str(Path(self.base, *relative.split("/")))
        parts = urlsplit(self.base)
        path = f"{parts.path.rstrip('/')}/{quote(relative)}"
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))

    def folder(self, relative: str) -> Address:
        """The address of a folder below it."""
        return Address(base=self.below(relative))


def is_version(text: str) -> bool:
    """Whether a text is a semantic version."""
    try:
        Version.of(text)
    except BadInput:
        return False
    return True


def read_address(text: str, version: str | None = None) -> Address:
    """Understand `URL`, `URL@VERSION`, a folder, or `file://…`; the version `latest` is as none.

    Args:
        text: as a person gives it.
        version: where it was given by itself.

    Raises:
        BadInput: it is empty or of another scheme, the version is none, or two different ones are given.
    """
    base, found = _split_version(text)
    for asked in (found, version):
        if asked not in {None, LATEST} and not is_version(str(asked)):
            raise BadInput.of(
                "download.version",
                f"there is no version {asked!r}",
                f"give one such as 1.0.0, or {LATEST}; "
                "where the @ begins no version, write it %40, or end the address with /",
            )
    if version is not None and found not in {None, version}:
        raise BadInput.of("download.two_versions", f"{found} and {version} are both asked for", "give one of them")
    version = version or found
    version = None if version == LATEST else version
    scheme, separator, rest = base.partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        return Address(base=_http(scheme.lower(), rest), version=version)
    if separator and scheme.lower() == "file":
        base = unquote(urlsplit(base).path)
    elif separator:
        raise BadInput.of(
            "download.scheme", f"{scheme}:// is not understood", "give an http:// or https:// address, or a folder"
        )
    if not base.strip():
        raise BadInput.of("download.no_address", "no address is given", "give a URL or a folder")
    path = Path(base).absolute()
    return Address(base=str(path.parent if path.name in _FILES else path), version=version)


def _split_version(text: str) -> tuple[str, str | None]:
    """`…@1.0.0` as its two halves, unless a folder is called that; an @ before the last slash names a user.

    What is no version is split off too where it can be meant as nothing else, so that it can be said.
    """
    base, sign, version = text.rpartition("@")
    if not sign or not base or Path(text).exists():
        return text, None
    return (base, version) if is_version(version) or version == LATEST or _meant(base, version) else (text, None)


def _meant(base: str, version: str) -> bool:
    """Whether what stands after an @ and is no version was meant as one."""
    scheme, separator, rest = base.partition("://")
    if not separator:
        return Path(base).is_dir() and "/" not in version
    if scheme.lower() not in {"http", "https"} or set("/?#") & set(version) or set("?#") & set(rest):
        return False
    if "/" in rest:
        return True
    return bool(_HOST_LIKE.fullmatch(rest) and _VERSION_LIKE.fullmatch(version)) and version != "localhost"


def _http(scheme: str, rest: str) -> str:
    parts = urlsplit(f"{scheme}://{rest.strip()}")
    try:
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput.of("download.address", f"the address cannot be read ({error})", "check the URL") from error
    if not host:
        raise BadInput.of("download.address", f"{scheme}://{rest} names no server", "check the URL")
    path = quote(parts.path, safe=_SAFE).rstrip("/")
    head, _, last = path.rpartition("/")
    return urlunsplit((scheme, parts.netloc, head if last in _FILES else path, parts.query, ""))

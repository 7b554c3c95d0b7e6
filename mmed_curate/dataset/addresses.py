"""Where a release is asked for: `URL[@VERSION]`, of a server or a folder; and how it is shown, without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from mmed_curate.dataset.versions import Version
from mmed_curate.domain.findings import BadInput

_SAFE = "/%:@!$&'()*+,;=~-._"
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
    """Understand `URL`, `URL@VERSION`, a folder, or `file://…`.

    Args:
        text: as a person gives it.
        version: where it was given by itself.

    Raises:
        BadInput: it is empty or of another scheme, the version is none, or two different ones are given.
    """
    base, found = _split_version(text)
    if version is not None and not is_version(version):
        raise BadInput.of("download.version", f"{version!r} is no version", "give one such as 1.0.0")
    if version is not None and found not in {None, version}:
        raise BadInput.of("download.two_versions", f"{found} and {version} are both asked for", "give one of them")
    scheme, separator, rest = base.partition("://")
    if separator and scheme.lower() in {"http", "https"}:
        return Address(base=_http(scheme.lower(), rest), version=version or found)
    if separator and scheme.lower() == "file":
        base = unquote(urlsplit(base).path)
    elif separator:
        raise BadInput.of(
            "download.scheme", f"{scheme}:// is not understood", "give an http:// or https:// address, or a folder"
        )
    if not base.strip():
        raise BadInput.of("download.no_address", "no address is given", "give a URL or a folder")
    path = Path(base).absolute()
    return Address(base=str(path.parent if path.name in _FILES else path), version=version or found)


def _split_version(text: str) -> tuple[str, str | None]:
    """`…@1.0.0` as its two halves, unless a folder is called that; an @ before the last slash names a user."""
    base, sign, version = text.rpartition("@")
    if not sign or not base or not is_version(version) or Path(text).exists():
        return text, None
    return base, version


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

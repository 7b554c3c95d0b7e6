"""Which release is meant: by a folder of one, a folder that several lie in, or an address on a server."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from pathlib import Path

from mmed_curate.dataset.addresses import LATEST
from mmed_curate.dataset.facts import RELEASE, ReleaseFacts, read_facts
from mmed_curate.dataset.manifest import MANIFEST
from mmed_curate.dataset.tombstones import TOMBSTONES, tombstones_document
from mmed_curate.dataset.versions import newer
from mmed_curate.domain.files import readable_json, said_in_words, write_text
from mmed_curate.domain.findings import BadInput

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_OUT_OF_REACH = "download.unreachable"
"""What a download's error is called where the server does not answer."""


class OutOfReachWarning(UserWarning):
    """The server did not answer, so what was downloaded earlier was taken."""


def release_at(where: str | Path, version: str | None, cache: str | Path | None) -> Path:
    """The folder of the release that is meant; what lies on a server is downloaded first.

    Args:
        where: the folder of a release or of several, or the address of either.
        version: which; None or "latest": the newest that is no draft.
        cache: folder that downloads are kept in; None: the user's.

    Raises:
        BadInput: there is no such release, or it could not be downloaded.
    """
    if not isinstance(where, str | os.PathLike):
        raise BadInput.of(
            "dataset.no_path", f"{where!r} is neither a path nor an address", "give the folder of a release, or its URL"
        )
    wanted = None if version == LATEST else version
    if isinstance(where, str) and _ADDRESS.match(where):
        return _downloaded(where, wanted, cache_folder() if cache is None else Path(cache))
    folder = Path(where).expanduser()
    if folder.exists() and not folder.is_dir():
        raise BadInput.of(
            "dataset.a_file",
            f"{folder} is a file, and a release is a folder",
            "give the folder that it lies in; unpack it first where it is an archive",
        )
    if (folder / RELEASE).exists() or (folder / MANIFEST).exists() or not folder.is_dir():
        return _checked(folder, wanted)
    return _chosen(folder, wanted)


def cache_folder() -> Path:
    """Where downloads are kept: by XDG_CACHE_HOME (XDG Base Directory Specification 0.8), else below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "mmed-curate" / "releases"


def _downloaded(url: str, version: str | None, cache: Path) -> Path:
    """What is in the cache of that address is repaired or added to; out of reach, it is taken as it is."""
    from mmed_curate.dataset.addresses import read_address
    from mmed_curate.dataset.downloading import fetch_release
    from mmed_curate.dataset.fetching import Patience

    address = read_address(url, version)
    kept = cache / f"{address.host or 'folder'}-{hashlib.sha256(address.base.encode()).hexdigest()[:12]}"
    if not address.is_http:
        return release_at(Path(address.base), address.version, cache)
    try:
        with said_in_words(kept, beginning=True):
            kept.mkdir(parents=True, exist_ok=True)
        # with a copy at hand, a server that does not answer is not waited for long
        patience = Patience(tries=2) if any(kept.glob(f"*/{RELEASE}")) else None
        found = fetch_release(url, version=version, into=kept, patience=patience)
    except BadInput as error:
        if error.finding.code != _OUT_OF_REACH:
            raise
        try:
            earlier = _chosen(kept, address.version)
        except BadInput:
            raise error from None
        warnings.warn(
            f"{address.shown} does not answer; {earlier} was downloaded earlier and is taken instead: whether there is "
            "a newer version, or clips were withdrawn since, is not known",
            OutOfReachWarning,
            stacklevel=4,
        )
        return earlier
    if found.tombstones is not None:
        # beside the releases, where `withdrawn_since` looks
        write_text(kept / TOMBSTONES, readable_json(tombstones_document(found.tombstones)))
    return found.path


def _checked(folder: Path, wanted: str | None) -> Path:
    if wanted is None:
        return folder
    facts = read_facts(folder)
    if facts.version != wanted:
        raise BadInput.of(
            "dataset.other_version",
            f"{folder} is {facts.name} {facts.version}, not {wanted}",
            "give the folder of that version, or the folder that all versions lie in",
            version=wanted,
        )
    return folder


def _chosen(folder: Path, wanted: str | None) -> Path:
    """One of the releases that lie in a folder, one level deep; hidden folders are left alone."""
    found = [
        (read_facts(path), path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".") and (path / RELEASE).is_file()
    ]
    if not found:
        raise BadInput.of(
            "dataset.not_a_release",
            f"{folder} is not a release, and none lies in it: it has no {RELEASE}",
            "give the folder of a release, or one that releases lie in",
        )
    there = ", ".join(f"{facts.name} {facts.version}" for facts, _ in found)
    fitting = [
        (facts, path) for facts, path in found if (not facts.draft if wanted is None else facts.version == wanted)
    ]
    if not fitting:
        raise BadInput.of(
            "dataset.no_version",
            f"{folder} has no {f'version {wanted}' if wanted is not None else 'release that is no draft'}",
            f"ask for one of those that it has: {there}",
        )
    if len({facts.name for facts, _ in fitting}) > 1:
        raise BadInput.of(
            "dataset.several_datasets",
            f"{folder} holds releases of several datasets: {there}",
            "give the folder of one release",
        )
    facts, path = _newest(fitting)
    if sum(one.version == facts.version for one, _ in fitting) > 1:
        raise BadInput.of(
            "dataset.version_twice",
            f"{folder} holds {facts.name} {facts.version} twice",
            "give the folder of one of them",
        )
    return path


def _newest(found: list[tuple[ReleaseFacts, Path]]) -> tuple[ReleaseFacts, Path]:
    best = found[0]
    for one in found[1:]:
        if newer(one[0].version, best[0].version):
            best = one
    return best

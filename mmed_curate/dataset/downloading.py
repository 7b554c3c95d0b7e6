"""`download(url)` brings a release here: from a server or a folder, whole or in part, again where it was broken off.

What is here already is taken: of this copy, of what an earlier run left, of another version beside it; by its SHA-256.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.addresses import Address, read_address
from mmed_curate.dataset.facts import RELEASE, ReleaseFacts, read_facts
from mmed_curate.dataset.fetching import Patience, Server
from mmed_curate.dataset.gathering import Gathering, Standing, nobody
from mmed_curate.dataset.manifest import MANIFEST, SIGNATURE, read_manifest
from mmed_curate.dataset.partfolder import PartFolder, part_folder, removed
from mmed_curate.dataset.passes import Pass, pass_for
from mmed_curate.dataset.rows import ClipRow, read_rows
from mmed_curate.dataset.selection import (
    DOWNLOAD,
    Part,
    PartialCopy,
    Selection,
    check_selection,
    chosen,
    read_record,
    write_partial,
)
from mmed_curate.dataset.sources import Folder, FoundRelease, find_release
from mmed_curate.dataset.terms import accept_terms, terms_in
from mmed_curate.dataset.tombstones import Tombstones, remember, tombstone_of
from mmed_curate.dataset.totals import totals_of
from mmed_curate.dataset.versions import newer
from mmed_curate.domain.files import said_in_words, sha256_of
from mmed_curate.domain.findings import BadInput

_CLIPS = "clips.csv"
AT_ONCE = 8
"""Files that are asked for at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A release that is here now."""

    path: Path
    facts: ReleaseFacts
    id: str
    """SHA-256 of its manifest: compare it with the one that was published."""
    n_files: int
    """Of the copy, without manifest."""
    n_bytes: int
    fetched_bytes: int
    """That came over the network, or out of the folder."""
    n_taken_over: int
    """Files whose bytes another version on disk had."""
    n_kept: int
    """Files that were here."""
    partial: PartialCopy | None
    """What was selected; None: it is whole."""
    tombstones: Tombstones | None
    """What the newest release there tells of clips that are gone; None: no catalogue tells."""
    withdrawn: tuple[str, ...]
    """Judged clips of this copy that are gone from the newest release, where a catalogue tells."""


def download(
    url: str,
    *,
    version: str | None = None,
    to: str | Path | None = None,
    into: str | Path | None = None,
    only: Iterable[str] | None = None,
    subjects: Iterable[str] | None = None,
    classes: Iterable[str] | None = None,
    reuse: Sequence[str | Path] = (),
    token: str | None = None,
    terms: str | None = None,
    at_once: int = AT_ONCE,
    patience: Patience | None = None,
    progress: Callable[[Standing], None] = nobody,
) -> Path:
    """Bring a release here, and give its folder. Called again it repairs what is broken, and fetches nothing else.

    Args:
        url: address of a release or of a folder of releases, on a server or on disk, also as `URL@VERSION`.
        version: where the address does not say it; None: the newest that is no draft.
        to: folder that becomes the release; None: `NAME-VERSION`.
        into: folder that `NAME-VERSION` goes into; None: the one at hand.
        only: parts to fetch (metadata, features, preview, archival; metadata always come along); None: all.
        subjects: pseudonyms whose clips to fetch; None: all.
        classes: of three, whose clips to fetch; None: all.
        reuse: further folders of releases on disk to take unchanged files from; those beside `to` always serve.
        token: for a server that asks for one; None: MMED_TOKEN, else what ~/.netrc has for the host.
        terms: SHA-256 of the terms that are accepted herewith, or at least twelve signs of it.
        at_once: files that are asked for at the same time.
        patience: with a slow server; None: half a minute without a byte, six tries in a row without progress.
        progress: called with how far it is.

    Returns:
        The folder. Where something was selected, its download.json says what.

    Raises:
        BadInput: it cannot be had; says why, what to do, and whether to run it again. What came is kept.
    """
    return fetch_release(
        url,
        version=version,
        to=to,
        into=into,
        selection=selection_of(only, subjects, classes),
        reuse=reuse,
        token=token,
        terms=terms,
        at_once=at_once,
        patience=patience,
        progress=progress,
    ).path


def selection_of(
    only: Iterable[str] | None = None,
    subjects: Iterable[str] | None = None,
    classes: Iterable[str] | None = None,
) -> Selection:
    """What is asked for, from its words.

    Raises:
        BadInput: a part has another name, or one text was given where several are meant.
    """
    for name, value in {"only": only, "subjects": subjects, "classes": classes}.items():
        if isinstance(value, str):  # its letters would be taken one by one
            raise BadInput.of("download.one_text", f"{name} is the text {value!r}", f"give a list: [{value!r}]")
    words = None if only is None else list(only)
    known = [part.value for part in Part]
    unknown = [word for word in words or [] if word not in known]
    if unknown:
        raise BadInput.of("download.part", f"there is no part {unknown[0]!r}", f"choose from: {', '.join(known)}")
    return Selection(
        parts=frozenset(Part) if not words else frozenset({Part.METADATA, *(Part(word) for word in words)}),
        subjects=None if subjects is None else frozenset(subjects),
        classes=None if classes is None else frozenset(classes),
    )


def fetch_release(
    url: str,
    *,
    version: str | None = None,
    to: str | Path | None = None,
    into: str | Path | None = None,
    selection: Selection | None = None,
    reuse: Sequence[str | Path] = (),
    token: str | None = None,
    terms: str | None = None,
    at_once: int = AT_ONCE,
    patience: Patience | None = None,
    progress: Callable[[Standing], None] = nobody,
) -> Download:
    """As `download`, with an account of what was done.

    Raises:
        BadInput: as `download`.
    """
    if at_once < 1:
        raise BadInput.of("download.at_once", f"{at_once} files at once bring nothing", "ask for 1 or more")
    address = read_address(url, version)
    stop = threading.Event()
    with _opened(address, pass_for(address, token), patience or Patience(), at_once, stop) as source:
        try:
            found = find_release(source, address.version)
        except BadInput as error:
            asked = terms_in(error.finding)
            if asked is None or terms is None or not isinstance(source, Server):
                raise
            accept_terms(source, asked, terms)
            found = find_release(source, address.version)
        named = Path(into or "", f"{found.facts.name}-{found.facts.version}")
        target = _target(named if to is None else Path(to))
        if isinstance(found.source, Folder) and found.source.root.resolve() == target:
            raise BadInput.of("download.itself", f"{target} would be copied onto itself", "choose another folder")
        _check_target(target, found)
        return _bring(found, address, target, selection or Selection(), reuse, at_once, stop, progress)


def _opened(
    address: Address, known: Pass | None, patience: Patience, at_once: int, stop: threading.Event
) -> closing[Server] | nullcontext[Folder]:
    if not address.is_http:
        return nullcontext(Folder(Path(address.base), stop))
    return closing(
        Server(
            address,
            authorization=None if known is None else known.header,
            patience=patience,
            at_once=at_once,
            stop=stop,
        )
    )


def _target(path: Path) -> Path:
    """The folder to fill, behind links."""
    with said_in_words(path, beginning=True):
        return path.resolve()


def _check_target(target: Path, found: FoundRelease) -> None:
    """Go on only where the folder is free, or a copy of just this release."""
    if not target.exists():
        return
    if not target.is_dir():
        raise BadInput.of("download.taken", f"{target} is a file", "choose another folder with -o")
    try:
        free = not any(target.iterdir())
    except OSError as error:
        raise BadInput.of(
            "download.taken", f"{target} cannot be read ({error.strerror})", "choose another folder with -o"
        ) from error
    if free:
        return
    if _sealed(target, MANIFEST, found.id):
        return
    try:
        read_manifest(target)
    except BadInput:  # a copy of it, of which the manifest is what is broken
        if _sealed(target, RELEASE, found.sha256_of[RELEASE]):
            return
    try:
        facts = read_facts(target)
        same = (facts.name, facts.version) == (found.facts.name, found.facts.version)
        what = f"{facts.name} {facts.version}" + (" with another manifest" if same else "")
    except BadInput:
        what = f"something that has no whole {RELEASE}"
    raise BadInput.of(
        "download.taken",
        f"{target} holds {what}, not {found.facts.name} {found.facts.version} as it is at {found.source.shown}",
        "choose another folder with -o",
    )


def _sealed(target: Path, name: str, sha256: str) -> bool:
    path = target / name
    return path.is_file() and sha256_of(path) == sha256


def _bring(
    found: FoundRelease,
    address: Address,
    target: Path,
    selection: Selection,
    reuse: Sequence[str | Path],
    at_once: int,
    stop: threading.Event,
    progress: Callable[[Standing], None],
) -> Download:
    partial, here = _wanted(found, address, target, selection)
    with part_folder(target) as part:
        gathering = Gathering(
            source=found.source,
            target=target,
            part=part,
            beside=[target.parent, *(Path(folder) for folder in reuse)],
            stop=stop,
            progress=progress,
            totals=totals_of(found.manifest, found.facts, here, None if found.listed is None else found.listed.bytes),
        )
        sealed = found.sha256_of
        standing = gathering.gather({path: sealed[path] for path in here}, at_once)
        gathering.raise_lacking()
        part.keep_only(here)
        _complete(part, target, found, partial)
        removed(part)
    return Download(
        path=target,
        facts=found.facts,
        id=found.id,
        n_files=standing.files,
        n_bytes=standing.bytes_done,
        fetched_bytes=standing.bytes_fetched,
        n_taken_over=standing.n_taken_over,
        n_kept=standing.n_kept,
        partial=partial,
        tombstones=found.tombstones,
        withdrawn=_withdrawn(target, found),
    )


def _wanted(
    found: FoundRelease, address: Address, target: Path, selection: Selection
) -> tuple[PartialCopy | None, frozenset[str]]:
    """What download.json will say, and the paths that the copy will hold."""
    every = frozenset(file.path for file in found.manifest.files)
    if selection.is_whole:
        return None, every
    with tempfile.TemporaryDirectory() as aside:
        rows = read_rows(_clips(found, target, Path(aside)), ClipRow)
    check_selection(selection, rows)
    before = read_record(target)
    if before is None and (target / RELEASE).exists():
        return None, every  # it was whole, and stays so
    selections = (*(before.selections if before is not None else ()), selection)
    wanted = chosen(found.manifest, rows, selections)
    if wanted == every:
        return None, every
    partial = PartialCopy(
        release=f"{found.facts.name} {found.facts.version}",
        id=found.id,
        source=f"{address.shown}@{found.facts.version}" if found.listed is not None else address.shown,
        selections=tuple(dict.fromkeys(selections)),
    )
    return partial, wanted


def _clips(found: FoundRelease, target: Path, aside: Path) -> Path:
    """clips.csv as it was sealed: from disk, where it is there, else from the source."""
    sealed = found.sha256_of.get(_CLIPS)
    if sealed is None:
        raise BadInput.of(
            "download.no_clips", f"the manifest of {found.source.shown} names no {_CLIPS}", "download all of it"
        )
    for folder in (target, target.with_name(target.name + ".part") / "files"):
        path = folder / _CLIPS
        if path.is_file() and not path.is_symlink() and sha256_of(path) == sealed:
            return path
    found.source.file(_CLIPS, sealed, aside / _CLIPS, lambda done, total, came: None)
    return aside / _CLIPS


def _complete(part: PartFolder, target: Path, found: FoundRelease, partial: PartialCopy | None) -> None:
    """Lay manifest, signature and the record of what was selected beside the files, and let all take their place."""
    fresh = not (target / RELEASE).exists()
    with said_in_words(part.files, beginning=True):
        _write(part.files / MANIFEST, found.manifest_bytes)
        if found.signature is not None:
            _write(part.files / SIGNATURE, found.signature)
        (part.files / DOWNLOAD).unlink(missing_ok=True)
        if partial is not None:
            # before the files: broken off here, the copy says that it should hold more than it does, never less
            write_partial(part.files, partial)
            if not fresh:
                write_partial(target, partial)
    part.become(target)
    if partial is None:
        (target / DOWNLOAD).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _withdrawn(target: Path, found: FoundRelease) -> tuple[str, ...]:
    """Judged clips of the copy that are gone from the newest release; what tells it is remembered for `load`."""
    told = found.tombstones
    if told is None or not newer(told.release, found.facts.version):
        return ()
    remember(told)
    names = {row.judged_clip for row in read_rows(target / _CLIPS, ClipRow)}
    return tuple(sorted(name for name in names if tombstone_of(name) in told.hashes))

"""Several files at once, each from where it is had cheapest: this copy, an earlier run, another version, the source."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.dataset.fetching import LackingFile, Stopped
from mmed_curate.dataset.manifest import MANIFEST, inside, read_manifest
from mmed_curate.dataset.partfolder import PartFolder
from mmed_curate.dataset.pieces import forget, size_of
from mmed_curate.dataset.selection import Part, part_of
from mmed_curate.dataset.sources import Source, copy_checked
from mmed_curate.dataset.totals import Totals
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, Finding

_TOLD_EVERY_S = 0.1
_SHOWN = 3
"""Files that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a download is."""

    files: int
    """That the copy will hold."""
    files_done: int = 0
    bytes_done: int = 0
    """On disk, as far as they are looked at; of files that were here too."""
    bytes_total: int | None = None
    """None: nothing is known yet; see `totals`."""
    bytes_fetched: int = 0
    """That came from the source in this run."""
    n_taken_over: int = 0
    """Files whose bytes another release on disk had."""
    n_kept: int = 0
    """Files that were here, in the copy or from an earlier run."""


def nobody(standing: Standing) -> None:
    """A listener that does not listen."""


class Gathering:
    """Gathers the files of one release."""

    def __init__(
        self,
        *,
        source: Source,
        target: Path,
        part: PartFolder,
        beside: Sequence[Path],
        stop: threading.Event,
        progress: Callable[[Standing], None],
        totals: Totals,
    ) -> None:
        """
        Args:
            source: of what is not on disk.
            target: the copy; files that it holds well are left there.
            part: the folder aside; files come there.
            beside: releases, or folders of releases, to take unchanged files from.
            stop: set when everything should end.
            progress: called with how far it is.
            totals: what is known of their bytes.
        """
        self._source = source
        self._target = target
        self._part = part
        self._beside = beside
        self._stop = stop
        self._tally = _Tally(progress, totals)
        self._lacking: list[Finding] = []
        self._failure: BaseException | None = None
        self._turn = threading.Lock()
        self._elsewhere: dict[str, list[Path]] | None = None

    def gather(self, wanted: dict[str, str], at_once: int) -> Standing:
        """Bring every file to the copy or to the folder aside.

        Args:
            wanted: SHA-256 by path.
            at_once: files at the same time.

        Raises:
            BadInput: nothing more can be had, or the disk does not take it.
        """
        self._tally.begin(len(wanted))
        paths_of: dict[str, list[str]] = {}
        # metadata first: they are few, and of the rest the release says how many bytes there are
        for path in sorted(wanted, key=lambda path: (part_of(path) is not Part.METADATA, path)):
            paths_of.setdefault(wanted[path], []).append(path)
        todo = iter(paths_of.items())
        workers = [threading.Thread(target=self._work, args=(todo, frozenset(paths_of))) for _ in range(at_once)]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        except BaseException:  # somebody interrupts: the workers leave at their next piece
            self._stop.set()
            for worker in workers:
                worker.join()
            raise
        if self._failure is not None:
            raise self._failure
        return self._tally.end()

    def raise_lacking(self) -> None:
        """Say which files could not be had, once all others are here.

        Raises:
            BadInput: there are such.
        """
        if not self._lacking:
            return
        first = self._lacking[0]
        if len(self._lacking) == 1:
            raise BadInput(first)
        shown = "; ".join(one.what for one in self._lacking[:_SHOWN])
        more = len(self._lacking) - _SHOWN
        raise BadInput.of(
            first.code,
            f"{len(self._lacking)} files could not be had: {shown}" + (f"; and {more} more" if more > 0 else ""),
            f"{first.remedy}; the others are kept",
            files=len(self._lacking),
        )

    def _work(self, todo: Iterator[tuple[str, list[str]]], sought: frozenset[str]) -> None:
        while not self._stop.is_set():
            with self._turn:
                sha256, paths = next(todo, ("", []))
            if not paths:
                return
            try:
                self._bring(sha256, paths, sought)
            except Stopped:
                return
            except LackingFile as error:
                self._lacking.append(error.finding)
            except BaseException as error:  # told by the thread that waits for this one
                with self._turn:
                    self._failure = self._failure or error
                self._stop.set()
                return

    def _bring(self, sha256: str, paths: list[str], sought: frozenset[str]) -> None:
        """Bring all files of one content."""
        here = {path: found for path in paths if (found := self._found(path, sha256)) is not None}
        for path, found in here.items():
            self._tally.kept(part_of(path), found.stat().st_size)
        for path in paths:
            if path in here:
                continue
            piece = self._part.pieces / sha256
            if self._copied(sha256, piece, here.values()):
                self._tally.twin(part_of(path), size_of(piece))
            elif self._copied(sha256, piece, self._known_elsewhere(sought).get(sha256, ())):
                self._tally.taken_over(part_of(path), size_of(piece))
            else:
                account = self._tally.file(part_of(path))
                self._source.file(path, sha256, piece, account.told)
                account.done(size_of(piece))
            self._part.take(piece, path)
            here[path] = self._part.files / path

    def _found(self, path: str, sha256: str) -> Path | None:
        """Where a file is that is as it was sealed; None: nowhere."""
        for root in (self._target, self._part.files):
            found = inside(root, path)
            if found.is_file() and _is_sealed(found, sha256):
                return found
        return None

    def _copied(self, sha256: str, piece: Path, candidates: Iterable[Path]) -> bool:
        """Copy a file of that content from where it should be; whether one of them holds what it should."""
        for candidate in candidates:
            aside = piece.with_name(piece.name + ".copy")
            try:
                digest = copy_checked(candidate, aside, lambda done, total, came: None, self._stop)
            except LackingFile:
                continue
            if digest == sha256:
                forget(piece)
                aside.replace(piece)
                return True
            aside.unlink()
        return False

    def _known_elsewhere(self, sought: frozenset[str]) -> dict[str, list[Path]]:
        """Files of other releases on disk, by their SHA-256; read when first needed."""
        with self._turn:
            if self._elsewhere is None:
                self._elsewhere = {}
                for release in _releases(self._beside):
                    if release.resolve() != self._target:
                        self._note(release, sought)
            return self._elsewhere

    def _note(self, release: Path, sought: frozenset[str]) -> None:
        try:
            for file in read_manifest(release).files:
                if file.sha256 in sought and self._elsewhere is not None:
                    path = inside(release, file.path)
                    if path.is_file():
                        self._elsewhere.setdefault(file.sha256, []).append(path)
        except (BadInput, OSError):  # a folder that is no whole release of ours helps nobody, and hurts nobody
            return


def _releases(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            if (folder / MANIFEST).is_file():
                yield folder
            else:
                yield from sorted(one for one in folder.iterdir() if (one / MANIFEST).is_file())
        except OSError:
            continue


def _is_sealed(path: Path, sha256: str) -> bool:
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


class _Tally:
    """Counts over all workers, and tells now and then."""

    def __init__(self, progress: Callable[[Standing], None], totals: Totals) -> None:
        self._progress = progress
        self._totals = totals
        self._standing = Standing(files=0)
        self._lock = threading.Lock()
        self._told_s = 0.0

    def begin(self, files: int) -> None:
        self._standing = Standing(files=files, bytes_total=self._totals.bytes)

    def end(self) -> Standing:
        self._progress(self._standing)
        return self._standing

    def kept(self, part: Part, size: int) -> None:
        self._count(part, size, files_done=1, bytes_done=size, n_kept=1)

    def twin(self, part: Part, size: int) -> None:
        self._count(part, size, files_done=1, bytes_done=size)

    def taken_over(self, part: Part, size: int) -> None:
        self._count(part, size, files_done=1, bytes_done=size, n_taken_over=1)

    def file(self, part: Part) -> _FileTally:
        return _FileTally(self, part)

    def _count(self, part: Part, size: int | None, **more: int) -> None:
        with self._lock:
            if size is not None:
                self._totals.see(part, size)
            now = replace(self._standing, **{name: getattr(self._standing, name) + by for name, by in more.items()})
            now = replace(now, bytes_total=self._totals.bytes)
            self._standing = now
            if time.monotonic() - self._told_s > _TOLD_EVERY_S:
                self._told_s = time.monotonic()
                self._progress(now)


class _FileTally:
    """Counts one file that is being fetched."""

    def __init__(self, tally: _Tally, part: Part) -> None:
        self._tally = tally
        self._part = part
        self._have = 0
        self._sized = False

    def told(self, have: int, total: int | None, came: int) -> None:
        size = total if total is not None and not self._sized else None
        self._sized = self._sized or size is not None
        self._tally._count(self._part, size, bytes_done=have - self._have, bytes_fetched=came)
        self._have = have

    def done(self, size: int) -> None:
        self._tally._count(self._part, None if self._sized else size, files_done=1, bytes_done=size - self._have)

"""Lines that are added and never changed: one JSON object each, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmed_curate.domain.files import canonical_json, said_in_words
from mmed_curate.domain.findings import BadInput


class Ledger:
    """A file that only grows, read again whenever another process has added to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._lines: tuple[dict[str, Any], ...] = ()

    def add(self, line: Mapping[str, object], *, at_once: bool = True) -> None:
        """Add a line.

        Args:
            line: JSON values by name.
            at_once: it is on the disk before this returns; otherwise when the system writes it.

        Raises:
            BadInput: it cannot be written.
        """
        content = (canonical_json(line) + "\n").encode()
        with said_in_words(self.path, beginning=True):
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if _broken_off(handle):  # a line that a full disk or a power cut left half
                    content = b"\n" + content
                os.write(handle, content)
                if at_once:
                    os.fsync(handle)
            finally:
                os.close(handle)

    def lines(self) -> tuple[dict[str, Any], ...]:
        """All lines, oldest first; one that was broken off is left out.

        Raises:
            BadInput: the file cannot be read.
        """
        try:
            status = self.path.stat()
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            if stamp != self._stamp:
                self._lines = tuple(_read(self.path.read_bytes()))
                self._stamp = stamp
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BadInput.of(
                "serving.ledger", f"{self.path} cannot be read ({error.strerror})", "make it readable for the server"
            ) from error
        return self._lines


def _broken_off(handle: int) -> bool:
    end = os.lseek(handle, 0, os.SEEK_END)
    return end > 0 and os.pread(handle, 1, end - 1) != b"\n"


def _read(content: bytes) -> list[dict[str, Any]]:
    found = []
    for line in content.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            found.append(document)
    return found

"""Which recording a person means by a path, a file name or an id."""

from __future__ import annotations

from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SessionId
from mmed_curate.domain.records import Recording
from mmed_curate.store.read import Reader


def recording_named(records: Reader, name: str, *, session: SessionId | None = None) -> Recording:
    """The one registered recording that is meant.

    Args:
        records: of a workspace.
        name: its path, absolute or from here; or its file name; or its id.
        session: where it is given, only its recordings are meant.

    Raises:
        BadInput: there is none, or it may be one of several.
    """
    known = [one for one in records.recordings() if session is None or one.session == session]
    path = str(Path(name).resolve())
    found = [one for one in known if one.id == name or one.path in (name, path)]
    found = found or [one for one in known if Path(one.path).name == name]
    if len(found) == 1:
        return found[0]
    where = "of this workspace" if session is None else "of that session"
    said = f"is no recording {where}" if not found else f"may be any of {len(found)} recordings {where}"
    raise BadInput.of("store.which_recording", f"{name} {said}", "give its path as `mmed status --json` shows it")

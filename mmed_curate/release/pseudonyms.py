"""Names under which a workspace's people and clips go out: stable between versions, and telling nothing.

Each is derived from an id with the workspace's secret: nobody without the secret can tell who or what it stands for,
in which order people were registered, or how many there are that were not released.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, SessionId, SubjectId, derived_uuid

_PERSON_DIGITS = 10
_CLIP_DIGITS = 12
_JUDGEMENT_DIGITS = 16


class Pseudonyms:
    """Gives out the names of one workspace."""

    def __init__(self, secret: bytes) -> None:
        """Take the workspace's secret."""
        self._secret = secret
        self._given: dict[tuple[str, str], str] = {}

    def subject(self, subject: SubjectId) -> str:
        """`S-` and 10 hex digits."""
        return self._name("subject", subject, "S-", _PERSON_DIGITS)

    def session(self, session: SessionId) -> str:
        """`G-` and 10 hex digits."""
        return self._name("session", session, "G-", _PERSON_DIGITS)

    def coder(self, coder: CoderId) -> str:
        """`C-` and 10 hex digits."""
        return self._name("coder", coder, "C-", _PERSON_DIGITS)

    def judgement(self, judgement: JudgementId) -> str:
        """`j-` and 16 hex digits."""
        # each is asked for once, or twice: to keep them all would take more than it saves
        return f"j-{self._digits('judgement', judgement, _JUDGEMENT_DIGITS)}"

    def clip(self, clip: ClipId, event: int = 0) -> str:
        """`c-` and 12 hex digits; the second event of a clip ends in `-e2`, and so on."""
        name = self._name("clip", clip, "c-", _CLIP_DIGITS)
        return name if event == 0 else f"{name}-e{event + 1}"

    def _name(self, kind: str, identity: str, begins: str, digits: int) -> str:
        name = self._given.get((kind, identity))
        if name is None:
            name = self._given[kind, identity] = f"{begins}{self._digits(kind, identity, digits)}"
        return name

    def _digits(self, kind: str, identity: str, digits: int) -> str:
        # the last group of a UUID, and the first, are free of version and variant bits
        uuid = derived_uuid(self._secret, "release", kind, identity).replace("-", "")
        return (uuid[:12] + uuid[20:])[:digits]


def check_apart(names: Iterable[str]) -> None:
    """Refuse when two things got one name.

    Raises:
        BadInput: it happened, at odds of less than one in a million for a thousand subjects.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput.of(
                "release.pseudonym_twice",
                f"two different things would be released under the name {name}",
                "register one of the two again, so that it gets another id",
            )
        seen.add(name)

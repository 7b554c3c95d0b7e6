"""Names of things. Passing one kind for another is a type error.

All are text. Ids are UUIDs; those of candidates and clips are derived with the workspace's secret, so that
the same recording cut the same way gets the same id, and nobody without the secret can tell from which
recording a clip came.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from typing import NewType

RecordingId = NewType("RecordingId", str)
SessionId = NewType("SessionId", str)
SubjectId = NewType("SubjectId", str)
CandidateId = NewType("CandidateId", str)
ClipId = NewType("ClipId", str)
CoderId = NewType("CoderId", str)
TicketId = NewType("TicketId", str)
JudgementId = NewType("JudgementId", str)


def derived_uuid(secret: bytes, *parts: str) -> str:
    """A UUID that only the holder of `secret` can recompute from `parts` (HMAC-SHA-256, RFC 2104).

    Args:
        secret: the workspace's secret, at least 16 bytes.
        parts: what the id stands for, in a fixed order.

    Returns:
        A lower-case UUID of version 8 (RFC 9562: custom content).
    """
    digest = hmac.new(secret, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    value = bytearray(digest[:16])
    value[6] = (value[6] & 0x0F) | 0x80
    value[8] = (value[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(value)))

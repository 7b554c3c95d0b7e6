"""What an agreement report follows from, as one hash: where that is the same, so is the report.

A release is measured at the gate, and derived again from what was written before it is sealed. Where that is shown to
be the same, nothing is measured a second time. Who verifies a release has no such hash to trust, and measures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import AgreementReport
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.serial import to_json
from mmed_curate.domain.time import FrameClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A report, and what it was measured on."""

    report: AgreementReport
    basis: str
    """See `basis_digest`."""


def basis_digest(
    clips: Iterable[JudgedClip],
    protocol: Protocol,
    codebook: Codebook,
    settings: AgreementSettings,
    *,
    version: int,
    judgements_digest: str,
) -> str:
    """SHA-256 over all that `agreement_report` is given.

    Args:
        clips, protocol, codebook, settings, version: as there.
        judgements_digest: of all that was said of the clips (`agreement.judgements_digest`), which stands for it.
    """
    digest = hashlib.sha256()
    declared = [one.model_dump(mode="json") for one in (protocol, codebook, settings)]
    digest.update(canonical_json([version, judgements_digest, *declared]).encode())
    for one in sorted(clips, key=lambda clip: clip.clip):
        said = [judgement.id for judgement in one.judgements]
        whole = [one.clip, one.subject, one.counts, one.simulated, to_json(one.terms), _clock(one.clock), said]
        digest.update(canonical_json(whole).encode())
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _clock(clock: FrameClock) -> str:
    return hashlib.sha256(canonical_json(to_json(clock)).encode()).hexdigest()

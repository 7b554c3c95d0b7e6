"""What the event log says of rows whose contents it must not show: a salted hash of everything in them."""

from __future__ import annotations

from mmed_curate.store.chain import sealed
from mmed_curate.store.tables import ConsentRow, JudgementRow

JUDGEMENT_SUBMITTED = "judgement.submitted"
CONSENT_GIVEN = "consent.given"


def judgement_seal(row: JudgementRow) -> str:
    """Hash over all that a judgement says and of what."""
    return sealed(
        row.salt,
        row.id,
        row.ticket,
        row.clip,
        row.coder,
        row.stage,
        str(row.round),
        row.modality,
        row.answer,
        row.codebook_version,
        row.supersedes or "",
        str(bool(row.simulated)),
    )


def consent_seal(row: ConsentRow) -> str:
    """Hash over all that a consent says; the subject's id, itself derived from the secret, is its salt."""
    return sealed(row.subject, row.terms, row.form_version, row.signed_on.isoformat(), str(row.expires_on or "no end"))

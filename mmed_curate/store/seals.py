"""What the event log says of rows whose contents it must not show: a salted hash of everything in them."""

from __future__ import annotations

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.protocol import Purpose
from mmed_curate.store.chain import sealed
from mmed_curate.store.tables import ConsentRow, GoldRow, JudgementRow, StepRow, SubjectRow

JUDGEMENT_SUBMITTED = "judgement.submitted"
CONSENT_GIVEN = "consent.given"
MOVEMENT_GIVEN = "movement.given"
GOLD_ADDED = "gold.added"


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
        # what came later is sealed where it says something, so that older seals hold
        *((f"purpose {row.purpose}",) if row.purpose != Purpose.ORDINARY.value else ()),
        *((f"pass {row.turn}",) if row.turn != 1 else ()),
    )


def step_seal(row: StepRow) -> str:
    """Hash over the movement that was handed in before the emotion opened."""
    return sealed(row.salt, row.ticket, str(row.number), row.answer)


def gold_seal(row: GoldRow, salt: bytes) -> str:
    """Hash over a reading that is taken as known, and where it comes from."""
    return sealed(salt.hex(), row.clip, row.reading, row.why)


def subject_seal(row: SubjectRow, salt: bytes) -> str:
    """Hash over what is known of a subject; their code and whether they are simulated the log says openly."""
    known = (row.age_band, row.sex, row.ethnicity, row.language, row.glasses, row.beard)
    return sealed(salt.hex(), row.id, canonical_json([None if one is None else str(one) for one in known]))


def consent_seal(row: ConsentRow) -> str:
    """Hash over all that a consent says; the subject's id, itself derived from the secret, is its salt."""
    return sealed(row.subject, row.terms, row.form_version, row.signed_on.isoformat(), str(row.expires_on or "no end"))

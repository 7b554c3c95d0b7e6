"""What a report follows from, as one hash: it changes with everything that could change a number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.release import a_release, lenient_settings

from mmed_curate.agreement.basis import basis_digest
from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.dataset import load
from mmed_curate.dataset.rederivation import judged_clips
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.protocol import load_protocol


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[JudgedClip, ...]:
    return judged_clips(load(a_release(tmp_path_factory.mktemp("release") / "r", n_subjects=3, clips_per_subject=2)))


def basis(clips: tuple[JudgedClip, ...], *, version: int = 3, resamples: int | None = None) -> str:
    settings = lenient_settings()
    if resamples is not None:
        settings = settings.model_copy(update={"resamples": resamples})
    digest = judgements_digest(one for clip in clips for one in clip.judgements)
    return basis_digest(
        clips, load_protocol("mmed"), load_codebook("mmed"), settings, version=version, judgements_digest=digest
    )


def test_the_order_of_clips_is_nothing(clips: tuple[JudgedClip, ...]) -> None:
    assert basis(clips[::-1]) == basis(clips)


def test_everything_else_counts(clips: tuple[JudgedClip, ...]) -> None:
    first, *others = clips
    clock = replace(first.clock, end_pts=first.clock.end_pts + 1)
    changed = [
        replace(first, subject=SubjectId("S-ffffffff")),
        replace(first, counts=not first.counts),
        replace(first, simulated=not first.simulated),
        replace(first, terms=replace(first.terms, recodings=1)),
        replace(first, clock=clock),
        replace(first, judgements=first.judgements[:-1]),
    ]
    hashes = {basis((one, *others)) for one in changed} | {
        basis(clips, version=2),
        basis(clips, resamples=7),
        basis(tuple(others)),
    }
    assert len(hashes) == len(changed) + 3
    assert basis(clips) not in hashes

"""Builders: a clip of 100 frames of 10 ms, judges named by letters, a log that numbers itself."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from mmed_curate.agreement.settings import AgreementSettings, load_settings
from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.protocol import Protocol, load_protocol
from mmed_curate.domain.time import Frame, FrameClock, Span


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook("mmed")


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    """One screener, two coders; onset and apex within 2 frames or 50 ms, offset within 3 frames or 100 ms."""
    return load_protocol("mmed")


@pytest.fixture(scope="session")
def settings() -> AgreementSettings:
    return load_settings("mmed").model_copy(update={"resamples": 300})


@pytest.fixture(scope="session")
def clock() -> FrameClock:
    """100 frames of exactly 10 ms: 50 ms are 5 frames, 100 ms are 10."""
    return FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 100))


@pytest.fixture(scope="session")
def an_event(codebook: Codebook) -> Callable[..., CodedEvent]:
    """A micro-expression at frames 20..40 of the codebook's first emotion, unless said otherwise."""
    micro = next(entry.code for entry in codebook.event_types if entry.is_micro)

    def build(
        onset: int = 20,
        apex: int = 30,
        offset: int = 40,
        *,
        emotion: int = 0,
        event_type: str = micro,
        units: tuple[ActionUnitMark, ...] = (),
        cues: tuple[VocalCueMark, ...] = (),
    ) -> CodedEvent:
        return CodedEvent(
            span=Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset)),
            event_type=event_type,
            emotion=codebook.emotions[emotion].code,
            basis=codebook.bases[0].code,
            action_units=units,
            vocal_cues=cues,
        )

    return build


class Log:
    """The judgements of one clip, in order."""

    def __init__(self, clip: str = "clip") -> None:
        self.clip = clip
        self.judgements: list[Judgement] = []

    def add(self, coder: str, answer: Answer, *, round: int = 1, supersedes: str | None = None) -> Judgement:
        order = len(self.judgements) + 1
        judgement = Judgement(
            id=JudgementId(f"{self.clip}-j{order}"),
            clip=ClipId(self.clip),
            coder=CoderId(coder),
            answer=answer,
            round=round,
            codebook_version="1.0",
            order=order,
            supersedes=JudgementId(supersedes) if supersedes else None,
        )
        self.judgements.append(judgement)
        return judgement

    def screened(self, coder: str = "screener", *, accept: bool = True, **how: object) -> Log:
        verdict = ScreeningVerdict.ACCEPT if accept else ScreeningVerdict.REJECT
        self.add(coder, Screening(verdict=verdict, reason="" if accept else "blurred"), **how)  # type: ignore[arg-type]
        return self

    def coded(self, coder: str, *events: CodedEvent, **how: object) -> Log:
        self.add(coder, Coding(events=events), **how)  # type: ignore[arg-type]
        return self

    def adjudicated(self, coder: str, *events: CodedEvent, **how: object) -> Log:
        self.add(coder, Adjudication(events=events, reason="looked again"), **how)  # type: ignore[arg-type]
        return self

    def verified(self, coder: str, verdict: VerificationVerdict = VerificationVerdict.ACCEPT, **how: object) -> Log:
        reason = "" if verdict is VerificationVerdict.ACCEPT else "not so"
        self.add(coder, Verification(verdict=verdict, reason=reason), **how)  # type: ignore[arg-type]
        return self


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture(scope="session")
def new_log() -> type[Log]:
    return Log

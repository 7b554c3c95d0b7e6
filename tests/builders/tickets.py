"""Tickets and views as a window is shown them, without a desk: no media, made-up readings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from annotator_gui.acts import Act
from annotator_gui.draft import EMPTY, Draft
from annotator_gui.session import View
from builders.workspace import a_clock
from mmed_curate.annotation import LetteredReading, Ticket
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.context import ClipContext, ShownEvent, ShownReport, Whose
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Intensity, Side, VocalCueMark
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame, Span

BOOK = load_codebook("mmed")
CONTEXT = ClipContext(
    game="Among Us",
    stakes="20 EUR",
    outcome="crew won",
    role="impostor",
    player_outcome="voted out",
    events=(ShownEvent(time_s=-3.2, what="accused", whose=Whose.PLAYER, detail="by two <b>others</b>"),),
    reports=(ShownReport(onset_s=-1.0, offset_s=1.5, emotion="fear", intensity=5, words="I thought they had me"),),
)


def a_reading(
    onset: int = 20,
    apex: int = 26,
    offset: int = 34,
    *,
    emotion: str = "happiness",
    units: tuple[ActionUnitMark, ...] = (ActionUnitMark(code="au6"), ActionUnitMark(code="au12")),
    cues: tuple[VocalCueMark, ...] = (),
) -> CodedEvent:
    """One micro-expression as somebody read it."""
    return CodedEvent(
        span=Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset)),
        event_type="micro",
        emotion=emotion,
        basis="appearance",
        action_units=units,
        vocal_cues=cues,
        confidence="medium",
    )


A = LetteredReading(
    letter="A",
    events=(a_reading(cues=(VocalCueMark(code="sigh", onset=Frame(30), offset=Frame(44), owner="subject"),)),),
)
B = LetteredReading(
    letter="B",
    events=(
        a_reading(
            23,
            emotion="contempt",
            units=(ActionUnitMark(code="au12", side=Side.LEFT, intensity=Intensity.B),),
        ),
        a_reading(48, 52, 58, emotion="surprise", units=(ActionUnitMark(code="au1"), ActionUnitMark(code="au2"))),
    ),
)
C = LetteredReading(letter="C", events=(a_reading(21),))


def a_ticket(stage: Stage, **other: Any) -> Ticket:
    """A ticket without media."""
    shown: dict[str, Any] = {
        Stage.ADJUDICATION: {
            "readings": (A, B),
            "disputed": (AnswerField.SPAN, AnswerField.EMOTION),
            "fields": tuple(AnswerField),
        },
        Stage.VERIFICATION: {"proposed": A.events, "fields": tuple(AnswerField)},
        Stage.CODING: {"fields": tuple(AnswerField)},
    }.get(stage, {"fields": ()})
    return Ticket(
        **{
            "id": TicketId(f"ticket of {stage.value}"),
            "stage": stage,
            "round": 1,
            "clip_name": "0123456789ab",
            "picture": None,
            "sound": None,
            "clock": a_clock(60),
            "codebook": BOOK,
            **shown,
            **other,
        }
    )


class Sitter:
    """Does to a draft what a panel asks for, and shows the panel what came of it: a sitting without a desk."""

    def __init__(self, panel: Any, ticket: Ticket, draft: Draft = EMPTY) -> None:
        self.panel, self.ticket, self.draft = panel, ticket, draft
        self.acts: list[str] = []
        self.handed_in = 0
        self.asked: list[str] = []
        panel.acted.connect(self.do)
        panel.handed_in.connect(self._hand_in)
        panel.asked.connect(self.asked.append)
        self.show()

    def do(self, act: Act) -> None:
        """One act."""
        self.acts.append(act.name)
        self.draft = act.apply(self.draft, self.ticket)
        self.show()

    def show(self, **other: Any) -> None:
        """Show the panel where the draft stands."""
        self.panel.show_view(replace(View(ticket=self.ticket, draft=self.draft), **other))

    def _hand_in(self) -> None:
        self.handed_in += 1

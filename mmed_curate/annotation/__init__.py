"""The desk: who judges what next, what they may see, what their judgement moves."""

from __future__ import annotations

from mmed_curate.annotation.assign import Assigned, assign
from mmed_curate.annotation.desk import Desk, Feedback
from mmed_curate.annotation.door import coder_codes, open_desk, open_overview, write_report
from mmed_curate.annotation.measured import ClassLine, LayerLine, MarkLine, MeasuredRound, RuleLine
from mmed_curate.annotation.overview import CodedReading, CoderLine, Dispute, Overview, TrendPoint
from mmed_curate.annotation.own import OwnProgress
from mmed_curate.annotation.ticket import LetteredReading, Ticket
from mmed_curate.domain.conduct import Aid, Effort

__all__ = [
    "Aid",
    "Assigned",
    "ClassLine",
    "CodedReading",
    "CoderLine",
    "Desk",
    "Dispute",
    "Effort",
    "Feedback",
    "LayerLine",
    "LetteredReading",
    "MarkLine",
    "MeasuredRound",
    "Overview",
    "OwnProgress",
    "RuleLine",
    "Ticket",
    "TrendPoint",
    "assign",
    "coder_codes",
    "open_desk",
    "open_overview",
    "write_report",
]

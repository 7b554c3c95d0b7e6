"""The desk: who judges what next, what they may see, what their judgement moves."""

from __future__ import annotations

from mmed_curate.annotation.assign import Assigned, assign
from mmed_curate.annotation.desk import Desk, Feedback, OwnProgress
from mmed_curate.annotation.ticket import LetteredReading, Ticket

__all__ = ["Assigned", "Desk", "Feedback", "LetteredReading", "OwnProgress", "Ticket", "assign"]

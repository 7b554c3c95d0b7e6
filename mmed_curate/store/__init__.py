"""The workspace and its database: the only room that speaks SQL."""

from __future__ import annotations

from mmed_curate.store.read import Place, Reader, TicketRecord, TicketState
from mmed_curate.store.settings import Origin, Setting
from mmed_curate.store.workspace import Workspace
from mmed_curate.store.write import Writer

__all__ = ["Origin", "Place", "Reader", "Setting", "TicketRecord", "TicketState", "Workspace", "Writer"]

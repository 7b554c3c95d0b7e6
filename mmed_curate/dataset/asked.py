"""What coders are asked of an event, and what stands for an answer that is no code. Needs nothing heavy."""

from __future__ import annotations

from enum import Enum

from mmed_curate.domain.findings import BadInput

NO_CLASS = "(no class)"
"""Stands for the class of an emotion that is in none. No code of a codebook has parentheses."""
NO_EVENT = "(no event)"
"""Stands for what a coder said who marked no such event."""

Vote = str | tuple[str, ...] | None
"""A code, or the codes of action units, sorted; None: this coder marked no such event."""


class Field(Enum):
    """What of an event shares of its coders can be taken of."""

    EMOTION = "emotion"
    EMOTION_CLASS = "emotion_class"
    EVENT_TYPE = "event_type"
    ACTION_UNITS = "action_units"

    @classmethod
    def of(cls, name: str | Field) -> Field:
        """The field of a name.

        Raises:
            BadInput: there is none.
        """
        try:
            return cls(name)
        except ValueError as error:
            raise BadInput.of(
                "dataset.no_field",
                f"a release has no labels called {name!r}",
                f"take one of {', '.join(one.value for one in cls)}",
            ) from error

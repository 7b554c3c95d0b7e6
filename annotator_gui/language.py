"""The window's words in the coder's language. English stands in the code; other languages in `languages/*.json`. No Qt.

A catalogue has three parts: `words`, by English sentence; `findings`, by stable code with `what` and `remedy`; `fonts`,
families that have its signs. A sentence may hold values in braces.
"""

from __future__ import annotations

import json
import locale
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmed_curate.domain.findings import BadInput, Finding

if TYPE_CHECKING:  # the words are there before the first paint, the codebook only after it
    from mmed_curate.domain.codebook import Entry

_FOLDER = Path(__file__).resolve().parent / "languages"
ENGLISH = "en"
_COMMA = ", "


class Words:
    """Says things in one language. A sentence that it lacks is said in English."""

    def __init__(self, code: str = ENGLISH) -> None:
        """Take a language by its BCP 47 code.

        Raises:
            BadInput: there is no such catalogue.
        """
        self.code = code
        self._words: Mapping[str, str] = {}
        self._findings: Mapping[str, Mapping[str, str]] = {}
        self.fonts: tuple[str, ...] = ()
        """Families that have this language's signs in the form that its readers know, best first; empty: any has."""
        if code == ENGLISH:
            return
        path = _FOLDER / f"{code}.json"
        if code not in languages():
            known = ", ".join(languages())
            raise BadInput.of(
                "gui.no_language", f"there is no language {code}", f"choose one of: {known}", language=code, known=known
            )
        held = json.loads(path.read_text(encoding="utf-8"))
        self._words, self._findings, self.fonts = held["words"], held["findings"], tuple(held["fonts"])

    def __call__(self, english: str, **values: object) -> str:
        """Say a sentence.

        Args:
            english: as it stands in the code, with names in braces.
            values: what the names stand for.
        """
        said = self._words.get(english, english)
        return said.format(**values) if values else said

    def finding(self, finding: Finding) -> str:
        """Say a finding, what is wrong and what to do."""
        known = self._findings.get(finding.code)
        if known is None:
            return str(finding)
        values: dict[str, Any] = {
            name: self._value(value) if isinstance(value, str) else value for name, value in finding.parameters.items()
        }
        try:
            return f"{known['what'].format(**values)}：{known['remedy'].format(**values)}"
        except KeyError:  # a sentence of ours that carries fewer values than the translation wants
            return str(finding)

    def _value(self, value: str) -> str:
        """A value inside a finding: a word of ours, several with commas between them, or a name that stays as it is."""
        parts = value.split(_COMMA)
        return self(_COMMA).join(map(self, parts)) if all(part in self._words for part in parts) else value

    def label(self, entry: Entry) -> str:
        """What a coder reads of a code."""
        return entry.label.get(self.code) or entry.label[ENGLISH]


def languages() -> tuple[str, ...]:
    """Codes of all languages, English first."""
    return (ENGLISH, *sorted(path.stem for path in _FOLDER.glob("*.json")))


def language_of_machine() -> str:
    """The language that this machine is set to, where the window has it; else English."""
    said = (locale.getlocale()[0] or "").replace("_", "-")
    if said.lower().startswith("zh") and "zh-Hans" in languages():
        return "zh-Hans"
    return next((code for code in languages() if said.lower().startswith(code.lower())), ENGLISH)

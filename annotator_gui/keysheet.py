"""All keys on a page or two: commands by heading, then the codes of a codebook. HTML as Qt prints it; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from annotator_gui.fields import Field, offered, title
from annotator_gui.keys import SAID, Command, KeyMap
from annotator_gui.language import Words
from mmed_curate.domain.codebook import Codebook

_CODED = (
    Field.EVENT_TYPE,
    Field.ACTION_UNITS,
    Field.NOT_VISIBLE,
    Field.EMOTION,
    Field.BASIS,
    Field.VOCAL_CUES,
    Field.CUE_OWNERS,
    Field.CONFIDENCE,
)
_UNITS_ABREAST = 3
_CODES_ABREAST = 4


def shown_key(key: str) -> str:
    """A key as people read it."""
    return key.replace("Return", "Enter").replace("PgDown", "Page Down").replace("PgUp", "Page Up")


def shown_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """Keys as people read them; Enter is named once, though a keyboard has two."""
    return tuple(dict.fromkeys(map(shown_key, keys)))


def commands_by_heading(words: Words) -> dict[str, list[tuple[Command, str]]]:
    """What each command does, under its heading, in the order of the list."""
    found: dict[str, list[tuple[Command, str]]] = {}
    for command, (heading, does) in SAID.items():
        found.setdefault(words(heading), []).append((command, words(does)))
    return found


def sheet(keys: KeyMap, words: Words, book: Codebook | None) -> str:
    """The page.

    Args:
        keys: the coder's.
        words: the coder's language.
        book: whose codes' keys are listed too; None: only commands.
    """
    blocks = [_commands(heading, rows, keys) for heading, rows in commands_by_heading(words).items()]
    left, right = _balanced(blocks)
    parts = [
        f"<h2>{escape(words('Keys'))}</h2>",
        f"<table width='100%' cellspacing='0'><tr><td width='49%' valign='top'>{left}</td><td width='2%'></td>"
        f"<td width='49%' valign='top'>{right}</td></tr></table>",
    ]
    if book is not None:
        parts.append(f"<h2>{escape(words('Keys of codes, each while its field is in hand'))}</h2>")
        parts += [_codes(field, book, words) for field in _CODED if offered(field, book, bases=_bases(book))]
    return "".join(parts)


def _commands(heading: str, rows: Sequence[tuple[Command, str]], keys: KeyMap) -> tuple[int, str]:
    """A block and how many lines it takes."""
    lines = "".join(
        f"<tr><td width='42%'>{_caps(keys.keys.get(command, ()))}</td><td>{escape(does)}</td></tr>"
        for command, does in rows
    )
    return len(rows) + 2, f"<h3>{escape(heading)}</h3><table width='100%' cellpadding='1'>{lines}</table>"


def _balanced(blocks: Sequence[tuple[int, str]]) -> tuple[str, str]:
    """Blocks in two columns of about the same height, in order."""
    whole = sum(lines for lines, _ in blocks)
    cut = min(range(len(blocks) + 1), key=lambda n: abs(whole - 2 * sum(lines for lines, _ in blocks[:n])))
    return "".join(block for _, block in blocks[:cut]), "".join(block for _, block in blocks[cut:])


def _codes(field: Field, book: Codebook, words: Words) -> str:
    abreast = _UNITS_ABREAST if field is Field.ACTION_UNITS else _CODES_ABREAST
    choices = offered(field, book, bases=_bases(book))
    n_rows = -(-len(choices) // abreast)
    rows = []
    for place in range(n_rows):
        cells = []
        for one in choices[place::n_rows]:
            name = escape(words.label(one.entry))
            number = f"<b>{escape(one.number)}</b> " if one.number else ""
            cells.append(f"<td width='{100 // abreast}%'>{_caps([one.key] if one.key else [])} {number}{name}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    table = f"<table width='100%' cellpadding='1'>{''.join(rows)}</table>"
    return f"<h3>{escape(title(field, words))}</h3>{table}"


def _caps(keys: Sequence[str]) -> str:
    return ", ".join(f"<b><tt>{escape(name).replace(' ', '&nbsp;')}</tt></b>" for name in shown_keys(keys))


def _bases(book: Codebook) -> tuple[str, ...]:
    """What a coder can rest a label on: no context is shown while coding."""
    return tuple(entry.code for entry in book.bases if not entry.needs_context)

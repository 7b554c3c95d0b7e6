"""Pages written from their owners: the verbs, the vocabulary, the columns of tables, the keys of the window."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import fields

import click

from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.keysheet import commands_by_heading, shown_keys
from annotator_gui.language import Words
from mmed_curate.cli.main import VERBS, mmed
from mmed_curate.dataset.dataframes import dtype_of
from mmed_curate.domain.codebook import Codebook, Entry


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of `mmed` with the words that call it, groups before what is in them, in the order of the road."""
    context = click.Context(mmed, info_name="mmed")
    for verb in VERBS:
        command = mmed.get_command(context, verb)
        assert command is not None
        yield verb, command
        if isinstance(command, click.Group):
            inside = click.Context(command, info_name=verb, parent=context)
            for word in command.list_commands(inside):
                below = command.get_command(inside, word)
                assert below is not None
                yield f"{verb} {word}", below


def commands_page() -> str:
    """Markdown: usage, meaning and options of every command."""
    return "\n".join(_section(words, command) for words, command in commands())


def codebook_page(book: Codebook) -> str:
    """Markdown: every code with its label and definition, list by list."""
    classes = {entry.code: entry.emotion_class or "none: released, never benchmarked" for entry in book.emotions}
    regions = {entry.code: entry.region for entry in book.action_units}
    parts = [f"Codebook `{book.name}`, version {book.version}: {book.title}.\n"]
    parts += [
        _entries("Event types", book.event_types),
        _entries("Emotions", book.emotions, "Class", classes),
        _entries("Classes of the benchmark", book.classes),
        _entries("Action units", book.action_units, "Region", regions),
        _entries("Vocal cues", book.vocal_cues),
        _entries("Whose a cue is", book.cue_owners),
        _entries("Confidence", book.confidences),
        _entries("What a label rests on", book.bases),
    ]
    return "\n".join(parts)


def columns_page(*tables: tuple[str, type]) -> str:
    """Markdown: every column of released tables, from the records that write them.

    Args:
        tables: file name and the record of one row.
    """
    return "\n".join(_columns(name, row) for name, row in tables)


def keys_page() -> str:
    """Markdown: every command of the window with the keys that it has at first."""
    lines = []
    for heading, rows in commands_by_heading(Words()).items():
        lines += [f"### {heading}", "", "| key | |", "|---|---|"]
        for command, does in rows:
            keys = ", ".join(f"`{key}`" for key in shown_keys(DEFAULT_KEYS.keys[command]))
            lines.append(f"| {keys.replace('|', chr(92) + '|')} | {_cell(does)} |")
        lines.append("")
    return "\n".join(lines)


def _columns(name: str, row: type) -> str:
    said = _field_captions(row)
    lines = [f"### {name}", "", "| column | holds | dtype | |", "|---|---|---|---|"]
    for field in fields(row):
        kind = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
        holds = kind.get(str(field.type).removesuffix(" | None"), "several, apart by spaces")
        empty = ", or empty" if str(field.type).endswith("None") else ""
        dtype = dtype_of(str(field.type))
        lines.append(f"| `{field.name}` | {holds}{empty} | `{dtype}` | {_cell(said.get(field.name, ''))} |")
    return "\n".join([*lines, ""])


def _field_captions(row: type) -> dict[str, str]:
    """The line under each field of a record."""
    found = {}
    body = ast.parse(textwrap.dedent(inspect.getsource(row))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            found[field.target.id] = str(text)
    return found


def _section(words: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"mmed {words}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    level = "###" if " " in words else "##"
    lines = [f"{level} mmed {words}", "", "```text", " ".join(usage.split()), "```", ""]
    help_text = _flowed(command.help or command.short_help or "")
    if help_text:
        lines += [help_text, ""]
    options = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    rows = [record for record in options if record is not None]
    if rows:
        lines += ["| option | |", "|---|---|"]
        lines += [f"| `{_cell(flag)}` | {_cell(meaning)} |" for flag, meaning in rows]
        lines.append("")
    return "\n".join(lines)


def _flowed(text: str) -> str:
    paragraphs = text.replace("\b", "").replace("\f", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def _entries(title: str, entries: Sequence[Entry], extra: str = "", values: dict[str, str] | None = None) -> str:
    head = ["Code", "Label", *([extra] if extra else []), "When to choose it", "Source"]
    lines = [f"### {title}", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for entry in entries:
        labels = " · ".join(entry.label[language] for language in sorted(entry.label))
        cells = [
            f"`{entry.code}`",
            labels,
            *([(values or {})[entry.code]] if extra else []),
            entry.definition,
            entry.source,
        ]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

"""`mmed protocol check`: does a lab's protocol hold together, and its codebook with it?"""

from __future__ import annotations

import click

from mmed_curate.cli.console import json_option, out, print_json, table
from mmed_curate.domain.protocol import JUDGED, ROLE_FOR, codebook_of, load_protocol


@click.group()
def protocol() -> None:
    """Check a protocol and its codebook."""


@protocol.command()
@click.argument("name_or_path")
@json_option
def check(name_or_path: str, as_json: bool) -> None:
    """Check the protocol NAME_OR_PATH (a packaged one, or a YAML file) and the codebook that it names.

    A mistake is named with file, line, key and cure; exit code 2.
    """
    rules = load_protocol(name_or_path)
    book = codebook_of(rules, name_or_path)
    stages = [
        {
            "stage": stage.value,
            "role": ROLE_FOR[stage].value,
            "judges": rules.rules(stage).judges,
            "modality": rules.rules(stage).modality.value,
            "fields": [field.value for field in rules.rules(stage).fields],
        }
        for stage in JUDGED
    ]
    if as_json:
        print_json(
            {"protocol": rules.name, "title": rules.title, "stages": stages, "codebook": f"{book.name} {book.version}"}
        )
        return
    rows = [
        (
            stage.value,
            rules.rules(stage).judges,
            ROLE_FOR[stage].value,
            rules.rules(stage).modality.value,
            ", ".join(field.value for field in rules.rules(stage).fields),
        )
        for stage in JUDGED
    ]
    out.print(table(rules.title, ("stage", "judges", "role", "shown", "asked, in order"), rows))
    out.print(
        f"codebook {book.name} {book.version}: {len(book.emotions)} emotions, {len(book.action_units)} action units, "
        f"{len(book.vocal_cues)} vocal cues",
        markup=False,
    )

"""`mmed release catalogue`: which releases lie in a folder, written beside them for `mmed download URL@VERSION`."""

from __future__ import annotations

from pathlib import Path

import click

from mmed_curate.cli.console import json_option, out, print_json, table
from mmed_curate.dataset.catalogue import CATALOGUE, catalogue_document, gather_catalogue


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def catalogue(folder: Path, as_json: bool) -> None:
    """Write catalogue.json for the releases that lie in FOLDER, each in a folder of its own.

    Put FOLDER behind any web server: `mmed download URL@VERSION` then finds each version, and URL alone the newest that
    is no draft. Run it again whenever a release comes or goes.
    """
    from mmed_curate.domain.files import readable_json, write_text
    from mmed_curate.release.schemas import check_document

    found = gather_catalogue(folder)
    document = catalogue_document(found)
    check_document("catalogue", document, where=CATALOGUE)
    write_text(folder / CATALOGUE, readable_json(document))
    if as_json:
        print_json(document)
        return
    rows = [
        (one.name, one.version, one.folder, one.clips, f"{one.bytes / 1e6:,.1f}", _marks(one.draft, one.simulated))
        for one in found.releases
    ]
    out.print(table("Releases", ["dataset", "version", "folder", "clips", "MB", ""], rows))
    out.print(str(folder / CATALOGUE), markup=False)


def _marks(draft: bool, simulated: bool) -> str:
    return " ".join([*(["DRAFT"] if draft else []), *(["SIMULATED"] if simulated else [])])

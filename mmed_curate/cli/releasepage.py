"""`mmed release page`: a page without pictures and sounds, of a release that is made already."""

from __future__ import annotations

from pathlib import Path

import click

from mmed_curate.cli.console import json_option, out, print_json


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("-o", "--to", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@json_option
def page(release: Path, to: Path, as_json: bool) -> None:
    """Make a page of RELEASE, a folder, that shows no picture and lets nobody be heard.

    What is shown is what its tables and texts say: also every judgement, under pseudonyms. The release is read and
    never changed. The folder can be opened from disk or be put on any web server as it is.
    """
    from mmed_curate.release.page import INDEX, page_outside

    page_outside(release, to)
    if as_json:
        print_json({"page": str(to / INDEX)})
    else:
        out.print(str(to / INDEX), markup=False)

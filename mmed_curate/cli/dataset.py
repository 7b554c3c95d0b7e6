"""`mmed verify`: is this copy of a release the one that was sealed, byte for byte?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mmed_curate.cli.console import json_option, out, print_json, progress_bar
from mmed_curate.dataset.facts import marks
from mmed_curate.dataset.manifest import SIGNATURE
from mmed_curate.dataset.signature import Signed
from mmed_curate.dataset.verification import VerifyReport
from mmed_curate.dataset.verification import verify as verify_release
from mmed_curate.domain.counted import counted


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--public-key", type=click.Path(path_type=Path), help="Key by which the release must be signed.")
@json_option
def verify(release: Path, public_key: Path | None, as_json: bool) -> None:
    """Name every changed, missing or extra file of RELEASE, and derive its agreement again from its judgements.

    Ends with 0 where nothing differs, with 1 where something does. The id printed is the SHA-256 of the manifest:
    compare it with the one that was published. With --public-key, which the lab published elsewhere, a release that
    is not signed by it differs too.
    """
    with progress_bar("Reading", "bytes") as progress:
        report = verify_release(release, public_key=public_key, progress=progress)
    if as_json:
        print_json(report_document(report))
    else:
        _tell(release, report)
    if not report.ok:
        sys.exit(1)


def report_document(report: VerifyReport) -> dict[str, object]:
    """The report as the JSON document that `--json` prints."""
    return {
        "format": "mmed-verify-report",
        "version": 2,
        "ok": report.ok,
        "release": report.release,
        "id": report.id,
        "simulated": report.simulated,
        "draft": report.draft,
        "closed_by": list(report.closed_by),
        "n_files": report.n_files,
        "n_bytes": report.n_bytes,
        "changed": list(report.changed),
        "missing": list(report.missing),
        "extra": list(report.extra),
        "links": list(report.links),
        "rederived": [
            {"what": one.what, "stated": one.stated, "found": one.found, "same": one.same} for one in report.rederived
        ],
        "attested": list(report.attested),
        "partial": None
        if report.partial is None
        else {"selected": str(report.partial), "source": report.partial.source, "left_out": report.n_left_out},
        "signature": report.signed.value,
    }


def _tell(release: Path, report: VerifyReport) -> None:
    marked = marks(simulated=bool(report.simulated), draft=report.draft)
    out.print(f"{marked}{report.release or release}: {counted(report.n_files, 'file')} sealed", markup=False)
    out.print(f"id {report.id}", markup=False)
    out.print(f"signature: {report.signed.value}", markup=False)
    for difference in report.differences:
        out.print(f"  {difference}", markup=False)
    for one in report.rederived:
        if one.same:
            out.print(f"  derived again: {one.what} = {one.found}", markup=False)
    for word in report.attested:
        out.print(f"  attested, not verifiable here: {word}", markup=False)
    if report.draft:
        rules = f": {', '.join(report.closed_by)}" if report.closed_by else ""
        out.print(f"This is a DRAFT and no release. Its gate was closed{rules}", style="bold red", markup=False)
    if report.partial is not None:
        out.print(f"partial, as selected: {report.partial}; {report.n_left_out} files were left out", markup=False)
    if report.ok:
        out.print(
            "every file is as it was sealed"
            if report.partial is None
            else "every file of the selection is as it was sealed",
            style="bold green",
        )
    else:
        todo = "; ".join(_remedies(report))
        out.print(f"{counted(len(report.differences), 'difference')}: {todo}", style="bold red", markup=False)


def _remedies(report: VerifyReport) -> list[str]:
    """What to do about each kind of difference that there is."""
    found = []
    if report.changed or report.missing:
        found.append("download again what is changed or missing")
    if report.extra:
        found.append("remove what is extra")
    if report.links:
        found.append("remove the links, and download again what lay there")
    if not all(one.same for one in report.rederived):
        found.append("ask whoever released it why it does not say what its own tables give")
    if report.must_be_signed and report.signed is Signed.NO:
        found.append(f"ask whoever released it for {SIGNATURE}")
    if report.must_be_signed and report.signed is Signed.WRONG:
        found.append("do not use it before whoever released it tells you by which key it is signed")
    return found

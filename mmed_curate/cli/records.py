"""`mmed export judgements FORMAT` and `mmed export consensus FORMAT`: a workspace's own, for curators."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from mmed_curate.cli.console import err, out
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.interchange.formats import TIMELINE_FORMATS

_SUFFIX = {"elan": ".eaf", "boris": ".boris", "praat": ".TextGrid", "praat-short": ".TextGrid", "csv": ".csv"}
_EXPECTED = frozenset({"interchange.rounded", "interchange.media_offset"})
"""Remarks that say nothing new of a file made from frames."""


def _command(name: str, help: str) -> click.Command:
    @click.command(name=name, help=help)
    @click.argument("format", type=click.Choice(list(_SUFFIX)), metavar="FORMAT")
    @click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write into.")
    @click.option(
        "--on-recording",
        is_flag=True,
        help="One file for each recording, on its clock, for review by curators only: it shows where clips lie.",
    )
    def command(format: str, output: Path, on_recording: bool) -> None:
        _export(name, format, output, on_recording=on_recording)

    return command


_NOT_BLIND = " Not blind: never give it to somebody who is still to judge. FORMAT: " + ", ".join(_SUFFIX) + "."
judgements = _command(
    "judgements", "Write what every coder said, in tiers by coder's code, a file for each clip." + _NOT_BLIND
)
consensus = _command("consensus", "Write what was settled, a file for each clip." + _NOT_BLIND)


def _export(what: str, format: str, output: Path, *, on_recording: bool) -> None:
    # here, because exporting tables needs no database
    from mmed_curate.annotation.exported import judged, settled
    from mmed_curate.store import Workspace

    gather = judged if what == "judgements" else settled
    exported = gather(Workspace.find(), on_recording=on_recording)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput.of(
            "files.not_writable", f"{output} cannot be made ({error.strerror})", "choose a folder of yours"
        ) from error
    findings: list[Finding] = []
    for name, timeline in exported.timelines:
        findings.extend(TIMELINE_FORMATS[format].write(output / f"{name}{_SUFFIX[format]}", [timeline]))
    count = sum(timeline.n_annotations for _, timeline in exported.timelines)
    out.print(f"{count} annotations in {len(exported.timelines)} file(s) in {output}", markup=False)
    if exported.n_verdicts:
        out.print(
            f"{exported.n_verdicts} judgement(s) without marks in time are not in them: see mmed why", markup=False
        )
    if exported.n_unsettled:
        out.print(f"{exported.n_unsettled} clip(s) are not settled", markup=False)
    said = Counter((one.severity.value, one.what.partition(" (")[0]) for one in findings if one.code not in _EXPECTED)
    for (severity, sentence), times in said.items():
        err.print(f"{severity}: {sentence}" + (f" ({times} times)" if times > 1 else ""), markup=False)
    if any(one.severity is Severity.ERROR for one in findings):
        raise SystemExit(2)

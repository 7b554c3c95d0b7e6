"""`mmed release create`: agreement, gate, number, build, benchmark, seal, in one go; 1 where the gate stays shut."""

from __future__ import annotations

import importlib.util
import shlex
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmed_curate.agreement.settings import settings_of
from mmed_curate.cli.catalogue import catalogue
from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar
from mmed_curate.cli.gate import tell_attempt, tell_decision
from mmed_curate.cli.release_diff import diff
from mmed_curate.cli.releasepage import page
from mmed_curate.dataset.facts import marks
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput
from mmed_curate.gate.policy import load_policy

if TYPE_CHECKING:
    from mmed_curate.gate.verdicts import RuleVerdict
    from mmed_curate.release.build import Release


_KEPT = ".benchmark.partial"
"""Folder in the workspace that finished trainings are kept in until all are."""


@click.group()
def release() -> None:
    """Make a sealed, versioned release, or compare two."""


release.add_command(diff)


release.add_command(page)


@release.command()
@click.argument("version", required=False)
@click.option("--policy", help="Name or path of a gate policy [default: the workspace's, else mmed].")
@click.option("--recipe", default="mmed", show_default=True, help="Name or path of pipelines/release/*.yaml.")
@click.option(
    "--licence", type=click.Path(path_type=Path), help="Text file with the terms of use [default: a template]."
)
@click.option("--to", type=click.Path(path_type=Path), help="Folder to make [default: releases/ in the workspace].")
@click.option(
    "--since",
    type=click.Path(path_type=Path),
    help="The version before, where it does not lie in releases/; an older one, where it is gone.",
)
@click.option("--benchmark", help="Name or path of pipelines/benchmark/*.yaml [default: the workspace's, else mmed].")
@click.option("--no-benchmark", is_flag=True, help="Leave the benchmark out, marked so; it needs torch.")
@click.option("--draft", is_flag=True, help="Share it although the gate is closed, marked as a draft everywhere.")
@click.option("--rehash", is_flag=True, help="Read every file again; else only those written to since they were cut.")
@click.option(
    "--page",
    "page_shows",
    type=click.Choice(["media", "no-media", "none"]),
    default="media",
    show_default=True,
    help="index.html: with pictures and sounds of whoever agreed to be shown publicly, without any, or not at all.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes of the benchmark [default: one per core].")
@json_option
def create(
    version: str | None,
    policy: str | None,
    recipe: str,
    licence: Path | None,
    to: Path | None,
    since: Path | None,
    benchmark: str | None,
    no_benchmark: bool,
    draft: bool,
    rehash: bool,
    page_shows: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Make release VERSION of this workspace, such as 1.0.0; without VERSION, the number that follows.

    The number follows from what changed since the version before: where labels, frames or files changed or clips went,
    major; where clips were added, minor; else a patch. A lower one is refused, and where nothing changed, a number
    has to be given.

    The gate is held first. Closed: every rule that fails with its remedy, exit code 1, and no release. Open: the
    folder is filled aside, benchmarked, sealed, and then takes its name.

    Files are copied by the hashes noted when they were cut: one that has the noted size and was not written to since
    is not read for its hash again. `mmed verify` reads everything; --rehash distrusts the disk before.

    With --draft the same is made behind a closed gate, as VERSION-draft: its name, its manifest, its texts and the
    loader say that it is no release. Consent, whole files and the marks of what is simulated are not gone round.
    """
    from mmed_curate.release.build import Wishes, check_target, create_release
    from mmed_curate.release.leave import hold_gate
    from mmed_curate.release.page import PageMedia
    from mmed_curate.release.recipe import load_release_recipe, read_licence
    from mmed_curate.store.workspace import Workspace

    workspace = Workspace.find()
    bars = ExitStack()
    wishes = Wishes(
        version=version,
        recipe=load_release_recipe(recipe),
        licence=None if licence is None else read_licence(licence),
        to=to,
        since=since,
        draft=draft,
        rehash=rehash,
        benchmark=None
        if no_benchmark
        else _benchmark(benchmark or workspace.settings["benchmark"], workers, bars, workspace.root / _KEPT),
        page=PageMedia(page_shows),
    )
    check_target(workspace, wishes)  # what cannot be made is said before files are read
    rules = load_policy(workspace.settings["gate"] if policy is None else policy)
    with progress_bar("Checking files", "clips") as progress:
        held = hold_gate(
            workspace,
            policy=rules,
            settings=settings_of(rules.agreement),
            on=datetime.now().astimezone().date(),
            record=True,
            draft=draft,
            rehash=rehash,
            progress=progress,
        )
    decision, leave = held.decision, held.leave(draft=draft)
    if draft and decision.passed is not None:
        raise BadInput.of("release.no_draft", "the gate is open, so this would be no draft", "leave --draft out")
    if leave is None:
        if as_json:
            print_json({"released": False, "failed": [_failed(verdict) for verdict in decision.failed]})
        else:
            tell_decision(decision, rules)
            out.print(tell_attempt(held, own=True), markup=False)
            if draft:
                out.print("Consent, files, marks and bindings hold for drafts too: not even a draft can be shared.")
        sys.exit(1)
    attempt = tell_attempt(held, own=True)
    del held, decision  # what the gate was shown is as large as the release's tables
    with bars:
        made = create_release(
            workspace, leave, wishes, progress=bars.enter_context(progress_bar("Copying files", "files"))
        )
    if as_json:
        print_json({"released": True, **_document(made)})
    else:
        _tell(made, templated=licence is None and "TEMPLATE" in wishes.recipe.licence.name)
        out.print(attempt, markup=False)


release.add_command(catalogue)


@release.command(name="key")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def make_key(file: Path, as_json: bool) -> None:
    """Make a key to sign releases with: the private one at FILE, readable by you alone, the public one as FILE.pub.

    Publish FILE.pub on the lab's own page, not beside the releases: who can change a release there could change it too.
    """
    from mmed_curate.dataset import signature

    public = signature.make_key(file)
    if as_json:
        print_json({"private": str(file), "public": str(public)})
    else:
        out.print(f"{file}: keep it to yourself", markup=False)
        out.print(f"{public}: publish it", markup=False)


@release.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--key", required=True, type=click.Path(path_type=Path), help="Private key, as `mmed release key` makes.")
@json_option
def sign(folder: Path, key: Path, as_json: bool) -> None:
    """Sign the release in FOLDER: its manifest, which stands for every byte, once every file was held against it.

    Writes manifest-sha256.txt.sig beside it. Its id stays what it was.
    """
    from mmed_curate.dataset import signature
    from mmed_curate.dataset.manifest import release_id

    with progress_bar("Reading", "bytes") as progress:
        path = signature.sign(folder, key, progress=progress)
    if as_json:
        print_json({"signature": str(path), "id": release_id(folder)})
    else:
        out.print(f"id {release_id(folder)}", markup=False)
        out.print(f"Next: {shlex.join(['mmed', 'verify', str(folder), '--public-key', f'{key}.pub'])}", markup=False)


def _benchmark(settings: str, workers: int | None, bars: ExitStack, kept: Path) -> Callable[[Path], object]:
    """What runs the benchmark on a release before it is sealed; ends the bars before it, for two at once do not go.

    What is finished is kept, so that after an interrupt the next one of the same clips goes on.
    """
    for package in ("torch", "matplotlib"):
        if importlib.util.find_spec(package) is None:
            raise BadInput.of(
                "release.no_torch",
                f"the benchmark inside a release needs {package}",
                "pip install 'mmed-curate[benchmark]', or pass --no-benchmark",
            )
    from mmed_curate.benchmark.run import run_benchmark
    from mmed_curate.benchmark.settings import load_settings as load_benchmark
    from mmed_curate.dataset import DraftWarning

    loaded = load_benchmark(settings)

    def run(folder: Path) -> object:
        bars.close()
        with progress_bar("Benchmark", "trainings") as progress, warnings.catch_warnings():
            warnings.simplefilter("ignore", DraftWarning)  # who makes a draft knows
            to = folder / "benchmark"
            return run_benchmark(folder, loaded, to=to, progress=progress, workers=workers, kept=kept)

    return run


def _document(made: Release) -> dict[str, object]:
    return {
        "path": str(made.path),
        "id": made.id,
        "name": made.facts.name,
        "version": made.facts.version,
        "simulated": made.facts.simulated,
        "draft": made.facts.draft,
        "since": made.since,
        "proposed": made.proposed,
        "because": list(made.because),
        "benchmark": made.benchmarked,
        "clips": made.facts.counts.clips,
        "subjects": made.facts.counts.subjects,
        "files": made.n_files,
        "bytes": made.n_bytes,
    }


def _tell(made: Release, *, templated: bool) -> None:
    counts = made.facts.counts
    marked = marks(simulated=made.facts.simulated, draft=made.facts.draft)
    out.print(
        f"{marked}{made.facts.name} {made.facts.version}: {counted(counts.clips, 'event')} of "
        f"{counted(counts.subjects, 'subject')}, {counted(made.n_files, 'file')}, {made.n_bytes / 1e6:,.1f} MB",
        markup=False,
    )
    after = "" if made.since is None else f", after {made.since}"
    least = "" if made.facts.version.startswith(made.proposed) else f"; {made.proposed} would have done"
    out.print(f"{made.facts.version}{after}, because {'; '.join(made.because)}{least}", markup=False)
    if not made.benchmarked:
        out.print("No benchmark was run on it, and it says so.", markup=False)
    out.print(f"id {made.id}", markup=False)
    out.print(str(made.path), markup=False)
    if templated:
        err.print("LICENSE.txt is a template: give the lab's own with --licence FILE before publishing", markup=False)
    out.print(f"Next: {shlex.join(['mmed', 'verify', str(made.path)])}", markup=False)


def _failed(verdict: RuleVerdict) -> dict[str, object]:
    return {
        "name": verdict.name,
        "number": verdict.number,
        "relation": verdict.relation.value,
        "bound": verdict.bound,
        "what": verdict.what,
        "remedy": verdict.remedy,
        "clips": list(verdict.clips),
    }

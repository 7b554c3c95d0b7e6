"""`mmed demo`: the road, walked with the verbs a curator would type, on real recordings and on simulated sessions."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import click
from pydantic import Field
from rich.markup import escape

from mmed_curate.cli.console import out, table
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path, packaged_path
from mmed_curate.domain.protocol import ClipOrigin, Stage
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.simulation.truth import Kind, read_truth
from mmed_curate.spotting.evaluate import SpottingScores, evaluate, pooled
from mmed_curate.store.workspace import Workspace

_MARK = ".mmed-demo"
"""A folder that holds this file was made by the demo, and may be made anew."""


class RealRecording(Declared):
    """A bundled recording and whose it is in the demo."""

    file: str
    subject: str
    session: str


class SimulatedRoad(Declared):
    """Which packaged settings the simulated half uses."""

    sessions: str
    coders: str
    policy: str
    benchmark: str
    version: str
    seed: int
    picture_informative: float | None = None
    """Instead of the sessions' own; 0: the picture tells nothing."""
    sound_informative: float | None = None
    """Instead of the sessions' own; 0: the sound tells nothing."""


class DemoSettings(Declared):
    """What the demo runs."""

    format: Literal["mmed-demo"]
    version: Literal[1]
    real: Annotated[tuple[RealRecording, ...], Field(min_length=1)]
    real_recipe: str
    consent_terms: str
    consent_form: str
    consent_signed: str
    simulated: SimulatedRoad


@dataclass(slots=True)
class Walk:
    """The verbs called so far, and how long each took."""

    invoke: click.Group
    seconds: dict[str, float] = field(default_factory=dict)

    def call(self, *words: str | Path) -> None:
        """Show a command as it would be typed, and run it here.

        Raises:
            SystemExit: the command ended with another code than 0.
        """
        typed = [str(word) for word in words]
        out.print(f"\n[bold cyan]$ mmed {_shown(typed)}[/bold cyan]")
        began = time.monotonic()
        try:
            self.invoke.main(args=typed, prog_name="mmed", standalone_mode=False)
        finally:
            verb = " ".join(word for word in typed[:2] if word.isalpha())
            self.seconds[verb] = self.seconds.get(verb, 0.0) + time.monotonic() - began


@click.command()
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path("demo-out"), show_default=True, help="Folder to make anew."
)
@click.option("--settings", default="mmed", show_default=True, help="Packaged demo settings, or a path.")
@click.pass_context
def demo(ctx: click.Context, to: Path, settings: str) -> None:
    """Walk the whole road: bundled real recordings as far as a machine can go, then simulated sessions to a release."""
    chosen = read_yaml(named_or_path(settings, "pipelines", "demo"), DemoSettings)
    folder = _fresh(to)
    root = ctx.find_root().command
    if not isinstance(root, click.Group):
        raise BadInput.of("demo.alone", "the demo was called without the front door", "run `mmed demo`")
    walk = Walk(invoke=root)
    began = time.monotonic()
    with _without_workspace():
        out.rule("1. Real recordings: what the machine finds")
        _real(walk, chosen, folder)
        out.rule("2. SIMULATED sessions: the whole road")
        scores = _simulated(walk, chosen.simulated, folder)
    out.rule("What came of it")
    _summary(folder, chosen.simulated, scores, walk, time.monotonic() - began)


def _real(walk: Walk, chosen: DemoSettings, folder: Path) -> None:
    workspace = folder / "real"
    walk.call("init", workspace)
    listed = folder / "real-recordings.csv"
    rows = [(packaged_path(*one.file.split("/")), one.subject, one.session) for one in chosen.real]
    _write_rows(listed, ("recording", "subject", "session"), rows)
    with contextlib.chdir(workspace):
        for subject in sorted({one.subject for one in chosen.real}):
            walk.call(
                *("subject", "add", subject, "--consent", chosen.consent_terms),
                *("--form-version", chosen.consent_form, "--signed", chosen.consent_signed),
            )
        for session in sorted({one.session for one in chosen.real}):
            players = sorted({one.subject for one in chosen.real if one.session == session})
            walk.call("session", "add", session, "--subjects", ",".join(players))
        walk.call("ingest", "--table", os.path.relpath(listed), "--recipe", chosen.real_recipe)
        _show_candidates(Workspace.open(Path()))
        walk.call("status")
    out.print("Here people take over: a machine proposes, experts judge. So the road goes on with simulated ones.")


def _simulated(walk: Walk, chosen: SimulatedRoad, folder: Path) -> SpottingScores:
    sessions, workspace = folder / "sessions", folder / "workspace"
    told = {"--picture-informative": chosen.picture_informative, "--sound-informative": chosen.sound_informative}
    instead = [word for option, share in told.items() if share is not None for word in (option, str(share))]
    walk.call("simulate", "sessions", "-o", sessions, "--settings", chosen.sessions, *instead)
    walk.call("init", workspace, "--seed", str(chosen.seed))
    with contextlib.chdir(workspace):
        beside = Path(os.path.relpath(sessions))
        walk.call("subject", "import", beside / "subjects.csv")
        for session, players in _players(sessions / "recordings.csv").items():
            walk.call("session", "add", session, "--subjects", ",".join(players), "--simulated")
        walk.call("ingest", "--table", beside / "recordings.csv")
        scores = _show_planted_and_found(Workspace.open(Path()), sessions / "truth.csv")
        _approve_faces_at_rest(walk, beside)
        judged = (
            *("simulate", "coders", "--truth", beside / "truth.csv"),
            *("--profile", chosen.coders, "--seed", str(chosen.seed)),
        )
        walk.call(*judged)
        walk.call("recut")
        if _asked_for(Workspace.open(Path())):  # clips that screeners wanted cut again are there now
            walk.call(*judged)
            walk.call("recut")
        walk.call("agreement")
        walk.call("gate", "--policy", chosen.policy)
        walk.call("release", "create", chosen.version, "--policy", chosen.policy, "--benchmark", chosen.benchmark)
        walk.call("verify", _release(Path()))
        walk.call("audit")
    return scores


def _approve_faces_at_rest(walk: Walk, sessions: Path) -> None:
    """What a curator does with each proposal, here without looking: the faces are simulated and rest between events."""
    with Workspace.open(Path()).read() as records:
        subjects = [one.code for one in records.subjects()]
    for subject in sorted(subjects):
        folder = sessions.parent / "rest" / subject
        walk.call("reference", "propose", subject, "-o", folder)
        with (folder / "rest.csv").open(encoding="utf-8", newline="") as stream:
            best = next(csv.DictReader(stream))
        words = ("--recording", best["recording"], "--at", best["at_s"], "--because", "SIMULATED: still between events")
        walk.call("reference", "add", subject, *words)


def _asked_for(workspace: Workspace) -> bool:
    """Whether screeners wanted clips cut again."""
    with workspace.read() as records:
        return any(clip.origin is ClipOrigin.CUT_AGAIN for clip in records.clips())


def _show_candidates(workspace: Workspace) -> None:
    with workspace.read() as records:
        recordings = {recording.id: recording for recording in records.recordings()}
        candidates = sorted(
            records.candidates(), key=lambda one: (Path(recordings[one.recording].path).name, -one.score)
        )
        clips = {clip.candidate for clip in records.clips()}
    rows = []
    for one in candidates:
        clock = recordings[one.recording].clock
        rows.append(
            (
                Path(recordings[one.recording].path).name,
                f"{float(clock.start_of(one.span.onset)):.2f} s",
                f"{float(clock.span_duration(one.span)) * 1000:.0f} ms",
                one.region,
                one.score,
                ", ".join(sorted(tag.value for tag in one.tags)) or "-",
                "yes" if one.id in clips else "with a neighbour",
            )
        )
    out.print(table("Candidates", ("recording", "onset", "length", "region", "score", "tags", "cut"), rows))


def _show_planted_and_found(workspace: Workspace, truth: Path) -> SpottingScores:
    """Hold the candidates against what was planted, recording by recording."""
    planted = read_truth(truth)
    rows, scores = [], []
    with workspace.read() as records:
        for recording in records.recordings():
            name = Path(recording.path).name
            events = [one.span for one in planted if one.recording == name and one.kind is Kind.EVENT]
            minutes = float(recording.clock.duration) / 60
            score = evaluate(records.candidates(recording=recording.id), events, minutes=minutes)
            scores.append(score)
            rows.append((name, *_planted_and_found(score)))
    total = pooled(scores)
    out.print(
        table(
            "SIMULATED: planted events against untagged candidates (one-to-one, IoU of at least 0.5)",
            ("recording", "planted", "found", "missed", "false", "false a minute", "tagged"),
            [*rows, ("all", *_planted_and_found(total))],
        )
    )
    return total


def _summary(folder: Path, chosen: SimulatedRoad, scores: SpottingScores, walk: Walk, seconds: float) -> None:
    workspace = Workspace.open(folder / "workspace")
    release = _release(folder / "workspace")
    with workspace.read() as records:
        recordings, clips = records.recordings(), records.clips()
        judged = Counter(judgement.stage for judgement in records.judgements())
        stages = Counter(records.stages().values())
    agreement = json.loads((release / "agreement.json").read_text(encoding="utf-8"))
    benchmark = json.loads((release / "benchmark" / "benchmark.json").read_text(encoding="utf-8"))
    with (release / "clips.csv").open(encoding="utf-8", newline="") as stream:
        n_events = sum(1 for _ in csv.DictReader(stream))
    rows = [
        ("ingest", f"{len(recordings)} recordings, {len(clips)} clips", "ingest"),
        ("spot", f"{scores.true_positives} of {_planted(scores)} planted events found at IoU 0.5", ""),
        ("screening", f"{judged[Stage.SCREENING]} judgements, {stages[Stage.REJECTED]} clips rejected", ""),
        ("coding", f"{judged[Stage.CODING]} blind judgements", "simulate coders"),
        ("adjudication", f"{judged[Stage.ADJUDICATION]} judgements", ""),
        ("verification", f"{judged[Stage.VERIFICATION]} judgements, {stages[Stage.SETTLED]} clips settled", ""),
        ("agreement", _alpha_in_words(agreement), "agreement"),
        ("recut", f"{n_events} settled events cut and measured", "recut"),
        ("gate", f"open under policy {chosen.policy}", "gate"),
        ("release", f"{release.name}: {n_events} events", "release create"),
    ]
    out.print(
        table(
            "SIMULATED: stage by stage",
            ("stage", "result", "seconds"),
            [(stage, said, f"{walk.seconds[verb]:.0f}" if verb in walk.seconds else "") for stage, said, verb in rows],
        )
    )
    out.print(
        table(
            "SIMULATED: benchmark, leave-one-subject-out (these numbers are not the paper's)",
            ("model", "accuracy", "UF1", "UAR"),
            [
                (model["name"], *(_score(model["scores"][name]) for name in ("accuracy", "uf1", "uar")))
                for model in benchmark["models"]
            ],
        )
    )
    if benchmark["sound"] is not None:
        out.print(f"SIMULATED, does sound help? {benchmark['sound']['sentence']}", markup=False)
    ceiling = json.loads((folder / "sessions" / "simulation.json").read_text(encoding="utf-8"))["ceiling"]
    out.print(
        f"A reader without error is right in {ceiling['picture']:.3f} by the picture, {ceiling['sound']:.3f} by the "
        f"sound, {ceiling['both']:.3f} by both, {ceiling['chance']:.3f} by neither, on average over such worlds. "
        f"{len(recordings)} subjects are few: by chance a model may land on either side of that."
    )
    out.print(f"Release: {release}", markup=False)
    out.print(f"Done in {seconds / 60:.1f} minutes. What to run next:")
    for command in (
        f"mmed verify {shlex.quote(str(release))}",
        f"""python -c "import mmed_curate.dataset as d; print(d.load({str(release)!r}).clips)\"""",
        f"mmed benchmark {shlex.quote(str(release))}   # all five seeds",
        f"cd {shlex.quote(str(folder / 'workspace'))} && mmed status && mmed gate   # closed: content is simulated",
    ):
        out.print(f"  {command}", markup=False)


def _fresh(to: Path) -> Path:
    """An empty folder for the demo; one that an earlier demo made is emptied first."""
    folder = to.resolve()
    if folder.exists():
        if not (folder / _MARK).is_file() and any(folder.iterdir()):
            raise BadInput.of("demo.folder", f"{to} holds files that no demo made", "give another folder with --to")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    write_text(folder / _MARK, "made by mmed demo, and made anew by the next one\n")
    return folder


@contextlib.contextmanager
def _without_workspace() -> Iterator[None]:
    """The demo's own workspaces count, whatever the environment names."""
    named = os.environ.pop("MMED_WORKSPACE", None)
    try:
        yield
    finally:
        if named is not None:
            os.environ["MMED_WORKSPACE"] = named


def _players(recordings: Path) -> dict[str, list[str]]:
    """Subjects of each session, from the table of simulated recordings."""
    players: dict[str, list[str]] = {}
    with recordings.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            players.setdefault(row["session"], []).append(row["subject"])
    return {session: sorted(set(subjects)) for session, subjects in sorted(players.items())}


def _release(workspace: Path) -> Path:
    (release,) = (workspace / "releases").iterdir()
    return release


def _write_rows(path: Path, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([columns, *rows])


def _planted(scores: SpottingScores) -> int:
    return scores.true_positives + scores.false_negatives


def _planted_and_found(scores: SpottingScores) -> tuple[object, ...]:
    false_per_minute = scores.false_per_minute
    return (
        _planted(scores),
        scores.true_positives,
        scores.false_negatives,
        scores.false_positives,
        "-" if false_per_minute is None else f"{false_per_minute:.1f}",
        scores.n_tagged,
    )


def _alpha_in_words(agreement: dict[str, Any]) -> str:
    """The emotion layer's alpha with its interval, from the release's own report."""
    alpha = next(layer["alpha"] for layer in agreement["layers"] if layer["name"] == "emotion")
    if alpha["value"] is None:
        return f"emotion alpha undetermined: {alpha['undetermined']}"
    return f"emotion alpha {alpha['value']:.3f} ({alpha['lower']:.3f}..{alpha['upper']:.3f})"


def _score(value: float | None) -> str:
    return "undetermined" if value is None else f"{value:.3f}"


def _shown(words: list[str]) -> str:
    return escape(shlex.join(words))

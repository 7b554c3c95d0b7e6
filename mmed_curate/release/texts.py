"""What a release says in words, first of all its README. Where anything is simulated, that comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.report import AgreementReport
from mmed_curate.dataset.facts import ReleaseFacts, marks
from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.counted import counted
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Subject
from mmed_curate.gate.attempts import Attempt
from mmed_curate.gate.verdicts import Outcome, RuleVerdict
from mmed_curate.release.recipe import Licence, ReleaseRecipe
from mmed_curate.release.tables import Tables

SIMULATED = "SIMULATED: recordings, people or judgements in it were made by a program; it proves nothing about people."
DRAFT = "DRAFT: its gate is closed, so this is no release; do not publish results on it."
RECORDED = "Recordings of people, judged by people."

_TRANSCRIPTS = "| transcripts.csv | what was said in each clip, as far as it may be read |\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that the texts draw on."""

    facts: ReleaseFacts
    recipe: ReleaseRecipe
    licence: Licence
    codebook: Codebook
    tables: Tables
    attempts: Sequence[Attempt]
    """At the gate, by number."""
    report: AgreementReport
    verdicts: Sequence[RuleVerdict]
    subjects: Sequence[Subject]
    """Those with at least one settled event."""
    benchmarked: bool
    """Whether a benchmark is run on it before it is sealed."""
    people: Sequence[SubjectRow]
    """The same under their pseudonyms, with what may be told of each."""


def notice(simulated: bool, *, draft: bool) -> str:
    """What stands before everything else."""
    if not draft:
        return SIMULATED if simulated else RECORDED
    return f"{SIMULATED} {DRAFT}" if simulated else f"{DRAFT} {RECORDED}"


def readme(told: Told) -> str:
    """README.md: what this is, whether it is whole, how to load it."""
    facts, counts = told.facts, told.facts.counts
    return f"""# {marked(facts)}{told.recipe.title}, version {facts.version}

{facts.notice}

{counts.clips} settled events of {counts.subjects} subjects in {counts.sessions} sessions, from
{counts.judged_clips} judged clips and {counts.judgements} judgements of {counts.coders} experts.
{"Shared as a draft" if facts.draft else "Released"} on {facts.released_on.isoformat()}, made with mmed-curate
{facts.toolkit}.

## Is this copy whole?

    mmed verify .

names every changed, missing or extra file, and measures the agreement again from the judgements inside.
Without mmed: `sha256sum -c manifest-sha256.txt`.

## Load it

    pip install mmed-curate

```python
from mmed_curate.dataset import load

dataset = load("path/to/this/folder")
dataset.clips                       # a pandas DataFrame, one row per settled event
dataset.judgements                  # what every expert said, under pseudonyms
clip = dataset.clip({_example(told)})
clip.video().frames                 # (T, H, W, 3) uint8 RGB, where consent allows
clip.audio()                        # samples and rate, where consent allows
clip.flow()                         # (3, 48, 48) float32: u, v, strain from onset to apex, where consent allows
clip.votes("emotion")               # what each coder said of it; dataset.soft_labels("emotion") tells of all clips
for fold in dataset.loso():         # leave one subject out
    fold.held_out, fold.train, fold.test
```

Frames count from 0 in the clip's own picture.mp4; a span includes its onset and its offset frame.

## What is in it

| file | holds |
|---|---|
| clips.csv | one row per settled event (clips.parquet holds the same) |
| judgements.csv | every judgement, corrected ones included |
| judged-clips.csv | every clip that was judged, also rejected and replaced ones, and how it came to be cut |
{_TRANSCRIPTS if told.tables.transcripts else ""}| subjects.csv | what many share of each subject |
| codebook.yaml, protocol.yaml, policy.yaml | what the codes mean, who judged when, what the gate asked |
| agreement.json, gate.json | how well the experts agree, and the gate's verdicts |
| attempts.json | every time that the gate was held on a whole sample, and what failed |
| splits.json | folds that leave one subject out, and one fixed split by subject |
| CHANGELOG.md, changes.json | what changed from version to version |
| tombstones.json | clips of older versions that were withdrawn since, without their names |
| DATACARD.md, LICENSE.txt, CITATION.cff | read these before using it |
| croissant.json, datacite.json | the same for machines |
| media/ | per clip: picture.mp4, sound.wav, features.npz, sound-features.npz, where consent allows |
| index.html, page/ | the same to look at in a web browser, where it was made; loads nothing from elsewhere |
{_benchmark_row(told)}

## The gate

{_gate(told)}

{attempts_told(told)}

## Benchmark

{_benchmark(told)}

Licence: {told.licence.name}. See LICENSE.txt.
"""


def _benchmark_row(told: Told) -> str:
    held = (
        "what AMF-Net and its rivals make of it, and whether sound helps" if told.benchmarked else "not here: not run"
    )
    return f"| benchmark/ | {held} |"


def _benchmark(told: Told) -> str:
    if not told.benchmarked:
        return (
            "No benchmark was run on this release: it says nothing of what a model gets from it. "
            "`mmed benchmark . -o ../results` runs it on this copy."
        )
    return (
        "benchmark/benchmark.json holds what AMF-Net, our reading of the abstract, and its rivals make of it, leaving "
        "one subject out; index.html shows it. These are not the paper's numbers."
    )


def marked(facts: ReleaseFacts) -> str:
    """What a title begins with."""
    return marks(simulated=facts.simulated, draft=facts.draft)


def _example(told: Told) -> str:
    return f'"{told.tables.clips[0].clip}"'


def _gate(told: Told) -> str:
    signs = {"at-least": "≥", "at-most": "≤"}
    failed = [one.name for one in told.verdicts if not one.holds]
    rare = [one.name for one in told.verdicts if one.outcome is Outcome.UNDETERMINED]
    said = [f"CLOSED: {', '.join(failed)} did not hold."] if failed else ["Open: every rule held."]
    if rare:
        said.append(
            f"Too rare to say how well coders agree on them, and released as undetermined: {', '.join(rare)}. Do not "
            "rest a result on these codes."
        )
    rules = table(
        ("rule", "number", "bound", ""),
        (
            (one.name, number(one.number), f"{signs[one.relation.value]} {number(one.bound)}", one.outcome.value)
            for one in told.verdicts
        ),
    )
    return "\n\n".join((*said, rules))


def attempts_told(told: Told) -> str:
    """How often the gate was held, on what agreement rests, and what was dropped."""
    clips, report = told.tables.judged_clips, told.report
    failed = [one for one in told.attempts if one.failed]
    said = ["No attempt at the gate failed." if not failed else f"Attempts at the gate: {len(told.attempts)}."]
    for one in failed:
        rules = ", ".join(f"{rule.name} ({number(rule.number)}, needed {number(rule.at_least)})" for rule in one.failed)
        here = sum(any(text.startswith(f"{one.number}:") for text in clip.measured_in) for clip in clips)
        said.append(
            f"Attempt {one.number} ({one.day.isoformat()}) measured {counted(len(one.measured), 'clip')} and failed on "
            f"{rules}; {here} of these clips are in this {'draft' if told.facts.draft else 'release'}."
        )
    again = sum(bool(clip.recodings) for clip in clips)
    if again:
        said.append(
            f"{counted(again, 'clip was', 'clips were')} coded once more; all that was said of them is in "
            "judgements.csv."
        )
    if report.n_left_out:
        said.append(
            f"Agreement was measured on {counted(report.n_coded, 'clip')}, a fresh sample; "
            f"{counted(report.n_left_out, 'coded clip was', 'coded clips were')} left out of it, for an attempt "
            "had failed on them. They are in the tables all the same."
        )
    dropped = sum(clip.stage == Stage.REJECTED.value and bool(clip.coded_after) for clip in clips)
    said.append(
        f"{counted(dropped, 'clip was', 'clips were')} coded and dropped: they are in judged-clips.csv as "
        "rejected, with all that was said of them, and count in agreement as the others do."
    )
    return " ".join(said)


def number(value: float | None) -> str:
    """A number of the gate in a table."""
    if value is None:
        return "undetermined"
    return str(int(value)) if float(value).is_integer() else f"{value:.4f}"


def plain(text: str) -> str:
    """Free text of a lab, unable to break the table or to be taken for markup."""
    return "".join(" " if sign in "|<>`\r\n[]" else sign for sign in text).strip()


def bullets(lines: Iterable[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)

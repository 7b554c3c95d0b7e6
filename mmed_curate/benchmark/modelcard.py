"""The card of a trained model: what it is, what it learned from, how far to trust it, and what it is not for."""

from __future__ import annotations

import textwrap

from mmed_curate.benchmark.savedmodel import NOT_FOR, WEIGHTS, Description, FittedTemperature, OutOfFold
from mmed_curate.domain.counted import counted


def model_card(told: Description) -> str:
    """Markdown, by the headings of Mitchell et al., "Model Cards for Model Reporting", FAT* 2019."""
    source = told.learned_from
    mark = "SIMULATED: " if source.simulated else ""
    draft = "The release is a DRAFT: its gate was closed. Publish nothing on it. " if source.draft else ""
    counts = ", ".join(f"{count} {code}" for code, count in zip(told.classes, source.class_counts, strict=True))
    micro = ", micro-expressions alone" if source.only_micro else ""
    text = f"""# {mark}AMF-Net, trained on {source.name} {source.version}

{told.notice}

## What it is

AMF-Net as mmed-curate {told.toolkit} reads the one sentence that is published of it: a global visual summary asks a
dynamic audio sequence. Sizes, loss and training are ours. It is **not the paper's network, and its numbers are not
the paper's**.

{counted(len(told.seeds), "network")} of {told.n_parameters:,} parameters, one for each of the seeds
{_list(told.seeds)}; their probabilities are averaged. Input: the array files of a clip whose onset, apex and offset
are known. Output: a probability for each of {_list(told.classes)}.

## What it learned from

All {counted(source.n_clips, "clip")} ({counts}; {source.n_with_sound} with sound) of
{counted(len(source.subjects), "subject")} of {source.name} {source.version}{micro}, whose id is `{source.id}`.
{draft}{_simulated(source.simulated)}

Settings: {told.settings.name} ({told.settings.title}), {counted(told.settings.epochs, "epoch")}.

## How well it answers

{_scores(told.out_of_fold)}

{_calibrated(told.temperature, told.settings.name)}

Expect less where the camera, the microphone, the game, the light or the people are others than in the release. Clips
of subjects that it learned from say nothing of how good it is.

## What it is not for

**{NOT_FOR}**

## May it be passed on?

What it knows, it learned from recordings of people who consented to a release and its terms. **The licence of the
release applies to what is learned from it**: {_licence(source.licence)} Where that licence, or the consent behind it,
does not allow to pass on what was made from the release, do not pass this on. When a subject withdraws, train again
on the newer version and delete this model: `mmed predict` says so where a release tells of it.

## Using it

```sh
mmed predict MODEL CLIPS --output predictions.csv
```

Weights: `{WEIGHTS}` (safetensors; nothing in it is run), SHA-256 `{told.weights_sha256}`.
"""
    return "\n\n".join(map(_filled, text.rstrip().split("\n\n"))) + "\n"


def _filled(paragraph: str) -> str:
    if paragraph.startswith(("#", "```")):
        return paragraph
    return textwrap.fill(paragraph, 110, break_long_words=False, break_on_hyphens=False)


def _simulated(simulated: bool) -> str:
    if not simulated:
        return ""
    return (
        "It is SIMULATED: recordings, people or judgements were made by a program, and what was learned is what was "
        "planted. It knows nothing of real faces."
    )


def _scores(told: OutOfFold | None) -> str:
    if told is None:
        return (
            "Not known: no benchmark was given when it was trained. Scores on clips that it learned from would mean "
            "nothing."
        )
    other = "" if told.same_settings else " The benchmark had **other settings** than this model."
    return (
        "Networks trained in the same way, each without the subject it was asked about (leave-one-subject-out, "
        f"settings {told.settings}, seeds {_list(told.seeds)}, {told.n_clips} clips): accuracy {told.accuracy:.3f}, "
        f"UF1 {_number(told.uf1)}, UAR {_number(told.uar)}. This model itself learned from all subjects, so nobody is "
        f"left to score it on.{other}"
    )


def _calibrated(told: FittedTemperature | None, settings: str) -> str:
    if told is None:
        return f"**Its probabilities are not calibrated**: the settings {settings} have no inner split."
    return (
        f"Its probabilities are calibrated by one temperature, {told.value:.3f}, fitted on the same release: the "
        f"subjects were dealt into {told.parts} parts, and each part was answered by inner networks that had not met "
        f"it. NLL there: {told.nll_before:.3f} before, {told.nll_after:.3f} after. On other recordings it may not hold."
    )


def _licence(name: str | None) -> str:
    return "the release names none; ask whoever gave it to you." if name is None else f"{name}."


def _number(value: float | None) -> str:
    return "undetermined" if value is None else f"{value:.3f}"


def _list(things: tuple[object, ...]) -> str:
    return ", ".join(map(str, things))

"""What a release says in words: README, data card, licence, citation. Where anything is simulated, that comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from mmed_curate.agreement.report import AgreementReport
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.counted import counted
from mmed_curate.domain.measures import Coefficient, Interval, Measure
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import Subject, Term
from mmed_curate.gate.attempts import Attempt
from mmed_curate.gate.verdicts import Outcome, RuleVerdict
from mmed_curate.release.recipe import Licence, ReleaseRecipe
from mmed_curate.release.tables import Tables

SIMULATED = "SIMULATED: recordings, people or judgements in it were made by a program; it proves nothing about people."
DRAFT = "DRAFT: its gate is closed, so this is no release; do not publish results on it."
RECORDED = "Recordings of people, judged by people."


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


def notice(simulated: bool, *, draft: bool) -> str:
    """What stands before everything else."""
    if not draft:
        return SIMULATED if simulated else RECORDED
    return f"{SIMULATED} {DRAFT}" if simulated else f"{DRAFT} {RECORDED}"


def readme(told: Told) -> str:
    """README.md: what this is, whether it is whole, how to load it."""
    facts, counts = told.facts, told.facts.counts
    return f"""# {_marked(facts)}{told.recipe.title}, version {facts.version}

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
clip.picture().frames               # (T, H, W, 3) uint8 RGB, where consent allows
clip.sound()                        # samples and rate, where consent allows
clip.features()["flow"]             # (3, 48, 48) float32: u, v, strain from onset to apex; where consent allows
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
| codebook.yaml, protocol.yaml, policy.yaml | what the codes mean, who judged when, what the gate asked |
| agreement.json, gate.json | how well the experts agree, and the gate's verdicts |
| attempts.json | every time that the gate was held on a whole sample, and what failed |
| DATACARD.md, LICENSE.txt, CITATION.cff | read these before using it |
| media/ | per clip: picture.mp4, sound.wav, features.npz, sound-features.npz, where consent allows |
| benchmark/ | what AMF-Net makes of it, leaving one subject out, where it was run |

## The gate

{_gate(told)}

{_attempts(told)}

Licence: {told.licence.name}. See LICENSE.txt.
"""


def data_card(told: Told) -> str:
    """DATACARD.md, after Gebru et al. 2021, Datasheets for Datasets, Communications of the ACM 64 (12)."""
    facts, recipe = told.facts, told.recipe
    return f"""# {_marked(facts)}Data card: {recipe.title}, version {facts.version}

{facts.notice}

After Gebru et al. 2021, "Datasheets for Datasets".

## Motivation

{recipe.motivation}

## Not a lie detector

{_bullets(recipe.not_for)}

## Composition

One row of clips.csv is one event as it was settled. Counts:

{_counts(told)}

Subjects as they described themselves, where they did:

{_people(told.subjects)}

## Collection

{_made(facts)}{recipe.collection}

{_skew(told.tables)}

## Labels

Protocol `{facts.protocol}`, codebook `{facts.codebook}` {facts.codebook_version}. Screening, coding by several
experts who do not see each other's answers, adjudication of what differs, verification by an expert who neither coded
nor adjudicated the clip. Every judgement is in judgements.csv under pseudonyms; reasons and notes are not released,
because free text may say who somebody is.

How each field came to stand:

{_settling(told)}

## Agreement

Measured on coding as it stood before anyone discussed it; intervals resample subjects.

{_attempts(told)}

{_agreement(told.report)}

## Consent

Every subject in this release agreed to research and to redistribution. The rest is by consent:

{_consent(told)}

A microphone hears the whole room: sound goes out only where everybody of the session agreed to publication of the
voice, and then others of the session may be heard beside the subject. A clip that shows the whole picture goes out as
picture or picture features only where everybody of the session agreed to publication of the face, and one into which
another face reaches only where that person agreed too.

Pseudonyms are derived with a secret of the lab, stay the same between versions, and tell nothing about who was recorded
when. When a subject withdraws, the next version leaves the subject out: delete older copies then.

## Uses

{_bullets(recipe.uses)}

## Limits

{_bullets(recipe.limits)}

## Licence and contact

{told.licence.name}. See LICENSE.txt. Contact: {recipe.contact or "none named yet"}.
"""


def citation(told: Told) -> str:
    """CITATION.cff (Citation File Format 1.2.0)."""
    facts, recipe = told.facts, told.recipe
    simulated = f"{_marked(facts).strip()}: " if _marked(facts) else ""
    return yaml.safe_dump(
        {
            "cff-version": "1.2.0",
            "message": f"{simulated}If you use this dataset, please cite it.",
            "type": "dataset",
            "title": f"{simulated}{recipe.title}",
            "version": facts.version,
            "date-released": facts.released_on.isoformat(),
            "authors": [{"name": author} for author in recipe.authors],
        },
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )


def _marked(facts: ReleaseFacts) -> str:
    """What a title begins with."""
    return ("SIMULATED " if facts.simulated else "") + ("DRAFT " if facts.draft else "")


def _made(facts: ReleaseFacts) -> str:
    if not facts.simulated:
        return ""
    return "SIMULATED: what is marked so was made by a program. This is how recordings of people are made:\n\n"


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
    table = _table(
        ("rule", "number", "bound", ""),
        (
            (one.name, _number(one.number), f"{signs[one.relation.value]} {_number(one.bound)}", one.outcome.value)
            for one in told.verdicts
        ),
    )
    return "\n\n".join((*said, table))


def _attempts(told: Told) -> str:
    """How often the gate was held, on what agreement rests, and what was dropped."""
    clips, report = told.tables.judged_clips, told.report
    failed = [one for one in told.attempts if one.failed]
    said = ["No attempt at the gate failed." if not failed else f"Attempts at the gate: {len(told.attempts)}."]
    for one in failed:
        rules = ", ".join(
            f"{rule.name} ({_number(rule.number)}, needed {_number(rule.at_least)})" for rule in one.failed
        )
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


def _counts(told: Told) -> str:
    labels = {
        entry.code: entry.label["en"]
        for entries in (told.codebook.event_types, told.codebook.emotions, told.codebook.classes)
        for entry in entries
    }
    rows = []
    for what, values in (
        ("event type", [row.event_type for row in told.tables.clips]),
        ("emotion", [row.emotion for row in told.tables.clips]),
        ("class of three", [row.emotion_class or "none" for row in told.tables.clips]),
    ):
        for code, count in sorted(Counter(values).items()):
            rows.append((what, code, labels.get(code, ""), count))
    return _table(("what", "code", "label", "events"), rows)


def _people(subjects: Sequence[Subject]) -> str:
    rows = []
    for what, values in (
        ("age band", [one.age_band for one in subjects]),
        ("sex", [one.sex for one in subjects]),
        ("ethnicity", [one.ethnicity for one in subjects]),
        ("language", [one.language for one in subjects]),
        ("glasses", [None if one.glasses is None else "yes" if one.glasses else "no" for one in subjects]),
        ("beard", [None if one.beard is None else "yes" if one.beard else "no" for one in subjects]),
    ):
        for value, count in sorted(Counter(value or "not said" for value in values).items()):
            rows.append((what, _plain(value), count))
    return _table(("what", "as said", "subjects"), rows)


def _settling(told: Told) -> str:
    counted: Counter[tuple[str, str]] = Counter()
    for row in told.tables.clips:
        for how in row.settled_by:
            name, _, rule = how.partition(":")
            counted[name, rule] += 1
    return _table(("field", "rule", "events"), ((name, rule, count) for (name, rule), count in sorted(counted.items())))


def _agreement(report: AgreementReport) -> str:
    rows = [(f"{layer.name} (Krippendorff's alpha)", *_measured(layer.alpha)) for layer in report.layers]
    rows += [(f"{mark.mark} within tolerance", *_measured(mark.within_tolerance)) for mark in report.times.marks]
    rows.append(("duration (Krippendorff's alpha)", *_measured(report.times.duration_alpha)))
    return _table(("measure", "value", "interval", "units"), rows)


def _measured(measure: Measure) -> tuple[str, str, str]:
    if not isinstance(measure, Coefficient):
        return ("undetermined", measure.reason, "")
    spread = measure.interval
    interval = (
        f"{spread.lower:.3f} to {spread.upper:.3f} ({spread.confidence:.0%})"
        if isinstance(spread, Interval)
        else f"none: {spread.reason}"
    )
    return (f"{measure.value:.3f}", interval, str(measure.n_units))


def _consent(told: Told) -> str:
    with_term = {
        term: sum(term in subject.consent.terms for subject in told.subjects)
        for term in (Term.PUBLISH_FACE, Term.PUBLISH_VOICE)
    }
    return _table(
        ("term", "subjects", "left out where it is lacking"),
        (
            (Term.PUBLISH_FACE.value, with_term[Term.PUBLISH_FACE], "picture.mp4, features.npz"),
            (
                Term.PUBLISH_VOICE.value,
                with_term[Term.PUBLISH_VOICE],
                "sound.wav, sound-features.npz, and the sound inside picture.mp4",
            ),
        ),
    )


def _number(value: float | None) -> str:
    if value is None:
        return "undetermined"
    return str(int(value)) if float(value).is_integer() else f"{value:.4f}"


def _plain(text: str) -> str:
    """Free text of a lab, unable to break the table or to be taken for markup."""
    return "".join(" " if sign in "|<>`\r\n[]" else sign for sign in text).strip()


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _skew(tables: Tables) -> str:
    """Whether anything may be said of which came first, the face or the voice."""
    rows = tables.clips
    measured = [row for row in rows if row.av_skew_ms is not None and row.av_skew_uncertainty_ms is not None]
    warning = (
        "Recorders stamp picture and sound with errors of tens of milliseconds that stay the same through a recording: "
        "do not read from such clips whether the face or the voice moved first, or by how much."
    )
    if not measured:
        return f"Audio-video skew of the recordings was not measured (unmeasured). {warning}"
    worst_ms = max(row.av_skew_uncertainty_ms or 0.0 for row in measured)
    said = (
        f"Audio-video skew was measured by a clap or flash in the recordings of {len(measured)} of {len(rows)} events, "
        f"to within {worst_ms:.0f} ms (95 %): see av_skew_ms and av_skew_uncertainty_ms in clips.csv. It was not taken "
        "out of the media: subtract it."
    )
    return said if len(measured) == len(rows) else f"{said} Of the others it is unmeasured. {warning}"

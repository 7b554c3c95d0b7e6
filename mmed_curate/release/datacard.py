"""DATACARD.md: a datasheet of the release, with its numbers counted from it.

After Gebru et al. 2021, "Datasheets for Datasets", Communications of the ACM 64 (12): motivation, composition,
collection, preprocessing and labelling, uses, distribution, maintenance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from mmed_curate.agreement.report import AgreementReport
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.groups import ATTRIBUTES
from mmed_curate.dataset.splits import Shares, Side, splits_of
from mmed_curate.domain.counted import counted
from mmed_curate.domain.measures import Coefficient, Interval, Measure
from mmed_curate.domain.records import Subject, Term
from mmed_curate.release.tables import Tables
from mmed_curate.release.texts import Told, attempts_told, bullets, marked, plain, table


def _not_for(stated: Sequence[str]) -> str:
    """The first statement as it stands; the others name uses, and a bare list of these reads as if they were meant."""
    first, *uses = stated
    return f"{first}\n\nIt is not for:\n\n{bullets(uses)}" if uses else first


def data_card(told: Told) -> str:
    """DATACARD.md: the seven parts of a datasheet, and what a dataset of faces must say beside them."""
    facts, recipe, sheet = told.facts, told.recipe, told.recipe.datasheet
    return f"""# {marked(facts)}Data card: {recipe.title}, version {facts.version}

{facts.notice}

After Gebru et al. 2021, "Datasheets for Datasets". What the lab did not state is said to be so.

## Motivation

{recipe.motivation}

Made by {", ".join(recipe.authors)}. {_stated("Funding", sheet.funding)}

## Not a lie detector

{_not_for(recipe.not_for)}

## Composition

One row of clips.csv is one event as it was settled. Counts:

{_counts(told)}

Clips by subject: {_spread(told)}.

{_splits(told)}

Subjects as they described themselves, where they did:

{_people(told.subjects)}

{_groups(told)}

Those who did not agree to a release are not in it, and nothing tells who or how many they are. {_missing(told)}

The clips show faces and let voices be heard of people who can be recognised by them. They hold no names.
{_transcripts(told.tables)} The dataset stands alone: it needs no source outside.

## Collection

{_made(facts)}{recipe.collection}

{_skew(told.tables)}

{_stated("When and where", sheet.collected)} {_stated("How people were found, and what they got", sheet.recruited)}
{_stated("Ethical review", sheet.ethics)}

## Preprocessing

Each clip is cut anew from its recording, exact to the frame and the sample, and encoded once; only its subject's
part of the picture is kept where several players are in it. Aligned faces, landmarks, motion, log-mels and pitch are
measured on the recording. No clip was cleaned, filtered or made louder. The recordings stay in the lab. The software
is mmed-curate {facts.toolkit}.

## Labels

Protocol `{facts.protocol}`, codebook `{facts.codebook}` {facts.codebook_version}. Screening, coding by several
experts who do not see each other's answers, adjudication of what differs, verification by an expert who neither coded
nor adjudicated the clip. Every judgement is in judgements.csv under pseudonyms; reasons and notes are not released,
because free text may say who somebody is. {_stated("Who judged", sheet.experts)}

How each field came to stand:

{_settling(told)}

## Agreement

Measured on coding as it stood before anyone discussed it; intervals resample subjects.

{attempts_told(told)}

{_agreement(told.report)}

## Consent

Every subject in this release agreed to research and to redistribution. The rest is by consent:

{_consent(told)}

A microphone hears the whole room: sound goes out only where everybody of the session agreed to publication of the
voice, and then others of the session may be heard beside the subject. A clip that shows the whole picture goes out as
picture or picture features only where everybody of the session agreed to publication of the face, and one into which
another face reaches only where that person agreed too.

Of {facts.counts.clips} clips, {sum(row.may_be_shown for row in told.tables.clips)} may be shown publicly, in papers and
on pages: the column `may_be_shown`. The others may not, also where their media are in this release.

{_stated("How people were told and asked, and how they take it back", sheet.asked)}
{_stated("What was done to find out what this may do to them", sheet.impact)}

Pseudonyms are derived with a secret of the lab, stay the same between versions, and tell nothing about who was recorded
when. When a subject withdraws, the next version leaves the subject out: delete older copies then.

## Uses

{bullets(recipe.uses)}

## Limits

{bullets(recipe.limits)}

## Distribution

{sheet.distribution}

{told.licence.name}. See LICENSE.txt.

## Maintenance

{sheet.maintenance}

Contact: {recipe.contact or "none named yet"}.
"""


def _stated(what: str, said: str | None) -> str:
    return f"{what}: {said or 'not stated by the lab.'}"


def _spread(told: Told) -> str:
    counts = sorted(Counter(row.subject for row in told.tables.clips).values())
    return f"{counts[0]} to {counts[-1]}, median {median(counts):g}"


def _splits(told: Told) -> str:
    shares = Shares(validation=told.recipe.splits.validation, test=told.recipe.splits.test)
    fixed = splits_of(told.tables.clips, shares).fixed
    if fixed is None:
        return "There are too few subjects for a fixed split; splits.json holds the folds that leave one subject out."
    class_of = {row.clip: row.emotion_class or "none" for row in told.tables.clips}
    classes = sorted(set(class_of.values()))
    rows = []
    for side in Side:
        counted = Counter(class_of[clip] for clip in fixed.clips[side])
        rows.append((side.value, len(fixed.subjects[side]), *(counted[one] for one in classes)))
    counted_by_side = table(("", "subjects", *classes), rows)
    return f"The fixed split of splits.json, in subjects and in clips by class:\n\n{counted_by_side}"


def _missing(told: Told) -> str:
    clips = told.tables.clips
    lacking = {name: sum(getattr(row, name) is None for row in clips) for name in ("picture", "sound", "features")}
    said = ", ".join(f"{count} have no {name}" for name, count in lacking.items())
    return f"Of {len(clips)} clips, {said}: withheld, or recorded without sound."


def _made(facts: ReleaseFacts) -> str:
    if not facts.simulated:
        return ""
    return "SIMULATED: what is marked so was made by a program. This is how recordings of people are made:\n\n"


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
    return table(("what", "code", "label", "events"), rows)


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
            rows.append((what, plain(value), count))
    return table(("what", "as said", "subjects"), rows)


def _groups(told: Told) -> str:
    """What subjects.csv tells of each."""
    groups = told.recipe.groups
    shown = [name for name in ATTRIBUTES if any(getattr(row, name) is not None for row in told.people)]
    if groups is None or not groups.attributes:
        return "Nothing of this is told of any one subject."
    least = f"in every combination at least {groups.at_least} subjects share what is told, what is not told included"
    if not shown:
        return f"Of no attribute can it be told whose it is so that {least}: the columns of subjects.csv are empty."
    spelled = ", ".join(name.replace("_", " ") for name in shown)
    return f"Whose it is, subjects.csv tells of {spelled}, and only so that {least}."


def _transcripts(tables: Tables) -> str:
    """Whether anything that was said may be read."""
    rows = tables.transcripts
    heard = "Whoever hears a clip may hear something of a person."
    if not rows:
        return f"What was said is not written down. {heard}"
    unnamed = sum(row.owner is None for row in rows)
    return (
        f"What was said is written down in transcripts.csv, {counted(len(rows), 'cue')} of "
        f"{counted(len({row.clip for row in rows}), 'clip')}, where whoever said it agreed to publish-transcript; of "
        f"{unnamed} nobody knows who, and then everybody of the session did. It is as the lab wrote it: names of "
        f"others may have been said. {heard}"
    )


def _settling(told: Told) -> str:
    counted: Counter[tuple[str, str]] = Counter()
    for row in told.tables.clips:
        for how in row.settled_by:
            name, _, rule = how.partition(":")
            counted[name, rule] += 1
    return table(("field", "rule", "events"), ((name, rule, count) for (name, rule), count in sorted(counted.items())))


def _agreement(report: AgreementReport) -> str:
    rows = [(f"{layer.name} (Krippendorff's alpha)", *_measured(layer.alpha)) for layer in report.layers]
    rows += [(f"{mark.mark} within tolerance", *_measured(mark.within_tolerance)) for mark in report.times.marks]
    rows.append(("duration (Krippendorff's alpha)", *_measured(report.times.duration_alpha)))
    return table(("measure", "value", "interval", "units"), rows)


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
    left_out = {
        Term.PUBLISH_FACE: "picture.mp4, and in features.npz all that shows the face",
        Term.PUBLISH_FEATURES: "features.npz, where publish-face is lacking too",
        Term.PUBLISH_VOICE: "sound.wav, sound-features.npz, and the sound inside picture.mp4",
        Term.PUBLISH_TRANSCRIPT: "the subject's words in transcripts.csv",
        Term.SHOW_PUBLICLY: "nothing; but the clip is shown on no page",
    }
    return table(
        ("term", "subjects", "left out where it is lacking"),
        (
            (term.value, sum(term in subject.consent.terms for subject in told.subjects), what)
            for term, what in left_out.items()
        ),
    )


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

"""ELAN documents (`.eaf`), written: EAF 3.0, as ELAN 5 and later save it. Times are rounded to whole milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.interchange.elan import POINT_LENGTH, POINT_TYPE, STEREOTYPES
from mmed_curate.interchange.timelines import (
    SYMBOLIC,
    Annotation,
    Relation,
    Tier,
    TierKind,
    Timeline,
    Vocabulary,
    all_printable,
    cannot_hold,
    fault,
    note,
    only_one,
    place,
    said,
    split_overlaps,
    warning,
)

_STEREOTYPE_OF = {relation: name for name, relation in STEREOTYPES.items()}
_MEANING = {
    Relation.TIME_SUBDIVISION: "Time subdivision of parent annotation's time interval, no time gaps allowed within "
    "this interval",
    Relation.SYMBOLIC_SUBDIVISION: "Symbolic subdivision of a parent annotation. Annotations refering to the same "
    "parent are ordered",
    Relation.SYMBOLIC_ASSOCIATION: "1-1 association with a parent annotation",
    Relation.INCLUDED_IN: "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
}
"""ELAN's own words, which it looks for."""
_MIME = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".avi": "video/x-msvideo",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".wav": "audio/x-wav",
}
_NO_DATE = "1970-01-01T00:00:00+00:00"
"""EAF asks for a date; ours do not come from the clock, so that equal timelines give equal files."""

_UNDETERMINED = "http://cdb.iso.org/lg/CDB-00130975-001"


def write_elan(path: Path, timelines: Sequence[Timeline]) -> tuple[Finding, ...]:
    """Write one timeline as an ELAN document.

    Args:
        path: to write; an older file there is replaced.
        timelines: exactly one.

    Returns:
        What the format cannot hold.

    Raises:
        BadInput: there is not exactly one timeline, or it cannot be written.
    """
    timeline, findings = all_printable(only_one(path, timelines, "an ELAN document"))
    timeline, unnamed = _with_names(timeline)
    timeline, orphans = _without_orphans(timeline)
    timeline, alone = _one_person_a_tier(timeline)
    timeline, rounded = _in_milliseconds(timeline)
    timeline, split = split_overlaps(timeline, POINT_LENGTH, "ELAN")
    write_text(path, "\n".join(_lines(timeline)) + "\n")
    return (*findings, *unnamed, *orphans, *alone, *rounded, *split, *_lost(timeline))


def _with_names(timeline: Timeline) -> tuple[Timeline, tuple[Finding, ...]]:
    """ELAN's tiers need names of their own."""
    taken: set[str] = set()
    tiers, findings = [], []
    for tier in timeline.tiers:
        name, count = tier.name or "tier", 1
        while name in taken:
            count += 1
            name = f"{tier.name or 'tier'} ({count})"
        taken.add(name)
        if name != tier.name:
            findings.append(
                warning("renamed_tier", f"tier {tier.name!r} is written as {name!r}", "ELAN needs a name for each")
            )
        tiers.append(replace(tier, name=name))
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


def _without_orphans(timeline: Timeline) -> tuple[Timeline, tuple[Finding, ...]]:
    """Tiers whose parent tier is not there stand alone: ELAN opens no document in which they do not."""
    names = {tier.name for tier in timeline.tiers}
    tiers, findings = [], []
    for tier in timeline.tiers:
        if tier.parent is not None and tier.parent not in names:
            alone = tuple(replace(one, parent=None) for one in tier.annotations)
            findings.append(
                note(
                    "orphan_tier",
                    f"tier {tier.name}: its parent tier {tier.parent} is not there",
                    "it stands alone, on its own times",
                    tier=tier.name,
                )
            )
            tier = replace(tier, parent=None, relation=None, annotations=alone)
        tiers.append(tier)
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


def _one_person_a_tier(timeline: Timeline) -> tuple[Timeline, tuple[Finding, ...]]:
    """ELAN says whose behaviour it is, and who coded it, once for each tier: tiers that hold several are split."""
    parents = {tier.parent for tier in timeline.tiers}
    taken = {tier.name for tier in timeline.tiers}
    tiers: list[Tier] = []
    findings: list[Finding] = []
    for tier in timeline.tiers:
        people = list(dict.fromkeys((one.subject, one.coder) for one in tier.annotations))
        if len(people) <= 1:
            subject, coder = people[0] if people else (tier.subject, tier.coder)
            tiers.append(replace(tier, subject=subject, coder=coder))
            continue
        if tier.name in parents or tier.parent is not None:
            findings.append(
                warning(
                    "lost",
                    f"tier {tier.name}: ELAN cannot hold several people in a tier that hangs on another",
                    "give each person a tier",
                    tier=tier.name,
                )
            )
            tiers.append(tier)
            continue
        for subject, coder in people:
            name = "@".join(part for part in (tier.name, subject, coder) if part)
            if name != tier.name:
                while name in taken:
                    name += "'"
                taken.add(name)
            mine = tuple(one for one in tier.annotations if (one.subject, one.coder) == (subject, coder))
            tiers.append(replace(tier, name=name, subject=subject, coder=coder, annotations=mine))
        findings.append(
            note(
                "split_tier",
                f"tier {tier.name}: ELAN holds one person in a tier, it became {len(people)} tiers",
                "read them as one",
                tier=tier.name,
            )
        )
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


def _in_milliseconds(timeline: Timeline) -> tuple[Timeline, tuple[Finding, ...]]:
    """Times as ELAN can hold them; annotations it cannot hold are left out, and said."""
    findings: list[Finding] = []
    parents = {tier.parent for tier in timeline.tiers}
    tiers, off = [], 0
    for tier in timeline.tiers:
        kept = []
        for one in tier.annotations:
            rounded = one if tier.relation in SYMBOLIC else _rounded(tier, one)
            bare = one.start is None or one.end is None
            reason = _unfit(tier, rounded, subdivided=tier.relation is Relation.TIME_SUBDIVISION)
            if reason is not None and not (tier.name in parents and bare):
                findings.append(
                    fault("left_out", f"{place(tier, one)}: ELAN cannot hold {reason}", "it is left out; correct it")
                )
                if tier.name in parents:
                    raise BadInput.of(
                        "interchange.elan_parent",
                        f"{place(tier, one)}: ELAN cannot hold {reason}, and other annotations hang on it",
                        "correct its times",
                    )
                continue
            if (
                tier.kind is TierKind.INTERVAL
                and one.start != one.end
                and rounded.start == rounded.end
                and rounded.start is not None
            ):
                findings.append(
                    warning("short", f"{place(tier, one)}: it is shorter than 1 ms", "it is written 1 ms long")
                )
                rounded = replace(rounded, end=rounded.start + POINT_LENGTH)
            off += (rounded.start, rounded.end) != (one.start, one.end)
            kept.append(rounded)
        tiers.append(replace(tier, annotations=tuple(kept)))
    if off:
        findings.append(
            note("rounded", f"ELAN counts in ms: the times of {off} annotations were rounded", "nothing", count=off)
        )
    return replace(timeline, tiers=tuple(tiers)), tuple(findings)


def _rounded(tier: Tier, one: Annotation) -> Annotation:
    start = None if one.start is None else Fraction(round(one.start * 1000), 1000)
    end = None if one.end is None else Fraction(round(one.end * 1000), 1000)
    return replace(one, start=start, end=start if tier.kind is TierKind.POINT and one.start == one.end else end)


def _unfit(tier: Tier, one: Annotation, *, subdivided: bool) -> str | None:
    if tier.relation in SYMBOLIC:
        return "a dependent label without a parent" if one.parent is None else None
    if (one.start is None or one.end is None) and not subdivided:
        return "a label without times"
    if one.start is not None and one.end is not None and one.end < one.start:
        return "an interval that ends before it starts"
    if min(one.start or 0, one.end or 0) < 0:
        return f"a time before 0 ({said(one.start)})"
    return None


def _lost(timeline: Timeline) -> Iterator[Finding]:
    annotations = [one for tier in timeline.tiers for one in tier.annotations]
    comments = sum(bool(one.comment) for one in annotations)
    if comments:
        yield cannot_hold("ELAN", "a comment beside the label", comments)
    many = sum(len(tier.vocabularies) > 1 or any(one.several for one in tier.vocabularies) for tier in timeline.tiers)
    if many:
        yield cannot_hold(
            "ELAN", "several lists of choices for one label", many, remedy="these tiers take free text instead"
        )
    if timeline.offset_s:
        yield cannot_hold("ELAN", "an offset of the time shown", 1)


def _lines(timeline: Timeline) -> Iterator[str]:
    slots: list[Fraction | None] = []
    body: list[str] = []
    ids: dict[tuple[str, int], str] = {}
    types: dict[str, tuple[Relation | None, Vocabulary | None]] = {}
    for tier in timeline.tiers:
        for index in range(len(tier.annotations)):
            ids[(tier.name, index)] = f"a{len(ids) + 1}"
    for tier in timeline.tiers:
        body.extend(_tier(tier, types, slots, ids))
    # slots in the order of their times, those that nobody set after the one that comes before them
    order = _order(slots)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f"<ANNOTATION_DOCUMENT AUTHOR={_attribute(timeline.coder)} DATE={_attribute(_NO_DATE)} "
        'FORMAT="3.0" VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">'
    )
    yield '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">'
    for medium in timeline.media:
        mime = medium.mime or _MIME.get(Path(medium.file_name).suffix.lower(), "application/octet-stream")
        origin = f" TIME_ORIGIN={_attribute(str(round(medium.offset_s * 1000)))}" if medium.offset_s else ""
        beside = ":" not in medium.name and not medium.name.startswith(("/", "\\"))
        relative = f" RELATIVE_MEDIA_URL={_attribute(f'./{medium.name}')}" if beside else ""
        yield (
            f"        <MEDIA_DESCRIPTOR MEDIA_URL={_attribute(medium.name)} MIME_TYPE={_attribute(mime)}"
            f"{relative}{origin}/>"
        )
    yield f'        <PROPERTY NAME="lastUsedAnnotationId">{len(ids)}</PROPERTY>'
    yield "    </HEADER>"
    yield "    <TIME_ORDER>"
    for index in order:
        time = slots[index]
        value = "" if time is None else f' TIME_VALUE="{round(time * 1000)}"'
        yield f'        <TIME_SLOT TIME_SLOT_ID="ts{index + 1}"{value}/>'
    yield "    </TIME_ORDER>"
    yield from body
    for name, (relation, vocabulary) in types.items():
        constraint = "" if relation is None else f' CONSTRAINTS="{_STEREOTYPE_OF[relation]}"'
        chosen = "" if vocabulary is None else f" CONTROLLED_VOCABULARY_REF={_attribute(vocabulary.name)}"
        yield (
            f'    <LINGUISTIC_TYPE{constraint}{chosen} GRAPHIC_REFERENCES="false" '
            f'LINGUISTIC_TYPE_ID={_attribute(name)} TIME_ALIGNABLE="{"false" if relation in SYMBOLIC else "true"}"/>'
        )
    yield f'    <LANGUAGE LANG_DEF="{_UNDETERMINED}" LANG_ID="und" LANG_LABEL="undetermined (und)"/>'
    for relation, meaning in _MEANING.items():
        yield f'    <CONSTRAINT DESCRIPTION={_attribute(meaning)} STEREOTYPE="{_STEREOTYPE_OF[relation]}"/>'
    for vocabulary in {one.name: one for _, one in types.values() if one is not None}.values():
        yield from _vocabulary(vocabulary)
    yield "</ANNOTATION_DOCUMENT>"


def _tier(
    tier: Tier,
    types: dict[str, tuple[Relation | None, Vocabulary | None]],
    slots: list[Fraction | None],
    ids: dict[tuple[str, int], str],
) -> Iterator[str]:
    vocabulary = tier.vocabularies[0] if len(tier.vocabularies) == 1 and not tier.vocabularies[0].several else None
    attributes = {
        "ANNOTATOR": tier.coder,
        "LINGUISTIC_TYPE_REF": _type_name(tier, vocabulary, types),
        "PARENT_REF": tier.parent or "",
        "PARTICIPANT": tier.subject,
        "TIER_ID": tier.name,
    }
    written = " ".join(f"{name}={_attribute(value)}" for name, value in attributes.items() if value)
    if not tier.annotations:
        yield f"    <TIER {written}/>"
        return
    yield f"    <TIER {written}>"
    last_of: dict[int | None, str] = {}
    before: tuple[Fraction | None, int] | None = None
    for index, one in enumerate(tier.annotations):
        id_ = ids[(tier.name, index)]
        yield "        <ANNOTATION>"
        if tier.relation in SYMBOLIC:
            above = ids.get((tier.parent or "", -1 if one.parent is None else one.parent), "")
            previous = last_of.get(one.parent)
            follows = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
            keeps = follows if tier.relation is Relation.SYMBOLIC_SUBDIVISION else ""
            yield f'            <REF_ANNOTATION ANNOTATION_ID="{id_}" ANNOTATION_REF="{above}"{keeps}>'
            last_of[one.parent] = id_
            closing = "REF_ANNOTATION"
        else:
            shared = tier.relation is Relation.TIME_SUBDIVISION and before is not None and before[0] == one.start
            first = before[1] if shared and before is not None else len(slots)
            if not shared:
                slots.append(one.start)
            last = len(slots)
            end = one.end
            if tier.kind is TierKind.POINT and one.start is not None and one.end == one.start:
                end = one.start + POINT_LENGTH
            slots.append(end)
            before = (one.end, last)
            yield (
                f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="{id_}" TIME_SLOT_REF1="ts{first + 1}" '
                f'TIME_SLOT_REF2="ts{last + 1}">'
            )
            closing = "ALIGNABLE_ANNOTATION"
        yield f"                <ANNOTATION_VALUE>{_text(one.value)}</ANNOTATION_VALUE>"
        yield f"            </{closing}>"
        yield "        </ANNOTATION>"
    yield "    </TIER>"


def _type_name(
    tier: Tier, vocabulary: Vocabulary | None, types: dict[str, tuple[Relation | None, Vocabulary | None]]
) -> str:
    base = POINT_TYPE if tier.kind is TierKind.POINT else "default-lt"
    if tier.relation is not None:
        base += f":{tier.relation.value}"
    if vocabulary is not None:
        base += f":{vocabulary.name}"
    name, count = base, 1
    while name in types and types[name] != (tier.relation, vocabulary):
        count += 1
        name = f"{base} ({count})"
    types[name] = (tier.relation, vocabulary)
    return name


def _order(slots: Sequence[Fraction | None]) -> list[int]:
    keys: list[tuple[Fraction, int]] = []
    latest = Fraction(0)
    for index, time in enumerate(slots):
        latest = latest if time is None else time
        keys.append((latest, index))
    return [index for _, index in sorted(keys)]


def _vocabulary(vocabulary: Vocabulary) -> Iterator[str]:
    yield f"    <CONTROLLED_VOCABULARY CV_ID={_attribute(vocabulary.name)}>"
    yield '        <DESCRIPTION LANG_REF="und"/>'
    for index, entry in enumerate(vocabulary.entries):
        described = f" DESCRIPTION={_attribute(entry.description)}" if entry.description else ""
        yield f'        <CV_ENTRY_ML CVE_ID="cveid{index}">'
        yield f'            <CVE_VALUE{described} LANG_REF="und">{_text(entry.value)}</CVE_VALUE>'
        yield "        </CV_ENTRY_ML>"
    yield "    </CONTROLLED_VOCABULARY>"


def _text(text: str) -> str:
    return escape(text, {"\r": "&#13;"})  # an XML reader would make a line feed of it


def _attribute(text: str) -> str:
    return f'"{escape(text, {chr(34): "&quot;", chr(9): "&#9;", chr(10): "&#10;", chr(13): "&#13;"})}"'

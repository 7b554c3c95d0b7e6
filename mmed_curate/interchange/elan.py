"""ELAN documents (`.eaf`), read: EAF 2.6 to 3.0 as its schema describes them. Times are whole milliseconds.

A time slot without a value is a time that nobody set: ELAN draws it evenly between its neighbours, we leave it unknown.
Annotations of symbolic tiers have no times of their own: they take their parent's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.interchange.timelines import (
    SYMBOLIC,
    Annotation,
    Entry,
    Medium,
    Reading,
    Relation,
    Tier,
    TierKind,
    Timeline,
    Vocabulary,
    fault,
    note,
    read_whole,
    remarks,
    said,
    warning,
)

POINT_TYPE = "mmed-point"
"""Linguistic types of this name, or that begin with it, are points: ELAN has none, they are written 1 ms long."""
POINT_LENGTH = Fraction(1, 1000)
_KIND = "an ELAN document (.eaf)"
STEREOTYPES = {
    "Time_Subdivision": Relation.TIME_SUBDIVISION,
    "Included_In": Relation.INCLUDED_IN,
    "Symbolic_Subdivision": Relation.SYMBOLIC_SUBDIVISION,
    "Symbolic_Association": Relation.SYMBOLIC_ASSOCIATION,
}
_KEPT = {"HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONTROLLED_VOCABULARY", "CONSTRAINT", "LOCALE", "LANGUAGE"}
_OWN_PROPERTIES = {"lastUsedAnnotationId", "lastUsedAnnotation", "URN"}
_KNOWN_FORMATS = {"2.4", "2.5", "2.6", "2.7", "2.8", "3.0"}
_NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class _Raw:
    """An annotation before its parent is known."""

    id: str
    start: Fraction | None
    end: Fraction | None
    value: str
    ref: str | None
    previous: str | None = None
    """The part before it, of the same parent."""


def read_elan(path: Path) -> Reading:
    """Read an ELAN document.

    Raises:
        BadInput: it is no such document, is not well-formed, or asks an XML reader to do more than read.
    """
    root = _parsed(path)
    findings: list[Finding] = []
    if root.get("FORMAT", "3.0") not in _KNOWN_FORMATS:
        findings.append(
            warning(
                "elan_version",
                f"{path.name} is EAF {root.get('FORMAT')}, which is newer or older than what is known here",
                "look at what was read",
            )
        )
    header = root.find("HEADER")
    unit = {"milliseconds": 1000, "PAL-frames": 25, "NTSC-frames": None}.get(
        "milliseconds" if header is None else header.get("TIME_UNITS") or "milliseconds"
    )
    if unit is None:
        raise BadInput.of(
            "interchange.elan_units",
            f"{path} counts time in {'' if header is None else header.get('TIME_UNITS')}",
            "save it in ELAN with milliseconds",
        )
    slots = _slots(root, unit, findings)
    types = {one.get("LINGUISTIC_TYPE_ID", ""): one for one in root.findall("LINGUISTIC_TYPE")}
    vocabularies = _vocabularies(root, findings)
    raw: list[tuple[Tier, list[_Raw]]] = []
    for element in root.findall("TIER"):
        raw.append(_tier(element, types, vocabularies, slots, findings))
    tiers = _linked(raw, findings)
    findings.extend(_not_kept(root))
    timeline = Timeline(media=_media(header, findings), tiers=tuple(tiers), coder=(root.get("AUTHOR") or "").strip())
    findings.extend(remarks(timeline))
    return Reading(timelines=(timeline,), findings=tuple(findings))


def _parsed(path: Path) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml import ElementTree as Xml

    data = read_whole(path, _KIND)
    try:
        root = Xml.fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadInput.of(
            "interchange.elan_unsafe",
            f"{path} declares entities or a document type, which no ELAN document does",
            "give the document as ELAN saved it",
        ) from error
    except (Xml.ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadInput.of("interchange.elan", f"{path} is no whole XML document ({error})", f"give {_KIND}") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise BadInput.of(
            "interchange.elan", f"{path} is XML, but a {root.tag[:60]} and no ANNOTATION_DOCUMENT", f"give {_KIND}"
        )
    return root


def _slots(root: Any, per_second: int, findings: list[Finding]) -> dict[str, Fraction | None]:
    slots: dict[str, Fraction | None] = {}
    for order in root.findall("TIME_ORDER"):
        for slot in order.findall("TIME_SLOT"):
            name, value = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")
            if name in slots:
                findings.append(
                    warning("doubled_slot", f"time slot {name} is there twice", "save the document again in ELAN")
                )
                continue
            slots[name] = None
            if value is not None:
                if value.isascii() and value.removeprefix("-").isdigit() and len(value) < 16:
                    slots[name] = Fraction(int(value), per_second)
                else:
                    findings.append(
                        fault(
                            "slot_time", f"time slot {name}: {value[:40]!r} is no time", "correct it in ELAN", slot=name
                        )
                    )
    return slots


def _vocabularies(root: Any, findings: list[Finding]) -> dict[str, Vocabulary]:
    found: dict[str, Vocabulary] = {}
    for one in root.findall("CONTROLLED_VOCABULARY"):
        name = one.get("CV_ID", "")
        entries = [
            Entry(value=entry.text or "", description=entry.get("DESCRIPTION", "")) for entry in one.findall("CV_ENTRY")
        ]
        others = 0
        for entry in one.findall("CV_ENTRY_ML"):
            values = entry.findall("CVE_VALUE")
            others += max(0, len(values) - 1)
            if values:
                entries.append(Entry(value=values[0].text or "", description=values[0].get("DESCRIPTION", "")))
        if others:
            findings.append(
                note(
                    "languages",
                    f"vocabulary {name}: {others} entries in further languages are not kept",
                    "keep the document for them",
                    count=others,
                )
            )
        if one.get("EXT_REF") and not entries:
            findings.append(
                note("external", f"vocabulary {name} lies in another file", "its entries are not read", vocabulary=name)
            )
        found[name] = Vocabulary(name=name, entries=tuple(entries))
    return found


def _tier(
    element: Any,
    types: Mapping[str, Any],
    vocabularies: Mapping[str, Vocabulary],
    slots: Mapping[str, Fraction | None],
    findings: list[Finding],
) -> tuple[Tier, list[_Raw]]:
    name = element.get("TIER_ID", "")
    type_name = element.get("LINGUISTIC_TYPE_REF", "")
    kind_of = types.get(type_name)
    if kind_of is None:
        findings.append(
            warning(
                "unknown_type", f"tier {name}: there is no linguistic type {type_name}", "it is read as free intervals"
            )
        )
    is_point = type_name == POINT_TYPE or type_name.startswith(f"{POINT_TYPE}:")
    vocabulary = vocabularies.get("" if kind_of is None else kind_of.get("CONTROLLED_VOCABULARY_REF", ""))
    tier = Tier(
        name=name,
        kind=TierKind.POINT if is_point else TierKind.INTERVAL,
        subject=element.get("PARTICIPANT", ""),
        coder=element.get("ANNOTATOR", ""),
        parent=element.get("PARENT_REF"),
        relation=None if kind_of is None else STEREOTYPES.get(kind_of.get("CONSTRAINTS", "")),
        vocabularies=() if vocabulary is None or not vocabulary.entries else (vocabulary,),
    )
    raw: list[_Raw] = []
    unset = 0
    for holder in element.findall("ANNOTATION"):
        for one in holder:
            id_ = one.get("ANNOTATION_ID", "")
            value = one.findtext("ANNOTATION_VALUE") or ""
            if one.tag == "REF_ANNOTATION":
                raw.append(_Raw(id_, None, None, value, one.get("ANNOTATION_REF", ""), one.get("PREVIOUS_ANNOTATION")))
                continue
            times: list[Fraction | None] = []
            for key in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"):
                slot = one.get(key, "")
                if slot not in slots:
                    findings.append(
                        fault(
                            "unknown_slot",
                            f"tier {name}, annotation {id_}: there is no time slot {slot or '(none)'}",
                            "set its time in ELAN",
                            tier=name,
                        )
                    )
                times.append(slots.get(slot))
            unset += sum(one.get(key, "") in slots and slots[one.get(key, "")] is None for key in _REFS)
            start, end = times
            if is_point and start is not None:
                end = start if end == start + POINT_LENGTH else end
            raw.append(_Raw(id_, start, end, value, None))
    if unset:
        findings.append(
            note(
                "unset_times",
                f"tier {name}: {unset} times were never set, ELAN draws them evenly",
                "they stay unknown; set them in ELAN where they matter",
                tier=name,
                count=unset,
            )
        )
    return tier, raw


_REFS = ("TIME_SLOT_REF1", "TIME_SLOT_REF2")


def _linked(raw: list[tuple[Tier, list[_Raw]]], findings: list[Finding]) -> list[Tier]:
    """Tiers with their annotations; each knows its parent, and takes its time where it has none of its own."""
    by_name: dict[str, tuple[Tier, list[_Raw]]] = {}
    for tier, ones in raw:
        by_name.setdefault(tier.name, (tier, ones))
    positions = {name: {one.id: index for index, one in enumerate(ones)} for name, (_, ones) in by_name.items()}
    ids = Counter(one.id for _, ones in raw for one in ones)
    for id_ in sorted(id_ for id_, count in ids.items() if count > 1)[:_NAMED_AT_MOST]:
        findings.append(
            warning("doubled_id", f"{ids[id_]} annotations are named {id_ or '(nothing)'}", "save it again in ELAN")
        )
    tiers = []
    for tier, ones in raw:
        if tier.parent is not None and tier.parent not in by_name:
            findings.append(
                warning("no_parent", f"tier {tier.name}: there is no parent tier {tier.parent}", "mend it in ELAN")
            )
        annotations = []
        last_of: dict[str, str] = {}
        for one in ones:
            start, end, parent = one.start, one.end, None
            if one.ref is not None:
                if tier.relation is Relation.SYMBOLIC_SUBDIVISION and one.previous != last_of.get(one.ref):
                    findings.append(
                        warning(
                            "order_of_parts",
                            f"tier {tier.name}, annotation {one.id}: it follows {one.previous or 'nothing'}, and "
                            f"stands behind {last_of.get(one.ref, 'nothing')}",
                            "parts are read as they stand; save the document again in ELAN",
                            tier=tier.name,
                        )
                    )
                last_of[one.ref] = one.id
                parent = positions.get(tier.parent or "", {}).get(one.ref)
                start, end = _inherited(tier, one, by_name, positions)
                if parent is None:
                    findings.append(
                        fault(
                            "no_parent_annotation",
                            f"tier {tier.name}, annotation {one.id}: its parent tier has no annotation {one.ref}",
                            "mend it in ELAN",
                            tier=tier.name,
                        )
                    )
            annotations.append(
                Annotation(start=start, end=end, value=one.value, subject=tier.subject, coder=tier.coder, parent=parent)
            )
        tiers.append(replace(tier, annotations=tuple(annotations)))
    return tiers


def _inherited(
    tier: Tier,
    one: _Raw,
    by_name: Mapping[str, tuple[Tier, list[_Raw]]],
    positions: Mapping[str, Mapping[str, int]],
) -> tuple[Fraction | None, Fraction | None]:
    seen = set()
    while one.ref is not None:
        above = by_name.get(tier.parent or "")
        index = positions.get(tier.parent or "", {}).get(one.ref)
        if above is None or index is None or tier.name in seen:
            return None, None
        seen.add(tier.name)
        tier, one = above[0], above[1][index]
    return one.start, one.end


def _media(header: Any, findings: list[Finding]) -> tuple[Medium, ...]:
    media = []
    for one in [] if header is None else header.findall("MEDIA_DESCRIPTOR"):
        name = one.get("MEDIA_URL") or one.get("RELATIVE_MEDIA_URL") or ""
        origin = one.get("TIME_ORIGIN", "0")
        offset = Fraction(0)
        if origin.isascii() and origin.removeprefix("-").isdigit() and len(origin) < 16:
            offset = Fraction(int(origin), 1000)
        else:
            findings.append(fault("media_offset", f"medium {name}: {origin[:40]!r} is no offset", "correct it in ELAN"))
        medium = Medium(name=name, offset_s=offset, mime=one.get("MIME_TYPE", ""))
        if offset:
            findings.append(
                note(
                    "media_offset",
                    f"medium {medium.file_name}: the timeline begins at its {said(offset)}",
                    "times in the table are on the medium's own clock",
                )
            )
        media.append(medium)
    return tuple(media)


def _not_kept(root: Any) -> list[Finding]:
    """What an ELAN document holds and a timeline does not."""
    lost = Counter(str(one.tag) for one in root if one.tag not in _KEPT)
    for header in root.findall("HEADER"):
        lost.update(str(one.tag) for one in header if one.tag not in {"MEDIA_DESCRIPTOR", "PROPERTY"})
        named = [one for one in header.findall("PROPERTY") if one.get("NAME") not in _OWN_PROPERTIES]
        lost.update({"PROPERTY": len(named)} if named else {})
    lost.update({"LANG_REF": sum("LANG_REF" in one.attrib for one in root.findall("TIER"))})
    return [
        note("not_kept", f"{count} of {tag} are not kept", "keep the ELAN document for them", tag=tag, count=count)
        for tag, count in sorted(lost.items())
        if count
    ]


def takes_parents_time(tier: Tier) -> bool:
    """Whether its annotations have no times of their own."""
    return tier.relation in SYMBOLIC

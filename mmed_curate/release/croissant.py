"""croissant.json: the release as ML tools read it, after Croissant Format 1.0 and its RAI vocabulary (MLCommons)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.dataset.layout import CLIPS, JUDGED_CLIPS, JUDGEMENTS, SUBJECTS, TRANSCRIPTS
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.splits import SPLITS
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.release.citation import described, titled
from mmed_curate.release.schemas import AnyRow
from mmed_curate.release.tables import FILE_OF
from mmed_curate.release.texts import Told

CROISSANT = "croissant.json"

_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of the Croissant specification, version 1.0, as it stands there."""
_TABLES: Mapping[str, tuple[str, type[AnyRow], str, str]] = {
    "clips": (CLIPS, ClipRow, "clips-row", "One settled event per record."),
    "judgements": (JUDGEMENTS, JudgementRow, "judgements-row", "Every judgement of every expert, corrected ones too."),
    "judged_clips": (JUDGED_CLIPS, JudgedClipRow, "judged-clips-row", "What the experts saw, settled or not."),
    "subjects": (SUBJECTS, SubjectRow, "subjects-row", "One subject with a clip, and what many share with them."),
    "transcripts": (TRANSCRIPTS, TranscriptRow, "transcripts-row", "What one person said in one clip in one go."),
}
_KEYS = {"transcripts": ("clip", "cue")}
"""Columns that name a row, where it is not the first alone."""
_TYPE_OF = {
    "str": "sc:Text",
    "int": "sc:Integer",
    "float": "sc:Float",
    "bool": "sc:Boolean",
    "tuple[str, ...]": "sc:Text",
}
_POINTS_AT = {
    "judgements": {"clip": "judged_clips"},
    "clips": {"judged_clip": "judged_clips"},
    "transcripts": {"clip": "clips"},
}
_DOCUMENTS = {
    SPLITS: ("application/json", "Leave-one-subject-out folds and the fixed split by subject."),
    "codebook.yaml": ("application/yaml", "What the codes mean."),
    "agreement.json": ("application/json", "How well the experts agree."),
    "gate.json": ("application/json", "The rules that the release passed, with their numbers."),
}
_MEDIA = {"picture.mp4": "video/mp4", "archival.mov": "video/quicktime", "sound.wav": "audio/wav"}


def croissant_document(told: Told, folder: Path) -> dict[str, Any]:
    """croissant.json as JSON values.

    Args:
        told: all that is said of the release.
        folder: the release, with its tables and documents in it already: their hashes are in croissant.json.
    """
    facts, recipe = told.facts, told.recipe
    tables = {name: table for name, table in _TABLES.items() if (folder / table[0]).is_file()}
    there = sorted({Path(file.path).name for file in told.tables.files})
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": recipe.name,
        "alternateName": titled(told),
        "description": described(told),
        "license": told.licence.name,
        "creator": [{"@type": "sc:Organization", "name": author} for author in recipe.authors],
        "publisher": {"@type": "sc:Organization", "name": recipe.publisher},
        "keywords": list(recipe.keywords),
        "version": facts.version,
        "datePublished": facts.released_on.isoformat(),
        "citeAs": _bibtex(told),
        **_responsible(told),
        "distribution": [
            *(_file(folder, name, "text/csv", what) for name, _, _, what in tables.values()),
            *(_file(folder, name, form, what) for name, (form, what) in _DOCUMENTS.items()),
            *(_files(name) for name in FILE_OF.values() if name in there),
        ],
        "recordSet": [_record_set(name) for name in tables],
    }
    if recipe.url is not None:
        document["url"] = recipe.url
    return document


def _file(folder: Path, name: str, form: str, what: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": what,
        "contentUrl": name,
        "contentSize": f"{(folder / name).stat().st_size} B",
        "encodingFormat": form,
        "sha256": sha256_of(folder / name),
    }


def _files(name: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"media-{name}",
        "name": f"media-{name}",
        "description": f"{name} of each clip whose column in {CLIPS} names one; the hashes are in manifest-sha256.txt.",
        "encodingFormat": _MEDIA.get(name, "application/x-npz"),
        "includes": f"media/*/{name}",
    }


def _record_set(name: str) -> dict[str, Any]:
    file, kind, schema, what = _TABLES[name]
    columns = fields(kind)
    described_as = _descriptions(schema)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{what} Several values in a cell are apart by spaces; an empty cell is missing.",
        "key": [{"@id": f"{name}/{column}"} for column in _KEYS[name]]
        if name in _KEYS
        else {"@id": f"{name}/{columns[0].name}"},
        "field": [_field(name, file, one.name, str(one.type), described_as) for one in columns],
    }


def _field(table: str, file: str, column: str, hint: str, described_as: Mapping[str, str]) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": column,
        "description": described_as.get(column, column),
        "dataType": _TYPE_OF[hint.removesuffix(" | None")],
        "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }
    target = _POINTS_AT.get(table, {}).get(column)
    if target is not None:
        field["references"] = {"field": {"@id": f"{target}/clip"}}
    return field


def _descriptions(schema: str) -> dict[str, str]:
    """What the schema of a row says of each column."""
    path = packaged_path("schema", "json", f"{schema}.schema.json")
    columns: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["properties"]
    return {name: said["description"] for name, said in columns.items() if "description" in said}


def _bibtex(told: Told) -> str:
    facts = told.facts
    return (
        f"@misc{{{told.recipe.name}-{facts.version}, title = {{{titled(told)}}}, "
        f"author = {{{' and '.join(f'{{{author}}}' for author in told.recipe.authors)}}}, "
        f"year = {{{facts.released_on.year}}}, version = {{{facts.version}}}, "
        f"publisher = {{{told.recipe.publisher}}}}}"
    )


def _responsible(told: Told) -> dict[str, Any]:
    """The RAI fields that a release can answer for itself."""
    facts, recipe = told.facts, told.recipe
    sheet = recipe.datasheet
    said: dict[str, str | Sequence[str] | None] = {
        "rai:dataCollection": recipe.collection,
        "rai:dataCollectionType": ["Experiments"],
        "rai:dataCollectionMissingData": "What people did not agree to publish is withheld: see the column `withheld`.",
        "rai:dataAnnotationProtocol": [
            f"Protocol {facts.protocol} with codebook {facts.codebook} {facts.codebook_version}: screening, blind "
            "coding by several experts, adjudication, verification. Every judgement is in judgements.csv."
        ],
        "rai:dataAnnotationAnalysis": ["agreement.json: coefficients of agreement with intervals over subjects."],
        "rai:annotatorDemographics": None if sheet.experts is None else [sheet.experts],
        "rai:machineAnnotationTools": [f"mmed-curate {facts.toolkit}: proposes spans; people decide."],
        "rai:dataUseCases": list(recipe.uses),
        "rai:dataLimitations": [*recipe.limits, recipe.not_for[0], *(f"Not for: {use}" for use in recipe.not_for[1:])],
        "rai:dataSocialImpact": sheet.impact,
        "rai:personalSensitiveInformation": [
            "Faces, voices and words of people who consented to their publication; age band, sex, ethnicity and "
            "language as counts, where people gave them, and of one subject only what many share: see subjects.csv."
        ],
        "rai:dataReleaseMaintenancePlan": sheet.maintenance,
    }
    return {name: value for name, value in said.items() if value}

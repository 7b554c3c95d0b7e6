"""How a release is cited: CITATION.cff, and datacite.json for whoever registers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mmed_curate.dataset.facts import cited_as
from mmed_curate.release.texts import Told, marked

DATACITE = "datacite.json"
CITATION = "CITATION.cff"


def titled(told: Told) -> str:
    """The title, which says first where anything in it is simulated or a draft."""
    return cited_as(told.recipe.title, simulated=told.facts.simulated, draft=told.facts.draft)


def citation(told: Told) -> str:
    """CITATION.cff (Citation File Format 1.2.0)."""
    facts, recipe = told.facts, told.recipe
    words = marked(facts).strip()
    document: dict[str, object] = {
        "cff-version": "1.2.0",
        "message": f"{words + ': ' if words else ''}If you use this dataset, please cite it.",
        "type": "dataset",
        "title": titled(told),
        "abstract": described(told),
        "version": facts.version,
        "date-released": facts.released_on.isoformat(),
        "authors": [{"name": author} for author in recipe.authors],
        "keywords": list(recipe.keywords),
    }
    if recipe.url is not None:
        document["url"] = recipe.url
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)


def datacite_document(told: Told) -> Mapping[str, Any]:
    """datacite.json: metadata for registering a DOI, after DataCite Metadata Schema 4.5.

    It names no DOI, for none is there before the release: whoever registers it gives one.
    """
    facts, recipe = told.facts, told.recipe
    counts = facts.counts
    return {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Audio-visual recordings with judgements"},
        "creators": [{"name": author} for author in recipe.authors],
        "titles": [{"title": titled(told)}],
        "publisher": {"name": recipe.publisher},
        "publicationYear": str(facts.released_on.year),
        "dates": [{"date": facts.released_on.isoformat(), "dateType": "Issued"}],
        "version": facts.version,
        "language": "en",
        "subjects": [{"subject": word} for word in recipe.keywords],
        "rightsList": [{"rights": told.licence.name}],
        "descriptions": [
            {"description": described(told), "descriptionType": "Abstract"},
            {"description": recipe.collection, "descriptionType": "Methods"},
        ],
        "formats": ["text/csv", "application/json", "video/mp4", "audio/wav", "application/x-npz"],
        "sizes": [f"{counts.clips} clips", f"{counts.subjects} subjects", f"{counts.judgements} judgements"],
    }


def described(told: Told) -> str:
    """What it is, in a few sentences; the notice first."""
    counts = told.facts.counts
    return (
        f"{told.facts.notice} {counts.clips} settled events of {counts.subjects} subjects in {counts.sessions} "
        f"sessions, with every judgement of {counts.coders} experts. {told.recipe.motivation} {told.recipe.not_for[0]}"
    )

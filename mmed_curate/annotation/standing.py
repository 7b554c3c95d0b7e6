"""Where each clip stands, read off its judgements again and held against what the database keeps of it."""

from __future__ import annotations

from dataclasses import replace

from mmed_curate.agreement.settle import course
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.store import Workspace
from mmed_curate.store.chain import Audit, broken


def audit(workspace: Workspace, *, progress: Progress = silent) -> Audit:
    """All that the database can be held against: its log, its guards, its rules, and what its judgements come to.

    Args:
        workspace: what is audited.
        progress: told in clips.
    """
    with workspace.read() as records:
        found = records.audit()
        altered = workspace.changed_rules(records)
        if altered is not None:
            return replace(found, findings=(*found.findings, altered))
        if not found.intact:
            return found
        said = records.judgements_by_clip()
        places, terms, erased = records.places(), records.terms(), records.erased()
        clips = records.clips()
    findings = []
    for number, clip in enumerate(clips, start=1):
        progress(number, len(clips))
        if clip.id in erased:
            continue
        try:
            now = course(said.get(clip.id, ()), workspace.protocol, clip.clock, workspace.codebook, terms[clip.id])
        except BadInput as error:
            what = f"the judgements of clip {clip.id} fit no history ({error.finding.what})"
            findings.append(broken(found.entries, what))
            continue
        place = places.get(clip.id)
        if place is None or (place.stage, place.round, place.open_seats) != (now.stage, now.round, now.open_seats):
            kept = "nowhere" if place is None else place.stage.value
            what = f"clip {clip.id} is kept as {kept}, and its judgements put it at {now.stage.value}"
            findings.append(broken(found.entries, what))
    return replace(found, findings=tuple(findings))

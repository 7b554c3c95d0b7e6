"""What the gate must know of every clip: who judged it, what its subject agreed to, whether its files are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TypeVar

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.records import AssetKind, Clip, Subject, Term
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.release.noted import Trust, fault_of
from mmed_curate.release.snapshot import Snapshot, read_snapshot
from mmed_curate.store.workspace import Workspace

Item = TypeVar("Item")
SAYS: Mapping[AssetKind, str] = {
    AssetKind.RELEASE_PICTURE: "picture",
    AssetKind.RELEASE_ARCHIVE: "lossless copy",
    AssetKind.RELEASE_SOUND: "sound",
    AssetKind.FEATURES: "features",
    AssetKind.SOUND_FEATURES: "sound features",
}
"""The kinds of files that a release copies, in words."""


def judged_clips(workspace: Workspace) -> tuple[JudgedClip, ...]:
    """Every clip that was judged, with all that was said of it, as a release tells it: under pseudonyms, no free text.

    So a stranger who holds the release measures the same numbers, and the same hash of the judgements, as the gate
    saw. Clips of subjects who did not agree to research and redistribution are left out: what cannot be released must
    not count in a number that is.
    """
    return read_snapshot(workspace).judged_clips()


def gather(
    workspace: Workspace,
    *,
    on: date,
    policy_digest: str | None = None,
    rehash: bool = True,
    progress: Progress = silent,
) -> Evidence:
    """Look at every clip of a workspace on a given day.

    Args:
        workspace: whose clips.
        policy_digest: of the policy that it is for; see `Snapshot.counting`.
        on: the day for which consent is looked up.
        rehash: read every file that a release would copy and compare its hash; else only files that were written to
            since their hash was noted.
        progress: called with clips done and how many there are.
    """
    snapshot = read_snapshot(workspace)
    trust = Trust.NOTHING if rehash else Trust.NOTED
    return evidence_of(snapshot, on=on, policy_digest=policy_digest, trust=trust, progress=progress)


def evidence_of(
    snapshot: Snapshot, *, on: date, policy_digest: str | None, trust: Trust, progress: Progress = silent
) -> Evidence:
    """The same, of records already read.

    Args:
        snapshot: the records.
        on, policy_digest, progress: as above.
        trust: how closely files are looked at.
    """
    facts = []
    for done, clip in enumerate(sorted(snapshot.clips.values(), key=lambda clip: clip.id), start=1):
        facts.append(_facts(snapshot, clip, on, trust))
        progress(done, len(snapshot.clips))
    return Evidence(
        on=on,
        judgements_digest=snapshot.judgements_digest,
        clips=tuple(facts),
        counting=snapshot.counting(policy_digest),
    )


def on_another_day(snapshot: Snapshot, evidence: Evidence, on: date) -> Evidence:
    """What `evidence_of` gives for another day: only whose consent covers what hangs on it.

    Args:
        snapshot: that the evidence is of.
        evidence: of a day.
        on: the other one.
    """
    terms = {subject.id: _covered(subject, on) for subject in snapshot.subjects.values()}
    return replace(evidence, on=on, clips=tuple(replace(one, terms=terms[one.subject]) for one in evidence.clips))


def kinds_of(snapshot: Snapshot, clip: Clip) -> tuple[AssetKind, ...]:
    """Kinds of files that `mmed recut` makes for each event of a clip."""
    with_sound = (AssetKind.RELEASE_SOUND, AssetKind.SOUND_FEATURES)
    has_sound = snapshot.recordings[clip.recording].has_sound
    return (AssetKind.RELEASE_PICTURE, AssetKind.FEATURES, *(with_sound if has_sound else ()))


def _facts(snapshot: Snapshot, clip: Clip, on: date, trust: Trust) -> ClipFacts:
    subject = snapshot.subjects[clip.subject]
    standing = snapshot.courses[clip.id]
    # a subject who never agreed to a release, or withdrew, is left out of it, and shuts no gate for the others
    agreed = snapshot.may_go_out(clip)
    events = snapshot.events(clip.id) if agreed else ()
    faults = []
    for place, event in events:
        span = clip.in_recording(event.span)
        for kind in kinds_of(snapshot, clip):
            asset = snapshot.assets.get((clip.id, place, kind))
            if asset is None:
                faults.append(f"no {SAYS[kind]}")
            elif not asset.first <= span.onset <= span.offset <= asset.last:
                faults.append(f"{SAYS[kind]} cut round another span")
            elif fault := fault_of(snapshot.media / asset.path, asset, snapshot.noted_at, trust):
                faults.append(f"{SAYS[kind]} {fault}")
    return ClipFacts(
        clip=clip.id,
        subject=clip.subject,
        subject_code=subject.code,
        stage=standing.stage,
        n_events=len(events),
        coded_by=_who(snapshot, clip, Stage.CODING),
        adjudicated_by=_who(snapshot, clip, Stage.ADJUDICATION),
        verified_by=standing.verified_by,
        terms=_covered(subject, on),
        faults=tuple(faults),
        simulated=snapshot.is_simulated(clip),
        waits=standing.stage is Stage.REPLACED and clip.id not in snapshot.replaced,
        agreed=agreed,
        n_flags=snapshot.flags.get(clip.id, 0),
    )


def _covered(subject: Subject, on: date) -> frozenset[Term]:
    return _kept(frozenset(term for term in Term if subject.consent.covers(term, on)))


def _who(snapshot: Snapshot, clip: Clip, stage: Stage) -> frozenset[CoderId]:
    said = snapshot.judgements.get(clip.id, ())
    return _kept(frozenset(who for one in said if one.stage is stage for who in one.judges))


@lru_cache(maxsize=1024)
def _kept(group: frozenset[Item]) -> frozenset[Item]:
    """The same group; who judged one clip has judged many, so that each group is held once."""
    return group

"""What of a clip may go out: by the consent of everybody who is seen or heard in it, on a given day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import AssetKind, Clip, Subject, Term
from mmed_curate.release.snapshot import Snapshot

NEEDS: Mapping[AssetKind, frozenset[Term]] = {
    AssetKind.RELEASE_PICTURE: frozenset({Term.PUBLISH_FACE}),
    AssetKind.RELEASE_ARCHIVE: frozenset({Term.PUBLISH_FACE}),
    AssetKind.RELEASE_SOUND: frozenset({Term.PUBLISH_VOICE}),
    AssetKind.FEATURES: frozenset({Term.PUBLISH_FEATURES}),
    AssetKind.SOUND_FEATURES: frozenset({Term.PUBLISH_VOICE}),
}
"""The consent without which it stays in the lab, beyond research and redistribution; see `publication_of`.

Log-mels and pitch can be turned back into speech, so there is no lesser level for them. Of the features, those that
show the face go out with the picture only: see `cut_down`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What of one clip goes out."""

    terms: frozenset[Term]
    """Of `publish-features`, `publish-face` and `publish-voice` those that all agreed to whom it concerns."""
    may_be_shown: bool
    """Something of it is to be seen or heard, and everybody in that agreed that it is shown publicly."""

    def allows(self, kind: AssetKind) -> bool:
        """Whether files of a kind go out, whole or cut down."""
        return NEEDS[kind] <= self.terms


def publication_of(snapshot: Snapshot, clip: Clip, on: date) -> Publication:
    """What of a clip may be published.

    A microphone hears the whole room, so the voice needs the consent of everybody in the session; so does the face
    where the clip shows the whole picture and not one player's part of it, and of each whose face reaches into that
    part. A face that nobody named cannot agree. Who agrees to the face agrees to its features, for they are in it.

    Args:
        snapshot: who is in the clip, and what they signed.
        clip: what would go out.
        on: the day for which consent is looked up.
    """
    session = snapshot.sessions[snapshot.recordings[clip.recording].session]
    everybody: set[SubjectId | None] = {clip.subject, *session.subjects}
    shown = (everybody if clip.crop is None else {clip.subject}) | set(clip.also_visible)

    def agree(people: Collection[SubjectId | None], *terms: Term) -> bool:
        return all(one is not None and _covers(snapshot.subjects[one], terms, on) for one in people)

    face, voice = agree(shown, Term.PUBLISH_FACE), agree(everybody, Term.PUBLISH_VOICE)
    features = agree(shown, Term.PUBLISH_FEATURES, Term.PUBLISH_FACE)
    given = {Term.PUBLISH_FACE: face, Term.PUBLISH_VOICE: voice, Term.PUBLISH_FEATURES: features}
    in_it = (shown if face else set()) | (everybody if voice else set())
    return Publication(
        terms=frozenset(term for term, all_agreed in given.items() if all_agreed),
        may_be_shown=bool(in_it) and agree(in_it, Term.SHOW_PUBLICLY),
    )


def _covers(subject: Subject, terms: Collection[Term], on: date) -> bool:
    """Whether one of some terms is agreed to."""
    return any(subject.consent.covers(term, on) for term in terms)

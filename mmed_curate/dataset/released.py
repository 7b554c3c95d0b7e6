"""A release in the hand: its tables, clips, soft labels, folds and splits. pandas, numpy and PyAV load on first use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmed_curate.dataset.arrays import not_whole
from mmed_curate.dataset.asked import Field
from mmed_curate.dataset.clip import ReleasedClip
from mmed_curate.dataset.dataframes import frame_of
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.folds import Fold, leave_one_subject_out
from mmed_curate.dataset.groups import SubjectRow, read_subjects_table
from mmed_curate.dataset.layout import (
    AGREEMENT,
    ATTEMPTS,
    CLIPS,
    CODEBOOK,
    GATE,
    PROTOCOL,
    SUBJECTS,
    TRANSCRIPTS,
)
from mmed_curate.dataset.manifest import Manifest, release_id
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.sealed import Sealed
from mmed_curate.dataset.splits import SPLITS, FixedSplit, Splits, read_splits
from mmed_curate.dataset.tombstones import Withdrawn
from mmed_curate.dataset.transcript import TranscriptRow, by_clip, read_transcripts
from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    import datasets  # type: ignore[import-untyped]
    import pandas as pd

    from mmed_curate.dataset.ballots import Ballot
    from mmed_curate.dataset.targets import Targets
    from mmed_curate.dataset.torch import ClipsForTorch
    from mmed_curate.domain.codebook import Codebook
    from mmed_curate.domain.protocol import Protocol


class Dataset:
    """A release: its tables, its clips in order of their names, and its folds."""

    def __init__(
        self,
        *,
        root: Path,
        release: ReleaseFacts,
        manifest: Manifest,
        clips: Sequence[ClipRow],
        judgements: Sequence[JudgementRow],
        judged_clips: Sequence[JudgedClipRow],
        gone: Withdrawn = Withdrawn(),  # noqa: B008 - it is frozen
    ) -> None:
        self.root = root
        self.release = release
        """Version, simulated or not, codebook, counts."""
        self.manifest = manifest
        """Every file with its SHA-256."""
        self.clip_rows = tuple(clips)
        """The rows of clips.csv as records."""
        self.judgement_rows = tuple(judgements)
        """The rows of judgements.csv as records."""
        self.judged_clip_rows = tuple(judged_clips)
        """The rows of judged-clips.csv as records: what the experts saw, settled or not."""
        self._gone = gone
        self._seal = Sealed(root, manifest)
        self._row_of = {row.clip: row for row in clips}
        by_clip: dict[str, list[JudgementRow]] = {}
        for judgement in judgements:
            by_clip.setdefault(judgement.clip, []).append(judgement)
        self._judgements_of = {clip: tuple(rows) for clip, rows in by_clip.items()}

    def __len__(self) -> int:
        return len(self.clip_rows)

    def __iter__(self) -> Iterator[ReleasedClip]:
        for row in self.clip_rows:
            yield self.clip(row.clip)

    def __repr__(self) -> str:
        simulated = "SIMULATED " if self.release.simulated else ""
        return f"<{simulated}Dataset {self.release.name} {self.release.version}: {len(self)} clips>"

    def clip(self, name: str) -> ReleasedClip:
        """One clip by its name.

        Raises:
            BadInput: there is no such clip.
        """
        row = self._row_of.get(name)
        if row is None:
            raise BadInput.of(
                "dataset.no_clip",
                f"{self.release.name} {self.release.version} holds no clip {name!r}",
                "take a name from the column `clip`",
            )
        said = self._judgements_of.get(row.judged_clip, ())
        return ReleasedClip(
            root=self.root,
            seal=self._seal,
            row=row,
            judgements=said,
            ballot_of=self._ballot_of,
            cues_of=self._cues_of,
        )

    @cached_property
    def clips(self) -> pd.DataFrame:
        """The clip table, one row per settled event, indexed by clip name.

        Columns and units are those of `dataset.rows.ClipRow`. Text is `string` (missing: <NA>), truth values are
        `bool`, frames and counts `int64`, seconds and Hz `float64`; action_units, vocal_cues, settled_by and withheld
        hold tuples of text.
        """
        return frame_of(self.clip_rows, ClipRow).set_index("clip", drop=False)

    @cached_property
    def judgements(self) -> pd.DataFrame:
        """Every judgement of every coder, one row each, corrected ones included (`superseded`).

        Columns are those of `dataset.rows.JudgementRow`; dtypes as in `clips`, frames that may be missing `Int64`.
        """
        return frame_of(self.judgement_rows, JudgementRow)

    @cached_property
    def transcript_rows(self) -> tuple[TranscriptRow, ...]:
        """The rows of transcripts.csv as records: what was said in these clips, as far as it may be read.

        Empty where the release holds no transcript, as older ones do.

        Raises:
            BadInput: the table is not the one that was sealed, or cannot be read.
        """
        if not self._holds(TRANSCRIPTS):
            return ()
        return tuple(row for row in read_transcripts(self._seal.file(TRANSCRIPTS)) if row.clip in self._row_of)

    @cached_property
    def transcripts(self) -> pd.DataFrame:
        """What was said, one row per cue and clip: the columns of `dataset.transcript.TranscriptRow`.

        Dtypes as in `clips`.
        """
        return frame_of(self.transcript_rows, TranscriptRow)

    @cached_property
    def subject_rows(self) -> tuple[SubjectRow, ...]:
        """The rows of subjects.csv as records: what may be told of each subject with a clip.

        Of older releases, which have no such table, the subjects without any attribute.

        Raises:
            BadInput: the table is not the one that was sealed, or cannot be read.
        """
        if not self._holds(SUBJECTS):
            return tuple(SubjectRow(subject=subject) for subject in self.subjects)
        there = set(self.subjects)
        return tuple(row for row in read_subjects_table(self._seal.file(SUBJECTS)) if row.subject in there)

    @cached_property
    def subject_table(self) -> pd.DataFrame:
        """What may be told of each subject, indexed by pseudonym: the columns of `dataset.groups.SubjectRow`.

        All are `string`; <NA>: unknown, or shared by too few to be told.
        """
        return frame_of(self.subject_rows, SubjectRow).set_index("subject", drop=False)

    @cached_property
    def codebook(self) -> Codebook:
        """The vocabulary of this release, with labels and definitions."""
        from mmed_curate.domain.codebook import Codebook
        from mmed_curate.domain.yamlfile import read_yaml

        return read_yaml(self.root / CODEBOOK, Codebook)

    @cached_property
    def agreement(self) -> Any:
        """The agreement report, as the JSON document it is released as."""
        return _document(self.root, AGREEMENT)

    @cached_property
    def gate(self) -> Any:
        """The gate's verdicts, as the JSON document they are released as."""
        return _document(self.root, GATE)

    @cached_property
    def attempts(self) -> Any:
        """Every attempt at the gate, as the JSON document it is released as; None: older releases do not tell."""
        return _document(self.root, ATTEMPTS) if self._holds(ATTEMPTS) else None

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """Names of clips that were withdrawn since, as far as newer versions are known; in order.

        Of clips.csv, and of judged-clips.csv where nothing was settled of them.
        """
        settled = {row.judged_clip for row in self.clip_rows}
        events = {row.clip for row in self.clip_rows if row.judged_clip in self._gone.clips}
        return tuple(sorted(events | (self._gone.clips - settled)))

    def without_withdrawn(self) -> Dataset:
        """The same release without what was withdrawn since: its three tables are shorter by it, in memory.

        The folder stays as it is, and so do `release`, `agreement` and `gate`, which were measured on all of it.
        """
        gone = self._gone.clips
        return Dataset(
            root=self.root,
            release=self.release,
            manifest=self.manifest,
            clips=[row for row in self.clip_rows if row.judged_clip not in gone],
            judgements=[row for row in self.judgement_rows if row.clip not in gone],
            judged_clips=[row for row in self.judged_clip_rows if row.clip not in gone],
        )

    def knowing(self, gone: Withdrawn) -> Dataset:
        """The same release, knowing what was withdrawn of it since."""
        return Dataset(
            root=self.root,
            release=self.release,
            manifest=self.manifest,
            clips=self.clip_rows,
            judgements=self.judgement_rows,
            judged_clips=self.judged_clip_rows,
            gone=gone,
        )

    @property
    def is_draft(self) -> bool:
        """Whether it was shared while its gate was closed; it is then no release."""
        return self.release.draft or self.manifest.draft

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Rules on codes that are too rare to say how well coders agree on them, such as `action-unit=au14`."""
        rules = self.gate.get("rules", [])
        rare = (rule for rule in rules if isinstance(rule, dict) and rule.get("outcome") == "undetermined")
        return tuple(str(rule.get("name")) for rule in rare)

    @property
    def id(self) -> str:
        """SHA-256 of the manifest: stands for every byte of the release."""
        return release_id(self.root)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Pseudonyms of the subjects with at least one clip, sorted."""
        return tuple(sorted({row.subject for row in self.clip_rows}))

    @cached_property
    def protocol(self) -> Protocol:
        """Who judged when, with which tolerances."""
        from mmed_curate.domain.protocol import Protocol
        from mmed_curate.domain.yamlfile import read_yaml

        return read_yaml(self.root / PROTOCOL, Protocol)

    def soft_labels(self, field: str | Field = Field.EMOTION, *, given_event: bool = False) -> pd.DataFrame:
        """What share of its coders chose what, of each clip: the distribution behind the consensus.

        Args:
            field: `emotion`, `emotion_class`, `event_type` or `action_units`.
            given_event: count only those coders who marked the event. Otherwise who marked no such event has said
                that there was none, and stands under `(no event)`.

        Returns:
            float64, one row per clip in the order of `clips`, one column per code in the order of the codebook; then
            `(no class)` where emotions may be in no class, and `(no event)`. A row sums to 1, but for action units:
            there each column is a share of its own, of the coders who could see that part of the face. NaN: there is
            nobody to take a share of. Coders are those of the clip's last coding, with what stood when it closed.

        Raises:
            BadInput: there is no such field, or the tables do not give the clips that they list.
        """
        from mmed_curate.dataset.softlabels import soft_labels

        return soft_labels(self._ballots, Field.of(field), self.codebook, given_event=given_event)

    def entropy(self, field: str | Field = Field.EMOTION, *, given_event: bool = False) -> pd.Series[float]:
        """How far the coders of each clip were from one mind: the entropy of its soft labels in bits (Shannon 1948).

        Args:
            field: `emotion`, `emotion_class` or `event_type`.
            given_event: as in `soft_labels`.

        Returns:
            float64, one per clip in the order of `clips`; 0: all chose the same; NaN: nobody counted.

        Raises:
            BadInput: there is no such field, it is that of action units, or the tables do not give the clips they list.
        """
        from mmed_curate.dataset.softlabels import entropies

        return entropies(self._ballots, Field.of(field), given_event=given_event)

    @cached_property
    def splits(self) -> Splits:
        """How the release divides its clips: splits.json; of older releases, which have none, only the folds.

        Without what was withdrawn, where that was left out; everybody else stays on their side.

        Raises:
            BadInput: the file is not the one that was sealed, or is of a newer version.
        """
        if not self._holds(SPLITS):
            return Splits(loso={fold.held_out: fold.test for fold in self.loso()}, fixed=None)
        self._seal.file(SPLITS)
        return read_splits(self.root).among(self.clip_rows)

    def fixed_split(self) -> FixedSplit:
        """The release's one split by subject into train, validation and test, the same for everybody.

        Raises:
            BadInput: the release has none: it is of an older format, or has fewer than three subjects.
        """
        fixed = self.splits.fixed
        if fixed is None:
            raise BadInput.of(
                "dataset.no_fixed_split",
                f"{self.release.name} {self.release.version} has no fixed split: it is of an older format, or has "
                "fewer than three subjects",
                "fold it by subject with loso()",
            )
        return fixed

    def loso(self, clips: Sequence[str] | None = None) -> Iterator[Fold]:
        """Leave-one-subject-out folds, subjects sorted; no subject is ever on both sides.

        Args:
            clips: names of the clips to fold; None: all of them.

        Raises:
            BadInput: a name is unknown, or the clips are of fewer than two subjects.
        """
        names = list(self._row_of) if clips is None else clips
        return leave_one_subject_out({name: self.clip(name).subject for name in names})

    def to_torch(
        self,
        *,
        arrays: Sequence[str] = ("flow", "log_mel"),
        label: str | Field | None = Field.EMOTION_CLASS,
        soft: bool = False,
        clips: Sequence[str] | None = None,
    ) -> ClipsForTorch:
        """A map-style dataset of torch; put batches together with its `collate`. Needs torch.

        Args:
            arrays: names, see docs/arrays.md; clips without one of them are left out, and `left_out` says why.
            label: `emotion_class`, `emotion`, `event_type`, `action_units`, or None; clips without are left out too.
            soft: shares of the coders who marked the event instead of what was settled.
            clips: names, in the order that the items shall have, such as a fold's; None: all, in order of their names.

        Raises:
            BadInput: torch is not installed, or there is no such array, label or clip.
        """
        from mmed_curate.dataset.torch import ClipsForTorch

        chosen = list(self) if clips is None else [self.clip(name) for name in clips]
        targets = None if label is None else self._targets(Field.of(label), soft=soft)
        return ClipsForTorch(chosen, arrays=arrays, targets=targets)

    def to_hf(
        self, *, arrays: Sequence[str] = (), soft: bool = False, clips: Sequence[str] | None = None
    ) -> datasets.Dataset:
        """A dataset of Hugging Face's `datasets`, made offline: the columns of `clips`, labels as ClassLabel.

        Media are absolute paths, as text.

        Args:
            arrays: names, see docs/arrays.md; all of them are held in memory. A clip without one has None.
            soft: add `emotion_shares`, `emotion_class_shares`, `event_type_shares`: of the coders who marked the event.
            clips: names, in the order that the rows shall have; None: all, in order of their names.

        Raises:
            BadInput: `datasets` is not installed, or there is no such array or clip.
        """
        from mmed_curate.dataset.huggingface import as_hugging_face

        asked = (Field.EMOTION, Field.EMOTION_CLASS, Field.EVENT_TYPE)
        return as_hugging_face(
            self.root,
            list(self) if clips is None else [self.clip(name) for name in clips],
            labels=[self._targets(field, soft=False) for field in asked],
            shares=[self._targets(field, soft=True) for field in asked] if soft else (),
            arrays=arrays,
            description=f"{self.release.notice} {self.release.name} {self.release.version}, id {self.id}",
        )

    def _targets(self, field: Field, *, soft: bool) -> Targets:
        from mmed_curate.dataset.targets import settled_targets, soft_targets

        if soft:
            return soft_targets(self.soft_labels(field, given_event=True), field, self.codebook)
        return settled_targets(self.clip_rows, field, self.codebook)

    def _holds(self, name: str) -> bool:
        return any(file.path == name for file in self.manifest.files)

    def _cues_of(self, name: str) -> tuple[TranscriptRow, ...]:
        return self._cues_by_clip.get(name, ())

    @cached_property
    def _cues_by_clip(self) -> Mapping[str, tuple[TranscriptRow, ...]]:
        return by_clip(self.transcript_rows)

    @cached_property
    def _ballots(self) -> dict[str, Ballot]:
        return self._ballots_in(self.clip_rows, self.judged_clip_rows, self.judgement_rows)

    def _ballot_of(self, name: str) -> Ballot:
        if "_ballots" in self.__dict__:
            return self._ballots[name]
        row = self._row_of[name]
        judged = [one for one in self.judged_clip_rows if one.clip == row.judged_clip]
        return self._ballots_in([row], judged, self._judgements_of.get(row.judged_clip, ()))[name]

    def _ballots_in(
        self, clips: Sequence[ClipRow], judged: Sequence[JudgedClipRow], judgements: Sequence[JudgementRow]
    ) -> dict[str, Ballot]:
        from mmed_curate.dataset.ballots import ballots_in

        try:
            return ballots_in(clips, judged, judgements, self.protocol, self.codebook)
        except KeyError as error:
            raise not_whole(self.root, f"lists in {CLIPS} what its judgements do not give ({error})") from error


def _document(root: Path, name: str) -> dict[str, Any]:
    try:
        with opened_text(root / name) as stream:
            document = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise not_whole(root, f"holds a {name} that cannot be read ({error})") from error
    if not isinstance(document, dict):
        raise not_whole(root, f"holds a {name} that is no JSON object")
    return document

"""`load(path)` gives a release as tables, media on demand, and folds.

Tables are read and held against the manifest at once; media and features when they are asked for, and then against
the manifest too. Frames count from 0
in the clip's own picture; a span includes its onset and its offset frame. pandas, numpy and PyAV load on first use.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mmed_curate.dataset.arrays import not_whole, read_arrays
from mmed_curate.dataset.facts import RELEASE, ReleaseFacts, read_facts
from mmed_curate.dataset.folds import Fold, leave_one_subject_out
from mmed_curate.dataset.manifest import Manifest, inside, read_manifest, release_id
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, columns_of, header_of, read_rows
from mmed_curate.dataset.selection import not_selected
from mmed_curate.dataset.tombstones import Withdrawn, WithdrawnClipsWarning, withdrawn_since
from mmed_curate.domain.files import opened_text, sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Term

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from mmed_curate.domain.codebook import Codebook

CLIPS = "clips.csv"
JUDGEMENTS = "judgements.csv"
JUDGED_CLIPS = "judged-clips.csv"
CODEBOOK = "codebook.yaml"
PROTOCOL = "protocol.yaml"
POLICY = "policy.yaml"
AGREEMENT = "agreement.json"
GATE = "gate.json"
ATTEMPTS = "attempts.json"
_NEEDED = (RELEASE, CLIPS, JUDGEMENTS, JUDGED_CLIPS, CODEBOOK, PROTOCOL, AGREEMENT, GATE, POLICY)
_BEFORE_ATTEMPTS = 3
"""Releases up to this format tell of no attempts at the gate."""


class DraftWarning(UserWarning):
    """What was loaded was shared while its gate was closed; it is no release."""


class Withheld(BadInput):
    """What was asked for is left out of the release, because not all who are shown or heard consented to that."""


class _Seal:
    """Holds files against the manifest when they are opened; each is read once for that, and again when it changed."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self._sha256_of: Mapping[str, str] = {file.path: file.sha256 for file in manifest.files}
        self._seen: dict[str, tuple[int, int]] = {}

    def file(self, relative: str) -> Path:
        """The path of a sealed file that is as it was sealed; BadInput where it is not."""
        path = inside(self._root, relative)
        if not path.is_file():
            raise not_selected(self._root, relative) or not_whole(self._root, f"lacks {relative}")
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns)
        if self._seen.get(relative) != stamp:
            if relative not in self._sha256_of or sha256_of(path) != self._sha256_of[relative]:
                raise not_whole(self._root, f"holds another {relative} than was sealed")
            self._seen[relative] = stamp
        return path


class ClipPicture(NamedTuple):
    """A clip's pictures and when each appears."""

    frames: NDArray[np.uint8]
    """RGB, (T, H, W, 3)."""
    times_s: NDArray[np.float64]
    """Seconds from the clip's first frame, (T,)."""


class ClipSound(NamedTuple):
    """A clip's sound, of the same time as its pictures."""

    samples: NDArray[np.float32]
    """In -1..1, (N, channels)."""
    rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedClip:
    """One settled event with its media, which are read when asked for."""

    root: Path
    """The release it belongs to."""
    seal: _Seal
    """What its files are held against when they are asked for."""
    row: ClipRow
    """Its line of clips.csv."""
    judgements: tuple[JudgementRow, ...]
    """What every expert said of the judged clip, in order, corrected ones included."""

    @property
    def name(self) -> str:
        """Opaque name, the same in every version."""
        return self.row.clip

    @property
    def subject(self) -> str:
        """Pseudonym of the subject."""
        return self.row.subject

    @property
    def emotion(self) -> str:
        """Code of the settled emotion, from the codebook."""
        return self.row.emotion

    @property
    def emotion_class(self) -> str | None:
        """Class of three of the emotion; None: in no class."""
        return self.row.emotion_class

    def picture(self) -> ClipPicture:
        """Decode the clip's pictures.

        Returns:
            frames (T, H, W, 3) uint8 RGB and times_s (T,) float64.

        Raises:
            Withheld: the subject (where the whole picture is kept: somebody in it) did not consent to publication of
                the face.
            BadInput: the file is missing, is not what was released, or cannot be decoded.
        """
        import numpy as np

        from mmed_curate.media.clock import read_clock
        from mmed_curate.media.pictures import pictures

        path = self._file(self.row.picture, Term.PUBLISH_FACE, "picture")
        frames = np.stack([picture.bgr()[:, :, ::-1] for picture in pictures(path)])
        clock = read_clock(path).from_zero()
        return ClipPicture(
            frames=frames,
            times_s=np.array([float(tick * clock.time_base) for tick in clock.pts], dtype=np.float64),
        )

    def sound(self) -> ClipSound:
        """Read the clip's sound.

        Returns:
            samples (N, channels) float32 in -1..1, and rate_hz.

        Raises:
            Withheld: somebody of the session did not consent to publication of the voice.
            BadInput: the recording has no sound, or the file is missing, is not what was released, or cannot be
                decoded.
        """
        from mmed_curate.media.sound import read_sound, sound_span

        path = self._file(self.row.sound, Term.PUBLISH_VOICE, "sound")
        span = sound_span(path)
        if span is None:
            raise not_whole(self.root, f"holds a {self.row.sound} without sound")
        sound = read_sound(path, *span)
        return ClipSound(samples=sound.samples, rate_hz=sound.rate_hz)

    def features(self) -> dict[str, NDArray[Any]]:
        """Picture features: `flow` (3, 48, 48) float32 (u, v, strain), `motion` (T,) float32, and others by name.

        From version 2 on also `faces` (T, 128, 128) uint8, `landmarks` (T, 468, 2) float32 and `place_motion`; all are
        described in docs/arrays.md.

        Raises:
            Withheld: the subject (where the whole picture is kept: somebody in it) did not consent to publication of
                the face.
            BadInput: the file is missing or is not what was released.
        """
        return read_arrays(self.root, self._file(self.row.features, Term.PUBLISH_FACE, "features"))

    def sound_features(self) -> dict[str, NDArray[Any]]:
        """Sound features: `log_mel` (64, n) float32, `intensity_db` (n,), `hop_s`, `window_s`, and others by name.

        From version 2 on also `f0_hz` and `voice_activity`, (n,); all are described in docs/arrays.md.

        Raises:
            Withheld: somebody of the session did not consent to publication of the voice.
            BadInput: the recording has no sound, or the file is missing or is not what was released.
        """
        return read_arrays(self.root, self._file(self.row.sound_features, Term.PUBLISH_VOICE, "sound features"))

    def _file(self, relative: str | None, term: Term, what: str) -> Path:
        if relative is None and term.value in self.row.withheld:
            raise Withheld.of(
                "dataset.withheld",
                f"the {what} of clip {self.name} is withheld: not everybody in it consented to {term.value}",
                "use the clips whose column `withheld` lacks that word",
                clip=self.name,
                term=term.value,
            )
        if relative is None:
            raise BadInput.of(
                "dataset.no_such_media",
                f"clip {self.name} has no {what}: its recording was made without",
                f"use the clips whose column `{what.replace(' ', '_')}` is filled",
                clip=self.name,
            )
        return self.seal.file(relative)


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
        self._seal = _Seal(root, manifest)
        self._row_of: Mapping[str, ClipRow] = MappingProxyType({row.clip: row for row in clips})
        by_clip: dict[str, list[JudgementRow]] = {}
        for judgement in judgements:
            by_clip.setdefault(judgement.clip, []).append(judgement)
        self._judgements_of = MappingProxyType({clip: tuple(rows) for clip, rows in by_clip.items()})

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
        return ReleasedClip(root=self.root, seal=self._seal, row=row, judgements=said)

    @cached_property
    def clips(self) -> pd.DataFrame:
        """The clip table, one row per settled event, indexed by clip name.

        Columns and units are those of `dataset.rows.ClipRow`. Text is `string` (missing: <NA>), truth values are
        `bool`, frames and counts `int64`, seconds and Hz `float64`; action_units, vocal_cues, settled_by and withheld
        hold tuples of text.
        """
        return _frame(self.clip_rows, ClipRow).set_index("clip", drop=False)

    @cached_property
    def judgements(self) -> pd.DataFrame:
        """Every judgement of every coder, one row each, corrected ones included (`superseded`).

        Columns are those of `dataset.rows.JudgementRow`; dtypes as in `clips`, frames that may be missing `Int64`.
        """
        return _frame(self.judgement_rows, JudgementRow)

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
        told = any(file.path == ATTEMPTS for file in self.manifest.files)
        return _document(self.root, ATTEMPTS) if told else None

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

    def loso(self, clips: Sequence[str] | None = None) -> Iterator[Fold]:
        """Leave-one-subject-out folds, subjects sorted; no subject is ever on both sides.

        Args:
            clips: names of the clips to fold; None: all of them.

        Raises:
            BadInput: a name is unknown, or the clips are of fewer than two subjects.
        """
        names = list(self._row_of) if clips is None else clips
        return leave_one_subject_out({name: self.clip(name).subject for name in names})


def load(path: str | Path, *, tombstones: str | Path | None = None) -> Dataset:
    """Read a release from its folder; of a draft, with a `DraftWarning`.

    Where a newer version is known by which clips of this one were withdrawn, with a `WithdrawnClipsWarning`;
    `Dataset.withdrawn` names them. `dataset.tombstones` says where newer versions are looked for.

    Args:
        path: the folder that holds release.json.
        tombstones: the tombstones.json of a newer version, or its folder; looked at besides.

    Raises:
        BadInput: the folder is not a release, is of a newer format than this mmed reads, or its tables are not the
            ones that were sealed; or `tombstones` is no such list.
    """
    dataset = read_release(Path(path))
    dataset = _held_against_tombstones(dataset, None if tombstones is None else Path(tombstones))
    if dataset.is_draft:
        warnings.warn(
            f"{dataset.release.name} {dataset.release.version} is a draft and no release: its gate was closed; publish "
            "nothing on it",
            DraftWarning,
            stacklevel=2,
        )
    return dataset


def _held_against_tombstones(dataset: Dataset, given: Path | None) -> Dataset:
    gone = withdrawn_since(dataset.root, dataset.release, (row.clip for row in dataset.judged_clip_rows), given)
    if not gone.clips:
        return dataset
    found = Dataset(
        root=dataset.root,
        release=dataset.release,
        manifest=dataset.manifest,
        clips=dataset.clip_rows,
        judgements=dataset.judgement_rows,
        judged_clips=dataset.judged_clip_rows,
        gone=gone,
    )
    warnings.warn(
        f"{len(gone.clips)} of {len(dataset.judged_clip_rows)} judged clips of {dataset.release.name} "
        f"{dataset.release.version} were withdrawn since ({gone.told_by}): use the newer version and delete this one; "
        "until then, load(...).without_withdrawn() leaves them out",
        WithdrawnClipsWarning,
        stacklevel=3,
    )
    return found


def read_release(root: Path) -> Dataset:
    """The same without a warning, for what makes and verifies releases.

    Raises:
        BadInput: as `load`.
    """
    release = read_facts(root)
    manifest = read_manifest(root)
    sealed = {file.path: file.sha256 for file in manifest.files}
    judged = inside(root, JUDGED_CLIPS)
    tells = judged.is_file() and len(header_of(judged)) > len(columns_of(JudgedClipRow, _BEFORE_ATTEMPTS))
    for name in (*_NEEDED, *([ATTEMPTS] if tells else [])):
        if name not in sealed:
            raise not_whole(root, f"does not list {name} in its manifest")
        table = inside(root, name)
        if not table.is_file():
            raise not_whole(root, f"lacks {name}")
        if sha256_of(table) != sealed[name]:
            raise not_whole(root, f"holds another {name} than was sealed")
    dataset = Dataset(
        root=root,
        release=release,
        manifest=manifest,
        clips=read_rows(root / CLIPS, ClipRow),
        judgements=read_rows(root / JUDGEMENTS, JudgementRow),
        judged_clips=read_rows(root / JUDGED_CLIPS, JudgedClipRow),
    )
    if len(dataset) != release.counts.clips:
        raise not_whole(root, f"has {len(dataset)} rows in {CLIPS}, but release.json counts {release.counts.clips}")
    return dataset


def _frame(rows: Sequence[ClipRow] | Sequence[JudgementRow], kind: type[ClipRow] | type[JudgementRow]) -> pd.DataFrame:
    import pandas as pd

    types = {
        "str": "string",
        "str | None": "string",
        "int": "int64",
        "int | None": "Int64",
        "float": "float64",
        "float | None": "float64",
        "bool": "bool",
        "tuple[str, ...]": "object",
    }
    columns = {
        field.name: pd.Series([getattr(row, field.name) for row in rows], dtype=types[str(field.type)])
        for field in fields(kind)
    }
    return pd.DataFrame(columns)


def _document(root: Path, name: str) -> dict[str, Any]:
    try:
        with opened_text(root / name) as stream:
            document = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise not_whole(root, f"holds a {name} that cannot be read ({error})") from error
    if not isinstance(document, dict):
        raise not_whole(root, f"holds a {name} that is no JSON object")
    return document

"""What differs between two releases: clips that came, went and changed, field by field, and why as far as they tell.

Pure and on the researcher's side: no workspace is needed. Values are compared as their cells read, and only in columns
that both releases have, so that a newer format is no change.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mmed_curate.dataset.cells import cell_text
from mmed_curate.dataset.layout import CLIPS, JUDGED_CLIPS, JUDGEMENTS, SUBJECTS, TRANSCRIPTS
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, columns_of, header_of
from mmed_curate.dataset.tombstones import TOMBSTONES, read_tombstones, tombstone_of
from mmed_curate.dataset.versions import Bump
from mmed_curate.domain.protocol import Stage

MEDIA = "media"

LABELS = frozenset(
    {
        "judged_clip",
        "subject",
        "session",
        "simulated",
        "onset",
        "apex",
        "offset",
        "onset_s",
        "apex_s",
        "offset_s",
        "n_frames",
        "rate_hz",
        "event_type",
        "emotion",
        "emotion_class",
        "basis",
        "action_units",
        "vocal_cues",
        "not_visible",
        "judged_shift",
    }
)
"""Columns of clips.csv on which results rest: what was settled, of whom, and on which frames."""

METADATA = frozenset(
    {
        "n_coders",
        "settled_by",
        "withheld",
        "picture",
        "sound",
        "features",
        "sound_features",
        "av_skew_ms",
        "av_skew_uncertainty_ms",
        "sound_flags",
        "may_be_shown",
        "archival",
    }
)
"""The others; that a file came or went is counted among the files."""


class Why(Enum):
    """Why a clip that the older release holds is not in the newer one, as far as the newer one tells."""

    WITHDRAWN = "withdrawn"
    """Its subject, or somebody seen or heard in it, withdrew or no longer agrees: it lies among the tombstones."""
    REJECTED = "rejected"
    """It was coded anew and dropped."""
    REPLACED = "replaced"
    """Another clip was cut in its place."""
    SETTLED_OTHERWISE = "settled-otherwise"
    """It was judged anew, and the event is no longer among what was settled."""
    UNTOLD = "untold"
    """The newer release does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What of a release bears on a comparison."""

    clips: Mapping[str, ClipRow]
    """By name."""
    judged: Mapping[str, JudgedClipRow]
    """By name."""
    said: Mapping[str, tuple[JudgementRow, ...]]
    """By judged clip."""
    columns: Mapping[type, frozenset[str]]
    """Of each table."""
    files: Mapping[str, str]
    """SHA-256 by path."""
    buried: frozenset[str] = frozenset()
    """Its tombstones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged:
    """One cell of a clip's row."""

    field: str
    old: str
    """As it reads in clips.csv; empty: missing."""
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipChanged:
    """A clip that both hold, and not alike."""

    clip: str
    fields: tuple[FieldChanged, ...]
    files_came: tuple[str, ...]
    files_went: tuple[str, ...]
    files_changed: tuple[str, ...]
    """Paths whose bytes are others."""

    @property
    def relabelled(self) -> bool:
        """Whether results that rest on it are no longer comparable."""
        return bool(self.files_went or self.files_changed) or any(one.field in LABELS for one in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipWent:
    """A clip that only the older one holds."""

    clip: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A difference in numbers: it names nobody and nothing, so that it may stand in every later version."""

    clips_before: int
    """Settled events of the older one."""
    clips_came: int
    clips_went: Mapping[Why, int]
    """Reasons that there are."""
    clips_relabelled: int
    """In both, with other labels, other frames, or files that changed or went."""
    clips_mended: int
    """In both, with other metadata or files added, and labels as they were."""
    clips_now: int
    judged_before: int
    """Judged clips of the older one."""
    judged_came: int
    judged_went: Mapping[Why, int]
    judged_anew: int
    """Judged clips in both of which not the same was said: the distribution over coders is another."""
    judged_now: int
    fields: Mapping[str, int]
    """In how many clips each column of clips.csv changed."""
    files_came: int
    """Media of clips that are in both."""
    files_went: int
    files_changed: int
    rules: tuple[str, ...]
    """Which of the codebook, protocol, policy and licence changed, by file, sorted."""

    @property
    def demands(self) -> Bump:
        """By what the version must be raised at least."""
        if self.clips_went or self.judged_went or self.clips_relabelled or self.judged_anew:
            return Bump.MAJOR
        if self.clips_came or self.judged_came or self.files_came:
            return Bump.MINOR
        return Bump.PATCH

    @property
    def anything(self) -> bool:
        """Whether anything changed at all."""
        return self.demands is not Bump.PATCH or bool(self.clips_mended or self.fields or self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that differs, names sorted."""

    tally: Tally
    came: tuple[str, ...]
    """Names of clips."""
    went: tuple[ClipWent, ...]
    changed: tuple[ClipChanged, ...]
    judged_came: tuple[str, ...]
    """Names of judged clips."""
    judged_went: tuple[ClipWent, ...]
    judged_anew: tuple[str, ...]
    subjects_came: tuple[str, ...]
    """Pseudonyms of subjects with a settled event."""
    subjects_went: tuple[str, ...]


RULES = ("LICENSE.txt", "codebook.yaml", "policy.yaml", "protocol.yaml")
"""Files that say how a release came to be and may be used."""
BESIDE = (SUBJECTS, TRANSCRIPTS)
"""Tables that are compared as a whole; older releases do not have them."""


def side_of(dataset: Dataset) -> Side:
    """What of a release bears on a comparison.

    Raises:
        BadInput: its tombstones cannot be read.
    """
    tables: Mapping[type, str] = {ClipRow: CLIPS, JudgedClipRow: JUDGED_CLIPS, JudgementRow: JUDGEMENTS}
    files = {file.path: file.sha256 for file in dataset.manifest.files}
    return _side(
        dataset.clip_rows,
        dataset.judged_clip_rows,
        dataset.judgement_rows,
        columns={kind: frozenset(header_of(dataset.root / name)) for kind, name in tables.items()},
        files=files,
        buried=read_tombstones(dataset.root).hashes if TOMBSTONES in files else frozenset(),
    )


def side_of_rows(
    clips: Sequence[ClipRow],
    judged: Sequence[JudgedClipRow],
    judgements: Sequence[JudgementRow],
    *,
    files: Mapping[str, str],
    buried: frozenset[str],
) -> Side:
    """The same of a release in the making.

    Args:
        clips, judged, judgements: its tables.
        files: SHA-256 by path.
        buried: its tombstones.
    """
    columns: Mapping[type, frozenset[str]] = {
        ClipRow: frozenset(columns_of(ClipRow)),
        JudgedClipRow: frozenset(columns_of(JudgedClipRow)),
        JudgementRow: frozenset(columns_of(JudgementRow)),
    }
    return _side(clips, judged, judgements, columns=columns, files=files, buried=buried)


def _side(
    clips: Sequence[ClipRow],
    judged: Sequence[JudgedClipRow],
    judgements: Sequence[JudgementRow],
    *,
    columns: Mapping[type, frozenset[str]],
    files: Mapping[str, str],
    buried: frozenset[str],
) -> Side:
    said: dict[str, list[JudgementRow]] = defaultdict(list)
    for row in judgements:
        said[row.clip].append(row)
    return Side(
        clips={row.clip: row for row in clips},
        judged={row.clip: row for row in judged},
        said={clip: tuple(rows) for clip, rows in said.items()},
        columns=columns,
        files=files,
        buried=buried,
    )


def compare(older: Side, newer: Side) -> Difference:
    """What differs between two releases.

    Args:
        older, newer: in this order; the other way round no reason is known for what went.
    """
    came = tuple(sorted(newer.clips.keys() - older.clips.keys()))
    went = tuple(
        ClipWent(clip=clip, why=_why(older.clips[clip].judged_clip, newer))
        for clip in sorted(older.clips.keys() - newer.clips.keys())
    )
    changed = _changed(older, newer)
    judged_came = tuple(sorted(newer.judged.keys() - older.judged.keys()))
    judged_went = tuple(
        ClipWent(clip=clip, why=_why(clip, newer)) for clip in sorted(older.judged.keys() - newer.judged.keys())
    )
    judged_anew = _judged_anew(older, newer)
    relabelled = sum(one.relabelled for one in changed)
    before, now = ({row.subject for row in side.clips.values()} for side in (older, newer))
    tally = Tally(
        clips_before=len(older.clips),
        clips_came=len(came),
        clips_went=Counter(one.why for one in went),
        clips_relabelled=relabelled,
        clips_mended=len(changed) - relabelled,
        clips_now=len(newer.clips),
        judged_before=len(older.judged),
        judged_came=len(judged_came),
        judged_went=Counter(one.why for one in judged_went),
        judged_anew=len(judged_anew),
        judged_now=len(newer.judged),
        fields=Counter(field.field for one in changed for field in one.fields),
        files_came=sum(len(one.files_came) for one in changed),
        files_went=sum(len(one.files_went) for one in changed),
        files_changed=sum(len(one.files_changed) for one in changed),
        rules=tuple(name for name in (*RULES, *BESIDE) if _differs(name, older.files, newer.files)),
    )
    return Difference(
        tally=tally,
        came=came,
        went=went,
        changed=changed,
        judged_came=judged_came,
        judged_went=judged_went,
        judged_anew=judged_anew,
        subjects_came=tuple(sorted(now - before)),
        subjects_went=tuple(sorted(before - now)),
    )


def _differs(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    if name == SUBJECTS and not (name in before and name in now):
        return False  # one is of an older format, and that is no change
    return before.get(name) != now.get(name)


def _why(judged: str, newer: Side) -> Why:
    stands = newer.judged.get(judged)
    if stands is None:
        return Why.WITHDRAWN if tombstone_of(judged) in newer.buried else Why.UNTOLD
    stages = {
        Stage.REJECTED.value: Why.REJECTED,
        Stage.REPLACED.value: Why.REPLACED,
        Stage.SETTLED.value: Why.SETTLED_OTHERWISE,
    }
    return stages.get(stands.stage, Why.UNTOLD)


def _changed(older: Side, newer: Side) -> tuple[ClipChanged, ...]:
    columns = [name for name in columns_of(ClipRow) if name in older.columns[ClipRow] & newer.columns[ClipRow]]
    before, now = _media(older.files), _media(newer.files)
    found = []
    for clip in sorted(older.clips.keys() & newer.clips.keys()):
        old, new = older.clips[clip], newer.clips[clip]
        had, has = before.get(clip, {}), now.get(clip, {})
        one = ClipChanged(
            clip=clip,
            fields=() if old == new else _fields_changed(old, new, columns),
            files_came=tuple(sorted(has.keys() - had.keys())),
            files_went=tuple(sorted(had.keys() - has.keys())),
            files_changed=tuple(path for path in sorted(had.keys() & has.keys()) if had[path] != has[path]),
        )
        if one.fields or one.files_came or one.files_went or one.files_changed:
            found.append(one)
    return tuple(found)


def _fields_changed(old: ClipRow, new: ClipRow, columns: Sequence[str]) -> tuple[FieldChanged, ...]:
    differ = [name for name in columns if getattr(old, name) != getattr(new, name)]
    cells = ((name, cell_text(getattr(old, name)), cell_text(getattr(new, name))) for name in differ)
    return tuple(FieldChanged(field=name, old=was, new=now_is) for name, was, now_is in cells if was != now_is)


def _media(files: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    by_clip: dict[str, dict[str, str]] = defaultdict(dict)
    for path, sha256 in files.items():
        folder, _, rest = path.partition("/")
        clip, _, name = rest.partition("/")
        if folder == MEDIA and name:
            by_clip[clip][path] = sha256
    return by_clip


def _judged_anew(older: Side, newer: Side) -> tuple[str, ...]:
    names = [
        name for name in columns_of(JudgementRow) if name in older.columns[JudgementRow] & newer.columns[JudgementRow]
    ]

    def cells(rows: Iterable[JudgementRow]) -> list[tuple[str, ...]]:
        return [tuple(cell_text(getattr(row, name)) for name in names) for row in rows]

    return tuple(
        clip
        for clip in sorted(older.judged.keys() & newer.judged.keys())
        if (was := older.said.get(clip, ())) != (now := newer.said.get(clip, ())) and cells(was) != cells(now)
    )

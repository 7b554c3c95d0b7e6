"""What came, went and changed between two releases, and by what the number must rise for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pytest
from builders.release import a_release

from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import settings_of
from mmed_curate.dataset import load
from mmed_curate.dataset.between import between, numbers_in
from mmed_curate.dataset.difference import (
    LABELS,
    METADATA,
    Difference,
    Side,
    Why,
    compare,
    side_of_rows,
)
from mmed_curate.dataset.rederivation import judged_clips
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow
from mmed_curate.dataset.tombstones import tombstone_of
from mmed_curate.dataset.versions import Bump
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.yamlfile import read_yaml

CLIP = "c-000001000002"
"""The third clip of the builder's second subject."""
PICTURE = f"media/{CLIP}/features.npz"


@dataclass
class Tables:
    """The tables of a release, to be changed by a test."""

    clips: dict[str, ClipRow]
    judged: dict[str, JudgedClipRow]
    said: list[JudgementRow]
    files: dict[str, str]
    buried: set[str] = field(default_factory=set)

    def side(self) -> Side:
        return side_of_rows(
            list(self.clips.values()),
            list(self.judged.values()),
            self.said,
            files=self.files,
            buried=frozenset(map(tombstone_of, self.buried)),
        )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("difference") / "release")


@pytest.fixture
def tables(release: Path) -> Tables:
    dataset = load(release)
    return Tables(
        clips={row.clip: row for row in dataset.clip_rows},
        judged={row.clip: row for row in dataset.judged_clip_rows},
        said=list(dataset.judgement_rows),
        files={file.path: file.sha256 for file in dataset.manifest.files},
    )


def after(tables: Tables, change: Callable[[Tables], None]) -> Difference:
    older = tables.side()
    now = Tables(dict(tables.clips), dict(tables.judged), list(tables.said), dict(tables.files), set(tables.buried))
    change(now)
    return compare(older, now.side())


def nothing(tables: Tables) -> None:
    pass


def relabel(tables: Tables) -> None:
    tables.clips[CLIP] = replace(tables.clips[CLIP], emotion="sadness", apex=11)


def mend(tables: Tables) -> None:
    tables.clips[CLIP] = replace(tables.clips[CLIP], av_skew_ms=12.5)


def other_bytes(tables: Tables) -> None:
    tables.files[PICTURE] = "0" * 64


def no_file(tables: Tables) -> None:
    del tables.files[PICTURE]


def one_more_file(tables: Tables) -> None:
    tables.files[f"media/{CLIP}/archival.mkv"] = "0" * 64


def another_policy(tables: Tables) -> None:
    tables.files["policy.yaml"] = "0" * 64


def another_word(tables: Tables) -> None:
    place = next(place for place, row in enumerate(tables.said) if row.clip == CLIP and row.stage == "coding")
    tables.said[place] = replace(tables.said[place], confidence="low")


def one_more(tables: Tables) -> None:
    name = "c-0123456789ab"
    tables.clips[name] = replace(tables.clips[CLIP], clip=name, judged_clip=name, subject="S-0123456789")
    tables.judged[name] = replace(tables.judged[CLIP], clip=name, subject="S-0123456789")


def one_more_without_an_event(tables: Tables) -> None:
    tables.judged["c-0123456789ab"] = replace(tables.judged[CLIP], clip="c-0123456789ab", stage="rejected", n_events=0)


def leave(tables: Tables) -> None:
    del tables.clips[CLIP], tables.judged[CLIP]
    tables.said = [row for row in tables.said if row.clip != CLIP]


def withdraw(tables: Tables) -> None:
    leave(tables)
    tables.buried.add(CLIP)


def stands_as(stage: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        del tables.clips[CLIP]
        tables.judged[CLIP] = replace(tables.judged[CLIP], stage=stage, n_events=0)

    return change


@pytest.mark.parametrize(
    ("change", "bump"),
    [
        (nothing, Bump.PATCH),
        (mend, Bump.PATCH),
        (another_policy, Bump.PATCH),
        (one_more, Bump.MINOR),
        (one_more_without_an_event, Bump.MINOR),
        (one_more_file, Bump.MINOR),
        (relabel, Bump.MAJOR),
        (other_bytes, Bump.MAJOR),
        (no_file, Bump.MAJOR),
        (another_word, Bump.MAJOR),  # soft labels are labels
        (withdraw, Bump.MAJOR),
        (stands_as("rejected"), Bump.MAJOR),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_by_what_the_number_rises(tables: Tables, change: Callable[[Tables], None], bump: Bump) -> None:
    assert after(tables, change).tally.demands is bump


def test_a_change_is_told_field_by_field(tables: Tables) -> None:
    (one,) = after(tables, relabel).changed
    was = tables.clips[CLIP]
    assert one.clip == CLIP
    assert [(field.field, field.old, field.new) for field in one.fields] == [
        ("apex", str(was.apex), "11"),
        ("emotion", was.emotion, "sadness"),
    ]


def test_files_are_told_by_their_bytes(tables: Tables) -> None:
    (one,) = after(tables, other_bytes).changed
    assert (one.fields, one.files_changed) == ((), (PICTURE,))
    (one,) = after(tables, no_file).changed
    assert one.files_went == (PICTURE,)
    assert after(tables, another_policy).tally.rules == ("policy.yaml",)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (withdraw, Why.WITHDRAWN),
        (leave, Why.UNTOLD),
        (stands_as("rejected"), Why.REJECTED),
        (stands_as("replaced"), Why.REPLACED),
        (stands_as("settled"), Why.SETTLED_OTHERWISE),
    ],
)
def test_why_a_clip_went_is_what_the_newer_release_tells(
    tables: Tables, change: Callable[[Tables], None], why: Why
) -> None:
    found = after(tables, change)
    assert [(one.clip, one.why) for one in found.went] == [(CLIP, why)]
    assert bool(found.judged_went) == (why in {Why.WITHDRAWN, Why.UNTOLD})


def test_subjects_come_and_go_with_their_clips(tables: Tables) -> None:
    assert after(tables, one_more).subjects_came == ("S-0123456789",)
    assert after(tables, withdraw).subjects_went == ()  # other clips of the subject are there


def test_every_column_is_a_label_or_is_none(tables: Tables) -> None:
    assert not LABELS & METADATA
    assert LABELS | METADATA | {"clip"} == {column.name for column in fields(ClipRow)}


def test_numbers_are_called_as_policies_call_them(release: Path) -> None:
    dataset = load(release)
    settings = settings_of(dataset.agreement["settings"])
    report = agreement_report(
        judged_clips(dataset), read_yaml(dataset.root / "protocol.yaml", Protocol), dataset.codebook, settings
    )
    assert set(report.measures) <= set(numbers_in(dataset.agreement))


def test_a_release_does_not_differ_from_itself_and_others_do(release: Path, tmp_path: Path) -> None:
    assert between(release, release).same
    other = between(release, a_release(tmp_path / "other", n_subjects=2))
    assert not other.same
    assert other.difference.subjects_went == ("S-00000002",)
    assert other.rules == ()

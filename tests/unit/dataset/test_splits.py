"""One split for everybody: each clip once, no subject on two sides, every class on each as subjects allow."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from builders.release import a_release, reseal
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mmed_curate.dataset import WithdrawnClipsWarning, load, verify
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.dataset.splits import SPLITS, Shares, Side, read_splits, splits_document, splits_of
from mmed_curate.dataset.tombstones import Tombstones, tombstone_of, tombstones_document
from mmed_curate.domain.files import readable_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

COMMON = Shares(validation=0.15, test=0.15)
CLASSES = ("negative", "positive", "surprise")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ClipRow:
    return load(a_release(tmp_path_factory.mktemp("one") / "r", n_subjects=2)).clip_rows[0]


def rows_of(template: ClipRow, classes_of: dict[str, list[str | None]]) -> list[ClipRow]:
    """A row for each class that a subject shows."""
    return [
        replace(template, clip=f"c-{place:02x}{subject[2:]}", subject=subject, emotion_class=emotion_class)
        for subject, classes in classes_of.items()
        for place, emotion_class in enumerate(classes)
    ]


def people(n: int, *, seed: int = 0, mostly: tuple[str, ...] = CLASSES) -> dict[str, list[str | None]]:
    """Subjects who show one class four times and each of the others once; the classes take turns."""
    drawn = random.Random(seed)
    return {f"S-{drawn.getrandbits(40):010x}": [*[mostly[place % len(mostly)]] * 4, *CLASSES] for place in range(n)}


@example(classes=[["surprise"]] * 4, test=0.4375, validation=0.4375, order=random.Random(0))
@given(
    classes=st.lists(st.lists(st.sampled_from([*CLASSES, None]), min_size=1, max_size=5), min_size=3, max_size=25),
    test=st.floats(0.05, 0.45),
    validation=st.floats(0.05, 0.45),
    order=st.randoms(use_true_random=False),
)
def test_each_clip_is_there_once_and_no_subject_on_two_sides(
    template: ClipRow,
    classes: list[list[str | None]],
    test: float,
    validation: float,
    order: random.Random,
) -> None:
    shares = Shares(validation=validation, test=test)
    rows = rows_of(template, {f"S-{place:010x}": its for place, its in enumerate(classes)})
    splits = splits_of(rows, shares)
    assert splits.fixed is not None
    clips = [clip for side in Side for clip in splits.fixed.clips[side]]
    assert sorted(clips) == sorted(row.clip for row in rows)
    sides = {row.clip: side for side in Side for row in rows if row.clip in splits.fixed.clips[side]}
    assert all(len({sides[row.clip] for row in rows if row.subject == one}) == 1 for one in {r.subject for r in rows})
    assert all(splits.fixed.subjects[side] for side in Side)
    assert sorted(clip for test_side in splits.loso.values() for clip in test_side) == sorted(clips)
    order.shuffle(rows)
    assert splits_of(rows, shares) == splits
    document = json.loads(readable_json(splits_document(splits)))
    schema = json.loads(packaged_path("schema", "json", "splits.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)


def test_each_side_gets_its_part_of_each_class(template: ClipRow) -> None:
    splits = splits_of(rows_of(template, people(60)), COMMON)  # 20 subjects of each class
    assert splits.fixed is not None
    class_of = {row.clip: row.emotion_class for row in rows_of(template, people(60))}
    counts = {side: Counter(class_of[clip] for clip in splits.fixed.clips[side]) for side in Side}
    # 15 % of 20 subjects are 3, each with 4 + 1 clips of its class and 1 of each other: 3 * 5 + 6 * 1 of each class
    assert counts[Side.TEST] == dict.fromkeys(CLASSES, 21)
    assert counts[Side.VALIDATION] == dict.fromkeys(CLASSES, 21)


def test_most_subjects_stay_on_their_side_when_others_come(template: ClipRow) -> None:
    """Ten more among sixty move those next to a border, and nobody across validation; a new draw would move 28."""
    moved = []
    for seed in range(10):
        everybody = people(70, seed=seed)
        earlier = dict(list(everybody.items())[:60])
        before, after = (splits_of(rows_of(template, one), COMMON).fixed for one in (earlier, everybody))
        assert before is not None
        assert after is not None
        was, now = ({one: side for side in Side for one in its.subjects[side]} for its in (before, after))
        moved.append(sum(was[one] is not now[one] for one in earlier))
        assert {Side.TRAIN, Side.TEST} not in [{was[one], now[one]} for one in earlier]
    assert sum(moved) / len(moved) < 5  # of 60; the square root of 10 at two borders is about 3


def test_more_clips_of_the_same_subjects_move_nobody(template: ClipRow) -> None:
    few = people(12)
    more = {subject: classes * 3 for subject, classes in few.items()}
    before, after = (splits_of(rows_of(template, one), COMMON).fixed for one in (few, more))
    assert before is not None
    assert after is not None
    assert before.subjects == after.subjects


@pytest.mark.parametrize(("n", "folds"), [(1, 0), (2, 2)])
def test_with_too_few_subjects_there_is_no_fixed_split(template: ClipRow, n: int, folds: int) -> None:
    splits = splits_of(rows_of(template, people(n)), COMMON)
    assert splits.fixed is None
    assert len(splits.loso) == folds


def test_shares_that_leave_nothing_to_learn_from_are_refused() -> None:
    with pytest.raises(BadInput, match="leave no three sides"):
        Shares(validation=0.5, test=0.5)


@pytest.fixture
def with_splits(tmp_path: Path) -> Path:
    folder = a_release(tmp_path / "r", n_subjects=4)
    splits = splits_of(load(folder).clip_rows, COMMON)
    (folder / SPLITS).write_text(readable_json(splits_document(splits)), encoding="utf-8")
    reseal(folder)
    return folder


def test_splits_are_read_as_they_were_written(with_splits: Path) -> None:
    assert read_splits(with_splits) == splits_of(load(with_splits).clip_rows, COMMON)
    assert verify(with_splits).ok


def test_what_was_withdrawn_is_left_out_of_folds_and_split_and_nobody_moves(with_splits: Path, tmp_path: Path) -> None:
    """A whole subject and one more clip."""
    whole = load(with_splits)
    first, *others = whole.subjects
    gone = [row for row in whole.clip_rows if row.subject == first]
    gone.append(next(row for row in whole.clip_rows if row.subject == others[0]))
    told = Tombstones(name="test", release="1.0.0", hashes=frozenset(tombstone_of(row.judged_clip) for row in gone))
    (tmp_path / "tombstones.json").write_text(readable_json(tombstones_document(told)), encoding="utf-8")
    with pytest.warns(WithdrawnClipsWarning):
        rest = load(with_splits).without_withdrawn()
    names = {row.clip for row in rest.clip_rows}
    assert set(rest.splits.loso) == set(others)
    assert {clip for fold in rest.splits.loso.values() for clip in fold} == names
    now, before = rest.fixed_split(), whole.fixed_split()
    assert {clip for side in now.clips.values() for clip in side} == names
    assert {one for side in now.subjects.values() for one in side} == set(others)
    for side in Side:
        assert set(now.clips[side]) == set(before.clips[side]) & names


def test_verify_finds_a_subject_on_both_sides_and_another_draw(with_splits: Path) -> None:
    document = json.loads((with_splits / SPLITS).read_text(encoding="utf-8"))
    moved = document["fixed"]["test"]["clips"].pop()
    document["fixed"]["train"]["clips"].append(moved)
    (with_splits / SPLITS).write_text(json.dumps(document), encoding="utf-8")
    reseal(with_splits)
    said = " ".join(verify(with_splits).differences)
    assert "a subject on two sides" in said
    assert "the split" in said


def test_verify_finds_a_fold_without_a_clip(with_splits: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(with_splits, tmp_path / "copy"))
    document = json.loads((copy / SPLITS).read_text(encoding="utf-8"))
    document["loso"][0]["test"].pop()
    (copy / SPLITS).write_text(json.dumps(document), encoding="utf-8")
    reseal(copy)
    assert any("the folds" in line for line in verify(copy).differences)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "mmed-splits", "version": 9, "loso": [], "fixed": null}'])
def test_what_is_no_splits_file_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / SPLITS).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"splits\.json"):
        read_splits(tmp_path)

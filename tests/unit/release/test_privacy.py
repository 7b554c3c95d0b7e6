"""What one did not agree to publish is in no byte of a release: looked for by decoding, by name, and by value."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import av
import numpy as np
import pytest
from builders.road import CANARY, FACE_GREY, FACE_PLACE, a_settled_workspace
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.dataset import Withheld, load, verify
from mmed_curate.dataset.manifest import files_under
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import AssetKind, Consent, Term
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.consented import NEEDS, publication_of
from mmed_curate.release.cutdown import SHOWS_NO_FACE
from mmed_curate.release.snapshot import Snapshot, read_snapshot
from mmed_curate.store.workspace import Workspace

EVERYTHING = frozenset(Term)
ON = date(2026, 3, 1)
PICTURE_TERMS = {Term.PUBLISH_FACE, Term.PUBLISH_FEATURES}


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


# --- levels -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_level(tmp_path_factory: pytest.TempPathFactory, ask) -> Release:  # type: ignore[no-untyped-def]
    """Five people: all is published; the face is not; features are not either; the voice is not; nothing is shown."""
    consents = (
        EVERYTHING,
        EVERYTHING - {Term.PUBLISH_FACE},
        EVERYTHING - PICTURE_TERMS,
        EVERYTHING - {Term.PUBLISH_VOICE},
        EVERYTHING - {Term.SHOW_PUBLICLY},
    )
    workspace = a_settled_workspace(tmp_path_factory.mktemp("levels") / "ws", consents=consents)
    from mmed_curate.release.recipe import load_release_recipe

    return create_release(workspace, ask(workspace), Wishes(version="1.0.0", recipe=load_release_recipe("mmed")))


def test_features_go_out_without_the_face_where_only_they_were_agreed_to(by_level: Release) -> None:
    clips = [clip for clip in load(by_level.path) if clip.row.withheld == ("publish-face",)]
    assert clips
    for clip in clips:
        found = clip.features()
        assert set(found) <= set(SHOWS_NO_FACE)
        assert found["flow"].shape == (3, 48, 48)
        assert clip.row.picture is None
        with pytest.raises(Withheld, match="publish-face"):
            clip.video()


def test_nothing_that_shows_a_face_is_left_of_one_who_withheld_it(by_level: Release) -> None:
    shown = {"faces", "landmarks", "alignment", "eye_distance_px"}
    for clip in load(by_level.path):
        folder = by_level.path / "media" / clip.name
        hidden = "publish-face" in clip.row.withheld
        for path in folder.glob("*.npz"):
            held = arrays(path)
            assert shown.isdisjoint(held) if hidden else True
            if hidden:  # nor under another name
                assert not any((array == FACE_GREY).any() for array in held.values() if array.dtype == np.uint8)
                assert not any(
                    np.isclose(array, FACE_PLACE).all() for array in held.values() if array.dtype.kind == "f"
                )
                assert not any(array.ndim >= 3 and array.shape[-1] > 48 for array in held.values())
        assert not hidden or not list(folder.glob("*.mp4"))
    assert verify(by_level.path).ok


def test_nothing_that_can_be_heard_is_left_of_one_who_withheld_the_voice(by_level: Release) -> None:
    clips = [clip for clip in load(by_level.path) if "publish-voice" in clip.row.withheld]
    assert clips
    for clip in clips:
        folder = by_level.path / "media" / clip.name
        assert {path.name for path in folder.iterdir()} == {"picture.mp4", "features.npz"}
        with av.open(str(folder / "picture.mp4")) as picture:
            assert [stream.type for stream in picture.streams] == ["video"]
        data = (folder / "picture.mp4").read_bytes()
        assert not any(word in data for word in (b"soun", b"mp4a", b"SoundHandler", b"Lavf", b"Lavc"))
        sounding = {"log_mel", "f0_hz", "intensity_db", "periodicity", "voice_activity", "band_hz"}
        assert sounding.isdisjoint(arrays(folder / "features.npz"))


def test_to_be_shown_publicly_is_agreed_to_apart(by_level: Release) -> None:
    shown = {clip.subject: clip.row.may_be_shown for clip in load(by_level.path)}
    assert sorted(shown.values()) == [False, True, True, True, True]
    published = {clip.subject for clip in load(by_level.path) if not clip.row.withheld}
    assert not all(shown[subject] for subject in published)  # one publishes all, and is shown nowhere


def test_what_is_not_there_cannot_be_shown(tmp_path: Path) -> None:
    consents = (EVERYTHING - {*PICTURE_TERMS, Term.PUBLISH_VOICE},) * 2
    snapshot = read_snapshot(a_settled_workspace(tmp_path / "ws", consents=consents))
    assert not any(publication_of(snapshot, clip, ON).may_be_shown for clip in snapshot.judged)


# --- who must agree ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Three people at one table."""
    folder = tmp_path_factory.mktemp("table") / "ws"
    return read_snapshot(a_settled_workspace(folder, consents=(EVERYTHING,) * 3, together=True))


def with_terms(snapshot: Snapshot, terms: dict[SubjectId, frozenset[Term]]) -> Snapshot:
    subjects = {
        one.id: replace(one, consent=replace(one.consent, terms=terms.get(one.id, one.consent.terms)))
        for one in snapshot.subjects.values()
    }
    return replace(snapshot, subjects=subjects)


@given(data=st.data())
def test_whoever_is_seen_or_heard_has_a_veto(table: Snapshot, data: st.DataObject) -> None:
    people = sorted(table.subjects)
    terms = {one: data.draw(st.frozensets(st.sampled_from(sorted(Term, key=str)))) for one in people}
    clip = table.judged[0]
    others = [one for one in people if one != clip.subject]
    beside = data.draw(st.lists(st.sampled_from([*others, None]), unique=True))
    crop = data.draw(st.sampled_from([None, clip.crop]))
    clip = replace(clip, crop=crop, also_visible=tuple(beside))
    found = publication_of(with_terms(table, terms), clip, ON)

    seen: Collection[SubjectId | None] = {*beside, *(people if crop is None else [clip.subject])}

    def agree(who: Collection[SubjectId | None], *either: Term) -> bool:
        return all(one is not None and terms[one] & set(either) for one in who)

    assert found.allows(AssetKind.RELEASE_PICTURE) == agree(seen, Term.PUBLISH_FACE)
    assert found.allows(AssetKind.FEATURES) == agree(seen, Term.PUBLISH_FACE, Term.PUBLISH_FEATURES)
    assert found.allows(AssetKind.RELEASE_SOUND) == agree(people, Term.PUBLISH_VOICE)
    assert found.allows(AssetKind.SOUND_FEATURES) == found.allows(AssetKind.RELEASE_SOUND)
    if found.may_be_shown:
        assert agree({clip.subject}, Term.SHOW_PUBLICLY)


@given(data=st.data())
def test_taking_consent_back_never_publishes_more(table: Snapshot, data: st.DataObject) -> None:
    people = sorted(table.subjects)
    terms = {one: data.draw(st.frozensets(st.sampled_from(sorted(Term, key=str)))) for one in people}
    who, term = data.draw(st.sampled_from(people)), data.draw(st.sampled_from(sorted(Term, key=str)))
    clip = table.judged[0]
    before = publication_of(with_terms(table, terms), clip, ON)
    after = publication_of(with_terms(table, {**terms, who: terms[who] - {term}}), clip, ON)
    assert after.terms <= before.terms


def test_one_at_the_table_who_is_not_to_be_shown_is_heard_on_no_page(table: Snapshot) -> None:
    clip = table.judged[0]
    other = next(one for one in table.subjects if one != clip.subject)
    with_sound = with_terms(table, {other: EVERYTHING - {Term.SHOW_PUBLICLY}})
    without = with_terms(table, {other: EVERYTHING - {Term.SHOW_PUBLICLY, Term.PUBLISH_VOICE}})
    assert not publication_of(with_sound, clip, ON).may_be_shown
    assert publication_of(without, clip, ON).may_be_shown  # nobody else is in what goes out of it


def test_every_kind_that_a_release_copies_needs_a_consent() -> None:
    assert all(NEEDS.values())
    assert not [kind for kind in NEEDS if kind.value.startswith("coding")]


# --- names and traces -------------------------------------------------------------------------------------------------


def inside(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and those that are packed in it."""
    yield path.name, path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                yield f"{path.name}:{entry.filename}", archive.read(entry)
                yield f"{path.name}:{entry.filename} (about it)", entry.comment + entry.extra
                assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            yield f"{path.name} (comment)", archive.comment
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        yield f"{path.name} (cells)", repr(table.to_pydict()).encode()
        yield f"{path.name} (about it)", repr(table.schema.metadata).encode()


def secrets_of(workspace: Workspace) -> set[str]:
    """Everything by which the lab knows people, recordings and files."""
    with workspace.read() as records:
        return {
            *itertools.chain.from_iterable((one.id, one.code) for one in records.subjects()),
            *itertools.chain.from_iterable((one.id, one.code) for one in records.sessions()),
            *itertools.chain.from_iterable((one.id, one.code) for one in records.coders()),
            *itertools.chain.from_iterable(
                (one.id, one.sha256, one.path, Path(one.path).name) for one in records.recordings()
            ),
            *(clip.id for clip in records.clips()),
            *(judgement.id for judgement in records.judgements()),
            *(asset.path for asset in records.assets()),
            str(workspace.root),
            CANARY,
            workspace.secret.hex(),
        }


def test_no_name_code_id_or_path_of_the_lab_is_in_any_byte(made: Release, pristine: Path) -> None:
    secrets = [secret.encode() for secret in secrets_of(Workspace.open(pristine))]
    for name in files_under(made.path):
        for where, data in inside(made.path / name):
            assert not [secret for secret in secrets if secret in data or secret in name.encode()], where


def test_media_say_nothing_of_their_source(made: Release) -> None:
    for path in made.path.rglob("*.mp4"):
        with av.open(str(path)) as media:
            assert set(media.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
            for stream in media.streams:
                assert set(stream.metadata) <= {"language", "handler_name", "vendor_id"}
                assert stream.metadata.get("language", "und") == "und"
    for path in made.path.rglob("*.wav"):
        data = path.read_bytes()
        chunks, place = [], 12
        while place < len(data):
            chunks.append(data[place : place + 4])
            place += 8 + int.from_bytes(data[place + 4 : place + 8], "little")
        assert chunks == [b"fmt ", b"data"]  # no LIST, no bext


def test_ids_stay_when_clips_and_people_come(tmp_path: Path, ask, wishes: Wishes) -> None:  # type: ignore[no-untyped-def]
    workspace = a_settled_workspace(tmp_path / "ws", consents=(EVERYTHING,) * 3)
    first = create_release(workspace, ask(workspace), wishes)
    with workspace.write() as records:
        for code in ("late-1", "late-2"):
            consent = Consent(terms=EVERYTHING, form_version="1", signed_on=date(2026, 1, 2))
            records.add_subject(f"{CANARY}-{code}", consent, simulated=True)
    second = create_release(workspace, ask(workspace), replace(wishes, version="0.2.0"))
    one, two = load(first.path), load(second.path)
    assert [row.clip for row in one.clip_rows] == [row.clip for row in two.clip_rows]
    assert set(one.subjects) <= set(two.subjects)


def test_the_same_recordings_get_other_ids_in_another_lab(made: Release, tmp_path: Path, ask, wishes: Wishes) -> None:  # type: ignore[no-untyped-def]
    other = a_settled_workspace(tmp_path / "ws", seed=8)
    ids = [
        {name for row in load(path).judgement_rows for name in (row.judgement, row.clip, row.subject, row.coder)}
        for path in (made.path, create_release(other, ask(other), wishes).path)
    ]
    assert ids[0].isdisjoint(ids[1])

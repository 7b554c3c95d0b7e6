"""What goes into a release, what stays in the lab, and what keeps a release from being made."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from builders.release import lenient_policy, lenient_settings, reseal
from builders.road import CANARY, WINDOW, a_settled_workspace, begin_another_clip

from mmed_curate.dataset import load, verify
from mmed_curate.dataset.manifest import Mark, files_under, read_manifest
from mmed_curate.dataset.rederivation import derive_again
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.records import AssetKind, Box, Consent, Term
from mmed_curate.media.clock import read_clock
from mmed_curate.media.sound import has_sound
from mmed_curate.release import copying as copying_room
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.consented import publication_of
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.page import PageMedia
from mmed_curate.release.parquet import write_parquet
from mmed_curate.release.pseudonyms import Pseudonyms
from mmed_curate.release.recipe import read_licence
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store.workspace import Workspace

Ask = Callable[[Workspace], Leave]


def test_a_release_verifies_and_loads(made: Release) -> None:
    report = verify(made.path)
    assert report.ok, report.differences
    assert report.id == made.id
    dataset = load(made.path)
    # of 5 clips per subject: one adjudicated event, two events, none, screened out, one event
    assert len(dataset) == 5 * 4
    assert len(dataset.judged_clip_rows) == 5 * 5
    assert sorted(row.stage for row in dataset.judged_clip_rows).count("rejected") == 5
    assert len(dataset.subjects) == 5


def test_every_judgement_is_there_and_a_corrected_one_is_marked(made: Release) -> None:
    dataset = load(made.path)
    # per subject: 4 accepted screenings and a rejection, 8 codings and a correction, an adjudication, 4 verifications
    assert len(dataset.judgements) == 5 * (5 + 9 + 1 + 4)
    corrected = dataset.judgements[dataset.judgements.superseded]
    assert len(corrected) == 5
    assert set(corrected.judgement) == set(dataset.judgements.supersedes.dropna())
    assert set(corrected.n_events) == {0}  # the builder's first answer was: nothing happened


def test_frames_of_an_event_count_in_its_own_picture(made: Release) -> None:
    dataset = load(made.path)
    clip = next(clip for clip in dataset if clip.row.picture and clip.row.settled_by[0].endswith("majority"))
    # the builder's events begin at frame 20 or 35 of the judged clip, and its window at frame 5
    assert clip.row.onset in {20 - WINDOW[0], 35 - WINDOW[0]}
    assert clip.row.judged_shift == -WINDOW[0]
    assert clip.row.onset_s == pytest.approx(clip.row.onset / 30, abs=1e-6)
    assert clip.row.offset_s == pytest.approx((clip.row.offset + 1) / 30, abs=1e-6)
    assert len(clip.video().frames) == clip.row.n_frames == WINDOW[1] - WINDOW[0] + 1


def test_a_clip_of_two_events_gives_two_rows(made: Release) -> None:
    rows = [clip.row for clip in load(made.path)]
    seconds = [row for row in rows if row.clip.endswith("-e2")]
    assert len(seconds) == 5
    for second in seconds:
        first = next(row for row in rows if row.clip == second.judged_clip)
        assert first.onset < second.onset


def test_consent_decides_what_of_a_clip_goes_out(made: Release) -> None:
    kept: dict[tuple[str, ...], set[frozenset[str]]] = {}
    for clip in load(made.path):
        files = frozenset(path.name for path in (made.path / "media" / clip.name).glob("*"))
        kept.setdefault(clip.row.withheld, set()).add(files)
    everything = frozenset({"picture.mp4", "sound.wav", "features.npz", "sound-features.npz"})
    assert kept == {
        (): {everything, frozenset({"picture.mp4", "features.npz"})},  # the second subject's recording is silent
        ("publish-voice",): {frozenset({"picture.mp4", "features.npz"})},
        ("publish-face", "publish-features"): {frozenset({"sound.wav", "sound-features.npz"})},
        ("publish-face", "publish-features", "publish-voice"): {frozenset()},
    }


def test_one_who_keeps_the_voice_back_is_not_heard_in_the_clips_of_others(
    tmp_path: Path, ask: Ask, wishes: Wishes
) -> None:
    full = frozenset(Term)
    consents = (full, full, full - {Term.PUBLISH_VOICE})
    workspace = a_settled_workspace(tmp_path / "ws", consents=consents, together=True)
    release = create_release(workspace, ask(workspace), wishes)
    for clip in load(release.path):
        assert clip.row.sound is None and clip.row.sound_features is None
        assert not has_sound(release.path / str(clip.row.picture))
    assert load(release.path).clips.withheld.map(len).sum() == 8  # the silent recording has no sound to withhold


@pytest.mark.parametrize(("crop", "n_pictures"), [(None, 0), (Box(left=0, top=0, right=32, bottom=48), 8)])
def test_a_whole_picture_needs_the_consent_of_all_who_may_be_in_it(
    tmp_path: Path, ask: Ask, wishes: Wishes, crop: Box | None, n_pictures: int
) -> None:
    full = frozenset(Term)
    consents = (full, full, full - {Term.PUBLISH_FACE, Term.PUBLISH_FEATURES})
    workspace = a_settled_workspace(tmp_path / "ws", consents=consents, together=True, crop=crop)
    clips = load(create_release(workspace, ask(workspace), wishes).path).clips
    assert clips.picture.notna().sum() == clips.features.notna().sum() == n_pictures
    assert clips.sound.notna().sum() == 8


def test_a_consent_that_ended_publishes_no_voice_of_others(tmp_path: Path) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", consents=(frozenset(Term),) * 3, together=True)
    snapshot = read_snapshot(workspace)
    clip = snapshot.judged[0]
    other = next(one for one in snapshot.subjects.values() if one.id != clip.subject)
    ended = replace(other, consent=replace(other.consent, expires_on=date(2026, 5, 1)))
    later = replace(snapshot, subjects={**snapshot.subjects, other.id: ended})
    own = {Term.PUBLISH_FACE, Term.PUBLISH_FEATURES}
    last, after = (publication_of(later, clip, date(2026, 5, day)) for day in (1, 2))
    assert last.terms == {*own, Term.PUBLISH_VOICE}
    assert after.terms == own
    assert last.may_be_shown
    assert after.may_be_shown  # of what still goes out, the subject's own face, nobody else is a part


def test_a_picture_without_consent_to_the_voice_has_no_sound_and_the_same_frames(made: Release) -> None:
    clips = {clip.row.withheld: clip for clip in load(made.path) if clip.row.picture}
    silenced, whole = clips["publish-voice",], next(c for c in load(made.path) if c.row.sound and c.row.picture)
    heard = made.path / str(whole.row.picture)
    muted = made.path / str(silenced.row.picture)
    assert has_sound(heard)
    assert not has_sound(muted)
    assert read_clock(muted) == read_clock(heard)
    np.testing.assert_array_equal(silenced.video().frames, whole.video().frames)


def test_nothing_of_the_labs_names_ids_or_words_goes_out(made: Release, pristine: Path) -> None:
    workspace = Workspace.open(pristine)
    with workspace.read() as records:
        secrets = {
            *(subject.id for subject in records.subjects()),
            *(session.id for session in records.sessions()),
            *(coder.id for coder in records.coders()),
            *(recording.id for recording in records.recordings()),
            *(recording.sha256 for recording in records.recordings()),
            *(clip.id for clip in records.clips()),
            *(judgement.id for judgement in records.judgements()),
        }
    secrets |= {CANARY, "/recordings/", str(pristine)}
    for path in files_under(made.path):
        data = (made.path / path).read_bytes()
        found = [secret for secret in secrets if secret.encode() in data or secret in path]
        assert not found, f"{path} holds {found[0]}"


def test_no_text_in_a_table_can_begin_a_formula(made: Release) -> None:
    for name in ("clips.csv", "judgements.csv", "judged-clips.csv"):
        with (made.path / name).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for column, cell in row.items():
                    assert cell[:1] not in {"=", "+", "@", "\t"}, column
                    assert not cell.startswith("-") or column == "judged_shift"


def test_what_is_simulated_says_so_first(made: Release) -> None:
    assert (made.path / "README.md").read_text(encoding="utf-8").startswith("# SIMULATED")
    assert (made.path / "DATACARD.md").read_text(encoding="utf-8").startswith("# SIMULATED")
    first = next(iter(json.loads((made.path / "release.json").read_text(encoding="utf-8")).items()))
    assert first[0] == "notice"
    assert first[1].startswith("SIMULATED")
    assert (made.path / "release.json").read_text(encoding="utf-8").splitlines()[1].startswith('  "notice": "SIMULATED')
    assert load(made.path).clips.simulated.all()


def test_what_is_not_simulated_does_not_say_so(tmp_path: Path, ask: Ask, wishes: Wishes) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", simulated=False)
    release = create_release(workspace, ask(workspace), wishes)
    assert not release.facts.simulated
    assert "SIMULATED" not in (release.path / "README.md").read_text(encoding="utf-8")
    assert not load(release.path).clips.simulated.any()


def test_one_simulated_coder_makes_the_release_simulated(tmp_path: Path, ask: Ask, wishes: Wishes) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", simulated=False, simulated_coder="eve")
    release = create_release(workspace, ask(workspace), wishes)
    assert release.facts.simulated


def test_csv_is_core_and_what_depends_on_packages_is_derived(made: Release) -> None:
    marks = {file.path: file.mark for file in read_manifest(made.path).files}
    assert marks["clips.csv"] is Mark.CORE
    assert marks["clips.parquet"] is Mark.DERIVED


def test_parquet_holds_what_the_csv_holds(made: Release) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(made.path / "clips.parquet")
    rows = load(made.path).clip_rows
    assert table.column_names == list(type(rows[0]).__dataclass_fields__)
    assert table["clip"].to_pylist() == [row.clip for row in rows]
    assert table["sound"].to_pylist() == [row.sound for row in rows]
    assert table["settled_by"].to_pylist() == [list(row.settled_by) for row in rows]
    assert b"pandas" not in (table.schema.metadata or {})


def test_parquet_is_what_pyarrow_writes_of_the_rows(made: Release, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = load(made.path).clip_rows
    rows = (*rows, replace(rows[0], emotion_class=None, sound=None, av_skew_ms=0.5, action_units=("au12:left", "ä")))
    write_parquet(tmp_path / "ours.parquet", rows)
    theirs = pq.read_table(tmp_path / "ours.parquet")
    said = [{name: getattr(row, name) for name in theirs.column_names} for row in rows]
    text = pa.list_(pa.string())  # read back, what is inside a list has another name
    schema = pa.schema([pa.field(one.name, text if pa.types.is_list(one.type) else one.type) for one in theirs.schema])
    pq.write_table(pa.Table.from_pylist(said, schema=schema), tmp_path / "theirs.parquet")
    assert (tmp_path / "ours.parquet").read_bytes() == (tmp_path / "theirs.parquet").read_bytes()


def test_a_parquet_that_says_another_thing_is_found(made: Release, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made.path, tmp_path / "copy"))
    rows = load(copy).clip_rows
    write_parquet(copy / "clips.parquet", (replace(rows[0], emotion="never-heard-of"), *rows[1:]))
    reseal(copy)
    assert any(f"something else for {rows[0].clip}" in line for line in verify(copy).differences)


def test_the_benchmark_is_inside_the_seal(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    seen = []

    def benchmark(folder: Path) -> None:
        seen.append(len(load(folder)))  # the folder is a release already
        (folder / "benchmark").mkdir()
        (folder / "benchmark" / "benchmark.json").write_text("{}")

    only = replace(wishes, benchmark=benchmark, page=PageMedia.NONE)  # a page would read a whole report
    release = create_release(workspace, ask(workspace), only)
    assert seen == [20]
    marks = {file.path: file.mark for file in read_manifest(release.path).files}
    assert marks["benchmark/benchmark.json"] is Mark.DERIVED
    assert verify(release.path).ok


def test_a_benchmark_that_writes_elsewhere_is_refused(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    def benchmark(folder: Path) -> None:
        (folder / "elsewhere.txt").write_text("")

    with pytest.raises(BadInput, match=r"touched elsewhere\.txt"):
        create_release(workspace, ask(workspace), replace(wishes, benchmark=benchmark))
    assert not list((workspace.root / "releases").iterdir())


def test_a_benchmark_that_changes_a_table_is_refused(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    def benchmark(folder: Path) -> None:
        with (folder / "clips.csv").open("a", encoding="utf-8") as stream:
            stream.write("\n")

    with pytest.raises(BadInput, match=r"touched clips\.csv"):
        create_release(workspace, ask(workspace), replace(wishes, benchmark=benchmark))
    assert not list((workspace.root / "releases").iterdir())


def test_another_process_copies_the_same_release(
    workspace: Workspace, ask: Ask, wishes: Wishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = create_release(workspace, ask(workspace), replace(wishes, to=workspace.root / "alone"))
    monkeypatch.setattr(copying_room, "_MANY", 1)
    both = create_release(workspace, ask(workspace), replace(wishes, to=workspace.root / "both"))
    assert both.id == alone.id
    assert verify(both.path).ok


def test_agreement_is_measured_again_where_tables_are_not_what_the_gate_measured(
    made: Release, pristine: Path, ask: Ask, tmp_path: Path
) -> None:
    leave = ask(Workspace.open(Path(shutil.copytree(pristine, tmp_path / "again"))))
    assert all(one.same for one in derive_again(made.path, measured=leave.measured))
    # a report that says another thing is believed on the same tables, and on no others
    liar = replace(leave.measured, report=replace(leave.report, n_coders=99))
    assert [one.what for one in derive_again(made.path, measured=liar) if not one.same]
    elsewhere = replace(liar, basis="0" * 64)
    assert all(one.same for one in derive_again(made.path, measured=elsewhere))


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0/..", "", "1.0.0 "])
def test_a_version_must_be_semantic(workspace: Workspace, ask: Ask, wishes: Wishes, version: str) -> None:
    with pytest.raises(BadInput, match="not a semantic version"):
        create_release(workspace, ask(workspace), replace(wishes, version=version))


def test_a_release_is_never_made_again(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    create_release(workspace, ask(workspace), wishes)
    with pytest.raises(BadInput, match="exists already"):
        create_release(workspace, ask(workspace), wishes)


def test_what_was_said_after_the_gate_closes_it_again(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    leave = ask(workspace)
    with workspace.write() as records:
        (code,) = [one.code for one in records.subjects() if one.code.endswith("-0")]
        consent = Consent(terms=frozenset({Term.RECORD}), form_version="2", signed_on=date(2026, 3, 2))
        records.add_consent(code, consent)
    with pytest.raises(Refused, match="no longer what passed the gate"):
        create_release(workspace, leave, wishes)


def test_consent_taken_back_and_given_again_makes_a_release(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    """The same judgements as before come back, and the gate was held on fewer in between."""
    ask(workspace)
    with workspace.read() as records:
        subject = next(one for one in records.subjects() if one.code.endswith("-4"))
    less = replace(subject.consent, terms=frozenset({Term.RECORD}))
    for consent in (less, subject.consent):
        with workspace.write() as records:
            records.add_consent(subject.code, consent)
        leave = ask(workspace)
    made = create_release(workspace, leave, wishes)
    assert verify(made.path).ok
    assert len(json.loads((made.path / "attempts.json").read_text(encoding="utf-8"))["attempts"]) == 3


def test_another_policy_than_the_one_that_passed_is_refused(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    leave = ask(workspace)
    other = leave.policy.model_copy(update={"max_open_clips": 9})
    with pytest.raises(Refused, match="no longer what passed"):
        create_release(workspace, replace(leave, policy=other), wishes)


def test_a_file_that_changed_since_it_was_cut_is_refused(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    leave = ask(workspace)
    features = workspace.media / "release" / "features.npz"
    data = bytearray(features.read_bytes())
    data[-100] ^= 1
    features.write_bytes(bytes(data))  # as many bytes as before: only its hash tells
    with pytest.raises(Refused, match="has changed since it was cut"):
        create_release(workspace, leave, wishes)
    assert not list((workspace.root / "releases").iterdir())
    _, shut = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
    assert shut is None


def test_a_clip_whose_files_are_missing_keeps_the_gate_shut(workspace: Workspace) -> None:
    with workspace.write() as records:
        asset = records.assets(kind=AssetKind.FEATURES)[0]
        kept = [one for one in records.assets(clip=asset.clip) if one.kind is not AssetKind.FEATURES]
        records.put_assets(asset.clip, kept)
    decision, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
    assert leave is None
    (verdict,) = decision.failed
    assert verdict.name == "files"
    assert verdict.clips == (asset.clip,)
    assert "mmed recut" in verdict.remedy


def test_what_is_being_judged_is_not_released(workspace: Workspace, wishes: Wishes) -> None:
    with workspace.write() as records:
        code = records.subjects()[0].code
    begin_another_clip(workspace, code)
    policy = lenient_policy().model_copy(update={"max_open_clips": 5})
    _, leave = ask_gate(workspace, policy=policy, settings=lenient_settings(), on=date(2026, 6, 1))
    assert leave is not None
    with pytest.raises(Refused, match="still being judged"):
        create_release(workspace, leave, wishes)


def test_nothing_goes_out_of_who_did_not_agree_to_redistribution(tmp_path: Path, wishes: Wishes) -> None:
    full = frozenset(Term)
    consents = (full, full, full, full, full, full - {Term.REDISTRIBUTE})
    workspace = a_settled_workspace(tmp_path / "ws", consents=consents)
    _, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
    assert leave is not None  # who keeps to himself shuts no gate for the others
    release = create_release(workspace, leave, wishes)
    dataset = load(release.path)
    assert len(dataset.subjects) == len(consents) - 1
    with workspace.read() as records:
        silent = [clip for clip in records.clips() if clip.subject == records.subject(f"{CANARY}-5").id]
    names = Pseudonyms(workspace.secret)
    text = "".join(path.read_text(encoding="utf-8") for path in release.path.glob("*.csv"))
    assert silent
    assert names.subject(silent[0].subject) not in text
    assert not any(names.clip(clip.id) in text for clip in silent)
    assert not any((release.path / "media" / names.clip(clip.id)).exists() for clip in silent)


def test_a_lab_gives_its_own_licence(workspace: Workspace, ask: Ask, wishes: Wishes, tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("Terms of the Lab\r\n\r\nResearch only.\r\n", encoding="utf-8")
    release = create_release(workspace, ask(workspace), replace(wishes, licence=read_licence(tmp_path / "terms.txt")))
    assert (release.path / "LICENSE.txt").read_text() == "Terms of the Lab\n\nResearch only.\n"
    assert "Licence: Terms of the Lab." in (release.path / "README.md").read_text()


def test_the_packaged_licence_says_that_it_is_a_template(made: Release) -> None:
    assert (made.path / "LICENSE.txt").read_text().startswith("TEMPLATE - REPLACE BEFORE PUBLISHING")


def test_the_log_tells_of_a_release_and_its_day_does_not_move(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    first = create_release(workspace, ask(workspace), wishes)
    with workspace.read() as records:
        (entry,) = records.log("release.created")
    assert json.loads(entry.payload)["id"] == first.id
    second = create_release(workspace, ask(workspace), replace(wishes, to=workspace.root / "again"))
    assert second.id == first.id


def test_arrays_are_copied_as_they_were_made(made: Release, pristine: Path) -> None:
    clip = next(clip for clip in load(made.path) if clip.row.features)
    with zipfile.ZipFile(pristine / "media" / "release" / "features.npz") as given:
        names = given.namelist()
    assert [f"{name}.npy" for name in clip.features()] == names


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from builders.release import lenient_policy, lenient_settings
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import ask_gate
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]))
_, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1))
wishes = Wishes(
    version="0.1.0",
    recipe=load_release_recipe("mmed"),
    benchmark=lambda folder: os.kill(os.getpid(), signal.SIGKILL),
)
create_release(workspace, leave, wishes)
"""


def test_what_a_kill_left_of_a_release_goes_when_the_next_is_made(
    workspace: Workspace, wishes: Wishes, ask: Ask
) -> None:
    tests = Path(__file__).parents[2]
    paths = os.pathsep.join([str(tests.parent), str(tests), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(workspace.root)], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    (left,) = (workspace.root / "releases").iterdir()
    assert any(left.rglob("picture.mp4"))
    made = create_release(workspace, ask(workspace), wishes)
    assert list((workspace.root / "releases").iterdir()) == [made.path]

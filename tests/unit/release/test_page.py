"""The page of a release as files: what it counts, what it shows of whom, and that it asks nobody for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import yaml
from builders.pageread import Elements, clips_told, given, text_files
from builders.release import a_release, reseal
from hypothesis import given as for_all
from hypothesis import strategies as st

from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.manifest import Mark, read_manifest
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, csv_text, read_rows
from mmed_curate.dataset.splits import SPLITS, Shares, Side, splits_document, splits_of
from mmed_curate.dataset.verification import verify
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave
from mmed_curate.release.page import INDEX, PageMedia, is_of_page, page_outside, write_page
from mmed_curate.release.pagesound import N_PEAKS, peaks
from mmed_curate.store.workspace import Workspace

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects with media; the third did not agree to be shown publicly. With its page inside."""
    root = a_release(tmp_path_factory.mktemp("release") / "r", media=True, shown_subjects=(0, 1))
    write_page(root, root, media=True)
    return root


def test_its_tables_count_what_the_clip_table_holds(release: Path) -> None:
    tables = Elements((release / INDEX).read_text()).tables
    rows = read_release(release).clip_rows
    counted = {row[0]: row[-1] for row in tables["Events by subject and class"][1:]}
    assert counted == dict.fromkeys({row.subject for row in rows}, "4")
    by_class = {row[0]: int(row[-1]) for row in tables["Events by class"][1:]}
    # three subjects x four clips, the three classes taking turns from another one with each subject
    assert by_class == {"Positive": 4, "Negative": 4, "Surprise": 4}
    # ten frames of 1/30 s from onset 6 to the end of offset 15
    assert tables["Events by duration"][1:] == [["320 to 340 ms", "", "12"]]


def test_it_says_how_it_is_split(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=6, clips_per_subject=2)
    rows = read_release(root).clip_rows
    splits = splits_of(rows, Shares(validation=0.2, test=0.2))
    (root / SPLITS).write_text(json.dumps(splits_document(splits)))
    reseal(root)
    write_page(root, root, media=False)
    page = (root / INDEX).read_text()
    heads, *told = Elements(page).tables["Events on each side of the splits"]
    classes = [name.lower() for name in heads[2:-1]]
    assert set(classes) == {"positive", "negative", "surprise"}
    by_side = {row[0]: [int(cell) for cell in row[1:]] for row in told}
    assert by_side.pop("leave one subject out: tested in 6 folds") == [6, 4, 4, 4, 12]
    assert splits.fixed is not None
    for side, label in ((Side.TRAIN, "training"), (Side.VALIDATION, "validation"), (Side.TEST, "test")):
        clips = [row for row in rows if row.clip in splits.fixed.clips[side]]
        by_class = [sum(row.emotion_class == code for row in clips) for code in classes]
        assert by_side.pop(f"fixed: {label}") == [len(splits.fixed.subjects[side]), *by_class, len(clips)]
    assert by_side == {}
    assert "Each of 6 folds tests on 2 events of one subject" in page
    assert "2 folds test on none of class Positive." in page  # who shows but two classes shows one of three not


def test_a_release_of_one_subject_is_not_split(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=1)
    write_page(root, root, media=False)
    assert "How it is split" not in (root / INDEX).read_text()


def test_it_says_simulated_before_everything_else(release: Path) -> None:
    text = (release / INDEX).read_text()
    assert "<title>SIMULATED test 0.1.0</title>" in text
    assert text.index("<b>SIMULATED. </b>") < text.index("<h1>")


def test_a_draft_says_so_before_everything_else(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    told = json.loads((root / "release.json").read_text())
    (root / "release.json").write_text(json.dumps(told | {"draft": True}))
    reseal(root)
    write_page(root, root, media=True)
    text = (root / INDEX).read_text()
    assert "<title>SIMULATED DRAFT test 0.1.0</title>" in text
    assert text.index("<b>DRAFT. </b>") < text.index("<h1>")


def test_a_code_that_the_gate_found_too_rare_is_not_called_reliable_beside_its_number(release: Path) -> None:
    rare = read_release(release).undetermined
    assert "class=positive" in rare  # the builder's policy asks for a thousand
    assert not read_release(release).agreement["layers"][1]["classes"][0]["alpha"]["undetermined"]
    page = (release / INDEX).read_text()
    classes = Elements(page).tables["Classes"]
    assert {row[-1] for row in classes[1:]} == {"too rare: rest nothing on it"}
    assert "<li>class: positive</li>" in page


def test_no_file_of_it_names_another_place(release: Path) -> None:
    for path in text_files(release):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|[\"'(=]\s*//|@import|url\(", text), path
        assert not re.search(r"XMLHttpRequest|sendBeacon|WebSocket|EventSource|\beval\(", text), path
        assert not re.search(r"localStorage|sessionStorage|document\.cookie|indexedDB", text), path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text), path


def test_its_policy_lets_nothing_in_and_nothing_out(release: Path) -> None:
    elements = Elements((release / INDEX).read_text()).found
    policy = next(one["content"] for tag, one in elements if one.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_it_holds_no_inline_script_style_or_handler(release: Path) -> None:
    for tag, attributes in Elements((release / INDEX).read_text()).found:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "style"
        assert tag != "script" or attributes.get("src")


def test_every_local_link_of_it_leads_somewhere(release: Path) -> None:
    elements = Elements((release / INDEX).read_text()).found
    ids = {one["id"] for _, one in elements if "id" in one}
    for _, attributes in elements:
        for to in (attributes.get("src"), attributes.get("href")):
            assert to is None or (
                to[1:] in ids if to.startswith("#") else to == "data:," or (release / to).is_file()
            ), to


def test_nothing_is_shown_of_who_did_not_agree_to_be_shown_publicly(release: Path) -> None:
    kept_back = {row.clip for row in read_release(release).clip_rows if not row.may_be_shown}
    told = clips_told(release)
    assert len(kept_back) == 4
    for name, clip in told.items():
        if name in kept_back:
            assert (clip["picture"], clip["sound"], clip["peaks"]) == (None, None, [])
            assert (clip["picture_shown"], clip["sound_shown"]) == ("not-agreed", "not-agreed")
        else:
            assert clip["picture"] == f"media/{name}/picture.mp4"
            assert max(clip["peaks"]) == 100
    whole = "".join(path.read_text(encoding="utf-8") for path in text_files(release))
    assert not [name for name in kept_back if f"media/{name}" in whole]


def test_who_withheld_the_voice_is_not_drawn_as_a_wave(tmp_path: Path) -> None:
    root = a_release(
        tmp_path / "r", n_subjects=2, media=True, shown_subjects=(0, 1), voiceless_subjects=(1,), silent_subjects=(0,)
    )
    write_page(root, root, media=True)
    told = clips_told(root)
    assert {clip["sound_shown"] for clip in told.values()} == {"none", "withheld"}
    assert not any(clip["peaks"] or clip["sound"] for clip in told.values())


def test_a_page_without_media_shows_nobody(tmp_path: Path, release: Path) -> None:
    page_outside(release, tmp_path / "page")
    whole = "".join(path.read_text(encoding="utf-8") for path in text_files(tmp_path / "page"))
    assert "media/c-" not in whole
    assert not any(clip["peaks"] or clip["picture"] for clip in clips_told(tmp_path / "page").values())
    assert {path.suffix for path in (tmp_path / "page").rglob("*") if path.is_file()} == {".html", ".css", ".js"}


def test_a_page_made_outside_leaves_the_release_as_it_is(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    before = {path: sha256_of(path) for path in root.rglob("*") if path.is_file()}
    page_outside(root, tmp_path / "page")
    assert {path: sha256_of(path) for path in root.rglob("*") if path.is_file()} == before


def test_a_page_is_not_made_into_a_release_or_over_a_folder(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    with pytest.raises(BadInput, match="lies inside the release"):
        page_outside(root, root / "page")
    (tmp_path / "taken").mkdir()
    with pytest.raises(BadInput, match="exists already"):
        page_outside(root, tmp_path / "taken")
    assert not (root / INDEX).exists()


def test_judgements_of_every_expert_are_told_in_frames_of_the_clip(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=2)
    rows = read_rows(root / "clips.csv", ClipRow)
    # cut two frames later than what the experts saw: their onset 6 is frame 4 of this clip
    moved = [
        replace(row, judged_shift=-2, n_frames=20, onset=row.onset - 2, apex=row.apex - 2, offset=row.offset - 2)
        for row in rows
    ]
    (root / "clips.csv").write_text(csv_text(ClipRow, moved))
    reseal(root)
    write_page(root, root, media=True)
    clip = clips_told(root)[rows[0].clip]
    assert [one["stage"] for one in clip["judgements"]] == ["screening", "coding", "coding", "verification"]
    assert [one["events"][0]["span"] for one in clip["judgements"] if one["events"]] == [[4, 8, 13], [4, 8, 13]]
    assert (clip["tick_s"], clip["ticks"]) == ([1, 30], ["1*20"])


def test_times_of_a_variable_rate_are_handed_over_exactly(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    judged = read_rows(root / "judged-clips.csv", JudgedClipRow)
    varied = [replace(row, time_base="1/90000", durations=("3000*10", "1500*2", "3000*12")) for row in judged]
    (root / "judged-clips.csv").write_text(csv_text(JudgedClipRow, varied))
    reseal(root)
    write_page(root, root, media=True)
    clip = next(iter(clips_told(root).values()))
    assert (clip["tick_s"], clip["ticks"]) == ([1, 90000], ["3000*10", "1500*2", "3000*12"])


def test_texts_of_a_stranger_are_shown_and_never_run(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=2, clips_per_subject=1)
    cited = {"title": HOSTILE, "authors": [{"name": HOSTILE}, {"given-names": "A", "family-names": "B"}]}
    (root / "CITATION.cff").write_text(yaml.safe_dump(cited))
    card = f"# c\n\n## {HOSTILE}\n\n{HOSTILE}\n\n![p](https://e.example/p.png) [l](javascript:alert(1)) <https://e.example>"
    (root / "DATACARD.md").write_text(card)
    (root / "LICENSE.txt").write_text(HOSTILE)
    book = yaml.safe_load((root / "codebook.yaml").read_text())
    for entry in (*book["emotions"], *book["classes"]):
        entry["label"]["en"] = HOSTILE
    (root / "codebook.yaml").write_text(yaml.safe_dump(book))
    reseal(root)
    write_page(root, root, media=True)
    elements = Elements((root / INDEX).read_text()).found
    assert not [tag for tag, _ in elements if tag in {"img", "iframe", "object", "embed"}]
    assert all((one.get("src") or "").startswith("page/") for tag, one in elements if tag == "script")
    links = [one.get("href") or "" for tag, one in elements if tag == "a"]
    assert all(to.startswith("#") or to == "LICENSE.txt" for to in links)
    assert given(root, "clips.js")["facts"][0]["labels"]["emotion"].popitem()[1] == HOSTILE  # text, set as text


def test_a_garbled_document_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r")
    (root / "gate.json").write_text('{"rules": 3}')
    reseal(root)
    with pytest.raises(BadInput, match="no page can be made of"):
        page_outside(root, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_changed_file_is_not_shown(tmp_path: Path) -> None:
    root = a_release(tmp_path / "r", n_subjects=2, media=True, shown_subjects=(0, 1))
    sound = next(root.rglob("sound.wav"))
    sound.write_bytes(sound.read_bytes() + b"x")
    with pytest.raises(BadInput, match="than was sealed"):
        write_page(root, root, media=True)


def test_the_same_release_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        page_outside(release, tmp_path / name)
    bytes_of = [{path.name: path.read_bytes() for path in text_files(tmp_path / name)} for name in ("one", "other")]
    assert bytes_of[0] == bytes_of[1]


def test_a_release_carries_its_page_sealed_and_derived(made: Release) -> None:
    of_page = [file for file in read_manifest(made.path).files if is_of_page(file.path)]
    assert {file.path for file in of_page} >= {INDEX, "page/page.css", "page/browser.js", "page/data/clips.js"}
    assert {file.mark for file in of_page} == {Mark.DERIVED}
    assert verify(made.path).ok


def test_how_to_load_it_and_what_changed_is_what_the_release_itself_says(made: Release) -> None:
    text = unescape((made.path / INDEX).read_text())
    loading = (made.path / "README.md").read_text().split("```python\n")[1].split("```")[0]
    assert loading in text
    changes = [line.removeprefix("- ") for line in (made.path / "CHANGELOG.md").read_text().splitlines()]
    assert f"<li>{changes[-1]}</li>" in text
    assert changes[-1].startswith("It holds 20 clips")


def test_what_it_is_not_for_cannot_be_read_as_its_uses(made: Release) -> None:
    page = unescape((made.path / INDEX).read_text())
    box = page.split("<h2>Not a lie detector</h2>")[1].split("</aside>")[0]
    before, after = box.split("<p>It is not for:</p>")
    assert "It is not a lie detector" in before and "<li>" not in before
    assert "<li>Decisions about people.</li>" in after and "<li>Finding out who somebody is" in after
    card = (made.path / "DATACARD.md").read_text(encoding="utf-8")
    assert "\n\nIt is not for:\n\n- Decisions about people.\n" in card


def test_a_release_without_a_page_has_none(
    workspace: Workspace, wishes: Wishes, ask: Callable[[Workspace], Leave]
) -> None:
    made = create_release(workspace, ask(workspace), replace(wishes, page=PageMedia.NONE))
    assert not [file.path for file in read_manifest(made.path).files if is_of_page(file.path)]


def test_peaks_are_of_the_louder_channel_in_percent_of_the_loudest() -> None:
    samples = np.zeros((N_PEAKS * 10, 2))
    samples[0, 0], samples[15, 1] = -0.5, 0.25  # in the first stretch of ten, and in the second
    assert peaks(samples)[:3] == [100, 50, 0]
    assert peaks(np.zeros((1000, 1))) == [0] * N_PEAKS
    assert peaks(np.zeros((0, 1))) == []


@for_all(st.lists(st.integers(-32768, 32767), min_size=1, max_size=2000), st.integers(1, 3))
def test_peaks_do_not_hang_on_the_scale(values: list[int], times: int) -> None:
    samples = np.array(values, dtype=np.int32)[:, None]
    found = peaks(samples)
    assert found == peaks(samples * times)
    assert len(found) == min(len(values), N_PEAKS)
    assert max(found) == (100 if any(values) else 0)

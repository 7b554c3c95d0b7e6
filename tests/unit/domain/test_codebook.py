"""The packaged vocabulary holds what the field needs, and a lab's mistakes are named by line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path


@pytest.fixture(scope="module")
def book() -> Codebook:
    """The packaged codebook."""
    return load_codebook("mmed")


def test_every_entry_speaks_english_and_chinese_and_names_its_source(book: Codebook) -> None:
    for name in (
        "classes",
        "event_types",
        "emotions",
        "action_units",
        "vocal_cues",
        "cue_owners",
        "confidences",
        "bases",
    ):
        for entry in getattr(book, name):
            assert set(entry.label) >= {"en", "zh-Hans"}, entry.code
            assert entry.definition, entry.code
            assert entry.source, entry.code


def test_the_classes_are_those_of_megc_2019(book: Codebook) -> None:
    """See et al. 2019: negative = repression, anger, contempt, disgust, fear, sadness."""
    assert set(book.class_codes) == {"surprise", "positive", "negative"}
    by_class = {code: {one.code for one in book.emotions if one.emotion_class == code} for code in book.class_codes}
    assert by_class == {
        "surprise": {"surprise"},
        "positive": {"happiness"},
        "negative": {"repression", "anger", "contempt", "disgust", "fear", "sadness"},
    }
    assert book.class_of("other") is None


def test_an_emotion_that_is_not_there_has_no_class(book: Codebook) -> None:
    with pytest.raises(KeyError):
        book.class_of("joie-de-vivre")


def test_action_units_of_the_upper_and_lower_face_are_there(book: Codebook) -> None:
    codes = {entry.code for entry in book.action_units}
    assert {
        f"au{number}" for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26, 27, 45, 50)
    } <= codes
    assert {entry.code: entry.region for entry in book.action_units}["au12"] == "mouth-corners"


def test_one_event_type_is_micro_and_one_is_no_event(book: Codebook) -> None:
    assert [entry.code for entry in book.event_types if entry.is_micro] == ["micro"]
    assert [entry.code for entry in book.event_types if not entry.is_event] == ["none"]


def test_confidences_go_up_and_the_first_owner_is_the_subject(book: Codebook) -> None:
    assert [entry.code for entry in book.confidences] == ["low", "medium", "high"]
    assert book.cue_owners[0].code == "subject"


MISTAKES = {
    "a class that is not there": (
        "emotion_class: positive",
        "emotion_class: merry",
        "key emotions.*emotion_class: merry is not in classes",
    ),
    "a code twice": ("code: anger", "code: fear", "key emotions.*code: the code fear stands twice under emotions"),
    "no English": ('label: {en: "Anger", ', "label: {", "key emotions.3.label: anger has no English label"),
    "an example that lies elsewhere": (
        "    definition: ",
        "    example: ../au12.mp4\n    definition: ",
        "key classes.0.example: ../au12.mp4 lies not below examples/ beside the codebook",
    ),
    "a code with a capital": ("code: anger", "code: Anger", "key emotions.3.code"),
    "a misspelt key": ("    region: brow\n", "    regoin: brow\n", "did you mean region"),
    "nothing micro": ("is_micro: true", "is_micro: false", "key event_types: no entry is micro"),
    "a number for a version": ('version: "1.1"', "version: 1.1", "key version"),
    "not a codebook": ("format: mmed-codebook", "format: mmed-protocol", "key format"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, name: str) -> None:
    right, wrong, said = MISTAKES[name]
    text = packaged_path("schema", "codebooks", "mmed.yaml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "book.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=said) as refused:
        load_codebook(str(tmp_path / "book.yaml"))
    assert "book.yaml, line " in str(refused.value)
    assert "line 1," not in str(refused.value) or "key format" in said, "the line of the mistake, not the file's first"


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(BadInput, match=r"choose one of: .*mmed"):
        load_codebook("nobodys")

"""The table of companions as curators write it: taken, found, or each mistake named by its row."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.records import CompanionKind
from mmed_curate.domain.time import SyncBasis
from mmed_curate.ingest.companions import load_bounds, read_companions, resolved
from mmed_curate.simulation.companions import PlantedPair, write_pair
from mmed_curate.simulation.settings import load_settings

HEADER = "recording,companion,kind,subject,stream,channel,offset_s,drift_ppm"


def a_table(folder: Path, *lines: str, header: str = HEADER) -> Path:
    for name in ("camera.mp4", "ann.wav", "ben.wav", "game.mkv"):
        (folder / name).touch()
    path = folder / "companions.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_what_the_table_gives_is_taken(tmp_path: Path) -> None:
    given = read_companions(
        a_table(
            tmp_path,
            "camera.mp4,ann.wav,microphone,A01,,1,-12.5,31.5",
            "camera.mp4,ann.wav,microphone,A02,,0,-12.5,",
            "camera.mp4,game.mkv,game,,2,,,",
            "",
        )
    )
    ann, ben, game = given.of(tmp_path / "camera.mp4")
    assert (ann.kind, ann.subject, ann.stream, ann.channel) == (CompanionKind.MICROPHONE, "A01", None, 1)
    assert ann.synchrony is not None and ben.synchrony is not None
    assert (ann.synchrony.offset_s, ann.synchrony.drift_ppm, ann.synchrony.basis) == (-12.5, 31.5, SyncBasis.GIVEN)
    assert ben.synchrony.drift_ppm == 0 and ann.synchrony.uncertainty_ms is None
    assert (game.kind, game.subject, game.stream, game.synchrony) == (CompanionKind.GAME, None, 2, None)
    assert given.of(tmp_path / "ann.wav") == ()
    placed = resolved((ann, ben), tmp_path / "camera.mp4", bounds=load_bounds("mmed").search)
    assert [one.synchrony for one in placed] == [ann.synchrony, ben.synchrony]
    assert placed[0].measurement is None and placed[0].confidence is None


def test_what_mmed_sync_measured_stays_measured(tmp_path: Path) -> None:
    header = HEADER + ",uncertainty_ms,confidence,basis"
    [row] = read_companions(
        a_table(tmp_path, "camera.mp4,ann.wav,microphone,A01,,,1.25,4,0.042,0.9,measured", header=header)
    ).rows
    assert row.synchrony is not None
    assert (row.synchrony.basis, row.synchrony.uncertainty_ms, row.confidence) == (SyncBasis.MEASURED, 0.042, 0.9)


def test_another_stream_of_the_recording_itself_needs_no_search(tmp_path: Path) -> None:
    table = read_companions(a_table(tmp_path, "camera.mp4,camera.mp4,microphone,A01,2,,,"))
    [placed] = resolved(table.rows, tmp_path / "camera.mp4", bounds=load_bounds("mmed").search)
    assert placed.synchrony.basis is SyncBasis.SAME_FILE
    assert (placed.synchrony.offset_s, placed.synchrony.drift_ppm) == (0, 0)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("camera.mp4,ann.wav,mic,A01,,,,", "row 2: kind must be microphone or game, got 'mic'"),
        ("camera.mp4,ann.wav,microphone,,,,,", "row 2: a microphone needs the subject"),
        ("camera.mp4,game.mkv,game,A01,,,,", "row 2: the game's own sound is nobody's voice"),
        ("camera.mp4,nobody.wav,microphone,A01,,,,", "row 2: there is no file"),
        (",ann.wav,microphone,A01,,,,", "row 2: recording is empty"),
        ("camera.mp4,ann.wav,microphone,A01,first,,,", "row 2: stream must be a whole number"),
        ("camera.mp4,ann.wav,microphone,A01,,-1,,", "row 2: channel must be a whole number"),
        ("camera.mp4,ann.wav,microphone,A01,,,soon,", "row 2: offset_s must be a number, got 'soon'"),
        ("camera.mp4,ann.wav,microphone,A01,,,nan,", "row 2: offset_s must be a number"),
        ("camera.mp4,ann.wav,microphone,A01,,,,40", "row 2: a drift_ppm needs its offset_s"),
        ("camera.mp4,ann.wav,microphone,A01,,,3,90000", "row 2: an offset of 3.0 s with a drift of 90000"),
        ("camera.mp4,ann.wav,microphone,A01", "row 2: has 4 cells, the header has 8"),
    ],
)
def test_each_mistake_is_named_by_its_row(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_companions(a_table(tmp_path, line))
    assert complaint in str(caught.value)


def test_one_player_has_one_microphone_and_one_sound_one_player(tmp_path: Path) -> None:
    first = "camera.mp4,ann.wav,microphone,A01,,,,"
    with pytest.raises(BadInput, match="row 3: subject A01 has the microphone of row 2"):
        read_companions(a_table(tmp_path, first, "camera.mp4,ben.wav,microphone,A01,,,,"))
    with pytest.raises(BadInput, match=r"row 3: ann\.wav is row 2 already.*a channel each"):
        read_companions(a_table(tmp_path, first, "camera.mp4,ann.wav,microphone,A02,,1,,"))
    assert len(read_companions(a_table(tmp_path, first, "game.mkv,ann.wav,microphone,A01,,,,")).rows) == 2


def test_a_table_without_its_columns_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lacks the columns companion, kind"):
        read_companions(a_table(tmp_path, header="recording,microphone"))
    with pytest.raises(BadInput, match="save it with commas"):
        read_companions(a_table(tmp_path, header=HEADER.replace(",", ";")))
    with pytest.raises(BadInput, match="there is no such file"):
        read_companions(tmp_path / "none.csv")


def test_what_is_missing_is_found_once_for_all_channels_of_a_file(tmp_path: Path) -> None:
    settings = load_settings("mmed").sound
    planted = PlantedPair(length_s=40, offset_s=3.25, drift_ppm=20, companion_hz=16000, noise_db=-20)
    write_pair(tmp_path / "cam.wav", tmp_path / "mics.wav", planted, settings)
    write_pair(
        tmp_path / "other-cam.wav",
        tmp_path / "other.wav",
        PlantedPair(length_s=30, offset_s=3.25, drift_ppm=20, companion_hz=16000, seed=8),
        settings,
    )
    table = read_companions(
        a_table(
            tmp_path,
            "cam.wav,mics.wav,microphone,A01,,0,,",
            "cam.wav,other.wav,game,,,,,",
        )
    )
    heard: list[int] = []
    placed = resolved(
        table.rows[:1],
        tmp_path / "cam.wav",
        bounds=load_bounds("mmed").search,
        progress=lambda done, total: heard.append(done),
    )
    assert abs(placed[0].synchrony.offset_s - 3.25) < 0.0005
    assert placed[0].measurement is not None and placed[0].confidence == placed[0].measurement.confidence
    assert heard == sorted(heard) and heard[-1] > 70
    with pytest.raises(Refused, match=r"other\.wav cannot be laid on the clock of cam\.wav"):
        resolved(table.rows[1:], tmp_path / "cam.wav", bounds=load_bounds("mmed").search)


def test_bounds_of_ones_own_are_read_and_mistakes_in_them_named(tmp_path: Path) -> None:
    assert load_bounds("mmed").search.agree_ms > 0
    (tmp_path / "mine.yaml").write_text("format: mmed-sync-bounds\nversion: 1\nname: mine\n", encoding="utf-8")
    with pytest.raises(BadInput, match="title"):
        load_bounds(str(tmp_path / "mine.yaml"))

"""Transcripts as other tools write them, read line by line; what is wrong is named with its line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.interchange.transcripts import SpokenLine, read_transcript

VTT = """\
WEBVTT - made by hand

STYLE
::cue(b) { color: red }

NOTE not said by anybody
at all

00:01.000 --> 00:02.500 align:start
<v.loud S01>I thought <i>they</i>
had&nbsp;me</v>

named
00:00:03.000 --> 00:00:04.000
<v S01>You? <v S02>Me &amp; you

00:05.000 --> 00:06.000
<00:05.000>one <00:05.250>two <00:05.500><c>three</c>

00:07.000 --> 00:08.000

00:09.000 --> 00:10.000
nobody is named
"""


def written(tmp_path: Path, text: str, name: str = "t.vtt") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


def told(lines: tuple[SpokenLine, ...]) -> list[tuple[float, float, str, str]]:
    return [(float(one.onset_s), float(one.offset_s), one.voice, one.text) for one in lines]


def test_a_webvtt_file_names_who_speaks_and_when_a_word_begins(tmp_path: Path) -> None:
    lines = read_transcript(written(tmp_path, VTT)).lines
    assert told(lines) == [
        (1.0, 2.5, "S01", "I thought they had me"),
        (3.0, 4.0, "S01", "You?"),
        (3.0, 4.0, "S02", "Me & you"),
        (5.0, 6.0, "", "one two three"),
        (9.0, 10.0, "", "nobody is named"),
    ]
    assert lines[0].place == "line 9"
    assert [(float(onset), float(offset), word) for onset, offset, word in lines[3].words] == [
        (5.0, 5.25, "one"),
        (5.25, 5.5, "two"),
        (5.5, 6.0, "three"),
    ]
    assert all(not line.words for line in lines if line is not lines[3])


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain = read_transcript(written(tmp_path, VTT))
    assert read_transcript(written(tmp_path, "\ufeff" + VTT.replace("\n", "\r\n"), "w.vtt")) == plain


def test_a_subrip_file_names_nobody(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,500\n{\\an8}<i>Me?</i>\nNever.\n\n2\n00:00:03,000 --> 00:00:04,000\nS01: no\n"
    assert told(read_transcript(written(tmp_path, text, "t.srt")).lines) == [
        (1.0, 2.5, "", "Me? Never."),
        (3.0, 4.0, "", "S01: no"),
    ]


GRID = """\
File type = "ooTextFile"
Object class = "TextGrid"

0 5 <exists> 3
"IntervalTier" "S01" 0 5 3  0 1 ""  1 2.5 "me?"  2.5 5 ""
"TextTier" "claps" 0 5 1  3 "clap"
"IntervalTier" "S02" 0 5 2  0 0.5 "well"  0.5 5 ""
"""


def test_of_a_textgrid_a_tier_is_a_voice_and_each_label_a_cue(tmp_path: Path) -> None:
    path = written(tmp_path, GRID, "t.TextGrid")
    read = read_transcript(path)
    assert read.by_tier
    assert told(read.lines) == [(0.0, 0.5, "S02", "well"), (1.0, 2.5, "S01", "me?")]
    assert told(read_transcript(path, ["S01"]).lines) == [(1.0, 2.5, "S01", "me?")]


BAD = {
    "no times": ("WEBVTT\n\nhello there\n", r"t\.vtt, line 3: no times follow"),
    "a comma for a point": ("WEBVTT\n\n00:01,000 --> 00:02,000\nhi\n", "line 3: '00:01,000 --> .*' are no times"),
    "a minute too long": ("WEBVTT\n\n00:61.000 --> 02:00.000\nhi\n", "line 3: .* are no times"),
    "backwards": ("WEBVTT\n\n00:02.000 --> 00:01.000\nhi\n", r"line 3: the cue ends at 1\.000 s, not after it begins"),
    "no blank line": ("WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n00:02.000 --> 00:03.000\nho\n", "line 5: times stand"),
    "a time outside": ("WEBVTT\n\n00:01.000 --> 00:02.000\n<00:03.000>hi\n", r"line 3: the time 00:03\.000 within"),
    "a strange tag": ("WEBVTT\n\n00:01.000 --> 00:02.000\n<laughs> hi\n", "line 3: <laughs> is no tag of WebVTT"),
    "no word": ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v S01></v>\n", r"t\.vtt holds no word"),
    "no transcript": ("onset,apex,offset\n1,2,3\n", r"t\.vtt holds no cue"),
    "a cue parted in two": ("1\n00:00:01,000 --> 00:00:02,000\nhi\n\nho\n", "line 5: the number of a cue"),
    "half a cue": ("1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\n", "line 5: no times follow"),
    "a grid that breaks off": (GRID[:-30], "line 7: the file breaks off"),
    "no such tier": (GRID, "has no tier S09"),
    "points": (GRID, "tier claps of .* holds points"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, case: str) -> None:
    text, sentence = BAD[case]
    tiers = {"no such tier": ["S09"], "points": ["claps"]}.get(case, [])
    with pytest.raises(BadInput, match=sentence):
        read_transcript(written(tmp_path, text), tiers)


def test_what_is_not_utf_8_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.vtt"
    path.write_bytes("WEBVTT\n\n00:01.000 --> 00:02.000\nnö\n".encode("latin-1"))
    with pytest.raises(BadInput, match=r"line 4: it is not UTF-8 text: save the transcript as UTF-8"):
        read_transcript(path)


def test_tiers_of_what_has_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no tiers"):
        read_transcript(written(tmp_path, VTT), ["S01"])


def stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10_000_000),
            st.integers(1, 60_000),
            st.sampled_from(["S01", "S02"]),
            st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_times_are_exact_and_words_are_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, cues: list[tuple[int, int, str, list[str]]]
) -> None:
    text = "WEBVTT\n" + "".join(
        f"\n{stamp(start)} --> {stamp(start + long)}\n<v {who}>{' '.join(words)}\n" for start, long, who, words in cues
    )
    path = written(tmp_path_factory.mktemp("cues"), text)
    found = [(one.onset_s, one.offset_s, one.voice, one.text) for one in read_transcript(path).lines]
    wanted = [(Fraction(start, 1000), Fraction(start + long, 1000), who, " ".join(ws)) for start, long, who, ws in cues]
    assert found == wanted

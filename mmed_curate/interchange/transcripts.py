"""Transcripts of other tools: WebVTT, SubRip (SRT) and Praat TextGrids, told apart by how the file begins.

WebVTT after the W3C's candidate recommendation "WebVTT: The Web Video Text Tracks Format" (2019): voice tags say who
speaks, timestamps within a cue when its next words begin. SubRip has no such thing, so its cues name nobody. Of a
TextGrid, each labelled interval is a cue and its tier the voice. Nothing is mended: what is wrong is named with its
line, and then nothing is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Severity
from mmed_curate.domain.transcript import one_line
from mmed_curate.interchange.praat import read_textgrid
from mmed_curate.interchange.timelines import TierKind, read_whole, said

KIND = "a transcript: WebVTT (.vtt), SubRip (.srt) or a Praat TextGrid"

_VTT_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_SRT_TIME = r"(\d{1,4}):([0-5]\d):([0-5]\d)[,.](\d{3})"
_ARROW = "-->"
_NO_CUE = re.compile(r"(NOTE|STYLE|REGION)(?=[ \t]|$)")
_TAG = re.compile(r"<([^>]*)>")
_VOICE = re.compile(r"v(?:\.\S*)?[ \t]+(?P<name>.*)", re.DOTALL)
_KNOWN_TAG = re.compile(r"/?(?:c|i|b|u|ruby|rt|lang|v)?(?:[.\s].*)?", re.DOTALL)
_SRT_TAG = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^>]*)?>|\{\\[^}]*\}", re.IGNORECASE)

Timed = tuple[Fraction, Fraction, str]
"""Onset and offset in seconds, and what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """What one voice says in one cue of a file."""

    place: str
    """Where it stands in the file, for sentences: `line 12`, or `tier S01, 1.25 s`."""
    onset_s: Fraction
    """Seconds on the clock of the file."""
    offset_s: Fraction
    voice: str
    """As the file names who speaks: a voice tag, or a tier; empty: it does not."""
    text: str
    """Words on one line."""
    words: tuple[Timed, ...] = ()
    """All of the text in parts, where the file says when each begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLines:
    """What a transcript says, in the order of the file."""

    lines: tuple[SpokenLine, ...]
    by_tier: bool
    """The voices are names of tiers, which need not be those of people."""


def read_transcript(path: Path, tiers: Sequence[str] = ()) -> SpokenLines:
    """Read a transcript; cues without words are passed over.

    Args:
        path: the file.
        tiers: of a TextGrid, the tiers to take; none: all interval tiers that hold labels.

    Raises:
        BadInput: it is no such file, or a line of it is wrong; named with its line.
    """
    data = read_whole(path, KIND)
    if b"ooTextFile" in data[:64].replace(b"\0", b"") or data[:64].endswith(b"ooBinaryFile"):
        return SpokenLines(lines=_labels(path, tiers), by_tier=True)
    if tiers:
        raise BadInput.of("transcript.no_tiers", f"{path} has no tiers", "leave --tier out, or give a TextGrid")
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        at = data[: error.start].count(b"\n") + 1
        raise BadInput.of(
            "transcript.encoding", f"{path}, line {at}: it is not UTF-8 text", "save the transcript as UTF-8"
        ) from error
    is_vtt = re.match(r"WEBVTT(?=[ \t]|$)", lines[0]) is not None
    if not is_vtt and not any(_ARROW in line for line in lines):
        raise BadInput.of("transcript.kind", f"{path} holds no cue", f"give {KIND}")
    found = tuple(_vtt(path, lines) if is_vtt else _srt(path, lines))
    return SpokenLines(lines=_any(path, found), by_tier=False)


def _any(path: Path, found: tuple[SpokenLine, ...]) -> tuple[SpokenLine, ...]:
    if not found:
        raise BadInput.of("transcript.empty", f"{path} holds no word", f"give {KIND}")
    return found


# --- WebVTT and SubRip ------------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Lines with their numbers, in the groups that blank lines make."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def _vtt(path: Path, lines: Sequence[str]) -> Iterator[SpokenLine]:
    blocks = _blocks(lines)
    next(blocks)  # the header
    for block in blocks:
        if _NO_CUE.match(block[0][1]) and _ARROW not in block[0][1]:
            continue
        number, onset, offset, payload = _cue(path, block, _VTT_TIME, "00:01.000 --> 00:02.500")
        yield from _voices(path, number, onset, offset, payload)


def _srt(path: Path, lines: Sequence[str]) -> Iterator[SpokenLine]:
    for block in _blocks(lines):
        if _ARROW not in block[0][1] and not block[0][1].strip().isdigit():
            raise _wrong(
                path, block[0][0], "the number of a cue should stand here", "see that no blank line parts a cue"
            )
        number, onset, offset, payload = _cue(path, block, _SRT_TIME, "00:00:01,000 --> 00:00:02,500")
        text = one_line(_SRT_TAG.sub("", payload))
        if text:
            yield SpokenLine(place=f"line {number}", onset_s=onset, offset_s=offset, voice="", text=text)


def _cue(path: Path, block: Sequence[tuple[int, str]], time: str, example: str) -> tuple[int, Fraction, Fraction, str]:
    """The number of its line of times, its times, and what it says."""
    place = 0 if _ARROW in block[0][1] else 1  # a first line without times is its name
    if len(block) <= place or _ARROW not in block[place][1]:
        raise _wrong(path, block[0][0], f"no times follow, such as {example}", "give each cue its times")
    number, line = block[place]
    found = re.fullmatch(rf"\s*{time}\s*-->\s*{time}(?:\s.*)?", line)
    if found is None:
        raise _wrong(path, number, f"{line.strip()[:60]!r} are no times", f"write them as {example}")
    onset, offset = _seconds(*found.groups()[:4]), _seconds(*found.groups()[4:])
    if offset <= onset:
        raise _wrong(path, number, f"the cue ends at {said(offset)}, not after it begins", "correct its times")
    for later, text in block[place + 1 :]:
        if _ARROW in text:
            raise _wrong(path, later, "times stand inside a cue", "put a blank line before each cue")
    return number, onset, offset, "\n".join(text for _, text in block[place + 1 :])


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> Fraction:
    return Fraction(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) + Fraction(int(thousandths), 1000)


def _voices(path: Path, number: int, onset: Fraction, offset: Fraction, payload: str) -> Iterator[SpokenLine]:
    """The cue by voices: from each voice tag on, until the next or its end, somebody else speaks."""
    turns: list[tuple[str, list[tuple[Fraction, str]]]] = [("", [(onset, "")])]
    timed = False
    at = 0
    for tag in _TAG.finditer(payload):
        _say(turns, payload[at : tag.start()])
        at = tag.end()
        inside = tag[1]
        now = turns[-1][1][-1][0]
        if (voice := _VOICE.fullmatch(inside)) is not None:
            turns.append((one_line(html.unescape(voice["name"])), [(now, "")]))
        elif inside == "/v":
            turns.append(("", [(now, "")]))
        elif (time := re.fullmatch(_VTT_TIME, inside)) is not None:
            moment = _seconds(*time.groups())
            if not now <= moment < offset:
                raise _wrong(
                    path, number, f"the time {inside} within the cue is not between those round it", "correct it"
                )
            turns[-1][1].append((moment, ""))
            timed = True
        elif _KNOWN_TAG.fullmatch(inside) is None:
            raise _wrong(path, number, f"<{inside[:40]}> is no tag of WebVTT", "write &lt; for a < that was said")
    _say(turns, payload[at:])
    pieces = [
        (voice, moment, text) for voice, parts in turns for moment, said_so in parts if (text := one_line(said_so))
    ]
    starts = [moment for _, moment, _ in pieces]
    for whose in dict.fromkeys(piece[0] for piece in pieces):
        mine: list[Timed] = []
        for place, (speaker, moment, text) in enumerate(pieces):
            if speaker == whose:
                later = [start for start in starts[place + 1 :] if start > moment]
                mine.append((moment, later[0] if later else offset, text))
        yield SpokenLine(
            place=f"line {number}",
            onset_s=mine[0][0],
            offset_s=mine[-1][1],
            voice=whose,
            text=" ".join(part[2] for part in mine),
            words=tuple(mine) if timed else (),
        )


def _say(turns: list[tuple[str, list[tuple[Fraction, str]]]], text: str) -> None:
    moment, before = turns[-1][1][-1]
    turns[-1][1][-1] = (moment, before + html.unescape(text))


def _wrong(path: Path, number: int, what: str, remedy: str) -> BadInput:
    return BadInput.of(
        "transcript.line", f"{path}, line {number}: {what}", f"{remedy}; nothing was taken in", line=number
    )


# --- TextGrid ---------------------------------------------------------------------------------------------------------


def _labels(path: Path, tiers: Sequence[str]) -> tuple[SpokenLine, ...]:
    reading = read_textgrid(path)
    for finding in reading.findings:
        if finding.severity is Severity.ERROR:
            raise BadInput.of("transcript.grid", f"{path}: {finding.what}", f"{finding.remedy}; nothing was taken in")
    (timeline,) = reading.timelines
    names = [tier.name for tier in timeline.tiers]
    for name in tiers:
        if name not in names:
            raise BadInput.of(
                "transcript.tier", f"{path} has no tier {name}", f"take one of these: {', '.join(names) or 'none'}"
            )
    lines = []
    for tier in timeline.tiers:
        if tier.kind is not TierKind.INTERVAL:
            if tier.name in tiers:
                raise BadInput.of(
                    "transcript.tier", f"tier {tier.name} of {path} holds points", "take one of intervals"
                )
            continue
        if tiers and tier.name not in tiers:
            continue
        for one in tier.annotations:
            text = one_line(one.value)
            if not text or one.start is None or one.end is None:
                continue
            lines.append(
                SpokenLine(
                    place=f"tier {tier.name}, {said(one.start)}",
                    onset_s=one.start,
                    offset_s=one.end,
                    voice=tier.name,
                    text=text,
                )
            )
    return _any(path, tuple(sorted(lines, key=lambda line: line.onset_s)))

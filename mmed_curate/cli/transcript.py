"""`mmed import transcript`: what was said in a recording, into the workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmed_curate.cli.console import json_option, out, print_json
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.time import Frame
from mmed_curate.domain.transcript import Cue, TimedWords
from mmed_curate.interchange.transcripts import SpokenLine, SpokenLines, read_transcript

if TYPE_CHECKING:
    from mmed_curate.domain.records import Recording

_NAMED_AT_MOST = 5
_ROUNDED_S = 1
"""A cue may end so much after the recording: tools and players round the end of the last one up to a whole second."""


@click.command()
@click.argument("file", metavar="TRANSCRIPT", type=click.Path(path_type=Path))
@click.option("--recording", required=True, metavar="FILE", help="The recording on whose clock the times lie.")
@click.option("--speaker", metavar="SUBJECT", help="Who says what names nobody: a code of one who took part.")
@click.option(
    "--voice",
    "voices",
    multiple=True,
    metavar="NAME=SUBJECT",
    help="Whose a voice or tier is; nothing behind the = where it is no subject's. May be given again.",
)
@click.option("--tier", "tiers", multiple=True, help="Of a TextGrid, take this tier; again for more [default: all].")
@click.option("--replace", is_flag=True, help="It counts in the place of the transcript that is there.")
@click.option("--beside", is_flag=True, help="It is a further part of the transcript that is there.")
@json_option
def transcript(
    file: Path,
    recording: str,
    speaker: str | None,
    voices: tuple[str, ...],
    tiers: tuple[str, ...],
    replace: bool,
    beside: bool,
    as_json: bool,
) -> None:
    """Take in what was said in a recording: WebVTT, SubRip (.srt) or a Praat TextGrid.

    Times are seconds on the recording's clock. A voice tag of WebVTT, or a tier, says who speaks where it is the code
    of one who took part; --voice says it of other names. All cues are taken in, or none. Coders see none of it.
    """
    # here, because reading other tools' files needs no database
    from mmed_curate.store import Workspace
    from mmed_curate.store.naming import recording_named

    read = read_transcript(file, tiers)
    with Workspace.find().write() as records:
        on = recording_named(records, recording)
        codes = {one.id: one.code for one in records.subjects()}
        players = {codes[one]: one for one in sorted(records.heard_in(on.id), key=codes.__getitem__)}
        speakers = _speakers(file, read, players, _pairs(voices), speaker)
        cues = _cues(file, read.lines, on, speakers)
        _check_place(Path(on.path).name, bool(records.cues(on.id)), replace=replace, beside=beside)
        records.add_transcript(on.id, cues, beside=beside)
    spoken = Counter("" if cue.speaker is None else codes[cue.speaker] for cue in cues)
    if as_json:
        print_json(
            {
                "format": "mmed-transcript",
                "version": "1.0",
                "recording": on.path,
                "simulated": on.simulated,
                "cues": len(cues),
                "with_word_times": sum(bool(cue.words) for cue in cues),
                "speakers": [{"subject": code or None, "cues": number} for code, number in sorted(spoken.items())],
            }
        )
        return
    who = ", ".join(f"{number} by {code or 'nobody known'}" for code, number in sorted(spoken.items()))
    simulated = "SIMULATED " if on.simulated else ""
    out.print(
        f"{simulated}{counted(len(cues), 'cue', 'cues')} of {Path(on.path).name} taken in ({who}); "
        "coders do not see them",
        markup=False,
    )


def _pairs(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for words in given:
        name, sign, code = words.rpartition("=")
        if not sign or not name.strip():
            raise BadInput.of("transcript.voice", f"--voice {words!r} names no voice", "write --voice Anna=S01")
        if name.strip() in found:
            raise BadInput.of("transcript.voice", f"--voice names {name.strip()} twice", "name each voice once")
        found[name.strip()] = code.strip()
    return found


def _speakers(
    file: Path, read: SpokenLines, players: Mapping[str, SubjectId], voices: Mapping[str, str], speaker: str | None
) -> dict[str, SubjectId | None]:
    """Whose each voice of the file is.

    Raises:
        BadInput: nobody knows, or one is named who did not take part, or a voice that is not there.
    """
    took_part = ", ".join(players)
    for code in (*voices.values(), *([] if speaker is None else [speaker])):
        if code and code not in players:
            raise BadInput.of(
                "transcript.nobody", f"{code!r} did not take part in the session, {took_part} did", "name one of these"
            )
    place_of: dict[str, str] = {}
    for line in read.lines:
        place_of.setdefault(line.voice, line.place)
    absent = [name for name in voices if name not in place_of]
    if absent:
        there = ", ".join(name for name in place_of if name) or "none"
        raise BadInput.of("transcript.voice", f"{file} has no voice {absent[0]}", f"name one of these: {there}")
    unnamed = None if speaker is None else players[speaker]
    found: dict[str, SubjectId | None] = {}
    strange: list[str] = []
    for name in place_of:
        if name in voices:
            found[name] = players[voices[name]] if voices[name] else None
        elif name in players or not name:
            found[name] = players[name] if name else unnamed
        else:
            strange.append(name)
    if len(strange) == 1 and read.by_tier and speaker is not None:
        found[strange.pop()] = unnamed  # a tier called `words`, say, which names nobody
    if strange:
        choose = "take one tier with --tier, or say" if read.by_tier else "say"
        raise BadInput.of(
            "transcript.unknown_voice",
            f"{file}, {place_of[strange[0]]}: {strange[0]} is no code of one who took part ({took_part})",
            f"{choose} whose it is with --voice '{strange[0]}={next(iter(players), 'S01')}', or "
            f"--voice '{strange[0]}=' where it is no subject's",
            unknown=len(strange),
        )
    return found


def _cues(
    file: Path, lines: Sequence[SpokenLine], on: Recording, speakers: Mapping[str, SubjectId | None]
) -> tuple[Cue, ...]:
    """The cues of the recording, in the order of the file.

    Raises:
        BadInput: some are wrong, begin outside the recording or end after it; the first are named with their places.
    """
    begins_s, ends_s = on.clock.start_of(Frame(0)), on.clock.end_of(on.clock.last_frame)
    cues: list[Cue] = []
    mistakes: list[str] = []
    for line in lines:
        if not begins_s <= line.onset_s < ends_s:
            mistakes.append(
                f"{line.place}: {float(line.onset_s):g} s is outside the recording, which runs from "
                f"{float(begins_s):g} s to {float(ends_s):g} s"
            )
            continue
        if line.offset_s > ends_s + _ROUNDED_S:
            mistakes.append(
                f"{line.place}: it ends at {float(line.offset_s):g} s, after the recording, which ends at "
                f"{float(ends_s):g} s"
            )
            continue
        try:
            cues.append(
                Cue(
                    recording=on.id,
                    onset_s=float(line.onset_s),
                    offset_s=float(line.offset_s),
                    text=line.text,
                    speaker=speakers[line.voice],
                    words=tuple(
                        TimedWords(onset_s=float(onset), offset_s=float(offset), text=text)
                        for onset, offset, text in line.words
                    ),
                )
            )
        except BadInput as error:
            mistakes.append(f"{line.place}: {error.finding.what}")
    if mistakes:
        more = len(mistakes) - _NAMED_AT_MOST
        listed = "; ".join(mistakes[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
        raise BadInput.of(
            "transcript.cues",
            f"{file}: {listed}",
            "correct these lines, or name the recording that they are of; nothing was taken in",
            mistakes=len(mistakes),
        )
    return tuple(cues)


def _check_place(recording: str, is_there: bool, *, replace: bool, beside: bool) -> None:
    if replace and beside:
        raise BadInput.of("transcript.place", "--replace and --beside exclude each other", "give one of them")
    if is_there and not (replace or beside):
        raise BadInput.of(
            "transcript.twice",
            f"a transcript of {recording} was taken in already",
            "give --replace to let this one count in its place, or --beside where it is a further part of it",
        )

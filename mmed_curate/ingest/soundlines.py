"""Is the sound good enough to hear a voice in? One line for each question."""

from __future__ import annotations

from collections.abc import Iterator

from mmed_curate.ingest.qualitybounds import QualityBounds
from mmed_curate.ingest.qualitynumbers import SoundNumbers
from mmed_curate.ingest.verdicts import About, QualityLine, Verdict, high, judged, low, percent, rank


def sound_lines(numbers: SoundNumbers | None, bounds: QualityBounds) -> Iterator[QualityLine]:
    """Lines on the sound; None: the recording has no sound stream."""
    if numbers is None:
        yield judged(
            About.SOUND,
            Verdict.POOR,
            "there is none",
            "no_sound",
            "the recording has no sound",
            "give the voices as companion files, or record with sound",
        )
        return
    loudness = _loudness(numbers, bounds)
    yield loudness
    if numbers.zero_share < 1:
        yield _clipping(numbers, bounds)
        yield _noise(numbers, bounds, fair=loudness.finding is None or loudness.finding.code == "quality.sound_gaps")
        yield _channels(numbers, bounds)
        yield _length(numbers, bounds)


def _loudness(numbers: SoundNumbers, bounds: QualityBounds) -> QualityLine:
    said = f"{numbers.level_db:.0f} dB at its louder moments, silent {percent(numbers.silent_share)} of the time"
    if numbers.zero_share >= 1:
        return judged(
            About.SOUND,
            Verdict.POOR,
            "digital silence from start to end",
            "no_sound",
            "the sound is digital silence from start to end",
            "unmute the microphone; give the voices as companion files where they were recorded apart",
        )
    silent, quiet = high(numbers.silent_share, bounds.sound.silent), low(numbers.level_db, bounds.sound.level_db)
    if rank(silent) >= rank(quiet) and silent is not Verdict.GOOD:
        return judged(
            About.SOUND,
            silent,
            said,
            "silent",
            f"the sound is silent {percent(numbers.silent_share)} of the time",
            "check that the right microphone was chosen and not muted",
            share=numbers.silent_share,
        )
    if quiet is not Verdict.GOOD:
        return judged(
            About.SOUND,
            quiet,
            said,
            "quiet",
            f"the sound is quiet: {numbers.level_db:.0f} dB below full scale at its louder moments".replace("-", ""),
            "raise the gain of the microphone, or move it closer",
            level_db=numbers.level_db,
        )
    return judged(
        About.SOUND,
        Verdict.LOOK if numbers.gap_share >= bounds.sound.zeros else Verdict.GOOD,
        said,
        "sound_gaps",
        f"{percent(numbers.gap_share)} of the sound is digital silence: dropouts, or a gate that cuts laughter",
        "turn noise gates off, and look for dropouts of the microphone",
        share=numbers.gap_share,
    )


def _clipping(numbers: SoundNumbers, bounds: QualityBounds) -> QualityLine:
    share = numbers.clipped_share
    return judged(
        About.CLIPPING,
        high(share, bounds.sound.clipped),
        f"{100 * share:.3g} % of the samples are cut off, peak {numbers.peak:.2f} of full scale",
        "clipped",
        f"{100 * share:.3g} % of the samples are cut off at the top",
        "lower the gain; what was cut off cannot be brought back",
        share=share,
    )


def _noise(numbers: SoundNumbers, bounds: QualityBounds, *, fair: bool) -> QualityLine:
    margin_db = numbers.noise_db
    if abs(numbers.offset) >= bounds.sound.offset:
        return judged(
            About.NOISE,
            Verdict.LOOK,
            f"the samples lie {numbers.offset:+.3f} off zero",
            "offset",
            f"the sound lies {numbers.offset:+.3f} of full scale off zero",
            "check cable and sound card; filter the offset out before loudness is measured",
            offset=numbers.offset,
        )
    if margin_db is None or not fair:
        return QualityLine(about=About.NOISE, verdict=Verdict.UNKNOWN, said="not judged: needs a sound that is heard")
    return judged(
        About.NOISE,
        low(margin_db, bounds.sound.noise_db),
        f"louder moments lie {margin_db:.0f} dB over the quietest tenth",
        "noisy",
        f"louder moments lie only {margin_db:.0f} dB over the quietest tenth: much noise, music, or nobody pauses",
        "move the microphone closer, and take game sound out of the room",
        noise_db=margin_db,
    )


def _channels(numbers: SoundNumbers, bounds: QualityBounds) -> QualityLine:
    same = numbers.channels > 1 and numbers.same_channels
    said = f"{numbers.channels}" + (", all the same" if same else "")
    return judged(
        About.CHANNELS,
        Verdict.LOOK if numbers.dead_channels else Verdict.GOOD,
        said + (f", {numbers.dead_channels} dead" if numbers.dead_channels else ""),
        "dead_channel",
        f"{numbers.dead_channels} of {numbers.channels} channels are digital silence",
        "name the channel that holds the voice, and check the plug of the other",
        dead=numbers.dead_channels,
    )


def _length(numbers: SoundNumbers, bounds: QualityBounds) -> QualityLine:
    late_s, early_s = numbers.begins_late_s, numbers.ends_early_s
    said = (
        f"begins {abs(late_s):.2f} s {'after' if late_s >= 0 else 'before'} the picture, "
        f"ends {abs(early_s):.2f} s {'before' if early_s >= 0 else 'after'} it"
    )
    lacks = max(late_s, early_s) >= bounds.sound.lacks_s
    return judged(
        About.LENGTH,
        Verdict.LOOK if lacks else Verdict.GOOD,
        said,
        "short_sound",
        f"the sound {said}",
        "expect silence there; check that recorder and camera were started and stopped together",
        late_s=late_s,
        early_s=early_s,
    )

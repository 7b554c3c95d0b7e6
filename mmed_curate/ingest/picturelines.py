"""Is the picture good enough to see small movements in? One line for each question."""

from __future__ import annotations

from collections.abc import Iterator

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.ingest.qualitybounds import QualityBounds
from mmed_curate.ingest.qualitynumbers import FaceNumbers, PictureNumbers
from mmed_curate.ingest.verdicts import About, QualityLine, Verdict, high, judged, low, percent, rank


def picture_lines(numbers: PictureNumbers, bounds: QualityBounds, *, insist: bool) -> Iterator[QualityLine]:
    """Lines on the picture.

    Args:
        numbers: what was measured.
        bounds: what it is held against.
        insist: the recipe spots also below the least rate.
    """
    yield _rate(numbers, bounds, insist=insist)
    yield _repeats(numbers, bounds)
    yield _drops(numbers, bounds)
    face = numbers.face
    yield _seen(face, bounds)
    coding = _coding(numbers, bounds)
    if face is not None:
        light = _light(face, bounds)
        contrast = _contrast(face, bounds, lit=light.verdict is Verdict.GOOD)
        fair = contrast.verdict is Verdict.GOOD and coding.verdict is Verdict.GOOD
        yield from (_size(face, bounds), _head(face, bounds), light, contrast)
        yield from (_sharpness(face, bounds), _skin(face, bounds, fair=fair))
    yield coding


def _rate(numbers: PictureNumbers, bounds: QualityBounds, *, insist: bool) -> QualityLine:
    rate_hz, event_ms = numbers.effective_rate_hz, 1000 * bounds.event_s
    many = f"{numbers.event_frames:.0f}" if numbers.event_frames >= 10 else f"{numbers.event_frames:.2g}"
    frames = f"an event of {event_ms:.0f} ms has {many} frames"
    said = f"{rate_hz:.4g} different pictures a second of {numbers.rate_hz:.4g}: {frames}"
    if not rate_hz >= bounds.rate.least_hz:
        spotted = "spotting goes on only because the recipe insists" if insist else "nothing is spotted"
        return judged(
            About.RATE,
            Verdict.POOR,
            said,
            "low_rate",
            f"the recording shows {rate_hz:.4g} different pictures a second, fewer than {bounds.rate.least_hz:g}: "
            f"{frames} and {spotted}",
            "record at 60 pictures a second or more, with enough light; a recipe can insist on spotting all the same",
            rate_hz=rate_hz,
        )
    if not rate_hz >= bounds.rate.few_hz:
        return QualityLine(
            about=About.RATE,
            verdict=Verdict.LOOK,
            said=said,
            finding=Finding(
                code="quality.few_frames",
                what=f"at {rate_hz:.4g} frames a second {frames}",
                remedy="expect the shortest ones to be missed and times to be coarse; record faster where you can",
                severity=Severity.NOTE,
                parameters={"rate_hz": round(rate_hz, 3), "event_frames": round(numbers.event_frames, 2)},
            ),
        )
    return QualityLine(about=About.RATE, verdict=Verdict.GOOD, said=said)


def _repeats(numbers: PictureNumbers, bounds: QualityBounds) -> QualityLine:
    share = numbers.repeated_share
    return judged(
        About.REPEATS,
        high(share, bounds.repeats),
        f"{percent(share)} of the frames show nothing new",
        "repeated_frames",
        f"{percent(share)} of the frames repeat the one before: {numbers.rate_hz:.4g} frames a second show "
        f"{numbers.effective_rate_hz:.4g} different pictures",
        "set camera and recorder to the same rate, and give the camera light; in dim light many slow down",
        share=share,
        effective_rate_hz=numbers.effective_rate_hz,
    )


def _drops(numbers: PictureNumbers, bounds: QualityBounds) -> QualityLine:
    share, gap_ms = numbers.missing_share, numbers.longest_gap_ms
    verdict = high(share, bounds.drops)
    if verdict is Verdict.GOOD and numbers.missing_share > 0 and gap_ms >= 1000 * bounds.drops.gap_s:
        verdict = Verdict.LOOK
    return judged(
        About.DROPS,
        verdict,
        f"{percent(share)} missing, longest step {gap_ms:.0f} ms, jitter {numbers.jitter_ms:.1f} ms",
        "dropped_frames",
        f"{percent(share)} of the frames are missing between the others, the longest gap is {gap_ms:.0f} ms",
        "record to a faster disk and with other programs closed; movements inside a gap are lost",
        share=share,
        gap_ms=gap_ms,
    )


def _seen(face: FaceNumbers | None, bounds: QualityBounds) -> QualityLine:
    share = 0.0 if face is None else face.seen_share
    others = "" if face is None or face.most_at_once < 2 else f", up to {face.most_at_once} at once"
    return judged(
        About.FACE,
        low(share, bounds.face.seen),
        f"seen {percent(share)} of the time{others}",
        "no_face" if not share else "face_lost",
        "no face was found" if not share else f"a face is seen only {percent(share)} of the time",
        "aim the camera so that the whole face stays in the picture; where there is none nothing is proposed",
        share=share,
    )


def _size(face: FaceNumbers, bounds: QualityBounds) -> QualityLine:
    return judged(
        About.SIZE,
        low(face.eye_px, bounds.face.eye_px),
        f"{face.eye_px:.0f} pixels between the eyes (a tenth of the time below {face.least_eye_px:.0f})",
        "small_face",
        f"the face is small: {face.eye_px:.0f} pixels between the eyes, {bounds.face.eye_px.look:g} serve well",
        "move the camera closer, or record with more pixels; movements of a hundredth of that distance are sought",
        eye_px=face.eye_px,
    )


def _head(face: FaceNumbers, bounds: QualityBounds) -> QualityLine:
    return judged(
        About.HEAD,
        high(face.turned_share, bounds.head.turned),
        f"turned {abs(face.yaw_deg):.0f}° aside and {abs(face.pitch_deg):.0f}° up or down at the middle; "
        f"far {percent(face.turned_share)} of the time",
        "head_turned",
        f"the head is turned by more than {bounds.head.yaw_deg:g}° aside or {bounds.head.pitch_deg:g}° up or down "
        f"{percent(face.turned_share)} of the time (angles are coarse)",
        "put the camera where the player looks; half of the face is hidden or foreshortened then",
        share=face.turned_share,
        yaw_deg=face.yaw_deg,
    )


def _light(face: FaceNumbers, bounds: QualityBounds) -> QualityLine:
    light = bounds.light
    said = f"mean level {percent(face.level)}, black {percent(face.crushed_share)}, white {percent(face.blown_share)}"
    dark = max(low(face.level, light.dark), high(face.crushed_share, light.crushed), key=rank)
    bright = high(face.blown_share, light.blown)
    if rank(bright) > rank(dark):
        return judged(
            About.LIGHT,
            bright,
            said,
            "overexposed",
            f"{percent(face.blown_share)} of the face is white and shows nothing",
            "dim or move the light, or lower the exposure",
            share=face.blown_share,
        )
    return judged(
        About.LIGHT,
        dark,
        said,
        "dark",
        f"the face is dark: its mean level is {percent(face.level)}, {percent(face.crushed_share)} of it is black",
        "light the face from the front; a screen alone is not enough",
        level=face.level,
    )


def _contrast(face: FaceNumbers, bounds: QualityBounds, *, lit: bool) -> QualityLine:
    if not lit:
        return QualityLine(about=About.CONTRAST, verdict=Verdict.UNKNOWN, said="not judged: see the light")
    return judged(
        About.CONTRAST,
        low(face.spread, bounds.light.flat),
        f"levels spread over {percent(face.spread)}",
        "flat",
        f"the face has little contrast: its levels spread over {percent(face.spread)} of the range",
        "light the face from the front, clean the lens, and take bright windows out of the background",
        spread=face.spread,
    )


def _sharpness(face: FaceNumbers, bounds: QualityBounds) -> QualityLine:
    said = (
        f"edges round the eyes are blurred by {face.edge_px:.1f} pixels ({face.edge_aligned_px:.1f} where the eyes are "
        f"44 apart), {percent(face.blurred_share)} of the time too much"
    )
    verdict = high(face.edge_aligned_px, bounds.blur.aligned_px)
    if verdict is not Verdict.GOOD and face.edge_px > bounds.blur.own_px:
        return judged(
            About.SHARPNESS,
            verdict,
            said,
            "blurred",
            f"the face is blurred: edges by {face.edge_aligned_px:.1f} pixels where the eyes are 44 apart",
            "focus on the face, clean the lens, and let no program scale the picture up",
            edge_px=face.edge_px,
        )
    return judged(
        About.SHARPNESS,
        Verdict.LOOK if face.blurred_share >= bounds.blur.at_times else Verdict.GOOD,
        said,
        "smeared",
        f"the face is blurred {percent(face.blurred_share)} of the time and sharp otherwise",
        "shorten the exposure and add light if it smears while it moves; fix the focus if it hunts",
        share=face.blurred_share,
    )


def _skin(face: FaceNumbers, bounds: QualityBounds, *, fair: bool) -> QualityLine:
    smoothing = bounds.smoothing
    if face.texture is None or not fair or face.eye_px < smoothing.least_eye_px:
        return QualityLine(
            about=About.SKIN,
            verdict=Verdict.UNKNOWN,
            said="not judged: needs a face that is large enough, well lit and not compressed too much",
        )
    sharp = face.edge_px < smoothing.sharp_px
    return judged(
        About.SKIN,
        Verdict.LOOK if sharp and face.texture < smoothing.texture else Verdict.GOOD,
        f"texture of {face.texture:.2f} steps of luma (rounding alone: 0.26)",
        "smoothed",
        f"the skin shows no texture ({face.texture:.2f} steps of luma) between sharp edges: a sign of a smoothing or "
        "beauty filter or of strong noise reduction, no proof",
        "turn such filters off in camera, driver and meeting software; they erase the smallest movements",
        texture=face.texture,
    )


def _coding(numbers: PictureNumbers, bounds: QualityBounds) -> QualityLine:
    bits, codec = numbers.bits_per_pixel, numbers.codec or "an unknown codec"
    blocks = None if numbers.face is None else numbers.face.blocks
    if bits is None and blocks is None:
        return QualityLine(about=About.CODING, verdict=Verdict.UNKNOWN, said="not measured")
    few, blocky = Verdict.GOOD, Verdict.GOOD
    said = []
    if bits is not None:
        few = low(bits / bounds.coding.thrift.get(codec, 1.0), bounds.coding.bits)
        said.append(f"{bits:.3f} bits a pixel in {codec}")
    if blocks is not None:
        blocky = high(blocks, bounds.coding.blocks)
        said.append(f"steps at block borders {blocks:.2f} times those inside")
    if numbers.face is not None and numbers.face.frozen_share is not None:
        said.append(f"{percent(numbers.face.frozen_share)} of the face is the same from frame to frame")
    words = "; ".join(said)
    remedy = "record with a higher bitrate or a lower quantizer (crf 20 or less), and never from a video call"
    if rank(blocky) > rank(few) and blocks is not None:
        what = f"blocks of the encoder show on the face: steps at their borders are {blocks:.2f} times those inside"
        return judged(About.CODING, blocky, words, "blocky", what, remedy, blocks=blocks)
    what = f"the bitrate is low: {0.0 if bits is None else bits:.3f} bits for each pixel of a frame in {codec}"
    return judged(About.CODING, few, words, "low_bitrate", what, remedy, bits_per_pixel=bits or 0.0)

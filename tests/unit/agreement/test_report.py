"""The report over whole clips: what counts, what is a unit, and what the document says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mmed_curate.agreement.document import alpha_in_words, measure_document, report_document
from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.times import TimedEvent, durations_of, pairs_of, time_agreement
from mmed_curate.agreement.unitizing import Continuum, alpha_u
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import ActionUnitMark, Coding, Intensity, VerificationVerdict
from mmed_curate.domain.layers import WHOLE, Layer, can_be_measured
from mmed_curate.domain.measures import Coefficient, Interval, Undetermined
from mmed_curate.domain.protocol import ClipTerms, CodingRules, Modality, Turn
from mmed_curate.domain.time import Frame, Span


@pytest.fixture
def judged(new_log, clock):
    def build(number: int, story) -> JudgedClip:
        """The clip of this number, of one of six subjects in turn, with the judgements of a story."""
        log = new_log(f"clip{number:02d}")
        story(log)
        return JudgedClip(
            clip=ClipId(log.clip),
            subject=SubjectId(f"S{number % 6}"),
            clock=clock,
            judgements=tuple(log.judgements),
        )

    return build


@pytest.fixture
def measured(protocol, codebook, settings):
    return lambda clips: agreement_report(clips, protocol, codebook, settings)


@pytest.fixture
def many(judged, an_event):
    """Twenty-four clips; coder b calls every sixth one another emotion, marks onsets 2 frames later, and every
    twelfth offset 20 frames later."""

    def one(number):
        emotion = number % 3
        other = (emotion + 1) % 3 if number % 6 == 0 else emotion
        longer = 20 if number % 12 == 0 else number % 2
        return judged(
            number,
            lambda log: (
                log.screened()
                .coded("a", an_event(20, 30, 50 + number, emotion=emotion))
                .coded("b", an_event(22, 30, 50 + number + longer, emotion=other))
            ),
        )

    return [one(number) for number in range(24)]


def test_three_coders_make_three_pairs_of_one_event(settings):
    """What counts towards the least number of units is events; more coders on the same events are not more events."""
    events = [
        TimedEvent(unit=f"e{number}", cluster=f"S{number}", marks_ms=(0.0, 10.0, 20.0), duration_ms=30.0 + number)
        for number in range(4)
        for _ in "abc"
    ]
    onset = time_agreement(durations_of(events), pairs_of(events, 5.0), settings).marks[0]
    assert onset.n_pairs == 12
    assert isinstance(onset.within_tolerance, Undetermined) and "4 units" in onset.within_tolerance.reason


def test_a_clip_of_a_simulated_subject_makes_the_report_simulated(measured, many):
    assert not measured(many).simulated
    assert measured([replace(many[0], simulated=True), *many[1:]]).simulated


def test_emotion_alpha_by_hand(measured, many):
    """24 pairs, 8 of each emotion by coder a; clips 0, 6, 12, 18 (emotion 0) are read as emotion 1 by coder b.

    Values: 12 of emotion 0, 20 of 1, 16 of 2; n = 48. Observed: 4 pairs apart, 8 / 48. Expected:
    (48^2 - 144 - 400 - 256) / (48 x 47) = 1504 / 2256 = 2 / 3. Alpha = 1 - (1 / 6) / (2 / 3) = 0.75.
    """
    report = measured(many)
    emotion = report.measures["emotion.alpha"]
    assert emotion.value == pytest.approx(0.75)
    assert (emotion.n_units, emotion.n_judgements, emotion.n_clusters) == (24, 48, 6)
    assert report.measures["emotion.percent"].value == pytest.approx(20 / 24)
    assert isinstance(emotion.interval, Interval)
    assert (report.n_clips, report.n_coded, report.n_coders, report.n_subjects, report.n_events) == (24, 24, 2, 6, 24)


def test_times_by_hand(measured, many):
    report = measured(many)
    onset, apex, offset = report.times.marks
    assert (onset.median_ms, onset.p95_ms, onset.n_pairs) == (20.0, 20.0, 24)  # always 2 frames of 10 ms
    assert apex.median_ms == 0.0
    assert report.measures["onset.within-tolerance"].value == 1.0
    assert offset.within_tolerance.value == pytest.approx(22 / 24)  # clips 0 and 12 lie 200 ms apart
    assert 0.5 < report.measures["duration.alpha"].value < 1


def test_alpha_of_frame_numbers_is_nowhere(measured, many):
    assert not {"onset.alpha", "apex.alpha", "offset.alpha"} & set(measured(many).measures)


def test_what_stood_when_coding_closed_counts_and_nothing_later(measured, judged, an_event, many):
    """A clip adjudicated, sent back, and rejected counts with its coding as it was."""
    long_story = judged(
        0,
        lambda log: (
            log.screened()
            .coded("a", an_event(20, 30, 50, emotion=2))
            .coded("a", an_event(20, 30, 50, emotion=0), supersedes="clip00-j2")
            .coded("b", an_event(22, 30, 70, emotion=1))
            .adjudicated("j", an_event(22, 30, 70, emotion=1))
            .verified("x", VerificationVerdict.REJECT)
        ),
    )
    first, second = measured(many), measured([long_story, *many[1:]])
    assert first.layers == second.layers and first.times == second.times
    assert first.judgements_digest != second.judgements_digest


def test_a_clip_still_being_coded_does_not_count(measured, judged, an_event, many):
    half = judged(24, lambda log: log.screened().coded("a", an_event(emotion=5)))
    report = measured([*many, half])
    assert (report.n_clips, report.n_coded) == (25, 24)
    assert report.layers[0] == measured(many).layers[0]


def test_an_event_of_one_coder_is_missing_in_emotion_and_counts_in_existence(measured, judged, an_event, many):
    seen_once = [
        judged(number, lambda log: log.screened().coded("a", an_event()).coded("b")) for number in range(24, 30)
    ]
    quiet = [judged(number, lambda log: log.screened().coded("a").coded("b")) for number in range(30, 36)]
    report = measured([*many, *seen_once, *quiet])
    assert report.measures["emotion.alpha"].value == pytest.approx(0.75)
    # 24 yes-yes, 6 yes-no, 6 no-no: 54 yes, 18 no; observed 12 / 72, expected 2 x 54 x 18 / (72 x 71)
    assert report.measures["existence.alpha"].value == pytest.approx(1 - (12 / 72) / (2 * 54 * 18 / (72 * 71)))
    assert report.measures["existence.alpha"].n_units == 36


def test_each_emotion_against_the_rest_says_how_often_it_was_chosen(measured, many, codebook):
    classes = {one.code: one for one in measured(many).layers[0].classes}
    codes = [entry.code for entry in codebook.emotions[:3]]
    assert {code: classes[code].positives for code in codes} == dict(zip(codes, (8, 12, 8), strict=True))
    assert classes[codes[2]].alpha.value == 1.0


def test_a_rare_action_unit_gets_no_number(measured, judged, an_event, codebook):
    unit = ActionUnitMark(code=codebook.action_units[0].code)
    clips = [
        judged(
            number,
            lambda log, number=number: (
                log.screened().coded("a", an_event(units=(unit,) if number < 2 else ())).coded("b", an_event())
            ),
        )
        for number in range(12)
    ]
    (found,) = measured(clips).action_units
    assert found.positives == 2 and isinstance(found.alpha, Undetermined)


def test_one_unit_is_called_one_and_an_old_report_keeps_its_words(judged, an_event, codebook, protocol, settings):
    """What stands in agreement.json of a release is compared word by word."""
    unit = ActionUnitMark(code=codebook.action_units[0].code, intensity=Intensity.B)

    def one(number):
        said = an_event(units=(unit,) if number == 0 else ())
        return judged(number, lambda log: log.screened().coded("a", said).coded("b", an_event()))

    clips = [one(number) for number in range(12)]
    words = {
        version: agreement_report(clips, protocol, codebook, settings, version=version).action_units[0].alpha.reason
        for version in (2, 3)
    }
    assert words == {2: "chosen in 1 units, needed are 5", 3: "chosen in 1 unit, needed are 5"}


@pytest.fixture
def scored(judged, an_event, codebook):
    """Thirty clips of six subjects; the first unit is scored by both in half of them, the second by one of them in a
    third; intensities are the same but for every fifth; coder b is surer than a in every fourth."""
    first, second = (codebook.action_units[place].code for place in (0, 1))
    sure = [entry.code for entry in codebook.confidences]

    def one(number, hidden=()):
        def of(coder):
            strength = Intensity.D if coder == "b" and number % 5 == 0 else Intensity.B
            units = [ActionUnitMark(code=first, intensity=strength)] if number % 2 == 0 else []
            if coder == "a" and number % 3 == 0:
                units.append(ActionUnitMark(code=second, intensity=Intensity.A))
            event = an_event(emotion=number % 3, units=tuple(units))
            sureness = sure[min(number % 3 + (coder == "b" and number % 4 == 0), 2)]
            return replace(event, confidence=sureness, not_visible=hidden if coder == "b" else ())

        return judged(number, lambda log: log.screened().coded("a", of("a")).coded("b", of("b")))

    return lambda hide=lambda number: (): [one(number, hide(number)) for number in range(30)]


def test_action_units_as_sets_and_one_by_one(measured, scored, codebook):
    report = measured(scored())
    first, second = (codebook.action_units[place].code for place in (0, 1))
    units = {one.code: one for one in report.action_units}
    assert (units[first].positives, units[first].alpha.value) == (15, 1.0)
    assert (units[second].positives, units[second].percent.value) == (10, pytest.approx(20 / 30))
    # scored in 15 x 2 + 10 places, by both in 15: 2 x 15 / 40
    assert report.measures["action-units.index"].value == pytest.approx(30 / 40)
    # number % 6 == 0: {1, 2} beside {1}, 2/3 apart, 5 times; == 3: {2} beside {}, 1 apart, 5 times; the same elsewhere.
    # Sets: {1, 2} and {2} 5 times each, {1} 25, {} 25. Distances: 12-1 and 12-2 2/3, all others 1.
    observed = 2 * (5 * 2 / 3 + 5 * 1) / 60
    expected = 2 * (5 * 25 * 2 / 3 + 5 * 5 * 2 / 3 + 5 * 25 + 5 * 25 + 25 * 25 + 5 * 25) / (60 * 59)
    assert report.measures["action-units.masi"].value == pytest.approx(1 - observed / expected)


def test_a_unit_that_a_coder_could_not_see_is_missing_and_not_absent(measured, scored, codebook, protocol, settings):
    """Coder b sees nothing of the second unit's part of the face wherever coder a scores that unit."""
    second = codebook.action_units[1]
    clips = scored(lambda number: (second.region,) if number % 3 == 0 else ())
    report = measured(clips)
    found = {one.code: one for one in report.action_units}
    assert found[second.code].positives == 0  # nobody else could say so, and nobody could deny it
    assert report.measures["action-units.index"].value == 1.0  # what both could see, they scored alike
    before = agreement_report(clips, protocol, codebook, settings, version=1)
    old = {one.code: one for one in before.action_units}
    assert old[second.code].positives == 10  # version 1 took it for absent


def test_a_policy_can_name_what_a_report_holds_and_nothing_else(measured, scored):
    """Gate and report take names and layers from one place: what the gate lets a policy ask for, the report answers."""
    report = measured(scored())
    assert not [name for name in report.measures if not can_be_measured(name)]
    assert set(report.measures) >= WHOLE
    assert set(report.classes) == {layer.value for layer in Layer}
    for name in (
        "emotoin-class.fleiss",
        "emotion.masi",
        "action-units.alpha",
        "onset.alpha",
        "pass-1-smell:emotion.alpha",
    ):
        assert not can_be_measured(name)


def test_intensity_and_confidence_are_measured_on_their_scales(measured, scored, codebook):
    report = measured(scored())
    intensity, confidence = report.ordered
    assert intensity.values == ("A", "B", "C", "D", "E")
    assert confidence.values == tuple(entry.code for entry in codebook.confidences)
    assert intensity.percent.n_units == 15  # the first unit in every second clip
    assert intensity.percent.value == pytest.approx(12 / 15)  # clips 0, 10, 20 differ
    # B 27 times, D 3 times, in three pairs apart: ranks do not matter with two values
    assert intensity.alpha.value == pytest.approx(1 - (6 / 30) / (2 * 27 * 3 / (30 * 29)))
    # B-D: 3 values from one to the other, 3 of the 10 pairs of A..E: credit 1 - 3 / 10
    # its shares are over all 25 units with a value: A in 10 that one coder scored, B in 13.5, D in 1.5
    agreed, p = (12 + 3 * 0.7) / 15, (10 / 25, 13.5 / 25, 1.5 / 25)
    all_weights = 5 + 2 * (4 * 0.9 + 3 * 0.7 + 2 * 0.4)
    by_chance = all_weights / 20 * sum(share * (1 - share) for share in p)
    assert intensity.ac2.value == pytest.approx((agreed - by_chance) / (1 - by_chance))
    assert report.measures["confidence.alpha"].value < 1


def test_the_intensity_of_each_unit_is_measured_where_two_coders_gave_it_one(measured, scored, codebook, settings):
    """The second unit is scored by one coder at most, so nothing is known of how strongly."""
    first, second = (codebook.action_units[place].code for place in (0, 1))
    report = measured(scored())
    assert [(one.code, one.n_events) for one in report.unit_intensities] == [(first, 15), (second, 0)]
    # only the first unit was given two intensities anywhere, so its alpha is that of all units together
    assert report.measures[f"{first}.intensity-alpha"] == report.measures["intensity.alpha"]
    none = report.measures[f"{second}.intensity-alpha"]
    assert none.reason == f"given an intensity by two coders in 0 events, needed are {settings.min_positives}"


def test_each_pass_is_measured_by_itself(judged, an_event, codebook, settings, protocol):
    """First the picture alone, on which coders differ; then with sound, on which they agree."""
    fields = protocol.coding.fields
    passes = tuple(Turn(modality=how, fields=fields) for how in (Modality.PICTURE, Modality.BOTH))
    coding = CodingRules(judges=2, passes=passes)
    two = protocol.model_copy(update={"coding": coding})

    def one(number):
        clip = judged(number, lambda log: log.screened())
        said = list(clip.judgements)
        for turn, modality in ((1, Modality.PICTURE), (2, Modality.BOTH)):
            for coder in "ab":
                emotion = (number + (coder == "b" and turn == 1 and number % 2 == 0)) % 3
                order = len(said) + 1
                said.append(
                    replace(
                        said[0],
                        id=f"{clip.clip}-j{order}",
                        coder=coder,
                        answer=Coding(events=(an_event(emotion=emotion),)),
                        order=order,
                        turn=turn,
                        modality=modality,
                    )
                )
        return replace(clip, judgements=tuple(said))

    report = agreement_report([one(number) for number in range(12)], two, codebook, settings)
    picture, both = report.passes
    assert (picture.name, both.name, picture.n_clips) == ("pass-1-picture", "pass-2-both", 12)
    assert report.measures["pass-1-picture:emotion.percent"].value == pytest.approx(0.5)
    assert report.measures["pass-2-both:emotion.percent"].value == 1.0
    assert report.measures["emotion.alpha"] == report.measures["pass-2-both:emotion.alpha"]
    assert agreement_report([one(0)], two, codebook, settings, version=1).passes == ()
    assert not [name for name in report.measures if not can_be_measured(name)]


def test_whether_and_where_is_measured_from_what_was_marked(judged, an_event, measured, many):
    """Twelve foils: coder a invents an event in three of them."""
    foil = ClipTerms(foil=True)

    def one(number):
        invented = (an_event(),) if number < 3 else ()
        story = lambda log: log.screened(accept=False).coded("a", *invented).coded("b")  # noqa: E731
        return replace(judged(24 + number, story), terms=foil)

    report = measured([*many, *(one(number) for number in range(12))])
    assert report.existence.n_foils == 12
    assert report.measures["foils.invented"].value == pytest.approx(3 / 24)
    assert report.measures["foils.invented"].n_units == 12
    clean = measured(many).measures["existence.alpha-u"].value
    assert 0 < report.measures["existence.alpha-u"].value < clean < 1
    assert measured(many).measures["foils.invented"] == Undetermined(
        reason="no clip was coded in which screeners had seen nothing"
    )


def test_what_two_screeners_found_is_compared_by_place(judged, measured, protocol, codebook, settings):
    def one(number):
        clip = judged(number, lambda log: log.screened("s").screened("t", accept=number % 4 > 0))
        first, second = clip.judgements
        found = tuple(Span(onset=Frame(at), apex=Frame(at), offset=Frame(at + 19)) for at in (30, 32))
        said = [replace(first, answer=replace(first.answer, found=found[:1])), second]
        if number % 4:
            said[1] = replace(second, answer=replace(second.answer, found=found[1:]))
        return replace(clip, judgements=tuple(said), terms=ClipTerms(screened_again=True))

    report = agreement_report([one(number) for number in range(12)], protocol, codebook, settings)
    by_hand = [
        Continuum(
            cluster="S",
            length=1000,
            marked=(((300, 500, "x"),), ((320, 520, "x"),) if number % 4 else ()),
        )
        for number in range(12)
    ]
    assert report.measures["screening.alpha-u"].value == pytest.approx(alpha_u(by_hand).point())


def test_kappa_is_in_the_report_by_who_said_what(measured, many):
    report = measured(many)
    # a: 8 of each; b: 4 of its 8 clips of emotion 0 are called 1: 4, 12, 8; p_e = (8 x 4 + 8 x 12 + 8 x 8) / 24^2 = 1/3
    assert report.measures["emotion.cohen"].value == pytest.approx((20 / 24 - 1 / 3) / (1 - 1 / 3))


def test_one_emotion_only_and_no_second_screener_are_undetermined(measured, judged, an_event):
    clips = [
        judged(number, lambda log: log.screened().coded("a", an_event()).coded("b", an_event())) for number in range(12)
    ]
    measures = measured(clips).measures
    assert "only one value" in measures["emotion.alpha"].reason
    assert measures["screening.alpha"] == Undetermined(reason="no unit was judged by two or more coders")
    assert "all durations are the same" in measures["duration.alpha"].reason


def test_no_clips_at_all_is_no_error(measured):
    report = measured([])
    assert all(isinstance(measure, Undetermined) for measure in report.measures.values())


def test_the_order_of_clips_changes_nothing(measured, many):
    assert measured(many) == measured(many[::-1])


def test_the_digest_sees_every_judgement_and_no_order(many):
    judgements = [one for clip in many for one in clip.judgements]
    assert judgements_digest(judgements) == judgements_digest(judgements[::-1])
    assert judgements_digest(judgements) != judgements_digest(judgements[:-1])


def test_a_report_of_a_version_that_is_not_yet_known_is_refused_by_name(many, protocol, codebook, settings):
    with pytest.raises(BadInput, match="version 4 is newer than this program"):
        agreement_report(many, protocol, codebook, settings, version=4)


def test_the_document_fits_its_schema_and_names_nobody(measured, many, repository, protocol, codebook, settings):
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    document = report_document(measured(many))
    schema = json.loads((repository / "schema" / "json" / "agreement.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    for version in (1, 2):
        before = json.loads((repository / f"schema/json/agreement-{version}.schema.json").read_text(encoding="utf-8"))
        old = report_document(agreement_report(many, protocol, codebook, settings, version=version))
        jsonschema.Draft202012Validator(before).validate(old)
        for shape, other in ((schema, old), (before, document)):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.Draft202012Validator(shape).validate(other)
    text = json.dumps(document)
    assert "clip0" not in text and "S1" not in text
    for change in ({"extra": 1}, {"n_clips": "many"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({**document, **change})
    for key in document:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({k: v for k, v in document.items() if k != key})


def test_alpha_in_words_goes_by_the_lower_end(settings):
    def words(value, lower, upper):
        return alpha_in_words(
            Coefficient(
                value=value,
                interval=Interval(lower=lower, upper=upper, confidence=0.95),
                n_units=9,
                n_judgements=18,
                n_clusters=9,
            ),
            settings,
        )

    assert words(0.9, 0.8, 0.95) == "reliable"
    assert words(0.9, 0.667, 0.95) == "good for tentative conclusions"
    assert words(0.9, 0.6, 0.95) == "uncertain: the interval reaches below 0.667"
    assert words(0.6, 0.5, 0.7) == "not reliable"
    # resamples of what holds no difference hold none: that is no evidence that there would be none
    assert words(1.0, 1.0, 1.0) == "perfect on what there is, so the interval cannot tell"
    assert alpha_in_words(Undetermined(reason="too few"), settings) == "undetermined: too few"
    assert measure_document(Undetermined(reason="too few"))["value"] is None

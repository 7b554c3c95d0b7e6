"""The whole report of a round as one page, for the curator: what was measured joined with the clips behind it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from mmed_curate.agreement.among import AmongCoders, among_coders
from mmed_curate.agreement.coders import WHOLE, Held, WindowScore, by_month, over_time
from mmed_curate.agreement.differing import NOT_GIVEN, Compared, compared
from mmed_curate.agreement.discussion import Focus, focus_of
from mmed_curate.agreement.document import alpha_in_words
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.report import AgreementReport, emotion_alpha
from mmed_curate.annotation.behind import Behind, clips_behind, coder_key, confusion_key, key_of, week_key
from mmed_curate.annotation.checks import checks
from mmed_curate.annotation.clipreadings import COLUMNS, differing_columns, events_shown, matrix_of, notes_of
from mmed_curate.annotation.measured import RuleLine, layer_title, mark_lines
from mmed_curate.annotation.overview import judged_here, week_of
from mmed_curate.annotation.topics import Topics, clip_words, topics_of, topics_of_rules
from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.files import write_text
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.domain.protocol import Stage, Tolerance
from mmed_curate.domain.records import AssetKind
from mmed_curate.report.agreementpage import agreement_page
from mmed_curate.report.agreementshown import (
    AgreementShown,
    ShownClass,
    ShownClasses,
    ShownClip,
    ShownCoder,
    ShownDrift,
    ShownLayer,
    ShownList,
    ShownMark,
    ShownMatrix,
    ShownOther,
    ShownPair,
    ShownRule,
    ShownTopic,
    ShownTopics,
    ShownWeek,
)
from mmed_curate.report.svgplots import Bound
from mmed_curate.report.tables import NOTHING
from mmed_curate.store import Workspace

LISTED = 8
"""Clips that are listed behind each number, at most: the page of ten thousand clips must still open."""
_TOPICS = 6
_MATRICES = ("emotion", "emotion-class", "event-type", Stage.SCREENING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateShown:
    """How the gate came out."""

    policy: str
    """Title of its policy."""
    passed: bool
    rules: tuple[RuleLine, ...]


def write_whole_report(
    workspace: Workspace,
    report: AgreementReport,
    path: Path,
    *,
    only: Collection[ClipId] | None = None,
    gate: GateShown | None = None,
) -> None:
    """Write the page, whole or not at all; a page of that name is written over.

    Args:
        workspace: whose round.
        report: measured on these clips.
        path: where to.
        only: clips that were measured, where not all that were judged were.
        gate: its decision, where there is one.

    Raises:
        BadInput: the page cannot be written, or a clip's judgements are an impossible history.
    """
    write_text(path, agreement_page(whole_report(workspace, report, path.resolve().parent, only=only, gate=gate)))


def whole_report(
    workspace: Workspace,
    report: AgreementReport,
    beside: Path,
    *,
    only: Collection[ClipId] | None = None,
    gate: GateShown | None = None,
) -> AgreementShown:
    """What the page shows.

    Args:
        workspace, report, only, gate: see `write_whole_report`.
        beside: the folder in which the page will lie: addresses of media start there.
    """
    clips = tuple(one for one in judged_here(workspace) if only is None or one.clip in only)
    return _Maker(workspace=workspace, report=report, clips=clips, beside=beside, gate=gate).made()


@dataclass(slots=True, kw_only=True)
class _Maker:
    """Puts the page together; gathers on its way which lists and clips it needs."""

    workspace: Workspace
    report: AgreementReport
    clips: tuple[JudgedClip, ...]
    beside: Path
    gate: GateShown | None
    codes: Mapping[CoderId, str] = field(init=False)
    stages: Mapping[ClipId, Stage] = field(init=False)
    media: Mapping[ClipId, str] = field(init=False)
    week: Mapping[ClipId, str] = field(init=False)
    pairs: Compared = field(init=False)
    behind: Behind = field(init=False)
    lists: dict[str, ShownList] = field(default_factory=dict)
    wanted: dict[ClipId, None] = field(default_factory=dict)
    """In the order in which they are first named."""

    def __post_init__(self) -> None:
        self.pairs = compared(self.clips, self.workspace.protocol, self.workspace.codebook)
        closed = {clip: now.coded[-1].order for clip, now in self.pairs.courses.items()}
        with self.workspace.read() as records:
            self.codes = {one.id: one.code for one in records.coders()}
            self.stages = {clip: place.stage for clip, place in records.places().items()}
            times = records.log_times(closed.values())
            self.media = {
                asset.clip: asset.path for asset in records.assets(kind=AssetKind.CODING_PICTURE) if asset.event == 0
            }
        self.week = {clip: week_of(times[order]) for clip, order in closed.items()}
        self.behind = clips_behind(self.pairs, self.week, [focus_of("duration.alpha", self.book)])

    @property
    def book(self) -> Codebook:
        return self.workspace.codebook

    def made(self) -> AgreementShown:
        report = self.report
        topics = self._topics()
        rules = tuple(self._rule(one) for one in self.gate.rules) if self.gate else ()
        layers = tuple(self._layer(name) for name in self._layer_names())
        classes = self._classes()
        others = self._others()
        marks = self._marks()
        matrices = tuple(matrix for layer in _MATRICES if (matrix := self._matrix(layer)) is not None)
        among = among_coders(self.clips, self.workspace.protocol, self.book, report.settings)
        weeks = self._weeks()
        keys = {
            name: key
            for name in report.measures
            if (key := self._of(focus_of(name, self.book), layer_title(name.rpartition(".")[0])))
        }
        return AgreementShown(
            title=f"Agreement: {self.workspace.protocol.title}",
            simulated=report.simulated or self.workspace.simulated,
            headline=self._headline(),
            n_coded=report.n_coded,
            layers=layers,
            bounds=(
                Bound(value=report.settings.tentative_from, label=f"{report.settings.tentative_from:g} tentative"),
                Bound(value=report.settings.firm_from, label=f"{report.settings.firm_from:g} reliable"),
            ),
            others=others,
            classes=classes,
            marks=marks,
            matrices=matrices,
            coders=self._coders(among),
            pairs=self._pairs(among),
            weeks=weeks,
            drift=self._drift(),
            policy=self.gate.policy if self.gate else "",
            passed=self.gate.passed if self.gate else False,
            rules=rules,
            topics=topics,
            numbers=report.measures,
            keys=keys,
            lists=tuple(self.lists.values()),
            columns=COLUMNS,
            clips=self._clips(),
            how=self._how(),
            more="Emotions on which coders differ are named with all their clips by mmed coder compare --json.",
        )

    # links

    def _key(self, key: str, title: str) -> str:
        """A key whose list is on the page; empty: nobody differs there."""
        if key not in self.lists and not self._list(key, title, self.behind.of(key)):
            return ""
        return key

    def _of(self, focus: Focus, title: str) -> str:
        return self._key(key_of(focus), title[:1].upper() + title[1:])

    def _list(self, key: str, title: str, clips: Sequence[ClipId]) -> bool:
        if not clips:
            return False
        shown = clips[:LISTED]
        known = self.behind.clips
        self.lists[key] = ShownList(
            key=key,
            title=title,
            clips=tuple((clip, clip_words(known[clip]) if clip in known else "") for clip in shown),
            n_more=len(clips) - len(shown),
        )
        for clip in shown:
            self._want(clip)
        return True

    def _want(self, clip: ClipId) -> None:
        if clip in self.pairs.courses:
            self.wanted.setdefault(clip)

    # parts

    def _headline(self) -> tuple[str, ...]:
        report = self.report
        emotion = report.measures["emotion.alpha"]
        words = alpha_in_words(emotion, report.settings)
        number = "" if isinstance(emotion, Undetermined) else f"alpha {emotion.value:.3f}: "
        failed = [rule for rule in self.gate.rules if not rule.holds] if self.gate else []
        gate = []
        if self.gate is not None:
            gate = ["The gate is open."] if self.gate.passed else [f"The gate is closed: {len(failed)} rule(s) fail."]
        return (
            f"{report.n_coded} of {report.n_clips} judged clips are coded, by {report.n_coders} coders; "
            f"{report.n_events} events of {report.n_subjects} subjects.",
            f"The emotion of an event: {number}{words}.",
            *gate,
            "Counted is what stood when the coding of a clip closed, before anybody discussed it.",
        )

    def _layer_names(self) -> tuple[str, ...]:
        names = [one.name for one in self.report.layers]
        names += [f"{one.name}:{layer.name}" for one in self.report.passes for layer in one.layers]
        names += [one.name for one in self.report.ordered]
        return tuple(names)

    def _layer(self, name: str) -> ShownLayer:
        of = self.report.measures
        title = layer_title(name)
        ordinal = name in {one.name for one in self.report.ordered}
        return ShownLayer(
            title=f"{title}, ordinal" if ordinal else title,
            alpha=of[f"{name}.alpha"],
            ac1=of.get(f"{name}.ac2" if ordinal else f"{name}.ac1"),
            kappa=of.get(f"{name}.cohen"),
            percent=of[f"{name}.percent"],
            words=alpha_in_words(of[f"{name}.alpha"], self.report.settings),
            key=self._of(focus_of(f"{name}.alpha", self.book), title),
        )

    def _classes(self) -> tuple[ShownClasses, ...]:
        titles = {
            "emotion-class": "Classes of emotions",
            "emotion": "Emotions",
            "event-type": "Event types",
            "action-units": "Action units, scored or not",
            "vocal-cues": "Vocal cues, heard or not",
        }
        labels, report = self._labels(), self.report
        measured = {one.name: one.classes for one in report.layers}
        measured |= {"action-units": report.action_units, "vocal-cues": report.vocal_cues}
        return tuple(
            ShownClasses(
                title=title,
                classes=tuple(
                    ShownClass(
                        code=one.code,
                        label=labels[one.code],
                        positives=one.positives,
                        alpha=one.alpha,
                        ac1=one.ac1,
                        percent=one.percent,
                        words=alpha_in_words(one.alpha, self.report.settings),
                        key=self._of(Focus(layers=(layer,), code=one.code), f"{layer_title(layer)}: {one.code}"),
                    )
                    for one in classes
                ),
            )
            for layer, title in titles.items()
            if (classes := [one for one in measured.get(layer, ()) if one.code in labels])
        )

    def _others(self) -> tuple[ShownOther, ...]:
        of = self.report.measures
        named = (
            ("action units as sets, MASI", "action-units.masi", False),
            ("action units, index of FACS", "action-units.index", False),
            ("vocal cues as sets, MASI", "vocal-cues.masi", False),
            ("vocal cues, index of FACS", "vocal-cues.index", False),
            ("duration, interval alpha", "duration.alpha", False),
            ("stretches that coders marked, alpha of units", "existence.alpha-u", False),
            ("stretches that screeners marked, alpha of units", "screening.alpha-u", False),
            ("codings of foils with an event", "foils.invented", True),
        )
        return tuple(
            ShownOther(
                title=title,
                measure=name,
                value=of[name],
                as_share=as_share,
                key=self._of(focus := focus_of(name, self.book), " and ".join(map(layer_title, focus.layers or ()))),
            )
            for title, name, as_share in named
            if name in of
        )

    def _marks(self) -> tuple[ShownMark, ...]:
        protocol = self.workspace.protocol
        tolerances = {
            "onset": protocol.tolerance.onset,
            "apex": protocol.tolerance.apex,
            "offset": protocol.tolerance.offset,
        }
        return tuple(
            ShownMark(
                mark=one.mark,
                n_pairs=one.n_pairs,
                median_ms=one.median_ms,
                p95_ms=one.p95_ms,
                within=one.within,
                tolerance=_tolerance_words(tolerances[one.mark]),
                histogram=one.histogram,
                key=self._key(one.mark, f"{one.mark.capitalize()} further apart than the tolerance"),
            )
            for one in mark_lines(self.report, self.pairs, protocol, self.clips)
        )

    def _matrix(self, layer: str) -> ShownMatrix | None:
        counts = matrix_of(self.pairs, layer)
        labels = [code for code in self._order(layer) if any(code in pair for pair in counts)]
        if len(labels) < 2:
            return None
        rows = tuple(tuple(counts.get((one, other), 0) for other in labels) for one in labels)
        names = self._labels()
        return ShownMatrix(
            title=layer_title(layer)[:1].upper() + layer_title(layer)[1:],
            labels=tuple(names.get(code, code) for code in labels),
            counts=rows,
            keys={
                (at, beside): self._key(
                    confusion_key(layer, one, other),
                    f"{layer_title(layer)[:1].upper()}{layer_title(layer)[1:]}: "
                    f"{names.get(one, one)} and {names.get(other, other)}",
                )
                for at, one in enumerate(labels)
                for beside, other in enumerate(labels)
                if at != beside and rows[at][beside]
            },
        )

    def _order(self, layer: str) -> tuple[str, ...]:
        """Codes in the codebook's order, then what it does not hold."""
        book = self.book
        known: dict[str, tuple[Entry, ...]] = {
            "emotion": book.emotions,
            "emotion-class": book.classes,
            "event-type": book.event_types,
        }
        listed = [entry.code for entry in known.get(layer, ())]
        said = {code for pair in matrix_of(self.pairs, layer) for code in pair}
        return (*listed, *sorted(said - set(listed)))

    def _labels(self) -> Mapping[str, str]:
        book = self.book
        named = {
            entry.code: entry.label["en"]
            for entry in (*book.classes, *book.event_types, *book.emotions, *book.vocal_cues)
        }
        units = {entry.code: f"{entry.code} {entry.label['en']}" for entry in book.action_units}
        return {**named, **units, NOT_GIVEN: "no class"}

    def _coders(self, among: AmongCoders) -> tuple[ShownCoder, ...]:
        return tuple(
            ShownCoder(
                coder=self._code(one.coder),
                n_clips=one.n_clips,
                with_others=one.with_others,
                alpha_without=one.alpha_without,
                as_settled=one.against_consensus.emotion_agreement,
                key=self._key(coder_key(one.coder), f"{self._code(one.coder)} and any other coder"),
            )
            for one in among.coders
        )

    def _pairs(self, among: AmongCoders) -> tuple[ShownPair, ...]:
        return tuple(
            ShownPair(
                one=self._code(one.one),
                other=self._code(one.other),
                n_clips=one.n_clips,
                n_events=one.n_events,
                seen_by_one=one.seen_by_one,
                seen_by_other=one.seen_by_other,
                kappa=one.kappa,
                onset_ms=one.onset_ms,
                key=self._key(coder_key(one.one, one.other), f"{self._code(one.one)} and {self._code(one.other)}"),
            )
            for one in among.pairs
        )

    def _code(self, coder: CoderId) -> str:
        return self.codes.get(coder, coder)

    def _weeks(self) -> tuple[ShownWeek, ...]:
        by_week: dict[str, list[JudgedClip]] = defaultdict(list)
        for judged in self.clips:
            if judged.clip in self.week:
                by_week[self.week[judged.clip]].append(judged)
        return tuple(
            ShownWeek(
                week=week,
                n_clips=len(ones),
                alpha=emotion_alpha(
                    ((one.subject, self.pairs.courses[one.clip].coded) for one in ones),
                    self.workspace.protocol,
                    self.book,
                    self.report.settings,
                ),
                key=self._key(week_key(week), f"Emotion in {week}"),
            )
            for week, ones in sorted(by_week.items())
        )

    def _drift(self) -> tuple[ShownDrift, ...]:
        scores = over_time(
            checks(self.workspace),
            windows=by_month,
            match_iou=self.workspace.protocol.match_iou,
            codebook=self.book,
            min_units=self.report.settings.min_units,
        )
        return tuple(
            ShownDrift(
                coder=self._code(one.coder),
                kind=one.kind.value,
                window="always" if one.window == WHOLE else one.window,
                n_clips=one.n_clips,
                figures=_figures(one),
            )
            for one in sorted(scores, key=lambda one: self._code(one.coder))
        )

    def _rule(self, one: RuleLine) -> ShownRule:
        key = "" if one.focus is None else self._of(one.focus, " and ".join(map(layer_title, one.focus.layers or ())))
        if one.clips and self._list(f"rule {one.name}", f"Rule {one.name}", one.clips):
            key = f"rule {one.name}"
        return ShownRule(
            name=one.name,
            number=NOTHING if one.number is None else figure(one.number),
            bound=f"{one.sign} {figure(one.bound)}",
            holds=one.holds,
            rare=one.rare,
            what=one.what,
            remedy=one.remedy,
            key=key,
        )

    def _topics(self) -> tuple[ShownTopics, ...]:
        rules = self.gate.rules if self.gate else ()
        found = (
            *topics_of(self.pairs, self.codes, most=_TOPICS),
            *topics_of_rules(self.pairs, rules, self.codes, most=_TOPICS),
        )
        return tuple(ShownTopics(title=one.title, topics=self._linked(one)) for one in found)

    def _linked(self, topics: Topics) -> tuple[ShownTopic, ...]:
        linked = []
        for topic in topics.topics:
            if topic.clip is not None:
                self._want(topic.clip)
                linked.append(ShownTopic(words=topic.words, key="", clip=topic.clip))
            else:
                title = topic.words.partition(", ")[0]
                linked.append(ShownTopic(words=topic.words, key=self._key(topic.key, title[:1].upper() + title[1:])))
        return tuple(linked)

    # clips

    def _clips(self) -> tuple[ShownClip, ...]:
        clocks = {one.clip: one.clock for one in self.clips}
        differing = differing_columns(self.pairs, set(self.wanted))
        return tuple(
            ShownClip(
                clip=clip,
                stands=f"It stands at {self.stages[clip].value}",
                differs=clip_words(self.behind.clips[clip]) if clip in self.behind.clips else "",
                events=events_shown(
                    self.pairs.courses[clip].coded,
                    self.workspace.protocol,
                    self.book,
                    clocks[clip],
                    self.codes,
                    differing.get(clip, {}),
                ),
                notes=notes_of(self.pairs.courses[clip].coded, self.codes),
                media=self._address(clip),
            )
            for clip in self.wanted
        )

    def _address(self, clip: ClipId) -> str:
        path = self.workspace.media / self.media[clip] if clip in self.media else None
        if path is None or not path.is_file():
            return ""
        return quote(Path(os.path.relpath(path, self.beside)).as_posix())

    def _how(self) -> tuple[tuple[str, str], ...]:
        report = self.report
        return (
            ("protocol", report.protocol),
            ("codebook", report.codebook),
            ("intervals", "resample subjects, because clips of one subject are not independent"),
            *((name.replace("_", " "), str(value)) for name, value in report.measured_by.items()),
            ("hash of the judgements", report.judgements_digest),
        )


def figure(value: float) -> str:
    """A count without, a coefficient with three digits behind the point."""
    return f"{value:.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}".rstrip("0").rstrip(".")


def _tolerance_words(tolerance: Tolerance) -> str:
    return f"{tolerance.frames} frames or {tolerance.ms:g} ms, whichever is more"


def _figures(score: WindowScore) -> tuple[str, ...]:
    shapes = ("{:.2f}", "{:.2f}", "{:.2f}", "{:.0f} ms")
    held = (score.events_f1, score.emotion_agreement, score.action_unit_index, score.onset_ms)
    return tuple(_cell(one, shape) for one, shape in zip(held, shapes, strict=True))


def _cell(held: Held, shape: str) -> str:
    return NOTHING if isinstance(held.value, Undetermined) else shape.format(held.value)

"""Admission to a stage: by what a coder showed on clips of known reading, or by the curator's word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmed_curate.agreement.gold import GoldScore, against_gold
from mmed_curate.annotation.allowed import admitted_stages
from mmed_curate.domain.conduct import Admission
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding, Judgement
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import ROLE_FOR, Purpose, Qualification, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Reader, Workspace

_ADMITTED = "coder.admitted"
_KNOWN = (Purpose.TRAINING, Purpose.GOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One thing that a coder must show."""

    figure: str
    """Name of the protocol's bound."""
    value: float | Undetermined
    least: float
    n: int
    """Clips, events or action units that it rests on."""

    @property
    def reached(self) -> bool:
        """Whether it is at or above its bound; what is undetermined is not."""
        return not isinstance(self.value, Undetermined) and self.value >= self.least

    @property
    def missing(self) -> str:
        """What is missing, in words; empty: nothing."""
        if self.reached:
            return ""
        if isinstance(self.value, Undetermined):
            return f"{self.figure} is undetermined: {self.value.reason}"
        return f"{self.figure} is {self.value:.3g}, at least {self.least:.3g} is asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a coder is admitted to a stage now, and what that rests on."""

    coder: str
    stage: Stage
    bars: tuple[Bar, ...]
    """What was held against the protocol; empty: the curator's word counts."""
    word: str | None
    """The curator's word; None: it rests on the figures."""
    admitted: bool
    """As it stands from now on."""
    simulated: bool

    @property
    def reached(self) -> bool:
        """Whether every bar is reached; False where there are none."""
        return bool(self.bars) and all(bar.reached for bar in self.bars)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing, in words."""
        return tuple(bar.missing for bar in self.bars if not bar.reached)


def qualify(workspace: Workspace, coder_code: str, *, stage: Stage = Stage.CODING) -> Verdict:
    """Hold a coder's answers on clips of known reading against the protocol; where every bound is reached, admit them.

    Of each clip their first answer counts, as it stands: what came after they were shown the reading says nothing.
    What they answered before an admission was last taken from them does not count.

    Args:
        workspace: whose coder.
        coder_code: who.
        stage: to what.

    Raises:
        BadInput: there is no such coder, they have not the stage's role, or the protocol does not say what to show.
    """
    asked = workspace.protocol.qualification
    if stage is not Stage.CODING or asked is None:
        raise BadInput.of(
            "qualify.not_asked",
            f"the protocol does not say what to show before {stage.value}",
            "whoever has the role may judge there; admit or keep out by your word, with --word or --withdraw",
        )
    with workspace.write() as records:
        coder = _with_role(records, coder_code, stage)
        score = against_gold(
            first_answers(records, coder, workspace).values(), workspace.protocol.match_iou, workspace.codebook
        )
        bars = bars_of(score, asked)
        if all(bar.reached for bar in bars):
            evidence = _evidence(bars)
            before = records.admissions().get((coder.id, stage))
            if before is None or not before.admitted or dict(before.evidence) != evidence:
                records.admit(Admission(coder=coder.id, stage=stage, admitted=True, evidence=evidence))
        return _verdict(records, workspace, coder, stage, bars, word=None)


def by_word(workspace: Workspace, coder_code: str, *, stage: Stage, admitted: bool, word: str) -> Verdict:
    """Admit a coder to a stage, or keep them from it, by the curator's word.

    Raises:
        BadInput: there is no such coder, they have not the stage's role, or no reason is given.
    """
    if not word.strip():
        raise BadInput.of("qualify.no_word", "a word needs a reason", "say why in a few words")
    with workspace.write() as records:
        coder = _with_role(records, coder_code, stage)
        records.admit(Admission(coder=coder.id, stage=stage, admitted=admitted, evidence={"word": word}))
        return _verdict(records, workspace, coder, stage, (), word=word)


def first_answers(records: Reader, coder: Coder, workspace: Workspace) -> dict[ClipId, tuple[Coding, Coding]]:
    """By clip of known reading: what a coder answered first, as it stands, and what is known.

    Answers from before an admission to coding was last taken from them are left out.
    """
    gold = records.gold()
    since = last_withdrawal(records, coder)
    n_turns = len(workspace.protocol.coding.turns)
    said: dict[ClipId, tuple[Coding, Coding]] = {}
    for judgement, answer in standing_codings(records.judgements(coder=coder.id, purposes=_KNOWN), n_turns):
        if judgement.order > since and judgement.clip in gold:
            said.setdefault(judgement.clip, (answer, gold[judgement.clip].reading))
    return said


def standing_codings(judgements: Iterable[Judgement], n_turns: int) -> tuple[tuple[Judgement, Coding], ...]:
    """Codings of the last pass that no later judgement corrects, in log order.

    Args:
        judgements: of one coder, corrections too.
        n_turns: passes of coding.
    """
    made = sorted(judgements, key=lambda one: one.order)
    corrected = {one.supersedes for one in made}
    return tuple(
        (one, one.answer)
        for one in made
        if isinstance(one.answer, Coding) and one.turn == n_turns and one.id not in corrected
    )


def bars_of(score: GoldScore, asked: Qualification) -> tuple[Bar, ...]:
    """Every figure beside its bound."""

    def figure(value: float | None, reason: str) -> float | Undetermined:
        return Undetermined(reason=reason) if value is None else value

    return (
        Bar(figure="clips", value=score.n_clips, least=asked.clips, n=score.n_clips),
        Bar(figure="event_free", value=score.n_event_free, least=asked.event_free, n=score.n_clips),
        Bar(
            figure="events_f1",
            value=figure(score.events_f1, "there was no event to find, and none was marked"),
            least=asked.events_f1,
            n=score.n_gold,
        ),
        Bar(
            figure="emotion_agreement",
            value=figure(score.emotion_agreement, "no event was matched"),
            least=asked.emotion_agreement,
            n=score.n_matched,
        ),
        Bar(
            figure="action_unit_index",
            value=figure(score.action_unit_index, "no action unit is scored in matched events"),
            least=asked.action_unit_index,
            n=score.n_units,
        ),
    )


def _verdict(
    records: Reader, workspace: Workspace, coder: Coder, stage: Stage, bars: tuple[Bar, ...], word: str | None
) -> Verdict:
    return Verdict(
        coder=coder.code,
        stage=stage,
        bars=bars,
        word=word,
        admitted=stage in admitted_stages(records, workspace.protocol, (coder,))[coder.id],
        simulated=workspace.simulated or coder.simulated,
    )


def _with_role(records: Reader, code: str, stage: Stage) -> Coder:
    coder = records.coder(code)
    role = ROLE_FOR[stage]
    if role not in coder.roles:
        raise BadInput.of(
            "qualify.no_role", f"{code} is no {role.value}, which {stage.value} needs", "choose a stage of their roles"
        )
    return coder


def last_withdrawal(records: Reader, coder: Coder) -> int:
    """The log entry by which an admission to coding was last taken from a coder; 0: never."""
    last = 0
    for entry in records.log(_ADMITTED):
        said = json.loads(entry.payload)
        if said["coder"] == coder.id and said["stage"] == Stage.CODING.value and not said["admitted"]:
            last = entry.sequence
    return last


def _evidence(bars: Sequence[Bar]) -> Mapping[str, object]:
    return {bar.figure: {"value": bar.value, "least": bar.least, "n": bar.n} for bar in bars}

"""Practice goes the way of a real ticket, on the bundled clip, and stores nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from annotator_gui import acts
from annotator_gui.marks import Mark
from annotator_gui.practice import CLIP_NAME, PracticeDesk
from annotator_gui.session import Sitting
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import ScreeningVerdict, VerificationVerdict
from mmed_curate.domain.protocol import JUDGED, AnswerField, Stage
from mmed_curate.domain.time import Frame


def test_the_clip_is_there_and_small(repository: Path) -> None:
    ticket = PracticeDesk().next_ticket()
    assert ticket is not None
    assert ticket.picture is not None
    assert ticket.sound is not None
    assert ticket.clip_name == CLIP_NAME
    assert "SIMULATED" in ticket.clip_name
    assert ticket.clock.n_frames == 72
    assert sum(path.stat().st_size for path in (repository / "demo" / "practice").iterdir()) <= 300 * 1024


def mark_and_code(sitting: Sitting) -> None:
    """The movement, as we read it."""
    for mark, frame in zip(Mark, (17, 40, 70), strict=True):
        sitting.act(acts.set_mark(mark, Frame(frame)))
    sitting.act(acts.choose(AnswerField.EVENT_TYPE, "macro"))
    for code in ("au6", "au12", "au25"):
        sitting.act(acts.toggle_unit(code))


def test_it_is_coded_from_open_to_feedback() -> None:
    sitting = Sitting(PracticeDesk())
    view = sitting.take().view
    assert view.ticket is not None
    assert AnswerField.EMOTION in view.ticket.later_fields
    mark_and_code(sitting)
    view = sitting.hand_in().view
    assert view.movement_given
    sitting.act(acts.choose(AnswerField.EMOTION, "happiness"))
    sitting.act(acts.choose(AnswerField.CONFIDENCE, "high"))
    view = sitting.hand_in().view
    assert view.feedback is not None
    assert (view.feedback.score.n_matched, view.feedback.score.n_same_emotion) == (1, 1)
    assert view.feedback.score.action_unit_index == 1.0
    view = sitting.take().view
    assert view.ticket is None
    assert view.progress is not None
    assert (view.progress.waiting, view.progress.submitted_today) == (0, 1)


def test_all_stages_can_be_tried() -> None:
    desk = PracticeDesk(JUDGED)
    sitting = Sitting(desk)
    assert [ticket.stage for ticket in desk.coming(9)] == list(JUDGED[1:])
    sitting.take()
    sitting.act(acts.screen(ScreeningVerdict.ACCEPT))
    sitting.hand_in()
    sitting.take()
    mark_and_code(sitting)
    sitting.hand_in()
    sitting.act(acts.choose(AnswerField.EMOTION, "happiness"))
    sitting.act(acts.choose(AnswerField.CONFIDENCE, "low"))
    sitting.hand_in()
    ticket = sitting.take().view.ticket
    assert ticket is not None
    assert ticket.stage is Stage.ADJUDICATION
    sitting.act(acts.start_from(ticket.readings[0].events))
    sitting.act(acts.set_reason("A"))
    if AnswerField.CONFIDENCE in ticket.fields:
        sitting.act(acts.choose(AnswerField.CONFIDENCE, "high"))
    sitting.played(Frame(0), Frame(71), speed=Fraction(1), with_sound=True)
    sitting.hand_in()
    sitting.take()
    sitting.act(acts.verify(VerificationVerdict.ACCEPT))
    sitting.hand_in()
    assert sitting.take().view.ticket is None
    desk.begin_anew()
    assert sitting.take().view.ticket is not None


def test_what_does_not_fit_is_refused_as_at_a_real_desk() -> None:
    sitting = Sitting(PracticeDesk())
    sitting.take()
    with pytest.raises(BadInput, match="nothing is marked"):
        sitting.hand_in()
    with pytest.raises(BadInput, match="reason"):
        sitting.give_back(" ")


def test_given_back_it_begins_anew() -> None:
    sitting = Sitting(PracticeDesk())
    sitting.take()
    sitting.act(acts.set_mark(Mark.ONSET, Frame(5)))
    sitting.give_back("once more")
    view = sitting.take().view
    assert view.ticket is not None
    assert not view.draft.events


def test_a_draft_lasts_as_long_as_the_desk() -> None:
    desk = PracticeDesk()
    first = Sitting(desk)
    first.take()
    first.act(acts.set_mark(Mark.ONSET, Frame(5)))
    assert Sitting(desk).take().view.draft.events[0].marks.onset == 5
    assert not Sitting(PracticeDesk()).take().view.draft.events


def test_nobody_practises_what_nobody_judges() -> None:
    with pytest.raises(BadInput, match="settled"):
        PracticeDesk((Stage.SETTLED,))

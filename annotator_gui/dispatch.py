"""What each command does on the desk. One small method each; rules are the sitting's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial

from annotator_gui import acts
from annotator_gui.cheatsheet import CheatSheet
from annotator_gui.keyeditor import KeyEditor
from annotator_gui.keys import SETS, Command, KeyMap
from annotator_gui.looking import Shown
from annotator_gui.marks import Mark, proposed_frame
from annotator_gui.regions import Region
from annotator_gui.session import DeskLike
from annotator_gui.shell import Shell
from annotator_gui.speaker import Speaker
from annotator_gui.theme import DARK, LIGHT
from annotator_gui.window import DeskPage
from mmed_curate.domain.conduct import Aid
from mmed_curate.domain.protocol import Stage

_CLOSER = 1.5
"""One press (ours)."""


class Dispatch:
    """Runs commands on a desk."""

    def __init__(self, page: DeskPage) -> None:
        """Know what each command does."""
        self._page = page
        player = page.player
        look = self._look_at
        self._do: Mapping[Command, Callable[[], object]] = {
            Command.PLAY: player.toggle,
            Command.STEP_BACK: partial(self._step, -1),
            Command.STEP_ON: partial(self._step, 1),
            Command.TEN_BACK: partial(self._step, -10),
            Command.TEN_ON: partial(self._step, 10),
            Command.FIRST_FRAME: lambda: page.seek(0),
            Command.LAST_FRAME: self._to_end,
            Command.PREVIOUS_MARK: partial(self._to_mark, -1),
            Command.NEXT_MARK: partial(self._to_mark, 1),
            Command.SLOWER: lambda: player.change_speed(-1),
            Command.FASTER: lambda: player.change_speed(1),
            Command.LOOP_SPAN: self._loop_span,
            Command.SOUND: lambda: page.set_sound(not player.sound_on),
            Command.MARK_ONSET: partial(self._set_mark, Mark.ONSET),
            Command.MARK_APEX: partial(self._set_mark, Mark.APEX),
            Command.MARK_OFFSET: partial(self._set_mark, Mark.OFFSET),
            Command.NUDGE_BACK: partial(page.nudge, -1),
            Command.NUDGE_ON: partial(page.nudge, 1),
            Command.NEW_EVENT: lambda: page.act(acts.new_event()),
            Command.REMOVE_EVENT: lambda: page.act(acts.remove_event()),
            Command.UNDO: self._undo,
            Command.REDO: self._redo,
            Command.HAND_IN: self._hand_in,
            Command.SKIP: page.queue.skip,
            Command.FLAG: page.queue.flag,
            Command.WHOLE: self._whole,
            Command.FACE: partial(look, Region.FACE),
            Command.BROWS: partial(look, Region.BROWS),
            Command.MOUTH: partial(look, Region.MOUTH),
            Command.ZOOM_IN: lambda: page.picture.zoom(_CLOSER),
            Command.ZOOM_OUT: lambda: page.picture.zoom(1 / _CLOSER),
            Command.NEUTRAL: self._neutral,
            Command.FLICKER: self._flicker,
            Command.MAGNIFY: partial(self._aid, Aid.MAGNIFICATION, Shown.MAGNIFIED),
            Command.DIFFERENCE: self._difference,
            Command.MOTION: lambda: page.use(Aid.MOTION_CURVE, page.toggle_motion),
            Command.NOTE: self._write,
            Command.START_FROM: page.adjudication.start_from_next,
            Command.KEYS: self._keys,
            Command.THEME: self._theme,
            Command.BIGGER_TEXT: partial(self._text, 1),
            Command.SMALLER_TEXT: partial(self._text, -1),
        }

    def run(self, command: Command) -> bool:
        """Do what a command says; False: it means nothing now."""
        page = self._page
        ticket = page.view.ticket
        looks = command in _LOOKING and page.clip is not None
        unseen = page.unopened and command is Command.SKIP
        if ticket is None and not looks and not unseen and command not in _WITHOUT_TICKET:
            return False
        coding = ticket is not None and ticket.stage in {Stage.CODING, Stage.ADJUDICATION}
        adjudicates = ticket is not None and ticket.stage is Stage.ADJUDICATION and command is Command.NOTE
        if coding and not adjudicates and page.form.command(command):
            return True
        do = self._do.get(command)
        if do is None:
            return False
        do()
        return True

    def press_code(self, key: str) -> bool:
        """Choose what a key stands for here, such as a code or a reading; False: nothing."""
        page = self._page
        if page.training.isVisible() or page.view.ticket is None:
            return page.training.isVisible() and page.training.press(key)
        stage, plain = page.view.ticket.stage, key.lower()
        if stage is Stage.ADJUDICATION and page.adjudication.press(key):
            return True
        if len(plain) != 1:
            return False
        if stage is Stage.SCREENING:
            return page.screening.press(plain)
        if stage is Stage.VERIFICATION:
            return page.verification.press(plain)
        return page.form.press(plain)

    def _step(self, by: int) -> None:
        self._page.seek(self._page.player.frame + by)

    def _to_end(self) -> None:
        clip = self._page.clip
        if clip is not None:
            self._page.seek(clip.clock.last_frame)

    def _to_mark(self, way: int) -> None:
        here = self._page.player.frame
        events = self._page.view.draft.events
        places = sorted({frame for event in events for mark in Mark if (frame := event.marks.at(mark)) is not None})
        ahead = [frame for frame in places if (frame - here) * way > 0]
        if ahead:
            self._page.seek(min(ahead) if way > 0 else max(ahead))

    def _loop_span(self) -> None:
        page = self._page
        event = page.view.draft.event
        span = None if event is None else event.marks.span
        if page.range is not None or span is None:
            page.choose_all()
            return
        page.choose_range(span.onset, span.offset)

    def _set_mark(self, mark: Mark) -> None:
        page, ticket = self._page, self._page.view.ticket
        if ticket is None:
            return
        page.last_mark = mark
        now_s = page.player.now_s
        if now_s is None:
            page.act(acts.set_mark(mark, page.player.frame))
            return
        reaction_s = Fraction(page.shell.preferences.reaction_ms, 1000)
        frame = proposed_frame(now_s, ticket.clock, reaction_s=reaction_s, speed=page.player.speed)
        page.seek(frame)
        page.say(
            page.words(
                "{mark} may be at frame {frame}: step to where it is, then {key} sets it",
                mark=page.words(mark.value),
                frame=frame,
                key=page.keys.shown(SETS[mark]),
            )
        )

    def _undo(self) -> None:
        self._page.form.flush()
        if self._page.sitting is not None:
            self._page.do(self._page.sitting.undo)

    def _redo(self) -> None:
        self._page.form.flush()
        if self._page.sitting is not None:
            self._page.do(self._page.sitting.redo)

    def _hand_in(self) -> None:
        page = self._page
        if page.training.isVisible():
            page.training.go_on()
        else:
            page.hand_in()

    def _write(self) -> None:
        page, ticket = self._page, self._page.view.ticket
        if ticket is None:
            return
        panel = {
            Stage.SCREENING: page.screening,
            Stage.ADJUDICATION: page.adjudication,
            Stage.VERIFICATION: page.verification,
        }.get(ticket.stage)
        if panel is not None:
            panel.write_reason()

    def _whole(self) -> None:
        """The whole picture; asked again, pixel for pixel."""
        view = self._page.picture
        view.fills = view.is_close or not view.fills
        self._look_at(Region.WHOLE)

    def _look_at(self, region: Region) -> None:
        if not self._page.looking.look_at(region):
            self._page.say(self._page.words("Where the face lies is not known for this clip"), warn=True)

    def _neutral(self) -> None:
        page = self._page
        if not page.looking.has_neutral:
            page.say(page.words("There is no face at rest to compare with"), warn=True)
            return
        self._aid(Aid.NEUTRAL_FLICKER, Shown.NEUTRAL)

    def _flicker(self) -> None:
        event = self._page.view.draft.event
        if event is None or event.marks.onset is None or event.marks.apex is None:
            self._page.say(self._page.words("Set onset and apex first"), warn=True)
            return
        self._aid(Aid.MARK_FLICKER, Shown.MARKS)

    def _difference(self) -> None:
        event = self._page.view.draft.event
        if event is None or event.marks.onset is None:
            self._page.say(self._page.words("Set the onset first"), warn=True)
            return
        self._aid(Aid.DIFFERENCE, Shown.DIFFERENCE)

    def _aid(self, aid: Aid, how: Shown) -> None:
        page = self._page
        if page.view.ticket is None or page.view.ticket.picture is None:
            page.say(page.words("This pass shows no picture"), warn=True)
            return
        if page.looking.how is how:
            page.looking.toggle(how)
            return
        page.use(aid, lambda: page.looking.toggle(how))

    def _keys(self) -> None:
        page = self._page
        book = None if page.view.ticket is None else page.view.ticket.codebook
        sheet = CheatSheet(words=page.words, keys=page.keys, codebook=book, parent=page)
        sheet.change_asked.connect(self._change_keys)
        sheet.exec()

    def _change_keys(self) -> None:
        page = self._page
        editor = KeyEditor(words=page.words, keys=page.keys, path=page.shell.config / "keys.json", parent=page)
        editor.changed.connect(page.set_keys)
        editor.exec()

    def _theme(self) -> None:
        page = self._page
        other = LIGHT if page.shell.theme is DARK else DARK
        page.shell.restyle(replace(page.shell.preferences, theme=other.name))
        page.restyle()

    def _text(self, by: int) -> None:
        page = self._page
        page.shell.restyle(page.shell.preferences.larger(by))
        page.restyle()


_WITHOUT_TICKET = frozenset({Command.KEYS, Command.THEME, Command.BIGGER_TEXT, Command.SMALLER_TEXT, Command.HAND_IN})
_LOOKING = frozenset(
    {
        Command.PLAY,
        Command.STEP_BACK,
        Command.STEP_ON,
        Command.TEN_BACK,
        Command.TEN_ON,
        Command.FIRST_FRAME,
        Command.LAST_FRAME,
        Command.SLOWER,
        Command.FASTER,
        Command.SOUND,
        Command.WHOLE,
        Command.FACE,
        Command.BROWS,
        Command.MOUTH,
        Command.ZOOM_IN,
        Command.ZOOM_OUT,
    }
)
"""What can be done with a training clip that was answered, too."""


def desk_page(
    shell: Shell,
    open_desk: Callable[[], DeskLike],
    *,
    keys: KeyMap,
    speaker: Speaker | None = None,
    tour: bool = False,
) -> DeskPage:
    """A desk that does what its keys say; see `DeskPage`."""
    page = DeskPage(shell, open_desk, keys=keys, speaker=speaker, tour=tour)
    page.obeys = Dispatch(page)
    return page

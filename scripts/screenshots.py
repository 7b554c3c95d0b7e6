"""Makes a picture of every view of the annotation window, dark and light, from a SIMULATED workspace of its own.

On a machine with a screen, or on one without, with a virtual one (Debian: xvfb, libxcb-cursor0, fonts-noto-cjk):

    python scripts/screenshots.py docs/pictures/window
    xvfb-run -a -s "-screen 0 1280x800x24" python scripts/screenshots.py docs/pictures/window

Where DISPLAY names no screen, Qt draws offscreen. The faces are bent pictures of bundled recordings under the MIT
licence (demo/recordings/ATTRIBUTION.md); nothing in them was done or said by anyone.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false;*.debug=false")

import numpy as np
from PIL import Image
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtWidgets import QApplication, QWidget

from annotator_gui import acts
from annotator_gui.cheatsheet import CheatSheet
from annotator_gui.curator import CuratorPage
from annotator_gui.dispatch import desk_page
from annotator_gui.fields import Field
from annotator_gui.keys import DEFAULT_KEYS, Command
from annotator_gui.language import languages
from annotator_gui.loading import Beside
from annotator_gui.looking import Shown
from annotator_gui.practice import PracticeDesk
from annotator_gui.preferences import Preferences
from annotator_gui.session import DeskLike
from annotator_gui.shell import Shell
from annotator_gui.start import Chooser
from annotator_gui.theme import THEMES
from annotator_gui.window import DeskPage
from mmed_curate.annotation import Ticket, assign, coder_codes, open_desk, open_overview, write_report
from mmed_curate.domain.judgements import (
    Adjudication,
    Intensity,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.packaged import packaged_root
from mmed_curate.domain.protocol import AnswerField, Role, Stage
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.coders import Oracle, simulate_coders
from mmed_curate.simulation.crew import CoderSettings, load_coders
from mmed_curate.simulation.truth import read_truth
from mmed_curate.store import Workspace

WIDTH, HEIGHT = 1280, 800
MOST_BYTES, MOST_BYTES_IN_ALL = 150_000, 2_500_000
COLOURS = 128
"""Of a picture: text stays sharp, a face stays a face, a file stays small."""
OWN_COLOURS = sorted(
    {
        colour
        for theme in THEMES.values()
        for colour in (getattr(theme, field.name) for field in fields(theme))
        if colour.startswith("#")
    }
)
"""The window's, kept exactly: marks are told by them."""
FACES = ("face_noface.mov", "single_face.mp4")
"""Bundled recordings whose faces may be shown anywhere (MIT)."""
PEOPLE = {"screening": ("ann", Role.SCREENER), "coding": ("bob", Role.CODER)}
PEOPLE |= {"adjudication": ("dee", Role.ADJUDICATOR), "verification": ("eve", Role.EXPERT)}
"""Of our invention: who sits at the window in each workspace."""
LETTERS_OF_A_REASON = "the brow rises twice, and only the first time fast enough"


# the world


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A SIMULATED workspace at four moments."""

    truth: Path
    """What was planted."""
    screening: Path
    """Nothing is screened yet."""
    coding: Path
    """All is screened; bob codes."""
    adjudication: Path
    """Coded by simulated coders who often differ; dee adjudicates."""
    verification: Path
    """Adjudicated by a simulated adjudicator; eve verifies."""


def mmed(*arguments: object, within: Path | None = None) -> None:
    """Run a command as a curator does."""
    words = [sys.executable, "-c", "from mmed_curate.cli.main import main; main()", *map(str, arguments)]
    subprocess.run(words, cwd=within, check=True, stdout=subprocess.DEVNULL)


def make_world(folder: Path) -> None:
    """Simulated sessions of two subjects, taken in, and judged up to each stage."""
    bench, fresh = folder / "bench", folder / "fresh"
    faces = [word for name in FACES for word in ("--face", packaged_root() / "demo" / "recordings" / name)]
    mmed("simulate", "sessions", "--out", bench, "--subjects", 2, "--minutes", 0.5, "--workers", 1, *faces)
    mmed("init", fresh, "--seed", 1)
    mmed("subject", "import", bench / "subjects.csv", within=fresh)
    with (bench / "recordings.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for session in sorted({row["session"] for row in rows}):
        subjects = ",".join(sorted(row["subject"] for row in rows if row["session"] == session))
        mmed("session", "add", session, "--subjects", subjects, "--simulated", within=fresh)
    mmed("ingest", "--table", bench / "recordings.csv", within=fresh)
    for subject in sorted({row["subject"] for row in rows}):
        rest = folder / f"rest-{subject}"
        mmed("reference", "propose", subject, "-o", rest, within=fresh)
        with (rest / "rest.csv").open(encoding="utf-8") as lines:
            best = next(csv.DictReader(lines))
        place = ("--recording", best["recording"], "--at", best["at_s"], "--because", "SIMULATED: still")
        mmed("reference", "add", subject, *place, within=fresh)
    roles: list[Role] = []
    for stage, (code, role) in PEOPLE.items():
        shutil.copytree(fresh, folder / stage)
        mmed("coder", "add", code, "--role", role.value, within=folder / stage)
        if role is Role.CODER:
            mmed("qualify", code, "--word", "SIMULATED: a founding coder", within=folder / stage)
        judge(folder / stage, bench / "truth.csv", frozenset(roles))
        roles.append(role)


def judge(path: Path, truth: Path, roles: frozenset[Role]) -> None:
    """Let simulated coders of some roles judge, and hand out what then waits."""
    workspace = Workspace.open(path)
    if roles:
        simulate_coders(workspace, truth, crew_of(roles), profile="unreliable", seed=1)
    assign(workspace, seed=1)
    workspace.close()


def crew_of(roles: frozenset[Role]) -> CoderSettings:
    """The simulated coders who have one of these roles."""
    settings = load_coders("coders")
    profile = settings.profile("unreliable")
    crew = tuple(member for member in profile.crew if member.roles & roles)
    return settings.model_copy(update={"profiles": {"unreliable": profile.model_copy(update={"crew": crew})}})


def spans_of(path: Path, truth: Path, ticket: Ticket) -> tuple[Span, ...]:
    """Where something was planted into the clip of a ticket: what a person's eyes would tell."""
    workspace = Workspace.open(path)
    oracle = Oracle.of(workspace, read_truth(truth), load_coders("coders"), truth)
    with workspace.read() as view:
        clip = next(one.clip for one in view.tickets() if one.id == ticket.id)
    workspace.close()
    return tuple(event.span for event in oracle.events[clip])


# the camera


class Camera:
    """Opens the window, waits for what it does, and keeps what it shows."""

    def __init__(self, out: Path, only: str, config: Path) -> None:
        """Write to a folder.

        Args:
            out: where the pictures go.
            only: views whose name holds this; empty: all of them.
            config: where the window keeps likings.
        """
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._app, self._out, self._only, self._config = application, out, only, config
        self.theme, self.language = "dark", "en"
        self.sizes: dict[str, int] = {}

    def wants(self, name: str) -> bool:
        """Whether a view is asked for."""
        return self._only in name

    def wait(self, until: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Let the window work until something holds, and a moment longer."""
        ends = time.monotonic() + seconds
        while not until():
            if time.monotonic() > ends:
                raise TimeoutError("the window does not come to rest")
            self.pause(0.01)
        self.pause(0.15)

    def pause(self, seconds: float) -> None:
        """Let the window work for a while."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self._app.processEvents()
            time.sleep(0.005)

    @contextmanager
    def shell(self) -> Iterator[Shell]:
        """The window's frame, empty."""
        shell = Shell(Preferences(theme=self.theme, language=self.language, points=10), self._config)
        shell.resize(WIDTH, HEIGHT)
        shell.move(0, 0)
        shell.show()
        shell.activateWindow()
        try:
            yield shell
        finally:
            shell.close()
            shell.deleteLater()
            self.pause(0.05)

    @contextmanager
    def desk(self, opens: Callable[[], DeskLike], *, tour: bool = False) -> Iterator[DeskPage]:
        """A desk with its first clip wholly open."""
        with self.shell() as shell:
            page = desk_page(shell, opens, keys=DEFAULT_KEYS, tour=tour)
            opened: set[str] = set()
            page.loader.whole.connect(lambda ticket, film: opened.add(f"{ticket} film"))

            def lies_beside(beside: Beside) -> None:
                opened.add(f"{beside.ticket} beside")

            page.loader.beside.connect(lies_beside)
            shell.setCentralWidget(page)

            def is_there() -> bool:
                ticket = page.view.ticket
                if page.sitting is None or page.worker.busy:
                    return False
                return ticket is None or {f"{ticket.id} film", f"{ticket.id} beside"} <= opened

            self.wait(is_there)
            yield page

    def settle(self, page: DeskPage) -> None:
        """Wait until what was asked for is done and shown."""
        self.wait(lambda: not page.worker.busy)

    def take(self, name: str, window: QWidget, over: QWidget | None = None) -> None:
        """Keep a picture of the window as it is at this moment, and of a dialog over it."""
        picture = window.grab()
        if over is not None:
            painter = QPainter(picture)
            shade = window.palette().shadow().color()
            shade.setAlpha(90)
            painter.fillRect(picture.rect(), shade)
            left, top = (window.width() - over.width()) // 2, (window.height() - over.height()) // 2
            painter.drawPixmap(QPoint(left, max(0, top)), over.grab())
            painter.end()
        name = f"{name}-{self.theme}.png"
        path = self._out / name
        small(picture.toImage()).save(path, optimize=True)
        self.sizes[name] = path.stat().st_size
        print(f"{name}  {self.sizes[name] / 1000:.0f} kB", flush=True)  # noqa: T201


def small(picture: QImage) -> Image.Image:
    """The picture in few colours, at the size of the window whatever the screen's density."""
    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    bits = picture.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asstring(picture.sizeInBytes()), np.uint8).reshape(picture.height(), -1)
    pixels = rows[:, : picture.width() * 3].reshape(picture.height(), picture.width(), 3)
    image = Image.fromarray(pixels)
    if image.width != WIDTH:
        image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    found = image.quantize(COLOURS - len(OWN_COLOURS), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = Image.new("P", (1, 1))
    palette.putpalette(
        [*(part for colour in OWN_COLOURS for part in bytes.fromhex(colour[1:])), *(found.getpalette() or [])]
    )
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


# the views


def mark_event(page: DeskPage, span: Span) -> None:
    """Set the three marks of an event, as a coder does."""
    page.seek(span.onset)
    page.run(Command.MARK_ONSET)
    page.seek(span.apex)
    page.run(Command.MARK_APEX)
    page.seek(span.offset)
    page.run(Command.MARK_OFFSET)
    page.seek(span.apex)


def screening(camera: Camera, world: World) -> None:
    """A screener says yes, and what was found."""
    with camera.desk(partial(open_desk, world.screening, "ann")) as page:
        ticket = page.view.ticket
        assert ticket is not None
        spans = spans_of(world.screening, world.truth, ticket)
        page.act(acts.screen(ScreeningVerdict.ACCEPT))
        for span in spans[:1] or (Span(onset=Frame(30), apex=Frame(35), offset=Frame(41)),):
            mark_event(page, span)
        camera.settle(page)
        camera.take("screening", page.shell)


def coding(camera: Camera, world: World, *, suffix: str = "") -> None:
    """A coder from the first look to the emotion."""
    with camera.desk(partial(open_desk, world.coding, "bob")) as page:
        ticket = page.view.ticket
        assert ticket is not None
        if not suffix:
            camera.take("coding-begin", page.shell)
        spans = spans_of(world.coding, world.truth, ticket)
        span = spans[0] if spans else Span(onset=Frame(30), apex=Frame(35), offset=Frame(41))
        mark_event(page, span)
        page.act(acts.choose(AnswerField.EVENT_TYPE, "micro"))
        page.act(acts.toggle_unit("au1"))
        page.act(acts.set_unit("au1", intensity=Intensity.B))
        page.act(acts.toggle_unit("au2"))
        camera.settle(page)
        page.form.take_in_hand(Field.ACTION_UNITS)
        camera.take(f"coding{suffix}", page.shell)
        if suffix:
            undo_all(camera, page)
            return
        page.run(Command.MOTION)
        camera.settle(page)
        page.timeline.zoom(2.6)
        camera.take("timeline", page.shell)
        page.timeline.show_whole()
        page.run(Command.MOTION)
        closer(camera, page)
        several(camera, page, span)
        dialogs(camera, page)
        second_step(camera, page, span)


def undo_all(camera: Camera, page: DeskPage) -> None:
    """Leave the ticket as it was found."""
    while page.view.may_undo:
        page.run(Command.UNDO)
        camera.settle(page)


def closer(camera: Camera, page: DeskPage) -> None:
    """The brows close up, the face at rest in turn with the frame."""
    page.run(Command.BROWS)
    page.run(Command.NEUTRAL)
    camera.settle(page)
    camera.wait(lambda: page.looking.how is Shown.NEUTRAL)
    while not page.picture.label:  # the face at rest, not the frame
        camera.pause(0.01)
    camera.take("closer", page.shell)
    page.run(Command.NEUTRAL)
    page.run(Command.WHOLE)
    camera.settle(page)


def several(camera: Camera, page: DeskPage, span: Span) -> None:
    """Two events in one clip."""
    ticket = page.view.ticket
    assert ticket is not None
    n_frames = ticket.clock.n_frames
    later = span.offset + 8
    begin = later if later + 14 < n_frames else max(0, span.onset - 22)
    page.run(Command.NEW_EVENT)
    camera.settle(page)
    mark_event(page, Span(onset=Frame(begin), apex=Frame(begin + 5), offset=Frame(begin + 12)))
    page.act(acts.choose(AnswerField.EVENT_TYPE, "micro"))
    page.act(acts.toggle_unit("au4"))
    camera.settle(page)
    camera.take("several", page.shell)
    page.run(Command.REMOVE_EVENT)
    camera.settle(page)


def dialogs(camera: Camera, page: DeskPage) -> None:
    """Giving back, and the list of keys."""
    page.queue.skip()
    dialog = page.queue.dialog
    assert dialog is not None
    dialog.box.setChecked(True)
    camera.pause(0.2)
    camera.take("give-back", page.shell, dialog)
    dialog.reject()
    book = None if page.view.ticket is None else page.view.ticket.codebook
    sheet = CheatSheet(words=page.words, keys=page.keys, codebook=book, parent=page)
    sheet.show()
    camera.pause(0.2)
    camera.take("keys", page.shell, sheet)
    sheet.close()


def second_step(camera: Camera, page: DeskPage, span: Span) -> None:
    """The movement is handed in; what it means."""
    page.run(Command.HAND_IN)
    camera.wait(lambda: not page.worker.busy and page.view.movement_given)
    page.act(acts.choose(AnswerField.EMOTION, "surprise"))
    page.act(acts.add_cue("breath", Frame(max(0, span.onset - 2)), Frame(span.offset + 4)))
    page.act(acts.choose(AnswerField.CONFIDENCE, "high"))
    camera.settle(page)
    camera.take("emotion", page.shell)


def pass_by(path: Path, code: str, tells: Callable[[Ticket], bool]) -> None:
    """Answer tickets until one comes that tells something; the last one stays in any case."""
    desk = open_desk(path, code)
    while (ticket := desk.next_ticket()) is not None and not tells(ticket) and desk.coming(1):
        if ticket.stage is Stage.VERIFICATION:
            desk.submit(ticket.id, Verification(verdict=VerificationVerdict.ACCEPT))
        elif ticket.stage is Stage.ADJUDICATION:
            desk.submit(ticket.id, Adjudication(events=ticket.readings[0].events, reason="SIMULATED: as A saw it"))
        else:
            break


def adjudication(camera: Camera, world: World) -> None:
    """Readings side by side, one of them taken as the start."""
    pass_by(world.adjudication, "dee", lambda ticket: all(len(one.events) == 1 for one in ticket.readings))
    with camera.desk(partial(open_desk, world.adjudication, "dee")) as page:
        page.run(Command.START_FROM)
        ticket = page.view.ticket
        apexes = [event.span.apex for one in ticket.readings for event in one.events] if ticket else []
        page.seek(apexes[0] if apexes else 0)
        page.act(acts.set_reason(LETTERS_OF_A_REASON))
        camera.settle(page)
        camera.take("adjudication", page.shell)


def verification(camera: Camera, world: World) -> None:
    """Does it stand?"""
    pass_by(world.verification, "eve", lambda ticket: bool(ticket.proposed))
    with camera.desk(partial(open_desk, world.verification, "eve")) as page:
        span = page.view.ticket.proposed[0].span if page.view.ticket and page.view.ticket.proposed else None
        page.seek(0 if span is None else span.apex)
        page.act(acts.verify(VerificationVerdict.ACCEPT))
        camera.settle(page)
        camera.take("verification", page.shell)
        page.do(page.sitting.flag, "two faces in it; is it one clip?") if page.sitting else None
        camera.settle(page)


def training(camera: Camera, world: World) -> None:
    """Feedback beside what is known, on the practice clip."""
    with camera.desk(PracticeDesk) as page:
        mark_event(page, Span(onset=Frame(21), apex=Frame(40), offset=Frame(64)))
        page.act(acts.choose(AnswerField.EVENT_TYPE, "macro"))
        page.act(acts.toggle_unit("au12"))
        page.act(acts.toggle_unit("au7"))
        page.run(Command.HAND_IN)
        camera.wait(lambda: not page.worker.busy and page.view.movement_given)
        page.act(acts.choose(AnswerField.EMOTION, "surprise"))
        page.act(acts.choose(AnswerField.CONFIDENCE, "medium"))
        camera.settle(page)
        page.run(Command.HAND_IN)
        camera.wait(page.training.isVisible)
        camera.take("training", page.shell)
        page.training.go_on()
        camera.settle(page)
        camera.take("nothing-now", page.shell)


def tour(camera: Camera, world: World) -> None:
    """The guided tour at a step on the timeline."""
    with camera.desk(PracticeDesk, tour=True) as page:
        assert page.tour is not None
        page.tour.go_to(3)
        camera.settle(page)
        camera.take("tour", page.shell)


def curator(camera: Camera, world: World) -> None:
    """The round at a glance."""
    read, write = partial(open_overview, world.verification), partial(write_report, world.verification)
    with camera.shell() as shell:
        page = CuratorPage(read=read, write=write, words=shell.words, theme=THEMES[camera.theme])
        shell.setCentralWidget(page)
        camera.wait(page.again_button.isEnabled)
        camera.take("curator", shell)


def chooser(camera: Camera, world: World) -> None:
    """Who is sitting down?"""
    with camera.shell() as shell:
        shell.setCentralWidget(Chooser(coder_codes(world.screening), words=shell.words))
        camera.pause(0.3)
        camera.take("chooser", shell)


def chinese(camera: Camera, world: World) -> None:
    """Coding in Simplified Chinese, where the window has it."""
    if "zh-Hans" not in languages():
        print("zh-Hans: the window does not have it", flush=True)  # noqa: T201
        return
    camera.language = "zh-Hans"
    try:
        coding(camera, world, suffix="-zh-Hans")
    finally:
        camera.language = "en"


VIEWS: tuple[tuple[str, Callable[[Camera, World], None]], ...] = (
    ("chooser", chooser),
    ("tour", tour),
    ("screening", screening),
    ("coding-zh-Hans", chinese),
    ("coding", coding),
    ("adjudication", adjudication),
    ("verification", verification),
    ("training", training),
    ("curator", curator),
)
"""By name; `coding` takes several, in the order in which a coder meets them."""


def main() -> int:
    """Make them.

    Returns:
        0; 1: a picture is larger than it may be.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder for the pictures")
    parser.add_argument("--only", default="", help="views whose name holds this")
    parser.add_argument("--world", type=Path, help="keep the simulated workspaces here, and use them the next time")
    said = parser.parse_args()
    said.out.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as scratch:
        kept = said.world or Path(scratch) / "world"
        if not (kept / "done").exists():
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            make_world(kept)
            (kept / "done").touch()
        sizes: dict[str, int] = {}
        for theme in ("dark", "light"):
            # each theme judges in copies of its own: what one hands in is not there for the other
            own = Path(scratch) / theme
            for name in ("screening", "coding", "adjudication", "verification"):
                shutil.copytree(kept / name, own / name)
            world = World(
                truth=kept / "bench" / "truth.csv",
                screening=own / "screening",
                coding=own / "coding",
                adjudication=own / "adjudication",
                verification=own / "verification",
            )
            camera = Camera(said.out, said.only, Path(scratch) / "config")
            camera.theme = theme
            for name, view in VIEWS:
                if camera.wants(name):
                    view(camera, world)
            sizes |= camera.sizes
    app.quit()
    too_large = [name for name, size in sizes.items() if size > MOST_BYTES]
    print(f"{len(sizes)} pictures, {sum(sizes.values()) / 1000:.0f} kB", flush=True)  # noqa: T201
    if too_large or sum(sizes.values()) > MOST_BYTES_IN_ALL:
        print(f"too large: {', '.join(too_large) or 'all of them together'}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

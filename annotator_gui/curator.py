"""The curator's view: how far everyone is, how well they agree, where they do not. Never opened for a coder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from annotator_gui.fittedtable import FittedTable
from annotator_gui.intervalplot import IntervalPlot
from annotator_gui.language import Words
from annotator_gui.measuredpanel import MeasuredPanel
from annotator_gui.numberwords import measure_words
from annotator_gui.queue import stage_words
from annotator_gui.readingtable import ReadingTable
from annotator_gui.stageparts import KeyButton, plain
from annotator_gui.theme import Theme
from annotator_gui.trendplot import TrendPlot
from annotator_gui.worker import Worker
from mmed_curate.annotation.overview import CoderLine, Dispute, Overview
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import JUDGED, Stage


def _open(path: Path) -> bool:
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class CuratorPage(QWidget):
    """Everything at a glance, and one click from a number to its clips."""

    def __init__(
        self,
        *,
        read: Callable[[], Overview],
        write: Callable[[], Path],
        words: Words,
        theme: Theme,
        opens: Callable[[Path], object] = _open,
        parent: QWidget | None = None,
    ) -> None:
        """Read it, in a thread, and draw it.

        Args:
            read: gives the round as it is now.
            write: writes the whole report and says where.
            words: the window's.
            theme: its colours.
            opens: shows a page to the curator.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._read, self._write, self._opens = read, write, opens
        self._words, self._theme = words, theme
        self._overview: Overview | None = None
        self._wanted: tuple[Stage | None, str | None] = (None, None)
        self._differing: tuple[frozenset[ClipId], str] | None = None
        self._worker = Worker(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        body = QWidget()
        self._scroll.setWidget(body)
        outer.addWidget(self._scroll)
        column = QVBoxLayout(body)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(10)
        head = QHBoxLayout()
        self._title = plain(large=True)
        self.again_button = KeyButton(words("Read again"), checkable=False)
        self.again_button.clicked.connect(self.read)
        head.addWidget(self._title, 1)
        self.report_button = KeyButton(words("Whole report"), checkable=False)
        self.report_button.setToolTip(
            words("Write everything on one page, with the clips behind each number, and open it")
        )
        self.report_button.clicked.connect(self.write_report)
        head.addWidget(self.report_button)
        head.addWidget(self.again_button)
        column.addLayout(head)
        self._written = plain(quiet=True)
        self._written.hide()
        column.addWidget(self._written)
        self._warning = plain(warn=True)
        column.addWidget(self._warning)
        self._all = QWidget()
        column.addWidget(self._all, 1)
        rest = QVBoxLayout(self._all)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(10)
        rest.addWidget(plain(words("Clips by stage"), heading=True))
        self._tiles = QHBoxLayout()
        self._tiles.setSpacing(8)
        self.stage_buttons: dict[Stage, KeyButton] = {}
        names = stage_words(words)
        for stage in Stage:
            button = KeyButton(names[stage])
            button.clicked.connect(partial(self._of_stage, stage))
            self.stage_buttons[stage] = button
            self._tiles.addWidget(button, 1)
        rest.addLayout(self._tiles)
        two = QHBoxLayout()
        two.setSpacing(18)
        agreement = QVBoxLayout()
        agreement.addWidget(plain(words("Agreement"), heading=True))
        self._numbers = QWidget()
        self._number_rows = QGridLayout(self._numbers)
        self._number_rows.setContentsMargins(0, 0, 0, 0)
        self._number_rows.setColumnMinimumWidth(0, 150)
        self._number_rows.setColumnStretch(1, 1)
        agreement.addWidget(self._numbers)
        self.layers = IntervalPlot(words=words, theme=theme)
        agreement.addWidget(self.layers)
        agreement.addStretch(1)
        two.addLayout(agreement, 1)
        trend = QVBoxLayout()
        trend.addWidget(plain(words("Emotion agreement by week, with intervals"), heading=True))
        self.trend = TrendPlot(words=words, theme=theme)
        trend.addWidget(self.trend)
        two.addLayout(trend, 1)
        rest.addLayout(two)
        self.measured = MeasuredPanel(words=words, theme=theme)
        self.measured.wanted.connect(self._of_answers)
        rest.addWidget(self.measured)
        rest.addWidget(plain(words("Coders: answered, and waiting in brackets"), heading=True))
        self.coders = _table(words("Coders"))
        self.coders.cellClicked.connect(self._of_coder)
        rest.addWidget(self.coders)
        self._which = plain(heading=True)
        self.everything_button = KeyButton(words("Show all"), checkable=False)
        self.everything_button.clicked.connect(self._want_all)
        line = QHBoxLayout()
        line.addWidget(self._which, 1)
        line.addWidget(self.everything_button)
        rest.addLayout(line)
        beside = QHBoxLayout()
        beside.setSpacing(12)
        self.disputes = QListWidget()
        self.disputes.setAccessibleName(words("Clips that disagree most"))
        self.disputes.setMinimumHeight(220)
        self.disputes.setWordWrap(True)
        self.disputes.setSpacing(3)
        self.disputes.currentRowChanged.connect(self._show_dispute)
        beside.addWidget(self.disputes, 2)
        right = QVBoxLayout()
        self.table = ReadingTable(words=words, theme=theme)
        self._notes = plain(quiet=True)
        right.addWidget(self.table)
        right.addWidget(self._notes)
        right.addStretch(1)
        beside.addLayout(right, 3)
        rest.addLayout(beside, 1)
        rest.addWidget(plain(words("Flagged for discussion"), heading=True))
        self.flags = _table(words("Flagged for discussion"))
        self._no_flags = plain(words("Nothing is flagged."), quiet=True)
        rest.addWidget(self.flags)
        rest.addWidget(self._no_flags)
        self._all.hide()
        self.read()

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        for part in (self.trend, self.layers, self.measured):
            part.set_theme(theme)
        self.table.set_theme(theme)

    def read(self) -> None:
        """Read the round as it is now."""
        self._title.setText(self._words("Reading…"))
        self.again_button.setEnabled(False)
        self._worker.do(self._read, then=self.show_overview, otherwise=self.say)

    def write_report(self) -> None:
        """Write the whole report, and open it."""
        self.report_button.setEnabled(False)
        self._written.setText(self._words("Writing…"))
        self._written.show()
        self._worker.do(self._write, then=self._show_written, otherwise=self._not_written)

    def _show_written(self, path: Path) -> None:
        self.report_button.setEnabled(True)
        self._written.setText(
            self._words("Written to {path}. It names coders: give it to nobody who still codes.", path=path)
        )
        self._opens(path)

    def _not_written(self, finding: Finding) -> None:
        self.report_button.setEnabled(True)
        self._written.setText(self._words.finding(finding))

    def say(self, finding: Finding) -> None:
        """Say why it could not be read; what was shown stays."""
        self.again_button.setEnabled(True)
        self._title.setText(self._words("The curator's view"))
        self._warning.setText(self._words.finding(finding))
        self._warning.show()

    def show_overview(self, overview: Overview) -> None:
        """Draw a round."""
        words = self._words
        self._overview = overview
        self.again_button.setEnabled(True)
        self._title.setText(overview.title)
        simulated = words(
            "SIMULATED: clips or coders of this workspace are made up; its numbers say nothing of people."
        )
        self._warning.setText(simulated if overview.simulated else "")
        self._warning.setVisible(overview.simulated)
        names = stage_words(words)
        for stage, button in self.stage_buttons.items():
            button.say(f"{overview.stages.get(stage, 0)}   {names[stage]}")
        self._show_numbers(overview)
        self.layers.show_layers(overview.measured.layers, overview.measured.bounds)
        self.trend.show_points(overview.trend)
        self.measured.show_measured(overview.measured, overview.codebook)
        self.measured.show_attempts(overview.attempts, overview.next_needs)
        self._show_coders(overview.coders)
        self._show_flags(overview)
        self._want(*self._wanted)
        self._all.show()

    @property
    def listed(self) -> tuple[Dispute, ...]:
        """The disputes that are listed."""
        stage, coder = self._wanted
        if self._overview is None:
            return ()
        return tuple(
            dispute
            for dispute in self._overview.disputes
            if (stage is None or dispute.stage is stage)
            and (coder is None or coder in {reading.coder for reading in dispute.readings})
            and (self._differing is None or dispute.clip in self._differing[0])
        )

    def _show_numbers(self, overview: Overview) -> None:
        words = self._words
        while (item := self._number_rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        known = {
            "existence": words("An event is there"),
            "onset": words("Onset within tolerance"),
            "apex": words("Apex within tolerance"),
            "offset": words("Offset within tolerance"),
        }
        rows = [(words("Emotion, alpha"), overview.emotion_alpha)]
        rows += [(known.get(name, name), measure) for name, measure in overview.rates.items()]
        for row, (name, measure) in enumerate(rows):
            self._number_rows.addWidget(plain(name, quiet=True), row, 0)
            self._number_rows.addWidget(plain(measure_words(measure, words)), row, 1)

    def _show_coders(self, coders: tuple[CoderLine, ...]) -> None:
        words, names = self._words, stage_words(self._words)
        heads = [words("Coder"), *(names[stage] for stage in JUDGED), words("Last day")]
        self.coders.show_rows(
            heads,
            [
                [
                    line.code,
                    *(_counted(line.submitted.get(stage, 0), line.waiting.get(stage, 0)) for stage in JUDGED),
                    line.last_day or "–",
                ]
                for line in coders
            ],
        )
        self.coders.setToolTip(words("Click a coder to list the clips on which they and others differ"))

    def _show_flags(self, overview: Overview) -> None:
        words = self._words
        self.flags.show_rows(
            [words("Day"), words("Coder"), words("Why"), words("Ticket")],
            [[flag.at[:10], flag.coder, flag.because, str(flag.ticket)] for flag in overview.flags],
            widest=2,
        )
        self.flags.setVisible(bool(overview.flags))
        self._no_flags.setVisible(not overview.flags)

    def _of_stage(self, stage: Stage) -> None:
        wanted, coder = self._wanted
        self._want(None if wanted is stage else stage, coder)

    def _of_coder(self, row: int) -> None:
        if self._overview is not None:
            code = self._overview.coders[row].code
            stage, wanted = self._wanted
            self._want(stage, None if wanted == code else code)

    def _of_answers(self, clips: frozenset[ClipId], said: str) -> None:
        again = self._differing is not None and self._differing[1] == said
        self._differing = None if again else (clips, said)
        self._want(*self._wanted)
        self._scroll.ensureWidgetVisible(self.disputes)

    def _want_all(self) -> None:
        self._differing = None
        self._want(None, None)

    def _want(self, stage: Stage | None, coder: str | None) -> None:
        self._wanted = (stage, coder)
        words = self._words
        for one, button in self.stage_buttons.items():
            button.show_chosen(one is stage)
        said = [words("Clips that disagree most")]
        if stage is not None:
            said.append(stage_words(words)[stage])
        if coder is not None:
            said.append(words("coded by {coder}", coder=coder))
        if self._differing is not None:
            said.append(self._differing[1])
        self._which.setText(" · ".join(said))
        self.everything_button.setVisible(len(said) > 1)
        self.disputes.clear()
        for dispute in self.listed:
            self.disputes.addItem(f"{dispute.clip}\n{'; '.join(dispute.what)}")
        if self.disputes.count():
            self.disputes.setCurrentRow(0)
        else:
            self.disputes.addItem(words("None."))
            self._show_dispute(-1)

    def _show_dispute(self, row: int) -> None:
        listed, overview = self.listed, self._overview
        there = 0 <= row < len(listed)
        self.table.setVisible(there)
        self._notes.setText("")
        if overview is None or not there:
            return
        dispute = listed[row]
        self.table.show_readings(
            [(reading.coder, reading.events) for reading in dispute.readings],
            book=overview.codebook,
            clock=dispute.clock,
        )
        notes = [
            self._words("{coder} notes: {note}", coder=reading.coder, note=reading.note)
            for reading in dispute.readings
            if reading.note
        ]
        self._notes.setText("\n".join(notes))


def _counted(submitted: int, waiting: int) -> str:
    if not submitted and not waiting:
        return "–"
    return f"{submitted} ({waiting})" if waiting else str(submitted)


def _table(name: str) -> FittedTable:
    table = FittedTable()
    table.setAccessibleName(name)
    return table

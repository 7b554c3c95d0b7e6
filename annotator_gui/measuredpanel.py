"""The curator's view of what was measured: distances in ms, what is confused, classes, the rules of the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from annotator_gui.errorplot import ErrorPlot
from annotator_gui.fittedtable import FittedTable
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.numberwords import layer_words, short_words
from annotator_gui.stageparts import plain
from annotator_gui.theme import Theme
from mmed_curate.annotation.measured import AttemptLine, ClassLine, MeasuredRound, RuleLine
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.counted import figure
from mmed_curate.domain.measures import Undetermined

_NOTHING = "–"


class MeasuredPanel(QWidget):
    """Holds no rules; one click on what is confused asks for its clips."""

    wanted = pyqtSignal(object, str)
    """Clips on which coders differ in something, and in words what it is."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._words = words
        self._measured: MeasuredRound | None = None
        self._said: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(plain(words("How far apart coders put the marks, in ms"), heading=True))
        row = QHBoxLayout()
        row.setSpacing(14)
        self.plots = {mark: ErrorPlot(mark, words=words, theme=theme) for mark in Mark}
        for plot in self.plots.values():
            row.addWidget(plot, 1)
        column.addLayout(row)
        column.addWidget(plain(words("Full bars lie within the tolerance, hollow ones beyond."), quiet=True))
        two = QHBoxLayout()
        two.setSpacing(18)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(plain(words("Most often confused: talk about these in retraining"), heading=True))
        self.confused = _table(words("Most often confused: talk about these in retraining"))
        self.confused.cellClicked.connect(self._of_confused)
        self._nothing_confused = plain(words("Nobody differs on anything."), quiet=True)
        left.addWidget(self.confused)
        left.addWidget(self._nothing_confused)
        left.addStretch(1)
        right.addWidget(plain(words("Each class and code"), heading=True))
        self.classes = _table(words("Each class and code"))
        self._rare = plain(quiet=True)
        right.addWidget(self.classes)
        right.addWidget(self._rare)
        right.addStretch(1)
        two.addLayout(left, 1)
        two.addLayout(right, 1)
        column.addLayout(two)
        self._gate = plain(words("The gate's rules on agreement"), heading=True)
        column.addWidget(self._gate)
        self.rules = _table(words("The gate's rules on agreement"))
        self._about_rules = plain(quiet=True)
        column.addWidget(self.rules)
        column.addWidget(self._about_rules)
        self._attempted = plain(words("Attempts at the gate"), heading=True)
        column.addWidget(self._attempted)
        self.attempts = _table(words("Attempts at the gate"))
        self._next = plain(quiet=True)
        column.addWidget(self.attempts)
        column.addWidget(self._next)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        for plot in self.plots.values():
            plot.set_theme(theme)

    def show_measured(self, measured: MeasuredRound, book: Codebook) -> None:
        """Draw it.

        Args:
            measured: the numbers.
            book: says what codes mean.
        """
        self._measured = measured
        for line in measured.marks:
            self.plots[Mark(line.mark)].show_line(line)
        labels = self._labels(book)
        self._show_confused(measured, labels)
        self._show_classes(measured, labels)
        self._show_rules(measured)

    def show_attempts(self, attempts: Sequence[AttemptLine], needs: str) -> None:
        """Draw every time that the gate was held on a whole sample, and what the next one needs, if it needs more."""
        words = self._words
        heads = [words("Attempt"), words("Day"), words("Policy"), words("Holds"), words("How it came out")]
        rows = [
            [str(one.number), one.day, one.policy, words("no") if one.failed else words("yes"), one.came]
            for one in attempts
        ]
        self.attempts.show_rows(heads, rows, widest=4)
        self.attempts.setVisible(bool(rows))
        self._next.setText(words("The next one: {needs}.", needs=needs) if needs else "")
        self._next.setVisible(bool(needs))
        self._attempted.setVisible(bool(rows))

    def _labels(self, book: Codebook) -> Mapping[str, str]:
        words = self._words
        entries = (*book.classes, *book.event_types, *book.emotions, *book.vocal_cues)
        return {
            **{entry.code: words.label(entry) for entry in entries},
            **{entry.code: f"{entry.code.upper()} {words.label(entry)}" for entry in book.action_units},
        }

    def _show_confused(self, measured: MeasuredRound, labels: Mapping[str, str]) -> None:
        words = self._words
        rows = []
        for one in measured.confused:
            said = [self._answer(one.layer, code, labels) for code in (one.one, one.other)]
            share = f"{one.n_pairs} / {one.of_pairs}  ({one.share:.0%})"
            rows.append([layer_words(one.layer, words), *said, share])
        self._said = tuple(f"{row[0]}: {row[1]} / {row[2]}" for row in rows)
        heads = [words("What"), words("One says"), words("Another says"), words("Pairs of coders")]
        self.confused.show_rows(heads, rows)
        self.confused.setToolTip(words("Click a line to list its clips"))
        self.confused.setVisible(bool(rows))
        self._nothing_confused.setVisible(not rows)

    def _answer(self, layer: str, code: str, labels: Mapping[str, str]) -> str:
        if layer == "existence":
            return self._words("an event") if code == "yes" else self._words("no event")
        if code == _NOTHING:
            return self._words("not given")
        return labels.get(code, code)

    def _show_classes(self, measured: MeasuredRound, labels: Mapping[str, str]) -> None:
        words = self._words
        told = [one for one in measured.classes if not isinstance(one.alpha, Undetermined)]
        self.classes.show_rows(
            [words("What"), words("Value"), words("Chosen in"), words("Alpha")],
            [self._class_row(one, labels) for one in told],
            widest=1,
        )
        self.classes.setVisible(bool(told))
        rest = len(measured.classes) - len(told)
        self._rare.setText(words("{n} more are undetermined: chosen too rarely.", n=rest))
        self._rare.setVisible(bool(rest))

    def _class_row(self, one: ClassLine, labels: Mapping[str, str]) -> list[str]:
        name = layer_words(one.layer, self._words)
        return [name, labels.get(one.code, one.code), str(one.positives), short_words(one.alpha)]

    def _show_rules(self, measured: MeasuredRound) -> None:
        words = self._words
        told = sorted((rule for rule in measured.rules if not rule.rare), key=lambda rule: rule.holds)
        heads = [words("Rule"), words("Number"), words("Bound"), words("Holds"), words("What to do")]
        self.rules.show_rows(heads, [self._rule_row(rule) for rule in told], widest=4)
        self.rules.setVisible(bool(told))
        if measured.policy_fault is not None:
            self._about_rules.setText(words.finding(measured.policy_fault))
            return
        said = [
            words(
                "Rules of: {policy}. Whether a release may be made, the command mmed gate says.", policy=measured.policy
            )
        ]
        rare = sum(rule.rare for rule in measured.rules)
        if rare:
            said.append(words("{n} more rules are about codes that are too rare to be told.", n=rare))
        self._about_rules.setText(" ".join(said))

    def _rule_row(self, rule: RuleLine) -> list[str]:
        words = self._words
        number = _NOTHING if rule.number is None else figure(rule.number)
        return [
            rule.name,
            number,
            f"{rule.sign} {figure(rule.bound)}",
            words("yes") if rule.holds else words("no"),
            rule.remedy or _NOTHING,
        ]

    def _of_confused(self, row: int) -> None:
        if self._measured is not None:
            self.wanted.emit(frozenset(self._measured.confused[row].clips), self._said[row])


def _table(name: str) -> FittedTable:
    table = FittedTable()
    table.setAccessibleName(name)
    return table

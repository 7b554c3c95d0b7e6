"""The list of keys (`?`): on screen, on paper, as a PDF."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QMarginsF, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QPageLayout, QPageSize, QTextDocument
from PyQt6.QtPrintSupport import QPrintDialog, QPrinter
from PyQt6.QtWidgets import QDialog, QFileDialog, QLabel, QTextBrowser, QVBoxLayout, QWidget

from annotator_gui.closing import closing_row
from annotator_gui.keys import KeyMap
from annotator_gui.keysheet import sheet
from annotator_gui.language import Words
from mmed_curate.domain.codebook import Codebook

_MARGIN_MM = 14.0
_PRINTED_POINTS = 8
"""Two pages of A4 hold commands and our codebook (ours)."""


class CheatSheet(QDialog):
    """Every key of the window and of the codes."""

    change_asked = pyqtSignal()
    """The coder wants other keys."""

    def __init__(
        self, *, words: Words, keys: KeyMap, codebook: Codebook | None = None, parent: QWidget | None = None
    ) -> None:
        """List them.

        Args:
            words: the coder's language.
            keys: the coder's.
            codebook: whose codes' keys are listed too; None: only commands.
            parent: the window.
        """
        super().__init__(parent)
        self._words = words
        self._html = sheet(keys, words, codebook)
        self.setWindowTitle(words("Keys"))
        self.resize(780, 760)
        column = QVBoxLayout(self)
        page = QTextBrowser()
        page.setAccessibleName(words("List of keys"))
        page.setHtml(self._html)
        column.addWidget(page, 1)
        self._said = QLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setWordWrap(True)
        self._said.hide()
        column.addWidget(self._said)
        does = (
            (words("Print…"), self._print),
            (words("Save as PDF…"), self._save),
            (words("Change keys…"), self.change_asked.emit),
        )
        column.addLayout(closing_row(self, does, words=words, by_enter=True))

    def document(self) -> QTextDocument:
        """The list as it is printed: black on white, whatever the window's colours."""
        document = QTextDocument(self)
        font = QFont(self.font())
        font.setPointSize(_PRINTED_POINTS)
        document.setDefaultFont(font)
        document.setHtml(self._html)
        return document

    def write_pdf(self, path: Path) -> bool:
        """Write the list to a file; False: the file could not be written."""
        printer = _a4()
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(path))
        self.document().print(printer)
        return path.is_file() and path.stat().st_size > 0

    def _print(self) -> None:
        printer = _a4()
        dialog = QPrintDialog(printer, self)
        dialog.setWindowTitle(self._words("Print the keys"))
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.document().print(printer)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._words("Save the keys as PDF"), "keys.pdf", "PDF (*.pdf)")
        if not name:
            return
        path = Path(name)
        self._said.setText(
            self._words("Saved: {path}", path=path)
            if self.write_pdf(path)
            else self._words("{path} cannot be written; choose another folder", path=path)
        )
        self._said.show()


def _a4() -> QPrinter:
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    printer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    return printer

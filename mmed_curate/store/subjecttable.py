"""A lab's table of subjects: one row for each, with what was signed. All rows are registered, or none."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.records import Consent, Term
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.store.workspace import Workspace

REQUIRED = ("code", "consent", "form_version", "signed_on")
OPTIONAL = ("expires_on", "simulated", "age_band", "sex", "ethnicity", "language", "glasses", "beard")

_ALL = "all"
_YES, _NO = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubject:
    """A subject who is to be registered."""

    code: str
    consent: Consent
    simulated: bool = False
    age_band: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    language: str | None = None
    glasses: bool | None = None
    beard: bool | None = None


def register(workspace: Workspace, subjects: tuple[NewSubject, ...]) -> None:
    """Register subjects in one transaction.

    Raises:
        BadInput: a code is taken already.
    """
    with workspace.write() as records:
        for subject in subjects:
            records.add_subject(
                subject.code,
                subject.consent,
                simulated=subject.simulated,
                age_band=subject.age_band,
                sex=subject.sex,
                ethnicity=subject.ethnicity,
                language=subject.language,
                glasses=subject.glasses,
                beard=subject.beard,
            )


def read_subjects(
    path: Path, taken: frozenset[str] = frozenset()
) -> tuple[tuple[NewSubject, ...], tuple[Finding, ...]]:
    """Read a CSV of subjects.

    Args:
        path: columns `code`, `consent` (see `parse_terms`), `form_version`,
            `signed_on`, and optionally `expires_on`, `simulated`, `age_band`, `sex`, `ethnicity`, `language`,
            `glasses`, `beard`. Days as YYYY-MM-DD, yes or no as such.
        taken: codes that are registered already.

    Returns:
        The subjects of all good rows, and what is wrong with each of the others.

    Raises:
        BadInput: the table cannot be read, is empty, or lacks a column or has one that means nothing.
    """
    try:
        with opened_table(path) as stream:
            reader = csv.DictReader(stream)
            lines = [(reader.line_num, row) for row in reader]
            columns = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of("subjects.unreadable", f"{path} cannot be read ({error})", "give a CSV in UTF-8") from error
    _check_columns(path, columns)
    if not lines:
        raise BadInput.of("subjects.empty", f"{path} has no rows", "give one row for each subject")
    subjects: list[NewSubject] = []
    findings: list[Finding] = []
    seen = set(taken)
    for line, row in lines:
        try:
            subject = _subject(row)
            if subject.code in seen:
                raise BadInput.of("subjects.twice", f"subject {subject.code} is there already", "drop the row")
        except BadInput as error:
            findings.append(
                Finding(
                    code=error.finding.code,
                    what=f"{path}, line {line}: {error.finding.what}",
                    remedy=error.finding.remedy,
                    parameters={"line": line},
                )
            )
            continue
        seen.add(subject.code)
        subjects.append(subject)
    return tuple(subjects), tuple(findings)


def parse_terms(text: str) -> frozenset[Term]:
    """Consent terms out of words between commas, semicolons or spaces.

    `all` stands for every term but `show-publicly`, which must be named: who lets researchers use a face does not
    thereby let everybody see it.

    Raises:
        BadInput: there is none, or a word is no term.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    known = [term.value for term in Term]
    for word in words:
        if word not in (*known, _ALL):
            near = difflib.get_close_matches(word, known, n=1)
            cure = f"did you mean {near[0]}?" if near else f"use all, or some of: {', '.join(known)}"
            raise BadInput.of("consent.term", f"{word} is no consent term", cure)
    if not words:
        raise BadInput.of("consent.none", "no consent term is given", f"use all, or some of: {', '.join(known)}")
    named = frozenset(Term(word) for word in words if word != _ALL)
    return named | (frozenset(Term) - {Term.SHOW_PUBLICLY}) if _ALL in words else named


def parse_day(text: str, what: str) -> date:
    """A day written YYYY-MM-DD.

    Raises:
        BadInput: it is none.
    """
    try:
        if len(text) != 10:  # fromisoformat also takes 20260131 and week dates
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput.of("subjects.day", f"{what} {text!r} is no day", "write it as YYYY-MM-DD") from error


def _check_columns(path: Path, columns: tuple[str, ...]) -> None:
    missing = [column for column in REQUIRED if column not in columns]
    unknown = [column for column in columns if column not in (*REQUIRED, *OPTIONAL)]
    if missing:
        raise BadInput.of(
            "subjects.columns",
            f"{path} lacks the column {', '.join(missing)}",
            f"give {', '.join(REQUIRED)} and optionally {', '.join(OPTIONAL)}",
        )
    if unknown:
        raise BadInput.of(
            "subjects.columns",
            f"{path} has a column {unknown[0]!r} that means nothing here",
            f"drop it, or use one of: {', '.join((*REQUIRED, *OPTIONAL))}",
        )


def _subject(row: Mapping[str | None, str | list[str] | None]) -> NewSubject:
    if row.get(None):
        raise BadInput.of("subjects.cells", "the row has more cells than the header", "put commas inside quotes")
    cells = {name: value.strip() for name, value in row.items() if name is not None and isinstance(value, str)}
    for name in REQUIRED:
        if not cells.get(name):
            raise BadInput.of("subjects.cell", f"{name} is empty", "fill it")
    expires = cells.get("expires_on")
    consent = Consent(
        terms=parse_terms(cells["consent"]),
        form_version=cells["form_version"],
        signed_on=parse_day(cells["signed_on"], "signed_on"),
        expires_on=parse_day(expires, "expires_on") if expires else None,
    )
    return NewSubject(
        code=cells["code"],
        consent=consent,
        simulated=_yes_or_no(cells, "simulated") or False,
        age_band=cells.get("age_band") or None,
        sex=cells.get("sex") or None,
        ethnicity=cells.get("ethnicity") or None,
        language=cells.get("language") or None,
        glasses=_yes_or_no(cells, "glasses"),
        beard=_yes_or_no(cells, "beard"),
    )


def _yes_or_no(cells: Mapping[str, str], name: str) -> bool | None:
    word = cells.get(name, "").lower()
    if not word:
        return None
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadInput.of("subjects.yes_no", f"{name} is {word!r}", "write yes or no")

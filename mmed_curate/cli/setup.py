"""`mmed init`, `upgrade`, `subject`, `coder`: what must be there before the first recording."""

from __future__ import annotations

from pathlib import Path

import click

from mmed_curate.cli.console import err, json_option, out, print_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Consent
from mmed_curate.domain.serial import to_json
from mmed_curate.store.subjecttable import NewSubject, parse_day, parse_terms, read_subjects, register
from mmed_curate.store.workspace import Workspace, find_root
from mmed_curate.store.workspace import upgrade as upgrade_workspace


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--protocol", default="mmed", show_default=True, help="Packaged protocol, or a path to one.")
@click.option("--seed", type=click.IntRange(min=0), help="For SIMULATED contents only: every id can be made again.")
@json_option
def init(folder: Path, protocol: str, seed: int | None, as_json: bool) -> None:
    """Make a workspace in DIR: mmed.toml, copies of the protocol and its codebook, a database and a media folder."""
    workspace = Workspace.create(folder, protocol=protocol, seed=seed)
    if as_json:
        print_json(
            {"workspace": str(workspace.root), "protocol": workspace.protocol.name, "simulated": workspace.simulated}
        )
        return
    kind = "SIMULATED workspace" if workspace.simulated else "workspace"
    out.print(f"{kind} made in {workspace.root}: {workspace.protocol.title}", markup=False)
    out.print(f"next: cd {folder}; mmed subject add CODE --consent all --form-version V --signed DAY", markup=False)


@click.command()
def upgrade() -> None:
    """Bring this workspace's database to today's tables. A backup is made first; there is no way back but it."""
    root = find_root()
    backup = upgrade_workspace(root)
    if backup is None:
        out.print(f"{root} is up to date", markup=False)
    else:
        out.print(f"{root} is up to date now; the backup is {backup}", markup=False)


@click.group()
def subject() -> None:
    """Register subjects and their consent."""


@subject.command(name="add")
@click.argument("code")
@click.option("--consent", required=True, help="Terms between commas, or all.")
@click.option("--form-version", required=True, help="Version of the form that was signed.")
@click.option("--signed", required=True, metavar="YYYY-MM-DD", help="Day on which it was signed.")
@click.option("--expires", metavar="YYYY-MM-DD", help="Last day on which it holds; left out: no end.")
@click.option("--age-band", help="Such as 20-29.")
@click.option("--sex")
@click.option("--ethnicity")
@click.option("--language", help="BCP 47, such as zh-Hans.")
@click.option("--glasses/--no-glasses", default=None)
@click.option("--beard/--no-beard", default=None)
@click.option(
    "--renew", is_flag=True, help="The subject is registered: note that this was signed now; it counts from here on."
)
@click.option("--simulated", is_flag=True, help="No such person exists.")
@json_option
def add_subject(
    code: str,
    consent: str,
    form_version: str,
    signed: str,
    expires: str | None,
    age_band: str | None,
    sex: str | None,
    ethnicity: str | None,
    language: str | None,
    glasses: bool | None,
    beard: bool | None,
    renew: bool,
    simulated: bool,
    as_json: bool,
) -> None:
    """Register the subject CODE (never a name) with what was signed.

    Terms: record, research, redistribute, publish-features, publish-face, publish-voice, publish-transcript, and
    show-publicly, which `all` does not stand for: name it beside the others.
    """
    given = Consent(
        terms=parse_terms(consent),
        form_version=form_version,
        signed_on=parse_day(signed, "--signed"),
        expires_on=None if expires is None else parse_day(expires, "--expires"),
    )
    workspace = Workspace.find()
    if renew:
        if simulated or any(value is not None for value in (age_band, sex, ethnicity, language, glasses, beard)):
            raise click.UsageError("--renew changes the consent only: leave the other options out")
        with workspace.write() as records:
            records.add_consent(code, given)
    else:
        new = NewSubject(
            code=code,
            consent=given,
            simulated=simulated,
            age_band=age_band,
            sex=sex,
            ethnicity=ethnicity,
            language=language,
            glasses=glasses,
            beard=beard,
        )
        register(workspace, (new,))
    with workspace.read() as records:
        added = records.subject(code)
    if as_json:
        print_json(to_json(added))
    else:
        terms = ", ".join(sorted(term.value for term in given.terms))
        simulated_word = "SIMULATED " if added.simulated else ""
        out.print(f"{simulated_word}subject {code}: {terms}", markup=False)


@subject.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def import_subjects(file: Path, as_json: bool) -> None:
    """Register all subjects of a CSV table, or none where a row is wrong; each such row is named.

    Columns: code, consent (all, or terms between semicolons), form_version, signed_on; optionally expires_on,
    simulated, age_band, sex, ethnicity, language, glasses, beard.
    """
    workspace = Workspace.find()
    with workspace.read() as records:
        taken = frozenset(subject.code for subject in records.subjects())
    subjects, findings = read_subjects(file, taken)
    for finding in findings:
        err.print(f"mmed: {finding}", markup=False)
    if findings:
        raise BadInput.of(
            "subjects.rows",
            f"{len(findings)} of {len(subjects) + len(findings)} rows of {file} cannot be used, so none was registered",
            "mend them and import again",
        )
    register(workspace, subjects)
    if as_json:
        print_json({"registered": [new.code for new in subjects]})
    else:
        out.print(f"{len(subjects)} subject(s) registered", markup=False)

"""`mmed protocol`: does a lab's protocol hold together, and what would other rules change in a round under way?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.codebook import missing_examples
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.protocol import JUDGED, ROLE_FOR, Protocol, codebook_of, codebook_path, load_protocol


@click.group()
def protocol() -> None:
    """Check a protocol and its codebook, or judge by another one from now on."""


@protocol.command()
@click.argument("name_or_path")
@json_option
def check(name_or_path: str, as_json: bool) -> None:
    """Check the protocol NAME_OR_PATH (a packaged one, or a YAML file) and the codebook that it names.

    A mistake is named with file, line, key and cure; exit code 2.
    """
    rules = load_protocol(name_or_path)
    book = codebook_of(rules, name_or_path)
    missing = missing_examples(book, codebook_path(rules, name_or_path))
    stages = [
        {
            "stage": stage.value,
            "role": ROLE_FOR[stage].value,
            "judges": rules.rules(stage).judges,
            "passes": [
                {"modality": turn.modality.value, "fields": [field.value for field in turn.fields]}
                for turn in rules.rules(stage).turns
            ],
        }
        for stage in JUDGED
    ]
    if as_json:
        print_json(
            {"protocol": rules.name, "title": rules.title, "stages": stages, "codebook": f"{book.name} {book.version}"}
        )
        _refuse(missing)
        return
    rows = [
        (
            stage.value,
            rules.rules(stage).judges,
            ROLE_FOR[stage].value,
            turn.modality.value,
            ", ".join(field.value for field in turn.fields),
        )
        for stage in JUDGED
        for turn in rules.rules(stage).turns
    ]
    out.print(table(rules.title, ("stage", "judges", "role", "shown", "asked, in order"), rows))
    for sentence in _safeguards(rules):
        out.print(f"- {sentence}", markup=False)
    out.print(
        f"codebook {book.name} {book.version}: {len(book.emotions)} emotions, {len(book.action_units)} action units, "
        f"{len(book.vocal_cues)} vocal cues" + (f", {len(book.examples)} examples" if book.examples else ""),
        markup=False,
    )
    _refuse(missing)


def _refuse(missing: Sequence[Finding]) -> None:
    for finding in missing:
        err.print(f"mmed: {finding}", markup=False)
    if missing:
        raise SystemExit(2)


def _safeguards(rules: Protocol) -> Iterator[str]:
    """What the protocol asks for beyond its stages, a sentence each."""
    screening, coding = rules.screening, rules.coding
    if screening.again:
        yield f"at least {screening.again:.0%} of candidates are screened by one more person"
    if screening.watched:
        yield f"{screening.watched:.0%} of face time without a candidate is watched by {screening.watchers}"
    if coding.foils:
        yield f"at least {coding.foils:.0%} of coding tickets are foils"
    if len(coding.turns) > 1:
        yield f"{len(coding.turns)} passes of each coder, {coding.days_between_passes:g} days apart"
    if coding.movement_first:
        yield "span and action units are handed in before an emotion may be named"
    if rules.adjudication.together:
        yield f"coders settle disagreements in a discussion of {rules.adjudication.participants}, named"
    if rules.repeats is not None:
        repeats = rules.repeats
        yield f"{repeats.share:.0%} of clips are coded once more by the same coder, {repeats.after_days:g} days on"
    if rules.gold is not None:
        yield f"{rules.gold.share:.0%} of coding tickets are gold, hidden"
    if rules.qualification is not None:
        one = rules.qualification
        yield f"coders qualify on {one.clips} gold clips, {one.event_free} of them without an event"
    if rules.neutral_face:
        yield "nothing of a subject is coded before their face at rest is there"
    if rules.return_after_days is not None:
        yield f"tickets not answered go back after {rules.return_after_days:g} days"
    if rules.staff:
        yield "staff: " + ", ".join(f"{least} {role.value}" for role, least in rules.staff.items())


@protocol.command()
@click.argument("name_or_path")
@click.option("--because", required=True, metavar="TEXT", help="Why; it stands in the log.")
@click.option("--rehearse", is_flag=True, help="Say what would change, and do nothing.")
@json_option
def adopt(name_or_path: str, because: str, rehearse: bool, as_json: bool) -> None:
    """Judge by the protocol NAME_OR_PATH and its codebook from now on.

    What was judged stays. Refused where a code that was judged with is gone, where codes changed and the codebook's
    version did not, or where a clip's history would not be possible.
    """
    from mmed_curate.annotation.adopt import adopt as adopt_rules
    from mmed_curate.domain.codebookchange import change_findings
    from mmed_curate.store.workspace import Workspace

    done = adopt_rules(Workspace.find(), name_or_path, because=because, rehearse=rehearse)
    moved = [(before.value, after.value, number) for (before, after), number in done.moved.items()]
    if as_json:
        print_json(
            {
                "format": "mmed-adoption",
                "version": "1.0",
                "protocol": done.rules.protocol.name,
                "codebook": f"{done.rules.codebook.name} {done.rules.codebook.version}",
                "rehearsed": rehearse,
                "codes": [
                    {"kind": one.kind, "code": one.code, "change": one.change.value, "touched": one.touched}
                    for one in done.codes
                ],
                "moved": [{"from": before, "to": after, "clips": number} for before, after, number in sorted(moved)],
                "returned": done.n_returned,
            }
        )
        return
    if done.codes:
        rows = [(one.kind, one.code, one.change.value, one.touched) for one in done.codes]
        out.print(table("Codes", ("of", "code", "change", "judgements that use it"), rows))
    if moved:
        out.print(table("Clips that stand elsewhere now", ("from", "to", "clips"), sorted(moved)))
    for finding in change_findings(done.codes):
        err.print(f"mmed: {finding}", markup=False)
    would = "would be" if rehearse else "are"
    out.print(
        f"protocol {done.rules.protocol.name} and codebook {done.rules.codebook.name} {done.rules.codebook.version} "
        f"{would} the rules; {done.n_returned} tickets {would} taken back",
        markup=False,
    )

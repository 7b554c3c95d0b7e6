"""`mmed serve`: releases behind tokens; tokens made, listed and revoked; who asked, who accepted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from mmed_curate.cli.console import RunUnlessNamed, err, json_option, out, print_json, table
from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.access import LOG, Access, Token

Function = TypeVar("Function", bound=Callable[..., Any])

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def releases_option(function: Function) -> Function:
    """Adds `--releases`: the folder that is served, beside which tokens are kept."""
    return click.option(
        "--releases",
        type=click.Path(path_type=Path),
        default=Path(),
        show_default="this folder",
        help="The folder of releases.",
    )(function)


@click.group(cls=RunUnlessNamed)
def serve() -> None:
    """Hand releases out to people who are known: `mmed serve RELEASES`, and who they are: `mmed serve token`."""


@serve.command()
@click.argument("releases", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes one that is free."
)
@click.option("--certificate", type=click.Path(path_type=Path), help="PEM file, for https.")
@click.option("--key", type=click.Path(path_type=Path), help="PEM file, where the certificate's has none.")
@click.option("--proxy", metavar="ADDRESS", help="Of the web server in front: it is believed who asks.")
@click.option("--recipe", default="mmed", show_default=True, help="Name or path of pipelines/serving/*.yaml.")
def run(
    releases: Path,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    proxy: str | None,
    recipe: str,
) -> None:
    """Serve the releases in the folder RELEASES to holders of tokens who accepted their terms, until interrupted.

    Tokens, accepted terms, requests for access and the log of who fetched what lie in RELEASES.access, beside it. It is
    one process, which keeps in memory how often who asked: run one for each folder.
    """
    from mmed_curate.serving.app import application
    from mmed_curate.serving.recipe import load_serving_recipe
    from mmed_curate.serving.running import Place, run_server

    access = Access.beside(releases)
    served = application(releases, access, load_serving_recipe(recipe))
    if not any(token.is_good(access.now()) for token in access.tokens()):
        add = f"mmed serve token add NAME --expires 90d --releases {shlex.quote(str(releases))}"
        err.print(f"nobody has a token yet: {add}", markup=False)
    if certificate is None and host not in _LOCAL and proxy is None:
        err.print("tokens go over the network unencrypted: give --certificate, or serve behind https", markup=False)

    def begun(url: str) -> None:
        out.print(f"serving {releases} at {url}; noting in {access.root / LOG}", markup=False)
        out.file.flush()

    run_server(served, Place(host=host, port=port, certificate=certificate, key=key, proxy=proxy), begun)


@serve.group()
def token() -> None:
    """Who may download."""


@token.command("add")
@click.argument("name")
@click.option("--expires", required=True, metavar="DAY", help="Last day (UTC), such as 2027-01-31, or days: 90d.")
@click.option(
    "--release",
    "only",
    multiple=True,
    metavar="FOLDER",
    help="Open this release only, also where it is a draft; repeatable [default: all that are no drafts].",
)
@releases_option
@json_option
def add_token(name: str, expires: str, only: tuple[str, ...], releases: Path, as_json: bool) -> None:
    """Make a token for NAME, and print it: this once, for only a hash of it is kept."""
    access = Access.beside(releases)
    lacking = [folder for folder in only if not (releases / folder).is_dir()]
    if lacking:
        raise BadInput.of("serving.no_release", f"{releases} has no {lacking[0]}", "name folders that lie in it")
    made, secret = access.add_token(name, expires=_end_of(expires, access.now()), releases=frozenset(only) or None)
    if as_json:
        print_json({**_document(made, access), "token": secret})
        return
    out.print(secret, markup=False)
    err.print(
        f"{made.id}, for {made.name}, until {made.expires:%Y-%m-%d %H:%M} UTC. It is not shown again: give it to them "
        "in a safe way",
        markup=False,
    )


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@releases_option
def revoke_token(token_id: str, releases: Path) -> None:
    """End the token ID at once, also on a server that runs."""
    revoked = Access.beside(releases).revoke_token(token_id)
    out.print(f"{revoked.id}, of {revoked.name}, opens nothing any more", markup=False)


@token.command("list")
@releases_option
@json_option
def list_tokens(releases: Path, as_json: bool) -> None:
    """Every token ever made, and which terms its holder accepted."""
    access = Access.beside(releases)
    documents = [_document(one, access) for one in access.tokens()]
    if as_json:
        print_json(documents)
        return
    rows = [
        (
            one["id"],
            one["name"],
            one["state"],
            str(one["expires"])[:10],
            ", ".join(one["releases"]) if one["releases"] else "all",
            ", ".join(f"{each['terms'][:12]} on {each['at'][:10]}" for each in one["accepted"]),
        )
        for one in documents
    ]
    out.print(table("Tokens", ["id", "name", "state", "until", "releases", "accepted terms"], rows))


@serve.command()
@releases_option
@json_option
def asked(releases: Path, as_json: bool) -> None:
    """Who asked for access at the page; remove RELEASES.access/asked.jsonl when all are answered."""
    found = Access.beside(releases).asked()
    if as_json:
        print_json(list(found))
        return
    names = ("at", "name", "email", "affiliation", "purpose")
    rows = [tuple(_shown(str(one.get(name, ""))) for name in names) for one in found]
    out.print(table("Asked for access", names, rows))


def _document(one: Token, access: Access) -> dict[str, Any]:
    state = "good" if one.is_good(access.now()) else "expired" if one.revoked is None else "revoked"
    return {
        "id": one.id,
        "name": one.name,
        "state": state,
        "added": one.added.isoformat(),
        "expires": one.expires.isoformat(),
        "releases": None if one.releases is None else sorted(one.releases),
        "accepted": [
            {"terms": each.terms, "at": each.at.isoformat()} for each in access.acceptances() if each.token == one.id
        ],
    }


def _end_of(words: str, now: datetime) -> datetime:
    """When a token ends: at the end of a day, or so many days from now."""
    days = re.fullmatch(r"([1-9]\d{0,4})d", words.strip())
    if days:
        return now + timedelta(days=int(days[1]))
    try:
        return datetime.combine(date.fromisoformat(words.strip()), time.max, tzinfo=UTC)
    except ValueError as error:
        raise BadInput.of(
            "serving.expires", f"{words!r} is no day", "give one such as 2027-01-31, or days: 90d"
        ) from error


def _shown(words: str) -> str:
    """What a stranger wrote, with whatever a terminal would obey written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in words)

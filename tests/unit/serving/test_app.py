"""Whoever is not known learns nothing; whoever is gets what their token opens, whole or in part, and is noted."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import anyio
import pytest
from builders.served import TERMS_SHA256, Clock, Lab, a_lab, bearing, releases_with_terms
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.dataset.manifest import seal
from mmed_curate.serving.limits import Mistakes
from mmed_curate.serving.recipe import Rate, load_serving_recipe

FILE = "/test-1.0.0/clips.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return releases_with_terms(tmp_path_factory.mktemp("made") / "releases", "1.0.0", "2.0.0-draft")


@pytest.fixture
def lab(made: Path, tmp_path: Path) -> Iterator[Lab]:
    shutil.copytree(made, tmp_path / "releases")
    yield a_lab(tmp_path / "releases")


def log_of(lab: Lab) -> list[dict[str, object]]:
    return [json.loads(line) for line in (lab.access.root / "access.jsonl").read_text().splitlines()]


# who comes in


@pytest.mark.parametrize(
    "path",
    [
        FILE,
        "/test-1.0.0/nothing",
        "/catalogue.json",
        "/test-1.0.0/",
        "/nowhere",
        "/test-2.0.0-draft/clips.csv",
        "/.hidden",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_without_a_token_everything_is_answered_alike(lab: Lab, method: str, path: str) -> None:
    answer = lab.client.request(method, path)
    known = lab.client.request(method, "/never there")
    assert (answer.status_code, answer.content) == (401, known.content)
    told = {name: value for name, value in answer.headers.items() if name != "content-length"}
    assert told == {name: value for name, value in known.headers.items() if name != "content-length"}


def test_a_token_of_nobody_is_told_what_no_token_is_told(lab: Lab) -> None:
    secret = lab.token()
    without = lab.client.get(FILE)
    for wrong in (secret[:-1], secret + "x", secret.upper(), "mmed_", "é", "x" * 5000):
        # each from elsewhere, so that no wait is in between
        answer = lab.from_address(f"198.51.100.{len(wrong) % 250}").get(
            FILE, headers={"Authorization": f"Bearer {wrong}".encode()}
        )
        assert (answer.status_code, answer.content) == (401, without.content), wrong[:10]


def test_a_good_token_opens_as_bearer_and_as_the_password_of_basic(lab: Lab) -> None:
    secret = lab.token()
    whole = (lab.releases / "test-1.0.0" / "clips.csv").read_bytes()
    assert lab.client.get(FILE, headers=bearing(secret)).content == whole
    assert lab.client.get(FILE, auth=("anything", secret)).content == whole
    assert lab.client.get(FILE, headers={"Authorization": "Basic ???"}).status_code == 401


def test_a_token_ends_when_it_is_over_or_revoked(lab: Lab) -> None:
    first, second = lab.token("Ada"), lab.token("Grace")
    assert lab.client.get(FILE, headers=bearing(first)).status_code == 200
    lab.access.revoke_token(lab.access.tokens()[0].id)
    assert lab.client.get(FILE, headers=bearing(first)).status_code == 401
    assert lab.client.get(FILE, headers=bearing(second)).status_code == 200
    lab.clock.pass_s(31 * 86400)
    assert lab.client.get(FILE, headers=bearing(second)).status_code == 401


# what they may


def test_terms_come_before_files_and_their_acceptance_is_kept(lab: Lab) -> None:
    secret = lab.token(accepted=False)
    refused = lab.client.get(FILE, headers=bearing(secret))
    assert refused.status_code == 403
    assert refused.json()["terms"] == TERMS_SHA256
    read = lab.client.get(refused.json()["read"])
    assert "For research only." in read.text
    assert TERMS_SHA256 in read.text
    other = lab.client.post("/accept", json={"terms": "0" * 64}, headers=bearing(secret))
    assert other.status_code == 400
    assert lab.client.post("/accept", json={"terms": TERMS_SHA256}, headers=bearing(secret)).status_code == 204
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 200
    (kept,) = lab.access.acceptances()
    assert (kept.name, kept.terms, kept.at) == ("Ada", TERMS_SHA256, lab.clock.now())


def test_other_terms_have_to_be_accepted_anew(lab: Lab) -> None:
    secret = lab.token()
    folder = lab.releases / "test-1.0.0"
    (folder / "LICENSE.txt").write_text("Other terms\n")
    (folder / "manifest-sha256.txt").unlink()
    seal(folder, derived=lambda path: False)
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 403


def test_a_form_accepts_with_its_own_token_only(lab: Lab) -> None:
    secret = lab.token(accepted=False)
    form = {"terms": TERMS_SHA256, "accepted": "yes"}
    # what a browser sends of itself must not do, or any page elsewhere could accept for its reader
    assert lab.client.post("/accept", data=form, auth=("me", secret)).status_code == 401
    assert lab.client.post("/accept", data={"terms": TERMS_SHA256, "token": secret}).status_code == 400
    assert lab.access.acceptances() == ()
    assert lab.client.post("/accept", data={**form, "token": secret}).status_code == 200
    assert len(lab.access.acceptances()) == 1


def test_drafts_open_only_for_tokens_that_name_them(lab: Lab) -> None:
    everyone, reviewer = lab.token(), lab.token("Grace", releases=frozenset({"test-2.0.0-draft"}))
    draft = "/test-2.0.0-draft/clips.csv"
    nothing = lab.client.get("/nowhere/clips.csv", headers=bearing(everyone))
    hidden = lab.client.get(draft, headers=bearing(everyone))
    assert (hidden.status_code, hidden.content) == (nothing.status_code, nothing.content) == (404, b"nothing here\n")
    assert lab.client.get(draft, headers=bearing(reviewer)).status_code == 200
    assert lab.client.get(FILE, headers=bearing(reviewer)).status_code == 404

    def listed(secret: str) -> list[str]:
        document = lab.client.get("/catalogue.json", headers=bearing(secret)).json()
        return [one["folder"] for one in document["releases"]]

    assert listed(everyone) == ["test-1.0.0"]
    assert listed(reviewer) == ["test-2.0.0-draft"]


# what lies where


ESCAPES = [
    "/test-1.0.0/../../secret.txt",
    "/test-1.0.0/%2e%2e/%2e%2e/secret.txt",
    "/test-1.0.0/%252e%252e/%252e%252e/secret.txt",
    "/test-1.0.0/..%2f..%2fsecret.txt",
    "/test-1.0.0/..%5c..%5csecret.txt",
    "/test-1.0.0/..%c0%af..%c0%afsecret.txt",
    "/test-1.0.0/%c0%ae%c0%ae/secret.txt",
    "/test-1.0.0//etc/passwd",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/test-1.0.0/clips.csv%00.txt",
    "/test-1.0.0/./clips.csv",
    "/test-1.0.0/media/../clips.csv",
    "/test-1.0.0/media/",
    "/test-1.0.0",
    "/..",
    "/../releases.access/tokens.jsonl",
    "/releases.access/tokens.jsonl",
    "/test-1.0.0/unsealed.txt",
    "/.hidden",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_leads_out_of_a_release_whatever_its_encoding(lab: Lab, path: str) -> None:
    secret = lab.token()
    (lab.releases.parent / "secret.txt").write_text("the secret")
    (lab.releases / "test-1.0.0" / "unsealed.txt").write_text("the secret")
    (lab.releases / ".hidden").write_text("the secret")
    answer = asked_raw(lab, path, secret)
    assert answer == (404, b"nothing here\n")


def asked_raw(lab: Lab, path: str, secret: str) -> tuple[int, bytes]:
    """Ask as a server hands it on: the path with its signs decoded once, and not made plain by a client first."""
    messages: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote_to_bytes(path).decode(errors="replace"),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {secret}".encode())],
        "client": ("192.0.2.1", 1),
        "server": ("test", 80),
    }
    anyio.run(lab.client.app, scope, receive, send)
    body = b"".join(bytes(one.get("body", b"")) for one in messages[1:])  # type: ignore[call-overload]
    status = messages[0]["status"]
    assert isinstance(status, int)
    return status, body


@settings(max_examples=60, deadline=None)
@given(path=st.text(alphabet="./%2efc0a\\\x00~test-1.0.0clips.csv", max_size=40))
def test_no_path_at_all_gives_what_is_not_sealed(made: Path, path: str) -> None:
    lab = _one_lab(made)
    status, body = asked_raw(lab, "/" + path, _SECRETS[made])
    sealed = {file.read_bytes() for file in (made / "test-1.0.0").rglob("*") if file.is_file()}
    assert status == 404 or body in sealed or path == ""


_LABS: dict[Path, Lab] = {}
_SECRETS: dict[Path, str] = {}


def _one_lab(made: Path) -> Lab:
    if made not in _LABS:
        _LABS[made] = a_lab(made)
        _SECRETS[made] = _LABS[made].token()
    _LABS[made].clock.pass_s(60)  # so that nobody is too fast
    return _LABS[made]


def test_links_are_not_followed(lab: Lab) -> None:
    secret = lab.token()
    outside = lab.releases.parent / "outside.csv"
    shutil.copy(lab.releases / "test-1.0.0" / "clips.csv", outside)
    (lab.releases / "test-1.0.0" / "clips.csv").unlink()
    (lab.releases / "test-1.0.0" / "clips.csv").symlink_to(outside)
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 404
    media = lab.releases / "test-1.0.0" / "media"
    clip = next(media.iterdir())
    shutil.move(clip, lab.releases.parent / "clip")
    clip.symlink_to(lab.releases.parent / "clip")
    assert lab.client.get(f"/test-1.0.0/media/{clip.name}/features.npz", headers=bearing(secret)).status_code == 404


# how it comes


def test_a_range_comes_alone_and_only_of_what_was_begun(lab: Lab) -> None:
    secret = lab.token()
    whole = (lab.releases / "test-1.0.0" / "clips.csv").read_bytes()
    first = lab.client.get(FILE, headers=bearing(secret))
    etag, date = first.headers["etag"], first.headers["last-modified"]
    part = lab.client.get(FILE, headers={**bearing(secret), "Range": "bytes=10-", "If-Range": etag})
    assert (part.status_code, part.content) == (206, whole[10:])
    assert part.headers["content-range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"
    by_date = lab.client.get(FILE, headers={**bearing(secret), "Range": "bytes=0-4", "If-Range": date})
    assert by_date.content == whole[:5]
    another = lab.client.get(FILE, headers={**bearing(secret), "Range": "bytes=10-", "If-Range": '"other"'})
    assert (another.status_code, another.content) == (200, whole)
    beyond = lab.client.get(FILE, headers={**bearing(secret), "Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


def test_head_tells_what_get_would(lab: Lab) -> None:
    secret = lab.token()
    head, get = (lab.client.request(method, FILE, headers=bearing(secret)) for method in ("HEAD", "GET"))
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


def test_what_somebody_has_is_not_sent_again(lab: Lab) -> None:
    secret = lab.token()
    first = lab.client.get(FILE, headers=bearing(secret))
    etag, date = first.headers["etag"], first.headers["last-modified"]

    def status(**conditions: str) -> int:
        asked = {name.replace("_", "-"): value for name, value in conditions.items()}
        return lab.client.get(FILE, headers={**bearing(secret), **asked}).status_code

    assert status(If_None_Match=etag) == 304
    assert status(If_None_Match=f'"a", W/{etag}') == 304
    assert status(If_None_Match="*") == 304
    assert status(If_Modified_Since=date) == 304
    assert status(If_None_Match='"other"', If_Modified_Since=date) == 200, "the ETag decides (RFC 9110, 13.1.3)"
    assert status(If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT") == 200
    assert status(If_Modified_Since="rubbish") == 200


# how often


def test_each_wrong_token_makes_the_next_wrong_one_wait(lab: Lab) -> None:
    for _ in range(5):
        assert lab.client.get(FILE, headers=bearing("wrong")).status_code == 401
    waits = []
    for _ in range(4):
        assert lab.client.get(FILE, headers=bearing("wrong")).status_code == 401
        answer = lab.client.get(FILE, headers=bearing("another"))
        assert answer.status_code == 429
        waits.append(int(answer.headers["retry-after"]))
        lab.clock.pass_s(waits[-1])
    assert waits == [1, 2, 4, 8]
    assert lab.from_address("198.51.100.7").get(FILE, headers=bearing("wrong")).status_code == 401


def test_whoever_guesses_shuts_nobody_out_who_shares_the_address(made: Path, tmp_path: Path) -> None:
    recipe = load_serving_recipe("mmed")
    few = recipe.model_copy(update={"per_address": Rate(requests_per_minute=60, burst=3)})
    lab = a_lab(shutil.copytree(made, tmp_path / "releases"), recipe=few)
    secret, over = lab.token(), lab.token("Grace")
    lab.access.revoke_token(next(one.id for one in lab.access.tokens() if one.name == "Grace"))
    guessed = [lab.client.get(FILE, headers=bearing("wrong")).status_code for _ in range(20)]
    assert guessed == [401] * 6 + [429] * 14
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 200
    assert lab.client.get(FILE, headers=bearing(over)).status_code == 429, "a token that is over is a wrong one"
    assert lab.client.get(FILE).status_code == 401, "who shows none is asked for one"


def test_guessing_for_an_hour_gets_fewer_than_a_hundred_answers() -> None:
    # OWASP ASVS 4.0.3, 2.2.1: no more than 100 failed attempts per hour
    clock = Clock()
    mistakes = Mistakes(load_serving_recipe("mmed").failures, clock.now_s)
    answers = 0
    for _ in range(3600):
        if not mistakes.wait_s("192.0.2.1"):
            answers += 1
            mistakes.made("192.0.2.1")
        clock.pass_s(1)
    assert 5 < answers < 100


def test_a_token_that_asks_too_often_is_told_when_to_come_again(made: Path, tmp_path: Path) -> None:
    recipe = load_serving_recipe("mmed")
    few = recipe.model_copy(update={"per_token": Rate(requests_per_minute=60, burst=3)})
    lab = a_lab(shutil.copytree(made, tmp_path / "releases"), recipe=few)
    secret, other = lab.token(), lab.token("Grace")
    answers = [lab.client.head(FILE, headers=bearing(secret)) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert lab.client.head(FILE, headers=bearing(other)).status_code == 200
    lab.clock.pass_s(1)
    assert lab.client.head(FILE, headers=bearing(secret)).status_code == 200


# what is kept


def test_the_log_says_who_fetched_what_when_and_how_much_and_no_token(lab: Lab) -> None:
    secret = lab.token("Ada Lovelace")
    size = (lab.releases / "test-1.0.0" / "clips.csv").stat().st_size
    lab.client.get(FILE, headers={**bearing(secret), "Range": "bytes=0-9"})
    lab.client.get(FILE, headers=bearing(secret))
    lab.client.get(FILE, headers=bearing("mmed_guessed"))
    part, whole, guessed = log_of(lab)
    assert (part["name"], part["path"], part["status"], part["bytes"]) == ("Ada Lovelace", FILE, 206, 10)
    assert (whole["bytes"], whole["whole"], whole["address"]) == (size, True, "192.0.2.1")
    assert whole["at"] == lab.clock.now().isoformat()
    assert (guessed["name"], guessed["status"]) == (None, 401)
    kept = b"".join(path.read_bytes() for path in lab.access.root.iterdir())
    assert secret.encode() not in kept
    assert base64.b64encode(secret.encode()) not in kept
    assert b"mmed_guessed" not in kept
    assert lab.access.root.stat().st_mode & 0o077 == 0


def test_what_cannot_be_noted_is_not_handed_out(lab: Lab) -> None:
    secret = lab.token()
    log = lab.access.root / "access.jsonl"
    log.mkdir()  # as good as a disk that takes nothing
    lab.client.get(FILE, headers=bearing(secret))
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 503
    log.rmdir()
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 200


def test_somebody_asks_for_access_on_a_page_that_names_no_release(lab: Lab) -> None:
    page = lab.client.get("/")
    assert page.status_code == 200
    assert "test-1.0.0" not in page.text
    assert TERMS_SHA256 in page.text
    assert "script" not in page.text
    words = {"name": "Ada <b>", "email": "ada@example.org", "affiliation": "Analytical", "purpose": "Engines"}
    assert lab.client.post("/ask", data=words).status_code == 202
    assert lab.client.post("/ask", data={**words, "purpose": ""}).status_code == 400
    assert lab.client.post("/ask", content=b"x" * 20_000).status_code == 413
    (kept,) = lab.access.asked()
    assert {name: kept[name] for name in words} == words
    for _ in range(2):
        lab.client.post("/ask", data=words)
    assert lab.client.post("/ask", data=words).status_code == 429, "five an hour, the recipe says"


def test_a_release_that_comes_later_is_handed_out_without_a_new_start(lab: Lab) -> None:
    secret = lab.token()
    assert lab.client.get("/test-3.0.0/clips.csv", headers=bearing(secret)).status_code == 404
    releases_with_terms(lab.releases, "3.0.0")
    assert lab.client.get("/test-3.0.0/clips.csv", headers=bearing(secret)).status_code == 200


def test_a_half_laid_release_takes_nothing_away(lab: Lab) -> None:
    secret = lab.token()
    (lab.releases / "half").mkdir()
    (lab.releases / "half" / "manifest-sha256.txt").write_text("# format: mmed-ma")
    assert lab.client.get(FILE, headers=bearing(secret)).status_code == 200
    assert lab.client.get("/half/manifest-sha256.txt", headers=bearing(secret)).status_code == 404

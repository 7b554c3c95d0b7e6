"""A folder of releases with terms, behind the server, with a clock that is set by hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from builders.release import a_release
from mmed_curate.dataset.facts import facts_text, read_facts
from mmed_curate.dataset.manifest import seal
from mmed_curate.serving.access import Access
from mmed_curate.serving.app import application
from mmed_curate.serving.recipe import ServingRecipe, load_serving_recipe

TERMS = "Terms of a test\n\n1. For research only.\n"
TERMS_SHA256 = hashlib.sha256(TERMS.encode()).hexdigest()


def releases_with_terms(root: Path, *versions: str) -> Path:
    """Releases with a LICENSE.txt; those that end in -draft are drafts."""
    for version in versions:
        folder = a_release(root / f"test-{version}", n_subjects=2, clips_per_subject=1)
        (folder / "LICENSE.txt").write_text(TERMS)
        facts = replace(read_facts(folder), version=version, draft=version.endswith("-draft"))
        (folder / "release.json").write_text(facts_text(facts))
        (folder / "manifest-sha256.txt").unlink()
        seal(folder, derived=lambda path: False, draft=facts.draft)
    return root


@dataclass
class Clock:
    """Stands still until it is set."""

    at: datetime = field(default_factory=lambda: datetime(2026, 1, 2, 12, tzinfo=UTC))

    def now(self) -> datetime:
        """For dates."""
        return self.at

    def now_s(self) -> float:
        """For waits."""
        return self.at.timestamp()

    def pass_s(self, seconds: float) -> None:
        """Let time go by."""
        self.at += timedelta(seconds=seconds)


@dataclass(kw_only=True)
class Lab:
    """A server, seen from outside."""

    releases: Path
    access: Access
    clock: Clock
    client: TestClient

    def token(self, name: str = "Ada", *, accepted: bool = True, releases: frozenset[str] | None = None) -> str:
        """A token for a person, for thirty days."""
        token, secret = self.access.add_token(name, expires=self.clock.now() + timedelta(days=30), releases=releases)
        if accepted:
            self.access.accept(token, TERMS_SHA256)
        return secret

    def from_address(self, address: str) -> TestClient:
        """The same server, asked from elsewhere."""
        return TestClient(self.client.app, client=(address, 1), follow_redirects=False)


def a_lab(releases: Path, recipe: ServingRecipe | None = None) -> Lab:
    """Serve a folder of releases, in this process."""
    clock = Clock()
    access = Access(releases.with_name(f"{releases.name}.access"), now=clock.now)
    served = application(releases, access, recipe or load_serving_recipe("mmed"), now_s=clock.now_s)
    client = TestClient(served, client=("192.0.2.1", 1), follow_redirects=False)
    return Lab(releases=releases, access=access, clock=clock, client=client)


def bearing(secret: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {secret}"}

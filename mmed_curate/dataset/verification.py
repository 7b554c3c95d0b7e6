"""Holds a copy of a release against its seal: every file's hash, and what can be derived again from the tables inside.

What cannot be derived again (consent, flags, who saw what) is listed as attested, never as verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.attested import attested_in
from mmed_curate.dataset.compared import compare, shown
from mmed_curate.dataset.consistency import Rederived
from mmed_curate.dataset.facts import RELEASE, read_facts
from mmed_curate.dataset.manifest import read_manifest, release_id
from mmed_curate.dataset.rederivation import closed_by, derived, read_again
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.selection import DOWNLOAD, PartialCopy, read_partial
from mmed_curate.dataset.signature import Signed, signed_by
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent

_FAILS = "does not hold"
"""How the words on a gate's rule end that does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a copy of a release is, beside what was sealed."""

    release: str
    """Name and version; empty where release.json is damaged."""
    id: str
    """SHA-256 of the manifest found: compare it with the one that was published with the release."""
    simulated: bool | None
    """None: release.json is damaged."""
    draft: bool
    """Shared while its gate was closed: the manifest or release.json says so. It is no release."""
    is_said_to_be_draft: bool
    """release.json says so."""
    closed_by: tuple[str, ...]
    """Of a draft: the rules that did not hold, as its gate.json names them."""
    n_files: int
    """Files that were sealed."""
    n_bytes: int
    """Bytes read."""
    changed: tuple[str, ...]
    """Paths whose bytes are not the sealed ones."""
    missing: tuple[str, ...]
    """Paths that were sealed and are not there."""
    extra: tuple[str, ...]
    """Paths that were not sealed."""
    links: tuple[str, ...]
    """Paths that are links; a release holds none, and they are never followed."""
    rederived: tuple[Rederived, ...]
    """Empty where a table is damaged."""
    attested: tuple[str, ...]
    """What must be taken on the releaser's word."""
    signed: Signed
    """What a signature of the manifest says, if there is one."""
    must_be_signed: bool
    """A public key was given: without a good signature by it, something differs."""
    partial: PartialCopy | None = None
    """What was selected when it was downloaded; what was left out then is not missing. None: it is to be whole."""
    n_left_out: int = 0
    """Sealed files that were not selected and are not there."""

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """One line for each thing that differs."""
        return (
            *(f"changed: {path}" for path in self.changed),
            *(f"missing: {path}" for path in self.missing),
            *(f"extra: {path}" for path in self.extra),
            *(f"link: {path}" for path in self.links),
            *(self._said(one) for one in self.rederived if not one.same),
            *((f"signature: {self.signed.value}",) if self.must_be_signed and self.signed is not Signed.GOOD else ()),
        )

    def _said(self, one: Rederived) -> str:
        if one.stated != one.found:
            return f"not what its judgements give: {one.what} (stated {one.stated}, found {one.found})"
        if one.found.endswith(_FAILS) and not self.is_said_to_be_draft:
            return f"no release: {one.what} ({one.found}, and only what release.json calls a draft may go out without)"
        return f"not what its judgements give: {one.what} ({one.found}, but not to the last digit, or another outcome)"


def verify(path: str | Path, *, public_key: str | Path | None = None, progress: Progress = silent) -> VerifyReport:
    """Read every byte of a release and name what differs from what was sealed.

    Args:
        path: the release's folder.
        public_key: file of the key that must have signed it; None: a signature is not asked for.
        progress: called with bytes read and how many there are.

    Raises:
        BadInput: the folder has no readable manifest, is of a newer format than this mmed reads, its download.json
            cannot be read, or the key is none.
    """
    root = Path(path)
    if not root.is_dir():
        raise BadInput.of("dataset.no_folder", f"there is no folder {root}", "give the folder of a release")
    manifest = read_manifest(root)
    signed = signed_by(root, None if public_key is None else Path(public_key))
    partial = None if any(file.path == DOWNLOAD for file in manifest.files) else read_partial(root)
    compared = compare(root, manifest, partial=partial, progress=progress)
    whole = not (compared.changed or compared.missing or compared.links)
    # the tables are read once, for all that is asked of them
    found = read_again(root, held=compared.whole) if whole else None
    dataset = found if isinstance(found, Dataset) else None
    facts = read_facts(root) if RELEASE in {*compared.whole, *compared.extra, *compared.links} else None
    return VerifyReport(
        release="" if facts is None else f"{facts.name} {facts.version}",
        id=release_id(root),
        simulated=None if facts is None else facts.simulated,
        draft=manifest.draft or (facts is not None and facts.draft),
        is_said_to_be_draft=facts is not None and facts.draft,
        closed_by=closed_by(dataset) if dataset is not None and manifest.draft else (),
        n_files=len(manifest.files),
        n_bytes=compared.n_bytes,
        changed=compared.changed,
        missing=compared.missing,
        extra=tuple(shown(name) for name in compared.extra),
        links=tuple(shown(name) for name in compared.links),
        rederived=() if found is None else (found,) if isinstance(found, Rederived) else derived(found),
        attested=attested_in(dataset) if whole else (),
        partial=partial,
        n_left_out=compared.n_left_out,
        signed=signed,
        must_be_signed=public_key is not None,
    )

"""`load(path_or_url)` gives a release in the hand.

Tables are read and held against the manifest at once; media and features when they are asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path

from mmed_curate.dataset.arrays import not_whole
from mmed_curate.dataset.choosing import release_at
from mmed_curate.dataset.facts import RELEASE, read_facts
from mmed_curate.dataset.layout import (
    AGREEMENT,
    ATTEMPTS,
    CLIPS,
    CODEBOOK,
    GATE,
    JUDGED_CLIPS,
    JUDGEMENTS,
    POLICY,
    PROTOCOL,
)
from mmed_curate.dataset.manifest import inside, read_manifest
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, columns_of, header_of, read_rows
from mmed_curate.dataset.sealed import as_sealed
from mmed_curate.dataset.tombstones import WithdrawnClipsWarning, withdrawn_since
from mmed_curate.domain.collecting import no_search_for_circles

_NEEDED = (RELEASE, CLIPS, JUDGEMENTS, JUDGED_CLIPS, CODEBOOK, PROTOCOL, AGREEMENT, GATE, POLICY)
_BEFORE_ATTEMPTS = 3
"""Releases up to this format tell of no attempts at the gate."""


class DraftWarning(UserWarning):
    """What was loaded was shared while its gate was closed; it is no release."""


def load(
    path_or_url: str | Path,
    *,
    version: str | None = None,
    cache: str | Path | None = None,
    tombstones: str | Path | None = None,
) -> Dataset:
    """Read a release; of a draft, with a `DraftWarning`.

    Where a newer version is known by which clips of this one were withdrawn, with a `WithdrawnClipsWarning`;
    `Dataset.withdrawn` names them. `dataset.tombstones` says where newer versions are looked for.

    Args:
        path_or_url: the folder of a release, a folder that several releases lie in, or the address of either on a
            server. From a server it is downloaded once, and only what changed the next time; where the server does
            not answer, what is here is taken, with an `OutOfReachWarning`.
        version: of the release, such as "1.2.0"; None or "latest": the newest that is no draft.
        cache: folder that downloads are kept in; None: `mmed-curate/releases` in the user's folder of caches.
        tombstones: the tombstones.json of a newer version, or its folder; looked at besides.

    Raises:
        BadInput: there is no such release, it is of a newer format than this mmed reads, or its tables are not the
            ones that were sealed; or `tombstones` is no such list.
    """
    dataset = read_release(release_at(path_or_url, version, cache))
    dataset = _held_against_tombstones(dataset, None if tombstones is None else Path(tombstones))
    if dataset.is_draft:
        warnings.warn(
            f"{dataset.release.name} {dataset.release.version} is a draft and no release: its gate was closed; publish "
            "nothing on it",
            DraftWarning,
            stacklevel=2,
        )
    return dataset


def _held_against_tombstones(dataset: Dataset, given: Path | None) -> Dataset:
    gone = withdrawn_since(dataset.root, dataset.release, (row.clip for row in dataset.judged_clip_rows), given)
    if not gone.clips:
        return dataset
    cure = "ask for a newer release" if gone.by_draft else "use the newer version"
    warnings.warn(
        f"{len(gone.clips)} of {len(dataset.judged_clip_rows)} judged clips of {dataset.release.name} "
        f"{dataset.release.version} were withdrawn since ({gone.told_by}): {cure} and delete this one; "
        "until then, load(...).without_withdrawn() leaves them out",
        WithdrawnClipsWarning,
        stacklevel=3,
    )
    return dataset.knowing(gone)


def read_release(root: Path, *, held: Collection[str] = ()) -> Dataset:
    """The same without a warning, for what makes and verifies releases.

    Args:
        root: the release.
        held: files that were just held against the manifest, and are not hashed again.

    Raises:
        BadInput: as `load`.
    """
    release = read_facts(root)
    manifest = read_manifest(root)
    sealed = {file.path: file.sha256 for file in manifest.files}
    judged = inside(root, JUDGED_CLIPS)
    tells = judged.is_file() and len(header_of(judged)) > len(columns_of(JudgedClipRow, _BEFORE_ATTEMPTS))
    for name in (*_NEEDED, *([ATTEMPTS] if tells else [])):
        if name not in sealed:
            raise not_whole(root, f"does not list {name} in its manifest")
        if name not in held:
            as_sealed(root, name, sealed[name])
    with no_search_for_circles():
        dataset = Dataset(
            root=root,
            release=release,
            manifest=manifest,
            clips=read_rows(root / CLIPS, ClipRow),
            judgements=read_rows(root / JUDGEMENTS, JudgementRow),
            judged_clips=read_rows(root / JUDGED_CLIPS, JudgedClipRow),
        )
    if len(dataset) != release.counts.clips:
        raise not_whole(root, f"has {len(dataset)} rows in {CLIPS}, but release.json counts {release.counts.clips}")
    return dataset

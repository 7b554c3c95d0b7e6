"""How many bytes a download will have brought: from what the release says of its parts, and the sizes seen so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.manifest import Manifest
from mmed_curate.dataset.selection import Part, part_of


@dataclass(slots=True, kw_only=True)
class Totals:
    """Exact for parts that are fetched whole and whose bytes are known; of others reckoned by the mean of their files.

    Not safe between threads.
    """

    files: Mapping[Part, int]
    """That the copy will hold."""
    of_release: Mapping[Part, int]
    """Files of the whole release."""
    known: Mapping[Part, int]
    """Bytes of all files of a part, where that is said."""
    whole: int | None = None
    """Bytes of all files together, where the copy will hold them all and that is said."""
    _n_seen: Counter[Part] = field(default_factory=Counter)
    _seen: Counter[Part] = field(default_factory=Counter)

    def see(self, part: Part, size: int) -> None:
        """A file of a part has so many bytes."""
        self._n_seen[part] += 1
        self._seen[part] += size

    @property
    def bytes(self) -> int | None:
        """Of the copy; None: nothing is known yet."""
        if self.whole is not None:
            return self.whole
        found = 0.0
        for part, n_files in self.files.items():
            if part in self.known and n_files == self.of_release[part]:
                found += self.known[part]
                continue
            mean = self._mean(part)
            if mean is None:
                return None
            found += self._seen[part] + max(0, n_files - self._n_seen[part]) * mean
        return round(found)

    def _mean(self, part: Part) -> float | None:
        if part in self.known and self.of_release[part]:
            return self.known[part] / self.of_release[part]
        if self._n_seen[part]:
            return self._seen[part] / self._n_seen[part]
        return self._seen.total() / self._n_seen.total() if self._n_seen else None


def totals_of(manifest: Manifest, facts: ReleaseFacts, wanted: Iterable[str], listed_bytes: int | None) -> Totals:
    """What is known before the first file comes.

    Args:
        manifest: of the release.
        facts: its release.json; of older releases it says nothing of bytes.
        wanted: paths that the copy will hold.
        listed_bytes: of the whole release, as a catalogue says; None: there is none.
    """
    of_release = Counter(part_of(file.path) for file in manifest.files)
    files = Counter(part_of(path) for path in wanted)
    known = dict(facts.media_bytes or {})
    if listed_bytes is not None and facts.media_bytes is not None:
        known[Part.METADATA] = max(0, listed_bytes - sum(known.values()))
    return Totals(files=files, of_release=of_release, known=known, whole=listed_bytes if files == of_release else None)

"""A SIMULATED release over a server that drops three times: bytes, time, processor, beside pooch in the same run.

Run: `python benchmarks/download.py`; exit code 1 where a target is missed. The server is the tests' own, in this
process. It counts the bytes of bodies, waits half a millisecond before each 8 KB, and ends every connection at a
quarter, a half and three quarters of the release. pooch knows the hashes beforehand, fetches one file after the other,
and asks again where one fails; `mmed, 1` does one after the other too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.release import a_release, reseal
from builders.webserver import Web, a_web
from measured import Cost, cost_of, keep, this_script

from mmed_curate.dataset.downloading import AT_ONCE
from mmed_curate.dataset.manifest import read_manifest

MOST_OVERHEAD = 1.02
"""Bytes sent over three drops, of the release's own (the issue's number)."""
MOST_OF_POOCH = 1.0
"""Time with as many drops, of pooch's."""
WAIT_S = 0.0005
"""Before each 8 KB."""
SHAPES = ((80, 1.0), (8, 10.0))
"""Clips, and MB of each."""


def a_large_release(folder: Path, n_clips: int, clip_mb: float) -> Path:
    """Clips of many bytes that do not repeat, as pictures have them."""
    root = a_release(folder, n_subjects=4, clips_per_subject=n_clips // 4)
    draws = np.random.default_rng(0)
    for clip in sorted((root / "media").iterdir()):
        (clip / "archive.bin").write_bytes(draws.bytes(int(clip_mb * 1e6)))
    reseal(root)
    return root


def by_mmed(url: str, to: Path, at_once: int) -> None:
    """What `mmed download` does, in a process of its own."""
    from mmed_curate.dataset.downloading import download

    download(url, to=to, at_once=at_once)


def by_pooch(url: str, to: Path, release: Path) -> None:
    """The same files, with the hashes that it is told beforehand."""
    import pooch

    registry = {file.path: f"sha256:{file.sha256}" for file in read_manifest(release).files}
    shelf = pooch.create(path=to, base_url=f"{url}/", registry=registry, retry_if_failed=10)
    for path in registry:
        shelf.fetch(path)


def measure(who: str, release: Path, folder: Path, *, drops: bool) -> tuple[Web, Cost]:
    """One run, against a server of its own."""
    whole = size_of(release)
    to = folder / f"{who}-copy"
    shutil.rmtree(folder, ignore_errors=True)
    at = [whole // 4, whole // 2, 3 * whole // 4] if drops else []
    with a_web(release.parent, drops_at=at, chunk_s=WAIT_S) as web:
        cost = cost_of(this_script("--run", who, f"{web.url}/{release.name}", str(to), str(release)))
    for file in read_manifest(release).files:
        if (to / file.path).read_bytes() != (release / file.path).read_bytes():
            raise SystemExit(f"{who} brought another {file.path}")
    if drops and web.drops != 3:
        raise SystemExit(f"{who} saw {web.drops} drops")
    return web, cost


def size_of(release: Path) -> int:
    """Bytes of everything that has to come."""
    return sum(path.stat().st_size for path in release.rglob("*") if path.is_file())


def main() -> int:
    """Measure, print, keep; 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", nargs=4)
    options = parser.parse_args()
    if options.run:
        who, url, to, release = options.run
        if who == "pooch":
            by_pooch(url, Path(to), Path(release))
        else:
            by_mmed(url, Path(to), 1 if who == "mmed, 1" else AT_ONCE)
        return 0
    missed: list[str] = []
    rows: list[dict[str, object]] = []
    for n_clips, clip_mb in SHAPES:
        with tempfile.TemporaryDirectory() as aside:
            release = a_large_release(Path(aside) / "server" / "r", n_clips, clip_mb)
            whole = size_of(release)
            print(
                f"{n_clips} clips of {clip_mb:g} MB: {whole / 1e6:,.1f} MB in {len(read_manifest(release).files)} files"
            )
            for drops in (False, True):
                wall_s = {}
                for who in ("mmed", "mmed, 1", "pooch"):
                    web, cost = measure(who, release, Path(aside) / "here", drops=drops)
                    wall_s[who], overhead, n_drops = cost.wall_s, web.sent / whole, 3 if drops else 0
                    rows.append(
                        {
                            "who": who,
                            "clips": n_clips,
                            "bytes": whole,
                            "drops": n_drops,
                            "bytes_ratio": round(overhead, 4),
                            "wall_s": round(cost.wall_s, 3),
                            "cpu_s": round(cost.cpu_s, 3),
                        }
                    )
                    print(
                        f"  {who:8} {n_drops} drops: {overhead:.4f} x bytes, {cost.wall_s:.2f} s, "
                        f"{cost.cpu_s:.2f} s of processor"
                    )
                    if who != "pooch" and overhead > MOST_OVERHEAD:
                        missed.append(f"{who}: {overhead:.4f} x bytes")
                ratio = wall_s["mmed"] / wall_s["pooch"]
                print(f"  time of mmed / pooch: {ratio:.2f}")
                if ratio > MOST_OF_POOCH:
                    missed.append(f"{ratio:.2f} x pooch's time")
    keep("download.json", json.dumps({"runs": rows}, indent=2) + "\n")
    if missed:
        print("missed: " + "; ".join(missed))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())

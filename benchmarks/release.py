"""A release beside a raw copy of the same files, and how its memory grows with clips.

SIMULATED judgements on files of random bytes, no people. Run: `python benchmarks/release.py`; exit code 1 where a
target is missed. The files are as large as those of 50-frame clips cut by `mmed recut`: a megabyte a clip in all.
Seconds are the least of several runs. Beside other work on the machine only those of CPU say much; its load is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from measured import cost_of, keep, this_script

MOST_RATIO = 1.5
"""Of the time of a raw copy of the same files, both brought to the disk."""
MOST_GROWTH = 1.1
"""Of memory, with twenty times as many clips."""
SIZES = {"release-picture": 83_000, "release-sound": 60_000, "features": 786_000, "sound-features": 45_000}
"""Bytes, by kind."""
SUBJECTS = 5


def prepare(folder: Path, clips: int, *, large: bool) -> None:
    """A settled workspace of that many judged clips; with files of its own for each event, noted as `mmed recut` does.

    Args:
        folder: where to.
        clips: of all subjects together.
        large: as large as real ones; else every clip shares the builder's.
    """
    from dataclasses import replace

    from builders.road import FULL, a_settled_workspace

    from mmed_curate.domain.files import sha256_of

    workspace = a_settled_workspace(folder, consents=(FULL,) * SUBJECTS, clips=clips // SUBJECTS)
    with workspace.read() as records:
        assets = {clip.id: records.assets(clip=clip.id) for clip in records.clips()}
    if large:
        for number, (clip, files) in enumerate(assets.items()):
            for place, asset in enumerate(files):
                if asset.kind.value not in SIZES:
                    continue
                path = f"release/{number}-{place}"
                (workspace.media / path).write_bytes(os.urandom(SIZES[asset.kind.value]))
                noted = replace(asset, path=path, sha256=sha256_of(workspace.media / path))
                files = tuple(replace(noted, n_bytes=SIZES[asset.kind.value]) if one is asset else one for one in files)
            assets[clip] = files
    workspace = type(workspace).open(folder)  # whose clock runs: the files were written before they are noted
    with workspace.write() as records:
        for clip, files in assets.items():
            records.put_assets(clip, files)


def build(folder: Path, *, told: bool = False) -> None:
    """Make a release of a prepared workspace, and tell how long each part took."""
    from datetime import date

    from builders.release import lenient_policy, lenient_settings

    from mmed_curate.release import build as rooms
    from mmed_curate.release.leave import ask_gate
    from mmed_curate.release.page import PageMedia
    from mmed_curate.release.recipe import load_release_recipe
    from mmed_curate.store.workspace import Workspace

    workspace = Workspace.open(folder)
    begin = time.perf_counter()
    _, leave = ask_gate(
        workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1), rehash=False
    )
    if leave is None:
        raise SystemExit("the gate is closed")
    gate_s, begin = time.perf_counter() - begin, time.perf_counter()
    target = folder / "releases" / "measured"
    shutil.rmtree(target, ignore_errors=True)
    # no page: it looks into the media, which are none
    wishes = rooms.Wishes(version="1.0.0", recipe=load_release_recipe("mmed"), to=target, page=PageMedia.NONE)
    begin_cpu = time.process_time()
    rooms.create_release(workspace, leave, wishes)
    create_s, cpu_s = time.perf_counter() - begin, time.process_time() - begin_cpu
    beside = resource.getrusage(resource.RUSAGE_CHILDREN)
    if told:
        copying_s = beside.ru_utime + beside.ru_stime
        print(json.dumps({"gate_s": gate_s, "create_s": create_s, "cpu_s": cpu_s, "copying_cpu_s": copying_s}))


def raw_copy_s(release: Path, to: Path) -> float:
    """Seconds for `cp -r` of a release's media, and to bring them to the disk."""
    shutil.rmtree(to, ignore_errors=True)
    begin = time.perf_counter()
    subprocess.run(["cp", "-r", str(release / "media"), str(to)], check=True)
    subprocess.run(["sync", "-f", str(to)], check=True)
    return time.perf_counter() - begin


def beside_a_copy(clips: int, times: int) -> dict[str, float]:
    """Seconds of a build and of a raw copy, taken in turns: the least of each."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as temporary:
        folder = Path(temporary) / "ws"
        prepare(folder, clips, large=True)
        builds, copies = [], []
        for _ in range(times):
            said = subprocess.run(this_script("--build", str(folder)), check=True, stdout=subprocess.PIPE, text=True)
            builds.append(json.loads(said.stdout))
            copies.append(raw_copy_s(folder / "releases" / "measured", Path(temporary) / "copy"))
        create_s, copy_s = min(one["create_s"] for one in builds), min(copies)
        n_bytes = sum(path.stat().st_size for path in (Path(temporary) / "copy").rglob("*") if path.is_file())
    return {
        "clips": clips,
        "mb": round(n_bytes / 1e6),
        "create_s": round(create_s, 2),
        "create_cpu_s": round(min(one["cpu_s"] for one in builds), 2),
        "copying_cpu_s": round(min(one["copying_cpu_s"] for one in builds), 2),
        "gate_s": round(min(one["gate_s"] for one in builds), 2),
        "copy_s": round(copy_s, 2),
        "ratio": round(create_s / copy_s, 2),
    }


def memory(clips: int) -> dict[str, float]:
    """Peak of a process that holds the gate and builds, in MB."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "ws"
        subprocess.run(this_script("--prepare", str(folder), "--clips", str(clips)), check=True)
        return {"clips": clips, "peak_mb": round(cost_of(this_script("--build", str(folder))).peak_mb)}


def main() -> int:
    """Measure, keep the table, and say whether the targets hold."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=1_000)
    options.add_argument("--many", type=int, default=20_000, help="For memory, beside --clips.")
    options.add_argument("--times", type=int, default=3)
    options.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.build is not None:
        build(given.build, told=True)
        return 0
    if given.prepare is not None:
        prepare(given.prepare, given.clips, large=False)
        return 0
    beside = beside_a_copy(given.clips, given.times)
    print(beside, file=sys.stderr)
    few = memory(given.clips)
    print(few, file=sys.stderr)
    many = memory(given.many)
    growth = many["peak_mb"] / few["peak_mb"]
    found = {
        "cores": os.cpu_count(),
        "load": [round(one, 1) for one in os.getloadavg()],
        "targets": {"ratio": MOST_RATIO, "growth": MOST_GROWTH},
        "beside_a_copy": beside,
        "memory": [few, many],
        "kb_per_clip": round(1e3 * (many["peak_mb"] - few["peak_mb"]) / (many["clips"] - few["clips"]), 1),
        "growth": round(growth, 2),
    }
    text = json.dumps(found, indent=2) + "\n"
    keep("release.json", text)
    print(text, end="")
    return 0 if beside["ratio"] <= MOST_RATIO and growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())

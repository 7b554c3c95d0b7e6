"""Do face tracks change hands? Scenes put together from real faces, so that the truth is known; prints a table.

    python benchmarks/tracking.py [FOLDER OF MORE RECORDINGS] [--pairs N] [--rate-hz HZ]

Every pair of people walks past each other, swaps places by a cut, is covered by a hand, and so on (tests/builders/
faces.py), in grey levels, since colours of two recordings differ more than two people in one room. A switch is a track
that goes over from one person to another: there must be none. Coverage counts pictures with 9/10 of a face in view.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from builders.faces import SCENES, Head, cut_head, follow  # noqa: E402

from mmed_curate.face.track import FaceTracker  # noqa: E402

BUNDLED = ("single_face.mp4", "WolfgangLanger_Pexels.mp4")
MORE = (
    *("trackingjs-franck/franck.mp4", "liveportrait/d9.mp4", "liveportrait/d0.mp4", "liveportrait/d19.mp4"),
    *("obama-weekly/obama.mp4", "video-retalking/1.mp4", "video-retalking/3.mp4", "oneshot-speech/speech.mp4"),
    "carphone/carphone_pristine.mp4",
)
"""Other people, where their recordings are at hand."""
_SEED = 7


def main() -> None:
    """Run the scenes and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("material", nargs="?", type=Path, help="folder of more recordings")
    parser.add_argument("--pairs", type=int, default=1, help="pairs of people, drawn from all")
    parser.add_argument("--rate-hz", type=float, default=20.0)
    given = parser.parse_args()
    paths = [ROOT / "demo" / "recordings" / name for name in BUNDLED]
    if given.material is not None:
        paths += [given.material / name for name in MORE if (given.material / name).is_file()]
    pairs = list(itertools.combinations(paths, 2))
    random.Random(_SEED).shuffle(pairs)
    pairs = pairs[: given.pairs]
    heads: dict[Path, Head] = {}
    for path in sorted({path for pair in pairs for path in pair}):
        heads[path] = cut_head(path, path.stem, last=39)
    print(f"{len(pairs)} pair(s) of {len(heads)} people, {given.rate_hz:g} pictures a second")
    print(f"{'scene':<16}{'switches':>9}{'tracks a person':>17}{'coverage':>10}{'least':>7}{'strange':>9}")
    switches = 0
    for name, scene in SCENES.items():
        seen = [follow(scene(heads[one], heads[other], rate_hz=given.rate_hz), FaceTracker()) for one, other in pairs]
        tracks = [len(numbers) for one in seen for numbers in one.tracks.values()]
        covered = [share for one in seen for share in one.coverage.values()]
        switched = sum(one.switches for one in seen)
        switches += switched
        print(
            f"{name:<16}{switched:>9}{sum(tracks) / max(len(tracks), 1):>17.2f}{sum(covered) / len(covered):>10.3f}"
            f"{min(covered):>7.2f}{sum(one.strange for one in seen):>9}",
            flush=True,
        )
    sys.exit(1 if switches else 0)


if __name__ == "__main__":
    main()

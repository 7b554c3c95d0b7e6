"""A release in Python: what the import costs, what 10,000 clips cost, and the first pictures; beside `datasets`.

SIMULATED clips, no people. Run: `python benchmarks/loading.py`; exit code 1 where a target is missed. Every number is
CPU time, the least of several processes of its own: other load only ever adds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]
from measured import keep  # noqa: E402

CLIPS, SUBJECTS = 10_000, 50
MOST_IMPORT_S = 0.15
"""Issue: `import mmed_curate.dataset` takes less."""

STEPS = {
    "import mmed_curate.dataset": "import mmed_curate.dataset",
    "load(): tables read, held against the seal": "data = mmed.load(release)",
    "clips as a DataFrame": "data = mmed.load(release); lap(); data.clips",
    "votes on one clip": "data = mmed.load(release); lap(); data.clip(name).votes('emotion')",
    "soft labels of all": "data = mmed.load(release); lap(); data.soft_labels('emotion')",
    "from load() to the first clip's pictures": "data = mmed.load(release); data.clip(name).video()",
    "datasets.load_dataset('csv'), first time": "datasets.load_dataset('csv', data_files=release + '/clips.csv')",
    "pandas.read_csv": "pandas.read_csv(release + '/clips.csv')",
}
BEFORE = {
    "datasets": "import datasets",
    "pandas": "import pandas",
    "mmed.": "import mmed_curate.dataset as mmed",
}
SCRIPT = """
import sys, time
release, name = sys.argv[1:]
{before}
begin = time.process_time()
def lap():
    global begin
    begin = time.process_time()
{step}
print(time.process_time() - begin)
"""


def a_large_release(folder: Path) -> str:
    """Write a release whose tables hold CLIPS clips, which share the media of a few; returns the name of the first."""
    from builders.release import a_release, reseal

    from mmed_curate.dataset.loading import read_release
    from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, csv_text

    data = read_release(a_release(folder, n_subjects=SUBJECTS, clips_per_subject=1, media=True))
    clips: list[ClipRow] = []
    judged: list[JudgedClipRow] = []
    said: list[JudgementRow] = []
    of = {row.clip: row for row in data.judged_clip_rows}
    for number in range(CLIPS):
        row = data.clip_rows[number % SUBJECTS]
        name = f"c-{number:012x}"
        clips.append(replace(row, clip=name, judged_clip=name))
        judged.append(replace(of[row.judged_clip], clip=name))
        said += [replace(one, clip=name, judgement=f"{name}-{one.order}") for one in data.clip(row.clip).judgements]
    for file, text in {
        "clips.csv": csv_text(ClipRow, clips),
        "judged-clips.csv": csv_text(JudgedClipRow, judged),
        "judgements.csv": csv_text(JudgementRow, said),
    }.items():
        (folder / file).write_text(text, encoding="utf-8")
    document = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    document["counts"] |= {"clips": CLIPS, "judged_clips": CLIPS, "judgements": len(said)}
    (folder / "release.json").write_text(json.dumps(document), encoding="utf-8")
    reseal(folder)
    return clips[0].clip


def seconds(step: str, release: Path, name: str, times: int) -> float:
    """The least of several processes; imports are not in it, but for the step that is one."""
    needed = [line for word, line in BEFORE.items() if word in step.removeprefix("import ")]
    script = SCRIPT.format(before="\n".join(needed) if not step.startswith("import ") else "", step=step)
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as home:  # `datasets` keeps what it read: each time is the first
            environment = {**os.environ, "HF_HOME": home, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-c", script, str(release), name]
            ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            found.append(float(ran.stdout.splitlines()[-1]))
    return min(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="processes for each number")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder) / "release"
        name = a_large_release(release)
        found = {said: seconds(step, release, name, times) for said, step in STEPS.items()}
    held = found["import mmed_curate.dataset"] < MOST_IMPORT_S
    lines = [
        f"{CLIPS:,} SIMULATED clips of {SUBJECTS} subjects, {4 * CLIPS:,} judgements; seconds of CPU, least of {times}",
        "",
    ]
    lines += [f"{taken:8.3f}  {said}" for said, taken in found.items()]
    lines += ["", f"import below {MOST_IMPORT_S} s: {'held' if held else 'MISSED'}"]
    print("\n".join(lines))
    keep("loading.txt", "\n".join(lines) + "\n")
    keep("loading.json", json.dumps({said: round(taken, 4) for said, taken in found.items()}, indent=1) + "\n")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

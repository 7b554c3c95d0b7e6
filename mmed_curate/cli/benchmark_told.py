"""A benchmark for people: the answer first, then the numbers behind it; the rest is in the files."""

from __future__ import annotations

from rich.markup import escape

from mmed_curate.benchmark.balanced import Balanced
from mmed_curate.benchmark.drawn import control_in_words
from mmed_curate.benchmark.gallery import answers_in_words
from mmed_curate.benchmark.paired import Difference
from mmed_curate.benchmark.report import BenchmarkReport, SoftAnswers, notice
from mmed_curate.benchmark.scores import Interval, Scores
from mmed_curate.benchmark.soundquestion import MEANS, SoundQuestion
from mmed_curate.benchmark.standing import ModelResult
from mmed_curate.cli.console import err, out, table
from mmed_curate.cli.score import confusion_table
from mmed_curate.domain.counted import counted

_FULL = "mmed"
"""Name of the settings that are the benchmark."""
_HARDEST = 5
"""Hard clips that the terminal names; the files hold more."""
_UNKNOWN = "?"


def tell(report: BenchmarkReport) -> None:
    """Print the answer to whether sound helps, the models, the controls, and what must be said beside them."""
    out.print(notice(report.simulated), style="bold", markup=False)
    said = report.settings
    if said.name != _FULL:
        out.print(f"Settings {said.name}: {said.title}.", markup=False)
    out.print(
        f"{report.release} {report.release_version}: {counted(report.n_clips, 'clip')} "
        f"({report.n_with_sound} with sound) of {counted(len(report.subjects), 'subject')} in "
        f"{counted(len(report.sessions), 'session')}; leaving out one subject at a time, pooled over folds and "
        f"seeds {', '.join(map(str, said.seeds))}.",
        markup=False,
    )
    if report.sound is not None:
        _tell_sound(report.sound)
    _tell_models(report)
    if report.sound is not None and report.sound.controls:
        _tell_controls(report.sound)
    out.print("\nBeside them", style="bold")
    if report.calibrated is not None:
        out.print(
            f"Calibration: {report.calibrated.after.sentence} Before temperature, ECE was "
            f"{report.calibrated.before.ece:.3f}.",
            markup=False,
        )
    if report.balanced is not None:
        out.print(balance_line(report.balanced), markup=False)
    if report.soft is not None:
        out.print(ceiling_line(report.soft), markup=False)
    if report.groups is not None:
        for group in report.groups.rows:
            uar = _score(group.scores, group.intervals[2])
            out.print(
                f"AMF-Net, {group.attribute} {group.value}, {group.n_subjects} subjects: UAR {uar}.", markup=False
            )
    for probe in report.probes:
        out.print(f"From the sound: {probe.sentence[0].lower()}{probe.sentence[1:]}", markup=False)
    if report.hardest:
        worst = "; ".join(
            f"{one.clip}, {one.truth}, called {answers_in_words(one)}" for one in report.hardest[:_HARDEST]
        )
        out.print(f"Most often wrong: {worst}.", markup=False)
    for note in report.notes:
        err.print(f"mmed benchmark: {note}", markup=False)


def _tell_sound(sound: SoundQuestion) -> None:
    out.print("\nDoes sound help?", style="bold")
    out.print(sound.sentence, markup=False)
    out.print(sound.needed.sentence, markup=False)
    behind = []
    if sound.against_visual is not None:
        behind.append(f"over visual-only, which is another network, {difference_in_words(sound.against_visual.uar)}")
    if sound.while_nobody_speaks is not None:
        behind.append(
            f"in the {sound.n_without_voice} clips in which nobody speaks, over permuted sound, "
            f"{difference_in_words(sound.while_nobody_speaks.uar)}"
        )
    if behind:
        out.print(f"Behind it: {'; '.join(behind)}.", markup=False)


def _tell_models(report: BenchmarkReport) -> None:
    against = dict(report.against)
    heads = ["model", "accuracy", "UF1", "UAR (95 %)"]
    heads += ["AMF-Net less it, UAR", "p"] if against else []
    rows = []
    for model in report.models:
        row = [escape(model.name), _number(model.scores.accuracy), _number(model.scores.uf1), _uar(model)]
        if against:
            found = against[model.name].uar if model.name in against else None
            row += ["", ""] if found is None else [_points(found), _number(found.p_two_sided)]
        rows.append(row)
    out.print(table("\nModels, leave-one-subject-out", heads, rows))
    out.print("Brackets: 95 % over subjects; with few subjects they are too narrow. p: two-sided, swaps of subjects.")
    if report.by_session:
        said = ", ".join(f"{model.name} {_uar(model)}" for model in report.by_session)
        out.print(f"UAR leaving out a session and all who played in it, for voices leak: {said}.", markup=False)
    first = report.models[0]
    out.print(f"\n{first.name}", style="bold", markup=False)
    out.print(confusion_table(first.scores))


def _tell_controls(sound: SoundQuestion) -> None:
    rows = [
        (
            control_in_words(one.control.value),
            one.n_changed,
            _number(one.scores.uar),
            _points(one.gain.uar),
            MEANS[one.control],
        )
        for one in sound.controls
    ]
    out.print(
        table(
            "\nAMF-Net with its senses disturbed; gain over the same network without sound",
            ("control", "clips", "UAR", "gain, UAR", "what it says"),
            rows,
        )
    )


def balance_line(found: Balanced) -> str:
    """What AMF-Net gives when its answers are as balanced as the inner splits chose."""
    low, high = min(found.strengths), max(found.strengths)
    lost = found.against_trained.uar.value
    return (
        f"Balance: with the strength that inner splits chose ({low:g} to {high:g}, 1 is as trained), accuracy "
        f"{found.scores.accuracy:.3f}, UAR {_score(found.scores, found.intervals[2])}"
        + ("." if lost is None else f", {100 * lost:+.1f} points of UAR against as trained.")
    )


def ceiling_line(soft: SoftAnswers) -> str:
    """How well one coder predicts the others, and AMF-Net against the same shares."""
    ceiling = soft.ceiling
    if ceiling.scores is None:
        return "Human ceiling: undetermined, for no two coders chose a class of one clip."
    said = (
        f"Human ceiling: one coder meets what most of the others chose with accuracy {ceiling.scores.accuracy:.3f}, "
        f"UAR {_score(ceiling.scores, ceiling.intervals[2])}, over {counted(ceiling.n_answers, 'choice')} of "
        f"{counted(ceiling.n_coders, 'coder')}"
    )
    if soft.scores is not None and ceiling.soft is not None:
        said += (
            f"; against the coders' shares AMF-Net needs {soft.scores.cross_entropy_bits:.2f} bits, one coder "
            f"{ceiling.soft.cross_entropy_bits:.2f}"
        )
    return ". ".join([said, *(f"{note.what[0].upper()}{note.what[1:]}" for note in ceiling.notes)]) + "."


def difference_in_words(found: Difference) -> str:
    """A difference of UAR in points with interval and p value."""
    if found.value is None:
        return "undetermined"
    return f"{_points(found)} points of UAR (p = {_number(found.p_two_sided)})"


def _points(found: Difference) -> str:
    if found.value is None:
        return _UNKNOWN
    spread = f" ({100 * found.interval.low:+.1f} to {100 * found.interval.high:+.1f})" if found.interval else ""
    return f"{100 * found.value:+.1f}{spread}"


def _uar(model: ModelResult) -> str:
    return _score(model.scores, model.intervals[2])


def _score(scores: Scores, found: Interval | None) -> str:
    return _number(scores.uar) + ("" if found is None else f" ({found.low:.2f}-{found.high:.2f})")


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.3f}"

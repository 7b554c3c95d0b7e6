"""The whole report of a round: every number leads to its clips, nothing breaks out, and nothing is hidden."""

from __future__ import annotations

import re
import shutil
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from builders.rounds import Day
from builders.workspace import a_workspace, an_answer

from mmed_curate.agreement.discussion import Focus
from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import load_settings
from mmed_curate.annotation import Desk, assign, write_report
from mmed_curate.annotation.behind import Behind
from mmed_curate.annotation.links import LISTED, Links
from mmed_curate.annotation.measured import RuleLine, histogram_of, rule_lines
from mmed_curate.annotation.overview import judged_here, overview
from mmed_curate.annotation.roundread import RoundRead, read_round
from mmed_curate.annotation.topics import sentences_of_rules, topics_of
from mmed_curate.annotation.wholereport import GateShown, whole_report, write_whole_report
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, FailedRule, attempt_document
from mmed_curate.gate.measured import agreement_verdicts, sample_verdicts
from mmed_curate.gate.policy import load_policy
from mmed_curate.report.meanings import meaning_of
from mmed_curate.store import Workspace

EVIL = "<script>alert('noted')</script>"
SAID = {"bob": (0, 0, 1, 1, 0, 0), "cem": (0, 0, 1, 1, 1, None)}
"""Emotion that each coder names, clip by clip; None: they see nothing."""


class Seen(HTMLParser):
    """What a page holds, as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.images: list[dict[str, str | None]] = []
        self.tables: list[dict[str, int]] = []
        self._heading = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        if tag in {"h1", "h2", "h3"}:
            self._heading = int(tag[1])
            self.headings.append((self._heading, ""))
        if tag == "svg":
            self.images.append(given)
        if tag == "table":
            self.tables.append({"caption": 0, "col": 0, "row": 0})
        if tag == "caption":
            self.tables[-1]["caption"] += 1
        if tag == "th":
            self.tables[-1]["col" if given.get("scope") == "col" else "row"] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "h2", "h3"}:
            self._heading = 0

    def handle_data(self, data: str) -> None:
        if self._heading:
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six clips coded by bob and, a week later, by cem: they differ in the emotion of one and the event of another."""
    day = Day()
    workspace = Workspace.open(a_workspace(tmp_path_factory.mktemp("round") / "a lab" / "ws", n_clips=6).root, now=day)
    for code in ("ann", "bob", "cem"):
        if code == "cem":
            day.go_on(7)
        assign(workspace, seed=1)
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            with workspace.read() as records:
                record = records.ticket(ticket.id)
                place = [clip.id for clip in records.clips()].index(record.clip) if record else 0
            answer = an_answer(ticket.stage, workspace.codebook)
            if code in SAID:
                emotion = SAID[code][place]
                answer = (
                    Coding(events=(), note=EVIL)
                    if emotion is None
                    else an_answer(ticket.stage, workspace.codebook, emotion=emotion)
                )
            desk.submit(ticket.id, answer)
    return workspace


@pytest.fixture(scope="module")
def read(coded: Workspace) -> RoundRead:
    settings = load_settings("mmed").model_copy(update={"resamples": 200})
    return read_round(coded, agreement_report(judged_here(coded), coded.protocol, coded.codebook, settings))


def rules_of(here: RoundRead) -> tuple[RuleLine, ...]:
    policy = load_policy("mmed")
    verdicts = (*agreement_verdicts(here.report, policy), *sample_verdicts(here.report, policy))
    return rule_lines(verdicts, policy, here.book)


@pytest.fixture(scope="module")
def page(read: RoundRead) -> str:
    """Of a closed gate; it lies beside the workspace."""
    path = read.workspace.root.parent / "page.html"
    write_whole_report(read, path, gate=GateShown(policy="A policy", passed=False, rules=rules_of(read)))
    return path.read_text(encoding="utf-8")


def test_attempts_at_the_gate_stand_in_it_with_what_failed_and_what_the_next_needs(
    read: RoundRead, page: str, tmp_path: Path
) -> None:
    assert "Attempts at the gate" not in page
    workspace = Workspace.open(Path(shutil.copytree(read.workspace.root, tmp_path / "ws")))
    attempt = Attempt(
        number=1,
        day=date(2026, 3, 1),
        policy="mmed",
        policy_digest="p",
        judgements_digest="j",
        measured={one.clip: 1 for one in read.clips},
        failed=(FailedRule(name="existence", number=0.75, at_least=0.9, code=""),),
        held=frozenset(),
        method_digest="m",
    )
    with workspace.write(actor="gate") as records:
        records.log_act(ATTEMPT_MADE, attempt_document(attempt))
    seen = overview(workspace)
    (line,) = seen.attempts
    assert (line.failed, line.came) == (True, "existence: 0.75, needed ≥ 0.9")
    assert seen.next_needs.endswith("mmed recode --sample N, or --all")
    write_whole_report(read_round(workspace, read.report), tmp_path / "page.html")
    told = re.sub(r"<[^>]+>", " ", (tmp_path / "page.html").read_text(encoding="utf-8"))
    section = " ".join(told.partition("Every time that the gate was held")[2].partition("What to discuss")[0].split())
    assert "1 2026-03-01 mmed 6 failed existence: 0.75, needed ≥ 0.9" in section
    assert section.endswith(
        "The next one: attempt 1 failed on existence, so only those clips count that were coded since, or once more "
        "since, drawn by lot or all of them: retrain; then have new clips coded, or send clips back: mmed recode "
        "--sample N, or --all."
    )


def test_every_link_leads_somewhere(page: str, read: RoundRead) -> None:
    seen = Seen(page)
    inside = [link for link in seen.links if link.startswith("#")]
    assert len(inside) > 30
    assert not {link[1:] for link in inside} - set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    outside = [link for link in seen.links if not link.startswith("#")]
    assert outside, "clips lead to what coders saw"
    assert "from the folder in which this page was written" in page
    for link in outside:
        assert (read.workspace.root.parent / unquote(link)).is_file()


def test_what_coders_wrote_stays_text(page: str) -> None:
    seen = Seen(page)
    assert "script" not in seen.tags
    assert EVIL not in page and "&lt;script&gt;alert(&#x27;noted&#x27;)" in page


def test_it_needs_nothing_else(page: str) -> None:
    assert not re.search(r"(src|href)=[\"'](https?:)?//", page)
    assert "@import" not in page and "url(" not in page
    assert "prefers-color-scheme:dark" in page


def test_its_structure_is_heard(page: str) -> None:
    """Headings in order, without a step left out; plots with a title; tables with a caption and headers."""
    seen = Seen(page)
    assert [words for level, words in seen.headings if level < 3] == [
        "Agreement: Plain rules for tests",
        "The gate",
        "What to discuss",
        "Each layer",
        "Each class and code",
        "Who says what where another says that",
        "When it happened",
        "Coders",
        "Over time",
        "Every number",
        "How it was measured",
        "The clips behind the numbers",
        "What each coder said",
    ]
    levels = [level for level, _ in seen.headings]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(seen.images) >= 5
    for image in seen.images:
        assert image["role"] == "img"
        assert all(name in seen.ids for name in str(image["aria-labelledby"]).split())
    assert all(table["caption"] == 1 and table["col"] and table["row"] for table in seen.tables)


def test_it_says_for_whom_it_is_and_what_is_simulated(page: str) -> None:
    assert page.index("For the curator.") < page.index("SIMULATED.") < page.index("The gate is closed:")
    assert "<title>SIMULATED: Agreement" in page


def test_a_number_leads_to_the_clip_and_to_what_each_coder_said_of_it(read: RoundRead, tmp_path: Path) -> None:
    shown = whole_report(read, tmp_path)
    with read.workspace.read() as records:
        clips = [clip.id for clip in records.clips()]
    lists = {one.key: one for one in shown.lists}
    emotion = next(layer for layer in shown.layers if layer.title == "emotion")
    assert lists[emotion.key].clips == ((clips[4], "1 difference in emotion"),)
    clip = next(one for one in shown.clips if one.clip == clips[4])
    first, second = (entry.code for entry in read.book.emotions[:2])
    said = [(row.coder, row.cells[4], 4 in row.differs) for row in clip.events]
    assert said == [("bob", first, True), ("cem", second, True)]
    unseen = next(one for one in shown.clips if one.clip == clips[5])
    assert [(row.coder, bool(row.cells)) for row in unseen.events] == [("bob", True), ("cem", False)]


def test_every_number_of_a_report_has_a_meaning(read: RoundRead) -> None:
    assert len(read.report.measures) > 40
    for name in (*read.report.measures, "au4.intensity-alpha", "pass-1-picture:emotion=fear.ac1"):
        meaning = meaning_of(name)
        assert meaning.means.endswith(".") and meaning.means_not.endswith(".")
    assert meaning_of("duration.alpha") != meaning_of("emotion.alpha")


def test_only_clips_that_were_measured_are_on_it(coded: Workspace, read: RoundRead, tmp_path: Path) -> None:
    with coded.read() as records:
        clips = [clip.id for clip in records.clips()]
    shown = whole_report(read_round(coded, read.report, only={clips[0], clips[5]}), tmp_path)
    assert {one.clip for one in shown.clips} == {clips[5]}


def test_a_coding_that_does_not_count_is_not_on_it(coded: Workspace, read: RoundRead, tmp_path: Path) -> None:
    """As after an attempt at the gate that failed on it."""
    with coded.read() as records:
        clips = [clip.id for clip in records.clips()]
    shown = whole_report(read_round(coded, read.report, uncounted={clips[5]}), tmp_path)
    assert {one.clip for one in shown.clips} == {clips[4]}
    assert [one.n_clips for one in shown.coders] == [5, 5]


def test_what_to_discuss_is_said_in_sentences(read: RoundRead) -> None:
    first, second = (entry.code for entry in read.book.emotions[:2])
    kinds = {one.title: [topic.words for topic in one.topics] for one in topics_of(read.pairs, read.codes, most=3)}
    assert list(kinds) == ["Most often confused", "Pairs of coders", "Clips to look at together"]
    one, other = sorted((first, second))
    assert f"emotion: {one} and {other}, by 1 of 5 pairs of coders (20 %)" in kinds["Most often confused"]
    assert kinds["Pairs of coders"][0].startswith("bob and cem differ in 2 of ")
    of_rules = sentences_of_rules(read.pairs, rules_of(read), read.codes, most=3)
    assert any(
        sentence.startswith(f"emotion-alpha: {one} and {other} (20 %); bob and cem (20 %); clips ")
        for sentence in of_rules
    )


def test_a_round_in_which_nothing_is_known_has_a_page(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0, staff={})
    path = write_report(workspace.root)
    assert path == workspace.root / "agreement.html"
    seen = Seen(path.read_text(encoding="utf-8"))
    assert not {link[1:] for link in seen.links if link.startswith("#")} - set(seen.ids)
    assert "undetermined" in path.read_text(encoding="utf-8")
    assert "Nobody differs on any clip." in path.read_text(encoding="utf-8")


def test_the_window_gets_the_same_numbers(coded: Workspace) -> None:
    measured = overview(coded).measured
    assert [line.name for line in measured.layers][:2] == ["emotion", "emotion-class"]
    assert measured.policy and not measured.policy_fault
    assert {"emotion-alpha", "coders"} <= {rule.name for rule in measured.rules}
    assert measured.confused[0].n_pairs == 1
    assert [line.histogram.counts[0] for line in measured.marks] == [(5, 0)] * 3


def test_a_policy_that_cannot_be_read_is_said_and_hides_nothing_else(coded: Workspace, tmp_path: Path) -> None:
    shutil.copytree(coded.root, tmp_path / "ws")
    toml = tmp_path / "ws" / "mmed.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + '\ngate = "nowhere"\n', encoding="utf-8")
    measured = overview(Workspace.open(tmp_path / "ws")).measured
    assert measured.policy_fault is not None and not measured.rules
    assert measured.layers


def test_addresses_of_media_are_those_of_the_folder_in_which_the_page_lies(read: RoundRead, tmp_path: Path) -> None:
    folder = tmp_path / "50 % done"
    folder.mkdir()
    shown = whole_report(read, folder)
    assert all((folder / unquote(one.media)).is_file() for one in shown.clips)
    assert all("%20" in one.media for one in shown.clips), "the lab's folder has a space in its name"


def test_bars_are_whole_frames_and_know_what_is_within() -> None:
    """At 30 frames a second, tolerance 2 frames: 0, 1 and 2 frames apart are within, 3 are not."""
    found = histogram_of([(0.0, True), (33.3, True), (66.7, True), (100.0, False)], 66.7, 33.34)
    assert found.step_ms == pytest.approx(33.34)
    assert (found.counts, found.n_more) == (((1, 0), (1, 0), (1, 0), (0, 1)), 0)
    assert found.bars_within == 3


def test_one_distance_far_away_does_not_flatten_the_others() -> None:
    found = histogram_of([(float(n % 5), True) for n in range(500)] + [(9000.0, False)], 50.0, 5.0)
    assert found.n_more == 1
    assert len(found.counts) * found.step_ms < 100
    assert sum(map(sum, found.counts)) == 500


def test_a_long_list_says_how_many_are_left_out() -> None:
    clips = [ClipId(f"clip{number:03d}") for number in range(LISTED + 5)]
    behind = Behind(by_key={"emotion": dict.fromkeys(clips, 1)}, clips={})
    links = Links(behind=behind, coded=clips)
    assert links.of(Focus(layers=("emotion",)), "emotion") == "emotion"
    assert [clip for clip, _ in links.lists["emotion"].clips] == clips[:LISTED] == list(links.wanted)
    assert links.lists["emotion"].n_more == 5
    assert links.of(Focus(layers=("apex",)), "apex") == ""

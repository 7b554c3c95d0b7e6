"""The page in a real Chromium, from disk and from a plain web server; skipped where there is no chromium."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from builders.browser import Browser, chromium
from builders.release import SPAN, a_release

from mmed_curate.release.page import page_outside, write_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no chromium on the PATH: Debian's package chromium has it"),
]

SHOWN = "document.getElementById('stage').dataset.presented"
READOUT = "document.getElementById('readout').textContent"
GREY = """(() => { const video = document.querySelector('#stage video');
  const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 48});
  const brush = canvas.getContext('2d'); brush.drawImage(video, 0, 0, 64, 48);
  return brush.getImageData(32, 24, 1, 1).data[1]; })()"""
"""The grey of the picture that is on screen; a test's clip is 5 times the number of the frame."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty clips of four subjects, of whom the last did not agree to be shown; in a folder that needs care."""
    folder = tmp_path_factory.mktemp("page") / "eine Ausgabe, für alle #1"
    root = a_release(folder, n_subjects=4, clips_per_subject=10, media=True, shown_subjects=(0, 1, 2))
    write_page(root, root, media=True)
    return root


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests of this file."""
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(autouse=True)
def afresh(browser: Browser) -> None:
    """Every test begins with a page of the same size and nothing logged."""
    browser.look(width=1280, height=900)
    browser.open("about:blank")
    browser.settle()
    browser.errors.clear()
    browser.requests.clear()


@pytest.fixture(scope="module")
def server(release: Path) -> Iterator[str]:
    """A server that knows no Range requests, as the simplest ones do not."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(release)))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_address[1]}/index.html"
    serving.shutdown()
    serving.server_close()


def opened(browser: Browser, url: str) -> None:
    """Open the page and wait for the frame that it shows of its own accord: the first clip's onset."""
    browser.open(url)
    browser.wait(f"{SHOWN} === '{int(SPAN.onset)}'")


def test_from_disk_it_runs_without_an_error_and_asks_for_nothing_elsewhere(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.settle(0.3)
    assert browser.errors == []
    assert {url.startswith((release.as_uri(), "data:")) for url in browser.requests} == {True}


def test_from_a_server_it_runs_the_same(browser: Browser, server: str) -> None:
    own = server.removesuffix("index.html")
    opened(browser, server)
    browser.settle(0.3)
    assert browser.errors == []
    assert {own in url or url == "data:," for url in browser.requests} == {True}


def test_the_arrow_keys_step_frame_by_frame_and_the_picture_is_that_frame(browser: Browser, server: str) -> None:
    opened(browser, server)
    browser.value("document.getElementById('timeline').focus()")
    for frame in range(SPAN.onset + 1, SPAN.offset + 2):
        browser.key("ArrowRight")
        browser.wait(f"{SHOWN} === '{frame}'")
        assert browser.value(READOUT).startswith(f"frame {frame} of 0 to 23 · {frame / 30:.3f} s")
        assert browser.value(GREY) == pytest.approx(5 * frame, abs=2)
    browser.key("ArrowLeft")
    browser.wait(f"{SHOWN} === '{int(SPAN.offset)}'")


def test_keys_lead_to_the_marks_and_to_both_ends(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.value("document.getElementById('timeline').focus()")
    for key, frame in (("2", SPAN.apex), ("3", SPAN.offset), ("1", SPAN.onset), ("End", 23), ("Home", 0)):
        browser.key(key)
        browser.wait(f"{SHOWN} === '{int(frame)}'")
    assert browser.value("document.getElementById('timeline').getAttribute('aria-valuetext')").startswith("frame 0 ")


def test_many_steps_at_once_end_on_the_last_one(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.value("for (let i = 0; i < 9; i += 1) { document.getElementById('forth').click(); }")
    browser.wait(f"{SHOWN} === '{SPAN.onset + 9}'")


def test_it_plays_to_the_end_and_says_which_frame_it_shows(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.value("document.getElementById('play').click()")
    browser.wait("document.querySelector('#stage video').ended")
    browser.wait(f"{READOUT}.startsWith('frame 23 of 0 to 23')")
    assert browser.value("document.getElementById('play').getAttribute('aria-label')") == "Play"


def test_a_filter_leaves_what_it_says_and_clearing_brings_all_back(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    assert browser.value("document.getElementById('found').textContent") == "40 clips"
    set_to = "document.getElementById('filters').elements.%s.value = %r;"
    told = "document.getElementById('filters').dispatchEvent(new Event('input'))"
    browser.value(set_to % ("subject", "S-00000002") + told)
    assert browser.value("document.getElementById('found').textContent") == "10 of 40 clips"
    rest = browser.value("[...document.querySelectorAll('.entry-rest')].map(e => e.textContent)")
    assert rest
    assert all("S-00000002" in one for one in rest)
    browser.value(set_to % ("least_ms", "334") + told)
    assert browser.value("document.getElementById('found').textContent").startswith("No clip is like that")
    browser.value("document.querySelector('#filters [type=reset]').click()")
    browser.wait("document.getElementById('found').textContent === '40 clips'")


def test_the_list_is_walked_by_keys_alone(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.value("document.getElementById('list').focus()")
    browser.key("ArrowDown")
    browser.key("ArrowDown")
    browser.wait("document.getElementById('clip-name').textContent === 'c-000000000002'")
    chosen = "document.getElementById(document.getElementById('list').getAttribute('aria-activedescendant'))"
    assert browser.value(f"{chosen}.getAttribute('aria-selected')") == "true"
    assert browser.value(f"{chosen}.textContent").startswith("c-000000000002")
    browser.key("Enter")
    assert browser.value("document.activeElement.id") == "timeline"
    browser.key("Escape")
    assert browser.value("document.activeElement.id") == "list"
    assert browser.value("location.hash") == "#clip=c-000000000002"


def test_a_link_to_a_clip_opens_it(browser: Browser, release: Path) -> None:
    browser.open((release / "index.html").as_uri() + "#clip=c-000001000003")
    browser.wait("document.getElementById('clip-name').textContent === 'c-000001000003'")


def test_of_a_clip_that_may_not_be_shown_it_says_why_and_marks_and_judgements_are_there(
    browser: Browser, release: Path
) -> None:
    browser.open((release / "index.html").as_uri() + "#clip=c-000003000000")
    browser.wait("document.getElementById('clip-name').textContent === 'c-000003000000'")
    assert "not everybody in this clip agreed" in browser.value("document.getElementById('stage').textContent")
    assert browser.value("document.querySelectorAll('#stage video, #stage audio').length") == 0
    browser.value("document.getElementById('timeline').focus()")
    browser.key("2")
    assert browser.value(READOUT) == "frame 10 of 0 to 23 · 0.333 s · apex"
    assert browser.value("document.querySelectorAll('#judgements tbody tr').length") == 4
    assert not [url for url in browser.requests if "c-000003" in url.split("#")[0]]


def test_only_the_rows_in_sight_exist(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    browser.value("document.getElementById('list').style.height = '260px'")
    browser.value("document.getElementById('list').scrollTop = 1e6")
    browser.wait("[...document.querySelectorAll('.entry-name')].some(e => e.textContent === 'c-000003000009')")
    assert browser.value("document.querySelectorAll('.entry').length") <= 20
    assert browser.value("document.querySelector('.entry').getAttribute('aria-setsize')") == "40"


def test_every_control_has_a_name_and_headings_go_down_by_one(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    nameless = """[...document.querySelectorAll(`button, input, select, [role=slider], [role=listbox], [role=region],
        video, svg[role=img]`)].filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') ||
        e.textContent.trim() && e.tagName === 'BUTTON' || e.labels && e.labels.length)).map(e => e.outerHTML)"""
    assert browser.value(nameless) == []
    levels = browser.value("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_it_is_light_or_dark_as_its_reader_prefers_and_text_stands_out(browser: Browser, release: Path) -> None:
    contrast = """(() => { const light = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
        .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
      const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!/, 0\\)|transparent/.test(c)) { return light(c); } } return 1; };
      return [...document.querySelectorAll('p, td, th, a, li, dt, dd, h1, h2, h3, label, button, .entry-rest')]
        .filter(e => e.getClientRects().length && e.textContent.trim() && /^rgb/.test(getComputedStyle(e).color) &&
          !/color-mix|color\\(/.test(getComputedStyle(e.closest('.entry') || e).backgroundColor))
        .map(e => { const a = light(getComputedStyle(e).color), b = ground(e);
          return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className + ' ' + e.textContent.slice(0, 30)]; })
        .filter(found => found[0] < 4.5); })()"""
    grounds = []
    for dark in (False, True):
        browser.look(width=1280, height=900, dark=dark)
        opened(browser, (release / "index.html").as_uri())
        grounds.append(browser.value("getComputedStyle(document.body).backgroundColor"))
        assert browser.value(contrast) == []
    assert grounds[0] != grounds[1]


@pytest.mark.parametrize("width", [1280, 800, 400])
def test_the_page_is_never_wider_than_its_window(browser: Browser, release: Path, width: int) -> None:
    browser.look(width=width, height=900)
    opened(browser, (release / "index.html").as_uri())
    assert browser.value("document.documentElement.scrollWidth") == width


def test_frames_of_a_variable_rate_lie_where_the_ticks_say(browser: Browser, release: Path) -> None:
    opened(browser, (release / "index.html").as_uri())
    clock = "mmed.clockOf({ticks: ['3000*2', '1500*2'], tick_s: [1, 90000], n_frames: 4, rate_hz: 40})"
    # 0, 1/30, 2/30, then halves of that: 2/30 + 1/60
    assert browser.value(f"[0, 1, 2, 3].map(f => {clock}.start(f))") == pytest.approx([0, 2 / 60, 4 / 60, 5 / 60])
    assert browser.value(f"[0, 0.034, 0.0667, 0.084, 9].map(s => {clock}.frameAt(s))") == [0, 1, 2, 3, 3]
    assert browser.value(f"{clock}.exact") is True


def test_a_copy_with_a_file_missing_says_so(browser: Browser, release: Path, tmp_path: Path) -> None:
    page_outside(release, tmp_path / "page")
    (tmp_path / "page" / "page" / "data" / "clips-0000.js").unlink()
    browser.open((tmp_path / "page" / "index.html").as_uri())
    browser.wait("document.getElementById('clip-empty').textContent.includes('clips-0000.js is missing')")


def test_a_picture_that_cannot_be_played_is_said_beside_the_marks(
    browser: Browser, release: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    for picture in copy.rglob("picture.mp4"):
        picture.write_bytes(b"no picture")
    browser.open((copy / "index.html").as_uri())
    browser.wait("document.getElementById('stage').textContent.includes('cannot play the picture')")
    assert browser.value("document.getElementById('play').disabled") is True
    browser.value("document.getElementById('forth').click()")
    assert browser.value(READOUT).startswith(f"frame {SPAN.onset + 1} ")


def test_a_page_without_media_runs_without_an_error(browser: Browser, release: Path, tmp_path: Path) -> None:
    page_outside(release, tmp_path / "page")
    browser.open((tmp_path / "page" / "index.html").as_uri())
    browser.wait("document.querySelectorAll('#judgements tbody tr').length === 4")
    assert "made without pictures" in browser.value("document.getElementById('stage').textContent")
    browser.settle(0.2)
    assert browser.errors == []

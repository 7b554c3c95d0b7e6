"""A real Chromium without a window, driven over its DevTools pipe (NUL-ended JSON on descriptors 3 and 4).

Nothing but the standard library: https://chromedevtools.github.io/devtools-protocol/. Every request that a page makes
is recorded, and so is every error that it logs.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOST_S = 30.0
"""Seconds after which an answer, or what is waited for, is given up."""


def chromium() -> str | None:
    """Where Chromium is; None: nowhere on the PATH."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


class BrowserError(Exception):
    """The browser did not do what it was asked."""


class Browser:
    """One browser with one page; a context manager that ends it."""

    def __init__(self, profile: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        program = chromium()
        if program is None:
            raise BrowserError("there is no chromium on the PATH")
        self.requests: list[str] = []
        """Every URL that a page asked for, in order."""
        self.errors: list[str] = []
        """What pages logged as errors, what they threw, and what the browser refused them."""
        to_read, to_write = _far_pipe(), _far_pipe()
        self._out, self._in = to_read[1], to_write[0]

        def pipes() -> None:
            os.dup2(to_read[0], 3)
            os.dup2(to_write[1], 4)

        self._process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",  # continuous integration runs as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--hide-scrollbars",
                "--autoplay-policy=no-user-gesture-required",
                f"--user-data-dir={profile}",
                "--remote-debugging-pipe",
            ],
            preexec_fn=pipes,
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read[0])
        os.close(to_write[1])
        self._buffer = b""
        self._asked = 0
        self._events: list[dict[str, Any]] = []
        target = self._send("Target.createTarget", {"url": "about:blank"}, session=False)["targetId"]
        self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True}, session=False)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")
        self.look(width=width, height=height, dark=dark)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def look(self, *, width: int, height: int, dark: bool = False, reduced_motion: bool = False) -> None:
        """Size of the page in CSS pixels, and what its reader prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._send("Emulation.setDeviceMetricsOverride", size)
        wishes = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        self._send("Emulation.setEmulatedMedia", {"features": wishes})

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self._events.clear()
        self._send("Page.navigate", {"url": url})
        self._until(lambda: any(one["method"] == "Page.loadEventFired" for one in self._events), f"{url} to load")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, promises awaited.

        Raises:
            BrowserError: it throws.
        """
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True, "userGesture": True}
        given = self._send("Runtime.evaluate", asked)
        if "exceptionDetails" in given:
            raise BrowserError(f"{expression}: {given['exceptionDetails']}")
        return given["result"].get("value")

    def wait(self, expression: str) -> Any:
        """The first truthy value of an expression that is asked for again and again."""
        found: list[Any] = []

        def there() -> bool:
            found[:] = [self.value(expression)]
            return bool(found[0])

        self._until(there, expression)
        return found[0]

    def key(self, name: str, *, shift: bool = False) -> None:
        """Press a key and let it go, such as `ArrowRight`, `Enter`, `Tab`, or a letter."""
        codes = {"Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, " ": 32}
        codes |= {"Home": 36, "End": 35, "PageUp": 33, "PageDown": 34, "Escape": 27}
        code = codes.get(name, ord(name[0].upper()))
        pressed: dict[str, Any] = {"key": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        text = "\r" if name == "Enter" else name if len(name) == 1 else None
        down = {"type": "keyDown" if text else "rawKeyDown", **pressed} | ({"text": text} if text else {})
        self._send("Input.dispatchKeyEvent", down)
        self._send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})

    def wheel(self, x: int, y: int, by: int) -> None:
        """Turn the wheel over a place."""
        self._send("Input.dispatchMouseEvent", {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": by})

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot of what is seen, or of the whole page."""
        given = self._send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(given["data"]))

    def settle(self, seconds: float = 0.0) -> None:
        """Take in what the browser has to tell, for a while."""
        end = time.monotonic() + seconds
        while self._read(max(0.0, end - time.monotonic())):
            pass

    def _send(self, method: str, params: dict[str, Any] | None = None, *, session: bool = True) -> Any:
        self._asked += 1
        number = self._asked
        asked: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            asked["sessionId"] = self._session
        data = json.dumps(asked).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        end = time.monotonic() + MOST_S
        while (left := end - time.monotonic()) > 0:
            answer = self._read(left)
            if answer is not None and answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]
        raise BrowserError(f"{method}: no answer in {MOST_S:.0f} s")

    def _read(self, seconds: float) -> dict[str, Any] | None:
        """One message, noted; None where none came in time."""
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], seconds)[0]:
                return None
            piece = os.read(self._in, 1 << 16)
            if not piece:
                raise BrowserError("chromium ended")
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message["params"]
        self._events.append(message)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "assert", "warning"}:
            self.errors.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + MOST_S
        while not holds():
            if time.monotonic() > end:
                raise BrowserError(f"waited {MOST_S:.0f} s for {what}; logged: {self.errors[-3:]}")
            self._read(0.02)


def _far_pipe() -> tuple[int, int]:
    """A pipe whose ends are not among the descriptors that the browser expects."""
    ends = os.pipe()
    far = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return far[0], far[1]

"""The vendored face networks: loaded from `weights/`, checked by hash, run by LiteRT (once TensorFlow Lite)."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

WEIGHTS = Path(__file__).resolve().parent / "weights"
"""Folder of the weights; `ORIGIN.md` in it says where they come from."""

SHA256_OF_WEIGHTS = {
    "face_detection_short_range.tflite": "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    "face_landmark.tflite": "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
}


_GREETING = b"INFO: "
"""What begins LiteRT's line on its first interpreter; nothing else in it can be told to keep quiet."""
_STDERR = 2
_starting = threading.Lock()
_started: list[int] = []
"""The process that has had its first interpreter: the greeting comes once in each."""


class Network:
    """One loaded network, on one thread. Its buffers serve all calls, so use one per thread and per process."""

    def __init__(self, name: str, folder: Path = WEIGHTS) -> None:
        """Load a network.

        Args:
            name: file name of the weights.
            folder: where the weights lie.

        Raises:
            BadInput: the file is missing, or not the one that was vendored.
        """
        path = folder / name
        if not path.is_file():
            raise BadInput.of(
                "face.weights_missing", f"there are no face weights at {path}", "install the package again"
            )
        if sha256_of(path) != SHA256_OF_WEIGHTS[name]:
            raise BadInput.of(
                "face.weights_changed", f"{path} is not the file that we ship", "install the package again"
            )
        self._net: Any = _interpreter(path)
        self._levels: FloatArray | None = None  # used again and again: fresh memory is slow
        self._input: int = self._net.get_input_details()[0]["index"]
        outputs = sorted(self._net.get_output_details(), key=lambda output: int(np.prod(output["shape"])))
        self._outputs: tuple[int, ...] = tuple(output["index"] for output in outputs)

    def run(self, rgb: FloatArray) -> tuple[FloatArray, ...]:
        """Outputs of the network, smallest first.

        Args:
            rgb: (H, W, 3) float32, already scaled to the network's range.
        """
        self._net.set_tensor(self._input, rgb[None])
        self._net.invoke()
        return tuple(self._net.get_tensor(output) for output in self._outputs)

    def run_on(self, bgr: ByteArray) -> tuple[FloatArray, ...]:
        """The same for a picture whose levels the network wants in 0..1.

        Args:
            bgr: (H, W, 3) uint8, blue first.
        """
        if self._levels is None or self._levels.shape != bgr.shape:
            self._levels = np.empty(bgr.shape, dtype=np.float32)
        np.copyto(self._levels, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        self._levels *= np.float32(1 / 255)
        return self.run(self._levels)


def _interpreter(path: Path) -> Any:
    """LiteRT with one network in it, ready to run."""
    from ai_edge_litert.interpreter import Interpreter  # 0.1 s that only those pay who look at faces

    def started() -> Any:
        net = Interpreter(model_path=str(path), num_threads=1)
        net.allocate_tensors()
        return net

    with _starting:
        if os.getpid() in _started:
            return started()
        with _without_greeting():
            net = started()
        _started[:] = [os.getpid()]
        return net


@contextmanager
def _without_greeting() -> Iterator[None]:
    """What is written to stderr meanwhile, also by C++, comes out afterwards, apart from LiteRT's greeting."""
    try:
        before = os.dup(_STDERR)
    except OSError:  # a process without stderr: nobody is greeted
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(before, _STDERR)
            os.close(before)
            held.seek(0)
            for line in held.readlines():
                if not line.startswith(_GREETING):
                    os.write(_STDERR, line)


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV keeps to the thread that calls it: its own would wait for work at the cost of whoever has some."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

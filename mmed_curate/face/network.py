"""The vendored face networks: loaded from `weights/`, checked by hash, run by OpenCV."""

from __future__ import annotations

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


class Network:
    """One loaded network. Keeps buffers between calls, so use one per thread."""

    def __init__(self, name: str, folder: Path = WEIGHTS, *, tail: tuple[str, str] | None = None) -> None:
        """Load a network.

        Args:
            name: file name of the weights.
            folder: where the weights lie.
            tail: a last convolution that covers all it is given at once, and the layer before it, which comes first;
                it is worked out as the one product of a matrix that it is, which OpenCV takes five times as long for.

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
        # OpenCV 5's new engine drops BlazeFace's score output; OpenCV 4 knows one engine only
        engine = (cv2.dnn.ENGINE_CLASSIC,) if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ()
        self._net: Any = cv2.dnn.readNetFromTFLite(str(path), *engine)
        self._outputs: tuple[str, ...] = tuple(self._net.getUnconnectedOutLayersNames())
        self._tail: tuple[int, FloatArray, FloatArray] | None = None
        if tail is not None and set(tail) <= set(self._net.getLayerNames()):
            kernel, offset = (np.asarray(blob, dtype=np.float32) for blob in self._net.getLayer(tail[1]).blobs)
            place = self._outputs.index(tail[1])
            self._outputs = tuple(tail[0] if name == tail[1] else name for name in self._outputs)
            self._tail = place, kernel.reshape(len(kernel), -1).copy(), offset.ravel().copy()

    def run(self, rgb: FloatArray) -> tuple[FloatArray, ...]:
        """Outputs of the network, smallest first.

        Args:
            rgb: (H, W, 3) float32, already scaled to the network's range.
        """
        return self._forward(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))

    def run_on(self, bgr: ByteArray) -> tuple[FloatArray, ...]:
        """The same for a picture whose levels the network wants in 0..1.

        Args:
            bgr: (H, W, 3) uint8, blue first.
        """
        return self._forward(cv2.dnn.blobFromImage(bgr, 1 / 255, swapRB=True))

    def _forward(self, blob: Any) -> tuple[FloatArray, ...]:
        self._net.setInput(blob)
        outputs = [np.asarray(value, dtype=np.float32) for value in self._net.forward(self._outputs)]
        if self._tail is not None:
            place, kernel, offset = self._tail
            outputs[place] = kernel @ outputs[place].ravel() + offset
        return tuple(sorted(outputs, key=lambda value: value.size))


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV keeps to the thread that calls it: its own would wait for work at the cost of whoever has some."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

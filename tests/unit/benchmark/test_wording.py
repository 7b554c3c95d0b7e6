"""Words become tokens: from a package's own files, without the network, the same on every machine."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from mmed_curate.benchmark.wording import WIDTH, encoded

THOUGHT_RMS, THOUGHT = 0.4428, (-0.1290, 0.0384, 0.3094)
"""Of the row of `▁thought`, read from the package's file with safetensors alone."""


@dataclass(frozen=True)
class Said:
    """Something that was said from a time on."""

    onset_s: float
    text: str


def test_tokens_come_in_the_order_in_which_they_are_said() -> None:
    tokens, mask = encoded([Said(2.0, "had me"), Said(-0.5, "I thought they")], n_tokens=8)
    assert (tokens.shape, tokens.dtype, mask.dtype) == ((8, WIDTH), np.float32, np.bool_)
    assert mask.tolist() == [True] * 5 + [False] * 3
    assert not tokens[5:].any()
    together, _ = encoded([Said(0.0, "I thought they had me")], n_tokens=8)
    np.testing.assert_array_equal(tokens, together)


def test_what_is_said_beyond_is_left_out_and_silence_is_no_token() -> None:
    tokens, mask = encoded([Said(0.0, "I thought they had me")], n_tokens=3)
    longer, _ = encoded([Said(0.0, "I thought they had me")], n_tokens=5)
    assert mask.all()
    np.testing.assert_array_equal(tokens, longer[:3])
    nothing, silent = encoded([], n_tokens=3)
    assert not nothing.any()
    assert not silent.any()


def mean(text: str) -> np.ndarray:
    tokens, mask = encoded([Said(0.0, text)], n_tokens=16)
    total: np.ndarray = tokens[mask].mean(axis=0)
    return total / np.linalg.norm(total)


def test_what_means_the_same_lies_nearer_than_what_does_not() -> None:
    happy = mean("I am so happy")
    assert happy @ mean("what a joy") > 0.3 > happy @ mean("this is terrible")


def test_the_numbers_are_those_of_the_table_and_no_others() -> None:
    """Row 2714 of the table over the table's root mean square, computed apart from this code in float64."""
    tokens, _ = encoded([Said(0.0, "thought")], n_tokens=1)
    assert np.sqrt(np.mean(np.square(tokens))) == pytest.approx(THOUGHT_RMS, abs=1e-4)
    np.testing.assert_allclose(tokens[0, :3], THOUGHT, atol=1e-4)


def test_nothing_is_downloaded() -> None:
    code = (
        "import socket, types\n"
        "def refuse(*a, **k): raise OSError('the network was asked')\n"
        "socket.socket.connect = refuse\n"
        "from mmed_curate.benchmark.wording import encoded\n"
        "print(int(encoded([types.SimpleNamespace(onset_s=0, text='hello')], n_tokens=4)[1].sum()))\n"
    )
    assert hasattr(socket.socket, "connect")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_missing_package_is_one_sentence_with_its_cure_and_only_where_words_are_there() -> None:
    code = (
        "import sys, types\n"
        "sys.modules['wordllama'] = None\n"
        "from mmed_curate.benchmark.wording import encoded\n"
        "from mmed_curate.domain.findings import BadInput\n"
        "assert not encoded([], n_tokens=2)[1].any()\n"
        "try:\n"
        "    encoded([types.SimpleNamespace(onset_s=0, text='hello')], n_tokens=4)\n"
        "except BadInput as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "without wordllama: pip install 'mmed-curate[text]'" in done.stdout, done.stderr

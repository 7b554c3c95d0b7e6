"""Words of a transcript as tokens that a network can attend to: a second bank of keys and values beside the sound.

Each token is a row of a table of 32,000 static embeddings of 256 numbers, l2_supercat of WordLlama 0.4, looked up and
scaled: no network is run, and no token knows of its neighbours. Table and tokenizer lie inside the package `wordllama`
on PyPI; they are read from its folder and held against their hashes, so nothing is downloaded and two machines get the
same numbers. The package itself is not imported: its own loader looks for the tokenizer in a folder that its wheel does
not have, and would download it. English first: other languages fall into pieces of words, and are told apart less well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]

WIDTH = 256
"""Numbers of one token."""
_PACKAGES = ("wordllama", "tokenizers", "safetensors")
_TABLE = ("weights/l2_supercat_256.safetensors", "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5")
_TOKENS = (
    "tokenizers/l2_supercat_tokenizer_config.json",
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
)
"""Path inside the package and SHA-256, as they are in wordllama 0.4.0.post1."""


class Spoken(Protocol):
    """Something that was said, such as a row of a release's transcript."""

    @property
    def onset_s(self) -> float:
        """When it begins; only the order counts."""
        ...

    @property
    def text(self) -> str:
        """Words."""
        ...


def encoded(said: Iterable[Spoken], *, n_tokens: int) -> tuple[Floats, Truths]:
    """What was said, as tokens in the order in which it was said.

    Args:
        said: cues in any order, such as `Dataset.clip(name).transcript`; of equal onsets the first given comes first.
        n_tokens: L; what is said beyond as many tokens is left out.

    Returns:
        tokens (L, 256) float32, of size 1 in the root mean square over the whole table, and zero where nothing is
        said; mask (L,), True where there is a token.

    Raises:
        BadInput: a package is missing, or holds another table than this was written for.
    """
    tokens, mask = np.zeros((n_tokens, WIDTH), dtype=np.float32), np.zeros(n_tokens, dtype=np.bool_)
    ordered = sorted(said, key=lambda one: one.onset_s)
    if not ordered:
        return tokens, mask  # also where the packages are missing: there is nothing to look up
    words = _words()
    ids = [id for one in ordered for id in words.tokenizer.encode(one.text, add_special_tokens=False).ids][:n_tokens]
    tokens[: len(ids)] = words.table[ids]
    mask[: len(ids)] = True
    return tokens, mask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    table: Floats
    """(32000, 256)."""
    tokenizer: Tokenizer


@cache
def _words() -> _Words:
    folder = _folder()
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    table = load(_checked(folder, *_TABLE))["embedding.weight"].astype(np.float32)  # (32000, 256), stored as float16
    size = np.sqrt(np.mean(np.square(table, dtype=np.float64)))
    text = _checked(folder, *_TOKENS).decode()
    return _Words(table=(table / size).astype(np.float32), tokenizer=Tokenizer.from_str(text))


def _folder() -> Path:
    for package in _PACKAGES:
        if find_spec(package) is None:
            raise BadInput.of(
                "benchmark.no_words",
                f"words of a transcript cannot be read without {package}",
                "pip install 'mmed-curate[text]', or benchmark without the transcript",
            )
    spec = find_spec(_PACKAGES[0])
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else Path()


def _checked(folder: Path, name: str, digest: str) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError:
        data = b""
    if sha256(data).hexdigest() != digest:
        raise BadInput.of(
            "benchmark.other_words",
            f"{folder / name} is not the file that wordllama 0.4.0 holds, and other numbers would come out",
            "pip install 'wordllama==0.4.0.post1'",
        )
    return data

"""What the loading of a release warns of, said as sentences and not as lines of code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from mmed_curate.cli.console import err
from mmed_curate.dataset import DraftWarning, WithdrawnClipsWarning

_SAID = (DraftWarning, WithdrawnClipsWarning)


@contextmanager
def drafts_said(verb: str) -> Iterator[None]:
    """Print on stderr, once each, what is warned of drafts and withdrawn clips; other warnings go their way.

    Args:
        verb: who says it, such as `mmed predict`.
    """
    with warnings.catch_warnings(record=True) as warned:
        for kind in _SAID:
            warnings.simplefilter("always", kind)
        yield
    for sentence in dict.fromkeys(str(one.message) for one in warned if issubclass(one.category, _SAID)):
        err.print(f"{verb}: {sentence}", markup=False)
    for one in warned:
        if not issubclass(one.category, _SAID):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)

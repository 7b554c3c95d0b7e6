"""Python's search for circles of objects, put off while a great many are made that hold none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_circles() -> Iterator[None]:
    """Put it off: it walks through all objects again and again as they become more, a quarter of a build's time.

    What is in no circle is freed all the same as soon as nobody holds it. Where it was put off already, it stays so.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

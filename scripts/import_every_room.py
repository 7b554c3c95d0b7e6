"""Imports every module of the installed package; exit 1 names those that fail beyond what the extras leave out."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import mmed_curate
from mmed_curate.cli.main import EXTRA_OF


def complaints(extras: set[str]) -> list[str]:
    """Modules that do not import, although every extra that they need is installed.

    Args:
        extras: names of the installed extras.
    """
    found = []
    for module in pkgutil.walk_packages(mmed_curate.__path__, "mmed_curate."):
        if "._data" in module.name:
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as missing:
            if EXTRA_OF.get((missing.name or "").partition(".")[0], "") in extras | {""}:
                found.append(f"{module.name}: {missing}")
        except Exception as error:
            found.append(f"{module.name}: {error!r}")
    return found


if __name__ == "__main__":
    wrong = complaints(set(sys.argv[1].split(",")))
    sys.stderr.write("".join(f"  {line}\n" for line in wrong))
    sys.exit(bool(wrong))

"""Puts schema, pipelines and the demo's recordings into wheels; an editable install reads them where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TRAVELS = ("schema", "pipelines", "demo")
"""Folders of data at the repository's root that a wheel carries under `mmed_curate/_data/`."""


class DataFolders(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch calls this before it builds a wheel.

    A plain `force-include` would also copy the folders into the site-packages of an editable install, where the
    copies would go stale unseen.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Include the folders, unless the wheel is the link of an editable install.

        Args:
            version: "standard" or "editable".
            build_data: hatch's plan of the wheel; `force_include` maps a source path to a path in the wheel.
        """
        if version == "editable":
            return
        for name in TRAVELS:
            for path in sorted((Path(self.root) / name).rglob("*")):
                inside = path.relative_to(self.root)
                if path.is_file() and path.name != ".keep" and "__pycache__" not in inside.parts:
                    build_data["force_include"][str(path)] = f"mmed_curate/_data/{inside.as_posix()}"

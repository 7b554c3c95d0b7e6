"""Where the files that travel with the package lie: codebooks, JSON schemas, recipes, the demo's recordings.

In a wheel they lie under `mmed_curate/_data/`; in an editable install at the repository's root. Both are found
from the imported package's own folder.
"""

from __future__ import annotations

from pathlib import Path

from mmed_curate.domain.findings import BadInput

_PACKAGE = Path(__file__).resolve().parent.parent


def packaged_root() -> Path:
    """The folder that holds `schema/`, `pipelines/` and `demo/`."""
    inside = _PACKAGE / "_data"
    return inside if inside.is_dir() else _PACKAGE.parent


def packaged_path(*parts: str) -> Path:
    """Path of a packaged file or folder, such as `packaged_path("pipelines", "gate", "mmed.yaml")`.

    Raises:
        BadInput: there is no such file.
    """
    path = packaged_root().joinpath(*parts)
    if not path.exists():
        raise BadInput.of(
            "packaged.missing",
            f"the package holds no {'/'.join(parts)}",
            f"choose one of: {', '.join(packaged_names(*parts[:-1])) or 'none'}",
        )
    return path


def named_or_path(name_or_path: str, *folder: str) -> Path:
    """What a person means who gives the name of a packaged YAML file, or the path of one of their own.

    Args:
        name_or_path: a path where it ends in .yaml or .yml, or names a folder; else a name.
        folder: the packaged folder that names are looked up in, such as "pipelines", "gate".

    Raises:
        BadInput: there is none of that name, or it is empty.
    """
    if not name_or_path.strip():
        raise BadInput.of(
            "packaged.no_name",
            f"the name of something in {'/'.join(folder)} is empty",
            f"choose one of {', '.join(packaged_names(*folder)) or 'none'}, or give the path of a YAML file",
        )
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or len(path.parts) != 1:
        return path
    return packaged_path(*folder, f"{name_or_path}.yaml")


def packaged_names(*parts: str) -> tuple[str, ...]:
    """Names (without ending) of the YAML files in a packaged folder, sorted."""
    folder = packaged_root().joinpath(*parts)
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))

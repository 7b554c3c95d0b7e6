"""What a workspace is set to, and where each setting comes from: `MMED_*`, then `mmed.toml`, then the package."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from mmed_curate.domain.findings import BadInput

FORMAT, VERSION = "mmed-workspace", 1
"""Of `mmed.toml`; the database has its own version."""

PACKAGED: Mapping[str, str] = MappingProxyType(
    {"protocol": "mmed", "recipe": "mmed", "gate": "mmed", "benchmark": "mmed"}
)
"""Which packaged file is used where nobody says otherwise."""

FIXED = frozenset({"protocol"})
"""Settings that only `mmed.toml` may change: the rules must not depend on whose shell is open."""


class Origin(Enum):
    """Where a setting comes from."""

    ENVIRONMENT = "environment"
    WORKSPACE = "mmed.toml"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a workspace."""

    name: str
    value: str
    """Name of a packaged file, or a path."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a workspace."""

    by_name: Mapping[str, Setting]
    simulated_seed: int | None
    """Seed of the secret where all contents are simulated; None: a secret of its own."""

    def __getitem__(self, name: str) -> str:
        """The value of a setting."""
        return self.by_name[name].value


def toml_text(*, protocol: str, seed: int | None) -> str:
    """The `mmed.toml` of a new workspace."""
    lines = [
        "# A workspace of mmed-curate. Everything else lies in mmed.sqlite and media/.",
        f'format = "{FORMAT}"',
        f"version = {VERSION}",
        "",
        "# Each names a packaged file, or gives the path of yours (relative to this file).",
        f"protocol = {json.dumps(protocol, ensure_ascii=False)}",
        '# recipe = "mmed"      # how recordings are taken in; MMED_RECIPE overrides it',
        '# gate = "mmed"        # what a release must meet; MMED_GATE overrides it',
        '# benchmark = "mmed"   # how the benchmark is run; MMED_BENCHMARK overrides it',
    ]
    if seed is not None:
        lines += [
            "",
            "# SIMULATED: the secret comes from this seed, so that everything can be made again.",
            "# Anyone can recompute the ids: never put real recordings here.",
            f"simulated_seed = {seed}",
        ]
    return "\n".join(lines) + "\n"


def read_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a `mmed.toml`.

    Args:
        path: the file.
        environment: None: this process's.

    Raises:
        BadInput: it cannot be read, is not ours, is newer than this program, or has a key that means nothing.
    """
    environment = os.environ if environment is None else environment
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput.of("settings.unreadable", f"{path} cannot be read ({error})", "restore it") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput.of("settings.syntax", f"{path} is not valid TOML ({error})", "mend it there") from error
    if document.pop("format", None) != FORMAT:
        raise BadInput.of(
            "settings.format", f'{path} does not say format = "{FORMAT}"', "restore the file's first lines"
        )
    version = document.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInput.of("settings.version", f"{path} has no version number", f"write version = {VERSION}")
    if version > VERSION:
        raise BadInput.of(
            "settings.newer",
            f"{path} is of version {version}, this program knows up to version {VERSION}",
            "install a newer mmed-curate",
            found=version,
            known=VERSION,
        )
    seed = document.pop("simulated_seed", None)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise BadInput.of("settings.seed", f"{path}: simulated_seed must be a whole number", "restore the seed")
    return Settings(by_name=_by_name(path, document, environment), simulated_seed=seed)


def _by_name(path: Path, document: dict[str, object], environment: Mapping[str, str]) -> Mapping[str, Setting]:
    found = {name: Setting(name=name, value=value, origin=Origin.PACKAGE) for name, value in PACKAGED.items()}
    for name, value in document.items():
        if name not in PACKAGED:
            raise BadInput.of(
                "settings.unknown", f"{path}: there is no setting {name}", f"remove it, or use: {', '.join(PACKAGED)}"
            )
        if not isinstance(value, str) or not value:
            raise BadInput.of("settings.value", f"{path}: {name} must be a name or a path in quotes", "correct it")
        found[name] = Setting(name=name, value=_placed(value, path.parent), origin=Origin.WORKSPACE)
    for name in PACKAGED:
        value = environment.get(f"MMED_{name.upper()}")
        if value and name not in FIXED:
            found[name] = Setting(name=name, value=value, origin=Origin.ENVIRONMENT)
    return MappingProxyType(found)


def _placed(value: str, folder: Path) -> str:
    path = Path(value)
    is_file = path.suffix in {".yaml", ".yml"}
    return str(folder / path) if is_file else value  # joining keeps an absolute path as it is

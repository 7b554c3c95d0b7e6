"""The rules by which a workspace judges: its own copies of a protocol and a codebook, and their digests in the log.

A copy, so that neither an upgrade of this program nor a change to the lab's own file alters clips under way.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.codebook import Codebook, missing_examples
from mmed_curate.domain.files import sha256_of, write_text, written_aside
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.protocol import Protocol, codebook_of, codebook_path, load_protocol

PROTOCOL_ADOPTED = "protocol.adopted"
PROTOCOL_FILE, CODEBOOK_FILE = "protocol.yaml", "codebook.yaml"

_NAMES_CODEBOOK = re.compile(r"^codebook:.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A protocol and its codebook, read."""

    protocol: Protocol
    codebook: Codebook
    files: Mapping[str, Path]
    """Where `protocol` and `codebook` were read from."""
    digests: Mapping[str, str]
    """SHA-256 of each of these files when it was read."""


def read_rules(name_or_path: str) -> Rules:
    """Read a protocol and its codebook.

    Raises:
        BadInput: there is none of that name, or a file has a mistake.
    """
    protocol = load_protocol(name_or_path)
    codebook = codebook_of(protocol, name_or_path)
    files = {
        "protocol": named_or_path(name_or_path, "pipelines", "protocols"),
        "codebook": codebook_path(protocol, name_or_path),
    }
    digests = {name: sha256_of(path) for name, path in files.items()}
    return Rules(protocol=protocol, codebook=codebook, files=files, digests=digests)


def copy_rules(rules: Rules, folder: Path) -> Rules:
    """Write a protocol, its codebook and the clips that show its entries into a folder, the one naming the other.

    Raises:
        BadInput: the folder cannot be written, such a clip is missing, or the protocol names its codebook on no line of
            its own.
    """
    missing = missing_examples(rules.codebook, rules.files["codebook"])
    if missing:
        raise BadInput(missing[0])
    for example in rules.codebook.examples:
        (folder / example).parent.mkdir(parents=True, exist_ok=True)
        with written_aside(folder / example) as aside:
            shutil.copyfile(rules.files["codebook"].parent / example, aside)
    write_text(folder / CODEBOOK_FILE, rules.files["codebook"].read_text(encoding="utf-8"))
    text = rules.files["protocol"].read_text(encoding="utf-8")
    copy = folder / PROTOCOL_FILE
    write_text(copy, _NAMES_CODEBOOK.sub(f"codebook: {CODEBOOK_FILE}", text, count=1))
    copied = read_rules(str(copy))
    if copied.protocol != rules.protocol.model_copy(update={"codebook": CODEBOOK_FILE}):
        raise BadInput.of(
            "protocol.codebook_line",
            f"{rules.files['protocol']} names its codebook in a way that cannot be copied",
            "write `codebook: NAME` on a line of its own",
        )
    return copied


def changed(rules: Rules, adopted: Mapping[str, object]) -> Finding | None:
    """What to say where rules are not those that the log says were adopted; None: they are."""
    for name, digest in rules.digests.items():
        if adopted.get(name) != digest:
            return Finding(
                code="protocol.changed",
                what=f"{rules.files[name]} is not the {name} that this workspace adopted",
                remedy="restore that file (or the protocol line of mmed.toml); for other rules from now on use "
                "`mmed protocol adopt`",
                parameters={"file": name, "adopted": str(adopted.get(name, "none")), "found": digest},
            )
    return None

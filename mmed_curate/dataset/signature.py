"""Who sealed a release: an Ed25519 signature (RFC 8032) of its manifest, in a file beside it.

The file holds the 64 bytes of the signature and nothing else, so that OpenSSL checks it too. Keys are PEM files:
private ones PKCS #8 without a password, readable by their owner only; public ones SubjectPublicKeyInfo.
"""

from __future__ import annotations

import os
import shlex
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from mmed_curate.dataset.compared import compare
from mmed_curate.dataset.manifest import MANIFEST, SIGNATURE, read_manifest
from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_NAMED = 3
"""Differences that a sentence names."""


class Signed(Enum):
    """What a signature says."""

    NO = "unsigned"
    """There is none."""
    UNCHECKED = "not checked"
    """There is one, and no public key was given to hold it against."""
    GOOD = "good"
    """The holder of the key signed this very manifest."""
    WRONG = "wrong"
    """It is another manifest's, or another key's."""


def make_key(path: Path) -> Path:
    """Make a pair of keys: the private one at `path` (mode 0600), the public one beside it, ending in .pub.

    Returns:
        Where the public key lies.

    Raises:
        BadInput: one is there already, the folder may not be written, or the package cryptography is missing.
    """
    _check_installed()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    public = path.with_name(f"{path.name}.pub")
    for one in (path, public):
        if one.exists() or one.is_symlink():
            raise BadInput.of("signature.key_exists", f"{one} exists already", "choose another name: a key is kept")
    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
        )  # never readable by others, not for a moment
        with os.fdopen(handle, "wb") as stream:
            stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with written_aside(public) as aside:
            aside.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except OSError as error:
        raise BadInput.of(
            "signature.not_writable", f"{path} cannot be written ({error.strerror})", "choose a folder of yours"
        ) from error
    return public


def sign(root: Path, key: Path, *, progress: Progress = silent) -> Path:
    """Sign a release: write the signature of its manifest beside it; one that was there is replaced.

    Every file is held against the manifest first: who signs vouches for the bytes.

    Args:
        root: the release.
        key: file of the private key.
        progress: called with bytes read and how many there are.

    Raises:
        BadInput: the folder is no release or not as it was sealed, the key is none of ours or others may read it, or
            cryptography is missing.
    """
    _check_installed()
    private = _private_key(key)
    differences = compare(root, read_manifest(root), partial=None, progress=progress).differences
    if differences:
        more = f", and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
        raise BadInput.of(
            "signature.not_as_sealed",
            f"{root} is not as it was sealed, and is not signed: {', '.join(differences[:_NAMED])}{more}",
            "sign it as `mmed release create` made it",
        )
    signature = private.sign((root / MANIFEST).read_bytes())
    with written_aside(root / SIGNATURE) as aside:
        aside.write_bytes(signature)
    return root / SIGNATURE


def signed_by(root: Path, public_key: Path | None) -> Signed:
    """Hold the signature of a release against a public key.

    Args:
        root: the release.
        public_key: file of the key, got from the lab and not from where the release came from; None: none is at hand.

    Raises:
        BadInput: the key is none of ours, or cryptography is missing.
    """
    path = root / SIGNATURE
    if public_key is None:
        return Signed.UNCHECKED if path.exists() else Signed.NO
    _check_installed()
    from cryptography.exceptions import InvalidSignature

    key = _public_key(public_key)
    if not path.exists():
        return Signed.NO
    if path.is_symlink() or not path.is_file() or path.stat().st_size != 64:
        return Signed.WRONG
    try:
        key.verify(path.read_bytes(), (root / MANIFEST).read_bytes())
    except InvalidSignature:
        return Signed.WRONG
    return Signed.GOOD


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("cryptography") is None:
        raise BadInput.of(
            "signature.no_cryptography",
            "signatures need the package cryptography",
            "pip install 'mmed-curate[sign]'",
        )


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_key_bytes(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    if path.stat().st_mode & 0o077:
        named = shlex.quote(str(path))
        raise BadInput.of("signature.key_open", f"others may read the private key {path}", f"run `chmod 600 {named}`")
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_key_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return key


def _key_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "no such file")
        return path.read_bytes()
    except OSError as error:
        raise BadInput.of(
            "signature.no_key_file", f"the key {path} cannot be read ({error.strerror})", "give the file of a key"
        ) from error


def _no_key(path: Path, what: str) -> BadInput:
    return BadInput.of(
        "signature.key",
        f"{path} is no {what} Ed25519 key in PEM",
        f"give the {what} key of a pair that `mmed release key FILE` makes",
    )

"""Who sealed a release: signed, unsigned, or signed by somebody else; OpenSSL says the same."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from builders.release import a_release, reseal
from click.testing import CliRunner

from mmed_curate.cli.main import mmed
from mmed_curate.dataset import verify
from mmed_curate.dataset.manifest import SIGNATURE, Mark, SealedFile, release_id
from mmed_curate.dataset.signature import Signed, make_key, sign
from mmed_curate.domain.findings import BadInput


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("signature") / "r", n_subjects=2, clips_per_subject=2)


@pytest.fixture
def release(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "release"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key(tmp_path / "lab.pem")
    return tmp_path / "lab.pem"


def public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


def test_a_signed_release_is_good_and_keeps_its_id(release: Path, key: Path) -> None:
    before = release_id(release)
    sign(release, key)
    report = verify(release, public_key=public(key))
    assert report.ok, report.differences
    assert (report.signed, report.id) == (Signed.GOOD, before)


def test_without_a_key_a_signature_is_there_and_not_checked(release: Path, key: Path) -> None:
    assert verify(release).signed is Signed.NO
    sign(release, key)
    report = verify(release)
    assert (report.signed, report.ok, report.extra) == (Signed.UNCHECKED, True, ())


def test_an_unsigned_release_differs_where_a_key_is_given(release: Path, key: Path) -> None:
    report = verify(release, public_key=public(key))
    assert report.differences == ("signature: unsigned",)
    assert not report.ok


def test_what_was_sealed_anew_by_somebody_else_is_found(release: Path, key: Path) -> None:
    sign(release, key)
    (release / "README.md").write_text("# SIMULATED and changed\n", encoding="utf-8")
    reseal(release)
    assert verify(release).ok  # whoever changes and seals gets past the hashes
    assert verify(release, public_key=public(key)).differences == ("signature: wrong",)


def test_another_key_is_wrong(release: Path, key: Path, tmp_path: Path) -> None:
    sign(release, key)
    other = make_key(tmp_path / "other.pem")
    assert verify(release, public_key=other).signed is Signed.WRONG


@pytest.mark.parametrize("data", [b"", b"x" * 63, b"x" * 64, b"x" * 5_000])
def test_rubbish_is_no_signature(release: Path, key: Path, data: bytes) -> None:
    (release / SIGNATURE).write_bytes(data)
    assert verify(release, public_key=public(key)).signed is Signed.WRONG


def test_a_linked_signature_is_not_followed(release: Path, key: Path, tmp_path: Path) -> None:
    sign(release, key).rename(tmp_path / "elsewhere")
    (release / SIGNATURE).symlink_to(tmp_path / "elsewhere")
    report = verify(release, public_key=public(key))
    assert (report.signed, report.links) == (Signed.WRONG, (SIGNATURE,))


def test_a_manifest_cannot_name_the_signature() -> None:
    with pytest.raises(BadInput, match="not a plain path"):
        SealedFile(path=SIGNATURE, sha256="0" * 64, mark=Mark.CORE)


def test_openssl_checks_it_too(release: Path, key: Path) -> None:
    sign(release, key)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public(key), "-rawin"]
    command += ["-in", release / "manifest-sha256.txt", "-sigfile", release / SIGNATURE]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout.strip()) == (0, "Signature Verified Successfully")


def test_a_private_key_is_its_owners_alone(key: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="exists already"):
        make_key(key)
    before = os.umask(0)
    try:
        make_key(tmp_path / "another.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "another.pem").stat().st_mode) == 0o600


def test_a_private_key_that_others_may_read_signs_nothing(release: Path, key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(BadInput, match=r"others may read the private key .*: run `chmod 600"):
        sign(release, key)
    assert not (release / SIGNATURE).exists()


def test_what_is_no_private_key_is_said_before_who_may_read_it(release: Path, key: Path, tmp_path: Path) -> None:
    other = tmp_path / "readable by all"
    other.write_text("root:x:0:0")
    for path in (other, public(key)):
        path.chmod(0o644)
        with pytest.raises(BadInput, match="no private Ed25519 key"):
            sign(release, path)


def test_only_what_is_as_it_was_sealed_is_signed(release: Path, key: Path) -> None:
    """Who signs vouches for every byte."""
    readme = (release / "README.md").read_bytes()
    (release / "README.md").write_bytes(b"changed")
    with pytest.raises(BadInput, match=r"is not signed: changed: README\.md: sign it as"):
        sign(release, key)
    (release / "README.md").unlink()
    with pytest.raises(BadInput, match=r"is not signed: missing: README\.md"):
        sign(release, key)
    (release / "README.md").write_bytes(readme)
    (release / "notes.txt").touch()
    with pytest.raises(BadInput, match=r"is not signed: extra: notes\.txt"):
        sign(release, key)
    assert not (release / SIGNATURE).exists()
    (release / "notes.txt").unlink()
    sign(release, key)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_said_in_a_sentence(release: Path, key: Path, tmp_path: Path, text: str) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text(text)
    bad.chmod(0o600)
    with pytest.raises(BadInput, match="no private Ed25519 key"):
        sign(release, bad)
    sign(release, key)
    with pytest.raises(BadInput, match="no public Ed25519 key"):
        verify(release, public_key=bad)
    with pytest.raises(BadInput, match="cannot be read"):
        verify(release, public_key=tmp_path / "nowhere")


def test_without_cryptography_there_is_one_sentence_with_its_cure(
    release: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)  # as if it were not installed
    for act in (lambda: make_key(key), lambda: sign(release, key), lambda: verify(release, public_key=public(key))):
        with pytest.raises(BadInput, match=r"need the package cryptography: pip install 'mmed-curate\[sign\]'"):
            act()
    assert verify(release).ok  # who asks for no signature needs no package


def test_at_the_command_line(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    key, folder = str(tmp_path / "our key.pem"), str(release)
    run = CliRunner()
    assert run.invoke(mmed, ["release", "key", key]).exit_code == 0
    assert "signature: unsigned" in run.invoke(mmed, ["verify", folder]).output
    assert run.invoke(mmed, ["verify", folder, "--public-key", f"{key}.pub"]).exit_code == 1
    signed = run.invoke(mmed, ["release", "sign", folder, "--key", key])
    assert signed.exit_code == 0
    suggested = "".join(signed.stdout.partition("Next: mmed ")[2].splitlines())
    done = run.invoke(mmed, shlex.split(suggested))
    assert (done.exit_code, "signature: good" in done.output) == (0, True)

"""The key that sheets are signed with, and the certificates of all keys that ever did.

Unless one is given by the settings, an RSA key with a certificate of its own is made once, in DATA_DIR/sheets/seal.pem for its
owner's eyes only. RSA, since a key on P-256 would lift the file to PDF 2.0, and with it out of PDF/A-3. Every certificate is
remembered in DATA_DIR/sheets/certificates: sheets of an earlier key stay ours.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from dispatch import clock
from dispatch.config_values import SettingError
from dispatch.own_keys import put_new

KEY_BITS = 3072
LIFE = timedelta(days=30 * 365)
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class KeySource:
    """Where the key comes from: a PEM or PKCS#12 file and a PEM certificate (chain), or, with neither, `folder`."""

    folder: Path
    key_file: str = ""
    certificate_file: str = ""
    password: str = ""


@dataclass(frozen=True)
class SealKey:
    """The private key, its certificate, and the certificates between that and its authority."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def seal_key(source: KeySource) -> SealKey:
    """The key, made if none is there and none is given. Its certificate is remembered. Raises SettingError."""
    found = _given(source) if source.key_file or source.certificate_file else _own(source.folder / "seal.pem")
    _remember(source.folder / "certificates", found.certificate)
    return found


def own_certificates(folder: Path) -> tuple[bytes, ...]:
    """The certificates (DER) of every key that ever signed here."""
    files = sorted((folder / "certificates").glob("*.pem"))
    return tuple(x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(serialization.Encoding.DER) for file in files)


def _given(source: KeySource) -> SealKey:
    key_file = source.key_file or source.certificate_file
    content = _content("SHEET_KEY_FILE", key_file)
    password = source.password.encode() or None
    try:
        key, certificates = _from_pem(content, password) if b"-----BEGIN" in content else _from_pkcs12(content, password)
    except (ValueError, TypeError):
        raise SettingError("SHEET_KEY_FILE", key_file, "a PEM or PKCS#12 file that SHEET_KEY_PASSWORD opens") from None
    if source.certificate_file:
        certificates = _certificates(source.certificate_file)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise SettingError("SHEET_KEY_FILE", key_file, "a file with an RSA key of 2048 bits or more")
    mine = [c for c in certificates if c.public_key() == key.public_key()]
    if not mine:
        raise SettingError("SHEET_CERTIFICATE_FILE", source.certificate_file, "a PEM file with the certificate of the key")
    return SealKey(key, mine[0], tuple(c for c in certificates if c != mine[0]))


def _content(setting: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        raise SettingError(setting, file, "a file that can be read") from None


def _certificates(file: str) -> list[x509.Certificate]:
    content = _content("SHEET_CERTIFICATE_FILE", file)
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise SettingError("SHEET_CERTIFICATE_FILE", file, "a PEM file with a certificate") from None


def _from_pem(content: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    certificates = x509.load_pem_x509_certificates(content) if b"BEGIN CERTIFICATE" in content else []
    encrypted = b"ENCRYPTED" in content
    return serialization.load_pem_private_key(content, password if encrypted else None), certificates


def _from_pkcs12(content: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    return key, [c for c in (certificate, *others) if c]


def _own(file: Path) -> SealKey:
    if not file.exists():
        _make(file)
    try:
        content = file.read_bytes()
        # Our own file: checking its primes again would take a third of a second at every start.
        key = serialization.load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError):
        raise SettingError("SHEET_KEY_FILE", "", f"a readable key; the one in {file} cannot be read") from None
    assert isinstance(key, rsa.RSAPrivateKey)
    return SealKey(key, certificate)


def _make(file: Path) -> None:
    """Key and certificate in one file: whole or not there, and the same for two processes that make it at once."""
    key = rsa.generate_private_key(65537, KEY_BITS)
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    put_new(file, private + _certificate(key).public_bytes(PEM))


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    at = clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"GPS Dispatch sheets {secrets.randbelow(10**6):06d}")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(at - timedelta(days=1)).not_valid_after(at + LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.add_extension(_signs_documents(), critical=True).sign(key, hashes.SHA256())


def _signs_documents() -> x509.KeyUsage:
    names: Sequence[str] = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    never = dict.fromkeys((*names, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, content_commitment=True, **never)


def _remember(folder: Path, certificate: x509.Certificate) -> None:
    file = folder / f"{certificate.fingerprint(hashes.SHA256()).hex()[:32]}.pem"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        put_new(file, certificate.public_bytes(PEM))

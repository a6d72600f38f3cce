"""https without a bought certificate: a small authority of our own and one certificate for this machine's names and addresses.

A phone trusts it after its owner has installed the authority's certificate once. The authority's key never leaves DATA_DIR/tls.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dispatch import clock
from dispatch.config import Settings
from dispatch.host.addresses import reachable_names
from dispatch.host.locks import one_at_a_time

AUTHORITY_LIFE = timedelta(days=3650)
# Apple refuses certificates that live longer than 825 days.
LEAF_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)

_Key = ec.EllipticCurvePrivateKey
_Signed = tuple[x509.Certificate, _Key]


def ca_certificate_path(settings: Settings) -> Path:
    """The authority's certificate (PEM), which is public: phones download it to trust this machine."""
    return settings.data_dir / "tls" / "authority.pem"


def leaf_paths(settings: Settings) -> tuple[Path, Path]:
    """Certificate chain and key that the web server uses (both PEM)."""
    return settings.data_dir / "tls" / "server.pem", settings.data_dir / "tls" / "server.key"


def ensure(settings: Settings, *, at: datetime | None = None, names: Sequence[str] | None = None) -> None:
    """Make or renew what is missing, near its end, or does not cover today's names and addresses."""
    at, names = at or clock.now(), list(names or reachable_names())
    folder = settings.data_dir / "tls"
    folder.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(folder / "lock"):
        authority = _read(ca_certificate_path(settings), folder / "authority.key")
        if not authority or _ends_soon(authority[0], at):
            authority = _new_authority(at)
            _write(authority, ca_certificate_path(settings), folder / "authority.key")
        leaf = _read(*leaf_paths(settings))
        if not leaf or _ends_soon(leaf[0], at) or not _covers(leaf[0], names, authority[0]):
            _write(_new_leaf(authority, names, at), *leaf_paths(settings), chain=[authority[0]])


def fingerprint(settings: Settings) -> str:
    """SHA-256 of the authority's certificate, to compare by eye with what the phone shows."""
    certificate = x509.load_pem_x509_certificate(ca_certificate_path(settings).read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _new_authority(at: datetime) -> _Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"GPS Dispatch {x509.random_serial_number() % 10**6:06d}")])
    builder = _builder(name, name, key, at, AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return builder.sign(key, hashes.SHA256()), key


def _new_leaf(authority: _Signed, names: Sequence[str], at: datetime) -> _Signed:
    certificate, authority_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "GPS Dispatch")])
    builder = _builder(subject, certificate.subject, key, at, LEAF_LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return builder.add_extension(issuer, critical=False).sign(authority_key, hashes.SHA256()), key


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key, at: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _ends_soon(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_after_utc - at < RENEW_BEFORE


def _covers(leaf: x509.Certificate, names: Sequence[str], authority: x509.Certificate) -> bool:
    held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        leaf.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - wrong name, wrong key, wrong signature: in every case it is not ours
        return False
    return all(_general_name(name) in held for name in names)


def _read(certificate: Path, key: Path) -> _Signed | None:
    """What is stored; None if a part is missing or broken, and then it is made anew."""
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        return (x509.load_pem_x509_certificate(certificate.read_bytes()), private) if isinstance(private, _Key) else None
    except (FileNotFoundError, ValueError):
        return None


def _write(signed: _Signed, certificate: Path, key: Path, chain: Sequence[x509.Certificate] = ()) -> None:
    encoding = serialization.Encoding.PEM
    private = signed[1].private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(key, private)
    _write_private(certificate, b"".join(one.public_bytes(encoding) for one in (signed[0], *chain)))


def _write_private(file: Path, content: bytes) -> None:
    """Whole or not at all, for the owner's eyes only."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    fresh.replace(file)

"""The seal: whose key it is, what others say of it, and that quality assurance may sign beside it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps import DummyTimeStamper

from dispatch import config
from dispatch.config_values import SettingError
from dispatch.sheets import signing, starting
from dispatch.sheets.keys import KeySource, SealKey, own_certificates, seal_key
from dispatch.sheets.verifying import verify
from tests.sheets.engine import AT, HTML, needs_libraries, needs_poppler, sheet, stranger, told, unsigned

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8, OPEN = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


@needs_libraries
@needs_poppler
def test_other_peoples_programs_find_the_signature_valid(made_file: Path) -> None:
    said = told("pdfsig", "-nocert", made_file)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signing Time: Dec 02 2026 06:05" in said


def countersigned(pdf: bytes, by: SealKey, field: str = "QA") -> bytes:
    from dispatch.sheets.pen import _LoadedSigner

    signer = PdfSigner(PdfSignatureMetadata(field_name=field, md_algorithm="sha256"), _LoadedSigner(by))
    signed: bytes = signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), existing_fields_only=True).getvalue()
    return signed


@needs_libraries
def test_quality_assurance_signs_in_its_field_and_the_first_signature_stays(seal: Path, made: bytes) -> None:
    both = countersigned(made, stranger("QA"))
    verdict = verify(both, issued=True)
    assert verdict.verdict == "valid"
    assert [(one["field"], one["ours"], one["intact"]) for one in verdict.signatures] == [
        ("QA", False, True),
        ("Issuer", True, True),
    ]
    assert verify(both, issued=False).verdict == "unknown"


@needs_libraries
@needs_poppler
def test_both_are_valid_for_other_peoples_programs(made: bytes, tmp_path: Path) -> None:
    file = tmp_path / "both.pdf"
    file.write_bytes(countersigned(made, stranger("QA")))
    assert told("pdfsig", "-nocert", file).count("Signature is Valid") == 2


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = seal_key(KeySource(tmp_path / "sheets")), seal_key(KeySource(tmp_path / "sheets"))
    assert first.certificate == second.certificate
    assert (tmp_path / "sheets" / "seal.pem").stat().st_mode & 0o777 == 0o600
    assert own_certificates(tmp_path / "sheets") == (first.certificate.public_bytes(DER),)


def test_sheets_of_an_earlier_key_stay_ours(tmp_path: Path) -> None:
    first = seal_key(KeySource(tmp_path))
    (tmp_path / "seal.pem").unlink()
    second = seal_key(KeySource(tmp_path))
    assert first.certificate != second.certificate
    assert set(own_certificates(tmp_path)) == {first.certificate.public_bytes(DER), second.certificate.public_bytes(DER)}


def test_a_key_that_was_there_and_is_gone_is_told_at_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = config.load({"DATA_DIR": str(tmp_path), "SECRET_KEY": "test", "DATABASE_URL": "postgresql://nobody@/none"})
    starting.prepare(settings)
    starting.prepare(settings)
    assert "sheet_key_was_gone" not in "".join(capsys.readouterr())
    (tmp_path / "sheets" / "seal.pem").unlink()
    starting.prepare(settings)
    assert "sheet_key_was_gone" in "".join(capsys.readouterr())
    assert not signing.key_is_gone()


def written(folder: Path, key: Any, *certificates: Any, password: bytes = b"") -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    closed = serialization.BestAvailableEncryption(password) if password else OPEN
    (folder / "key.pem").write_bytes(key.private_bytes(PEM, PKCS8, closed))
    (folder / "certificate.pem").write_bytes(b"".join(one.public_bytes(PEM) for one in certificates))
    return str(folder / "key.pem"), str(folder / "certificate.pem")


@pytest.mark.parametrize("password", ["", "打开"])
def test_a_given_key_is_used(tmp_path: Path, password: str) -> None:
    other = stranger()
    key, certificate = written(tmp_path / "given", other.key, other.certificate, password=password.encode())
    found = seal_key(KeySource(tmp_path / "sheets", key, certificate, password))
    assert found.certificate == other.certificate
    assert not (tmp_path / "sheets" / "seal.pem").exists()


def test_a_pkcs12_file_has_both(tmp_path: Path) -> None:
    other = stranger()
    closed = serialization.BestAvailableEncryption(b"open")
    file = tmp_path / "seal.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", other.key, other.certificate, None, closed))
    assert seal_key(KeySource(tmp_path / "sheets", str(file), "", "open")).certificate == other.certificate
    with pytest.raises(SettingError, match="SHEET_KEY_PASSWORD"):
        seal_key(KeySource(tmp_path / "sheets", str(file), "", "shut"))


def test_what_cannot_sign_is_refused_with_a_sentence(tmp_path: Path) -> None:
    other, curve = stranger(), ec.generate_private_key(ec.SECP256R1())
    key, certificate = written(tmp_path / "a", other.key, other.certificate)
    no_key, _ = written(tmp_path / "b", curve, other.certificate)
    _, foreign = written(tmp_path / "c", other.key, stranger("Another").certificate)
    (tmp_path / "text").write_text("no key")
    text = str(tmp_path / "text")
    for source, words in (
        ((str(tmp_path / "nowhere"), certificate), "a file that can be read"),
        ((text, certificate), "a PEM or PKCS#12 file"),
        ((key, text), "a PEM file with a certificate"),
        ((no_key, certificate), "RSA key of 2048 bits"),
        ((key, foreign), "the certificate of the key"),
        ((key, ""), "the certificate of the key"),
    ):
        with pytest.raises(SettingError, match=words):
            seal_key(KeySource(tmp_path / "sheets", *source))


def test_an_own_key_that_was_damaged_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "seal.pem").write_text("damaged")
    signing.configure(tmp_path)
    with pytest.raises(SettingError, match=r"seal\.pem cannot be read"):
        signing.check_key()


@needs_libraries
def test_with_a_timestamp_server_it_can_be_verified_after_its_certificate(seal: Path) -> None:
    from dispatch.sheets.pen import Pen

    authority = stranger("Timestamps")
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(authority.certificate.public_bytes(DER)),
        asn1_keys.PrivateKeyInfo.load(authority.key.private_bytes(DER, PKCS8, OPEN)),
    )
    pdf = Pen(seal_key(signing.seal().source), timestamper=stamper).sign(unsigned(), reason="完工", at=AT)
    verdict = verify(pdf, issued=True)
    assert verdict.verdict == "valid"
    assert [(one["kind"], one["intact"]) for one in verdict.signatures] == [("signature", True), ("timestamp", True)]
    assert b"/DSS" in pdf


def test_the_level_is_known(tmp_path: Path) -> None:
    signing.configure(tmp_path)
    assert signing.level() == "B-B"
    signing.configure(tmp_path, timestamp_url="http://127.0.0.1:1/tsa")
    assert signing.level() == "B-LTA"


@needs_libraries
def test_a_timestamp_server_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    from dispatch.sheets import making
    from dispatch.sheets.gateway import SheetFailed

    signing.configure(tmp_path, timestamp_url="http://127.0.0.1:1/tsa")
    with pytest.raises(SheetFailed, match="The timestamp server gave no timestamp"):
        making.make_pdf(HTML, **sheet())

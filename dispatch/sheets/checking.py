"""What a PDF's signatures say, read by pyHanko. Only for the limited child process of verifying.py: the file may be anybody's.

The findings are plain values; the verdict is reached in verifying.py.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from io import BytesIO
from typing import Any

from asn1crypto import cms, x509
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation.generic_cms import (
    extract_certs_for_validation,
    extract_tst_data_iter,
    message_imprint_checker,
    validate_sig_integrity,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

MARK, HEAD = b"gps-dispatch/sheet/", 65536
Findings = dict[str, Any]


def begin(trusted: tuple[bytes, ...]) -> Callable[[bytes], Findings]:
    """What looks at one file; `trusted` are the certificates (DER) of our keys."""
    logging.disable(logging.CRITICAL)  # what is wrong with the file is said by the findings
    return lambda pdf: findings(pdf, trusted)


def findings(pdf: bytes, trusted: tuple[bytes, ...]) -> Findings:
    """What was found: "readable", "encrypted", "ours_inside" (carries the JSON of a sheet), "whole" (signed to its last byte) and
    "signatures", each with field, kind, signer, at, ours, intact.
    """
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=True)
        if reader.encrypted:
            return _nothing(encrypted=True)
        return _seen(reader, pdf, trusted)
    except Exception as broken:  # noqa: BLE001 - a broken file breaks its reader in every way there is
        if isinstance(broken, MemoryError | PdfDecodeLimitError) and b"/ByteRange" not in pdf:
            raise MemoryError from None  # a bomb, and nothing that we ever signed
        return _nothing(readable=_is_loosely_readable(pdf))


def _nothing(*, readable: bool = True, encrypted: bool = False) -> Findings:
    return {"readable": readable, "encrypted": encrypted, "ours_inside": False, "whole": False, "signatures": []}


def _seen(reader: PdfFileReader, pdf: bytes, trusted: tuple[bytes, ...]) -> Findings:
    fields = [(name, field) for name, value, field in enumerate_sig_fields(reader, filled_status=True) if value is not None]
    signatures = [_signature(reader, field, name, pdf, trusted) for name, field in fields]
    whole = [one.pop("covers_all") for one in signatures]
    inside = _carries_facts(reader)
    return {"readable": True, "encrypted": False, "ours_inside": inside, "whole": any(whole), "signatures": signatures}


def _signature(reader: PdfFileReader, field: Any, name: str, pdf: bytes, trusted: tuple[bytes, ...]) -> dict[str, Any]:
    seen: dict[str, Any] = {"field": name, "kind": "signature", "signer": "", "at": None, "ours": False, "intact": False}
    seen["covers_all"] = False
    try:
        embedded = EmbeddedPdfSignature(reader, field, name)
        certificate = embedded.signer_cert
        at = embedded.self_reported_timestamp
        seen |= {
            "kind": "timestamp" if embedded.sig_object_type == "/DocTimeStamp" else "signature",
            "signer": _name(certificate),
            "at": at.isoformat() if at else None,
            "ours": certificate.dump() in trusted,
        }
        seen["intact"] = _is_intact(embedded, certificate, pdf)
        seen["covers_all"] = embedded.coverage == SignatureCoverageLevel.ENTIRE_FILE
    except Exception:  # noqa: BLE001 - whatever it stumbles over, this signature is not intact
        return seen
    return seen


def _name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.native.get("common_name") or certificate.subject.human_friendly)


def _is_intact(embedded: EmbeddedPdfSignature, certificate: x509.Certificate, pdf: bytes) -> bool:
    """The bytes are those that were signed, the container is as we write it, and what was added later may be added."""
    embedded.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)  # type: ignore[no-untyped-call]
    within = embedded.summarise_integrity_info()["docmdp_ok"]
    return bool(within) and _is_canonical(embedded, pdf) and _is_signed(embedded, certificate)


def _is_signed(embedded: EmbeddedPdfSignature, certificate: x509.Certificate) -> bool:
    """The signature is that of the certificate's key, over this digest; and so are the timestamps in it."""
    if embedded.sig_object_type == "/DocTimeStamp":
        return _is_stamp(embedded.signed_data, lambda algorithm: embedded.compute_digest(algorithm))
    info = embedded.signer_info
    return all(validate_sig_integrity(info, certificate, "data", embedded.compute_digest())) and all(
        _is_stamp(token, message_imprint_checker(info)) for token in extract_tst_data_iter(info, signed=False)
    )


def _is_stamp(token: cms.SignedData, wanted: Callable[[str], bytes]) -> bool:
    """A timestamp token that is intact and speaks of the wanted digest. Whether its authority is to be trusted, others decide."""
    certificate = extract_certs_for_validation(token).signer_cert
    info, content = extract_signer_info(token), token["encap_content_info"]["content"]
    digest = hashlib.new(info["digest_algorithm"]["algorithm"].native, bytes(content)).digest()
    imprint = content.parsed["message_imprint"]
    said = imprint["hashed_message"].native
    spoken_of = wanted(imprint["hash_algorithm"]["algorithm"].native)
    return bool(said == spoken_of) and all(validate_sig_integrity(info, certificate, "tst_info", digest))


def _is_canonical(embedded: EmbeddedPdfSignature, pdf: bytes) -> bool:
    """Nothing hides where no digest looks, in the gap for the signature itself.

    Its digits must be written in the one usual way, with nothing but zeros behind the signature, and the frame must be plain.
    """
    _, gap, behind, _ = (int(number) for number in embedded.byte_range)
    content = embedded.pkcs7_content
    frame = cms.ContentInfo({"content_type": "signed_data", "content": embedded.signed_data}).dump()
    return (
        pdf[gap:behind] in (f"<{content.hex()}>".encode(), f"<{content.hex().upper()}>".encode())
        and content.startswith(frame)
        and not content[len(frame) :].strip(b"\0")
        and _is_plain(embedded)
    )


def _is_plain(embedded: EmbeddedPdfSignature) -> bool:
    """Those parts of the signature's frame that are not signed themselves say what they always say."""
    signed, info = embedded.signed_data, embedded.signer_info
    stamp = embedded.sig_object_type == "/DocTimeStamp"
    return (
        signed["version"].native == ("v3" if stamp else "v1")
        and info["version"].native == "v1"
        and [one.native for one in signed["digest_algorithms"]] == [info["digest_algorithm"].native]
    )


def _carries_facts(reader: PdfFileReader) -> bool:
    """Whether the JSON of a sheet is attached."""
    files = [named.get_object() for named in reader.root.get("/AF", ())]
    return any(MARK in file["/EF"]["/F"].data[:HEAD] for file in files if "/EF" in file)


def _is_loosely_readable(pdf: bytes) -> bool:
    """Whether a patient reader finds pages in it, and nothing of ours."""
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        signed = any(value is not None for _, value, _ in enumerate_sig_fields(reader))
        return int(reader.root["/Pages"]["/Count"]) > 0 and not signed and not _carries_facts(reader)
    except Exception:  # noqa: BLE001
        return False

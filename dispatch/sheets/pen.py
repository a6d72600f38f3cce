"""What pyHanko does for us when a sheet is signed. Imported only by processes that sign: loading it takes half a second."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dispatch.sheets.keys import SealKey
from dispatch.sheets.signing import FIELD, QA_FIELD, timestamp_failed

DIGEST = "sha256"
TIMESTAMP_SECONDS = 10
# Written before the last timestamp, so that this covers the file to its last byte.
PROOFS = DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE)


class Pen:
    """A loaded key: signs one PDF after the other."""

    def __init__(self, seal: SealKey, timestamp_url: str = "", timestamper: TimeStamper | None = None) -> None:
        self._signer = _LoadedSigner(seal)
        self._timestamper = timestamper
        if timestamp_url and not timestamper:
            self._timestamper = HTTPTimeStamper(timestamp_url, timeout=TIMESTAMP_SECONDS)

    def sign(self, pdf: bytes, *, reason: str, at: datetime) -> bytes:
        """The PDF, certified. Raises SheetFailed when the timestamp server fails."""
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        # Without a box: a signature in it has no looks, so it cannot be used to cover what the sheet says.
        append_signature_field(writer, SigFieldSpec(QA_FIELD))
        try:
            signer = _At(at, self._metadata(reason), self._signer, timestamper=self._timestamper)
            signed: bytes = signer.sign_pdf(writer).getvalue()
        except (TimestampRequestError, SigningError, PathError, ValidationError) as failed:
            if not self._timestamper:
                raise
            raise timestamp_failed(str(failed)) from None
        return signed

    def _metadata(self, reason: str) -> PdfSignatureMetadata:
        kept: dict[str, Any] = {}
        if self._timestamper:
            trust = _trust(self._signer.signing_cert, self._timestamper)
            kept = {"embed_validation_info": True, "use_pades_lta": True, "validation_context": trust, "dss_settings": PROOFS}
        return PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm=DIGEST,
            reason=reason,
            certify=True,
            docmdp_permissions=MDPPerm.FILL_FORMS,
            subfilter=SigSeedSubFilter.PADES,
            signer_key_usage=set(),
            **kept,
        )


class _LoadedSigner(SimpleSigner):
    """pyHanko's own parses and checks the key for each signature, which takes 300 ms; this one has it at hand."""

    def __init__(self, seal: SealKey) -> None:
        der = serialization.Encoding.DER
        private = seal.key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        others = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        others.register_multiple([asn1_x509.Certificate.load(one.public_bytes(der)) for one in seal.chain])
        super().__init__(
            asn1_x509.Certificate.load(seal.certificate.public_bytes(der)), asn1_keys.PrivateKeyInfo.load(private), others
        )
        self._key: rsa.RSAPrivateKey = seal.key

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """RSA as PDF readers of all ages know it."""
        assert digest_algorithm == DIGEST
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class _At(PdfSigner):
    """Signs at a moment that is given; pyHanko's own looks at the clock."""

    def __init__(self, at: datetime, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._at = at

    def init_signing_session(self, *arguments: Any, **named: Any) -> Any:
        """A session whose moment is ours."""
        session = super().init_signing_session(*arguments, **named)
        session.system_time = self._at
        return session


def _trust(own: Any, timestamper: TimeStamper) -> ValidationContext:
    """Enough trust to collect what a later reader needs: in our own certificate, and in the authority that the server names."""
    import asyncio

    asyncio.run(timestamper.async_dummy_response(DIGEST))
    authorities = [one for one in timestamper.cert_registry if one.self_issued] or list(timestamper.cert_registry)
    return ValidationContext(trust_roots=[own, *authorities], allow_fetching=True, revocation_mode="soft-fail")

"""What the tests of the PDF engine share: a small page, its facts, and other people's programs that read PDFs."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from dispatch.sheets import gateway
from dispatch.sheets.apart import Apart, Limits
from dispatch.sheets.gateway import missing_libraries

AT = datetime(2026, 12, 2, 14, 5, tzinfo=timezone(timedelta(hours=8)))
TITLE = "维修服务单 WX-20261202-0001"
FACTS = json.dumps({"format": "gps-dispatch/sheet/1", "number": "WX-20261202-0001", "customer": "恒通物流"}, ensure_ascii=False)
HTML = """<!DOCTYPE html><html lang="zh"><body><h1>维修服务单</h1>
<p>粤B·12345 换机 <s>861234567890123</s> → 861234567890999 合计 ¥680.00</p>
<p style="font-family: monospace"><b>Received in cash</b></p>
<p style="page-break-before: always">第二页 签字确认</p></body></html>"""

needs_libraries = pytest.mark.skipif(
    bool(missing_libraries()) and os.environ.get("CI") != "true", reason=f"missing: {', '.join(missing_libraries())}"
)
needs_poppler = pytest.mark.skipif(
    shutil.which("pdfsig") is None and os.environ.get("CI") != "true", reason="poppler-utils is missing"
)


def sheet(**instead: Any) -> dict[str, Any]:
    """What `make_pdf` is asked for beside the HTML."""
    asked = {"title": TITLE, "language": "zh-CN", "created": AT, "attachment": ("sheet.json", FACTS.encode()), "at": AT}
    return {**asked, "reason": "完工", **instead}


def renderer() -> Callable[..., bytes]:
    """What a child process of a test starts with, to render without signing."""
    return gateway.render


def unsigned(html: str = HTML, **instead: Any) -> bytes:
    """The PDF as it is before it is signed."""
    asked = {name: value for name, value in sheet(**instead).items() if name not in ("reason", "at")}
    child = Apart(renderer, limits=Limits(cpu_seconds=60, seconds=60))
    try:
        pdf: bytes = child.do(html, **asked)
        return pdf
    finally:
        child.stop()


def told(*command: str | Path, code: int = 0) -> str:
    """What a program says, which must end with `code`."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def flipped(pdf: bytes, place: int, bit: int = 1) -> bytes:
    """The file with one bit of one byte turned over."""
    touched = bytearray(pdf)
    touched[place] ^= bit
    return bytes(touched)


@functools.cache
def stranger(name: str = "A stranger", days: int = 365) -> Any:
    """Another signer's loaded key and certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    from dispatch.sheets.keys import SealKey

    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    for_time = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return SealKey(key, builder.add_extension(for_time, critical=True).sign(key, hashes.SHA256()))

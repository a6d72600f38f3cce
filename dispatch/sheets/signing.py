"""The seal on a sheet: a certifying signature that allows one more, that of quality assurance, in a field made for it.

`configure` is called once by each assembly and costs nothing; `check_key` at the start of the product. `sign` belongs into the
child process of making.py. Without a timestamp server the signature is PAdES B-B; with one B-LTA, which can be verified after
its certificate has run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from dispatch.config import Settings
from dispatch.sheets.gateway import SheetFailed
from dispatch.sheets.keys import KeySource, own_certificates, seal_key
from dispatch.words import say

FIELD, QA_FIELD = "Issuer", "QA"


@dataclass(frozen=True)
class Seal:
    """How this installation signs."""

    source: KeySource
    timestamp_url: str = ""


_seal: Seal | None = None


def configure(
    data_dir: Path, *, key_file: str = "", certificate_file: str = "", key_password: str = "", timestamp_url: str = ""
) -> None:
    """Say where this process finds the key (below `data_dir` unless given), and who gives timestamps (nobody unless given)."""
    global _seal
    _seal = Seal(KeySource(data_dir / "sheets", key_file, certificate_file, key_password), timestamp_url)


def use(seal: Seal) -> None:
    """Say the same in a child process, with what `seal()` answered in its parent."""
    global _seal
    _seal = seal


def configure_from(settings: Settings) -> None:
    """The same, from the product's settings."""
    configure(
        settings.data_dir,
        key_file=settings.sheet_key_file,
        certificate_file=settings.sheet_certificate_file,
        key_password=settings.sheet_key_password,
        timestamp_url=settings.sheet_timestamp_url,
    )


def seal() -> Seal:
    """How this process signs."""
    assert _seal is not None, "nobody said where the key is: call configure() first"
    return _seal


def check_key() -> None:
    """Make the key if there is none and none is given; raise SettingError if it cannot be used."""
    seal_key(seal().source)


def key_is_gone() -> bool:
    """Whether this installation has signed before and its own key is not there any more."""
    source = seal().source
    own = not (source.key_file or source.certificate_file)
    return own and not (source.folder / "seal.pem").exists() and bool(own_certificates(source.folder))


def trusted() -> tuple[bytes, ...]:
    """The certificates (DER) of this installation's keys, past ones too."""
    return own_certificates(seal().source.folder)


def level() -> str:
    """The PAdES level that sheets are signed at from now on."""
    return "B-LTA" if seal().timestamp_url else "B-B"


def sign(pdf: bytes, *, reason: str, at: datetime) -> bytes:
    """The PDF with the certifying signature and the empty field for quality assurance, as an incremental update."""
    signed: bytes = _pen(seal()).sign(pdf, reason=reason, at=at)
    return signed


@cache
def _pen(seal: Seal) -> Any:
    # pyHanko takes half a second to load: only processes that sign pay for it.
    from dispatch.sheets.pen import Pen

    return Pen(seal_key(seal.source), seal.timestamp_url)


def timestamp_failed(reason: str) -> SheetFailed:
    """The refusal when the timestamp server does not answer as it should."""
    return SheetFailed(say("The timestamp server gave no timestamp: %(reason)s", reason=reason))

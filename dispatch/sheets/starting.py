"""What the start of the product sees to, so that the first sheet finds it: fonts, key, and a word about missing libraries."""

from __future__ import annotations

import structlog

from dispatch.config import Settings
from dispatch.sheets import gateway, signing

log = structlog.get_logger("sheets")


def prepare(settings: Settings) -> None:
    """Make the key if there is none. Raises a sentence (Refusal, SettingError) when fonts or key cannot be used.

    Libraries of the system may be missing: then the product runs without making sheets, and the log says so. It also says when a
    key that was there is gone: sheets get another seal from now on, and a copy of the old one should be brought back.
    """
    signing.configure_from(settings)
    gateway.check_ready()
    if signing.key_is_gone():
        log.warning(
            "sheet_key_was_gone", folder=str(settings.data_dir / "sheets"), bring_back="seal.pem", now="a new key is made"
        )
    signing.check_key()
    if missing := gateway.missing_libraries():
        log.warning("sheets_cannot_be_made", missing=missing, install=f"apt-get install {' '.join(missing)}")

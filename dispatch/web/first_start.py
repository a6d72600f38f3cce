"""The one-time token of the first start: printed by the server, asked for by the setup page."""

from __future__ import annotations

import hashlib
import hmac

from dispatch.config import Settings


def setup_token(settings: Settings) -> str:
    """Derived from the secret key, so that every process knows it and nobody else does."""
    return hmac.new(settings.secret_key.encode(), b"first start", hashlib.sha256).hexdigest()[:24]


def setup_token_fits(settings: Settings, token: str) -> bool:
    """True for the printed token."""
    return hmac.compare_digest(setup_token(settings).encode(), token.encode())

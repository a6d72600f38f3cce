"""How an entry is hashed. Changing this breaks every chain ever written; a new rule needs a new action prefix instead."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

GENESIS = b"\0" * 32


def canonical(value: Any) -> bytes:
    """The one JSON form of a value: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def storable(value: Any) -> Any:
    """A value that the database gives back to the letter: JSONB writes fractions its own way, so they become texts."""
    if isinstance(value, dict):
        return {str(name): storable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def chain_hash(
    prev: bytes, *, subject: tuple[str, int], seq: int, at: datetime, by_id: int | None, action: str, detail: Any
) -> bytes:
    """sha256 over the previous hash and the canonical JSON of the entry; the moment counts in UTC to the microsecond."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    body = [subject[0], subject[1], seq, moment, by_id, action, detail]
    return hashlib.sha256(prev + canonical(body)).digest()

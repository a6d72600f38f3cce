"""What a phone wrote out as its last resort: everything of a person's that the office does not have yet, line by line.

The first line is the head: `{"format": "gps-dispatch/outbox/1", "phone": UUID, "person": id, "name", "app": version, "at"}`. Then
come the photos, `{"sha256", "bytes": base64}`, and the facts, `{"fact": …}` in the shape of `wire_rules`, in their order.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.errors import Refusal
from dispatch.field.wire_rules import key_in, read_body
from dispatch.typed import key_in as uuid_in
from dispatch.words import say

EXPORT = "gps-dispatch/outbox/1"
NO_EXPORT = say("This is no file that a phone wrote out.")


@dataclass
class Exported:
    """A phone's file: whose it was, its photos by their sha256, its records as they were written; `damaged` lines say nothing."""

    phone: uuid.UUID
    person_id: int
    name: str
    app: int | None
    photos: dict[str, bytes] = field(default_factory=dict)
    records: list[Any] = field(default_factory=list)
    damaged: int = 0


def read_export(content: bytes) -> Exported:
    """Read a file as far as it goes: half of one is still worth something. Raises Refusal for what has no head."""
    head, *lines = content.splitlines() or [b""]
    found = _headed(read_body(head) or {})
    for line in filter(bytes.strip, lines):
        read = read_body(line) or {}
        photo = _photo(read)
        if photo is not None:
            found.photos[str(read["sha256"])] = photo
        elif "fact" in read:
            found.records.append(read["fact"])
        else:
            found.damaged += 1
    return found


def _headed(head: Mapping[str, Any]) -> Exported:
    phone, person = uuid_in(str(head.get("phone"))), key_in(head.get("person"))
    if head.get("format") != EXPORT or phone is None or person is None:
        raise Refusal(NO_EXPORT)
    return Exported(phone, person, str(head.get("name") or ""), key_in(head.get("app")))


def _photo(line: Mapping[str, Any]) -> bytes | None:
    """The bytes of a photo that is what its name says; None for anything else."""
    try:
        content = base64.b64decode(str(line["bytes"]), validate=True)
    except (KeyError, ValueError):
        return None
    return content if hashlib.sha256(content).hexdigest() == line.get("sha256") else None

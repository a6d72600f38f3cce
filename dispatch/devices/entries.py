"""A row of the custody ledger with its hash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dispatch.audit.rules import chain_hash
from dispatch.devices.rules import Spot
from dispatch.staff.rules import Actor


def entry_row(
    unit_id: int,
    seq: int,
    prev: bytes,
    from_id: int | None,
    to_id: int,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    order_id: int | None = None,
    device_at: datetime | None = None,
    corrects_id: int | None = None,
    spot: Spot | None = None,
) -> dict[str, Any]:
    """The next entry of a unit after the one with the hash `prev`, ready to be inserted."""
    facts = {
        "unit_id": unit_id,
        "from_holder_id": from_id,
        "to_holder_id": to_id,
        "order_id": order_id,
        "corrects_id": corrects_id,
    }
    place = spot.facts if spot else {}  # no entry from before there were places has them in its hash
    detail = facts | {"device_at": device_at.astimezone(UTC).isoformat() if device_at else None} | place
    digest = chain_hash(prev, subject=("unit", unit_id), seq=seq, at=at, by_id=by.id, action=reason, detail=detail)
    written = {"seq": seq, "reason": reason, "by_id": by.id, "by_name": by.name, "at": at, "device_at": device_at}
    kept = dict.fromkeys(("lat", "lon", "accuracy_m")) | place
    return facts | written | kept | {"prev_hash": prev, "hash": digest}

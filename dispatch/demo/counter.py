"""At the counter of a store: what is issued there, the technician signs for at once."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.devices.handing_over import sign
from dispatch.devices.models import Holder
from dispatch.devices.promising import Lot, promise
from dispatch.staff.rules import Actor

NAMESPACE = uuid.UUID("5f0c3f0a-6a2e-4f43-9d59-0d3f7f0b3a11")
SIGNED = timedelta(minutes=4)


def issue_signed(
    session: Session,
    store: Holder,
    bag: Holder,
    units: Sequence[int],
    *,
    parts: Mapping[int, int] | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Units and parts go into a bag; its owner signs for all of it on the clerk's screen a few minutes later."""
    key = uuid.uuid5(NAMESPACE, f"{bag.person_id} {sorted(units)} {sorted((parts or {}).items())}")
    made = promise(session, Lot(units, parts or {}), source=store, to=bag, first="giver", key=key, by=by, at=at)
    sign(session, [made.id], points=scrawl((bag.person_id or 0) % 6), by=by, at=at + SIGNED)


def scrawl(phase: float) -> list[list[list[float]]]:
    """Two strokes of a made-up hand."""
    first = [[0.12 + i / 130, 0.2 + 0.09 * math.sin(phase + i / 5), i * 14] for i in range(64)]
    second = [[0.3 + i / 90, 0.26 + 0.05 * math.cos(phase + i / 3), 1100 + i * 14] for i in range(40)]
    return [[[round(x, 4), round(y, 4), t] for x, y, t in stroke] for stroke in (first, second)]

"""Which vehicles nobody photographed, and for which the office does without: one rule for phone, office and closing (P8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.field.models import Photo
from dispatch.field.rules import SHOWS_VEHICLE
from dispatch.orders.models import Order, OrderLine


@dataclass(frozen=True)
class Waiver:
    """The office's word that a vehicle's order may close without a photo of it."""

    reason: str
    by_name: str
    at: datetime


def without_photo(order: Order, lines: Iterable[OrderLine], photos: Iterable[Photo]) -> list[OrderLine]:
    """Those of the order's `lines` of which none of the order's `photos` counts.

    A repair needs the vehicle before the work; of a vehicle that was installed any photo will do. A photo that names no vehicle
    is one of the only vehicle.
    """
    shown = {photo.line_id for photo in photos if photo.kind in SHOWS_VEHICLE[order.kind]}
    if None in shown and len(order.lines) == 1:
        return []
    return [line for line in lines if line.id not in shown]


def waivers_of(session: Session, order_id: int) -> dict[int, Waiver]:
    """Line id -> why its order closes without a photo of it. Never taken back: the next one only adds another reason."""
    of_order = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order_id, AuditEntry.action == "photo.waive")
    entries = session.scalars(sa.select(AuditEntry).where(*of_order).order_by(AuditEntry.seq))
    return {entry.detail["line"]: Waiver(entry.detail["reason"], entry.by_name, entry.at) for entry in entries}


def photos_owed(session: Session, order: Order, lines: Iterable[OrderLine], photos: Iterable[Photo]) -> list[OrderLine]:
    """Those of the lines whose missing photo holds back closing."""
    lacking = without_photo(order, lines, photos)
    waived = waivers_of(session, order.id) if lacking else {}
    return [line for line in lacking if line.id not in waived]

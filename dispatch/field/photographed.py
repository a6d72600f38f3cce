"""Which photos closing misses, and for which the office does without: one rule for phone, office and closing (P8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.devices.models import Fitting
from dispatch.field.models import Photo
from dispatch.field.rules import SHOWS_CHANGE, SHOWS_VEHICLE, photos_asked
from dispatch.orders.models import Order, OrderLine

VEHICLE = "vehicle"
"""Stands for a photo of the vehicle among the kinds that are missing: a repair needs it before the work, of an installation any
will do."""

_required: Mapping[str, Sequence[str]] = {}


def configure(required: Mapping[str, Sequence[str]]) -> None:
    """Take over the setting of this process: kind of order -> the kinds of photos that closing asks for besides."""
    global _required
    _required = dict(required)


@dataclass(frozen=True)
class Waiver:
    """The office's word that a vehicle's order may close without these photos of it; none named: without any of the vehicle."""

    reason: str
    by_name: str
    at: datetime
    kinds: frozenset[str] = frozenset({VEHICLE})


def kinds_missing(
    order: Order, lines: Iterable[OrderLine], photos: Iterable[Photo], fittings: Iterable[Fitting]
) -> dict[int, list[str]]:
    """Line id -> the kinds of photos it lacks, for those of the order's `lines` that lack any.

    `photos` and `fittings` are all that stand of the order. A photo that names no vehicle is one of the only vehicle. What a
    change makes look otherwise counts only when it was taken after the last one, by the device's clock.
    """
    taken: dict[int | None, dict[str, datetime]] = {}
    for photo in photos:
        of_line = taken.setdefault(photo.line_id, {})
        of_line[photo.kind] = max(photo.at, of_line.get(photo.kind, photo.at))
    changes: dict[int, list[Fitting]] = {}
    for fitting in fittings:
        changes.setdefault(fitting.line_id, []).append(fitting)
    of_all = taken.get(None, {}) if len(order.lines) == 1 else {}
    found = {line.id: _missing(order.kind, [taken.get(line.id, {}), of_all], changes.get(line.id, [])) for line in lines}
    return {line_id: kinds for line_id, kinds in found.items() if kinds}


def _missing(kind: str, taken: Sequence[Mapping[str, datetime]], changes: Sequence[Fitting]) -> list[str]:
    seen = any(one in each for one in SHOWS_VEHICLE[kind] for each in taken)
    changed_at = max((one.at for one in changes), default=None)
    fitted = {one.unit_kind for one in changes if one.new_unit_id is not None}
    shown = {one for each in taken for one, at in each.items() if not changed_at or at >= changed_at or one not in SHOWS_CHANGE}
    return [*([] if seen else [VEHICLE]), *(one for one in photos_asked(_required, kind, fitted) if one not in shown)]


def asked_of(order: Order, line: OrderLine, fittings: Iterable[Fitting]) -> list[str]:
    """The kinds of photos that closing asks for of a vehicle, besides one of the vehicle itself."""
    fitted = {one.unit_kind for one in fittings if one.line_id == line.id and one.new_unit_id is not None}
    return photos_asked(_required, order.kind, fitted)


def waivers_of(session: Session, order_id: int) -> dict[int, Waiver]:
    """Line id -> why its order closes without photos of it, and without which. Never taken back: another one only adds to it."""
    of_order = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order_id, AuditEntry.action == "photo.waive")
    entries = session.scalars(sa.select(AuditEntry).where(*of_order).order_by(AuditEntry.seq))
    found: dict[int, Waiver] = {}
    for entry in entries:
        line_id, before = entry.detail["line"], found.get(entry.detail["line"])
        kinds = frozenset(entry.detail.get("kinds", [VEHICLE])) | (before.kinds if before else frozenset())
        found[line_id] = Waiver(entry.detail["reason"], entry.by_name, entry.at, kinds)
    return found


def kinds_owed(
    session: Session, order: Order, lines: Iterable[OrderLine], photos: Iterable[Photo], fittings: Iterable[Fitting]
) -> dict[int, list[str]]:
    """Line id -> the kinds of photos whose absence holds back closing."""
    lacking = kinds_missing(order, lines, photos, fittings)
    waived = waivers_of(session, order.id) if lacking else {}
    return owed_after(lacking, waived)


def owed_after(lacking: Mapping[int, Sequence[str]], waived: Mapping[int, Waiver]) -> dict[int, list[str]]:
    """What is left of the missing kinds when those are taken away without which the office does."""
    left = {
        line_id: [kind for kind in kinds if line_id not in waived or kind not in waived[line_id].kinds]
        for line_id, kinds in lacking.items()
    }
    return {line_id: kinds for line_id, kinds in left.items() if kinds}

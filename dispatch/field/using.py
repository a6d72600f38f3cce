"""Counted parts on site: taken out of the own bag for a vehicle, put back, and what they cost."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.part_models import PartEntry
from dispatch.devices.part_use import put_back, use_part
from dispatch.errors import NotFound
from dispatch.fees.models import Charge
from dispatch.fees.operations import add_charge, take_back_charge
from dispatch.fees.price_queries import price_on, whom_of
from dispatch.fees.queries import charges_of
from dispatch.field.acts import Act
from dispatch.field.correcting import corrected
from dispatch.field.summary import standing
from dispatch.field.working import work_at
from dispatch.staff.rules import Actor


def use(session: Session, act: Act) -> None:
    """So many of a part went into a vehicle; it is charged where the price list has its code as a part (P10)."""
    work = work_at(session, act)
    entry = use_part(session, work, code=str(act.content["code"]), quantity=int(act.content["quantity"]), by=act.by, at=act.at)
    _charge(session, act, entry)
    act.tell(session, line=entry.line_id, **_words(entry))


def _charge(session: Session, act: Act, entry: PartEntry) -> None:
    price = price_on(session, entry.part.code, local_day(act.when, act.order.branch.zone), whom_of(act.order))
    if price is None or price.category != "part":
        return
    add_charge(
        session,
        act.order,
        code=price.code,
        quantity=entry.quantity,
        line_id=entry.line_id,
        visit_id=act.visit.id,
        fact_id=act.sent.id,
        by=act.by,
        at=act.when,
        recorded_at=act.at,
    )


def back(session: Session, act: Act) -> None:
    """It was not used after all: it is in the bag again, and off the bill."""
    act.must_be_on_site()
    entry_id, reason = _entry_named(session, act), str(act.content.get("reason") or "")
    facts = {"reason": reason, "key": act.sent.id, "device_at": act.when, "by": act.by}
    made = put_back(session, entry_id, order_id=act.order.id, at=act.at, **facts)  # type: ignore[arg-type]
    _uncharge(session, made, reason, by=act.by, at=act.when, recorded_at=act.at)
    act.tell(session, line=made.line_id, reason=reason, **_words(made))


def _entry_named(session: Session, act: Act) -> int:
    """Which use is meant: its own number, or that of the act by which it was entered. Raises NotFound."""
    if act.names is None:
        return int(act.content["entry"])
    used = sa.select(PartEntry.id).where(PartEntry.key == act.names, PartEntry.reason == "use")
    entry_id = session.scalar(used)
    if entry_id is None:
        raise NotFound
    return entry_id


def take_back_use(session: Session, entry_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """The office takes back what a technician entered wrongly.

    Raises NotFound, RuleBroken for a closed order, and what `put_back` raises.
    """
    by.must("fact.correct")
    order_id = session.scalar(sa.select(PartEntry.order_id).where(PartEntry.id == entry_id))
    if order_id is None:
        raise NotFound
    with corrected(session, order_id, by=by, at=at):
        made = put_back(session, entry_id, order_id=order_id, reason=reason, by=by, at=at)
        _uncharge(session, made, reason, by=by, at=at)
        detail = {"line": made.line_id, "reason": reason, **_words(made)}
        record(session, ("order", order_id), "part.put_back", by=by, at=at, detail=detail)


def _uncharge(
    session: Session, made: PartEntry, reason: str, *, by: Actor, at: datetime, recorded_at: datetime | None = None
) -> None:
    """Take back what was charged for the use that an entry takes back."""
    used = session.get_one(PartEntry, made.corrects_id)
    charged = [each for each in standing(charges_of(session, used.order_id or 0)) if _is_for(each, used)]
    for each in charged:
        take_back_charge(session, each.id, reason=reason, by=by, at=at, recorded_at=recorded_at)


def _is_for(charge: Charge, used: PartEntry) -> bool:
    return charge.fact_id is not None and charge.fact_id == used.key


def _words(entry: PartEntry) -> dict[str, object]:
    return {"name": entry.part.name, "code": entry.part.code, "quantity": entry.quantity}

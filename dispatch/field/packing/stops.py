"""One visit of the pack: the order, the customer, the vehicles, the money and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from dispatch.clock import local_day
from dispatch.customers.models import Site
from dispatch.devices.swap_rules import usual_why
from dispatch.fees.models import Charge as ChargeRow
from dispatch.fees.rules import FEN
from dispatch.field.packing.lines import Done, lines_told
from dispatch.field.packing.price_shapes import Charge, Receipt
from dispatch.field.packing.pricing import prices_of
from dispatch.field.packing.reading import Read
from dispatch.field.packing.saying import Person, Place
from dispatch.field.packing.sheaf import moment, told_key
from dispatch.field.packing.stop_shapes import Allowed, Customer, Dispute, Job, Signature, Stop
from dispatch.field.presenting.day import site_of, symptom_of
from dispatch.field.summary import summary_from
from dispatch.field.wire_rules import why_of
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, Visit
from dispatch.words import text_from_json

NOT_SENT = ("planned",)


def stop_told(read: Read, visit: Visit) -> Stop:
    """A visit with everything."""
    done, order = Done(read, visit), visit.order
    total = sum((charge.amount for charge in done.charges), Decimal(0))
    taken = sum((receipt.amount for receipt in done.receipts), Decimal(0))
    return Stop(
        id=visit.id,
        version=visit.version,
        status=visit.status,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        departed_at=visit.departed_at,
        arrived_at=visit.arrived_at,
        finished_at=visit.finished_at,
        earlier=_earlier(read, visit),
        order=_job(order),
        site=place_of(site_of(visit)),
        customer=_customer(read, order),
        lines=lines_told(done),
        others=done.vehicles - len(done.lines),
        colleagues=_colleagues(read, visit),
        charges=[_charge(charge) for charge in done.charges],
        receipts=[Receipt(one.number, one.channel, one.amount, one.invoice_number, one.at) for one in done.receipts],
        total=total.quantize(FEN),
        due=(total - taken).quantize(FEN),
        prices=prices_of(read, visit),
        allowed=_allowed(read, order.id),
        signature=_signature(read, visit.id),
        disputes=_disputes(read, visit.id),
        summary=summary_from(order, visit, done),
    )


def _earlier(read: Read, visit: Visit) -> date | None:
    planned = local_day(visit.starts_at, read.by.zone)
    return planned if planned < read.day else None


def place_of(site: Site) -> Place:
    """Where it is."""
    return Place(site.address, site.lat, site.lon, site.accuracy_m, site.source)


def _job(order: Order) -> Job:
    window = (order.window_from, order.window_to)
    return Job(
        id=order.id,
        number=order.number,
        kind=order.kind,
        status=order.status,
        urgency=order.urgency,
        symptom=symptom_of(order),
        symptom_text=order.symptom_text,
        diagnosis=order.diagnosis,
        note=order.note,
        product_model=order.product_model,
        purchased_on=order.purchased_on,
        wanted_on=order.wanted_on,
        window=(f"{window[0]:%H:%M}", f"{window[1]:%H:%M}") if window[0] and window[1] else None,
        usual_why=usual_why(order.symptom, ["terminal"]),
    )


def _customer(read: Read, order: Order) -> Customer:
    rows = [row for row in read.sheaf.rows("contacts") if row["customer_id"] == order.customer_id]
    contacts = [Person(row["name"], row["phone"]) for row in rows]
    own = order.customer
    return Customer(own.id, own.name, own.tier, own.note, Person(order.contact_name, order.contact_phone), contacts)


def _colleagues(read: Read, visit: Visit) -> int:
    others = (other for other in read.visits_of.get(visit.order_id, ()) if other.technician_id != visit.technician_id)
    return sum(other.status in VISIT_LIVE and other.status not in NOT_SENT for other in others)


def _charge(row: ChargeRow) -> Charge:
    return Charge(
        id=row.id,
        line=row.line_id,
        code=row.code,
        name=row.name,
        quantity=row.quantity,
        unit_price=row.unit_price,
        amount=row.amount,
        rule=row.rule,
        told=text_from_json(row.told),
        fitting=row.fitting_id,
        fact=told_key(row.fact_id),
    )


def _rows(read: Read, name: str, key: str, value: int) -> Sequence[dict[str, Any]]:
    return [row for row in read.sheaf.rows(name) if row[key] == value]


def _allowed(read: Read, order_id: int) -> list[Allowed]:
    rows = _rows(read, "words", "order_id", order_id)
    return [Allowed(row["what_for"], row["name"], moment(row["said_at"])) for row in rows]


def _signature(read: Read, visit_id: int) -> Signature | None:
    """The one that counts: the newest."""
    rows = _rows(read, "signed", "visit_id", visit_id)
    names = ("signer", "refused", "reason", "changed")
    return Signature(**{name: rows[-1][name] for name in names}, at=moment(rows[-1]["at"])) if rows else None


def _disputes(read: Read, visit_id: int) -> list[Dispute]:
    return [_dispute(row) for row in _rows(read, "disputes", "visit_id", visit_id)]


def _dispute(row: dict[str, Any]) -> Dispute:
    outcome = row["outcome"] or {}
    settled = outcome.get("settled") or {}
    return Dispute(
        row["id"], row["kind"], row["content"].get("line"), why_of(outcome), settled.get("reason"), settled.get("how", "")
    )

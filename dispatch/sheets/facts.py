"""What a sheet says, as plain JSON: the same facts give the same bytes, whenever they are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting, Observation, PartEntry
from dispatch.devices.part_use import parts_used
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question, Warranty
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Charge, Goodwill, Receipt
from dispatch.fees.queries import charges_of, receipts_of, warranty_of_line
from dispatch.field.models import Arrival, DepartureCheck, Photo, Signature
from dispatch.field.points import Asking, asking
from dispatch.field.queries import photos_of
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS
from dispatch.field.summary import UNTESTED, Run, fitting_json, latest_tests, parts_json, standing, why_json
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.sheets.rules import FORMAT
from dispatch.staff.queries import company_name
from dispatch.words import say, text_to_json


@dataclass(frozen=True)
class Record:
    """Everything that the sheets of one order are made of, read at one moment."""

    order: Order
    company: str | None
    fittings: Sequence[Fitting]
    parts: Sequence[PartEntry]
    tests: dict[int, Run]
    asking: Asking
    checks: dict[int, dict[str, DepartureCheck]]
    arrivals: dict[int, Arrival]
    photos: Sequence[Photo]
    signatures: Sequence[Signature]
    charges: Sequence[Charge]
    receipts: Sequence[Receipt]
    warranties: dict[int, Warranty]


def record_of(session: Session, order_id: int) -> Record:
    """The record of an order. Its number of statements does not grow with the vehicles of an installation."""
    order = session.scalars(_whole_order().where(Order.id == order_id)).unique().one()
    fittings = fittings_of(session, order.id)
    visit_ids = [visit.id for visit in order.visits]
    return Record(
        order=order,
        company=company_name(session),
        fittings=fittings,
        parts=parts_used(session, order.id),
        tests=latest_tests(session, order.id, fittings),
        asking=asking(session, order, fittings, order.visits),
        checks=_checks(session, visit_ids),
        arrivals={a.visit_id: a for a in session.scalars(sa.select(Arrival).where(Arrival.visit_id.in_(visit_ids)))},
        photos=photos_of(session, order.id),
        signatures=signatures_that_count(session, order.id),
        charges=standing(charges_of(session, order.id)),
        receipts=receipts_of(session, order.id),
        warranties=_warranties(session, order, fittings),
    )


def _whole_order() -> sa.Select[Order]:
    vehicle = joinedload(OrderLine.vehicle).selectinload(Vehicle.drivers)
    return sa.select(Order).options(
        joinedload(Order.customer),
        joinedload(Order.site),
        joinedload(Order.branch),
        joinedload(Order.lines).options(vehicle, joinedload(OrderLine.own_site)),
        selectinload(Order.visits).options(joinedload(Visit.technician), joinedload(Visit.visit_lines)),
    )


def _checks(session: Session, visit_ids: Sequence[int]) -> dict[int, dict[str, DepartureCheck]]:
    query = sa.select(DepartureCheck).where(DepartureCheck.visit_id.in_(visit_ids)).order_by(DepartureCheck.id)
    found: dict[int, dict[str, DepartureCheck]] = {}
    for row in session.scalars(query):
        found.setdefault(row.visit_id, {})[row.item] = row
    return found


def signatures_that_count(session: Session, order_id: int) -> list[Signature]:
    """The newest signature or refusal of each visit, oldest visit first."""
    rows = session.scalars(
        sa.select(Signature).where(Signature.order_id == order_id).order_by(Signature.at, Signature.received_at, Signature.id)
    )
    return list({row.visit_id: row for row in rows}.values())


def _warranties(session: Session, order: Order, fittings: Iterable[Fitting]) -> dict[int, Warranty]:
    """Per line: of a repair, what held before it (P10); of an installation, what begins with the terminal that was fitted."""
    if order.kind == "repair":
        day = local_day(order.received_at, order.branch.zone)
        favours = goodwill_of(session, order.id)
        held = {line.id: warranty_of_line(session, order, line, day=day) for line in order.lines}
        return {line_id: _with_goodwill(found, favours.get(line_id)) for line_id, found in held.items()}
    fitted = [f for f in fittings if f.unit_kind == "terminal" and f.new_unit_id is not None]
    customers = {line.id: line.vehicle.customer_id for line in order.lines}
    asked = {f.line_id: Question(customers[f.line_id], f.new_unit_id, f.in_entry_id) for f in fitted}
    return warranties(session, asked, order.branch.zone)


def _with_goodwill(found: Warranty, goodwill: Goodwill | None) -> Warranty:
    """The same warranty, with the name of whoever has let it count although it was over."""
    if goodwill is None or goodwill.state != "approved":
        return found
    told = say("goodwill approved by %(name)s; by the record: %(rule)s", name=goodwill.decided_by_name, rule=found.rule)
    return Warranty(found.until, told)


def sheet_facts(record: Record, line: OrderLine | None) -> dict[str, Any]:
    """The facts of an order's own sheet (`line` None) or of the sheet of one of its vehicles. Money and moments are texts."""
    about = _About(record, line)
    order = record.order
    total = sum((charge.amount for charge in about.charges), Decimal(0))
    received = sum((receipt.amount for receipt in about.receipts), Decimal(0))
    return {
        "format": FORMAT,
        "kind": "vehicle" if line is not None else order.kind,
        "number": order.number,
        "branch": _branch(record),
        "customer": {
            "name": order.customer.name,
            "contact": order.contact_name,
            "phone": order.contact_phone,
            "address": (line.own_site if line is not None and line.own_site else order.site).address,
        },
        "order": about.order_facts(),
        "visits": [about.visit(visit) for visit in about.visits],
        "lines": [about.vehicle(each) for each in ([line] if line is not None else order.lines)],
        "charges": [about.charge(charge) for charge in about.charges],
        "total": _money(total),
        "receipts": [about.receipt(receipt) for receipt in about.receipts],
        "due": None if line is not None else _money(total - received),
        "photos": [about.photo(photo) for photo in about.photos],
        "signatures": [about.signature(signature) for signature in about.signatures],
    }


def _branch(record: Record) -> dict[str, str]:
    facts = {"code": record.order.branch.code, "name": record.order.branch.name}
    return facts | ({"company": record.company} if record.company else {})


class _About:
    """The part of a record that one sheet is about, and how each thing of it reads.

    Money of the whole order is on the order's own sheet, and so are photos that name no vehicle.
    """

    def __init__(self, record: Record, line: OrderLine | None) -> None:
        self._record, self._zone = record, ZoneInfo(record.order.branch.zone)
        self._positions = {each.id: each.position for each in record.order.lines}
        whole = line is None
        line_id = None if line is None else line.id
        arrived = [visit for visit in record.order.visits if visit.departed_at is not None]
        self.visits = [v for v in arrived if whole or any(row.line_id == line_id for row in v.visit_lines)]
        seen = {visit.id for visit in self.visits}
        self._technicians = {visit.id: visit.technician.name for visit in record.order.visits}
        self.charges = [charge for charge in record.charges if whole or charge.line_id == line_id]
        self.receipts = list(record.receipts) if whole else []
        self.photos = [photo for photo in record.photos if whole or photo.line_id == line_id]
        self.signatures = [signature for signature in record.signatures if whole or signature.visit_id in seen]

    def order_facts(self) -> dict[str, Any]:
        order = self._record.order
        return {
            "received_at": self._moment(order.received_at),
            "wanted_on": _day(order.wanted_on),
            **{name: getattr(order, name) for name in ("symptom", "symptom_text", "diagnosis", "product_model")},
            "purchased_on": _day(order.purchased_on),
        }

    def visit(self, visit: Visit) -> dict[str, Any]:
        arrival, checks = self._record.arrivals.get(visit.id), self._record.checks.get(visit.id, {})
        distance = None if arrival is None or arrival.distance_m is None else round(arrival.distance_m)
        return {
            "technician": visit.technician.name,
            "employee_no": visit.technician.staff_no,
            **{name: self._moment(getattr(visit, name)) for name in ("departed_at", "arrived_at", "finished_at")},
            "distance_m": distance,
            "checks": [
                {"item": item, "ok": checks[item].ok, "note": checks[item].note} for item in DEPARTURE_ITEMS if item in checks
            ],
        }

    def vehicle(self, line: OrderLine) -> dict[str, Any]:
        vehicle, held = line.vehicle, self._record.warranties.get(line.id)
        return {
            "position": line.position,
            "plate": vehicle.plate,
            "colour": vehicle.plate_colour,
            "vin": vehicle.vin,
            "drivers": [{"name": driver.name, "phone": driver.phone} for driver in vehicle.drivers],
            "status": line.status,
            "reason": line.reason,
            "fittings": [self._fitting(fitting) for fitting in self._record.fittings if fitting.line_id == line.id],
            **parts_json([part for part in self._record.parts if part.line_id == line.id]),
            "tests": self._tests(line),
            "warranty": {"until": _day(held.until), "rule": _told(held)} if held else None,
        }

    def _fitting(self, fitting: Fitting) -> dict[str, Any]:
        return {**fitting_json(fitting), **why_json(fitting), "at": self._moment(fitting.at), "by": fitting.by_name}

    def _tests(self, line: OrderLine) -> list[dict[str, Any]]:
        rows = self._record.tests.get(line.id, UNTESTED)
        must = self._record.asking.points(line, rows).must
        return [
            {
                "item": item,
                "result": rows[item].result,
                "reason": rows[item].reason,
                "by": rows[item].by_name,
                "at": self._moment(rows[item].at),
                **self._proof(rows[item].observation),
                **({} if item in must else {"optional": True}),
            }
            for item in TEST_ITEMS
            if item in rows
        ]

    def _proof(self, seen: Observation | None) -> dict[str, Any]:
        """What the terminal itself told that proved a point; nothing where a person judged it."""
        return {"proof": {"source": seen.source, "at": self._moment(seen.received_at)}} if seen else {}

    def charge(self, charge: Charge) -> dict[str, Any]:
        return {
            **{name: getattr(charge, name) for name in ("code", "name", "quantity", "rule", "told")},
            "unit_price": _money(charge.unit_price),
            "amount": _money(charge.amount),
            "line": self._positions.get(charge.line_id or 0),
        }

    def receipt(self, receipt: Receipt) -> dict[str, Any]:
        return {
            "number": receipt.number,
            "channel": receipt.channel,
            "amount": _money(receipt.amount),
            "invoice_number": receipt.invoice_number,
            "at": self._moment(receipt.at),
            "by": receipt.by_name,
        }

    def photo(self, photo: Photo) -> dict[str, Any]:
        at = self._moment(photo.taken_at or photo.at)
        return {
            "id": str(photo.id),
            "kind": photo.kind,
            "sha256": photo.sha256,
            "at": at,
            "line": self._positions.get(photo.line_id or 0),
        }

    def signature(self, signature: Signature) -> dict[str, Any]:
        return {
            "id": str(signature.id),
            "technician": self._technicians.get(signature.visit_id, signature.by_name),
            **{name: getattr(signature, name) for name in ("signer", "phone", "refused", "reason")},
            "photo": str(signature.photo_id) if signature.photo_id else None,
            "at": self._moment(signature.at),
            "summary_hash": signature.summary_hash.hex(),
            # As texts: fractions of numbers do not come back from JSONB to the letter.
            "lat": _degrees(signature.lat),
            "lon": _degrees(signature.lon),
        }

    def _moment(self, moment: datetime | None) -> str | None:
        return moment.astimezone(self._zone).isoformat(timespec="seconds") if moment else None


def _told(held: Warranty) -> dict[str, Any]:
    return text_to_json(held.rule)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"

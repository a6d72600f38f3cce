"""What the customer reads before he signs: the work, the test-run and the money of one visit, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.devices.fitted import fittings_of, unit_numbers
from dispatch.devices.models import Fitting, Observation, PartEntry
from dispatch.devices.part_use import parts_used
from dispatch.devices.slot_rules import MAIN
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.fees.rules import FEN
from dispatch.field.models import TestResult
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.words import Text, say

FORMAT = "gps-dispatch/summary/1"


class Run(dict[str, TestResult]):
    """The test-run of one vehicle: point -> the result that counts. `begun` is when the first point was judged on site."""

    begun: datetime | None = None


UNTESTED = Run()
Tests = Mapping[int, Run]
"""Line id -> its test-run, of those that were tested."""


class Work(Protocol):
    """What was done and charged on an order and still stands, as somebody has read it."""

    @property
    def fittings(self) -> Sequence[Fitting]: ...
    @property
    def tests(self) -> Tests: ...
    @property
    def charges(self) -> Sequence[Charge]: ...
    @property
    def receipts(self) -> Sequence[Receipt]: ...
    @property
    def parts(self) -> Sequence[PartEntry]: ...


@dataclass(frozen=True)
class _Read:
    fittings: Sequence[Fitting]
    tests: Tests
    charges: Sequence[Charge]
    receipts: Sequence[Receipt]
    parts: Sequence[PartEntry]


def summary_of(session: Session, order: Order, visit: Visit) -> dict[str, Any]:
    """The visit as the customer signs it, out of the record."""
    fittings = fittings_of(session, order.id)
    tests = latest_tests(session, order.id, fittings)
    charges, receipts = standing(charges_of(session, order.id)), receipts_of(session, order.id)
    return summary_from(order, visit, _Read(fittings, tests, charges, receipts, parts_used(session, order.id)))


def summary_from(order: Order, visit: Visit, work: Work) -> dict[str, Any]:
    """The same out of rows that are read already.

    Its canonical JSON is what the signature is bound to; money and moments are texts.
    """
    lines = sorted((row.line for row in visit.visit_lines), key=lambda line: line.position)
    charged = sum((charge.amount for charge in work.charges), Decimal(0))
    received = sum((receipt.amount for receipt in work.receipts), Decimal(0))
    return {
        "format": FORMAT,
        "number": order.number,
        "customer": order.customer.name,
        "technician": visit.technician.name,
        "lines": [_line(line, work) for line in lines],
        "charges": [_charge(charge) for charge in work.charges],
        "receipts": [_receipt(receipt) for receipt in work.receipts],
        "total": str(charged.quantize(FEN)),
        "due": str((charged - received).quantize(FEN)),
    }


PARTS: dict[str, Text] = {
    "lines": say("the work"),
    "charges": say("the charges"),
    "receipts": say("the receipts"),
    "customer": say("the customer's name"),
    "technician": say("the technician"),
}
"""What of a summary can change after it was shown."""


def changed_parts(shown: Mapping[str, Any], then: Mapping[str, Any]) -> list[Text]:
    """In what two summaries of a visit differ."""
    return [word for name, word in PARTS.items() if shown.get(name) != then.get(name)]


def standing(charges: Sequence[Charge]) -> list[Charge]:
    """Charges that were not taken back."""
    gone = {charge.reverses_id for charge in charges}
    return [charge for charge in charges if charge.reverses_id is None and charge.id not in gone]


def vehicle_shown(vehicle: Vehicle) -> str:
    """What sentences call a vehicle."""
    return show_plate(vehicle.plate) if vehicle.plate else vehicle.vin or "—"


def _line(line: OrderLine, work: Work) -> dict[str, Any]:
    return {
        "position": line.position,
        "plate": line.vehicle.plate,
        "vin": line.vehicle.vin,
        "status": line.status,
        "fittings": [fitting_json(fitting) for fitting in work.fittings if fitting.line_id == line.id],
        "tests": {item: result.result for item, result in work.tests.get(line.id, {}).items()},
        **parts_json([part for part in work.parts if part.line_id == line.id]),
    }


def parts_json(used: Sequence[PartEntry]) -> dict[str, Any]:
    """The parts that a vehicle was given, under "parts"; nothing for a vehicle without."""
    told = [{"code": each.part.code, "name": each.part.name, "unit": each.part.unit, "quantity": each.quantity} for each in used]
    return {"parts": told} if told else {}


def fitting_json(fitting: Fitting) -> dict[str, Any]:
    """A change of one unit with the numbers of the old and the new one; of a loan its end, of a move both vehicles."""
    lent, other = fitting.lent_until, fitting.other_vehicle
    return {
        "kind": fitting.kind,
        "unit_kind": fitting.unit_kind,
        "old": unit_numbers(fitting.old_unit) if fitting.old_unit else None,
        "new": unit_numbers(fitting.new_unit) if fitting.new_unit else None,
        **({"role": fitting.slot.role} if fitting.slot.role != MAIN else {}),
        **({"lent_until": lent.isoformat()} if lent else {}),
        **({"vehicle": vehicle_shown(fitting.vehicle), "other_vehicle": vehicle_shown(other)} if other else {}),
    }


def why_json(fitting: Fitting) -> dict[str, str]:
    """Why a unit was swapped, where somebody said: what sheets tell beside the numbers, and no customer signs."""
    kept = {"why": fitting.why, "why_words": fitting.why_words} if fitting.why_told else {}
    return {name: value for name, value in kept.items() if value}


def latest_tests(session: Session, order_id: int, fittings: Iterable[Fitting]) -> dict[int, Run]:
    """Line id -> its test-run: of each point the newest result, and none from before the vehicle's last fitting."""
    query = sa.select(TestResult).where(TestResult.order_id == order_id).order_by(TestResult.at, TestResult.id)
    seen = joinedload(TestResult.observation).load_only(Observation.received_at, Observation.source)
    return runs_of(session.scalars(query.options(seen)), fittings)


def runs_of(results: Iterable[TestResult], fittings: Iterable[Fitting]) -> dict[int, Run]:
    """The same out of all results of an order, in the order of time."""
    fitted_at = {fitting.line_id: fitting.at for fitting in sorted(fittings, key=lambda fitting: fitting.at)}
    found: dict[int, Run] = {}
    for row in results:
        if row.line_id not in fitted_at or row.at >= fitted_at[row.line_id]:
            run = found.setdefault(row.line_id, Run())
            run[row.item] = row
            run.begun = run.begun or (row.at if row.visit_id is not None else None)
    return found


def _charge(charge: Charge) -> dict[str, Any]:
    money = {"unit_price": str(charge.unit_price), "amount": str(charge.amount)}
    return {"code": charge.code, "name": charge.name, "quantity": charge.quantity, "rule": charge.rule, **money}


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "number": receipt.number,
        "channel": receipt.channel,
        "amount": str(receipt.amount),
        "invoice_number": receipt.invoice_number,
    }

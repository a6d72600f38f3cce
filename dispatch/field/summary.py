"""What the customer reads before he signs: the work, the test-run and the money of one visit, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.fitted import fittings_of, unit_numbers
from dispatch.devices.models import Fitting
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.queries import account_of, charges_of, receipts_of
from dispatch.field.models import TestResult
from dispatch.orders.models import Order, OrderLine, Visit

FORMAT = "gps-dispatch/summary/1"


def summary_of(session: Session, order: Order, visit: Visit) -> dict[str, Any]:
    """The visit as the customer signs it. Its canonical JSON is what the signature is bound to; money and moments are texts."""
    lines = sorted((row.line for row in visit.visit_lines), key=lambda line: line.position)
    account = account_of(session, order.id)
    return {
        "format": FORMAT,
        "number": order.number,
        "customer": order.customer.name,
        "technician": visit.technician.name,
        "lines": _lines(session, order, lines),
        "charges": [_charge(charge) for charge in standing(charges_of(session, order.id))],
        "receipts": [_receipt(receipt) for receipt in receipts_of(session, order.id)],
        "total": str(account.charged),
        "due": str(account.due),
    }


def standing(charges: Sequence[Charge]) -> list[Charge]:
    """Charges that were not taken back."""
    gone = {charge.reverses_id for charge in charges}
    return [charge for charge in charges if charge.reverses_id is None and charge.id not in gone]


def _lines(session: Session, order: Order, lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    fittings = fittings_of(session, order.id)
    tests = latest_tests(session, order.id, fittings)
    return [
        {
            "position": line.position,
            "plate": line.vehicle.plate,
            "vin": line.vehicle.vin,
            "status": line.status,
            "fittings": [fitting_json(fitting) for fitting in fittings if fitting.line_id == line.id],
            "tests": {item: result.result for item, result in tests.get(line.id, {}).items()},
        }
        for line in lines
    ]


def fitting_json(fitting: Fitting) -> dict[str, Any]:
    """A change of one unit with the numbers of the old and the new one."""
    return {
        "kind": fitting.kind,
        "unit_kind": fitting.unit_kind,
        "old": unit_numbers(fitting.old_unit) if fitting.old_unit else None,
        "new": unit_numbers(fitting.new_unit) if fitting.new_unit else None,
    }


def latest_tests(session: Session, order_id: int, fittings: Iterable[Fitting]) -> dict[int, dict[str, TestResult]]:
    """Line id -> item -> the result that counts: the newest, and none from before the vehicle's last fitting."""
    fitted_at = {fitting.line_id: fitting.at for fitting in sorted(fittings, key=lambda fitting: fitting.at)}
    rows = session.scalars(sa.select(TestResult).where(TestResult.order_id == order_id).order_by(TestResult.at, TestResult.id))
    found: dict[int, dict[str, TestResult]] = {}
    for row in rows:
        if row.line_id not in fitted_at or row.at >= fitted_at[row.line_id]:
            found.setdefault(row.line_id, {})[row.item] = row
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

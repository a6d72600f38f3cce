"""What a unit would cost by the pack is what is charged for it, whatever makes it free or dear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.fees.operations.prices import NewPrice, set_prices
from dispatch.fees.queries import charges_of
from dispatch.field import api
from dispatch.field.summary import standing
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.building import approved, installation_order
from tests.conftest import AT, Cast, SignIn
from tests.field.building import arrived, carrying, do, fitted_long_ago
from tests.field.packing.test_day import offer_for


@dataclass(frozen=True)
class Case:
    """An order of a kind, with what was in the vehicle for so many days (None: nothing), whether a price was agreed with the
    customer, and whether the terminal is a third party's."""

    kind: str
    days: int | None
    agreed: bool = False
    rented: bool = False


CASES = [
    Case("repair", 100),
    Case("repair", 900),
    Case("repair", 900, agreed=True),
    Case("repair", 900, rented=True),
    Case("repair", None),
    Case("installation", None),
    Case("installation", None, agreed=True),
    Case("installation", None, rented=True),
]


def test_offers_are_charges(db: Session, app: Flask, cast: Cast, prices: None, as_person: SignIn, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "now", lambda: AT + timedelta(hours=1))
    client = as_person(cast.su)
    for case in CASES:
        visit, order = _begun(db, cast, case)
        [box], [card] = carrying(db, cast, cast.su)
        if case.rented:
            db.execute(
                sa.update(Unit).where(Unit.id == box.id).values(owner="third_party", owner_name="租赁公司"),
            )
        db.commit()
        [stop] = [one for one in client.get("/api/field/day").get_json()["visits"] if one["id"] == visit.id]
        kind = "line.install" if case.days is None else "line.swap"
        line = order.lines[0].id
        do(db, visit, kind, cast.su, line=line, terminal=box.number, sim=card.number, why="defect")
        found = {charge.code: charge for charge in standing(charges_of(db, order.id))}
        offers = [offer_for(stop, line, unit.id) for unit in (box, card)]
        expected = {each["code"]: _of(each) for each in offers}
        assert {code: (charge.amount, charge.rule, charge.told) for code, charge in found.items()} == expected, case
        do(db, visit, "visit.abandon", cast.su, reason="…")
        db.commit()


def _begun(db: Session, cast: Cast, case: Case) -> tuple[Visit, Order]:
    order = approved_order(db, cast) if case.kind == "repair" else approved(db, cast, installation_order(db, cast))
    if case.days is not None:
        fitted_long_ago(db, cast, order.lines[0], days=case.days)
    if case.agreed:
        price = NewPrice("P001", "BD-808A 主机", "part", Decimal("512.50"), Decimal("0.13"), date(2026, 1, 1))
        set_prices(db, [NewPrice(**{**price.__dict__, "customer_id": order.customer_id})], by=cast.qian, at=AT)
    return arrived(db, cast, order, cast.su), order


def _of(offer: Any) -> tuple[Decimal, str, Any]:
    return Decimal("0.00") if offer["free"] else Decimal(offer["price"]), offer["rule"], offer["told"]

"""Orders at work whose vehicles have something in them, a price list, and a bag to swap from."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.devices.fitting import Work, swap
from dispatch.devices.models import Fitting
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations import NewPrice, add_charge, charge_fittings, set_prices, take_payment
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import text_from_json
from tests.building import installation_order, repair_order
from tests.conftest import AT, Cast
from tests.devices.building import into_bag, sims, terminals
from tests.orders.building import dispatched, fit

PRICES = (
    ("P001", "BD-808A 主机", "part", "680.00", "0.13"),
    ("P002", "BD-809V 主机", "part", "1580.00", "0.13"),
    ("P003", "GNSS 天线", "part", "45.00", "0.13"),
    ("P006", "SIM 卡", "part", "15.00", "0.13"),
    ("S001", "上门费(本公司产品)", "service", "80.00", "0.06"),
    ("S003", "移机费", "service", "150.00", "0.06"),
)
LAST_YEAR = datetime(2025, 1, 10, 2, 0, tzinfo=AT.tzinfo)
THIS_YEAR = datetime(2026, 6, 10, 2, 0, tzinfo=AT.tzinfo)
_hours = itertools.count(1)


def price_list(session: Session, cast: Cast) -> None:
    """Parts and services, valid since the beginning of the year."""
    rows = [NewPrice(c, n, k, Decimal(a), Decimal(t), date(2026, 1, 1)) for c, n, k, a, t in PRICES]
    set_prices(session, rows, by=cast.qian, at=AT)


def repair(session: Session, cast: Cast, *, fitted_at: datetime | None = LAST_YEAR, **facts: Any) -> Order:
    """A repair that Su is sent to; terminal and SIM were fitted at a moment, or nothing is in the vehicle."""
    order = repair_order(session, cast, **facts)
    if fitted_at is not None:
        for line in order.lines:
            fit(session, cast, line.vehicle_id, at=fitted_at)
    dispatched(session, cast, order, cast.su, hour=next(_hours))
    return order


def installation(session: Session, cast: Cast, *, lines: int = 1) -> Order:
    """An installation that Su is sent to."""
    order = installation_order(session, cast, lines=lines)
    dispatched(session, cast, order, cast.su, hour=next(_hours))
    return order


def work_at(order: Order, at: datetime = AT, *, line: int = 0) -> Work:
    """The work at one vehicle of an order."""
    found = order.lines[line]
    return Work(order.id, found.id, found.vehicle_id, order.branch_id, None, uuid.uuid4(), at)


def swapped(
    session: Session, cast: Cast, order: Order, *, sim: bool = False, model: str = "BD-808A", at: datetime = AT, line: int = 0
) -> Fitting:
    """Su swaps the terminal, or the SIM, of a vehicle for a new one."""
    new = sims(session, cast)[0] if sim else terminals(session, cast, model=model)[0]
    into_bag(session, cast, cast.su, [new])
    return swap(session, work_at(order, at, line=line), new.id, by=cast.su, at=at)


def charged(session: Session, cast: Cast, order: Order, *, at: datetime = AT) -> Sequence[Charge]:
    """What bringing the charges in step with the fittings writes."""
    return charge_fittings(session, order, visit_id=None, by=cast.su, at=at)


def added(session: Session, order: Order, code: str, by: Actor, **facts: Any) -> Charge:
    """A charge from the price list."""
    given = {"quantity": 1, "line_id": None, "visit_id": None, "fact_id": None, "at": AT, **facts}
    return add_charge(session, order, code=code, by=by, **given)


def paid(session: Session, order: Order, amount: str, by: Actor, **facts: Any) -> Receipt:
    """Money taken in cash on a phone."""
    given: dict[str, Any] = {"channel": "cash", "payer": None, "reference": None, "number": None}
    more = {"device": "phone", "visit_id": None, "fact_id": None, "at": AT, **facts}
    return take_payment(session, order, amount=Decimal(amount), by=by, **{**given, **more})


def paid_order(db: Session, cast: Cast, amount: str = "300") -> tuple[Order, int, int]:
    """An order on which 300 yuan are charged and paid: it, the charge, the receipt."""
    price_list(db, cast)
    order = repair(db, cast)
    charge = added(db, order, "S003", cast.su, quantity=2)
    return order, charge.id, paid(db, order, amount, cast.su, channel="wechat").id


def told(charge: Charge) -> str:
    """The deciding rule as a sentence."""
    return str(text_from_json(charge.told))

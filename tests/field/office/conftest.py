"""A repair with everything on it, for the office to look at."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.fitted import fittings_of
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.field.models import DepartureCheck
from dispatch.field.summary import standing
from tests.board.building import approved_order
from tests.conftest import Cast, Storyteller
from tests.fees.building import price_list
from tests.field.building import arrived, carrying, do, fitted_long_ago, sign, take_photo


@pytest.fixture
def done(app: object, cast: Cast, tell: Storyteller) -> dict[str, Any]:
    """A repair with everything on it, committed: numbers and ids by name."""

    def a_full_repair() -> dict[str, Any]:
        with transaction() as opened:
            price_list(opened, cast)
            return _repair(opened, cast)

    return tell(a_full_repair)


def _repair(opened: Session, cast: Cast) -> dict[str, Any]:
    order = approved_order(opened, cast)
    line = order.lines[0]
    visit = arrived(opened, cast, order, cast.su)
    opened.add(
        DepartureCheck(visit_id=visit.id, item="parts", ok=False, note="缺一张SIM卡", by_id=cast.su.id or 0, at=visit.starts_at)
    )
    old, _ = fitted_long_ago(opened, cast, line)
    boxes, _ = carrying(opened, cast, cast.su, 2)
    do(opened, visit, "line.swap", cast.su, line=line.id, terminal=boxes[0].number)
    results = {"online": {"result": "passed"}, "fix": {"result": "failed", "reason": "地下车库"}}
    do(opened, visit, "test.run", cast.su, line=line.id, results=results)
    photo = take_photo(opened, visit, cast.su, line=line.id)
    do(opened, visit, "payment.take", cast.su, amount="600.00", channel="wechat", payer="张超敏")
    sign(opened, visit, cast.su)
    do(opened, visit, "line.swap", cast.su, insist=True, line=line.id, terminal="T-UNKNOWN-9")
    do(opened, visit, "visit.finish", cast.su)
    [charge], [receipt], [fitting] = (
        standing(charges_of(opened, order.id)),
        receipts_of(opened, order.id),
        fittings_of(opened, order.id),
    )
    return {
        "number": order.number,
        "order": order.id,
        "photo": photo,
        "receipt_number": receipt.number,
        "order_itself": 0,
        "old": old.number,
        "new": boxes[0].number,
        "right": boxes[1].number,
        "line": line.id,
        "vehicle": line.vehicle_id,
        "charge": charge.id,
        "receipt": receipt.id,
        "fitting": fitting.id,
    }

"""A contractor's settlement: what was accepted, taken off, collected for us and paid, and who owes whom."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.fees.operations import hand_in, refund
from dispatch.finance.contractor_queries import settlement
from dispatch.finance.settlement_sheets import settlement_facts
from dispatch.staff.models import Branch
from tests.board.building import TODAY, approved_order
from tests.conftest import AT, Cast
from tests.fees.building import added, paid, price_list
from tests.fees.money import confirmed
from tests.outside.building import at_work

SPAN = {"since": AT - timedelta(hours=1), "until": AT + timedelta(hours=1)}


def test_what_is_owed_either_way(db: Session, cast: Cast, as_person: Any) -> None:
    price_list(db, cast)
    order = approved_order(db, cast)
    offer, visit, worker = at_work(db, cast, order)
    added(db, order, "S003", worker, quantity=2)
    receipt = paid(db, order, "300", worker, visit_id=visit.id)
    assert settlement(db, offer.contractor_id, **SPAN).jobs == [], "nobody has accepted the work"
    offer.work_at, offer.work_by_id, offer.amount, offer.work_note = AT, cast.wang.id, Decimal(120), "返工一次"
    made = settlement(db, offer.contractor_id, **SPAN)
    (job,) = made.jobs
    assert (job.order, job.docked, job.owed, job.collected, job.held) == (order.number, 30, 120, 300, 300)
    assert (made.balance, made.paid) == (-180, 0), "our cash with him is more than what we owe"
    with db.begin_nested() as tried:
        added(db, order, "S003", cast.wang)
        paid(db, order, "150", cast.wang)
        refund(db, receipt.id, amount=Decimal(150), reason="多收", device="desk", by=cast.wang, at=AT)
        (job,) = settlement(db, offer.contractor_id, **SPAN).jobs
        assert (job.collected, job.held) == (150, 300), "what Wang gave back came out of his own hand"
        tried.rollback()
    confirmed(db, hand_in(db, [receipt.id], by=worker, at=AT).id, {"100": 3}, cast.qian)
    offer.settled_at, offer.settled_by_id, offer.settled_reference = AT, cast.qian.id, "付款1"
    made = settlement(db, offer.contractor_id, **SPAN)
    assert (made.balance, made.paid, made.sum("held"), made.sum("collected")) == (0, 120, 0, 300)
    facts = settlement_facts("深圳快修", made, db.get_one(Branch, cast.sz), first=TODAY, last=TODAY)
    assert (facts["sums"]["docked"], facts["paid"], facts["jobs"][0]["reference"]) == ("30.00", "120.00", "付款1")
    db.commit()
    path = f"/finance/contractors/{offer.contractor_id}"
    qian = as_person(cast.qian)
    seen = qian.get(f"{path}?from=2026-12-01&to=2026-12-03").text
    assert order.number in seen and "返工一次" in seen
    assert qian.get(f"{path}/sheet.xlsx?from=2026-12-01&to=2026-12-03").data.startswith(b"PK")
    assert as_person(cast.lin).get(path).status_code == 404

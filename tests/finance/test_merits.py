"""Rewards and deductions: recorded for others, once, taken back by a counter-record; and the rates of what people miss."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.finance.merit_check import broken_merits
from dispatch.finance.merit_queries import merits, merits_of, rates
from dispatch.finance.merit_rules import Rate
from dispatch.finance.merits import NewMerit, give, take_back_merit
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing


def new(who: Actor, kind: str = "complaint", amount: str | None = "20", points: int | None = None, **facts: Any) -> NewMerit:
    return NewMerit(who.id or 0, kind, Decimal(amount) if amount else None, points, **{"reason": "客户投诉属实", **facts})


def test_shares_are_of_what_was_taken_in() -> None:
    rate = Rate(1, "苏杰", "深圳", 3, Decimal(300), 1, Decimal(10), 1, Decimal("0.5"))
    assert (rate.given_share, rate.missed_share) == (Decimal("3.3"), Decimal("0.2"))
    assert Rate(1, "苏杰", "深圳", 0, Decimal(0), 1, Decimal(10), 0, Decimal(0)).given_share is None


WRONG: dict[str, dict[str, Any]] = {
    "kind": {"kind": "weather"},
    "amount": {"amount": "9.99"},
    "points": {"amount": None, "points": 1001},
    "reason": {"reason": " "},
    "evidence": {"evidence": "WX-0"},
}


def test_a_record_is_about_others_and_taken_back_once(db: Session, cast: Cast, as_person: Any) -> None:
    for field, facts in WRONG.items():
        with pytest.raises(Invalid) as refusal:
            give(db, new(cast.su, **facts), key=uuid.uuid4(), by=cast.wang, at=AT)
        assert set(refusal.value.fields) == {field}
    for by, who, refusal_kind in (
        (cast.wang, cast.wang, NotAllowed),
        (cast.lin, cast.su, NotAllowed),
        (cast.wang, cast.he, NotFound),
    ):
        with pytest.raises(refusal_kind):
            give(db, new(who), key=uuid.uuid4(), by=by, at=AT)
    made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
    confirmed(db, made.id, {"100": 2, "50": 1}, cast.qian, reason="少一张", owner_id=cast.su.id)
    key, before = uuid.uuid4(), balance(db, "difference", branch_id=cast.sz)
    row = give(db, new(cast.su, "difference", "50", evidence=made.number.lower()), key=key, by=cast.wang, at=AT)
    assert give(db, new(cast.su), key=key, by=cast.wang, at=AT) is row
    assert (row.way, row.hand_in_id, balance(db, "difference", branch_id=cast.sz)) == ("deduction", made.id, before)
    praised = give(db, new(cast.su, "praise", None, 5), key=uuid.uuid4(), by=cast.qian, at=AT)
    back = take_back_merit(db, row.id, reason="误记", by=cast.qian, at=AT)
    assert (back.amount, back.kind) == (-50, "difference")
    with pytest.raises(Conflict):
        take_back_merit(db, row.id, reason="x", by=cast.wang, at=AT)
    with pytest.raises(NotFound):
        take_back_merit(db, back.id, reason="x", by=cast.wang, at=AT)
    assert [(one.row.id, one.back) for one in merits_of(db, cast.su.id or 0)] == [(praised.id, None), (row.id, back)]
    assert merits(db, branch_id=cast.sz).total == 2 and merits(db, branch_id=cast.gz).total == 0
    (rate,) = rates(db, branch_id=cast.sz, since=AT - timedelta(days=1), until=AT + timedelta(days=1))
    assert (rate.name, rate.receipts, rate.received, rate.differences, rate.missed) == ("苏杰", 1, 300, 1, 50)
    assert rate.missed_share == Decimal("16.7")
    assert list(broken_merits(db)) == []
    with db.begin_nested() as bent:
        db.execute(sa.text("ALTER TABLE merit DISABLE TRIGGER append_only"))
        db.execute(sa.text("UPDATE merit SET points = 500 WHERE kind = 'praise'"))
        db.execute(sa.text("UPDATE merit SET amount = -49 WHERE reverses_id IS NOT NULL"))
        assert len(list(broken_merits(db))) == 3, "two that the trail tells otherwise, one that is not the opposite"
        bent.rollback()
    db.commit()
    _pages(cast, as_person, praised.id)


def _pages(cast: Cast, as_person: Any, praised: int) -> None:
    """Finance and the manager see and record; he himself sees his own."""
    wang = as_person(cast.wang)
    sent = {"request_key": str(uuid.uuid4()), "person": str(cast.su.id), "kind": "help", "points": "x", "reason": "顶班"}
    refused = wang.post("/finance/merits", data=sent)
    assert refused.status_code == 422 and "A whole number, please." in refused.text and "顶班" in refused.text
    assert wang.post("/finance/merits", data={**sent, "points": "3"}).status_code == 302
    assert "顶班" in wang.get("/finance/merits").text
    assert wang.post(f"/finance/merits/{praised}/take-back", data={"reason": ""}).status_code == 422
    assert as_person(cast.lin).get("/finance/merits").status_code == 404
    assert "顶班" in as_person(cast.su).get("/my-money").text
    span = "from=2026-12-01&to=2026-12-31"
    assert "16.7 %" in wang.get(f"/finance/rates?{span}").text
    assert wang.get(f"/finance/rates.xlsx?{span}").data.startswith(b"PK")

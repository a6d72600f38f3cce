"""Goodwill (P10): asked for with a reason, decided by another, and only then free; and what contracts make of a charge."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.queries import requests_waiting
from dispatch.clock import now
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.warranting import NewTerm, set_term, withdraw_term
from dispatch.devices.warranty_models import WarrantyTerm
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Goodwill
from dispatch.fees.operations import ask_goodwill, settle_goodwill
from dispatch.fees.queries import account_of, warranty_of_line
from dispatch.field.forgiving import decide_goodwill
from dispatch.orders.models import Order
from dispatch.orders.operations.visits import cancel_order
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import THIS_YEAR, charged, price_list, repair, swapped, told

TODAY = date(2026, 12, 2)


@pytest.fixture(autouse=True)
def listed(db: Session, cast: Cast) -> None:
    """Every test has the price list."""
    price_list(db, cast)


def asked(session: Session, order: Order, by: Any, **facts: Any) -> Goodwill:
    given = {"reason": "a week over", "key": uuid.uuid4(), "by": by, "at": AT} | facts
    return ask_goodwill(session, order.id, order.lines[0].id, **given)


def decided(session: Session, row: Goodwill, by: Any, *, approve: bool = True, reason: str = "") -> Goodwill:
    return settle_goodwill(session, row.id, approve=approve, reason=reason, by=by, at=AT)


def test_it_is_free_only_once_another_has_approved(db: Session, cast: Cast) -> None:
    order, key = repair(db, cast), uuid.uuid4()
    swapped(db, cast, order)
    charged(db, cast, order)
    row = asked(db, order, cast.su, key=key)
    assert asked(db, order, cast.su, key=key).id == row.id and account_of(db, order.id).charged == 680
    with pytest.raises(Conflict):
        asked(db, order, cast.lin)
    assert [one.id for one in requests_waiting(db, cast.wang).rows] == [row.request_id] and not requests_waiting(
        db, cast.lin
    ).rows
    with pytest.raises(NotAllowed):
        decided(db, row, cast.lin)
    decide_goodwill(db, order.id, row.id, approve=True, reason="", by=cast.wang, at=AT)
    assert account_of(db, order.id).charged == 0 and (row.state, row.decided_by_name) == ("approved", cast.wang.name)
    swapped(db, cast, order, sim=True)
    assert [(told(c), c.amount) for c in charged(db, cast, order)] == [(f"Goodwill, approved by {cast.wang.name}: free.", 0)]
    with pytest.raises(Conflict):
        decided(db, row, cast.wang)


def test_nobody_approves_his_own_and_a_refusal_has_a_reason(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    own = asked(db, order, cast.wang)
    with pytest.raises(RuleBroken, match="your own request"):
        decided(db, own, cast.wang)
    with pytest.raises(DatabaseError), db.begin_nested():
        db.execute(sa.update(Goodwill).values(state="approved", decided_by_id=cast.wang.id, decided_at=AT))
    other = repair(db, cast)
    theirs = asked(db, other, cast.lin)
    with pytest.raises(Invalid):
        decided(db, theirs, cast.wang, approve=False)
    decided(db, theirs, cast.wang, approve=False, reason="bent by force")
    again = asked(db, other, cast.lin)
    assert goodwill_of(db, other.id)[other.lines[0].id].id == again.id != theirs.id


def test_what_cannot_be_asked_for(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=THIS_YEAR)
    with pytest.raises(RuleBroken, match="in warranty until 2027-06-10"):
        asked(db, order, cast.lin)
    with pytest.raises(NotFound):
        asked(db, order, cast.he)
    with pytest.raises(NotAllowed):
        asked(db, order, cast.qian)
    old = repair(db, cast)
    with pytest.raises(Invalid):
        asked(db, old, cast.lin, reason=" ")
    waiting = asked(db, old, cast.lin)
    cancel_order(db, old.id, version=old.version, reason="no", by=cast.wang, at=AT)
    for refused in (lambda: asked(db, old, cast.lin), lambda: decided(db, waiting, cast.wang)):
        with pytest.raises(RuleBroken, match="not at work"):
            refused()


def test_a_contract_decides_and_one_withdrawn_does_not(db: Session, cast: Cast) -> None:
    order, term = repair(db, cast), NewTerm(24, "installation", date(2025, 1, 1), date(2025, 12, 31), "HT-2025-17")
    place: dict[str, Any] = {"customer_id": order.customer_id, "key": uuid.uuid4(), "by": cast.wang, "at": AT}
    row = set_term(db, term, **place)
    assert set_term(db, term, **place).id == row.id
    with pytest.raises(DatabaseError), db.begin_nested():
        set_term(db, term, **place | {"key": uuid.uuid4()})
    swapped(db, cast, order)
    (charge,) = charged(db, cast, order)
    rule = "contract HT-2025-17, 24 months from installation on 2025-01-10"
    assert told(charge) == f"In warranty until 2027-01-10 ({rule}): free." and charge.amount == 0
    with pytest.raises(DatabaseError), db.begin_nested():
        db.execute(sa.update(WarrantyTerm).values(months=36))
    with pytest.raises(NotAllowed):
        withdraw_term(db, row.id, reason="wrong", by=cast.lin, at=AT)
    withdraw_term(db, row.id, reason="another customer's", by=cast.wang, at=AT)
    with pytest.raises(Conflict):
        withdraw_term(db, row.id, reason="again", by=cast.qian, at=AT)
    assert warranty_of_line(db, order, order.lines[0], day=TODAY).until == date(2026, 1, 10)


def test_an_exchange_in_warranty_carries_on_and_a_repair_has_its_own_term(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=THIS_YEAR)
    swap = swapped(db, cast, order)
    later = repair_order(db, cast)
    later.lines[0].vehicle_id = order.lines[0].vehicle_id
    db.flush()
    found = warranty_of_line(db, later, later.lines[0], day=TODAY)
    assert swap.old_unit and swap.old_unit.terminal and found.until == date(2027, 6, 10)
    assert str(found.rule).startswith(f"carried on from {swap.old_unit.terminal.serial}: 12 months")
    case = {"status": "repaired", "ended_at": AT - timedelta(days=1), "fault": "board", "unit_id": swap.new_unit_id}
    mended = sa.update(UnitReturn).where(UnitReturn.fitting_id == swap.id)
    db.execute(mended.values(**case, received_at=AT - timedelta(days=2), opened_at=AT - timedelta(days=3)))
    assert warranty_of_line(db, later, later.lines[0], day=TODAY).until == date(2027, 6, 10)


def test_the_pages_of_terms_and_of_goodwill(db: Session, cast: Cast, as_person: SignIn) -> None:
    order = repair(db, cast)
    db.commit()
    lin, wang = as_person(cast.lin), as_person(cast.wang)
    contracts = f"/customers/{order.customer_id}/contracts"
    typed = {"contract": "HT-9", "months": "0", "starts_with": "delivery", "valid_from": "2026-01-01", "key": str(uuid.uuid4())}
    refused = wang.post(contracts, data=typed)
    assert refused.status_code == 422 and 'value="HT-9"' in refused.text
    assert lin.post(contracts, data=typed | {"months": "6"}).status_code == 404
    wang.post(contracts, data=typed | {"months": "6"})
    assert "6 months from delivery" in lin.get(contracts).text and "HT-9" in lin.get(f"/customers/{order.customer_id}").text
    row = db.scalars(sa.select(WarrantyTerm)).one()
    away = f"/stock/warranty/{row.id}/withdraw"
    assert wang.post(away, data={"reason": "", "customer": str(order.customer_id)}).status_code == 422
    assert "It stays on record" in wang.post(away, data={"reason": "slip"}, follow_redirects=True).text
    assert (
        "all models"
        in wang.post(
            "/stock/warranty",
            data={"months": "18", "valid_from": f"{now():%Y-%m-%d}", "key": str(uuid.uuid4())},
            follow_redirects=True,
        ).text
    )
    page = f"/orders/{order.number}/vehicles/1/goodwill"
    assert "Ask for goodwill" in lin.get(f"/orders/{order.number}").text and lin.get(page).status_code == 200
    key = {"key": str(uuid.uuid4())}
    assert lin.post(page, data=key | {"reason": ""}).status_code == 422
    assert lin.post(page, data=key | {"reason": "loyal for years"}).status_code == 303
    assert "loyal for years" in wang.get("/approvals").text
    (goodwill,) = goodwill_of(db, order.id).values()
    decide = f"/approvals/requests/{goodwill.request_id}"
    assert decide in wang.get(page).text and "Look and decide" not in lin.get(page).text
    wang.post(f"{decide}/{db.get_one(Request, goodwill.request_id).steps[0].id}/approve")
    assert "counts as in warranty" in lin.get(f"/orders/{order.number}").text

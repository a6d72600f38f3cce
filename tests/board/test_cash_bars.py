"""Whoever is over his limit of cash in hand gets no further paid job: not by the planner, not by hand, and not in a race."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.models import PlanRun
from dispatch.board.operations.changes import assign, errand_of_lines, lines_to_assign, move_visit_to
from dispatch.board.operations.writing import Written, replace_visits
from dispatch.board.outcome import Trip
from dispatch.board.rules import Choice
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.cash_queries import held_by, held_in
from dispatch.fees.models import Account
from dispatch.fees.operations import end_cash_limit, let_pass, set_cash_limit
from dispatch.fees.operations.cash_limits import NewLimit
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from tests.board.building import TODAY, WAYS, approved_order, at_clock, fill_bag, of_day, reasons, set_skill, visit_at, visits_of
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing
from tests.racing import at_once

WAITS = sa.text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())")
THIS_YEAR = date(2026, 1, 1)
WHY = "苏杰 holds ¥600.00 in cash (limit: ¥500.00, 24 hours) and takes no paid job before he has handed in"


def limited(session: Session, cast: Cast, most: str = "500", *, by: Actor | None = None, **facts: Any) -> int:
    """A limit of the branch, or of a person, since the beginning of the year."""
    given: dict[str, Any] = {
        "branch_id": cast.sz,
        "person_id": None,
        "hours": Decimal(24),
        "valid_from": date(2026, 1, 1),
        **facts,
    }
    return set_cash_limit(session, NewLimit(most=Decimal(most), **given), key=uuid.uuid4(), by=by or cast.wang, at=AT).id


def given(session: Session, cast: Cast, order: Order, who: Actor, start: str = "14:00") -> Any:
    """The order given to somebody by hand, whatever speaks softly against it."""
    choice = Choice(who.id or 0, at_clock(start), anyway=True)
    return assign(session, of_day(cast), WAYS, choice, order_id=order.id, site_id=order.site_id, count=None, by=cast.lin)


def moved(session: Session, cast: Cast, visit_id: int, start: str) -> int:
    """The visit moved to Su at that time; whose it is then."""
    choice = Choice(cast.su.id or 0, at_clock(start), anyway=True)
    return move_visit_to(session, of_day(cast), WAYS, choice, visit_id=visit_id, version=None, by=cast.lin).technician_id


@pytest.fixture
def rich(db: Session, cast: Cast) -> int:
    """Su holds 600 yuan, of which 500 are allowed: the receipt."""
    receipt = paid(db, owing(db, cast), "600", cast.su)
    limited(db, cast)
    return receipt.id


def test_who_is_over_his_limit_gets_no_paid_job_until_he_may(db: Session, cast: Cast, rich: int) -> None:
    repair, free = approved_order(db, cast), approved_order(db, cast, kind="installation", symptom=None, model="BD-808A")
    (held,) = held_in(db, at=AT, branch_id=cast.sz)
    assert (held.name, held.cash, held.standing.state, held.barred) == ("苏杰", 600, "over", True)
    with pytest.raises(RuleBroken) as refusal:
        given(db, cast, repair, cast.su)
    assert str(refusal.value.text) == f"That is not possible: {WHY}."
    errand = errand_of_lines(db, of_day(cast), WAYS, lines_to_assign(db, of_day(cast), order=repair.id, site_id=repair.site_id))
    (su,) = [each for each in errand.candidates() if each.technician == cast.su.id]
    assert not su.ok and "holds more cash than he may: no paid job before he hands in" in map(str, su.missing)
    mine = given(db, cast, free, cast.su)
    other = visit_at(db, cast, repair, cast.wei, "10:00")
    with pytest.raises(RuleBroken, match="takes no paid job"):
        moved(db, cast, other.id, "16:00")
    assert moved(db, cast, mine.id, "15:00") == cast.su.id, "what is his may be moved"
    _let_him_pass(db, cast)
    assert moved(db, cast, other.id, "17:00") == cast.su.id
    later = AT + timedelta(minutes=5)
    made = handed(db, [rich], cast.su)
    still = held_by(db, cast.su.id or 0, at=later)
    assert still is not None and still.barred, "declared is not counted yet, and his next hand-in ends the pass"
    confirmed(db, made.id, {"100": 6}, cast.qian)
    assert held_in(db, at=later, branch_id=cast.sz) == []


def _let_him_pass(db: Session, cast: Cast) -> None:
    """Only a manager of his branch does, for a reason, and once."""
    who = cast.su.id or 0
    for by, reason, refusal in ((cast.qian, "x", NotAllowed), (cast.lin, "x", NotAllowed), (cast.wang, " ", Invalid)):
        with pytest.raises(refusal):
            let_pass(db, who, reason=reason, by=by, at=AT)
    with pytest.raises(RuleBroken, match="nothing holds him back"):
        let_pass(db, cast.wei.id or 0, reason="x", by=cast.wang, at=AT)
    earlier = AT - timedelta(minutes=5)
    let_pass(db, who, reason="客户急修，晚上统一交款", by=cast.wang, at=earlier)
    with pytest.raises(Conflict, match="lets him pass already"):
        let_pass(db, who, reason="x", by=cast.wang, at=AT)
    held = held_by(db, who, at=AT)
    assert held is not None and held.standing.over and not held.barred


def test_limits_are_kept_by_whom_they_are_for(db: Session, cast: Cast) -> None:
    who = cast.su.id or 0
    with pytest.raises(Invalid) as refusal:
        limited(db, cast, branch_id=None, person_id=who)
    assert set(refusal.value.fields) == {"reason"}
    with pytest.raises(NotAllowed, match="all branches"):
        limited(db, cast, branch_id=None)
    for wrong in ({"branch_id": cast.gz}, {"branch_id": None, "person_id": 10**6}):
        with pytest.raises(NotFound):
            limited(db, cast, **wrong)
    with pytest.raises(NotAllowed, match="his own cash"):
        limited(db, cast, branch_id=None, person_id=cast.wang.id, reason="x")
    limited(db, cast, "100", by=cast.qian, branch_id=None)
    mine = limited(db, cast, "900", branch_id=None, person_id=who, reason="片区偏远")
    paid(db, owing(db, cast), "600", cast.su)
    held = held_by(db, who, at=AT)
    assert held is not None and (held.limit.most, held.limit.personal, held.standing.state) == (900, True, "fine")
    end_cash_limit(db, mine, by=cast.qian, at=AT)
    with pytest.raises(Conflict):
        end_cash_limit(db, mine, by=cast.qian, at=AT)
    held = held_by(db, who, at=AT)
    assert held is not None and (held.limit.most, held.barred) == (100, True)


def test_the_planner_leaves_him_out_and_says_why(db: Session, cast: Cast, rich: int, carried_out: Callable[..., PlanRun]) -> None:
    set_skill(db, cast.wei, "repair", 1, expires_on=TODAY - timedelta(days=1))
    fill_bag(db, cast, cast.su, terminals=2, sims=2)
    order = approved_order(db, cast)
    run = carried_out()
    assert "1 holds more cash than he may: no paid job before he hands in" in reasons(run, order.lines[0].id)
    assert visits_of(db, order.id) == []


def test_a_race_between_a_job_and_cash_ends_as_one_after_the_other(db: Session, cast: Cast) -> None:
    limited(db, cast)
    debt, repair, more = owing(db, cast), approved_order(db, cast), approved_order(db, cast)
    first = paid(db, debt, "400", cast.su)
    db.commit()
    visit, receipt, second = at_once(
        lambda session: given(session, cast, repair, cast.su, "14:00"),
        lambda session: paid(session, debt, "200", cast.su),
        lambda session: given(session, cast, more, cast.su, "16:00"),
    )
    assert first.amount + receipt.amount == 600
    for found in (visit, second):
        assert isinstance(found, RuleBroken) or found.technician_id == cast.su.id
    with pytest.raises(RuleBroken, match="takes no paid job"), transaction() as session:
        given(session, cast, approved_order(session, cast), cast.su, "09:30")


def test_a_plan_locks_all_its_orders_before_it_looks_at_cash(db: Session, cast: Cast) -> None:
    debt = owing(db, cast)
    paid(db, debt, "100", cast.su)
    orders = [approved_order(db, cast) for _ in range(2)]
    db.commit()
    wanted = [
        Trip(cast.su.id or 0, order.id, (order.lines[0].id,), at_clock(start), at_clock(start) + 3600, nth)
        for nth, (order, start) in enumerate(zip(orders, ("09:00", "14:00"), strict=True), start=1)
    ]
    with ThreadPoolExecutor(1) as pool, transaction() as customer:
        locked_order(customer, orders[1].id)  # as whoever takes money for it does
        plan = pool.submit(_planned, wanted, cast)
        _until_somebody_waits()
        customer.execute(sa.text("SET LOCAL lock_timeout = '500ms'"))
        customer.execute(sa.select(Account).where(Account.person_id == cast.su.id).with_for_update())
        customer.commit()
        assert len(plan.result(timeout=20).lines) == 2


def _until_somebody_waits() -> None:
    """Each look in a transaction of its own: PostgreSQL remembers what it saw first."""
    for _ in range(500):
        with transaction() as session:
            if session.scalar(WAITS):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def _planned(wanted: list[Trip], cast: Cast) -> Written:
    with transaction() as session:
        return replace_visits(session, [], wanted, of_day(cast), by=cast.lin, at=AT)


def test_the_dispatcher_and_he_himself_are_told(db: Session, cast: Cast, rich: int, lin: FlaskClient, as_person: Any) -> None:
    order = approved_order(db, cast)
    db.commit()
    seen = lin.get("/plan?day=2026-12-03").text
    assert "1 technician gets no paid job before he has handed in his cash." in seen and "no paid job</span>" in seen
    url = f"/plan/orders/{order.number}/against?day=2026-12-03&technician={cast.su.id}&start=14:00"
    assert WHY in lin.get(url).text
    qian = as_person(cast.qian)
    assert "Over the limit of ¥500.00" in qian.get("/finance").text
    assert qian.post(f"/finance/people/{cast.su.id}/pass", data={"reason": "x"}).status_code == 404
    wang = as_person(cast.wang)
    assert wang.post(f"/finance/people/{cast.su.id}/pass", data={"reason": ""}).status_code == 422
    assert wang.post(f"/finance/people/{cast.su.id}/pass", data={"reason": "急"}).status_code == 302
    assert "may pass: 王建国" in wang.get(f"/finance/people/{cast.su.id}").text
    sent = {"request_key": str(uuid.uuid4()), "whom": f"p{cast.su.id}", "most": "900", "reason": ""}
    assert "Please give a reason." in wang.post("/finance/limits", data=sent).text
    assert wang.post("/finance/limits", data={**sent, "reason": "远郊"}).status_code == 302
    assert "远郊" in wang.get("/finance/limits").text

"""Clocks on a real database: begun with the call, met by the device's time, paused, reckoned anew, told of once."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Conflict, NotAllowed, NotFound
from dispatch.orders.clock_models import ClockLimit, ClockNotice, OrderClock
from dispatch.orders.clock_rules import Limit
from dispatch.orders.jobs import begin_all_clocks, reckon_clocks, tell_due
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import reject
from dispatch.orders.operations.limits import end_limit, set_hours, set_limit
from dispatch.orders.operations.moves import move_line, move_order, move_visit
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.operations.rewriting import OrderWords, rewrite
from dispatch.orders.operations.telling import tell_of
from dispatch.orders.operations.visits import cancel_order
from dispatch.orders.queries import Filter, counts_of, orders_page
from dispatch.orders.waiting_rules import WaitFor
from dispatch.staff.calendar_forms import Entry
from dispatch.staff.rostering import set_days
from tests.building import approved, installation_order, repair_order, visit
from tests.conftest import AT, Cast, SignIn

HOUR = timedelta(hours=1)


def clock(db: Session, order: Order, stage: str) -> OrderClock:
    """One of its clocks, as it is stored."""
    return db.get_one(OrderClock, (order.id, stage), populate_existing=True)


def test_a_repair_from_the_call_to_its_end(db: Session, cast: Cast) -> None:
    """Approved, driven to by a phone that tells it late, done, taken up again, done."""
    order = repair_order(db, cast, urgency="urgent")
    assert {c.stage: c.minutes for c in order.clocks} == {"approval": 60, "departure": 240, "arrival": 480, "repair": 960}
    assert clock(db, order, "approval").due_at == AT + HOUR and clock(db, order, "arrival").due_at == AT + 24 * HOUR
    approved(db, cast, order, at=AT + 2 * HOUR)
    assert clock(db, order, "approval").mark(AT) == "breached", "it was met, but an hour late"
    trip = visit(db, cast, order, cast.su)
    move_visit(db, trip, "dispatch", by=cast.lin, at=AT + 2 * HOUR)
    for action, when in (("depart", 3), ("arrive", 4)):
        move_visit(db, trip, action, by=cast.su, at=AT + 30 * HOUR, when=AT + when * HOUR)
    met = [(clock(db, order, stage).state, clock(db, order, stage).met_at) for stage in ("departure", "arrival")]
    assert met == [("met", AT + 3 * HOUR), ("met", AT + 4 * HOUR)] and trip.arrived_at == AT + 4 * HOUR
    move_line(db, order.lines[0], "complete", by=cast.su, at=AT + 31 * HOUR)
    move_visit(db, trip, "finish", by=cast.su, at=AT + 31 * HOUR, when=AT - HOUR)
    assert order.status == "done" and trip.finished_at == trip.arrived_at, "nothing ends before it began"
    assert clock(db, order, "repair").met_at == AT + 4 * HOUR
    move_line(db, order.lines[0], "take_up", by=cast.lin, at=AT + 40 * HOUR, reason="again")
    assert clock(db, order, "repair").state == "running" and clock(db, order, "arrival").state == "met"
    cancel_order(db, order.id, version=None, by=cast.lin, at=AT + 41 * HOUR, reason="gone")
    assert clock(db, order, "repair").state == "stopped"
    entries = {entry.action: entry for entry in history(db, ("order", order.id))}
    assert entries["visit.arrive"].detail["device_at"] == (AT + 4 * HOUR).isoformat()


def test_waiting_stops_the_clocks_and_a_holiday_moves_them(db: Session, cast: Cast) -> None:
    order = approved(db, cast, repair_order(db, cast))  # 2 December, a Wednesday, 09:00
    before = clock(db, order, "arrival").due_at
    assert before == AT + timedelta(days=3 + 2), "three working days, and the weekend"
    put_off(db, order.id, WaitFor("customer", date(2026, 12, 4)), version=order.version, by=cast.lin, at=AT + HOUR)
    assert clock(db, order, "arrival").state == "paused"
    assert tell_of(db, order.id, at=AT + timedelta(days=90)) == 0, "nobody is told of what stands still"
    move_order(db, order, "resume", by=cast.lin, at=AT + timedelta(days=1, hours=1))
    assert clock(db, order, "arrival").due_at == before + timedelta(days=1)
    holiday = Entry(date(2026, 12, 7), "holiday", "厂休")
    set_days(db, [holiday], branch_id=cast.sz, by=cast.wang, at=AT)
    job = db.execute(sa.text("SELECT args FROM procrastinate_jobs WHERE task_name = 'orders.reckon_clocks'")).scalars().one()
    db.commit()
    reckon_clocks(**job)
    assert clock(db, order, "arrival").due_at == before + timedelta(days=2), "a holiday more"
    assert clock(db, order, "approval").due_at == AT + 5 * HOUR, "what was met stays"
    set_days(db, [Entry(date(2026, 12, 5), "workday", "补班")], branch_id=cast.sz, by=cast.wang, at=AT)
    set_hours(db, cast.sz, "00:00-24:00", by=cast.wang, at=AT)
    db.commit()
    reckon_clocks(cast.sz)
    assert clock(db, order, "arrival").due_at == AT + timedelta(days=2), "a day and night of work, and the one it stood still"


def test_who_is_told_and_only_once(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast, urgency="urgent")
    db.commit()
    assert [tell_due(AT + timedelta(minutes=minutes)) for minutes in (30, 50, 50, 61, 61, 125, 125)] == [0, 1, 0, 1, 0, 1, 0]
    rows = db.execute(sa.select(ClockNotice.level, ClockNotice.person_id).order_by(ClockNotice.at)).all()
    wang = cast.wang.id  # there is no supervisor at the branch: the manager hears of it at once, and once more
    assert [tuple(row) for row in rows] == [("warned", cast.lin.id), ("supervisor", wang), ("manager", wang)]
    told = [entry for entry in history(db, ("order", order.id)) if entry.action.startswith("clock.")]
    assert [entry.detail["names"] for entry in told] == ["王建国", "王建国", "林晓"]
    assert tell_due(AT + timedelta(days=30)) > 0, "the other clocks"


def test_the_list_finds_and_sorts_what_is_late(db: Session, cast: Cast) -> None:
    calm = repair_order(db, cast)
    hot = repair_order(db, cast, urgency="emergency")
    over = approved(db, cast, repair_order(db, cast, urgency="urgent"))
    fleet = installation_order(db, cast, wanted_on=date(2027, 1, 20))
    at = AT + timedelta(minutes=45)
    late = orders_page(db, Filter(overdue=True), cast.lin, at=at)
    assert [order.id for order in late.orders] == [hot.id] and counts_of(db, cast.lin, Filter(), at=at).marks["overdue"] == 1
    due = [hot.id, calm.id, over.id, fleet.id]  # after the hot one all are due at two in the afternoon
    for sort, ids in (("due", due), ("due_late", due[::-1])):
        assert [order.id for order in orders_page(db, Filter(sort=sort), cast.lin, at=at).orders] == ids
    assert not orders_page(db, Filter(overdue=True), cast.he, at=at).orders
    assert clock(db, fleet, "arrival").since == datetime.fromisoformat("2027-01-20T00:00+08:00")


def test_a_limit_is_set_replaced_and_taken_away(db: Session, cast: Cast) -> None:
    key = uuid.uuid4()
    limit = Limit("arrival", 120, "round", urgency="urgent", area="宝安区", branch_id=cast.sz)
    row = set_limit(db, limit, key=key, by=cast.wang, at=AT)
    assert set_limit(db, limit, key=key, by=cast.wang, at=AT) is row
    first = repair_order(db, cast, urgency="urgent")
    assert clock(db, first, "arrival").due_at == AT + 2 * HOUR
    with pytest.raises(Conflict):
        set_limit(db, limit, key=uuid.uuid4(), by=cast.wang, at=AT)
    longer = set_limit(db, Limit(**(limit.__dict__ | {"minutes": 180})), key=uuid.uuid4(), by=cast.wang, at=AT + HOUR)
    assert row.ended_at == AT + HOUR and longer.limit.minutes == 180
    assert clock(db, first, "arrival").minutes == 120, "an order keeps the limits of when it was taken"
    for by, branch_id, refusal in (
        (cast.wang, None, NotAllowed),
        (cast.wang, cast.gz, NotFound),
        (cast.lin, cast.sz, NotAllowed),
    ):
        with pytest.raises(refusal):
            set_limit(db, Limit("arrival", 60, "work", branch_id=branch_id), key=uuid.uuid4(), by=by, at=AT)
    end_limit(db, longer.id, by=cast.wang, at=AT)
    with pytest.raises(Conflict):
        end_limit(db, longer.id, by=cast.wang, at=AT)
    with pytest.raises(sa.exc.DBAPIError), db.begin_nested():
        db.execute(sa.update(ClockLimit).values(minutes=1))


def test_pages_show_and_change_limits(cast: Cast, as_person: SignIn) -> None:
    wang, lin = as_person(cast.wang), as_person(cast.lin)
    read = lin.get("/orders/limits").text
    assert "Set a limit" not in read and f"The calendar of {now().year} is not published yet" in read
    assert lin.post("/orders/limits", data={}).status_code == 404
    typed = {"request_key": str(uuid.uuid4()), "stage": "approval", "minutes": "often", "reckoned": "round", "branch": cast.sz}
    refused = wang.post("/orders/limits", data=typed)
    assert refused.status_code == 422 and "Write minutes or hours" in refused.text and "often" in refused.text
    for _ in range(2):  # a double press
        assert wang.post("/orders/limits", data=typed | {"minutes": "30"}).status_code == 302
    page = wang.get("/orders/limits").text
    assert "30 min around the clock" in page and "240 min" not in page and "4 h working time" in page
    assert wang.post(f"/orders/limits/hours/{cast.sz}", data={"hours": "9 to 5"}).status_code == 422
    assert wang.post(f"/orders/limits/hours/{cast.sz}", data={"hours": "9:00-17:00"}).status_code == 302
    assert wang.post(f"/orders/limits/hours/{cast.gz}", data={"hours": "9:00-17:00"}).status_code == 404
    with transaction() as db:
        order = repair_order(db, cast, at=now() - timedelta(minutes=40))
        limit_id = db.scalars(sa.select(ClockLimit.id)).one()
    tell_due(now())
    for path in ("/orders?overdue=1", "/orders?told=1", f"/orders/{order.number}"):
        assert order.number in wang.get(path).text
    shown = wang.get(f"/orders/{order.number}").text
    assert "王建国 told" in shown and "The limit is broken (Approval): 王建国 told" in shown
    assert order.number not in lin.get("/orders?told=1").text, "nobody warned her: it broke before the worker looked"
    assert wang.post(f"/orders/limits/{limit_id}/end").status_code == 302
    assert wang.post(f"/orders/limits/{limit_id}/end").status_code == 409


def test_a_rejected_order_stands_still_and_a_rewritten_one_runs_against_its_new_limits(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    db.refresh(order, ["approvals"])
    reject(db, order.id, approval_id=order.approvals[0].id, reason="no", by=cast.wang, at=AT + HOUR)
    assert clock(db, order, "arrival").state == "stopped"
    move_order(db, order, "rework", by=cast.lin, at=AT + 2 * HOUR)
    assert clock(db, order, "approval").due_at == AT + 5 * HOUR and clock(db, order, "approval").state == "running"
    words = OrderWords("张超敏", "18886844318", "emergency", symptom="drift", wanted_on=date(2026, 12, 4))
    rewrite(db, order.id, words, version=order.version, by=cast.lin, at=AT + 3 * HOUR)
    assert clock(db, order, "approval").due_at == AT + HOUR / 2
    friday = datetime.fromisoformat("2026-12-04T00:00+08:00")
    assert clock(db, order, "arrival").due_at == friday + 4 * HOUR


def test_open_orders_from_before_clocks_were_kept_get_theirs_once(db: Session, cast: Cast) -> None:
    asked, late, waits, done = (repair_order(db, cast) for _ in range(4))
    for order in (late, waits, done):
        approved(db, cast, order, at=AT + HOUR)
    trip = visit(db, cast, late, cast.su)
    for action, by in (("dispatch", cast.lin), ("depart", cast.su), ("arrive", cast.su)):
        move_visit(db, trip, action, by=by, at=AT + 2 * HOUR)
    put_off(db, waits.id, WaitFor("part", date(2026, 12, 9)), version=waits.version, by=cast.lin, at=AT + HOUR)
    move_line(db, done.lines[0], "complete", by=cast.lin, at=AT + HOUR)
    columns = [column for column in OrderClock.__table__.c if column.name not in ("minutes", "reckoned")]
    kept = sa.select(*columns).where(OrderClock.order_id != done.id).order_by(OrderClock.order_id, OrderClock.stage)
    before = db.execute(kept).all()
    assert {row.state for row in before} == {"running", "met", "paused"} and {row.order_id for row in before} > {asked.id}
    db.execute(sa.delete(OrderClock))
    db.commit()
    for _ in range(2):
        begin_all_clocks()
    assert db.execute(kept).all() == before
    assert not db.scalars(sa.select(OrderClock).where(OrderClock.order_id == done.id)).all()

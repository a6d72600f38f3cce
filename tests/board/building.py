"""A branch's day for tests: approved orders at places of Shenzhen, bags with parts, and the planner's settings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.rules import moment_of
from dispatch.board.work import DayOfBranch, Ways
from dispatch.customers.operations import Pin, VehicleFacts, customer_named, site_of, vehicle_of
from dispatch.devices.models import CustodyPosition
from dispatch.devices.operations import NewSim, NewTerminal, bag_of, move_units, receive_sims, receive_terminals, store_named
from dispatch.orders.models import Approval, Order, Visit
from dispatch.orders.operations.approving import approve
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.routing import Travel
from dispatch.staff.models import Branch, Person, PersonRole, PersonSkill
from dispatch.staff.operations import NewPerson, add_person
from dispatch.staff.rules import SYSTEM, Actor
from tests.conftest import AT, TRAINED, Cast

ZONE = "Asia/Shanghai"
TODAY = date(2026, 12, 2)
TOMORROW = date(2026, 12, 3)
WAYS = Ways(Travel(1.3, 30), install_minutes=30, repair_minutes=45, setup_minutes=10)
MODEL = "BD-808A"
PLACES = ((22.55, 113.95), (22.68, 113.84), (22.60, 114.03), (22.54, 114.12), (22.72, 114.24), (22.66, 113.93))

_numbers = itertools.count(1)


def of_day(cast: Cast, day: date = TOMORROW, at: datetime = AT) -> DayOfBranch:
    """The Shenzhen branch's day as seen at `at`."""
    return DayOfBranch(cast.sz, day, ZONE, at)


def moment(text: str, day: date = TOMORROW) -> datetime:
    """ "09:30" of a day in Shenzhen."""
    hours, minutes = text.split(":")
    return moment_of(int(hours) * 3600 + int(minutes) * 60, day, ZONE)


def at_clock(text: str) -> int:
    """Seconds after midnight for "09:30"."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def take(
    session: Session,
    cast: Cast,
    *,
    lines: int = 1,
    place: tuple[float, float] | None = PLACES[0],
    at: datetime = AT,
    **facts: Any,
) -> Order:
    """An order for so many vehicles at one place, sent for approval. Facts are those of NewOrder."""
    n = next(_numbers)
    customer = customer_named(session, branch_id=cast.sz, name=facts.pop("customer", f"客户{n}"), by=cast.lin, at=at)
    pin = Pin(*place) if place else None
    site = site_of(session, customer=customer, address=f"广东省深圳市宝安区创业路{n}号", pin=pin, by=cast.lin, at=at)
    vehicles = [
        vehicle_of(session, customer=customer, facts=VehicleFacts(f"粤B{n:03d}{i:02d}", "yellow", None), by=cast.lin, at=at)
        for i in range(lines)
    ]
    given = {"kind": "repair", "symptom": "drift", "contact_name": "华丽", "contact_phone": "13350921198", **facts}
    model = given.pop("model", None)
    new = [NewLine(vehicle, model=model) for vehicle in vehicles]
    return take_order(session, new=NewOrder(**given), customer=customer, site=site, lines=new, by=cast.lin, at=at, zone=ZONE)


def approved(session: Session, cast: Cast, **facts: Any) -> Order:
    """Like `take`, and approved by the manager."""
    order = take(session, cast, **facts)
    step = session.scalars(sa.select(Approval.id).where(Approval.order_id == order.id)).one()
    approve(session, order.id, approval_id=step, by=cast.wang, at=AT)
    return order


def line_ids(order: Order) -> tuple[int, ...]:
    """The order's lines by position."""
    return tuple(line.id for line in order.lines)


def visit(session: Session, cast: Cast, order: Order, who: Actor, start: str, *, minutes: int = 55, **facts: Any) -> Visit:
    """A visit for all lines of an order on TOMORROW (or `day`)."""
    starts = moment(start, facts.pop("day", TOMORROW))
    ids = facts.pop("lines", line_ids(order))
    new = NewVisit(order.id, who.id or 0, starts, starts + timedelta(minutes=minutes), ids, **facts)
    return plan_visit(session, new, by=cast.lin, at=AT)


def fill_bag(
    session: Session, cast: Cast, person_id: int | None, *, terminals: int = 0, sims: int = 0, model: str = MODEL
) -> None:
    """Put fresh terminals and SIMs into a technician's bag."""
    store = store_named(session, branch_id=cast.sz, name="主仓")
    bag = bag_of(session, person_id=person_id or 0, branch_id=cast.sz)
    n = next(_numbers)
    if terminals:
        new = [NewTerminal(f"T{n:04d}{i:04d}", model) for i in range(terminals)]
        receive_terminals(session, new, store=store, by=cast.lin, at=AT)
    if sims:
        cards = [f"898604{n:05d}{i:08d}" for i in range(sims)]
        receive_sims(session, [NewSim(card, card) for card in cards], store=store, by=cast.lin, at=AT)
    units = session.scalars(sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_id == store.id)).all()
    move_units(session, units, to=bag, reason="issue", by=cast.lin, at=AT)


def hire(session: Session, cast: Cast, count: int, *, skills: dict[str, int] | None = None) -> list[Person]:
    """More trained technicians of the branch, with homes over the city."""
    branch = session.get_one(Branch, cast.sz)
    made = []
    for i in range(count):
        home = (22.5 + 0.02 * (i % 12), 113.85 + 0.03 * (i % 13))
        names = ["李伟", "王芳", "张敏", "刘洋", "陈静", "杨磊", "赵强", "黄丽", "周涛", "吴刚"]
        new = NewPerson(
            f"JX{next(_numbers):04d}",
            names[i % len(names)],
            frozenset({"technician"}),
            home=home,
            skills=skills or {"install": 2, "repair": 2, "electrics": 2},
            trained_on=TRAINED,
        )
        made.append(add_person(session, branch=branch, new=new, by=SYSTEM, at=AT))
    return made


def set_skill(session: Session, who: Actor, skill: str, level: int, expires_on: date | None = None) -> None:
    """Give a technician a skill until a day."""
    row = session.get(PersonSkill, (who.id, skill)) or PersonSkill(person_id=who.id, skill=skill)
    row.level, row.expires_on = level, expires_on
    session.add(row)
    session.flush()
    session.expire(session.get_one(Person, who.id), ["skills"])


def no_technicians(session: Session, cast: Cast) -> None:
    """Take the role from every technician of the branch."""
    ids = sa.select(Person.id).where(Person.branch_id == cast.sz)
    session.execute(sa.delete(PersonRole).where(PersonRole.person_id.in_(ids), PersonRole.role == "technician"))


def window(opens: str, closes: str) -> dict[str, time]:
    """The promised hours of an order."""
    return {"window_from": time.fromisoformat(opens), "window_to": time.fromisoformat(closes)}


def visits_of(session: Session, order_id: int | None = None) -> Sequence[Visit]:
    """All visits (of one order), oldest first, as the database has them."""
    query = sa.select(Visit).order_by(Visit.id).execution_options(populate_existing=True)
    return session.scalars(query.where(Visit.order_id == order_id) if order_id else query).all()

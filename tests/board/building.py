"""A branch's day for tests: approved orders at places of Shenzhen, bags with parts, and the planner's settings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.models import PlanRun
from dispatch.board.outcome import reasons_by_line
from dispatch.board.rules import moment_of
from dispatch.board.work import DayOfBranch, Ways
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, Visit
from dispatch.routing import Travel
from dispatch.staff.models import Branch, Person, PersonRole, PersonSkill
from dispatch.staff.operations import NewPerson, add_person
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import text_from_json
from tests.building import ZONE, approved, order_taken, visit
from tests.conftest import AT, TRAINED, Cast
from tests.devices.building import Owner, into_bag
from tests.devices.building import sims as make_sims
from tests.devices.building import terminals as make_terminals

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
    return moment_of(at_clock(text), day, ZONE)


def at_clock(text: str) -> int:
    """Seconds after midnight for "09:30"."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def take(session: Session, cast: Cast, **facts: Any) -> Order:
    """An order of a customer of its own, at an address of its own, sent for approval. Facts are those of `order_taken`."""
    n = next(_numbers)
    own = {"customer": f"客户{n}", "address": f"广东省深圳市宝安区创业路{n}号", "place": PLACES[0]}
    return order_taken(session, cast, **(own | facts))


def approved_order(session: Session, cast: Cast, **facts: Any) -> Order:
    """Like `take`, and approved by the manager."""
    return approved(session, cast, take(session, cast, **facts))


def line_ids(order: Order) -> tuple[int, ...]:
    """The order's lines by position."""
    return tuple(line.id for line in order.lines)


def visit_at(
    session: Session, cast: Cast, order: Order, who: Actor, start: str, *, day: date = TOMORROW, minutes: int = 55, **facts: Any
) -> Visit:
    """A visit at "09:30" of TOMORROW (or `day`). Facts are those of `tests.building.visit`."""
    return visit(session, cast, order, who, starts_at=moment(start, day), minutes=minutes, **facts)


def fill_bag(session: Session, cast: Cast, owner: Owner, *, terminals: int = 0, sims: int = 0, model: str = MODEL) -> None:
    """Put fresh terminals and SIMs into a technician's bag."""
    boxes = make_terminals(session, cast, terminals, model=model) if terminals else []
    cards = make_sims(session, cast, sims) if sims else []
    into_bag(session, cast, owner, boxes + cards)


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


def live(db: Session) -> list[Visit]:
    """Visits that are still to come, by technician and time."""
    db.expire_all()
    found = db.scalars(sa.select(Visit).where(Visit.status.in_(VISIT_LIVE)).order_by(Visit.technician_id, Visit.starts_at))
    return list(found)


def covered(visits: list[Visit]) -> list[int]:
    """The lines of visits, in order."""
    return sorted(row.line_id for v in visits for row in v.visit_lines)


def reasons(run: PlanRun, line_id: int) -> list[str]:
    """Why a line found no one, as told by a run."""
    return [str(text_from_json(reason["text"])) for reason in reasons_by_line(run.outcome)[line_id]]

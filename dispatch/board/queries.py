"""Reading what a day is made of: technicians, work without a visit, visits, planning runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from dispatch.board.calm_models import CalmProposal
from dispatch.board.models import PlanChange, PlanRun, ProposedPlan
from dispatch.board.rules import district_of
from dispatch.board.work import DayOfBranch
from dispatch.customers.models import Site
from dispatch.errors import NotFound
from dispatch.fees.cash_queries import Held, people_with_cash
from dispatch.orders.lifecycle import FOLLOWING, VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.staff.models import Branch, Person, PersonRole
from dispatch.staff.rules import Actor

AT_WORK = tuple(status for status in FOLLOWING if status != "done")
LINE_TO_DO = ("open", "residual")
UNDER_WAY = ("asked", "running")


def replaceable(start: datetime, end: datetime, before: datetime) -> sa.ColumnElement[bool]:
    """SQL: visits a new plan may replace: only planned, not set by hand, and on the day or left over from before `before`."""
    on_the_day = sa.and_(Visit.starts_at >= start, Visit.starts_at < end)
    return sa.and_(Visit.status == "planned", Visit.by_hand.is_(False), sa.or_(on_the_day, Visit.ends_at < before))


def open_lines(
    session: Session,
    branch_id: int,
    day: date,
    *,
    except_for: sa.ColumnElement[bool] | None = None,
    order: int | str | None = None,
) -> Sequence[OrderLine]:
    """Vehicles that wait for a visit on `day`: their order is at work and not wanted later, and no live visit covers them.

    Visits that match `except_for` count as gone. Most urgent and oldest orders first; or of one order, by id or number.
    """
    query = sa.select(OrderLine).join(OrderLine.order).where(Order.branch_id == branch_id, *waits(except_for))
    wanted = sa.or_(Order.wanted_on.is_(None), Order.wanted_on <= day)
    query = query.where(wanted if order is None else Order.number == order if isinstance(order, str) else Order.id == order)
    its = contains_eager(OrderLine.order)
    whose = [its.joinedload(Order.site), its.joinedload(Order.customer)]
    whose += [] if order else [its.selectinload(Order.clocks)]  # they stand beside the orders of a list
    whole = query.options(*whose, joinedload(OrderLine.own_site), joinedload(OrderLine.vehicle))
    rank = sa.case({"emergency": 0, "urgent": 1}, value=Order.urgency, else_=2)
    return session.scalars(whole.order_by(rank, Order.id, OrderLine.position)).unique().all()


def free_line_ids(session: Session, line_ids: Sequence[int]) -> set[int]:
    """Those of the lines that still wait for a visit at this moment."""
    return set(session.scalars(sa.select(OrderLine.id).join(OrderLine.order).where(OrderLine.id.in_(line_ids), *waits())))


def waits(except_for: sa.ColumnElement[bool] | None = None) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: the order is at work, the line still to be done, and no live visit (other than `except_for`) covers it."""
    covering = sa.select(VisitLine.line_id).join(VisitLine.visit)
    covering = covering.where(VisitLine.line_id == OrderLine.id, Visit.status.in_(VISIT_LIVE))
    if except_for is not None:
        covering = covering.where(sa.not_(except_for))
    return Order.status.in_(AT_WORK), OrderLine.status.in_(LINE_TO_DO), ~covering.exists()


def team(session: Session, branch_id: int) -> Sequence[Person]:
    """The branch's active technicians by staff number, with the branch but without roles and skills (for pages)."""
    has_role = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    query = sa.select(Person).where(Person.branch_id == branch_id, Person.active, has_role)
    return session.scalars(query.options(joinedload(Person.branch)).order_by(Person.staff_no)).all()


def team_and_cash(
    session: Session, branch_id: int, at: datetime, *, skilled: bool = False
) -> tuple[list[Person], dict[int, Held]]:
    """The branch's active technicians by staff number (with their skills, if asked), and what each of them holds in cash."""
    has_role = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    who = sa.and_(Person.branch_id == branch_id, Person.active, has_role)
    return people_with_cash(session, who, at=at, options=[joinedload(Person.skills)] if skilled else [])


def visits_on(session: Session, branch_id: int, start: datetime, end: datetime, *, lent: bool = False) -> Sequence[Visit]:
    """A branch's visits that start within [start, end) and were not abandoned, with all that is told of them, by time.

    With `lent` those as well that its own technicians make for other branches (P14).
    """
    ours = Visit.branch_id == branch_id
    whose = sa.or_(ours, Visit.technician.has(Person.branch_id == branch_id)) if lent else ours
    query = sa.select(Visit).where(whose, Visit.starts_at >= start, Visit.starts_at < end)
    order = joinedload(Visit.order)
    line = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(
        joinedload(Visit.technician),
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        order.joinedload(Order.branch),
        line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
    )
    return session.scalars(whole.where(Visit.status != "abandoned").order_by(Visit.technician_id, Visit.starts_at)).unique().all()


def other_visits(session: Session, branch_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """What else keeps a branch's own technicians busy within [start, end): visits for other branches (P14), and visits of the
    evening before that go on over midnight.
    """
    query = sa.select(Visit).join(Person, Person.id == Visit.technician_id).where(Person.branch_id == branch_id)
    lent = sa.and_(Visit.branch_id != branch_id, Visit.status != "abandoned", Visit.starts_at >= start, Visit.starts_at < end)
    night = sa.and_(Visit.status.in_(VISIT_LIVE), Visit.starts_at < start, Visit.ends_at > start)
    order, line = joinedload(Visit.order).joinedload(Order.site), selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(order, line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)))
    return session.scalars(whole.where(sa.or_(lent, night))).unique().all()


def live_visits(session: Session, branch_id: int, start: datetime, end: datetime | None = None) -> Sequence[Visit]:
    """A branch's visits that start within [start, end) and are still to be made or under way, with technician, lines, orders."""
    if end is not None and end <= start:
        return []
    query = sa.select(Visit).where(Visit.branch_id == branch_id, Visit.starts_at >= start, Visit.status.in_(VISIT_LIVE))
    if end is not None:
        query = query.where(Visit.starts_at < end)
    lines = joinedload(Visit.visit_lines).joinedload(VisitLine.line).joinedload(OrderLine.order)
    whole = query.options(joinedload(Visit.technician), lines).order_by(Visit.starts_at, Visit.id)
    return session.scalars(whole).unique().all()


def drivers_on(session: Session, branch_id: int, start: datetime, end: datetime) -> Sequence[int]:
    """The ids of a branch's own technicians who have visits within [start, end) that are still to be made or under way."""
    query = sa.select(Visit.technician_id).join(Person, Person.id == Visit.technician_id).distinct()
    live = query.where(Visit.branch_id == branch_id, Visit.status.in_(VISIT_LIVE), Person.branch_id == branch_id)
    return session.scalars(live.where(Visit.starts_at >= start, Visit.starts_at < end).order_by(Visit.technician_id)).all()


def next_visit_from(session: Session, branch_id: int, start: datetime) -> datetime | None:
    """When the first visit begins that starts at `start` or later and is still to be made."""
    query = sa.select(sa.func.min(Visit.starts_at)).where(Visit.branch_id == branch_id, Visit.starts_at >= start)
    return session.scalar(query.where(Visit.status.in_(VISIT_LIVE)))


def leftovers(session: Session, branch_id: int, before: datetime) -> Sequence[Visit]:
    """A branch's visits that were to end before a moment and that nobody has ended, with order, customer and technician."""
    query = sa.select(Visit).where(Visit.branch_id == branch_id, Visit.ends_at < before, Visit.status.in_(VISIT_LIVE))
    whole = query.options(joinedload(Visit.technician), joinedload(Visit.order).joinedload(Order.customer))
    return session.scalars(whole.order_by(Visit.starts_at, Visit.id)).all()


def visit_of(session: Session, visit_id: int, by: Actor) -> Visit:
    """One visit with order, customer, technician and its vehicles. Raises NotFound for another branch's."""
    order, line = joinedload(Visit.order), joinedload(Visit.visit_lines).joinedload(VisitLine.line)
    of_line = (line.joinedload(OrderLine.vehicle), line.joinedload(OrderLine.own_site))
    whole = (joinedload(Visit.technician), order.joinedload(Order.customer), order.joinedload(Order.site), *of_line)
    found = session.scalars(sa.select(Visit).where(Visit.id == visit_id).options(*whole)).unique().one_or_none()
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


@dataclass(frozen=True)
class DayState:
    """What is known of a day's planning: its newest run, who asked for it, the newest change that may be taken back, whose it
    is, and the plans that wait for a decision, the newest first.
    """

    run: PlanRun | None
    asked_by: str
    change: PlanChange | None
    changed_by: str
    proposals: tuple[ProposedPlan, ...]


def day_state(session: Session, of: DayOfBranch) -> DayState:
    """A day's runs, changes and proposals, in one query. Changes made before today stay."""
    asker, changer = sa.orm.aliased(Person), sa.orm.aliased(Person)
    latest = {model: _newest(model, of) for model in (PlanRun, PlanChange)}
    query = sa.select(PlanRun, asker.name, PlanChange, changer.name, ProposedPlan).select_from(Branch)
    query = query.outerjoin(PlanRun, PlanRun.id == latest[PlanRun]).outerjoin(asker, asker.id == PlanRun.asked_by_id)
    query = query.outerjoin(PlanChange, PlanChange.id == latest[PlanChange]).outerjoin(changer, changer.id == PlanChange.by_id)
    waits = sa.and_(ProposedPlan.branch_id == of.branch_id, ProposedPlan.day == of.day, ProposedPlan.state == "open")
    rows = session.execute(
        query.outerjoin(ProposedPlan, waits).where(Branch.id == of.branch_id).order_by(ProposedPlan.id.desc())
    ).all()
    if not rows:
        return DayState(None, "", None, "", ())
    run, asked_by, change, changed_by, _ = rows[0]
    return DayState(run, asked_by or "", change, changed_by or "", tuple(row[4] for row in rows if row[4] is not None))


def _newest(model: type[PlanRun] | type[PlanChange], of: DayOfBranch) -> sa.ScalarSelect[int | None]:
    query = sa.select(sa.func.max(model.id)).where(model.branch_id == of.branch_id, model.day == of.day)
    if model is PlanChange:
        query = query.where(PlanChange.undone_at.is_(None), PlanChange.at >= of.midnight)
    return query.scalar_subquery()


def proposal_of(session: Session, proposal_id: int, by: Actor) -> tuple[ProposedPlan, PlanRun, str]:
    """A proposed plan, its run, and who asked for that. Raises NotFound for another branch's."""
    query = sa.select(ProposedPlan, PlanRun, Person.name).join(PlanRun, PlanRun.id == ProposedPlan.run_id)
    found = session.execute(query.join(Person, Person.id == PlanRun.asked_by_id).where(ProposedPlan.id == proposal_id)).first()
    if found is None or not by.sees_branch(found[0].branch_id):
        raise NotFound
    return found[0], found[1], found[2]


def calm_proposal(session: Session, proposal_id: int, by: Actor) -> CalmProposal:
    """What was proposed after something had happened. Raises NotFound for another branch's."""
    found = session.get(CalmProposal, proposal_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def orders_and_places(session: Session, line_ids: Collection[int]) -> tuple[dict[int, Order], dict[int, tuple[float, float]]]:
    """The orders of vehicles with their customers, by id, and line -> where the work on it is done, where the map knows it."""
    site = sa.func.coalesce(OrderLine.site_id, Order.site_id)
    query = sa.select(OrderLine.id, Site.lat, Site.lon, Order).join(OrderLine.order).join(Site, Site.id == site)
    rows = session.execute(query.where(OrderLine.id.in_(line_ids)).options(joinedload(Order.customer))).all()
    places = {line_id: (lat, lon) for line_id, lat, lon, _ in rows if lat is not None and lon is not None}
    return {row[3].id: row[3] for row in rows}, places


def versions_on(session: Session, branch_id: int, start: datetime, end: datetime) -> Sequence[tuple[int, int]]:
    """Id and version of a branch's visits that start within [start, end) and were not abandoned."""
    on_the_day = (Visit.branch_id == branch_id, Visit.starts_at >= start, Visit.starts_at < end)
    return session.execute(sa.select(Visit.id, Visit.version).where(*on_the_day, Visit.status != "abandoned")).all()


def last_change(session: Session, of: DayOfBranch) -> PlanChange | None:
    """The newest change of a day's plan that was not taken back, if it was made today."""
    query = sa.select(PlanChange).where(PlanChange.branch_id == of.branch_id, PlanChange.day == of.day)
    standing = query.where(PlanChange.undone_at.is_(None), PlanChange.at >= of.midnight)
    return session.scalars(standing.order_by(PlanChange.id.desc()).limit(1)).one_or_none()


def planned_visit_ids(
    session: Session, branch_id: int, start: datetime, end: datetime, *, technician_id: int | None = None
) -> Sequence[int]:
    """The visits of a day that wait to be sent out, by technician and time."""
    query = sa.select(Visit.id).where(
        Visit.branch_id == branch_id, Visit.starts_at >= start, Visit.starts_at < end, Visit.status == "planned"
    )
    if technician_id is not None:
        query = query.where(Visit.technician_id == technician_id)
    return session.scalars(query.order_by(Visit.technician_id, Visit.starts_at)).all()


def running_branches(session: Session, at: datetime) -> Sequence[int]:
    """The branches with visits still to be made within half a day around a moment."""
    near = (Visit.starts_at > at - timedelta(hours=12), Visit.starts_at < at + timedelta(hours=24))
    query = sa.select(Visit.branch_id).where(*near, Visit.status.in_(VISIT_LIVE)).distinct()
    return session.scalars(query.order_by(Visit.branch_id)).all()


def districts_on(session: Session, branch_id: int, start: datetime, end: datetime) -> list[str]:
    """The districts that a branch's visits of a day go to."""
    query = sa.select(Site.address).join(Order, Order.site_id == Site.id).join(Visit, Visit.order_id == Order.id).distinct()
    today = query.where(Visit.branch_id == branch_id, Visit.starts_at >= start, Visit.starts_at < end)
    return sorted({district_of(address) for address in session.scalars(today)})

"""How people work and what customers want of them, as the planner's technicians and jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.rules import day_bounds
from dispatch.board.weights import Weights
from dispatch.board.work import DayOfBranch, Ways, joint_job, line_jobs, site_of_line, site_of_visit
from dispatch.customers.wishes import Wishes
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.routing import Job, Technician
from dispatch.staff.models import Person


def worked_in_week(session: Session, of: DayOfBranch) -> dict[int, int]:
    """Person -> minutes at work from Monday to the evening before, of the branch's own people wherever they were."""
    monday, _ = day_bounds(of.day - timedelta(days=of.day.weekday()), of.zone)
    start, _ = of.bounds
    if monday == start:
        return {}
    was = sa.case((Visit.status == "finished", Visit.finished_at - Visit.arrived_at), else_=Visit.ends_at - Visit.starts_at)
    minutes = sa.func.sum(sa.extract("epoch", was)) / 60
    query = sa.select(Visit.technician_id, minutes).join(Person, Person.id == Visit.technician_id)
    week = query.where(Visit.starts_at >= monday, Visit.starts_at < start, Visit.status != "abandoned")
    rows = session.execute(week.where(Person.branch_id == of.branch_id).group_by(Visit.technician_id))
    return {who: round(spent or 0) for who, spent in rows}


def vehicles_beyond(visits: Iterable[Visit]) -> Mapping[int, int]:
    """Person -> how many vehicles his visits have beyond the first of each: a visit that stays is one stop to the planner."""
    count: Counter[int] = Counter()
    for visit in visits:
        count[visit.technician_id] += max(0, len(visit.visit_lines) - 1)
    return count


def as_he_works(one: Technician, person: Person, weights: Weights, *, beyond: int, worked: int) -> Technician:
    """A technician with what is on record about his days."""
    day = person.workday
    return replace(
        one,
        pace=day.pace,
        overtime_minutes=day.overtime_minutes,
        overtime_price=weights.overtime if day.overtime_minutes else 0,
        max_stops=None if day.max_vehicles is None else max(0, day.max_vehicles - beyond),
        max_travel_minutes=day.max_travel_minutes,
        open_end=day.open_end,
        worked_minutes=worked,
    )


def as_wanted(job: Job, order: Order, site_id: int, wishes: Wishes) -> Job:
    """A job with whom the customer prefers there or does not let in, and with what goes to the same person."""
    preferred, forbidden = wishes.at(order.customer_id, site_id)
    linked = f"order-{order.id}" if order.customer.same_technician else None
    return replace(job, preferred=preferred, forbidden=forbidden, linked=linked)


def visit_as_wanted(job: Job, visit: Visit, wishes: Wishes) -> Job:
    """A visit as its customer wants it done, at the site where it really is."""
    return as_wanted(job, visit.order, site_of_visit(visit).id, wishes)


def joint_as_wanted(job_id: str, lines: Sequence[OrderLine], of: DayOfBranch, ways: Ways, wishes: Wishes) -> Job:
    """Vehicles of one order at one place as one job, as their customer wants it done."""
    return as_wanted(joint_job(job_id, lines, of, ways), lines[0].order, site_of_line(lines[0]).id, wishes)


def lines_as_wanted(lines: Sequence[OrderLine], of: DayOfBranch, ways: Ways, paid: Container[int], wishes: Wishes) -> list[Job]:
    """Vehicles that wait, as their customers want them done; a promise may be broken only where the settings say so."""
    jobs = line_jobs(lines, of, ways, paid)
    wanted = [as_wanted(job, one.order, one.site_id or one.order.site_id, wishes) for job, one in zip(jobs, lines, strict=True)]
    most, price = ways.weights.late_minutes, ways.weights.late
    return [replace(job, late_minutes=most, late_price=price) if job.windows and most else job for job in wanted]


def at_usual_pace(minutes: int, pace: int) -> int:
    """How long others take for what he takes so many minutes for; never so long that it would not fit where it stands."""
    return max(1, minutes * 100 // pace)


def at_his_pace(minutes: int, pace: int) -> int:
    """How long he takes for what usually takes so many minutes."""
    return max(1, -(-minutes * pace // 100))

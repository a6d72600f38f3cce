"""Which checks the vehicles of an order are asked for, points of the test-run and photos, and deciding to ask for others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.audit.operations import record
from dispatch.devices.models import Fitting, Observation
from dispatch.errors import Conflict, Invalid
from dispatch.field.models import TestResult
from dispatch.field.point_models import PointList
from dispatch.field.point_rules import (
    AS_DELIVERED,
    NEEDS,
    WORKS,
    Points,
    delivered_with,
    in_force,
    items_of,
    points_of,
    service_of,
)
from dispatch.field.summary import Run, runs_of
from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.staff.rules import Actor
from dispatch.words import say

OVERTAKEN = say("Somebody decided otherwise a moment ago, see below. What you chose still stands here; look at both, then save.")
SUBJECT = ("point_list", 1)
"""Whose chain of the audit trail tells of every decision."""


_delivered: Mapping[str, Points] = AS_DELIVERED


def configure(photos: Mapping[str, Sequence[str]]) -> None:
    """Take over the setting of this process: kind of order -> the photos that are asked for until somebody decides."""
    global _delivered
    _delivered = delivered_with(photos)


def asked_now(lists: Sequence[PointList]) -> dict[str, Points]:
    """What counts now: kind of work -> points and photos."""
    return {work: in_force(lists, work, delivered=_delivered) for work in WORKS}


def as_delivered() -> Mapping[str, Points]:
    """What counted before anybody decided."""
    return _delivered


def point_lists(session: Session) -> Sequence[PointList]:
    """Everything that was ever decided, in the order in which it counts: a few rows a year."""
    return session.scalars(sa.select(PointList).order_by(PointList.at, PointList.id)).all()


@dataclass(frozen=True)
class Asking:
    """What is asked of the vehicles of one order; `visits` with their lines, `fittings` those that stand."""

    lists: Sequence[PointList]
    order: Order
    fittings: Sequence[Fitting]
    visits: Sequence[Visit]

    def service(self, line: OrderLine) -> str:
        """What was done at a vehicle."""
        return service_of(self.order.kind, [one for one in self.fittings if one.vehicle_id == line.vehicle_id])

    def points(self, line: OrderLine, run: Run) -> Points:
        """What a vehicle is asked for, by the list that counted when its test-run began; untested, when its last visit ended.

        So what comes to be asked for later is not missed of work that was done by then.
        """
        return in_force(self.lists, self.service(line), self.moment(line, run), delivered=_delivered)

    def moment(self, line: OrderLine, run: Run) -> datetime | None:
        """When that was; None for now."""
        return run.begun or _left_at(self.visits, line.id)


def _left_at(visits: Iterable[Visit], line_id: int) -> datetime | None:
    """When the last visit to a vehicle ended; None while somebody is there, or before anybody was."""
    own = [visit for visit in visits if any(row.line_id == line_id for row in visit.visit_lines)]
    if any(visit.status in VISIT_MOVING for visit in own):
        return None
    return max((visit.finished_at for visit in own if visit.finished_at is not None), default=None)


def tests_and_lists(
    session: Session, order_id: int, fittings: Sequence[Fitting], lines: Collection[int] | None
) -> tuple[dict[int, Run], Sequence[PointList]]:
    """The test-runs of an order (as `latest_tests`) and everything that was decided, in one statement.

    Those of these `lines` only, unless None.
    """
    mine = [] if lines is None else [TestResult.line_id.in_(lines)]
    row = aliased(TestResult, sa.select(TestResult).where(TestResult.order_id == order_id, *mine).subquery())
    both = sa.select(row, PointList).select_from(sa.join(row, PointList, sa.false(), full=True))
    seen = joinedload(row.observation).load_only(Observation.received_at, Observation.source)
    found = session.execute(both.options(seen).order_by(row.at, row.id, PointList.at, PointList.id)).all()
    return runs_of((result for result, _ in found if result), fittings), [decided for _, decided in found if decided]


def asking(session: Session, order: Order, fittings: Sequence[Fitting], visits: Sequence[Visit]) -> Asking:
    """What is asked of an order's vehicles."""
    return Asking(point_lists(session), order, fittings, visits)


def decide_points(
    session: Session, needs: Mapping[str, Mapping[str, str]], *, seen: int, by: Actor, at: datetime
) -> list[PointList]:
    """Ask for these points and photos from now on: kind of work -> item -> need. Gives the lists that are other than before.

    `seen` is the newest decision that stood on the page (0: none). Raises Invalid for an answer that is missing or none, Conflict
    when somebody decided in between.
    """
    by.must("points.decide")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(PointList.__tablename__, 0))))
    lists = point_lists(session)
    wanted = _read(needs)
    now = asked_now(lists)
    changed = {work: points for work, points in wanted.items() if points != now[work]}
    if not changed:
        return []
    if max((one.id for one in lists), default=0) != seen:
        raise Conflict(OVERTAKEN)
    # A clock that was set back must not put what is decided now before what was decided last.
    counts_from = max([at, *(one.at for one in lists)])
    rows = [_row(service, points, by, counts_from) for service, points in changed.items()]
    session.add_all(rows)
    session.flush()
    record(session, SUBJECT, "points.decide", by=by, at=at, detail={service: _told(one) for service, one in changed.items()})
    return rows


def _read(needs: Mapping[str, Mapping[str, str]]) -> dict[str, Points]:
    wrong = {
        f"{service}-{item}": say("Choose one of these.")
        for service in WORKS
        for item in items_of(service)
        if needs.get(service, {}).get(item) not in NEEDS
    }
    if wrong:
        raise Invalid(wrong)
    return {work: points_of({item: needs[work][item] for item in items_of(work)}) for work in WORKS}


def _row(service: str, points: Points, by: Actor, at: datetime) -> PointList:
    return PointList(service=service, **_told(points), by_id=by.id, by_name=by.name, at=at)


def _told(points: Points) -> dict[str, list[str]]:
    return {name: list(getattr(points, name)) for name in ("must", "may", "photos", "photos_may")}

"""Taking the last change of a day's plan back: what has begun or was changed since stays, and is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.audit.operations import record
from dispatch.board.models import PlanChange
from dispatch.board.operations.locking import lock_day, lock_orders
from dispatch.board.operations.writing import kept_visit, replace_visits
from dispatch.board.outcome import Json, Trip
from dispatch.board.queries import last_change
from dispatch.board.rules import seconds_of
from dispatch.board.work import DayOfBranch
from dispatch.errors import Conflict, RuleBroken
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.taking_off import put_back, taken_off_from_json
from dispatch.orders.operations.visits import change_visit
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

TAKEN_BACK = say("The change of the plan was taken back.")
NOTHING_LEFT = say("Nothing of this can be taken back any more: it has begun or was changed since.")
NOT_LAST = say("Somebody has changed this day since. Take that back first.")
SENT = say("It is on the technician's phone already.")
CHANGED = say("It was changed since.")
LEFT_OVER = say("Its time has passed.")


@dataclass(frozen=True)
class TakenBack:
    """How many visits were taken back, and which stay: the order's number and why."""

    count: int
    stays: tuple[tuple[str, Text], ...] = ()


def remember(
    session: Session, of: DayOfBranch, kind: str, *, went: Sequence[Json] = (), came: Sequence[Json] = (), by: Actor, at: datetime
) -> None:
    """Note what changed a day's plan; a plan that changed nothing is nothing to take back."""
    if went or came:
        change = PlanChange(branch_id=of.branch_id, day=of.day, kind=kind, went=list(went), came=list(came), by_id=by.id, at=at)
        session.add(change)


def take_back(session: Session, of: DayOfBranch, change_id: int, *, by: Actor) -> TakenBack:
    """Take the day's last change back, as far as nothing of it has begun or was changed since.

    Raises Conflict when it is not the last, RuleBroken when nothing of it can be taken back or it was not made today.
    """
    by.must("order.plan")
    lock_day(session, of)
    change = last_change(session, of)
    if change is None or change.id != change_id or not by.sees_branch(change.branch_id):
        raise Conflict(NOT_LAST)
    lock_orders(session, {one["order"] for one in (*change.went, *change.came)})
    done = _UNDO[change.kind](session, of, change, by)
    if not done.count:
        raise RuleBroken(NOTHING_LEFT)
    change.undone_at, change.undone_by_id = of.at, by.id
    detail = {"change": change.id, "day": of.day.isoformat(), "visits": done.count}
    record(session, ("branch", of.branch_id), "board.undo", by=by, at=of.at, detail=detail)
    return done


def _undo_plan(session: Session, of: DayOfBranch, change: PlanChange, by: Actor) -> TakenBack:
    intact, stays = _as_left(session, change.came)
    late = [one for one in change.went if _trip(one, of).start < (of.not_before or 0)]
    stuck = {line_id for one in late for line_id in one["line_ids"]}
    goes = [visit for visit in intact if stuck.isdisjoint(row.line_id for row in visit.visit_lines)]
    wanted = [_trip(one, of) for one in change.went if one not in late]
    written = replace_visits(session, goes, wanted, of, by=by, at=of.at, reason=str(TAKEN_BACK))
    told = [*stays, *((one["order"], LEFT_OVER) for one in late), *((t.order_id, why) for t, why in written.refused.items())]
    return TakenBack(len(written.went) or len(written.came), _named(session, told))


def _undo_move(session: Session, of: DayOfBranch, change: PlanChange, by: Actor) -> TakenBack:
    intact, stays = _as_left(session, change.came)
    for visit, before in zip(intact, change.went, strict=False):
        start = datetime.fromisoformat(before["starts_at"])
        change_visit(session, visit, technician_id=before["technician_id"], starts_at=start, by=by, at=of.at)
        visit.by_hand = before["by_hand"]
        session.flush()
    return TakenBack(len(intact), _named(session, stays))


def _undo_take_off(session: Session, of: DayOfBranch, change: PlanChange, by: Actor) -> TakenBack:
    for kept in change.went:
        put_back(session, [taken_off_from_json(kept["order"], kept)], by=by, at=of.at)
    return TakenBack(len(change.went))


_UNDO = {"plan": _undo_plan, "assign": _undo_plan, "move": _undo_move, "take_off": _undo_take_off}


def _as_left(session: Session, came: Sequence[Json]) -> tuple[list[Visit], list[tuple[int, Text]]]:
    """The visits that stand as the change left them, and the orders of those that do not, with the reason."""
    query = sa.select(Visit).where(Visit.order_id.in_({one["order"] for one in came}), Visit.status.in_(VISIT_LIVE))
    now = session.scalars(query.options(selectinload(Visit.visit_lines)).order_by(Visit.order_id, Visit.id)).all()
    standing = [(visit, _same(kept_visit(visit))) for visit in now]
    intact, stays = [], []
    for one in came:
        found = next((visit for visit, key in standing if key == _same(one)), None)
        if found is not None and (found.status == "planned" or one["dispatched"]):
            intact.append(found)
        else:
            stays.append((one["order"], SENT if found is not None else CHANGED))
    return intact, stays


def _same(one: Json) -> tuple[object, ...]:
    times = (datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"]))
    return one["order"], one["technician_id"], *times, frozenset(one["line_ids"])


def _trip(one: Json, of: DayOfBranch) -> Trip:
    start, end = (seconds_of(datetime.fromisoformat(one[name]), of.day, of.zone) for name in ("starts_at", "ends_at"))
    return Trip(one["technician_id"], one["order"], tuple(one["line_ids"]), start, end, one["sequence"], one["by_hand"])


def _named(session: Session, told: Iterable[tuple[int, Text]]) -> tuple[tuple[str, Text], ...]:
    listed = list(told)
    rows = session.execute(sa.select(Order.id, Order.number).where(Order.id.in_({order_id for order_id, _ in listed})))
    numbers = {order_id: number for order_id, number in rows}  # noqa: C416 - rows are no pairs to mypy
    return tuple((numbers[order_id], why) for order_id, why in listed)

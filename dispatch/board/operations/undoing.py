"""Taking the last change of a day's plan back: what has begun or was changed or locked since stays, and is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.calm_models import CalmProposal
from dispatch.board.models import PlanChange
from dispatch.board.operations.left_intact import LEFT_OVER, Left, Stays, as_left
from dispatch.board.operations.locking import lock_day, lock_orders
from dispatch.board.operations.putting_back import put_steps_back
from dispatch.board.operations.writing import TAKEN_BACK, replace_visits
from dispatch.board.outcome import Json, Trip
from dispatch.board.queries import last_change
from dispatch.board.rules import seconds_of
from dispatch.board.work import DayOfBranch
from dispatch.errors import Conflict, RuleBroken
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

NOTHING_LEFT = say("Nothing of this can be taken back any more: it has begun, or was changed or locked since.")
NOT_LAST = say("Somebody has changed this day since. Take that back first.")


@dataclass(frozen=True)
class TakenBack:
    """How many visits were taken back, and which stay: the order's number and why."""

    count: int
    stays: tuple[tuple[str, Text], ...] = ()


def remember(
    session: Session,
    of: DayOfBranch,
    kind: str,
    *,
    went: Sequence[Json] = (),
    came: Sequence[Json] = (),
    calm_id: int | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Note what changed a day's plan; a plan that changed nothing is nothing to take back."""
    if went or came:
        facts = {"branch_id": of.branch_id, "day": of.day, "kind": kind, "calm_id": calm_id, "by_id": by.id, "at": at}
        session.add(PlanChange(went=list(went), came=list(came), **facts))


def take_back(session: Session, of: DayOfBranch, change_id: int, *, by: Actor) -> TakenBack:
    """Take the day's last change back, as far as nothing of it has begun or was changed or locked since.

    Raises Conflict when it is not the last, RuleBroken when nothing of it can be taken back or it was not made today.
    """
    by.must("order.plan")
    lock_day(session, of)
    change = last_change(session, of)
    if change is None or change.id != change_id or not by.sees_branch(change.branch_id):
        raise Conflict(NOT_LAST)
    lock_orders(session, {one["order"] for one in (*change.went, *change.came)})
    left = as_left(session, change.came)
    back = _plan_back if change.kind == "plan" else put_steps_back
    count, stays = back(session, of, change, left, by)
    done = TakenBack(count, _named(session, stays))
    if not count:
        raise RuleBroken(_nothing(done.stays))
    _mark(session, of, change, count, by)
    return done


def _nothing(stays: Sequence[tuple[str, Text]]) -> Text:
    if len(stays) != 1:
        return NOTHING_LEFT
    return say("%(order)s stays as it is: %(why)s", order=stays[0][0], why=stays[0][1])


def _mark(session: Session, of: DayOfBranch, change: PlanChange, count: int, by: Actor) -> None:
    """What was proposed and taken back counts as declined: the same is not proposed again."""
    change.undone_at, change.undone_by_id = of.at, by.id
    if change.calm_id is not None:
        proposal = session.get_one(CalmProposal, change.calm_id, with_for_update=True)
        proposal.state, proposal.decided_at, proposal.decided_by_id = "declined", of.at, by.id
    detail = {"change": change.id, "day": of.day.isoformat(), "visits": count}
    record(session, ("branch", of.branch_id), "board.undo", by=by, at=of.at, detail=detail)


def _plan_back(session: Session, of: DayOfBranch, change: PlanChange, left: Left, by: Actor) -> tuple[int, Stays]:
    late = [one for one in change.went if _trip(one, of).start < (of.not_before or 0)]
    stuck = {line_id for one in late for line_id in one["line_ids"]}
    goes = [visit for _, visit in left.intact if stuck.isdisjoint(row.line_id for row in visit.visit_lines)]
    wanted = [_trip(one, of) for one in change.went if one not in late and not left.line_ids.issuperset(one["line_ids"])]
    written = replace_visits(session, goes, wanted, of, by=by, at=of.at, reason=str(TAKEN_BACK))
    told = [*left.stays, *((one["order"], LEFT_OVER) for one in late), *((t.order_id, why) for t, why in written.refused.items())]
    return len(written.went) or len(written.came), told


def _trip(one: Json, of: DayOfBranch) -> Trip:
    start, end = (seconds_of(datetime.fromisoformat(one[name]), of.day, of.zone) for name in ("starts_at", "ends_at"))
    return Trip(one["technician_id"], one["order"], tuple(one["line_ids"]), start, end, one["sequence"], one["by_hand"])


def _named(session: Session, told: Iterable[tuple[int, Text]]) -> tuple[tuple[str, Text], ...]:
    listed = list(dict.fromkeys(told))
    rows = session.execute(sa.select(Order.id, Order.number).where(Order.id.in_({order_id for order_id, _ in listed})))
    numbers = {order_id: number for order_id, number in rows}  # noqa: C416 - rows are no pairs to mypy
    return tuple((numbers[order_id], why) for order_id, why in listed)

"""A time for a caller: held while he decides, then promised or let go. Two callers are never both given the last room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.hold_models import WindowHold
from dispatch.board.operations.locking import lock_day
from dispatch.board.promise_rules import Manners, Span, is_window, time_of, why_not_promised
from dispatch.board.promises import can_be_kept
from dispatch.board.rules import moment_of, seconds_of
from dispatch.board.work import DayOfBranch, Ways, wanted_of
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.rewriting import promise_time
from dispatch.staff.rules import Actor
from dispatch.words import say

GONE = say("This time has just been given to somebody else, or the day has changed. Here is what is free now.")
TOO_LATE = say("The time that was held has run out. Here is what is free now.")
DAY_OVER = say("This day is over: nobody can come then.")
LET_GO = say("This time is not held any more. Here is what is free now.")
LOST = say("Meanwhile somebody has filled this time. Offer the customer another one; nothing was promised.")


@dataclass(frozen=True)
class Wish:
    """A window that was chosen for an order, and what stood on the order while it was chosen (`wanted_of`)."""

    order_id: int
    window: Span
    was: str


def hold_window(session: Session, of: DayOfBranch, ways: Ways, manners: Manners, wish: Wish, *, by: Actor) -> WindowHold:
    """Keep a window of a day free for some minutes; what the same person held for the order before is let go.

    Raises RuleBroken when nobody can keep it any more, Conflict when a colleague holds or has promised one, NotFound.
    """
    by.must("order.plan")
    if of.day < of.today or not is_window(*wish.window):
        raise RuleBroken(DAY_OVER)
    lock_day(session, of)
    order = _order(session, wish.order_id, wish.was, by)
    _end_the_one_before(session, order, by=by, at=of.at)
    if not can_be_kept(session, of, ways, manners, wish.window, order_id=order.id):
        raise RuleBroken(GONE)
    starts, ends = (moment_of(seconds, of.day, of.zone) for seconds in wish.window)
    until = of.at + timedelta(seconds=manners.hold_s)
    whose = {"branch_id": order.branch_id, "held_by_id": by.id, "held_at": of.at, "held_until": until}
    hold = WindowHold(order_id=order.id, day=of.day, starts_at=starts, ends_at=ends, **whose)
    session.add(hold)
    session.flush()
    return hold


def take_window(session: Session, of: DayOfBranch, ways: Ways, manners: Manners, hold_id: int, *, was: str, by: Actor) -> Order:
    """Promise what is held: it becomes the time of the order. A second press finds it done.

    Raises RuleBroken when it is held no longer or nobody can keep it any more, Conflict, NotFound.
    """
    by.must("order.plan")
    seen = _held(session, hold_id, by, lock=False)
    day, order_id = seen.day, seen.order_id
    lock_day(session, replace(of, day=day))
    if _held(session, hold_id, by, lock=False).state == "taken":
        return locked_order(session, order_id)
    order = _order(session, order_id, was, by)
    hold = _held(session, hold_id, by)
    _must_hold(hold, by, of.at)
    window = _window(hold, of.zone)
    if not can_be_kept(session, replace(of, day=day), ways, manners, window, order_id=order.id):
        raise RuleBroken(LOST)
    promise_time(session, order, day, time_of(window[0]), time_of(window[1]), by=by, at=of.at)
    _end(session, hold, "taken", of.at)
    return order


def let_go(session: Session, hold_id: int, *, by: Actor, at: datetime) -> None:
    """Give back what is held; what has ended already stays as it ended. Raises Conflict when a colleague holds it, NotFound."""
    by.must("order.plan")
    hold = _held(session, hold_id, by)
    if hold.state == "held":
        _give_back(session, hold, by=by, at=at)


def _order(session: Session, order_id: int, was: str, by: Actor) -> Order:
    """The order under its lock, as somebody saw it who chose a time for it."""
    order = locked_order(session, order_id)
    if order.branch_id != by.branch_id:
        raise NotFound
    why = why_not_promised(order.status)
    if why is not None:
        raise RuleBroken(why)
    if wanted_of(order) != was:
        raise Conflict(say("Meanwhile somebody has put %(when)s on this order.", when=wanted_of(order) or "—"))
    return order


def _end_the_one_before(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    query = sa.select(WindowHold).where(WindowHold.order_id == order.id, WindowHold.state == "held")
    before = session.scalars(query.execution_options(populate_existing=True).with_for_update(of=WindowHold)).one_or_none()
    if before is not None:
        _give_back(session, before, by=by, at=at)


def _give_back(session: Session, hold: WindowHold, *, by: Actor, at: datetime) -> None:
    """Whoever holds it gives it back; what has run out is nobody's."""
    if hold.is_live(at):
        _must_be_his(hold, by)
        _end(session, hold, "released", at)
    else:
        _end(session, hold, "lapsed", at)


def _held(session: Session, hold_id: int, by: Actor, *, lock: bool = True) -> WindowHold:
    """A hold of the branch as it is now; locked, but only after day and order."""
    hold = session.get(WindowHold, hold_id, with_for_update=lock, populate_existing=True)
    if hold is None or hold.branch_id != by.branch_id:
        raise NotFound
    return hold


def _must_hold(hold: WindowHold, by: Actor, at: datetime) -> None:
    if hold.state != "held":
        raise RuleBroken(LET_GO)
    if not hold.is_live(at):
        raise RuleBroken(TOO_LATE)
    _must_be_his(hold, by)


def _must_be_his(hold: WindowHold, by: Actor) -> None:
    if hold.held_by_id != by.id:
        raise Conflict(say("%(name)s is on the phone about this order and holds a time for it.", name=hold.held_by.name))


def _window(hold: WindowHold, zone: str) -> Span:
    return seconds_of(hold.starts_at, hold.day, zone), seconds_of(hold.ends_at, hold.day, zone)


def _end(session: Session, hold: WindowHold, state: str, at: datetime) -> None:
    hold.state, hold.ended_at = state, at
    session.flush()

"""An urgent order joins a day that is under way: the visit itself, what it puts off, and who makes room for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.board.operations.changes import errand_of_lines, lines_to_assign
from dispatch.board.operations.locking import lock_day
from dispatch.board.operations.undoing import remember
from dispatch.board.operations.writing import Kept
from dispatch.board.rules import moment_of
from dispatch.board.urgent import Place, Shifted, places_now
from dispatch.board.work import DayOfBranch, Ways
from dispatch.errors import RuleBroken
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import NewVisit, change_visit, locked_visit, plan_visit
from dispatch.orders.rules import MADE_ROOM
from dispatch.staff.rules import Actor
from dispatch.words import say

SAME_S = 600
"""While somebody reads, the clock goes on: an arrival that is so much later is still what was pressed."""
CHANGED = say("The day has changed while you were looking. Here is how it stands now.")
TODAY_ONLY = say("This is about today only. Assign it on its own day.")


@dataclass(frozen=True)
class Pressed:
    """Whom somebody chose, and when he was to begin by the page; whether another was to make room."""

    technician_id: int
    start: int
    swap: bool = False


def take_now(session: Session, of: DayOfBranch, ways: Ways, pressed: Pressed, *, order_id: int, site_id: int, by: Actor) -> Visit:
    """Give an order that waits to somebody who is at work already. Visits that it pushes are put off, the last first.

    It can be taken back, with what was put off for it and who made room.

    Raises RuleBroken when that is not possible any more as it was shown, NotFound when nothing waits.
    """
    by.must("order.plan")
    _check_today(of)
    lock_day(session, of)
    lines = lines_to_assign(session, of, order=order_id, site_id=site_id)
    errand = errand_of_lines(session, of, ways, lines)
    place = _as_pressed(places_now(errand, ways).chosen(pressed.technician_id, swap=pressed.swap), pressed)
    kept = _make_room(session, of, place, by=by)
    ends = place.start + errand.minutes_with(place.technician_id) * 60
    start, end = (moment_of(second, of.day, of.zone) for second in (place.start, ends))
    new = NewVisit(order_id, place.technician_id, start, end, tuple(line.id for line in lines), by_hand=True)
    visit = plan_visit(session, new, by=by, at=of.at)
    kept.after(visit)
    remember(session, of, "now", went=kept.went, came=kept.came, by=by, at=of.at)
    return visit


def _check_today(of: DayOfBranch) -> None:
    if of.day != of.today:
        raise RuleBroken(TODAY_ONLY)


def _as_pressed(place: Place | None, pressed: Pressed) -> Place:
    if place is None or abs(place.start - pressed.start) > SAME_S:
        raise RuleBroken(CHANGED)
    return place


def _make_room(session: Session, of: DayOfBranch, place: Place, *, by: Actor) -> Kept:
    """Whoever goes on to somebody else, or off the plan, goes first; then the visits of the day are put off, the last first."""
    kept = Kept()
    shifted = {one.visit.id: (place.technician_id, one) for one in place.shifted}
    shifted |= {one.visit.id: (place.bumped_to or 0, one) for one in place.others}
    if place.bumped is not None:
        if place.bumped_to is None:
            visit = locked_visit(session, place.bumped.id)
            kept.before(visit)
            move_visit(session, visit, "abandon", by=by, at=of.at, reason=str(MADE_ROOM))
        else:
            shifted[place.bumped.id] = (place.bumped_to, Shifted(place.bumped, place.bumped_start, 0))
    _put_off(session, of, shifted.values(), kept, by=by)
    return kept


def _put_off(session: Session, of: DayOfBranch, shifted: Iterable[tuple[int, Shifted]], kept: Kept, *, by: Actor) -> None:
    for who, one in sorted(shifted, key=lambda row: -row[1].start):
        visit = locked_visit(session, one.visit.id)
        start = moment_of(one.start, of.day, of.zone)
        kept.before(visit)
        change_visit(session, visit, technician_id=who, starts_at=start, by=by, at=of.at, by_hand=False)
        kept.after(visit)

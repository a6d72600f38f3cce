"""What has happened in a running day: entered, weighed, proposed, accepted or left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.calm_day import LiveDay, last_proposal, live_day
from dispatch.board.calm_models import CalmProposal, DayEvent
from dispatch.board.calm_rules import Happened, Move, NewEvent, happened_from, is_news, move_from_json, move_to_json
from dispatch.board.operations.locking import changing_places, lock_day
from dispatch.board.operations.runs import DAY_OVER
from dispatch.board.operations.sending import dispatch_visits
from dispatch.board.operations.undoing import remember
from dispatch.board.operations.writing import Kept
from dispatch.board.outcome import trips
from dispatch.board.rules import moment_of
from dispatch.board.work import DayOfBranch, Ways
from dispatch.errors import NotFound, RuleBroken
from dispatch.jobs import enqueue
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import locked_orders, move_visit
from dispatch.orders.operations.visits import NewVisit, change_visit, plan_visit
from dispatch.orders.rules import AFTER_TODAY
from dispatch.routing import Plan
from dispatch.routing.calm import Change, Proposal
from dispatch.routing.model import Id
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say

DECIDED = say("This proposal has been decided already.")
NOT_TODAY = say("Only what happens today changes a running day.")


def enter_event(session: Session, of: DayOfBranch, new: NewEvent, *, by: Actor) -> DayEvent:
    """Enter what the system cannot know; a proposal is asked for. Raises NotFound for another branch or its technician."""
    by.must("order.plan")
    if not by.sees_branch(of.branch_id):
        raise NotFound
    _check_today(of)
    if new.technician_id is not None:
        person = session.get(Person, new.technician_id)
        if person is None or person.branch_id != of.branch_id or "technician" not in person.roles:
            raise NotFound(say("There is no such technician."))
    facts = {
        "kind": new.kind,
        "technician_id": new.technician_id,
        "minutes": new.minutes,
        "percent": new.percent,
        "area": new.area,
    }
    event = DayEvent(branch_id=of.branch_id, day=of.day, at=of.at, by_id=by.id, **facts)
    session.add(event)
    session.flush()
    record(session, ("branch", of.branch_id), "day.event", by=by, at=of.at, detail={"event": event.id, **facts})
    ask_weighing(session, of.branch_id)
    return event


def end_event(session: Session, event_id: int, *, by: Actor, at: datetime) -> DayEvent:
    """It is over, or was entered by mistake; pressed twice it stays as it is."""
    by.must("order.plan")
    event = session.get(DayEvent, event_id, with_for_update=True, populate_existing=True)
    if event is None or not by.sees_branch(event.branch_id):
        raise NotFound
    if event.over_at is None:
        event.over_at = at
        record(session, ("branch", event.branch_id), "day.event_over", by=by, at=at, detail={"event": event.id})
        ask_weighing(session, event.branch_id)
    return event


def ask_weighing(session: Session, branch_id: int) -> None:
    """Have the worker look at the branch's running day at once."""
    enqueue(session, "board.calm", lock=f"board.calm:{branch_id}", branch_id=branch_id)


def _check_today(of: DayOfBranch) -> None:
    if of.day != of.today:
        raise RuleBroken(DAY_OVER if of.day < of.today else NOT_TODAY)


# weighing


def to_weigh(session: Session, of: DayOfBranch, ways: Ways) -> LiveDay | None:
    """The running day, if something is new in it; what is open and has come to an end lapses."""
    day = live_day(session, of, ways)
    last = last_proposal(session, of)
    if not day.reasons:
        _close(last, "lapsed", of.at)
        return None
    return day if _is_due(session, day, last) else None


def _is_due(session: Session, day: LiveDay, last: CalmProposal | None) -> bool:
    """Something new, or the open proposal does not hold any more."""
    if last is None or is_news(day.reasons, happened_from(last.reasons)):
        return True
    return last.state == "replaced" or (last.state == "open" and is_stale(session, last))


def is_stale(session: Session, proposal: CalmProposal) -> bool:
    """Whether a visit that it rests on has changed since."""
    ids = [int(key) for key in proposal.standing]
    rows = session.execute(sa.select(Visit.id, Visit.version).where(Visit.id.in_(ids)))
    return {str(id_): version for id_, version in rows} != proposal.standing


def keep(session: Session, day: LiveDay, found: Proposal) -> CalmProposal:
    """Keep what was found in place of what was open."""
    of = day.made.of
    lock_day(session, of)
    _close(last_proposal(session, of), "replaced", of.at)
    session.flush()
    moves = moves_of(day, found) if found.is_worth_it else []
    kept = CalmProposal(
        branch_id=of.branch_id,
        day=of.day,
        state="open" if moves else "none",
        reasons=[vars(one) for one in day.reasons],
        moves=[move_to_json(move) for move in moves],
        figures={"nothing": vars(found.nothing), "then": vars(found.figures)},
        standing=_standing(day, moves),
        made_at=of.at,
    )
    session.add(kept)
    session.flush()
    return kept


def _close(proposal: CalmProposal | None, state: str, at: datetime) -> None:
    if proposal is not None and proposal.state == "open":
        proposal.state, proposal.decided_at = state, at


def moves_of(day: LiveDay, found: Proposal) -> list[Move]:
    """What changes, visit by visit; new ones as trips for their vehicles."""
    old = [_move(day, change) for change in found.moves if change.job in day.visits]
    return [*old, *_new_trips(day, found)]


def _move(day: LiveDay, change: Change) -> Move:
    visit, names = day.visits[change.job], day.names()
    seconds = int((visit.ends_at - visit.starts_at).total_seconds())

    def end(where: tuple[Id, int] | None) -> tuple[int, str, int, int] | None:
        return (int(where[0]), names.get(where[0], "?"), where[1], where[1] + seconds) if where else None

    order = visit.order
    lines = tuple(row.line_id for row in visit.visit_lines)
    ends = (end(change.before), end(change.after))
    return Move(order.id, order.number, order.customer.name, lines, visit.id, *ends, change.late_s, change.is_noticed)


def _new_trips(day: LiveDay, found: Proposal) -> list[Move]:
    made = replace(day.made, lines={int(id_): line for id_, line in day.lines.items()})
    new = []
    for trip in trips(made, Plan(found.plan.routes)):
        order = day.lines[trip.line_ids[0]].order
        after = (trip.technician_id, day.names()[trip.technician_id], trip.start, trip.end)
        new.append(Move(order.id, order.number, order.customer.name, trip.line_ids, None, None, after))
    return new


def _standing(day: LiveDay, moves: Iterable[Move]) -> dict[str, Any]:
    """The versions of all visits of everybody whose day changes."""
    whose = {end[0] for move in moves for end in (move.before, move.after) if end}
    ours = {move.visit for move in moves}
    return {str(v.id): v.version for v in day.visits.values() if v.technician_id in whose or v.id in ours}


# deciding


def accept(session: Session, proposal_id: int, *, by: Actor, at: datetime) -> bool:
    """Write a proposal, so that it can be taken back like a plan. False: something has changed since; nothing is written, and a
    new one is asked for.

    Raises RuleBroken where it was decided already or somebody may not be sent, NotFound for another branch's.
    """
    by.must("order.plan")
    of = _day_of(session, proposal_id, by, at)
    lock_day(session, of)
    proposal = _open(session, proposal_id)
    moves = [move_from_json(one) for one in proposal.moves]
    locked_orders(session, {move.order_id for move in moves})
    if is_stale(session, proposal):
        _decide(proposal, "replaced", by, at)
        ask_weighing(session, of.branch_id)
        return False
    kept = _write(session, of, moves, by=by)
    remember(session, of, "calm", went=kept.went, came=kept.came, by=by, at=at, calm_id=proposal.id)
    _decide(proposal, "accepted", by, at)
    detail = {"proposal": proposal.id, "visits": len(moves), "reasons": [one["kind"] for one in proposal.reasons]}
    record(session, ("branch", of.branch_id), "board.calm", by=by, at=at, detail=detail)
    return True


def decline(session: Session, proposal_id: int, *, by: Actor, at: datetime) -> None:
    """Leave the day as it is; the same reasons are not proposed again."""
    by.must("order.plan")
    lock_day(session, _day_of(session, proposal_id, by, at))
    _decide(_open(session, proposal_id), "declined", by, at)


def _day_of(session: Session, proposal_id: int, by: Actor, at: datetime) -> DayOfBranch:
    found = session.get(CalmProposal, proposal_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return DayOfBranch(found.branch_id, found.day, session.get_one(Branch, found.branch_id).zone, at)


def _open(session: Session, proposal_id: int) -> CalmProposal:
    proposal = session.get_one(CalmProposal, proposal_id, with_for_update=True, populate_existing=True)
    if proposal.state != "open":
        raise RuleBroken(DECIDED)
    return proposal


def _decide(proposal: CalmProposal, state: str, by: Actor, at: datetime) -> None:
    proposal.state, proposal.decided_at, proposal.decided_by_id = state, at, by.id


def _write(session: Session, of: DayOfBranch, moves: Sequence[Move], *, by: Actor) -> Kept:
    """All at once: visits that change places overlap only until the end."""
    kept = Kept()
    with changing_places(session):
        for move in moves:
            if move.visit is not None:
                _change(session, of, move, kept, by=by)
    for move in moves:
        if move.visit is None:
            kept.after(_plan(session, of, move, by=by))
    return kept


def _change(session: Session, of: DayOfBranch, move: Move, kept: Kept, *, by: Actor) -> None:
    visit = session.get_one(Visit, move.visit, populate_existing=True)
    kept.before(visit)
    if move.after is None:
        move_visit(session, visit, "abandon", by=by, at=of.at, reason=str(AFTER_TODAY))
        return
    start = moment_of(move.after[2], of.day, of.zone)
    why = str(AFTER_TODAY)
    change_visit(session, visit, technician_id=move.after[0], starts_at=start, by=by, at=of.at, reason=why, by_hand=False)
    kept.after(visit)


def _plan(session: Session, of: DayOfBranch, move: Move, *, by: Actor) -> Visit:
    """A new visit goes to the phone at once where its technician has got his day already."""
    assert move.after is not None
    who, _, start, end = move.after
    times = (moment_of(start, of.day, of.zone), moment_of(end, of.day, of.zone))
    visit = plan_visit(session, NewVisit(move.order_id, who, *times, move.lines), by=by, at=of.at)
    day = (Visit.technician_id == who, Visit.starts_at >= of.bounds[0], Visit.starts_at < of.bounds[1])
    sent = session.scalar(sa.select(sa.exists().where(*day, Visit.dispatched_at.is_not(None))))
    if sent:
        dispatch_visits(session, [visit.id], by=by, at=of.at)
    return visit


def by_rule(branch_id: int, zone: str) -> Actor:
    """The system in a planner's place, for what is to be done at once."""
    return replace(SYSTEM, roles=frozenset({"specialist"}), branch_id=branch_id, zone=zone)


def is_at_once(reasons: Iterable[Happened], kinds: Iterable[str]) -> bool:
    """Whether everything that happened is of a kind that asks nobody."""
    return {one.kind for one in reasons} <= set(kinds)

"""Writing a plan's trips in place of the visits that were planned before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.board.operations.keeping import lines_of
from dispatch.board.outcome import Json, Trip
from dispatch.board.queries import free_line_ids
from dispatch.board.rules import moment_of
from dispatch.board.work import DayOfBranch
from dispatch.db import refusal_for
from dispatch.errors import Refusal
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import locked_orders
from dispatch.orders.operations.taking_off import as_it_stands
from dispatch.orders.operations.visits import NewVisit, plan_visit, take_off_plan
from dispatch.orders.rules import PLANNED_ANEW
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

TAKEN_BACK = say("The change of the plan was taken back.")


@dataclass(frozen=True)
class Written:
    """What became of a plan's trips: the lines that have the visit the plan means, and the trips that could not be written.

    `went` and `came` are the visits that were taken off and written, as they are kept to be taken back.
    """

    lines: frozenset[int]
    refused: dict[Trip, Text]
    came: tuple[Json, ...]
    went: tuple[Json, ...] = ()

    @property
    def skipped(self) -> list[Json]:
        """The trips that could not be written, as they are kept with the run."""
        return [
            {"order_id": trip.order_id, "technician": trip.technician_id, "text": text_to_json(why)}
            for trip, why in self.refused.items()
        ]


def replace_visits(
    session: Session,
    old: Sequence[Visit],
    wanted: Sequence[Trip],
    of: DayOfBranch,
    *,
    by: Actor,
    at: datetime,
    reason: str = str(PLANNED_ANEW),
) -> Written:
    """Take off the old visits, with a reason, and write the trips. Visits that come out the same are left alone.

    An old visit whose replacement cannot be written stays: then all is undone and tried again around it. Each round keeps at
    least one more of them, so that it ends.

    All orders are locked before anybody's cash is looked at: who takes money locks his order first, and his account after it.
    """
    same = {_visit_key(visit) for visit in old} & {_key(trip, of) for trip in wanted}
    goes = [visit for visit in old if _visit_key(visit) not in same]
    new = [trip for trip in wanted if _key(trip, of) not in same]
    unchanged = _lines(wanted) - _lines(new)
    given_up: dict[Trip, Text] = {}
    locked_orders(session, {visit.order_id for visit in goes} | {trip.order_id for trip in new})
    while True:
        went = tuple(kept_visit(visit) for visit in goes)
        attempt = session.begin_nested()
        take_off_plan(session, goes, by=by, at=at, reason=reason)
        written = _write_trips(session, [trip for trip in new if trip not in given_up], of, by=by, at=at)
        stays = {visit.id: lines_of(visit) for visit in goes if lines_of(visit) & _lines(written.refused)}
        if not stays:
            attempt.commit()
            return Written(written.lines | unchanged, given_up | written.refused, written.came, went)
        attempt.rollback()
        goes = [visit for visit in goes if visit.id not in stays]
        kept = frozenset[int]().union(*stays.values())
        given_up |= {trip: why for trip, why in written.refused.items() if kept.intersection(trip.line_ids)}


def kept_visit(visit: Visit) -> Json:
    """A visit as it stands, to be put back later."""
    return {"order": visit.order_id, "visit": visit.id} | as_it_stands(visit).as_json()


@dataclass
class Kept:
    """Single visits as they were and as they became, to be put back later; who went comes first, and who came has only come."""

    went: list[Json] = field(default_factory=list)
    came: list[Json] = field(default_factory=list)

    def before(self, visit: Visit) -> None:
        """As it stands before anything is done to it."""
        self.went.append(kept_visit(visit))

    def after(self, visit: Visit) -> None:
        """As it was changed, or came."""
        self.came.append(kept_visit(visit))


def _lines(trips: Iterable[Trip]) -> frozenset[int]:
    return frozenset(line_id for trip in trips for line_id in trip.line_ids)


def _key(trip: Trip, of: DayOfBranch) -> tuple[object, ...]:
    start, end = moment_of(trip.start, of.day, of.zone), moment_of(trip.end, of.day, of.zone)
    return trip.technician_id, frozenset(trip.line_ids), start, end


def _visit_key(visit: Visit) -> tuple[object, ...]:
    return visit.technician_id, lines_of(visit), visit.starts_at, visit.ends_at


def _write_trips(session: Session, wanted: Sequence[Trip], of: DayOfBranch, *, by: Actor, at: datetime) -> Written:
    """Plan a visit for each trip, for those of its vehicles that still wait."""
    free = free_line_ids(session, [line_id for trip in wanted for line_id in trip.line_ids])
    written: set[int] = set()
    refused: dict[Trip, Text] = {}
    came: list[Json] = []
    for trip in sorted(wanted, key=lambda t: (t.order_id, t.start)):
        lines = tuple(line_id for line_id in trip.line_ids if line_id in free)
        made = _write_trip(session, trip, lines, of, by=by, at=at)
        if isinstance(made, Visit):
            written.update(lines)
            came.append(kept_visit(made))
        else:
            refused[trip] = made
    return Written(frozenset(written), refused, tuple(came))


def _write_trip(
    session: Session, trip: Trip, lines: tuple[int, ...], of: DayOfBranch, *, by: Actor, at: datetime
) -> Visit | Text:
    if not lines:
        return say("It was changed, planned by hand or taken back while the plan was being made.")
    start, end = moment_of(trip.start, of.day, of.zone), moment_of(trip.end, of.day, of.zone)
    new = NewVisit(trip.order_id, trip.technician_id, start, end, lines, trip.sequence, trip.by_hand)
    try:
        with session.begin_nested():
            return plan_visit(session, new, by=by, at=at)
    except Refusal as refusal:
        return refusal.text
    except IntegrityError as error:
        refused = refusal_for(error)
        if refused is None:
            raise
        return refused.text

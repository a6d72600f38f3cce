"""Two plans of one day beside each other: what each is worth, and which visits change the person or the time. No query here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatch.board.calm_rules import Move as CalmMove
from dispatch.board.outcome import Json
from dispatch.board.views import Overview, RouteView
from dispatch.board.work import late_by, priority_of

SAME_MINUTE = 60
"""Seconds. Nobody calls a visit moved that starts less than a minute earlier or later."""
MARKS = ("person", "time", "new", "gone")


@dataclass(frozen=True)
class Placed:
    """A visit on one side; `mark`: what is different on the other side ("": nothing). Times are seconds after midnight."""

    order_id: int
    line_ids: frozenset[int]
    technician_id: int
    start: int
    end: int
    status: str = "planned"
    mark: str = ""


@dataclass(frozen=True)
class Side:
    """One of the two plans: its sums (as `proposed.figures`) and its visits by technician."""

    figures: Mapping[str, Any]
    stops: Mapping[int, tuple[Placed, ...]]

    @property
    def all(self) -> list[Placed]:
        """Every visit."""
        return [stop for stops in self.stops.values() for stop in stops]


@dataclass(frozen=True)
class Move:
    """A visit that is not the same in both plans: where it is now, where it would be."""

    mark: str
    before: Placed | None
    after: Placed | None

    @property
    def order_id(self) -> int:
        """Whose visit it is."""
        one = self.after or self.before
        assert one is not None
        return one.order_id


@dataclass(frozen=True)
class Comparison:
    """Both plans with their visits marked, and the moves from one to the other."""

    left: Side
    right: Side
    moves: tuple[Move, ...]

    def count(self, mark: str) -> int:
        """How many moves of a kind there are."""
        return sum(move.mark == mark for move in self.moves)

    @property
    def people(self) -> list[int]:
        """Whoever has a visit in either plan; first those for whom something changes."""
        touched = {one.technician_id for move in self.moves for one in (move.before, move.after) if one}
        return sorted({*self.left.stops, *self.right.stops}, key=lambda who: (who not in touched, who))


def compared(left: Side, right: Side) -> Comparison:
    """The two plans beside each other; a visit is known again by its vehicles."""
    before = {line_id: stop for stop in left.all for line_id in stop.line_ids}
    after = {line_id for stop in right.all for line_id in stop.line_ids}
    changes = [Move(_mark(stop, before), _same_vehicles(stop, before), stop) for stop in right.all]
    gone = [Move("gone", stop, None) for stop in left.all if after.isdisjoint(stop.line_ids)]
    moves = tuple(move for move in (*changes, *gone) if move.mark)
    marks = {id(one): move.mark for move in moves for one in (move.before, move.after) if one}
    return Comparison(_marked(left, marks), _marked(right, marks), moves)


def _mark(stop: Placed, before: Mapping[int, Placed]) -> str:
    old = _same_vehicles(stop, before)
    if old is None:
        return "new"
    if old.technician_id != stop.technician_id:
        return "person"
    return "time" if abs(old.start - stop.start) >= SAME_MINUTE else ""


def _same_vehicles(stop: Placed, before: Mapping[int, Placed]) -> Placed | None:
    """Where its vehicles were; of several visits the one of the same technician."""
    found = {id(before[one]): before[one] for one in sorted(stop.line_ids) if one in before}.values()
    return next((old for old in found if old.technician_id == stop.technician_id), next(iter(found), None))


def _marked(side: Side, marks: Mapping[int, str]) -> Side:
    """The same side with its visits marked; dataclasses are told apart by identity, two visits may look the same."""
    stops = {who: tuple(replace(one, mark=marks.get(id(one), "")) for one in some) for who, some in side.stops.items()}
    return Side(side.figures, stops)


def proposed_side(routes: Sequence[Json], figures: Mapping[str, Any]) -> Side:
    """A plan as it is proposed."""
    stops = ((route["technician"], tuple(_placed(route["technician"], stop) for stop in route["stops"])) for route in routes)
    return Side(figures, {who: some for who, some in stops if some})


def _placed(who: int, stop: Mapping[str, Any]) -> Placed:
    status = "planned" if stop["visit"] is None else "fixed"
    return Placed(stop["order"], frozenset(stop["lines"]), who, stop["start"], stop["end"], status)


def moved_side(side: Side, moves: Sequence[CalmMove]) -> Side:
    """A plan after single visits have moved. It has no sums: the search has told them."""
    moved = {frozenset(move.lines): move for move in moves}
    stays = [stop for stop in side.all if stop.line_ids not in moved]
    statuses = {stop.line_ids: stop.status for stop in side.all}
    went = [
        Placed(move.order_id, ids, move.after[0], move.after[2], move.after[3], statuses.get(ids, "planned"))
        for ids, move in moved.items()
        if move.after
    ]
    stops: dict[int, list[Placed]] = {}
    for stop in sorted([*stays, *went], key=lambda one: one.start):
        stops.setdefault(stop.technician_id, []).append(stop)
    return Side({}, {who: tuple(mine) for who, mine in stops.items()})


def standing_side(seen: Overview) -> Side:
    """The day as it stands."""
    stops = {route.person.id: tuple(_standing(route)) for route in seen.routes if route.stops}
    waiting = [line for entry in seen.queue for line in entry.lines]
    figures = {
        "priority": sum(priority_of(line.order, seen.of) for line in waiting),
        "unserved": len(waiting),
        "travel_s": seen.travel_s,
        "distance_m": seen.distance_m,
        "overtime_s": sum(_overtime(route) for route in seen.routes),
        "late_s": sum(late_by(stop.visit.order, seen.of.day, stop.start) for stop in seen.stops),
    }
    return Side(figures, stops)


def _standing(route: RouteView) -> Iterable[Placed]:
    for stop in route.stops:
        lines = frozenset(row.line_id for row in stop.visit.visit_lines)
        yield Placed(stop.visit.order_id, lines, route.person.id, stop.start, stop.end, stop.visit.status)


def _overtime(route: RouteView) -> int:
    if not route.stops or route.there.ends is None:
        return 0
    return max(0, route.stops[-1].end + route.way_home_s - route.there.ends)

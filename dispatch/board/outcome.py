"""What a planning run came to: the trips a plan means, and the figures and reasons that are kept with the run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dispatch.board.problem import DayProblem
from dispatch.board.work import place_of, site_of_line
from dispatch.orders.models import OrderLine
from dispatch.routing import Plan, Reason, Route, Stop, Unserved
from dispatch.words import say, text_to_json

UNPLACED = say("no place on the map: set the pin")

Json = dict[str, Any]


@dataclass(frozen=True)
class Trip:
    """One technician's way to one order at one place, for these vehicles. Times are seconds after midnight."""

    technician_id: int
    order_id: int
    line_ids: tuple[int, ...]
    start: int
    end: int
    sequence: int
    by_hand: bool = False


def trips(made: DayProblem, plan: Plan) -> list[Trip]:
    """The plan as trips: a technician's consecutive vehicles of one order at one place are one trip."""
    return [trip for route in plan.routes for trip in _trips(made, route)]


def _trips(made: DayProblem, route: Route) -> Iterable[Trip]:
    for sequence, (_, group) in enumerate(groupby(route.stops, key=lambda stop: _errand(made, stop)), start=1):
        stops = list(group)
        lines = [made.lines[int(stop.job)] for stop in stops if stop.job in made.lines]
        if lines:
            ids = tuple(line.id for line in lines)
            yield Trip(int(route.technician), lines[0].order_id, ids, stops[0].start, stops[-1].end, sequence)


def _errand(made: DayProblem, stop: Stop) -> tuple[object, object]:
    line = made.lines.get(int(stop.job)) if not isinstance(stop.job, str) else None
    return (line.order_id, place_of(line)) if line else (stop.job, None)


def outcome(
    made: DayProblem, plan: Plan, *, written: Collection[int], skipped: Iterable[Json], kept: int, seconds: float
) -> Json:
    """What is kept of a run, as plain JSON.

    `written` are the lines whose trips were really written, `kept` how many visits stay as they were planned before.
    """
    left = [u for u in plan.unserved if u.job in made.lines]
    return {
        "lines": len(made.lines) + len(made.unplaced),
        "served": len(written),
        "travel_s": sum(route.travel_s for route in plan.routes),
        "distance_m": sum(route.distance_m for route in plan.routes),
        "seconds": round(seconds, 1),
        "technicians": [_route_json(route) for route in plan.routes],
        "unserved": [*_unplaced_json(made.unplaced), *_unserved_json(made, left)],
        "skipped": list(skipped),
        "left": kept,
        "homeless": [person.name for person in made.homeless],
    }


def _route_json(route: Route) -> Json:
    copied = ("technician", "leave_at", "home_at", "lunch_at", "travel_s", "distance_m")
    return {name: getattr(route, name) for name in copied} | {"stops": len(route.stops)}


def _unserved_json(made: DayProblem, left: Iterable[Unserved]) -> list[Json]:
    """One entry per order, place and set of reasons: forty vehicles that fail alike are told once."""
    told: dict[str, Json] = {}
    for unserved in left:
        line = made.lines[int(unserved.job)]
        reasons = [_reason_json(reason) for reason in unserved.reasons]
        key = f"{line.order_id}/{site_of_line(line).id}/{reasons}"
        entry = told.setdefault(key, {"order_id": line.order_id, "line_ids": [], "reasons": reasons})
        entry["line_ids"].append(line.id)
    return list(told.values())


def _reason_json(reason: Reason) -> Json:
    return {"text": text_to_json(reason.text), "technicians": list(reason.technicians)}


def _unplaced_json(lines: Iterable[OrderLine]) -> list[Json]:
    by_order: dict[int, list[int]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line.id)
    reasons = [{"text": text_to_json(UNPLACED), "technicians": []}]
    return [{"order_id": order_id, "line_ids": ids, "reasons": reasons} for order_id, ids in by_order.items()]


def reasons_by_line(stored: Mapping[str, Any] | None) -> dict[int, list[Json]]:
    """Line id -> the reasons kept with a run."""
    entries = (stored or {}).get("unserved", [])
    return {line_id: entry["reasons"] for entry in entries for line_id in entry["line_ids"]}

"""A plan as it is kept while it is proposed: routes and figures as plain JSON, and what they mean when it is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dispatch.board.outcome import Json, Trip, trips
from dispatch.board.problem import DayProblem
from dispatch.board.work import visit_job_of
from dispatch.orders.models import Visit
from dispatch.routing import Job, Plan, Route, Stop
from dispatch.routing.prices import beside_the_way

COPIED = ("technician", "leave_at", "home_at", "lunch_at", "travel_s", "distance_m")


def routes_json(made: DayProblem, plan: Plan) -> list[Json]:
    """The routes: by technician his stops in time, each a trip to be written or a visit that stays."""
    stops = [_trip_json(trip) for trip in trips(made, plan)]
    return [_route_json(made, route, [stop for stop in stops if stop["technician"] == route.technician]) for route in plan.routes]


def _trip_json(trip: Trip) -> Json:
    lines = list(trip.line_ids)
    who = {"technician": trip.technician_id, "order": trip.order_id, "lines": lines, "visit": None}
    return who | {"start": trip.start, "end": trip.end, "sequence": trip.sequence}


def _route_json(made: DayProblem, route: Route, its: list[Json]) -> Json:
    fixed = [_fixed_json(made.fixed[str(stop.job)], stop, route) for stop in route.stops if stop.job in made.fixed]
    stops = sorted([*its, *fixed], key=lambda stop: (stop["start"], stop["sequence"]))
    return {name: getattr(route, name) for name in COPIED} | {"stops": stops}


def _fixed_json(visit: Visit, stop: Stop, route: Route) -> Json:
    lines = [row.line_id for row in visit.visit_lines]
    who = {"technician": route.technician, "order": visit.order_id, "lines": lines, "visit": visit.id}
    return who | {"start": stop.start, "end": stop.end, "sequence": 0}


def trips_in(routes: Iterable[Mapping[str, Any]]) -> list[Trip]:
    """The trips that would be written; visits that stay are none."""
    stops = (stop for route in routes for stop in route["stops"] if stop["visit"] is None)
    return [
        Trip(stop["technician"], stop["order"], tuple(stop["lines"]), stop["start"], stop["end"], stop["sequence"])
        for stop in stops
    ]


def plan_in(routes: Iterable[Mapping[str, Any]]) -> Plan:
    """The routes as a plan: every vehicle of a trip stands for its whole time."""
    return Plan(tuple(_route_of(route) for route in routes))


def _route_of(kept: Mapping[str, Any]) -> Route:
    stops = [Stop(job, stop["start"], stop["start"], stop["end"], 0) for stop in kept["stops"] for job in _jobs_of(stop)]
    facts = {name: kept[name] for name in COPIED}
    return Route(**facts, stops=tuple(stops))


def _jobs_of(stop: Mapping[str, Any]) -> Sequence[int | str]:
    return stop["lines"] if stop["visit"] is None else [visit_job_of(stop["visit"])]


def figures(made: DayProblem, plan: Plan) -> Json:
    """The sums by which two plans are compared, in one order: less is better everywhere."""
    jobs = {job.id: job for job in made.problem.jobs}
    left = [jobs[one.job] for one in plan.unserved if one.job in made.lines]
    ends = {one.id: one.shift[1] for one in made.problem.technicians}
    stops = [(jobs[stop.job], stop) for route in plan.routes for stop in route.stops]
    return {
        "priority": sum(job.priority for job in left),
        "unserved": len(left) + len(made.unplaced),
        "travel_s": sum(route.travel_s for route in plan.routes),
        "distance_m": sum(route.distance_m for route in plan.routes),
        "overtime_s": sum(max(0, route.home_at - ends[route.technician]) for route in plan.routes),
        "late_s": sum(_late(job, stop) for job, stop in stops if job.windows),
        "priced_s": beside_the_way(made.problem, plan),
    }


def _late(job: Job, stop: Stop) -> int:
    return max(0, stop.start - max(closes for _, closes in job.windows))


def is_better(these: Mapping[str, Any], those: Mapping[str, Any]) -> bool:
    """Whether a plan with these figures is better: priorities first, then the road and what counts beside it."""
    return _worth(these) < _worth(those)


def _worth(these: Mapping[str, Any]) -> tuple[int, int]:
    beside = these.get("priced_s", these["overtime_s"] + these["late_s"])
    return these["priority"], these["travel_s"] + beside

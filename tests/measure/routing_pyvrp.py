"""The same tours by PyVRP, as far as it goes: nobody passes the store, so that everybody is able only for what the bag allows."""

from __future__ import annotations

import contextlib

from dispatch.routing.stores.model import Problem, Request, Technician, Tours

SCALE = 100
PRIZE = 10_000 * SCALE
NO_WAY = 10 * PRIZE
"""With the library's own value for a missing way its local search does not end."""


def tours_by_pyvrp(problem: Problem, seconds: float, seed: int) -> tuple[Tours, int]:
    """(tours, how many requests are left over). Raises ImportError where PyVRP is not installed."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    model = Model()
    homes = [_depot(model, one) for one in problem.technicians]
    clients = [_client(model, one) for one in problem.requests]
    for who, (home, at) in zip(problem.technicians, homes, strict=True):
        profile = model.add_profile(name=str(who.number))
        able = [(at, who.home), *((clients[k][1], one.place) for k, one in enumerate(problem.requests) if _is_able(who, one))]
        for here, place in able:
            for there, other in able:
                drive = round(place.far(other) * SCALE + 0.5)
                model.add_edge(here, there, drive, drive, profile=profile)
        model.add_vehicle_type(
            capacity=list(who.parts),
            start_depot=home,
            end_depot=home,
            tw_early=int(who.home.opens * SCALE),
            tw_late=int(who.home.closes * SCALE),
            unit_distance_cost=0,
            unit_duration_cost=1,
            profile=profile,
        )
    with contextlib.redirect_stdout(None):
        best = model.solve(MaxRuntime(seconds), seed=seed, display=False, missing_value=NO_WAY).best
    tours = {problem.technicians[route.vehicle_type()].number: _stops(problem, route) for route in best.routes()}
    return tours, len(problem.requests) - sum(map(len, tours.values()))


def _depot(model, one: Technician):
    at = model.add_location(*(round(part * SCALE) for part in one.home.at))
    return model.add_depot(at), at


def _client(model, one: Request):
    at = model.add_location(*(round(part * SCALE) for part in one.place.at))
    early, late, service = (int(moment * SCALE) for moment in (one.place.opens, one.place.closes, one.place.service))
    client = model.add_client(
        at, delivery=list(one.parts), service_duration=service, tw_early=early, tw_late=late, prize=PRIZE, required=False
    )
    return client, at


def _is_able(who: Technician, one: Request) -> bool:
    enough = all(need <= has for need, has in zip(one.parts, who.parts, strict=True))
    return enough and one.skills <= who.skills and one.tools <= who.tools


def _stops(problem: Problem, route) -> list[int]:
    return [problem.requests[activity.idx].number for activity in route if activity.is_client()]

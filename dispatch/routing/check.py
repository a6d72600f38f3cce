"""Whether a plan keeps the rules. Reads only the times written in the plan, so that it shares no mistake with who wrote them.

The sentences are for whoever mends the planner: they are no `say()`, nobody translates them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dispatch.routing.check_route import RouteCheck
from dispatch.routing.model import Id, Job, Plan, Problem
from dispatch.routing.roads import Roads, roads_of
from dispatch.routing.timetable import days_of
from dispatch.words import Text


def violations(problem: Problem, plan: Plan, roads: Roads | None = None) -> list[Text]:
    """A sentence for each rule broken; none for a good plan."""
    roads = roads or roads_of(problem)
    jobs = {job.id: job for job in problem.jobs}
    days = days_of(problem, roads)
    found = list(_accounts(problem, plan))
    if found:
        return found
    for route in plan.routes:
        check = RouteCheck(days[route.technician], route, [jobs[stop.job] for stop in route.stops])
        found += check.broken()
    return [*found, *_stores(problem, plan)]


def _accounts(problem: Problem, plan: Plan) -> Iterator[Text]:
    """Each job exactly once, served or not; one route for a technician; nobody unknown; pinned persons and starts kept."""
    jobs = {job.id: job for job in problem.jobs}
    who = Counter(route.technician for route in plan.routes)
    known = {technician.id for technician in problem.technicians}
    times = Counter([stop.job for route in plan.routes for stop in route.stops] + [left.job for left in plan.unserved])
    odd_routes = (t for t, n in who.items() if n > 1 or t not in known)
    odd_jobs = (j for j in dict.fromkeys([*jobs, *times]) if times[j] != 1 or j not in jobs)
    yield from (Text("technician %(who)s is unknown or has two routes", {"who": t}) for t in odd_routes)
    yield from (Text("job %(job)s is unknown or in the plan %(n)s times", {"job": j, "n": times[j]}) for j in odd_jobs)
    yield from _pins(jobs, known, plan)
    yield from _links(jobs, plan)
    yield from _teams(jobs, plan)


def _pins(jobs: Mapping[Id, Job], known: set[Id], plan: Plan) -> Iterator[Text]:
    stops = {stop.job: (route.technician, stop.start) for route in plan.routes for stop in route.stops}
    for job in jobs.values():
        if job.id not in stops:
            if job.settled and job.pinned_to in known:
                yield Text("pinned job %(job)s is not served", {"job": job.id})
            continue
        who, start = stops[job.id]
        if job.pinned_to not in (None, who) or job.pinned_start not in (None, start):
            yield Text("job %(job)s is not where it was pinned", {"job": job.id})


def _links(jobs: Mapping[Id, Job], plan: Plan) -> Iterator[Text]:
    """Who has one of several linked jobs has all of them; two that are settled are somebody's affair."""
    who = {stop.job: route.technician for route in plan.routes for stop in route.stops if stop.job in jobs}
    groups: dict[str, set[Id]] = {}
    for name, person in who.items():
        if (linked := jobs[name].linked) is not None:
            groups.setdefault(linked, set()).add(person)
    for name in who:
        linked = jobs[name].linked
        if linked is not None and not jobs[name].settled and len(groups[linked]) > 1:
            yield Text("job %(job)s is linked to one of somebody else", {"job": name})


def _teams(jobs: Mapping[Id, Job], plan: Plan) -> Iterator[Text]:
    """Two halves of a visit: both or none, by two people, at once; two that are settled are somebody's affair."""
    stops = {stop.job: (route.technician, stop) for route in plan.routes for stop in route.stops}
    groups: dict[str, list[Job]] = {}
    for job in jobs.values():
        if job.together is not None:
            groups.setdefault(job.together, []).append(job)
    for name, halves in groups.items():
        served = [stops[job.id] for job in halves if job.id in stops]
        if not served or all(job.settled for job in halves if job.id in stops):
            continue
        if len(served) < len(halves):
            yield Text("one half of %(name)s is served alone", {"name": name})
        if len({who for who, _ in served}) < len(served):
            yield Text("both halves of %(name)s are with one technician", {"name": name})
        if len({(stop.start, stop.end) for _, stop in served}) > 1:
            yield Text("the halves of %(name)s are apart", {"name": name})


def _stores(problem: Problem, plan: Plan) -> Iterator[Text]:
    """No store gives more than it holds."""
    for store in problem.stores:
        fetched = [route.store for route in plan.routes if route.store and route.store.store == store.id]
        parts = sum((Counter(stop.parts) for stop in fetched), Counter[str]())
        tools = Counter(tool for stop in fetched for tool in stop.tools)
        for what, held in ((parts, store.parts), (tools, store.tools)):
            for name, count in what.items():
                if count > held.get(name, 0):
                    yield Text("store %(store)s has no %(n)s of %(name)s", {"store": store.id, "n": count, "name": name})

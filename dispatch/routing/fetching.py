"""What a bag lacks for an order of jobs, and the stop at a store where it is fetched, before the first job that needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.routing.day import Day, parts_of
from dispatch.routing.model import Errand, Id, Job, Route, Store


@dataclass(frozen=True)
class Lack:
    """Parts by number and tools that are not in a bag."""

    parts: Mapping[str, int]
    tools: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.parts or self.tools)

    def is_in(self, store: Store) -> bool:
        """Whether one store holds all of it."""
        parts = all(store.parts.get(part, 0) >= count for part, count in self.parts.items())
        return parts and all(store.tools.get(tool, 0) > 0 for tool in self.tools)

    @property
    def first(self) -> str:
        """One of the names, always the same."""
        return min((*self.parts, *self.tools))


def tools_of(jobs: Sequence[Job]) -> list[str]:
    """All tools that the jobs need, each once."""
    return sorted({tool for job in jobs for tool in job.tools})


def lack(day: Day, jobs: Sequence[Job]) -> Lack:
    """What the jobs need together and the bag does not hold."""
    short = {part: count - day.bag.get(part, 0) for part, count in parts_of(jobs).items()}
    tools = tuple(tool for tool in tools_of(jobs) if tool not in day.tools)
    return Lack({part: count for part, count in short.items() if count > 0}, tools)


def bag_lasts(day: Day, jobs: Sequence[Job]) -> bool:
    """Whether everybody's need is met: out of the bag up to the stop at the store, and there is what lacks after all."""
    at = errand_at(jobs)
    if at is None:
        return not lack(day, jobs)
    errand = jobs[at]
    return isinstance(errand, Errand) and not lack(day, jobs[:at]) and lack(day, jobs).is_in(errand.store)


def errand_at(jobs: Sequence[Job]) -> int | None:
    """Where in the order the stop at the store is."""
    return next((place for place, job in enumerate(jobs) if isinstance(job, Errand)), None)


def by_stores(day: Day, jobs: Sequence[Job]) -> Iterator[tuple[Job, ...]]:
    """The same order with every stop at a store that fetches what lacks."""
    for errand in day.stores:
        for place in range(len(jobs)):
            longer = (*jobs[:place], errand, *jobs[place:])
            if bag_lasts(day, longer):
                yield longer


def stores_left(days: Mapping[Id, Day], orders: Mapping[Id, Sequence[Job]], who: Id) -> tuple[Errand, ...]:
    """Where he may fetch something, with what the others leave there."""
    gone = [_less(orders[other], days[other]) for other in orders if other != who and errand_at(orders[other]) is not None]
    return tuple(replace(errand, store=_left(errand.store, gone)) for errand in days[who].stores)


def _less(jobs: Sequence[Job], day: Day) -> tuple[Id, Lack]:
    return next(job.id for job in jobs if isinstance(job, Errand)), lack(day, jobs)


def _left(store: Store, gone: Sequence[tuple[Id, Lack]]) -> Store:
    lacks = [what for where, what in gone if where == store.id]
    parts = {part: count - sum(what.parts.get(part, 0) for what in lacks) for part, count in store.parts.items()}
    tools = {tool: count - sum(tool in what.tools for what in lacks) for tool, count in store.tools.items()}
    return replace(store, parts=parts, tools=tools)


def order_of(route: Route, jobs: Mapping[Id, Job], stores: Sequence[Store]) -> list[Job]:
    """The jobs of a route in their order, with its stop at the store among them."""
    order = [jobs[stop.job] for stop in route.stops]
    if route.store is not None:
        errand = next(store.errand() for store in stores if store.id == route.store.store)
        order.insert(route.store.before, errand)
    return order

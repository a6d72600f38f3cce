"""Why somebody has a job and not somebody else: what his way grows by, who would be next, and what that would cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dispatch.routing.choose import Candidate
from dispatch.routing.explain import clock
from dispatch.routing.model import Id
from dispatch.words import Text, say


def why_him(candidates: Sequence[Candidate], technician: Id, names: Mapping[Id, str]) -> list[Text]:
    """From `who_could` for a job that is in the plan: why this technician has it, in sentences."""
    own = next((one for one in candidates if one.technician == technician), None)
    return [*_his_way(own), _next_best(candidates, own, technician, names)]


def _his_way(own: Candidate | None) -> Iterator[Text]:
    if own is None or own.extra_travel_s is None:
        yield say("By the clock he would have no room for it: somebody decided it.")
        return
    yield say("His way grows by %(minutes)s min for it.", minutes=round(own.extra_travel_s / 60))
    yield from (say("It was decided all the same: %(why)s.", why=text) for text in own.missing)


def _next_best(candidates: Sequence[Candidate], own: Candidate | None, technician: Id, names: Mapping[Id, str]) -> Text:
    best = next((one for one in candidates if one.ok and one.technician != technician), None)
    if best is None or best.start is None:
        return say("Nobody else could take it as the day stands.")
    who = {"name": names.get(best.technician, best.technician), "start": clock(best.start)}
    if own is None or own.extra_travel_s is None:
        return say("Who could take it: %(name)s at %(start)s.", **who)
    minutes = round(((best.extra_travel_s or 0) - own.extra_travel_s) / 60)
    if minutes < 0:
        return say("%(name)s at %(start)s would drive %(minutes)s min less.", **who, minutes=-minutes)
    return say("Next best: %(name)s at %(start)s, %(minutes)s min more on the road.", **who, minutes=minutes)

"""Which points of a test-run are asked for after which kind of work: what must pass, what may stay open, what is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dispatch.field.rules import TEST_ITEMS
from dispatch.words import Text, say

SERVICES: dict[str, Text] = {
    "installation": say("Installation"),
    "repair": say("Repair, nothing exchanged"),
    "terminal": say("Terminal exchanged"),
    "sim": say("Only the SIM exchanged"),
    "move": say("Moved in from another vehicle"),
}
"""The kinds of work after which a vehicle is tested, by what was really done at it."""
REMOVAL = "removal"
"""No terminal is left in the vehicle, or none that could report: nothing can be tested."""

NEEDS: dict[str, Text] = {"must": say("Must pass"), "may": say("Optional"), "not": say("Not asked for")}


@dataclass(frozen=True)
class Points:
    """The points that are asked for: those that closing waits for, and those that may stay open."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """All of them, in the order in which they are tested."""
        return tuple(item for item in TEST_ITEMS if item in self.must or item in self.may)

    def need(self, item: str) -> str:
        """Of one point: "must", "may" or "not"."""
        return "must" if item in self.must else "may" if item in self.may else "not"

    def lacking(self, results: Iterable[str]) -> tuple[str, ...]:
        """The points that must pass and have no result."""
        there = set(results)
        return tuple(item for item in self.asked if item in self.must and item not in there)


def points_of(needs: Mapping[str, str]) -> Points:
    """The same out of point -> need."""
    return Points(*(tuple(item for item in TEST_ITEMS if needs.get(item) == need) for need in ("must", "may")))


_ALL = Points(must=TEST_ITEMS)
AS_DELIVERED: dict[str, Points] = {
    "installation": _ALL,
    "repair": _ALL,
    "terminal": _ALL,
    "sim": Points(must=("online", "identity", "iccid", "signal"), may=("fix",)),
    "move": _ALL,
}
"""What is asked for as long as nobody has decided otherwise: everything, but for what a new SIM cannot have changed."""


class Decided(Protocol):
    """What somebody decided to ask for from a moment on."""

    @property
    def service(self) -> str: ...
    @property
    def must(self) -> Sequence[str]: ...
    @property
    def may(self) -> Sequence[str]: ...
    @property
    def at(self) -> datetime: ...


def in_force(decided: Iterable[Decided], service: str, moment: datetime | None = None) -> Points:
    """What is asked for after a kind of work; of one that was done before, what was asked for at that moment.

    `decided` is in the order in which it was decided.
    """
    if service == REMOVAL:
        return Points()
    own = [one for one in decided if one.service == service and (moment is None or one.at <= moment)]
    return Points(tuple(own[-1].must), tuple(own[-1].may)) if own else AS_DELIVERED[service]


class Change(Protocol):
    """What was fitted into one vehicle or taken out of it, and stands."""

    @property
    def kind(self) -> str: ...
    @property
    def unit_kind(self) -> str: ...


TAKEN_OUT = ("remove", "move_out")


def service_of(order_kind: str, changes: Sequence[Change]) -> str:
    """What was really done at a vehicle, by its changes in the order of time; without any, what the order is for."""
    terminals, sims = ([one for one in changes if one.unit_kind == kind] for kind in ("terminal", "sim"))
    if not changes:
        return order_kind
    if any(own and own[-1].kind in TAKEN_OUT for own in (terminals, sims)):
        return REMOVAL
    if terminals:
        return _of_terminal(order_kind, terminals)
    return "installation" if order_kind == "installation" else "sim"


def _of_terminal(order_kind: str, terminals: Sequence[Change]) -> str:
    """What brought the terminal that is in the vehicle now. Put into an empty vehicle it is installed, whatever was ordered."""
    if terminals[-1].kind == "move_in":
        return "move"
    return "installation" if order_kind == "installation" or terminals[0].kind == "install" else "terminal"

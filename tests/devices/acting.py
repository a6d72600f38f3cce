"""What a page shows to those who choose what to do with units, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.devices.fitted import slot_units
from dispatch.devices.fitting import Work
from dispatch.devices.models import (
    FITTING_KINDS,
    CustodyEntry,
    CustodyPosition,
    Fitting,
    HandOver,
    Holder,
    Part,
    Sim,
    Terminal,
    Unit,
)
from dispatch.field.operations import SentFact, keep_fact
from dispatch.staff.rules import Actor

ASTRAY = 8
"""From this pick on it may be any unit: somebody chose on a page that is old, or typed a number wrong."""

Row = TypeVar("Row")
_later = aliased(Fitting)


@dataclass(frozen=True)
class Outcome:
    """What somebody was told is done: which fittings, how many moves, how many units that nobody knew, which form or fact, and
    how many moves of counted parts."""

    fittings: tuple[int, ...] = ()
    moves: int = 0
    units: int = 0
    sent: object = None
    parts: int = 0


NOTHING = Outcome()
Doing = Callable[[Session], Outcome]


@dataclass(frozen=True)
class Page:
    """What people look at when they choose what to do, and when that is. `works` are the vehicles of one order."""

    session: Session
    at: datetime
    people: Mapping[str, Actor]
    works: Sequence[Work]
    store_id: int

    def bag_id(self, who: str) -> int:
        """A technician's bag."""
        return self.session.scalars(sa.select(Holder.id).where(Holder.person_id == self.people[who].id)).one()

    def unit(self, pick: int, holder_id: int, kind: str | None = None) -> int:
        """One of the units that a holder has; any unit for a pick that is ASTRAY, and where he has none."""
        place = CustodyPosition
        kinds = (place.unit_kind == kind,) if kind else ()
        query = sa.select(place.unit_id).where(*kinds).order_by(place.unit_id)
        own = self.session.scalars(query.where(place.holder_id == holder_id)).all() if pick < ASTRAY else ()
        units = own or self.session.scalars(query).all()
        return picked(units, pick)

    def numbers(self, unit_ids: Sequence[int]) -> list[str]:
        """The numbers that these units go by."""
        number = sa.func.coalesce(Terminal.serial, Sim.iccid)
        query = sa.select(Unit.id, number).outerjoin(Unit.terminal).outerjoin(Unit.sim).where(Unit.id.in_(unit_ids))
        named = dict(map(tuple, self.session.execute(query)))
        return [named[unit_id] for unit_id in unit_ids]

    def part_counts(self, counts: Sequence[int]) -> dict[int, int]:
        """So many of each part on the catalogue, those left out of which none is meant."""
        ids = self.session.scalars(sa.select(Part.id).order_by(Part.id))
        return {part_id: count for part_id, count in zip(ids, counts, strict=False) if count}

    def new_number(self, number: int) -> int:
        """The so-many-th of the numbers that nobody had used when this page was made."""
        return 8 * (self.session.scalar(sa.select(sa.func.count()).select_from(Unit)) or 0) + number

    def inside(self, line: int) -> dict[str, int]:
        """What is in a vehicle: kind -> unit."""
        return {kind: unit.id for kind, unit in slot_units(self.session, self.works[line].vehicle_id).items()}

    def fitting(self, pick: int, kinds: Sequence[str] = FITTING_KINDS, *, replaceable: bool = False) -> Fitting:
        """One of these fittings: what stands comes before what is undone, the newest first.

        Where it is to be replaced, one that stands with another unit in its bag, if there is any and the pick is not ASTRAY.
        """
        undone = sa.or_(Fitting.kind == "undo", sa.exists().where(_later.undoes_id == Fitting.id))
        query = sa.select(Fitting).where(Fitting.kind.in_(kinds)).order_by(undone, Fitting.id.desc())
        likely = self.session.scalars(query.where(~undone, _another_in_the_bag())).all() if replaceable and pick < ASTRAY else ()
        return picked(likely or self.session.scalars(query.limit(pick + 1)).all(), pick)

    def hand_over(self, pick: int) -> HandOver:
        """One that was offered; those that wait for an answer come first, the newest before others."""
        query = sa.select(HandOver).order_by(HandOver.status != "offered", HandOver.id.desc())
        return picked(self.session.scalars(query.limit(pick + 1)).all(), pick)

    def work(self, who: str, line: int, fact: int) -> Work:
        """Somebody's work at a vehicle; the manager enters what Su has done."""
        technician_id = self.people["su"].id if who == "wang" else None
        return replace(self.works[line], device_at=self.at, fact_id=fact_id(fact), technician_id=technician_id)

    def carrier(self, who: str) -> int:
        """Out of whose bag somebody works."""
        return self.bag_id(who if who in ("su", "wei", "zhou") else "su")


def _another_in_the_bag() -> sa.Exists:
    """Whether the bag that a fitted unit came out of has one more of its kind."""
    place, entry = aliased(CustodyPosition), aliased(CustodyEntry)
    there = sa.exists().where(entry.id == Fitting.in_entry_id, place.holder_id == entry.from_holder_id)
    return there.where(place.unit_kind == Fitting.unit_kind)


class Act(Protocol):
    """Something to do."""

    def on(self, page: Page) -> Doing: ...


def numbered(kind: str, number: int) -> str:
    """The serial or ICCID of the so-many-th unit that is not on record when it begins."""
    return f"FOUND{number:04d}" if kind == "terminal" else f"898606000000{number:07d}"


def picked(rows: Sequence[Row], pick: int) -> Row:
    """One of these, whatever number was drawn."""
    return rows[pick % len(rows)]


def fact_id(number: int) -> uuid.UUID | None:
    """What a phone has sent under one id; 0: the office has entered it."""
    return uuid.UUID(int=number) if number else None


def form_key(form: int, by: Actor) -> uuid.UUID:
    """The key of somebody's form; 0: one that he has never pressed before."""
    return uuid.UUID(int=100 * form + (by.id or 0)) if form else uuid.uuid4()


def sent_once(page: Page, act: Any, by: Actor, do: Doing) -> Doing:
    """Done once for a fact that a phone sends twice."""

    def send(s: Session) -> Outcome:
        fact = SentFact(uuid.UUID(int=act.fact), type(act).__name__, "phone", act.fact, {"act": repr(act)}, page.at)
        _, new = keep_fact(s, fact, by=by, at=page.at)
        return replace(do(s), sent=fact.id) if new else NOTHING

    return send if act.fact else do

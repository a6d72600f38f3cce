"""Units in stores and bags for tests."""

from __future__ import annotations

import itertools

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import CustodyPosition, Holder, Unit
from dispatch.devices.operations import NewSim, NewTerminal, bag_of, move_units, receive_sims, receive_terminals, store_named
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast

Owner = Actor | Person
_serials = itertools.count(1)


def store(session: Session, cast: Cast, name: str = "总仓") -> Holder:
    """A store of the Shenzhen branch."""
    return store_named(session, branch_id=cast.sz, name=name)


def terminals(session: Session, cast: Cast, count: int = 1, *, model: str = "BD-808A", into: Holder | None = None) -> list[Unit]:
    """New terminals in the store, with serials T00001, T00002, …"""
    new = [NewTerminal(f"T{next(_serials):05d}", model) for _ in range(count)]
    receive_terminals(session, new, store=into or store(session, cast), by=cast.lin, at=AT)
    return units_called(session, [each.serial for each in new])


def sims(session: Session, cast: Cast, count: int = 1) -> list[Unit]:
    """New SIMs in the store."""
    keys = [f"8986062429{next(_serials):09d}" for _ in range(count)]
    receive_sims(session, [NewSim(key + "0", key) for key in keys], store=store(session, cast), by=cast.lin, at=AT)
    return units_called(session, keys)


def units_called(session: Session, numbers: list[str]) -> list[Unit]:
    """The units whose search text holds these numbers."""
    return [session.scalars(sa.select(Unit).where(Unit.search_text.contains(number.lower()))).one() for number in numbers]


def into_bag(session: Session, cast: Cast, technician: Owner, units: list[Unit]) -> Holder:
    """These units, in a technician's bag."""
    assert technician.id is not None
    bag = bag_of(session, person_id=technician.id, branch_id=cast.sz)
    move_units(session, [unit.id for unit in units], to=bag, reason="issue", by=cast.lin, at=AT)
    return bag


def where(session: Session, unit: Unit) -> Holder:
    """Who has a unit, as the table says now."""
    session.expire_all()
    return session.get_one(Holder, session.get_one(CustodyPosition, unit.id).holder_id)

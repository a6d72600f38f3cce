"""Units in stores and bags for tests."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS, chain_hash
from dispatch.devices.fitting import Work, install
from dispatch.devices.handing_over import accept
from dispatch.devices.models import CustodyEntry, CustodyPosition, HandOver, HandOverUnit, Holder, OwnershipEntry, Unit
from dispatch.devices.operations import NewSim, NewTerminal, bag_of, move_units, receive_sims, receive_terminals, store_named
from dispatch.errors import Refusal, RuleBroken
from dispatch.orders.models import Order, OrderLine
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
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
    """These units, in a technician's bag: the store has issued them, and he has said that he has them."""
    assert technician.id is not None
    bag = bag_of(session, person_id=technician.id, branch_id=cast.sz)
    if units:
        carry(session, cast, [unit.id for unit in units], bag)
    return bag


def carry(session: Session, cast: Cast, units: Sequence[int], to: Holder) -> None:
    """These units go from where they are to a store or bag, on a paper to which both sides have said yes."""
    source = session.get_one(CustodyPosition, units[0]).holder
    giver, taker = source.person or cast.lin, to.person or cast.lin
    said = {"offered_by_id": giver.id, "offered_by_name": giver.name, "offered_at": AT, "settled_how": "account"}
    lines = [HandOverUnit(unit_id=unit_id, open=False) for unit_id in sorted(units)]
    facts = {"status": "accepted", "settled_by_id": taker.id, "settled_by_name": taker.name, "settled_at": AT, "units": lines}
    made = HandOver(key=uuid.uuid4(), from_holder=source, to_holder=to, first="giver", **facts, **said)
    session.add(made)
    session.flush()
    entries = move_units(session, list(units), to=to, expected_from=source.id, reason=made.kind, by=cast.lin, at=AT)
    for line, entry_id in zip(lines, entries, strict=True):
        line.entry_id = entry_id
    session.flush()


def where(session: Session, unit: Unit) -> Holder:
    """Who has a unit, as the table says now."""
    session.expire_all()
    return session.get_one(Holder, session.get_one(CustodyPosition, unit.id).holder_id)


def work(order: Order, line: OrderLine | None = None, *, at: datetime = AT, **facts: Any) -> Work:
    """The work at a vehicle of an order, its first one by default."""
    line = line or order.lines[0]
    given = {"vehicle_id": line.vehicle_id, "branch_id": order.branch_id, "visit_id": None, "fact_id": None, **facts}
    return Work(order_id=order.id, line_id=line.id, device_at=at, **given)


def carried(session: Session, cast: Cast, technician: Owner, *, boxes: int = 0, cards: int = 0) -> list[Unit]:
    """New terminals, then new SIMs, in a technician's bag."""
    units = [*(terminals(session, cast, boxes) if boxes else ()), *(sims(session, cast, cards) if cards else ())]
    into_bag(session, cast, technician, units)
    return units


def fitted_by(db: Session, cast: Cast, who: Actor, order: Order, *, line: int = 0) -> tuple[Unit, Unit]:
    """A new terminal and a new SIM, installed by a technician in a vehicle of the order."""
    box, card = carried(db, cast, who, boxes=1, cards=1)
    for unit in (box, card):
        install(db, work(order, order.lines[line]), unit.id, by=who, at=AT)
    return box, card


def sentence(call: Any, *args: Any, refusal: type[Refusal] = RuleBroken, **facts: Any) -> str:
    """What a call is refused with."""
    with pytest.raises(refusal) as refused:
        call(*args, **facts)
    return str(refused.value.text)


LEDGER = sa.select(*CustodyEntry.__table__.c).order_by(CustodyEntry.unit_id, CustodyEntry.seq)
PLACES = sa.select(*CustodyPosition.__table__.c)


def ledger_faults(session: Session | sa.Connection) -> list[str]:
    """What does not add up between ledger and positions: chains, gaps, places, slots with two of a kind."""
    faults, ends = [], dict[int, sa.Row[Any]]()
    for entry in session.execute(LEDGER):
        before = ends.get(entry.unit_id)
        expected = (before.seq + 1, before.hash, before.to_holder_id) if before else (1, GENESIS, None)
        if (entry.seq, entry.prev_hash, entry.from_holder_id) != expected or entry.hash != expected_hash(entry):
            faults.append(f"unit {entry.unit_id}: entry {entry.seq} does not follow")
        ends[entry.unit_id] = entry
    stood = {unit_id: (entry.to_holder_id, entry.seq, entry.hash) for unit_id, entry in ends.items()}
    places = session.execute(PLACES).all()
    if {place.unit_id: (place.holder_id, place.seq, place.hash) for place in places} != stood:
        faults.append("the positions are not where the ledger ends")
    slots = [(place.holder_id, place.unit_kind) for place in places if place.holder_kind == "slot"]
    return faults + [f"two in slot {slot}" for slot in set(slots) if slots.count(slot) > 1]


@lru_cache(maxsize=20_000)
def expected_hash(entry: sa.Row[Any]) -> bytes:
    """The hash an entry must have by its content. Remembered: a machine reads the same entries after each step."""
    facts = ("unit_id", "from_holder_id", "to_holder_id", "order_id", "corrects_id")
    moment = entry.device_at.isoformat() if entry.device_at else None
    detail = {name: getattr(entry, name) for name in facts} | {"device_at": moment}
    subject = ("unit", entry.unit_id)
    return chain_hash(
        entry.prev_hash, subject=subject, seq=entry.seq, at=entry.at, by_id=entry.by_id, action=entry.reason, detail=detail
    )


def say_yes(session: Session, cast: Cast) -> int:
    """Whoever is asked says yes to every paper that waits; how many units and kinds of parts went over."""
    session.flush()
    moved = 0
    for paper in session.scalars(sa.select(HandOver).where(HandOver.status == "offered").order_by(HandOver.id)).all():
        clerk = cast.lin if paper.offered_by_id != cast.lin.id else cast.wang
        moved += accept(session, paper.id, by=actor_of(paper.second.person) if paper.second.person else clerk, at=AT)
    return moved


def unit_history(session: Session, unit_id: int) -> Sequence[CustodyEntry]:
    """Every move of a unit, newest first."""
    return session.scalars(sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id).order_by(CustodyEntry.seq.desc())).all()


def ownership_of(session: Session, unit_id: int) -> Sequence[OwnershipEntry]:
    """Whose it was, newest first."""
    owners = sa.select(OwnershipEntry).where(OwnershipEntry.unit_id == unit_id)
    return session.scalars(owners.order_by(OwnershipEntry.seq.desc())).all()

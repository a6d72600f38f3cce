"""Receiving units and moving them from holder to holder. Every move is one ledger entry and one changed position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS
from dispatch.devices.bench_following import follow
from dispatch.devices.entries import entry_row
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, Sim, Terminal, TerminalModel, Unit
from dispatch.devices.queries import bag_ids
from dispatch.devices.rules import UNKNOWN_MODEL_MONTHS, Spot
from dispatch.devices.sim_following import follow_sims
from dispatch.errors import NotFound, RuleBroken
from dispatch.search import normalise
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class NewTerminal:
    """A terminal as a delivery note names it."""

    serial: str
    model: str
    imei: str | None = None
    terminal_id: str | None = None
    phone_808: str | None = None
    batch: str | None = None
    received_on: date | None = None
    warranty_months: int = UNKNOWN_MODEL_MONTHS


@dataclass(frozen=True)
class NewSim:
    """A SIM as a delivery note names it; `iccid` as printed, `iccid_key` its first 19 characters."""

    iccid: str
    iccid_key: str
    msisdn: str | None = None
    imsi: str | None = None
    carrier: str | None = None
    plan: str | None = None
    expires_on: date | None = None
    bound_imei: str | None = None


def store_named(session: Session, *, branch_id: int, name: str) -> Holder:
    """A branch's store of this name, made if there is none."""
    return _holder(session, kind="store", branch_id=branch_id, name=name)


def bag_of(session: Session, *, person_id: int, branch_id: int) -> Holder:
    """A technician's bag, made if there is none; of a contractor's worker the place of his contractor."""
    found = session.scalar(sa.select(Holder).where(Holder.id.in_(bag_ids(person_id))))
    return found or _holder(session, kind="bag", branch_id=branch_id, person_id=person_id)


def bag_follows(session: Session, *, person_id: int, branch_id: int) -> None:
    """A technician works at this branch now, and so his bag, which is empty, belongs to it."""
    session.execute(sa.update(Holder).where(Holder.kind == "bag", Holder.person_id == person_id).values(branch_id=branch_id))


def slot_of(session: Session, *, vehicle_id: int, branch_id: int, role: str = "main") -> Holder:
    """A vehicle's place for a terminal and its SIM, made if there is none."""
    return _holder(session, kind="slot", branch_id=branch_id, vehicle_id=vehicle_id, role=role)


def _holder(session: Session, **facts: Any) -> Holder:
    key = {name: value for name, value in facts.items() if name != "branch_id" or facts["kind"] == "store"}
    wanted = sa.select(Holder).filter_by(**key)
    found = session.scalar(wanted)
    if found is None:
        session.execute(insert(Holder).values(**facts).on_conflict_do_nothing())
        found = session.scalars(wanted).one()
    return found


def receive_terminals(session: Session, terminals: Sequence[NewTerminal], *, store: Holder, by: Actor, at: datetime) -> int:
    """Put new terminals into a store; returns how many. Raises Conflict when a number is already on record."""
    by.must("stock.change")
    return len(_add_terminals(session, terminals, Birth(store, "receive", by, at)))


def receive_sims(session: Session, sims: Sequence[NewSim], *, store: Holder, by: Actor, at: datetime) -> int:
    """Put new SIMs into a store; returns how many. Raises Conflict when an ICCID or number is already on record."""
    by.must("stock.change")
    return len(_add_sims(session, sims, Birth(store, "receive", by, at)))


def put_found(
    session: Session,
    new: NewTerminal | NewSim,
    *,
    slot: Holder,
    order_id: int,
    device_at: datetime,
    by: Actor,
    at: datetime,
    spot: Spot | None = None,
) -> int:
    """Register a unit that was found in a vehicle straight into its slot; returns its id. Conflict when the slot is taken."""
    birth = Birth(slot, "found", by, at, order_id, device_at, spot)
    added = _add_terminals(session, [new], birth) if isinstance(new, NewTerminal) else _add_sims(session, [new], birth)
    return added[0]


def put_replacement(session: Session, new: NewTerminal | NewSim, *, store: Holder, by: Actor, at: datetime) -> int:
    """Take what a supplier sent for a broken unit into a store; returns its id. Conflict when its number is on record already."""
    birth = Birth(store, "replacement", by, at)
    added = _add_terminals(session, [new], birth) if isinstance(new, NewTerminal) else _add_sims(session, [new], birth)
    return added[0]


@dataclass(frozen=True)
class Birth:
    """Where units come into custody for the first time, why, by whom and when."""

    holder: Holder
    reason: str
    by: Actor
    at: datetime
    order_id: int | None = None
    device_at: datetime | None = None
    spot: Spot | None = None


def _add_terminals(session: Session, terminals: Sequence[NewTerminal], birth: Birth) -> Sequence[int]:
    models = {t.model: t.warranty_months for t in terminals}
    known = [{"name": name, "warranty_months": months} for name, months in models.items()]
    session.execute(insert(TerminalModel).on_conflict_do_nothing(), known)
    words = [normalise(t.serial, t.imei, t.terminal_id, t.model) for t in terminals]
    ids = new_units(session, "terminal", birth.holder.branch_id, words, birth.at)
    session.execute(sa.insert(Terminal), [{"unit_id": i, **t.__dict__} for i, t in zip(ids, terminals, strict=True)])
    first_entries(session, ids, "terminal", birth)
    return ids


def _add_sims(session: Session, sims: Sequence[NewSim], birth: Birth) -> Sequence[int]:
    words = [normalise(s.iccid, s.msisdn) for s in sims]
    ids = new_units(session, "sim", birth.holder.branch_id, words, birth.at)
    state = "active" if birth.holder.kind == "slot" else "inventory"  # what is found in a vehicle is in use there
    session.execute(sa.insert(Sim), [{"unit_id": i, "state": state, **s.__dict__} for i, s in zip(ids, sims, strict=True)])
    first_entries(session, ids, "sim", birth)
    return ids


def new_units(session: Session, kind: str, branch_id: int, words: Iterable[str], at: datetime) -> Sequence[int]:
    """Units that nobody has yet, each found by its words; their ids in order. `first_entries` puts them into custody."""
    rows = [{"kind": kind, "branch_id": branch_id, "created_at": at, "search_text": text} for text in words]
    if not rows:
        raise RuleBroken(say("The file lists nothing that could be taken in."))
    return session.scalars(sa.insert(Unit).returning(Unit.id, sort_by_parameter_order=True), rows).all()


def first_entries(session: Session, ids: Sequence[int], kind: str, birth: Birth) -> None:
    """New units come into custody."""
    facts: dict[str, Any] = {"by": birth.by, "at": birth.at, "order_id": birth.order_id, "device_at": birth.device_at}
    facts |= {"spot": birth.spot}
    entries = [entry_row(i, 1, GENESIS, None, birth.holder.id, birth.reason, **facts) for i in ids]
    session.execute(sa.insert(CustodyEntry), entries)
    positions = [
        {
            "unit_id": e["unit_id"],
            "unit_kind": kind,
            "holder_id": birth.holder.id,
            "holder_kind": birth.holder.kind,
            "seq": 1,
            "hash": e["hash"],
            "since": birth.at,
        }
        for e in entries
    ]
    session.execute(sa.insert(CustodyPosition), positions)


def move_units(
    session: Session,
    unit_ids: Sequence[int],
    *,
    to: Holder,
    expected_from: int | None = None,
    reason: str,
    by: Actor,
    at: datetime,
    order_id: int | None = None,
    device_at: datetime | None = None,
    corrects_id: int | None = None,
    spot: Spot | None = None,
) -> Sequence[int]:
    """Move units to another holder, all or none; returns the ids of the entries, in the order of the units' ids.

    `expected_from` is the holder they were seen at: RuleBroken names the first one that is elsewhere by now. Raises NotFound for
    unknown units, Conflict (from the database) when a vehicle's slot is taken. `corrects_id` is the entry that this move mends.
    """
    positions = _locked_positions(session, unit_ids, expected_from)
    for place in positions:
        if place.holder_id == to.id:
            raise _elsewhere(place)
    facts: dict[str, Any] = {"by": by, "at": at, "order_id": order_id, "device_at": device_at, "corrects_id": corrects_id}
    facts |= {"spot": spot}
    entries = [entry_row(p.unit_id, p.seq + 1, p.hash, p.holder_id, to.id, reason, **facts) for p in positions]
    ids = session.scalars(sa.insert(CustodyEntry).returning(CustodyEntry.id, sort_by_parameter_order=True), entries).all()
    for place, entry in zip(positions, entries, strict=True):
        place.holder_id, place.holder_kind, place.since = to.id, to.kind, at
        place.seq, place.hash = entry["seq"], entry["hash"]
    session.flush()
    for place in positions:
        session.expire(place, ["holder"])
    for listener in _listeners:
        listener(session, unit_ids)
    return ids


MoveListener = Callable[[Session, Sequence[int]], object]

_listeners: list[MoveListener] = [follow, follow_sims]


def on_move(listener: MoveListener) -> MoveListener:
    """Register who wants to hear, in the same transaction, that units have another holder; the same one counts once."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def lock_units(session: Session, unit_ids: Sequence[int], *, holder_id: int | None = None) -> None:
    """Hold these units where they are until the transaction ends. Raises NotFound, or RuleBroken for one that another has."""
    _locked_positions(session, unit_ids, holder_id)


def _elsewhere(place: CustodyPosition) -> RuleBroken:
    return RuleBroken(say("%(unit)s is elsewhere: %(place)s.", unit=place.unit.number, place=describe(place.holder)))


def _locked_positions(session: Session, unit_ids: Sequence[int], holder_id: int | None) -> Sequence[CustodyPosition]:
    query = sa.select(CustodyPosition).where(CustodyPosition.unit_id.in_(unit_ids)).order_by(CustodyPosition.unit_id)
    fresh = query.execution_options(populate_existing=True)
    # First without a lock: what is elsewhere is theirs who hold that place, and to wait for them there could be a circle.
    _must_be_at(holder_id, session.scalars(fresh).all() if holder_id is not None else ())
    found = session.scalars(fresh.with_for_update()).all()
    if not unit_ids or len(found) != len(set(unit_ids)):
        raise NotFound(say("There is no such unit on record."))
    _must_be_at(holder_id, found)
    return found


def _must_be_at(holder_id: int | None, places: Sequence[CustodyPosition]) -> None:
    for place in places:
        if holder_id is not None and place.holder_id != holder_id:
            raise _elsewhere(place)


def describe(holder: Holder) -> Any:
    """Where that is, in words: a store's name, somebody's bag, a vehicle."""
    if holder.kind == "bag" and holder.person:
        return say("in %(name)s's bag", name=holder.person.name)
    if holder.kind == "slot" and holder.vehicle:
        vehicle = holder.vehicle.plate or holder.vehicle.vin
        if holder.role_word:
            return say("fitted in %(vehicle)s (%(role)s)", vehicle=vehicle, role=holder.role_word)
        return say("fitted in %(vehicle)s", vehicle=vehicle)
    if holder.kind == "contractor":
        return say("with the contractor %(name)s", name=holder.name)
    return PLACES[holder.kind] if holder.kind in UNNAMED else holder.name or PLACES[holder.kind]


UNNAMED = ("bench", "scrapped")
"""A branch has one of each, so its kind says enough."""
PLACES = {
    "store": say("in the store"),
    "customer": say("with the customer"),
    "supplier": say("with the supplier"),
    "scrapped": say("scrapped"),
    "lost": say("lost"),
    "bench": say("on the repair bench"),
    "transit": say("on the way between branches"),
    "contractor": say("with a contractor"),
}

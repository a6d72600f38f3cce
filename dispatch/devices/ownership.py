"""The one way in which a unit becomes somebody else's: an entry of the ledger and the unit's own columns, in one breath.

Locks are taken in one order: the holder that has the unit, its position, the unit's own row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.audit.rules import GENESIS, chain_hash
from dispatch.devices.loan_models import Loan
from dispatch.devices.models import CustodyPosition, OwnershipEntry, Unit
from dispatch.devices.operations import lock_units
from dispatch.devices.ownership_rules import LONGEST_NAME, OURS, Owner, Standing, why_not
from dispatch.devices.queries import unit
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST_REASON = 200


@dataclass(frozen=True)
class Why:
    """What made a unit somebody else's, and whose word it is. `born`: it came on record so, and was nobody's before."""

    reason: str
    by: Actor
    at: datetime
    note: str | None = None
    order_id: int | None = None
    fitting_id: int | None = None
    device_at: datetime | None = None
    born: bool = False


def change_owners(
    session: Session, owners: Mapping[int, Owner], why: Why, *, corrects: Mapping[int, int] | None = None
) -> Sequence[int]:
    """Make units somebody's: unit id -> whose; what is so already stays as it is. Returns the ids of the entries.

    `corrects` names the entry that each of them mends. Whoever calls holds the places where the units are.
    """
    session.flush()
    query = sa.select(Unit).where(Unit.id.in_(owners)).order_by(Unit.id).execution_options(populate_existing=True)
    units = session.scalars(query.with_for_update(of=Unit, key_share=True)).unique().all()
    changed = [each for each in units if each.owned != owners[each.id]]
    if not changed:
        return []
    entries = [_entry(each, owners[each.id], why, (corrects or {}).get(each.id)) for each in changed]
    ids = session.scalars(sa.insert(OwnershipEntry).returning(OwnershipEntry.id, sort_by_parameter_order=True), entries).all()
    for each, entry in zip(changed, entries, strict=True):
        to = owners[each.id]
        each.owner, each.owner_customer_id, each.owner_name = to.kind, to.customer_id, to.name
        each.owner_seq, each.owner_hash = entry["seq"], entry["hash"]
    session.flush()
    for each in changed:
        session.expire(each, ["owner_customer"])
    return ids


def _entry(of: Unit, to: Owner, why: Why, corrects_id: int | None) -> dict[str, Any]:
    before = None if why.born else of.owned
    told = {
        "unit_id": of.id,
        "from_owner": before.kind if before else None,
        "from_customer_id": before.customer_id if before else None,
        "from_name": before.name if before else None,
        "to_owner": to.kind,
        "to_customer_id": to.customer_id,
        "to_name": to.name,
        "note": why.note,
        "order_id": why.order_id,
        "fitting_id": why.fitting_id,
        "corrects_id": corrects_id,
    }
    prev, seq = of.owner_hash or GENESIS, of.owner_seq + 1
    digest = entry_hash(prev, seq, why.at, why.by.id, why.reason, told, why.device_at)
    who = {"by_id": why.by.id, "by_name": why.by.name, "at": why.at, "device_at": why.device_at}
    return told | who | {"seq": seq, "reason": why.reason, "prev_hash": prev, "hash": digest}


def entry_hash(
    prev: bytes, seq: int, at: datetime, by_id: int | None, reason: str, told: Mapping[str, Any], device_at: datetime | None
) -> bytes:
    """The hash that an entry with this content has behind another."""
    detail = {**told, "device_at": device_at.astimezone(UTC).isoformat(timespec="microseconds") if device_at else None}
    return chain_hash(prev, subject=("ownership", told["unit_id"]), seq=seq, at=at, by_id=by_id, action=reason, detail=detail)


@dataclass(frozen=True)
class Declared:
    """What somebody says of a unit and why; `seq` is that of the newest entry which he saw."""

    to: Owner
    reason: str
    seq: int


def declare(session: Session, unit_id: int, said: Declared, *, by: Actor, at: datetime) -> Unit:
    """Say whose a unit is, with a reason; the same said twice counts once. Returns the unit.

    Raises NotFound, Invalid for what is missing, Conflict for a stale page, RuleBroken where it cannot be.
    """
    by.must("stock.change")
    found = unit(session, unit_id, by)
    _check_said(said)
    place = session.get_one(CustodyPosition, unit_id)
    take_turn(session, [place.holder_id])
    lock_units(session, [unit_id], holder_id=place.holder_id)
    session.refresh(found, ["owner", "owner_customer_id", "owner_name", "owner_seq", "owner_hash"])
    if found.owner_seq != said.seq:
        return _said_before(session, found, said, by)
    make(session, found, said.to, reason=said.reason, by=by, at=at)
    return found


def make(session: Session, of: Unit, to: Owner, *, reason: str, by: Actor, at: datetime) -> None:
    """A person makes a unit, whose place is locked, somebody's.

    Raises Invalid without a reason, RuleBroken where it cannot be.
    """
    by.must("stock.change")
    words = " ".join(reason.split())[:LONGEST_REASON]
    if not words:
        raise Invalid({"reason": say("Please give a reason.")})
    if problem := why_not(_standing(session, of), to):
        raise RuleBroken(problem)
    detail = {"from": _told(of.owned), "to": _told(to), "reason": words}
    change_owners(session, {of.id: to}, Why("declared", by, at, note=words))
    record(session, ("unit", of.id), "owner.declare", by=by, at=at, detail=detail)


def kept_in_store(session: Session, of: Unit, whose: str, *, reason: str, by: Actor, at: datetime) -> None:
    """A unit goes into a store of ours: a customer's own one stays `his` there, or becomes `ours`, and nobody guesses which.

    Raises Invalid (`back`) where that is not said, and as `make` does.
    """
    if of.owner != "customer" or whose == "his":
        return
    if whose != "ours":
        assert of.owner_customer is not None
        asked = say("It belongs to %(customer)s: say whether it becomes ours.", customer=of.owner_customer.name)
        raise Invalid({"back": asked})
    make(session, of, OURS, reason=reason, by=by, at=at)


def _check_said(said: Declared) -> None:
    if said.to.kind == "third_party" and not said.to.name:
        raise Invalid({"name": say("Enter whose it is.")})
    if said.to.name and len(said.to.name) > LONGEST_NAME:
        raise Invalid({"name": say("At most %(n)s characters, please.", n=LONGEST_NAME)})


def _said_before(session: Session, of: Unit, said: Declared, by: Actor) -> Unit:
    """A form that comes twice has done its work. Raises Conflict where somebody else was faster."""
    newest = sa.select(OwnershipEntry).where(OwnershipEntry.unit_id == of.id, OwnershipEntry.seq == of.owner_seq)
    entry = session.scalars(newest).one_or_none()
    if entry is not None and (entry.by_id, entry.reason, entry.becomes, entry.seq) == (by.id, "declared", said.to, said.seq + 1):
        return of
    raise Conflict(say("Somebody else has changed whose it is meanwhile. Please look again."))


def _standing(session: Session, of: Unit) -> Standing:
    assert of.position is not None
    vehicle = of.position.holder.vehicle
    lent = session.scalar(sa.select(Loan.id).where(Loan.unit_id == of.id, Loan.state == "out"))
    return Standing(of.kind, of.owned, lent is not None, vehicle.customer_id if vehicle else None)


def _told(owner: Owner) -> dict[str, Any]:
    facts = {"owner": owner.kind, "customer": owner.customer_id, "name": owner.name}
    return {name: value for name, value in facts.items() if value is not None}

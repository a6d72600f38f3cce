"""Proving whose units are: the ledger's chains add up, and each unit is whose its last entry says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS
from dispatch.customers.models import Vehicle
from dispatch.devices.models import CustodyPosition, Holder, Loan, OwnershipEntry, Unit
from dispatch.devices.ownership import entry_hash
from dispatch.devices.ownership_rules import OURS
from dispatch.words import Text, say

AT_A_TIME = 2000
TOLD = (
    "unit_id",
    "from_owner",
    "from_customer_id",
    "from_name",
    "to_owner",
    "to_customer_id",
    "to_name",
    "note",
    "order_id",
    "fitting_id",
    "corrects_id",
)

Label = Callable[[Session, int], str]


def wrong_owners(session: Session, label: Label) -> Iterator[Text]:
    """One sentence for each entry that does not follow, each unit that is not whose its last entry says, and each that is where
    it cannot be: a customer's in another's vehicle, or lent."""
    yield from _broken_chains(session, label)
    yield from _wrong_positions(session, label)
    yield from _misplaced(session, label)


def _broken_chains(session: Session, label: Label) -> Iterator[Text]:
    query = sa.select(OwnershipEntry).order_by(OwnershipEntry.unit_id, OwnershipEntry.seq)
    unit_id, expected = None, (1, GENESIS)
    before = OURS
    for entry in session.scalars(query.execution_options(yield_per=AT_A_TIME)):
        if entry.unit_id != unit_id:
            unit_id, expected, before = entry.unit_id, (1, GENESIS), entry.before or OURS
        follows = (entry.seq, entry.prev_hash) == expected and (entry.before or OURS) == before
        if not follows or (entry.seq == 1 and before != OURS) or entry.hash != _hash_of(entry):
            said = label(session, entry.unit_id)
            yield say("%(unit)s: entry %(seq)s of whose it is does not follow the one before it", unit=said, seq=entry.seq)
        expected, before = (entry.seq + 1, entry.hash), entry.becomes


def _hash_of(entry: OwnershipEntry) -> bytes:
    told: dict[str, Any] = {name: getattr(entry, name) for name in TOLD}
    return entry_hash(entry.prev_hash, entry.seq, entry.at, entry.by_id, entry.reason, told, entry.device_at)


def _wrong_positions(session: Session, label: Label) -> Iterator[Text]:
    e = OwnershipEntry
    newest = sa.select(e.unit_id, sa.func.max(e.seq).label("seq")).group_by(e.unit_id).subquery()
    last = sa.select(e).join(newest, sa.and_(e.unit_id == newest.c.unit_id, e.seq == newest.c.seq)).subquery()
    should = {
        Unit.owner: sa.func.coalesce(last.c.to_owner, "ours"),
        Unit.owner_customer_id: last.c.to_customer_id,
        Unit.owner_name: last.c.to_name,
        Unit.owner_seq: sa.func.coalesce(last.c.seq, 0),
        Unit.owner_hash: last.c.hash,
    }
    differs = sa.or_(*(stands.is_distinct_from(right) for stands, right in should.items()))
    query = sa.select(Unit.id).outerjoin(last, last.c.unit_id == Unit.id).where(differs).order_by(Unit.id)
    for unit_id in session.scalars(query):
        yield say("%(unit)s is not whose the newest entry says", unit=label(session, unit_id))


def _misplaced(session: Session, label: Label) -> Iterator[Text]:
    held = sa.select(Unit.id).join(CustodyPosition, CustodyPosition.unit_id == Unit.id)
    fitted = held.join(Holder, Holder.id == CustodyPosition.holder_id).join(Holder.vehicle)
    for unit_id in session.scalars(fitted.where(Unit.owner_customer_id != Vehicle.customer_id)):
        yield say("%(unit)s belongs to one customer and is in a vehicle of another", unit=label(session, unit_id))
    lent = sa.select(Unit.id).join(Loan, Loan.unit_id == Unit.id).where(Loan.state == "out", Unit.owner == "customer")
    for unit_id in session.scalars(lent):
        yield say("%(unit)s belongs to a customer and is lent", unit=label(session, unit_id))

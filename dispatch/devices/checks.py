"""Proving custody: the ledger's chains add up, each unit is where its last entry says, and fittings agree with both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS, chain_hash
from dispatch.devices.bench_checks import wrong_returns
from dispatch.devices.hand_over_checks import wrong_papers
from dispatch.devices.loan_checks import wrong_loans
from dispatch.devices.models import (
    CustodyEntry,
    CustodyPosition,
    Fitting,
    Holder,
    Sim,
    Terminal,
    Tool,
    Unit,
)
from dispatch.devices.ownership_checks import wrong_owners
from dispatch.devices.part_checks import wrong_parts
from dispatch.devices.part_paper_checks import wrong_parts_on_papers
from dispatch.devices.store_checks import broken_papers
from dispatch.words import Text, say

AT_A_TIME = 2000

# Orders stand above devices, so their model cannot be imported here.
_ORDER = sa.table("work_order", sa.column("id"), sa.column("number"))


def broken_custody(session: Session) -> Iterator[Text]:
    """One sentence for each unit, part, slot or fitting with which something is wrong."""
    yield from _broken_chains(session)
    yield from _wrong_positions(session)
    yield from _crowded_slots(session)
    yield from _wrong_fittings(session)
    yield from wrong_papers(session, _label)
    yield from wrong_returns(session)
    yield from broken_papers(session)
    yield from wrong_parts(session)
    yield from wrong_parts_on_papers(session)
    yield from wrong_owners(session, _label)
    yield from wrong_loans(session, _label)


def _label(session: Session, unit_id: int) -> str:
    """`terminal 861…` or `sim 8986…`, as it stands on the label."""
    query = sa.select(Unit.kind, sa.func.coalesce(Terminal.serial, Sim.iccid, Tool.serial)).select_from(Unit)
    for table in (Terminal, Sim, Tool):
        query = query.outerjoin(table, table.unit_id == Unit.id)
    joined = query
    found = session.execute(joined.where(Unit.id == unit_id)).first()
    return f"{found[0]} {found[1] or unit_id}" if found else f"unit {unit_id}"


def _broken_chains(session: Session) -> Iterator[Text]:
    e = CustodyEntry
    columns = (
        e.unit_id,
        e.seq,
        e.from_holder_id,
        e.to_holder_id,
        e.reason,
        e.order_id,
        e.corrects_id,
        e.by_id,
        e.at,
        e.device_at,
        e.lat,
        e.lon,
        e.accuracy_m,
    )
    query = sa.select(*columns, e.prev_hash, e.hash).order_by(e.unit_id, e.seq)
    unit_id, expected = None, (1, GENESIS, None)
    for entry in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        if entry.unit_id != unit_id:
            unit_id, expected = entry.unit_id, (1, GENESIS, None)
        if (entry.seq, entry.prev_hash, entry.from_holder_id) != expected or entry.hash != _hash_of(entry):
            label = _label(session, entry.unit_id)
            yield say("%(unit)s: entry %(seq)s of its custody does not follow the one before it", unit=label, seq=entry.seq)
        expected = (entry.seq + 1, entry.hash, entry.to_holder_id)


def _hash_of(entry: Any) -> bytes:
    """The hash that an entry must have by its content, as operations.py writes it."""
    named = ("unit_id", "from_holder_id", "to_holder_id", "order_id", "corrects_id")
    place = {name: getattr(entry, name) for name in ("lat", "lon", "accuracy_m")} if entry.lat is not None else {}
    detail = {name: getattr(entry, name) for name in named} | {"device_at": _moment(entry.device_at)} | place
    subject = ("unit", entry.unit_id)
    facts = {"seq": entry.seq, "at": entry.at, "by_id": entry.by_id, "action": entry.reason, "detail": detail}
    return chain_hash(entry.prev_hash, subject=subject, **facts)


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _wrong_positions(session: Session) -> Iterator[Text]:
    """Units without a position, and positions that are not what the last entry says."""
    e, p = CustodyEntry, CustodyPosition
    newest = sa.select(e.unit_id, sa.func.max(e.seq).label("seq")).group_by(e.unit_id).subquery()
    last = sa.select(e).join(newest, sa.and_(e.unit_id == newest.c.unit_id, e.seq == newest.c.seq)).subquery()
    placed = sa.outerjoin(sa.outerjoin(Unit, p, p.unit_id == Unit.id), Holder, Holder.id == p.holder_id)
    joined = sa.outerjoin(placed, last, last.c.unit_id == Unit.id)
    differs = sa.or_(
        p.holder_id.is_distinct_from(last.c.to_holder_id),
        p.seq.is_distinct_from(last.c.seq),
        p.hash.is_distinct_from(last.c.hash),
        p.unit_kind.is_distinct_from(Unit.kind),
        p.holder_kind.is_distinct_from(Holder.kind),
    )
    query = sa.select(Unit.id, p.holder_id, last.c.to_holder_id, last.c.seq).select_from(joined)
    for unit_id, stands, should, seq in session.execute(query.where(differs).order_by(Unit.id)):
        yield _told(_label(session, unit_id), stands, should, seq)


def _told(unit: str, stands: int | None, should: int | None, seq: int | None) -> Text:
    if should is None:
        return say("%(unit)s: there is no entry of its custody", unit=unit)
    if stands is None:
        return say(
            "%(unit)s: nobody has it, and by its entry %(seq)s it is at holder %(should)s", unit=unit, seq=seq, should=should
        )
    return say(
        "%(unit)s: it stands at holder %(stands)s, and by its entry %(seq)s it is at holder %(should)s",
        unit=unit,
        stands=stands,
        seq=seq,
        should=should,
    )


def _crowded_slots(session: Session) -> Iterator[Text]:
    p = CustodyPosition
    query = sa.select(p.holder_id, p.unit_kind, sa.func.count()).join(Holder, Holder.id == p.holder_id)
    crowded = query.where(Holder.kind == "slot").group_by(p.holder_id, p.unit_kind).having(sa.func.count() > 1)
    for holder_id, kind, number in session.execute(crowded.order_by(p.holder_id)):
        yield say("Slot %(slot)s of a vehicle holds %(n)s units of the kind %(kind)s", slot=holder_id, n=number, kind=kind)


def _wrong_fittings(session: Session) -> Iterator[Text]:
    """Fittings whose entries do not move their units out of and into their slot."""
    f, slot = Fitting, sa.orm.aliased(Holder)
    out, into = sa.orm.aliased(CustodyEntry), sa.orm.aliased(CustodyEntry)
    disagrees = sa.or_(
        slot.vehicle_id.is_distinct_from(f.vehicle_id),
        f.old_unit_id.is_distinct_from(out.unit_id),
        f.new_unit_id.is_distinct_from(into.unit_id),
        out.from_holder_id != f.slot_id,
        into.to_holder_id != f.slot_id,
        out.order_id.is_distinct_from(sa.case((out.id.is_not(None), f.order_id))),
        into.order_id.is_distinct_from(sa.case((into.id.is_not(None), f.order_id))),
    )
    query = (
        sa.select(f.id, _ORDER.c.number)
        .outerjoin(_ORDER, _ORDER.c.id == f.order_id)
        .outerjoin(slot, slot.id == f.slot_id)
        .outerjoin(out, out.id == f.out_entry_id)
        .outerjoin(into, into.id == f.in_entry_id)
    )
    for fitting_id, number in session.execute(query.where(disagrees).order_by(f.id)):
        yield say(
            "Fitting %(id)s of order %(order)s does not agree with the entries of its units", id=fitting_id, order=number or "?"
        )

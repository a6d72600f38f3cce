"""The stations of a life as SQL: every table that knows something of a unit or a vehicle, in the same columns.

Those of work, and of the trail, are in `work_stations`. A life reads parts of many features; each function is one of them, and
gives one row for each thing that happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from dispatch.audit.models import AuditEntry
from dispatch.customers.models import Customer
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import (
    Calibration,
    CustodyEntry,
    Fitting,
    HandOver,
    HandOverUnit,
    Holder,
    Loan,
    OwnershipEntry,
    TakenBack,
    TerminalRestart,
)
from dispatch.intake.models import RemoteHelp, Silence
from dispatch.lives.scopes import Scope, Stations, station, told
from dispatch.orders.contact_models import OwnedContact

# --- what only a unit has


def moves(unit: Any) -> Stations:
    """Every entry of the ledger, with what took its place in a vehicle, and what took the move back."""
    entry, mend = CustodyEntry, aliased(CustodyEntry)
    came, went = aliased(Fitting), aliased(Fitting)
    mine, back = aliased(TakenBack), aliased(TakenBack)
    listed, paper = HandOverUnit, HandOver
    undone = aliased(Fitting)
    why_again = sa.select(AuditEntry.detail["reason"].astext).where(
        AuditEntry.subject_kind == "unit",
        AuditEntry.subject_id == unit,
        AuditEntry.action == "custody.given_again",
        AuditEntry.detail["entry"].astext == sa.cast(entry.id, sa.Text),
    )
    chapter = sa.case((sa.or_(came.id.is_not(None), went.id.is_not(None), entry.reason == "found"), "vehicle"), else_="move")
    query = station(
        chapter,
        entry.reason,
        at=sa.func.coalesce(entry.device_at, entry.at),
        recorded_at=sa.case((entry.device_at.is_not(None), entry.at)),
        id=entry.id,
        who=entry.by_name,
        order_id=entry.order_id,
        why=sa.func.coalesce(came.reason, went.reason, mine.reason, why_again.limit(1).scalar_subquery()),
        from_id=entry.from_holder_id,
        to_id=entry.to_holder_id,
        lat=entry.lat,
        lon=entry.lon,
        other_id=sa.func.coalesce(came.old_unit_id, went.new_unit_id),
        detail=told(
            undone_by=mend.by_name,
            undone_why=sa.func.coalesce(back.reason, undone.reason),
            swapped=sa.func.coalesce(came.why, went.why),
            words=sa.func.coalesce(came.why_words, went.why_words),
            paper=paper.id,
            offered_by=paper.offered_by_name,
            settled_by=paper.settled_by_name,
            overruled=sa.case((paper.settled_how == "override", paper.reason)),
        ),
    )
    query = query.outerjoin(listed, sa.and_(listed.unit_id == unit, listed.entry_id == entry.id))
    query = query.outerjoin(paper, paper.id == listed.hand_over_id)
    query = query.outerjoin(came, sa.and_(came.new_unit_id == unit, came.in_entry_id == entry.id))
    query = query.outerjoin(went, sa.and_(went.old_unit_id == unit, went.out_entry_id == entry.id))
    query = query.outerjoin(mine, mine.entry_id == entry.id)
    query = query.outerjoin(mend, sa.and_(mend.unit_id == unit, mend.corrects_id == entry.id))
    query = query.outerjoin(back, back.entry_id == mend.id)
    query = query.outerjoin(undone, undone.undoes_id == sa.func.coalesce(came.id, went.id))
    return query.where(entry.unit_id == unit)


def offers(unit: Any) -> Iterator[Stations]:
    """What waits for a yes, and what was declined or taken back; what was accepted is a move, which names both."""
    made = HandOver
    ends = {"from_id": made.from_holder_id, "to_id": made.to_holder_id, "id": made.id}
    offered = station("move", "offer", at=made.offered_at, who=made.offered_by_name, why=made.note, **ends)
    ended = station("move", "offer." + made.status, at=made.settled_at, who=made.settled_by_name, why=made.reason, **ends)
    for query in (offered.where(made.status != "accepted"), ended.where(made.status.in_(("declined", "withdrawn")))):
        yield query.join(HandOverUnit, HandOverUnit.hand_over_id == made.id).where(HandOverUnit.unit_id == unit)


def calibrations(unit: Any) -> Stations:
    """A tool's."""
    row = Calibration
    detail = told(done_on=row.done_on, until=row.valid_until, certificate=row.certificate)
    return station("tool", "calibration", at=row.at, id=row.id, who=row.by_name, detail=detail).where(row.unit_id == unit)


# --- what only a vehicle has


def changes(vehicle: Any) -> Stations:
    """What was fitted, swapped, removed, moved and undone in it."""
    row, out, into, undone, other = Fitting, aliased(CustodyEntry), aliased(CustodyEntry), aliased(Fitting), aliased(Fitting)
    query = station(
        "vehicle",
        row.kind,
        at=row.at,
        recorded_at=row.recorded_at,
        id=row.id,
        who=row.by_name,
        order_id=row.order_id,
        why=row.reason,
        from_id=into.from_holder_id,
        to_id=out.to_holder_id,
        lat=sa.func.coalesce(into.lat, out.lat),
        lon=sa.func.coalesce(into.lon, out.lon),
        unit_id=row.new_unit_id,
        other_id=row.old_unit_id,
        detail=told(
            kind=row.unit_kind,
            undone_by=undone.by_name,
            undone_why=undone.reason,
            slot=other.slot_id,
            swapped=row.why,
            words=row.why_words,
        ),
    )
    query = query.outerjoin(out, out.id == row.out_entry_id).outerjoin(into, into.id == row.in_entry_id)
    query = query.outerjoin(undone, undone.undoes_id == row.id)
    halves = sa.or_(other.id == row.moved_from_id, other.moved_from_id == row.id)
    return query.outerjoin(other, halves).where(row.vehicle_id == vehicle)


def loose_moves(vehicle: Any) -> Stations:
    """What went in and out without a fitting: what was found in it, and what was brought in with a list."""
    entry = CustodyEntry
    slots = sa.select(Holder.id).where(Holder.vehicle_id == vehicle)
    came, went = (sa.select(entry.id).where(end.in_(slots)) for end in (entry.to_holder_id, entry.from_holder_id))
    goes_in = entry.to_holder_id.in_(slots)
    both = came.union(went)  # no OR: each half is found by its own index
    known = [
        sa.exists().where(Fitting.vehicle_id == vehicle, half == entry.id) for half in (Fitting.in_entry_id, Fitting.out_entry_id)
    ]
    return station(
        "vehicle",
        entry.reason,
        at=sa.func.coalesce(entry.device_at, entry.at),
        recorded_at=sa.case((entry.device_at.is_not(None), entry.at)),
        id=entry.id,
        who=entry.by_name,
        order_id=entry.order_id,
        from_id=sa.case((goes_in, entry.from_holder_id)),
        to_id=sa.case((~goes_in, entry.to_holder_id)),
        unit_id=sa.case((goes_in, entry.unit_id)),
        other_id=sa.case((~goes_in, entry.unit_id)),
        detail=told(loose=True),
    ).where(entry.id.in_(both), ~known[0], ~known[1])


def remote_helps(vehicle: Any) -> Stations:
    """Help from afar, whether it ended the matter or an order was made of it."""
    row = RemoteHelp
    detail = told(agreed=row.consent_by, how=row.consent_how)
    known = {"at": row.at, "id": row.id, "who": row.by_name, "order_id": OwnedContact.order_id, "why": row.done, "detail": detail}
    query = station("order", "help." + row.result, **known).join(OwnedContact, OwnedContact.id == row.contact_id)
    return query.where(row.vehicle_id == vehicle)


# --- what both have


def heard(scope: Scope) -> Iterator[Stations]:
    """Silences, how they ended, who set them aside; restarts from afar."""
    row = Silence
    facts = {"id": row.id, "unit_id": row.unit_id}
    missed = told(last=row.last_heard_at, carrier=row.carrier)
    yield station("heard", "silent", at=row.found_at, lat=row.lat, lon=row.lon, detail=missed, **facts).where(scope.silences)
    ended = station("heard", "silent." + row.ended_by, at=row.ended_at, **facts)
    yield ended.where(scope.silences, row.ended_at.is_not(None))
    said = AuditEntry
    aside = station("heard", said.action, at=said.at, who=said.by_name, why=said.detail["reason"].astext, **facts)
    while_silent = sa.and_(said.at >= row.found_at, sa.or_(row.ended_at.is_(None), said.at <= row.ended_at))
    of_it = sa.and_(said.subject_kind == "unit", said.subject_id == row.unit_id, while_silent)
    yield aside.join(row, of_it).where(scope.silences, said.action.in_(("silence.dismiss", "silence.skip_restart")))
    again = TerminalRestart
    detail = told(way=again.way, ended_at=again.ended_at)
    outcome = sa.func.coalesce(again.outcome, "under way")
    asked = station(
        "heard", "restart." + outcome, at=again.at, id=again.id, who=again.by_name, unit_id=again.unit_id, detail=detail
    )
    yield asked.where(again.unit_id.in_(scope.units), scope.inside(again.unit_id, again.at))


def of_carrier(scope: Scope) -> Stations:
    """What became of a SIM at its carrier."""
    row = AuditEntry
    query = station("carrier", row.action, at=row.at, id=row.id, who=row.by_name, unit_id=row.subject_id, detail=row.detail)
    return query.where(row.subject_kind == "sim", row.subject_id.in_(scope.units), scope.inside(row.subject_id, row.at))


def of_owners(scope: Scope, where: sa.ColumnElement[bool]) -> Iterator[Stations]:
    """Whose a unit became, and what was only lent."""
    row, before, after = OwnershipEntry, aliased(Customer), aliased(Customer)
    query = station(
        "owner",
        "owner." + row.reason,
        at=sa.func.coalesce(row.device_at, row.at),
        recorded_at=sa.case((row.device_at.is_not(None), row.at)),
        id=row.id,
        who=row.by_name,
        order_id=row.order_id,
        why=row.note,
        unit_id=row.unit_id,
        detail=told(
            was=row.from_owner,
            was_name=sa.func.coalesce(before.name, row.from_name),
            becomes=row.to_owner,
            becomes_name=sa.func.coalesce(after.name, row.to_name),
        ),
    )
    query = query.outerjoin(before, before.id == row.from_customer_id).outerjoin(after, after.id == row.to_customer_id)
    yield query.where(where)
    loan = Loan
    facts = {"id": loan.id, "order_id": loan.order_id, "unit_id": loan.unit_id, "other_id": loan.own_unit_id}
    lent = loan.fitting_id.in_(scope.fittings)
    yield station("owner", "lent", at=loan.at, who=loan.by_name, detail=told(due=loan.due_on), **facts).where(lent)
    over = station("owner", "lent." + loan.state, at=loan.ended_at, who=loan.ended_by_name, why=loan.sold_reason, **facts)
    yield over.where(lent, loan.ended_at.is_not(None))


def of_bench(scope: Scope) -> Stations:
    """What the bench did with a unit that came out of a vehicle."""
    row, case = AuditEntry, UnitReturn
    query = station("repair", row.action, at=row.at, id=case.id, who=row.by_name, order_id=case.order_id, detail=row.detail)
    own = query.join(case, case.id == row.subject_id).where(row.subject_kind == "return", row.subject_id.in_(scope.returns))
    return own.where(row.action != "return.receive")  # the ledger says so

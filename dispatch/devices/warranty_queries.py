"""Reading what warranties are decided by, for many terminals in one statement, and the terms themselves."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.devices.loan_models import LENT, Loan
from dispatch.devices.models import CustodyEntry, Fitting, Holder, Terminal, TerminalModel, UnitReturn
from dispatch.devices.rules import UNKNOWN_MODEL_MONTHS
from dispatch.devices.warranty_models import WarrantyTerm
from dispatch.devices.warranty_rules import REPAIR_MONTHS, Fit, Known, Life, Question, Term, Warranty, decide_warranty

K = TypeVar("K", bound=Hashable)

_repair_months = REPAIR_MONTHS
_correction = aliased(CustodyEntry)


def configure(repair_months: int) -> None:
    """How many months a repaired terminal is in warranty from its repair (REPAIR_WARRANTY_MONTHS)."""
    global _repair_months
    _repair_months = repair_months


def warranties(session: Session, asked: Mapping[K, Question], zone: str) -> dict[K, Warranty]:
    """The warranty of each that is asked for, with days cut in this zone. Nothing asked costs nothing."""
    if not asked:
        return {}
    units = {one.unit_id for one in asked.values() if one.unit_id is not None}
    customers = {one.customer_id for one in asked.values() if one.customer_id is not None}
    known = _known(session, units, customers, zone)
    return {key: decide_warranty(one, known) for key, one in asked.items()}


def _known(session: Session, unit_ids: Collection[int], customer_ids: Collection[int], zone: str) -> Known:
    """What is known of these terminals and all that they have replaced, one after the other, with the terms beside it."""
    book = _book(customer_ids)
    rows = session.execute(_moves(_replaced(unit_ids)).add_columns(book.label("book"))).all() if unit_ids else ()
    terms, usual = _read(rows[0].book if rows else session.scalar(sa.select(book)))
    by_unit: dict[int, list[Any]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_id, []).append(row)
    lives = {unit_id: _life(moves, zone) for unit_id, moves in by_unit.items()}
    return Known(lives, terms, usual, _repair_months)


def repair_months() -> int:
    """How many months what was repaired, or put in by a repair, is in warranty."""
    return _repair_months


def put_in_by_repairs(session: Session, unit_ids: Collection[int], *, but: int, zone: str) -> dict[int, date]:
    """Of these units those that another repair than the order `but` has put into a vehicle for good: unit id -> the last day."""
    rows = session.execute(put_in(unit_ids).where(Fitting.order_id != but)).all() if unit_ids else ()
    last: dict[int, datetime] = {}
    for unit_id, _, at in rows:
        last[unit_id or 0] = max(at, last.get(unit_id or 0, at))
    return {unit_id: local_day(at, zone) for unit_id, at in last.items()}


def put_in(units: Collection[int] | sa.Select[int]) -> sa.Select[int | None, int, datetime]:
    """SQL: which repairs have put these units into a vehicle for good, and when: unit_id, order_id, at."""
    order, undone = sa.table("work_order", sa.column("id"), sa.column("kind")), aliased(Fitting)
    lent = sa.exists().where(Loan.fitting_id == Fitting.id, Loan.state.in_(LENT))
    standing = (Fitting.kind.in_(("swap", "install")), ~sa.exists().where(undone.undoes_id == Fitting.id), ~lent)
    told = (Fitting.new_unit_id.label("unit_id"), Fitting.order_id, sa.func.max(Fitting.at).label("at"))
    query = sa.select(*told).join(order, order.c.id == Fitting.order_id)
    repairs = query.where(order.c.kind == "repair", Fitting.new_unit_id.in_(units), *standing)
    return repairs.group_by(Fitting.new_unit_id, Fitting.order_id)


# --- terminals


def _replaced(unit_ids: Collection[int]) -> sa.Select[int]:
    """SQL: the units, and whatever they were given in exchange for."""
    start = sa.select(sa.func.unnest(sa.cast(sorted(unit_ids), sa.ARRAY(sa.BigInteger))).label("unit_id"))
    chain = start.cte("chain", recursive=True)
    earlier = sa.select(Fitting.old_unit_id).join(chain, Fitting.new_unit_id == chain.c.unit_id).where(Fitting.kind == "swap")
    chain = chain.union(earlier)
    return sa.select(chain.c.unit_id)


def _moves(chain: sa.Select[int]) -> sa.Select[*tuple[Any, ...]]:
    """SQL: every terminal of the chain with each move to a customer or into a vehicle that stands, the oldest first."""
    taken_back = sa.exists().where(_correction.unit_id == CustodyEntry.unit_id, _correction.corrects_id == CustodyEntry.id)
    mended = sa.select(sa.func.array_agg(UnitReturn.ended_at)).where(UnitReturn.status == "repaired")
    repaired = mended.where(UnitReturn.unit_id == Terminal.unit_id).scalar_subquery()
    to = sa.and_(Holder.id == CustodyEntry.to_holder_id, Holder.kind.in_(("slot", "customer")))
    stands = sa.and_(CustodyEntry.unit_id == Terminal.unit_id, CustodyEntry.corrects_id.is_(None), ~taken_back)
    move = sa.join(CustodyEntry, Holder, to).outerjoin(Vehicle, Vehicle.id == Holder.vehicle_id)
    move = move.outerjoin(Fitting, sa.and_(Fitting.in_entry_id == CustodyEntry.id, Fitting.kind.in_(("swap", "install"))))
    move = move.outerjoin(Loan, sa.and_(Loan.fitting_id == Fitting.id, Loan.state.in_(LENT)))
    return (
        sa.select(
            Terminal.unit_id,
            Terminal.serial,
            Terminal.model,
            Terminal.warranty_months,
            repaired.label("repaired"),
            CustodyEntry.id.label("entry_id"),
            CustodyEntry.from_holder_id,
            sa.func.coalesce(CustodyEntry.device_at, CustodyEntry.at).label("at"),
            Vehicle.customer_id,
            Fitting.old_unit_id,
            Loan.id.label("loan_id"),
        )
        .select_from(Terminal)
        .outerjoin(move, stands)
        .where(Terminal.unit_id.in_(chain))
        .order_by(Terminal.unit_id, CustodyEntry.id)
    )


def _life(moves: Sequence[Any], zone: str) -> Life:
    first = moves[0]
    delivered = (local_day(move.at, zone) for move in moves if move.entry_id and move.customer_id is None)
    fits = tuple(
        Fit(
            move.entry_id,
            local_day(move.at, zone),
            move.customer_id,
            move.old_unit_id,
            move.from_holder_id is None,
            bool(move.loan_id),
        )
        for move in moves
        if move.customer_id is not None
    )
    repaired = tuple(local_day(moment, zone) for moment in first.repaired or ())
    return Life(first.serial, first.model, first.warranty_months, next(delivered, None), fits, repaired)


# --- terms


def _book(customer_ids: Collection[int]) -> sa.ScalarSelect[Any]:
    """SQL: the company's terms with those of these customers' contracts, and the usual months of each model, as one JSON list."""
    row, model = WarrantyTerm, TerminalModel
    theirs = sa.or_(row.customer_id.is_(None), row.customer_id.in_(customer_ids))
    columns = (row.months, row.starts_with, row.customer_id, row.contract_number, row.model, row.valid_from, row.valid_to)
    usual = sa.select(model.warranty_months, sa.null(), sa.null(), sa.null(), model.name, sa.null(), sa.null())
    both = sa.select(*columns).where(theirs, row.withdrawn_at.is_(None)).union_all(usual).subquery()
    return sa.select(sa.func.json_agg(sa.func.json_build_array(*both.c))).scalar_subquery()


def _read(book: Sequence[Sequence[Any]] | None) -> tuple[list[Term], dict[str, int]]:
    """That list as terms, and the usual months by model."""
    rows = [(*found[:5], *(date.fromisoformat(day) if day else None for day in found[5:])) for found in book or ()]
    return [Term(*found) for found in rows if found[1]], {found[4]: found[0] for found in rows if not found[1]}


def general_months(session: Session, day: date) -> int:
    """The company's general term on a day, in months."""
    terms, _ = _read(session.scalar(sa.select(_book(()))))
    valid = (term for term in terms if term.model is None and term.in_force(day))
    newest = max(valid, key=lambda term: term.valid_from, default=None)
    return newest.months if newest else UNKNOWN_MODEL_MONTHS


def warranty_terms(session: Session, customer_id: int | None) -> Sequence[WarrantyTerm]:
    """The company's own terms, or those of one customer's contracts; the newest first, the withdrawn last."""
    query = sa.select(WarrantyTerm).where(WarrantyTerm.customer_id.is_not_distinct_from(customer_id))
    order = (WarrantyTerm.withdrawn_at.is_not(None), WarrantyTerm.valid_from.desc(), WarrantyTerm.id.desc())
    return session.scalars(query.order_by(*order)).all()

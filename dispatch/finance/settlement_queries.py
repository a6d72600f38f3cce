"""Reading contractors' settlements: one with what became of it, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.approvals.models import Request
from dispatch.errors import NotFound
from dispatch.fees.models import Voucher
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet
from dispatch.finance.settlement_rules import state_of
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.rules import Actor

Where = sa.ColumnElement[bool]
_back = sa.orm.aliased(ContractorPayment)
_taken_back = sa.exists().where(_back.reverses_id == ContractorPayment.id)
PAID = sa.exists().where(ContractorPayment.sheet_id == ContractorSheet.id, ContractorPayment.reverses_id.is_(None), ~_taken_back)
_STATE = sa.case((sa.and_(Request.state == "approved", PAID), "paid"), else_=Request.state)


def standing_payment(session: Session, sheet_id: int) -> ContractorPayment | None:
    """How a sheet is paid, if it is."""
    mine = (ContractorPayment.sheet_id == sheet_id, ContractorPayment.reverses_id.is_(None), ~_taken_back)
    return session.scalar(sa.select(ContractorPayment).where(*mine))


def sheet_seen(session: Session, request_id: int, by: Actor) -> ContractorSheet:
    """The sheet of a request, if the reader may see it; with its lines and how its approval stands. Raises NotFound."""
    query = sa.select(ContractorSheet).where(ContractorSheet.request_id == request_id)
    people = selectinload(ContractorSheet.lines), joinedload(ContractorSheet.back), joinedload(ContractorSheet.request)
    found = session.scalars(query.options(*people)).unique().one_or_none()
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


@dataclass(frozen=True)
class PaidBy:
    """A payment with its voucher's number, and the row that took it back, if any."""

    row: ContractorPayment
    voucher: str
    back: ContractorPayment | None


def payments_of(session: Session, sheet_id: int) -> Sequence[PaidBy]:
    """How a sheet was paid, in the order in which it happened."""
    row = ContractorPayment
    rows = sa.select(row, Voucher.number).join(Voucher, Voucher.contractor_payment_id == row.id).where(row.sheet_id == sheet_id)
    found = session.execute(rows.order_by(row.id)).all()
    backs = {row.reverses_id: row for row, _ in found}
    return [PaidBy(row, number, backs.get(row.id)) for row, number in found if row.reverses_id is None]


@dataclass(frozen=True)
class Listed:
    """A sheet in a list, and how it stands."""

    sheet: ContractorSheet
    state: str


SHEET_SORTS: dict[str, tuple[Any, ...]] = {
    "number": (ContractorSheet.id,),
    "month": (ContractorSheet.month, ContractorSheet.id),
    "name": (ContractorSheet.contractor_name, ContractorSheet.id),
    "amount": (ContractorSheet.amount, ContractorSheet.id),
}


def sheets(
    session: Session, branch_id: int | None, *, contractor_id: int | None = None, state: str | None = None, cut: Cut = FIRST
) -> tuple[Part[Listed], dict[str, tuple[int, Decimal]]]:
    """A page of the sheets of a branch or of all, or of one contractor; how many are in each state, and their sum."""
    where: list[Where] = [] if branch_id is None else [ContractorSheet.branch_id == branch_id]
    where += [ContractorSheet.contractor_id == contractor_id] if contractor_id else []
    of = sa.select(_STATE, sa.func.count(), sa.func.sum(ContractorSheet.amount)).select_from(ContractorSheet)
    rows = session.execute(of.join(Request, Request.id == ContractorSheet.request_id).where(*where).group_by(_STATE))
    counts = {code: (count, total) for code, count, total in rows}
    query = sa.select(ContractorSheet, _STATE).join(Request, Request.id == ContractorSheet.request_id).where(*where)
    query = query.where(sa.literal(state) == _STATE) if state else query
    total = counts.get(state, (0,))[0] if state else sum(count for count, _ in counts.values())
    found = [Listed(sheet, now) for sheet, now in session.execute(cut.of(query, SHEET_SORTS))]
    return Part(found, cut.number, total), counts


def state_now(sheet: ContractorSheet, payments: Sequence[PaidBy]) -> str:
    """How a sheet that was read stands."""
    return state_of(sheet.request.state, paid=any(each.back is None for each in payments))

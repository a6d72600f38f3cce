"""Proving contractors' settlements: each is the sum of its lines, owed from its approval to its payment, and once."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.fees.models import Account, Voucher
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet, ContractorSheetBack, ContractorSheetLine
from dispatch.finance.settlement_queries import PAID
from dispatch.outside.models import OutsideOffer
from dispatch.words import Text, say


def broken_settlements(session: Session) -> Iterator[Text]:
    """One sentence for each settlement with which something is wrong."""
    for number in session.scalars(_other_sums()):
        yield say("Settlement %(number)s is not the sum of its lines", number=number)
    for number in session.scalars(_other_states()):
        yield say("Settlement %(number)s does not stand as its approval says", number=number)
    for number in session.scalars(_unposted()):
        yield say("Settlement %(number)s is approved, paid or taken back and was not booked so", number=number)
    for number in session.scalars(_other_payments()):
        yield say("Settlement %(number)s: its orders do not follow whether it is paid", number=number)
    for name in session.scalars(_other_debts()):
        yield say("What is owed to the contractor %(name)s is not what his settlements say", name=name)


_sheet, _line = ContractorSheet, ContractorSheetLine


def _other_sums() -> sa.Select[str]:
    sums = sa.select(_sheet.number).outerjoin(_line, _line.sheet_id == _sheet.id).group_by(_sheet.id)
    return sums.having(sa.func.coalesce(sa.func.sum(_line.amount), 0) != _sheet.amount).order_by(_sheet.number)


def _other_states() -> sa.Select[str]:
    """Sheets that stand though they were refused or taken back, or the other way round, or whose lines do not follow."""
    stands = Request.state.in_(("open", "approved"))
    loose = sa.exists().where(_line.sheet_id == _sheet.id, _line.live != _sheet.live)
    other = sa.or_(_sheet.live != stands, Request.amount != _sheet.amount, loose)
    return sa.select(_sheet.number).join(Request, Request.id == _sheet.request_id).where(other).order_by(_sheet.number)


def _unposted() -> sa.Select[str]:
    work = sa.exists().where(Voucher.contractor_sheet_id == _sheet.id)
    back = sa.exists().where(ContractorSheetBack.sheet_id == _sheet.id)
    missing = sa.exists().where(
        ContractorPayment.sheet_id == _sheet.id, ~sa.exists().where(Voucher.contractor_payment_id == ContractorPayment.id)
    )
    other = sa.or_(sa.or_(Request.state == "approved", back) != work, missing)
    return sa.select(_sheet.number).join(Request, Request.id == _sheet.request_id).where(other).order_by(_sheet.number)


def _other_payments() -> sa.Select[str]:
    rows = sa.select(_sheet.number).join(_line, _line.sheet_id == _sheet.id).join(OutsideOffer, OutsideOffer.id == _line.offer_id)
    return rows.where(_sheet.live, OutsideOffer.settled_at.is_not(None) != PAID).distinct().order_by(_sheet.number)


def _other_debts() -> sa.Select[str]:
    """Contractors whose account has not what of their approved settlements is not paid."""
    owed = (
        sa.select(_sheet.contractor_id, sa.func.sum(_sheet.amount).label("sum"))
        .join(Request, Request.id == _sheet.request_id)
        .where(Request.state == "approved", ~PAID)
        .group_by(_sheet.contractor_id)
        .subquery()
    )
    account = sa.select(Account.contractor_id, Account.balance).where(Account.kind == "contractor").subquery()
    names = sa.select(sa.func.max(_sheet.contractor_name)).join(owed, owed.c.contractor_id == _sheet.contractor_id, isouter=True)
    names = names.outerjoin(account, account.c.contractor_id == _sheet.contractor_id)
    both = sa.func.coalesce(sa.func.max(owed.c.sum), 0) + sa.func.coalesce(sa.func.max(account.c.balance), 0)
    return names.group_by(_sheet.contractor_id).having(both != 0)

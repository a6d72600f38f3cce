"""What a month came to: the journal for accounting, each technician's sums, what customers have on account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.clock import day_bounds
from dispatch.customers.models import Customer
from dispatch.fees.models import (
    Account,
    AccountPayment,
    BankDeposit,
    Charge,
    DifferenceSettlement,
    HandIn,
    HandInBack,
    Posting,
    Receipt,
    Voucher,
)
from dispatch.finance.match_models import LineMatch
from dispatch.finance.month_rules import Month
from dispatch.finance.owed_queries import OWED
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet, ContractorSheetBack
from dispatch.orders.models import Order
from dispatch.staff.models import Branch, Person

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class JournalLine:
    """One posting as accounting wants it."""

    voucher: str
    day: date
    kind: str
    account: str
    channel: str | None
    amount: Decimal
    paper: str
    person: str
    customer: str
    order: str


def journal(session: Session, branch_id: int, month: Month) -> Iterator[JournalLine]:
    """Every posting of a branch's month, by voucher."""
    holder, order_customer = aliased(Person), aliased(Customer)
    handed = sa.func.coalesce(Voucher.hand_in_id, HandInBack.hand_in_id, DifferenceSettlement.hand_in_id)
    paper = sa.func.coalesce(Charge.code, Receipt.number, HandIn.number, BankDeposit.number, ContractorSheet.number, "")
    sheet = sa.func.coalesce(Voucher.contractor_sheet_id, ContractorSheetBack.sheet_id, ContractorPayment.sheet_id)
    rows = (
        sa.select(Voucher.number, Voucher.booked_on, Voucher.kind, Account.kind, Account.channel, Posting.amount, paper)
        .add_columns(
            sa.func.coalesce(holder.name, HandIn.person_name, ContractorSheet.contractor_name, Voucher.by_name),
            sa.func.coalesce(Customer.name, order_customer.name, ""),
            sa.func.coalesce(Order.number, ""),
        )
        .join(Posting, Posting.voucher_id == Voucher.id)
        .join(Account, Account.id == Posting.account_id)
        .outerjoin(holder, holder.id == Account.person_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(Charge, Charge.id == Voucher.charge_id)
        .outerjoin(AccountPayment, AccountPayment.id == Voucher.account_payment_id)
        .outerjoin(Receipt, Receipt.id == sa.func.coalesce(Voucher.receipt_id, AccountPayment.receipt_id))
        .outerjoin(HandInBack, HandInBack.id == Voucher.hand_in_back_id)
        .outerjoin(DifferenceSettlement, DifferenceSettlement.id == Voucher.difference_settlement_id)
        .outerjoin(HandIn, HandIn.id == handed)
        .outerjoin(BankDeposit, BankDeposit.id == Voucher.bank_deposit_id)
        .outerjoin(ContractorPayment, ContractorPayment.id == Voucher.contractor_payment_id)
        .outerjoin(ContractorSheetBack, ContractorSheetBack.id == Voucher.contractor_sheet_back_id)
        .outerjoin(ContractorSheet, ContractorSheet.id == sheet)
        .outerjoin(Order, Order.id == Voucher.order_id)
        .outerjoin(order_customer, order_customer.id == Order.customer_id)
        .where(Voucher.branch_id == branch_id, Voucher.booked_on.between(month.first, month.last))
        .order_by(Voucher.booked_on, Voucher.year, Voucher.running, Posting.line)
    )
    for row in session.execute(rows.execution_options(yield_per=2000)):
        yield JournalLine(*row)


@dataclass(frozen=True)
class Worked:
    """What one person collected in a month, what he handed in, what differed (of a count, or left to him by matching) and what he
    gave as goodwill; in yuan."""

    person_id: int
    name: str
    cash: Decimal = ZERO
    channels: Decimal = ZERO
    on_account: Decimal = ZERO
    handed: Decimal = ZERO
    differences: Decimal = ZERO
    goodwill: Decimal = ZERO


def worked(session: Session, branch: Branch, month: Month, person_id: int | None = None) -> Sequence[Worked]:
    """Everybody of a branch who collected, handed in or gave something in a month, by name; or one person."""
    sums: dict[int, dict[str, Any]] = {}
    for query in (_collected(branch, month), _handed(branch, month), _left_over(branch, month), _given(branch, month)):
        for who, name, *figures in session.execute(query):
            mine = sums.setdefault(who, {"name": name})
            for what, figure in zip(query.selected_columns.keys()[2:], figures, strict=True):
                mine[what] = mine.get(what, ZERO) + figure
    found = [Worked(who, **figures) for who, figures in sums.items() if person_id in (None, who)]
    return sorted(found, key=lambda each: (each.name, each.person_id))


def _collected(branch: Branch, month: Month) -> Any:
    def of(which: sa.ColumnElement[bool], name: str) -> sa.ColumnElement[Decimal]:
        return sa.func.coalesce(sa.func.sum(Receipt.amount).filter(which), ZERO).label(name)

    cash, account = Receipt.channel == "cash", Receipt.channel == "account"
    sums = (of(cash, "cash"), of(sa.not_(sa.or_(cash, account)), "channels"), of(account, "on_account"))
    rows = sa.select(Person.id, Person.name, *sums).join(Receipt, Receipt.by_id == Person.id)
    return _booked(rows.join(Voucher, Voucher.receipt_id == Receipt.id), branch, month).group_by(Person.id)


def _handed(branch: Branch, month: Month) -> Any:
    """Hand-ins that were counted in the month, less those taken back in it; what was missing of them or too much.

    Each counts in the month of its own voucher: what is taken back later changes no sheet that was final.
    """
    way = sa.case((Voucher.hand_in_back_id.is_not(None), -1), else_=1)
    sums = (sa.func.sum(HandIn.declared * way).label("handed"), sa.func.sum(HandIn.difference * way).label("differences"))
    rows = sa.select(Person.id, Person.name, *sums).select_from(Voucher)
    rows = rows.outerjoin(HandInBack, HandInBack.id == Voucher.hand_in_back_id)
    rows = rows.join(HandIn, HandIn.id == sa.func.coalesce(Voucher.hand_in_id, HandInBack.hand_in_id))
    return _booked(rows.join(Person, Person.id == HandIn.person_id), branch, month).group_by(Person.id)


def _left_over(branch: Branch, month: Month) -> Any:
    """What matching left to people in the month; it counts as a difference of theirs."""
    sums = sa.func.sum(LineMatch.difference).label("differences")
    rows = sa.select(Person.id, Person.name, sums).join(LineMatch, LineMatch.owner_id == Person.id).where(*OWED)
    return _booked(rows.join(Voucher, Voucher.match_run_id == LineMatch.run_id), branch, month).group_by(Person.id)


def _given(branch: Branch, month: Month) -> Any:
    """What was free as goodwill, at its price."""
    begin, end = day_bounds(month.first, branch.zone)[0], day_bounds(month.last, branch.zone)[1]
    worth = sa.func.sum(Charge.unit_price * Charge.quantity).label("goodwill")
    back = aliased(Charge)
    rows = (
        sa.select(Person.id, Person.name, worth).join(Charge, Charge.by_id == Person.id).join(Order, Order.id == Charge.order_id)
    )
    stands = sa.and_(Charge.reverses_id.is_(None), ~sa.exists().where(back.reverses_id == Charge.id))
    rows = rows.where(Charge.rule == "goodwill", stands, Order.branch_id == branch.id, Charge.at >= begin, Charge.at < end)
    return rows.group_by(Person.id)


def _booked(rows: Any, branch: Branch, month: Month) -> Any:
    return rows.where(Voucher.branch_id == branch.id, Voucher.booked_on.between(month.first, month.last))


@dataclass(frozen=True)
class Owing:
    """What a customer had on account when a month began, what was added and paid, and what he owes at its end."""

    customer_id: int
    name: str
    opening: Decimal
    charged: Decimal
    paid: Decimal

    @property
    def closing(self) -> Decimal:
        """What he owes at the end."""
        return self.opening + self.charged - self.paid


def owing(session: Session, month: Month, *, branch_id: int | None = None, customer_id: int | None = None) -> Sequence[Owing]:
    """The customers who had something on account in a month; those of one branch, or one customer."""
    moved, zero = _moved_since(month), sa.literal(ZERO)
    opening = Account.balance - sa.func.coalesce(moved.c.since, zero)
    sums = (opening, sa.func.coalesce(moved.c.charged, zero), sa.func.coalesce(moved.c.paid, zero))
    rows = sa.select(Customer.id, Customer.name, *sums).join(Account, Account.customer_id == Customer.id)
    rows = rows.outerjoin(moved, moved.c.account_id == Account.id).where(Account.kind == "on_account")
    rows = rows.where(sa.or_(opening != 0, moved.c.inside > 0))
    rows = rows if branch_id is None else rows.where(Customer.branch_id == branch_id)
    rows = rows if customer_id is None else rows.where(Customer.id == customer_id)
    return [Owing(*row) for row in session.execute(rows.order_by(Customer.name, Customer.id))]


def _moved_since(month: Month) -> sa.Subquery:
    """SQL: what moved on each customer's account from a month's first day until today, and what of that in the month.

    What he owed when the month began is his balance without it: months that people look at are near, the books go far back.
    """
    inside, paying = Voucher.booked_on <= month.last, Voucher.kind.in_(("account_payment", "account_payment_back"))
    sums: dict[str, Any] = {
        "since": sa.func.sum(Posting.amount),
        "charged": sa.func.sum(Posting.amount).filter(inside, ~paying),
        "paid": -sa.func.sum(Posting.amount).filter(inside, paying),
        "inside": sa.func.count().filter(inside),
    }
    rows = sa.select(Account.id.label("account_id"), *(sum_.label(name) for name, sum_ in sums.items()))
    rows = rows.join(Posting, Posting.account_id == Account.id).join(Voucher, Voucher.id == Posting.voucher_id)
    rows = rows.where(Account.kind == "on_account", Voucher.booked_on >= month.first)
    return rows.group_by(Account.id).subquery()


@dataclass(frozen=True)
class OwingLine:
    """One movement of what a customer has on account."""

    day: date
    voucher: str
    kind: str
    order: str
    receipt: str
    amount: Decimal


def owing_lines(session: Session, customer_id: int, month: Month) -> Sequence[OwingLine]:
    """The movements of a month in their order; below zero is paid or given back."""
    key = (Voucher.booked_on, Voucher.number, Voucher.kind, sa.func.coalesce(Order.number, ""))
    number = sa.func.coalesce(Receipt.number, "")
    rows = _on_account(sa.select(*key, number, Posting.amount).select_from(Posting))
    rows = rows.outerjoin(Order, Order.id == Voucher.order_id)
    rows = rows.outerjoin(AccountPayment, AccountPayment.id == Voucher.account_payment_id)
    rows = rows.outerjoin(Receipt, Receipt.id == sa.func.coalesce(Voucher.receipt_id, AccountPayment.receipt_id))
    rows = rows.where(Customer.id == customer_id, Voucher.booked_on.between(month.first, month.last))
    return [OwingLine(*row) for row in session.execute(rows.order_by(Voucher.booked_on, Voucher.id))]


def branches_of(session: Session, customer_id: int, month: Month) -> Sequence[int]:
    """The branches whose books say what a customer owes at the end of a month."""
    rows = _on_account(sa.select(Voucher.branch_id).select_from(Posting)).where(Customer.id == customer_id)
    return session.scalars(rows.where(Voucher.booked_on <= month.last).distinct()).all()


def _on_account(rows: Any) -> Any:
    rows = rows.join(Voucher, Voucher.id == Posting.voucher_id).join(Account, Account.id == Posting.account_id)
    return rows.join(Customer, Customer.id == Account.customer_id).where(Account.kind == "on_account")

"""The ledger: accounts with their balance now, vouchers, and postings that are never changed; cash handed in to finance.

Double entry: a posting's amount is positive for debit and negative for credit, and those of one voucher sum to zero. Postings are
hash-chained per account; beside the chain stands the balance, which the database keeps from falling below zero where it is cash.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.ledger_rules import (
    ACCOUNT_KINDS,
    HAND_IN_STATUSES,
    SERIES,
    VOUCHER_KINDS,
)
from dispatch.words import say

CAUSES = (
    "charge_id",
    "receipt_id",
    "hand_in_id",
    "hand_in_back_id",
    "difference_settlement_id",
    "account_payment_id",
    "bank_deposit_id",
    "match_run_id",
    "match_undo_id",
    "contractor_sheet_id",
    "contractor_sheet_back_id",
    "contractor_payment_id",
)
"""Columns of a voucher of which one names the row it is written for."""
BACKS = (
    "hand_in_back",
    "difference_back",
    "account_payment_back",
    "bank_deposit_back",
    "contractor_work_back",
    "contractor_paid_back",
)
"""Vouchers that book another one back, which they name."""


_HAS_OWNER = sa.text("difference_owner_id IS NOT NULL")


class Account(Base):
    """One account with its balance now (above zero: debit). `key` is its `AccountKey`; `seq`, `hash`: its newest posting."""

    __tablename__ = "account"
    __table_args__ = (
        words_of("kind", ACCOUNT_KINDS),
        sa.CheckConstraint("kind NOT IN ('cash_in_hand', 'cash_desk') OR balance >= 0", name="cash_not_below_zero"),
        sa.CheckConstraint("kind <> 'on_account' OR balance >= 0", name="on_account_not_below_zero"),
        sa.CheckConstraint("(kind = 'cash_in_hand') = (person_id IS NOT NULL)", name="hand_has_person"),
        sa.CheckConstraint("(kind IN ('receivable', 'on_account')) = (customer_id IS NOT NULL)", name="debt_has_customer"),
        sa.CheckConstraint("(kind = 'contractor') = (contractor_id IS NOT NULL)", name="contractor_is_named"),
        sa.CheckConstraint("num_nonnulls(person_id, branch_id, customer_id, contractor_id) = 1", name="has_one_owner"),
        sa.Index(None, "person_id"),
        sa.Index(None, "branch_id"),
        sa.Index(None, "customer_id"),
        sa.Index("ix_account_contractor_id", "contractor_id", postgresql_where=sa.text("contractor_id IS NOT NULL")),
    )

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    channel: Mapped[str | None]
    contractor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    balance: Mapped[Decimal]
    seq: Mapped[int]
    hash: Mapped[bytes]


class SeriesCounter(Base):
    """The last number of a branch's vouchers (PZ), hand-ins (JK), deposits (CK), quotations (BJ), settlements (JS) of one year.

    Locked, they have no gaps.
    """

    __tablename__ = "series_counter"
    __table_args__ = (words_of("series", SERIES),)

    series: Mapped[str] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Voucher(Base):
    """What was posted, and for which row (`CAUSES`). `at` is when it happened, `recorded_at` when it was posted.

    `booked_on` is its accounting day: the branch's day of `at`, or the next open one where that was closed; then it is `late`.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        words_of("kind", VOUCHER_KINDS),
        sa.CheckConstraint(f"num_nonnulls({', '.join(CAUSES)}) = 1", name="has_one_cause"),
        sa.CheckConstraint(f"kind NOT IN {BACKS} OR reverses_id IS NOT NULL", name="back_reverses"),
        sa.UniqueConstraint("branch_id", "year", "running"),
        sa.Index(None, "order_id"),
        sa.Index(None, "reverses_id"),
        sa.Index(None, "branch_id", "booked_on"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    year: Mapped[int]
    running: Mapped[int]
    kind: Mapped[str]
    charge_id: Mapped[int | None] = mapped_column(sa.ForeignKey("charge.id"), unique=True)
    receipt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"), unique=True)
    hand_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hand_in.id"), unique=True)
    hand_in_back_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hand_in_back.id"), unique=True)
    difference_settlement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("difference_settlement.id"), unique=True)
    account_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account_payment.id"), unique=True)
    bank_deposit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_deposit.id"), unique=True)
    match_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("match_run.id"), unique=True)
    match_undo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("match_undo.id"), unique=True)
    contractor_sheet_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contractor_sheet.id"), unique=True)
    contractor_sheet_back_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contractor_sheet_back.id"), unique=True)
    contractor_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contractor_payment.id"), unique=True)
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("voucher.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    booked_on: Mapped[date]
    late: Mapped[bool] = mapped_column(server_default=sa.false())


class LedgerBooks(Base):
    """Until which day a branch's books are closed. Whoever posts holds its row shared, whoever closes a day alone."""

    __tablename__ = "ledger_books"

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True, autoincrement=False)
    closed_until: Mapped[date | None]


class Posting(Base):
    """One line of a voucher: debit above zero, credit below; the balance after it, and its link in the account's chain."""

    __tablename__ = "posting"
    __table_args__ = (
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.UniqueConstraint("account_id", "seq"),
    )

    voucher_id: Mapped[int] = mapped_column(sa.ForeignKey("voucher.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    seq: Mapped[int]
    amount: Mapped[Decimal]
    balance_after: Mapped[Decimal]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]

    voucher: Mapped[Voucher] = relationship()
    account: Mapped[Account] = relationship()


class HandIn(Base):
    """Cash that a person hands in to finance (交款单): what he declares by receipts, and what finance has counted.

    `counts` is what was counted of each denomination; `difference` = counted - declared, and one that is not zero has a reason
    and an owner. Nobody confirms his own.
    """

    __tablename__ = "hand_in"
    __table_args__ = (
        words_of("status", HAND_IN_STATUSES),
        sa.CheckConstraint("declared > 0", name="declares_something"),
        sa.CheckConstraint("(status = 'confirmed') = (counted IS NOT NULL)", name="confirmed_is_counted"),
        sa.CheckConstraint("difference IS NOT DISTINCT FROM counted - declared", name="difference_is_exact"),
        sa.CheckConstraint(
            "difference IS NULL OR difference = 0 OR (difference_reason IS NOT NULL AND difference_owner_id IS NOT NULL)",
            name="difference_has_owner",
        ),
        sa.CheckConstraint("confirmed_by_id <> person_id", name="not_his_own"),
        sa.CheckConstraint("(status = 'confirmed') = (confirmed_by_id IS NOT NULL)", name="confirmed_by_somebody"),
        sa.Index(None, "branch_id", "status"),
        sa.Index(None, "person_id"),
        sa.Index("ix_hand_in_difference_owner_id", "difference_owner_id", postgresql_where=_HAS_OWNER),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    person_name: Mapped[str]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    status: Mapped[str]
    declared: Mapped[Decimal]
    handed_at: Mapped[datetime]
    counts: Mapped[dict[str, Any] | None]
    counted: Mapped[Decimal | None]
    difference: Mapped[Decimal | None]
    difference_reason: Mapped[str | None]
    difference_owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    difference_owner_name: Mapped[str | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    confirmed_by_name: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]

    back: Mapped[HandInBack | None] = relationship(viewonly=True)

    @property
    def state(self) -> str:
        """What it reads, a word of `HAND_IN_WORDS`: a confirmed one that was taken back keeps its status."""
        return "taken_back" if self.back else self.status


class HandInBack(Base):
    """A confirmed hand-in that finance has taken back, once and for a reason: its voucher is reversed, its receipts are free.

    The database takes it for a confirmed hand-in only, and from nobody for his own.
    """

    __tablename__ = "hand_in_back"
    __table_args__ = (sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),)

    id: Mapped[Key]
    hand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_in.id"), unique=True)
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class HandInReceipt(Base):
    """A receipt (or a refund out of the hand) in a hand-in; `live` until the hand-in is withdrawn or taken back."""

    __tablename__ = "hand_in_receipt"
    __table_args__ = (sa.Index("uq_hand_in_receipt_live", "receipt_id", unique=True, postgresql_where=sa.text("live")),)

    hand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_in.id"), primary_key=True)
    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt.id"), primary_key=True)
    live: Mapped[bool] = mapped_column(server_default=sa.true())


constraint_says("uq_hand_in_receipt_live", say("One of these receipts was handed in already. Please look again."))
constraint_says("ck_account_cash_not_below_zero", say("There is not so much cash there: nothing was posted."))
constraint_says("ck_account_on_account_not_below_zero", say("Not so much is on account: nothing was posted."))
constraint_says("voucher_day_open", say("That day is closed: nothing is booked on it any more."))
constraint_says("ck_hand_in_not_his_own", say("Nobody confirms his own hand-in."))
constraint_says("uq_hand_in_back_hand_in_id", say("Somebody has taken this hand-in back already."))
constraint_says("hand_in_back_not_his_own", say("Nobody takes back his own hand-in."))

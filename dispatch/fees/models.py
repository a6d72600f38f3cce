"""The price list, what an order costs, what was taken for it. Prices include tax; a new price is a new row with its first day.

Charges and receipts are never changed: a wrong one is taken back by a row of the opposite sign that names it.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Customer
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.cash_models import CashLimit, CashPass
from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.discount_models import DiscountLimit
from dispatch.fees.favour_models import Favour
from dispatch.fees.goodwill_models import Goodwill
from dispatch.fees.ledger_models import Account, HandIn, HandInBack, HandInReceipt, LedgerBooks, Posting, SeriesCounter, Voucher
from dispatch.fees.price_rules import KeptPrice
from dispatch.fees.quote_models import Quotation, QuotationLine
from dispatch.fees.rules import CATEGORIES, CHANNELS, CHARGE_RULES
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.fees.slip_models import SlipPhoto
from dispatch.staff.models import Branch
from dispatch.words import say

__all__ = [
    "Account",
    "AccountPayment",
    "BankDeposit",
    "CashLimit",
    "CashPass",
    "Charge",
    "DepositedHandIn",
    "DifferenceSettlement",
    "DiscountLimit",
    "Favour",
    "Goodwill",
    "HandIn",
    "HandInBack",
    "HandInReceipt",
    "LedgerBooks",
    "Posting",
    "Price",
    "Quotation",
    "QuotationLine",
    "Receipt",
    "ReceiptBlock",
    "SeriesCounter",
    "SlipPhoto",
    "Voucher",
]


class Price(Base):
    """What one thing costs from a day on, tax included; `tax_rate` 0.13 means 13 %.

    It is everybody's, a branch's, or what was agreed with a customer, in a `contract` of his if that has a number. It holds until
    the next one of the same scope begins, or until its own last day.
    """

    __tablename__ = "price"
    __table_args__ = (
        words_of("category", CATEGORIES),
        sa.UniqueConstraint("code", "branch_id", "customer_id", "valid_from", postgresql_nulls_not_distinct=True),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 1", name="tax_rate_is_a_share"),
        sa.CheckConstraint("branch_id IS NULL OR customer_id IS NULL", name="of_branch_or_customer"),
        sa.CheckConstraint("contract IS NULL OR customer_id IS NOT NULL", name="contract_has_customer"),
        sa.CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        sa.Index("ix_price_customer", "customer_id", postgresql_where=sa.text("customer_id IS NOT NULL")),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    category: Mapped[str]
    amount: Mapped[Decimal]
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(5, 4))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    contract: Mapped[str | None]

    branch: Mapped[Branch | None] = relationship()
    customer: Mapped[Customer | None] = relationship()

    @property
    def kept(self) -> KeptPrice:
        """The same as plain data."""
        what = (self.code, self.name, self.category, self.amount, self.tax_rate)
        holder = self.customer or self.branch
        whose = (self.branch_id, self.customer_id, holder.name if holder else "", self.contract)
        return KeptPrice(*what, self.valid_from, self.valid_to, *whose)


class Charge(Base):
    """What one thing costs on one order, and the rule of P10 that decided it (`rule`, told with `told` as a sentence).

    `amount` = quantity x unit price, half-up to the fen, or zero where a rule makes it free. A charge taken back has a row with
    the negative quantity and amount that names it in `reverses_id`. What was fitted is charged once (`fitting_id`). What takes a
    quoted price names the line of the quotation.
    """

    __tablename__ = "charge"
    __table_args__ = (
        words_of("rule", CHARGE_RULES),
        sa.CheckConstraint("quantity <> 0", name="has_quantity"),
        sa.CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        sa.CheckConstraint("amount = 0 OR amount = round(quantity * unit_price, 2)", name="amount_is_product"),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (quantity < 0)", name="negative_reverses"),
        sa.CheckConstraint("(quoted_line_id IS NOT NULL) = (rule = 'quoted_price')", name="quoted_by_a_line"),
        sa.UniqueConstraint("reverses_id"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_charge_line"),
        sa.Index(None, "order_id"),
        sa.Index("ix_charge_quoted", "quoted_line_id", postgresql_where=sa.text("quoted_line_id IS NOT NULL")),
        sa.Index("ix_charge_taken_back", "order_id", postgresql_where=sa.text("reverses_id IS NOT NULL")),
        sa.Index("uq_charge_fitting_id", "fitting_id", unique=True, postgresql_where=sa.text("reverses_id IS NULL")),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    line_id: Mapped[int | None]
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    code: Mapped[str]
    name: Mapped[str]
    category: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    amount: Mapped[Decimal]
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(5, 4))
    rule: Mapped[str]
    told: Mapped[dict[str, Any]]
    fitting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    quoted_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("quotation_line.id"))
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("charge.id"))
    reason: Mapped[str | None]
    fact_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class ReceiptBlock(Base):
    """Receipt numbers `first` to `last` of a branch, leased to one person's device, so that a phone without signal has some.

    `used` is the last number given out of it (first - 1: none yet).
    """

    __tablename__ = "receipt_block"
    __table_args__ = (
        sa.CheckConstraint("first > 0 AND first <= last", name="has_numbers"),
        sa.CheckConstraint("used >= first - 1 AND used <= last", name="used_is_inside"),
        ExcludeConstraint(
            (sa.column("branch_id"), "="),
            (sa.text("int8range(first, last, '[]')"), "&&"),
            name="ex_receipt_block_no_overlap",
            using="gist",
        ),
        sa.Index(None, "person_id", "device"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    device: Mapped[str]
    first: Mapped[int]
    last: Mapped[int]
    used: Mapped[int]
    leased_at: Mapped[datetime]


class Receipt(Base):
    """Money taken for an order, or given back (`refunds_id`, negative). `number` stands on the customer's paper.

    `reference` is what somebody typed; `channel_reference` the channel's own number of the payment, where it has told us itself.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        words_of("channel", CHANNELS),
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.CheckConstraint("(refunds_id IS NOT NULL) = (amount < 0)", name="negative_refunds"),
        sa.CheckConstraint("refunds_id IS NULL OR reason IS NOT NULL", name="refund_has_reason"),
        sa.UniqueConstraint("block_id", "running"),
        sa.UniqueConstraint("channel", "channel_reference"),
        sa.Index(None, "order_id"),
        sa.Index(None, "by_id", "at"),
        sa.Index(None, "refunds_id"),
        sa.Index("uq_receipt_fact_id", "fact_id", unique=True, postgresql_where=sa.text("fact_id IS NOT NULL")),
        sa.Index("ix_receipt_without_invoice", "order_id", postgresql_where=sa.text("invoice_number IS NULL AND amount > 0")),
        sa.Index("ix_receipt_given_back", "order_id", postgresql_where=sa.text("amount < 0")),
        sa.Index("ix_receipt_on_account", "order_id", postgresql_where=sa.text("channel = 'account'")),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    block_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt_block.id"))
    running: Mapped[int]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    channel: Mapped[str]
    amount: Mapped[Decimal]
    payer: Mapped[str | None]
    reference: Mapped[str | None]
    channel_reference: Mapped[str | None]
    invoice_number: Mapped[str | None]
    refunds_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"))
    reason: Mapped[str | None]
    fact_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]

    block: Mapped[ReceiptBlock] = relationship()


constraint_says("uq_charge_reverses_id", say("Somebody has taken this charge back already."))
constraint_says("uq_charge_fitting_id", say("This unit is charged already."))
constraint_says("uq_receipt_fact_id", say("This payment is on record already."))
constraint_says("refund_fits_receipt", say("Not so much of this receipt is left. Please look again."))
constraint_says("uq_receipt_number", say("This receipt number is in use already."))
constraint_says("uq_receipt_block_id_running", say("This receipt number is in use already."))

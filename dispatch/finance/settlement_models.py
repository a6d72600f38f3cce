"""A contractor's settlement (结算单) of a month: what it consists of is frozen; it is approved before it is paid.

Its request says how far its approval is. Nothing of it is ever changed: it is taken back, and so is its payment, by a row that
names it and a voucher that books back.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.approvals.models import Request
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.settling_models import CounterEntry
from dispatch.finance.settlement_rules import PAYING
from dispatch.words import say


class ContractorSheet(Base):
    """What a contractor gets for a month: the work that was accepted until its end and stood in no sheet, and corrections.

    `held` is what of our cash he had when it was drawn up. It is `live` until it is refused or taken back; then its orders are
    free for the next one.
    """

    __tablename__ = "contractor_sheet"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="pays_something"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="is_of_a_month"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("request_id"),
        sa.Index(None, "contractor_id", "month"),
        sa.Index(None, "branch_id", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    contractor_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    contractor_name: Mapped[str]
    month: Mapped[date]
    amount: Mapped[Decimal]
    held: Mapped[Decimal]
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("approval_request.id"))
    live: Mapped[bool] = mapped_column(server_default=sa.true(), default=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

    request: Mapped[Request] = relationship()
    lines: Mapped[list[ContractorSheetLine]] = relationship(order_by="ContractorSheetLine.nth")
    back: Mapped[ContractorSheetBack | None] = relationship(viewonly=True)


class ContractorSheetLine(Base):
    """Accepted work on one order (`offer_id`), or a correction in words; `live` as long as its sheet, and the order is in no
    other then."""

    __tablename__ = "contractor_sheet_line"
    __table_args__ = (
        sa.CheckConstraint("offer_id IS NOT NULL OR (amount <> 0 AND btrim(coalesce(note, '')) <> '')", name="is_work_or_words"),
        sa.CheckConstraint("num_nonnulls(offer_id, order_number, worker, accepted_at, price) IN (0, 5)", name="work_is_whole"),
        sa.Index("uq_contractor_sheet_line_live", "offer_id", unique=True, postgresql_where=sa.text("live")),
    )

    sheet_id: Mapped[int] = mapped_column(sa.ForeignKey("contractor_sheet.id"), primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outside_offer.id"))
    order_number: Mapped[str | None]
    worker: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    price: Mapped[Decimal | None]
    amount: Mapped[Decimal]
    note: Mapped[str | None]
    live: Mapped[bool] = mapped_column(server_default=sa.true(), default=True)


class ContractorSheetBack(Base):
    """An approved sheet that finance has taken back before it was paid, once and for a reason."""

    __tablename__ = "contractor_sheet_back"
    __table_args__ = (sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),)

    id: Mapped[Key]
    sheet_id: Mapped[int] = mapped_column(sa.ForeignKey("contractor_sheet.id"), unique=True)
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class ContractorPayment(CounterEntry, Base):
    """A sheet is paid, as a whole: through which channel, on which day, by which reference; below zero where that was taken back.

    The database takes it for an approved sheet only, and once at a time.
    """

    __tablename__ = "contractor_payment"
    __table_args__ = (
        *CounterEntry.rules(),
        words_of("channel", PAYING),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.CheckConstraint("btrim(reference) <> ''", name="has_reference"),
        sa.Index(None, "sheet_id"),
    )

    sheet_id: Mapped[int] = mapped_column(sa.ForeignKey("contractor_sheet.id"))
    channel: Mapped[str]
    paid_on: Mapped[date]
    reference: Mapped[str]

    sheet: Mapped[ContractorSheet] = relationship()


IN_A_SHEET = say("One of these orders stands in another settlement already. Please look again.")
constraint_says("uq_contractor_sheet_line_live", IN_A_SHEET)
constraint_says("contractor_payment_allowed", say("This settlement is paid already, or not approved. Please look again."))
constraint_says("uq_contractor_payment_request_key", say("This is booked already."))
constraint_says("uq_contractor_payment_reverses_id", say("Somebody has taken this payment back already."))
constraint_says("uq_contractor_sheet_back_sheet_id", say("Somebody has taken this settlement back already."))
constraint_says("contractor_sheet_paid", say("It is paid: take the payment back first."))

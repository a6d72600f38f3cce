"""Quotations: what an order will cost, as it was offered to the customer and agreed with him."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.approvals.models import Request
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.quote_rules import LIVE, STATES, WAYS, given_away
from dispatch.orders.models import Order
from dispatch.words import say


class Quotation(Base):
    """One offer for one order. `reason` is why it stays below the list, `request_id` who was asked about that last.

    `agreed_*` is who of the customer's has agreed, how and on which day; `ended_reason` why it was declined or withdrawn.
    `offered_by_id` answers for what it gives away. Of one that expired by itself its maker is told, until he has seen it.
    """

    __tablename__ = "quotation"
    __table_args__ = (
        words_of("state", STATES),
        words_of("agreed_how", tuple(WAYS)),
        sa.CheckConstraint(
            "state <> 'agreed' OR (btrim(coalesce(agreed_by, '')) <> '' AND agreed_how IS NOT NULL AND agreed_on IS NOT NULL)",
            name="agreed_is_whole",
        ),
        sa.CheckConstraint(
            "state NOT IN ('declined', 'withdrawn') OR btrim(coalesce(ended_reason, '')) <> ''", name="ended_has_reason"
        ),
        sa.CheckConstraint("seen_at IS NULL OR told_at IS NOT NULL", name="seen_was_told"),
        sa.CheckConstraint("state <> 'waiting' OR request_id IS NOT NULL", name="waits_for_a_request"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("request_id"),
        sa.Index(None, "order_id"),
        sa.Index("uq_quotation_live", "order_id", unique=True, postgresql_where=sa.text(f"state IN {LIVE}")),
        sa.Index("ix_quotation_offered", "valid_until", postgresql_where=sa.text("state = 'offered'")),
        sa.Index("ix_quotation_told", "by_id", postgresql_where=sa.text("told_at IS NOT NULL AND seen_at IS NULL")),
    )

    id: Mapped[Key]
    number: Mapped[str]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    state: Mapped[str]
    valid_until: Mapped[date]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    request_id: Mapped[int | None] = mapped_column(sa.ForeignKey("approval_request.id"))
    agreed_by: Mapped[str | None]
    agreed_how: Mapped[str | None]
    agreed_on: Mapped[date | None]
    ended_reason: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    offered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    told_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
    request: Mapped[Request | None] = relationship()
    lines: Mapped[list[QuotationLine]] = relationship(order_by="QuotationLine.position", cascade="all, delete-orphan")

    @property
    def total(self) -> Decimal:
        """What it comes to, tax included."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def given_away(self) -> Decimal:
        """How far it stays below the list."""
        return given_away((line.quantity, line.unit_price, line.listed_price) for line in self.lines)


class QuotationLine(Base):
    """So many of one thing at a price, tax included, beside what the list said when it was offered, and why (`listed_told`)."""

    __tablename__ = "quotation_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="has_quantity"),
        sa.CheckConstraint("unit_price >= 0 AND unit_price <= listed_price", name="within_the_list"),
        sa.UniqueConstraint("quotation_id", "code"),
    )

    id: Mapped[Key]
    quotation_id: Mapped[int] = mapped_column(sa.ForeignKey("quotation.id"))
    position: Mapped[int]
    code: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    listed_price: Mapped[Decimal]
    listed_told: Mapped[dict[str, Any] | None]
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(5, 4))

    @property
    def amount(self) -> Decimal:
        """What the line comes to."""
        return self.quantity * self.unit_price


ONE_LIVE = say("Another quotation of this order is offered, agreed, or waits for approval. End that one first.")

constraint_says("uq_quotation_live", ONE_LIVE)
constraint_says("uq_quotation_key", say("This quotation was saved already."))

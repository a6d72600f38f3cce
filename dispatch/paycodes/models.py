"""Payment codes (收款码), payments that belong to none, refunds through the channel, and how many callbacks were forged.

A code's number is a receipt number: it is given out with the code and stands in the channel's own books. Of a code that nobody
paid it stays behind without a receipt, and the code says why.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.models import Receipt
from dispatch.orders.models import Order
from dispatch.paycodes.rules import ALIVE, CODE_CHANNELS, CODE_STATES, REFUND_STATES
from dispatch.words import say

PAID_FACTS = "num_nonnulls(receipt_id, channel_reference, paid_amount, paid_at)"


class LookedAt:
    """Who at finance has looked at what is odd, when, and what he found."""

    looked_at: Mapped[datetime | None]
    looked_by: Mapped[str | None]
    looked_note: Mapped[str | None]


class PayCode(LookedAt, Base):
    """A code for what is due on an order, shown by a technician. An order has one at a time that can be paid.

    `shut_at`: the channel has said that nobody can pay it any more. `odd`: words of `rules.ODD` about what was paid.
    """

    __tablename__ = "pay_code"
    __table_args__ = (
        words_of("channel", CODE_CHANNELS),
        words_of("state", tuple(CODE_STATES)),
        sa.CheckConstraint("amount > 0", name="asks_for_something"),
        sa.CheckConstraint("state <> 'open' OR url IS NOT NULL", name="open_has_url"),
        sa.CheckConstraint(f"{PAID_FACTS} = CASE state WHEN 'paid' THEN 4 ELSE 0 END", name="paid_has_receipt"),
        sa.CheckConstraint("looked_at IS NULL OR btrim(coalesce(looked_note, '')) <> ''", name="look_has_note"),
        sa.UniqueConstraint("block_id", "running"),
        sa.UniqueConstraint("channel", "channel_reference"),
        sa.Index("uq_pay_code_alive", "order_id", unique=True, postgresql_where=sa.text(f"state IN {ALIVE}")),
        sa.Index("ix_pay_code_unshut", "id", postgresql_where=sa.text("shut_at IS NULL")),
        sa.Index(None, "order_id"),
        sa.Index(None, "branch_id", "made_at"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(unique=True)
    block_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt_block.id"))
    running: Mapped[int]
    channel: Mapped[str]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    amount: Mapped[Decimal]
    state: Mapped[str]
    url: Mapped[str | None]
    told: Mapped[str | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    shut_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    receipt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"), unique=True)
    channel_reference: Mapped[str | None]
    paid_amount: Mapped[Decimal | None]
    paid_at: Mapped[datetime | None]
    payer: Mapped[str | None]
    odd: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"), default=list)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]

    order: Mapped[Order] = relationship()
    receipt: Mapped[Receipt | None] = relationship()


class StrayPayment(LookedAt, Base):
    """Money that a channel has taken for no code of ours, or for one that was paid before: finance finds out whose it is."""

    __tablename__ = "stray_payment"
    __table_args__ = (
        words_of("channel", CODE_CHANNELS),
        sa.CheckConstraint("looked_at IS NULL OR btrim(coalesce(looked_note, '')) <> ''", name="look_has_note"),
        sa.UniqueConstraint("channel", "channel_reference"),
    )

    id: Mapped[Key]
    channel: Mapped[str]
    number: Mapped[str]
    channel_reference: Mapped[str]
    amount: Mapped[Decimal]
    paid_at: Mapped[datetime]
    payer: Mapped[str | None]
    received_at: Mapped[datetime]


class CodeRefund(Base):
    """Money given back through the channel that a code was paid by; our number of it is that of the refund's receipt."""

    __tablename__ = "code_refund"
    __table_args__ = (
        words_of("state", tuple(REFUND_STATES)),
        sa.CheckConstraint("(state = 'asked') = (settled_at IS NULL)", name="settled_has_moment"),
        sa.Index("ix_code_refund_asked", "refund_id", postgresql_where=sa.text("state = 'asked'")),
    )

    refund_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt.id"), primary_key=True, autoincrement=False)
    code_id: Mapped[int] = mapped_column(sa.ForeignKey("pay_code.id"))
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=sa.text("0"), default=0)
    told: Mapped[str | None]
    channel_reference: Mapped[str | None]
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    refund: Mapped[Receipt] = relationship()
    code: Mapped[PayCode] = relationship()


class ForgedCallbacks(Base):
    """How many callbacks of a day (in UTC) the channel had not signed; they are counted, not kept."""

    __tablename__ = "forged_callbacks"
    __table_args__ = (words_of("channel", CODE_CHANNELS),)

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    last_why: Mapped[str]


constraint_says("uq_pay_code_alive", say("Somebody has just shown a code for this order. Look again."))

"""Invoices and what they are made of: buyers that are remembered, lines, tax codes by date, files, and numbers in doubt.

An invoice's lines are kept for good; one noted on site may gain some, for further money of its order. What is wrong with it is
red-lettered by another one that names it. The number beside a receipt (`Receipt.invoice_number`) is the position of what stands
here.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.invoices.lifecycle import STATES
from dispatch.invoices.rules import KINDS, MEDIUMS, ORIGINS
from dispatch.search import grams_index, text_column
from dispatch.words import say

PROVIDER_STATES = ("waiting", "asked", "failed", "done")


class Invoice(Base):
    """One invoice, from the request to what became of it; one that red-letters another names it and is below zero.

    `request_number` is ours, by which a provider knows it. `origin` tells whether a technician noted its number on site or it was
    asked for. The buyer is as he was when it was asked for.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        words_of("kind", KINDS),
        words_of("medium", MEDIUMS),
        words_of("state", STATES),
        words_of("origin", ORIGINS),
        words_of("provider_state", PROVIDER_STATES),
        sa.CheckConstraint("net + tax = gross", name="net_and_tax_are_gross"),
        sa.CheckConstraint("gross <> 0", name="has_amount"),
        sa.CheckConstraint("(red_of_id IS NOT NULL) = (gross < 0)", name="negative_red_letters"),
        sa.CheckConstraint("red_of_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name="red_letter_has_reason"),
        sa.CheckConstraint("state NOT IN ('refused', 'void') OR btrim(coalesce(reason, '')) <> ''", name="ended_has_reason"),
        sa.CheckConstraint(
            "state IN ('requested', 'refused', 'withdrawn') OR (number IS NOT NULL AND issued_at IS NOT NULL)",
            name="issued_has_number",
        ),
        sa.CheckConstraint("origin = 'site' OR btrim(coalesce(title, '')) <> ''", name="asked_has_title"),
        sa.CheckConstraint("kind <> 'special' OR uscc IS NOT NULL", name="special_has_uscc"),
        sa.Index("uq_invoice_number", "number", unique=True, postgresql_where=sa.text("state <> 'void'")),
        sa.Index(None, "branch_id", "state", "asked_at"),
        sa.Index(None, "customer_id"),
        sa.Index(None, "red_of_id"),
        sa.Index("ix_invoice_asked", "id", postgresql_where=sa.text("origin = 'asked'")),
        grams_index("invoice"),
    )

    id: Mapped[Key]
    request_number: Mapped[str] = mapped_column(unique=True)
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid, unique=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    origin: Mapped[str]
    kind: Mapped[str]
    medium: Mapped[str]
    state: Mapped[str]
    number: Mapped[str | None]
    title: Mapped[str | None]
    uscc: Mapped[str | None]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    bank: Mapped[str | None]
    account: Mapped[str | None]
    send_to: Mapped[str | None]
    remark: Mapped[str | None]
    gross: Mapped[Decimal]
    net: Mapped[Decimal]
    tax: Mapped[Decimal]
    red_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice.id"))
    reason: Mapped[str | None]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    issued_by_name: Mapped[str | None]
    issued_at: Mapped[datetime | None]
    provider_state: Mapped[str | None]
    provider_tries: Mapped[int] = mapped_column(server_default="0", default=0)
    provider_next_at: Mapped[datetime | None]
    provider_told: Mapped[dict[str, Any] | None]
    search_text: Mapped[str] = text_column()

    lines: Mapped[list[InvoiceLine]] = relationship(order_by="InvoiceLine.id")


class InvoiceLine(Base):
    """One line: the same thing at one price on one order. A red one is below zero."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        sa.CheckConstraint("net + tax = gross", name="net_and_tax_are_gross"),
        sa.CheckConstraint("gross <> 0", name="has_amount"),
        sa.CheckConstraint("tax_code ~ '^[0-9]{19}$'", name="tax_code_is_digits"),
        sa.Index(None, "invoice_id"),
        sa.Index(None, "order_id"),
        sa.Index("ix_invoice_line_red", "order_id", postgresql_where=sa.text("gross < 0")),
    )

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    code: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int | None]
    unit_price: Mapped[Decimal]
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(5, 4))
    tax_code: Mapped[str | None]
    gross: Mapped[Decimal]
    net: Mapped[Decimal]
    tax: Mapped[Decimal]


class InvoiceBuyer(Base):
    """Whom a customer had an invoice made out to, for the next time."""

    __tablename__ = "invoice_buyer"
    __table_args__ = (
        words_of("kind", KINDS),
        words_of("medium", MEDIUMS),
        sa.UniqueConstraint("customer_id", "title"),
    )

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    kind: Mapped[str]
    medium: Mapped[str]
    title: Mapped[str]
    uscc: Mapped[str | None]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    bank: Mapped[str | None]
    account: Mapped[str | None]
    send_to: Mapped[str | None]
    used_at: Mapped[datetime]


class InvoiceTaxCode(Base):
    """Which tax classification a thing has from a day on: one code of the price list, or all other parts or services."""

    __tablename__ = "invoice_tax_code"
    __table_args__ = (
        sa.UniqueConstraint("subject", "valid_from"),
        sa.CheckConstraint("tax_code ~ '^[0-9]{19}$'", name="tax_code_is_digits"),
    )

    id: Mapped[Key]
    subject: Mapped[str]
    tax_code: Mapped[str]
    valid_from: Mapped[date]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class InvoiceFile(Base):
    """The invoice itself, as PDF, OFD or XML, or a picture of it."""

    __tablename__ = "invoice_file"
    __table_args__ = (sa.UniqueConstraint("invoice_id", "sha256"),)

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoice.id"))
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    name: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class InvoiceDoubt(Base):
    """A number that was noted on site for a receipt and cannot be its invoice's: it stays, with why, until it is settled."""

    __tablename__ = "invoice_doubt"
    __table_args__ = (
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by_name IS NULL)", name="settled_by_somebody"),
        sa.Index(None, "receipt_id"),
        sa.Index("ix_invoice_doubt_open", "order_id", postgresql_where=sa.text("settled_at IS NULL")),
    )

    id: Mapped[Key]
    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt.id"))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    number: Mapped[str]
    told: Mapped[dict[str, Any]]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None]


constraint_says("uq_invoice_number", say("This invoice number is on record already."))
constraint_says("uq_invoice_request_key", say("This is asked for already."))
constraint_says("uq_invoice_tax_code_subject_valid_from", say("There is a code from this day on already."))
constraint_says("uq_invoice_file_invoice_id_sha256", say("This very file is here already."))

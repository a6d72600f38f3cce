"""For how long terminals are warranted: the company's general term, a model's, and what a customer's contract says (P10)."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.warranty_rules import STARTS
from dispatch.words import say

LONGEST_MONTHS = 240


class WarrantyTerm(Base):
    """So many months from `starts_with`, for what begins its warranty between `valid_from` and `valid_to`.

    With a customer it is what his contract says; without, the company's own; without a model it holds for all. A row is never
    changed: a new term is a new row, a wrong one is withdrawn by somebody with a reason.
    """

    __tablename__ = "warranty_term"
    __table_args__ = (
        words_of("starts_with", tuple(STARTS)),
        sa.CheckConstraint("(customer_id IS NULL) = (contract_number IS NULL)", name="contract_has_customer"),
        sa.CheckConstraint("valid_to IS NULL OR customer_id IS NOT NULL", name="only_contracts_end"),
        sa.CheckConstraint("valid_to >= valid_from", name="ends_after_beginning"),
        sa.CheckConstraint(f"months BETWEEN 1 AND {LONGEST_MONTHS}", name="months_in_range"),
        sa.CheckConstraint("num_nulls(withdrawn_at, withdrawn_by_name, withdrawn_reason) IN (0, 3)", name="withdrawal_is_whole"),
        sa.Index(
            "uq_warranty_term_day",
            "customer_id",
            "contract_number",
            "model",
            "valid_from",
            unique=True,
            postgresql_where=sa.text("withdrawn_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("key"),
    )

    id: Mapped[Key]
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    contract_number: Mapped[str | None]
    model: Mapped[str | None] = mapped_column(sa.ForeignKey("terminal_model.name"))
    months: Mapped[int]
    starts_with: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    withdrawn_by_name: Mapped[str | None]
    withdrawn_reason: Mapped[str | None]


constraint_says("uq_warranty_term_day", say("There is a term for this that begins on the same day. Withdraw it first."))

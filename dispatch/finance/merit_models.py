"""Rewards and deductions as they are kept for the appraisal (Q19). They change no account by themselves."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.models import HandIn
from dispatch.finance.merit_rules import KINDS, WAYS
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.words import say


class Merit(Base):
    """A reward or deduction of one person, in yuan or points, with its reason and what it follows from.

    Rows are never changed; one of the opposite sign, which names the first, takes it back once. Nobody writes his own.
    """

    __tablename__ = "merit"
    __table_args__ = (
        words_of("way", tuple(WAYS)),
        words_of("kind", tuple(KINDS)),
        sa.CheckConstraint("num_nonnulls(amount, points) = 1", name="is_money_or_points"),
        sa.CheckConstraint("coalesce(amount, points) <> 0", name="is_something"),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (coalesce(amount, points) < 0)", name="negative_reverses"),
        sa.CheckConstraint("num_nonnulls(order_id, hand_in_id) <= 1", name="follows_from_one"),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("person_id <> by_id", name="not_his_own"),
        sa.Index(None, "person_id", "at"),
        sa.Index(None, "branch_id", "at"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    way: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[Decimal | None]
    points: Mapped[int | None]
    reason: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    hand_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hand_in.id"))
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("merit.id"), unique=True)
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid, unique=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    order: Mapped[Order | None] = relationship()
    hand_in: Mapped[HandIn | None] = relationship()


NOT_OWN = say("Nobody records his own rewards and deductions, or takes them back.")
constraint_says("ck_merit_not_his_own", NOT_OWN)
constraint_says("uq_merit_reverses_id", say("Somebody has taken this record back already."))
constraint_says("uq_merit_request_key", say("This is recorded already."))

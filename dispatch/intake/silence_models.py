"""Terminals that fell silent: each is a proposal to look after it, until it reports again."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Customer, Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.models import Terminal
from dispatch.words import say

ENDS = ("reported", "removed", "owes", "not_watched")


class Silence(Base):
    """A fitted terminal that was heard and then no more.

    It ends by itself: the terminal reported, was taken out, its customer owes beyond his terms, or nobody wants to know any more.
    `request_key` is that of the order that is made for it, so that it is made once. `skipped_reason` says why an order is made
    without having it start anew from afar first. `outage_id` is the incident that it belongs to.
    """

    __tablename__ = "silence"
    __table_args__ = (
        words_of("ended_by", ENDS),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_has_cause"),
        sa.CheckConstraint(
            "num_nulls(dismissed_at, dismissed_until, dismissed_reason, dismissed_by_id, dismissed_by_name) IN (0, 5)",
            name="dismissed_is_whole",
        ),
        sa.CheckConstraint(
            "num_nulls(skipped_at, skipped_reason, skipped_by_id, skipped_by_name) IN (0, 4)", name="skipped_is_whole"
        ),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="place_is_whole"),
        sa.ForeignKeyConstraint(["outage_id", "branch_id"], ["outage.id", "outage.branch_id"], name="fk_silence_outage"),
        sa.Index("uq_silence_open", "unit_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index("ix_silence_branch", "branch_id", postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "vehicle_id"),
        sa.Index(None, "unit_id"),
        sa.Index(None, "outage_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("terminal.unit_id"))
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    carrier: Mapped[str | None]
    last_heard_at: Mapped[datetime]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    found_at: Mapped[datetime]
    request_key: Mapped[uuid.UUID] = mapped_column(sa.Uuid, unique=True)
    dismissed_at: Mapped[datetime | None]
    dismissed_until: Mapped[datetime | None]
    dismissed_reason: Mapped[str | None]
    dismissed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    dismissed_by_name: Mapped[str | None]
    skipped_at: Mapped[datetime | None]
    skipped_reason: Mapped[str | None]
    skipped_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    skipped_by_name: Mapped[str | None]
    outage_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]

    vehicle: Mapped[Vehicle] = relationship()
    customer: Mapped[Customer] = relationship()
    terminal: Mapped[Terminal] = relationship()


constraint_says("uq_silence_open", say("This terminal is on the list already."))

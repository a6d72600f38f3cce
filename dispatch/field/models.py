"""Facts from the field, stored as they were sent before any rule looks at them (rule 6 of the house)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, constraint_says, words_of
from dispatch.words import say

STATES = ("new", "applied", "disputed")


class FieldFact(Base):
    """One thing a technician did, under the UUID his device gave it.

    `clock_offset_ms` is device clock minus server clock as last measured; `state` says how applying it ended.
    """

    __tablename__ = "field_fact"
    __table_args__ = (
        words_of("state", STATES),
        sa.UniqueConstraint("device", "device_seq"),
        sa.Index(None, "order_id"),
        sa.Index("ix_field_fact_open", "received_at", postgresql_where=sa.text("state <> 'applied'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    device: Mapped[str]
    device_seq: Mapped[int]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    visit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("visit.id"))
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[bytes]
    device_at: Mapped[datetime]
    clock_offset_ms: Mapped[int | None]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="new")
    outcome: Mapped[dict[str, Any] | None]


constraint_says("uq_field_fact_device_device_seq", say("This device sent something else under this number. Please look again."))

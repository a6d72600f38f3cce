"""Counted parts (配件): the catalogue, the ledger of their moves, and how many each holder has now.

An entry moves so many of one part from one holder to another; None is outside: who supplies them, or what is taken back of such
a receipt. Entries are never changed: a wrong one is mended by a counter-entry that names it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.audit.rules import GENESIS
from dispatch.db import Base, Key, constraint_says
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Holder


class Part(Base):
    """A kind of part, by code, with the unit it is counted in. `seq` and `hash` are those of its newest entry."""

    __tablename__ = "part"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("code <> '' AND code = upper(btrim(code))", name="code_is_tidy"),
        sa.CheckConstraint("btrim(name) <> '' AND btrim(unit) <> ''", name="has_words"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default="true")
    seq: Mapped[int] = mapped_column(server_default="0", default=0)
    hash: Mapped[bytes] = mapped_column(default=GENESIS)


class PartEntry(Base):
    """So many of a part went from one holder to another. One form (`key`) moves each part at most once.

    `corrects_id` is the entry that this one takes back, `finds_id` the loss of which it has found some again.
    """

    __tablename__ = "part_entry"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="moves_something"),
        sa.CheckConstraint("num_nonnulls(from_holder_id, to_holder_id) > 0", name="has_a_side"),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name="really_moves"),
        sa.CheckConstraint("to_holder_id IS NOT NULL OR corrects_id IS NOT NULL", name="leaves_by_correction_only"),
        sa.CheckConstraint(
            "reason NOT IN ('write_off', 'short', 'surplus', 'correct', 'lose', 'found_again') "
            "OR btrim(coalesce(note, '')) <> ''",
            name="is_explained",
        ),
        sa.CheckConstraint("(reason = 'found_again') = (finds_id IS NOT NULL)", name="found_names_loss"),
        sa.CheckConstraint("finds_id < id AND num_nonnulls(finds_id, corrects_id) < 2", name="finds_earlier_loss"),
        sa.CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name="is_for_a_vehicle"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_part_entry_line"),
        sa.UniqueConstraint("part_id", "seq"),
        sa.UniqueConstraint("part_id", "key"),
        sa.UniqueConstraint("corrects_id"),
        sa.Index(None, "order_id"),
        sa.Index(None, "to_holder_id"),
        sa.Index("ix_part_entry_finds_id", "finds_id", postgresql_where=sa.text("finds_id IS NOT NULL")),
        sa.Index(None, "from_holder_id"),
    )

    id: Mapped[Key]
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"))
    seq: Mapped[int]
    from_holder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    to_holder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    quantity: Mapped[int]
    reason: Mapped[str]
    note: Mapped[str | None]
    order_id: Mapped[int | None]
    line_id: Mapped[int | None]
    key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    device_at: Mapped[datetime | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part_entry.id"))
    finds_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part_entry.id"))
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]

    part: Mapped[Part] = relationship()
    from_holder: Mapped[Holder | None] = relationship(foreign_keys=[from_holder_id])
    to_holder: Mapped[Holder | None] = relationship(foreign_keys=[to_holder_id])


class PartPosition(Base):
    """How many of a part a holder has now, moved in the same transaction as its entries; never below zero."""

    __tablename__ = "part_position"
    __table_args__ = (sa.CheckConstraint("quantity >= 0", name="not_below_zero"),)

    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"), primary_key=True)
    quantity: Mapped[int]

    part: Mapped[Part] = relationship()


constraint_says("uq_part_code", say("There is a part with this code already."))
constraint_says("ck_part_position_not_below_zero", say("There are not so many of these any more. Please look again."))
constraint_says("uq_part_entry_corrects_id", say("Somebody has taken this back already."))
constraint_says("uq_part_entry_part_id_key", say("This form was sent before. Look at what came of it and open it anew."))

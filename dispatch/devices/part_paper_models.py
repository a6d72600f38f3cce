"""Counted parts on papers: on the way to another branch, and promised by one technician to another.

What a paper says about parts names the entries of their ledger that did it, so that paper and ledger can be held against each
other.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, constraint_says, words_of
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.part_models import Part, PartEntry

TRANSFER_MOVES = ("out", "in", "back", "found", "lost")


class TransferPart(Base):
    """So many of a part in a transfer: how many arrived and how many did not, and what became of those.

    `arrived` and `missing` are empty until the other branch has said so; what was taken back stays so. Of the missing ones some
    are `found` and some given up as `lost`.
    """

    __tablename__ = "transfer_part"
    __table_args__ = (
        sa.CheckConstraint("sent > 0", name="sends_something"),
        sa.CheckConstraint("(arrived IS NULL) = (missing IS NULL)", name="said_as_a_whole"),
        sa.CheckConstraint("arrived + missing = sent AND arrived >= 0 AND missing >= 0", name="adds_up"),
        sa.CheckConstraint("found >= 0 AND lost >= 0 AND found + lost <= coalesce(missing, 0)", name="settles_what_is_missing"),
        sa.CheckConstraint(
            "coalesce(missing, 0) = 0 OR (btrim(coalesce(reason, '')) <> '' AND answers_id IS NOT NULL)",
            name="missing_is_answered_for",
        ),
        sa.CheckConstraint("(lost > 0) = (lost_at IS NOT NULL)", name="lost_has_a_moment"),
        sa.CheckConstraint("lost = 0 OR btrim(coalesce(lost_note, '')) <> ''", name="lost_has_note"),
        sa.CheckConstraint("lost = 0 OR lost_by_id <> answers_id", name="lost_not_his_own"),
        sa.Index(None, "part_id"),
    )

    transfer_id: Mapped[int] = mapped_column(sa.ForeignKey("transfer.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"), primary_key=True)
    sent: Mapped[int]
    arrived: Mapped[int | None]
    missing: Mapped[int | None]
    found: Mapped[int] = mapped_column(server_default="0", default=0)
    lost: Mapped[int] = mapped_column(server_default="0", default=0)
    reason: Mapped[str | None]
    answers_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answers_name: Mapped[str | None]
    lost_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    lost_by_name: Mapped[str | None]
    lost_at: Mapped[datetime | None]
    lost_note: Mapped[str | None]

    part: Mapped[Part] = relationship()
    moves: Mapped[list[TransferPartMove]] = relationship(order_by="TransferPartMove.entry_id")

    @property
    def still_missing(self) -> int:
        """How many nobody has found or given up."""
        return (self.missing or 0) - self.found - self.lost


class TransferPartMove(Base):
    """An entry of the ledger and what it did for a transfer; only finding happens more than once."""

    __tablename__ = "transfer_part_move"
    __table_args__ = (
        words_of("what", TRANSFER_MOVES),
        sa.ForeignKeyConstraint(
            ["transfer_id", "part_id"], ["transfer_part.transfer_id", "transfer_part.part_id"], name="fk_transfer_part_move_line"
        ),
        sa.Index(
            "uq_transfer_part_move_once",
            "transfer_id",
            "part_id",
            "what",
            unique=True,
            postgresql_where=sa.text("what <> 'found'"),
        ),
        sa.Index(None, "transfer_id", "part_id"),
    )

    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("part_entry.id"), primary_key=True, autoincrement=False)
    transfer_id: Mapped[int]
    part_id: Mapped[int]
    what: Mapped[str]

    entry: Mapped[PartEntry] = relationship()


class HandOverPart(Base):
    """So many of a part in a hand-over. As many as are `open` are promised: fewer when some went elsewhere, none once it is over.

    `taken` came with the second yes, by the entry named; `left_out` of them were still promised then and did not come.
    Triggers of the database let go of what a bag has promised and is gone, and refuse to promise more than is there.
    """

    __tablename__ = "hand_over_part"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="hands_something"),
        sa.CheckConstraint(
            "open >= 0 AND taken >= 0 AND left_out >= 0 AND open + taken + left_out <= quantity", name="within_what_was_offered"
        ),
        sa.CheckConstraint("open = 0 OR taken = 0", name="promised_or_taken"),
        sa.CheckConstraint("(taken > 0) = (entry_id IS NOT NULL)", name="taken_by_an_entry"),
        sa.UniqueConstraint("entry_id"),
        sa.Index("ix_hand_over_part_open", "part_id", postgresql_where=sa.text("open > 0")),
        sa.Index("ix_hand_over_part_unmoved", "part_id", postgresql_where=sa.text("entry_id IS NULL")),
    )

    hand_over_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_over.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"), primary_key=True)
    quantity: Mapped[int]
    open: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default="0", default=0)
    left_out: Mapped[int] = mapped_column(server_default="0", default=0)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part_entry.id"))

    part: Mapped[Part] = relationship()


constraint_says("uq_transfer_part_move_once", say("Somebody else has settled this transfer a moment ago."))
constraint_says("ck_transfer_part_lost_not_his_own", say("Who answers for missing parts does not write them off himself."))
constraint_says("hand_over_part_there", say("You have not so many of these left to offer. Please look again."))

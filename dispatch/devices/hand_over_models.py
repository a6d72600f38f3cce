"""The paper for whatever goes from one person to another: issued by a store, given back to it, given to the bench or to a
contractor, handed to a colleague (P12).

What is on it is promised, and the giver's until both sides have said yes: one when the paper was made, the other when it was
accepted. Triggers of the database let nothing out of a store that is promised, and nothing over without such a paper.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Holder, Unit
    from dispatch.devices.part_paper_models import HandOverPart

HAND_OVER_STATUSES = ("offered", "accepted", "declined", "withdrawn")
SIDES = ("giver", "taker")
WAYS = ("account", "scan", "signature", "override")
"""How the second side said yes: signed in, by scanning each unit, with a signature at the counter, or a manager in its place."""


class HandOver(Base):
    """What goes from whom to whom, and what became of it. `key` is the form's own: sent twice it counts once.

    `first` is the side that made it (`offered_by`) and has said yes with that; the other one settles it. `signature` are the
    strokes that the bag's owner drew on the screen of `witness`. A contractor's signer has no account: he goes by his name alone.
    `due_on` is the day by when a contractor brings it back; a trigger of the database has it on all that goes to one.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        words_of("status", HAND_OVER_STATUSES),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name="has_two_sides"),
        sa.CheckConstraint("(status = 'offered') = (settled_at IS NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint("status <> 'declined' OR reason IS NOT NULL", name="declined_has_reason"),
        words_of("first", SIDES),
        words_of("settled_how", WAYS),
        sa.CheckConstraint("(status = 'accepted') = (settled_how IS NOT NULL)", name="accepted_somehow"),
        sa.CheckConstraint("status <> 'accepted' OR settled_by_id <> offered_by_id", name="two_people"),
        sa.CheckConstraint("settled_how <> 'override' OR btrim(coalesce(reason, '')) <> ''", name="override_has_reason"),
        sa.CheckConstraint("(settled_how IS NOT DISTINCT FROM 'signature') = (signature IS NOT NULL)", name="signature_is_kept"),
        sa.CheckConstraint("(signature IS NULL) = (witness_name IS NULL)", name="signature_has_witness"),
        sa.CheckConstraint(
            "due_on IS NULL OR status <> 'accepted' OR (settled_how = 'signature' AND settled_by_id IS NULL)",
            name="due_is_signed",
        ),
        sa.UniqueConstraint("key"),
        sa.Index(None, "to_holder_id", postgresql_where=sa.text("status = 'offered'")),
        sa.Index(None, "from_holder_id", postgresql_where=sa.text("status = 'offered'")),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    from_holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    to_holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    status: Mapped[str]
    first: Mapped[str] = mapped_column(server_default="giver", default="giver")
    note: Mapped[str | None]
    due_on: Mapped[date | None]
    reason: Mapped[str | None]
    offered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    offered_by_name: Mapped[str]
    offered_at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_how: Mapped[str | None]
    signature: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    witness_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    witness_name: Mapped[str | None]

    from_holder: Mapped[Holder] = relationship(foreign_keys=[from_holder_id])
    to_holder: Mapped[Holder] = relationship(foreign_keys=[to_holder_id])
    units: Mapped[list[HandOverUnit]] = relationship(order_by="HandOverUnit.unit_id")
    parts: Mapped[list[HandOverPart]] = relationship(order_by="HandOverPart.part_id")

    @property
    def kind(self) -> str:
        """What it is: issue, return, bench, contract_out, contract_back or hand_over. So the ledger calls its moves, too."""
        if "contractor" in (self.from_holder.kind, self.to_holder.kind):
            return "contract_out" if self.to_holder.kind == "contractor" else "contract_back"
        to = {"store": "return", "bench": "bench"}
        return "issue" if self.from_holder.kind == "store" else to.get(self.to_holder.kind, "hand_over")

    @property
    def second(self) -> Holder:
        """The place whose yes it waits for."""
        return self.to_holder if self.first == "giver" else self.from_holder

    @property
    def left_out(self) -> int:
        """How many units and kinds of parts did not come over although they were on it still."""
        return sum(line.left_out for line in self.units) + sum(1 for line in self.parts if line.left_out)


class HandOverUnit(Base):
    """One unit of it. It is `open` while it is promised: until the paper is settled, or the unit has gone elsewhere.

    `entry_id` is the move that the second yes has made; `left_out` is what it did not cover.
    """

    __tablename__ = "hand_over_unit"
    __table_args__ = (
        sa.CheckConstraint("NOT open OR entry_id IS NULL", name="promised_or_moved"),
        sa.CheckConstraint("NOT left_out OR (NOT open AND entry_id IS NULL)", name="left_out_stays"),
        sa.UniqueConstraint("entry_id"),
        sa.Index("uq_hand_over_unit_open", "unit_id", unique=True, postgresql_where=sa.text("open")),
        sa.Index(None, "unit_id"),
    )

    hand_over_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_over.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    open: Mapped[bool] = mapped_column(server_default=sa.true())
    left_out: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("custody_entry.id"))

    unit: Mapped[Unit] = relationship()


constraint_says("uq_hand_over_unit_open", say("One of these is offered to somebody already."))
constraint_says("uq_hand_over_key", say("This form was sent before. Look at what came of it and open it anew."))
constraint_says("ck_hand_over_two_people", say("You have said yes for the other side. Somebody else says it for this one."))
constraint_says(
    "hand_over_promised", say("One of these is promised to a technician and waits for his yes. First the issue is taken back.")
)
constraint_says(
    "hand_over_parts_promised",
    say("Some of these parts are promised to a technician and wait for his yes. First the issue is taken back."),
)

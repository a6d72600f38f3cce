"""Purchases (采购): what a branch asks to buy, who sells it, and how much of it came with which delivery."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.approvals.models import Request
from dispatch.db import Base, Key, words_of
from dispatch.devices.purchase_rules import PURCHASED, purchase_word
from dispatch.words import Text

if TYPE_CHECKING:
    from dispatch.devices.models import Holder
    from dispatch.devices.part_models import PartEntry


class Purchase(Base):
    """So many of one thing at a price: a terminal model, the SIMs of a carrier, a counted part, or something else by `name`.

    Its request says why it is needed, how it stands, and who decides: its amount is count times price. `label` is the name of a
    part beside its code. Parts are taken into the store with the delivery, by the entry named; terminals and SIMs by their list.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        words_of("kind", PURCHASED),
        sa.CheckConstraint("count > 0", name="buys_something"),
        sa.CheckConstraint("unit_price >= 0", name="price_not_negative"),
        sa.CheckConstraint("btrim(supplier) <> '' AND (btrim(name) <> '' OR kind = 'sim')", name="has_words"),
        sa.CheckConstraint("received > 0", name="received_counts"),
        sa.CheckConstraint(
            "(received IS NULL) = (delivery IS NULL) AND (received IS NULL) = (store_id IS NULL)", name="received_is_whole"
        ),
        sa.CheckConstraint("entry_id IS NULL OR (kind = 'part' AND received IS NOT NULL)", name="parts_are_entered"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("request_id"),
        sa.UniqueConstraint("entry_id"),
    )

    id: Mapped[Key]
    number: Mapped[str]
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("approval_request.id"))
    kind: Mapped[str]
    name: Mapped[str]
    label: Mapped[str | None]
    count: Mapped[int]
    unit_price: Mapped[Decimal]
    supplier: Mapped[str]
    received: Mapped[int | None]
    delivery: Mapped[str | None]
    store_id: Mapped[int | None] = mapped_column(sa.ForeignKey("holder.id"))
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part_entry.id"))

    request: Mapped[Request] = relationship()
    store: Mapped[Holder | None] = relationship()
    entry: Mapped[PartEntry | None] = relationship()

    @property
    def key(self) -> str:
        """The thing's key, as reorder points have it."""
        return f"{self.kind}:{self.name}"

    @property
    def word(self) -> Text | str:
        """The thing in words."""
        return purchase_word(self.kind, self.name, self.label)

"""The ledger that says whose each unit is, and was. The columns of `unit` say it for now and carry the constraints."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Customer
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.ownership_rules import OWNERS, Owner
from dispatch.words import say


def owner_is_whole(owner: str, customer_id: str, name: str) -> tuple[sa.CheckConstraint, ...]:
    """Of these columns: a customer's is named by his id, a third party's by its name, and ours by neither."""
    return (
        sa.CheckConstraint(
            f"({owner} IS NOT DISTINCT FROM 'customer') = ({customer_id} IS NOT NULL)", name=f"{owner}_names_customer"
        ),
        sa.CheckConstraint(
            f"({owner} IS NOT DISTINCT FROM 'third_party') = ({name} IS NOT NULL)", name=f"{owner}_names_third_party"
        ),
    )


class OwnershipEntry(Base):
    """A unit became somebody else's, never changed. A mistake is mended by a new entry that names it in `corrects_id`.

    Without `from_owner` the unit came on record as somebody's; a unit without any entry is ours, and always was. `note` is what a
    person gave as reason; `fitting_id` the fitting that made it so by the rule, which its undoing takes back.
    """

    __tablename__ = "ownership_entry"
    __table_args__ = (
        words_of("from_owner", OWNERS),
        words_of("to_owner", OWNERS),
        *owner_is_whole("from_owner", "from_customer_id", "from_name"),
        *owner_is_whole("to_owner", "to_customer_id", "to_name"),
        sa.CheckConstraint(
            "(from_owner, from_customer_id, from_name) IS DISTINCT FROM (to_owner, to_customer_id, to_name)",
            name="really_changes",
        ),
        sa.CheckConstraint("from_owner IS NOT NULL OR seq = 1", name="only_first_has_no_past"),
        sa.CheckConstraint("reason <> 'declared' OR btrim(coalesce(note, '')) <> ''", name="declared_with_reason"),
        sa.UniqueConstraint("unit_id", "seq"),
        sa.UniqueConstraint("corrects_id"),
        sa.Index(None, "fitting_id"),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"))
    seq: Mapped[int]
    from_owner: Mapped[str | None]
    from_customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    from_name: Mapped[str | None]
    to_owner: Mapped[str]
    to_customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"))
    to_name: Mapped[str | None]
    reason: Mapped[str]
    note: Mapped[str | None]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    fitting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fitting.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    device_at: Mapped[datetime | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ownership_entry.id"))
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]

    from_customer: Mapped[Customer | None] = relationship(foreign_keys=[from_customer_id])
    to_customer: Mapped[Customer | None] = relationship(foreign_keys=[to_customer_id])

    @property
    def before(self) -> Owner | None:
        """Whose it was; None for one that came on record so."""
        return Owner(self.from_owner, self.from_customer_id, self.from_name) if self.from_owner else None

    @property
    def becomes(self) -> Owner:
        """Whose it is from then on."""
        return Owner(self.to_owner, self.to_customer_id, self.to_name)


constraint_says(
    "uq_ownership_entry_unit_id_seq", say("Somebody else changed whose this unit is a moment ago. Please look again.")
)

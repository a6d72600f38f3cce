"""Who works for a contractor."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base


class ContractorWorker(Base):
    """Somebody whom a contractor sends. He is a Person of his own, so that every fact, photo, receipt and entry of a ledger
    names him by the same keys as one of ours, and the database keeps him from being in two places at once.

    He is none of us: he holds no role, has neither user name nor password (both by constraint), and stands on no list of
    people. He acts only by the link of an order that he has accepted, with what permissions.OUTSIDE may do, for as long as that
    link is good. He has no bag either: what he fits comes out of what his contractor was given, and goes back there.
    """

    __tablename__ = "contractor_worker"
    __table_args__ = (
        sa.CheckConstraint("outside", name="is_outside"),
        sa.CheckConstraint("contractor_kind = 'contractor'", name="of_contractor"),
        sa.ForeignKeyConstraint(["person_id", "outside"], ["person.id", "person.outside"], name="fk_contractor_worker_person"),
        sa.ForeignKeyConstraint(
            ["contractor_id", "contractor_kind"], ["holder.id", "holder.kind"], name="fk_contractor_worker_contractor"
        ),
        sa.UniqueConstraint("person_id", "contractor_id"),
        sa.Index(None, "contractor_id"),
    )

    person_id: Mapped[int] = mapped_column(primary_key=True)
    outside: Mapped[bool] = mapped_column(server_default=sa.true())
    contractor_id: Mapped[int]
    contractor_kind: Mapped[str] = mapped_column(server_default="contractor")

"""Remote help that was given during a call: what the customer agreed to, what was done, whether it helped."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.customers.models import Vehicle
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.intake.remote_rules import CONSENTS, RESULTS
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.rules import CHANNELS
from dispatch.words import say


class RemoteHelp(Base):
    """Help from afar about one vehicle (Q5). Solved, it ended the matter without a visit; else its contact became an order.

    `request_key` is the form's own UUID, so that a second press finds what the first one wrote. Never changed.
    """

    __tablename__ = "remote_help"
    __table_args__ = (
        words_of("channel", CHANNELS),
        words_of("consent_how", tuple(CONSENTS)),
        words_of("result", RESULTS),
        sa.CheckConstraint("btrim(consent_by) <> '' AND btrim(done) <> ''", name="says_who_and_what"),
        sa.CheckConstraint("consent_at <= at", name="agreed_before"),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "contact_id"),
        sa.Index(None, "vehicle_id"),
    )

    id: Mapped[Key]
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("owned_contact.id"))
    vehicle_id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"))
    caller: Mapped[str]
    phone: Mapped[str]
    channel: Mapped[str]
    symptom: Mapped[str]
    symptom_text: Mapped[str | None]
    diagnosis: Mapped[str | None]
    consent_by: Mapped[str]
    consent_how: Mapped[str]
    consent_at: Mapped[datetime]
    done: Mapped[str]
    result: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)

    contact: Mapped[OwnedContact] = relationship()
    vehicle: Mapped[Vehicle] = relationship()


constraint_says("uq_remote_help_request_key", say("This call was saved already."))

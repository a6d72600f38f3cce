"""What accounting calls the accounts of the ledger: codes and names from a day on."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key


class AccountCode(Base):
    """Code and names of one kind of account (and channel, "" for none) from a day on; before it, and without one, the usual."""

    __tablename__ = "account_code"
    __table_args__ = (
        sa.CheckConstraint("btrim(code) <> '' AND btrim(name_zh) <> '' AND btrim(name_en) <> ''", name="is_named"),
        sa.UniqueConstraint("kind", "channel", "valid_from"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    channel: Mapped[str]
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

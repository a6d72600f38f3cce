"""The sheets of an order, their versions, and every PDF that was ever released."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, words_of
from dispatch.sheets.rules import SHEET_KINDS


class Sheet(Base):
    """One document: of a whole order (`line_id` NULL), or of one vehicle of it. `token` is what its QR code says."""

    __tablename__ = "sheet"
    __table_args__ = (
        words_of("kind", SHEET_KINDS),
        sa.UniqueConstraint("order_id", "line_id", postgresql_nulls_not_distinct=True),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_sheet_line"),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    line_id: Mapped[int | None]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    token: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]

    versions: Mapped[list[SheetVersion]] = relationship(back_populates="sheet", order_by="SheetVersion.version")


class SheetVersion(Base):
    """What a sheet said at one time. `facts` is the JSON inside its PDF; it is released when `pdf_sha256` is there.

    `warnings` are sentences for the office, such as letters that the font lacks; `failure` says why it could not be made.
    """

    __tablename__ = "sheet_version"
    __table_args__ = (
        sa.UniqueConstraint("sheet_id", "version"),
        sa.CheckConstraint("(pdf_sha256 IS NULL) = (released_at IS NULL)", name="released_is_whole"),
    )

    id: Mapped[Key]
    sheet_id: Mapped[int] = mapped_column(sa.ForeignKey("sheet.id"))
    version: Mapped[int]
    facts: Mapped[dict[str, Any]]
    facts_hash: Mapped[bytes]
    name: Mapped[str]
    warnings: Mapped[list[Any]] = mapped_column(server_default=sa.text("'[]'"))
    failure: Mapped[dict[str, Any] | None]
    pdf_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    sheet: Mapped[Sheet] = relationship(back_populates="versions")


class SheetRelease(Base):
    """The sha256 of every PDF that left the house; a countersignature or timestamp makes another one of the same version."""

    __tablename__ = "sheet_release"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("sheet_version.id"), index=True)
    released_at: Mapped[datetime]

"""What finance keeps of its own: statements, their lines, and which column is what in the files of a bank."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.finance.code_models import AccountCode
from dispatch.finance.day_models import DayClose
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchRun, MatchUndo
from dispatch.finance.match_rules import FINDINGS
from dispatch.finance.merit_models import Merit as Merit
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet, ContractorSheetBack, ContractorSheetLine
from dispatch.finance.statement_rules import LINE_STATES, STAGES, STATES
from dispatch.finance.statements.lines import CHANNELS, KINDS
from dispatch.words import say

__all__ = [
    "AccountCode",
    "BankProfile",
    "ContractorPayment",
    "ContractorSheet",
    "ContractorSheetBack",
    "ContractorSheetLine",
    "DayClose",
    "LineMatch",
    "MatchItem",
    "MatchPart",
    "MatchRun",
    "MatchUndo",
    "Statement",
    "StatementLine",
]

PLACES = sa.Numeric(18, 6)
"""Fees as the channel gives them."""
_IN_WORK_LIST = sa.text("state = 'open' AND finding IS NOT NULL")
MAYBE = JSONB(none_as_null=True)
"""Nothing is no value, not the JSON word for it: a file that is read anew has none again."""


class BankProfile(Base):
    """Which column is what in a bank's files, as a person said: files with just these headings are read so."""

    __tablename__ = "bank_profile"
    __table_args__ = (sa.UniqueConstraint("branch_id", "headings"),)

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    headings: Mapped[list[Any]]
    keys: Mapped[dict[str, Any]]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class Statement(Base):
    """A file of a channel or bank. Once `kept`, `totals` are the file's own and `taken` those of the lines that it brought
    (`kinds`: how many of each kind).

    `told` is how a person said its columns are to be read, `layout` how they are read. `failure` says why it was refused, or
    which columns were not recognised; `done` of `total` lines are through its `stage` while the worker reads it.
    """

    __tablename__ = "statement"
    __table_args__ = (
        words_of("channel", tuple(CHANNELS)),
        words_of("state", tuple(STATES)),
        words_of("stage", tuple(STAGES)),
        sa.CheckConstraint("(state = 'kept') = (totals IS NOT NULL)", name="kept_has_totals"),
        sa.CheckConstraint("num_nulls(channel, account, totals, taken, first_at, last_at) IN (0, 6)", name="kept_is_whole"),
        sa.CheckConstraint("(state IN ('unread', 'failed')) = (failure IS NOT NULL)", name="failed_says_why"),
        sa.Index("uq_statement_file_once", "file_hash", unique=True, postgresql_where=sa.text("state <> 'failed'")),
        sa.Index(None, "branch_id", "at"),
        sa.Index(None, "profile_id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    file_name: Mapped[str]
    file_hash: Mapped[str] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    state: Mapped[str]
    channel: Mapped[str | None]
    account: Mapped[str | None]
    bank: Mapped[str] = mapped_column(server_default="")
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    totals: Mapped[dict[str, Any] | None] = mapped_column(MAYBE)
    taken: Mapped[dict[str, Any] | None] = mapped_column(MAYBE)
    told: Mapped[dict[str, Any] | None] = mapped_column(MAYBE)
    layout: Mapped[dict[str, Any] | None] = mapped_column(MAYBE)
    profile_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_profile.id", ondelete="SET NULL"))
    failure: Mapped[dict[str, Any] | None] = mapped_column(MAYBE)
    stage: Mapped[str | None]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    heard_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class StatementLine(Base):
    """One movement, once: the file that brought it first, and its row there. `key` tells it from all others of its account.

    `finding` says why it is in the work list. Once it is not open the database lets nobody change what it says. Who sent its
    statement answers for it while it is open, unless finance has named somebody else as its owner.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        words_of("channel", tuple(CHANNELS)),
        words_of("kind", tuple(KINDS)),
        words_of("state", tuple(LINE_STATES)),
        words_of("finding", tuple(FINDINGS)),
        sa.UniqueConstraint("channel", "account", "key"),
        sa.Index(None, "statement_id", "row", "id"),
        sa.Index(None, "channel", "account", "at"),
        sa.Index(None, "receipt"),
        sa.Index("ix_statement_line_open", "branch_id", "at", "id", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_statement_line_finding", "branch_id", "finding", "at", postgresql_where=_IN_WORK_LIST),
        sa.Index("ix_statement_line_open_amount", "branch_id", "amount", "at", postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[Key]
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    row: Mapped[int]
    channel: Mapped[str]
    account: Mapped[str]
    key: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    finding: Mapped[str | None]
    at: Mapped[datetime]
    amount: Mapped[Decimal]
    fee: Mapped[Decimal | None] = mapped_column(PLACES)
    receipt: Mapped[str | None]
    reference: Mapped[str | None]
    party: Mapped[str | None]
    note: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    owner_name: Mapped[str | None]


constraint_says("uq_statement_file_once", say("This very file is here already; nothing was counted twice."))
constraint_says(
    "uq_statement_line_channel_account_key",
    say("Another file with some of these lines was taken in at the same moment. Send this one again."),
)

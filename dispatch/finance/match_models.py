"""Matching: what of ours a statement should show, and which of its lines that is.

A match joins lines and items; proposed until somebody accepts it, then live until it is undone. Matches are never deleted once
they have counted: undoing is a row of its own, with a voucher that books back what the match has booked.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.settling_models import MATCHED
from dispatch.finance.match_rules import ITEM_CHANNELS, ITEM_KINDS, ITEM_STATES, MATCH_STATES, REASONS, RUNS, WAYS
from dispatch.words import say

_SOURCES = "receipt_id, account_payment_id, bank_deposit_id, contractor_payment_id"
_TO_MATCH = sa.text("state IN ('open', 'underway')")


class MatchItem(Base):
    """Money of ours that a statement should show: a receipt that is not cash, a payment on account, a deposit; less, a refund, or
    what a contractor was paid.

    The database writes it with what it stands for, and makes it void when that is taken back; it refuses this once it is matched.
    `other` is a further number it may be known by: a refund's receipt, a deposit's slip. Who took it answers for it, unless
    finance has named somebody else as its owner.
    """

    __tablename__ = "match_item"
    __table_args__ = (
        words_of("kind", ITEM_KINDS),
        words_of("channel", ITEM_CHANNELS),
        words_of("state", tuple(ITEM_STATES)),
        sa.CheckConstraint(f"num_nonnulls({_SOURCES}) = 1", name="stands_for_one"),
        sa.Index(None, "branch_id", "at"),
        sa.Index(None, "number"),
        sa.Index("ix_match_item_other", "other", postgresql_where=sa.text("other IS NOT NULL")),
        sa.Index("ix_match_item_open", "branch_id", "at", "id", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_match_item_to_match", "at", postgresql_where=_TO_MATCH),
        sa.Index("ix_match_item_to_match_amount", "amount", "at", postgresql_where=_TO_MATCH),
    )

    id: Mapped[Key]
    kind: Mapped[str]
    receipt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"), unique=True)
    account_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account_payment.id"), unique=True)
    bank_deposit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_deposit.id"), unique=True)
    contractor_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contractor_payment.id"), unique=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    channel: Mapped[str]
    number: Mapped[str]
    other: Mapped[str | None]
    reference: Mapped[str | None]
    payer: Mapped[str | None]
    amount: Mapped[Decimal]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    owner_name: Mapped[str | None]


class MatchRun(Base):
    """Matches that came to count together, by themselves or by somebody; its voucher books them."""

    __tablename__ = "match_run"
    __table_args__ = (words_of("how", RUNS), sa.Index(None, "branch_id", "at"))

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    how: Mapped[str]
    count: Mapped[int]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class LineMatch(Base):
    """Lines and items that belong together, in which `way` that was found and how certain it is, from 0 to 100.

    `amount` is that of its lines (without a line: of its items), `fee` what the channel kept of it, in fen, `difference` what the
    lines have more than the items; it is not zero only for a reason (`why`, `words`), and `owed` it has an owner.
    """

    __tablename__ = "line_match"
    __table_args__ = (
        words_of("channel", ("wechat", "alipay", "bank")),
        words_of("state", tuple(MATCH_STATES)),
        words_of("way", tuple(WAYS)),
        words_of("why", tuple(REASONS)),
        sa.CheckConstraint("confidence BETWEEN 0 AND 100", name="confidence_is_a_share"),
        sa.CheckConstraint("state NOT IN ('live', 'undone') OR run_id IS NOT NULL", name="counts_by_a_run"),
        sa.CheckConstraint("state NOT IN ('proposed', 'declined') OR run_id IS NULL", name="proposed_does_not_count"),
        sa.CheckConstraint("difference = 0 OR why IS NOT NULL OR run_id IS NULL", name="difference_is_explained"),
        sa.CheckConstraint("(why = 'owed') = (owner_id IS NOT NULL)", name="owed_has_owner"),
        sa.CheckConstraint("(why = 'payout') = (payout_channel IS NOT NULL)", name="payout_has_channel"),
        sa.CheckConstraint("way <> 'explained' OR btrim(coalesce(words, '')) <> ''", name="explained_in_words"),
        sa.Index(None, "run_id"),
        sa.Index("ix_line_match_proposed", "branch_id", "confidence", "id", postgresql_where=sa.text("state = 'proposed'")),
        sa.Index("ix_line_match_owner_id", "owner_id", postgresql_where=sa.text("owner_id IS NOT NULL")),
        sa.Index("ix_line_match_explained", "branch_id", "at", "id", postgresql_where=sa.text("why IS NOT NULL")),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    channel: Mapped[str]
    state: Mapped[str]
    way: Mapped[str]
    confidence: Mapped[int]
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("match_run.id"))
    at: Mapped[datetime]
    amount: Mapped[Decimal]
    fee: Mapped[Decimal]
    difference: Mapped[Decimal]
    why: Mapped[str | None]
    payout_channel: Mapped[str | None]
    words: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    owner_name: Mapped[str | None]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class MatchPart(Base):
    """A line or an item of a match; `live` while the match counts, and it is in no other then."""

    __tablename__ = "match_part"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(line_id, item_id) = 1", name="is_line_or_item"),
        sa.Index(None, "line_id", postgresql_where=sa.text("line_id IS NOT NULL")),
        sa.Index(None, "item_id", postgresql_where=sa.text("item_id IS NOT NULL")),
        sa.Index("uq_match_part_line_live", "line_id", unique=True, postgresql_where=sa.text("live AND line_id IS NOT NULL")),
        sa.Index("uq_match_part_item_live", "item_id", unique=True, postgresql_where=sa.text("live AND item_id IS NOT NULL")),
    )

    match_id: Mapped[int] = mapped_column(sa.ForeignKey("line_match.id", ondelete="CASCADE"), primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement_line.id"))
    item_id: Mapped[int | None] = mapped_column(sa.ForeignKey("match_item.id"))
    live: Mapped[bool]


class MatchUndo(Base):
    """A match that somebody has undone, once and for a reason: its voucher books it back, its lines and items are open again."""

    __tablename__ = "match_undo"
    __table_args__ = (sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),)

    id: Mapped[Key]
    match_id: Mapped[int] = mapped_column(sa.ForeignKey("line_match.id"), unique=True)
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


constraint_says("uq_match_part_line_live", say("Somebody has matched one of these lines meanwhile. Nothing was booked twice."))
constraint_says("uq_match_part_item_live", say("Somebody has matched this money meanwhile. Nothing was booked twice."))
constraint_says("uq_match_undo_match_id", say("Somebody has undone this already."))
constraint_says("match_item_matched", MATCHED)

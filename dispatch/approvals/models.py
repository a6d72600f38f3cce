"""Approval: the table of who approves what, what one step of a ladder is, and requests that wait for their steps."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.approvals.link_models import RequestLink as RequestLink
from dispatch.approvals.rules import ABOVE, BUSINESS, LADDER_KINDS, MANAGER, MOST_ABOVE, OF_NO_ORDER, REQUESTS, LevelRule
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.staff.models import Branch, Person
from dispatch.words import Text, say, text_from_json

_KNOWN = "[" + ", ".join(f'"{role}"' for role in ("manager", *ABOVE)) + "]"
_MANAGER_FIRST = ", ".join(f"'{kind}'" for kind, business in BUSINESS.items() if business.first == MANAGER)
_USUAL = ", ".join(f"'{kind}'" for kind, business in BUSINESS.items() if business.usual)

REQUEST_STATES = ("open", "approved", "rejected", "withdrawn", "done")
"""Approved is what all levels have said yes to; done, that it was carried out: the money given back, the goods received."""
ALIVE = ("open", "approved")


class ApprovalRule(Base):
    """Business of a kind, a size and a branch (None: all) needs these `roles` in turn after the first level.

    `key` is the form's own UUID. A rule that holds no longer is ended and stays readable (a trigger). Without roles it says that
    nobody is asked after the first, where usually somebody would be.
    """

    __tablename__ = "approval_rule"
    __table_args__ = (
        words_of("kind", tuple(LADDER_KINDS)),
        sa.CheckConstraint("least >= 0", name="least_is_a_size"),
        sa.CheckConstraint("most >= least", name="has_a_span"),
        sa.CheckConstraint(f"jsonb_array_length(roles) <= {MOST_ABOVE}", name="names_few"),
        sa.CheckConstraint(f"jsonb_array_length(roles) > 0 OR kind IN ({_USUAL})", name="names_somebody"),
        sa.CheckConstraint(f"roles <@ '{_KNOWN}'", name="roles_known"),
        sa.CheckConstraint(f"kind NOT IN ({_MANAGER_FIRST}) OR NOT roles @> '[\"manager\"]'", name="manager_is_first"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_is_whole"),
        sa.UniqueConstraint("key"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    kind: Mapped[str]
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    least: Mapped[Decimal]
    most: Mapped[Decimal | None]
    roles: Mapped[list[Any]]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship()
    added_by: Mapped[Person] = relationship(foreign_keys=[added_by_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def rule(self) -> LevelRule:
        """The same as plain data."""
        return LevelRule(self.kind, tuple(self.roles), self.least, self.most, self.branch_id)


class Step:
    """One level of a ladder, of whatever it is over; open until somebody decides.

    `round` counts how often it was sent in. `following` are the permissions of the levels still to come, by the rules of when it
    was sent in. Decided in the place of somebody absent, `for_id` is he.
    """

    round: Mapped[int] = mapped_column(server_default="1")
    step: Mapped[int]
    permission: Mapped[str]
    following: Mapped[list[Any] | None]
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    link_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    @property
    def hands(self) -> tuple[int | None, ...]:
        """Who had a hand in the decision: who decided, for whom, and who made the link for it."""
        return self.decided_by_id, self.for_id, self.link_by_id


class Request(Base):
    """Something that climbs the ladder and is no order: goodwill, money to be given back, a charge to be let off, a purchase, a
    contractor's settlement.

    What it is about in particular stands in the table of the feature that carries it out; `about` says it in a sentence.
    `amount` is None where nobody knows it yet. `order_id` is the order that it belongs to, `trail` what the history keeps of it
    besides, `key` the form's own UUID.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        words_of("kind", REQUESTS),
        words_of("state", REQUEST_STATES),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("amount IS NOT NULL OR kind = 'goodwill'", name="amount_known"),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint(f"(kind IN {OF_NO_ORDER}) = (order_id IS NULL)", name="favours_are_of_an_order"),
        sa.UniqueConstraint("key"),
        sa.Index(None, "order_id"),
        sa.Index(None, "branch_id", "state", "id"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    kind: Mapped[str]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    amount: Mapped[Decimal | None]
    about: Mapped[dict[str, Any]]
    trail: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'"))
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open", default="open")
    round: Mapped[int] = mapped_column(server_default="1", default=1)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])
    steps: Mapped[list[RequestStep]] = relationship(back_populates="request", order_by="RequestStep.id")

    @property
    def sentence(self) -> Text:
        """What it is about."""
        return text_from_json(self.about)

    @property
    def word(self) -> Text:
        """What kind of business it is."""
        return BUSINESS[self.kind].word

    @property
    def open_step(self) -> RequestStep | None:
        """The level that waits for a decision."""
        return next((step for step in self.steps if step.decision is None), None)


class RequestStep(Step, Base):
    """One level of a request's ladder; nobody decides his own, and nobody two of one round."""

    __tablename__ = "approval_request_step"
    __table_args__ = (
        words_of("decision", ("approved", "rejected", "withdrawn")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name="not_by_himself"),
        sa.CheckConstraint("for_id <> decided_by_id", name="for_somebody_else"),
        sa.CheckConstraint("for_id <> requested_by_id", name="not_for_who_asked"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("decision <> 'rejected' OR reason IS NOT NULL", name="rejected_has_reason"),
        sa.UniqueConstraint("request_id", "round", "step"),
        sa.Index("uq_approval_request_step_open", "request_id", unique=True, postgresql_where=sa.text("decision IS NULL")),
        sa.Index(
            "uq_approval_request_step_one_each",
            "request_id",
            "round",
            "decided_by_id",
            unique=True,
            postgresql_where=sa.text("decided_by_id IS NOT NULL"),
        ),
        sa.Index("ix_approval_request_step_waiting", "permission", "id", postgresql_where=sa.text("decision IS NULL")),
    )

    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("approval_request.id"))

    request: Mapped[Request] = relationship(back_populates="steps")
    requested_by: Mapped[Person] = relationship(foreign_keys="RequestStep.requested_by_id")
    decided_by: Mapped[Person | None] = relationship(foreign_keys="RequestStep.decided_by_id")
    decided_for: Mapped[Person | None] = relationship(foreign_keys="RequestStep.for_id")


constraint_says("uq_approval_rule_key", say("This rule was saved already."))
constraint_says("uq_approval_request_key", say("This was asked for already. Please look again."))

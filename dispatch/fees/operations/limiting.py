"""What setting a limit has in common, whatever it limits: one press counts once, a person's has a reason, its days fit."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.cash_models import CashLimit
from dispatch.fees.discount_models import DiscountLimit
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

Limit = TypeVar("Limit", CashLimit, DiscountLimit)


class Typed(Protocol):
    """A limit as it was typed, as far as what is checked of every one."""

    @property
    def person_id(self) -> int | None:
        """Whose it is, if one person's."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def valid_from(self) -> date:
        """Its first day."""

    @property
    def valid_to(self) -> date | None:
        """Its last day, if it has one."""


def set_before(session: Session, kind: type[Limit], key: uuid.UUID, by: Actor) -> Limit | None:
    """What the same press has set already. Two at once come one after the other."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(key), 0))))
    return session.scalar(sa.select(kind).where(kind.request_key == key, kind.by_id == by.id))


def wrong_in(new: Typed) -> dict[str, Text]:
    """What is wrong with reason and days, by field."""
    wrong: dict[str, Text] = {}
    if new.person_id is not None and not new.reason.strip():
        wrong["reason"] = say("Please give a reason.")
    if new.valid_to is not None and new.valid_to < new.valid_from:
        wrong["valid_to"] = say("This must be later than the beginning.")
    return wrong

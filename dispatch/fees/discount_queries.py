"""How far below the list somebody may quote without being asked, and which limits there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.fees.discount_models import DiscountLimit
from dispatch.fees.discount_rules import deepest, discount_for
from dispatch.fees.quote_models import Quotation
from dispatch.permissions import PERMISSIONS
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor

_usual = Decimal(0)
MOST_ENDED = 50


def configure(percent: float) -> None:
    """Take over the setting of this process: what whoever makes quotations may of whom no row speaks."""
    global _usual
    _usual = Decimal(str(percent))


def usual_discount() -> Decimal:
    """How many per cent below the list whoever makes quotations may go of whom nothing else is said."""
    return _usual


def discount_of(session: Session, by: Actor, day: date) -> Decimal:
    """How many per cent below the list somebody may quote on a day without being asked. One statement."""
    mine = sa.or_(DiscountLimit.person_id == by.id, DiscountLimit.role.in_(by.roles))
    kept = session.scalars(sa.select(DiscountLimit).where(DiscountLimit.ended_at.is_(None), mine))
    return discount_for(by.id, by.roles, by.branch_id, day, [row.dated for row in kept], _usual)


def depth_of(made: Quotation) -> Decimal:
    """How many per cent below the list the line of a quotation goes that goes furthest."""
    return deepest((line.unit_price, line.listed_price) for line in made.lines)


def discount_limits(session: Session, by: Actor) -> tuple[Sequence[DiscountLimit], Sequence[DiscountLimit]]:
    """The limits that the reader may see and that nobody has ended, and those that were; of persons the reader's branch's."""
    seen: sa.ColumnElement[bool] = sa.true()
    if not by.may("branches.all"):
        mine = sa.exists().where(Person.id == DiscountLimit.person_id, Person.branch_id == by.branch_id)
        everywhere = sa.and_(DiscountLimit.branch_id.is_(None), DiscountLimit.person_id.is_(None))
        seen = sa.or_(DiscountLimit.branch_id == by.branch_id, mine, everywhere)
    whole = (joinedload(DiscountLimit.branch), joinedload(DiscountLimit.person), joinedload(DiscountLimit.ended_by))
    rows = sa.select(DiscountLimit).where(seen).options(*whole)
    order = (DiscountLimit.person_id.nulls_first(), DiscountLimit.role, DiscountLimit.branch_id.nulls_first(), DiscountLimit.id)
    kept = session.scalars(rows.where(DiscountLimit.ended_at.is_(None)).order_by(*order))
    ended = rows.where(DiscountLimit.ended_at.is_not(None)).order_by(DiscountLimit.ended_at.desc()).limit(MOST_ENDED)
    return kept.all(), session.scalars(ended).all()


def quoting_people(session: Session, by: Actor) -> list[tuple[int, str]]:
    """Who makes quotations at the reader's branch."""
    held = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(PERMISSIONS["quote.make"]))
    rows = sa.select(Person.id, Person.name).where(Person.branch_id == by.branch_id, Person.active, ~Person.outside, held)
    return [(id_, name) for id_, name in session.execute(rows.order_by(Person.staff_no))]

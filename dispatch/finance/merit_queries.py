"""Reading rewards and deductions, and the rates of what people give away and miss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from dispatch.approvals.models import Request
from dispatch.fees.models import Charge, HandIn, Quotation, QuotationLine, Receipt
from dispatch.finance.match_models import LineMatch
from dispatch.finance.merit_models import Merit
from dispatch.finance.merit_rules import Rate
from dispatch.finance.owed_queries import OWED
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.models import Branch, Person


@dataclass(frozen=True)
class Kept:
    """A record, and the row that took it back, if any."""

    row: Merit
    back: Merit | None


MERIT_SORTS = {"at": (Merit.at, Merit.id), "person": (Person.name, Merit.id), "kind": (Merit.kind, Merit.id)}


def merits(session: Session, *, branch_id: int | None, person_id: int | None = None, cut: Cut = FIRST) -> Part[Kept]:
    """A page of the records of a branch (None: of all) or one person; what takes one back is told beside it."""
    where = [Merit.reverses_id.is_(None), *([] if branch_id is None else [Merit.branch_id == branch_id])]
    where += [Merit.person_id == person_id] if person_id else []
    total = session.scalar(sa.select(sa.func.count()).select_from(Merit).where(*where)) or 0
    found = session.execute(cut.of(_rows().where(*where), MERIT_SORTS)).all()
    return Part([Kept(*row) for row in found], cut.number, total)


def merits_of(session: Session, person_id: int, limit: int = 20) -> Sequence[Kept]:
    """One person's own records, the newest first."""
    mine = _rows().where(Merit.reverses_id.is_(None), Merit.person_id == person_id)
    return [Kept(*row) for row in session.execute(mine.order_by(Merit.id.desc()).limit(limit))]


def _rows() -> sa.Select[Merit, Merit]:
    back = aliased(Merit)
    rows = sa.select(Merit, back).outerjoin(back, back.reverses_id == Merit.id).join(Merit.person)
    return rows.options(contains_eager(Merit.person), joinedload(Merit.order), joinedload(Merit.hand_in))


# --- rates

FIGURES = ("receipts", "received", "favours", "given_away", "differences", "missed", "discounts", "discounted")


def rates(session: Session, *, branch_id: int | None, since: datetime, until: datetime) -> list[Rate]:
    """Of everybody who took money, gave something away or answers for a difference in [since, until); the largest share first."""
    counted = (_received, _goodwill, _let_off, _missed, _left_over, _discounts)
    parts = sa.union_all(*(rows(since, until) for rows in counted)).subquery()
    sums = (sa.func.sum(parts.c[name]) for name in FIGURES)
    rows = sa.select(Person.id, Person.name, Branch.name, *sums).join(parts, parts.c.person_id == Person.id)
    rows = rows.join(Branch, Branch.id == Person.branch_id).group_by(Person.id, Branch.id)
    rows = rows if branch_id is None else rows.where(Person.branch_id == branch_id)
    found = [_rate(row) for row in session.execute(rows.order_by(Person.id))]
    return sorted(found, key=lambda one: (one.given_away + one.discounted + one.missed, one.received), reverse=True)


def _rate(row: Any) -> Rate:
    who, name, branch, receipts, received, favours, given, differences, missed, discounts, discounted = row
    kept = (int(favours), Decimal(given), int(differences), Decimal(missed), int(discounts), Decimal(discounted))
    return Rate(who, name, branch, int(receipts), Decimal(received), *kept)


def _part(person: Any, moment: Any, since: datetime, until: datetime, **figures: Any) -> sa.Select[*tuple[Any, ...]]:
    """SQL: one row for each thing in the span, with the figures it counts to; the others are nothing."""
    columns = (sa.cast(figures.get(name, 0), sa.Numeric).label(name) for name in FIGURES)
    return sa.select(person.label("person_id"), *columns).where(moment >= since, moment < until, person.is_not(None))


def _received(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    taken = sa.case((Receipt.amount > 0, 1), else_=0)
    rows = _part(Receipt.by_id, Receipt.at, since, until, receipts=taken, received=Receipt.amount)
    return rows.where(Receipt.channel != "account")


def _goodwill(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Parts that goodwill made free, at their listed price; by whoever charged them on site."""
    back = aliased(Charge)
    stands = ~sa.exists().where(back.reverses_id == Charge.id)
    worth = Charge.quantity * Charge.unit_price
    rows = _part(Charge.by_id, Charge.at, since, until, favours=1, given_away=worth)
    return rows.where(Charge.rule == "goodwill", Charge.reverses_id.is_(None), stands)


def _let_off(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Charges that were let off; by whoever asked for it."""
    rows = _part(Request.asked_by_id, Request.ended_at, since, until, favours=1, given_away=Request.amount)
    return rows.where(Request.kind == "overrule", Request.state == "done")


def _discounts(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    """How far quoted prices stayed below the list where they were charged; by whoever offered the quotation."""
    back = aliased(Charge)
    stands = ~sa.exists().where(back.reverses_id == Charge.id)
    away = Charge.quantity * (QuotationLine.listed_price - QuotationLine.unit_price)
    person = sa.func.coalesce(Quotation.offered_by_id, Quotation.by_id)
    rows = _part(person, Charge.at, since, until, discounts=1, discounted=away).select_from(Charge)
    rows = rows.join(QuotationLine, QuotationLine.id == Charge.quoted_line_id)
    rows = rows.join(Quotation, Quotation.id == QuotationLine.quotation_id)
    return rows.where(Charge.reverses_id.is_(None), stands, away > 0)


def _missed(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Differences of hand-ins that stand, whichever way; by who answers for them."""
    much = sa.func.abs(HandIn.difference)
    rows = _part(HandIn.difference_owner_id, HandIn.confirmed_at, since, until, differences=1, missed=much)
    return rows.where(HandIn.difference != 0, ~HandIn.back.has())


def _left_over(since: datetime, until: datetime) -> sa.Select[*tuple[Any, ...]]:
    """What matching left to people, whichever way; by who answers for it."""
    much = sa.func.abs(LineMatch.difference)
    return _part(LineMatch.owner_id, LineMatch.decided_at, since, until, differences=1, missed=much).where(*OWED)

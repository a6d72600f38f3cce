"""Who holds how much cash, since when, and how that stands against his limit; which limits there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from dispatch.clock import local_day
from dispatch.fees.cash_models import CashLimit, CashPass
from dispatch.fees.cash_rules import Dated, Limit, Standing, limit_for, standing_of
from dispatch.fees.ledger_models import Account, HandIn
from dispatch.fees.ledger_queries import oldest_in, waiting_sums
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

_usual = Limit(Decimal(5000), Decimal(24))
_near_percent = 80
MOST_ENDED = 50


def configure(most: float, hours: float, near_percent: int) -> None:
    """Take over the settings of this process: the limit of whom no row speaks (no hours: at once on return), and what is near."""
    global _usual, _near_percent
    _usual, _near_percent = Limit(Decimal(str(most)), Decimal(str(hours)) if hours else None), near_percent


def usual_limit() -> Limit:
    """The limit of everybody of whom nothing else is said."""
    return _usual


@dataclass(frozen=True)
class Held:
    """What somebody holds in cash, what of it waits to be counted, since when the oldest is held, and how that stands.

    `passed` is the manager's word by which he takes paid jobs all the same, until his next hand-in.
    """

    person_id: int
    name: str
    branch_id: int
    branch: str
    cash: Decimal
    waiting: Decimal
    since: datetime | None
    limit: Limit
    standing: Standing
    passed: CashPass | None

    @property
    def barred(self) -> bool:
        """Whether he gets no further paid job."""
        return self.standing.over and self.passed is None


def held_by(session: Session, person_id: int, *, at: datetime) -> Held | None:
    """What one person holds, also when it is nothing; None for somebody unknown. One statement."""
    found = _held(session.execute(_rows().where(Person.id == person_id)).all(), at)
    return found[0] if found else None


def held_in(session: Session, *, at: datetime, branch_id: int | None) -> list[Held]:
    """Whoever of a branch (None: of all) holds cash, who is over his limit first, then the oldest cash. One statement."""
    rows = _rows().where(Account.balance > 0)
    rows = rows if branch_id is None else rows.where(Person.branch_id == branch_id)
    found = _held(session.execute(rows).all(), at)
    worst = {"over": 0, "near": 1, "fine": 2}
    return sorted(found, key=lambda one: (worst[one.standing.state], one.since is None, one.since or at, one.person_id))


def people_with_cash(
    session: Session, who: sa.ColumnElement[bool], *, at: datetime, options: Sequence[ORMOption] = ()
) -> tuple[list[Person], dict[int, Held]]:
    """People by staff number with their branch, and what each of them holds, if anything: in the statement that reads them."""
    found = session.execute(_rows().where(who).options(*options).order_by(Person.staff_no)).unique(lambda row: row[0].id).all()
    held = {one.person_id: one for one in _held(found, at)}
    return [row[0] for row in found], {who_: one for who_, one in held.items() if one.cash > 0}


def _rows() -> sa.Select[*tuple[Any, ...]]:
    waits = waiting_sums()
    since = sa.case((Account.balance > 0, oldest_in(Account.id)))
    return (
        sa.select(Person, Account.balance, waits.c.sum, since, CashPass, _book().label("book"))
        .join(Person.branch)
        .options(contains_eager(Person.branch))
        .outerjoin(Account, sa.and_(Account.person_id == Person.id, Account.kind == "cash_in_hand"))
        .outerjoin(waits, waits.c.person_id == Person.id)
        .outerjoin(CashPass, CashPass.id == _pass_of(Person.id))
    )


def _pass_of(person_id: Any) -> sa.ScalarSelect[int | None]:
    """SQL: the word by which somebody may pass now: the newest, unless he has handed in since."""
    since = sa.exists().where(
        HandIn.person_id == CashPass.person_id, HandIn.handed_at >= CashPass.at, HandIn.status != "withdrawn"
    )
    mine = sa.select(sa.func.max(CashPass.id)).where(CashPass.person_id == person_id, ~since)
    return mine.correlate(Person).scalar_subquery()


def _book() -> sa.ScalarSelect[Any]:
    """SQL: the limits that nobody has ended, as one JSON list."""
    row = CashLimit
    columns = (row.id, row.branch_id, row.person_id, sa.cast(row.most, sa.Text), sa.cast(row.hours, sa.Text))
    one = sa.func.json_build_array(*columns, row.valid_from, row.valid_to)
    return sa.select(sa.func.json_agg(one)).where(row.ended_at.is_(None)).scalar_subquery()


def _read(book: Sequence[Sequence[Any]] | None) -> list[Dated]:
    """That list as limits."""
    return [_dated(*row) for row in book or ()]


def _dated(id_: int, branch_id: int | None, person_id: int | None, most: str, hours: str | None, begins: str, ends: str) -> Dated:
    limit = Limit(Decimal(most), Decimal(hours) if hours else None, id_, person_id is not None)
    return Dated(limit, branch_id, person_id, date.fromisoformat(begins), date.fromisoformat(ends) if ends else None)


def _held(found: Sequence[Any], at: datetime) -> list[Held]:
    kept = _read(found[0].book) if found else []
    return [_one(row, kept, at) for row in found]


def _one(row: Any, kept: Sequence[Dated], at: datetime) -> Held:
    who, balance, waiting, since, passed, _book = row
    branch = who.branch
    limit = limit_for(who.id, branch.id, local_day(at, branch.zone), kept, _usual)
    cash = balance or Decimal(0)
    standing = standing_of(cash, since, limit, zone=branch.zone, at=at, near_percent=_near_percent)
    facts = (branch.id, branch.name, cash, waiting or Decimal(0), since if cash > 0 else None)
    return Held(who.id, who.name, *facts, limit, standing, passed)


# --- the limits themselves


def cash_limits(session: Session, by: Actor) -> tuple[Sequence[CashLimit], Sequence[CashLimit]]:
    """The limits that the reader may see and that nobody has ended, and those that were; of persons the reader's branch's."""
    seen: sa.ColumnElement[bool] = sa.true()
    if not by.may("branches.all"):
        mine = sa.exists().where(Person.id == CashLimit.person_id, Person.branch_id == by.branch_id)
        everybodys = sa.and_(CashLimit.branch_id.is_(None), CashLimit.person_id.is_(None))
        seen = sa.or_(CashLimit.branch_id == by.branch_id, mine, everybodys)
    whole = (joinedload(CashLimit.branch), joinedload(CashLimit.person), joinedload(CashLimit.ended_by))
    rows = sa.select(CashLimit).where(seen).options(*whole)
    kept = session.scalars(rows.where(CashLimit.ended_at.is_(None)).order_by(CashLimit.person_id.nulls_first(), CashLimit.id))
    ended = session.scalars(rows.where(CashLimit.ended_at.is_not(None)).order_by(CashLimit.ended_at.desc()).limit(MOST_ENDED))
    return kept.all(), ended.all()


def passes_of(session: Session, person_id: int, limit: int = 10) -> Sequence[CashPass]:
    """Who has let somebody pass, and why, the newest first."""
    mine = sa.select(CashPass).where(CashPass.person_id == person_id)
    return session.scalars(mine.order_by(CashPass.id.desc()).limit(limit)).all()

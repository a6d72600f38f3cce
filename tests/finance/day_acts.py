"""What the money machine does with days: one is closed, opened again, and money is heard of that was taken before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.fees.models import Voucher
from dispatch.finance.day_closing import close_day, reopen_day
from dispatch.finance.day_models import DayClose
from dispatch.finance.match_models import LineMatch
from dispatch.finance.match_settling import settle_match
from dispatch.finance.owed_queries import OWED, left_of, settled_part
from dispatch.orders.models import Order
from tests.fees.acts import SELDOM, Doing, Page
from tests.fees.building import paid

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Closing:
    """Yesterday closed, today, or a day to come."""

    after: int
    who: str

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        day = local_day(page.at, by.zone) + self.after * ONE_DAY

        def act(session: Session) -> tuple[()]:
            close_day(session, by.branch_id or 0, day, by=by, at=page.at)
            return ()

        return act


@dataclass(frozen=True)
class Reopening:
    """The day that was closed last opened again, by whoever may or may not."""

    who: str

    def on(self, page: Page) -> Doing:
        by = page.people[self.who]
        last = page.session.scalar(sa.select(sa.func.max(DayClose.day)).where(DayClose.reopened_at.is_(None)))
        day = last or local_day(page.at, by.zone)

        def act(session: Session) -> tuple[()]:
            reopen_day(session, by.branch_id or 0, day, reason="x", by=by, at=page.at)
            return ()

        return act


@dataclass(frozen=True)
class ComingLate:
    """Cash that was taken yesterday is heard of today."""

    order: int
    who: str
    amount: Decimal

    def on(self, page: Page) -> Doing:
        by, at = page.people[self.who], page.at - ONE_DAY
        return lambda s: paid(s, s.get_one(Order, page.orders[self.order]), str(self.amount), by, at=at)


@dataclass(frozen=True)
class EveningMatch:
    """What matching left to somebody settled, all of what is open or too much of it."""

    pick: int
    way: tuple[str, str]
    over: bool

    def on(self, page: Page) -> Doing:
        rows = sa.select(LineMatch).order_by(sa.and_(*OWED).is_not(True), LineMatch.id.desc()).offset(self.pick).limit(1)
        row = page.session.scalars(rows).first()
        left = page.session.scalar(LEFT.where(LineMatch.id == row.id)) if row else None
        amount, match_id = abs(left or Decimal(1)) + self.over, row.id if row else 0
        who, how = self.way
        facts: dict[str, Any] = {"how": how, "amount": amount, "reason": "x", "request_key": None}
        return lambda s: settle_match(s, match_id, **facts, by=page.people[who], at=page.at)


LEFT = sa.select(left_of(LineMatch.difference, settled_part(LineMatch.id))).where(*OWED)
KEPT = (
    sa.select(DayClose.day)
    .outerjoin(Voucher, sa.and_(Voucher.branch_id == DayClose.branch_id, Voucher.booked_on == DayClose.day))
    .where(DayClose.reopened_at.is_(None))
    .group_by(DayClose.id)
    .having(sa.func.count(Voucher.id) != DayClose.figures["vouchers"].as_integer())
)


def check_closed_days(session: Session) -> None:
    """Nothing is booked into a closed day."""
    assert session.scalars(KEPT).all() == []


CLOSE = st.builds(Closing, st.sampled_from([-1, -1, -1, 0, 0, 1]), st.sampled_from(["qian", "qian", "zhou", "su"]))
REOPEN = st.builds(Reopening, st.sampled_from(["chen", "chen", "chen", "qian"]))
COME_LATE = st.builds(
    ComingLate,
    st.integers(0, 1),
    st.sampled_from(["su", "wei", "wang"]),
    st.integers(1, 90_000).map(lambda n: Decimal(n) / 100),
)
_WAYS = st.sampled_from([("qian", "paid"), ("zhou", "paid"), ("wang", "written_off"), ("qian", "written_off")])
EVEN_MATCH = st.builds(EveningMatch, st.sampled_from([0, 0, 1]), _WAYS, SELDOM)

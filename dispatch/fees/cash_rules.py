"""How much cash a person may hold and for how long (P9), how near he is to that, and what it means for his further jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from dispatch.clock import day_bounds, local_day
from dispatch.fees.rules import yuan
from dispatch.words import Text, say

STATES = ("fine", "near", "over")
AT_ONCE = say("at once on return")


@dataclass(frozen=True)
class Limit:
    """At most so much cash, in yuan, for so many hours. No hours: it goes to finance at once on return (P9), that is before the
    day ends on which it was taken. `id` is the row that says so; None: the server's settings."""

    most: Decimal
    hours: Decimal | None
    id: int | None = None
    personal: bool = False

    def due(self, since: datetime, zone: str) -> datetime:
        """Until when cash that was taken at a moment is to be with finance."""
        if self.hours is None:
            return day_bounds(local_day(since, zone), zone)[1]
        return since + timedelta(hours=float(self.hours))

    @property
    def told(self) -> Text:
        """The limit in words."""
        return say("%(most)s, %(long)s", most=yuan(self.most), long=long_words(self.hours))


def long_words(hours: Decimal | None) -> Text:
    """For how long cash may be held."""
    return AT_ONCE if hours is None else say("%(hours)s hours", hours=f"{float(hours):g}")


@dataclass(frozen=True)
class Dated:
    """A limit as it is kept: for a person, a branch or (neither) everybody, from a day on and perhaps to another."""

    limit: Limit
    branch_id: int | None
    person_id: int | None
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def limit_for(person_id: int, branch_id: int, day: date, kept: Iterable[Dated], usual: Limit) -> Limit:
    """The limit of a person on a day: his own before his branch's before everybody's, of several the one that began last."""
    fitting = [row for row in kept if row.holds_on(day) and row.person_id in (None, person_id)]
    fitting = [row for row in fitting if row.branch_id in (None, branch_id)]
    return max(fitting, key=_rank).limit if fitting else usual


def _rank(row: Dated) -> tuple[bool, bool, date, int]:
    return row.person_id is not None, row.branch_id is not None, row.valid_from, row.limit.id or 0


@dataclass(frozen=True)
class Standing:
    """How somebody stands with the cash he holds: a key of STATES, until when the oldest is due, and a sentence for each limit
    that is beyond or near."""

    state: str
    due: datetime | None
    told: tuple[Text, ...] = ()

    @property
    def over(self) -> bool:
        """Whether he gets no further paid job."""
        return self.state == "over"


def standing_of(cash: Decimal, since: datetime | None, limit: Limit, *, zone: str, at: datetime, near_percent: int) -> Standing:
    """Where so much cash stands, the oldest of it held since a moment (None: none of it is known by receipt)."""
    if cash <= 0:
        return Standing("fine", None)
    due = limit.due(since, zone) if since else None
    over = list(_over(cash, due, limit, at))
    if over:
        return Standing("over", due, tuple(over))
    near = list(_near(cash, since, due, limit, at, near_percent))
    return Standing("near" if near else "fine", due, tuple(near))


def _over(cash: Decimal, due: datetime | None, limit: Limit, at: datetime) -> Iterable[Text]:
    if cash > limit.most:
        yield say("Over the limit of %(most)s.", most=yuan(limit.most))
    if due is not None and at > due:
        yield _late(limit)


def _late(limit: Limit) -> Text:
    if limit.hours is None:
        return say("Not handed in on the day it was taken.")
    return say("Held longer than %(long)s.", long=long_words(limit.hours))


def _near(
    cash: Decimal, since: datetime | None, due: datetime | None, limit: Limit, at: datetime, near_percent: int
) -> Iterable[Text]:
    if cash * 100 >= limit.most * near_percent:
        yield say("%(percent)s %% of the limit of %(most)s.", percent=int(cash * 100 / limit.most), most=yuan(limit.most))
    if since is not None and due is not None and (at - since) * 100 >= (due - since) * near_percent:
        yield say("To be handed in soon.")

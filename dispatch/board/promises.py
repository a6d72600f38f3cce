"""The times that a caller can be offered, as the dispatcher reads them to him; or why there is none, and the cheapest way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from dispatch.board.open_days import OpenDays, Range, open_days
from dispatch.board.promise_rules import Manners, Span
from dispatch.board.rules import district_of, worded
from dispatch.board.work import DayOfBranch, Ways
from dispatch.routing import Reason
from dispatch.routing.model import Id
from dispatch.words import Text, say

if TYPE_CHECKING:
    from dispatch.routing.promise import Offer

AT_ONCE = 3
NEARLY_FULL_S = 600
"""What a window costs beyond the way when little of its time is left."""
REASONS_SHOWN = 4


@dataclass(frozen=True)
class Offered:
    """A window: who would come and begin when, the minutes on the road more, and why that is cheap, in sentences."""

    day: date
    opens: int
    closes: int
    name: str
    start: int
    minutes: int
    why: tuple[Text, ...]
    cheapest: bool


@dataclass(frozen=True)
class WhyNot:
    """A sentence that holds for some of the days."""

    text: Text
    days: tuple[date, ...]


@dataclass(frozen=True)
class Offers:
    """Three windows by time, and whether there are more; for a caller for whom there is none the reasons and the way out."""

    offered: tuple[Offered, ...]
    more: bool
    first: date
    last: date
    minutes: int
    vehicles: int
    reasons: tuple[WhyNot, ...] = ()
    way_out: WhyNot | None = None


def offers_of(
    session: Session, of: DayOfBranch, ways: Ways, manners: Manners, *, order_id: int, days: int | None = None, skip: int = 0
) -> Offers:
    """What can be offered from a day on (over `days`, else as many as is usual), without the `skip` that were offered before."""
    from dispatch.routing.promise import offers  # loads the compiled search: nothing for whoever never asks

    asked = Range(of, of.day + timedelta(days=(days or manners.days) - 1))
    found = open_days(session, asked, ways, manners, order_id=order_id)
    best = offers(found.days, found.job, most=AT_ONCE + 1 + skip)
    shown = sorted(best, key=lambda one: (one.price, one.day, one.window))[skip : skip + AT_ONCE]
    told = _Told(found)
    offered = tuple(told.offer(one, min(shown, key=lambda each: each.price)) for one in sorted(shown, key=_by_time))
    why = () if best else told.reasons()
    way = None if best else told.way_out()
    facts = (of.day, asked.last, found.job.minutes, len(found.lines))
    return Offers(offered, len(best) > skip + AT_ONCE, *facts, why, way)


def _by_time(one: Offer) -> tuple[date, Span]:
    return one.day, one.window


def can_be_kept(session: Session, of: DayOfBranch, ways: Ways, manners: Manners, window: Span, *, order_id: int) -> bool:
    """Whether somebody could come in a window, beside all that is planned, promised and held."""
    from dispatch.routing.promise import offered

    found = open_days(session, Range(of, of.day), ways, manners, order_id=order_id)
    (day,) = found.days
    soon = max(window[0], of.not_before or 0)
    return bool(day.windows) and soon < window[1] and offered(day, (soon, window[1]), found.job) is not None


class _Told:
    """The planner's answers in the words of the desk."""

    def __init__(self, found: OpenDays) -> None:
        self.found = found

    def offer(self, one: Offer, cheapest: Offer) -> Offered:
        """A window."""
        name = self.found.names.get(int(one.technician), "")
        minutes = round(one.extra_travel_s / 60)
        return Offered(one.day, *one.window, name, one.start, minutes, tuple(self._why(one)), one is cheapest)

    def _why(self, one: Offer) -> Iterator[Text]:
        """Where he is before and after; and that little is left of the time."""
        after, before = self._place(one.after), self._place(one.before)
        if after and before:
            near = say("He is in %(place)s before and after it.", place=after)
            yield near if after == before else say("On his way from %(after)s to %(before)s.", after=after, before=before)
        elif after:
            yield say("After %(after)s, before he drives home.", after=after)
        elif before:
            yield say("First of his day, then on to %(before)s.", before=before)
        else:
            yield say("His day is still free.")
        if one.reserve_s >= NEARLY_FULL_S:
            yield say("Little of this time is left for urgent orders.")

    def _place(self, job: Id | None) -> str:
        return district_of(self.found.stops[job][1]) if job is not None and job in self.found.stops else ""

    def reasons(self) -> tuple[WhyNot, ...]:
        """Why there is no window: each sentence once, with its days."""
        from dispatch.routing.unpromised import why_none

        said: dict[Text, list[date]] = {}
        for one in self.found.days:
            for reason in why_none(one, self.found.job):
                said.setdefault(worded(reason.text), []).append(one.day)
        ordered = sorted(said.items(), key=lambda each: -len(each[1]))
        return tuple(WhyNot(text, tuple(days)) for text, days in ordered[:REASONS_SHOWN])

    def way_out(self) -> WhyNot | None:
        """What would have to give, at the least."""
        from dispatch.routing.unpromised import cheapest_way

        found = cheapest_way(self.found.days, self.found.job)
        return WhyNot(self._with_names(found[1]), (found[0].day,)) if found else None

    def _with_names(self, reason: Reason) -> Text:
        """A sentence about people and orders by their ids, with what they are called."""
        return Text(reason.text.msgid, {name: self._called(name, value) for name, value in reason.text.params.items()})

    def _called(self, name: str, value: Any) -> Any:
        if name in ("who", "to"):
            return self.found.names.get(value, "")
        return self.found.stops[value][0] if name == "other" and value in self.found.stops else value

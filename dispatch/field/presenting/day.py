"""The day's stops as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers.models import Site
from dispatch.errors import NotFound
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.rules import SYMPTOMS
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

NEXT_STEP = {"dispatched": "depart", "on_the_way": "arrive", "on_site": "work"}
NEXT_WORDS = {"depart": say("Get ready to depart"), "arrive": say("Arrived"), "work": say("Go on working")}
ACTIVE_FIRST = ("on_site", "on_the_way", "dispatched")


# --- the day


@dataclass(frozen=True)
class StopCard:
    """A visit as the day's list shows it. `earlier` is the day it was planned for when that day is over."""

    visit: Visit
    number: int
    earlier: date | None = None

    @property
    def lines(self) -> list[OrderLine]:
        """Its vehicles in the order's sequence."""
        return lines_of(self.visit)

    @property
    def site(self) -> Site:
        """Where it is."""
        return site_of(self.visit)

    @property
    def symptom(self) -> Text | None:
        """What a repair is about."""
        return symptom_of(self.visit.order)

    @property
    def step(self) -> str | None:
        """The next step, None when it is over."""
        return NEXT_STEP.get(self.visit.status)

    @property
    def step_word(self) -> Text | None:
        """The word on its button."""
        return NEXT_WORDS[self.step] if self.step else None


def cards(visits: Sequence[Visit], today: date, zone: str) -> tuple[list[StopCard], StopCard | None]:
    """All stops in order, and the one to be at: where he is or drives to, else the first still to come."""
    shown = [_card(visit, number, today, zone) for number, visit in enumerate(visits, start=1)]
    waiting = [card for card in shown if card.visit.status in ACTIVE_FIRST]
    return shown, min(waiting, key=lambda card: (ACTIVE_FIRST.index(card.visit.status), card.number), default=None)


def _card(visit: Visit, number: int, today: date, zone: str) -> StopCard:
    planned = local_day(visit.starts_at, zone)
    return StopCard(visit, number, planned if planned < today else None)


def gone(session: Session, visit_id: int, by: Actor) -> NotFound:
    """Why a visit is not to be found: nothing is said of a colleague's, but of an own one that the office has taken it back."""
    recalled = sa.select(Visit.id).where(Visit.id == visit_id, Visit.technician_id == by.id, Visit.status == "planned")
    if session.scalar(recalled) is None:
        return NotFound()
    return NotFound(say("The office has taken this visit back, so nothing was sent. Your day shows what comes next."))


def lines_of(visit: Visit) -> list[OrderLine]:
    """The vehicles of a visit in the order's sequence."""
    return sorted((row.line for row in visit.visit_lines), key=lambda line: line.position)


def site_of(visit: Visit) -> Site:
    """Where a visit is: at the first vehicle's own place, else at the order's."""
    first = next(iter(lines_of(visit)), None)
    return first.own_site if first and first.own_site else visit.order.site


def symptom_of(order: Order) -> Text | None:
    """What a repair is about."""
    return SYMPTOMS[order.symptom].words if order.symptom else None

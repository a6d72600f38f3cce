"""Cash on its way to finance: yesterday morning's hand-ins are counted and confirmed, this morning's wait."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.fees.ledger_queries import holdings, receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.operations import confirm_hand_in, hand_in
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

MORNING = time(8, 40)


def build(company: Company, moment: datetime) -> None:
    """On both mornings everybody hands in what he held from the days before; yesterday's hand-ins are counted, today's wait."""
    session, zone = company.session, ZoneInfo(company.zone)
    clerk = actor_of(session.scalars(sa.select(Person).where(Person.username == "qian")).one())
    today = moment.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        at, midnight = (datetime.combine(day, hour, zone) for hour in (MORNING, time()))
        for holder in [each.person for each in holdings(session) if each.oldest_at and each.oldest_at < midnight]:
            chosen = [receipt.id for receipt in receipts_in_hand(session, holder.id) if receipt.at < midnight]
            made = hand_in(session, chosen, by=actor_of(holder), at=min(at, moment))
            if day < today:
                counts = _notes(made.declared)
                later = at + timedelta(minutes=12)
                confirm_hand_in(session, made.id, counts=counts, counted=None, reason=None, owner_id=None, by=clerk, at=later)


def _notes(total: Decimal) -> dict[str, int]:
    """The fewest notes and coins that make a sum."""
    counts = {}
    for worth in DENOMINATIONS:
        counts[str(worth)], total = int(total // worth), total % worth
    return counts

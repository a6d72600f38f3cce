"""Cash on its way to finance: yesterday morning's hand-ins are counted and confirmed, of this morning's the first.

One of yesterday's was taken back and handed in again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dispatch.demo.company import Company
from dispatch.fees.ledger_queries import holdings, receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.models import HandIn
from dispatch.fees.operations import confirm_hand_in, hand_in, take_back_hand_in
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

MORNING = time(8, 40)
FORGETS = "yang"
"""Who still holds what he took two days ago."""
SHORT, MISSING = "wei", Decimal("5.00")
"""Whose hand-in was short yesterday, and by how much."""
COUNTED = 1
"""So many of this morning's hand-ins are counted by now."""
WHY = "找零时多找给客户 5 元，本人承担"
MIXED_UP = "两人的现金放在一起清点，重新分开清点"


def build(company: Company, moment: datetime) -> None:
    """On both mornings they hand in what they held from the days before. Of today's all but one wait to be counted."""
    zone = ZoneInfo(company.zone)
    today = moment.astimezone(zone).date()
    yesterday = datetime.combine(today - timedelta(days=1), MORNING, zone)
    first = _handed_in(company, yesterday)
    _count(company, first, yesterday + timedelta(minutes=12), moment)
    _again(company, next(made for made in first if not made.difference), yesterday + timedelta(minutes=70))
    morning = min(datetime.combine(today, MORNING, zone), moment)
    _count(company, _handed_in(company, morning)[:COUNTED], morning + timedelta(minutes=25), moment)


def _handed_in(company: Company, at: datetime) -> list[HandIn]:
    """What everybody hands in who held cash when the day began."""
    session, forgetful = company.session, company.people[FORGETS].id
    midnight = at.replace(hour=0, minute=0, second=0)
    made = []
    for holder in [each.person for each in holdings(session) if each.oldest_at and each.oldest_at < midnight]:
        chosen = [receipt.id for receipt in receipts_in_hand(session, holder.id) if receipt.at < midnight]
        if chosen and holder.id != forgetful:
            made.append(hand_in(session, chosen, by=actor_of(holder), at=at))
    return made


def _count(company: Company, waiting: list[HandIn], at: datetime, moment: datetime) -> None:
    """The clerk counts, one after the other."""
    for number, made in enumerate(waiting):
        _confirm(company, made, min(at + timedelta(minutes=4 * number), moment))


def _confirm(company: Company, made: HandIn, at: datetime) -> None:
    """Of one hand-in something is missing, which its technician answers for."""
    short = made.person_id == company.people[SHORT].id
    why = {"reason": WHY, "owner_id": made.person_id} if short else {"reason": None, "owner_id": None}
    counts = _notes(made.declared - (MISSING if short else 0))
    confirm_hand_in(company.session, made.id, counts=counts, counted=None, **why, by=company.people["qian"], at=at)


def _again(company: Company, made: HandIn, at: datetime) -> None:
    """The clerk notices that he has put it to another one's: it is taken back, and handed in and counted anew."""
    session, holder = company.session, company.session.get_one(Person, made.person_id)
    take_back_hand_in(session, made.id, reason=MIXED_UP, by=company.people["qian"], at=at)
    chosen = [receipt.id for receipt in receipts_in_hand(session, holder.id) if receipt.at < made.handed_at]
    anew = hand_in(session, chosen, by=actor_of(holder), at=at + timedelta(minutes=6))
    _confirm(company, anew, at + timedelta(minutes=11))


def _notes(total: Decimal) -> dict[str, int]:
    """The fewest notes and coins that make a sum."""
    counts = {}
    for worth in DENOMINATIONS:
        counts[str(worth)], total = int(total // worth), total % worth
    return counts

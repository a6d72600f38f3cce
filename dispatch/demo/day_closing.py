"""The day before yesterday is closed: its bills are fetched and matched, what they do not show yet is on its way.

Yesterday is open: a difference keeps it so. In the second branch a day was closed, opened again by the director and closed anew.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.demo import statements
from dispatch.demo.company import Company
from dispatch.finance.day_closing import close_day, reopen_day
from dispatch.finance.match_explaining import Explained, explain
from dispatch.finance.match_models import MatchItem
from dispatch.finance.matching_run import match_branch
from dispatch.staff.models import Branch

EVENING = timedelta(hours=17, minutes=40)
ON_ITS_WAY = "银行次日到账，已查在途"
FORGOTTEN = "漏记一笔现金收款，补记后重新日结"


def build(company: Company, moment: datetime) -> None:
    """Yesterday evening the clerk closes the day before."""
    zone = ZoneInfo(company.zone)
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    day, at = (midnight - timedelta(days=2)), midnight - timedelta(days=1) + EVENING
    statements.fetch(company, day, day + timedelta(hours=33), bank=False)
    match_branch(company.session, company.branches["SZ"].id, by=company.people["qian"], at=day + timedelta(hours=33))
    _explain(company, day, at)
    for nth, branch in enumerate(company.branches.values()):
        _close(company, branch, day.date(), at + timedelta(minutes=nth))
    _again(company, company.branches["GZ"], day.date(), at + timedelta(minutes=20))


def _explain(company: Company, day: datetime, at: datetime) -> None:
    """What no bill of that day shows is on its way."""
    open_ = company.session.query(MatchItem).filter(MatchItem.state == "open", MatchItem.at < day + timedelta(days=1))
    for item in open_.order_by(MatchItem.id).all():
        said = Explained(frozenset(), frozenset([item.id]), "underway", ON_ITS_WAY)
        explain(company.session, said, by=company.people["qian"], at=at)


def _close(company: Company, branch: Branch, day: date, at: datetime) -> None:
    close_day(company.session, branch.id, day, by=company.people["qian"], at=at)


def _again(company: Company, branch: Branch, day: date, at: datetime) -> None:
    reopen_day(company.session, branch.id, day, reason=FORGOTTEN, by=company.people["chen"], at=at)
    _close(company, branch, day, at + timedelta(minutes=12))

"""The demonstration company: the same seed gives the same company, around the moment at which it is built."""

from __future__ import annotations

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.binding import bind
from dispatch.clock import now as present
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.demo import (
    asking,
    bench,
    by_word,
    clocks,
    closing,
    codes,
    day,
    day_closing,
    duties,
    filing,
    handing_in,
    handing_over,
    happening,
    installing,
    invoicing,
    limiting,
    merits,
    outside,
    owning,
    parts,
    phones,
    placing,
    planning,
    pricing,
    quoting,
    recalls,
    silence,
    statements,
    storing,
    tooling,
    travelling,
    words,
)
from dispatch.demo import company as before
from dispatch.demo.company import Company
from dispatch.features import edges
from dispatch.permissions import ROLES
from dispatch.staff.operations import first_comes
from dispatch.staff.passwords import hash_password

SEED = 20261202
PASSWORD = "dispatch-demo"  # noqa: S105  the demonstration's, printed at its start
AFTERNOON = 15


def build(settings: Settings) -> list[list[str]]:
    """Build the company, unless it is there; returns user name, password, name and role of every login.

    Its day is one transaction; then yesterday's sheets are made and its orders closed. Broken off, the next start goes on.
    """
    bind(settings, pool_size=2)
    with transaction() as session:
        if first_comes(session):
            fill(session, now=present(), password_hash=hash_password(PASSWORD), zone=settings.default_zone)
    closing.close_earlier_days(settings)
    office = [[username, PASSWORD, name, "/".join(str(ROLES[r]) for r in roles)] for username, name, _, roles in words.OFFICE]
    field = [[username, PASSWORD, name, "Technician"] for team in words.TECHNICIANS.values() for username, name, _ in team]
    return office + field


def fill(session: Session, *, now: datetime, password_hash: str, zone: str) -> Company:
    """The company and its day around `now`; in the evening the day is shown as it stood at half past three."""
    list(edges("papers"))
    local = now.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    moment = min(local, local.replace(hour=AFTERNOON, minute=30))
    company = Company(session, Random(SEED), moment - before.AGE, password_hash, zone)
    before.build(company)
    parts.build(company, company.at)
    installing.build(company, moment)  # over before the day's visits: whoever is under way is so once
    day.build(company, moment)
    handing_in.build(company, moment)
    limiting.build(company, moment)
    merits.build(company, moment)
    handing_over.build(company, moment)
    by_word.build(company, moment)
    parts.use(company, moment)
    bench.build(company, moment)
    storing.build(company, moment)
    tooling.build(company, moment)
    silence.build(company, moment)
    duties.build(company, moment)
    owning.build(company, moment)
    outside.build(company, moment)
    clocks.build(company, moment)
    recalls.build(company, moment)
    filing.build(company, moment)
    asking.build(company, moment)
    codes.build(company, moment)
    day_closing.build(company, moment)
    statements.build(company, moment)
    invoicing.build(company, moment)
    pricing.build(company, moment)
    quoting.build(company, moment)
    travelling.build(company, moment)
    placing.build(company, moment)
    planning.build(company, moment)
    happening.build(company, moment)
    phones.build(company, moment)
    return company

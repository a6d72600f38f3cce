"""A small real company of its own for the tests of check, backup and restore: orders with swaps, photos, sheets and money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import config, db
from dispatch.binding import bind
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.fees.operations import refund
from dispatch.host import checking
from dispatch.sheets import signing
from dispatch.sheets.gateway import missing_libraries
from dispatch.sheets.jobs import carry_out
from tests.cast import AT, Cast
from tests.databases import engine
from tests.fees.building import price_list
from tests.field.building import do
from tests.sheets.house import BASE, repaired, sheets, swapped


@dataclass(frozen=True)
class Company:
    """Settings of a data folder and database that belong to one test alone, and the cast that works there."""

    settings: Settings
    cast: Cast

    def opened(self) -> Company:
        """The same with its keys, and this process working on it."""
        settings = config.with_secret(self.settings)
        bind(settings, pool_size=4)
        return Company(settings, self.cast)

    def wrong(self) -> list[str]:
        """What `check` says is wrong."""
        with checking.snapshot(self.settings) as session:
            return [f"{problem.area}: {problem.said}" for problem in checking.problems(session)]

    def tamper(self, *statements: str) -> None:
        """Change rows past every trigger and key, as somebody with the database's password can."""
        with engine(self.settings.database_url).begin() as connection:
            connection.exec_driver_sql("SET session_replication_role = replica")
            for statement in statements:
                connection.exec_driver_sql(statement)

    def ask(self, question: str) -> object:
        """The first value of an answer."""
        with engine(self.settings.database_url).connect() as connection:
            return connection.scalar(sa.text(question))


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of a database and a data folder."""
    return config.load({"DATABASE_URL": url, "DATA_DIR": str(folder), "ARGON2_MEMORY_KIB": "64", "ARGON2_TIME_COST": "1"})


def build(settings: Settings, cast: Cast) -> Company:
    """Two repairs: one with its sheet, one that was paid, and of which a part was given back."""
    company = Company(settings, cast).opened()
    signing.check_key()
    with transaction() as session:
        price_list(session, cast)
        order = repaired(session, cast)
        [sheet] = sheets(session, order)
        _paid(session, cast)
    if not missing_libraries():
        carry_out(sheet.id, BASE)
    db.disconnect()
    return company


def _paid(session: Session, cast: Cast) -> None:
    _, visit = swapped(session, cast, start="13:30", symptom="drift")
    do(session, visit, "payment.take", cast.su, amount="200.00", channel="wechat")
    [receipt_id] = session.scalars(sa.text("SELECT id FROM receipt"))
    refund(session, receipt_id, amount=Decimal("20.00"), reason="多收", device="phone-1", by=cast.qian, at=AT)


def elsewhere(company: Company, url: str, folder: Path) -> Settings:
    """Settings of another machine, without keys."""
    return replace(company.settings, database_url=url, data_dir=folder, files_key="", secret_key="")

"""The demonstration company for tests: built once a run, a copy for each file that asks for it.

`url` of the ones that are copied is the database's name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from dispatch import config, db, demo
from dispatch.clock import now
from dispatch.config import Settings
from dispatch.files.gateway import configure
from dispatch.host.schema import upgrade
from dispatch.staff.passwords import hash_password
from tests.databases import create, database, engine
from tests.once import once
from tests.served import PASSWORD

if TYPE_CHECKING:
    from tests.browser.sight import Sight

AFTERNOON = 14
FILES_KEY = "a key of the demonstration"


@dataclass(frozen=True)
class DemoCompany:
    """Its database, the zone in which it is early afternoon, the folder of its files, and when it was built.

    Everybody's password is PASSWORD.
    """

    url: str
    zone: str
    folder: Path
    built: datetime

    @property
    def settings(self) -> Settings:
        """What the product is started with on it."""
        environ = {"DATABASE_URL": self.url, "DATA_DIR": str(self.folder), "DEFAULT_ZONE": self.zone, "FILES_KEY": FILES_KEY}
        return config.load(environ | {"SECRET_KEY": "test", "ARGON2_MEMORY_KIB": "64", "ARGON2_TIME_COST": "1"})


@pytest.fixture(scope="module")
def demo_company(cluster_url: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCompany]:
    """The demonstration company of this afternoon, for the tests of one file."""
    with _copied(_first(cluster_url, run_folder), cluster_url, tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.fixture(scope="module")
def shown_company(
    cluster_url: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DemoCompany, dict[str, Sight]]]:
    """The same with something on each of its pages, and these by name."""
    first, sights = once(run_folder, "showroom", lambda: _furnish(cluster_url, run_folder))
    with _copied(first, cluster_url, tmp_path_factory.mktemp("showroom")) as company:
        yield company, sights


@contextmanager
def _copied(first: DemoCompany, cluster_url: str, folder: Path) -> Iterator[DemoCompany]:
    shutil.copytree(first.folder, folder, dirs_exist_ok=True)
    with database(cluster_url, f"company_{os.getpid()}", first.url) as url:
        yield replace(first, url=url, folder=folder)


def _first(cluster_url: str, run_folder: Path) -> DemoCompany:
    return once(run_folder, "company", lambda: _build(cluster_url, run_folder))


def _furnish(cluster_url: str, run_folder: Path) -> tuple[DemoCompany, dict[str, Sight]]:
    from dispatch.app import create_app
    from tests.browser.showroom import sights

    first, folder, name = _first(cluster_url, run_folder), run_folder / "showroom", f"showroom_{os.getpid()}"
    shutil.copytree(first.folder, folder)
    furnished = replace(first, url=create(cluster_url, name, first.url), folder=folder)
    found = sights(create_app(furnished.settings), first.zone)
    db.disconnect()  # nobody else may be in a database that is copied
    return replace(furnished, url=name), found


def _build(cluster_url: str, run_folder: Path) -> DemoCompany:
    """The one that the others are copies of; its `url` is the database's name."""
    built = now()
    name, zone, folder = f"first_company_{os.getpid()}", zone_where_it_is(AFTERNOON), run_folder / "company"
    folder.mkdir()
    configure(folder, FILES_KEY)
    url = create(cluster_url, name)
    upgrade(url)
    with Session(engine(url)) as session, session.begin():
        demo.fill(session, now=built, password_hash=hash_password(PASSWORD), zone=zone)
    return DemoCompany(name, zone, folder, built)


def zone_where_it_is(hour: int) -> str:
    """A time zone of the world in which the clock shows this hour now."""
    east = (hour - now().hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"  # the sign of these names points west

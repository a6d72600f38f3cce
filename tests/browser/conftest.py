"""A real Chromium, and people who sit before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.staff.models import Branch, CalendarDay
from tests import resetting
from tests.browser.walking import WIDE, Desk, SitDown
from tests.company import zone_where_it_is
from tests.conftest import PASSWORD, Served, browser_program
from tests.served import open_doors, serving

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)  # a busy machine is slow; what never comes fails all the same

MORNING = 6
"""Nobody's shift has begun at six: whatever the hour of the test run, the whole day is still to be planned."""


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """One for all: a second one in the same process will not start."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all browser tests; each desk gets a context of its own."""
    home = os.environ.get("HOME", "")
    environ: dict[str, Any] = dict(os.environ)
    if not (home and os.access(home, os.W_OK)):
        environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    browser = playwright.chromium.launch(executable_path=browser_program(), args=QUIET, env=environ)
    yield browser
    browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`opened(viewport=…)` is a fresh browser of somebody, without cookies; all are closed after the test."""
    contexts: list[BrowserContext] = []

    def open_context(**wishes: Any) -> BrowserContext:
        context = chromium.new_context(**{"viewport": WIDE, "locale": "en-US"} | wishes)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def house(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One web server and worker for all browser tests: starting them costs as much as a short test."""
    with serving(resetting.kept(shared_database), tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def served(house: Served, database: str) -> Served:
    """The house on a fresh database; everybody's password is PASSWORD."""
    open_doors()
    return house


@pytest.fixture
def sit_down(served: Served, opened: Callable[..., BrowserContext]) -> Iterator[SitDown]:
    """`sit_down("lin")` is Lin at her screen, signed in. Whatever a page complains of in the console fails the test."""
    desks: list[Desk] = []

    def sign_in(username: str, *, password: str = PASSWORD, **wishes: Any) -> Desk:
        desk = Desk(opened(**wishes).new_page(), served.url)
        desks.append(desk)
        desk.sign_in(username, password)
        return desk

    yield sign_in
    complaints = [complaint for desk in desks for complaint in desk.complaints]
    assert not complaints, "\n".join([*complaints, "The server's log ends:", served.log[-4000:]])


@pytest.fixture
def early_morning(database: str) -> None:
    """It is just after six in both branches, on a day on which the company works, a Sunday or not."""
    zone = zone_where_it_is(MORNING)
    with transaction() as db:
        db.execute(sa.update(Branch).values(zone=zone))
        db.add(CalendarDay(day=local_day(now(), zone), kind="workday", name="调休", at=now()))


@pytest.fixture
def samples() -> Path:
    """The folder of the sample files."""
    return Path(__file__).parents[1] / "samples"

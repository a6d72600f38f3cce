"""How long a call takes at the keyboard, from first digit to saved order, and the approval on the phone, in a real browser.

    python -m tests.measure.call [--key-ms 150] [--rounds 5]

Builds a throwaway PostgreSQL with a few customers, serves the application from it, and types as somebody does who needs `key-ms`
for each key and three keys for each Chinese character. Prints a JSON line for each way (seconds: median, worst, limit).
Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dispatch import db
from dispatch.customers.operations import Pin, VehicleFacts, contact_of, customer_named, site_of, vehicle_of
from dispatch.devices.models import TerminalModel
from dispatch.orders.models import Approval
from dispatch.orders.operations.linking import make_link
from dispatch.staff.models import Person
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import SYSTEM
from tests.browser.conftest import QUIET
from tests.browser.staging import answering
from tests.browser.walking import PHONE, WIDE
from tests.conftest import browser_program
from tests.measure import fetching

CALL_LIMIT, APPROVAL_LIMIT = 60.0, 15.0
LOOK = 1.0
"""Seconds in which somebody sees on the phone what he is asked."""
PEOPLE = {"lin": ("林晓", "specialist"), "wang": ("王建国", "manager"), "chen": ("陈总", "director")}


@dataclass
class Typist:
    """Somebody at the keyboard."""

    page: Page
    key_ms: int

    def keys(self, *keys: str) -> None:
        """Keys by name, or a text letter by letter."""
        for key in keys:
            named = key in ("Tab", "Enter", "Control+Enter")
            for one in [key] if named else key:
                strokes = 1 if named or one.isascii() else 3
                time.sleep(strokes * self.key_ms / 1000)
                if named:
                    self.page.keyboard.press(one)
                else:
                    self.page.keyboard.insert_text(one)


def build() -> dict[str, int]:
    """A branch with its people, and fifty customers with a vehicle each; the people's ids by user name."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=at)
        people = {
            name: add_person(session, branch=branch, new=NewPerson(name, shown, frozenset({role})), by=SYSTEM, at=at)
            for name, (shown, role) in PEOPLE.items()
        }
        session.add(TerminalModel(name="BD-808A", warranty_months=24))
        lin = actor_of(people["lin"])
        for number in range(50):
            owner = customer_named(session, branch_id=branch.id, name=f"恒通物流{number}有限公司", by=lin, at=at)
            contact_of(session, customer=owner, name="张超敏", phone=f"1355092{number:04d}")
            site_of(session, customer=owner, address="宝安区凤凰工业区", pin=Pin(22.6, 113.8), by=lin, at=at)
            plate = f"粤B{number:02d}8JF"
            facts = VehicleFacts(plate, "yellow", None, drivers=(("李磊涛", f"1389960{number:04d}", None),))
            vehicle_of(session, customer=owner, facts=facts, by=lin, at=at)
        return {name: person.id for name, person in people.items()}


def known_caller(typist: Typist, number: int) -> None:
    """By the last four digits of his phone; what is not on record is typed."""
    typist.keys(f"{number:04d}")
    typist.page.locator(f"#found[data-q='{number:04d}'] #found-new").wait_for()
    typist.page.keyboard.press("ArrowDown")
    typist.keys("Enter")
    expect(typist.page.locator("#f-model")).to_be_focused()
    typist.keys("BD-808A", "Tab", "Tab", "Tab", "Tab", "Tab")
    expect(typist.page.locator("#f-symptom_text")).to_be_focused()
    typist.keys("终端不上线三天", "Control+Enter")


def new_caller(typist: Typist, number: int) -> None:
    """Nobody knows him: everything is typed."""
    plate = f"粤A{number:02d}9QK"
    typist.keys(plate)
    typist.page.get_by_text("A new vehicle with the plate").wait_for()
    typist.keys("Enter")
    expect(typist.page.locator("#f-customer")).to_be_focused()
    typist.keys(f"平安旅游客运{number}", "Tab", "Tab", "华丽", "Tab", f"1366092{number:04d}", "Tab", "Tab", "Tab", "Tab")
    typist.keys("BD-808A", "Tab", "2026-10-16", "Tab", "南山区科技园南路8号", "Tab", "22.54, 113.95", "Tab", "Tab")
    typist.keys("定位漂移", "Control+Enter")


def second_call(typist: Typist, number: int) -> None:
    """About a vehicle whose order is under way: it joins that."""
    typist.keys(f"{number:02d}8JF")
    typist.page.locator("#found [aria-selected=true]").wait_for()
    typist.keys("Enter")
    typist.page.locator("[name=join]:checked").wait_for()
    typist.keys("Tab")
    expect(typist.page.locator("#f-symptom_text")).to_be_focused()
    typist.keys("还没有人来", "Control+Enter")


def timed_call(page: Page, address: str, key_ms: int, way: Callable[[Typist, int], None], number: int) -> float:
    """Seconds from the first digit to the order's page."""
    page.goto(f"{address}/calls/new")
    expect(page.locator("#who")).to_be_focused()
    begun = time.perf_counter()
    way(Typist(page, key_ms), number)
    page.wait_for_url(re.compile(r"/orders/WX"))
    return time.perf_counter() - begun


def approve_by_link(page: Page, address: str, people: dict[str, int]) -> float:
    """Seconds from opening the link to the thanks, with a look between."""
    with db.transaction() as session:
        step = session.scalars(sa.select(Approval).where(Approval.decision.is_(None)).order_by(Approval.id).limit(1)).one()
        chen = actor_of(session.get_one(Person, people["chen"]))
        at, lasts = datetime.now(UTC), timedelta(hours=1)
        _link, token = make_link(session, step.order_id, step.id, people["wang"], lasts=lasts, by=chen, at=at)
    begun = time.perf_counter()
    page.goto(f"{address}/a/{token}")
    time.sleep(LOOK)
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_text("Approved. Thank you.").wait_for()
    return time.perf_counter() - begun


def approve_signed_in(page: Page, address: str) -> float:
    """The same by somebody who is signed in on his phone."""
    begun = time.perf_counter()
    page.goto(f"{address}/approvals")
    time.sleep(LOOK)
    page.get_by_role("button", name="Approve", exact=True).first.click()
    page.get_by_text(re.compile(r"is approved\.$")).first.wait_for()
    return time.perf_counter() - begun


def sits_down(browser: Browser, app: Flask, address: str, person: int | None, viewport: dict[str, int]) -> Page:
    """A browser's page, with somebody signed in or nobody."""
    context = browser.new_context(viewport=viewport, locale="en-US")  # type: ignore[arg-type]
    if person is not None:
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = fetching.sit_down(app, person).get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
    return context.new_page()


def report(way: str, times: list[float], limit: float) -> bool:
    """Print it; whether it fits."""
    fits = max(times) <= limit
    told = {
        "way": way,
        "median_s": round(statistics.median(times), 1),
        "worst_s": round(max(times), 1),
        "limit_s": limit,
        "fits": fits,
    }
    print(json.dumps(told), flush=True)
    return fits


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--key-ms", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with fetching.application() as (app, _url), answering(app) as address, sync_playwright() as playwright:
        people = build()
        browser = playwright.chromium.launch(executable_path=browser_program(), args=QUIET)
        desk = sits_down(browser, app, address, people["lin"], WIDE)
        fits = []
        for way in (known_caller, new_caller, second_call):
            times = [timed_call(desk, address, options.key_ms, way, 10 + number) for number in range(options.rounds)]
            fits.append(report(way.__name__.replace("_", " "), times, CALL_LIMIT))
        phone, own = (sits_down(browser, app, address, who, PHONE) for who in (None, people["wang"]))
        by_link = [approve_by_link(phone, address, people) for _ in range(options.rounds)]
        fits.append(report("approval on the phone, by link", by_link, APPROVAL_LIMIT))
        signed = [approve_signed_in(own, address) for _ in range(options.rounds)]
        fits.append(report("approval on the phone, signed in", signed, APPROVAL_LIMIT))
        browser.close()
    return 0 if all(fits) else 1


if __name__ == "__main__":
    sys.exit(main())

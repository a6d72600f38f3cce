"""The office has an order open while the technician works: each fact comes by itself, and nothing that is typed is lost."""

from __future__ import annotations

import logging
import time

import pytest
from playwright.sync_api import Page, expect

from dispatch.db import transaction
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.browser.walking import SitDown
from tests.conftest import Cast
from tests.field.building import arrived, carrying, do, fitted_long_ago

pytestmark = pytest.mark.browser

log = logging.getLogger("tests")
WITHIN = 10_000
"""Milliseconds that a slow machine may take; two seconds are the promise."""


@pytest.fixture
def on_site(database: str, cast: Cast) -> tuple[str, int, int]:
    """Su stands at the vehicle: the order's number, its line, his visit."""
    with transaction() as db:
        order: Order = approved_order(db, cast)
        visit = arrived(db, cast, order, cast.su)
        fitted_long_ago(db, cast, order.lines[0])
        return order.number, order.lines[0].id, visit.id


def swap(cast: Cast, on_site: tuple[str, int, int]) -> str:
    """Su swaps the terminal; the new one's number."""
    _, line_id, visit_id = on_site
    with transaction() as db:
        [box], _ = carrying(db, cast, cast.su)
        do(db, db.get_one(Visit, visit_id), "line.swap", cast.su, line=line_id, terminal=box.number)
        return box.number


def test_run(cast: Cast, on_site: tuple[str, int, int], result: str) -> None:
    """Su tests whether the terminal is online."""
    _, line_id, visit_id = on_site
    with transaction() as db:
        visit = db.get_one(Visit, visit_id)
        do(db, visit, "test.run", cast.su, line=line_id, results={"online": {"result": result}})


test_run.__test__ = False  # type: ignore[attr-defined]


def opened(sit_down: SitDown, who: str, number: str) -> Page:
    """The order's page with its sections loaded."""
    page = sit_down(who).go(f"/orders/{number}").page
    expect(page.locator("#on-site")).to_contain_text("arrived")
    expect(page.locator("#papers")).to_contain_text("nothing due")
    return page


def test_a_fact_appears_by_itself(sit_down: SitDown, cast: Cast, on_site: tuple[str, int, int]) -> None:
    page = opened(sit_down, "lin", on_site[0])
    page.evaluate("document.querySelector('#content h1').dataset.first = 'yes'; scrollTo(0, 200)")
    began = time.monotonic()
    number = swap(cast, on_site)
    expect(page.locator(f"#on-site [data-copy='{number}']")).to_be_visible(timeout=WITHIN)
    log.info("a swap was seen after %.1f s", time.monotonic() - began)
    expect(page.locator(".history").first).to_contain_text("swapped")
    assert page.evaluate("scrollY") == 200
    assert page.locator("#content").count() == 1
    expect(page.locator("#news")).to_be_hidden()


def test_what_was_unfolded_and_folded_stays_so(sit_down: SitDown, cast: Cast, on_site: tuple[str, int, int]) -> None:
    swap(cast, on_site)
    page = opened(sit_down, "lin", on_site[0])
    page.locator("details.older > summary").last.click()
    page.locator("#seen-1 > summary").click()
    test_run(cast, on_site, "passed")
    expect(page.locator("#on-site")).to_contain_text("test-run 1 of 9", timeout=WITHIN)
    expect(page.locator("details.older").last).to_have_attribute("open", "")
    expect(page.locator("#seen-1")).not_to_have_attribute("open", "")


def test_typing_in_a_dialog_is_not_lost(sit_down: SitDown, cast: Cast, on_site: tuple[str, int, int]) -> None:
    swap(cast, on_site)
    page = opened(sit_down, "wang", on_site[0])
    page.locator("#seen-1 .seen-mend summary").first.click()
    page.get_by_role("link", name="Take back what was fitted").first.click()
    reason = page.get_by_label("Reason", exact=True).and_(page.locator("#correct-reason"))
    reason.fill("我还在写")
    test_run(cast, on_site, "failed")
    expect(page.locator("#news")).to_be_visible(timeout=WITHIN)
    expect(reason).to_have_value("我还在写")
    expect(page.locator("#on-site")).not_to_contain_text("1 failed")
    page.locator("#correct [data-close]").first.click()
    expect(page.locator("#on-site")).to_contain_text("1 failed", timeout=WITHIN)
    expect(page.locator("#news")).to_be_hidden()


def test_a_reason_for_an_action_survives_the_news(sit_down: SitDown, cast: Cast, on_site: tuple[str, int, int]) -> None:
    page = opened(sit_down, "lin", on_site[0])
    page.click("[data-dialog=line-do-1]")
    page.fill("#line-do-1-reason", "半句话")
    page.keyboard.press("Escape")
    test_run(cast, on_site, "failed")
    expect(page.locator("#on-site")).to_contain_text("1 failed", timeout=WITHIN)
    expect(page.locator("#line-do-1-reason")).to_have_value("半句话")


def test_a_correction_is_made_in_the_dialog(sit_down: SitDown, cast: Cast, on_site: tuple[str, int, int]) -> None:
    test_run(cast, on_site, "failed")
    page = opened(sit_down, "wang", on_site[0])
    page.get_by_role("link", name="Let it pass").first.click()
    page.click("#correct-body .btn-primary")
    expect(page.locator("#correct-body .field-error")).to_be_visible()
    page.fill("#correct-reason", "地下车库")
    page.click("#correct-body .btn-primary")
    expect(page.locator("main > .note-success")).to_contain_text("counts as passed now")
    expect(page.locator("#on-site")).to_contain_text("Overruled")

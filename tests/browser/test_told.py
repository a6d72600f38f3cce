"""A technician has the test-run open while the terminal reports: it appears by itself, and nothing that he chose is touched."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dispatch.db import transaction
from dispatch.devices.models import Unit
from tests.board.building import approved_order
from tests.browser.roadside import TOUCH
from tests.browser.walking import SitDown
from tests.conftest import Cast
from tests.field.building import arrived, fitted_long_ago
from tests.field.test_proving import tell

pytestmark = pytest.mark.browser

WITHIN = 15_000
"""Milliseconds that a slow machine may take; it is asked every four seconds."""


@pytest.fixture
def stop(database: str, cast: Cast) -> tuple[str, int]:
    """Su stands at a vehicle whose terminal has just come online: the page of the test-run, and the terminal."""
    with transaction() as db:
        order = approved_order(db, cast)
        visit = arrived(db, cast, order, cast.su)
        box, _ = fitted_long_ago(db, cast, order.lines[0])
        assert box.terminal is not None
        box.terminal.phone_808, box.terminal.terminal_id = "013912344323", "4316102"
        db.flush()
        tell(db, box, "heartbeat")
        return f"/my-day/visits/{visit.id}/vehicles/{order.lines[0].id}/test", box.id


def says(unit_id: int, kind: str = "position", **facts: Any) -> None:
    """The terminal says something."""
    with transaction() as db:
        tell(db, db.get_one(Unit, unit_id), kind, **facts)


def answer(page: Page, item: str, result: str) -> Locator:
    return page.locator(f"[name=result-{item}][value={result}]")


def test_what_the_terminal_says_comes_by_itself(sit_down: SitDown, stop: tuple[str, int]) -> None:
    path, box = stop
    page = sit_down("su", **TOUCH).go(path).page
    expect(answer(page, "online", "passed")).to_be_checked()
    expect(page.locator("#told-signal")).to_contain_text("It has not told its signal yet.")
    answer(page, "power", "failed").check(force=True)
    page.fill("#reason-power", "我还在写")
    says(box, signal=22, power_cut=True)
    expect(page.locator("#told-signal")).to_contain_text("strength 22 of 31", timeout=WITHIN)
    expect(page.locator("#told-power")).to_contain_text("main power was gone")
    expect(answer(page, "signal", "passed")).to_be_checked()
    expect(answer(page, "power", "failed")).to_be_checked()
    expect(page.locator("#reason-power")).to_have_value("我还在写")


def test_a_proposal_goes_when_another_terminal_shows_itself_but_not_what_he_chose(
    sit_down: SitDown, stop: tuple[str, int]
) -> None:
    path, box = stop
    says(box, signal=22, acc=True)
    page = sit_down("su", **TOUCH).go(path).page
    expect(answer(page, "signal", "passed")).to_be_checked()
    answer(page, "acc", "passed").check(force=True)
    says(box, "properties", terminal_id="7777777")
    expect(page.locator("#told-identity")).to_contain_text("it calls itself 7777777", timeout=WITHIN)
    expect(answer(page, "signal", "passed")).not_to_be_checked()
    expect(answer(page, "acc", "passed")).to_be_checked()
    page.locator(".phone-big button").click()
    expect(page.locator("#result-identity-error")).to_contain_text("Overruled")
    expect(page.locator(".note-danger")).to_contain_text("did not pass, says the terminal")

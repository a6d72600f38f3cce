"""Who calls is chosen by whoever takes the call, not by the order of a list; the keyboard is enough."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from dispatch.customers.operations import contact_of, customer_named
from dispatch.db import transaction
from tests.browser.stations import SECONDS_FOR_A_CALL
from tests.browser.walking import PHONE as PHONE_SIZE
from tests.browser.walking import Desk, SitDown
from tests.building import vehicle
from tests.conftest import AT, Cast

pytestmark = pytest.mark.browser

PLATE, ALIKE, PHONE = "粤B5Q8JF", "粤B5Q8JG", "13350921198"


@pytest.fixture
def lin(sit_down: SitDown, cast: Cast) -> Desk:
    """The call page, two vehicles of different customers with nearly the same plate, and a contact."""
    with transaction() as db:
        vehicle(db, cast, plate=PLATE, customer="恒通物流有限公司")
        vehicle(db, cast, plate=ALIKE, customer="平安旅游客运")
        owner = customer_named(db, branch_id=cast.sz, name="平安旅游客运", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="范健平", phone=PHONE)
    return sit_down("lin").go("/calls/new")


def look_for(page: Page, words: str) -> None:
    """Type into the search, and wait for what it comes upon."""
    page.locator("#who").fill(words)
    page.locator(f"#found[data-q='{words}'] [role=option]").first.wait_for()


def chosen(page: Page) -> int:
    return page.locator("#found [aria-selected=true]").count()


def test_of_several_hits_none_is_chosen_by_itself(lin: Desk) -> None:
    page, customer = lin.page, lin.field("Customer")
    look_for(page, "5Q8J")
    assert page.locator("#found [role=option]").count() == 2 and chosen(page) == 0
    assert page.locator("#who").get_attribute("aria-activedescendant") is None
    lin.type("Enter")
    expect(customer).to_have_value("")
    expect(page.locator("#who")).to_have_attribute("aria-expanded", "true")
    lin.type("ArrowUp")
    assert page.locator("#found [role=option]").last.get_attribute("aria-selected") == "true"
    lin.type("ArrowDown")
    first = page.locator("#found [role=option]").first
    assert first.get_attribute("id") == page.locator("#who").get_attribute("aria-activedescendant")
    lin.type("Enter")
    expect(customer).to_have_value("平安旅游客运")
    expect(lin.field("Plate")).to_have_value(ALIKE)


def test_a_place_that_only_the_district_tells_is_kept_as_such(lin: Desk) -> None:
    page = lin.page
    page.locator("[name=address]").fill("朝阳区人民路 1 号")
    lin.press("Find by address")
    page.get_by_role("button", name="长春市朝阳区").click()
    expect(lin.field("Place on the map")).to_have_value(re.compile(r"^43\.\d+, 125\.\d+$"))
    told = [page.locator(f"[name={name}]") for name in ("place_source", "accuracy_m")]
    assert told[0].input_value() == "district" and int(told[1].input_value()) > 10_000
    lin.fill("Place on the map", "43.9, 125.3")
    assert [one.input_value() for one in told] == ["pin", "20"]
    lin.type("ArrowDown", "ArrowDown", "Enter")  # by the keyboard alone
    expect(lin.field("Place on the map")).to_have_value(re.compile(r"^39\.\d+, 116\.\d+$"))
    expect(lin.field("Place on the map")).to_be_focused()


def test_the_only_hit_is_taken_with_one_key_and_the_call_is_saved_and_approved_on_the_phone(lin: Desk, sit_down: SitDown) -> None:
    meant = ("5Q8JF", PLATE, "htwl", PHONE, PHONE[-4:])
    for words in meant:
        lin.go("/calls/new")
        begun = time.monotonic()
        look_for(lin.page, words)
        if (words.isdigit() and len(words) == 4) or words == "htwl":
            lin.type("ArrowDown")  # a few digits or letters may be somebody else's
        assert chosen(lin.page) == 1
        lin.type("Enter")
        expect(lin.field("Customer")).to_have_value("平安旅游客运" if words.isdigit() else "恒通物流有限公司")
    expect(lin.field("Product model")).to_be_focused()
    lin.type("BD-808A", "Tab", "Tab", "南山区科技园南路8号", "Tab", "Tab", "Tab", "终端不上线", "Control+Enter")
    lin.sees(re.compile(r"^Order WX\S+ is saved and waits for approval"))
    assert time.monotonic() - begun < SECONDS_FOR_A_CALL
    wang = sit_down("wang", viewport=PHONE_SIZE)
    wang.go("/approvals").press("Approve")
    wang.sees(f"{lin.title()} is approved.")


def test_a_part_of_a_name_may_be_somebody_new(lin: Desk) -> None:
    look_for(lin.page, "平安旅游")
    assert chosen(lin.page) == 0 and lin.page.locator("#found-new").is_visible()


def test_who_presses_enter_before_the_answer_takes_nobody_of_several(lin: Desk) -> None:
    lin.page.locator("#who").focus()
    lin.type("5Q8J", "Enter")
    lin.page.locator("#found[data-q='5Q8J'] [role=option]").first.wait_for()
    assert chosen(lin.page) == 0
    expect(lin.field("Customer")).to_have_value("")

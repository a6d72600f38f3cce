"""What a browser minds about a form is said in the page's language, beside the field, and nothing is lost by it."""

from __future__ import annotations

import pytest

from dispatch.db import transaction
from tests.board.building import approved_order
from tests.browser.walking import SitDown
from tests.building import approved, installation_order
from tests.conftest import Cast
from tests.field.building import arrived

pytestmark = pytest.mark.browser


def test_an_empty_reason_is_minded_in_the_dialog(sit_down: SitDown, cast: Cast) -> None:
    with transaction() as db:
        order = approved(db, cast, installation_order(db, cast, lines=2))
    page = sit_down("lin").go(f"/orders/{order.number}").page
    page.click("[data-dialog=line-do-1]")
    page.locator("#line-do-1 .form-buttons button").first.click()
    assert page.locator("#line-do-1 .field-error").inner_text() == "Please fill this in."
    assert page.evaluate("document.activeElement.id") == "line-do-1-reason"
    page.keyboard.type("x")
    assert page.locator("#line-do-1 .field-error").count() == 0


def test_half_a_date_is_not_lost_in_silence(sit_down: SitDown) -> None:
    page = sit_down("wang").go("/people/new").page
    page.focus("[name=trained_on]")
    page.keyboard.type("12")
    page.locator("main form.form button.btn-primary").click()
    assert "not complete" in page.locator(".field-error").inner_text()
    assert page.locator("[name=trained_on]").get_attribute("aria-describedby") == "f-trained_on-minded f-trained_on-help"


def test_a_long_order_unfolds_and_is_searched_behind_its_fold(sit_down: SitDown, cast: Cast) -> None:
    with transaction() as db:
        order = installation_order(db, cast, lines=20)
        last = order.lines[-1].vehicle.plate
    page = sit_down("lin").go(f"/orders/{order.number}").page
    shown = page.locator("#order-lines tbody >> visible=true")
    assert shown.count() == 12
    page.fill(".line-search", str(last)[-5:])
    assert shown.count() == 1
    page.fill(".line-search", "")
    page.click(".show-all summary")
    assert shown.count() == 20


def test_a_missing_file_is_called_a_file_and_a_missing_photo_a_photo(sit_down: SitDown, cast: Cast) -> None:
    wang = sit_down("wang").go("/calls/import")
    wang.page.locator("main form .btn-primary").first.click()
    assert wang.page.locator(".field-error").inner_text() == "Please choose a file."
    with transaction() as db:
        visit = arrived(db, cast, approved_order(db, cast), cast.su)
    su = sit_down("su").go(f"/my-day/visits/{visit.id}/signature")
    su.page.get_by_text("The customer does not sign").click()
    su.page.fill("#refuse-reason", "赶时间")
    su.press("Keep the refusal")
    assert (
        su.page.locator(".field:has(#refuse-photo) .field-error").inner_text() == "A photo is needed as evidence. Take one first."
    )

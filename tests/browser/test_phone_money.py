"""Price, money and signature on the phone without signal: what the customer was shown is what the record says once it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dispatch import paths
from dispatch.db import transaction
from dispatch.fees.models import Receipt
from dispatch.field.models import FieldFact, Signature
from dispatch.orders.models import Visit
from tests.browser.roadside import TOUCH, camera_picture
from tests.browser.test_phone_app import big, sent_today, sign_in, tick_and_depart, unsent
from tests.browser.tunnel import Tunnel
from tests.conftest import Cast, Served
from tests.fees.building import price_list

STEPS = len(list((paths.STATIC / "field/app/steps").glob("*.js")))
KEEP = """async (many) => {
  (await navigator.serviceWorker.ready).active.postMessage("keep the rest");
  const all = async () => (await caches.open("dispatch-app")).keys();
  const kept = async () => (await all()).filter(({ url }) => /steps[/]|signature/.test(url)).length;
  while ((await kept()) <= many) await new Promise((next) => setTimeout(next, 50));
}"""
"""The pages of the steps, and the field for a signature, are kept on the phone now, and not a few seconds later."""

pytestmark = pytest.mark.browser


@pytest.fixture
def tunnel(served: Served) -> Iterator[Tunnel]:
    """The way to the server, which can be cut."""
    made = Tunnel(served.url)
    yield made
    made.cut()


def step(page: Page, visit: int, name: str) -> None:
    """Go to a step of the visit."""
    page.evaluate("address => { location.hash = address }", f"visit/{visit}/{name}")


def draw(pad: Locator) -> None:
    """A name, by finger."""
    expect(pad).not_to_have_attribute("aria-busy", "true")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    mouse = pad.page.mouse
    mouse.move(box["x"] + 30, box["y"] + 40)
    mouse.down()
    for n in range(1, 20):
        mouse.move(box["x"] + 30 + 10 * n, box["y"] + 40 + 30 * (n % 3))
    mouse.up()


def test_a_visit_is_priced_paid_signed_and_finished_without_signal(
    cast: Cast, tunnel: Tunnel, opened: Callable[..., BrowserContext], tmp_path: Path, database: str
) -> None:
    with transaction() as db:
        price_list(db, cast)
    visit = sent_today(cast)
    page = opened(**TOUCH | {"locale": "en-US"}).new_page()
    page.goto(tunnel.url + "/app/")
    sign_in(page)
    expect(page.locator(".stop h2")).to_have_count(1)
    page.locator(".stop-link").click()
    tick_and_depart(page)
    big(page, "Arrived")
    unsent(page, 0)
    page.evaluate(KEEP, STEPS)
    tunnel.cut()

    step(page, visit, "word")
    page.get_by_label("王建国").check()
    page.get_by_label("What for?").fill("旧天线可继续用")
    big(page, "Record")
    unsent(page, 1)

    step(page, visit, "price")
    page.locator("summary", has_text="Services").click()
    page.get_by_role("button", name="移机费").click()
    page.get_by_label("How many").fill("2")
    expect(page.locator("dialog .total")).to_contain_text("¥300.00")
    page.locator("dialog .btn-primary").click()
    expect(page.locator("dialog .field-error")).to_contain_text("he has to agree")
    page.get_by_label("The customer has seen this price").check()
    page.locator("dialog .btn-primary").click()
    unsent(page, 2)

    big(page, "Take ¥300.00")
    page.get_by_label("Cash").check()
    page.get_by_label("Amount").fill("100")
    page.reload()  # what was typed is there again
    expect(page.get_by_label("Amount")).to_have_value("100")
    big(page, "Money received")
    expect(page.locator(".receipt-number")).to_have_text("RSZ000001")
    expect(page.locator(".total")).to_contain_text("¥200.00")
    page.get_by_label("On account").check()
    big(page, "Money received")
    expect(page.locator(".note-success")).to_contain_text("Everything is paid")

    big(page, "Go on: signature")
    expect(page.locator("#summary")).to_contain_text("RSZ000002")
    draw(page.locator(".pad"))
    big(page, "I agree and sign")
    expect(page.locator(".note-success")).to_contain_text("Signed by")
    page.locator("summary", has_text="does not sign").click()  # the yard's manager will not
    page.locator("#refuse-signer").fill("王场长")
    page.locator("#refuse [name=reason]").fill("不管签字")
    page.set_input_files("#refuse-photo", camera_picture(tmp_path / "refusal.jpg"))
    page.get_by_role("button", name="Keep the refusal").click()
    expect(page.locator(".note", has_text="Signature refused: 不管签字")).to_be_visible()
    big(page, "Go on: finish")
    big(page, "Finish")
    unsent(page, 8)

    tunnel.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    unsent(page, 0)
    with transaction() as db:
        facts = db.scalars(sa.select(FieldFact).order_by(FieldFact.device_seq)).all()
        assert [(one.kind, one.state) for one in facts][2:] == [
            ("word.record", "applied"),
            ("charge.add", "applied"),
            ("payment.take", "applied"),
            ("payment.take", "applied"),
            ("sign", "applied"),
            ("photo", "applied"),
            ("sign.refuse", "applied"),
            ("visit.finish", "applied"),
        ], [one.outcome for one in facts]
        signatures = db.scalars(sa.select(Signature).order_by(Signature.at)).all()
        assert [(one.refused, one.summary_then) for one in signatures] == [(False, None), (True, None)]
        assert db.get_one(Visit, visit).status == "finished"
        assert [one.number for one in db.scalars(sa.select(Receipt).order_by(Receipt.id))] == ["RSZ000001", "RSZ000002"]

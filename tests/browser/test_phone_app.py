"""The phone's app: opens without signal, keeps what is done through a killed browser, and the server has each act once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.field.models import Arrival, FieldFact, PhoneDevice, Photo
from dispatch.field.phones import lock_out
from dispatch.orders.models import Visit
from tests.board.building import approved_order
from tests.browser.conftest import QUIET
from tests.browser.roadside import TOUCH, camera_picture
from tests.browser.tunnel import Tunnel
from tests.conftest import PASSWORD, Cast, Served, browser_program
from tests.field.building import sent_out

pytestmark = pytest.mark.browser

Open = Callable[[], BrowserContext]


@pytest.fixture
def tunnel(served: Served) -> Iterator[Tunnel]:
    """The way to the server, which can be cut."""
    made = Tunnel(served.url)
    yield made
    made.cut()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path) -> Iterator[Open]:
    """`phone()` opens the browser of one phone: what it kept is there again, also after it was killed."""
    opened: list[BrowserContext] = []

    def open_it() -> BrowserContext:
        environ: dict[str, Any] = {**os.environ, "HOME": str(tmp_path)}
        wishes: dict[str, Any] = TOUCH | {"locale": "en-US"}
        found = playwright.chromium.launch_persistent_context(
            str(tmp_path / "kept"), executable_path=browser_program(), args=QUIET, env=environ, **wishes
        )
        found.set_default_timeout(10_000)
        opened.append(found)
        return found

    yield open_it
    opened[-1].close()


def kill(context: BrowserContext, folder: Path) -> None:
    """The browser that keeps its things there is gone, without a word."""
    listed = subprocess.run(["ps", "ax", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if f"--user-data-dir={folder}" in line:
            with suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)
    with suppress(Error):
        context.close()


def sign_in(page: Page) -> None:
    """Over whatever is on the page."""
    page.locator("#sign-in").click()
    page.get_by_label("Username").fill("su")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("dialog .btn-primary").click()


def unsent(page: Page, many: int) -> None:
    """The count that is always in sight."""
    expect(page.locator("#unsent")).to_have_attribute("data-left", str(many))


def big(page: Page, word: str) -> None:
    """Press the one big button."""
    page.locator(".phone-big .btn", has_text=word).click()


def tick_and_depart(page: Page) -> None:
    """Everything is there: go."""
    big(page, "Depart")
    for box in page.locator("dialog input[type=checkbox]").all():
        box.check()
    page.locator("dialog .btn-primary").click()


def sent_today(cast: Cast) -> int:
    """A visit of Su's that begins now."""
    with transaction() as db:
        visit = sent_out(db, cast, approved_order(db, cast), cast.su)
        visit.starts_at, visit.ends_at = now(), now() + timedelta(hours=1)
        return visit.id


def test_a_visit_begun_without_signal_is_there_exactly_once(
    cast: Cast, tunnel: Tunnel, phone: Open, tmp_path: Path, database: str
) -> None:
    visit = sent_today(cast)
    context = phone()
    page = context.pages[0]
    page.goto(tunnel.url + "/app")
    sign_in(page)
    expect(page.locator(".stop h2")).to_have_count(1)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    tunnel.cut()
    context.new_page().goto(tunnel.url + f"/app/#visit/{visit}")  # cold, in a second tab
    other = context.pages[1]
    tick_and_depart(other)
    unsent(other, 1)
    unsent(page, 1)  # the first tab hears of it
    big(other, "Arrived")
    unsent(page, 2)
    other.set_input_files("#camera", camera_picture(tmp_path / "photo.jpg"))
    other.get_by_role("button", name="Vehicle before the work").click()
    unsent(page, 3)
    kill(context, tmp_path / "kept")

    context = phone()
    context.clear_cookies()  # the login is lost, too
    page = context.pages[0]
    page.goto(tunnel.url + "/app/")
    unsent(page, 3)
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 0
    lose_an_answer(context)
    tunnel.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    sign_in(page)
    unsent(page, 0)
    expect(page.locator("#unsent")).to_contain_text("All sent")
    page.context.new_page().goto(tunnel.url + "/app/")
    unsent(context.pages[-1], 0)

    with transaction() as db:
        facts = db.scalars(sa.select(FieldFact).order_by(FieldFact.device_seq)).all()
        assert [(one.kind, one.device_seq, one.state) for one in facts] == [
            ("visit.depart", 1, "applied"),
            ("visit.arrive", 2, "applied"),
            ("photo", 3, "applied"),
        ], [one.outcome for one in facts]
        assert all(one.device_at < one.received_at <= now() for one in facts)
        assert db.get_one(Visit, visit).status == "on_site"
        assert db.get_one(Arrival, visit).distance_m is not None
        assert [photo.kind for photo in db.scalars(sa.select(Photo))] == ["condition"]
        assert len(db.scalars(sa.select(PhoneDevice)).all()) == 1


VECTORS = """
async ([address, vectors]) => {
  const rules = await import(address), wrong = [];
  const turned = { moment: ([at, minutes]) => [new Date(at), minutes] };
  for (const [name, cases] of Object.entries(vectors)) for (const [given, wanted] of cases) {
    const found = rules[name](...(turned[name]?.(given) ?? given));
    if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push([name, given, found]);
  }
  return wrong;
}
"""
NO_STORE = "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }"
FULL = "IDBObjectStore.prototype.add = () => { throw new DOMException('', 'QuotaExceededError'); }; 0"
LEFT = """
() => new Promise((done) => { indexedDB.open("dispatch").onsuccess = ({ target: { result: db } }) => {
  const names = [...db.objectStoreNames], all = db.transaction(names), left = {};
  for (const name of names) all.objectStore(name).count().onsuccess = ({ target }) => { left[name] = target.result; };
  all.oncomplete = () => { db.close(); done(left); };
}; })
"""


def test_what_the_app_decides_by_itself(served: Served, opened: Callable[..., BrowserContext]) -> None:
    page = opened().new_page()
    page.goto(served.url + "/app/")
    vectors = json.loads((Path(__file__).parents[1] / "field/app/vectors.json").read_text("utf-8"))
    assert page.evaluate(VECTORS, ["/static/field/app/rules.js", vectors]) == []


def test_a_phone_that_keeps_nothing_says_so(
    cast: Cast, tunnel: Tunnel, opened: Callable[..., BrowserContext], database: str
) -> None:
    private = opened().new_page()
    private.add_init_script(NO_STORE)
    private.goto(tunnel.url + "/app/")
    expect(private.locator(".note-danger")).to_contain_text("This browser keeps nothing")

    visit = sent_today(cast)
    page = opened(**TOUCH).new_page()
    page.goto(tunnel.url + "/app/")
    sign_in(page)
    page.locator(".stop-link").click()
    page.evaluate(FULL)
    tick_and_depart(page)
    expect(page.locator(".note-danger")).to_contain_text("this was NOT kept")
    expect(page.locator(".phone-big .btn")).to_have_text("Depart")
    unsent(page, 0)
    page.reload()
    tunnel.cut()
    tick_and_depart(page)
    expect(page.locator(".note-warning")).to_contain_text("No signal")
    unsent(page, 1)

    with transaction() as db:
        stolen = db.scalars(sa.select(PhoneDevice)).one()
        lock_out(db, stolen.id, by=cast.wang, at=now())
    tunnel.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".note-danger")).to_contain_text("everything here was deleted")
    assert page.evaluate(LEFT) == {"people": 0, "facts": 0, "photos": 0, "days": 0}
    with transaction() as db:
        assert [(one.kind, one.state) for one in db.scalars(sa.select(FieldFact))] == [("visit.depart", "disputed")]
        assert db.scalars(sa.select(PhoneDevice.wiped_at)).one() is not None
        assert db.get_one(Visit, visit).status == "dispatched"


def lose_an_answer(context: BrowserContext) -> None:
    """The first batch reaches the server, and its answer is lost on the way back."""
    lost: list[bool] = []

    def pass_on(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(True)
            assert route.fetch().ok
            route.abort()

    context.route("**/api/field/facts", pass_on)

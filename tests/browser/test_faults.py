"""What goes wrong on a working day, in a real browser: a clear sentence, typing kept, nothing half-written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from dispatch.customers.operations import contact_of
from dispatch.db import transaction
from dispatch.devices.models import Unit
from dispatch.intake.models import Upload
from dispatch.orders.models import Approval, Order
from dispatch.staff.models import PersonRole
from tests.browser.walking import Desk, SitDown
from tests.building import approved, repair_order, vehicle
from tests.conftest import Cast
from tests.tabular.files import ole

pytestmark = pytest.mark.browser

CALL = {
    "Customer": "顺安运输有限公司",
    "Caller's name": "彭宇",
    "Phone": "13803552010",
    "Plate": "粤B8YSB5",
    "Product model": "BD-808A",
    "Exact address": "宝安国际机场货运村",
}
STALE = "Somebody changed this while you were looking at it. What you see now is the newest; please check and do it again."
SEND_TWICE = """async () => {
    const form = document.getElementById("call");
    const send = () => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    return (await Promise.all([send(), send()])).map(answer => `${answer.url} ${answer.status}`);
}"""


def fill_call(desk: Desk, **instead: str) -> None:
    """A whole call, not yet saved."""
    desk.go("/calls/new")
    for label, text in (CALL | instead).items():
        desk.fill(label, text)
    desk.page.get_by_label("Position drifts").check()


def saved(model: type[Order] | type[Unit] | type[Upload]) -> int:
    """How many rows there are."""
    with transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def waiting_order(cast: Cast) -> str:
    """The number of an order of Lin's that waits for approval."""
    with transaction() as db:
        return repair_order(db, cast).number


def test_a_call_pressed_twice_is_saved_once(sit_down: SitDown) -> None:
    lin = sit_down("lin")
    fill_call(lin)
    lin.page.get_by_role("button", name=re.compile(r"^Save( ⏎)?$")).dblclick()
    lin.sees("is saved and waits for approval")
    assert saved(Order) == 1
    fill_call(lin)
    lin.field("Plate").fill("粤B8YSB6")
    first, second = lin.page.evaluate(SEND_TWICE)
    assert first == second and "/orders/WX" in first, (first, second)
    assert saved(Order) == 2


def test_a_plate_of_another_customer_keeps_what_was_typed(sit_down: SitDown, cast: Cast) -> None:
    with transaction() as db:
        vehicle(db, cast, plate="粤B8YSB5", customer="恒通物流有限公司")
    lin = sit_down("lin")
    fill_call(lin)
    lin.choose("Plate colour", "yellow")
    lin.press(re.compile(r"^Save( ⏎)?$"))
    lin.sees("This was not saved yet. What you typed is still here.")
    lin.sees(re.compile("is on record under 恒通物流有限公司"), within=lin.page.locator("#f-plate-error"))
    for label, text in CALL.items():
        expect(lin.field(label)).to_have_value(text)
    expect(lin.page.get_by_label("Position drifts")).to_be_checked()
    assert saved(Order) == 0
    lin.page.get_by_label("It changed hands: move it to this customer").check()
    lin.press(re.compile(r"^Save( ⏎)?$"))
    lin.sees("is saved and waits for approval")


def test_a_page_that_has_grown_old(sit_down: SitDown, cast: Cast) -> None:
    with transaction() as db:
        number = approved(db, cast, repair_order(db, cast)).number
    lin, wang = sit_down("lin").go(f"/orders/{number}/wait"), sit_down("wang").go(f"/orders/{number}")
    lin.page.get_by_label("The customer is absent").check()
    lin.press("Let it wait")
    lin.sees("This order waits")
    take_action(wang, "Cancel", "not needed any more")
    wang.sees(STALE)
    expect(wang.page.locator("#again-reason")).to_have_value("not needed any more")
    assert wang.status() == "Waiting"


def take_action(desk: Desk, action: str, reason: str) -> None:
    """An action that asks for a reason."""
    desk.press(action)
    dialog = desk.page.locator("dialog[open]")
    dialog.get_by_label("Reason").fill(reason)
    desk.press(action, within=dialog)


def test_two_managers_at_once(sit_down: SitDown, cast: Cast) -> None:
    with transaction() as db:
        db.add(PersonRole(person_id=cast.chen.id, role="manager"))
    number = waiting_order(cast)
    managers = [sit_down("wang").go("/approvals"), sit_down("chen").go("/approvals")]
    for manager in managers:
        manager.page.evaluate("setTimeout(() => document.querySelector('.waiting-card form').requestSubmit())")
    for manager in managers:
        expect(manager.page.locator(".note").first).to_be_visible()
    told = sorted(manager.page.locator(".note").first.inner_text().strip() for manager in managers)
    assert told == [f"{number} is approved.", f"{number}: Somebody else decided this a moment ago."]
    with transaction() as db:
        assert [step.decision for step in db.scalars(sa.select(Approval))] == ["approved"]


def test_somebody_elses_order_and_the_search(sit_down: SitDown, cast: Cast) -> None:
    number = waiting_order(cast)
    with transaction() as db:
        mine = vehicle(db, cast, plate="粤B5Q8JF")
        contact_of(db, customer=mine.customer, name="范健平", phone="13350921198")
    he, lin = sit_down("he"), sit_down("lin")
    assert he.open(f"/orders/{number}") == 404
    he.sees("There is nothing here, or it is not yours to see.")
    he.follow("To the start")
    assert he.path == "/orders"
    lin.go("/orders")
    lin.type("/", "5092 1198")
    lin.sees("范健平", within=lin.page.locator("#search-found"))
    lin.type("ArrowDown", "Enter")
    lin.page.wait_for_url(re.compile("/customers/"))
    lin.type("Control+k", "b5q8jf")
    lin.sees("恒通物流有限公司", within=lin.page.locator("#search-found"))
    lin.type("ArrowDown", "Enter")
    lin.page.wait_for_url(re.compile("/vehicles/"))


def test_files_that_cannot_be_read(sit_down: SitDown, tmp_path: Path, samples: Path) -> None:
    wang = sit_down("wang")
    great = tmp_path / "great.xlsx"
    with great.open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes((samples / "install_request_1.xlsx").read_bytes()[:3000])
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(ole({"EncryptionInfo": b"\4", "EncryptedPackage": b"\0"}))
    for path in ("/requests/new", "/import/terminals", "/calls/import"):
        send(wang, path, broken)
        wang.sees("The file is damaged and cannot be opened.", within=wang.page.locator("#f-file-error"))
        send(wang, path, locked)
        wang.sees("The file is protected with a password.", within=wang.page.locator("#f-file-error"))
    for path in ("/requests/new", "/import/terminals"):
        send(wang, path, great)
        assert "The file is larger than 20 MB." in wang.page.locator("#f-file").evaluate("field => field.validationMessage")
    assert saved(Upload) == 0


def send(desk: Desk, path: str, file: Path) -> None:
    """Choose a file; it is sent at once."""
    desk.go(path).page.set_input_files("input[type=file]", file)


def test_numbers_in_use_and_columns_nobody_knows(sit_down: SitDown, tmp_path: Path) -> None:
    wang = sit_down("wang")
    sims = tmp_path / "sims.csv"
    sims.write_text("ICCID,号码,天气\n89860622588667878485,1410051948431,晴\n89860421730988191791,1440037297747,雨\n", "utf-8")
    send(wang, "/import/sims", sims)
    wang.sees("Columns nobody knows were not read: 天气.")
    wang.press("Import 2 rows")
    wang.sees("2 rows were taken in.")
    send(wang, "/import/sims", sims)
    wang.sees("Nothing in this file can be taken in.")
    assert wang.page.locator("#mend tr.edge-risk").count() == 2
    assert saved(Unit) == 2

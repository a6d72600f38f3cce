"""Units from delivery to the scrap heap: received, issued, swapped with the terminal's own word for it, returned, given up."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from dispatch import config
from dispatch.db import transaction
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import Sim, Terminal, Unit
from dispatch.fees.operations import NewPrice, set_prices
from dispatch.field.models import TestResult
from dispatch.terminals import listening
from tests.board.building import approved_order
from tests.browser.roadside import PLACE, TOUCH, big, camera_picture, depart, finish, sign, take
from tests.browser.walking import Desk, SitDown, bring_in, issue
from tests.conftest import AT, Cast
from tests.devices.jt808.calling import FIRST, Caller
from tests.devices.jt808.terminal import position
from tests.fees.building import price_list
from tests.field.building import fitted_long_ago, sent_out

pytestmark = pytest.mark.browser

TECHNICIANS = ("苏杰 · JS001", "卫晨 · JS002", "周新 · JS003")
SERIAL, ICCID = "SN26000000", "89860622588667878485"
"""The first terminal of the sample, and its second SIM: what `Caller` says that it is, and that it carries."""


def test_from_delivery_to_the_scrap_heap(cast: Cast, sit_down: SitDown, samples: Path, tmp_path: Path) -> None:
    wang, lin = sit_down("wang"), sit_down("lin")
    receive_and_issue(wang, samples)
    with transaction() as db:
        price_list(db, cast)
        set_prices(
            db, [NewPrice("P008", "TK-310 主机", "part", Decimal(390), Decimal("0.13"), date(2026, 1, 1))], by=cast.qian, at=AT
        )
        order = approved_order(db, cast)
        old, card = fitted_long_ago(db, cast, order.lines[0])
        gone, new = old.number, db.scalars(sa.select(Terminal.unit_id).where(Terminal.serial == SERIAL)).one()
        new_card = db.scalars(sa.select(Sim.unit_id).where(Sim.iccid == ICCID)).one()
        visit, vehicle, gone_id = sent_out(db, cast, order, cast.su).id, order.lines[0].vehicle, old.id
        told = Told(order.number, vehicle.plate or "", vehicle.id, {"old": gone_id, "new": new, "out": card.id, "in": new_card})
    su = sit_down("su", **TOUCH).go(f"/my-day/visits/{visit}")
    swap_both(su, camera_picture(tmp_path / "photo.jpg"))
    let_the_terminal_speak(su)
    pay_and_finish(su)
    return_and_scrap(lin, wang, su, gone)

    assert lin.go(f"/units/{gone_id}").title() == gone
    read_the_lives(lin, told)
    lin.go(f"/stock/past?number={ICCID}").sees(re.compile("until today"))
    expect(lin.page.locator("main")).to_contain_text(re.sub(r"\D", "", SERIAL)[-2:])
    with transaction() as db:
        assert db.get_one(Unit, gone_id).position.holder.kind == "scrapped"  # type: ignore[union-attr]
        assert db.scalars(sa.select(UnitReturn.status).order_by(UnitReturn.id)).all() == ["scrapped", "owed"]


@dataclass(frozen=True)
class Told:
    """What was worked on: the order, the vehicle, and the four units by what became of them."""

    order: str
    plate: str
    vehicle: int
    units: dict[str, int]


TESTED = "Test-run: 9 of 9 points passed"
STATIONS = {
    "old": (
        "Installed",
        "Taken out in a swap",
        "To be brought to the repair bench",
        "Received at the repair bench",
        "Fault found: Water inside",
        "Proposed to be scrapped",
        "Scrapped",
        "Scrapping approved",
    ),
    "new": ("Taken into stock", "Issued", "Fitted in a swap", TESTED, "Sheet issued"),
    "out": ("Installed", "Taken out in a swap", "To be brought to the repair bench", "Sheet issued"),
    "in": ("Taken into stock", "Issued", "Fitted in a swap", "Activated", TESTED, "Sheet issued"),
    "vehicle": ("Installed", "Arrived on site", "Terminal swapped", "SIM swapped", TESTED, "Visit finished", "Sheet issued"),
}
"""What every life tells, the first thing first."""


def read_the_lives(lin: Desk, told: Told) -> None:
    """Both terminals, both SIMs and the vehicle tell all of it in order, with the sheet; on paper it is the same."""
    pages = {name: f"/units/{unit}" for name, unit in told.units.items()} | {"vehicle": f"/vehicles/{told.vehicle}"}
    what = lin.page.locator("#life .history-what b")
    for name, page in pages.items():
        lin.go(page)
        for _ in range(20):  # until the worker has made the sheet
            if "Sheet issued" in what.all_inner_texts():
                break
            lin.page.wait_for_timeout(500)
            lin.go(page)
        happened = iter(reversed(what.all_inner_texts()))
        missing = [word for word in STATIONS[name] if word not in happened]
        assert not missing, (name, missing, what.all_inner_texts())
        expect(lin.page.locator("#life")).to_contain_text(told.order)
        if name != "vehicle":
            expect(lin.page.locator("#life .plate").first).to_contain_text(told.plate[2:])
    sheet = lin.page.locator("#life .sheet-link").first.get_attribute("href")
    assert lin.page.request.get(lin.address + (sheet or "")).body().startswith(b"%PDF")
    stations = what.count()
    lin.go(f"{pages['vehicle']}/paper")
    assert lin.page.locator(".paper-list tbody tr").count() == stations
    lin.page.emulate_media(media="print")
    expect(lin.page.get_by_role("button", name="Print")).to_be_hidden()
    expect(lin.page.locator(".paper-list")).to_contain_text(TESTED)
    lin.page.emulate_media(media="screen")


def receive_and_issue(wang: Desk, samples: Path) -> None:
    """Four hundred of each into the store, eight pairs into each of three bags."""
    bring_in(wang, "terminals", samples / "stock_terminals.csv", 400)
    bring_in(wang, "sims", samples / "stock_sims.csv", 400, store="总仓")
    for technician in TECHNICIANS:
        issue(wang, technician, **{"TK-310": 8, "sims": 8})


def swap_both(su: Desk, picture: Path) -> None:
    """New for old, the terminal and the SIM that will report."""
    depart(su)
    big(su, "Photo before the work")
    take(su, picture)
    big(su, "Go on")
    su.follow("Swap both")
    for kind, number in (("terminal", SERIAL), ("sim", ICCID)):
        su.page.locator(f"#f-{kind}").fill(number)
        su.page.locator(f"#bag-{kind} label:visible").first.click()
    big(su, "Swap")
    big(su, "Go on: test-run")


def let_the_terminal_speak(su: Desk) -> None:
    """It calls, and when the technician looks again every point is proven, none of them by hand."""
    with ThreadPoolExecutor(1) as apart:  # the browser has an event loop in this thread
        apart.submit(asyncio.run, speak()).result(30)
    su.page.reload()
    for item in ("online", "identity", "firmware", "iccid", "fix", "satellites", "signal", "acc", "power"):
        expect(su.page.locator(f"[name=result-{item}][value=passed]")).to_be_checked()
    big(su, "Keep these results")
    with transaction() as db:
        proven = db.scalars(sa.select(TestResult.observation_id)).all()
        assert len(proven) == 9 and None not in proven


async def speak() -> None:
    """Register, name the SIM, then two positions at the technician's place: ignition on, and off with the main power gone."""
    settings = replace(config.load({"SECRET_KEY": "test"}), jt808_host="127.0.0.1")
    async with listening(settings) as gateway:
        caller = await Caller(FIRST % 10).prove(gateway)
        caller.send(caller.device.properties(iccid=ICCID))
        at = datetime.now(UTC) + timedelta(seconds=2)  # its clock knows no fractions: in the second of the swap nothing is proven
        for acc, alarm in ((True, 0), (False, 1 << 8)):
            here = {"lat": PLACE["latitude"], "lon": PLACE["longitude"]}
            caller.send(caller.device.frame(0x0200, position(at, acc=acc, alarm=alarm, **here)))
            await caller.answer()
        await caller.hang_up()


def pay_and_finish(su: Desk) -> None:
    """The price, cash, a signature, the end."""
    big(su, "Go on: price")
    big(su, "Take ¥")
    su.page.get_by_label("Cash").check()
    su.fill("Invoice number", "12345678")
    big(su, "Money received")
    big(su, "Go on: signature")
    sign(su)
    finish(su)


def return_and_scrap(lin: Desk, wang: Desk, su: Desk, number: str) -> None:
    """The old terminal comes to the bench, both saying so; what one proposes, another decides."""
    lin.go(f"/bench?q={number}")  # the only one that is found opens
    lin.press("Receive")
    su.go("/my-bag").press("Yes, I handed it in")
    su.sees("Both have said yes: the repair bench has it.")
    lin.page.reload()
    lin.choose("Fault", "Water inside")
    lin.press("Record the fault")
    lin.page.locator("summary", has_text="Propose to scrap").click()
    lin.fill("Reason", "主板进水腐蚀，无法修复")
    lin.press("Propose to scrap")
    lin.sees("A manager who has not proposed it decides.")
    wang.page.goto(lin.page.url)
    wang.press("Approve scrapping")
    wang.sees("This return is settled.")

"""The main job, whole: from an empty store to closed orders and a balanced day, each step by the person whose work it is.

43 vehicles of the first sample request and twenty of the sample calls; then the same company again out of its backup.
"""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, expect

from dispatch import db
from dispatch.db import transaction
from dispatch.fees.models import Receipt
from tests import databases
from tests.browser import roadside, stations, till
from tests.browser.papers import fetch_all_sheets, prove_all, run, said
from tests.browser.riding import Job, Repair, ride
from tests.browser.roadside import TOUCH
from tests.browser.stations import Call
from tests.browser.walking import Desk, SitDown
from tests.conftest import PASSWORD, Cast, Served
from tests.served import open_doors, serving
from tests.sheets.engine import needs_poppler

pytestmark = [pytest.mark.browser, needs_poppler]

CALLS, VEHICLES = 20, 43
BY_KEYBOARD = {
    1: "Terminal lost",
    4: "Fuel sensor sends nothing",
    9: "Main power cut",
    14: "Terminal lost",
    19: "Speed stays at zero",
}
"""Calls that are taken while the customer speaks, and the symptom his words mean; the others come on a list."""
FOUND_ON_THE_MAP = {
    "广东省深圳市宝安区沙井街道新桥同富裕工业园": ("22.73100", "113.82900"),
    "广东省深圳市龙岗区平湖街道华南城物流中心": ("22.69200", "114.12400"),
    "广东省深圳市福田区梅林街道下梅林围面村公交场站": ("22.57300", "114.05400"),
    "广东省深圳市光明区公明街道松白路甲子塘路口": ("22.78200", "113.90100"),
}
LOGINS = {"苏杰": "su", "卫晨": "wei", "韩鑫敏": "zhou"}
"""Technicians who can sign in already; the others are given a login."""


@pytest.fixture
def database(cluster_url: str, template: tuple[str, Cast]) -> Iterator[str]:
    """A database of its own, which the test may wipe."""
    with databases.database(cluster_url, f"day_{os.getpid()}", template[0]) as url:
        db.connect(url, pool_size=2)
        yield url


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    """The product on it, with a data folder that may be wiped, too."""
    open_doors()
    (tmp_path / "data").mkdir()
    with serving(database, tmp_path / "data") as running:
        yield running


@pytest.fixture
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on another disk."""
    return tmp_path_factory.mktemp("away")


@pytest.mark.usefixtures("early_morning")
def test_a_whole_day(
    sit_down: SitDown, opened: Callable[..., BrowserContext], served: Served, samples: Path, database: str, away: Path
) -> None:
    wang, lin, qian = sit_down("wang"), sit_down("lin"), sit_down("qian")
    stations.stock_the_company(wang, samples)
    till.add_prices(qian, stations.today_of(lin), ("P007", "GT06N 主机", "260.00"), ("P008", "TK-310 主机", "390.00"))
    orders = take_the_calls(lin, the_calls(samples), away)
    installation = stations.take_the_request(lin, samples)
    numbers = [*orders, installation]
    stations.approve(wang, lin, *numbers)
    names = stations.plan_the_day(lin, numbers, CALLS + VEHICLES)
    stations.move_one_visit(lin, names)
    stations.send_them_out(lin, numbers)
    stations.find_again(lin, numbers[0], orders[numbers[0]]["车牌号"])

    for desk in (wang, lin, qian):
        desk.rest()
    phones = phones_for(sit_down, names)
    picture = roadside.camera_picture(away / "photo.jpg", (800, 600))
    jobs, shown = {number: Repair.of(call, number) for number, call in orders.items()}, set[Job]()
    for phone in phones.values():
        ride(phone, jobs, picture, shown)
    balance_the_day(qian, phones)
    close_everything(wang, qian, numbers)
    look_at_the_figures(chen := sit_down("chen"), qian)

    pdfs = fetch_all_sheets(wang, numbers, away / "first")
    assert len(pdfs) == CALLS + VEHICLES + 1
    assert all("Signature is Valid." in said("pdfsig", "-nocert", pdf) for pdf in pdfs)
    prove_all(pdfs, database, served.folder)
    money = till.day_of(qian), till.receipts_of_the_day(qian)
    for desk in (wang, lin, qian, chen, *phones.values()):
        desk.page.close()
    back_up_wipe_and_restore(served, database, away / "backups")
    prove_all(pdfs, database, served.folder)
    with serving(database, served.folder) as again:
        qian, wang = (sign_in_again(opened, again, who) for who in ("qian", "wang"))
        assert (till.day_of(qian), till.receipts_of_the_day(qian)) == money
        returned = fetch_all_sheets(wang, numbers, away / "again")
        assert [pdf.read_bytes() for pdf in returned] == [pdf.read_bytes() for pdf in pdfs]


# calls


def the_calls(samples: Path) -> list[Call]:
    """The first twenty, with the places that the dispatcher finds on the map."""
    calls = stations.sample_calls(samples, CALLS)
    for call in calls:
        if not call["纬度"]:
            call["纬度"], call["经度"] = FOUND_ON_THE_MAP[call["地址"]]
    return calls


def take_the_calls(lin: Desk, calls: list[Call], folder: Path) -> dict[str, Call]:
    """Five by keyboard, the others from a list; order number -> call."""
    listed = [call for index, call in enumerate(calls) if index not in BY_KEYBOARD]
    day = stations.today_of(lin)
    with (folder / "calls.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(listed[0]))
        table.writeheader()
        table.writerows({**call, "来电时间": f"{day} {call['来电时间'][-5:]}"} for call in listed)
    numbers = stations.take_a_list_of_calls(lin, folder / "calls.csv", len(listed))
    taken = dict(zip(numbers, listed, strict=True))
    for index, symptom in BY_KEYBOARD.items():
        taken[stations.take_a_call_by_keyboard(lin, calls[index], symptom)] = calls[index]
    return taken


# on site


def phones_for(sit_down: SitDown, names: list[str]) -> dict[str, Desk]:
    """The technicians of the plan with their phones; the administrator gives a login to whoever has none."""
    root, phones = sit_down("root"), {}
    for index, name in enumerate(sorted(set(names))):
        username, password = LOGINS.get(name, f"js-{index}"), PASSWORD
        if name not in LOGINS:
            password = stations.give_login(root, name, username)
        phones[name] = sit_down(username, password=password, **TOUCH)
    return phones


# the money


def balance_the_day(qian: Desk, phones: dict[str, Desk]) -> None:
    """What was charged was collected, what was collected in cash is counted; for five yuan that lack somebody answers."""
    before, receipts = till.day_of(qian), till.receipts_of_the_day(qian)
    assert before["Expected"] == before["Collected"] > 0 and before["Not collected"] == 0
    assert before["Cash"] > 0 and before["Received by finance"] == 0
    declared = {name: till.hand_in(phone) for name, phone in phones.items()}
    assert sum(declared.values()) == before["Cash"]
    numbers = till.waiting(qian)
    assert len(numbers) == len([cash for cash in declared.values() if cash])
    short, *others = numbers
    counted = till.count(qian, short, short=5, reason="收了一张假币", owner=next(name for name in declared if declared[name]))
    counted += sum(till.count(qian, number) for number in others)
    after = till.day_of(qian)
    assert after["Received by finance"] == counted == before["Cash"] and after["Cash"] == 0
    assert after["Collected"] == before["Collected"]
    with transaction() as session:
        taken = session.scalars(sa.select(Receipt.amount)).all()
        on_account = session.scalars(sa.select(Receipt.amount).where(Receipt.channel == "account")).all()
    assert sorted(receipts) == sorted(taken) and sum(taken) - sum(on_account) == after["Collected"]
    qian.go("/finance")
    qian.sees("-¥5.00")


def close_everything(wang: Desk, qian: Desk, numbers: list[str]) -> None:
    """One paper is missing, and who owes it is told; the others are closed at once. Finance brings it, its sheet is made anew,
    and the last one can be closed."""
    wait_for(wang, f"Close all {len(numbers) - 1} complete orders")
    lacking = wang.page.locator("tbody tr", has_text="has no invoice number")
    expect(lacking).to_have_count(1)
    order = lacking.locator("td.main a").inner_text()
    wang.press(f"Close all {len(numbers) - 1} complete orders")
    wang.sees(f"{len(numbers) - 1} orders were closed.")
    qian.go(f"/orders/{order}")
    till.note_invoice(qian, "24199999")
    wait_for(wang, "Close 1 complete order")
    wang.press("Close 1 complete order")
    wang.sees("1 order was closed.")
    wang.sees("Everything that is done is closed.")
    for number in (numbers[0], numbers[-1]):
        wang.go(f"/orders/{number}")
        assert wang.status() == "Closed"


def wait_for(wang: Desk, button: str) -> None:
    """Look at the list until the worker has made the sheets."""
    until = time.monotonic() + 120
    wang.go("/closing")
    while not wang.page.get_by_role("button", name=button).count():
        assert time.monotonic() < until, wang.page.locator("main").inner_text()
        wang.page.wait_for_timeout(2_000)  # the worker needs the machine more than who looks on
        wang.go("/closing")


def look_at_the_figures(chen: Desk, qian: Desk) -> None:
    """The director sees the day as it was: one call of the manager's own still waits."""
    chen.go("/figures")
    figures = till.stats(chen)
    assert (figures["Came in"], figures["Approved"], figures["Done"], figures["Closed"]) == ("22", "21", "21", "21")
    assert figures["Open"] == "1"
    chen.sees(f"¥{till.day_of(qian)['Collected']:,.2f}")


# the backup


def back_up_wipe_and_restore(served: Served, database: str, folder: Path) -> None:
    """While people work it is copied; then machine and data are gone, and come back from the copy."""
    made = run(database, served.folder, "backup", folder)
    assert made.returncode == 0, made.stdout + made.stderr
    served.end()
    db.disconnect()
    wipe(database)
    shutil.rmtree(served.folder)
    back = run(database, served.folder, "restore", folder, "--lang", "en")
    assert back.returncode == 0, back.stdout + back.stderr


def wipe(database: str) -> None:
    """Nothing is left in it."""
    with databases.engine(database).begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


def sign_in_again(opened: Callable[..., BrowserContext], again: Served, who: str) -> Desk:
    """At the restored product, with the old password."""
    desk = Desk(opened().new_page(), again.url)
    desk.sign_in(who, PASSWORD)
    return desk

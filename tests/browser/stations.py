"""Stations 0 to 4 as their people walk them: stock, calls, a request, approvals, the plan, and sending out."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.walking import Desk, bring_in, issue, sign_for

MODEL = "BD-808A"
SECONDS_FOR_A_CALL = 60
PLACE = "22.639, 113.811"
INSTALLERS = ("韩鑫敏 · JS003", "赵芳英 · JS005", "喻浩军 · JS008", "杨秀 · JS011", "沈秀 · JS012", "陶勇莹 · JS013")

Call = dict[str, str]
"""A row of the sample calls, by the headings of its file."""


def sample_calls(samples: Path, count: int) -> list[Call]:
    """The first calls of the sample."""
    with (samples / "repair_calls.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))[:count]


# station 0


def stock_the_company(wang: Desk, samples: Path) -> None:
    """The manager brings in terminals, SIMs, technicians and prices, fills the bags, and adds what the great request needs."""
    bring_in(wang, "terminals", samples / "stock_terminals.csv", 400)
    bring_in(wang, "sims", samples / "stock_sims.csv", 400, store="总仓")
    bring_in(wang, "prices", samples / "prices.csv", 11)
    bring_in(wang, "technicians", samples / "technicians.csv", 14, trained=True)
    wang.press("Issue to the bags now")
    wang.sees(re.compile(r"^\d+ units were issued to the bags\.$"))
    for technician in INSTALLERS:
        issue(wang, technician, **{MODEL: 8, "sims": 8})
    sign_for_the_rest(wang)


def sign_for_the_rest(wang: Desk) -> None:
    """Each technician whose bag was filled, and who has not signed yet, comes to the counter."""
    while True:
        wang.go("/stock/papers")
        waiting = wang.page.locator("tbody td.main a")
        if not waiting.count():
            return
        waiting.first.click()
        wang.follow("Sign at the counter")
        sign_for(wang)


# station 1


def take_a_call_by_keyboard(lin: Desk, call: Call, symptom: str) -> str:
    """From search to save without the mouse; the caller's words choose the symptom. Gives the order's number."""
    plate = call["车牌号"]
    lin.go("/calls/new")
    expect(lin.page.locator("#who")).to_be_focused()
    begun = time.monotonic()
    lin.type(plate)
    lin.sees(f"A new vehicle with the plate {plate}")
    lin.type("Enter")
    expect(lin.field("Customer")).to_be_focused()
    lin.type(call["客户名称"], "Tab", "Tab", call["来电人"], "Tab", call["来电号码"])
    expect(lin.field("Plate")).to_have_value(plate)
    lin.type("Tab", "Tab", "Tab", "Tab", call["产品型号"], "Tab", call["购买日期"])
    lin.type("Tab", call["地址"], "Tab", f"{call['纬度']}, {call['经度']}")
    lin.type("Tab", "Tab", call["故障现象"])
    expect(lin.page.get_by_label(symptom)).to_be_checked()
    lin.type("Control+Enter")
    lin.sees(re.compile(r"^Order WX\S+ is saved and waits for approval"))
    assert time.monotonic() - begun < SECONDS_FOR_A_CALL
    return lin.title()


def take_a_list_of_calls(lin: Desk, file: Path, count: int) -> list[str]:
    """Calls that a colleague wrote down in a spreadsheet; the orders' numbers in the file's order."""
    lin.go("/calls/import")
    lin.page.set_input_files("input[type=file]", file)
    lin.press("Take in the ticked calls")
    lin.sees(f"{count} calls were taken in and wait for approval.")
    return lin.page.locator(".outcome a").all_inner_texts()


# station 2


def take_the_request(lin: Desk, samples: Path) -> str:
    """The customer's spreadsheet, line by line as it should be understood; gives the order's number."""
    truth = json.loads((samples / "expected.json").read_text("utf-8"))["install_request_1.xlsx"]
    lin.go("/requests/new")
    lin.page.set_input_files("input[type=file]", samples / "install_request_1.xlsx")
    lin.sees("43 vehicles")
    assert lines_of_preview(lin) == truth["lines"]
    lin.press("Need a look")
    assert lin.page.locator("#lines tbody tr:visible").count() == len(truth["needs_attention"]) + truth["unplated"]
    expect(lin.field("Address")).to_have_value(truth["address"])
    lin.fill("Place on the map", PLACE)
    lin.fill("Wanted day", today_of(lin))
    lin.press("Take in: 43 vehicles")
    lin.page.wait_for_url(re.compile(r"/orders/AZ"))
    assert lin.status() == "Awaiting approval"
    assert lin.page.locator("#order-lines tbody").count() == truth["vehicles"]
    return lin.title()


def lines_of_preview(lin: Desk) -> list[dict[str, Any]]:
    """Row, status, reason and VIN of each line, as the preview shows them."""
    shown = lin.page.locator("#lines tbody tr").evaluate_all(
        """rows => rows.map(row => ({
            row: Number(row.cells[0].textContent),
            why: [...row.querySelectorAll(".reasons li")].map(line => line.textContent.trim()).join("; "),
            vin: (row.querySelector(".vin-edit")?.value ?? row.querySelector(".vin").textContent).trim(),
        }))"""
    )
    for line in shown:
        line["why"] = re.sub(r" \(row \d+\)$", "", line["why"])
        line["status"] = "attention" if line["why"] else "ok"
    return list(shown)


def today_of(desk: Desk) -> str:
    """The branch's day, as the planning page begins with it."""
    answer = desk.page.context.request.get(f"{desk.address}/plan")
    found = re.search(r'type="date" name="day" value="([\d-]+)"', answer.text())
    assert found
    return found[1]


# station 3


def approve(wang: Desk, lin: Desk, *numbers: str) -> None:
    """Lin cannot; Wang can, the first on its card and the others by the list; his own call he cannot."""
    lin.go(f"/orders/{numbers[0]}")
    assert lin.page.get_by_role("button", name="Approve", exact=True).count() == 0
    own = take_own_call(wang)
    wang.go("/approvals")
    wang.sees("This is your own request: somebody else has to decide.", within=card(wang, own))
    wang.press(re.compile("^Approve$"), within=card(wang, numbers[0]))
    wang.sees(f"{numbers[0]} is approved.")
    for number in numbers[1:]:
        card(wang, number).get_by_role("checkbox").check()
    wang.press("Approve these")
    wang.sees(re.compile(rf"^{len(numbers) - 1} orders? (was|were) approved\.$"))
    for number in (numbers[0], numbers[-1]):
        wang.go(f"/orders/{number}")
        assert wang.status() == "Approved"


def card(desk: Desk, number: str) -> Locator:
    """The card of an order on the page of approvals."""
    return desk.page.locator(".waiting-card", has_text=number)


def take_own_call(wang: Desk) -> str:
    """A manager picks up the phone, too; the order's number."""
    wang.go("/calls/new")
    told = {"Customer": "远航运输有限公司", "Caller's name": "彭海", "Phone": "13803552011", "Plate": "粤B8YSB6"}
    for label, text in (told | {"Product model": MODEL, "Exact address": "宝安国际机场货运村"}).items():
        wang.fill(label, text)
    wang.page.get_by_label("Position drifts").check()
    wang.press(re.compile(r"^Save( ⏎)?$"))
    wang.page.wait_for_url(re.compile(r"/orders/WX"))
    return wang.title()


# station 4


def plan_the_day(lin: Desk, numbers: list[str], vehicles: int) -> list[str]:
    """The worker plans; every vehicle finds somebody, those of one request several. Gives the technicians' names."""
    lin.go("/plan")
    lin.press("Plan this day")
    lin.page.locator(".run-told").wait_for(timeout=40_000)
    lin.sees(f"{vehicles} of {vehicles} vehicles found a technician", within=lin.page.locator(".run-told"))
    routes = lin.page.locator("details.route", has=lin.page.locator(".stop, .bar-stop"))
    sums = routes.locator(".route-sum").all_inner_texts()
    assert sum(int(found[1]) for text in sums if (found := re.search(r"(\d+) vehicles?", text))) == vehicles
    assert len(sums) >= 2
    expect(lin.page.locator(".map canvas").first).to_be_visible()
    for number in (numbers[0], numbers[-1]):
        lin.go(f"/orders/{number}")
        assert lin.status() == "Planned"
    lin.go("/plan")
    return routes.locator("summary b").all_inner_texts()


def move_one_visit(lin: Desk, technicians: list[str]) -> None:
    """By hand onto a colleague who is busy then: the page says so, and refuses. Five minutes later with the same one: nothing
    speaks against that."""
    lin.press("Open all")
    routes = lin.page.locator("details.route", has=lin.page.locator(".stop"))
    last = routes.last.locator(".stop").last
    planned, busy = start_of(last), start_of(routes.first.locator(".stop").first)
    lin.follow(re.compile("^Change "), within=last)
    dialog = lin.page.locator("#change")
    choose_time(dialog, technicians[0], later(busy))
    lin.sees("Not possible:", within=dialog)
    lin.press("Move", within=dialog)
    lin.sees("This was not saved yet. What you typed is still here.", within=dialog)
    choose_time(dialog, technicians[-1], later(planned))
    lin.sees("Nothing speaks against it.", within=dialog)
    lin.press("Move", within=dialog)
    lin.sees(f"now goes to {technicians[-1]}")
    expect(routes.last.locator(".lock.is-locked").first, "what was moved by hand stays").to_be_visible()


def start_of(stop: Locator) -> str:
    """When a stop of a route begins, as shown."""
    return stop.locator(".stop-time b").inner_text().strip()


def later(clock: str, minutes: int = 5) -> str:
    """A time of the day a little later."""
    hours, past = (int(part) for part in clock.split(":"))
    return "{:02d}:{:02d}".format(*divmod(hours * 60 + past + minutes, 60))


def choose_time(dialog: Locator, technician: str, start: str) -> None:
    """Choose who shall start when."""
    dialog.get_by_label("Technician").select_option(label=technician)
    dialog.get_by_label("Start").fill(start)
    dialog.get_by_label("Start").blur()


def send_them_out(lin: Desk, numbers: list[str]) -> None:
    """Everything at once; the orders say so."""
    lin.go("/plan")
    lin.press(re.compile(r"^Dispatch all \d+$"))
    lin.sees(re.compile(r"^\d+ visits were dispatched\.$"))
    for number in (numbers[0], numbers[-1]):
        lin.go(f"/orders/{number}")
        assert lin.status() == "Dispatched"


def give_login(root: Desk, name: str, username: str) -> str:
    """A user name for a person, and the password that is shown once."""
    root.go(f"/people?q={name}")
    root.follow(re.compile(name), within=root.page.locator("table"))
    root.follow("Change")
    root.fill("User name", username)
    root.press("Save")
    root.press("Set the first password")
    root.press("Set the first password", within=root.page.locator("#password"))
    return root.page.locator(".password-once").inner_text().split()[0]


# afterwards


def find_again(lin: Desk, number: str, plate: str) -> None:
    """By plate in the list of orders; then the lives of the vehicle and of a terminal."""
    lin.go("/orders")
    lin.page.get_by_label("Search in this list").fill(plate)
    lin.page.get_by_label("Search in this list").press("Enter")
    lin.follow(number)
    lin.page.locator("#order-lines tbody a").first.click()
    lin.sees(number)
    lin.go("/stock?q=SN26000001")
    assert lin.title() == "SN26000001"
    lin.sees("Everything that ever happened")

"""The cash of a day: declared by technicians on their phones, counted by finance, added up."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.browser.roadside import big
from tests.browser.walking import Desk

NOTES = ("100", "50", "20", "10", "5", "1", "0.5", "0.1")


def money(text: str) -> Decimal:
    """¥1,280.00 and 1280.00 as a number; nothing is zero."""
    return Decimal(re.sub(r"[¥,\s]", "", text).strip("—") or 0)


def hand_in(phone: Desk) -> Decimal:
    """Declare all the cash there is; the sum, nothing when there is none."""
    phone.go("/my-money")
    held = phone.page.locator(".cash-total b")
    if not held.count():
        return Decimal(0)
    total = money(held.inner_text())
    big(phone, "Hand in")
    phone.sees("Waits to be counted")
    return total


def waiting(qian: Desk) -> list[str]:
    """The numbers of the hand-ins that wait to be counted."""
    qian.go("/finance/hand-ins?status=handed")
    return [text.strip() for text in qian.page.locator("tbody td.main a").all_inner_texts()]


def count(qian: Desk, number: str, *, short: int = 0, reason: str = "", owner: str = "") -> Decimal:
    """Count a hand-in by notes and coins, `short` yuan less than declared; the sum that was declared."""
    qian.go("/finance/hand-ins?status=handed")
    qian.follow(number)
    declared = money(qian.page.locator(".page-sub .money").first.inner_text())
    rest = declared - short
    for note in NOTES:
        many, rest = divmod(rest, Decimal(note))
        if many:
            qian.field(f"¥{note}").fill(str(many))
    if short:
        qian.fill("Reason", reason)
        qian.choose("Who answers for it", owner)
    qian.press("Confirm")
    qian.sees("What was counted")
    return declared


def day_of(desk: Desk) -> dict[str, Decimal]:
    """Finance's figures of the one day there is, by the head of their column; what its parts still lack, by their word."""
    desk.go("/finance")
    day = desk.page.locator(".money-day")
    assert day.count() == 1
    heads = {cell.get_attribute("data-label") or "": money(cell.inner_text()) for cell in day.locator("summary .num").all()}
    rows = [(row.locator("td").first, row.locator("td").last) for row in day.locator("tbody tr").all()]
    return heads | {word.inner_text(): money(lacks.inner_text()) for word, lacks in rows}


def receipts_of_the_day(desk: Desk) -> list[Decimal]:
    """The amounts of the day's list of receipts; their sum is what the list says."""
    desk.go("/finance/day")
    *amounts, total = [money(text) for text in desk.page.locator("tbody td.num .money").all_inner_texts()]
    assert sum(amounts) == total
    return amounts


def add_prices(desk: Desk, day: str, *prices: tuple[str, str, str]) -> None:
    """Parts that the list lacks, from this day on: code, name, price with tax."""
    for code, name, amount in prices:
        desk.go("/prices/new")
        desk.fill("Code", code)
        desk.fill("Name", name)
        desk.page.get_by_label("Part", exact=True).check()
        desk.fill("Price with tax", amount)
        desk.fill("Tax rate", "13%")
        desk.fill("Valid from", day)
        desk.press("Save")
        desk.sees(name)


def note_invoice(desk: Desk, number: str) -> None:
    """On the order's page, for the receipt that has none."""
    desk.follow(re.compile("^Add"), within=desk.page.locator(".seen-invoice"))
    desk.page.fill("#correct-invoice_number", number)
    desk.page.click("#correct-body .btn-primary")
    desk.sees("The invoice number is noted.")


def stats(desk: Desk) -> dict[str, str]:
    """The figures at the head of a page, by their word."""
    shown = desk.page.locator("dl.stats .stat").all()
    return {stat.locator("dt").inner_text(): stat.locator("dd").first.inner_text() for stat in shown}

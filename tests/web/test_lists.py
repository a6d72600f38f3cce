"""Every list pages and sorts in the database, or it is said here why it stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from dispatch import paths
from dispatch.lists import Cut, Part
from dispatch.web.listing import Heads, Leaf, address_with, cut_asked

TEMPLATES = Path(paths.TEMPLATES)
LISTED = re.compile(r"<table class=\"list|<ol class=\"waiting-list|hand_in_table\(|call\(one\) table\(")

ONE_ORDER = {
    "orders/closing.html": "worked through by who owes, the oldest first",
    "devices/holder.html": "boxes to check as they lie there, the oldest first",
    "field/papers_seen.html": "each charge as it was written, under the sums of them",
    "customers/unclear.html": "the newest first",
    "intake/outage.html": "the silent ones first",
}
"""They page, and have one order that makes sense."""

SHORT = {
    "board/happened.html": "what somebody entered about one branch's day",
    "board/calm.html": "what one proposal changes",
    "board/compare.html": "what one plan changes in a day, with its bars above",
    "field/phones.html": "the phones of one person",
    "board/left.html": "what is left over of one day before",
    "board/travel.html": "four bands of distance and four parts of the day",
    "board/picking.html": "what the visits of one day need",
    "customers/vehicle.html": "the orders of one vehicle",
    "devices/contractor.html": "what one contractor was given, in one card",
    "devices/contractor_give.html": "the counted parts that one store has, in a form",
    "devices/count.html": "one count; so many differences have a field, one sentence explains the rest",
    "devices/index.html": "stores and bags of a branch; what was found is cut, and says so",
    "devices/models.html": "models of terminals",
    "devices/parts.html": "what one form takes",
    "devices/reorder.html": "what is below its reorder point",
    "devices/reorder_points.html": "a form of all that a store reorders",
    "devices/sim_binding.html": "rules",
    "devices/sim_card.html": "what was topped up on one SIM",
    "devices/transfer.html": "one transfer",
    "devices/transfer_new.html": "what one form takes",
    "devices/warranty.html": "terms in force of one customer, or of all",
    "fees/discounts.html": "the limits in force",
    "fees/quote.html": "the lines of one quotation",
    "fees/quote_card.html": "the quotations of one order",
    "fees/show.html": "the prices of one code",
    "finance/account.html": "what one customer has on account, each with its form",
    "finance/contractor.html": "one span of one contractor",
    "finance/limits.html": "the limits in force, and who holds cash",
    "finance/rates.html": "the people of a span who gave something away",
    "finance/account_codes.html": "the kinds of accounts of the ledger, which the program knows",
    "finance/ageing.html": "who has the oldest money; the page says how many are shown",
    "finance/closing.html": "one day of one branch: its channels, people and what came late, fifty at most",
    "finance/difference_rows.html": "the oldest differences; it says how many are shown",
    "finance/month.html": "one month of one branch: its people, its customers with something on account",
    "finance/day.html": "the receipts of one day",
    "finance/deposit.html": "the hand-ins of one deposit",
    "finance/hand_in.html": "one hand-in",
    "finance/index.html": "an overview: days, people, and the oldest differences and debts; the page says so",
    "field/points.html": "the points of the test-run",
    "finance/sheet.html": "the lines of one settlement",
    "intake/calls_preview.html": "one file",
    "intake/columns.html": "one file",
    "intake/import.html": "files that wait, and the newest of them",
    "intake/import_preview.html": "one file",
    "intake/request_preview.html": "one file",
    "intake/request_upload.html": "an example",
    "invoices/new.html": "what one invoice will say, cut, and says so",
    "invoices/show.html": "the lines of one invoice, grouped by what they are",
    "invoices/tax_codes.html": "the tax classifications that were set",
    "orders/asked.html": "the levels of one request",
    "orders/backfilling.html": "what one person has to answer for within a day",
    "orders/bulk.html": "the orders that were chosen",
    "orders/decisions.html": "the levels of one order",
    "orders/ladder.html": "rules",
    "orders/limits.html": "rules",
    "orders/request_many.html": "the requests that were chosen",
    "orders/word_figures.html": "the people who decide",
    "reports/figures.html": "the technicians and the days of one report",
    "staff/branches.html": "the branches",
    "staff/calendar.html": "the days of one year that are not as usual",
    "staff/leave.html": "leave that is not over",
    "staff/show.html": "the skills of one person",
    "web/account.html": "one's own devices",
}
"""Lists that are short by nature."""


def _lists() -> dict[str, str]:
    named = ((path.relative_to(TEMPLATES).as_posix(), path.read_text("utf-8")) for path in sorted(TEMPLATES.rglob("*.html")))
    desk = {name: text for name, text in named if not name.startswith("sheets/") and not name.endswith("_parts.html")}
    return {name: text for name, text in desk.items() if LISTED.search(text) and name not in ("finance/parts.html",)}


def test_every_list_pages_and_sorts_or_says_why_it_is_short() -> None:
    lists = _lists()
    pages = {name for name, text in lists.items() if "ui.pager(" in text}
    sorts = {
        name for name, text in lists.items() if "sort_head(" in text or 'name="sort"' in text or re.search(r", sort\)", text)
    }
    assert pages - sorts == set(ONE_ORDER), "a list that pages and cannot be sorted"
    assert set(lists) - pages == set(SHORT), "a list that does not page: let it, or say above why it stays short"


@pytest.mark.parametrize(
    ("asked", "number", "sort"),
    [
        ("", 1, "-name"),
        ("page=3&sort=day", 3, "day"),
        ("page=0&sort=-day", 1, "-day"),
        ("page=x&sort=nonsense", 1, "-name"),
        ("page=99999999999999", 10_000, "-name"),
    ],
)
def test_what_an_address_asks_for(app: Flask, asked: str, number: int, sort: str) -> None:
    sorts = {"name": (sa.column("name"),), "day": (sa.column("day"), sa.column("id"))}
    with app.test_request_context(f"/people?{asked}"):
        assert cut_asked(sorts, "-name") == Cut(number, sort)


def test_a_cut_pages_sorts_and_keeps_what_is_unknown_last() -> None:
    sorts = {"name": (sa.column("name"),), "day": (sa.column("day"), sa.column("id"))}
    query = sa.select(sa.column("id"))
    turned = " ".join(str(Cut(3, "-day").of(query, sorts, 20).compile(compile_kwargs={"literal_binds": True})).split())
    assert turned.endswith("ORDER BY day DESC NULLS LAST, id DESC NULLS LAST LIMIT 20 OFFSET 40")
    assert "ORDER BY name ASC NULLS LAST" in str(Cut(1, "nonsense").of(query, sorts))
    assert [Part([], 1, total).pages for total in (0, 50, 51)] == [1, 1, 2]


def test_heads_and_pages_lead_where_the_list_is(app: Flask) -> None:
    """Beside the filters of its address, and from the answer to a form back to the list itself."""
    with app.test_request_context("/people?role=manager&page=2&sort=name"):
        assert Heads("name").url("name") == "/people?role=manager&sort=-name"
        assert Heads("-name").url("name") == "/people?role=manager&sort=name" and Heads("-name").down
        assert Leaf(2, 3, 120).url(3) == "/people?role=manager&page=3&sort=name"
    with app.test_request_context("/stock/parts/7/take-back", method="POST"):
        assert Leaf(1, 2, 60, "devices.part").url(2) == "/stock/parts/7?page=2"
        assert address_with("staff.index", q="林") == "/people?q=%E6%9E%97"

"""What a sheet says beside its bare facts."""

from __future__ import annotations

from datetime import datetime

from dispatch.sheets.printing import Print, sheet_html
from tests.sheets.building import at, facts, receipt, strokes

LATER = "挂账，以后付"


def _page(*receipts: dict[str, object]) -> str:
    shown = Print(1, datetime.fromisoformat(at("11:00")), "https://dispatch.example/s/x", {"s1": strokes()})
    return sheet_html(facts(receipts=list(receipts)), shown)


def test_what_is_on_account_is_not_told_as_paid() -> None:
    page = _page(receipt("680.00", "account"), receipt("50.00", "cash"))
    assert f'{LATER}</span> <span class="en" lang="en">Put on account, to be paid later</span> <b>¥680.00</b>' in page


def test_who_paid_all_reads_nothing_of_an_account() -> None:
    assert LATER not in _page(receipt("680.00", "cash"))
    assert LATER not in _page(receipt("680.00", "account"), receipt("-680.00", "account"))

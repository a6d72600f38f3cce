"""A day's cards in one line of the bank: proposed where the fee is plausible, asked where several could be meant."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.finance.match_acts import accept
from dispatch.finance.match_models import LineMatch
from dispatch.finance.matching.facts import OpenItem, OpenLine
from dispatch.finance.matching.proposing import propose
from dispatch.finance.matching_run import match_branch
from dispatch.finance.statements.reading import read_statement
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, owing
from tests.finance.building import said
from tests.finance.months import card_month
from tests.finance.test_matching_rules import ZONE, item, line, told

DAY = date(2026, 12, 1)


def card(id_: int, amount: str, days: int = 0, **facts: Any) -> OpenItem:
    return item(id_, amount, channel="pos", day=DAY + timedelta(days=days), at=AT + timedelta(days=days), **facts)


def came(id_: int, amount: str, days: int = 1, **facts: Any) -> OpenLine:
    return line(id_, amount, day=DAY + timedelta(days=days), at=AT + timedelta(days=days), **facts)


CARDS = [card(1, "300"), card(2, "150"), card(3, "80.50")]
"""530.50 in all: with 2 % less 519.89."""


@pytest.mark.parametrize(
    ("amount", "days", "seen"),
    [
        *(("530.50", 0, True), ("527.32", 1, True), ("519.89", 4, True)),
        *(("519.88", 1, False), ("530.51", 1, False), ("527.32", 5, False), ("527.32", -1, False)),
    ],
)
def test_a_day_is_paid_out_within_four_days_less_two_per_cent(amount: str, days: int, seen: bool) -> None:
    assert told([came(7, amount, days)], CARDS) == ([("cards_of_day", (7,), (1, 2, 3))] if seen else [])


def test_only_what_the_bank_pays_to_the_same_branch_for_cards() -> None:
    for other in (came(7, "527.32", branch_id=2), came(7, "527.32", kind="deposit"), came(7, "527.32", channel="wechat")):
        assert told([other], CARDS) == []
    assert told([came(7, "527.32")], [item(1, "300"), item(2, "230.50")]) == [], "transfers are paid one by one"
    back = card(4, "-100")
    assert told([came(7, "428.00", note="银联商务 POS 结算")], [*CARDS, back]) == [("cards_of_day", (7,), (1, 2, 3, 4))]


def test_how_certain_it_is_follows_from_what_the_bank_writes() -> None:
    plain, named = (propose([came(7, "527.32", note=note)], CARDS).asked[0] for note in ("转账", "POS清算款1201"))
    assert (plain.confidence, named.confidence) == (65, 85)
    single = [card(1, "300")]
    assert told([came(7, "298.20", note="货款")], single) == [], "one card alone has to be called one"
    assert told([came(7, "298.20", note="银联POS清算")], single) == [("cards_of_day", (7,), (1,))]


def test_where_several_could_be_meant_a_person_chooses() -> None:
    next_day = [card(4, "400", 1), card(5, "129", 1)]
    two_days = [("cards_ambiguous", (7,), (4, 5)), ("cards_ambiguous", (7,), (1, 2, 3))]
    assert told([came(7, "526", 2)], [*CARDS, *next_day]) == two_days
    both = told([came(7, "527.32"), came(8, "525")], CARDS)
    assert both == [("cards_ambiguous", (7,), (1, 2, 3)), ("cards_ambiguous", (8,), (1, 2, 3))]
    transfer = told([came(7, "527.32")], [*CARDS, item(9, "527.32")])
    assert [each[0] for each in transfer] == ["amount", "cards_ambiguous"]
    assert told([came(7, "527.32")], CARDS, {((7,), (1, 2, 3))}) == [], "what was declined is not asked again"


@pytest.mark.parametrize("seed", range(10))
def test_in_months_of_cards_each_day_is_found_and_none_is_wrong(seed: int) -> None:
    made, days = card_month(seed)
    read = read_statement(made.name, made.content, ZONE)
    lines = [
        OpenLine(n, "bank", each.kind, each.time, each.amount, 1, each.receipt, None, each.party, each.note, each.time.date())
        for n, each in enumerate(read.lines, start=1)
    ]
    items, wanted = [], {}
    for day, amounts, paid_out in days:
        mine = [card(len(items) + n, str(amount), (day - DAY).days) for n, amount in enumerate(amounts, start=1)]
        items += mine
        wanted[tuple(each.id for each in mine)] = paid_out
    asked = [each for each in propose(lines, items).asked if each.way.startswith("cards")]
    amount_of = {each.id: each.amount for each in lines}
    for each in asked:
        assert each.way == "cards_ambiguous" or amount_of[each.lines[0]] == wanted[each.items], "no wrong one alone"
    found = {(amount_of[each.lines[0]], each.items) for each in asked}
    assert {(paid_out, items) for items, paid_out in wanted.items()} <= found


def test_many_lines_and_cards_take_no_longer_than_they_must() -> None:
    lines = [came(n, f"{500 + n % 997}.17", n % 300) for n in range(10_000)]
    cards = [card(n, f"{50 + n % 83}.5", n % 300) for n in range(10_000)]
    began = time.process_time()
    propose(lines, cards)
    assert time.process_time() - began < 3


def test_accepted_the_fee_is_booked_as_the_banks(db: Session, cast: Cast) -> None:
    order = owing(db, cast, quantity=20)
    for amount in ("300", "150", "80.50"):
        paid(db, order, amount, cast.su, channel="pos")
    (line_id,) = said(db, cast, "bank", ("527.32", None, {"at": AT + timedelta(days=1), "note": "POS清算"}))
    assert local_day(AT, "Asia/Shanghai") < local_day(AT + timedelta(days=1), "Asia/Shanghai")
    match_branch(db, cast.sz, by=cast.qian, at=AT)
    (proposed,) = db.query(LineMatch).all()
    assert (proposed.way, proposed.why, proposed.difference) == ("cards_of_day", "fee", Decimal("-3.18"))
    accept(db, [proposed.id], by=cast.qian, at=AT)
    assert balance(db, "channel_fee", branch_id=cast.sz, channel="bank") == Decimal("3.18")
    assert balance(db, "bank", branch_id=cast.sz) == Decimal("527.32")
    assert balance(db, "clearing", branch_id=cast.sz, channel="pos") == 0 and line_id

"""Which line is which money: by number however it is written, by amount, time and person; what is not certain is asked."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.finance.match_rules import Sums, postings_of, turned
from dispatch.finance.matching.facts import Found, OpenItem, OpenLine
from dispatch.finance.matching.numbers import Numbers
from dispatch.finance.matching.proposing import findings, propose
from dispatch.finance.statements.reading import read_statement
from tests.conftest import AT
from tests.finance.months import month
from tests.tabular.files import SAMPLES

ZONE = ZoneInfo("Asia/Shanghai")
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def line(id_: int, amount: str, **facts: Any) -> OpenLine:
    given: dict[str, Any] = {"channel": "bank", "kind": "payment", "at": AT, "branch_id": 1, **facts}
    return OpenLine(id=id_, amount=Decimal(amount), **given)


def item(id_: int, amount: str, number: str = "", **facts: Any) -> OpenItem:
    given: dict[str, Any] = {"channel": "transfer", "at": AT, "branch_id": 1, **facts}
    return OpenItem(id=id_, amount=Decimal(amount), number=number or f"RSZ{id_:06d}", **given)


def told(lines: list[OpenLine], items: list[OpenItem], refused: Any = ()) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Way, lines and items of all that was found; the certain ones with a `!`."""
    outcome = propose(lines, items, refused)
    sure = [(f"!{each.way}", each.lines, each.items) for each in outcome.sure]
    return sure + [(each.way, each.lines, each.items) for each in outcome.asked]


def lines_of(channel: str) -> list[OpenLine]:
    """The lines of a sample statement, numbered from 1."""
    name = {"wechat": "statement_wechat.csv", "alipay": "statement_alipay.zip", "bank": "statement_bank.xlsx"}[channel]
    read = read_statement(name, (SAMPLES / name).read_bytes(), ZONE)
    return [_open(n, channel, each) for n, each in enumerate(read.lines, start=1)]


def _open(number: int, channel: str, each: Any) -> OpenLine:
    facts = {"receipt": each.receipt, "reference": each.reference, "party": each.party, "note": each.note}
    return OpenLine(number, channel, each.kind, each.time, each.amount, 1, **facts)


@pytest.mark.parametrize("channel", ["wechat", "alipay", "bank"])
def test_the_samples_match_line_by_line(channel: str) -> None:
    lines, wanted = lines_of(channel), EXPECTED["statements"][channel]
    day = lines[0].at
    ways = {"wechat": "wechat", "alipay": "alipay", "bank": "transfer"}
    items = [
        item(n, each["amount"], each["receipt"], channel=ways[each["channel"]], at=day)
        for n, each in enumerate(EXPECTED["payments"], start=1)
    ]
    items.append(item(900, "-680.00", "RSZ000900", others=("SS-202612-0007",), channel="wechat", at=day))
    items.append(item(901, "5230.50", "CK-SZ-2026-0001", others=("JK-20261202-01",), channel="cash", at=day))
    number_of = {each.id: each.number for each in items} | {900: "SS-202612-0007"}
    outcome = propose(lines, items)
    sure = {each.lines[0]: number_of[each.items[0]] for each in outcome.sure}
    asked: dict[int, list[Found]] = {}
    for each in outcome.asked:
        asked.setdefault(each.lines[0], []).append(each)
    for each_line, truth in zip(lines, wanted, strict=True):
        if str(truth["match"]).startswith("SS-"):
            assert sure[each_line.id] == truth["match"]
        elif truth["kind"] == "deposit":
            assert sure[each_line.id] == "CK-SZ-2026-0001"
        else:
            assert each_line.id not in sure and asked[each_line.id], "it goes to a person"
    assert len(outcome.sure) == sum(str(each["match"]).startswith("SS-") or each["kind"] == "deposit" for each in wanted)
    if channel == "bank":
        assert Counter(each.way for found in asked.values() for each in found) == {"amount": 2, "ambiguous": 4, "fee": 1}


@pytest.mark.parametrize("channel", ["wechat", "alipay", "bank"])
@pytest.mark.parametrize("seed", range(10))
def test_thirty_months_match_as_they_were_made(channel: str, seed: int) -> None:
    made = month(seed, channel)
    read = read_statement(made.name, made.content, ZONE)
    lines = [_open(n, channel, each) for n, each in enumerate(read.lines, start=1)]
    count = Counter((each.receipt, each.kind) for each in lines if each.receipt)
    true = [each for each in lines if count[(each.receipt, each.kind)] == 1 and each.kind in ("payment", "refund")]
    way = "transfer" if channel == "bank" else channel
    items = [
        item(
            each.id,
            str(each.amount),
            f"RSZ{900_000 + each.id}" if each.amount < 0 else str(each.receipt),
            channel=way,
            at=each.at,
        )
        for each in true
    ]
    items = [_with_original(each, true) for each in items]
    outcome = propose(lines, items)
    assert {(each.lines, each.items) for each in outcome.sure} == {((each.id,), (each.id,)) for each in true}
    told = findings(lines, outcome, {})
    assert set(told) | {each.lines[0] for each in (*outcome.sure, *outcome.asked)} == {each.id for each in lines}


def _with_original(each: OpenItem, true: list[OpenLine]) -> OpenItem:
    number = next(str(one.receipt) for one in true if one.id == each.id)
    return item(each.id, str(each.amount), each.number, channel=each.channel, at=each.at, others=(number,))


def test_a_number_is_seen_however_it_is_written() -> None:
    numbers = Numbers(
        [item(1, "10"), item(2, "10"), item(3, "10", "JK-SZ-2026-0003"), item(4, "1", "7", others=("001", "2026-001"))]
    )

    def seen(text: str) -> list[int]:
        return [each.id for each in numbers.named(text)]

    assert seen("RSZ000001") == [1] and seen("维修费rsz 000 001谢谢") == [1] and seen("ＲＳＺ０００００２。") == [2]
    assert seen("付RSZ000001、RSZ-000002") == [1, 2] and seen("RSZ000001RSZ000002") == [1, 2] and seen("JK SZ 2026/0003") == [3]
    assert (
        seen("RSZ000001 13800138000") == [1] and seen("RSZ0000012") == [] and seen("XRSZ000001") == [] and seen("2026 001") == [4]
    )
    assert seen("001") == [] and seen("") == []


def test_by_our_number() -> None:
    two = [item(1, "10"), item(2, "20")]
    assert told([line(1, "10", note="rsz 000001")], two) == [("!number", (1,), (1,))]
    assert told([line(1, "30", note="RSZ000001 RSZ000002")], two) == [("several_items", (1,), (1, 2))]
    halves = [line(1, "4", note="RSZ000001"), line(2, "6", note="RSZ000001")]
    assert told(halves, two) == [("several_lines", (1, 2), (1,))]
    late = line(1, "10", note="RSZ000001", at=AT + timedelta(days=9))
    assert told([late], two) == [("number_late", (1,), (1,))]
    other = propose([line(1, "11", note="RSZ000001")], two)
    assert (other.asked[0].way, other.findings) == ("differs", {1: "differs"})
    twice = [line(1, "10", receipt="RSZ000001", at=AT + timedelta(hours=2)), line(2, "10", receipt="RSZ000001")]
    both = propose(twice, two)
    assert [each.lines for each in both.sure] == [(2,)] and both.findings == {1: "twice"}
    assert told([line(1, "10", note="RSZ000001", channel="wechat")], two) == [], "another channel's"
    same = [item(1, "10", "RSZ000009"), item(2, "10", "RSZ000009")]
    assert told([line(1, "10", note="RSZ000009")], same) == [("ambiguous", (1,), (1,)), ("ambiguous", (1,), (2,))]
    assert told([line(1, "10", note="RSZ000001")], two, {((1,), (1,))}) == [], "what was undone is not done again by itself"


def test_refunds_and_the_channels_number() -> None:
    paid, back = item(1, "10", channel="wechat"), item(2, "-10", channel="wechat", others=("RSZ000001",))
    early = line(1, "-10", kind="refund", channel="wechat", receipt="RSZ000001", at=AT - timedelta(hours=1))
    assert told([early], [paid, back]) == [("!number", (1,), (2,))], "also where its payment did not come yet"
    alone = propose([early], [paid])
    assert alone.sure == [] and findings([early], alone, {"RSZ000001": "open"}) == {1: "refund_unknown"}
    known = [item(1, "10", channel="wechat", reference="4200 01")]
    assert told([line(1, "10", channel="wechat", reference="420001")], known) == [("!reference", (1,), (1,))]
    assert told([line(1, "11", channel="wechat", reference="420001")], known) == []
    gone = [line(1, "10", receipt="RSZ000007"), line(2, "10", receipt="RSZ000008"), line(3, "10", receipt="RSZ000009")]
    fates = {"RSZ000007": "matched", "RSZ000008": "void"}
    assert findings(gone, propose(gone, []), fates) == {1: "twice", 2: "reversed", 3: "unknown"}


def test_by_amount_time_and_person() -> None:
    mine = item(1, "150", people=("恒通物流",))
    assert told([line(1, "150", party="恒通物流有限公司")], [mine]) == [("person", (1,), (1,))]
    assert told([line(1, "150")], [mine]) == [("amount", (1,), (1,))]
    assert told([line(1, "150", at=AT + timedelta(days=6))], [mine]) == []
    assert told([line(1, "150", receipt="RSZ777777")], [mine]) == [], "it names something else"
    two = [mine, item(2, "150")]
    assert {way for way, _, _ in told([line(1, "150")], two)} == {"ambiguous"}
    assert {way for way, _, _ in told([line(1, "150"), line(2, "150")], [mine])} == {"ambiguous"}
    assert told([line(1, "150", branch_id=2)], [mine]) == [], "another branch's is matched by number only"
    sums = [item(1, "100", people=("王师傅",)), item(2, "50", people=("王师傅",))]
    assert told([line(1, "150", party="王师傅")], sums) == [("sum_of_person", (1,), (1, 2))]
    assert told([line(1, "-15", kind="fee")], sums) == [("fee", (1,), ())]
    assert told([line(1, "500", kind="deposit")], [item(1, "500", channel="cash"), item(2, "500")]) == [("amount", (1,), (1,))]


def test_a_hundred_thousand_are_matched_in_seconds() -> None:
    count = 20_000
    lines = [
        line(n, "10", receipt=f"RSZ{n:06d}" if n % 2 else None, note="维修费 谢谢", at=AT + timedelta(seconds=n))
        for n in range(count)
    ]
    items = [item(n, "10", at=AT + timedelta(seconds=n)) for n in range(count)]
    began = time.monotonic()
    outcome = propose(lines, items)
    assert time.monotonic() - began < 5 and len(outcome.sure) == count // 2 and len(outcome.asked) <= 3 * count


def test_what_a_match_books() -> None:
    sums = Sums(1, lines={"wechat": Decimal("763.50")}, fees={"wechat": Decimal("4.58")}, told={"wechat": Decimal("4.581")})
    sums.items = {("wechat", 2): Decimal("763.50")}

    def booked() -> dict[str, str]:
        return {str(key): str(amount) for key, amount in postings_of(sums).items()}

    assert booked() == {"at_channel:1:wechat": "758.92", "channel_fee:1:wechat": "4.58", "clearing:2:wechat": "-763.50"}
    sums.told = {"wechat": Decimal("4.586")}
    assert booked()["rounding:1"] == "0.01" and sum(postings_of(sums).values()) == 0
    assert sum(turned(postings_of(sums)).values()) == 0
    deposit = Sums(
        1, lines={"bank": Decimal("490")}, items={("cash", 1): Decimal("500")}, rest={("owed", "bank"): Decimal("-10")}
    )
    assert {str(key): str(amount) for key, amount in postings_of(deposit).items()} == {
        "bank:1": "-10.00",
        "difference:1": "10.00",
    }
    payout = Sums(1, lines={"bank": Decimal("90")}, rest={("payout:wechat", "bank"): Decimal("90")})
    assert {str(key): str(amount) for key, amount in postings_of(payout).items()} == {
        "bank:1": "90.00",
        "at_channel:1:wechat": "-90.00",
    }

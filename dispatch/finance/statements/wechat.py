"""The trade bill of WeChat Pay: every value begins with a back-tick, two rows at the end sum it up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from dispatch.errors import RuleBroken
from dispatch.finance.statements.cells import Cells, demand, wrong
from dispatch.finance.statements.lines import NOTHING, Keys, Line, Statement, cut_off, must_agree, own_number
from dispatch.finance.statements.texts import headings_of, row_of
from dispatch.tabular.listening import counted
from dispatch.words import Text, say

ORDER, OURS = ("微信订单号",), ("商户订单号",)
SETTLED = ("应结订单金额", "总金额", "订单金额")
GIVEN_BACK = ("退款金额", "申请退款金额")
NEEDED = (("交易时间",), ORDER, OURS, ("交易状态",), SETTLED, ("手续费",))
SUMMARY = "总交易单数"
COUNT = say("the number of lines")
SUMS: tuple[tuple[Text, tuple[str, ...], tuple[str, ...]], ...] = (
    (say("the sum of orders"), ("应结订单总金额", "总交易额"), ("应结订单金额", "总金额")),
    (say("the sum of refunds"), ("退款总金额", "总退款金额"), ("退款金额",)),
    (say("the sum of fees"), ("手续费总金额",), ("手续费",)),
    (say("the sum of full orders"), ("订单总金额",), ("订单金额",)),
)
"""What the end of the bill says, under which headings, and what it is the sum of."""
STATES = {"SUCCESS": "payment", "REFUND": "refund", "REVOKED": "refund"}
NOT_GIVEN_BACK = ("FAIL", "FAILED", "CHANGE")


def is_wechat(text: str) -> bool:
    """Does a text begin like a trade bill?"""
    return any(ORDER[0] in line for line in text[:4000].splitlines()[:3])


def read_wechat(text: str, zone: ZoneInfo) -> Statement:
    """A trade bill -> Statement. Raises RuleBroken where it is cut off, changed or no such bill."""
    rows = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    start = next(at for at, (_, line) in enumerate(rows) if ORDER[0] in line)
    names = headings_of(rows[start][1])
    demand(names, *NEEDED)
    end = next((at for at in range(start + 1, len(rows)) if rows[at][1].lstrip("`").startswith(SUMMARY)), None)
    if end is None or end + 1 >= len(rows):
        raise cut_off()
    body = [Cells(row, row_of(line, names, row)) for row, line in counted(rows[start + 1 : end])]
    _check(_summary(rows[end][1], rows[end + 1]), names, body)
    keys = Keys()
    accounts = list(dict.fromkeys(cells.number("商户号") for cells in body))
    if len(accounts) > 1:
        raise RuleBroken(say("The bill is of several accounts: %(accounts)s. Fetch one for each.", accounts=", ".join(accounts)))
    return Statement("wechat", accounts[0] if accounts else "", "", tuple(_line(cells, keys, zone) for cells in body))


def _summary(head: str, last: tuple[int, str]) -> Cells:
    """The last row, by its headings; one that is cut is no summary."""
    row, line = last
    try:
        return Cells(row, row_of(line, headings_of(head), row))
    except RuleBroken:
        raise cut_off() from None


def _check(summary: Cells, names: Sequence[str], body: Sequence[Cells]) -> None:
    """Raise RuleBroken unless the end of the bill says what its lines make."""
    count = summary.given(SUMMARY)
    if count is None:
        raise cut_off()
    must_agree(COUNT, int(count), len(body))
    for what, said, of in SUMS:
        if set(of) & set(names):
            must_agree(what, summary.given(*said), sum((cells.given(*of) or NOTHING for cells in body), NOTHING))


def _line(cells: Cells, keys: Keys, zone: ZoneInfo) -> Line:
    state = cells.cell("交易状态").upper()
    kind, amount = STATES.get(state, "other"), _amount(cells, STATES.get(state))
    if kind == "refund" and cells.cell("退款状态").upper() in NOT_GIVEN_BACK:
        kind, amount = "other", NOTHING
    reference = _reference(cells, kind)
    ours, product = cells.cell(*OURS), cells.cell("商品名称")
    return Line(
        row=cells.row,
        time=cells.time(zone, "交易时间"),
        kind=kind,
        amount=amount,
        fee=cells.given("手续费"),
        receipt=own_number(ours, product, cells.cell("商户数据包")),
        reference=reference,
        party=cells.cell("用户标识") or None,
        note=product or None,
        key=_key(cells, keys, kind, reference),
    )


def _amount(cells: Cells, kind: str | None) -> Decimal:
    if kind == "refund":
        return -(cells.money(*GIVEN_BACK) or cells.money(*SETTLED) or NOTHING)
    amount = cells.money(*SETTLED)
    if amount is None or amount < 0:
        raise wrong(cells.row, say("“%(text)s” is not an amount", text=cells.cell(*SETTLED)))
    return amount


def _reference(cells: Cells, kind: str) -> str:
    """The channel's number of the movement itself: a refund has one of its own, "0" stands for none."""
    order, refund = cells.number(*ORDER), cells.number("微信退款单号")
    number = refund if kind != "payment" and refund not in ("", "0") else order
    if not number:
        raise wrong(cells.row, say("it has no number of the channel"))
    return number


def _key(cells: Cells, keys: Keys, kind: str, reference: str) -> str:
    key = keys.of(kind, reference)
    if "#" in key and kind == "payment":
        raise wrong(cells.row, say("number %(number)s stands in the file twice", number=reference))
    return key

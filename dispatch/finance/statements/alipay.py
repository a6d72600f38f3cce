"""The detail of Alipay (业务明细): rows that begin with # around a table, tabs after ids, refunds and fees below zero."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from dispatch.finance.statements.cells import Cells, decimal_in, demand, wrong
from dispatch.finance.statements.lines import NOTHING, Keys, Line, Statement, cut_off, must_agree, own_number
from dispatch.finance.statements.texts import headings_of, row_of
from dispatch.tabular.listening import counted
from dispatch.words import say

TRADE, OURS = ("支付宝交易号",), ("商户订单号",)
RECEIVED, ORDERED = ("商家实收", "订单金额"), ("订单金额",)
DONE = ("完成时间", "创建时间")
NEEDED = (TRADE, OURS, ("业务类型",), RECEIVED, DONE, ("服务费",))
END = "列表结束"
KINDS = {"交易": "payment", "退款": "refund"}
PAID, BACK = say("the number of payments"), say("the number of refunds")
PAID_SUM, BACK_SUM = say("the sum of payments"), say("the sum of refunds")

_ACCOUNT = re.compile(r"账号[:：]\s*\[?(\d+)")
_COUNT = r"{}合计[:：]\s*(\d+)\s*笔"
_SUM = r"{}合计[^#\n]*?{}共\s*(-?[\d,.]+)\s*元"


def is_alipay(text: str) -> bool:
    """Does a text look like a detail of Alipay?"""
    return any(TRADE[0] in line and OURS[0] in line for line in text[:6000].splitlines()[:30])


def read_alipay(text: str, zone: ZoneInfo) -> Statement:
    """A detail -> Statement. Raises RuleBroken where it is cut off, changed or no such detail."""
    rows = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    start = next(at for at, (_, line) in enumerate(rows) if TRADE[0] in line and OURS[0] in line)
    names = headings_of(rows[start][1])
    demand(names, *NEEDED)
    end = next((at for at in range(start + 1, len(rows)) if rows[at][1].lstrip('"').startswith("#")), None)
    if end is None or END not in rows[end][1] or len(rows) == end + 1:
        raise cut_off()
    body = [Cells(row, row_of(line, names, row)) for row, line in counted(rows[start + 1 : end])]
    keys = Keys()
    lines = tuple(_line(cells, keys, zone) for cells in body)
    _check("\n".join(line for _, line in rows[end:]), lines)
    account = _ACCOUNT.search("\n".join(line for _, line in rows[:start]))
    return Statement("alipay", account[1] if account else "", "", lines)


def _check(end: str, lines: Sequence[Line]) -> None:
    """Raise RuleBroken unless the end of the detail says what its lines make.

    A detail that sums up no refunds counts them among its trades.
    """
    paid, back = _of(lines, "payment"), _of(lines, "refund")
    count, returned = _found(_COUNT.format("交易"), end), _found(_COUNT.format("退款"), end)
    if count is None:
        raise cut_off()
    if returned is not None or count != len(lines):
        must_agree(PAID, int(count), len(paid))
    must_agree(BACK, None if returned is None else int(returned), len(back))
    must_agree(PAID_SUM, _found(_SUM.format("交易", "商家实收"), end), sum(paid, NOTHING))
    refunded = _found(_SUM.format("退款", "商家实收退款"), end)
    must_agree(BACK_SUM, None if refunded is None else -abs(refunded), sum(back, NOTHING))


def _of(lines: Sequence[Line], kind: str) -> list[Decimal]:
    return [line.amount for line in lines if line.kind == kind]


def _found(pattern: str, text: str) -> Decimal | None:
    match = re.search(pattern, text)
    return decimal_in(match[1], 0) if match else None


def _line(cells: Cells, keys: Keys, zone: ZoneInfo) -> Line:
    kind = KINDS.get(cells.cell("业务类型"), "other")
    amount, fee = _amount(cells), cells.given("服务费")
    product, note = cells.cell("商品名称"), cells.cell("备注")
    reference = _reference(cells, kind)
    return Line(
        row=cells.row,
        time=cells.time(zone, *DONE) if cells.cell("完成时间") else cells.time(zone, "创建时间"),
        kind=kind,
        amount=-abs(amount) if kind == "refund" else amount,
        fee=None if fee is None else NOTHING if not fee else -fee,
        receipt=own_number(cells.cell(*OURS), note, product),
        reference=reference,
        party=cells.cell("对方账户") or None,
        note=" · ".join(filter(None, (product, note))) or None,
        key=_key(cells, keys, kind, reference),
    )


def _amount(cells: Cells) -> Decimal:
    amount = cells.money(*RECEIVED)
    amount = cells.money(*ORDERED) if amount is None else amount
    if amount is None:
        raise wrong(cells.row, say("it has no amount"))
    return amount


def _reference(cells: Cells, kind: str) -> str:
    """The channel's number of the movement itself: a refund has the trade's, and its own beside it."""
    trade, refund = cells.number(*TRADE), cells.number("退款批次号/请求号", "退款批次号")
    if not trade:
        raise wrong(cells.row, say("it has no number of the channel"))
    return f"{trade}/{refund}" if kind == "refund" and refund else trade


def _key(cells: Cells, keys: Keys, kind: str, reference: str) -> str:
    key = keys.of(kind, reference)
    if "#" in key and kind == "payment":
        raise wrong(cells.row, say("number %(number)s stands in the file twice", number=reference))
    return key

"""Months of payments as WeChat Pay, Alipay or a bank would write them: of the same seed the same file, and what is true."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.tabular.files import xlsx

Row = dict[str, str]
PRODUCTS = ("维修服务费", "上门服务费, 含配件", '天线"4G", 一根', "移机费;加急")
NOTES = ("货款", "设备维修款, 谢谢", "6月", "转账", "车队王师傅")
WECHAT = [
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型"),
    *("交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额"),
    *("充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额"),
]
ALIPAY = [
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "对方账户", "订单金额（元）"),
    *("商家实收（元）", "商家优惠（元）", "退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
]
NOTED = {"refund": "客户退款", "fee": "汇款手续费", "deposit": "现金存款 JK-SZ-2026-0007", "other": "货款"}
PLACES = {"wechat": "0.00000", "alipay": "0.00"}
"""To how many decimals a channel tells its fees."""
BANKS = (
    ("交易日", "交易时间", "借方金额", "贷方金额", "余额", "摘要", "收(付)方名称", "流水号"),
    ("交易日期", "收入金额", "支出金额", "账户余额", "用途", "对方户名", "交易流水号"),
    ("记账日期", "借贷标志", "交易金额", "余额", "附言", "对方名称", "凭证号"),
)


@dataclass(frozen=True)
class True_:
    """What is true of one line: kind, amount, fee, our number."""

    kind: str
    amount: Decimal
    fee: Decimal | None
    receipt: str | None


@dataclass(frozen=True)
class Month:
    """A file and its lines."""

    name: str
    content: bytes
    lines: tuple[True_, ...]


def month(seed: int, channel: str, count: int = 60) -> Month:
    """A month of a channel."""
    rng = Random(f"{seed}{channel}")
    facts = _bank_facts(rng, count) if channel == "bank" else _facts(rng, count, PLACES[channel])
    return written(rng, channel, facts, _moments(rng, len(facts)))


def written(rng: Random, channel: str, facts: Sequence[True_], moments: Sequence[datetime]) -> Month:
    """These lines at these moments (local times), as the channel would write them."""
    return {"wechat": _wechat, "alipay": _alipay, "bank": _bank}[channel](rng, facts, moments)


def _moments(rng: Random, count: int) -> list[datetime]:
    start = datetime(2026, rng.randrange(1, 13), 1)
    return sorted(start + timedelta(seconds=rng.randrange(28 * 86_400)) for _ in range(count))


def _facts(rng: Random, count: int, places: str) -> list[True_]:
    """Payments with their fees; of some a refund, here or there before the payment, and of some that is in another month."""
    found = []
    for n in range(count):
        amount = Decimal(rng.randrange(100, 500_000)) / 100
        fee = (amount * Decimal("0.006")).quantize(Decimal(places))
        number = f"RSZ{rng.randrange(10**6):06d}" if n % 2 else f"SS-202612-{rng.randrange(10**4):04d}"
        found.append(True_("payment", amount, fee, number))
        if rng.random() < 0.15:
            found.append(True_("refund", -amount, -fee, number))
        if rng.random() < 0.05:
            found.append(True_("refund", Decimal("-38.50"), Decimal("0").quantize(Decimal(places)), "RSZ000001"))
    rng.shuffle(found)
    return found


def _wechat(rng: Random, facts: Sequence[True_], moments: Sequence[datetime]) -> Month:
    columns = rng.sample(WECHAT, len(WECHAT)) if rng.random() < 0.7 else WECHAT
    rows = [_wechat_row(rng, fact, at) for fact, at in zip(facts, moments, strict=True)]
    paid = sum((f.amount for f in facts if f.amount > 0), Decimal("0.00"))
    back = -sum((f.amount for f in facts if f.amount < 0), Decimal("0.00"))
    sums = (len(facts), paid, back, "0.00", sum(f.fee or 0 for f in facts), paid, back)
    lines = [",".join(columns), *(",".join(f"`{row.get(name, '')}" for name in columns) for row in rows)]
    lines += ["总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"]
    lines += [",".join(f"`{each}" for each in sums)]
    text = "\r\n".join(lines) + "\r\n"
    return Month("wx.csv", text.encode(rng.choice(("utf-8-sig", "utf-8", "gb18030"))), tuple(facts))


def _wechat_row(rng: Random, fact: True_, at: datetime) -> Row:
    number = f"42{rng.randrange(10**26):026d}"
    row = {"交易时间": str(at), "商户号": "1900000109", "微信订单号": number, "商户订单号": fact.receipt or "", "用户标识": "oU1"}
    row |= {"商品名称": rng.choice(PRODUCTS), "手续费": str(fact.fee), "费率": "0.60%", "货币种类": "CNY", "代金券金额": "0.00"}
    if fact.kind == "payment":
        amount = {"应结订单金额": str(fact.amount), "订单金额": str(fact.amount), "退款金额": "0.00", "申请退款金额": "0.00"}
        return row | amount | {"交易状态": "SUCCESS", "微信退款单号": "0"}
    amount = {"应结订单金额": "0.00", "订单金额": "0.00", "退款金额": str(-fact.amount), "申请退款金额": str(-fact.amount)}
    return row | amount | {"交易状态": "REFUND", "微信退款单号": f"50{rng.randrange(10**26):026d}", "退款状态": "SUCCESS"}


def _alipay(rng: Random, facts: Sequence[True_], moments: Sequence[datetime]) -> Month:
    columns = rng.sample(ALIPAY, len(ALIPAY)) if rng.random() < 0.7 else ALIPAY
    rows = [_alipay_row(rng, fact, at) for fact, at in zip(facts, moments, strict=True)]
    cells = [",".join(_quoted(row.get(name, "")) for name in columns) for row in rows]
    paid = [f.amount for f in facts if f.amount > 0]
    back = [f.amount for f in facts if f.amount < 0]
    lines = ["#支付宝业务明细查询", "#账号:[20881021771112340156]", "#----业务明细列表----", ",".join(columns), *cells]
    lines += ["#----业务明细列表结束----", f"#交易合计：{len(paid)}笔，商家实收共{sum(paid)}元，商家优惠共0.00元"]
    lines += [
        f"#退款合计：{len(back)}笔，商家实收退款共{sum(back, Decimal('0.00'))}元",
        "#导出时间:[2026年12月03日 09:30:00]",
        "",
    ]
    content = "\r\n".join(lines).encode("gbk")
    if rng.random() < 0.3:
        return Month("ali.csv", content, tuple(facts))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2088_业务明细(汇总).csv", "#汇总\r\n门店编号,合计\r\n,1\r\n".encode("gbk"))
        archive.writestr("2088_业务明细.csv", content)
    return Month("ali.zip", packed.getvalue(), tuple(facts))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',"') else cell


def _alipay_row(rng: Random, fact: True_, at: datetime) -> Row:
    row = {
        "支付宝交易号": f"20{rng.randrange(10**26):026d}\t",
        "商户订单号": f"{fact.receipt}\t",
        "商品名称": rng.choice(PRODUCTS),
    }
    row |= {"创建时间": str(at), "完成时间": str(at), "对方账户": "*晓(138****4378)", "服务费（元）": str(-(fact.fee or 0))}
    row |= {"订单金额（元）": str(fact.amount), "商家实收（元）": str(fact.amount), "备注": rng.choice(("", *NOTES))}
    if fact.kind == "payment":
        return row | {"业务类型": "交易"}
    return row | {"业务类型": "退款", "退款批次号/请求号": f"RF{rng.randrange(10**9)}"}


def _bank(rng: Random, facts: Sequence[True_], moments: Sequence[datetime]) -> Month:
    heads = rng.choice(BANKS)
    columns = rng.sample(heads, len(heads))
    balance, rows = Decimal(100_000), []
    for fact, at in zip(facts, moments, strict=True):
        balance += fact.amount
        rows.append(_bank_row(rng, fact, at, balance))
    if rng.random() < 0.5:
        rows, facts = rows[::-1], facts[::-1]
    table = [["", "某某银行账户明细"], ["账号", "7559****1234", "币种", "人民币"], [], columns]
    table += [[row[name] for name in columns] for row in rows]
    if rng.random() < 0.5:
        went, came = (sum((abs(f.amount) for f in facts if (f.amount > 0) == way), Decimal(0)) for way in (False, True))
        table += [[], ["借方合计", str(went), "贷方合计", str(came), "总笔数", str(len(facts))]]
    content = xlsx(table) if rng.random() < 0.5 else _csv(table).encode(rng.choice(("gb18030", "utf-8-sig")))
    return Month("bank", content, tuple(facts))


def _csv(table: Sequence[Sequence[str]]) -> str:
    return "".join(",".join(_quoted(cell) for cell in row) + "\r\n" for row in table)


def _bank_facts(rng: Random, count: int) -> list[True_]:
    kinds = [rng.choice(("payment", "payment", "payment", "noted", "refund", "fee", "deposit", "other")) for _ in range(count)]
    return [_bank_fact(rng, kind) for kind in kinds]


def _bank_fact(rng: Random, kind: str) -> True_:
    amount = Decimal(rng.randrange(100, 500_000)) / 100
    if kind in ("payment", "noted"):
        return True_("payment", amount, None, f"RSZ{rng.randrange(10**6):06d}" if kind == "noted" else None)
    return True_(kind, amount if kind == "deposit" else -amount, None, None)


def _bank_row(rng: Random, fact: True_, at: datetime, balance: Decimal) -> Row:
    noted = {"payment": "维修费{}，谢谢", "deposit": "现金存款 {}"}
    note = noted[fact.kind].format(fact.receipt) if fact.receipt else NOTED.get(fact.kind) or rng.choice(NOTES)
    came, went = (str(fact.amount), "") if fact.amount > 0 else ("", str(-fact.amount))
    amounts = {"借方金额": went, "支出金额": went, "贷方金额": came, "收入金额": came, "交易金额": came or went}
    days = {"交易日": f"{at:%Y%m%d}", "交易时间": f"{at:%H:%M:%S}", "交易日期": str(at), "记账日期": f"{at:%Y-%m-%d}"}
    party = dict.fromkeys(("收(付)方名称", "对方户名", "对方名称"), "恒通物流有限公司")
    number = {name: f"K{rng.randrange(10**9):09d}" for name in ("流水号", "交易流水号", "凭证号")}
    texts = dict.fromkeys(("摘要", "用途", "附言"), note) | {"借贷标志": "贷" if came else "借"}
    return amounts | days | party | number | texts | {"余额": f"{balance:,.2f}", "账户余额": str(balance)}


def card_month(seed: int) -> tuple[Month, list[tuple[date, list[Decimal], Decimal]]]:
    """A month of a bank in which each day's cards come in one sum, one to three days later and less a fee, among other lines.

    With it each day, what was paid by card on it, and what the bank paid out for it.
    """
    rng = Random(f"cards{seed}")
    days = [_cards_of(rng, date(2026, 12, 1) + timedelta(days=n)) for n in range(0, 24, rng.choice((1, 2)))]
    noise = _bank_facts(rng, 60)
    facts = [(each, at) for each, at in zip(noise, _moments(rng, len(noise)), strict=True)]
    facts = [(each, at.replace(month=12)) for each, at in facts]
    for day, _, paid_out in days:
        at = datetime(day.year, day.month, day.day, 9) + timedelta(days=rng.randrange(1, 4))
        facts.append((True_("payment", paid_out, None, None), at))
    facts.sort(key=lambda each: each[1])
    return written(rng, "bank", [each for each, _ in facts], [at for _, at in facts]), days


def _cards_of(rng: Random, day: date) -> tuple[date, list[Decimal], Decimal]:
    amounts = [Decimal(rng.randrange(5_000, 90_000)) / 100 for _ in range(rng.randrange(2, 7))]
    total = sum(amounts, Decimal(0))
    fee = (total * rng.choice((Decimal(0), Decimal("0.0038"), Decimal("0.006"), Decimal("0.018")))).quantize(Decimal("0.01"))
    return day, amounts, total - fee

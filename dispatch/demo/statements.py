"""What the channels and the bank say of yesterday: a WeChat bill, an Alipay detail and a bank's statement, made of the receipts.

The bank has more to say: yesterday's cash as one deposit, its own fee, and a payment that names no receipt.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.fees.models import HandIn, Receipt
from dispatch.fees.operations import pay_on_account
from dispatch.fees.queries import left_of
from dispatch.finance.keeping import read_kept, receive
from dispatch.finance.match_acts import accept
from dispatch.finance.match_explaining import Explained, explain
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.matching_run import match_branch

RATE = Decimal("0.006")
MERCHANT, PARTNER, ACCOUNT = "1900000109", "20881021771112340156", "7559****1234"
WECHAT = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
WECHAT_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
ALIPAY = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,对方账户,订单金额（元）,商家实收（元）,"
    "退款批次号/请求号,服务费（元）,备注"
)
BANK = "交易日,交易时间,借方金额,贷方金额,余额,摘要,收(付)方名称,流水号"
OPENING = Decimal("86420.50")
UNNAMED = Decimal("150.00")
PAID_OFF, KEPT = (Decimal("20.00"), Decimal("15.00")), Decimal("0.50")
CARDS, CARD_FEE, MISSING = (Decimal("18.00"), Decimal("12.00")), Decimal("0.18"), Decimal("9.00")
NOBODY_PAID = "客户说已付，渠道查无此笔，由经手人负责追回"
PRODUCT = "维修服务费, 含配件"


def build(company: Company, moment: datetime) -> None:
    """Finance fetches this morning what was written yesterday, and sends it in."""
    zone = ZoneInfo(company.zone)
    midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    before, at = midnight - timedelta(days=1), min(midnight + timedelta(hours=9), moment)
    fetch(company, before, at, bank=True, owed=_paid_off(company, at, before + timedelta(hours=14)))
    match_branch(company.session, company.branches["SZ"].id, by=company.people["qian"], at=at)
    _settle(company, at)


def fetch(company: Company, midnight: datetime, at: datetime, *, bank: bool, owed: str | None = None) -> None:
    """Send in what was written on a day that began at `midnight`; the bank's file, too, or the channels' alone."""
    zone, day = ZoneInfo(company.zone), (midnight, midnight + timedelta(days=1))
    name = f"{midnight:%Y%m%d}"
    for file, content in (
        (f"{MERCHANT}All{midnight:%Y-%m-%d}.csv", _wechat(_receipts(company, "wechat", day), zone)),
        (f"{PARTNER}_{name}.zip", _alipay(_receipts(company, "alipay", day), zone, name)),
        (f"招商银行账户明细{name}.csv", _bank(company, _receipts(company, "transfer", day), midnight, owed) if bank else b""),
    ):
        if content:
            made = receive(company.session, file, content, by=company.people["qian"], at=at)
            read_kept(company.session, made, by=company.people["qian"], at=at)


def _paid_off(company: Company, at: datetime, before: datetime) -> str | None:
    """A customer pays twice of what is on account, the bank will show one without a number, and of the other less; the day before
    he paid twice by card, which the bank will show in one sum, and once by WeChat, which no bill will show."""
    session = company.session
    ways = [(amount, "transfer", at) for amount in PAID_OFF] + [(amount, "pos", before) for amount in CARDS]
    ways.append((MISSING, "wechat", before))
    receipts = sa.select(Receipt).where(Receipt.channel == "account", Receipt.amount > 0, Receipt.at < before)
    mine = receipts.where(Receipt.branch_id == company.branches["SZ"].id).order_by(Receipt.id)
    for receipt in session.scalars(mine):
        if left_of(session, receipt) > sum((*PAID_OFF, *CARDS, MISSING)):
            for amount, channel, when in ways:
                facts: dict[str, Any] = {"channel": channel, "payer": None, "reference": None, "request_key": None}
                pay_on_account(session, receipt.id, amount=amount, **facts, by=company.people["qian"], at=when)
            return receipt.number
    return None


def _settle(company: Company, at: datetime) -> None:
    """Finance accepts the bank's fee as one, says of one transfer that it is on its way, and of one payment whose it is."""
    session, qian = company.session, company.people["qian"]
    fees = session.scalars(sa.select(LineMatch.id).where(LineMatch.state == "proposed", LineMatch.way == "fee")).all()
    if fees:
        accept(session, fees, by=qian, at=at)
    transfer = sa.select(MatchItem.id).where(MatchItem.state == "open", MatchItem.channel == "transfer", MatchItem.amount > 0)
    named = sa.select(MatchPart.item_id).where(MatchPart.item_id.is_not(None))
    waiting = session.scalar(transfer.where(MatchItem.id.not_in(named)).order_by(MatchItem.id.desc()).limit(1))
    if waiting:
        said = Explained(frozenset(), frozenset({waiting}), "underway", "客户周五下班前转账，预计下周一到账")
        explain(session, said, by=qian, at=at)
    _somebody_answers(company, at)


def _somebody_answers(company: Company, at: datetime) -> None:
    """Of money that no bill has, the technician who said that it was paid answers for it."""
    gone = sa.select(MatchItem.id).where(MatchItem.state == "open", MatchItem.amount == MISSING, MatchItem.channel == "wechat")
    item_id = company.session.scalar(gone.limit(1))
    if item_id is not None:
        said = Explained(frozenset(), frozenset({item_id}), "owed", NOBODY_PAID, owner_id=company.people["su"].id)
        explain(company.session, said, by=company.people["qian"], at=at)


def _receipts(company: Company, channel: str, day: tuple[datetime, datetime]) -> Sequence[Receipt]:
    mine = sa.select(Receipt).where(Receipt.channel == channel, Receipt.at >= day[0], Receipt.at < day[1])
    return company.session.scalars(mine.order_by(Receipt.at, Receipt.id)).all()


def _fee(amount: Decimal, places: str) -> Decimal:
    return (amount * RATE).quantize(Decimal(places), ROUND_HALF_UP)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _ours(receipt: Receipt, numbers: dict[int, str]) -> str:
    """The number that the channel was given: of a refund that of its payment."""
    return numbers.get(receipt.refunds_id or 0, receipt.number)


def _reference(receipt: Receipt, start: str) -> str:
    return receipt.reference or f"{start}{receipt.id:018d}"


def _wechat(receipts: Sequence[Receipt], zone: ZoneInfo) -> bytes:
    if not receipts:
        return b""
    numbers = {receipt.id: receipt.number for receipt in receipts}
    rows = [_wechat_row(receipt, _ours(receipt, numbers), zone) for receipt in receipts]
    paid = sum((each.amount for each in receipts if each.amount > 0), Decimal("0.00"))
    back = -sum((each.amount for each in receipts if each.amount < 0), Decimal("0.00"))
    fees = sum((_fee(each.amount, "0.00001") for each in receipts), Decimal(0))
    sums = (len(receipts), paid, back, "0.00", fees, paid, back)
    lines = [WECHAT, *rows, WECHAT_SUMS, ",".join(f"`{each}" for each in sums), ""]
    return "\r\n".join(lines).encode("utf-8-sig")


def _wechat_row(receipt: Receipt, ours: str, zone: ZoneInfo) -> str:
    amount, fee = receipt.amount, _fee(receipt.amount, "0.00001")
    paid, back = max(amount, Decimal("0.00")), max(-amount, Decimal("0.00"))
    refund = (f"50300{receipt.id:018d}", f"RF{ours}") if back else ("0", "0")
    told = ("REFUND", "ORIGINAL", "SUCCESS") if back else ("SUCCESS", "", "")
    cells = (
        *(_local(receipt.at, zone), "wxabababababababab", MERCHANT, "0", "", _reference(receipt, "42000"), ours),
        *(f"oUser{receipt.id:04d}", "NATIVE", told[0], "OTHERS", "CNY", paid, "0.00", *refund, back, "0.00", *told[1:]),
        *(PRODUCT, "", fee, "0.60%", paid, back, ""),
    )
    return ",".join(f"`{cell}" for cell in cells)


def _alipay(receipts: Sequence[Receipt], zone: ZoneInfo, name: str) -> bytes:
    if not receipts:
        return b""
    numbers = {receipt.id: receipt.number for receipt in receipts}
    rows = [_alipay_row(receipt, _ours(receipt, numbers), zone) for receipt in receipts]
    paid, back = ([each.amount for each in receipts if (each.amount > 0) == came] for came in (True, False))
    lines = ["#支付宝业务明细查询", f"#账号:[{PARTNER}]", "#----------业务明细列表----------", ALIPAY, *rows]
    lines += ["#----------业务明细列表结束----------", f"#交易合计：{len(paid)}笔，商家实收共{sum(paid, Decimal('0.00'))}元"]
    lines += [f"#退款合计：{len(back)}笔，商家实收退款共{sum(back, Decimal('0.00'))}元", ""]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        inside = zipfile.ZipInfo(f"{PARTNER}_{name}_业务明细.csv", (2026, 1, 1, 0, 0, 0))
        archive.writestr(inside, "\r\n".join(lines).encode("gbk"))
    return packed.getvalue()


def _alipay_row(receipt: Receipt, ours: str, zone: ZoneInfo) -> str:
    at, back = _local(receipt.at, zone), receipt.amount < 0
    cells = (
        *(f"{_reference(receipt, '20260')}\t", f"{ours}\t", "退款" if back else "交易", "维修服务费", at, at, "*晓(138****4378)"),
        *(receipt.amount, receipt.amount, f"RF{ours}" if back else "", -_fee(receipt.amount, "0.01"), ""),
    )
    return ",".join(map(str, cells))


def _bank(company: Company, receipts: Sequence[Receipt], day: datetime, owed: str | None) -> bytes:
    moves = [(receipt.at.astimezone(day.tzinfo), receipt.amount, f"维修费{receipt.number}") for receipt in receipts]
    if owed:
        moves.append((day + timedelta(hours=10, minutes=12), PAID_OFF[0], "设备款"))
        moves.append((day + timedelta(hours=15, minutes=31), PAID_OFF[1] - KEPT, f"维修费 {owed}"))
        moves.append((day + timedelta(hours=17, minutes=5), sum(CARDS) - CARD_FEE, "银联POS清算款"))
    moves.append((day + timedelta(hours=11, minutes=20), UNNAMED, "设备维修款"))
    handed = company.session.scalars(_counted(company.branches["SZ"].id, day)).all()
    if handed:
        cash = sum((each.counted or Decimal(0) for each in handed), Decimal("0.00"))
        numbers = " ".join(each.number for each in handed)
        moves.append((day + timedelta(hours=16, minutes=45), cash, f"现金存款 缴款单{numbers}"))
    moves.append((datetime.combine(day.date(), time(23), day.tzinfo), Decimal("-15.00"), "账户管理费"))
    balance, lines = OPENING, ["招商银行账户明细", f"账号,{ACCOUNT},,币种,人民币", "", BANK]
    for number, (at, amount, note) in enumerate(sorted(moves), start=1):
        balance += amount
        came, went = (amount, "") if amount > 0 else ("", -amount)
        party = "恒通物流有限公司" if note.startswith(("维修费", "设备")) else ""
        lines.append(f"{at:%Y%m%d},{at:%H:%M:%S},{went},{came},{balance},{note},{party},K{at:%m%d}{number:05d}")
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def _counted(branch_id: int, day: datetime) -> sa.Select[HandIn]:
    within = (HandIn.confirmed_at >= day, HandIn.confirmed_at < day + timedelta(days=1))
    mine = (HandIn.branch_id == branch_id, HandIn.status == "confirmed", ~HandIn.back.has())
    return sa.select(HandIn).where(*mine, *within).order_by(HandIn.id)

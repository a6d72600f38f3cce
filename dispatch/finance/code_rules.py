"""What accounting calls the accounts of the ledger, unless finance has said something else: codes of the Chinese standard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """The code of an account and its name in both languages."""

    code: str
    zh: str
    en: str


USUAL: dict[tuple[str, str], Code] = {
    ("cash_desk", ""): Code("100101", "库存现金-财务", "Cash at the desk"),
    ("cash_in_hand", ""): Code("100102", "库存现金-技术员", "Cash in technicians' hands"),
    ("bank", ""): Code("1002", "银行存款", "Bank"),
    ("at_channel", "wechat"): Code("101201", "其他货币资金-微信", "WeChat Pay balance"),
    ("at_channel", "alipay"): Code("101202", "其他货币资金-支付宝", "Alipay balance"),
    ("clearing", "wechat"): Code("122101", "其他应收款-待对账-微信", "Clearing, WeChat Pay"),
    ("clearing", "alipay"): Code("122102", "其他应收款-待对账-支付宝", "Clearing, Alipay"),
    ("clearing", "transfer"): Code("122103", "其他应收款-待对账-转账", "Clearing, transfers"),
    ("clearing", "pos"): Code("122104", "其他应收款-待对账-POS", "Clearing, card terminal"),
    ("receivable", ""): Code("112201", "应收账款-现结", "Receivables"),
    ("on_account", ""): Code("112202", "应收账款-挂账", "Receivables on account"),
    ("difference", ""): Code("190101", "待处理财产损溢", "Differences to be settled"),
    ("tax", ""): Code("22210101", "应交税费-应交增值税-销项税额", "Output VAT"),
    ("income", ""): Code("6001", "主营业务收入", "Income"),
    ("channel_fee", ""): Code("660301", "财务费用-手续费", "Fees of channels"),
    ("rounding", ""): Code("660302", "财务费用-尾差", "Rounding"),
    ("contractor", ""): Code("2202", "应付账款-外协", "Owed to contractors"),
    ("outside_work", ""): Code("640101", "主营业务成本-外协", "Cost of outside work"),
    ("written_off", ""): Code("6711", "营业外支出", "Written off"),
    ("pay_deduction", ""): Code("122101", "其他应收款-工资扣款", "To be deducted from pay"),
}
"""Kind of account and channel ("" for all) -> its code."""


def code_of(codes: dict[tuple[str, str], Code], kind: str, channel: str | None) -> Code:
    """The code of an account: its channel's, its kind's, or the kind itself where nobody has named one."""
    return codes.get((kind, channel or "")) or codes.get((kind, "")) or Code("", kind, kind)

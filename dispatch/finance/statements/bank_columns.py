"""How banks head the columns of their statements, and what stands above and below the lines."""

from __future__ import annotations

from dispatch.tabular.columns import Column

COLUMNS = (
    Column(
        "date",
        ("交易日期", "交易日", "记账日期", "入账日期", "记账日", "日期", "交易时间戳", "Date", "Transaction date", "Value date"),
    ),
    Column("time", ("交易时间", "时间", "记账时间", "入账时间", "Time", "Transaction time")),
    Column(
        "debit",
        ("借方金额", "借方发生额", "支出金额", "支出", "转出金额", "付款金额", "借方", "借方金额(支出)", "Debit", "Paid out"),
    ),
    Column(
        "credit",
        ("贷方金额", "贷方发生额", "收入金额", "收入", "转入金额", "存入金额", "贷方", "贷方金额(收入)", "Credit", "Paid in"),
    ),
    Column("amount", ("交易金额", "发生额", "金额", "Amount")),
    Column("direction", ("借贷标志", "收支", "收/支", "借/贷", "收付标志", "借贷方向", "交易方向", "Direction", "D/C")),
    Column("balance", ("余额", "账户余额", "本次余额", "交易后余额", "联机余额", "Balance")),
    Column("note", ("摘要", "附言", "用途", "交易摘要", "备注", "交易附言", "Description", "Note", "Narrative")),
    Column("more", ("备注说明", "补充说明", "交易说明", "客户附言", "Remark", "Remarks")),
    Column(
        "party",
        (
            "收(付)方名称",
            "对方户名",
            "对方名称",
            "对方账户名称",
            "对手户名",
            "交易对方",
            "对方单位",
            "Counterparty",
            "Other party",
        ),
    ),
    Column("party_account", ("收(付)方账号", "对方账号", "对方账户", "对手账号", "Counterparty account")),
    Column("reference", ("流水号", "交易流水号", "核心流水号", "凭证号", "交易序号", "回单编号", "Reference", "Transaction ID")),
)
SUMMARY = (
    Column("count", ("总笔数", "合计笔数", "交易笔数", "笔数", "Number of transactions")),
    Column("debits", ("借方笔数", "支出笔数")),
    Column("credits", ("贷方笔数", "收入笔数")),
    Column("debit", ("借方合计", "借方总额", "支出合计", "借方总金额", "支出总额", "Total debit")),
    Column("credit", ("贷方合计", "贷方总额", "收入合计", "贷方总金额", "收入总额", "Total credit")),
    Column("opening", ("期初余额", "上期余额", "Opening balance")),
    Column("closing", ("期末余额", "本期余额", "Closing balance")),
    Column("account", ("账号", "账户", "卡号", "Account")),
    Column("currency", ("币种", "Currency")),
)
"""Labels with a value beside them."""
IN_WORDS = ("贷", "收", "收入", "转入", "存入", "c", "cr", "credit", "in", "+")
OUT_WORDS = ("借", "付", "支", "支出", "转出", "支取", "d", "dr", "debit", "out", "-")
OWN_MONEY = ("人民币", "人民币元", "CNY", "RMB", "CNY人民币", "")

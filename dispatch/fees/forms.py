"""The price list: a file -> rows. Prices include tax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatch.tabular.cells import Cell, plain, read_date, read_decimal
from dispatch.tabular.columns import Column
from dispatch.tabular.imports import Import, RowReader, read_rows
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

CENT = Decimal("0.01")
HIGHEST = Decimal("9999999.99")
_NO_DAY = date.min

_CATEGORIES = {
    "配件": "part",
    "备件": "part",
    "零件": "part",
    "材料": "part",
    "part": "part",
    "parts": "part",
    "服务": "service",
    "服务费": "service",
    "人工": "service",
    "service": "service",
    "services": "service",
}

COLUMNS = (
    Column("code", ("编码", "编号", "代码", "收费编码", "Code"), required=True),
    Column("name", ("名称", "项目", "收费项目", "品名", "Name", "Item"), required=True),
    Column("category", ("类别", "分类", "类型", "Category", "Kind"), required=True),
    Column("amount", ("单价", "价格", "含税单价", "单价(元)", "金额", "Price", "Unit price", "Amount"), required=True),
    Column("tax_rate", ("税率", "增值税率", "Tax", "Tax rate", "VAT"), required=True),
    Column("valid_from", ("生效日期", "生效日", "启用日期", "执行日期", "Valid from", "From"), required=True),
    Column("valid_to", ("截止日期", "截止日", "有效期至", "到期日", "Valid to", "Until", "Last day")),
    Column("branch", ("网点", "服务网点", "分公司", "Branch")),
    Column("customer", ("客户", "客户名称", "Customer")),
    Column("contract", ("合同", "合同号", "合同编号", "Contract")),
    Column("number", ("序号", "No", "#")),
)


@dataclass(frozen=True)
class PriceRow:
    """What one thing costs from a day on: yuan with tax; `tax_rate` 0.13 means 13 %; `category` is "part" or "service".

    With a branch or customer, as the file names them, it is theirs alone.
    """

    row: int
    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    valid_from: date
    valid_to: date | None = None
    branch: str = ""
    customer: str = ""
    contract: str = ""


def read_prices(workbook: Workbook) -> Import[PriceRow]:
    """A price list -> rows; a code may stand once for each day it becomes valid and for whom."""
    return read_rows(workbook, COLUMNS, _price, (("code", _code_and_day),))


def _code_and_day(row: PriceRow) -> str:
    whose = row.branch or row.customer
    return f"{row.code} ({row.valid_from}{f', {whose}' if whose else ''})"


def _price(reader: RowReader) -> PriceRow:
    row = _read_price(reader)
    if row.valid_to is not None and row.valid_to < row.valid_from:
        reader.complain("valid_to", say("This must be later than the beginning."))
    return row


def _read_price(reader: RowReader) -> PriceRow:
    return PriceRow(
        row=reader.row,
        code=reader.need("code", lambda cell: plain(cell).upper(), ""),
        name=reader.needed_text("name"),
        category=reader.need("category", _read_category, ""),
        amount=reader.need("amount", read_amount, Decimal(0)),
        tax_rate=reader.need("tax_rate", read_tax_rate, Decimal(0)),
        valid_from=reader.need("valid_from", read_date, _NO_DAY),
        valid_to=reader.maybe("valid_to", read_date),
        branch=reader.text("branch"),
        customer=reader.text("customer"),
        contract=reader.text("contract"),
    )


def _read_category(cell: Cell) -> str | Text:
    word = plain(cell).casefold()
    return _CATEGORIES.get(word) or say("“%(text)s” is neither a part (配件) nor a service (服务)", text=plain(cell))


def read_amount(cell: Cell) -> Decimal | Text | None:
    """Yuan with at most two decimals, from 0."""
    number = read_decimal(cell)
    if number is None or isinstance(number, Text):
        return number
    if not 0 <= number <= HIGHEST:  # first: there is no rounding of a number with dozens of digits
        return say("“%(text)s” is not a price", text=plain(cell))
    rounded = abs(number.quantize(CENT))
    return rounded if number == rounded else say("“%(text)s” has more than two decimals", text=plain(cell))


def read_tax_rate(cell: Cell) -> Decimal | Text | None:
    """13%, 13 or 0.13 -> 0.13."""
    text = plain(cell)
    number = read_decimal(text.removesuffix("%"))
    if number is None or isinstance(number, Text):
        return say("“%(text)s” is not a tax rate", text=text)
    share = number / 100 if text.endswith("%") or number >= 1 else number
    return share if 0 <= share < 1 else say("“%(text)s” is not a tax rate", text=text)

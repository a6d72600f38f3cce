"""What a bank's statement says of itself beside its lines: whose it is, sums, balances before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile

from dispatch.errors import RuleBroken
from dispatch.finance.statements.bank_columns import OWN_MONEY, SUMMARY
from dispatch.tabular.cells import Cell, line_of, plain, read_decimal
from dispatch.tabular.columns import Table, TableRow, find_labels, label
from dispatch.tabular.tables import Row, Sheet
from dispatch.words import Text, say

_BANK = re.compile(r"[\u4e00-\u9fff]{2,12}?银行")
_SUM = re.compile(r"^(合计|总计|共计|本页合计|total)", re.IGNORECASE)
_LABELS = {label(name) for column in SUMMARY for name in column.names if column.key not in ("account", "currency")}
_DAY = re.compile(r"^\d{4}(?:[-/年]\d|\d{4}(?!\d))")
_COUNT = re.compile(r"(\d+)\s*笔")


@dataclass(frozen=True)
class Said:
    """What the file says of itself; None where it does not."""

    bank: str = ""
    account: str = ""
    count: int | None = None
    debits: int | None = None
    credits: int | None = None
    debit: Decimal | None = None
    credit: Decimal | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None


def movements_of(table: Table) -> list[TableRow]:
    """The rows before the first that sums them up."""
    return list(takewhile(lambda row: not _sums_up(row), table.rows))


def _sums_up(row: TableRow) -> bool:
    if _DAY.match(row.code("date") or row.code("time")):
        return False
    texts = [re.sub(r"\s+", "", plain(cell)) for cell in row.cells.values() if cell != ""]
    return any(_SUM.match(text) or label(text) in _LABELS for text in texts)


def said_of(sheet: Sheet, table: Table, movements: Sequence[TableRow]) -> Said:
    """What stands above and below the movements. Raises RuleBroken for an account in another money."""
    last = max((row.row for row in movements), default=table.header_row)
    around = (*table.above, *sheet.rows[last:])
    found = find_labels(around, SUMMARY)
    if plain(found.get("currency", "")) not in OWN_MONEY:
        raise RuleBroken(say("The account is in “%(currency)s”: only yuan are read.", currency=line_of(found["currency"])))
    sums = _sums(sheet, table, last)
    return Said(
        bank=_bank(around),
        account=line_of(found.get("account", "")),
        count=_whole(found, "count", sums.get("count")),
        debits=_whole(found, "debits"),
        credits=_whole(found, "credits"),
        debit=_amount(found, "debit", sums.get("debit")),
        credit=_amount(found, "credit", sums.get("credit")),
        opening=_amount(found, "opening"),
        closing=_amount(found, "closing"),
    )


def _bank(rows: tuple[Row, ...]) -> str:
    texts = (line_of(cell) for row in rows for cell in row)
    return next((match[0] for text in texts if (match := _BANK.search(text))), "")


def _sums(sheet: Sheet, table: Table, last: int) -> dict[str, Decimal]:
    """The row 合计 under the lines: its amounts stand under the headings of the columns they sum up."""
    places = _places(sheet, table)
    for row in sheet.rows[last:]:
        if _SUM.match(re.sub(r"\s+", "", next((plain(cell) for cell in row if cell != ""), ""))):
            under = {key: row[at] for key, at in places.items() if at < len(row)}
            sums = {key: value for key, cell in under.items() if isinstance(value := read_decimal(cell), Decimal)}
            count = next((match for cell in row if (match := _COUNT.search(plain(cell)))), None)
            return sums | ({"count": Decimal(count[1])} if count else {})
    return {}


def _places(sheet: Sheet, table: Table) -> dict[str, int]:
    """In which column amounts in and out stand."""
    head = sheet.rows[table.header_row - 1] if table.header_row else ()
    names = [line_of(cell) for cell in head]
    return {key: names.index(table.headings[key]) for key in ("debit", "credit") if table.headings.get(key) in names}


def _amount(found: Mapping[str, Cell], key: str, other: Decimal | None = None) -> Decimal | None:
    value = read_decimal(found.get(key, ""))
    return other if value is None or isinstance(value, Text) else value


def _whole(found: Mapping[str, Cell], key: str, other: Decimal | None = None) -> int | None:
    match = re.match(r"^(\d{1,9})(?:\.0+)?\s*笔?$", plain(found.get(key, "")))
    return int(match[1]) if match else None if other is None else int(other)

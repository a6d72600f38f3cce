"""Tables -> a spreadsheet."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

WIDTH = 18
SHEET_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Table:
    """One sheet: a head and rows, of which the columns `money` hold amounts, and the columns `counts` whole numbers."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Any]]
    money: int | Collection[int] | None = None
    summed: bool = True
    counts: Collection[int] = ()

    @property
    def amounts(self) -> Collection[int]:
        """The columns that hold amounts."""
        return (self.money,) if isinstance(self.money, int) else self.money or ()

    def cell(self, column: int, value: Any) -> Any:
        """A value as its column holds it; texts stay texts."""
        if column in self.amounts:
            return float(value)
        return int(value) if column in self.counts else str(value)


def workbook(*tables: Table) -> bytes:
    """A sheet for each table, under them the sum of its amounts. Texts stay texts, whatever they begin with."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        for table in tables:
            _write(book, table)
    return out.getvalue()


def _write(book: xlsxwriter.Workbook, table: Table) -> None:
    sheet = book.add_worksheet(_title(table.title))
    bold, amount = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    sheet.set_column(0, len(table.heads) - 1, WIDTH)
    for money in table.amounts:
        sheet.set_column(money, money, WIDTH, amount)
    sheet.write_row(0, 0, table.heads, bold)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        sheet.write_row(last, 0, [table.cell(column, value) for column, value in enumerate(row)])
    sheet.freeze_panes(1, 0)
    for money in table.amounts if last and table.summed else ():
        column = xl_col_to_name(money)
        sheet.write_formula(last + 1, money, f"=SUM({column}2:{column}{last + 1})", amount)


def _title(text: str) -> str:
    """A name that Excel takes for a sheet."""
    return re.sub(r"[\[\]:*?/\\]", " ", text).strip("'")[:31] or "-"

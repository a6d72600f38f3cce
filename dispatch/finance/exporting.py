"""Lists as a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

WIDTH = 18


@dataclass(frozen=True)
class Table:
    """One sheet: a head and rows, of which column `money` holds amounts, and the columns `counts` whole numbers."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Any]]
    money: int | None = None
    summed: bool = True
    counts: Collection[int] = ()

    def cell(self, column: int, value: Any) -> Any:
        """A value as its column holds it; texts stay texts."""
        if column == self.money:
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
    sheet, money = book.add_worksheet(table.title[:31]), table.money
    bold, amount = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    sheet.set_column(0, len(table.heads) - 1, WIDTH)
    if money is not None:
        sheet.set_column(money, money, WIDTH, amount)
    sheet.write_row(0, 0, table.heads, bold)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        sheet.write_row(last, 0, [table.cell(column, value) for column, value in enumerate(row)])
    sheet.freeze_panes(1, 0)
    if last and table.summed and money is not None:
        column = chr(ord("A") + money)
        sheet.write_formula(last + 1, money, f"=SUM({column}2:{column}{last + 1})", amount)

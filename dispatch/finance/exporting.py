"""The day list as a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

WIDTH = 18


def workbook(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], money: int) -> bytes:
    """One sheet with a head, its rows, and the sum of column `money` under them. Texts stay texts, whatever they begin with."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(title[:31])
        bold, amount = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        sheet.set_column(0, len(heads) - 1, WIDTH)
        sheet.set_column(money, money, WIDTH, amount)
        sheet.write_row(0, 0, heads, bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            sheet.write_row(last, 0, [str(value) if column != money else float(value) for column, value in enumerate(row)])
        sheet.freeze_panes(1, 0)
        if last:
            column = chr(ord("A") + money)
            sheet.write_formula(last + 1, money, f"=SUM({column}2:{column}{last + 1})", amount)
    return out.getvalue()

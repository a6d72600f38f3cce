"""Reads an .xls in a process of its own: bytes on stdin, sheets as JSON on stdout. Runs as a script, by its path.

A crafted .xls can make the reader ask for more memory than there is, and that ends the process: better not the web server's.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

MOST_MEMORY = 1 << 30
MOST_SECONDS = 20


def encode(value: object) -> object:
    """What JSON lacks -> {"kind": text}."""
    if isinstance(value, timedelta):
        return {"span": value.total_seconds()}
    if isinstance(value, datetime | date | time):
        return {type(value).__name__: value.isoformat()}
    raise TypeError(type(value).__name__)


def decode(pair: dict[str, Any]) -> object:
    """The way back, for `json.loads(..., object_hook=decode)`."""
    (kind, value), *_ = pair.items()
    if kind == "span":
        return timedelta(seconds=value)
    readers: dict[str, Callable[[str], object]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "time": time.fromisoformat,
    }
    return readers[kind](value)


def main() -> None:
    """One workbook, then the end."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    tables = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    shown = [sheet.name for sheet in tables if sheet.visible == SheetVisibleEnum.Visible] or [sheet.name for sheet in tables]
    rows = [[name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)] for name in shown]
    json.dump(rows, sys.stdout, default=encode)


if __name__ == "__main__":
    main()

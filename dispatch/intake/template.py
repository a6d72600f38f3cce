"""The empty installation request that a customer can fill in: exactly what `read_request` understands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from dispatch.intake.request_columns import HEADER_LABELS, LINE_COLUMNS
from dispatch.tabular.columns import Column

BLOCK = (("customer", "address"), ("contact", "phone"), ("wanted_on", "model"), ("quantity", "salesman"))
TABLE = ("plate", "colour", "vin", "vehicle_type", "make", "driver", "driver_phone", "parking", "remark")


def template_csv(locale: str) -> str:
    """The template's text, with the mark by which spreadsheet programs know UTF-8. `locale` is zh or en."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    for pair in BLOCK:
        writer.writerow([cell for key in pair for cell in (_heading(HEADER_LABELS, key, locale), "", "")])
    writer.writerow([])
    writer.writerow([_heading(LINE_COLUMNS, key, locale) for key in TABLE])
    return out.getvalue()


def _heading(columns: Iterable[Column], key: str, locale: str) -> str:
    names = next(column.names for column in columns if column.key == key)
    return names[0] if locale == "zh" else next(name for name in names if name.isascii())

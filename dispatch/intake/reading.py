"""A file -> what waits for a person to look at it, read as he said. One way for pages and commands, whatever the kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dispatch.intake.lists import KINDS, read_list
from dispatch.intake.lists import to_json as list_to_json
from dispatch.intake.request_columns import HEADER_LABELS, LINE_COLUMNS
from dispatch.intake.requests import read_request
from dispatch.intake.stored import Json
from dispatch.intake.stored import to_json as request_to_json
from dispatch.intake.stored_rows import kept, revived
from dispatch.tabular.cells import line_of
from dispatch.tabular.columns import Column, Unrecognised, find_labels, header_of
from dispatch.tabular.layouts import Layout, layout_of
from dispatch.tabular.tables import Sheet, Workbook
from dispatch.words import say, text_to_json

MOST_SHEETS = 6
MACROS = say("The file holds macros. They were not run; only the cells were read.")


def content_of(purpose: str, workbook: Workbook) -> Json:
    """What is kept of a file; where its columns were not recognised, `unread` says so and a person can say what they are.

    Raises RuleBroken when there is nothing to be read however its columns are called.
    """
    told: Json = {"told": workbook.sheets[0].told.as_json(), "macros": workbook.macros}
    try:
        return told | _reader(purpose)(workbook) | {"layouts": _layouts(purpose, workbook, understood=True)}
    except Unrecognised as refusal:
        return told | {"unread": text_to_json(refusal.text), "layouts": _layouts(purpose, workbook, understood=False)}


def _layouts(purpose: str, workbook: Workbook, *, understood: bool) -> list[Json]:
    columns = columns_of(purpose)
    return [kept(layout_of(sheet, columns, understood=understood)) for sheet in workbook.sheets[:MOST_SHEETS]]


def _reader(purpose: str) -> Callable[[Workbook], Json]:
    if purpose == "request":
        return lambda workbook: {"request": request_to_json(read_request(workbook))}
    return lambda workbook: list_to_json(purpose, read_list(purpose, workbook))


def columns_of(purpose: str) -> Sequence[Column]:
    """The columns that a kind of file may have."""
    return LINE_COLUMNS if purpose == "request" else KINDS[purpose].columns


def layouts_in(content: Json) -> list[Layout]:
    """How each sheet of a kept file was understood."""
    return [revived(Layout, stored) for stored in content.get("layouts", [])]


def customer_in(workbook: Workbook) -> str:
    """The customer whom the block above a request's table names, even where the table itself is not understood."""
    blocks = (sheet.rows[: _above(sheet)] for sheet in workbook.sheets)
    found = (find_labels(rows, HEADER_LABELS).get("customer", "") for rows in blocks)
    return next((line_of(name) for name in found if name != ""), "")


def _above(sheet: Sheet) -> int:
    header = header_of(sheet, LINE_COLUMNS)
    return len(sheet.rows) if header is None else max(0, header.index)

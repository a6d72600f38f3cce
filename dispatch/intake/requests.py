"""An installation request (P1): a spreadsheet with a header block, vehicles, and drivers beside them or on their own sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from dispatch.customers.rules import normalise_plate, read_phone
from dispatch.errors import RuleBroken
from dispatch.intake.lines import RequestLine, add_drivers, check_lines, drivers_of, lines_of
from dispatch.intake.request_columns import HEADER_LABELS, LINE_COLUMNS, NAME_OF_VEHICLE
from dispatch.tabular.cells import Cell, line_of, read_date, read_whole
from dispatch.tabular.columns import Table, TableRow, find_labels, find_table
from dispatch.tabular.tables import Sheet, Workbook
from dispatch.words import Text, listed, say

V = TypeVar("V")

ABOUT_THE_VEHICLE = ("vin", "colour", "vehicle_type", "engine_no", "make")
_EXAMPLE = re.compile(r"示例|样例|填写说明|填表说明|example|instructions?", re.IGNORECASE)


@dataclass(frozen=True)
class RequestHeader:
    """What the block above the table says; "" and None for what it does not. `quantity` is the number of vehicles announced."""

    customer: str = ""
    contact: str = ""
    phone: str = ""
    address: str = ""
    wanted_on: date | None = None
    salesman: str = ""
    model: str = ""
    quantity: int | None = None


@dataclass(frozen=True)
class Request:
    """A request as read: header, one line per vehicle, notes about the file as a whole, and how many blank rows were skipped."""

    header: RequestHeader
    lines: tuple[RequestLine, ...]
    notes: tuple[Text, ...] = ()
    blank_rows: int = 0

    @property
    def attention(self) -> tuple[RequestLine, ...]:
        """The lines a person should look at."""
        return tuple(line for line in self.lines if line.problems)


def read_request(workbook: Workbook) -> Request:
    """A workbook -> Request. Raises RuleBroken when no sheet lists vehicles by plate or VIN."""
    tables = _tables(workbook.sheets)
    vehicles = [table for table in tables if not _is_drivers_only(table)] or tables[:1]
    drivers = [table for table in tables if table not in vehicles]
    header, header_notes = _header(workbook.sheets, tables)
    header = replace(header, wanted_on=header.wanted_on or _one_day(vehicles))
    lines = [line for table in vehicles for line in lines_of(table, header.wanted_on)]
    if not lines:
        raise RuleBroken(say("The table has headings and no lines under them."))
    joined, driver_notes = _join_drivers(lines, drivers)
    notes = (*header_notes, *_notes(header, joined, tables), *_unread(workbook.sheets, tables), *driver_notes)
    return Request(header, check_lines(joined), notes, sum(table.blank_rows for table in vehicles))


def _tables(sheets: Sequence[Sheet]) -> list[Table]:
    """The tables that name vehicles, example sheets aside. Raises the first sheet's refusal when there is none."""
    real = [sheet for sheet in sheets if not _EXAMPLE.search(sheet.name)] or sheets
    tables, refusals = [], []
    for sheet in real:
        try:
            tables.append(_table(sheet))
        except RuleBroken as refusal:
            refusals.append(refusal)
    if not tables:
        raise refusals[0]
    return tables


def _table(sheet: Sheet) -> Table:
    try:
        table = find_table(sheet, LINE_COLUMNS)
        if table.has("plate") or table.has("vin"):
            return table
    except RuleBroken:
        pass
    # Refuses, naming plate and VIN together: one of them would have done.
    others = [column for column in LINE_COLUMNS if column.key not in ("plate", "vin")]
    return find_table(sheet, (NAME_OF_VEHICLE, *others))


def _is_drivers_only(table: Table) -> bool:
    """Plate and driver, and nothing about the vehicle: a list to be joined with another."""
    return table.has("plate", "driver") and not any(table.has(key) for key in ABOUT_THE_VEHICLE)


# --- the header block


def _header(sheets: Sequence[Sheet], tables: Sequence[Table]) -> tuple[RequestHeader, list[Text]]:
    """The block above a table, else a sheet without a table; with a note for each value that cannot be read."""
    with_table = {table.sheet for table in tables}
    blocks = [table.above for table in tables] + [sheet.rows for sheet in sheets if sheet.name not in with_table]
    found: dict[str, Cell] = {}
    for block in blocks:
        found = find_labels(block, HEADER_LABELS) | found
    notes: list[Text] = []
    texts = {key: line_of(found.get(key, "")) for key in ("customer", "contact", "address", "salesman", "model")}
    return (
        RequestHeader(
            **texts,
            phone=read_phone(line_of(found.get("phone", ""))).written,
            wanted_on=_or_note(read_date(found.get("wanted_on", "")), notes),
            quantity=_or_note(read_whole(found.get("quantity", "")), notes),
        ),
        notes,
    )


def _one_day(tables: Sequence[Table]) -> date | None:
    """The day that all vehicles are wanted on, when a column gives it."""
    days = _days(tables)
    return days.pop() if len(days) == 1 else None


def _days(tables: Iterable[Table]) -> set[date]:
    said = (read_date(row.cell("wanted_on")) for table in tables for row in table.rows)
    return {day for day in said if isinstance(day, date)}


def _or_note(value: V | Text | None, notes: list[Text]) -> V | None:
    if isinstance(value, Text):
        notes.append(value)
        return None
    return value


# --- drivers from a sheet of their own


def _join_drivers(lines: Sequence[RequestLine], tables: Sequence[Table]) -> tuple[list[RequestLine], list[Text]]:
    """The lines with the drivers of their plates; a note for each driver whose plate no line has."""
    joined = list(lines)
    places: dict[str, int] = {}
    for index, line in enumerate(lines):
        places.setdefault(line.plate, index)
    notes: list[Text] = []
    for table in tables:
        for row in _with_plates(table.rows):
            at = places.get(normalise_plate(row.code("plate")) or "—")
            if at is None:
                notes.append(_stranger(table, row))
            else:
                joined[at] = add_drivers(joined[at], drivers_of(row))
    return joined, notes


def _with_plates(rows: Iterable[TableRow]) -> Iterable[TableRow]:
    """A blank plate under a filled one means the same vehicle: its second driver."""
    plate: Cell = ""
    for row in rows:
        plate = row.cell("plate") or plate
        yield TableRow(row.row, row.cells | {"plate": plate}, row.extra)


def _stranger(table: Table, row: TableRow) -> Text:
    return say(
        "driver %(name)s in row %(row)s of “%(sheet)s”: no vehicle of the list has the plate %(plate)s",
        name=row.text("driver") or "—",
        row=row.row,
        sheet=table.sheet,
        plate=row.code("plate") or "—",
    )


# --- notes


def _notes(header: RequestHeader, lines: Sequence[RequestLine], tables: Sequence[Table]) -> Iterable[Text]:
    if header.quantity is not None and header.quantity != len(lines):
        yield say(
            "the header announces %(announced)s vehicles, the list has %(counted)s", announced=header.quantity, counted=len(lines)
        )
    if not any(line.colour for line in lines):
        yield say("the file gives no plate colours")
    if len(days := _days(tables)) > 1:
        yield say("the vehicles are wanted on %(n)s different days: each has its own in its remark", n=len(days))
    for table in tables:
        yield from _table_notes(table)


def _table_notes(table: Table) -> Iterable[Text]:
    if table.blank_rows:
        yield say("%(n)s blank lines were skipped", n=table.blank_rows)
    if table.unknown_columns:
        yield say("columns not known, kept as remarks: %(columns)s", columns=listed(table.unknown_columns))
    if table.left_out:
        rows = listed(table.left_out)
        yield say("rows below the total were not read: %(rows)s", rows=rows)


def _unread(sheets: Sequence[Sheet], tables: Sequence[Table]) -> Iterable[Text]:
    read = {table.sheet for table in tables}
    return (say("sheet “%(sheet)s” has no list of vehicles", sheet=sheet.name) for sheet in sheets if sheet.name not in read)

"""The lists that can be brought in as files: what each is, who may, how it is read, and how it waits as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dispatch.devices.forms import SimRow, TerminalRow, read_sims, read_terminals
from dispatch.devices.part_forms import PartRow, read_parts
from dispatch.errors import RuleBroken
from dispatch.fees.forms import PriceRow, read_prices
from dispatch.intake.stored_rows import Json, kept, revived
from dispatch.staff.forms import TechnicianRow, read_technicians
from dispatch.tabular.cells import is_blank, line_of
from dispatch.tabular.imports import Import, RowProblem
from dispatch.tabular.tables import Sheet, Workbook, read
from dispatch.words import Text, text_from_json, text_to_json

Row = TerminalRow | SimRow | TechnicianRow | PriceRow | PartRow
MOST_SHOWN = 60


@dataclass(frozen=True)
class ListKind:
    """One kind of list."""

    permission: str
    row: type[Any]
    read: Callable[[Workbook], Import[Any]]


KINDS: dict[str, ListKind] = {
    "terminals": ListKind("stock.change", TerminalRow, read_terminals),
    "sims": ListKind("stock.change", SimRow, read_sims),
    "parts": ListKind("stock.change", PartRow, read_parts),
    "technicians": ListKind("staff.import", TechnicianRow, read_technicians),
    "prices": ListKind("price.change", PriceRow, read_prices),
}


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken: its number in the sheet, what stands in it, and why not."""

    row: int
    cells: str
    reasons: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class Reading:
    """What a file gave: rows that can be taken, rows that cannot, headings nobody knew.

    `skipped` are rows that could be read and were left out when the others were taken in.
    """

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    blank_rows: int = 0
    sheet: str = field(default="")
    skipped: tuple[BadRow, ...] = ()

    @property
    def left_out(self) -> tuple[BadRow, ...]:
        """All rows that were not taken in, in the file's order."""
        return tuple(sorted((*self.bad, *self.skipped), key=lambda bad: bad.row))


def read_list(kind: str, name: str, content: bytes) -> Reading:
    """A file of a kind of list -> Reading. Raises RuleBroken when it is no table or lacks a column."""
    workbook = read(name, content)
    sheet, found = _first_that_fits(workbook, KINDS[kind].read)
    return Reading(found.rows, _bad_rows(sheet, found.problems), found.unknown_columns, found.blank_rows, sheet.name)


def _first_that_fits(workbook: Workbook, reader: Callable[[Workbook], Import[Any]]) -> tuple[Sheet, Import[Any]]:
    refusals = []
    for sheet in workbook.sheets:
        try:
            return sheet, reader(Workbook(workbook.name, (sheet,)))
        except RuleBroken as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _bad_rows(sheet: Sheet, problems: Sequence[RowProblem]) -> tuple[BadRow, ...]:
    reasons: dict[int, list[tuple[str, Text]]] = {}
    for problem in problems:
        reasons.setdefault(problem.row, []).append((problem.column, problem.text))
    return tuple(BadRow(row, _cells(sheet, row), tuple(found)) for row, found in reasons.items())


def _cells(sheet: Sheet, row: int) -> str:
    """What stands in a row of the file, for a person to recognise it."""
    cells = [line_of(cell)[:MOST_SHOWN] for cell in sheet.rows[row - 1] if not is_blank(cell)]
    return " · ".join(cells)


def words_of(row: Row) -> str:
    """The numbers and names by which a person recognises a row."""
    if isinstance(row, TerminalRow):
        return " · ".join(filter(None, (row.serial, row.model, row.imei)))
    if isinstance(row, SimRow):
        return " · ".join(filter(None, (row.iccid.shown, row.msisdn)))
    return f"{row.staff_no} · {row.name}" if isinstance(row, TechnicianRow) else f"{row.code} · {row.name}"


def to_json(reading: Reading) -> dict[str, Json]:
    """A Reading -> what waits in the upload."""
    same = {"unknown_columns": list(reading.unknown_columns), "blank_rows": reading.blank_rows, "sheet": reading.sheet}
    return {"rows": [kept(row) for row in reading.rows], "bad": bad_to_json(reading.bad), **same}


def from_json(kind: str, stored: dict[str, Json]) -> Reading:
    """What `to_json` gave -> the Reading."""
    return Reading(
        rows=tuple(revived(KINDS[kind].row, row) for row in stored["rows"]),
        bad=_bad_from_json(stored["bad"]),
        unknown_columns=tuple(stored["unknown_columns"]),
        blank_rows=stored["blank_rows"],
        sheet=stored["sheet"],
        skipped=_bad_from_json(stored.get("skipped", [])),
    )


def bad_to_json(rows: Sequence[BadRow]) -> list[Json]:
    """Rows that cannot be taken -> what is kept of them."""
    return [{"row": bad.row, "cells": bad.cells, "reasons": [[c, text_to_json(text)] for c, text in bad.reasons]} for bad in rows]


def _bad_from_json(stored: list[Json]) -> tuple[BadRow, ...]:
    return tuple(
        BadRow(bad["row"], bad["cells"], tuple((column, text_from_json(text)) for column, text in bad["reasons"]))
        for bad in stored
    )

"""The lists that can be brought in as files: what each is, who may, how it is read, and how it waits as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dispatch.devices import part_forms
from dispatch.devices.forms import SIM_COLUMNS, TERMINAL_COLUMNS, SimRow, TerminalRow, read_sims, read_terminals
from dispatch.devices.part_forms import PartRow, read_parts
from dispatch.errors import RuleBroken
from dispatch.fees import forms as price_forms
from dispatch.fees.forms import PriceRow, read_prices
from dispatch.intake import calls
from dispatch.intake.calls import RepairCall, read_calls
from dispatch.intake.stored_calls import call_from_json, call_to_json
from dispatch.intake.stored_rows import Json, kept, revived
from dispatch.staff import forms as staff_forms
from dispatch.staff.forms import TechnicianRow, read_technicians
from dispatch.tabular.cells import is_blank, line_of, masked
from dispatch.tabular.columns import Column
from dispatch.tabular.imports import Import, RowProblem
from dispatch.tabular.tables import Sheet, Workbook
from dispatch.words import Text, text_from_json, text_to_json

Row = TerminalRow | SimRow | TechnicianRow | PriceRow | PartRow | RepairCall
MOST_SHOWN = 60


@dataclass(frozen=True)
class ListKind:
    """One kind of list: `keep` and `revive` turn a row into JSON and back."""

    permission: str
    columns: tuple[Column, ...]
    read: Callable[[Workbook], Import[Any]]
    revive: Callable[[Json], Any]
    keep: Callable[[Any], Json] = kept


KINDS: dict[str, ListKind] = {
    "terminals": ListKind("stock.change", TERMINAL_COLUMNS, read_terminals, partial(revived, TerminalRow)),
    "sims": ListKind("stock.change", SIM_COLUMNS, read_sims, partial(revived, SimRow)),
    "parts": ListKind("stock.change", part_forms.COLUMNS, read_parts, partial(revived, PartRow)),
    "technicians": ListKind("staff.import", staff_forms.COLUMNS, read_technicians, partial(revived, TechnicianRow)),
    "prices": ListKind("price.change", price_forms.COLUMNS, read_prices, partial(revived, PriceRow)),
    "calls": ListKind("order.take", calls.COLUMNS, read_calls, call_from_json, call_to_json),
}


@dataclass(frozen=True)
class CellText:
    """A cell that a person may mend: the key of its column, how the file heads it ("" if it has no such column), what it says."""

    key: str
    heading: str
    text: str


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken: its number in the sheet, what stands in it, why not, and the cells to be mended."""

    row: int
    cells: str
    reasons: tuple[tuple[str, Text], ...]
    mend: tuple[CellText, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a file gave: rows that can be taken, rows that cannot, headings nobody knew.

    `skipped` are rows that could be read and were left out when the others were taken in; `mended` are rows that can be taken
    since a person typed something into them.
    """

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    blank_rows: int = 0
    sheet: str = field(default="")
    skipped: tuple[BadRow, ...] = ()
    mended: tuple[BadRow, ...] = ()

    @property
    def left_out(self) -> tuple[BadRow, ...]:
        """All rows that were not taken in, in the file's order."""
        return tuple(sorted((*self.bad, *self.skipped), key=lambda bad: bad.row))


def read_list(kind: str, workbook: Workbook) -> Reading:
    """A file of a kind of list -> Reading. Raises RuleBroken when it is no table or lacks a column."""
    sheet, found = _first_that_fits(workbook, KINDS[kind].read)
    bad = _bad_rows(sheet, found)
    wrong = {row.row for row in bad}
    mended = tuple(_bad_row(sheet, found, row, ()) for row in sheet.told.cells if row in found.texts and row not in wrong)
    return Reading(found.rows, bad, found.unknown_columns, found.blank_rows, sheet.name, mended=mended)


def _first_that_fits(workbook: Workbook, reader: Callable[[Workbook], Import[Any]]) -> tuple[Sheet, Import[Any]]:
    refusals = []
    for sheet in workbook.sheets:
        try:
            return sheet, reader(Workbook(workbook.name, (sheet,)))
        except RuleBroken as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _bad_rows(sheet: Sheet, found: Import[Any]) -> tuple[BadRow, ...]:
    reasons: dict[int, list[RowProblem]] = {}
    for problem in found.problems:
        reasons.setdefault(problem.row, []).append(problem)
    return tuple(_bad_row(sheet, found, row, problems) for row, problems in reasons.items())


def _bad_row(sheet: Sheet, found: Import[Any], row: int, problems: Sequence[RowProblem]) -> BadRow:
    """The row with the cells to be mended: those with a problem, and those in which somebody typed; all where all have moved."""
    texts, typed = found.texts[row], sheet.told.cells.get(row, {})
    keys = {problem.key for problem in problems} | set(typed)
    open_keys = list(found.headings) if "" in keys else [key for key in (*found.headings, *typed) if key in keys]
    mend = tuple(_cell_text(found.headings, texts, key) for key in dict.fromkeys(open_keys))
    return BadRow(row, _cells(sheet, row), tuple((problem.column, problem.text) for problem in problems), mend)


def _cell_text(headings: Mapping[str, str], texts: Mapping[str, str], key: str) -> CellText:
    return CellText(key, headings.get(key, ""), texts.get(key, ""))


def _cells(sheet: Sheet, row: int) -> str:
    """What stands in a row of the file, for a person to recognise it."""
    cells = [masked(line_of(cell))[:MOST_SHOWN] for cell in sheet.rows[row - 1] if not is_blank(cell)]
    return " · ".join(cells)


def words_of(row: Row) -> str:
    """The numbers and names by which a person recognises a row."""
    if isinstance(row, TerminalRow):
        return " · ".join(filter(None, (row.serial, row.model, row.imei)))
    if isinstance(row, SimRow):
        return " · ".join(filter(None, (row.iccid.shown, row.msisdn)))
    if isinstance(row, RepairCall):
        return " · ".join(filter(None, (row.customer, row.plate or row.vin, row.symptom)))
    return f"{row.staff_no} · {row.name}" if isinstance(row, TechnicianRow) else f"{row.code} · {row.name}"


def to_json(kind: str, reading: Reading) -> dict[str, Json]:
    """A Reading -> what waits in the upload."""
    same = {"unknown_columns": list(reading.unknown_columns), "blank_rows": reading.blank_rows, "sheet": reading.sheet}
    rows = [KINDS[kind].keep(row) for row in reading.rows]
    return {"rows": rows, "bad": bad_to_json(reading.bad), "mended": bad_to_json(reading.mended), **same}


def from_json(kind: str, stored: dict[str, Json]) -> Reading:
    """What `to_json` gave -> the Reading; a file that could not be read yet gives an empty one."""
    return Reading(
        rows=tuple(KINDS[kind].revive(row) for row in stored.get("rows", [])),
        bad=_bad_from_json(stored.get("bad", [])),
        unknown_columns=tuple(stored.get("unknown_columns", [])),
        blank_rows=stored.get("blank_rows", 0),
        sheet=stored.get("sheet", ""),
        skipped=_bad_from_json(stored.get("skipped", [])),
        mended=_bad_from_json(stored.get("mended", [])),
    )


def bad_to_json(rows: Sequence[BadRow]) -> list[Json]:
    """Rows that cannot be taken -> what is kept of them."""
    return [_bad_row_to_json(bad) for bad in rows]


def _bad_row_to_json(bad: BadRow) -> Json:
    reasons = [[column, text_to_json(text)] for column, text in bad.reasons]
    return {"row": bad.row, "cells": bad.cells, "reasons": reasons, "mend": kept(bad.mend)}


def _bad_from_json(stored: list[Json]) -> tuple[BadRow, ...]:
    return tuple(
        BadRow(
            bad["row"],
            bad["cells"],
            tuple((column, text_from_json(text)) for column, text in bad["reasons"]),
            tuple(CellText(**cell) for cell in bad.get("mend", [])),
        )
        for bad in stored
    )

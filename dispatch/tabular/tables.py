"""Any file -> Workbook. The kind is decided by the content; what is not a table is refused with a sentence."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from dispatch.errors import RuleBroken
from dispatch.tabular import apart, delimited
from dispatch.tabular.cells import Cell, is_blank, tidy, tidy_text
from dispatch.tabular.kinds import damaged, has_macros, kind_of, locked
from dispatch.tabular.packed import USUAL, Limits, check_size, check_zip
from dispatch.tabular.told import NOTHING, Told
from dispatch.words import say

Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """A grid: `rows[0]` is row 1. Blank rows in between are kept, blank ones at the end are not.

    `cut` from text at its delimiters, which may stand inside a cell that nobody put into quotes. `told`: what a person said.
    """

    name: str
    rows: tuple[Row, ...]
    cut: bool = False
    told: Told = NOTHING


@dataclass(frozen=True)
class Workbook:
    """The visible sheets of a file that hold anything, in their order. `name` is the file's. `macros`: it has some, never run."""

    name: str
    sheets: tuple[Sheet, ...]
    macros: bool = False

    def told(self, told: Told) -> Workbook:
        """The same file, to be read as a person said."""
        return replace(self, sheets=tuple(replace(sheet, told=told) for sheet in self.sheets))


def read(name: str, content: bytes, limits: Limits = USUAL) -> Workbook:
    """A file's name and bytes -> Workbook. Raises RuleBroken with a sentence fit to be shown."""
    readers = {"text": _text_sheets, "zip": _zipped_sheets, "ole": _old_sheets}
    sheets = readers[kind_of(content)](name, content, limits)
    filled = tuple(sheet for sheet in sheets if sheet.rows)
    if not filled:
        raise RuleBroken(say("The file is empty."))
    return Workbook(name, filled, has_macros(content))


def _text_sheets(name: str, content: bytes, limits: Limits) -> list[Sheet]:
    rows = delimited.rows_of(delimited.decode(content, limits), limits)
    return [replace(_sheet(name, ([tidy_text(cell) for cell in row] for row in rows), limits), cut=True)]


def _zipped_sheets(_: str, content: bytes, limits: Limits) -> list[Sheet]:
    check_zip(content, limits)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [_zipped_sheet(book.get_sheet_by_name(name), limits) for name in _visible(book)]
    except RuleBroken:
        raise
    except PasswordError as error:
        raise locked() from error
    except BaseException as error:
        # The reader's own panics are no Exception; anything else that is none (an interrupt) must pass.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise damaged() from error
        raise


def _visible(book: CalamineWorkbook) -> list[str]:
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    return [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible] or [sheet.name for sheet in sheets]


def _zipped_sheet(sheet: CalamineSheet, limits: Limits) -> Sheet:
    rows = [[tidy(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        _fill_down(rows, top, bottom, left)
    return _sheet(sheet.name, rows, limits)


def _fill_down(rows: list[list[Cell]], top: int, bottom: int, column: int) -> None:
    """A cell merged over several rows holds its value in the first only; every row of it means that value."""
    for row in islice(rows, top + 1, bottom + 1):
        if column < len(row) and is_blank(row[column]):
            row[column] = rows[top][column]


def _old_sheets(_: str, content: bytes, limits: Limits) -> list[Sheet]:
    try:
        done = subprocess.run(
            [sys.executable, apart.__file__], input=content, capture_output=True, timeout=apart.MOST_SECONDS * 2, check=True
        )
    except subprocess.SubprocessError as error:
        raise (locked() if b"assword" in (getattr(error, "stderr", None) or b"") else damaged()) from error
    sheets = json.loads(done.stdout, object_hook=apart.decode)
    return [_sheet(name, [[tidy(value) for value in row] for row in rows], limits) for name, rows in sheets]


def _sheet(name: str, rows: Iterable[Sequence[Cell]], limits: Limits) -> Sheet:
    kept: list[Row] = []
    for number, row in enumerate(rows, start=1):
        cells = _without_tail(row)
        if cells:
            check_size(number, len(cells), limits)
        kept.append(cells)
    while kept and not kept[-1]:
        kept.pop()
    return Sheet(name, tuple(kept))


def _without_tail(row: Sequence[Cell]) -> Row:
    end = len(row)
    while end and is_blank(row[end - 1]):
        end -= 1
    return tuple(row[:end])

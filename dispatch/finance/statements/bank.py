"""A bank's statement: any spreadsheet or csv; columns found by how banks head them, or as a person said of that bank's files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from dispatch.finance.statements.bank_checks import check_balance, check_summary
from dispatch.finance.statements.bank_columns import COLUMNS, IN_WORDS, OUT_WORDS
from dispatch.finance.statements.bank_kinds import kind_of
from dispatch.finance.statements.bank_summary import movements_of, said_of
from dispatch.finance.statements.cells import to_the_fen, wrong
from dispatch.finance.statements.lines import Keys, Line, Statement, receipt_in
from dispatch.tabular.cells import Cell, is_blank, line_of, plain, read_date, read_decimal, read_moment, read_time
from dispatch.tabular.columns import Table, TableRow, Unrecognised, find_table, header_of
from dispatch.tabular.listening import counted
from dispatch.tabular.tables import Sheet, Workbook
from dispatch.words import Text, say

CHANNEL_COLUMNS = ("微信订单号", "支付宝交易号")
_ROUNDED = re.compile(r"^\d\.\d+E\+?\d+$")
_TOGETHER = re.compile(r"^(\d{4}-?\d{2}-?\d{2})[ T]?(\d{2}:?\d{2}(?::?\d{2})?)$")
_HAS_DAY = re.compile(r"^\d{4}(?:[-/.年]|\d{4})")
_DIGITS = re.compile(r"^(\d{2})(\d{2})(\d{2})$")


def read_bank(workbook: Workbook, zone: ZoneInfo) -> Statement:
    """A statement of a bank -> Statement. Raises Unrecognised where a person could say which column is what, else RuleBroken."""
    sheet = workbook.sheets[0]
    table = find_table(sheet, COLUMNS)
    _demand_columns(table)
    rows, keys = movements_of(table), Keys()
    movements = [_movement(row, zone, keys) for row in counted(rows)]
    lines = tuple(line for line, _ in movements)
    said = said_of(sheet, table, rows)
    check_summary(said, lines)
    check_balance(said, movements)
    return Statement("bank", said.account or said.bank, said.bank, lines)


def is_channels(sheet: Sheet) -> bool:
    """Is it a bill of a channel that a spreadsheet program has saved?"""
    return any(line_of(cell).strip("`\t ") in CHANNEL_COLUMNS for row in sheet.rows[:30] for cell in row)


def _demand_columns(table: Table) -> None:
    dated = table.has("date") or table.has("time")
    if not dated or not (table.has("amount") or table.has("credit") or table.has("debit")):
        found = ", ".join((*table.headings.values(), *table.unknown_columns))
        missing = say("an amount (debit and credit, or one amount)") if dated else say("a date")
        raise Unrecognised(say("No column was recognised as %(missing)s. Found: %(found)s.", missing=missing, found=found))


Movement = tuple[Line, Decimal | None]
"""A line, and the balance that the bank gives after it."""


def _movement(row: TableRow, zone: ZoneInfo, keys: Keys) -> Movement:
    if row.beyond:
        raise wrong(row.row, say("it has more cells than the heading: a comma stands in one that is not in quotes"))
    amount, at = _amount(row), _time(row, zone)
    note = " ".join(dict.fromkeys(filter(None, (row.text("note"), row.text("more")))))
    party, reference = row.text("party"), _reference(row)
    balance = _money(row, "balance")
    known_by = (reference,) if reference else (at.isoformat(), amount, party, note, balance)
    kind = kind_of(amount, note, party)
    line = Line(
        row=row.row,
        time=at,
        kind=kind,
        amount=amount,
        fee=None,
        receipt=receipt_in(note),
        reference=reference or None,
        party=party or None,
        note=note or None,
        key=keys.of("in" if amount > 0 else "out", *known_by),
    )
    return line, balance


def _reference(row: TableRow) -> str:
    number = row.code("reference").strip("`'")
    if _ROUNDED.match(number):
        told = say("the number “%(text)s” was cut by a spreadsheet program; send the file as it was fetched", text=number)
        raise wrong(row.row, told)
    return number


def _amount(row: TableRow) -> Decimal:
    """What came in, or went out as an amount below zero."""
    debit, credit = _money(row, "debit") or Decimal(0), _money(row, "credit") or Decimal(0)
    if debit and credit:
        raise wrong(row.row, say("it has an amount in and an amount out"))
    if debit or credit:
        return credit - abs(debit) if debit else credit
    amount = _money(row, "amount")
    if not amount:
        raise wrong(row.row, say("it has no amount"))
    return _directed(row, amount)


def _directed(row: TableRow, amount: Decimal) -> Decimal:
    way = row.code("direction").casefold()
    if way and way not in (*IN_WORDS, *OUT_WORDS):
        raise wrong(row.row, say("“%(text)s” does not say whether money came or went", text=row.text("direction")))
    return -abs(amount) if way in OUT_WORDS else amount


def _money(row: TableRow, key: str) -> Decimal | None:
    value = read_decimal(row.cell(key))
    if isinstance(value, Text):
        raise wrong(row.row, value)
    if value is not None and abs(value) >= 10**10:
        raise wrong(row.row, say("“%(text)s” is not an amount", text=row.text(key)))
    return None if value is None else to_the_fen(value, row.row)


def _time(row: TableRow, zone: ZoneInfo) -> datetime:
    day, clock = row.cell("date"), row.cell("time")
    if is_blank(day) or _HAS_DAY.match(plain(clock)):
        day, clock = clock, ""
    moment = _moment(day)
    if isinstance(moment, datetime) and not is_blank(clock):
        at = read_time(_clock(clock))
        moment = at if isinstance(at, Text) else datetime.combine(moment.date(), at or time())
    if not isinstance(moment, datetime):
        raise wrong(row.row, moment or say("it has no date"))
    return moment.replace(tzinfo=zone)


def _moment(cell: Cell) -> datetime | Text | None:
    """A day, or a day and time, with or without signs between: 20261202 10:51:11."""
    together = _TOGETHER.match(plain(cell)) if not isinstance(cell, datetime) else None
    if together is None:
        return read_moment(cell)
    day, at = read_date(together[1]), read_time(_clock(together[2]))
    if isinstance(day, Text):
        return day
    return at if isinstance(at, Text) else datetime.combine(day or date.min, at or time())


def _clock(cell: Cell) -> Cell:
    """105111 is 10:51:11; a spreadsheet's moment of the day its time."""
    if isinstance(cell, datetime):
        return cell.strftime("%H:%M:%S")
    digits = _DIGITS.match(plain(cell).zfill(6)) if plain(cell).isdigit() else None
    return f"{digits[1]}:{digits[2]}:{digits[3]}" if digits else cell


def first_sheet(workbook: Workbook) -> Workbook:
    """The sheet with the lines: the first that has such columns, else the first."""
    sheets: Sequence[Sheet] = workbook.sheets
    chosen = next((sheet for sheet in sheets if header_of(sheet, COLUMNS) is not None), sheets[0])
    return Workbook(workbook.name, (chosen,), workbook.macros)

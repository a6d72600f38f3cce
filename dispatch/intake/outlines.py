"""What a file gives, line by line, for programs: what stands in each, whether it can be taken, and why not or what to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.calls import RepairCall
from dispatch.intake.lists import KINDS, BadRow, Reading
from dispatch.intake.marks import Marked
from dispatch.intake.requests import Request
from dispatch.intake.rules import Settled
from dispatch.words import Text, say

Json = dict[str, Any]


@dataclass(frozen=True)
class Reason:
    """Why a line is not simply fine: a sentence, and the column it speaks of ("" if of none alone)."""

    text: Text
    column: str = ""
    code: str = ""


@dataclass(frozen=True)
class Outline:
    """One line: its row in the sheet, "ok", "attention" or "rejected", what stands in it, and why."""

    row: int
    status: str
    values: Json
    reasons: tuple[Reason, ...] = ()

    def as_json(self, words: Callable[[Text], str]) -> Json:
        """The line for programs; `cells` says of each reason which column it speaks of."""
        cells = [{"column": one.column, "code": one.code, "value": self.values.get(one.column)} for one in self.reasons]
        reasons = [words(one.text) for one in self.reasons]
        return {"row": self.row, "status": self.status, "values": self.values, "reasons": reasons, "cells": cells}


COLUMN_OF = {
    "nameless": "plate",
    "unplated": "plate",
    "twice": "plate",
    "phone": "drivers",
    "other_owner": "plate",
    "other_branch": "plate",
    "has_terminal": "plate",
}
"""The column that a problem of a vehicle speaks of, where its code does not begin with it."""


def request_outlines(settled: Iterable[Settled]) -> list[Outline]:
    """The vehicles of a request."""
    return [_vehicle(one) for one in settled]


def _vehicle(one: Settled) -> Outline:
    values = {key: value for key, value in asdict(one.line).items() if key not in ("row", "problems")}
    reasons = tuple(Reason(problem.text, _column(problem.code), problem.code) for problem in one.problems)
    return Outline(one.line.row, "rejected" if one.blocks else "attention" if reasons else "ok", values, reasons)


def _column(code: str) -> str:
    return COLUMN_OF.get(code, code.split("_")[0])


def request_facts(request: Request) -> Json:
    """What the block above the vehicles says."""
    header = asdict(request.header)
    wanted = request.header.wanted_on
    return header | {"wanted_on": wanted and wanted.isoformat(), "blank_rows": request.blank_rows}


def list_facts(reading: Reading) -> Json:
    """What is to be said of a list as a whole."""
    return {"sheet": reading.sheet, "unknown_columns": list(reading.unknown_columns), "blank_rows": reading.blank_rows}


def list_outlines(kind: str, reading: Reading, marked: Sequence[Marked]) -> list[Outline]:
    """The rows of a list in the file's order; `marked` are its rows against the record, or as they are if that was not asked."""
    lines = [*(_bad(bad) for bad in reading.bad), *(_row(kind, each) for each in marked)]
    return sorted(lines, key=lambda line: line.row)


def _bad(bad: BadRow) -> Outline:
    values = {cell.key: cell.text for cell in bad.mend} | {"cells": bad.cells}
    keys: Mapping[str, str] = {cell.heading: cell.key for cell in bad.mend}
    return Outline(bad.row, "rejected", values, tuple(Reason(text, keys.get(column, column)) for column, text in bad.reasons))


def _row(kind: str, each: Marked) -> Outline:
    kept = KINDS[kind].keep(each.row)
    values = {key: value for key, value in kept.items() if key != "row"}
    refused, doubtful = _refusals(each), _doubts(each)
    return Outline(each.row.row, "rejected" if refused else "attention" if doubtful else "ok", values, (*refused, *doubtful))


def _refusals(each: Marked) -> tuple[Reason, ...]:
    """What stands in the way of a row."""
    missing = call_reasons(each.row)[0] if isinstance(each.row, RepairCall) else {}
    if missing:
        return tuple(Reason(text, key, "missing") for key, text in missing.items())
    return (Reason(each.refused, each.field, "record"),) if each.refused is not None else ()


def _doubts(each: Marked) -> tuple[Reason, ...]:
    """What to look at in a row that can be taken."""
    if isinstance(each.row, RepairCall):
        doubts = (Reason(doubt.text, key, doubt.code) for key, doubt in call_reasons(each.row)[1].items())
        text = joins(each)
        return (*doubts, *((Reason(text, "plate", "joins"),) if text else ()))
    new = (Reason(say("“%(name)s” is new", name=getattr(each.row, kind)), kind, "new") for kind in sorted(each.makes))
    changed = (Reason(CHANGES, "", "update"),) if each.differs else ()
    return (*new, *changed)


def joins(each: Marked) -> Text | None:
    """Which order a call does not become but joins."""
    if each.joins:
        return say("joins order %(number)s, which is under way", number=each.joins)
    return say("joins the order of row %(row)s", row=each.first) if each.first is not None else None


CHANGES = say("changes somebody on record")

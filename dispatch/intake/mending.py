"""Cells that a person may mend on the preview of a list: which ones, and what he typed into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.calls import RepairCall
from dispatch.intake.lists import KINDS, BadRow, CellText, Reading, words_of
from dispatch.intake.marks import Marked
from dispatch.tabular.cells import tidy_text
from dispatch.typed import LONGEST_TEXT
from dispatch.words import Text


@dataclass(frozen=True)
class OpenRow:
    """A row with cells to be mended: why it cannot be taken as it is (nothing, once it is mended), and what stands in it."""

    row: int
    cells: str
    reasons: tuple[tuple[str, Text], ...]
    mend: tuple[CellText, ...]
    on_record: bool = field(default=False)


def open_rows(kind: str, reading: Reading, marked: Sequence[Marked]) -> list[OpenRow]:
    """The rows that cannot be read, those that the record refuses, and those that were mended, in the file's order."""
    mended = {row.row: row for row in reading.mended}
    refused = [_refused(kind, each, mended.pop(each.row.row, None)) for each in marked if each.refused is not None]
    others = [OpenRow(bad.row, bad.cells, bad.reasons, bad.mend) for bad in (*reading.bad, *mended.values())]
    return sorted([*others, *refused], key=lambda one: one.row)


def _refused(kind: str, each: Marked, mended: BadRow | None) -> OpenRow:
    texts, reasons = _texts(kind, each), _reasons(each)
    own = [CellText(key, "", texts.get(key, "")) for key in reasons if key]
    more = [cell for cell in (mended.mend if mended else ()) if cell.key not in reasons]
    told = tuple(("", text) for text in reasons.values())
    return OpenRow(each.row.row, words_of(each.row), told, (*own, *more), on_record=True)


def _reasons(each: Marked) -> dict[str, Text]:
    """Why a row that was read cannot be taken, by column."""
    assert each.refused is not None
    missing = call_reasons(each.row)[0] if isinstance(each.row, RepairCall) else {}
    return missing or {each.field: each.refused}


def _texts(kind: str, each: Marked) -> dict[str, str]:
    """The cells of a row that was read, as they may be typed."""
    kept = KINDS[kind].keep(each.row)
    known = {column.key for column in KINDS[kind].columns}
    return {key: _text(value) for key, value in kept.items() if key in known and not isinstance(value, list)}


def _text(value: object) -> str:
    """A value as it may be typed; of one with several spellings (an ICCID) the first."""
    if isinstance(value, dict):
        return "-".join(str(part) for part in value.values()) if "start" in value else str(next(iter(value.values())))
    return "" if value is None else str(value)


def read_mends(kind: str, texts: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """What was typed into cells: `cell-12-imei` where it differs from `was-12-imei`. Row -> key -> text."""
    known = {column.key for column in KINDS[kind].columns}
    typed: dict[int, dict[str, str]] = {}
    for name, text in texts.items():
        found = re.fullmatch(r"cell-(\d{1,6})-([a-z0-9_]{1,30})", name)
        if found and found[2] in known and text.strip() != texts.get(f"was-{found[1]}-{found[2]}", ""):
            typed.setdefault(int(found[1]), {})[found[2]] = tidy_text(text.replace("\x00", ""))[:LONGEST_TEXT]
    return typed

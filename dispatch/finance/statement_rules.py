"""Statements that are kept: in which state a file and its lines are, and when a file contradicts what is kept already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dispatch.finance.statements.lines import Line
from dispatch.words import Text, say

STATES: dict[str, Text] = {
    "asked": say("Waits to be read"),
    "running": say("Is being read"),
    "unread": say("Columns not recognised"),
    "failed": say("Could not be read"),
    "kept": say("Read"),
}
UNDER_WAY = ("asked", "running")
LINE_STATES: dict[str, Text] = {"open": say("Not matched"), "matched": say("Matched"), "explained": say("Explained")}
STAGES: dict[str, Text] = {"reading": say("The lines are read"), "rows": say("The rows are written")}


@dataclass(frozen=True)
class Kept:
    """A line that is on record, and the file that brought it."""

    key: str
    kind: str
    at: datetime
    amount: Decimal
    receipt: str | None
    reference: str | None
    file_name: str
    row: int


def is_same(line: Line, kept: Kept) -> bool:
    """Does a file say of a line what is on record? A fee may be told later, the money may not change."""
    return (line.amount, line.time, line.receipt) == (kept.amount, kept.at, kept.receipt)


def new_lines(lines: Iterable[Line], kept: Mapping[str, Kept]) -> list[Line]:
    """The lines that are not on record yet."""
    return [line for line in lines if line.key not in kept]


def contradiction(lines: Iterable[Line], kept: Mapping[str, Kept], *, whole: bool = True) -> Text | None:
    """Why a file cannot be right if what is on record is: a line differs, or one of the same time and kind is missing.

    Not `whole`: nothing says that both are of one account, and lines may well be in one file only.
    """
    lines = list(lines)
    for line in lines:
        known = kept.get(line.key)
        if known is not None and not is_same(line, known):
            return _differs(line, known)
    lost = _lost(lines, kept) if whole else None
    return _missing(lost) if lost else None


def _lost(lines: list[Line], kept: Mapping[str, Kept]) -> Kept | None:
    """The first line on record from between the first and last line of its kind in the file, which the file does not have."""
    keys = {line.key for line in lines}
    spans: dict[str, tuple[datetime, datetime]] = {}
    for line in lines:
        first, last = spans.get(line.kind, (line.time, line.time))
        spans[line.kind] = (min(first, line.time), max(last, line.time))
    gone = (each for each in kept.values() if each.key not in keys and each.kind in spans)
    return next((each for each in gone if spans[each.kind][0] < each.at < spans[each.kind][1]), None)


def _differs(line: Line, kept: Kept) -> Text:
    return say(
        "Row %(row)s (%(number)s) says %(new)s at %(new_time)s for %(new_receipt)s, but row %(old_row)s of %(file)s said %(old)s "
        "at %(old_time)s for %(old_receipt)s: the file was changed. Nothing of it was taken in.",
        row=line.row,
        number=line.reference or "—",
        new=f"{line.amount:.2f}",
        new_time=f"{line.time:%Y-%m-%d %H:%M:%S}",
        new_receipt=line.receipt or "—",
        file=kept.file_name,
        old_row=kept.row,
        old=f"{kept.amount:.2f}",
        old_time=f"{kept.at.astimezone(line.time.tzinfo):%Y-%m-%d %H:%M:%S}",
        old_receipt=kept.receipt or "—",
    )


def _missing(kept: Kept) -> Text:
    return say(
        "The line %(number)s over %(amount)s, row %(row)s of %(file)s, is missing here, though the file has lines before and "
        "after it: the file is not whole, or was changed. Nothing of it was taken in.",
        number=kept.reference or kept.receipt or "—",
        amount=f"{kept.amount:.2f}",
        file=kept.file_name,
        row=kept.row,
    )

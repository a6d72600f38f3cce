"""Whether a bank's lines are all there and as the bank wrote them: its own sums, and the balance after each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dispatch.finance.statements.bank_summary import Said
from dispatch.finance.statements.cells import wrong
from dispatch.finance.statements.lines import NOTHING, Line, must_agree
from dispatch.words import say

COUNT = say("the number of lines")
DEBITS, CREDITS = say("the number of amounts out"), say("the number of amounts in")
DEBIT, CREDIT = say("the sum of amounts out"), say("the sum of amounts in")
OPENING, CLOSING = say("the balance before"), say("the balance after")


def check_summary(said: Said, lines: Sequence[Line]) -> None:
    """Raise RuleBroken unless the file's own sums are those of its lines."""
    went = [-line.amount for line in lines if line.amount < 0]
    came = [line.amount for line in lines if line.amount > 0]
    must_agree(COUNT, said.count, len(lines))
    must_agree(DEBITS, said.debits, len(went))
    must_agree(CREDITS, said.credits, len(came))
    must_agree(DEBIT, None if said.debit is None else abs(said.debit), sum(went, NOTHING))
    must_agree(CREDIT, said.credit, sum(came, NOTHING))


def check_balance(said: Said, movements: Sequence[tuple[Line, Decimal | None]]) -> None:
    """Raise RuleBroken where a line is missing or changed: the balances before and after do not differ by what moved.

    Banks list the oldest first or the newest; lines of the same second may stand in any order.
    """
    rows = [(line, balance) for line, balance in movements if balance is not None]
    if not rows or len(rows) < len(movements):
        return
    moved = sum((line.amount for line, _ in rows), NOTHING)
    for ordered in (rows, rows[::-1]):
        (first, after_first), (_, after_last) = ordered[0], ordered[-1]
        before = (after_first or NOTHING) - first.amount
        if (after_last or NOTHING) - before == moved:
            must_agree(OPENING, said.opening, before)
            must_agree(CLOSING, said.closing, after_last or NOTHING)
            return
    line = _first_break(rows)
    raise wrong(
        line.row,
        say("the balance does not follow from the row before: a line is missing or was changed. Fetch the file anew."),
    )


def _first_break(rows: Sequence[tuple[Line, Decimal | None]]) -> Line:
    """The line at which balances stop following, read in the direction in which they go on longer."""
    down, up = _followed(rows), _followed(rows[::-1])
    return rows[min(down, len(rows) - 1)][0] if down >= up else rows[::-1][min(up, len(rows) - 1)][0]


def _followed(rows: Sequence[tuple[Line, Decimal | None]]) -> int:
    """How many rows from the first on follow."""
    for at in range(1, len(rows)):
        line, balance = rows[at]
        if balance != (rows[at - 1][1] or NOTHING) + line.amount:
            return at
    return len(rows)

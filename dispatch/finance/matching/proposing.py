"""Matching in the order of certainty: our number, the channel's number, then amount, time and person, then a day's cards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dispatch.finance.matching.by_amount import match_amounts, match_sums
from dispatch.finance.matching.by_day import match_days
from dispatch.finance.matching.by_number import match_numbers, match_references
from dispatch.finance.matching.facts import Found, OpenItem, OpenLine, Outcome

Key = tuple[tuple[int, ...], tuple[int, ...]]


def propose(lines: Sequence[OpenLine], items: Sequence[OpenItem], refused: Collection[Key] = ()) -> Outcome:
    """What belongs together. What was `refused` or undone before is not asked again, nor done by itself."""
    outcome = Outcome()
    naming = match_numbers(lines, items, outcome)
    free_items = _rest_of(items, outcome)
    match_references([line for line in lines if line.id not in naming], free_items, outcome)
    done = naming | {id_ for each in (*outcome.sure, *outcome.asked) for id_ in each.lines}
    rest = [line for line in lines if line.id not in done]
    outcome.asked += [Found((line.id,), (), "fee", 95) for line in rest if line.kind == "fee"]
    # A line that names a number which is not open here pays something else, whatever its amount.
    nameless = [line for line in rest if line.receipt is None and line.kind != "fee"]
    free_items = _rest_of(free_items, outcome)
    match_amounts(nameless, free_items, outcome)
    seen = {id_ for each in outcome.asked for id_ in each.lines}
    match_sums([line for line in nameless if line.id not in seen], free_items, outcome)
    match_days(nameless, free_items, outcome)
    return _without(outcome, refused) if refused else outcome


def _rest_of(items: Sequence[OpenItem], outcome: Outcome) -> list[OpenItem]:
    used = {id_ for each in (*outcome.sure, *outcome.asked) for id_ in each.items}
    return [item for item in items if item.id not in used]


def _without(outcome: Outcome, refused: Collection[Key]) -> Outcome:
    sure, asked = ([each for each in found if each.key not in refused] for found in (outcome.sure, outcome.asked))
    return Outcome(sure, asked, outcome.findings)


def findings(lines: Sequence[OpenLine], outcome: Outcome, fates: Mapping[str, str]) -> dict[int, str]:
    """Why each line that nothing fits is in the work list. `fates`: what became of the numbers that lines name."""
    found = dict(outcome.findings)
    settled = {id_ for each in (*outcome.sure, *outcome.asked) for id_ in each.lines}
    for line in lines:
        if line.id not in settled and line.id not in found:
            found[line.id] = _finding(line, fates.get(line.receipt or ""))
    return found


def _finding(line: OpenLine, fate: str | None) -> str:
    if line.kind == "refund" or (fate is not None and line.amount < 0):
        return "refund_unknown"
    return {"matched": "twice", "void": "reversed"}.get(fate or "", "unknown")

"""Matching by our own number, and by the channel's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from dispatch.finance.matching.facts import Found, OpenItem, OpenLine, Outcome, fits, in_time
from dispatch.finance.matching.numbers import Numbers, compact

MOST_CANDIDATES = 3
Named = list[tuple[OpenLine, list[OpenItem]]]


def match_numbers(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> set[int]:
    """Match what names our numbers; the ids of the lines that do, whatever came of them."""
    numbers = Numbers(items)
    named = [(line, _candidates(numbers, line)) for line in lines]
    named = [(line, found) for line, found in named if found]
    taken = _exact(named, outcome)
    _parts(named, taken, outcome)
    return {line.id for line, _ in named}


def _candidates(numbers: Numbers, line: OpenLine) -> list[OpenItem]:
    """What the line names: by the number that reading found, in a note, in the channel's number."""
    texts = (line.receipt, line.note) if line.channel == "bank" else (line.receipt or line.note,)
    return [item for item in numbers.named(*texts) if fits(line, item)]


def _exact(named: Named, outcome: Outcome) -> dict[int, str]:
    """Pairs of one amount. Gives the items that are taken, each with the way."""
    by_item: dict[int, list[OpenLine]] = {}
    pairs: list[tuple[OpenLine, list[OpenItem]]] = []
    for line, found in named:
        exact = [item for item in found if item.amount == line.amount]
        if exact:
            pairs.append((line, exact))
            for item in exact:
                by_item.setdefault(item.id, []).append(line)
    taken: dict[int, str] = {}
    for line, exact in pairs:
        if len(exact) > 1:
            _ask_which(line, exact, outcome)
            taken.update((item.id, "ambiguous") for item in exact)
        elif line is _nearest(by_item[exact[0].id], exact[0]):
            way = "number" if in_time(line, exact[0]) else "number_late"
            found_ = Found((line.id,), (exact[0].id,), way, 100 if way == "number" else 80)
            (outcome.sure if way == "number" else outcome.asked).append(found_)
            taken[exact[0].id] = way
        else:
            outcome.findings[line.id] = "twice"
    return taken


def _nearest(lines: Sequence[OpenLine], item: OpenItem) -> OpenLine:
    """Of several lines that pay one receipt alike, the one that is nearest in time."""
    return min(lines, key=lambda line: (abs(line.at - item.at), line.id)) if len(lines) > 1 else lines[0]


def _ask_which(line: OpenLine, items: Iterable[OpenItem], outcome: Outcome) -> None:
    near = sorted(items, key=lambda item: (abs(line.at - item.at), item.id))[:MOST_CANDIDATES]
    outcome.asked += [Found((line.id,), (item.id,), "ambiguous", 60) for item in near]


def _parts(named: Named, taken: dict[int, str], outcome: Outcome) -> None:
    """A line that pays several items, several lines that pay one, and amounts that differ."""
    done = {id_ for each in (*outcome.sure, *outcome.asked) for id_ in each.lines} | set(outcome.findings)
    left = [(line, [item for item in found if item.id not in taken]) for line, found in named if line.id not in done]
    by_item: dict[int, list[OpenLine]] = {}
    for line, free in left:
        if not free:
            outcome.findings[line.id] = "twice"
        elif len(free) > 1 and sum((item.amount for item in free), Decimal(0)) == line.amount:
            outcome.asked.append(Found((line.id,), tuple(item.id for item in free), "several_items", 90))
        else:
            nearest = min(free, key=lambda item: (abs(item.amount - line.amount), item.id))
            by_item.setdefault(nearest.id, []).append(line)
    free_items = {item.id: item for _, found in left for item in found}
    for item_id, lines in by_item.items():
        _of_one(free_items[item_id], lines, outcome)


def _of_one(item: OpenItem, lines: Sequence[OpenLine], outcome: Outcome) -> None:
    if len(lines) > 1 and sum((line.amount for line in lines), Decimal(0)) == item.amount:
        outcome.asked.append(Found(tuple(line.id for line in lines), (item.id,), "several_lines", 90))
        return
    for line in lines:
        outcome.asked.append(Found((line.id,), (item.id,), "differs", 40))
        outcome.findings[line.id] = "differs"


def match_references(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> None:
    """Match by the number that the channel gave, where we have it: alone on both sides, of one amount."""
    ours: dict[str, list[OpenItem]] = {}
    for item in items:
        if item.reference:
            ours.setdefault(compact(item.reference), []).append(item)
    theirs: dict[str, list[OpenLine]] = {}
    for line in lines if ours else ():
        if line.reference and (number := compact(line.reference)) in ours:
            theirs.setdefault(number, []).append(line)
    for number, shown in theirs.items():
        _reference(shown, ours[number], outcome)


def _reference(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> None:
    pairs = [(line, item) for line in lines for item in items if fits(line, item) and line.amount == item.amount]
    if len(pairs) == 1:
        line, item = pairs[0]
        if in_time(line, item):
            outcome.sure.append(Found((line.id,), (item.id,), "reference", 98))
        else:
            outcome.asked.append(Found((line.id,), (item.id,), "number_late", 75))

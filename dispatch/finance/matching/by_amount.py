"""Matching without a number: by amount, time and person. It is never certain, so a person is asked."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from dispatch.finance.match_rules import FITTING
from dispatch.finance.matching.facts import Found, OpenItem, OpenLine, Outcome, fits

WINDOW = {"wechat": timedelta(days=1), "alipay": timedelta(days=1), "bank": timedelta(days=5)}
"""How far a line may be from the money: a channel tells the minute, a bank takes its time."""
MONTH = timedelta(days=31)
MOST_CANDIDATES = 3
MOST_OPEN = 50
"""Of whom more is open, a sum that fits says nothing."""
KINDS = ("payment", "refund", "deposit")
Side = tuple[str, int, Decimal]


def match_amounts(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> None:
    """Propose what has one amount within a few days; of several candidates the nearest, each as ambiguous."""
    sides: dict[Side, list[OpenItem]] = {}
    for item in items:
        sides.setdefault((item.channel, item.branch_id, item.amount), []).append(item)
    moments: dict[Side, list[datetime]] = {}
    for side, each in sides.items():
        each.sort(key=lambda item: (item.at, item.id))
        moments[side] = [item.at for item in each]
    near = [(line, _near(line, sides, moments)) for line in lines if line.kind in KINDS]
    wanted: dict[int, int] = {}
    for _, found in near:
        for item in found:
            wanted[item.id] = wanted.get(item.id, 0) + 1
    for line, found in near:
        if found:
            _propose(line, found, wanted, outcome)


def _near(line: OpenLine, sides: dict[Side, list[OpenItem]], moments: dict[Side, list[datetime]]) -> list[OpenItem]:
    """The candidates of a line, the nearest first: one more than are shown, so that ambiguity is seen."""
    found: list[OpenItem] = []
    for channel in FITTING[line.channel]:
        side = (channel, line.branch_id, line.amount)
        if side not in sides or (channel == "cash") != (line.kind == "deposit"):
            continue
        at, reach = moments[side], WINDOW[line.channel]
        first, last = bisect_left(at, line.at - reach), bisect_right(at, line.at + reach)
        middle = bisect_left(at, line.at, first, last)
        found += sides[side][max(first, middle - MOST_CANDIDATES) : min(last, middle + MOST_CANDIDATES)]
    return sorted(found, key=lambda item: (not same_person(line, item), abs(line.at - item.at), item.id))


def _propose(line: OpenLine, found: Sequence[OpenItem], wanted: dict[int, int], outcome: Outcome) -> None:
    first, person = found[0], same_person(line, found[0])
    alone = len(found) == 1 and wanted[first.id] == 1
    if alone:
        outcome.asked.append(Found((line.id,), (first.id,), "person" if person else "amount", 85 if person else 70))
        return
    outcome.asked += [
        Found((line.id,), (item.id,), "ambiguous", 45 if same_person(line, item) else 30) for item in found[:MOST_CANDIDATES]
    ]


@lru_cache(10_000)
def plain_name(name: str) -> str:
    """A name without what is written differently each time."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def same_person(line: OpenLine, item: OpenItem) -> bool:
    """Did one of those who may have paid the item send this?"""
    party = plain_name(line.party or "")
    names = [plain_name(each) for each in item.people]
    return len(party) > 1 and any(len(name) > 1 and (name in party or party in name) for name in names)


def match_sums(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> None:
    """Propose that a line pays all that is open of its person, where that comes to its amount."""
    open_of: dict[tuple[int, str], list[OpenItem]] = {}
    for item in items:
        for name in {plain_name(each) for each in item.people}:
            if len(name) > 1 and item.amount > 0:
                open_of.setdefault((item.branch_id, name), []).append(item)
    for line in lines:
        mine = open_of.get((line.branch_id, plain_name(line.party or "")), [])
        mine = [] if len(mine) > MOST_OPEN else [item for item in mine if fits(line, item) and abs(line.at - item.at) <= MONTH]
        if len(mine) > 1 and sum((item.amount for item in mine), Decimal(0)) == line.amount:
            outcome.asked.append(Found((line.id,), tuple(item.id for item in mine), "sum_of_person", 75))

"""Matching a day's cards with the one sum that the bank pays out for them, less its fee. Nothing names them, so it is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from dispatch.finance.matching.facts import Found, OpenItem, OpenLine, Outcome

MOST_FEE = Decimal("0.02")
"""Of what was paid by card, so much is kept at most."""
LATEST = 4
"""So many days later the bank pays it out at the latest."""
MOST_CANDIDATES = 3
DAY = timedelta(days=1)
_CARDS = re.compile(
    r"(?<![A-Z])POS(?![A-Z])|银联|刷卡|收单|银行卡|特约商户|商户(?:清算|结算)|unionpay|card settlement", re.IGNORECASE
)
Place = tuple[int, date]


@dataclass
class Cards:
    """What a branch took by card on a day and nothing shows yet; money given back counts less."""

    day: date
    items: list[OpenItem] = field(default_factory=list)
    sum: Decimal = Decimal("0.00")

    def add(self, item: OpenItem) -> None:
        """One more."""
        self.items.append(item)
        self.sum += item.amount

    def pays(self, line: OpenLine) -> bool:
        """Whether the line may be what the bank pays out for it. A single card has to be called one."""
        fee = self.sum - line.amount
        return 0 <= fee <= self.sum * MOST_FEE and (len(self.items) > 1 or (fee > 0 and says_cards(line)))


def match_days(lines: Sequence[OpenLine], items: Sequence[OpenItem], outcome: Outcome) -> None:
    """Propose for a bank's line the cards of one day before it; where several days or lines could be meant, each as such."""
    days = _days(items)
    near = [(line, found) for line in lines if days and _may_be(line) and (found := _near(line, days))]
    wanted: dict[Place, int] = {}
    for line, found in near:
        for each in found:
            place = (line.branch_id, each.day)
            wanted[place] = wanted.get(place, 0) + 1
    elsewhere = {id_ for each in outcome.asked for id_ in each.lines}
    for line, found in near:
        alone = len(found) == 1 and wanted[line.branch_id, found[0].day] == 1 and line.id not in elsewhere
        outcome.asked += [_proposed(line, each, alone) for each in found]


def _days(items: Sequence[OpenItem]) -> dict[Place, Cards]:
    days: dict[Place, Cards] = {}
    for item in items:
        if item.channel == "pos" and item.day is not None:
            days.setdefault((item.branch_id, item.day), Cards(item.day)).add(item)
    return days


def _may_be(line: OpenLine) -> bool:
    return line.channel == "bank" and line.kind == "payment" and line.amount > 0 and line.day is not None


def _near(line: OpenLine, days: dict[Place, Cards]) -> list[Cards]:
    """The days that the line may pay out, the last one first."""
    assert line.day is not None
    there = (days.get((line.branch_id, line.day - DAY * before)) for before in range(LATEST + 1))
    return [each for each in there if each is not None and each.pays(line)][:MOST_CANDIDATES]


def _proposed(line: OpenLine, cards: Cards, alone: bool) -> Found:
    ids = tuple(item.id for item in cards.items)
    if not alone:
        return Found((line.id,), ids, "cards_ambiguous", 50 if says_cards(line) else 35)
    return Found((line.id,), ids, "cards_of_day", 85 if says_cards(line) else 65)


def says_cards(line: OpenLine) -> bool:
    """Does the bank call it what was paid by card?"""
    return _CARDS.search(f"{line.note or ''} {line.party or ''}") is not None

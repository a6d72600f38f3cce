"""The order list: rows, chips, sort heads and pages, each with the address it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatch.orders.lifecycle import ORDER_STATUSES
from dispatch.orders.models import Order
from dispatch.orders.presenting.clocks import DueMark, due_mark
from dispatch.orders.queries import Filter, Page
from dispatch.orders.rules import lateness
from dispatch.orders.status_words import ORDER_WORDS
from dispatch.words import Text, say

Address = Callable[..., str]
SORT_HEADS = {
    "number": ("newest", "oldest"),
    "wanted": ("wanted", "wanted_late"),
    "urgency": ("urgent", "not_urgent"),
    "due": ("due", "due_late"),
}
DOWN = ("newest", "wanted_late", "urgent", "due_late")


@dataclass(frozen=True)
class Row:
    """One order of the list; `more` vehicles stand behind the first."""

    order: Order
    url: str
    more: int
    edge: str | None
    due: DueMark | None = None


@dataclass(frozen=True)
class Sort:
    """Which head the list is sorted by, and where its heads lead."""

    chosen: str
    address: Address

    @property
    def key(self) -> str:
        """The head in use."""
        return next(key for key, sorts in SORT_HEADS.items() if self.chosen in sorts)

    @property
    def down(self) -> bool:
        """The greatest first."""
        return self.chosen in DOWN

    def url(self, key: str) -> str:
        """The list sorted by another head, or by this one turned round."""
        first, second = SORT_HEADS[key]
        return self.address(sort=second if self.chosen == first else first)


@dataclass(frozen=True)
class Leaf:
    """The page of the list that is shown."""

    number: int
    pages: int
    total: int
    address: Address

    def url(self, number: int) -> str:
        """Another page."""
        return self.address(page=number)


def rows_of(page: Page, today: date, at: datetime, url: Callable[[str], str]) -> list[Row]:
    """The rows of a page."""
    return [_row(order, page, today, at, url(order.number)) for order in page.orders]


def _row(order: Order, page: Page, today: date, at: datetime, url: str) -> Row:
    due = due_mark(order.clocks, at)
    marks = {lateness(order.status, order.wanted_on, today), due.mark if due else None}
    edge = next((mark for mark in ("breached", "risk") if mark in marks), None)
    return Row(order, url, page.line_counts.get(order.id, 1) - 1, edge, due)


def chips_of(chosen: Filter, counts: Mapping[str, int] | None, address: Address) -> list[dict[str, Any]]:
    """One chip for all, one for mine, and one for each status that has orders; without counts every status has a chip."""
    chips: list[dict[str, Any]] = [
        _chip(say("All"), sum(counts.values()) if counts else None, chosen.status is None, address(status=None))
    ]
    for status in ORDER_STATUSES:
        count = counts.get(status, 0) if counts is not None else None
        if count or counts is None or chosen.status == status:
            chips.append(_chip(ORDER_WORDS[status], count, chosen.status == status, address(status=status)))
    return chips


def _chip(label: Text, count: int | None, active: bool, url: str) -> dict[str, Any]:
    return {"label": label, "count": count, "active": active, "url": url}

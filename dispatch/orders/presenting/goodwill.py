"""How goodwill stands for the vehicles of an order, as its history tells it: the page has read that anyway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.audit.models import AuditEntry

STATES = {"goodwill.ask": "open", "goodwill.approve": "approved", "goodwill.refuse": "refused", "goodwill.withdraw": "withdrawn"}


@dataclass(frozen=True)
class GoodwillTold:
    """Asked for, approved or refused, and by whom."""

    state: str
    who: str


def goodwill_told(entries: Iterable[AuditEntry]) -> dict[int, GoodwillTold]:
    """Line -> how it stands, out of an order's entries, newest first."""
    found: dict[int, GoodwillTold] = {}
    for entry in entries:
        if entry.action in STATES:
            found.setdefault(entry.detail["line"], GoodwillTold(STATES[entry.action], entry.by_name))
    return {line: told for line, told in found.items() if told.state != "withdrawn"}

"""The page of closing: chips, groups of rows, and for each missing paper the place where it is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dispatch.orders.models import Order
from dispatch.orders.outstanding import COMPLETE, OWERS, Group, Owing, Wanted
from dispatch.words import Text, say, text_from_json

OWER_WORDS: dict[str, Text] = {
    COMPLETE: say("Ready to close"),
    "technician": say("Technicians"),
    "office": say("The office"),
    "finance": say("Finance"),
}
PLACE_WORDS: dict[str, Text] = {
    "on-site": say("Work on site"),
    "papers": say("Money and papers"),
    "prices": say("Price list"),
    "bag": say("Bag"),
    "binding": say("SIMs to see to"),
    "approvals": say("Approvals"),
    "outside": say("Outside help"),
}
UrlFor = Callable[..., str]


@dataclass(frozen=True)
class Lacking:
    """One sentence, and the link to where it is mended."""

    text: Text
    url: str
    label: Text


@dataclass(frozen=True)
class Row:
    """One order within a group."""

    owing: Owing
    url: str
    lacking: list[Lacking]


@dataclass(frozen=True)
class Section:
    """Who owes, how many orders wait for it in all, and the rows on this page; `url` shows only these."""

    title: Text | str
    count: int
    url: str
    rows: list[Row]


def sections(owed: Iterable[Owing], groups: Sequence[Group], url_for: UrlFor) -> list[Section]:
    """The rows of a page under who owes them."""
    counts = {(group.owes, group.who): group.orders for group in groups}
    made = []
    for (owes, who), mine in groupby(owed, key=lambda each: (each.owes, each.who)):
        url = url_for("orders.closing", owes=owes, who=who)
        rows = [_row(each, url_for) for each in mine]
        made.append(Section(who or OWER_WORDS[owes], counts.get((owes, who), len(rows)), url, rows))
    return made


def _row(owing: Owing, url_for: UrlFor) -> Row:
    lacking = [
        Lacking(text_from_json(paper), _place_url(paper, owing.order, url_for), PLACE_WORDS[paper.get("place", "papers")])
        for paper in owing.papers
    ]
    return Row(owing, url_for("orders.show", number=owing.order.number), lacking)


def _place_url(paper: dict[str, Any], order: Order, url_for: UrlFor) -> str:
    place = paper.get("place", "papers")
    if place == "prices":
        return url_for("fees.index")
    if place == "binding":
        return url_for("devices.sims", concern="rebind")
    if place == "bag":
        return url_for("devices.holder", holder_id=paper["params"]["bag"])
    if place == "outside":
        return url_for("outside.order", number=order.number)
    return url_for("orders.show", number=order.number, _anchor=place)


def chips_of(groups: Sequence[Group], orders: Mapping[str | None, int], wanted: Wanted, url_for: UrlFor) -> list[dict[str, Any]]:
    """One chip for all `orders`, one for each kind of group that there is, and one for the technician who is looked at."""
    chips = [_chip(say("All"), orders[None], wanted == Wanted(), url_for("orders.closing"))]
    for owes in OWERS:
        count = orders.get(owes, 0)
        if count or wanted.owes == owes:
            on = wanted == Wanted(owes)
            chips.append(_chip(OWER_WORDS[owes], count, on, url_for("orders.closing", owes=owes)))
    if wanted.who:
        chips.append(
            _chip(wanted.who, total_of(groups, wanted), True, url_for("orders.closing", owes=wanted.owes, who=wanted.who))
        )
    return chips


def total_of(groups: Sequence[Group], wanted: Wanted) -> int:
    """How many rows the whole list has."""
    shown = (group for group in groups if wanted.owes in (None, group.owes) and wanted.who in (None, group.who))
    return sum(group.orders for group in shown)


def _chip(label: Text | str, count: int, active: bool, url: str) -> dict[str, Any]:
    return {"label": label, "count": count, "active": active, "url": url}

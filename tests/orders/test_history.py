"""The history of an order in words."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import Session

import dispatch
from dispatch.audit.operations import record
from dispatch.audit.queries import history
from dispatch.orders.lifecycle import TABLES
from dispatch.orders.presenting.history import LOOKS, Happening, naming_of, told
from dispatch.orders.rules import PLANNED_ANEW
from dispatch.words import say, text_to_json
from tests.building import repair_order
from tests.conftest import AT, Cast

RECORDED = re.compile(r'record\(\s*session, \("order", [^)]*\), (?:"([a-z_.]+)"|(\w+)),')


def recorded() -> tuple[set[str], list[str]]:
    """The actions that the code records for an order by their names, and those it takes from a variable."""
    found = [hit for file in Path(dispatch.__path__[0]).rglob("*.py") for hit in RECORDED.findall(file.read_text())]
    return {name for name, _ in found if name}, [variable for _, variable in found if variable]


def test_every_action_that_is_recorded_has_words() -> None:
    literal, variable = recorded()
    moved = {f"{table}.{row.action}" for table, rows in TABLES.items() for row in rows} | {"order.follow"}
    assert variable == ["action"], "only the writer of a status records actions by a variable"
    assert literal and set(LOOKS) - {"order.take.one"} == literal | moved


def last(db: Session, cast: Cast, action: str, detail: dict[str, object]) -> Happening:
    order = repair_order(db, cast)
    record(db, ("order", order.id), action, by=cast.lin, at=AT, detail=detail)
    entry = next(entry for entry in history(db, ("order", order.id)) if entry.action == action)
    return told([entry], naming_of(order, {}, "Asia/Shanghai"))[0]


def test_what_was_overruled_is_told(db: Session, cast: Cast) -> None:
    text = say("lacks skill %(skill)s %(level)s", skill=say("Video"), level=2)
    made = last(db, cast, "visit.overrule", {"visit": 1, "conflicts": [{"kind": "skill", **text_to_json(text)}]})
    assert str(made.what) == "Planned although something spoke against it"
    assert made.notes == (text,)


def test_a_reason_of_ours_is_a_sentence_and_a_persons_own_words_stay(db: Session, cast: Cast) -> None:
    assert last(db, cast, "visit.abandon", {"reason": "planned anew"}).reason == PLANNED_ANEW
    assert last(db, cast, "visit.abandon", {"reason": "客户不在"}).reason == "客户不在"
    assert last(db, cast, "visit.dispatch", {}).reason is None

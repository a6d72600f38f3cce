"""The history of an order in words."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

import dispatch
from dispatch.approvals.rules import TOLD
from dispatch.audit.operations import record
from dispatch.audit.queries import history
from dispatch.fees.quote_rules import STEPS
from dispatch.orders.clock_rules import TELLINGS
from dispatch.orders.lifecycle import TABLES
from dispatch.orders.presenting.history import Happening, naming_of, told
from dispatch.orders.presenting.looks import LOOKS
from dispatch.orders.rules import PLANNED_ANEW
from dispatch.words import say, text_to_json
from tests.building import repair_order
from tests.conftest import AT, Cast

AT_ONCE = {"order.take", "call.join", "invoice.note", "invoice.forget"}
"""Recorded for many orders with few statements, or one of the two."""
RECORDED = re.compile(r'record\(\s*session, (?:\("order", [^)]*\)|subject_of\(request\)), (?:"([a-z_.]+)"|(\w+)),')


def recorded() -> tuple[set[str], list[str]]:
    """The actions that the code records for an order by their names, and those it takes from a variable."""
    found = [hit for file in Path(dispatch.__path__[0]).rglob("*.py") for hit in RECORDED.findall(file.read_text())]
    return {name for name, _ in found if name} | AT_ONCE, [variable for _, variable in found if variable]


def test_every_action_that_is_recorded_has_words() -> None:
    literal, variable = recorded()
    moved = {f"{table}.{row.action}" for table, rows in TABLES.items() for row in rows} | {"order.follow"}
    assert variable == ["action"], "only the writer of a status records actions by a variable"
    told_on_site = {"part.use", "photo", "sign", "sign.refuse", "test.run"}  # by Act.tell, under the kind of the fact
    by_contact = {look for look in LOOKS if look.startswith("contact.")} | {
        "help.record"
    }  # by owning.tell, also without an order
    by_clocks = {f"clock.{level}" for level in TELLINGS}
    by_ladder = {f"{kind}.{verb}" for kind, verbs in TOLD.items() for verb in verbs}
    by_quote = {f"quote.{step}" for step in (*STEPS, "draft")}
    of_requests = {"settlement.pay", "settlement.pay_back"}
    every = literal | moved | told_on_site | by_contact | by_clocks | by_ladder | by_quote | of_requests
    assert literal and set(LOOKS) - {"order.take.one"} == every


def last(db: Session, cast: Cast, action: str, detail: dict[str, object]) -> Happening:
    order = repair_order(db, cast)
    record(db, ("order", order.id), action, by=cast.lin, at=AT, detail=detail)
    entry = next(entry for entry in history(db, ("order", order.id)) if entry.action == action)
    return told([entry], naming_of(order.lines, {}, "Asia/Shanghai"))[0]


def test_what_was_overruled_is_told(db: Session, cast: Cast) -> None:
    text = say("lacks skill %(skill)s %(level)s", skill=say("Video"), level=2)
    made = last(db, cast, "visit.overrule", {"visit": 1, "conflicts": [{"kind": "skill", **text_to_json(text)}]})
    assert str(made.what) == "Planned although something spoke against it"
    assert made.notes == (text,)


def test_a_reason_of_ours_is_a_sentence_and_a_persons_own_words_stay(db: Session, cast: Cast) -> None:
    assert last(db, cast, "visit.abandon", {"reason": "planned anew"}).reason == PLANNED_ANEW
    assert last(db, cast, "visit.abandon", {"reason": "客户不在"}).reason == "客户不在"
    assert last(db, cast, "visit.dispatch", {}).reason is None


def test_a_test_run_is_told_by_its_worst_result(db: Session, cast: Cast) -> None:
    results = {"online": "passed", "fix": "failed", "acc": "overruled"}
    assert str(last(db, cast, "test.run", {"results": {"online": "passed"}}).what) == "—: test-run passed"
    failed = last(db, cast, "test.run", {"results": results})
    assert (str(failed.what), failed.tone) == ("—: the test-run failed", "refused")
    assert [str(note) for note in failed.notes] == ["Position is right: Failed", "ACC off and on is reported: Overruled"]
    overruled = last(db, cast, "test.run", {"results": {"fix": "overruled"}, "reason": "地下车库"})
    assert (str(overruled.what), overruled.reason) == ("—: the test-run counts as passed", "地下车库")


@pytest.mark.parametrize(
    ("action", "detail", "sentence"),
    [
        ("photo", {"kind": "condition"}, "Photo taken: Vehicle before the work"),
        ("sign", {"name": "张超敏"}, "张超敏 has signed"),
        ("sign.refuse", {"name": "张超敏", "reason": "嫌贵"}, "张超敏 did not sign"),
        ("sheet.release", {"name": "SZ-WX-1-v1.pdf"}, "Sheet issued: SZ-WX-1-v1.pdf"),
        ("visit.take_over", {"visit": 1}, "— is taken over"),
    ],
)
def test_what_happens_on_site_is_told(db: Session, cast: Cast, action: str, detail: dict[str, object], sentence: str) -> None:
    assert str(last(db, cast, action, detail).what) == sentence


@pytest.mark.parametrize(("seconds", "shown"), [(0, False), (59, False), (61, True), (-3600, True)])
def test_the_devices_time_is_told_where_it_differs(db: Session, cast: Cast, seconds: int, shown: bool) -> None:
    done = AT - timedelta(seconds=seconds)
    told_at = last(db, cast, "photo", {"kind": "work", "device_at": done.isoformat()}).device_at
    assert told_at == (done if shown else None)

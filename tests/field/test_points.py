"""What a test-run asks for after which kind of work: by what was done, by what was decided then, and who decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.field.models import TestResult
from dispatch.field.papers import field_papers_missing
from dispatch.field.point_models import PointList
from dispatch.field.point_rules import AS_DELIVERED, WORKS, in_force, items_of, service_of
from dispatch.field.points import SUBJECT, decide_points, point_lists
from dispatch.field.presenting.points import decisions, needs_now
from dispatch.field.rules import TEST_ITEMS
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, Cast, SignIn
from tests.field.building import carrying, do, fitted_long_ago, fresh
from tests.field.phone import Phone, at

PASSED = {item: {"result": "passed"} for item in TEST_ITEMS}


@dataclass
class Done:
    """One change at a vehicle."""

    kind: str
    unit_kind: str
    slot_id: int = 1


@pytest.mark.parametrize(
    ("order", "changes", "service"),
    [
        ("installation", "", "installation"),
        ("repair", "", "repair"),
        ("repair", "swap terminal", "terminal"),
        ("repair", "swap terminal, swap sim", "terminal"),
        ("repair", "swap sim", "sim"),
        ("repair", "install sim", "sim"),
        ("installation", "install terminal, install sim", "installation"),
        ("installation", "install terminal, swap terminal", "installation"),
        ("repair", "install terminal", "installation"),
        ("repair", "remove terminal, install terminal", "terminal"),
        ("repair", "move_in terminal, swap sim", "move"),
        ("repair", "move_in sim", "sim"),
        ("repair", "remove terminal, swap sim", "removal"),
        ("repair", "move_out terminal, move_out sim", "removal"),
        ("repair", "remove sim", "removal"),
        ("repair", "swap terminal, remove sim", "removal"),
        ("repair", "remove sim, swap terminal", "removal"),
        ("repair", "swap terminal, remove sim, install sim", "terminal"),
    ],
)
def test_what_was_really_done_decides(order: str, changes: str, service: str) -> None:
    assert service_of(order, [Done(*one.split()) for one in changes.split(", ") if one]) == service


def test_of_several_terminals_one_that_was_taken_out_says_nothing_of_the_others() -> None:
    assert service_of("repair", [Done("swap", "terminal"), Done("remove", "terminal", 2)]) == "terminal"
    assert service_of("repair", [Done("swap", "sim"), Done("install", "terminal", 2)]) == "installation"


@dataclass
class Then:
    """A decision, so many days after AT."""

    day: int
    must: tuple[str, ...]
    service: str = "sim"
    may: tuple[str, ...] = ()
    photos: tuple[str, ...] | None = None
    photos_may: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        return AT + timedelta(days=self.day)


@pytest.mark.parametrize(
    ("service", "day", "must"),
    [
        ("sim", None, ("online", "iccid")),
        ("sim", 1.5, ("online",)),
        ("sim", 0.5, AS_DELIVERED["sim"].must),
        ("repair", None, TEST_ITEMS),
        ("removal", None, ()),
    ],
)
def test_what_counts_is_what_was_decided_by_then(service: str, day: float | None, must: tuple[str, ...]) -> None:
    moment = None if day is None else AT + timedelta(days=day)
    assert in_force([Then(1, ("online",)), Then(2, ("online", "iccid"))], service, moment).must == must


def chosen(**instead: str) -> dict[str, dict[str, str]]:
    """Everything as delivered, but for `service_item=need`."""
    return {
        service: {item: instead.get(f"{service}_{item}", AS_DELIVERED[service].need(item)) for item in items_of(service)}
        for service in WORKS
    }


def test_a_decision_is_kept_and_told_and_the_second_of_two_is_asked_to_look(db: Session, cast: Cast) -> None:
    assert decide_points(db, chosen(), seen=0, by=cast.wang, at=AT) == [], "as it was"
    [kept] = decide_points(db, chosen(sim_fix="must", sim_power="may"), seen=0, by=cast.wang, at=AT)
    assert (kept.service, kept.must, kept.may) == ("sim", ["online", "identity", "iccid", "fix", "signal"], ["power"])
    assert history(db, SUBJECT)[0].detail == {"sim": {"must": kept.must, "may": kept.may, "photos": [], "photos_may": []}}
    with pytest.raises(Conflict):
        decide_points(db, chosen(repair_acc="not"), seen=0, by=cast.wang, at=AT)
    decide_points(
        db, chosen(sim_fix="must", sim_power="may", repair_acc="not"), seen=kept.id, by=cast.wang, at=AT + timedelta(hours=1)
    )
    lists = point_lists(db)
    assert needs_now(lists)["repair-acc"] == "not"
    assert [(t.service, t.item, t.old, t.new) for one in decisions(lists) for t in one.turns] == [
        ("repair", "acc", "must", "not"), ("sim", "fix", "may", "must"), ("sim", "power", "not", "may"),
    ]  # fmt: skip


def test_nobody_else_decides_and_nothing_unknown_is_asked_for(db: Session, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        decide_points(db, chosen(sim_fix="must"), seen=0, by=cast.lin, at=AT)
    with pytest.raises(Invalid) as wrong:
        decide_points(db, chosen(sim_fix="perhaps"), seen=0, by=cast.wang, at=AT)
    assert set(wrong.value.fields) == {"sim-fix"}
    for must, may in ((["taste"], []), (["fix"], ["fix"])):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.add(PointList(service="sim", must=must, may=may, by_name="x", at=AT))
            db.flush()


def owed(db: Session, order: Order) -> list[str]:
    """What closing misses of the test-run."""
    return [str(text) for text in field_papers_missing(db, order) if "test-run" in str(text)]


def test_after_a_new_sim_less_is_asked_and_what_is_decided_later_is_not_missed(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    line = order.lines[0]
    fitted_long_ago(db, cast, line)
    _, [card] = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=line.id, sim=card.number)
    must = AS_DELIVERED["sim"].must
    told = {item: {"result": "passed"} for item in must[1:]} | {"fix": {"result": "failed", "reason": "地下车库"}}
    do(db, on_site, "test.run", cast.su, line=line.id, results=told)
    do(db, on_site, "visit.finish", cast.su)
    [missing] = owed(db, order)
    assert "lacks “Terminal is online”" in missing, "what is optional may fail"
    decide_points(db, chosen(sim_fix="must", sim_online="not"), seen=0, by=cast.wang, at=AT + timedelta(days=1))
    assert owed(db, order) == [missing], "neither more nor less is missed of what was done before"


def test_a_point_that_is_not_available_holds_back_closing_unless_it_is_optional_or_says_why(
    db: Session, cast: Cast, order: Order, on_site: Visit
) -> None:
    decide_points(db, chosen(repair_acc="may"), seen=0, by=cast.wang, at=AT)
    results = PASSED | {"acc": {"result": "not_available"}}
    do(db, on_site, "test.run", cast.su, line=order.lines[0].id, results=results)
    do(db, on_site, "visit.finish", cast.su)
    assert owed(db, order) == []
    row = {"order_id": order.id, "line_id": order.lines[0].id, "item": "fix", "result": "not_available"}
    row |= {"by_id": cast.su.id, "by_name": "苏杰", "at": AT + timedelta(days=1)}
    db.execute(sa.insert(TestResult).values(**row))
    assert "failed at “Position is right”" in owed(db, order)[0], "from before a reason was asked for"
    db.execute(sa.insert(TestResult).values(reason="地下车库", **row))
    assert owed(db, order) == []


def test_what_has_no_terminal_any_more_is_not_tested(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    line = order.lines[0]
    fitted_long_ago(db, cast, line)
    do(db, on_site, "line.remove", cast.su, line=line.id, units=["terminal", "sim"])
    do(db, on_site, "visit.finish", cast.su)
    assert owed(db, order) == []


def test_the_phone_asks_what_is_asked_for_and_all_passed_leaves_open_what_may_stay_open(
    db: Session, cast: Cast, order: Order, on_site: Visit, as_person: SignIn
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    _, [card] = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, sim=card.number)
    db.commit()
    phone = Phone(as_person(cast.su), on_site.id)
    page = phone.open(f"{at(order)}/test")
    assert page.count('class="point') - page.count("point-optional") == 5 and page.count("Optional") == 1
    assert "All mandatory passed" in phone.big()
    phone.press(f"{at(order)}/test", rest="passed")
    assert set(fresh(db).scalars(sa.select(TestResult.item))) == set(AS_DELIVERED["sim"].must)


def test_where_nothing_must_pass_the_rest_is_nothing(
    db: Session, cast: Cast, order: Order, on_site: Visit, as_person: SignIn
) -> None:
    optional = {f"repair_{item}": "may" for item in TEST_ITEMS}
    decide_points(db, chosen(**optional), seen=0, by=cast.wang, at=AT)
    fitted_long_ago(db, cast, order.lines[0])
    db.commit()
    phone = Phone(as_person(cast.su), on_site.id)
    assert phone.open(f"{at(order)}/test").count("point-optional") == len(TEST_ITEMS)
    phone.press(f"{at(order)}/test", **{"rest": "passed", "result-fix": "failed", "reason-fix": "地下车库"})
    assert [(row.item, row.result) for row in fresh(db).scalars(sa.select(TestResult))] == [("fix", "failed")]


def test_the_table_is_read_by_the_office_and_changed_by_who_may(cast: Cast, as_person: SignIn) -> None:
    page = as_person(cast.lin).get("/test-points").text
    assert "Only the SIM exchanged" in page and "<select" not in page
    wang = as_person(cast.wang)
    cells = {f"{service}-{item}": need for service, needs in chosen(sim_fix="must").items() for item, need in needs.items()}
    assert wang.post("/test-points", data=cells | {"seen": "0"}).status_code == 303
    assert cast.wang.name in wang.get("/test-points").text
    late = wang.post("/test-points", data=cells | {"seen": "0", "repair-acc": "may"})
    assert late.status_code == 409 and "now: Must pass" in late.text
    assert as_person(cast.lin).post("/test-points", data=cells).status_code == 404

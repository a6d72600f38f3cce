"""Between store and bag: promised by one side, moved when the other has said yes, too (P12)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.board.picking import BagList, PickingList
from dispatch.board.spoken_for import runs_short, spoken_for
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import accept, offer, overrule, sign, withdraw
from dispatch.devices.issuing import CannotIssue, Wanted, hand_over, issue
from dispatch.devices.models import HandOver, Sim, Terminal, Unit
from dispatch.devices.operations import bag_of, move_units
from dispatch.devices.scanning import units_scanned
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.models import Person
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carried, sentence, store, terminals, where

DRAWN = [[[0.1, 0.2, 0], [0.4, 0.1, 90], [0.8, 0.3, 200]]]


def issued(db: Session, cast: Cast, units: list[Unit], **facts: Any) -> HandOver:
    given = {"person_id": cast.su.id, "key": uuid.uuid4(), "by": cast.lin, "at": AT, **facts}
    issue(db, store=store(db, cast), wanted=Wanted(tuple(unit.number for unit in units)), **given)
    return db.scalars(sa.select(HandOver).order_by(HandOver.id.desc())).first()  # type: ignore[return-value]


def test_what_is_issued_stays_promised_in_the_store_until_he_has_it(db: Session, cast: Cast) -> None:
    units = terminals(db, cast, 3)
    paper = issued(db, cast, units[:2])
    bag = bag_of(db, person_id=cast.wei.id or 0, branch_id=cast.sz)
    with pytest.raises(CannotIssue) as refused:
        issued(db, cast, units[:1], person_id=cast.wei.id)
    assert "is promised to 苏杰 and waits for his yes" in str(refused.value.problems[0])
    for law, facts in (("it is promised", {"reason": "send"}), ("goes over without a paper", {"reason": "issue"})):
        with pytest.raises(IntegrityError, match=law), db.begin_nested():
            move_units(db, [units[0 if law == "it is promised" else 2].id], to=bag, by=cast.lin, at=AT, **facts)
    for stranger in (cast.wei, cast.lin, cast.he):
        with pytest.raises(NotFound):
            accept(db, paper.id, by=stranger, at=AT)
    assert "Nothing is left of it" in sentence(accept, db, paper.id, without=[unit.id for unit in units], by=cast.su, at=AT)
    assert accept(db, paper.id, without=[units[1].id], by=cast.su, at=AT) == 1
    assert [where(db, unit).kind for unit in units] == ["bag", "store", "store"] and paper.left_out == 1
    assert issued(db, cast, units[1:2], person_id=cast.wei.id).status == "offered", "what he has not got is free again"
    assert list(broken_custody(db)) == []


def test_one_signature_at_the_counter_for_all_that_waits(db: Session, cast: Cast) -> None:
    units, mine = terminals(db, cast, 2), carried(db, cast, cast.su, boxes=1)
    papers = [issued(db, cast, [unit]).id for unit in units]
    hand_over(db, [mine[0].id], source=where(db, mine[0]), to=store(db, cast), key=uuid.uuid4(), by=cast.lin, at=AT)
    papers.append(papers[-1] + 1)
    with pytest.raises(Invalid):
        sign(db, papers, points=[[[0.1, 0.1]]], by=cast.lin, at=AT)
    with pytest.raises(NotFound):
        sign(db, papers, points=DRAWN, by=cast.he, at=AT)
    assert [sign(db, papers, points=DRAWN, by=cast.wang, at=AT) for _ in range(2)] == [3, 0]
    assert [where(db, unit).kind for unit in (*units, *mine)] == ["bag", "bag", "store"]
    signed = db.scalars(sa.select(HandOver).where(HandOver.settled_how == "signature")).all()
    said = {(each.settled_by_name, each.witness_name, each.signature == DRAWN) for each in signed}
    assert said == {("苏杰", cast.wang.name, True)} and list(broken_custody(db)) == []


def test_what_is_brought_back_is_his_until_the_store_has_it(db: Session, cast: Cast) -> None:
    first, second = carried(db, cast, cast.su, boxes=2)
    facts: dict[str, Any] = {"to_store_id": store(db, cast).id, "note": "", "by": cast.su, "at": AT}
    kept, gone = (offer(db, [unit.id], key=uuid.uuid4(), **facts).id for unit in (first, second))
    withdraw(db, kept, by=cast.su, at=AT)
    assert accept(db, gone, by=cast.lin, at=AT) == 1
    assert (where(db, first).kind, where(db, second).kind) == ("bag", "store")
    with pytest.raises(Conflict):
        accept(db, kept, by=cast.lin, at=AT)


def test_a_manager_says_yes_in_his_place_for_a_reason_but_never_for_both(db: Session, cast: Cast) -> None:
    units = terminals(db, cast, 2)
    paper, own = issued(db, cast, units[:1]), issued(db, cast, units[1:], by=cast.wang)
    with pytest.raises(Invalid):
        overrule(db, paper.id, reason=" ", by=cast.wang, at=AT)
    assert "Somebody else says it" in sentence(overrule, db, own.id, reason="x", by=cast.wang, at=AT, refusal=RuleBroken)
    assert overrule(db, paper.id, reason="已离职，交接给班长", by=cast.wang, at=AT) == 1
    assert (paper.settled_how, paper.settled_by_name, paper.reason) == ("override", cast.wang.name, "已离职，交接给班长")
    with pytest.raises(IntegrityError, match="two_people"), db.begin_nested():
        db.execute(sa.text("UPDATE hand_over SET settled_by_id = offered_by_id"))


def test_on_the_pages(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        units = terminals(db, cast, 3)
        paper, numbers = issued(db, cast, units[:2]).id, [unit.number for unit in units]
        later = issued(db, cast, units[2:]).id
    lin, su, wang = as_person(cast.lin), as_person(cast.su), as_person(cast.wang)
    counter = lin.get(f"/stock/counter/{cast.su.id}").text
    assert all(number in counter for number in numbers) and "waits for 苏杰" in lin.get("/stock/papers").text
    assert "2 issues, returns and hand-overs wait" in lin.get("/stock").text
    astray = su.post(f"/my-bag/{paper}/accept", data={"chosen": "1", "numbers": "X-77777"})
    assert (astray.status_code, "X-77777 is none of these." in astray.text) == (422, True)
    assert su.post(f"/my-bag/{paper}/accept", data={"chosen": "1", "numbers": numbers[0]}).status_code == 302
    shown = lin.get(f"/stock/papers/{paper}").text
    assert "each unit scanned" in shown and "did not come" in shown
    drawn = {"papers": later, "points": json.dumps(DRAWN)}
    told = wang.post(f"/stock/counter/{cast.su.id}", data=drawn, follow_redirects=True).text
    assert "1 unit signed for by 苏杰." in told and "<svg" in lin.get(f"/stock/papers/{later}").text
    assert su.get(f"/stock/papers/{later}").status_code == 404 == as_person(cast.he).get(f"/stock/papers/{later}").status_code
    assert f"/stock/papers/{later}" in lin.get(f"/units/{units[2].id}").text


@pytest.mark.parametrize(
    ("typed", "found"), [("T00017", {1}), ("0017", {1}), ("8986 0624 2900 0000 0019", {2}), ("017", None), ("T0001", None)]
)
def test_units_are_known_by_what_was_scanned(typed: str, found: set[int] | None) -> None:
    units = [
        Unit(id=1, kind="terminal", terminal=Terminal(serial="T00017")),
        Unit(id=2, kind="sim", sim=Sim(iccid="89860624290000000019")),
    ]
    if found is None:
        with pytest.raises(Invalid):
            units_scanned(units, [typed])
    else:
        assert units_scanned(units, [typed]) == found


@pytest.mark.parametrize(("taken", "told"), [({}, 0), ({"sim": 3}, 0), ({"sim": 4}, 1), ({"terminal:A": 9}, 0)])
def test_whoever_takes_what_tomorrow_needs_is_told(taken: dict[str, int], told: int) -> None:
    bags = [BagList(Person(id=who, name=name), 1, AT, (), {"sim": 2}) for who, name in ((1, "苏杰"), (2, "卫晨"))]
    listed = PickingList(tuple(bags), {"sim": 5})
    spoken = spoken_for(listed, local_day(AT, "Asia/Shanghai"), without=1)
    said = [str(each) for each in runs_short(spoken, listed.stored, taken)]
    assert len(said) == told and all("1 are left in the store" in each and "卫晨 2" in each for each in said)

"""The picking list: what visits take, what bags lack, whom the store serves, and issuing it once."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.operations.picking import Issued, issue_picks
from dispatch.board.picked import day_list, reserved
from dispatch.board.picking import PickingList
from dispatch.board.rules import taken_out
from dispatch.db import transaction
from dispatch.devices.handing_over import offer
from dispatch.devices.models import Holder
from dispatch.devices.usable import oldest_units, parts_in_bags
from dispatch.errors import NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from tests.board.building import MODEL, TODAY, TOMORROW, WAYS, approved_order, fill_bag, moment, of_day, visit_at
from tests.conftest import AT, Cast
from tests.devices.benches import swapped
from tests.devices.building import ledger_faults, sims, store, terminals
from tests.racing import at_once

PART = f"terminal:{MODEL}"
DAY = TOMORROW.isoformat()


@pytest.mark.parametrize(
    ("bag", "needed", "left", "short"),
    [
        ({}, {"sim": 2}, {"sim": 0}, {"sim": 2}),
        ({"terminal": 3, "terminal:A": 1}, {"terminal:A": 2}, {"terminal": 2, "terminal:A": 0}, {"terminal:A": 1}),
        # one of any model is none of those that are wanted by their model
        ({"terminal": 2, "terminal:A": 2}, {"terminal": 1, "terminal:A": 2}, {"terminal": 0, "terminal:A": 0}, {"terminal": 1}),
        ({"terminal": 2, "terminal:B": 2}, {"terminal": 1, "terminal:A": 1}, {"terminal": 1}, {"terminal:A": 1}),
    ],
)
def test_what_a_bag_is_short_of(bag: dict[str, int], needed: dict[str, int], left: dict[str, int], short: dict[str, int]) -> None:
    rest, lacking = taken_out(bag, needed)
    assert lacking == short and left.items() <= rest.items()


def two_drive(db: Session, cast: Cast) -> Holder:
    """苏杰 drives at nine for two vehicles, 卫晨 at ten for one; two terminals and one SIM are in the store, 卫晨 has a SIM."""
    for who, start, lines in ((cast.wei, "10:00", 1), (cast.su, "09:00", 2)):
        order = approved_order(db, cast, kind="installation", lines=lines, model=MODEL, symptom=None)
        visit_at(db, cast, order, who, start)
    fill_bag(db, cast, cast.wei, sims=1)
    terminals(db, cast, 2)
    sims(db, cast, 1)
    db.commit()
    return store(db, cast)


def listed(db: Session, cast: Cast, place: Holder | None = None) -> PickingList:
    return day_list(db, of_day(cast), WAYS, place or store(db, cast))


def rows(made: PickingList) -> dict[str, dict[str, tuple[int, int, int, int]]]:
    """name -> part -> needed, in the bag, lacking, from the store."""
    return {bag.person.name: {p.part: (p.needed, p.has, p.lacks, p.given) for p in bag.picks} for bag in made.bags}


def pick(session: Session, cast: Cast, place: Holder, who: Actor | None = None, *, key: uuid.UUID | None = None) -> Issued:
    person_id, key = who.id if who else None, key or uuid.uuid4()
    return issue_picks(session, of_day(cast), WAYS, store=place, person_id=person_id, key=key, by=cast.lin)


def test_who_drives_first_is_served_first_and_what_is_given_is_issued_once(db: Session, cast: Cast) -> None:
    place = two_drive(db, cast)
    made = listed(db, cast)
    assert list(rows(made).items()) == [
        ("苏杰", {"sim": (2, 0, 2, 1), PART: (2, 0, 2, 2)}),
        ("卫晨", {"sim": (1, 1, 0, 0), PART: (1, 0, 1, 0)}),
    ]
    totals = {each.part: (each.needed, each.has, each.lacks, each.stored, each.short) for each in made.totals}
    assert totals == {"sim": (3, 1, 2, 1, 1), PART: (3, 0, 3, 2, 1)} and (made.gives, made.short) == (3, 2)
    assert reserved(db, of_day(cast), WAYS) == {"sim": 2, PART: 3}
    key = uuid.uuid4()
    assert pick(db, cast, place, cast.wei) == Issued(0, 0), "nothing is left for him"
    assert pick(db, cast, place, key=key) == Issued(3, 1)
    terminals(db, cast, 5)
    assert pick(db, cast, place, cast.su, key=key) == Issued(0, 0), "his own is complete"
    assert pick(db, cast, place, cast.wei, key=key) == Issued(1, 1), "the key of a press for all spares nobody it did not serve"
    assert parts_in_bags(db, [cast.su.id or 0])[cast.su.id or 0] == {"terminal": 2, PART: 2, "sim": 1}
    assert ledger_faults(db) == []
    with pytest.raises(NotFound):
        issue_picks(db, of_day(cast), WAYS, store=place, person_id=None, key=key, by=cast.he)
    with pytest.raises(NotAllowed):
        issue_picks(db, of_day(cast), WAYS, store=place, person_id=None, key=key, by=cast.su)
    with pytest.raises(RuleBroken, match="over"):
        issue_picks(
            db, of_day(cast, at=moment("09:00", TOMORROW.replace(day=9))), WAYS, store=place, person_id=None, key=key, by=cast.lin
        )


def test_what_is_owed_promised_or_taken_before_is_not_in_the_bag(db: Session, cast: Cast) -> None:
    fill_bag(db, cast, cast.su, terminals=2, sims=2)
    today = approved_order(db, cast, kind="installation", model=MODEL, symptom=None)
    visit_at(db, cast, today, cast.su, "15:00", day=TODAY)
    swapped(db, cast)
    place = two_drive(db, cast)
    assert rows(listed(db, cast))["苏杰"] == {"sim": (2, 1, 1, 1), PART: (2, 1, 1, 1)}
    bag = db.query(Holder).filter_by(person_id=cast.su.id).one()
    free = [unit_id for unit_id, _model in oldest_units(db, bag.id, kind="terminal")]
    offer(db, free[:1], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
    assert rows(listed(db, cast, place))["苏杰"][PART] == (2, 0, 2, 2)


def test_any_terminal_is_one_that_nobody_wants_by_its_model(db: Session, cast: Cast) -> None:
    for who, start, facts in (
        (cast.su, "09:00", {"symptom": "restart"}),
        (cast.wei, "10:00", {"symptom": "restart", "model": MODEL}),
    ):
        visit_at(db, cast, approved_order(db, cast, **facts), who, start)
    terminals(db, cast, 1)
    terminals(db, cast, 1, model="GT06N")
    assert [bag.gives for bag in listed(db, cast).bags] == [{"terminal:GT06N": 1}, {PART: 1}]
    terminals(db, cast, 1)
    assert pick(db, cast, store(db, cast)) == Issued(2, 2)


def test_two_presses_at_once_issue_once(db: Session, cast: Cast) -> None:
    place = two_drive(db, cast)
    other = store(db, cast, "东仓")
    terminals(db, cast, 9, into=other)
    db.commit()
    done = at_once(lambda session: pick(session, cast, place), lambda session: pick(session, cast, other))
    assert all(isinstance(each, Issued) for each in done), done
    with transaction() as session:
        bags = parts_in_bags(session, [cast.su.id or 0, cast.wei.id or 0])
        assert [bags[who.id or 0][PART] for who in (cast.su, cast.wei)] == [2, 1]
        assert ledger_faults(session) == []


def test_the_page_shows_the_next_day_that_takes_something_and_issues_it(db: Session, cast: Cast, lin: FlaskClient) -> None:
    assert "no visit is planned that takes one" in lin.get("/plan/picking").text
    place = two_drive(db, cast)
    page = lin.get("/plan/picking").text
    assert f'name="day" value="{DAY}"' in page and "Issue all 3 pieces" in page and "苏杰" in page
    assert "BD-808A" in lin.get("/stock").text
    form = {"day": DAY, "store": place.id, "technician": cast.su.id, "key": uuid.uuid4()}
    told = lin.post("/plan/picking", data=form, follow_redirects=True).text
    assert "3 units issued into 1 bag." in told
    assert "Nothing was moved" in lin.post("/plan/picking", data=form, follow_redirects=True).text
    assert "is over" in lin.post("/plan/picking", data=form | {"day": "2026-11-30"}, follow_redirects=True).text
    assert lin.post("/plan/picking", data=form | {"store": 999999}).status_code == 404

"""What a contractor gets and gives back: both sides sign at once, on the one paper there is."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.contracting import Signed, give, new_contractor, take_back
from dispatch.devices.contractors import contractors
from dispatch.devices.issuing import CannotIssue
from dispatch.devices.models import CustodyEntry, HandOver, Holder, PartEntry, Unit
from dispatch.devices.operations import move_units
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_rules import Owner
from dispatch.devices.part_checks import wrong_parts
from dispatch.devices.part_moves import Move, TooFew, Why, move_parts
from dispatch.devices.part_queries import holdings
from dispatch.devices.part_stock import correct
from dispatch.devices.queries import newest_move
from dispatch.devices.setting_aside import Faulty, set_aside
from dispatch.devices.taking_back import take_back as undo
from dispatch.devices.usable import parts_in_stores
from dispatch.errors import Invalid, NotAllowed, NotFound
from tests.building import vehicle
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import sentence, store, terminals, where
from tests.devices.test_papers import DRAWN, issued
from tests.devices.test_parts import cable, has

DAY = local_day(AT, "Asia/Shanghai")
SIGNED = Signed("外协 老周", DRAWN)


def outside(db: Session, cast: Cast) -> int:
    return new_contractor(db, "深圳快修", by=cast.lin, at=AT)


def given(db: Session, cast: Cast, contractor_id: int, units: list[Unit], **facts: Any) -> int:
    said: dict[str, Any] = {"store": store(db, cast), "due_on": DAY, "signed": SIGNED, "key": uuid.uuid4(), "by": cast.lin}
    return give(db, contractor_id, [unit.number for unit in units], at=AT, **said | facts)


def back(db: Session, cast: Cast, contractor_id: int, units: list[Unit], **facts: Any) -> int:
    said: dict[str, Any] = {"store": store(db, cast), "signed": SIGNED, "key": uuid.uuid4(), "by": cast.lin, "at": AT}
    return take_back(db, contractor_id, [unit.id for unit in units], **said | facts)


def test_it_goes_out_and_comes_back_on_papers_that_both_have_signed(db: Session, cast: Cast) -> None:
    units, place, key = terminals(db, cast, 3), outside(db, cast), uuid.uuid4()
    assert [given(db, cast, place, units[:2], key=key) for _ in range(2)] == [2, 0]
    assert [where(db, unit).name for unit in units] == ["深圳快修", "深圳快修", store(db, cast).name]
    assert parts_in_stores(db, [store(db, cast).id, place])[store(db, cast).id]["terminal"] == 1, "what is out is no stock"
    [row] = contractors(db, cast.sz)
    assert (row.units, row.since, row.due_on) == (2, AT, DAY)
    key = uuid.uuid4()
    assert [back(db, cast, place, units[:1], key=key) for _ in range(2)] == [1, 0]
    assert "is elsewhere" in sentence(back, db, cast, place, units[:2])
    papers = db.scalars(sa.select(HandOver).order_by(HandOver.id)).all()
    assert [(each.kind, each.first, each.due_on) for each in papers] == [
        ("contract_out", "giver", DAY),
        ("contract_back", "taker", None),
    ]
    said = {
        (each.offered_by_name, each.settled_by_id, each.settled_by_name, each.settled_how, each.witness_id) for each in papers
    }
    assert said == {(cast.lin.name, None, "外协 老周", "signature", cast.lin.id)}
    moves = sa.select(CustodyEntry.reason).where(CustodyEntry.unit_id == units[0].id).order_by(CustodyEntry.seq)
    assert db.scalars(moves).all() == ["receive", "contract_out", "contract_back"] and list(broken_custody(db)) == []


def test_what_cannot_go_is_told(db: Session, cast: Cast) -> None:
    units, place = terminals(db, cast, 5), outside(db, cast)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"signed": Signed(" ", DRAWN)}, "signer"),
        ({"signed": Signed("老周", [[[0.1, 0.1]]])}, "points"),
        ({"due_on": None}, "due_on"),
        ({"due_on": DAY - timedelta(days=1)}, "due_on"),
    ]
    for facts, field in refused:
        with pytest.raises(Invalid) as missing:
            given(db, cast, place, units[:1], **facts)
        assert list(missing.value.fields) == [field]
    issued(db, cast, units[:1])
    given(db, cast, place, units[1:2])
    set_aside(db, units[2].id, Faulty("found_dead", "", uuid.uuid4()), by=cast.lin, at=AT)
    customer = vehicle(db, cast).customer_id
    declare(db, units[3].id, Declared(Owner("customer", customer), "客户自备", 0), by=cast.lin, at=AT)
    told = [
        "waits for his yes",
        "is elsewhere: with the contractor 深圳快修",
        "is owed to the repair bench",
        "belongs to a customer",
    ]
    for unit, words in zip(units, told, strict=False):
        with pytest.raises(CannotIssue) as cannot:
            given(db, cast, place, [unit])
        assert words in str(cannot.value.problems[0])
    with pytest.raises(NotFound):
        given(db, cast, place, units[4:], by=cast.he)
    with pytest.raises(NotAllowed):
        given(db, cast, place, units[4:], by=cast.su)
    with pytest.raises(Invalid) as twice:
        outside(db, cast)
    assert "already" in str(twice.value.fields["name"])


def test_nothing_goes_there_or_comes_back_without_a_paper(db: Session, cast: Cast) -> None:
    units, place = terminals(db, cast, 2), outside(db, cast)
    given(db, cast, place, units[:1])
    there = db.get_one(Holder, place)
    for unit, to in ((units[1], there), (units[0], store(db, cast))):
        with pytest.raises(IntegrityError, match="goes over without a paper"), db.begin_nested():
            move_units(db, [unit.id], to=to, reason="correct", by=cast.lin, at=AT)
    with pytest.raises(IntegrityError, match="and only then"), db.begin_nested():
        db.execute(sa.text("UPDATE hand_over SET due_on = NULL"))
    wrong = newest_move(db, units[0].id)
    assert wrong is not None
    with pytest.raises(NotAllowed):
        undo(db, units[0].id, wrong.id, reason="拿错了", by=cast.lin, at=AT)
    undo(db, units[0].id, wrong.id, reason="拿错了", by=cast.wang, at=AT)
    assert where(db, units[0]).kind == "store" and list(broken_custody(db)) == []
    given(db, cast, place, units[1:])
    db.execute(sa.text("UPDATE hand_over_unit SET entry_id = NULL WHERE unit_id = :unit"), {"unit": units[1].id})
    assert [f"{units[1].number}: entry 2" in str(each) for each in broken_custody(db)] == [True]


def test_counted_parts_go_out_and_come_back_on_the_same_papers(db: Session, cast: Cast) -> None:
    part, place, key = cable(db, cast), outside(db, cast), uuid.uuid4()
    assert [given(db, cast, place, [], parts={part.id: 6}, key=key) for _ in range(2)] == [1, 0]
    there, shelf = db.get_one(Holder, place), store(db, cast)
    assert (has(db, there, part), has(db, shelf, part)) == (6, 4)
    assert [(row.units, row.parts) for row in contractors(db, cast.sz)] == [(0, 1)]
    assert [(holder.id, count) for holder, count in holdings(db, part.id, cast.lin)] == [(shelf.id, 4), (place, 6)]
    with pytest.raises(TooFew), db.begin_nested():
        given(db, cast, place, [], parts={part.id: 5})
    with pytest.raises(TooFew), db.begin_nested():
        back(db, cast, place, [], parts={part.id: 7})
    with pytest.raises(Invalid):
        back(db, cast, place, [])
    [unit] = terminals(db, cast, 1)
    given(db, cast, place, [unit])
    assert back(db, cast, place, [unit], parts={part.id: 2}) == 2 and has(db, there, part) == 4
    move = Move(part.id, 1, there, shelf)
    for reason in ("return", "issue", "contract_back", "use"):
        with pytest.raises(IntegrityError, match="goes over without a paper"), db.begin_nested():
            move_parts(db, [move], Why(reason, cast.lin, AT))
    out = db.scalars(sa.select(PartEntry.id).where(PartEntry.reason == "contract_out")).one()
    back(db, cast, place, [], parts={part.id: 4})
    with pytest.raises(NotAllowed):
        correct(db, out, reason="多记", by=cast.lin, at=AT)
    assert list(wrong_parts(db)) == [] and list(broken_custody(db)) == []


def test_on_the_pages(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        [unit], room = terminals(db, cast, 1), store(db, cast).id
        number, part = unit.number, f"n-{cable(db, cast).id}"
    lin, he = as_person(cast.lin), as_person(cast.he)
    assert "no contractors yet" in lin.get("/stock/contractors").text
    assert "深圳快修" in lin.post("/stock/contractors", data={"name": "深圳快修"}, follow_redirects=True).text
    with transaction() as db:
        [row] = contractors(db, cast.sz)
    url = f"/stock/contractors/{row.holder.id}"
    assert he.get(url).status_code == 404 == he.post(url, data={"store": room}).status_code
    sent = {"store": room, "numbers": number, "signer": "老周", "points": json.dumps(DRAWN), "key": str(uuid.uuid4())}
    missing = lin.post(f"{url}/give", data=sent)
    assert missing.status_code == 422 and "老周" in missing.text and number in missing.text
    many = lin.post(f"{url}/give", data=sent | {"due_on": "2030-01-01", part: "99"})
    assert many.status_code == 422 and "Only 10 根 of 电源线 are here." in many.text and 'value="99"' in many.text
    due = local_day(now(), "Asia/Shanghai").isoformat()
    told = lin.post(f"{url}/give", data=sent | {"due_on": due}, follow_redirects=True).text
    assert "1 thing is with 深圳快修 now." in told and f'value="{unit.id}"' in told
    assert "/stock/contractors" in lin.get("/stock").text and "with the contractor 深圳快修" in lin.get(f"/units/{unit.id}").text
    counted = {"numbers": "", part: "3", "due_on": due, "key": str(uuid.uuid4())}
    assert f'name="{part}"' in lin.post(f"{url}/give", data=sent | counted, follow_redirects=True).text
    assert f'href="{url}"' in lin.get(f"/stock/parts/{part[2:]}").text, "who has some is a way to him"
    told = lin.post(url, data=sent | {"units": unit.id, part: "3", "key": str(uuid.uuid4())}, follow_redirects=True).text
    assert "2 things are back in the store." in told

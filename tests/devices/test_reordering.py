"""Reorder points: who sets them, what they refuse, and what they say is to be ordered."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import Holder, ReorderPoint
from dispatch.devices.operations import NewSim, receive_sims, store_named
from dispatch.devices.part_stock import PartFacts, add_part, receive
from dispatch.devices.reorder_rules import Level, read_level
from dispatch.devices.reordering import set_levels
from dispatch.devices.reorders import wares
from dispatch.devices.transferring import send
from dispatch.errors import NotAllowed, NotFound
from dispatch.tabular.tables import read
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import store, terminals

BOX = "terminal:BD-808A"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (("", ""), None),
        (("5", "20"), Level(5, 20)),
        (("5", "5"), Level(5, 5)),
        (("21", "20"), {"target"}),
        (("5", ""), {"target"}),
        (("", "20"), {"minimum"}),
        (("-1", "0"), {"minimum", "target"}),
        (("many", "100001"), {"minimum", "target"}),
        (("1" * 30, "٣"), {"minimum", "target"}),
    ],
)
def test_a_level_is_two_whole_numbers_or_none(typed: tuple[str, str], read: object) -> None:
    found = read_level(*typed)
    assert (set(found) if isinstance(found, dict) else found) == read


@pytest.mark.parametrize(("there", "order"), [(0, 20), (4, 16), (5, 0), (50, 0)])
def test_below_the_minimum_it_is_filled_up(there: int, order: int) -> None:
    assert Level(5, 20).to_order(there) == order


def orders(session: Session, *rooms: Holder) -> dict[tuple[str | None, str], tuple[int, int, int]]:
    """(store, thing) -> stored, on the way, to order; of things with a reorder point."""
    found = [ware for ware in wares(session, rooms) if ware.level]
    return {(ware.store.name, ware.key): (ware.stored, ware.on_way, ware.to_order) for ware in found}


def test_what_is_in_the_store_or_on_the_way_counts(db: Session, cast: Cast) -> None:
    first, second = store(db, cast), store(db, cast, "东仓")
    terminals(db, cast, 2)
    key = "8986062429000000001"
    receive_sims(db, [NewSim(key + "0", key, carrier="中国移动")], store=first, by=cast.lin, at=AT)
    far = store_named(db, branch_id=cast.gz, name="广州仓")
    terminals(db, cast, 3, into=far)
    levels = {BOX: Level(6, 10), "sim:": Level(2, 9), "sim:中国移动": Level(1, 4), "sim:中国电信": Level(3, 8)}
    assert set_levels(db, first, levels, by=cast.lin, at=AT) == 4
    assert set_levels(db, first, levels, by=cast.lin, at=AT) == 0, "the same again changes nothing"
    set_levels(db, second, {BOX: Level(1, 2)}, by=cast.root, at=AT)
    sent = {"to_branch_id": cast.sz, "note": "", "key": uuid.uuid4(), "by": cast.he, "at": AT}
    send(db, store=far, wanted=Wanted(terminals={"BD-808A": 3}), **sent)
    assert orders(db, first, second) == {
        ("总仓", BOX): (2, 3, 5),
        ("总仓", "sim:"): (1, 0, 8),
        ("总仓", "sim:中国移动"): (1, 0, 0),
        ("总仓", "sim:中国电信"): (0, 0, 8),
        ("东仓", BOX): (0, 0, 2),
    }
    part = add_part(db, "P101", PartFacts("电源线", "根"), by=cast.lin, at=AT)
    receive(db, first, {part.id: 7}, note="", key=uuid.uuid4(), by=cast.lin, at=AT)
    set_levels(db, first, {"part:P101": Level(10, 40)}, by=cast.lin, at=AT)
    assert orders(db, first)["总仓", "part:P101"] == (7, 0, 33)
    with pytest.raises(NotFound):
        set_levels(db, first, {"part:P999": Level(1, 2)}, by=cast.lin, at=AT)
    later = AT + timedelta(days=1)
    assert set_levels(db, first, {BOX: Level(2, 4), "sim:": None}, by=cast.lin, at=later) == 2
    assert ("总仓", "sim:") not in orders(db, first)
    trail = sa.select(AuditEntry.detail).where(AuditEntry.action == "stock.reorder_point").order_by(AuditEntry.id)
    assert list(db.scalars(trail))[-2:] == [
        {"ware": BOX, "old": [6, 10], "new": [2, 4]},
        {"ware": "sim:", "old": [2, 9], "new": None},
    ]
    for who, refusal in ((cast.he, NotFound), (cast.su, NotAllowed), (cast.qian, NotAllowed)):
        with pytest.raises(refusal):
            set_levels(db, first, {BOX: None}, by=who, at=AT)


def test_the_database_refuses_nonsense(db: Session, cast: Cast) -> None:
    terminals(db, cast, 1)
    facts = {"store_id": store(db, cast).id, "model": "BD-808A", "minimum": 5, "target": 9, "set_by_name": "林晓", "set_at": AT}
    for wrong in ({"target": 4}, {"minimum": 0}, {"carrier": ""}, {"part_id": 1}, {"store_kind": "bag"}):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.add(ReorderPoint(**facts | wrong))
            db.flush()


def test_they_are_set_on_a_page_and_told_on_the_list_of_what_to_order(db: Session, cast: Cast, as_person: SignIn) -> None:
    terminals(db, cast, 2)
    place = store(db, cast)
    add_part(db, "P101", PartFacts("电源线", "根"), by=cast.lin, at=AT)
    db.commit()
    lin: FlaskClient = as_person(cast.lin)
    assert "No reorder points are set yet" in lin.get("/stock/reorder").text
    url = f"/stock/{place.id}/reorder-points"
    refused = lin.post(url, data={f"min-{BOX}": "7", f"fill-{BOX}": "5", "min-sim:": "3", "fill-sim:": "6"})
    assert refused.status_code == 422 and "fill up to at least 7" in refused.text and 'value="6"' in refused.text
    assert db.scalar(sa.select(sa.func.count()).select_from(ReorderPoint)) == 0, "all of the form or nothing"
    saved = lin.post(url, data={f"min-{BOX}": "7", f"fill-{BOX}": "9", "min-sim:": "", "fill-sim:": ""}, follow_redirects=True)
    assert "1 reorder point changed." in saved.text and "order 7" in saved.text
    assert "1 item is below its reorder point." in lin.get("/stock").text
    sheet = read("order.xlsx", lin.get("/stock/reorder.xlsx").data).sheets[0]
    assert sheet.rows[1] == ("总仓", "terminal BD-808A", "2", "0", "7", "9", "7")
    lin.post(url, data={"min-part:P101": "3", "fill-part:P101": "8"})
    assert "2 items are below their reorder point." in lin.get("/stock").text and "电源线" in lin.get("/stock/reorder").text
    assert "电源线" not in lin.get("/stock").text and "1 reorder point changed." in (
        lin.post(url, data={"min-part:P101": "", "fill-part:P101": ""}, follow_redirects=True).text
    )
    assert [as_person(who).get(url).status_code for who in (cast.he, cast.qian)] == [404, 404]
    terminals(db, cast, 9)
    db.commit()
    assert "Nothing is below its reorder point." in lin.get("/stock/reorder").text
    assert "enough" in lin.get("/stock/reorder?all=1").text

"""Whose a unit is, on the pages: somebody says it, and what went back to a customer is given to us again."""

from __future__ import annotations

import pytest

from dispatch.db import transaction
from dispatch.devices import benching
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import install, remove
from dispatch.devices.models import Unit
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_rules import OURS
from dispatch.devices.taking_back import take_back
from dispatch.errors import Conflict
from dispatch.orders.models import Order
from tests.building import installation_order, vehicle
from tests.conftest import AT, Cast, SignIn
from tests.devices.benches import ACTS, return_of, seen
from tests.devices.building import carried, into_bag, ownership_of, store, terminals, unit_history, where, work


def test_somebody_says_whose_it_is(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        box, plain = terminals(db, cast, 2)
        ids, number, room = (box.id, plain.id), box.number, store(db, cast).id
        names = [vehicle(db, cast, customer=name).customer.name for name in ("恒通物流有限公司", "恒通客运有限公司")]
    lin, address = as_person(cast.lin), f"/units/{ids[0]}/owner"
    assert 'value="customer"' in lin.get(address, headers={"HX-Request": "true"}).text and "<html" in lin.get(address).text
    several = lin.post(address, data={"owner": "customer", "customer": "恒通", "reason": "自购", "seq": "0"})
    assert several.status_code == 422 and all(name in several.text for name in names) and "自购" in several.text
    for sent, told in (({}, "Choose whose"), ({"owner": "customer", "customer": "无此"}, "No customer has this name")):
        assert told in lin.post(address, data={"reason": "自购", "seq": "0", **sent}).text
    sent = {"owner": "customer", "customer": names[0], "reason": "自购", "seq": "0"}
    assert [lin.post(address, data=sent).status_code for _ in range(2)] == [303, 303], "pressed twice, said once"
    with transaction() as db:
        assert len(ownership_of(db, ids[0])) == 1
        with pytest.raises(Conflict):
            declare(db, ids[0], Declared(OURS, "换回", 0), by=cast.wang, at=AT)
        with pytest.raises(Conflict):
            declare(db, ids[1], Declared(OURS, "手改", 7), by=cast.wang, at=AT)
    life = lin.get(f"/units/{ids[0]}").text
    assert life.count(names[0]) >= 2 and "自购" in life and "Whose it was" in life and "ours → " in life
    assert "Whose it was" not in lin.get(f"/units/{ids[1]}").text
    shelf = lin.get(f"/stock/{room}?whose=customer").text
    assert number in shelf and names[0] in shelf and "Our own" in shelf and f"/units/{ids[1]}" not in shelf
    told_now = lin.get("/api/v1/fitted", query_string={"number": number, "at": "2100-01-01T00:00Z"}).get_json()
    assert told_now["place"]["owner"] == {"kind": "customer", "name": names[0]}
    assert as_person(cast.su).get(address).status_code == as_person(cast.he).get(address).status_code == 404


def test_what_went_back_to_him_is_given_to_us_again(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        order = installation_order(db, cast, lines=1)
        (box,) = carried(db, cast, cast.su, boxes=1)
        install(db, work(order), box.id, by=cast.su, at=AT)
        case, room, mine = return_of(db, remove(db, work(order), box.id, by=cast.su, at=AT)), store(db, cast).id, box.owned
        for step in ("receive", "diagnose"):
            ACTS[step](db, case, cast)
        benching.repair(db, seen(case), back=Back(None), remark="", by=cast.lin, at=AT)
        page, told = f"/units/{box.id}", {"room": str(room), "why": "送来再装", "seq": str(box.position.seq)}  # type: ignore[union-attr]
    lin = as_person(cast.lin)
    assert "given it to us again?" in lin.get(page).text
    for missing in ("room", "why"):
        assert lin.post(page + "/given-again", data={**told, missing: ""}).status_code == 422
    assert [lin.post(page + "/given-again", data=told).status_code for _ in range(2)] == [302, 302], "pressed twice"
    assert lin.post(page + "/given-again", data={**told, "seq": "1"}).status_code == 409
    life = lin.get(page).text
    assert "送来再装" in life and "given it to us again?" not in life
    with transaction() as db:
        box, order = db.get_one(Unit, box.id), db.get_one(Order, order.id)
        assert (box.owned, where(db, box).id, list(broken_custody(db))) == (mine, room, [])
        with db.begin_nested() as point:
            take_back(db, box.id, unit_history(db, box.id)[0].id, reason="记错", by=cast.lin, at=AT)
            assert where(db, box).kind == "customer"
            point.rollback()
        db.expire_all()
        into_bag(db, cast, cast.su, [box])
        install(db, work(order), box.id, by=cast.su, at=AT)

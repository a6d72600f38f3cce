"""Counted parts on the pages of transfers, and handed on by tapping on the phone."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.devices.models import HandOver
from dispatch.devices.operations import bag_of
from tests.conftest import Cast, SignIn
from tests.devices.building import store
from tests.devices.test_parts import cable
from tests.devices.test_parts_on_papers import in_bag
from tests.devices.test_transferring import far


def test_on_the_pages_of_transfers(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        part, place, into = cable(db, cast).id, store(db, cast).id, far(db, cast).id
    lin, he, wang = as_person(cast.lin), as_person(cast.he), as_person(cast.wang)
    row, form = f"n-{part}", {"store": place, "to": cast.gz, "note": "补货", "key": str(uuid.uuid4())}
    few = lin.post("/stock/transfers/new", data={**form, row: "11"})
    assert (few.status_code, "Only 10 根 of 电源线 are here." in few.text, 'value="11"' in few.text) == (422, True, True)
    assert "A whole number from 0" in lin.post("/stock/transfers/new", data={**form, row: "x"}).text
    [page] = {lin.post("/stock/transfers/new", data={**form, row: "8"}).location for _ in range(2)}
    assert "1 kind of part" in lin.get(page).text and "8 根" in lin.get(page).text
    for count, told in (("", "Say how many have arrived."), ("9", "A whole number from 0 to 8"), ("6", "please say why")):
        short = he.post(f"{page}/receive", data={row: count, "into": into})
        assert (short.status_code, told in short.text, f'value="{count}"' in short.text) == (422, True, True), count
    assert he.post(f"{page}/receive", data={row: "3", "into": into, "reason": "箱破", "answers": cast.lin.id}).status_code == 302
    shown = wang.get(page).text
    assert "5 missing" in shown and "Write off what is missing" in shown and "Not all arrived" in lin.get("/stock/transfers").text
    found, again = f"{page}/parts/{part}/found", {"count": "2", "key": str(uuid.uuid4())}
    assert he.post(found, data={"count": "6"}).status_code == 422
    assert [he.post(found, data=again).status_code for _ in range(2)] == [302, 302]
    assert "3 missing" in he.get(page).text and "2 turned up" in he.get(page).text
    lost = f"{page}/parts/{part}/lost"
    assert wang.post(lost, data={"note": ""}).status_code == 422 and lin.post(lost, data={"note": "x"}).status_code == 404
    assert wang.post(lost, data={"note": "物流赔付"}).status_code == 302 and "3 lost" in he.get(page).text
    assert (
        he.post(found, data={"count": "1"}).status_code == 409 and as_person(cast.su).post(found, data=again).status_code == 404
    )


def test_on_the_phone_parts_are_handed_on_by_tapping(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        part = in_bag(db, cast).id
        bags = [bag_of(db, person_id=each.id or 0, branch_id=cast.sz).id for each in (cast.su, cast.wei)]
    su, wei, lin = as_person(cast.su), as_person(cast.wei), as_person(cast.lin)
    row, page = f"n-{part}", su.get("/my-bag").text
    assert f'name="{row}"' in page and 'max="5"' in page and page.count("data-step") == 3
    assert "Nothing was chosen." in su.post("/my-bag", data={row: "0", "to": cast.wei.id}).text
    many = su.post("/my-bag", data={row: "6", "to": cast.wei.id})
    assert (many.status_code, "Only 5 根 of 电源线 are here." in many.text, 'value="6"' in many.text) == (422, True, True)
    form = {row: "4", "to": cast.wei.id, "key": str(uuid.uuid4())}
    assert [su.post("/my-bag", data=form).status_code for _ in range(2)] == [302, 302]
    page = su.get("/my-bag").text
    assert "4 offered" in page and 'max="1"' in page and "All of it stays yours" in page
    with transaction() as db:
        made = db.scalars(sa.select(HandOver.id).where(HandOver.status == "offered")).one()
    assert "苏杰 hands you this" in wei.get("/my-bag").text and "× 4 根" in wei.get("/my-bag").text
    assert "It is in your bag now." in wei.post(f"/my-bag/{made}/accept", follow_redirects=True).text
    other = lin.post(f"/stock/{bags[0]}/parts", data={"do": "return", row: "1", "to": f"p{cast.wei.id}"})
    assert (other.status_code, "Choose where" in other.text) == (422, True), "from bag to bag the taker says yes himself"

"""Stock pages: who sees what, handing over, the life of a unit."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.devices.fitting import install, swap, undo
from dispatch.devices.models import Holder, Unit
from dispatch.devices.operations import move_units, slot_of
from tests.building import installation_order, vehicle
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.devices.building import carried, into_bag, say_yes, sims, store, terminals, where, work

MOST_QUERIES = 12


@pytest.fixture
def stocked(database: str, cast: Cast) -> dict[str, int]:
    """Three terminals and two SIMs in the store, one pair in Su's bag, one pair in a vehicle."""
    with transaction() as db:
        boxes, cards = terminals(db, cast, 5), sims(db, cast, 4)
        bag = into_bag(db, cast, cast.su, [boxes[0], cards[0]])
        slot = slot_of(db, vehicle_id=vehicle(db, cast).id, branch_id=cast.sz)
        move_units(db, [boxes[1].id, cards[1].id], to=slot, reason="install", by=cast.su, at=AT)
        ids = {"carried": boxes[0].id, "fitted": boxes[1].id, "card": cards[1].id, "stored": boxes[2].id, "stored2": boxes[3].id}
        return {**ids, "store": store(db, cast).id, "bag": bag.id, "slot": slot.id}


def test_the_office_sees_stores_and_every_bag(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    page = as_person(cast.lin).get("/stock").text
    assert "总仓" in page and "苏杰" in page and "卫晨" in page
    assert "Good for 1 vehicle" in page and "Empty" in page


def test_a_technician_is_led_to_his_bag_and_sees_nothing_else(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    su, wei = as_person(cast.su), as_person(cast.wei)
    assert su.get("/stock").location == wei.get("/stock").location == "/my-bag"
    page = su.get(f"/stock/{stocked['bag']}").text
    assert "data-check" not in page and "T0" in page
    assert su.get(f"/stock/{stocked['store']}").status_code == 404
    assert [su.get(f"/units/{stocked[name]}").status_code for name in ("carried", "stored", "fitted")] == [200, 404, 404]
    assert wei.get(f"/stock/{stocked['bag']}").status_code == 404
    assert "Your bag is empty" in wei.get("/my-bag").text
    assert su.get("/stock/issue").status_code == 404


def test_another_branch_finds_nothing(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    he = as_person(cast.he)
    addresses = [
        f"/stock/{stocked['store']}",
        f"/stock/{stocked['bag']}",
        f"/units/{stocked['stored']}",
        f"/stock/{stocked['slot']}",
    ]
    assert [he.get(address).status_code for address in addresses] == [404] * 4
    assert he.post(addresses[0], data={"ids": stocked["stored"], "to": cast.su.id}).status_code == 404
    assert "Nothing is in stock yet" in he.get("/stock").text


@pytest.mark.parametrize(
    "address", ["/stock", "/stock?q=T0", "/stock/{store}", "/stock/{bag}", "/stock/issue", "/units/{fitted}", "/units/{carried}"]
)
def test_pages_ask_little_of_the_database(as_person: SignIn, cast: Cast, stocked: dict[str, int], address: str) -> None:
    client = as_person(cast.lin)
    with queries() as asked:
        assert client.get(address.format(**stocked)).status_code == 200
    assert len(asked) <= MOST_QUERIES, asked


def test_a_search_with_one_hit_opens_it(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    with transaction() as db:
        serial = db.get_one(Unit, stocked["stored"]).terminal.serial  # type: ignore[union-attr]
    client = as_person(cast.lin)
    assert client.get(f"/stock?q={serial}").location == f"/units/{stocked['stored']}"
    assert "No terminal and no SIM has this number" in client.get("/stock?q=nothing").text


def test_checked_units_go_into_a_bag_and_back(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    client = as_person(cast.lin)
    form = {"ids": [stocked["stored"], stocked["stored2"]], "to": cast.wei.id, "key": str(uuid.uuid4())}
    assert client.post(f"/stock/{stocked['store']}", data=form).status_code == 302
    assert "2 units issued to 卫晨" in client.get(f"/stock/{stocked['store']}").text
    with transaction() as db:
        assert where(db, db.get_one(Unit, stocked["stored"])).id == stocked["store"], "until he has said yes"
        say_yes(db, cast)
    client.post(f"/stock/{stocked['store']}", data=form)
    assert "done already" in client.get(f"/stock/{stocked['store']}").text
    with transaction() as db:
        bag = where(db, db.get_one(Unit, stocked["stored"]))
        assert bag.person_id == cast.wei.id
    back = {"ids": stocked["stored"], "to": stocked["store"], "key": str(uuid.uuid4())}
    assert client.post(f"/stock/{bag.id}", data=back).location == f"/stock/counter/{cast.wei.id}"
    with transaction() as db:
        assert where(db, db.get_one(Unit, stocked["stored"])).person_id == cast.wei.id, "until he has said yes"
        say_yes(db, cast)
        assert where(db, db.get_one(Unit, stocked["stored"])).id == stocked["store"]


def test_a_unit_that_has_gone_meanwhile_is_named(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    form = {"ids": [stocked["stored"], stocked["carried"]], "to": cast.wei.id, "key": str(uuid.uuid4())}
    answer = as_person(cast.lin).post(f"/stock/{stocked['store']}", data=form)
    assert answer.status_code == 422 and "is elsewhere: in 苏杰&#39;s bag" in answer.text
    with transaction() as db:
        assert where(db, db.get_one(Unit, stocked["stored"])).id == stocked["store"]


def test_units_go_only_to_people_and_stores_of_the_branch(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    client = as_person(cast.lin)
    for to in (cast.he.id, cast.lin.id, "", "x"):
        answer = client.post(f"/stock/{stocked['store']}", data={"ids": stocked["stored"], "to": to})
        assert answer.status_code == 422 and "Choose where the units should go" in answer.text


def test_issuing_keeps_what_was_typed_and_names_each_number(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    client = as_person(cast.lin)
    form = {"store": stocked["store"], "technician": cast.wei.id, "numbers": "XX-1\nXX-2", "sims": "1", "key": str(uuid.uuid4())}
    answer = client.post("/stock/issue", data=form)
    assert answer.status_code == 422
    assert "XX-1 is not on record" in answer.text and "XX-2 is not on record" in answer.text
    assert ">XX-1\nXX-2</textarea>" in answer.text.replace("\r", "")
    done = client.post("/stock/issue", data={**form, "numbers": ""})
    assert done.status_code == 302
    assert "1 unit issued to 卫晨" in client.get(done.location).text


def test_the_life_of_a_unit_is_on_one_page(as_person: SignIn, cast: Cast, stocked: dict[str, int]) -> None:
    page = as_person(cast.lin).get(f"/units/{stocked['fitted']}").text
    for words in ("Taken into stock", "Installed", "until 2027-12-02", f"/units/{stocked['card']}", "总仓"):
        assert words in page


def test_a_long_store_is_shown_page_by_page(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        terminals(db, cast, 130)
        place = db.scalars(sa.select(Holder.id).where(Holder.kind == "store")).one()
    client = as_person(cast.lin)
    assert client.get(f"/stock/{place}").text.count("data-check ") == 100
    assert client.get(f"/stock/{place}?page=2").text.count("data-check ") == 30
    assert "BD-808A" in client.get(f"/stock/{place}?model=BD-808A").text
    assert "Nothing here matches" in client.get(f"/stock/{place}?q=zzzz").text


def test_a_swap_reads_well_on_the_pages_of_unit_vehicle_and_order(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        order = installation_order(db, cast, lines=1)
        old, new = carried(db, cast, cast.su, boxes=2)
        names, vehicle_id, number = (old.number, new.number), order.lines[0].vehicle_id, order.number
        install(db, work(order), old.id, by=cast.su, at=AT)
        swapped = swap(db, work(order, at=AT), new.id, by=cast.su, at=AT + timedelta(minutes=5))
    lin = as_person(cast.lin)
    assert all(words in lin.get(f"/units/{old.id}").text for words in ("Taken out in a swap", "Installed", number))
    assert all(words in lin.get(f"/units/{new.id}").text for words in ("Fitted in a swap", number))
    vehicle = lin.get(f"/vehicles/{vehicle_id}").text
    assert "Terminal swapped" in vehicle and all(name in vehicle for name in names) and number in vehicle
    told = " ".join(lin.get(f"/orders/{number}").text.split())
    assert "Terminal swapped" in told and f"Terminal {names[0]} fitted" in told
    with transaction() as db:
        undo(db, swapped.id, reason="wrong plate", by=cast.su, at=AT + timedelta(minutes=9))
    vehicle, told = lin.get(f"/vehicles/{vehicle_id}").text, lin.get(f"/orders/{number}").text
    assert "Terminal put back as it was before" in vehicle and "Terminal put back as it was before" in told
    assert "wrong plate" in told and "Corrected" in lin.get(f"/units/{new.id}").text

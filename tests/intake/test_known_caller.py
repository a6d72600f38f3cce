"""Who calls is found while the call is written, and what is known of him fills the fields."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
import sqlalchemy as sa

from dispatch.audit.models import AuditEntry
from dispatch.customers.operations import contact_of, customer_named
from dispatch.db import transaction
from dispatch.intake.wording import starting_field
from dispatch.orders.models import Order
from tests.building import approved, visit
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import ADDRESS, call_form, orders


def filled(page: str) -> dict[str, str]:
    """What a fragment puts into the call's fields."""
    data = re.search(r'data-fill="([^"]+)"', page)
    assert data
    values: dict[str, str] = json.loads(unescape(data[1]))
    return values


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("5q8jf", "found-v"),
        ("138 9960 3082", "found-d"),
        ("0755-26556565转801", "found-c"),
        ("恒通", "found-k"),
        ("htwl", "found-k"),
        ("6565", "found-c"),
        ("zcm", "found-c"),
        ("3082", "found-d"),
        ("llt", "found-d"),
        ("b5q8jf", "found-v"),
        ("粤B·5Q8JF", "found-v"),
        ("6AF102554", "found-v"),
        ("SN100200300", "found-u"),
        ("012345678", "found-u"),
    ],
)
def test_a_caller_is_found_by_plate_phone_number_or_name(as_person: SignIn, cast: Cast, known: int, words: str, hit: str) -> None:
    assert f'id="{hit}' in as_person(cast.lin).get("/calls/find", query_string={"q": words}, headers={"HX-Request": "true"}).text


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("粤b·5q8jf", True),
        ("138 9960 3082", True),
        ("0755-26556565转801", True),
        ("LSGPC52U6AF102554", True),
        ("恒通物流有限公司", True),
        ("SN100200300", True),
        ("5q8jf", False),
        ("1389960", False),
        ("6565", False),
        ("恒通", False),
    ],
)
def test_who_is_named_in_full_and_alone_is_meant(as_person: SignIn, cast: Cast, known: int, words: str, meant: bool) -> None:
    assert (" data-exact" in as_person(cast.lin).get("/calls/find", query_string={"q": words}).text) is meant


def test_of_two_with_one_name_neither_is_meant(as_person: SignIn, cast: Cast, known: int) -> None:
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流有限公司", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="李磊涛", phone="13899603082")
    page = as_person(cast.lin).get("/calls/find?q=13899603082").text
    assert "found-c" in page and "found-d" in page and "data-exact" not in page


def test_another_branch_finds_nothing_and_may_not_ask(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.he)
    found = client.get("/calls/find", query_string={"q": "5q8jf"}).text
    assert "found-v" not in found
    assert client.get(f"/calls/known?vehicle_id={known}").status_code == 404
    assert "data-fill" not in client.get("/calls/known?plate=粤B5Q8JF").text


@pytest.mark.parametrize("asked", ["vehicle_id={known}", "plate=粤b5q8jf", "vin=LSGPC52U6AF102554", "customer=恒通物流有限公司"])
def test_what_is_known_fills_the_call(as_person: SignIn, cast: Cast, known: int, asked: str) -> None:
    page = as_person(cast.lin).get(f"/calls/known?{asked.format(known=known)}", headers={"HX-Request": "true"}).text
    values = filled(page)
    assert values["contact"] == "张超敏"
    assert values["plate"] == "粤B5Q8JF"
    assert (values["colour"], values["model"], values["address"], values["place"]) == (
        "yellow",
        "BD-808A",
        ADDRESS,
        "22.639, 113.811",
    )
    assert "In warranty until 2028-12-02" in page
    assert "24 months from installation on 2026-12-02" in page


def test_a_driver_who_calls_is_the_contact(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    found = client.get("/calls/find?q=13899603082").text
    address = re.search(r'id="found-d\d+"[^>]*data-known="([^"]+)"', found)
    assert address
    values = filled(client.get(unescape(address[1])).text)
    assert (values["contact"], values["phone"]) == ("李磊涛", "13899603082")


def test_that_a_number_was_shown_is_written_down(as_person: SignIn, cast: Cast, known: int) -> None:
    as_person(cast.lin).get(f"/calls/known?vehicle_id={known}")
    with transaction() as db:
        (entry,) = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "phone.reveal"))
    assert (entry.by_id, entry.detail) == (cast.lin.id, {"name": "张超敏"})


def test_an_open_order_of_the_vehicle_is_shown(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form())
    assert f'href="/orders/{orders()[0].number}"' in client.get(f"/calls/known?vehicle_id={known}").text


def test_warranty_from_a_purchase_date_that_was_only_named(as_person: SignIn, cast: Cast, known: int) -> None:
    text = as_person(cast.lin).get("/calls/warranty", query_string={"purchased_on": "2023/12/02", "model": "BD-808A 主机"}).text
    assert "24 months from purchase on 2023-12-02" in text


def test_the_place_of_an_address_is_remembered(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    assert client.get("/calls/place", query_string={"address": ADDRESS}).json == {"place": "22.639, 113.811"}
    assert client.get("/calls/place", query_string={"address": "别处"}).json == {"place": ""}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("13826551234", "phone"),
        ("2655 1234", "phone"),
        ("粤B·12345", "plate"),
        ("LSGPC52U6AF102554", "vin"),
        ("恒通物流", "customer"),
        ("1", ""),
    ],
)
def test_what_nobody_has_goes_into_the_field_it_belongs_to(words: str, field: str) -> None:
    assert starting_field(words) == field


def test_a_piece_of_a_number_finds_contact_and_driver(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    with transaction() as db:
        owner = customer_named(db, branch_id=cast.sz, name="恒通物流有限公司", by=cast.lin, at=AT)
        contact_of(db, customer=owner, name="范健平", phone="13350921198")
    assert "范健平" in client.get("/calls/find?q=1335092").text
    assert "范健平" in client.get("/search?q=1335092", headers={"HX-Request": "true"}).text
    for words in ("1389960", "138-9960", "+86 1389960", "13899603082"):
        assert "李磊涛" in client.get("/calls/find", query_string={"q": words}).text, words
        assert "李磊涛" in client.get("/search", query_string={"q": words}, headers={"HX-Request": "true"}).text, words
    assert "李磊涛" not in client.get("/calls/find?q=9960309").text
    assert "李磊涛" not in as_person(cast.he).get("/calls/find?q=1389960").text


def test_an_open_order_says_what_it_is_about_and_when_somebody_comes(as_person: SignIn, cast: Cast, known: int) -> None:
    client = as_person(cast.lin)
    client.post("/calls/new", data=call_form(symptom="offline"))
    page = client.get(f"/calls/known?vehicle_id={known}").text
    assert "Is it about one of these?" in page and "终端不上线三天" in page and "No visit planned yet" in page
    with transaction() as db:
        order = approved(db, cast, db.scalars(sa.select(Order)).one())
        visit(db, cast, order, cast.su, starts_at=AT, minutes=60)
    page = client.get(f"/calls/known?vehicle_id={known}").text
    assert "No visit planned yet" not in page and "Planned" in page


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("恒通物流公司", True),
        ("深圳市恒通物流有限公司", True),
        ("恒通物流", True),
        ("平安旅游客运", False),
        ("恒通物流有限公司", False),
    ],
)
def test_a_customer_of_a_similar_name_is_shown(as_person: SignIn, cast: Cast, known: int, name: str, asked: bool) -> None:
    page = as_person(cast.lin).get("/calls/known", query_string={"customer": name}).text
    assert ("A new customer, or one of these?" in page) is asked

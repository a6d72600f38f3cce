"""Bringing in lists of terminals, SIMs, technicians and prices: preview, then all good rows or none."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatch.db import transaction
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, Part, PartPosition, Sim, Terminal, Unit
from dispatch.fees.models import Price
from dispatch.intake.lists import KINDS, from_json, read_list, to_json
from dispatch.intake.models import Upload
from dispatch.staff.models import Person
from dispatch.tabular.tables import read
from tests.conftest import Cast, SignIn
from tests.devices.building import say_yes, store
from tests.tabular.files import SAMPLES, xlsx

SAMPLE = {
    "terminals": "stock_terminals.csv",
    "sims": "stock_sims.csv",
    "technicians": "technicians.csv",
    "prices": "prices.csv",
    "calls": "repair_calls.csv",
    "parts": "parts.csv",
}


def send(client: FlaskClient, kind: str, content: bytes, name: str = "list.csv") -> TestResponse:
    return client.post(f"/import/{kind}", data={"file": (io.BytesIO(content), name)})


def sample(kind: str) -> bytes:
    return (SAMPLES / SAMPLE[kind]).read_bytes()


def upload(client: FlaskClient, kind: str, content: bytes | None = None) -> str:
    """Send a file; the address of its preview."""
    answer = send(client, kind, content if content is not None else sample(kind))
    assert answer.status_code == 302, answer.text[:2000]
    return answer.location


def expected(client: FlaskClient, address: str) -> str:
    """How many rows the preview promises."""
    found = re.search(r'name="expected" value="(\d+)"', client.get(address).text)
    assert found is not None
    return found[1]


def take(client: FlaskClient, address: str, **more: object) -> TestResponse:
    return client.post(address, data={"expected": expected(client, address), "store": "总仓", **more})


def count(table: type) -> int:
    with transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_as_json_comes_back_the_same(kind: str) -> None:
    reading = read_list(kind, read(SAMPLE[kind], sample(kind)))
    assert reading.rows and from_json(kind, to_json(kind, reading)) == reading


def test_the_samples_of_terminals_and_sims_are_taken_in(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    for kind in ("terminals", "sims"):
        answer = take(client, upload(client, kind))
        assert answer.status_code == 302, answer.text
    assert (count(Terminal), count(Sim), count(CustodyEntry), count(CustodyPosition)) == (400, 400, 800, 800)
    with transaction() as db:
        assert db.scalars(sa.select(Holder.name).where(Holder.kind == "store")).all() == ["总仓"]
        assert db.scalar(sa.select(sa.func.count()).select_from(Sim).where(Sim.iccid.op("~")("[A-Z]"))) == 10


def test_a_second_press_takes_nothing_twice(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    address = upload(client, "terminals")
    form = {"expected": expected(client, address)}
    assert [client.post(address, data=form).status_code for _ in range(2)] == [302, 302]
    assert "taken in already" in client.get(address).text
    assert count(Terminal) == 400


ROWS = [["ICCID", "号码", "套餐"], ["898606243293A2245176", "1440033950743", "30MB"], ["8986", "1410051948431", "2GB"]]


def test_a_bad_row_shows_its_reason_and_is_left_out_only_when_agreed(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    address = upload(client, "sims", xlsx(ROWS))
    page = client.get(address).text
    assert "an ICCID has 19 or 20 characters, this one has 4" in page and "8986 · 1410051948431 · 2GB" in page
    refused = take(client, address)
    assert refused.status_code == 422 and "1 rows cannot be taken" in refused.text
    assert count(Sim) == 0
    assert take(client, address, leave_out="1").status_code == 302
    assert count(Sim) == 1


def test_a_number_that_came_into_use_since_the_preview_stops_everything(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [["ICCID"], ["89860622588667878485"], ["89860421730988191791"]]
    address = upload(client, "sims", xlsx(rows))
    promised = expected(client, address)
    other = upload(client, "sims", xlsx(rows[:2]))
    assert take(client, other).status_code == 302
    refused = client.post(address, data={"expected": promised, "store": "总仓", "leave_out": "1"})
    assert refused.status_code == 409 and "Nothing was taken in" in refused.text
    assert "8986062258866787848 is on record already" in refused.text
    assert count(Sim) == 1
    assert take(client, address, leave_out="1").status_code == 302
    assert count(Sim) == 2


FILES = [
    (b"", "The file is empty."),
    (b"%PDF-1.7 abc", "This is a PDF"),
    (b"\x89PNG\r\n", "This is a picture"),
]


@pytest.mark.parametrize(("content", "sentence"), FILES)
def test_a_wrong_file_is_refused_with_a_sentence_on_the_same_page(
    as_person: SignIn, cast: Cast, content: bytes, sentence: str
) -> None:
    answer = send(as_person(cast.lin), "terminals", content)
    assert answer.status_code == 422
    assert sentence in answer.text and 'type="file"' in answer.text


def test_no_file_and_a_file_too_large_are_refused(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    assert client.post("/import/sims", data={}).status_code == 422
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    answer = client.post(
        "/import/sims", data=head + b"x" * (60 << 20) + b"\r\n--b--\r\n", content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 413
    assert "larger than 20 MB" in answer.text and 'type="file"' in answer.text
    assert count(Upload) == 0


def test_technicians_are_hired_and_known_ones_brought_up_to_date(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.wang)
    address = upload(client, "technicians")
    page = client.get(address).text
    assert page.count('class="differs"') == 3
    assert "Change these 3 people" in page
    assert take(client, address, change="1", trained=["5", "6"], trained_on="2026-11-02").status_code == 302
    with transaction() as db:
        by_number = {p.staff_no: p for p in db.scalars(sa.select(Person).where(Person.staff_no.like("JS%")))}
        assert len(by_number) == 14
        known, fresh, untrained = by_number["JS001"], by_number["JS004"], by_number["JS009"]
        assert (known.id, known.trained_on, known.username) == (cast.su.id, date(2026, 1, 15), "su")
        assert known.shift_from.hour == 12 and known.phone == "18972515240"
        assert fresh.roles == {"technician"} and fresh.trained_on == date(2026, 11, 2)
        assert {s.skill: s.level for s in fresh.skills} == {"install": 1, "repair": 2}
        assert untrained.trained_on is None and untrained.username is None and untrained.home_lat == 22.679


def test_nobody_on_record_is_renamed_in_silence(as_person: SignIn, cast: Cast) -> None:
    client, rows = as_person(cast.wang), [["工号", "姓名"], ["JS001", "苏别人"], ["JS079", "新人"]]
    address = upload(client, "technicians", xlsx(rows))
    page = re.sub(r"<[^>]+>", "", client.get(address).text)
    assert "Full name 苏杰  苏别人" in page
    assert "Import 1 row, skip 1" in page and "Import 2 rows" in page
    assert take(client, address).status_code == 302
    with transaction() as db:
        names = db.execute(sa.select(Person.staff_no, Person.name).where(Person.staff_no.in_(["JS001", "JS079"])))
        assert dict(names.all()) == {"JS001": "苏杰", "JS079": "新人"}
    only = upload(client, "technicians", xlsx(rows[:2]))
    refused = take(client, only)
    assert refused.status_code == 422 and "Agree to that, or there is nothing to take in." in refused.text
    assert take(client, only, change="1").status_code == 302
    assert "as on record" in client.get(upload(client, "technicians", xlsx(rows[:2]))).text
    with transaction() as db:
        assert db.get_one(Person, cast.su.id).name == "苏别人"


def test_a_list_does_not_touch_people_of_other_roles_or_branches(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.wang)
    rows = [
        ["工号", "姓名", "班次"],
        ["M001", "王五", ""],
        ["D101", "何三", ""],
        ["JS077", "夜班", "22:00-06:00"],
        ["JS078", "白班", ""],
    ]
    address = upload(client, "technicians", xlsx(rows))
    page = client.get(address).text
    for sentence in ("somebody with another role", "belongs to another branch", "shifts over midnight"):
        assert sentence in page
    assert take(client, address, leave_out="1").status_code == 302
    with transaction() as db:
        assert db.get_one(Person, cast.wang.id).name == "王建国"
        assert db.scalar(sa.select(Person.name).where(Person.staff_no == "JS078")) == "白班"


def test_bags_are_filled_as_the_list_says(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.wang)
    for kind in ("terminals", "sims", "technicians"):
        address = upload(client, kind)
        assert take(client, address).status_code == 302
    with transaction() as db:
        place = store(db, cast).id
    assert "Fill the bags" in client.get(address).text
    assert client.post(f"{address}/bags", data={"store": place, "key": "a"}).status_code == 302
    assert "140 units were issued to the bags" in client.get("/stock").text
    with transaction() as db:
        assert say_yes(db, cast) == 140, "each is his once he has said yes"
        of_su = sa.select(CustodyPosition.unit_kind).join(Holder, Holder.id == CustodyPosition.holder_id)
        assert sorted(db.scalars(of_su.where(Holder.person_id == cast.su.id))) == ["sim"] * 8 + ["terminal"] * 8
    client.post(f"{address}/bags", data={"store": place, "key": "b"})
    assert "Every bag holds what it should already" in client.get("/stock").text


def test_prices_are_added_and_known_days_replaced(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.qian)
    assert take(client, upload(client, "prices")).status_code == 302
    rows = [["编码", "名称", "类别", "单价", "税率", "生效日期"], ["P003", "GNSS 天线", "配件", "48.00", "13%", "2026-01-01"]]
    address = upload(client, "prices", xlsx(rows))
    assert "replaces" in client.get(address).text
    assert take(client, address).status_code == 302
    with transaction() as db:
        prices = {price.code: price.amount for price in db.scalars(sa.select(Price))}
    assert len(prices) == 11 and prices["P003"] == Decimal("48.00")


def test_parts_come_on_the_catalogue_and_into_their_store_once(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    address = upload(client, "parts")
    page = client.get(address).text
    assert page.count("edge-breached") == 2 and "new part" in page
    assert take(client, address, store="东仓", leave_out="1").status_code == 302
    assert "taken in already" in client.post(address, data={"expected": 4}, follow_redirects=True).text
    held = sa.select(Part.code, Holder.name, PartPosition.quantity).join(PartPosition.part)
    held = held.join(Holder, Holder.id == PartPosition.holder_id).order_by(Part.code)
    with transaction() as db:
        assert [tuple(row) for row in db.execute(held)] == [("P101", "总仓", 50), ("P102", "总仓", 30), ("P104", "总仓", 20)]
        assert db.scalar(sa.select(Part.name).where(Part.code == "P103")) == "GNSS 天线", "none came, but it can be taken in"
    rows = ["编码,名称,单位,数量,仓库", "P101,电源线 3 米,盒,9,总仓", "P109,线夹,个,9,总仓", "P109,线卡,个,9,东仓"]
    page = client.get(upload(client, "parts", "\n".join(rows).encode())).text
    assert "P101 is 电源线 3 米, counted in 根" in page and "P109 is 线夹, counted in 个" in page


@pytest.mark.parametrize(
    ("who", "kind", "status"),
    [
        ("lin", "parts", 200),
        ("qian", "parts", 404),
        ("lin", "sims", 200),
        ("lin", "prices", 404),
        ("lin", "technicians", 404),
        ("qian", "prices", 200),
        ("su", "sims", 404),
        ("lin", "calls", 404),
    ],
)
def test_each_kind_is_for_those_who_may(as_person: SignIn, cast: Cast, who: str, kind: str, status: int) -> None:
    assert as_person(getattr(cast, who)).get(f"/import/{kind}").status_code == status


def test_another_branch_does_not_see_what_waits(as_person: SignIn, cast: Cast) -> None:
    address = upload(as_person(cast.lin), "sims")
    stranger = as_person(cast.he)
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, data={"expected": "400", "store": "x"}).status_code == 404
    assert as_person(cast.lin).get(address.replace("sims", "terminals")).status_code == 404
    assert count(Unit) == 0

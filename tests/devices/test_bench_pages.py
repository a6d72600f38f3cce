"""The bench's pages: what is owed and overdue, finding a unit, each act with its form, figures, and the label."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices import benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_steps import Seen
from dispatch.devices.pages import label
from dispatch.sheets.gateway import missing_libraries
from dispatch.staff.models import PersonRole
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.devices.benches import WAYS, case_in, handed_in, seen
from tests.devices.building import store
from tests.field.building import DRAWN

MOST_QUERIES = 12


def made(cast: Cast, status: str, **facts: str) -> tuple[int, str]:
    """A return in this status: its id and the number of its unit."""
    with transaction() as db:
        case = case_in(db, cast, status, **facts)
        unit = case.unit
        number = unit.terminal.serial if unit.terminal else unit.sim.iccid if unit.sim else ""
        return case.id, number


def owed_since(return_id: int, days: int) -> None:
    """As if its unit had come out so many days ago."""
    out = now() - timedelta(days=days)
    with transaction() as db:
        change = sa.update(UnitReturn).where(UnitReturn.id == return_id)
        db.execute(change.values(opened_at=out, due_at=out + timedelta(days=3)))


def sent(return_id: int, **typed: object) -> dict[str, object]:
    """The form of a page opened just now."""
    with transaction() as db:
        page: Seen = seen(db.get_one(UnitReturn, return_id))
    return {"step": page.step, "key": str(page.key), **typed}


def status_of(return_id: int) -> str:
    with transaction() as db:
        return db.get_one(UnitReturn, return_id).status


def hand_in(return_id: int) -> None:
    """Whoever carries it says yes."""
    with transaction() as db:
        handed_in(db, db.get_one(UnitReturn, return_id))


def test_the_list_shows_what_is_owed_and_asks_for_it_in_one_press(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, number = made(cast, "owed")
    client = as_person(cast.lin)
    page = client.get("/bench").text
    assert number in page and "苏杰's bag" in page
    assert "overdue since" not in page
    owed_since(return_id, 5)
    assert "overdue since" in client.get("/bench").text
    form = sent(return_id) | {"from": "list"}
    answer = client.post(f"/bench/{return_id}/receive", data=form)
    assert (answer.status_code, answer.location) == (302, "/bench")
    again = client.post(f"/bench/{return_id}/receive", data=form)
    assert again.status_code == 302, "pressed twice it counts once"
    page = client.get("/bench").text
    assert f"{number} is received when 苏杰 has said yes, too." in page and "waits for 苏杰" in page
    assert "or with a signature on this screen" in client.get(f"/bench/{return_id}").text
    phone = as_person(cast.su)
    assert "The repair bench says you brought this" in phone.get("/my-bag").text
    with transaction() as db:
        paper = papers_of(db, [db.get_one(UnitReturn, return_id).unit_id]).popitem()[1].id
    said = phone.post(f"/my-bag/{paper}/accept", follow_redirects=True).text
    assert "Both have said yes: the repair bench has it." in said
    assert status_of(return_id) == "received"
    assert f"Asked for by {cast.lin.name}; both have said yes" in client.get(f"/bench/{return_id}").text


def test_it_is_signed_for_on_the_benchs_own_screen(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, _ = made(cast, "owed")
    with transaction() as db:
        db.execute(sa.update(PersonRole).where(PersonRole.person_id == cast.lin.id).values(role="qa"))
    qa = as_person(cast.lin)
    qa.post(f"/bench/{return_id}/receive", data=sent(return_id))
    with transaction() as db:
        paper = papers_of(db, [db.get_one(UnitReturn, return_id).unit_id]).popitem()[1].id
    counter = f"/stock/counter/{cast.su.id}"
    assert "To the bench" in qa.get(counter).text and "Issue to this bag" not in qa.get(counter).text
    assert qa.post(counter, data={"papers": [paper], "points": DRAWN}).status_code == 302
    assert status_of(return_id) == "received" and "signature, on the screen of" in qa.get(f"/stock/papers/{paper}").text


@pytest.mark.parametrize("status", sorted(WAYS))
def test_each_return_is_in_its_list_and_has_a_page_in_both_languages(
    database: str, cast: Cast, as_person: SignIn, status: str
) -> None:
    return_id, number = made(cast, status)
    tab = {"owed": "receive", "received": "bench", "diagnosed": "bench", "at_supplier": "supplier", "scrap_proposed": "scrap"}
    client = as_person(cast.lin)
    assert number in client.get(f"/bench?tab={tab.get(status, 'done')}").text
    page = client.get(f"/bench/{return_id}")
    assert page.status_code == 200 and number in page.text and "Taken out of the vehicle" in page.text
    with client.session_transaction() as cookie:
        cookie["locale"] = "zh"
    assert "返修台" in client.get(f"/bench/{return_id}").text and "从车上拆下" in client.get(f"/bench/{return_id}").text


def test_a_scanned_number_leads_to_the_return_that_is_open(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, number = made(cast, "diagnosed")
    client = as_person(cast.lin)
    assert client.get(f"/bench?q={number}").location == f"/bench/{return_id}"
    unknown = client.get("/bench?q=NOSUCH").text
    assert "No return is known by this number" in unknown and "/stock?q=NOSUCH" in unknown


def test_from_received_to_repaired_by_forms(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, number = made(cast, "received")
    with transaction() as db:
        place = store(db, cast).id
    client = as_person(cast.lin)
    nothing = client.post(f"/bench/{return_id}/diagnose", data=sent(return_id, remark="闻到焦味"))
    assert nothing.status_code == 422
    assert "Choose what is wrong with it." in nothing.text and "闻到焦味" in nothing.text, "what was typed is kept"
    client.post(f"/bench/{return_id}/diagnose", data=sent(return_id, fault="power", remark="保险丝"))
    nowhere = client.post(f"/bench/{return_id}/repair", data=sent(return_id, back="", remark="换好了"))
    assert nowhere.status_code == 422 and "Choose a store." in nowhere.text and "换好了" in nowhere.text
    assert client.post(f"/bench/{return_id}/repair", data=sent(return_id, back=place)).status_code == 302
    page = client.get(f"/bench/{return_id}").text
    assert "Repaired; now: 总仓" in page and "This return is settled." in page
    with transaction() as db:
        unit_id = db.get_one(UnitReturn, return_id).unit_id
    life = client.get(f"/units/{unit_id}").text
    assert "Returns for repair" in life and f"/bench/{return_id}" in life and "Power supply" in life
    assert number in life


def test_to_the_supplier_and_replaced(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, number = made(cast, "diagnosed")
    with transaction() as db:
        place = store(db, cast).id
    client = as_person(cast.lin)
    half = client.post(f"/bench/{return_id}/send", data=sent(return_id, supplier="博实结", tracking_number="SF1"))
    assert half.status_code == 422 and "under which the supplier expects it" in half.text and "博实结" in half.text
    client.post(f"/bench/{return_id}/send", data=sent(return_id, supplier="博实结", rma_number="RMA-7", tracking_number="SF1"))
    page = client.get(f"/bench/{return_id}").text
    assert "Sent to 博实结, RMA RMA-7" in page and "Tracking number SF1" in page
    known = client.post(f"/bench/{return_id}/replace", data=sent(return_id, number=number, store=place))
    assert known.status_code == 409 and "already on record" in known.text
    client.post(f"/bench/{return_id}/replace", data=sent(return_id, number="NEU00001", store=place))
    assert "The supplier sent NEU00001 instead; now: 总仓" in client.get(f"/bench/{return_id}").text


def test_a_stale_page_is_told_and_shows_what_is_so_now(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, _ = made(cast, "owed")
    late = sent(return_id)
    as_person(cast.wang).post(f"/bench/{return_id}/receive", data=sent(return_id))
    hand_in(return_id)
    answer = as_person(cast.lin).post(f"/bench/{return_id}/receive", data=late)
    assert answer.status_code == 409
    assert "This return went on meanwhile: On the bench. Please look again." in answer.text
    assert "Record the fault" in answer.text


def test_scrapping_waits_for_somebody_else(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, _ = made(cast, "diagnosed")
    wang, chen = as_person(cast.wang), as_person(cast.chen)
    wang.post(f"/bench/{return_id}/propose_scrap", data=sent(return_id, reason="烧毁"))
    own = wang.get(f"/bench/{return_id}").text
    assert "You have proposed this yourself" in own and f"/bench/{return_id}/scrap" not in own
    assert wang.post(f"/bench/{return_id}/scrap", data=sent(return_id)).status_code == 422
    assert "proposes to scrap it: 烧毁" in chen.get(f"/bench/{return_id}").text
    assert chen.post(f"/bench/{return_id}/scrap", data=sent(return_id)).status_code == 302
    assert status_of(return_id) == "scrapped"


def test_whose_it_is_not(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, _ = made(cast, "owed")
    assert [as_person(cast.su).get(path).status_code for path in ("/bench", f"/bench/{return_id}")] == [404, 404]
    assert as_person(cast.he).get(f"/bench/{return_id}").status_code == 404
    assert as_person(cast.he).post(f"/bench/{return_id}/receive", data=sent(return_id)).status_code == 404
    assert as_person(cast.qian).get("/bench").status_code == 404
    assert as_person(cast.lin).post(f"/bench/{return_id}/burn", data=sent(return_id)).status_code == 404
    assert status_of(return_id) == "owed"


def test_empty_lists_say_so(database: str, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.lin)
    said = [client.get(f"/bench?tab={tab}").text for tab in ("receive", "bench", "supplier", "scrap", "done", "ghost")]
    words = ["Nobody owes", "The bench is empty", "at a supplier", "waits for a decision", "settled yet", "Nobody owes"]
    assert all(word in page for word, page in zip(words, said, strict=True))


def test_figures_of_what_became_of_them(database: str, cast: Cast, as_person: SignIn) -> None:
    made(cast, "repaired")
    made(cast, "repaired")
    return_id, _ = made(cast, "no_fault_found")
    with transaction() as db:
        at = now()
        db.execute(sa.update(UnitReturn).values(received_at=at - timedelta(days=2)))
        db.execute(sa.update(UnitReturn).where(UnitReturn.ended_at.is_not(None)).values(ended_at=at))
        db.execute(sa.update(UnitReturn).where(UnitReturn.id == return_id).values(received_at=at - timedelta(days=6)))
    page = " ".join(as_person(cast.lin).get("/bench").text.split())
    figures = page.split("What became of them")[1]
    assert "33 %" in figures and "67 %" in figures and ">6.0<" in figures and ">2.0<" in figures
    assert "Power supply" in figures and "BD-808A" in figures


def test_what_a_technician_owes(database: str, cast: Cast, as_person: SignIn) -> None:
    return_id, number = made(cast, "owed")
    phone = as_person(cast.su).get("/my-bag").text
    assert "One old unit is to be brought back" in phone and f"/bench/{return_id}/label.pdf" in phone and " by 1" in phone
    lin = as_person(cast.lin)
    assert "1 old unit to bring back" in lin.get("/stock").text
    owed_since(return_id, 9)
    assert "overdue since" in as_person(cast.su).get("/my-bag").text
    assert "1 old unit overdue" in lin.get("/stock").text
    with transaction() as db:
        position = db.get_one(UnitReturn, return_id).unit.position
        assert position is not None
        bag = position.holder_id
    page = lin.get(f"/stock/{bag}").text
    assert "Owed to the bench" in page and "overdue since" in page and number in page
    lin.post(f"/bench/{return_id}/receive", data=sent(return_id))
    hand_in(return_id)
    assert "old unit" not in as_person(cast.su).get("/my-bag").text


@pytest.mark.parametrize("address", ["/bench", "/bench?tab=done", "/bench?q=T0", "/bench/{id}", "/units/{unit}"])
def test_pages_ask_little_of_the_database(database: str, cast: Cast, as_person: SignIn, address: str) -> None:
    for status in ("owed", "received", "scrap_proposed", "replaced"):
        return_id, _ = made(cast, status)
    with transaction() as db:
        unit_id = db.get_one(UnitReturn, return_id).unit_id
    client = as_person(cast.lin)
    with queries() as asked:
        assert client.get(address.format(id=return_id, unit=unit_id)).status_code == 200
    assert len(asked) <= MOST_QUERIES, asked


# --- the label


def test_the_label_is_for_the_office_and_for_whoever_carries_the_unit(
    database: str, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label, "make_pdf", lambda html, **_: html.encode())
    return_id, number = made(cast, "owed")
    for who in (cast.su, cast.lin, cast.root):
        page = as_person(who).get(f"/bench/{return_id}/label.pdf")
        assert page.status_code == 200 and number in page.text and "返修" in page.text
    assert [as_person(who).get(f"/bench/{return_id}/label.pdf").status_code for who in (cast.wei, cast.he)] == [404, 404]
    with transaction() as db:
        benching.receive(db, seen(db.get_one(UnitReturn, return_id)), by=cast.lin, at=now())
    hand_in(return_id)
    assert as_person(cast.su).get(f"/bench/{return_id}/label.pdf").status_code == 404


LONG = {
    "plate": "粤Z·FB1234港澳挂超",
    "symptom_text": "终端不上线已三天，司机说换过电源线还是不行，重启之后十分钟又掉线，怀疑进水请检查",
    "by": "买买提江·阿卜杜热合曼·吾斯曼江",
}


@pytest.mark.skipif(bool(missing_libraries()), reason="this machine lacks the PDF engine's libraries")
@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("kind", ["terminal", "sim"])
def test_the_label_fits_on_58_by_40_millimetres(
    database: str, cast: Cast, as_person: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, long: bool
) -> None:
    return_id, number = made(cast, "owed", kind=kind)
    if long:
        given = label.label_facts
        monkeypatch.setattr(label, "label_facts", lambda *args: given(*args) | LONG)
    file = tmp_path / "label.pdf"
    file.write_bytes(as_person(cast.su).get(f"/bench/{return_id}/label.pdf").data)
    facts = told("pdfinfo", file)
    assert "Pages:           1" in facts and "Page size:       164.4" in facts and "x 113.3" in facts
    with transaction() as db:
        plate = db.get_one(UnitReturn, return_id).plate or ""
    text = "".join(told("pdftotext", "-layout", file, "-").split())
    wanted = [number, *(LONG[name] for name in ("plate", "by"))] if long else [number, plate[:2], plate[2:], "苏杰"]
    assert all(word in text for word in wanted), text


def test_a_sign_that_no_font_has_leaves_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    assert label._printable("苏\U0002b746") in ("苏〓", "苏\U0002b746")


def told(*command: str | Path) -> str:
    """What a program prints."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout

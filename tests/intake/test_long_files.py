"""Large files are read and taken in by the worker: a bar with figures, what came of it, and no half of it on record."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.clock import now
from dispatch.customers.models import Vehicle
from dispatch.customers.operations import VehicleFacts, customer_named, vehicle_of
from dispatch.db import transaction
from dispatch.intake import carrying, progress, running
from dispatch.intake.carrying import carry_out
from dispatch.intake.models import FileWork, Upload
from dispatch.intake.operations.working import begin_work, note_progress
from dispatch.intake.pages import calls, request, working
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from tests.conftest import AT, Cast, SignIn
from tests.intake.building import HEAD, orders, preview_form, send_file, table, work_off

CALLS = "来电时间,客户名称,来电人,来电号码,车牌号,产品型号,地址,故障现象\n"
LINES = [["粤B11111", "蓝", "", ""], ["粤B22222", "蓝", "", ""], ["粤B33333", "蓝", "", ""], ["B44444", "蓝", "", ""]]


@pytest.fixture(autouse=True)
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "LARGE_FILE", 10)
    monkeypatch.setattr(progress, "LONG", {})
    monkeypatch.setattr(progress, "USUALLY_LONG", 1)
    monkeypatch.setattr(running, "OFTEN", 0)


def newest() -> FileWork:
    with transaction() as db:
        return db.scalars(sa.select(FileWork).order_by(FileWork.id.desc()).limit(1)).one()


def test_a_long_request_from_the_file_to_its_order(as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_person(cast.lin)
    assert send_file(client, "/requests/new", "x.xlsx", b"%PDF-1.7 and so on").status_code == 422, (
        "what is no table is told at once"
    )
    url = str(send_file(client, "/requests/new", "list.xlsx", table(*LINES)).location)
    bar, waiting = client.get(url).text, client.get("/requests/new").text
    assert (
        "The file is being read" in bar and "It waits for its turn" in bar and "list.xlsx" in bar and "is being read" in waiting
    )
    assert f'<noscript><meta http-equiv="refresh" content="3;url={url}?ended=1"></noscript>' in bar, "without JavaScript, too"
    assert as_person(cast.he).get(f"/files/{url.split('/')[-1]}/progress").status_code == 404

    heard: list[tuple[str, int, int]] = []
    monkeypatch.setattr(carrying, "note_progress", lambda _db, _id, *told, at: heard.append(told))
    assert work_off() == 1 and [stage for stage, *_ in heard] == ["opening", "reading"] and heard[1] == ("reading", 0, 4)
    shown = client.get(url)
    through = client.get(f"/files/{newest().upload_id}/progress").text
    assert f'data-goes-to="{url}?ended=1"' in through and "every 1s" not in through, "it asks no more, and leads on"
    monkeypatch.setattr(request, "MOST_SHOWN", 2)
    some = client.get(url)
    assert "2 of its 4 lines are shown" in some.text and 'name="plate-3"' in some.text, "what needs a look comes first"

    refused = client.post(url, data=preview_form(some) | {"then": "take"})
    assert refused.status_code == 302 and work_off() == 1
    assert "Please fill this in" in client.get(url).text, "why not stands on the preview, beside its fields"
    form = preview_form(client.get(url)) | HEAD | {"then": "take"}
    assert client.post(url, data=form).status_code == 302
    again = client.post(url, data=form, follow_redirects=True)
    assert "The file is being taken in" in again.text, "a second press while it is under way leads to the bar"
    with transaction() as db:
        begin_work(db, newest().id, at=now())
        note_progress(db, newest().id, "vehicles", 2, 4, at=now())
    fragment = client.get(f"/files/{newest().upload_id}/progress").text
    assert "The vehicles are written" in fragment and "2 / 4" in fragment and "Nothing was heard" not in fragment
    with transaction() as db:
        db.execute(sa.update(FileWork).where(FileWork.id == newest().id).values(heard_at=now() - timedelta(minutes=5)))
    assert "Nothing was heard of it for a while" in client.get(url).text
    client.post(f"/files/{newest().upload_id}/progress")
    assert "Nothing was heard" not in client.get(url).text and orders() == []
    heard.clear()
    assert work_off() == 1 and [stage for stage, *_ in heard] == ["checking", "vehicles", "orders"]
    carry_out(newest().id)
    (order,) = orders()
    assert len(order.lines) == 4, "asked for twice, done once; lines that were not shown are taken in, too"
    assert f"Order {order.number} with 4 vehicles is saved" in client.get(f"{url}?ended=1", follow_redirects=True).text
    assert shown.status_code == 200


def test_what_comes_to_nothing_says_why(as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_person(cast.lin)
    broken = str(send_file(client, "/calls/import", "list.xlsx", table(*LINES)[:400]).location)
    work_off()
    assert "The file could not be read" in client.get(broken).text and "damaged" in client.get(broken).text
    assert "list.xlsx" not in client.get("/calls/import").text, "it waits for nobody"

    rows = "".join(f"2026-12-02 08:0{n},甲,王,1380355201{n},粤B1111{n},GT06N,甲路{n}号,离线\n" for n in range(4))
    url = str(send_file(client, "/calls/import", "list.csv", (CALLS + rows).encode()).location)
    work_off()
    monkeypatch.setattr(calls, "MOST_SHOWN", 2)
    page = client.get(url).text
    assert 'name="shown" value="2,3"' in page and "Take in the ticked calls and 2 others" in page
    with transaction() as db:
        version = db.scalars(sa.select(Upload.version).order_by(Upload.id.desc()).limit(1)).one()
    ticked = {"rows": ["2"], "shown": "2,3", "version": str(version)}
    client.post(url, data=ticked)
    with transaction() as db:
        other = customer_named(db, branch_id=cast.sz, name="乙", by=cast.lin, at=AT)
        vehicle_of(db, customer=other, facts=VehicleFacts("粤B11110", "blue", None), by=cast.lin, at=AT)
    work_off()
    told = client.get(url).text
    assert "1 of the chosen calls cannot be taken as they are. Nothing was taken in" in told and orders() == []
    assert 'value="3" data-check checked' not in told, "what was ticked stays as it was"

    client.post(url, data=ticked | {"rows": ["3"], "shown": "2,3"})
    with transaction() as db:
        db.execute(sa.update(Person).where(Person.id == cast.lin.id).values(active=False))
    work_off()
    assert "does not work here any more" in as_person(cast.wang).get(url).text
    with transaction() as db:
        db.execute(sa.update(Person).where(Person.id == cast.lin.id).values(active=True))
    monkeypatch.setattr(carrying, "take_calls", lambda *_a, **_f: 1 / 0)
    client.post(url, data=ticked | {"rows": ["3"]})
    work_off()
    assert "Something broke down" in client.get(url).text
    monkeypatch.undo()
    client.post(url, data=ticked | {"rows": ["3"]})
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Order)) == 3, "the ticked one and the two that were not shown"
        assert db.scalar(sa.select(sa.func.count()).select_from(Vehicle)) == 4


def test_a_large_list_is_read_anew_by_the_worker(as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mended, pressed twice, its worker killed, overtaken by somebody else: it is read once, and what was typed is not lost."""
    client = as_person(cast.wang)
    listed = b"serial,model,imei\nSN1,BD-808A,\nSN2,BD-808A,123\n"
    url = str(send_file(client, "/import/terminals", "list.csv", listed).location)
    work_off()
    page = client.get(url).text
    assert 'name="cell-3-imei" value="123"' in page
    typed = {"cell-3-imei": "868120278343212", "was-3-imei": "123", "then": "check", "version": version_on(page)}
    assert client.post(url, data=typed).status_code == 302
    assert "The file is being read" in client.post(url, data=typed | {"cell-3-imei": "1"}, follow_redirects=True).text

    read_anew = carrying.read_anew
    monkeypatch.setattr(carrying, "read_anew", killed_after(read_anew))
    with pytest.raises(KeyboardInterrupt):
        work_off()
    assert newest().state == "running", "what it did before it died is as if it had not been"
    monkeypatch.setattr(carrying, "read_anew", read_anew)
    carry_out(newest().id)
    page = client.get(url).text
    assert 'value="868120278343212"' in page and "fine now" in page and newest().state == "done"

    client.post(
        url, data=typed | {"cell-3-imei": "868120278343220", "was-3-imei": "868120278343212", "version": version_on(page)}
    )
    monkeypatch.setattr(carrying, "read_anew", lambda *_a, **_f: 1 / 0)
    work_off()
    told = client.get(url).text
    assert "Something broke down" in told and 'value="868120278343220"' in told, "what was typed stands there still"
    monkeypatch.setattr(carrying, "read_anew", read_anew)
    stale = client.post(url, data=typed | {"version": "1"})
    assert stale.status_code == 409 and newest().state == "failed", "a stale page is told at once"

    panel = {"head-0": "1", "column-0-0": "serial", "column-0-1": "model", "column-0-2": "", "version": version_on(told)}
    columns = f"/files/{newest().upload_id}/columns"
    assert client.post(columns, data=panel).status_code == 302 and client.post(columns, data=panel).status_code == 302
    assert work_off() == 1 and "123" not in client.get(url).text.split('id="columns"')[0]
    client.post(columns, data={"version": version_on(client.get(url).text), "then": "forget"})
    assert work_off() == 1 and 'name="cell-3-imei"' in client.get(url).text


def version_on(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[0]


def killed_after(work: Callable[..., object]) -> Callable[..., object]:
    """The same, killed before it could say that it was done."""

    def killed(*args: object, **named: object) -> object:
        work(*args, **named)
        raise KeyboardInterrupt

    return killed

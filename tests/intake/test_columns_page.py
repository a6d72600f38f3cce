"""Which column is what: said on the preview, remembered for the customer or the kind of list, shown, and forgotten again."""

from __future__ import annotations

import re
import threading

import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.db import transaction
from dispatch.devices.models import Terminal
from dispatch.intake.models import ColumnChoice, Upload
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.intake.building import HEAD, orders, preview_form, send_file, sent_in, take_in
from tests.intake.test_imports import count, take, upload
from tests.tabular.files import xlsx

ODD = ["牌子", "底盘", "谁开", "他的号"]
ROWS = [["粤B11111", "LFW9PCF45SB252353", "李磊涛", "13899603082"], ["粤B22222", "LSVEDP840R2614006", "王强", "13746000182"]]
BLOCK = ["客户名称", HEAD["customer"], "联系人", HEAD["contact"], "联系电话", HEAD["phone"], "地址", HEAD["address"]]


def said(client: FlaskClient, address: str, **choices: str) -> str:
    """Send the panel of columns as it stands with some choices; the page that follows."""
    page = client.get(address).text
    panel = re.search(r'<form method="post" action="(/files/\d+/columns)" class="form">(.*?)</form>', page, re.DOTALL)
    assert panel
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', panel[2]))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', panel[2], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    assert set(choices) <= set(fields)
    return client.post(panel[1], data=fields | choices | {"then": "read"}, follow_redirects=True).text


NAMED = {"column-0-0": "plate", "column-0-1": "vin", "column-0-2": "driver", "column-0-3": "driver_phone"}


def test_a_request_that_nobody_understands_is_explained_once(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    url = sent_in(client, "odd.xlsx", xlsx([BLOCK, [], ODD, *ROWS]))
    page = client.get(url).text
    assert "A column is missing" in page and "13899603082" not in page and "138****3082" in page
    assert re.search(r'<option value="3" selected>3: 牌子', page), "the row of headings is guessed"
    assert client.post(url, data={"then": "take"}).status_code == 422
    page = said(client, url, **NAMED)
    assert "The file was read anew." in page and "2 vehicles" in page and HEAD["contact"] in page
    assert take_in(client, url).status_code == 302
    (order,) = orders()
    assert [(line.vehicle.plate, line.vehicle.drivers[0].name) for line in order.lines] == [
        ("粤B11111", "李磊涛"),
        ("粤B22222", "王强"),
    ]
    with transaction() as db:
        (kept,) = db.scalars(sa.select(ColumnChoice))
        assert (kept.customer_id, kept.keys["底盘"]) == (order.customer_id, "vin")
        assert db.scalar(sa.select(Upload.file)) is None, "what was taken in is not kept"
    other = [[row[0].replace("粤B", "粤A"), "", *row[2:]] for row in ROWS]
    again = sent_in(client, "next.xlsx", xlsx([BLOCK, [], ODD, *other]))
    with queries() as seen:
        page = client.get(again).text
    assert f"Columns were read as for {HEAD['customer']} before." in page and "2 vehicles" in page and len(seen) <= 12
    headless = sent_in(client, "bare.xlsx", xlsx([ODD, *other]))
    assert "2 vehicles" in client.get(headless).text, "the same headings, and no customer named"
    form = {"then": "forget", "version": re.findall(r'name="version" value="(\d+)"', page)[0]}
    number = again.rsplit("/", 1)[1]
    assert as_person(cast.he).post(f"/files/{number}/columns", data=form).status_code == 404
    assert "A column is missing" in client.post(f"/files/{number}/columns", data=form, follow_redirects=True).text
    assert count(ColumnChoice) == 0
    assert "Somebody changed this" in client.post(f"/files/{number}/columns", data=form, follow_redirects=True).text


def test_a_wrong_column_is_set_right_and_what_was_mended_stays(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    head = ["车牌号", "车架号", "备注", "停车的地方"]
    url = sent_in(client, "表.xlsx", xlsx([head, ["粤B11111", "", "东门", "x"], ["B22222", "", "西门", "y"]]))
    client.post(url, data=preview_form(client.get(url)) | {"then": "check", "plate-1": "粤B22222", "contact": "王"})
    page = said(client, url, **{"column-0-2": "parking", "column-0-3": ""})
    assert 'value="粤B22222"' in page and 'value="王"' in page and "fine now" in page
    assert take_in(client, url, **HEAD).status_code == 302
    assert [line.parking for line in orders()[0].lines] == ["东门", "西门"]


def test_a_list_without_headings_is_read_by_its_places_from_then_on(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [["BD-808A", "SN1", "总仓"], ["BD-808A", "SN2", "总仓"]]
    address = upload(client, "terminals", xlsx(rows))
    page = said(client, address, **{"head-0": "0", "column-0-0": "model", "column-0-1": "serial", "column-0-2": "store"})
    assert "Import 2 rows" in page and "as you said" in page
    assert take(client, address).status_code == 302
    next_one = upload(client, "terminals", xlsx([["BD-808A", "SN3", "总仓"], ["BD-808A", "", "总仓"]]))
    page = client.get(next_one).text
    assert "Columns were read as in the branch's lists before." in page and "Import 1 row, skip 1" in page
    usual = client.get(upload(client, "terminals", xlsx([["型号", "序列号"], ["BD-808A", "SN9"]]))).text
    assert "Import 1 row" in usual, "a file with headings speaks for itself"


def test_a_cell_of_a_list_is_mended_in_place(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    take(client, upload(client, "terminals", xlsx([["序列号", "型号", "仓库"], ["SN1", "BD-808A", "总仓"]])))
    rows = [["序列号", "型号", "IMEI", "仓库"], ["SN1", "BD-808A", "", "总仓"], ["SN2", "BD-808A", "359121104139380", "总仓"]]
    address = upload(client, "terminals", xlsx(rows))
    page = client.get(address).text
    assert 'name="cell-2-serial" value="SN1"' in page and 'name="cell-3-imei" value="359121104139380"' in page
    mends = {"cell-2-serial": "SN7", "was-2-serial": "SN1", "cell-3-imei": "12", "was-3-imei": "359121104139380", "then": "check"}
    page = client.post(address, data=mends, follow_redirects=True).text
    assert "fine now" in page and 'name="cell-3-imei" value="12"' in page and "Import 1 row, skip 1" in page
    mends = {"cell-3-imei": "３５９１２１１０４１３９３８２", "was-3-imei": "12", "then": "take", "expected": "1", "version": "1"}
    assert client.post(address, data=mends).status_code == 409, "a stale page"
    page = client.post(address, data=mends | {"version": ""}, follow_redirects=True).text
    assert "What you typed was checked first" in page and "Rows that you mended" in page and "Import 2 rows" in page
    assert take(client, address).status_code == 302
    with transaction() as db:
        assert dict(db.execute(sa.select(Terminal.serial, Terminal.imei)).all())["SN2"] == "359121104139382"


def test_the_same_parts_or_request_again_counts_only_when_somebody_says_so(as_person: SignIn, cast: Cast) -> None:
    client, parts = as_person(cast.lin), xlsx([["编码", "名称", "单位", "数量", "仓库"], ["P1", "天线", "个", 5, "总仓"]])
    take(client, upload(client, "parts", parts))
    again = upload(client, "parts", parts)
    assert "The very same file was taken in before." in client.get(again).text
    refused = take(client, again)
    assert refused.status_code == 422 and "Tick that it is another delivery" in refused.text
    assert take(client, again, again="1").status_code == 302
    file = xlsx([["车牌号"], ["粤B11111"]])
    first = sent_in(client, "a.xlsx", file)
    assert take_in(client, first, **HEAD).status_code == 302
    second = sent_in(client, "b.xlsx", file)
    refused = take_in(client, second, **HEAD)
    assert refused.status_code == 422 and "Tick that it is another request" in refused.text and len(orders()) == 1
    assert take_in(client, second, **HEAD, again="1").status_code == 302 and len(orders()) == 2


def test_headings_without_lines_and_files_that_are_none_are_still_refused(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    assert "headings and no lines" in send_file(client, "/requests/new", "kopf.csv", "车牌号,车架号\n".encode()).text
    assert count(Upload) == 0


def test_two_people_with_the_same_file_at_once_make_one_order(as_person: SignIn, cast: Cast) -> None:
    clients, file = [as_person(cast.lin), as_person(cast.wang)], xlsx([["车牌号"], ["粤B11111"], ["粤B22222"]])
    urls = [sent_in(client, "a.xlsx", file) for client in clients]
    forms = [preview_form(client.get(url)) | HEAD | {"then": "take"} for client, url in zip(clients, urls, strict=True)]
    gate, answers = threading.Barrier(2), []

    def press(number: int) -> None:
        gate.wait()
        answers.append(clients[number].post(urls[number], data=forms[number]).status_code)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(orders()) == 1 and sorted(answers)[0] == 302 and sorted(answers)[1] in (409, 422)

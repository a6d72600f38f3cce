"""What the preview of a list says of its rows: names that are new, prices that follow others, rows that were left out and why."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.models import Unit
from dispatch.devices.ownership_rules import OURS, Owner, his
from dispatch.intake.lists import KINDS, read_list
from dispatch.intake.template import LISTS
from dispatch.tabular.tables import read
from tests.building import vehicle
from tests.conftest import Cast, SignIn
from tests.devices.building import ownership_of
from tests.intake.test_imports import take, upload
from tests.tabular.files import xlsx

TERMINALS = ["序列号", "型号", "IMEI", "仓库"]
PRICES = ["编码", "名称", "类别", "单价", "税率", "生效日期"]


def seen(client: FlaskClient, address: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", client.get(address).text).split())


def prices(*rows: str) -> bytes:
    """A text table of prices, its cells as they stand."""
    return "\n".join([",".join(PRICES), *rows]).encode()


def test_new_models_and_stores_are_marked_before_they_are_made(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    first = [TERMINALS, ["SN1", "BD-808A", "", "总仓"]]
    take(client, upload(client, "terminals", xlsx(first)))
    rows = [["SN2", "BD-808A", "", "总仓"], ["SN3", "BD-8O8A", "", "总仓"], ["SN4", "BD-808A", "", "总舱"]]
    page = seen(client, upload(client, "terminals", xlsx([TERMINALS, *rows])))
    assert "new model BD-8O8A (rows: 1)" in page and "new store 总舱 (rows: 1)" in page
    assert "BD-8O8A new model" in page and "总舱 new store" in page
    assert "BD-808A new model" not in page and "总仓 new store" not in page
    assert "not on record yet" not in seen(client, upload(client, "terminals", xlsx([TERMINALS, rows[0]])))


def test_rows_that_were_left_out_stay_on_the_result_page_with_their_reasons(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    take(client, upload(client, "terminals", xlsx([TERMINALS, ["SN1", "BD-808A", "", "总仓"]])))
    rows = [["SN1", "BD-808A", "", "总仓"], ["SN2", "BD-808A", "359121104139380", "总仓"], ["SN3", "BD-808A", "", "总仓"]]
    address = upload(client, "terminals", xlsx([TERMINALS, *rows]))
    assert take(client, address, leave_out="1").status_code == 302
    page = seen(client, address)
    assert "1 row was taken in" in page and "2 rows were left out" in page
    assert "Rows that were not taken in" in page
    assert "2 SN1 · BD-808A SN1 is on record already" in page
    assert "3 SN2 · BD-808A · 359121104139380 · 总仓 the check digit of this IMEI does not fit" in page


def test_people_nobody_agreed_to_change_are_told_on_the_result_page(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.wang)
    address = upload(client, "technicians", xlsx([["工号", "姓名"], ["JS001", "苏别人"], ["JS079", "新人"]]))
    assert take(client, address).status_code == 302
    assert "2 JS001 · 苏别人 would change somebody on record, and that was not agreed to" in seen(client, address)


def test_a_heading_is_not_said_twice(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    rows = [["SN2", "BD-808A", "359121104139380", ""], ["SN3", "BD-808A", "35912", ""], ["", "BD-808A", "", ""]]
    page = seen(client, upload(client, "terminals", xlsx([TERMINALS, *rows])))
    assert "IMEI the check digit of this IMEI" not in page and "IMEI an IMEI" not in page
    assert "an IMEI has 15 digits, this one has 5" in page
    assert "序列号 is missing" in page, "a sentence that does not name its column has it named"


def test_a_known_code_with_a_later_day_is_a_new_price(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.qian)
    take(client, upload(client, "prices", prices("P003,天线,配件,45.00,13%,2026-01-01")))
    later = upload(client, "prices", prices("P003,天线,配件,48.00,13%,2026-06-01", "P004,支架,配件,8.00,13%,2026-06-01"))
    page = seen(client, later)
    assert "Valid from What happens" in page
    assert "new price before: ¥45.00" in page
    assert page.count("new price") == 1 and re.search(r"P004 .* new ", page)


def test_an_amount_with_a_comma_outside_quotes_is_named_as_such(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.qian)
    rows = ["P001,主机,配件,¥1,280.00,13%,2026-01-01", 'P002,主机,配件,"¥1,580.00",13%,2026-01-01']
    page = seen(client, upload(client, "prices", prices(*rows)))
    assert "This row has one column more than the heading: put amounts with a comma into quotes." in page
    assert "is not a tax rate" not in page, "only the cause is told, not what follows from it"
    assert "Import 1 row, skip 1" in page and "¥1,580.00" in page


def test_a_note_beside_a_spreadsheet_is_no_column_too_many(as_person: SignIn, cast: Cast) -> None:
    rows = [TERMINALS, ["SN1", "BD-808A", "", "总仓", "到货"]]
    assert "Import 1 row" in seen(as_person(cast.lin), upload(as_person(cast.lin), "terminals", xlsx(rows)))


@pytest.mark.parametrize(("kind", "who"), [("terminals", "lin"), ("sims", "lin"), ("technicians", "wang"), ("prices", "qian")])
def test_the_template_of_each_list_is_understood_as_it_is(as_person: SignIn, cast: Cast, kind: str, who: str) -> None:
    client = as_person(getattr(cast, who))
    assert f'href="/import/{kind}/template.csv"' in client.get(f"/import/{kind}").text
    with client.session_transaction() as cookie:
        cookie["locale"] = "zh"
    answer = client.get(f"/import/{kind}/template.csv")
    assert answer.mimetype == "text/csv" and answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Disposition"].isascii(), "the server refuses any other header"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    reading = read_list(kind, read("template.csv", answer.data))
    assert (len(reading.rows), reading.bad, reading.unknown_columns) == (1, (), ())


def test_templates_are_for_those_who_may_import(as_person: SignIn, cast: Cast) -> None:
    assert set(LISTS) == set(KINDS) - {"calls"}
    assert as_person(cast.lin).get("/import/prices/template.csv").status_code == 404


def test_a_list_says_whose_its_units_are(as_person: SignIn, cast: Cast) -> None:
    with transaction() as db:
        customer_id = vehicle(db, cast, customer="恒通物流有限公司").customer_id
    client, head = as_person(cast.lin), [*TERMINALS, "归属"]
    said = ("", "本公司", "恒通物流有限公司", "第三方：博实结", "无此公司", "第三方：")
    rows = [[f"SN{n}", "BD-808A", "", "总仓", whose] for n, whose in enumerate(said, 1)]
    address = upload(client, "terminals", xlsx([head, *rows]))
    page = seen(client, address)
    assert "no customer is called “无此公司”" in page and "say which third party" in page and "Belongs to" in page
    assert take(client, address, leave_out="1").status_code == 302
    with transaction() as db:
        known = {unit.number: unit for unit in db.scalars(sa.select(Unit)).unique()}
        owners = [known[f"SN{n}"].owned for n in range(1, 5)]
        assert owners == [OURS, OURS, his(customer_id), Owner("third_party", None, "博实结")] and len(known) == 4
        assert [entry.reason for entry in ownership_of(db, known["SN3"].id)] == ["listed"] and not list(broken_custody(db))

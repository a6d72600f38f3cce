"""The files of requests: sent twice, no request at all, too large; and the template that is one."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.intake.models import Upload
from dispatch.intake.requests import read_request
from dispatch.intake.template import template_csv
from dispatch.tabular.tables import read
from tests.conftest import Cast, SignIn
from tests.intake.building import HEAD, SAMPLES, orders, send_file, sent_in, table, take_in
from tests.tabular.files import ole


def test_the_same_file_again_is_noticed(as_person: SignIn, cast: Cast) -> None:
    client = as_person(cast.lin)
    take_in(client, sent_in(client, "install_request_1.xlsx"))
    again = client.get(sent_in(client, "install_request_1.xlsx")).text
    assert "The very same file was taken in before." in again
    assert orders()[0].number in again


def test_a_file_taken_before_leads_to_its_order_first(as_person: SignIn, cast: Cast) -> None:
    client, file = as_person(cast.lin), table(["粤B12345", "黄", "", HEAD["address"]])
    take_in(client, sent_in(client, "request.xlsx", file), **HEAD)
    (order,) = orders()
    page = client.get(sent_in(client, "request.xlsx", file)).text
    assert f'class="btn btn-primary" href="/orders/{order.number}"' in page
    assert 'class="btn btn-quiet" name="then" value="take"' in page


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("leer.xlsx", b"", "The file is empty."),
        ("locked.xlsx", ole({"EncryptedPackage": b"x" * 5000}), "protected with a password"),
        ("kaputt.xlsx", (SAMPLES / "install_request_1.xlsx").read_bytes()[:3000], "damaged"),
        ("bild.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 100, "This is a picture"),
        ("kopf.csv", "车牌号,车架号\n".encode(), "headings and no lines"),
    ],
)
def test_a_file_that_is_no_request_is_refused_in_words(
    as_person: SignIn, cast: Cast, name: str, content: bytes, sentence: str
) -> None:
    answer = send_file(as_person(cast.lin), "/requests/new", name, content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="f-file-error"' in answer.text
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Upload)) == 0


def test_sixty_megabytes_are_refused_on_the_page(as_person: SignIn, cast: Cast) -> None:
    answer = send_file(as_person(cast.lin), "/requests/new", "big.xlsx", b"x" * (60 * 1024 * 1024))
    assert answer.status_code == 413
    assert "The file is larger than 20 MB." in answer.text
    assert as_person(cast.lin).post("/requests/new", data={"file": (io.BytesIO(b""), "")}).status_code == 422


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_template_is_understood_when_filled_in(locale: str) -> None:
    lines = template_csv(locale).splitlines()
    lines[0] = lines[0].replace(",,", ",平安旅游客运,", 1)
    lines.append("粤B11111,黄,LFW9PCF45SB252353,,,李磊涛,13899603082,,")
    found = read_request(read("template.csv", "\n".join(lines).encode()))
    assert (found.header.customer, len(found.lines), found.attention) == ("平安旅游客运", 1, ())
    assert found.lines[0].drivers[0].name == "李磊涛"


def test_the_template_can_be_fetched(as_person: SignIn, cast: Cast) -> None:
    answer = as_person(cast.lin).get("/requests/template.csv")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]

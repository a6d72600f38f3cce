"""Statements on record: each file once, a line once, what contradicts is refused; columns as a person says; large ones."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.finance.checks import broken_statements
from dispatch.finance.jobs import read_statement
from dispatch.finance.models import BankProfile, Statement, StatementLine
from dispatch.finance.pages import statements as page
from dispatch.intake import running
from tests.conftest import Cast, SignIn
from tests.intake.building import send_file
from tests.tabular.files import SAMPLES, xlsx

LIST = "/finance/statements"


def bank(*rows: str, head: str = "交易日期,收入金额,支出金额,摘要,流水号") -> bytes:
    return ("账号,62220001\n" + "\n".join((head, *rows)) + "\n").encode()


ONE, TWO, THREE = "2026-12-01 09:00,10.00,,RSZ000001,K1", "2026-12-01 10:00,,3.00,手续费,K2", "2026-12-02 11:00,20.00,,款,K3"
FOUR = "2026-12-03 12:00,5.00,,现金存款,K4"


def kept() -> list[tuple[str, Decimal, str]]:
    """Number, amount and file of every line on record."""
    with transaction() as db:
        query = sa.select(StatementLine.reference, StatementLine.amount, Statement.file_name)
        query = query.join(Statement, Statement.id == StatementLine.statement_id).order_by(StatementLine.at)
        return [(number or "", amount, name) for number, amount, name in db.execute(query)]


def wrong() -> list[str]:
    with transaction() as db:
        return [str(text) for text in broken_statements(db)]


def test_each_file_once_and_each_line_once(cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.qian)
    sent = send_file(client, LIST, "statement_wechat.csv")
    assert sent.status_code == 302
    shown = client.get(str(sent.location)).text
    assert "20 lines were taken in." in shown and "¥6,977.50" in shown and "-¥680.00" in shown and "SS-202612-0007" in shown
    again = send_file(client, LIST, "renamed.csv", (SAMPLES / "statement_wechat.csv").read_bytes())
    assert again.status_code == 409 and f"This very file is here already: {cast.qian.name} sent it" in again.text
    first = send_file(client, LIST, "a.csv", bank(ONE, TWO, THREE))
    assert (first.status_code, "3 lines were taken in." in client.get(str(first.location)).text) == (302, True)
    later = client.get(str(send_file(client, LIST, "b.csv", bank(TWO, THREE, FOUR)).location)).text
    assert "1 line was taken in." in later and "2 lines were here already. They were not counted twice." in later
    assert [each for each in kept() if each[0].startswith("K")] == [
        ("K1", Decimal("10.00"), "a.csv"),
        ("K2", Decimal("-3.00"), "a.csv"),
        ("K3", Decimal("20.00"), "a.csv"),
        ("K4", Decimal("5.00"), "b.csv"),
    ]
    changed = send_file(client, LIST, "c.csv", bank(ONE, TWO, THREE.replace("20.00", "21.00")))
    assert changed.status_code == 422 and "(K3) says 21.00" in changed.text and "of a.csv said 20.00" in changed.text
    hole = send_file(client, LIST, "e.csv", bank(ONE, THREE.replace("12-02", "12-05").replace("K3", "K9")))
    assert hole.status_code == 422 and "The line K3 over 20.00, row 5 of a.csv, is missing here" in hole.text
    assert len(kept()) == 24 and wrong() == []
    listed = client.get(LIST).text
    assert all(name in listed for name in ("statement_wechat.csv", "a.csv", "b.csv")) and "c.csv" not in listed
    with transaction() as db:
        db.execute(sa.update(StatementLine).where(StatementLine.reference == "K1").values(amount=Decimal("10.01")))
    assert len(wrong()) == 1 and "(a.csv): its lines do not make what was read" in wrong()[0]


def test_who_may_see_and_send(cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.qian)
    url = str(send_file(client, LIST, "a.csv", bank(ONE, TWO)).location)
    boss = as_person(cast.wang)
    assert boss.get(url).status_code == 200 and "Choose a file" not in boss.get(LIST).text
    assert send_file(boss, LIST, "b.csv", bank(THREE)).status_code == 404
    assert as_person(cast.su).get(url).status_code == 404
    assert client.get(f"{LIST}/999999").status_code == 404
    bad = send_file(client, LIST, "x.csv", b"\x89PNG")
    assert bad.status_code == 422 and "This is a picture" in bad.text
    assert client.post(LIST).status_code == 422
    assert ">K2<" in client.get(f"{url}?kind=fee&sort=-row").text and ">K1<" not in client.get(f"{url}?kind=fee").text
    assert "There is no such page" in client.get(f"{url}?page=9").text


def test_unknown_columns_are_said_once_and_remembered(cast: Cast, as_person: SignIn) -> None:
    client, head = as_person(cast.qian), "哪天,来了多少,去了多少,说明,号码"
    url = str(send_file(client, LIST, "a.csv", bank(ONE, TWO, head=head)).location)
    asked = client.get(url).text
    assert "Which column is what?" in asked and "来了多少" in asked and "No row of headings was found" in asked
    wrongly = client.post(f"{url}/columns", data={"head-0": "2", "column-0-0": "date", "column-0-3": "credit"})
    assert wrongly.status_code == 422 and "“RSZ000001” is not a number" in wrongly.text, "and nothing is on record"
    assert kept() == []
    told = {"head-0": "2", "column-0-0": "date", "column-0-1": "credit", "column-0-2": "debit", "column-0-3": "note"}
    assert client.post(f"{url}/columns", data=told | {"column-0-4": "reference"}).status_code == 302
    assert [(number, str(amount)) for number, amount, _ in kept()] == [("K1", "10.00"), ("K2", "-3.00")]
    second = str(send_file(client, LIST, "b.csv", bank(THREE, FOUR, head=head)).location)
    shown = client.get(second).text
    assert "2 lines were taken in." in shown and "files with the same headings" in shown
    assert client.post(f"{second}/columns", data={"then": "forget"}).status_code == 302
    assert "Which column is what?" in client.get(second).text and len(kept()) == 2 and wrong() == []
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(BankProfile)) == 0
    channel = str(send_file(client, LIST, "statement_wechat.csv").location)
    assert client.post(f"{channel}/columns", data=told).status_code == 409


def test_a_large_file_is_read_by_the_worker(cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "LARGE_FILE", 10)
    monkeypatch.setattr(running, "OFTEN", 0)
    client = as_person(cast.qian)
    assert send_file(client, LIST, "x.csv", b"%PDF-1.7 and so on").status_code == 422, "what is no table is told at once"
    url = str(send_file(client, LIST, "a.csv", bank(ONE, TWO)).location)
    assert "It waits for its turn" in client.get(url).text and "Waits to be read" in client.get(LIST).text
    number = int(url.rsplit("/", 1)[1])
    assert send_file(client, LIST, "a.csv", bank(ONE, TWO)).status_code == 409
    for _ in range(2):
        read_statement(number)
    assert "data-goes-to" in client.get(f"{url}/progress").text and "K1" in client.get(url).text and len(kept()) == 2
    failing = str(send_file(client, LIST, "b.csv", bank(ONE, THREE.replace("20.00", "x"))).location)
    read_statement(int(failing.rsplit("/", 1)[1]))
    assert "“x” is not a number" in client.get(failing).text and len(kept()) == 2 and wrong() == []
    assert send_file(client, LIST, "b.csv", bank(ONE, THREE.replace("20.00", "x"))).status_code == 302, "it may be sent again"
    assert client.post(f"{failing}/columns", data={}).status_code == 409
    assert send_file(client, LIST, "c.xlsx", xlsx([["交易日期", "收入金额"], ["2026-12-02", 5]])).status_code == 302

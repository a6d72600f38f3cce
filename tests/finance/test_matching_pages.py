"""The pages of matching: what is sent matches by itself, proposals are accepted in bulk, the rest is explained and undone."""

from __future__ import annotations

import re

import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.finance.match_check import broken_matches
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.models import StatementLine
from tests.conftest import Cast, SignIn
from tests.fees.building import paid
from tests.fees.money import owing
from tests.finance.test_statements import LIST, bank
from tests.intake.building import send_file

WORK = "/finance/matching"


def test_from_a_file_to_the_last_explanation(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        order = owing(db, cast)
        numbers = [paid(db, order, amount, cast.su, channel="transfer").number for amount in ("10", "20", "30", "45")]
    rows = (
        f"2026-12-02 09:00,10.00,,维修费{numbers[0]},K1",
        "2026-12-02 10:00,20.00,,款,K2",
        f"2026-12-02 10:30,29.50,,{numbers[2]},K3",
        "2026-12-02 11:00,,3.00,手续费,K4",
        "2026-12-02 12:00,77.00,,别的,K5",
    )
    client, boss = as_person(cast.qian), as_person(cast.wang)
    before = client.get(f"{WORK}/work-list?finding=missing")
    assert before.status_code == 200 and numbers[3] not in before.text
    url = str(send_file(client, LIST, "a.csv", bank(*rows)).location)
    shown = client.get(url).text
    assert (
        "1 line matched by itself. The branch has 3 proposals and 2 lines in the work list now." in shown
        and shown.count("Not matched") == 4
    )
    page = client.get(WORK).text
    ids = re.findall(r'name="ids" value="(\d+)"', page)
    assert len(ids) == 2 and "The channel calls it its fee" in page and "Our number, but another amount" in page
    assert "no number, another name or none" in client.get(f"{WORK}?way=amount&sort=amount").text
    assert 'name="ids"' not in boss.get(WORK).text and boss.post(WORK, data={"ids": ids}).status_code == 404
    assert "Check at least one first." in client.post(WORK).text
    assert client.post(f"{WORK}?sort=amount", data={"ids": ids}).status_code == 302
    again = client.post(WORK, data={"ids": ids})
    assert again.status_code == 409 and f"{cast.qian.name} has matched this already" in again.text
    work = client.get(f"{WORK}/work-list").text
    assert "别的" in work and "Missing here" in work
    assert numbers[3] in client.get(f"{WORK}/work-list?finding=missing").text
    with transaction() as db:
        differs, other = (
            db.scalars(sa.select(StatementLine.id).where(StatementLine.reference == key)).one() for key in ("K3", "K5")
        )
        short = db.scalars(sa.select(MatchItem.id).where(MatchItem.number == numbers[2])).one()
        gone = db.scalars(sa.select(MatchItem.id).where(MatchItem.number == numbers[3])).one()
    line = f"/finance/statement-lines/{differs}"
    offered = client.get(line).text
    assert numbers[2] in offered and f'value="item-{short}" checked' in offered, "what has to be explained is ticked"
    assert "Some of its lines are neither matched nor explained." in client.get(url).text
    assert "/orders/" in client.get(f"/finance/match-items/{short}").text
    wrong = client.post(line, data={"why": "together", "words": "短了", "parts": f"item-{short}"})
    assert wrong.status_code == 422 and "-¥0.50 is left over" in wrong.text and "短了" in wrong.text and "checked" in wrong.text
    assert client.post(line, data={"why": "rounding", "words": "短了", "parts": f"item-{short}"}).status_code == 302
    assert "短了" in client.get(line).text and "短了" in client.get(f"{WORK}/explained?why=rounding").text
    owner = {"why": "owed", "words": "没到账", "owner": str(cast.su.id)}
    assert client.post(f"/finance/match-items/{gone}", data=owner).status_code == 302
    assert cast.su.name in client.get(f"{WORK}/explained?why=owed").text
    assert client.post(f"/finance/statement-lines/{other}", data={"why": "elsewhere", "words": "房租押金"}).status_code == 302
    with transaction() as db:
        match_id = db.scalars(sa.select(LineMatch.id).where(LineMatch.why == "rounding")).one()
    undoing = f"/finance/matches/{match_id}/undo"
    bare = client.post(f"{undoing}?side=line&id={differs}")
    assert bare.status_code == 422 and "Please give a reason." in bare.text
    assert client.post(f"{undoing}?side=line&id={differs}", data={"reason": "写错"}).status_code == 302
    assert "Undone by" in client.get(line).text
    stale = client.post(f"{undoing}?side=line&id={differs}", data={"reason": "写错"})
    assert stale.status_code == 409 and "has undone this match" in stale.text
    assert client.post(f"{WORK}/again").status_code == 302
    for lost in (
        undoing,
        "/finance/matches/999999/undo?side=line&id=1",
        "/finance/match-items/999999",
        "/finance/statement-lines/999999",
    ):
        assert client.post(lost, data={"reason": "x", "why": "owed", "words": "x"}).status_code == 404
    assert as_person(cast.su).get(WORK).status_code == 404
    with transaction() as db:
        assert list(broken_matches(db)) == []

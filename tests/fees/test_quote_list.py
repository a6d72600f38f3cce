"""The list of quotations, the night in which they expire and their maker is told, and what `./run check` proves of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.fees.jobs import expire_all
from dispatch.fees.models import Quotation
from dispatch.fees.operations import Offer, agree_quotation, offer_quotation, withdraw_quotation
from dispatch.fees.quote_check import broken_quotations
from dispatch.fees.quote_queries import ALL_QUOTES, QUOTE_SORTS, QuoteFilter, quotations_due, quotations_page, quote_counts
from dispatch.fees.quote_rules import Wanted
from dispatch.lists import Cut
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import added, price_list, repair
from tests.fees.test_quoting import BELOW, LISTED, TODAY, drafted, yes


@pytest.mark.usefixtures("database")
def test_what_expires_by_night_is_told_to_its_maker(as_person: SignIn, cast: Cast) -> None:
    at = now()
    today = local_day(at, "Asia/Shanghai")
    with transaction() as db:
        price_list(db, cast)
        offer = Offer([Wanted("S003", 2)], today)
        made = [drafted(db, repair_order(db, cast).id, by, offer, at=at) for by in (cast.lin, cast.lin, cast.wang)]
        for one in made[1:]:
            offer_quotation(db, one.id, by=cast.lin, at=at)
        ids = [one.id for one in made]
    assert expire_all(at) == 0
    morning = at + timedelta(days=1)
    with transaction() as db:
        assert list(quotations_due(db, morning, limit=9)) == ids[1:]
        assert quote_counts(db, ALL_QUOTES, cast.wang, today + timedelta(days=1)) == {"draft": 1, "expired": 2}
        first = quotations_page(db, QuoteFilter("expired", cast.lin.id), cast.wang, today + timedelta(days=1))
        assert [(row.one.id, row.state, row.total, row.away) for row in first.rows] == [(ids[1], "expired", 300, 0)]
        for sort in QUOTE_SORTS:
            assert quotations_page(db, ALL_QUOTES, cast.wang, today, cut=Cut(sort=f"-{sort}")).total == 3
        assert quotations_page(db, ALL_QUOTES, cast.he, today).total == 0
    assert (expire_all(morning), expire_all(morning)) == (2, 0)

    client = as_person(cast.lin)
    with queries() as asked:
        page = client.get("/quotations").text
    assert "1 quotation of yours has expired" in page and len(asked) <= 12
    assert re.search(r'href="/quotations"[^>]*>.*?<span class="count">1<', page, re.S), "the menu counts it"
    assert "Draft" in client.get("/quotations?state=draft&sort=-amount&q=BJ-SZ").text
    assert client.get("/quotations?state=told").text.count("<tr data-href") == 1
    assert "No quotation matches" in client.get(f"/quotations?person={cast.su.id}").text
    assert client.post("/quotations/seen").status_code == 302 and "of yours has" not in client.get("/quotations").text
    assert "of yours has" in as_person(cast.wang).get("/quotations").text, "everybody his own"
    with transaction() as db:
        drafted(db, made[2].order_id, cast.wang, offer, at=at)  # who makes the next one knows
    page = as_person(cast.wang).get("/quotations").text
    assert "of yours has" not in page and "Expired" in page
    assert 'name="branch"' in as_person(cast.qian).get(f"/quotations?branch={cast.gz}").text


def _agreed(db: Session, cast: Cast, order_id: int) -> Quotation:
    made = offer_quotation(db, drafted(db, order_id, cast.lin, LISTED).id, by=cast.lin, at=AT)
    return agree_quotation(db, made.id, yes(TODAY), by=cast.lin, at=AT)


def test_the_check_names_what_is_wrong_with_a_quotation(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    order, other = repair(db, cast), repair_order(db, cast)
    made = _agreed(db, cast, order.id)
    charge = added(db, order, "S003", cast.su)
    withdrawn = _agreed(db, cast, other.id)
    withdraw_quotation(db, withdrawn.id, reason="不要了", by=cast.wang, at=AT)
    drafted(db, other.id, cast.lin, BELOW)
    assert charge.quoted_line_id and list(broken_quotations(db)) == []

    broken = {
        "UPDATE quotation_line SET unit_price = 1 WHERE quotation_id = :made": "come to ¥2.00/¥298.00, the trail says ¥300.00",
        "UPDATE quotation SET number = 'BJ-SZ-2026-0009' WHERE id = :made": "is missing",
        "UPDATE quotation SET agreed_on = valid_until + 1 WHERE id = :made": "agreed after its last day",
        "UPDATE quotation SET state = 'withdrawn', ended_reason = 'x' WHERE id = :made": "stands as withdrawn",
        "UPDATE quotation_line SET code = 'P001' WHERE quotation_id = :made": "is not as quotation",
        "UPDATE quotation_line SET quantity = 1 WHERE quotation_id = :made": "the trail says",
        "DELETE FROM audit_entry WHERE detail ->> 'quotation' = CAST(:made AS text)": "not in the trail",
    }
    for statement, sentence in broken.items():
        with db.begin_nested() as spoilt:
            db.execute(sa.text("SET LOCAL session_replication_role = replica"))
            db.execute(sa.text(statement), {"made": made.id})
            db.expire_all()
            assert any(sentence in said for said in map(str, list(broken_quotations(db)))), sentence
            spoilt.rollback()
        db.expire_all()

"""The pages of a quotation: made with mistakes and without, offered, agreed, on paper; the order's card and the phone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.fees.pages.quote_paper import quotation_facts
from dispatch.fees.quote_queries import quotation_seen
from dispatch.staff.models import Branch
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import price_list, repair


def form(**more: Any) -> dict[str, Any]:
    until = local_day(now(), "Asia/Shanghai") + timedelta(days=30)
    lines = {"code-1": "s003", "quantity-1": "2", "unit_price-1": "150", "quantity-3": "1"}  # the others are left blank
    return {**lines, "valid_until": until, "request_key": str(uuid.uuid4()), **more}


@pytest.mark.usefixtures("database")
def test_a_quotation_is_made_offered_agreed_and_read(cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        price_list(db, cast)
        number = repair(db, cast).number
    client, base = as_person(cast.lin), f"/orders/{number}/quotations"
    for wrong, told in (
        ({"unit_price-1": "151"}, "From nothing to the ¥150.00 of the list"),
        ({"unit_price-1": "1a"}, "1a"),
        ({"unit_price-1": "100"}, "It stays below the list: please say why."),
        ({"quantity-1": "0"}, "A whole number from 1 to 999"),
        ({"code-0": "NONE"}, "has no “NONE” today"),
        ({"valid_until": "soon"}, "soon"),
        ({"code-1": "", "unit_price-1": ""}, "Between 1 and 20 lines"),
    ):
        again = client.post(f"{base}/new", data=form(note="含布线", **wrong))
        assert again.status_code == 422 and told in again.text and "含布线" in again.text, wrong
    sent = form()
    made = client.post(f"{base}/new", data=sent).location
    assert client.post(f"{base}/new", data=sent).location == made  # pressed twice
    assert client.post(f"{made}/change", data=form(note="含布线")).location == made
    assert client.get(f"{made}/paper").status_code == 404  # nobody has offered it
    assert client.post(f"{made}/offer").status_code == 302
    stale = client.post(f"{made}/offer")
    assert stale.status_code == 409 and "in another state by now" in stale.text
    assert client.get(f"{made}/change").status_code == 409
    nobody = client.post(f"{made}/agree", data={"agreed_by": "", "agreed_how": "phone", "agreed_on": "x"})
    assert nobody.status_code == 422 and nobody.text.count("field-error") == 2
    agreed = {"agreed_by": "刘经理", "agreed_how": "phone", "agreed_on": local_day(now(), "Asia/Shanghai")}
    assert client.post(f"{made}/agree", data=agreed).status_code == 302
    with queries() as asked:
        page = client.get(made).text
    assert "agreed by 刘经理: ¥300.00" in page and "Not charged yet" in page and len(asked) <= 12
    assert "¥300.00" in client.get(base, headers={"HX-Request": "true"}).text
    with transaction() as db:
        one = quotation_seen(db, int(made.rpartition("/")[2]), cast.lin)
        facts = quotation_facts(one, db.get_one(Branch, cast.sz), AT)
    assert (facts["total"], facts["tax"], facts["state"], facts["agreed"]["by"]) == ("300.00", "16.98", "agreed", "刘经理")
    assert {as_person(who).get(made).status_code for who in (cast.su, cast.wei)} == {404}

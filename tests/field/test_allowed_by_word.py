"""On site something is allowed by word: written down then and there, backfilled later (P13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.errors import Invalid, RuleBroken
from dispatch.field.acting import act
from dispatch.orders.models import Order, Visit
from dispatch.orders.verbal_models import VerbalApproval
from tests.conftest import AT, Cast
from tests.field.building import do, fact, sent_out


def allowed(cast: Cast, **instead: Any) -> dict[str, Any]:
    return {"approver": cast.wang.id, "channel": "phone", "what_for": "先装兼容天线", **instead}


def words(db: Session) -> list[VerbalApproval]:
    return list(db.scalars(sa.select(VerbalApproval)))


def test_it_is_recorded_with_the_fact_and_told_in_the_history(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    kept = do(db, on_site, "word.record", cast.su, **allowed(cast))
    [row] = words(db)
    assert kept.state == "applied" and row.key == kept.id
    assert (row.approver_id, row.recorded_by_id, row.approval_id, row.said_at) == (cast.wang.id, cast.su.id, None, kept.device_at)
    newest = history(db, ("order", order.id))[0]
    assert (newest.action, newest.detail["fact"], newest.detail["reason"]) == ("word.record", str(kept.id), "先装兼容天线")


def test_sent_twice_it_counts_once(db: Session, cast: Cast, on_site: Visit) -> None:
    sent = fact(on_site, "word.record", **allowed(cast, said_at=(AT - timedelta(minutes=5)).isoformat()))
    for _ in range(2):
        act(db, sent, by=cast.su, at=sent.device_at)
    assert [row.said_at for row in words(db)] == [AT - timedelta(minutes=5)]


@pytest.mark.parametrize(
    ("instead", "where"),
    [
        ({"approver": None}, "approver"),
        ({"approver": "x"}, "approver"),
        ({"channel": None}, "channel"),
        ({"what_for": ""}, "what_for"),
        ({"said_at": "yesterday"}, "said_at"),
        ({"said_at": "2026-12-02T09:00"}, "said_at"),
        ({"said_at": (AT + timedelta(hours=1)).isoformat()}, "said_at"),
    ],
)
def test_what_is_missing_is_said_beside_it(db: Session, cast: Cast, on_site: Visit, instead: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        do(db, on_site, "word.record", cast.su, **allowed(cast, **instead))
    assert where in refused.value.fields


def test_it_belongs_to_the_work_on_site(db: Session, cast: Cast, order: Order) -> None:
    visit = sent_out(db, cast, order, cast.su)
    with pytest.raises(RuleBroken, match="Arrived"):
        do(db, visit, "word.record", cast.su, **allowed(cast))


def test_somebody_who_approves_nothing_is_not_named_and_who_insists_is_heard_by_the_dispatcher(
    db: Session, cast: Cast, on_site: Visit
) -> None:
    with pytest.raises(Invalid):
        do(db, on_site, "word.record", cast.su, **allowed(cast, approver=cast.lin.id))
    kept = do(db, on_site, "word.record", cast.su, insist=True, **allowed(cast, approver=cast.lin.id))
    assert kept.state == "disputed" and not words(db)

"""A phone without signal takes back what it has sent, or not yet sent, by the name it gave the act itself."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.queries import charges_of
from dispatch.field.summary import standing, summary_of
from dispatch.orders.models import Order, Visit
from tests.conftest import Cast
from tests.field.building import carrying, do, fitted_long_ago
from tests.field.test_using_parts import stocked


def test_what_an_act_has_done_is_taken_back_whole(db: Session, cast: Cast, prices: None, order: Order, on_site: Visit) -> None:
    line = order.lines[0].id
    fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    stocked(db, cast)
    before = summary_of(db, order, on_site)
    swapped = do(db, on_site, "line.swap", cast.su, line=line, terminal=box.number, sim=card.number, why="defect")
    used = do(db, on_site, "part.use", cast.su, line=line, code="P003", quantity=2)
    added = do(db, on_site, "charge.add", cast.su, line=None, code="S003", quantity=1)
    assert len(standing(charges_of(db, order.id))) == 4
    for kind, act in (("charge.take_back", added), ("part.put_back", used), ("line.undo", swapped)):
        do(db, on_site, kind, cast.su, line=line, fact=str(act.id), reason="点错了")
    assert summary_of(db, order, on_site) == before


@pytest.mark.parametrize("kind", ["charge.take_back", "part.put_back", "line.undo"])
def test_an_act_that_has_done_nothing_of_the_kind_is_not_found(
    db: Session, cast: Cast, order: Order, on_site: Visit, kind: str
) -> None:
    with pytest.raises(NotFound):
        do(db, on_site, kind, cast.su, line=order.lines[0].id, fact=str(uuid.uuid4()), reason="点错了")

"""Where the company asks for it, closing waits for what was taken out to reach the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.devices.operations import bag_of, store_named
from dispatch.field import returning
from dispatch.field.returning import units_not_waited_for
from dispatch.orders.facts import owed_papers
from dispatch.orders.models import Order
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carry
from tests.field.building import arrived, carrying, do, fitted_long_ago, sign


@pytest.fixture
def asked() -> Iterator[None]:
    """RETURN_BEFORE_CLOSING=on."""
    returning.configure(True)
    yield
    returning.configure(False)


def swapped(session: Session, cast: Cast) -> tuple[Order, Unit]:
    """A repair that is done, and the terminal that Su took out."""
    order = approved_order(session, cast)
    visit = arrived(session, cast, order, cast.su)
    old, _ = fitted_long_ago(session, cast, order.lines[0])
    [box], _ = carrying(session, cast, cast.su)
    do(session, visit, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number)
    sign(session, visit, cast.su)
    do(session, visit, "visit.finish", cast.su)
    session.refresh(order)
    return order, old


def missing(session: Session, order: Order) -> list[tuple[str, str, str]]:
    return [(str(p.text), p.owes, p.place) for p in owed_papers(session, order) if "still has" in str(p.text)]


@pytest.mark.usefixtures("asked")
def test_who_still_carries_it_owes_it_until_it_was_in_a_store(db: Session, cast: Cast) -> None:
    order, old = swapped(db, cast)
    [(sentence, owes, place)] = missing(db, order)
    assert sentence.startswith(f"苏杰 still has {old.number}, taken out of 粤B") and (owes, place) == ("technician", "bag")
    wei = bag_of(db, person_id=cast.wei.id or 0, branch_id=cast.sz)
    carry(db, cast, [old.id], wei)
    assert missing(db, order)[0][0].startswith("卫晨 still has"), "from bag to bag is not returned"
    store = store_named(db, branch_id=cast.sz, name="深圳仓")
    carry(db, cast, [old.id], store)
    assert missing(db, order) == []
    asked_for = db.execute(sa.text("SELECT args FROM procrastinate_jobs WHERE task_name = 'orders.count_papers'")).scalars().all()
    assert {"order_id": order.id} in asked_for
    carry(db, cast, [old.id], wei)
    assert missing(db, order) == [], "drawn from the store again it is somebody else's matter"


def test_unless_it_is_asked_for_closing_does_not_wait(db: Session, cast: Cast) -> None:
    order, _old = swapped(db, cast)
    assert missing(db, order) == []


def test_the_page_tells_of_what_it_does_not_wait_for(db: Session, cast: Cast, as_person: SignIn) -> None:
    order, old = swapped(db, cast)
    db.commit()
    hint = f"The old terminal {old.number} is still in the bag of 苏杰; it does not hold back closing."
    assert hint in as_person(cast.wang).get(f"/orders/{order.number}").text
    su, reminder = as_person(cast.su), "One old unit"
    assert reminder in su.get("/my-day").text
    bag = su.get("/my-bag").text
    assert reminder in bag and bag.count("old: bring it back") == 1
    store = store_named(db, branch_id=cast.sz, name="深圳仓")
    carry(db, cast, [old.id], store)
    db.commit()
    assert hint not in as_person(cast.wang).get(f"/orders/{order.number}").text
    assert reminder not in su.get("/my-day").text and reminder not in su.get("/my-bag").text


@pytest.mark.usefixtures("asked")
def test_where_closing_waits_there_is_no_hint_beside(db: Session, cast: Cast) -> None:
    order, _old = swapped(db, cast)
    assert missing(db, order) != [] and units_not_waited_for(db, order) == []


@pytest.mark.usefixtures("asked")
def test_what_was_entered_wrongly_and_taken_back_owes_nothing(db: Session, cast: Cast) -> None:
    from dispatch.devices.fitted import fittings_of
    from dispatch.field.correcting import take_back_fitting

    order, _old = swapped(db, cast)
    [fitting] = fittings_of(db, order.id)
    take_back_fitting(db, order.id, fitting.id, reason="记错", by=cast.wang, at=AT)
    assert missing(db, order) == []

"""Nobody is free (P14): asked for, approved by a manager, offered to several; first to accept has it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.visits import cancel_order, change_visit
from dispatch.outside.jobs import give_back_all
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.operations.answering import accept, decline, try_pin
from dispatch.outside.operations.asking import ask, decide, withdraw
from dispatch.outside.operations.ending import take_back
from dispatch.outside.operations.offering import make_offers
from dispatch.outside.queries import facts_of_offer
from dispatch.outside.rules import MOST_TRIES, NOTHING_LEFT, why_not_open
from dispatch.staff.deputies import Absence, name_deputy
from dispatch.staff.models import Person
from tests.board.building import approved_order
from tests.building import repair_order
from tests.building import visit as planned
from tests.conftest import AT, Cast
from tests.orders.said import also
from tests.outside.building import HOURS, SAID, asked, contractors, offered, taken, wanted
from tests.racing import at_once

LATER = AT + timedelta(hours=3)


def told(db: Session, order_id: int) -> list[tuple[str, str]]:
    """What the order's history says of it, the oldest first: action and who."""
    entries = reversed(history(db, ("order", order_id)))
    return [(entry.action, entry.by_name) for entry in entries if entry.action.startswith("outside.")]


def test_asked_approved_offered_and_accepted_by_the_first(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    request, (first, second) = offered(db, cast, order)
    assert first.token.encode() not in first.offer.token_hash and first.pin.isdigit() and len(first.pin) == 6
    assert accept(db, first.token, SAID, at=AT).worker_id == accept(db, first.token, SAID, at=AT).worker_id
    with pytest.raises(RuleBroken, match="before you"):
        accept(db, second.token, SAID, at=AT)
    offer, visit = first.offer, db.scalars(sa.select(Visit)).one()
    person = db.get_one(Person, offer.worker_id)
    assert (visit.status, visit.technician_id, visit.dispatched_at) == ("dispatched", person.id, AT)
    assert (person.name, person.outside, person.username, person.roles) == ("张师傅", True, None, frozenset())
    assert order.status == "dispatched" and offer.expires_at > visit.ends_at
    assert told(db, order.id) == [
        ("outside.ask", "林晓"),
        ("outside.approve", "王建国"),
        ("outside.offer", "林晓"),
        ("outside.offer", "林晓"),
        ("outside.accept", "张师傅"),
    ]
    with pytest.raises(IntegrityError, match="uq_outside_offer_accepted"), db.begin_nested():
        gone = Visit(order_id=order.id, branch_id=cast.sz, technician_id=cast.su.id, status="abandoned", reason="x")
        gone.starts_at, gone.ends_at = AT, LATER
        db.add(gone)
        db.flush()
        same = {name: getattr(offer, name) for name in ("accepted_at", "worker_id", "price", "contractor_id")}
        again = {"request_id": another_request(db, request), "visit_id": gone.id, **same}
        db.execute(sa.update(OutsideOffer).where(OutsideOffer.id == second.offer.id).values(again))
    for sentence, values in (
        ("outside_signs_in_nowhere", {"username": "zhang"}),
        ("fk_contractor_worker_person", {"outside": False}),
    ):
        with pytest.raises(IntegrityError, match=sentence), db.begin_nested():
            db.execute(sa.update(Person).where(Person.id == person.id).values(values))
    with pytest.raises(IntegrityError, match="price_within_ceiling"), db.begin_nested():
        db.execute(sa.update(OutsideOffer).where(OutsideOffer.id == offer.id).values(price=201))
    with pytest.raises(IntegrityError, match="fk_outside_offer_request"), db.begin_nested():
        db.execute(sa.update(OutsideRequest).where(OutsideRequest.id == request.id).values(approved=False, decision="withdrawn"))


def another_request(db: Session, first: OutsideRequest) -> int:
    """The same was asked and approved twice."""
    names = [column.key for column in sa.inspect(OutsideRequest).columns if column.key not in ("id", "key")]
    twin = OutsideRequest(key=uuid.uuid4(), **{name: getattr(first, name) for name in names})
    db.add(twin)
    db.flush()
    return twin.id


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.usefixtures("database")
def test_two_accept_at_once_and_one_has_it(cast: Cast, attempt: int) -> None:
    with transaction() as db:
        _, made = offered(db, cast)
        tokens = [one.token for one in made]
    other = replace(SAID, worker="李师傅")
    answers = at_once(
        lambda s: accept(s, tokens[0], SAID, at=AT).id,
        lambda s: accept(s, tokens[1], other, at=AT).id,
    )
    lost = [answer for answer in answers if isinstance(answer, RuleBroken | Conflict)]
    assert len(lost) == 1 and "before you" in str(lost[0])
    with transaction() as db:
        has_it = db.scalars(sa.select(OutsideOffer).where(OutsideOffer.accepted_at.is_not(None))).one()
        assert db.scalars(sa.select(Visit.technician_id)).all() == [has_it.worker_id]


@pytest.mark.usefixtures("database")
def test_accepting_and_taking_back_at_once(cast: Cast) -> None:
    with transaction() as db:
        made = offered(db, cast)[1][0]
        offer_id = made.offer.id
    at_once(
        lambda s: accept(s, made.token, SAID, at=AT).id,
        lambda s: take_back(s, offer_id, reason="自己人有空了", by=cast.lin, at=AT).id,
    )
    with transaction() as db:
        offer = db.get_one(OutsideOffer, offer_id)
        assert offer.revoked_at == AT and db.scalars(sa.select(Visit.status)).all() in ([], ["abandoned"])
        assert db.scalars(sa.select(Order.status)).one() == "approved"


@pytest.mark.usefixtures("database")
def test_accepting_while_the_desk_sends_somebody_else_or_cancels(cast: Cast) -> None:
    with transaction() as db:
        order, other = approved_order(db, cast), approved_order(db, cast)
        _, (made, _) = offered(db, cast, order)
        again = asked(db, cast, other)
        decide(db, again.id, yes=True, by=cast.wang, at=AT)
        [more] = make_offers(db, again.id, [made.offer.contractor_id], lasts=HOURS, by=cast.lin, at=AT)
        first, second = made.token, more.token
    answers = at_once(
        lambda s: accept(s, first, SAID, at=AT).id,
        lambda s: planned(s, cast, locked_order(s, order.id), cast.su).id,
    )
    lost = [answer for answer in answers if isinstance(answer, RuleBroken)]
    assert len(lost) == 1 and (lost[0] is not answers[0] or str(lost[0]) == str(NOTHING_LEFT))
    cancelled = at_once(
        lambda s: accept(s, second, replace(SAID, worker="李师傅"), at=AT).id,
        lambda s: cancel_order(s, other.id, version=None, by=cast.lin, at=AT, reason="客户取消").id,
    )
    assert cancelled[1] == other.id and (isinstance(cancelled[0], int) or "closed or cancelled" in str(cancelled[0]))
    with transaction() as db:
        assert len(db.scalars(sa.select(Visit.id).where(Visit.order_id == order.id)).all()) == 1
        assert db.get_one(Order, other.id).status == "cancelled"
        assert set(db.scalars(sa.select(Visit.status).where(Visit.order_id == other.id))) <= {"abandoned"}


def test_nobody_approves_his_own_and_only_a_manager_does(db: Session, cast: Cast) -> None:
    order, two = approved_order(db, cast), also(db, cast.wang, "specialist")
    own = asked(db, cast, order, by=two)
    with pytest.raises(RuleBroken, match="your own request"):
        decide(db, own.id, yes=True, by=two, at=AT)
    for nobody in (cast.lin, cast.zhou, cast.chen):
        with pytest.raises(NotAllowed):
            decide(db, own.id, yes=True, by=nobody, at=AT)
    with pytest.raises(NotFound):
        decide(db, own.id, yes=True, by=replace(cast.he, roles=frozenset({"manager"})), at=AT)
    with pytest.raises(Conflict, match="asked for help"):
        asked(db, cast, order)
    assert ask(db, order.id, wanted(key=own.key), by=two, at=AT) is own
    with pytest.raises(RuleBroken, match="approve this first"):
        make_offers(db, own.id, contractors(db, cast), lasts=HOURS, by=cast.lin, at=AT)
    with pytest.raises(IntegrityError, match="not_by_himself"), db.begin_nested():
        values = {"decision": "approved", "approved": True, "decided_by_id": two.id, "decided_at": AT}
        db.execute(sa.update(OutsideRequest).values(values))
    withdraw(db, own.id, by=cast.lin, at=AT)
    second = asked(db, cast, order)
    with pytest.raises(Invalid):
        decide(db, second.id, yes=False, reason=" ", by=cast.wang, at=AT)
    assert decide(db, second.id, yes=False, reason="等一等", by=cast.wang, at=AT).decision == "rejected"
    with pytest.raises(Conflict, match="a moment ago"):
        decide(db, second.id, yes=True, by=cast.wang, at=AT)


def test_a_deputy_decides_in_the_managers_place(db: Session, cast: Cast) -> None:
    he = also(db, cast.he, "manager")
    name_deputy(db, Absence(he.id or 0, AT, LATER, "年假", uuid.uuid4()), by=cast.wang, at=AT)
    request = asked(db, cast, approved_order(db, cast))
    he = replace(he, places=frozenset({(cast.sz, "order.approve")}))
    assert decide(db, request.id, yes=True, by=he, at=AT).for_id == cast.wang.id


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"whom": "friend"}, "whom"),
    ({"reason": " "}, "reason"),
    ({"until": AT}, "until"),
    ({"until": AT + timedelta(days=31)}, "until"),
    ({"starts_at": AT - timedelta(days=2)}, "starts_at"),
    ({"starts_at": AT - HOURS / 4, "until": AT - HOURS / 8}, "until"),
    ({"minutes": 0}, "minutes"),
    ({"ceiling": None}, "ceiling"),
    ({"ceiling": Decimal(-1)}, "ceiling"),
    ({"whom": "colleague", "ceiling": None, "colleague_id": 0}, "colleague"),
]


def test_what_cannot_be_asked_for_is_told_beside_its_field(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    for instead, field in WRONG:
        with pytest.raises(Invalid) as wrong:
            asked(db, cast, order, **instead)
        assert set(wrong.value.fields) <= {field, "colleague"} and field in wrong.value.fields


def test_nothing_is_asked_where_nobody_can_be_sent_or_somebody_is(db: Session, cast: Cast) -> None:
    waiting, busy = repair_order(db, cast), approved_order(db, cast)
    planned(db, cast, busy, cast.su)
    with pytest.raises(RuleBroken, match="not approved"):
        asked(db, cast, waiting)
    with pytest.raises(RuleBroken, match="Somebody is planned"):
        asked(db, cast, busy)
    with pytest.raises(NotFound):
        asked(db, cast, busy, by=cast.he)
    with pytest.raises(NotAllowed):
        asked(db, cast, busy, by=cast.su)


def test_the_pin_has_a_few_tries(db: Session, cast: Cast) -> None:
    _, (first, second) = offered(db, cast)
    wrong = "000000" if first.pin != "000000" else "111111"
    left = [str(try_pin(db, first.token, wrong, signed_in=None, at=AT)) for _ in range(MOST_TRIES)]
    assert "tries are left: 4" in left[0] and "shut" in left[-1]
    assert "shut" in str(try_pin(db, first.token, first.pin, signed_in=None, at=AT)), "the right one, too"
    with pytest.raises(RuleBroken, match="shut"):
        accept(db, first.token, SAID, at=AT)
    assert told(db, first.offer.order_id)[-1] == ("outside.shut", "深圳快修")
    assert "signed in as 林晓" in str(try_pin(db, second.token, second.pin, signed_in="林晓", at=AT))
    assert try_pin(db, second.token, second.pin, signed_in=None, at=AT) is None
    with pytest.raises(NotFound):
        try_pin(db, "nowhere", "1", signed_in=None, at=AT)
    anew = make_offers(db, first.offer.request_id, [first.offer.contractor_id], lasts=HOURS, by=cast.lin, at=AT)
    assert try_pin(db, anew[0].token, anew[0].pin, signed_in=None, at=AT) is None
    assert "taken this order back" in str(try_pin(db, first.token, first.pin, signed_in=None, at=AT))


def test_what_an_acceptance_cannot_say(db: Session, cast: Cast) -> None:
    _, (first, _) = offered(db, cast)
    for field, instead in (
        ("price", {"price": Decimal("200.01")}),
        ("price", {"price": Decimal(0)}),
        ("starts_at", {"starts_at": AT - HOURS}),
        ("starts_at", {"starts_at": AT + 3 * HOURS}),
    ):
        with pytest.raises(Invalid) as wrong:
            accept(db, first.token, replace(SAID, **instead), at=AT)  # type: ignore[arg-type]
        assert list(wrong.value.fields) == [field]
    assert db.scalars(sa.select(Visit)).all() == []


def test_one_worker_is_in_one_place_and_known_again(db: Session, cast: Cast) -> None:
    offer, _ = taken(db, cast)
    request = asked(db, cast, approved_order(db, cast))
    decide(db, request.id, yes=True, by=cast.wang, at=AT)
    [second] = make_offers(db, request.id, [offer.contractor_id], lasts=HOURS, by=cast.lin, at=AT)
    with pytest.raises(IntegrityError, match="ex_visit_no_overlap"), db.begin_nested():
        accept(db, second.token, SAID, at=AT)
    after = accept(db, second.token, replace(SAID, starts_at=SAID.starts_at + timedelta(minutes=60)), at=AT)
    assert after.worker_id == offer.worker_id


def test_declined_or_not_accepted_in_time_it_is_the_dispatchers_again(db: Session, cast: Cast) -> None:
    request, (first, second) = offered(db, cast)
    with pytest.raises(Invalid):
        decline(db, first.token, reason="", at=AT)
    decline(db, first.token, reason="人手不够", at=AT)
    decline(db, first.token, reason="again", at=AT)
    assert request.given_back_at is None and first.offer.decline_reason == "人手不够"
    with pytest.raises(RuleBroken, match="declined"):
        accept(db, first.token, SAID, at=AT)
    db.commit()
    assert (give_back_all(AT), give_back_all(LATER), give_back_all(LATER)) == (0, 1, 0)
    db.expire_all()
    assert request.given_back_at == LATER
    assert told(db, request.order_id)[-2:] == [("outside.decline", "深圳快修"), ("outside.give_back", "system")]
    with pytest.raises(RuleBroken, match="accepted in time"):
        accept(db, second.token, SAID, at=LATER)
    [anew] = make_offers(db, request.id, [second.offer.contractor_id], lasts=HOURS, by=cast.lin, at=LATER)
    decline(db, anew.token, reason="太远", at=LATER)
    assert request.given_back_at == LATER, "the last one who could says no: at once"


def test_somebody_of_ours_was_sent_while_it_was_on_offer(db: Session, cast: Cast) -> None:
    request, (first, _) = offered(db, cast)
    planned(db, cast, db.get_one(Order, request.order_id), cast.su)
    with pytest.raises(RuleBroken, match="sent somebody else meanwhile"):
        accept(db, first.token, SAID, at=AT)


def test_after_reassignment_and_after_it_was_taken_back(db: Session, cast: Cast) -> None:
    offer, made = taken(db, cast)
    visit = db.get_one(Visit, offer.visit_id)

    def why() -> str:
        return str(why_not_open(facts_of_offer(db, offer), AT))

    change_visit(db, visit, technician_id=cast.su.id or 0, starts_at=visit.starts_at, by=cast.lin, at=AT)
    assert "given this order to somebody else" in why()
    with pytest.raises(RuleBroken, match="somebody else"):
        accept(db, made.token, SAID, at=AT)
    with pytest.raises(Invalid):
        take_back(db, offer.id, reason=" ", by=cast.lin, at=AT)
    take_back(db, offer.id, reason="改派自己人", by=cast.lin, at=AT)
    assert visit.status == "dispatched", "it is Su's now"
    assert "taken this order back" in why()
    with pytest.raises(Conflict):
        take_back(db, offer.id, reason="again", by=cast.lin, at=AT)
    cancel_order(db, offer.order_id, version=None, by=cast.lin, at=AT, reason="客户取消")

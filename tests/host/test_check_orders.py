"""`./run check` on what the database cannot see of orders: owners, further calls, remote help, recalls, help from outside."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.host.checking import AREAS
from dispatch.intake.forms import read_call
from dispatch.intake.operations import end_call
from dispatch.orders.operations.joining import SaidAgain, join_call
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.owning import accept_contact, offer_contact
from tests.board.building import approved_order
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.intake.building import call_form
from tests.orders.test_recalls import again, repaired
from tests.outside.building import asked, at_work, decide
from tests.outside.test_work_from_outside import technician_of_guangzhou

LOOKED_AT = ("recalls", "contacts", "calls", "help", "outside", "offers")
REMOTE = {"then": "remote", "consent_by": "华丽", "consent_how": "spoken", "help_done": "远程重启"}

DAMAGES = {
    "UPDATE recall SET technician_id = (SELECT id FROM person WHERE name = '卫晨')": "names a visit that cannot have caused it",
    "UPDATE visit SET finished_at = NULL": "names a visit that cannot have caused it",
    "DELETE FROM owned_contact WHERE order_id IS NOT NULL": "Nobody owns order WX-",
    "UPDATE owned_contact SET customer_id = customer_id + 1": "of another branch or customer than order WX-",
    "UPDATE owned_contact SET confirmed_at = now(), confirmed_how = 'signature'": "is confirmed although order WX-",
    "UPDATE owned_contact SET confirmed_at = now(), confirmed_how = 'link'": "by a link that nobody has answered",
    "UPDATE owned_contact SET confirmed_at = now(), confirmed_how = 'earlier', offered_to_id = owner_id + 1, offered_at = now(), "
    "offered_by_id = owner_id": "is confirmed and offered to somebody all the same",
    "UPDATE owned_contact SET owner_id = (SELECT id FROM person WHERE name = '陈立')": "another's than who took it or accepted",
    "DELETE FROM audit_entry WHERE action = 'contact.offer'": "王建国 answered for contact ",
    "UPDATE audit_entry SET by_id = 0 WHERE action = 'contact.accept'": "which was not offered to him",
    "UPDATE order_call SET urgency_after = 'normal'": "raised it otherwise than the rule says",
    "DELETE FROM order_call WHERE said = '第二次'": "and its history do not agree",
    "UPDATE remote_help SET vehicle_id = 0": "is about another vehicle than its contact",
    "UPDATE remote_help SET result = 'not_solved'": "did not help, and there is no order",
    "DELETE FROM remote_help": "is about neither an order nor remote help",
    "UPDATE outside_request SET decided_by_id = asked_by_id + 100": "was decided otherwise than its history tells",
    "DELETE FROM visit WHERE technician_id = (SELECT id FROM person WHERE name = '广州小王')": "the colleague was never sent",
    "UPDATE work_order SET status = 'closed' WHERE id = (SELECT order_id FROM outside_offer WHERE visit_id IS NOT NULL)": (
        "is closed though nobody has accepted the work of offer "
    ),
    "UPDATE outside_offer SET work_at = '2020-01-01', work_by_id = 1, amount = price WHERE visit_id IS NOT NULL": (
        "was accepted before it was done"
    ),
}


def told(db: Session) -> list[str]:
    return [str(said) for name in LOOKED_AT for said in AREAS[name].find(db)]


def test_what_the_database_cannot_see_of_orders_is_named(db: Session, cast: Cast) -> None:
    _handed_over_and_called_about(db, cast)
    assert again(db, cast, repaired(db, cast), days=10)
    end_call(db, read_call(call_form(**REMOTE), visit=False), by=cast.lin, at=AT)
    _from_outside(db, cast)
    db.flush()
    assert told(db) == []
    db.execute(sa.text("SET LOCAL session_replication_role = replica"))
    for statement, sentence in DAMAGES.items():
        with db.begin_nested() as attempt:
            db.execute(sa.text(statement))
            said = told(db)
            assert any(sentence in one for one in said), (statement, said)
            attempt.rollback()
    assert told(db) == []


def _handed_over_and_called_about(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    contact_id = order.owned.id if order.owned else 0
    offer_contact(db, contact_id, cast.wang.id or 0, reason="下班", by=cast.lin, at=AT)
    accept_contact(db, contact_id, by=cast.wang, at=AT)
    for said in ("第一次", "第二次"):
        join_call(db, order.number, SaidAgain("李师傅", "13800000000", said, request_key=uuid.uuid4()), by=cast.lin, at=AT)


def _from_outside(db: Session, cast: Cast) -> None:
    """A contractor who has finished, and a colleague of another branch."""
    order = approved_order(db, cast)
    _, trip, zhang = at_work(db, cast, order)
    for action in ("depart", "arrive", "finish"):
        move_visit(db, trip, action, by=zhang, at=AT + timedelta(hours=2))
    colleague = technician_of_guangzhou(db, cast)
    request = asked(db, cast, approved_order(db, cast), whom="colleague", ceiling=None, colleague_id=colleague.id)
    decide(db, request.id, yes=True, by=cast.wang, at=AT)

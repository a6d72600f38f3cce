"""Receipts out of a leased block, and a signature under what was shown while the office went on."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.fees.models import Receipt
from dispatch.field.checks import broken_facts
from dispatch.field.models import Signature
from dispatch.field.presenting.papers import papers
from dispatch.field.queries import changed_since_signing, word_of
from dispatch.field.summary import summary_of
from dispatch.orders.models import Order, Visit
from tests.conftest import Cast, SignIn
from tests.field.building import SWUNG, fresh
from tests.field.sync.conftest import Wall
from tests.field.sync.pocket import DISPUTED, KEPT, Pocket


def blocks(pocket: Pocket, **told: Any) -> list[dict[str, Any]]:
    answer = pocket.client.post("/api/field/receipt-blocks", json=told, headers=pocket.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["blocks"]
    return found


def shown(db: Session, visit_id: int) -> tuple[dict[str, Any], str]:
    visit = fresh(db).get_one(Visit, visit_id)
    summary = summary_of(db, visit.order, visit)
    return summary, hashlib.sha256(canonical(summary)).hexdigest()


def test_a_phone_gives_receipt_numbers_of_its_own_block_once(
    db: Session, cast: Cast, pocket: Pocket, wall: Wall, prices: None, as_person: SignIn
) -> None:
    db.commit()
    first = blocks(pocket, known=[], left=0)
    assert blocks(pocket, known=[], left=0) == first  # the answer was lost
    assert blocks(pocket, known=[first[0]["id"]], left=30) == first
    both = blocks(pocket, known=[first[0]["id"], "x"], left=5)
    assert [each["last"] - each["first"] for each in both] == [49, 49] and both[0]["prefix"] == "RSZ"
    other = Pocket(as_person(cast.su), None, wall)
    theirs = blocks(other)
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    pocket.does("charge.add", code="S003", quantity=1)

    def pays(number: int | None, amount: str = "1.00") -> None:
        text = f"RSZ{number:06d}" if number else None
        pocket.does("payment.take", amount=amount, channel="cash", number=text)

    for number in (first[0]["first"] + 1, first[0]["first"], first[0]["first"], theirs[0]["first"], None):
        pays(number)
    assert pocket.states() == [KEPT] * 5 + [DISPUTED] * 2 + [KEPT]
    told = [each["told"] for each in pocket.sync()["facts"]]
    assert "used already" in told[5] and "none of the receipt numbers" in told[6]
    given = list(fresh(db).scalars(sa.select(Receipt.running).order_by(Receipt.id)))
    assert given[:2] == [first[0]["first"] + 1, first[0]["first"]] and given[2] > theirs[0]["last"]


def test_a_signature_under_what_was_shown_stands_and_says_what_was_changed_meanwhile(
    db: Session, order: Order, pocket: Pocket, wall: Wall, visit: Visit, prices: None
) -> None:
    db.commit()
    for kind in ("visit.depart", "visit.arrive"):
        pocket.does(kind)
    assert pocket.states() == [KEPT, KEPT]
    summary, digest = shown(db, visit.id)
    word = {"signer": "张超敏", "phone": "18886844318", "points": SWUNG}
    pocket.does("sign", **word, summary=summary, summary_hash="00")
    pocket.does("sign", **word, summary=summary, summary_hash=digest)
    pocket.does("charge.add", code="S003", quantity=1)
    states = pocket.states()
    assert states[2:] == [DISPUTED, KEPT, KEPT]
    signed = fresh(db).scalars(sa.select(Signature)).one()
    assert (signed.summary, signed.summary_then) == (summary, None)
    assert changed_since_signing(db, order.id) == {visit.id}  # in one batch, by the phone's own numbers

    wall.after(minutes=1)
    older = copy.deepcopy(summary) | {"total": "5.00"}
    pocket.does("sign", **word, summary=older, summary_hash=hashlib.sha256(canonical(older)).hexdigest())
    assert pocket.states()[-1] == KEPT
    found = word_of(fresh(db), visit.id)
    assert found is not None and not found[1] and changed_since_signing(db, order.id) == set()
    assert found[0].summary == older and found[0].summary_then == shown(db, visit.id)[0]
    [seen] = papers(db, db.get_one(Order, order.id), 1).signatures
    assert (str(seen.changed), str(seen.sums[0])) == ("the charges", "5.00") and seen.sums[1] == 150
    assert list(broken_facts(db)) == []

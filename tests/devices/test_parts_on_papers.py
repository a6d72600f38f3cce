"""Counted parts between branches and from bag to bag: on the way or promised until the other side says yes."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import accept, decline, offer, withdraw
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import HandOver, HandOverPart, Holder, Part, PartEntry, PartPosition, Transfer
from dispatch.devices.operations import bag_of
from dispatch.devices.part_missing import turn_up_parts, write_off_parts
from dispatch.devices.part_stock import correct, hand_over
from dispatch.devices.part_use import put_back, use_part
from dispatch.devices.reorder_rules import Level
from dispatch.devices.reordering import set_levels
from dispatch.devices.reorders import wares
from dispatch.devices.transferring import receive, send
from dispatch.devices.transferring import withdraw as take_back
from dispatch.devices.transfers import transfer_counts, transfers
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.host.schema import alembic_config
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices.building import carried, say_yes, sentence, store, terminals, work
from tests.devices.test_parts import cable, facts, has
from tests.devices.test_transferring import arrived, far
from tests.racing import at_once


def in_bag(db: Session, cast: Cast, *, count: int = 5, code: str = "P101") -> Part:
    """So many cables in Su's bag."""
    part = cable(db, cast, code=code)
    hand_over(db, store(db, cast), bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz), {part.id: count}, **facts(cast))
    say_yes(db, cast)
    return part


def sent(db: Session, cast: Cast, counts: dict[int, int], **more: Any) -> Transfer:
    given: dict[str, Any] = {"wanted": Wanted(), "to_branch_id": cast.gz, **facts(cast), **more}
    return send(db, store=store(db, cast), parts=counts, **given)


def offered(db: Session, cast: Cast, counts: dict[int, int], *units: int, **more: Any) -> HandOver:
    given: dict[str, Any] = {"to_person_id": cast.wei.id, **facts(cast, by=cast.su), **more}
    return offer(db, units, parts=counts, **given)


def spread(db: Session, part: Part) -> dict[str, int]:
    """How many of a part each kind of place has, both stores together; Wei's bag by his name."""
    db.expire_all()
    query = sa.select(Holder, PartPosition.quantity).join(PartPosition, PartPosition.holder_id == Holder.id)
    rows = db.execute(query.where(PartPosition.part_id == part.id, PartPosition.quantity > 0))
    found: Counter[str] = Counter()
    for holder, count in rows:
        found[holder.person.username if holder.person else holder.kind] += count
    return dict(found)


# --- between branches


def test_parts_travel_beside_units_or_alone_and_come_back(db: Session, cast: Cast) -> None:
    part, more, boxes = cable(db, cast), cable(db, cast, code="P102"), terminals(db, cast, 1)
    key = uuid.uuid4()
    made, again = (sent(db, cast, {part.id: 4, more.id: 1}, wanted=Wanted(terminals={"BD-808A": 1}), key=key) for _ in range(2))
    assert made is again and spread(db, part) == {"store": 6, "transit": 4}
    assert arrived(db, cast, made, boxes, reason="", answers_id=None) == 3, "all, where nothing else is said"
    assert (has(db, far(db, cast), part), has(db, far(db, cast), more), spread(db, more)) == (4, 1, {"store": 10})
    alone = sent(db, cast, {part.id: 6})
    assert [take_back(db, alone.number, by=cast.lin, at=AT) for _ in range(2)] == [1, 0]
    assert has(db, store(db, cast), part) == 6 and list(broken_custody(db)) == []
    assert [(row.units, row.kinds) for row in transfers(db, cast.he)] == [(0, 1), (1, 2)]


def test_the_tables_are_not_taken_away_while_parts_are_on_the_way(db: Session, cast: Cast) -> None:
    sent(db, cast, {cable(db, cast).id: 3})
    revision = ScriptDirectory.from_config(alembic_config("")).get_revision("0019")
    with Operations.context(MigrationContext.configure(db.connection())), pytest.raises(RuntimeError, match="3 counted parts"):
        revision.module.downgrade()


def test_what_is_missing_turns_up_bit_by_bit_or_is_written_off(db: Session, cast: Cast) -> None:
    part = cable(db, cast)
    made, short = sent(db, cast, {part.id: 9}), {"parts": {part.id: 4}, "reason": "箱子破了"}
    with pytest.raises(Invalid) as refused:
        arrived(db, cast, made, [], **short | {"reason": " "})
    assert set(refused.value.fields) == {"reason", "answers"}
    arrived(db, cast, made, [], answers_id=cast.wang.id, **short)
    assert (transfer_counts(db, cast.lin)["missing"], transfers(db, cast.lin)[0].short) == (1, 1)
    key = uuid.uuid4()
    for _ in range(2):
        assert turn_up_parts(db, made.number, part.id, 2, key=key, by=cast.he, at=AT).id == far(db, cast).id
    turn_up_parts(db, made.number, part.id, 1, key=uuid.uuid4(), by=cast.lin, at=AT)
    assert (has(db, far(db, cast), part), has(db, store(db, cast), part)) == (6, 2)
    late = partial(write_off_parts, db, made.number, part.id, at=AT)
    assert "does not write them off himself" in sentence(late, note="x", by=cast.wang)
    for by, note, refusal in ((cast.lin, "x", NotAllowed), (cast.chen, " ", Invalid)):
        with pytest.raises(refusal):
            late(note=note, by=by)
    with pytest.raises(Invalid):
        turn_up_parts(db, made.number, part.id, 3, key=uuid.uuid4(), by=cast.he, at=AT)
    assert late(note="物流赔付", by=cast.chen) == 2
    with pytest.raises(Conflict):
        turn_up_parts(db, made.number, part.id, 1, key=uuid.uuid4(), by=cast.he, at=AT)
    assert transfer_counts(db, cast.lin)["missing"] == 0 and spread(db, part)["lost"] == 2
    moves = db.scalars(sa.select(PartEntry).where(PartEntry.reason.in_(("send", "turn_up", "lose")))).all()
    assert {sentence(correct, db, move.id, reason="x", by=cast.wang, at=AT) for move in moves} == {
        "This move belongs to other papers. It is mended there and not here."
    }
    assert list(broken_custody(db)) == []


def test_what_cannot_be_sent_or_received_changes_nothing(db: Session, cast: Cast) -> None:
    part, other = cable(db, cast), cable(db, cast, code="P102")
    made, bags = (
        sent(db, cast, {part.id: 4}),
        [bag_of(db, person_id=who.id or 0, branch_id=cast.sz) for who in (cast.su, cast.wei)],
    )
    cases: list[tuple[type[Refusal], Any]] = [
        (Invalid, partial(sent, db, cast, {part.id: 7})),
        (Invalid, partial(sent, db, cast, {part.id: 0})),
        (Invalid, partial(sent, db, cast, {})),
        (NotFound, partial(sent, db, cast, {999_999: 1})),
        (Invalid, partial(arrived, db, cast, made, [], parts={part.id: 5})),
        (Invalid, partial(arrived, db, cast, made, [], parts={part.id: -1})),
        (RuleBroken, partial(arrived, db, cast, made, [], parts={other.id: 1})),
        (NotFound, partial(turn_up_parts, db, made.number, other.id, 1, key=uuid.uuid4(), by=cast.he, at=AT)),
        (NotFound, partial(hand_over, db, *bags, {part.id: 1}, **facts(cast))),
        (NotAllowed, partial(turn_up_parts, db, made.number, part.id, 1, key=uuid.uuid4(), by=cast.su, at=AT)),
        (Conflict, partial(turn_up_parts, db, made.number, part.id, 1, key=uuid.uuid4(), by=cast.he, at=AT)),
    ]
    for refusal, act in cases:
        with pytest.raises(refusal), db.begin_nested():
            act()
    assert spread(db, part) == {"store": 6, "transit": 4} and list(broken_custody(db)) == []


def test_what_is_on_the_way_counts_for_the_store_that_waits_for_it(db: Session, cast: Cast) -> None:
    part, place = cable(db, cast), far(db, cast)
    set_levels(db, place, {"part:P101": Level(5, 9)}, by=cast.he, at=AT)
    sent(db, cast, {part.id: 4, cable(db, cast, code="P102").id: 2})
    assert [(each.key, each.stored, each.on_way) for each in wares(db, [place])] == [("part:P101", 0, 4)]


# --- from bag to bag


def test_offered_parts_are_the_givers_until_the_taker_has_them(db: Session, cast: Cast) -> None:
    part, [box] = in_bag(db, cast), carried(db, cast, cast.su, boxes=1)
    form = facts(cast, by=cast.su)
    made, again = (offered(db, cast, {part.id: 3}, box.id, **form) for _ in range(2))
    assert made is again and spread(db, part) == {"store": 5, "su": 5}
    assert [accept(db, made.id, by=cast.wei, at=AT) for _ in range(2)] == [2, 0]
    assert spread(db, part) == {"store": 5, "su": 2, "wei": 3}
    for settle in (partial(decline, reason="没拿到", by=cast.wei), partial(withdraw, by=cast.su)):
        settle(db, offered(db, cast, {part.id: 2}).id, at=AT)
    assert accept(db, offered(db, cast, {part.id: 2}).id, by=cast.wei, at=AT) == 1 and spread(db, part) == {"store": 5, "wei": 5}
    assert list(broken_custody(db)) == []


def test_what_is_used_meanwhile_is_promised_to_nobody_the_newest_promise_first(db: Session, cast: Cast) -> None:
    part, at_work = in_bag(db, cast), work(installation_order(db, cast))
    first, second = offered(db, cast, {part.id: 2}), offered(db, cast, {part.id: 2}, to_person_id=cast.zhou.id)
    used = [use_part(db, at_work, code="P101", quantity=count, by=cast.su, at=AT) for count in (1, 3)]
    assert _open(db) == {first.id: 1}, "one was free, two of the second's and one of the first's are used"
    put_back(db, used[1].id, order_id=at_work.order_id, reason="没用上", by=cast.su, at=AT)
    assert _open(db) == {first.id: 1}, "what was let go is not promised again"
    assert "None of these is in 苏杰's bag any more" in sentence(accept, db, second.id, by=cast.zhou, at=AT)
    assert accept(db, first.id, by=cast.wei, at=AT) == 1 and spread(db, part)["wei"] == 1
    assert list(broken_custody(db)) == []


def test_nobody_promises_more_than_he_has(db: Session, cast: Cast) -> None:
    part = in_bag(db, cast)
    issued = db.scalars(sa.select(PartEntry).where(PartEntry.reason == "issue")).one()
    offered(db, cast, {part.id: 4})
    for counts, told in (
        ({part.id: 2}, "offered some already: 1 根"),
        ({cable(db, cast, code="P7").id: 1}, "There is no 电源线"),
    ):
        with pytest.raises(Invalid) as refused:
            offered(db, cast, counts)
        assert told in str(next(iter(refused.value.fields.values())))
    for wrong in ({}, {part.id: 0}):
        with pytest.raises(Invalid):
            offered(db, cast, wrong)
    assert "First the offer is taken back" in sentence(correct, db, issued.id, reason="发错", by=cast.wang, at=AT)
    other = offered(db, cast, {part.id: 1})
    for statement in ("UPDATE hand_over_part SET open = open + 1", "UPDATE hand_over_part SET open = 0, taken = 1"):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(sa.text(statement))
    with pytest.raises(IntegrityError, match="more is promised"), db.begin_nested():
        db.add(HandOverPart(hand_over_id=other.id, part_id=cable(db, cast, code="P8").id, quantity=1, open=1))
        db.flush()


def test_what_was_bent_is_found(db: Session, cast: Cast) -> None:
    part = in_bag(db, cast)
    made, promise = sent(db, cast, {part.id: 4}), offered(db, cast, {part.id: 5})
    assert list(broken_custody(db)) == []
    bent = {
        "UPDATE transfer_part SET sent = 3": [
            "does not agree with the entries of its parts",
            "4 are on the way, and by the transfers it is 3",
        ],
        f"UPDATE hand_over SET status = 'withdrawn', settled_at = now() WHERE id = {promise.id}": ["is promised in hand-over"],
        "ALTER TABLE part_position DISABLE TRIGGER let_go; UPDATE part_position SET quantity = 4 WHERE quantity = 5": [
            "has 4, and by the entries it is 5",
            "has promised 5 and has 4",
        ],
    }
    for statement, told in bent.items():
        with db.begin_nested() as step:
            db.execute(sa.text(statement))
            found = " ".join(map(str, broken_custody(db)))
            assert all(each in found for each in told), found
            step.rollback()
    assert made.number in str(transfers(db, cast.lin)[0].transfer.number)


def _open(db: Session) -> dict[int, int]:
    rows = db.execute(sa.select(HandOverPart.hand_over_id, HandOverPart.open).where(HandOverPart.open > 0))
    return dict(map(tuple, rows))


@pytest.mark.parametrize(
    "rival", ["two accept", "used on site", "withdrawn", "offered twice", "received twice", "found and lost"]
)
def test_at_the_same_moment_one_wins_and_the_ledger_stays_whole(database: str, cast: Cast, rival: str) -> None:
    with transaction() as db:
        part = in_bag(db, cast)
        made, way = offered(db, cast, {part.id: 4}).id, sent(db, cast, {part.id: 5}).number
        into, at_work = far(db, cast), work(installation_order(db, cast))
        if rival == "found and lost":
            why = {"into": into, "reason": "没到", "answers_id": cast.lin.id, "by": cast.he, "at": AT}
            receive(db, way, [], parts={part.id: 0}, **why)
    yes = partial(accept, hand_over_id=made, by=cast.wei, at=AT)
    take = partial(receive, number=way, unit_ids=[], into=into, reason="", answers_id=None, by=cast.he, at=AT)
    acts: dict[str, tuple[Any, Any]] = {
        "two accept": (yes, yes),
        "used on site": (yes, partial(use_part, work=at_work, code="P101", quantity=5, by=cast.su, at=AT)),
        "withdrawn": (yes, partial(withdraw, hand_over_id=made, by=cast.su, at=AT)),
        "offered twice": (partial(offered, cast=cast, counts={part.id: 1}),) * 2,
        "received twice": (take, take),
        "found and lost": (
            partial(turn_up_parts, number=way, part_id=part.id, count=5, key=uuid.uuid4(), by=cast.he, at=AT),
            partial(write_off_parts, number=way, part_id=part.id, note="丢了", by=cast.wang, at=AT),
        ),
    }
    done = at_once(*acts[rival])
    with transaction() as db:
        assert list(broken_custody(db)) == [] and sum(spread(db, part).values()) == 10
    refused = [each for each in done if isinstance(each, Refusal)]
    assert len(refused) == (0 if rival in ("two accept", "received twice") else 1), done
    if rival in ("two accept", "received twice"):
        assert sorted(done) == [0, 1]

"""From branch to branch: on the way until the other branch says what has arrived; what is missing has somebody who answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.issuing import CannotIssue, Wanted
from dispatch.devices.models import Holder, Transfer, TransferUnit, Unit
from dispatch.devices.operations import store_named
from dispatch.devices.queries import unit, units_found
from dispatch.devices.transferring import receive, send, turn_up, withdraw, write_off
from dispatch.devices.transfers import transfer, transfer_counts, transfers
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carried, ledger_faults, sentence, sims, store, terminals, where
from tests.racing import at_once


def far(db: Session, cast: Cast) -> Holder:
    """The store of the other branch."""
    return store_named(db, branch_id=cast.gz, name="广州仓")


def sent(db: Session, cast: Cast, wanted: Wanted, **facts: Any) -> Transfer:
    given = {"to_branch_id": cast.gz, "note": "", "key": uuid.uuid4(), "by": cast.lin, "at": AT, **facts}
    return send(db, store=store(db, cast), wanted=wanted, **given)


def boxes_sent(db: Session, cast: Cast, count: int = 3) -> tuple[Transfer, list[Unit]]:
    units = terminals(db, cast, count)
    return sent(db, cast, Wanted(terminals={"BD-808A": count})), units


def arrived(db: Session, cast: Cast, made: Transfer, units: Iterable[Unit], **facts: Any) -> int:
    given = {"into": far(db, cast), "reason": "", "answers_id": None, "by": cast.he, "at": AT, **facts}
    return receive(db, made.number, [each.id for each in units], **given)


def whole(db: Session) -> bool:
    return ledger_faults(db) == [] and list(broken_custody(db)) == []


def test_it_is_on_the_way_until_the_other_branch_has_it(db: Session, cast: Cast) -> None:
    made, units = boxes_sent(db, cast)
    assert made.number == "DB-SZ-2026-0001"
    assert {(where(db, each).kind, where(db, each).branch_id) for each in units} == {("transit", cast.sz)}
    assert units_found(db, "T0", cast.he) == []
    assert arrived(db, cast, made, units) == 3
    assert {where(db, each).id for each in units} == {far(db, cast).id}
    assert unit(db, units[0].id, cast.he).branch_id == cast.gz
    with pytest.raises(NotFound):
        unit(db, units[0].id, cast.lin)
    assert arrived(db, cast, made, units) == 0, "said twice it counts once"
    assert whole(db)


def test_numbers_and_counts_as_in_issuing_and_a_sentence_for_each_that_cannot_go(db: Session, cast: Cast) -> None:
    first, second, third = terminals(db, cast, 3)
    card = sims(db, cast)[0]
    [elsewhere] = carried(db, cast, cast.su, boxes=1)
    named = (second.terminal.serial, card.sim.iccid)  # type: ignore[union-attr]
    with pytest.raises(CannotIssue) as refused:
        sent(db, cast, Wanted((*named, elsewhere.terminal.serial, "GIBT-ES-NICHT")))  # type: ignore[union-attr]
    assert [str(problem) for problem in refused.value.problems] == [
        f"{elsewhere.terminal.serial} is elsewhere: in 苏杰's bag.",  # type: ignore[union-attr]
        "GIBT-ES-NICHT is not on record.",
    ]
    with pytest.raises(Invalid):
        sent(db, cast, Wanted(sims=5))
    made = sent(db, cast, Wanted(named, {"BD-808A": 1}))
    assert {line.unit_id for line in made.lines} == {first.id, second.id, card.id}
    assert where(db, third).kind == "store"


def test_numbers_have_no_gaps_and_a_form_pressed_twice_is_one_transfer(db: Session, cast: Cast) -> None:
    terminals(db, cast, 4)
    key = uuid.uuid4()
    one, again = (sent(db, cast, Wanted(terminals={"BD-808A": 1}), key=key) for _ in range(2))
    assert one is again
    for _ in range(2):
        with pytest.raises(Invalid):
            sent(db, cast, Wanted(terminals={"BD-808A": 100}))
    assert sent(db, cast, Wanted(terminals={"BD-808A": 1})).number == "DB-SZ-2026-0002"


def test_a_part_arrives_and_somebody_answers_for_the_rest(db: Session, cast: Cast) -> None:
    made, (here, there, gone) = boxes_sent(db, cast)
    with pytest.raises(Invalid) as refused:
        arrived(db, cast, made, [here])
    assert set(refused.value.fields) == {"reason", "answers"}
    arrived(db, cast, made, [here], reason="箱子破了", answers_id=cast.wei.id)
    assert {where(db, each).kind for each in (there, gone)} == {"transit"}
    assert transfer_counts(db, cast.lin)["missing"] == 1
    assert turn_up(db, made.number, there.id, by=cast.he, at=AT).id == far(db, cast).id
    with pytest.raises(NotAllowed):
        write_off(db, made.number, gone.id, note="x", by=cast.lin, at=AT)
    with pytest.raises(Invalid):
        write_off(db, made.number, gone.id, note=" ", by=cast.wang, at=AT)
    write_off(db, made.number, gone.id, note="物流赔付", by=cast.wang, at=AT)
    assert where(db, gone).kind == "lost"
    with pytest.raises(Conflict):
        turn_up(db, made.number, gone.id, by=cast.he, at=AT)
    assert [line.status for line in transfer(db, made.number, cast.lin).lines] == ["accepted", "found", "lost"]
    assert transfer_counts(db, cast.lin) == {"to_us": 0, "from_us": 0, "missing": 0, None: 1}
    assert whole(db)


def test_what_turns_up_with_the_sender_is_his_again(db: Session, cast: Cast) -> None:
    made, units = boxes_sent(db, cast, 1)
    arrived(db, cast, made, [], reason="没到", answers_id=cast.lin.id)
    assert turn_up(db, made.number, units[0].id, by=cast.lin, at=AT).id == store(db, cast).id
    assert unit(db, units[0].id, cast.lin).branch_id == cast.sz and whole(db)


def test_nobody_writes_off_what_he_answers_for(db: Session, cast: Cast) -> None:
    made, units = boxes_sent(db, cast, 1)
    arrived(db, cast, made, [], reason="没到", answers_id=cast.wang.id)
    assert "does not write it off himself" in sentence(write_off, db, made.number, units[0].id, note="x", by=cast.wang, at=AT)
    write_off(db, made.number, units[0].id, note="已赔", by=cast.chen, at=AT)
    assert whole(db)


def test_the_sender_takes_it_back_before_it_is_received_and_not_after(db: Session, cast: Cast) -> None:
    made, units = boxes_sent(db, cast)
    for _ in range(2):
        withdraw(db, made.number, by=cast.wang, at=AT)
    assert {where(db, each).id for each in units} == {store(db, cast).id}
    assert "王建国 has taken this transfer back" in sentence(arrived, db, cast, made, units, refusal=Conflict)
    other = sent(db, cast, Wanted(terminals={"BD-808A": 3}))
    arrived(db, cast, other, units)
    assert "何静 has settled this transfer already" in sentence(withdraw, db, other.number, by=cast.lin, at=AT, refusal=Conflict)
    assert whole(db)


def test_only_the_receiving_branch_accepts_and_a_third_sees_nothing(db: Session, cast: Cast) -> None:
    made, units = boxes_sent(db, cast)
    cases: list[tuple[Actor, type[Exception]]] = [(cast.lin, NotFound), (cast.root, NotFound), (cast.su, NotAllowed)]
    for by, refusal in cases:
        with pytest.raises(refusal):
            arrived(db, cast, made, units, by=by)
    with pytest.raises(NotFound):
        withdraw(db, made.number, by=cast.he, at=AT)
    with pytest.raises(NotFound):
        sent(db, cast, Wanted(terminals={"BD-808A": 1}), by=cast.he)
    stranger = Actor(id=None, name="x", roles=frozenset({"specialist"}), branch_id=999)
    with pytest.raises(NotFound):
        transfer(db, made.number, stranger)
    assert transfers(db, stranger) == []
    assert [row.units for by in (cast.lin, cast.he, cast.chen) for row in transfers(db, by)] == [3, 3, 3]


@pytest.mark.parametrize("case", ["own branch", "no branch", "own store", "no store", "stranger's unit"])
def test_what_makes_no_sense_is_refused(db: Session, cast: Cast, case: str) -> None:
    made, units = boxes_sent(db, cast)
    terminals(db, cast)
    if case in ("own branch", "no branch"):
        to = cast.sz if case == "own branch" else None
        with pytest.raises(Invalid):
            sent(db, cast, Wanted(terminals={"BD-808A": 1}), to_branch_id=to)
    elif case == "stranger's unit":
        with pytest.raises(RuleBroken):
            arrived(db, cast, made, [*units, *terminals(db, cast)])
    else:
        with pytest.raises(Invalid):
            arrived(db, cast, made, units, into=store(db, cast) if case == "own store" else None)


def test_the_database_keeps_a_unit_out_of_two_open_transfers(db: Session, cast: Cast) -> None:
    made, (first, *_) = boxes_sent(db, cast)
    line = db.scalars(sa.select(TransferUnit).where(TransferUnit.unit_id == first.id)).one()
    other = Transfer(number="X", key=uuid.uuid4(), from_branch_id=cast.sz, to_branch_id=cast.gz, store_id=made.store_id)
    other.transit_id, other.status, other.sent_by_name, other.sent_at = made.transit_id, "sent", "x", AT
    db.add(other)
    db.flush()
    with pytest.raises(IntegrityError, match="uq_transfer_unit_out"):
        db.execute(
            sa.insert(TransferUnit).values(
                transfer_id=other.id, unit_id=first.id, status="on_way", out_entry_id=line.out_entry_id + 10_000
            )
        )


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("rival", ["another accepts", "withdrawn", "sent twice"])
def test_at_the_same_moment_one_wins_and_the_ledger_stays_whole(database: str, cast: Cast, rival: str, attempt: int) -> None:
    with transaction() as db:
        made, units = boxes_sent(db, cast)
        far(db, cast)
        more = terminals(db, cast, 3)
    key = uuid.uuid4()

    def press(s: Session) -> int:
        return sent(s, cast, Wanted(terminals={"BD-808A": 2}), key=key).id

    helper = Actor(id=cast.root.id, name="x", roles=frozenset({"specialist"}), branch_id=cast.gz)
    acts = {
        "another accepts": (lambda s: arrived(s, cast, made, units), lambda s: arrived(s, cast, made, units, by=helper)),
        "withdrawn": (lambda s: arrived(s, cast, made, units), lambda s: withdraw(s, made.number, by=cast.lin, at=AT)),
        "sent twice": (press, press),
    }
    first, second = at_once(*acts[rival])
    with transaction() as db:
        assert whole(db)
        places = {where(db, each).kind for each in more}
    if rival == "sent twice":
        assert first == second and places == {"store", "transit"}
    else:
        assert sorted(isinstance(each, Conflict) for each in (first, second)) == [False, True]


def test_on_the_pages(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        units = terminals(db, cast, 2)
        into = far(db, cast).id
        serials = "\n".join(each.terminal.serial for each in units)  # type: ignore[union-attr]
        place = store(db, cast).id
    lin, he, wang = as_person(cast.lin), as_person(cast.he), as_person(cast.wang)
    assert "No transfers here." in lin.get("/stock/transfers").text
    form = {"store": place, "numbers": f"{serials}\nXX-1", "to": cast.gz, "note": "补货", "key": str(uuid.uuid4())}
    wrong = lin.post("/stock/transfers/new", data=form)
    assert (wrong.status_code, "XX-1 is not on record" in wrong.text, "补货" in wrong.text) == (422, True, True)
    bare = lin.post("/stock/transfers/new", data={**form, "numbers": serials, "to": ""})
    assert (bare.status_code, "Choose another branch." in bare.text) == (422, True)
    made = {lin.post("/stock/transfers/new", data={**form, "numbers": serials}).location for _ in range(2)}
    assert made == {"/stock/transfers/DB-SZ-2026-0001"}
    [page] = made
    assert "Into the store" not in lin.get(page).text and "Not sent after all?" in lin.get(page).text
    assert "Into the store" in he.get(page).text and "广州" in he.get("/stock/transfers?kind=to_us").text
    partly = {"units": units[0].id, "into": into, "reason": "少一台"}
    short = he.post(f"{page}/receive", data=partly)
    assert (short.status_code, "choose who answers for it" in short.text, "少一台" in short.text) == (422, True, True)
    assert he.post(f"{page}/receive", data={**partly, "answers": cast.lin.id}).status_code == 302
    shown = wang.get(page).text
    assert "1 is missing" in shown and "Write it off as lost" in shown and "Write it off as lost" not in lin.get(page).text
    late = lin.post(f"{page}/withdraw")
    assert (late.status_code, "has settled this transfer already" in late.text) == (409, True)
    lost = f"{page}/units/{units[1].id}/lost"
    assert wang.post(lost, data={"note": ""}).status_code == 422 and lin.post(lost, data={"note": "x"}).status_code == 404
    assert wang.post(lost, data={"note": "物流赔付"}).status_code == 302
    assert "物流赔付" in he.get(page).text
    assert he.post(f"{page}/units/{units[1].id}/found").status_code == 409
    assert as_person(cast.su).get(page).status_code == 404 and he.get("/stock/transfers/DB-SZ-2026-9").status_code == 404

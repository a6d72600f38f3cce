"""From bag to bag: the giver offers, the taker says that he has it; until then it is the giver's (P12)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.db import transaction
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import install
from dispatch.devices.hand_overs import offers, waiting_for
from dispatch.devices.handing_over import accept, decline, offer, withdraw
from dispatch.devices.models import HandOver, HandOverUnit, Unit
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.staff.rules import Actor
from tests.building import installation_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carried, ledger_faults, sentence, terminals, where, work
from tests.racing import at_once


def offered(db: Session, units: list[Unit], giver: Actor, taker: Actor, **facts: Any) -> HandOver:
    given = {"to_person_id": taker.id, "note": "", "key": uuid.uuid4(), "by": giver, "at": AT, **facts}
    return offer(db, [unit.id for unit in units], **given)


def holder(db: Session, unit: Unit) -> int | None:
    return where(db, unit).person_id


def test_it_stays_the_givers_until_the_taker_has_it(db: Session, cast: Cast) -> None:
    units = carried(db, cast, cast.su, boxes=2, cards=1)
    made = offered(db, units, cast.su, cast.wei, note="明天华强北要用")
    assert {holder(db, unit) for unit in units} == {cast.su.id}
    assert waiting_for(db, cast.wei.id or 0) == 1
    to_wei, by_wei = offers(db, cast.wei.id or 0)
    assert [each.id for each in to_wei] == [made.id] and by_wei == []
    assert accept(db, made.id, by=cast.wei, at=AT) == 3
    assert {holder(db, unit) for unit in units} == {cast.wei.id}
    assert accept(db, made.id, by=cast.wei, at=AT) == 0, "said twice it counts once"
    assert waiting_for(db, cast.wei.id or 0) == 0
    assert ledger_faults(db) == [] and list(broken_custody(db)) == []
    told = db.scalars(sa.select(AuditEntry.action).where(AuditEntry.subject_kind == "holder").order_by(AuditEntry.id)).all()
    assert told[-2:] == ["bag.offer", "bag.accept"]


def test_what_he_did_not_get_and_what_is_taken_back_stays_where_it_is(db: Session, cast: Cast) -> None:
    units = carried(db, cast, cast.su, boxes=2)
    first, second = (offered(db, [unit], cast.su, cast.wei) for unit in units)
    with pytest.raises(Invalid):
        decline(db, first.id, reason=" ", by=cast.wei, at=AT)
    decline(db, first.id, reason="没拿到", by=cast.wei, at=AT)
    withdraw(db, second.id, by=cast.su, at=AT)
    assert {holder(db, unit) for unit in units} == {cast.su.id}
    assert "stay with the giver" in sentence(accept, db, first.id, by=cast.wei, at=AT, refusal=Conflict)
    assert "苏杰 has taken the offer back" in sentence(accept, db, second.id, by=cast.wei, at=AT, refusal=Conflict)
    again = offered(db, units, cast.su, cast.wei)
    assert accept(db, again.id, by=cast.wei, at=AT) == 2


def test_what_is_fitted_meanwhile_is_promised_to_nobody(db: Session, cast: Cast) -> None:
    units = carried(db, cast, cast.su, boxes=2)
    made = offered(db, units, cast.su, cast.wei)
    install(db, work(installation_order(db, cast)), units[0].id, by=cast.su, at=AT)
    assert accept(db, made.id, by=cast.wei, at=AT) == 1
    assert where(db, units[0]).kind == "slot" and holder(db, units[1]) == cast.wei.id
    alone = offered(db, [units[1]], cast.wei, cast.su)
    install(db, work(installation_order(db, cast)), units[1].id, by=cast.wei, at=AT)
    assert "None of these is in 卫晨's bag any more" in sentence(accept, db, alone.id, by=cast.su, at=AT)
    assert list(broken_custody(db)) == []


@pytest.mark.parametrize("case", ["nothing", "himself", "somebody without a bag", "a colleague's", "the store's", "promised"])
def test_what_cannot_be_offered_gets_a_sentence(db: Session, cast: Cast, case: str) -> None:
    mine, his = carried(db, cast, cast.su, boxes=1), carried(db, cast, cast.wei, boxes=1)
    if case == "promised":
        offered(db, mine, cast.su, cast.wei)
    units = {"nothing": [], "a colleague's": his, "the store's": terminals(db, cast)}.get(case, mine)
    taker = {"himself": cast.su, "somebody without a bag": cast.lin}.get(case, cast.wei)
    with pytest.raises((Refusal, IntegrityError)) as refused:
        offered(db, units, cast.su, taker)
    told = {
        "nothing": "Nothing was chosen",
        "himself": "Choose a colleague",
        "somebody without a bag": "Choose a colleague",
        "a colleague's": "is elsewhere: in 卫晨's bag",
        "the store's": "is elsewhere: 总仓",
        "promised": "uq_hand_over_unit_open",
    }
    fields = refused.value.fields if isinstance(refused.value, Invalid) else {}
    assert told[case] in " ".join(map(str, (*fields.values(), refused.value)))


def test_only_the_two_may_settle_it_and_only_technicians_may_offer(db: Session, cast: Cast) -> None:
    units = carried(db, cast, cast.su, boxes=1)
    made = offered(db, units, cast.su, cast.wei)
    for act, who in ((accept, cast.su), (withdraw, cast.wei), (accept, cast.zhou)):
        with pytest.raises(NotFound):
            act(db, made.id, by=who, at=AT)
    with pytest.raises(NotAllowed):
        offered(db, units, cast.lin, cast.wei)


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("rival", ["fitting", "withdrawing", "accepting twice"])
def test_at_the_same_moment_one_wins_and_the_ledger_stays_whole(database: str, cast: Cast, rival: str, attempt: int) -> None:
    with transaction() as db:
        units = carried(db, cast, cast.su, boxes=2)
        made, ids = offered(db, units, cast.su, cast.wei).id, [unit.id for unit in units]
        place = work(installation_order(db, cast), technician_id=cast.su.id)
    against = {
        "fitting": lambda db: install(db, place, ids[0], by=cast.su, at=AT),
        "withdrawing": lambda db: withdraw(db, made, by=cast.su, at=AT),
        "accepting twice": lambda db: accept(db, made, by=cast.wei, at=AT),
    }
    mine, other = at_once(lambda db: accept(db, made, by=cast.wei, at=AT), against[rival])
    with transaction() as db:
        assert ledger_faults(db) == [] and list(broken_custody(db)) == []
        assert not db.scalars(sa.select(HandOverUnit).where(HandOverUnit.open)).all()
        places = {where(db, unit).kind if where(db, unit).kind == "slot" else holder(db, unit) for unit in map_units(db, ids)}
    if rival == "fitting":
        assert places in ({cast.wei.id}, {"slot", cast.wei.id}) and isinstance(mine, int)
        assert isinstance(other, RuleBroken) == (mine == 2)
    elif rival == "withdrawing":
        assert isinstance(mine, Conflict) == (places == {cast.su.id}) and (
            isinstance(mine, Conflict) != isinstance(other, Conflict)
        )
    else:
        assert sorted((mine, other)) == [0, 2] and places == {cast.wei.id}


def map_units(db: Session, ids: list[int]) -> list[Unit]:
    return [db.get_one(Unit, unit_id) for unit_id in ids]


def test_on_the_phone(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        units = carried(db, cast, cast.su, boxes=1, cards=1)
        ids = [unit.id for unit in units]
    su, wei = as_person(cast.su), as_person(cast.wei)
    assert "In my bag" in su.get("/my-bag").text
    bare = su.post("/my-bag", data={"to": cast.wei.id})
    assert (bare.status_code, "Nothing was chosen." in bare.text) == (422, True)
    nobody = su.post("/my-bag", data={"units": ids, "note": "给老卫"})
    assert (nobody.status_code, "Choose a colleague." in nobody.text, "给老卫" in nobody.text) == (422, True, True)
    key = str(uuid.uuid4())
    for _ in range(2):
        assert su.post("/my-bag", data={"units": ids, "to": cast.wei.id, "key": key}).status_code == 302
    taken = su.post("/my-bag", data={"units": ids[:1], "to": cast.wei.id})
    assert (taken.status_code, "offered to somebody already" in taken.text) == (409, True)
    assert "Something waits for your yes" in wei.get("/my-day").text
    with transaction() as db:
        [made] = db.scalars(sa.select(HandOver.id).where(HandOver.status == "offered")).all()
    assert wei.post(f"/my-bag/{made}/decline", data={"reason": ""}).status_code == 422
    assert wei.post(f"/my-bag/{made}/accept").status_code == 302
    page = wei.get("/my-bag").text
    assert "2 units are in your bag now." in page and "hands you" not in page
    assert as_person(cast.lin).get("/my-bag").status_code == 404
    assert as_person(cast.zhou).post(f"/my-bag/{made}/accept").status_code == 404

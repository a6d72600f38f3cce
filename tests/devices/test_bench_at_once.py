"""Two hands at one return for repair: the bench asks for a unit that somebody else has plans for, and it is given up once."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.devices import benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.fitting import install, undo
from dispatch.devices.handing_over import accept, offer, withdraw
from dispatch.errors import Conflict, RuleBroken
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.devices.benches import case_in, return_of, seen, swapped, whole
from tests.devices.building import store, work
from tests.racing import at_once

RIVALS = ("receiving", "the same form", "handing over", "returning")  # while the bench asks for it
RIVALS += ("undoing", "fitting", "taking the question back")  # while whoever has it says yes


def _promised(db: Session, cast: Cast, case: UnitReturn, rival: str) -> int:
    """A paper with the unit on it: from the bench, or to somebody else; 0 while nobody has been asked."""
    if rival in ("receiving", "the same form"):
        return 0
    if rival in ("handing over", "returning"):
        facts = {"note": "", "key": uuid.uuid4(), "by": cast.su, "at": AT}
        to = {"to_store_id": store(db, cast).id} if rival == "returning" else {"to_person_id": cast.wei.id}
        return offer(db, [case.unit_id], **to, **facts).id  # type: ignore[arg-type]
    benching.receive(db, seen(case), by=cast.lin, at=AT)
    return papers_of(db, [case.unit_id])[case.unit_id].id


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("rival", RIVALS)
def test_received_while_somebody_else_has_plans_for_it(database: str, cast: Cast, rival: str, attempt: int) -> None:
    with transaction() as db:
        fitting = swapped(db, cast)
        case, unit_id, fitting_id = return_of(db, fitting), fitting.old_unit_id or 0, fitting.id
        page, other_page, return_id = seen(case), seen(case), case.id
        offered, elsewhere = _promised(db, cast, case, rival), work(repair_order(db, cast))
    rivals = {
        "receiving": lambda db: benching.receive(db, other_page, by=cast.wang, at=AT),
        "the same form": lambda db: benching.receive(db, page, by=cast.lin, at=AT),
        "undoing": lambda db: undo(db, fitting_id, reason="看错了", by=cast.su, at=AT),
        "handing over": lambda db: accept(db, offered, by=cast.wei, at=AT),
        "fitting": lambda db: install(db, elsewhere, unit_id, by=cast.su, at=AT),
        "returning": lambda db: accept(db, offered, by=cast.lin, at=AT),
        "taking the question back": lambda db: withdraw(db, offered, by=cast.wang, at=AT),
    }
    asking = rival in ("receiving", "the same form", "handing over", "returning")
    mine, other = at_once(
        lambda db: benching.receive(db, page, by=cast.lin, at=AT) if asking else accept(db, offered, by=cast.su, at=AT),
        rivals[rival],
    )
    with transaction() as db:
        whole(db)
        now = db.get_one(UnitReturn, return_id)
        assert now.status in ("received", "void", "owed")
        refused = [isinstance(each, Conflict | RuleBroken) for each in (mine, other)]
        if rival in ("the same form", "receiving"):
            assert refused.count(True) == int(rival == "receiving") and list(papers_of(db, [unit_id])) == [unit_id]
        elif rival in ("handing over", "returning"):
            assert refused == [True, False], "it is promised to somebody else"
        else:
            assert refused == [now.status != "received", now.status == "received"], (mine, other)


@pytest.mark.parametrize("attempt", range(3))
def test_a_unit_is_given_up_once(database: str, cast: Cast, attempt: int) -> None:
    with transaction() as db:
        case = case_in(db, cast, "scrap_proposed")
        pages, return_id = (seen(case), seen(case)), case.id
    answers = at_once(
        lambda db: benching.scrap(db, pages[0], by=cast.wang, at=AT), lambda db: benching.scrap(db, pages[1], by=cast.chen, at=AT)
    )
    assert [isinstance(answer, Conflict) for answer in answers].count(True) == 1
    with transaction() as db:
        assert db.get_one(UnitReturn, return_id).approved_by_id in (cast.wang.id, cast.chen.id)
        assert len([e for e in history(db, ("return", return_id)) if e.action == "return.scrap"]) == 1
        whole(db)

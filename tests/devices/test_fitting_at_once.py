"""Two people at once, on two connections: one wins, the other is told where the unit is now, and the ledger stays whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.fitted import slot_units
from dispatch.devices.fitting import Work, install, register_found, swap, undo
from dispatch.devices.issuing import hand_over
from dispatch.devices.models import Fitting, Holder, Unit
from dispatch.errors import Conflict, Refusal, RuleBroken
from tests import racing
from tests.building import installation_order
from tests.conftest import AT, Cast
from tests.devices.building import carried, ledger_faults, say_yes, store, where, work

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.parametrize("attempt", range(4))]


@dataclass(frozen=True)
class Scene:
    """Two vehicles of one order; the first has a terminal and a SIM in it, Su and Wei carry one of each."""

    works: tuple[Work, Work]
    old: tuple[int, int]
    su: tuple[int, int]
    wei: tuple[int, int]
    su_bag: int
    store: int
    fittings: tuple[int, int]

    @property
    def vehicle_id(self) -> int:
        return self.works[0].vehicle_id


@pytest.fixture
def scene(database: str, cast: Cast) -> Scene:
    with transaction() as db:
        order = installation_order(db, cast, lines=2)
        old, su, wei = (carried(db, cast, who, boxes=1, cards=1) for who in (cast.su, cast.su, cast.wei))
        done = [install(db, work(order), unit.id, by=cast.su, at=AT).id for unit in old]
        works = (work(order), work(order, order.lines[1]))
        bag, place = where(db, su[0]).id, store(db, cast).id
        return Scene(works, ids(old), ids(su), ids(wei), bag, place, (done[0], done[1]))


def ids(units: list[Unit]) -> tuple[int, int]:
    return units[0].id, units[1].id


def at_once(*acts: Callable[[Session], Any]) -> list[Any]:
    """Started together, each in its own transaction: "done" or the refusal, in order."""
    return [answer if isinstance(answer, Refusal) else "done" for answer in racing.at_once(*acts)]


def check(units: int = 6) -> None:
    """Ledger and positions agree, and there are as many units as before."""
    with transaction() as db:
        assert not ledger_faults(db)
        assert db.scalar(sa.select(sa.func.count()).select_from(Unit)) == units


def inside(vehicle_id: int) -> dict[str, int]:
    with transaction() as db:
        return {kind: unit.id for kind, unit in slot_units(db, vehicle_id).items()}


def test_one_unit_for_two_vehicles(scene: Scene, cast: Cast, attempt: int) -> None:
    unit = scene.su[0]
    answers = at_once(
        lambda db: swap(db, scene.works[0], unit, by=cast.su, at=AT),
        lambda db: install(db, scene.works[1], unit, by=cast.su, at=AT),
    )
    (lost,) = [answer for answer in answers if answer != "done"]
    assert isinstance(lost, RuleBroken) and "it is fitted in 粤B" in str(lost)
    check()


def test_two_technicians_and_one_unit(scene: Scene, cast: Cast, attempt: int) -> None:
    unit = scene.su[0]
    answers = at_once(
        lambda db: install(db, scene.works[1], unit, by=cast.su, at=AT),
        lambda db: swap(db, scene.works[0], unit, by=cast.wei, at=AT),
    )
    assert answers[0] == "done" and "is not in your bag" in str(answers[1])
    check()


def test_two_technicians_install_into_one_slot(scene: Scene, cast: Cast, attempt: int) -> None:
    answers = at_once(
        lambda db: install(db, scene.works[1], scene.su[0], by=cast.su, at=AT),
        lambda db: install(db, scene.works[1], scene.wei[0], by=cast.wei, at=AT),
    )
    (lost,) = [answer for answer in answers if answer != "done"]
    assert "There is a terminal in this vehicle by the record" in str(lost)
    check()


def test_two_technicians_swap_terminal_and_sim_of_one_vehicle(scene: Scene, cast: Cast, attempt: int) -> None:
    """With the old units named, as the phone shows them, the second is told; order of the two kinds does not matter."""

    def both(who: str, order: tuple[int, int]) -> Callable[[Session], Any]:
        mine = getattr(scene, who)
        return lambda db: [
            swap(db, scene.works[0], mine[kind], old_unit_id=scene.old[kind], by=getattr(cast, who), at=AT) for kind in order
        ]

    answers = at_once(both("su", (0, 1)), both("wei", (1, 0)))
    (lost,) = [answer for answer in answers if answer != "done"]
    assert isinstance(lost, RuleBroken) and "is not in this vehicle: it is in" in str(lost)
    winner = scene.su if answers[0] == "done" else scene.wei
    assert inside(scene.vehicle_id) == {"terminal": winner[0], "sim": winner[1]}
    check()


def test_without_naming_the_old_one_they_come_after_each_other(scene: Scene, cast: Cast, attempt: int) -> None:
    answers = at_once(
        lambda db: swap(db, scene.works[0], scene.su[0], by=cast.su, at=AT),
        lambda db: swap(db, scene.works[0], scene.wei[0], by=cast.wei, at=AT),
    )
    assert answers == ["done", "done"]
    with transaction() as db:
        swaps = db.scalars(sa.select(Fitting).where(Fitting.kind == "swap").order_by(Fitting.id)).all()
        assert swaps[0].old_unit_id == scene.old[0] and swaps[1].old_unit_id == swaps[0].new_unit_id
    check()


def test_swap_and_undo(scene: Scene, cast: Cast, attempt: int) -> None:
    answers = at_once(
        lambda db: swap(db, scene.works[0], scene.wei[0], by=cast.wei, at=AT),
        lambda db: undo(db, scene.fittings[0], reason="wrong", by=cast.su, at=AT),
    )
    (lost,) = [answer for answer in answers if answer != "done"]
    assert "No terminal is on record" in str(lost) or "cannot be undone" in str(lost)
    check()


def test_one_fitting_undone_twice(scene: Scene, cast: Cast, attempt: int) -> None:
    acts = [lambda db, by=by: undo(db, scene.fittings[0], reason="wrong", by=by, at=AT) for by in (cast.su, cast.lin)]
    answers = at_once(*acts)
    (lost,) = [answer for answer in answers if answer != "done"]
    assert isinstance(lost, Conflict) and "undone this already" in str(lost)
    check()


def test_swap_and_return_to_the_store(scene: Scene, cast: Cast, attempt: int) -> None:
    def give_back(db: Session) -> None:
        bag, place = db.get_one(Holder, scene.su_bag), db.get_one(Holder, scene.store)
        hand_over(db, sorted(scene.su), source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT)
        say_yes(db, cast)

    answers = at_once(
        give_back, lambda db: [swap(db, scene.works[0], unit, by=cast.su, at=AT) for unit in sorted(scene.su, reverse=True)]
    )
    (lost,) = [answer for answer in answers if answer != "done"]
    assert "in the store 总仓" in str(lost) or "is elsewhere" in str(lost)
    check()


def test_the_same_unknown_unit_found_twice(scene: Scene, cast: Cast, attempt: int) -> None:
    facts = {"kind": "terminal", "number": "OLD-0815", "model": "OLD", "at": AT}
    answers = at_once(*(lambda db, by=by: register_found(db, scene.works[1], by=by, **facts) for by in (cast.su, cast.wei)))
    (lost,) = [answer for answer in answers if answer != "done"]
    assert "OLD0815 is on record already: it is fitted in 粤B" in str(lost)
    check(7)

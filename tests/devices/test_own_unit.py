"""Which unit a technician means by what he types or scans, and what he is told when it is none of his."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from dispatch.devices.fitted import bag_units, own_unit, unit_numbers
from dispatch.devices.models import Unit
from dispatch.devices.operations import NewSim, NewTerminal, receive_sims, receive_terminals
from dispatch.errors import RuleBroken
from tests.conftest import AT, Cast
from tests.devices.building import into_bag, store, units_called, where

IMEI, SERIAL, TERMINAL_ID = "861550034965196", "ID-700123456", "0123987"
ICCID, MSISDN = "89860624290000123456", "1064912345678"


@pytest.fixture
def bag(db: Session, cast: Cast) -> dict[str, Unit]:
    """A terminal and a SIM in Su's bag that end in different digits, another of each in Wei's, and one more in the store."""
    place = store(db, cast)
    mine = NewTerminal(SERIAL, "BD-808A", imei=IMEI, terminal_id=TERMINAL_ID, phone_808="013900001111")
    receive_terminals(
        db, [mine, NewTerminal("S-WEI-555", "BD-808A"), NewTerminal("S-STORE-777", "BD-808A")], store=place, by=cast.lin, at=AT
    )
    cards = [NewSim(ICCID, ICCID[:19], msisdn=MSISDN, carrier="中国移动"), NewSim("8986062429000077777", "8986062429000077777")]
    receive_sims(db, cards, store=place, by=cast.lin, at=AT)
    box, wei, kept, card, other = units_called(db, ["id700123456", "swei555", "sstore777", ICCID, cards[1].iccid])
    into_bag(db, cast, cast.su, [box, card])
    into_bag(db, cast, cast.wei, [wei, other])
    return {"box": box, "card": card, "wei": wei, "kept": kept, "other": other}


@pytest.fixture
def mean(db: Session, cast: Cast) -> Callable[[str, str], Unit]:
    """`mean(number, kind)` is what Su means."""
    return lambda number, kind: own_unit(db, number, cast.su.id or 0, kind)


@pytest.fixture
def told(mean: Callable[[str, str], Unit]) -> Callable[[str, str], str]:
    """`told(number, kind)` is the sentence Su reads."""

    def ask(number: str, kind: str) -> str:
        with pytest.raises(RuleBroken) as refused:
            mean(number, kind)
        return str(refused.value.text)

    return ask


@pytest.mark.parametrize(
    "number",
    [
        SERIAL,
        "id-700123456",
        "700123456",
        "123456",
        "3456",
        IMEI,
        f"IMEI: {IMEI}",
        "８６１５５００３４９６５１９６",
        "5196",
        "3987",
    ],
)
def test_a_terminal_by_its_numbers_or_their_last_digits(
    bag: dict[str, Unit], mean: Callable[[str, str], Unit], number: str
) -> None:
    assert mean(number, "terminal") is bag["box"]


@pytest.mark.parametrize(
    "number", [ICCID, ICCID[:19], "8986 0624 2900 0012 3456", "ICCID:" + ICCID, "123456", "12345", MSISDN, "5678"]
)
def test_a_sim_by_its_numbers_or_their_last_digits(bag: dict[str, Unit], mean: Callable[[str, str], Unit], number: str) -> None:
    assert mean(number, "sim") is bag["card"]


def test_a_number_of_the_other_kind(bag: dict[str, Unit], told: Callable[[str, str], str]) -> None:
    assert told(IMEI, "sim") == f"{SERIAL} is a terminal, but a SIM is asked for."
    assert told(MSISDN, "terminal") == f"{ICCID} is a SIM, but a terminal is asked for."
    assert told("S-STORE-777", "sim") == "S-STORE-777 is a terminal, but a SIM is asked for."


def test_a_unit_that_is_elsewhere(db: Session, cast: Cast, bag: dict[str, Unit], told: Callable[[str, str], str]) -> None:
    assert told("S-WEI-555", "terminal") == "S-WEI-555 is not in your bag: it is in 卫晨's bag. Have it handed to you first."
    assert told("I-555", "terminal") == "S-WEI-555 is not in your bag: it is in 卫晨's bag. Have it handed to you first."
    assert (
        told("store777", "terminal")
        == "S-STORE-777 is not in your bag: it is in the store 总仓. Have the store issue it to you first."
    )
    assert told("77777", "sim") == "8986062429000077777 is not in your bag: it is in 卫晨's bag. Have it handed to you first."
    where(db, bag["wei"]).branch_id = cast.gz
    assert told("S-WEI-555", "terminal") == "S-WEI-555 is not in your bag: it is at another branch. Ask the office about it."


def test_numbers_that_are_none(bag: dict[str, Unit], told: Callable[[str, str], str]) -> None:
    assert told("  ", "sim") == told("-", "sim") == "Type, scan or choose a number."
    assert told("新的", "sim") == "“新的” is not a number of a terminal or SIM: those have letters and digits only."
    assert told("456", "terminal") == "456 is too short: type at least 4 characters."
    assert told("000000001", "terminal") == "000000001 is not on record."


def test_last_digits_that_fit_several(db: Session, cast: Cast, told: Callable[[str, str], str]) -> None:
    boxes = [NewTerminal(serial, "GT06N") for serial in ("A5550001", "B5550001", "0001")]
    receive_terminals(db, boxes, store=store(db, cast), by=cast.lin, at=AT)
    into_bag(db, cast, cast.su, units_called(db, ["a5550001", "b5550001"]))
    assert told("550001", "terminal") == "550001 fits 2 units in your bag; type more characters."
    assert own_unit(db, "a5550001", cast.su.id or 0, "terminal").kind == "terminal"


def test_the_numbers_of_a_unit_as_papers_show_them(db: Session, cast: Cast, bag: dict[str, Unit]) -> None:
    assert unit_numbers(bag["box"]) == {
        "serial": SERIAL,
        "model": "BD-808A",
        "imei": IMEI,
        "terminal_id": TERMINAL_ID,
        "phone_808": "013900001111",
    }
    assert unit_numbers(bag["card"]) == {"iccid": ICCID, "msisdn": MSISDN, "carrier": "中国移动"}
    assert bag_units(db, cast.su.id or 0, "sim") == [bag["card"]]

"""Terminals on the line: what they report over TCP stands in the record, and only those on record are listened to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import config
from dispatch.db import transaction
from dispatch.devices.models import Observation, Terminal, TerminalRestart
from dispatch.devices.operations import NewTerminal, receive_terminals
from dispatch.devices.restarting import ask_restart
from dispatch.terminals import listening
from tests.conftest import AT, Cast
from tests.devices.building import store
from tests.devices.jt808.calling import FIRST, Caller, in_a_loop, until
from tests.devices.jt808.terminal import E2011, E2013, E2019, position

SETTINGS = replace(config.load({"SECRET_KEY": "test"}), jt808_host="127.0.0.1")


def on_record(session: Session, cast: Cast, *numbers: tuple[str | None, str | None]) -> list[int]:
    """Terminals with these phones and terminal ids in the store; their ids."""
    new = [NewTerminal(f"L{n}", "TK-310", terminal_id=mine, phone_808=phone) for n, (phone, mine) in enumerate(numbers)]
    receive_terminals(session, new, store=store(session, cast), by=cast.lin, at=AT)
    session.commit()
    return list(session.scalars(sa.select(Terminal.unit_id).order_by(Terminal.unit_id)))


async def rows(count: int) -> list[Observation]:
    """What stands in the record, as soon as there are so many."""

    def read() -> list[Observation]:
        with transaction() as session:
            found = session.scalars(sa.select(Observation).order_by(Observation.id)).all()
            session.expunge_all()
            return list(found)

    for _ in range(300):
        if len(found := await asyncio.to_thread(read)) >= count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(found)} of {count} observations arrived")


@pytest.mark.parametrize("edition", [E2011, E2013, E2019])
def test_what_a_terminal_reports_stands_in_the_record(db: Session, cast: Cast, edition: int) -> None:
    [unit] = on_record(db, cast, (f"0{FIRST + 1}", None))

    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS) as gateway:
            caller = await Caller(1, edition).prove(gateway)
            caller.send(caller.device.properties(iccid="89860622588667878485"))
            caller.send(caller.device.position(at=AT, lat=22.6, lon=113.9, acc=False, signal=23, satellites=9, alarm=1 << 8))
            caller.send(caller.device.batch([position(at=AT - timedelta(hours=1))], late=True) + caller.device.heartbeat())
            found = await rows(6)
            await caller.hang_up()
        assert {one.unit_id for one in found} == {unit} and all(one.whole for one in found)
        assert [one.kind for one in found] == ["registered", "online", "properties", "position", "position", "heartbeat"]
        assert (found[0].terminal_id, found[2].iccid) == ("4316102", "89860622588667878485")
        now, before = found[3], found[4]
        assert (now.lat, now.lon, now.acc, now.signal, now.satellites, now.power_cut) == (22.6, 113.9, False, 23, 9, True)
        assert (now.late, now.device_time) == (False, AT)
        assert (before.late, before.device_time) == (True, AT - timedelta(hours=1))

    talk()


def test_a_terminal_that_is_not_on_record_is_sent_away_until_it_is(db: Session, cast: Cast) -> None:
    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS, every=0.05) as gateway:
            stranger = await Caller(2).call(gateway)
            stranger.send(stranger.device.register())
            assert (await stranger.answer(0x8100)).body[-1] == 4, "there is no such terminal"
            await stranger.closed()
            await stranger.hang_up()
            await asyncio.to_thread(on_record, db, cast, (f"0{FIRST + 2}", None))
            await until(lambda: gateway._room.known(str(FIRST + 2), None) is not None)
            await (await Caller(2).prove(gateway)).hang_up()
            assert [one.kind for one in await rows(2)] == ["registered", "online"]

    talk()


def test_after_a_restart_a_terminal_need_not_register_again(db: Session, cast: Cast) -> None:
    on_record(db, cast, (f"0{FIRST + 3}", None))

    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS) as gateway:
            first = await Caller(3).prove(gateway)
            await first.hang_up()
        async with listening(SETTINGS) as gateway:
            again = await Caller(3).call(gateway)
            again.send(again.device.authenticate(first.code))
            assert (await again.answer()).result[2] == 0
            await again.hang_up()

    talk()


def test_a_terminal_known_by_its_terminal_id_alone_brings_its_phone(db: Session, cast: Cast) -> None:
    [unit] = on_record(db, cast, (None, "4316102"))

    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS, every=0.05) as gateway:
            caller = await Caller(4).prove(gateway)
            await rows(2)
            await until(lambda: gateway._room.known(str(FIRST + 4), None) is not None)
            caller.send(caller.device.position(at=AT))
            assert [one.unit_id for one in await rows(3)] == [unit] * 3
            await caller.hang_up()

    talk()
    db.expire_all()
    assert db.get_one(Terminal, unit).phone_808 == f"0{FIRST + 4}"


def test_a_known_phone_with_another_terminals_number_proves_nothing_for_anybody(db: Session, cast: Cast) -> None:
    on_record(db, cast, (f"0{FIRST + 5}", "7777777"), (f"0{FIRST + 6}", "4316102"))

    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS) as gateway:
            old = await Caller(5).call(gateway)
            old.send(old.device.register())
            assert (await old.answer(0x8100)).body[-1] == 4
            await old.closed()
            await old.hang_up()

    talk()
    assert db.scalars(sa.select(Observation)).all() == []


def test_a_connected_terminal_is_told_once_to_start_anew_and_its_answer_is_kept(db: Session, cast: Cast) -> None:
    unit, away = on_record(db, cast, (f"0{FIRST + 1}", None), (f"0{FIRST + 2}", None))
    asked = [ask_restart(db, each, "jt808", by=cast.lin, at=AT).id for each in (unit, away)]
    db.commit()

    @in_a_loop
    async def talk() -> None:
        async with listening(SETTINGS, restart_every=0.05) as gateway:
            caller = await Caller(1).prove(gateway)
            order = await caller.answer(0x8105)
            assert order.body == bytes([4])
            caller.send(caller.device.frame(0x0001, [*order.serial.to_bytes(2, "big"), 0x81, 0x05, 0]))
            await until(lambda: outcome(asked[0]) == "done")
            caller.send(caller.device.heartbeat())
            assert (await caller.answer()).result[2] == 0, "and not told again"
            await caller.hang_up()

    talk()
    assert outcome(asked[1]) is None, "who is not connected is not told"


def outcome(restart_id: int) -> str | None:
    with transaction() as session:
        return session.scalar(sa.select(TerminalRestart.outcome).where(TerminalRestart.id == restart_id))

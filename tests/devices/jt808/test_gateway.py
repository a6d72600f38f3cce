"""The gateway over TCP on loopback: who may speak, what is stored, and when it hangs up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from dispatch.devices.jt808.gateway import Gateway, serve
from dispatch.devices.jt808.observations import Terminal
from tests.devices.jt808.calling import AT, FIRST, QUICK, SECRET, Caller, Store, gateway, in_a_loop, known, until
from tests.devices.jt808.terminal import E2011, E2013, E2019, position, said


@pytest.mark.parametrize("edition", [E2011, E2013, E2019])
@in_a_loop
async def test_a_terminal_reports_and_is_stored(edition: int) -> None:
    async with gateway() as (running, store):
        caller = await Caller(7, edition).prove(running)
        caller.send(caller.device.properties() + caller.device.position(at=AT) + caller.device.heartbeat())
        heard = [(await caller.answer()).result for _ in range(3)]
        assert sorted(heard) == [(2, 0x0107, 0), (3, 0x0200, 0), (4, 0x0002, 0)]
        await until(lambda: len(store.seen) == 5)
        assert [one.kind for one in store.seen] == ["registered", "online", "properties", "position", "heartbeat"]
        assert store.seen[2].iccid == "89860622588667878485" and store.of(7)[0].device_time == AT
        assert running.counts["terminals"] == 1
        await caller.hang_up()


@in_a_loop
async def test_an_unknown_terminal_is_refused_and_remembered() -> None:
    async with gateway() as (running, store):
        for message, result in (("register", 4), ("authenticate", 1), ("position", 1)):
            caller = await Caller(10_001).call(running)
            caller.send(caller.device.authenticate("x") if message == "authenticate" else getattr(caller.device, message)())
            (answer,) = said(await caller.closed())
            assert answer.body[-1] == result
            await caller.hang_up()
        assert list(running.figures.strangers) == [f"0{FIRST + 10_001}"] and not store.seen
        await until(lambda: running.figures.closed["unknown terminal"] == 3)


@in_a_loop
async def test_two_editions_at_once_and_frames_in_single_bytes() -> None:
    async with gateway() as (running, store):
        old, new = await Caller(1, E2013).prove(running), await Caller(2, E2019).prove(running)
        for one in range(60):
            for caller in (old, new):
                caller.send(caller.device.position(at=AT)[one : one + 1])
            await asyncio.sleep(0)
        for caller in (old, new):
            await caller.hang_up()
        third = await Caller(3).prove(running)
        for byte in third.device.position(at=AT):
            third.send(bytes([byte]))
            await third.writer.drain()
        assert (await third.answer()).result[1:] == (0x0200, 0)
        assert len(store.of(3)) == 1
        await third.hang_up()


@in_a_loop
async def test_half_frames_and_rubbish_between_good_ones() -> None:
    async with gateway() as (running, store):
        caller = await Caller(1).prove(running)
        whole = caller.device.position(at=AT)
        caller.send(b"\xff\x00rubbish" + whole[: len(whole) // 2] + caller.device.position(at=AT) + b"\r\n" + b"\x7e\x7e\x7e")
        assert (await caller.answer()).result[0] == 3
        caller.send(caller.device.position(at=AT))
        assert (await caller.answer()).result[0] == 4
        assert len(store.of(1)) == 2
        await until(lambda: running.figures.faults["checksum"] >= 1)
        await caller.hang_up()


@in_a_loop
async def test_a_report_sent_twice_is_answered_twice_and_stored_once() -> None:
    async with gateway() as (running, store):
        caller = await Caller(1).prove(running)
        report = caller.device.position(at=AT)
        store.open.clear()
        caller.send(report * 2)
        await until(lambda: running.counts["repeated"] == 1)
        store.open.set()
        assert [(await caller.answer()).result[0] for _ in range(2)] == [2, 2]
        await caller.hang_up()
        again = await Caller(1).prove(running)
        again.send(report)
        assert (await again.answer()).result[0] == 2
        assert len(store.of(1)) == 1, "also over a new connection"
        await again.hang_up()


@in_a_loop
async def test_a_terminal_that_starts_anew_and_names_its_sim_again_is_heard_again() -> None:
    async with gateway() as (running, store):
        for _ in range(2):
            caller = await Caller(1).prove(running)
            names = caller.device.properties()
            caller.send(names * 2)
            assert [(await caller.answer()).result[0] for _ in range(2)] == [2, 2]
            await caller.hang_up()
        assert len(store.of(1, "properties")) == 2, "once for each time it started"


@in_a_loop
async def test_nothing_is_acknowledged_that_was_not_stored() -> None:
    async with gateway() as (running, store):
        store.broken = True
        caller = await Caller(1).prove(running)
        report = caller.device.position(at=AT)
        caller.send(report)
        assert (await caller.answer()).result[2] == 1 and running.counts["not stored"] >= 1
        store.broken = False
        caller.send(report)
        assert (await caller.answer()).result[2] == 0
        assert len(store.of(1)) == len(store.of(1, "registered")) == len(store.of(1, "online")) == 1
        await caller.hang_up()


@in_a_loop
async def test_a_sink_that_hangs_is_given_up_on() -> None:
    async with gateway(sink_seconds=0.05) as (running, store):
        caller = await Caller(1).prove(running)
        store.open.clear()
        caller.send(caller.device.position(at=AT))
        assert (await caller.answer()).result[2] == 1
        store.open.set()
        await caller.hang_up()


@in_a_loop
async def test_the_newest_connection_of_a_terminal_counts() -> None:
    async with gateway() as (running, _):
        old = await Caller(1).prove(running)
        new = await Caller(1).prove(running)
        assert await old.closed() == b""
        new.send(new.device.heartbeat())
        await new.answer()
        assert running.counts["terminals"] == running.counts["connections"] == 1
        for caller in (old, new):
            await caller.hang_up()


@in_a_loop
async def test_a_terminal_that_loses_its_proof_loses_its_place() -> None:
    async with gateway() as (running, _):
        caller = await Caller(1).prove(running)
        caller.send(caller.device.authenticate("wrong"))
        assert (await caller.answer()).result[2] == 1 and running.counts["terminals"] == 0
        caller.send(caller.device.position(at=AT))
        assert (await caller.answer()).result[2] == 1
        caller.send(caller.device.authenticate(caller.code))
        assert (await caller.answer()).result[2] == 0 and running.counts["terminals"] == 1
        await caller.hang_up()
        await until(lambda: running.counts["terminals"] == running.counts["connections"] == 0)


@in_a_loop
async def test_who_never_says_who_it_is_or_falls_silent_is_hung_up_on() -> None:
    async with gateway(unproven_seconds=0.2, idle_seconds=0.5) as (running, _):
        mute, slow = await Caller(1).call(running), await Caller(2).prove(running)
        slow.send(slow.device.position(at=AT)[:20])
        assert await mute.closed() == await slow.closed() == b""
        assert running.figures.closed["never authenticated"] == running.figures.closed["idle"] == 1
        for caller in (mute, slow):
            await caller.hang_up()


@in_a_loop
async def test_too_many_from_one_address() -> None:
    async with gateway(unproven_per_address=3) as (running, _):
        callers = [await Caller(n).call(running) for n in range(4)]
        assert await callers[3].closed() == b""
        assert running.figures.closed["too many from one address"] == 1
        callers[0].send(callers[0].device.register())
        await callers[0].answer(0x8100)
        for caller in callers:
            await caller.hang_up()


@in_a_loop
async def test_too_many_altogether() -> None:
    async with gateway(connections=2) as (running, _):
        callers = [await Caller(n).call(running) for n in range(3)]
        assert await callers[2].closed() == b""
        assert running.figures.closed["too many connections"] == 1
        for caller in callers:
            await caller.hang_up()


@in_a_loop
async def test_too_many_faults_end_the_call_and_shut_the_address_for_a_while() -> None:
    async with gateway(faults_at_once=20, address_faults_at_once=30, address_faults_per_second=100) as (running, _):
        for _ in range(2):
            caller = await Caller(1).call(running)
            caller.send(b"\x7e\x01\x02\x7e" * 40)
            assert await caller.closed() == b""
            await caller.hang_up()
        assert running.figures.closed["faults"] + running.figures.closed["faults of its address"] == 2
        shut = await Caller(1).call(running)
        assert await shut.closed() == b"" and running.figures.closed["faults of its address"] >= 1
        await shut.hang_up()
        await asyncio.sleep(1)
        late = await Caller(1).prove(running)
        await late.hang_up()


@in_a_loop
async def test_too_much_before_authentication() -> None:
    async with gateway() as (running, _):
        caller = await Caller(1).call(running)
        caller.send(bytes(100_000))
        assert await caller.closed() == b""
        assert running.figures.closed["too much before authentication"] == 1
        await caller.hang_up()


@in_a_loop
async def test_closing_stores_and_answers_what_was_heard() -> None:
    store = Store()
    running: Gateway = await serve("127.0.0.1", 0, known, store, secret=SECRET)
    store.open.set()
    address = running.address
    caller = await Caller(1).prove(running)
    caller.send(caller.device.batch([position(AT)] * 3))
    await until(lambda: running.counts["pending"] >= 3)
    began = time.monotonic()
    closing = asyncio.create_task(running.close())
    assert (await caller.answer()).result[2] == 0
    assert await caller.closed() == b"" and len(store.of(1)) == 3
    await caller.hang_up()
    await closing
    assert time.monotonic() - began < 1
    with pytest.raises(ConnectionError):
        await asyncio.open_connection(*address)


@in_a_loop
async def test_a_terminal_taken_out_of_the_configuration_is_sent_away() -> None:
    store, gone = Store(), set[str]()
    store.open.set()

    def still_known(phone: str, terminal_id: str | None) -> Terminal | None:
        return None if phone in gone else known(phone, terminal_id)

    limits = replace(QUICK, recheck_seconds=0.1)
    async with await serve("127.0.0.1", 0, still_known, store, limits=limits) as running:
        caller = await Caller(1).prove(running)
        gone.add(caller.device.phone)
        assert await caller.closed() == b""
        await caller.hang_up()
        await until(lambda: running.figures.closed["no longer known"] == 1)


@in_a_loop
async def test_a_mistake_of_ours_ends_one_call_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def stumbling(phone: str, terminal_id: str | None) -> Terminal | None:
        return Terminal({"13800000001": 1}[phone])

    store = Store()
    store.open.set()
    async with await serve("127.0.0.1", 0, stumbling, store, limits=QUICK) as running:
        honest, other = await Caller(1).prove(running), await Caller(2).call(running)
        other.send(other.device.register())
        assert await other.closed() == b"" and running.figures.closed["our mistake"] == 1
        assert "too much for us" in caplog.text
        honest.send(honest.device.heartbeat())
        await honest.answer()
        for caller in (honest, other):
            await caller.hang_up()


@in_a_loop
async def test_a_port_that_is_taken_is_said_at_once() -> None:
    async with gateway() as (running, store):
        with pytest.raises(OSError):
            await serve("127.0.0.1", running.address[1], known, store)

"""What one bad peer, or a slow store, can do to the others at the gateway: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import pytest

from dispatch.devices.jt808.gateway import Gateway
from tests.devices.jt808.calling import AT, Caller, gateway, in_a_loop, until


async def slowest_answer(honest: Caller, times: int) -> float:
    """How long the longest of some reports of an honest terminal waits for its answer, in seconds."""
    slowest = 0.0
    for _ in range(times):
        began = time.monotonic()
        honest.send(honest.device.position(at=AT))
        assert (await honest.answer()).result[2] == 0
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.02)
    return slowest


async def flood(caller: Caller, piece: bytes, size: int) -> int:
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < size:
            caller.send(piece)
            await caller.writer.drain()
            sent += len(piece)
    return sent


@pytest.mark.parametrize("kind", ["rubbish", "flags", "frames", "one endless frame"])
@in_a_loop
async def test_sixty_megabytes_of_one_peer_disturb_nobody(kind: str) -> None:
    """An authenticated terminal gone mad, the worst case: before that, 8 kB are the end."""
    async with gateway() as (running, store):
        honest, mad = await Caller(1).prove(running), await Caller(2).prove(running)
        pieces = {
            "rubbish": bytes(range(256)) * 256,
            "flags": b"\x7e" * 65_536,
            "frames": b"".join(mad.device.position(at=AT) for _ in range(800)),
            "one endless frame": b"\x7e" + b"\x01" * 65_535,
        }
        flooding = asyncio.create_task(flood(mad, pieces[kind], 60_000_000))
        assert await slowest_answer(honest, 40) < 1.0
        assert running.counts["pending"] < 1_000
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await flooding < 60_000_000
        assert len(store.of(1)) == 40
        for caller in (honest, mad):
            await caller.hang_up()


async def deaf_caller(running: Gateway, who: int) -> Caller:
    """An authenticated terminal that reads nothing any more, with as little room for unread answers as the kernel allows."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    small.connect(running.address)
    deaf = Caller(who)
    deaf.reader, deaf.writer = await asyncio.open_connection(sock=small, limit=1_024)
    deaf.send(deaf.device.register())
    deaf.send(deaf.device.authenticate((await deaf.answer(0x8100)).code))
    await deaf.answer()
    await deaf.answer(0x8107)
    deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
    return deaf


@in_a_loop
async def test_who_does_not_read_our_answers_is_not_listened_to_and_then_left() -> None:
    async with gateway(bytes_per_second=50e6, bytes_at_once=50e6, slow_seconds=0.5, write_buffer=4_096) as (running, _):
        honest, deaf = await Caller(1).prove(running), await deaf_caller(running, 2)
        flooding = asyncio.create_task(flood(deaf, deaf.device.heartbeat() * 1_000, 60_000_000))
        assert await slowest_answer(honest, 20) < 1.0
        await until(lambda: running.figures.closed["does not read"] == 1, 8)
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flooding
        for caller in (honest, deaf):
            await caller.hang_up()


@in_a_loop
async def test_who_reads_again_is_listened_to_again() -> None:
    async with gateway(bytes_per_second=50e6, bytes_at_once=50e6, write_buffer=1_024) as (running, _):
        deaf, beats = await deaf_caller(running, 2), 20_000
        deaf.send(deaf.device.heartbeat() * beats)
        still = -1
        while still != running.figures.answers:  # until it is not listened to any more
            still = running.figures.answers
            await asyncio.sleep(0.2)
        assert still < beats
        deaf.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(beats):
            assert (await deaf.answer()).result[1:] == (0x0002, 0)
        await deaf.hang_up()


@in_a_loop
async def test_a_slow_store_stops_the_reading_and_loses_nothing() -> None:
    async with gateway(outstanding=10, pending=30, batch=8) as (running, store):
        callers = [await Caller(n).prove(running) for n in range(5)]
        await until(lambda: not running.counts["pending"])
        store.open.clear()
        for caller in callers:
            for _ in range(400):
                caller.send(caller.device.position(at=AT))
        await asyncio.sleep(0.3)
        assert running.counts["pending"] < 5 * 400, "it reads no further than its limits and one piece"
        store.open.set()
        for caller in callers:
            assert {(await caller.answer()).result[0] for _ in range(400)} == set(range(2, 402))
        assert all(len(store.of(n)) == 400 for n in range(5))
        for caller in callers:
            await caller.hang_up()

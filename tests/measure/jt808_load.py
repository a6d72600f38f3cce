"""Whether the JT/T 808 gateway holds a fleet on one core without losing a frame.

    python -m tests.measure.jt808_load [--terminals 2000] [--every 10] [--seconds 60] [--record]

The gateway runs in a process of its own; this one is the fleet: each terminal connects, registers, authenticates, tells its
properties and then reports its position, all of them spread evenly over the interval. Prints one JSON line: reports sent, stored,
answered, lost (sent and not stored once), doubled, the slowest answer, the gateway's CPU time as a share of one core while all
were connected and while they were connecting, and the most memory it held. Exits 1 when a frame was lost or doubled, an answer is
missing, a terminal was cut off, or the gateway needed more than one core. With `--record` they all go into a PostgreSQL of its
own by the way of the product (`dispatch.terminals`) and are counted there; without, only the gateway is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dispatch.binding import bind
from dispatch.config import load
from dispatch.devices.jt808.gateway import Gateway, serve
from dispatch.devices.jt808.observations import Observation
from dispatch.terminals import POOL_SIZE, listening
from tests.devices.jt808 import terminal as device
from tests.devices.jt808.calling import FIRST, known
from tests.measure.jt808_record import counted, record_of

EDITIONS = (device.E2011, device.E2013, device.E2019)
RAMP_SECONDS, PATIENCE_SECONDS = 10.0, 20.0


def allow_many_files() -> None:
    """As many sockets as this user may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def gateway_process(url: str) -> None:
    """The other side: serve until told to stop. Each line read is answered with one line of figures."""
    loop, reports = asyncio.get_running_loop(), Reports(url)
    async with reports.gateway() as running:
        print(json.dumps({"port": running.address[1]}), flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            cpu = time.process_time()
            every, different = await loop.run_in_executor(None, reports.count)
            figures = {
                "cpu": cpu,
                "reports": different,
                "doubled": every - different,
                "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                **running.counts,
                "closed": dict(running.figures.closed),
                "faults": dict(running.figures.faults),
            }
            print(json.dumps(figures), flush=True)


class Reports:
    """Where reports go: into the record, or, without a database, no further than they are counted."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: Counter[tuple[int, int]] = Counter()

    def gateway(self) -> AbstractAsyncContextManager[Gateway]:
        """The gateway whose reports these are."""
        if not self._url:
            return self._bare()
        settings = load({"DATABASE_URL": self._url, "SECRET_KEY": "measure", "JT808_HOST": "127.0.0.1"})
        bind(settings, pool_size=POOL_SIZE)
        return listening(settings)

    @asynccontextmanager
    async def _bare(self) -> AsyncIterator[Gateway]:
        async with await serve("127.0.0.1", 0, known, self._count) as running:
            yield running

    async def _count(self, batch: Sequence[Observation]) -> None:
        self._seen.update((one.who, one.serial) for one in batch if one.kind == "position")

    def count(self) -> tuple[int, int]:
        """How many there are, and how many different ones."""
        return counted(self._url) if self._url else (self._seen.total(), len(self._seen))


@dataclass
class Fleet:
    """What the terminals did and were told."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    cut_off: int = 0
    slowest: float = 0.0
    waiting: dict[tuple[int, int], float] = field(default_factory=dict)

    def told(self, who: int, serial: int, result: int) -> None:
        """A report was answered."""
        began = self.waiting.pop((who, serial), None)
        if began is None:
            return
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.answered += result == 0
        self.refused += result != 0


class Vehicle(asyncio.Protocol):
    """One terminal of the fleet."""

    def __init__(self, who: int, fleet: Fleet) -> None:
        self._who = who
        self._fleet = fleet
        self._device = device.Terminal(str(FIRST + who), EDITIONS[who % 3])
        self._stream = b""
        self.ready = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        transport.write(self._device.register())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        whole, flag, rest = (self._stream + data).rpartition(b"\x7e")
        ended = (self._stream + data).count(b"\x7e") % 2 == 0
        heard, self._stream = (whole + flag, rest) if ended else (b"", self._stream + data)
        for frame in device.said(heard):
            self._hear(frame)

    def _hear(self, frame: device.Said) -> None:
        if frame.message_id == 0x8100:
            self._transport.write(self._device.authenticate(frame.code))
        elif frame.message_id == 0x8107:
            self._transport.write(self._device.properties())
        elif frame.result[1] == 0x0102:
            self.ready.set()
        elif frame.result[1] == 0x0200:
            self._fleet.told(self._who, frame.result[0], frame.result[2])

    def connection_lost(self, exc: Exception | None) -> None:
        self._fleet.cut_off += 1

    def report(self) -> None:
        """Where am I, now."""
        serial = self._device.serial
        self._fleet.waiting[self._who, serial] = time.monotonic()
        self._fleet.sent += 1
        self._transport.write(self._device.position(at=datetime.now(UTC), lat=22.5 + self._who / 1e5))


async def drive(vehicle: Vehicle, delay: float, every: float, begin: float, end: float) -> None:
    """Report every so often between two moments, at this terminal's own place in the interval."""
    loop = asyncio.get_running_loop()
    at = begin + delay
    await vehicle.ready.wait()
    while at < end:
        await asyncio.sleep(max(0.0, at - loop.time()))
        vehicle.report()
        at += every


class Child:
    """The gateway's process, and how to ask it."""

    async def start(self, url: str) -> int:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.measure.jt808_load",
            "--serve",
            "--database",
            url,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return int((await self._line())["port"])

    async def figures(self) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(b"figures\n")
        return await self._line()

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(await self._process.stdout.readline())  # type: ignore[no-any-return]

    async def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), PATIENCE_SECONDS)


async def measure(terminals: int, every: float, seconds: float, url: str) -> dict[str, Any]:
    """Connect all, let them report for `seconds`, wait for the last answers, ask the gateway."""
    loop, fleet, child = asyncio.get_running_loop(), Fleet(), Child()
    port = await child.start(url)
    began, before = loop.time(), await child.figures()
    vehicles = []
    for who in range(terminals):
        _, vehicle = await loop.create_connection(lambda who=who: Vehicle(who, fleet), "127.0.0.1", port)
        vehicles.append(vehicle)
        await asyncio.sleep(max(0.0, began + RAMP_SECONDS * who / terminals - loop.time()))
    await asyncio.wait_for(asyncio.gather(*(vehicle.ready.wait() for vehicle in vehicles)), PATIENCE_SECONDS)
    connected, then = loop.time(), await child.figures()
    ways = [drive(one, every * n / terminals, every, connected, connected + seconds) for n, one in enumerate(vehicles)]
    await asyncio.gather(*ways)
    after, ended = await child.figures(), loop.time()
    while fleet.waiting and loop.time() < ended + PATIENCE_SECONDS:
        await asyncio.sleep(0.05)
    last = await child.figures()
    cut_off = fleet.cut_off
    await child.stop()
    return {
        "terminals": terminals,
        "online": last["terminals"],
        "seconds": round(ended - connected, 1),
        "sent": fleet.sent,
        "stored": last["reports"],
        "answered": fleet.answered,
        "refused": fleet.refused,
        "lost": fleet.sent - last["reports"],
        "doubled": last["doubled"],
        "cut_off": cut_off,
        "slowest_answer_ms": round(fleet.slowest * 1000),
        "core_share": round((after["cpu"] - then["cpu"]) / (ended - connected), 3),
        "core_share_connecting": round((then["cpu"] - before["cpu"]) / (connected - began), 3),
        "memory_mb": round(last["memory_mb"]),
        "faults": last["faults"],
    }


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terminals", type=int, default=2_000)
    parser.add_argument("--every", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--database", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.serve:
        asyncio.run(gateway_process(given.database))
        return 0
    with record_of(given.terminals) if given.record else nullcontext("") as url:
        figures = asyncio.run(measure(given.terminals, given.every, given.seconds, url))
    print(json.dumps(figures))
    wrong = figures["lost"] or figures["doubled"] or figures["cut_off"] or figures["answered"] != figures["sent"]
    return 1 if wrong or figures["core_share"] > 1 else 0


if __name__ == "__main__":
    sys.exit(main())

"""Calling a gateway over TCP on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from dispatch.devices.jt808.gateway import Gateway, serve
from dispatch.devices.jt808.limits import Limits
from dispatch.devices.jt808.observations import Observation, Terminal
from tests.devices.jt808.terminal import E2013, Said, said
from tests.devices.jt808.terminal import Terminal as Device

FIRST = 13_800_000_000
"""Phones from here on are configured: FIRST + n is terminal n, up to 9,999."""
SECRET = b"a secret of the tests"
QUICK = Limits(linger_seconds=0.01, sweep_seconds=0.05, closing_seconds=0.5)
AT = datetime(2026, 12, 2, 1, 30, 15, tzinfo=UTC)


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that waits for things, in an event loop of its own and not for ever."""

    @wraps(test)
    def run(**given: Any) -> None:
        asyncio.run(asyncio.wait_for(test(**given), 30))

    return run


async def until(true: Callable[[], bool], seconds: float = 3.0) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


def known(phone: str, terminal_id: str | None) -> Terminal | None:
    """Ten thousand configured terminals."""
    who = int(phone) - FIRST if phone.isdecimal() else -1
    return Terminal(who) if 0 <= who < 10_000 else None


@dataclass
class Store:
    """A sink that remembers, and can be made slow or broken."""

    seen: list[Observation] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    async def __call__(self, batch: Sequence[Observation]) -> None:
        await self.open.wait()
        if self.broken:
            raise OSError("the disk is full")
        self.seen.extend(batch)

    def of(self, who: int, kind: str = "position") -> list[Observation]:
        return [one for one in self.seen if (one.who, one.kind) == (who, kind)]


@asynccontextmanager
async def gateway(**limits: Any) -> AsyncIterator[tuple[Gateway, Store]]:
    """A running gateway and what it stored."""
    store = Store()
    store.open.set()
    async with await serve("127.0.0.1", 0, known, store, secret=SECRET, limits=replace(QUICK, **limits)) as running:
        yield running, store


class Caller:
    """A device with a connection."""

    def __init__(self, who: int, edition: int = E2013) -> None:
        self.device = Device(str(FIRST + who), edition)
        self.stream = b""
        self.code = ""

    async def call(self, running: Gateway, **options: Any) -> Caller:
        self.reader, self.writer = await asyncio.open_connection(*running.address, **options)
        return self

    async def prove(self, running: Gateway, **options: Any) -> Caller:
        await self.call(running, **options)
        self.send(self.device.register())
        self.code = (await self.answer(0x8100)).code
        self.send(self.device.authenticate(self.code))
        assert (await self.answer()).result[2] == 0
        await self.answer(0x8107)
        return self

    def send(self, raw: bytes) -> None:
        self.writer.write(raw)

    async def answer(self, message_id: int = 0x8001, seconds: float = 3.0) -> Said:
        """The next thing the platform says, which must be this."""
        (frame,) = said(await asyncio.wait_for(self._frame(), seconds))
        assert frame.message_id == message_id, frame
        return frame

    async def _frame(self) -> bytes:
        await self.reader.readexactly(1)
        return b"\x7e" + await self.reader.readuntil(b"\x7e")

    async def closed(self, seconds: float = 3.0) -> bytes:
        """Everything until the platform hangs up."""
        try:
            return await asyncio.wait_for(self.reader.read(-1), seconds)
        except ConnectionError:
            return b""

    async def hang_up(self) -> None:
        self.writer.transport.abort()  # whatever it still has to say
        with suppress(ConnectionError):
            await self.writer.wait_closed()

"""The listener: takes what terminals report over JT/T 808 until it is told to stop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.binding import bind
from dispatch.clock import now
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.devices.jt808.directory import Directory
from dispatch.devices.jt808.gateway import Gateway, serve
from dispatch.devices.jt808.observations import Terminal
from dispatch.devices.observing import entries, sink
from dispatch.devices.restarting import DONE, end, take_due
from dispatch.web.logs import set_up

log = structlog.get_logger("jt808")

READ_SECONDS = 30.0
"""So often the terminals on record are read again."""
RESTART_SECONDS = 3.0
"""So often the listener looks whether a terminal is to be told to start anew."""
POOL_SIZE = 4


def main(settings: Settings) -> None:
    """Listen until SIGTERM or SIGINT; what was heard before is stored first."""
    set_up(settings)
    bind(settings, pool_size=POOL_SIZE)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    async with listening(settings) as gateway:
        host, port = gateway.address
        log.info("jt808_ready", host=host, port=port)
        await _tell_of_strangers(gateway, ended)
    log.info("jt808_ended", **gateway.counts)


@asynccontextmanager
async def listening(
    settings: Settings, *, every: float = READ_SECONDS, restart_every: float = RESTART_SECONDS
) -> AsyncIterator[Gateway]:
    """A gateway that knows the terminals on record and stores what they tell; who is on record is read again `every` seconds."""
    known = Known()
    await known.read()
    reading = asyncio.create_task(known.keep_reading(every), name="jt808 known terminals")
    try:
        async with await serve(
            settings.jt808_host, settings.jt808_port, known, sink, secret=secret_of(settings.secret_key)
        ) as gateway:
            restarting = asyncio.create_task(_keep_restarting(gateway, restart_every), name="jt808 restarts")
            try:
                yield gateway
            finally:
                await _ended(restarting)
    finally:
        await _ended(reading)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _keep_restarting(gateway: Gateway, every: float) -> None:
    """Tell terminals that are connected to start anew, as the office asks for it, and write down what they answer."""
    answers: set[asyncio.Task[None]] = set()
    while True:
        await asyncio.sleep(every)
        try:
            for restart_id, unit_id in await asyncio.to_thread(_due, gateway.connected):
                gateway.restart(unit_id, partial(_answer, answers, restart_id))
        except SQLAlchemyError:
            log.warning("restarts_not_read", exc_info=True)


def _due(connected: list[int]) -> list[tuple[int, int]]:
    with transaction() as session:
        return take_due(session, connected, at=now())


def _answer(answers: set[asyncio.Task[None]], restart_id: int, result: int) -> None:
    """A terminal has said how it takes it; kept apart, since the event loop must not wait for the database."""
    outcome = "done" if result == DONE else "refused"
    task = asyncio.create_task(asyncio.to_thread(_end, restart_id, outcome))
    answers.add(task)
    task.add_done_callback(answers.discard)


def _end(restart_id: int, outcome: str) -> None:
    try:
        with transaction() as session:
            end(session, restart_id, outcome, at=now())
    except SQLAlchemyError:
        log.warning("restart_answer_not_kept", restart=restart_id, outcome=outcome, exc_info=True)


def secret_of(key: str) -> bytes:
    """What the codes of terminals are made with: it follows from SECRET_KEY, so they stay the same over a restart."""
    return hmac.new(key.encode(), b"jt808 terminals", hashlib.sha256).digest()


class Known:
    """Who may speak, as the database said when it was last asked."""

    def __init__(self) -> None:
        self._directory = Directory([])

    def __call__(self, phone: str, terminal_id: str | None) -> Terminal | None:
        return self._directory.known(phone, terminal_id)

    async def read(self) -> None:
        """Ask the database."""
        self._directory = await asyncio.to_thread(_directory)

    async def keep_reading(self, every: float) -> None:
        """Ask again and again; while the database is away, those stay known who were."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.read()
            except SQLAlchemyError:
                log.warning("known_terminals_not_read", exc_info=True)


def _directory() -> Directory:
    with transaction() as session:
        return Directory(entries(session))


async def _tell_of_strangers(gateway: Gateway, ended: asyncio.Event) -> None:
    """Write into the log, now and then, who called and is not on record: mostly a terminal that somebody forgot to enter."""
    told = now()
    while not ended.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), READ_SECONDS)
        told, new = now(), _strangers_since(gateway, told)
        if new:
            log.warning("unknown_terminals_called", phones=new)


def _strangers_since(gateway: Gateway, at: datetime) -> list[str]:
    return [phone for phone, called in gateway.figures.strangers.items() if called >= at]

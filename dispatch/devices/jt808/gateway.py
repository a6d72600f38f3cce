"""A TCP server terminals report to: `async with await serve(host, port, known, sink, secret=...)`.

`known` decides who may speak, `sink` stores what they say, a batch at a time. A report is answered with success only after the
sink returned, so a terminal never forgets what we have not stored. Memory and time per peer are limited (`limits.Limits`): a peer
that floods, stalls or talks nonsense is slowed or sent away, and nobody else notices.

The protocol knows no secret before registration and no encryption we could rely on: who knows the phone and the terminal id of a
configured terminal can pose as it. Where that matters the port belongs behind the carrier's private network (APN) or a firewall.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from dispatch.clock import now
from dispatch.devices.jt808.connection import Connection
from dispatch.devices.jt808.limits import Addresses, Limits
from dispatch.devices.jt808.mailbox import Mailbox, Sink
from dispatch.devices.jt808.room import Figures, Room
from dispatch.devices.jt808.session import Known

BACKLOG = 1_024


class Gateway:
    """A listening server. Made by `serve`."""

    def __init__(self, room: Room, server: asyncio.Server) -> None:
        self._room = room
        self._server = server
        self._sweeping = asyncio.create_task(self._sweep(), name="jt808 sweep")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def figures(self) -> Figures:
        """What happened since the start."""
        return self._room.figures

    @property
    def counts(self) -> dict[str, int]:
        """How things stand: connections, terminals that authenticated, observations stored, waiting, repeated, not stored."""
        counts = self._room.mailbox.counts
        return {
            "connections": len(self._room.connections),
            "terminals": len(self._room.proven),
            "pending": self._room.mailbox.pending,
            **{name: counts[name] for name in ("stored", "batches", "repeated", "not stored")},
        }

    @property
    def connected(self) -> list[int]:
        """The terminals that are connected and have proven who they are."""
        return list(self._room.proven)

    def restart(self, who: int, answered: Callable[[int], None]) -> bool:
        """Have a terminal start anew; `answered` is called with its result, should it answer. Whether it could be told."""
        connection = self._room.proven.get(who)
        return connection is not None and connection.restart(answered)

    async def close(self) -> None:
        """Take no new calls, store what was heard, answer it, hang up."""
        self._server.close()
        self._sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeping
        for connection in tuple(self._room.connections):
            connection.stop_listening()
        await self._room.mailbox.close()
        for connection in tuple(self._room.connections):
            connection.leave("shut down")
        await self._all_gone()
        await self._server.wait_closed()

    async def _all_gone(self) -> None:
        step, patience = 0.02, self._room.limits.closing_seconds + 1
        while self._room.connections and patience > 0:
            await asyncio.sleep(step)
            patience -= step

    async def _sweep(self) -> None:
        limits, known_at = self._room.limits, self._room.steady()
        while True:
            await asyncio.sleep(limits.sweep_seconds)
            at = self._room.steady()
            recheck = at - known_at >= limits.recheck_seconds
            known_at = at if recheck else known_at
            for connection in tuple(self._room.connections):
                connection.check(at)
                if recheck:
                    connection.check_known()
            self._room.addresses.forget_quiet(at)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


async def serve(
    host: str,
    port: int,
    known: Known,
    sink: Sink,
    *,
    secret: bytes | None = None,
    limits: Limits | None = None,
    clock: Callable[[], datetime] = now,
) -> Gateway:
    """Start listening; port 0 takes any free one.

    `known` is asked in the event loop and must answer at once, from memory. `secret` makes the codes terminals authenticate with:
    given the same one after a restart they need not register again.
    """
    limits = limits or Limits()
    loop = asyncio.get_running_loop()
    room = Room(
        known=known,
        secret=secret or secrets.token_bytes(32),
        limits=limits,
        mailbox=Mailbox(sink, limits),
        addresses=Addresses(limits),
        clock=clock,
        steady=loop.time,
    )
    try:
        server = await loop.create_server(lambda: Connection(room), host, port, backlog=BACKLOG)
    except OSError:
        await room.mailbox.close()
        raise
    return Gateway(room, server)

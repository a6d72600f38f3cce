"""One TCP connection: bytes in, a session's answers out, and the reasons to stop reading for a while or to hang up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

from dispatch.devices.jt808.frames import Frame, Header, Reader
from dispatch.devices.jt808.limits import Address, Bucket
from dispatch.devices.jt808.observations import Observation
from dispatch.devices.jt808.room import Room
from dispatch.devices.jt808.session import Heard, Session

SOCKET_OPTIONS = ((socket.SO_KEEPALIVE, 1), (socket.SO_SNDBUF, 32_768), (socket.SO_RCVBUF, 65_536))
"""Small buffers in the kernel too: left alone they grow to megabytes for whoever floods us or does not read."""

log = logging.getLogger(__name__)


class Connection(asyncio.BufferedProtocol):
    """Reads while nothing speaks against it: an allowance used up, storage behind, or a peer that does not read our answers."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._reader = Reader()
        self._session = Session(room.known, room.secret)
        self._counted: Counter[str] = Counter()
        self._unproven_left = room.limits.unproven_bytes
        self._outstanding = 0
        self._holds: set[str] = set()
        self._slow: asyncio.TimerHandle | None = None
        self._leaving: str | None = None
        self._awaited: dict[int, Callable[[int], None]] = {}
        self.who: int | None = None
        self.opened_at = self.heard_at = room.steady()
        self._arrived = Bucket(room.limits.bytes_at_once, room.limits.bytes_per_second)
        self._faults = Bucket(room.limits.faults_at_once, room.limits.faults_per_second)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in, unless there are too many or this address has misbehaved."""
        self._transport = cast(asyncio.Transport, transport)
        room, limits = self._room, self._room.limits
        peer = transport.get_extra_info("peername")
        self._address: Address = room.addresses.of(str(peer[0]) if peer else "")
        refused = self._refusal()
        self._address.connections += 1
        self._take_place(None)
        room.connections.add(self)
        room.figures.opened += 1
        self._number = room.figures.opened
        if refused:
            self.hang_up(refused)
            return
        self._transport.set_write_buffer_limits(high=limits.write_buffer)
        peer_socket = transport.get_extra_info("socket")
        for option, value in SOCKET_OPTIONS:
            peer_socket.setsockopt(socket.SOL_SOCKET, option, value)

    def _refusal(self) -> str | None:
        room, limits = self._room, self._room.limits
        if len(room.connections) >= limits.connections:
            return "too many connections"
        if self._address.unproven >= limits.unproven_per_address:
            return "too many from one address"
        return "faults of its address" if self._address.faults.take(0, room.steady()) else None

    def get_buffer(self, sizehint: int) -> bytearray:
        """One buffer for all: what lands in it is used before the next connection reads."""
        return self._room.chunk

    def buffer_updated(self, nbytes: int) -> None:
        """Some bytes came."""
        if self._leaving:
            self._discard(nbytes)
            return
        now = self._room.steady()
        self._throttle(nbytes, now)
        if self.who is None:
            self._unproven_left -= nbytes
        self._take_all(bytes(memoryview(self._room.chunk)[:nbytes]), now)
        self._blame(now)
        if self.who is None and self._unproven_left < 0:
            self.hang_up("too much before authentication")

    def eof_received(self) -> None:
        """The peer hangs up: so do we."""

    def pause_writing(self) -> None:
        """The peer does not read: no more answers than it takes, and no patience without end."""
        self._hold("writing")
        self._slow = self._later(self._room.limits.slow_seconds, lambda: self.hang_up("does not read"))

    def resume_writing(self) -> None:
        """It reads again."""
        if self._slow:
            self._slow.cancel()
        self._release("writing")

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, for whatever reason."""
        room = self._room
        room.connections.discard(self)
        self._address.connections -= 1
        self._give_up_place()
        if self._slow:
            self._slow.cancel()
        room.figures.closed[self._leaving or ("lost" if exc else "ended")] += 1
        self._leaving = self._leaving or "ended"

    # What came

    def _take_all(self, arrived: bytes, now: float) -> None:
        for frame in self._reader.feed(arrived):
            try:
                self._take(frame, now)
            except Exception:
                log.exception("a frame of a terminal was too much for us")
                self._room.figures.mistakes += 1
                self.hang_up("our mistake")
            if self._leaving:
                return

    def _take(self, frame: Frame, now: float) -> None:
        room = self._room
        room.figures.frames += 1
        self.heard_at = now
        at = room.clock()
        heard = self._session.hear(frame, at, now)
        if heard.leave == "unknown terminal":
            room.figures.stranger(frame.header.phone, at)
        self._note_identity()
        if heard.replied:
            serial, result = heard.replied
            answered = self._awaited.pop(serial, None)
            if answered:
                answered(result)
        if heard.fault:
            self._reader.faults[heard.fault] += 1
        for answer in heard.answers:
            self._say(answer)
        if heard.observations:
            self._post(frame, heard)
        if heard.leave:
            self.leave(heard.leave)

    def _post(self, frame: Frame, heard: Heard) -> None:
        mailbox, count, later = self._room.mailbox, len(heard.observations), heard.later
        self._outstanding += count

        def settled(well: bool) -> None:
            self._settled(later, count, well=well)

        mailbox.put(heard.observations, settled, self._digest(later, frame, heard.observations) if later else None)
        if self._outstanding >= self._room.limits.outstanding:
            self._hold("outstanding")
        if mailbox.full:
            self._hold("mailbox")
            mailbox.call_when_room(lambda: self._release("mailbox"))

    def _digest(self, header: Header, frame: Frame, told: Sequence[Observation]) -> int:
        """By what a repetition is known. What carries no time of its own is one only over the same connection: a terminal that
        starts anew counts from zero again and says word for word what it said hours ago."""
        timed = all(one.device_time is not None for one in told)
        return hash((header.message_id, header.serial, frame.body, None if timed else self._number))

    def _settled(self, later: Header | None, count: int, *, well: bool) -> None:
        self._outstanding -= count
        if self._outstanding <= self._room.limits.outstanding // 2:
            self._release("outstanding")
        if later and not self._leaving:
            self._say(self._session.stored(later, well=well))

    def _say(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._room.figures.answers += 1
            self._transport.write(answer)

    def _note_identity(self) -> None:
        terminal = self._session.terminal
        who = terminal.who if terminal else None
        if who != self.who:
            self._give_up_place()
            self._take_place(who)

    def _take_place(self, who: int | None) -> None:
        """The newest connection of a terminal is the one that counts: the one before it is dead and does not know yet."""
        self.who = who
        self.opened_at = self._room.steady()
        if who is None:
            self._address.unproven += 1
            return
        before = self._room.proven.get(who)
        self._room.proven[who] = self
        if before is not None:
            before.hang_up("replaced")

    def _give_up_place(self) -> None:
        if self.who is None:
            self._address.unproven -= 1
        elif self._room.proven.get(self.who) is self:
            del self._room.proven[self.who]

    def restart(self, answered: Callable[[int], None]) -> bool:
        """Have the terminal start anew; `answered` is called with its result if it says one. Whether that could be sent."""
        told = self._session.restart() if not self._leaving else None
        if told is None:
            return False
        self._awaited[told[0]] = answered
        self._say(told[1])
        return True

    # Reading and not reading

    def _throttle(self, nbytes: int, now: float) -> None:
        owed = max(self._arrived.take(nbytes, now), self._address.arrived.take(nbytes, now))
        if owed:
            self._hold("allowance")
            self._later(owed, lambda: self._release("allowance"))

    def _hold(self, reason: str) -> None:
        if not self._holds and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds.add(reason)

    def _release(self, reason: str) -> None:
        self._holds.discard(reason)
        if not self._holds and not self._transport.is_closing():
            self._transport.resume_reading()

    def _discard(self, nbytes: int) -> None:
        """While a refusal is on its way out, what still comes in is thrown away, but not for ever."""
        self._unproven_left -= nbytes
        if self._unproven_left < 0:
            self._transport.abort()

    def _blame(self, now: float) -> None:
        """Charge new faults to the connection and, before it is authenticated, to its address."""
        faults = self._reader.faults + self._session.parts.faults
        fresh = faults.total() - self._counted.total()
        if not fresh or self._leaving:
            return
        self._room.figures.faults.update(faults - self._counted)
        self._counted = faults
        if self.who is None:
            self._address.faults.take(fresh, now)
        if self._faults.take(fresh, now):
            self.hang_up("faults")

    # Going

    def check(self, now: float) -> None:
        """Called every second or so: hang up on who says nothing, or never says who it is."""
        limits = self._room.limits
        if now - self.heard_at > limits.idle_seconds:
            self.hang_up("idle")
        elif self.who is None and now - self.opened_at > limits.unproven_seconds:
            self.hang_up("never authenticated")

    def check_known(self) -> None:
        """Called every minute or so: hang up on a terminal that has been taken out of the configuration."""
        if not self._session.still_known():
            self.leave("no longer known")

    def leave(self, reason: str) -> None:
        """Hang up after what was said has gone out. Closing with unread input would throw our last answer away."""
        if self._leaving:
            return
        self._leaving = reason
        self._unproven_left = self._room.limits.unproven_bytes
        self._holds.clear()
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._say_no_more()
        self._later(self._room.limits.closing_seconds, self._transport.abort)

    def _say_no_more(self) -> None:
        """Tell the peer that nothing follows, if all has gone out already; if not, it has `closing_seconds` to take it."""
        if not self._transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # it may have gone in the same moment
                self._transport.get_extra_info("socket").shutdown(socket.SHUT_WR)

    def stop_listening(self) -> None:
        """Read no more; answers still go out."""
        self._hold("shut down")

    def hang_up(self, reason: str) -> None:
        """Hang up at once."""
        self._leaving = self._leaving or reason
        self._transport.abort()

    def _later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, act)

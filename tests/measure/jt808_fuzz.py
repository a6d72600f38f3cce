"""Whether anything a terminal could send stops the JT/T 808 gateway: mutated frames for minutes on end.

    python -m tests.measure.jt808_fuzz MINUTES [--seed 1]

Half the time streams go straight into the reader and a session, where every answer must be by the book, nothing may be held
beyond its limit, and the next good frame must be understood; half the time over TCP, where an honest terminal beside the mad
ones must go on being answered within two seconds and everything it reported be stored. Prints one JSON line; exits 1, with the
seed of the round and the stream that did it, when something did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from dispatch.devices.jt808.frames import LONGEST_FRAME, Frame, Reader
from dispatch.devices.jt808.observations import Terminal
from dispatch.devices.jt808.parts import PartLimits
from dispatch.devices.jt808.session import Session, code_of
from tests.devices.jt808 import terminal as device
from tests.devices.jt808.calling import SECRET, Caller, gateway

AT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
PHONE = "13912344323"
EDITIONS = (device.E2011, device.E2013, device.E2019)
MOST_SECONDS, MOST_GROWTH_MB = 2.0, 100


@dataclass
class Tally:
    """What was tried."""

    rounds: int = 0
    sent_bytes: int = 0
    frames: int = 0
    calls: int = 0
    slowest_ms: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)


def stream(random: Random, terminal: device.Terminal, code: str) -> bytes:
    """Some frames of a terminal, most of them spoiled in one way or several."""
    makers = [
        terminal.heartbeat,
        terminal.register,
        terminal.properties,
        lambda: terminal.authenticate(code),
        lambda: terminal.position(at=AT, more=[random.randrange(256) for _ in range(random.randrange(60))]),
        lambda: terminal.batch([device.position(AT)] * random.randrange(8)),
        lambda: random.choice(terminal.parts(0x0704, device.batch([device.position(AT)] * 30), random.randrange(40, 900))),
        lambda: terminal.frame(random.randrange(65536), random.randbytes(random.randrange(1024))),
        lambda: terminal.frame(random.choice([0x0100, 0x0102, 0x0107, 0x0200, 0x0704]), random.randbytes(random.randrange(200))),
    ]
    return b"".join(spoiled(random, random.choice(makers)()) for _ in range(random.randrange(1, 12)))


def spoiled(random: Random, raw: bytes) -> bytes:
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        raw = random.choice(WAYS)(random, raw)
    return raw


def _flip(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw)) if raw else 0
    return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def _flip_and_sign(random: Random, raw: bytes) -> bytes:
    """A changed byte under a checksum that is right again: past the first guard."""
    if len(raw) < 16:
        return raw
    at, bit = random.randrange(1, len(raw) - 2), 1 << random.randrange(8)
    changed = bytearray(raw)
    changed[at] ^= bit
    changed[-2] ^= bit
    return bytes(changed)


def _cut(random: Random, raw: bytes) -> bytes:
    return raw[: random.randrange(len(raw) + 1)]


def _insert(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.choice((b"\x7e", b"\x7d", b"\x7d\x7e", b"\x00" * 30, random.randbytes(9))) + raw[at:]


def _double(random: Random, raw: bytes) -> bytes:
    begin = random.randrange(len(raw) + 1)
    return raw + raw[begin : begin + random.randrange(64)]


def _swell(random: Random, raw: bytes) -> bytes:
    return raw[:-1] + random.randbytes(1) * random.randrange(2 * LONGEST_FRAME)


WAYS = (_flip, _flip, _flip_and_sign, _flip_and_sign, _cut, _insert, _double, _swell)


def chunks(random: Random, raw: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        size = random.choice((1, 7, 100, 8192))
        yield raw[at : at + size]
        at += size


def known(phone: str, terminal_id: str | None) -> Terminal | None:
    return Terminal(1) if phone == PHONE else None


def straight(seed: int, tally: Tally) -> None:
    """One round without a network."""
    random = Random(seed)
    terminal, session, reader = device.Terminal(PHONE, random.choice(EDITIONS)), Session(known, SECRET), Reader()
    code, steady = code_of(SECRET, PHONE), 0.0
    sent = terminal.authenticate(code) + b"".join(stream(random, terminal, code) for _ in range(random.randrange(1, 6)))
    for piece in chunks(random, sent):
        began = time.process_time()
        for frame in reader.feed(piece):
            steady += random.random() * 10
            hear(session, frame, steady, tally)
        tally.slowest_ms = max(tally.slowest_ms, (time.process_time() - began) * 1000)
        assert reader.held <= LONGEST_FRAME
    tally.sent_bytes += len(sent)
    tally.faults += reader.faults + session.parts.faults
    good = terminal.heartbeat()
    assert list(reader.feed(b"\x7e" + good))[-1].header.message_id == 0x0002, "the next good frame is understood"
    assert session.hear(next(iter(Reader().feed(good))), AT, steady).answers, "and answered"


def hear(session: Session, frame: Frame, steady: float, tally: Tally) -> None:
    heard = session.hear(frame, AT, steady)
    tally.frames += 1
    assert session.parts.held <= PartLimits().held_bytes + 1023
    later = [session.stored(heard.later, well=True)] if heard.later else []
    for answer in [*heard.answers, *later]:
        assert len(list(device.said(answer))) == 1
    for one in heard.observations:
        assert all(value is None or "\0" not in str(value) for value in (one.plate, one.model, one.firmware, one.iccid))


async def mad_call(random: Random, caller: Caller, tally: Tally) -> None:
    """Nonsense over one connection, sometimes after having said who one is."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
        raw = b"".join(
            stream(random, caller.device, code_of(SECRET, caller.device.phone)) for _ in range(random.randrange(1, 20))
        )
        for piece in chunks(random, raw):
            if caller.writer.transport.is_closing():
                break
            caller.send(piece)
            await caller.writer.drain()
            tally.sent_bytes += len(piece)
    tally.calls += 1
    await caller.hang_up()


async def over_tcp(seed: int, seconds: float, tally: Tally) -> None:
    """Mad terminals beside an honest one, for so many seconds."""
    random, broken = Random(seed), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context))
    async with gateway(address_faults_per_second=1e6, unproven_per_address=10_000) as (running, store):
        honest = await Caller(1).prove(running)
        reports, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            crowd = [await Caller(random.randrange(2, 5), random.choice(EDITIONS)).call(running) for _ in range(4)]
            calls = [asyncio.create_task(mad_call(Random(random.random()), caller, tally)) for caller in crowd]
            honest.send(honest.device.position(at=AT))
            assert (await honest.answer(seconds=MOST_SECONDS)).result[2] == 0
            reports += 1
            await asyncio.gather(*calls)
        assert len(store.of(1)) == reports, "everything the honest terminal said is stored"
        assert not broken and not running.figures.mistakes, broken
        tally.frames += running.figures.frames
        tally.faults += running.figures.faults
        await honest.hang_up()


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz(seconds: float, seed: int) -> int:
    """Both ways in turn until the time is up."""
    tally, until = Tally(), time.monotonic() + seconds
    straight(seed, tally)
    before = memory_mb()
    while time.monotonic() < until:
        turn = time.monotonic() + min(2.0, seconds / 4)
        try:
            while time.monotonic() < turn:
                seed += 1
                tally.rounds += 1
                straight(seed, tally)
            asyncio.run(over_tcp(seed, min(2.0, seconds / 4), tally))
        except Exception:
            print(json.dumps({"failed": True, "seed": seed}), flush=True)
            raise
    grown = memory_mb() - before
    figures = {**vars(tally), "slowest_ms": round(tally.slowest_ms, 1), "grown_mb": round(grown), "seconds": seconds}
    print(json.dumps(figures))
    return 1 if grown > MOST_GROWTH_MB else 0


def main() -> int:
    """Read the arguments, fuzz, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return fuzz(given.minutes * 60, given.seed)


if __name__ == "__main__":
    sys.exit(main())

"""A terminal of the three editions, written from the standard's tables apart from the code under test, and sharing none of it.

Everything is built as a list of numbers, byte by byte, and checked again on the way in: where the gateway and this file agree on
a frame, two readings of the standard agree.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

E2011, E2013, E2019 = 2011, 2013, 2019


def bcd(digits: str) -> list[int]:
    return [int(digits[i]) * 16 + int(digits[i + 1]) for i in range(0, len(digits), 2)]


def number(value: int, size: int) -> list[int]:
    return [(value >> (8 * (size - 1 - i))) & 0xFF for i in range(size)]


def padded(value: str, size: int, pad: int = 0) -> list[int]:
    raw = list(value.encode("gbk"))
    assert len(raw) <= size
    return raw + [pad] * (size - len(raw))


def stuffed(content: list[int]) -> bytes:
    out = [0x7E]
    for one in content:
        if one == 0x7E:
            out += [0x7D, 0x02]
        elif one == 0x7D:
            out += [0x7D, 0x01]
        else:
            out.append(one)
    return bytes([*out, 0x7E])


@dataclass
class Terminal:
    """One device: counts its messages, wraps bodies into frames of its edition."""

    phone: str
    edition: int = E2013
    serial: int = 0

    def frame(
        self, message_id: int, body: list[int] | bytes, *, part: tuple[int, int] | None = None, serial: int | None = None
    ) -> bytes:
        content = number(message_id, 2)
        attributes = len(body)
        if part:
            attributes += 1 << 13
        if self.edition == E2019:
            attributes += 1 << 14
        content += number(attributes, 2)
        if self.edition == E2019:
            content += [1, *bcd(self.phone.zfill(20))]
        else:
            content += bcd(self.phone.zfill(12))
        content += number(self._next() if serial is None else serial, 2)
        if part:
            content += number(part[0], 2) + number(part[1], 2)
        content += list(body)
        check = 0
        for one in content:
            check ^= one
        return stuffed([*content, check])

    def _next(self) -> int:
        mine = self.serial
        self.serial = (self.serial + 1) % 65536
        return mine

    def heartbeat(self) -> bytes:
        return self.frame(0x0002, [])

    def deregister(self) -> bytes:
        return self.frame(0x0003, [])

    def register(
        self, terminal_id: str = "4316102", plate: str = "粤B12345", model: str = "TK-310", maker: str = "44030"
    ) -> bytes:
        sizes = {E2011: (5, 8, 7), E2013: (5, 20, 7), E2019: (11, 30, 30)}[self.edition]
        pad = 0x20 if self.edition == E2011 else 0
        body = number(44, 2) + number(300, 2)
        for value, size in zip((maker, model, terminal_id), sizes, strict=True):
            body += padded(value, size, pad)
        return self.frame(0x0100, [*body, 2, *plate.encode("gbk")])

    def authenticate(self, code: str, imei: str = "359121104139382", firmware: str = "V3.2.1") -> bytes:
        raw = list(code.encode("gbk"))
        if self.edition == E2019:
            raw = [len(raw), *raw, *padded(imei, 15), *padded(firmware, 20)]
        return self.frame(0x0102, raw)

    def position(self, **facts: object) -> bytes:
        return self.frame(0x0200, position(**facts))  # type: ignore[arg-type]

    def batch(self, bodies: list[list[int]], *, late: bool = True) -> bytes:
        return self.frame(0x0704, batch(bodies, late=late))

    def parts(self, message_id: int, body: list[int], size: int) -> list[bytes]:
        """A long message, cut into pieces of `size` bytes."""
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        return [self.frame(message_id, piece, part=(len(pieces), n)) for n, piece in enumerate(pieces, 1)]

    def properties(self, iccid: str = "89860622588667878485", *, maker_size: int | None = None, **more: str) -> bytes:
        sizes = {E2011: (5, 8, 7), E2013: (5, 20, 7), E2019: (maker_size or 5, 30, 30)}[self.edition]
        body = number(0x0007, 2)
        for value, size in zip(("44030", more.get("model", "TK-310"), more.get("terminal_id", "4316102")), sizes, strict=True):
            body += padded(value, size)
        body += [int(iccid[i : i + 2], 16) for i in range(0, 20, 2)]
        for version in (more.get("hardware", "HW-2.5"), more.get("firmware", "V3.2.1-中文")):
            raw = list(version.encode("gbk"))
            body += [len(raw), *raw]
        return self.frame(0x0107, [*body, 0x03, 0x20])

    def reply(self, serial: int, message_id: int, result: int = 0) -> bytes:
        return self.frame(0x0001, number(serial, 2) + number(message_id, 2) + [result])


def position(
    at: datetime | None = None,
    lat: float = 22.543096,
    lon: float = 114.057865,
    *,
    acc: bool = True,
    fix: bool = True,
    alarm: int = 0,
    height: int = 35,
    speed: int = 612,
    direction: int = 178,
    satellites: int | None = 12,
    signal: int | None = 23,
    mileage: int | None = 123_456,
    more: list[int] | None = None,
) -> list[int]:
    """The body of a position report. `at` is a moment in any zone; `speed` and `mileage` are tenths."""
    status = (1 if acc else 0) | (2 if fix else 0) | (4 if lat < 0 else 0) | (8 if lon < 0 else 0)
    body = number(alarm, 4) + number(status, 4)
    body += number(round(abs(lat) * 1e6), 4) + number(round(abs(lon) * 1e6), 4)
    body += list(struct.pack(">h", height)) + number(speed, 2) + number(direction, 2)
    body += beijing(at) if at else [0] * 6
    if mileage is not None:
        body += [0x01, 4, *number(mileage, 4)]
    if signal is not None:
        body += [0x30, 1, signal]
    if satellites is not None:
        body += [0x31, 1, satellites]
    return body + (more or [])


def beijing(at: datetime) -> list[int]:
    offset = at.utcoffset()
    assert offset is not None
    return bcd((at.replace(tzinfo=None) - offset + timedelta(hours=8)).strftime("%y%m%d%H%M%S"))


def batch(bodies: list[list[int]], *, late: bool = True) -> list[int]:
    out = [*number(len(bodies), 2), 1 if late else 0]
    for body in bodies:
        out += number(len(body), 2) + body
    return out


@dataclass
class Said:
    """A frame of the platform, taken apart."""

    message_id: int
    phone: str
    serial: int
    body: bytes

    @property
    def result(self) -> tuple[int, int, int]:
        """Of a general reply: which serial, which message, what result."""
        assert self.message_id == 0x8001 and len(self.body) == 5
        return struct.unpack(">HHB", self.body)

    @property
    def code(self) -> str:
        """Of a registration reply that succeeded."""
        assert self.message_id == 0x8100 and self.body[2] == 0
        return self.body[3:].decode("gbk")


def said(stream: bytes) -> Iterator[Said]:
    """Every whole frame in what the platform sent; anything that is not by the book fails the test."""
    assert not stream or (stream[0], stream[-1]) == (0x7E, 0x7E)
    for inner in stream.split(b"\x7e"):
        if inner:
            yield _said(inner)


def _said(inner: bytes) -> Said:
    content, i = [], 0
    while i < len(inner):
        if inner[i] == 0x7D:
            i += 1
            content.append({1: 0x7D, 2: 0x7E}[inner[i]])
        else:
            content.append(inner[i])
        i += 1
    check = 0
    for one in content:
        check ^= one
    assert check == 0
    message_id, attributes = struct.unpack(">HH", bytes(content[:4]))
    phone_at, width = (5, 10) if attributes >> 14 & 1 else (4, 6)
    end = phone_at + width
    phone = "".join(f"{one:02x}" for one in content[phone_at:end])
    body = bytes(content[end + 2 : -1])
    assert len(body) == attributes & 0x3FF
    return Said(message_id, phone, content[end] * 256 + content[end + 1], body)

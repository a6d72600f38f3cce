"""A byte stream as frames, and frames as bytes.

A frame is 0x7E, escaped content, 0x7E; inside, 0x7E travels as 7D 02 and 0x7D as 7D 01; the last byte of the content is the
exclusive or of all bytes before it (4.4.2 and 4.4.4). The header (table 2) names the message, the terminal by its phone number,
a running number and, in long messages, which part of how many this is. Edition 2019 sets bit 14 of the attributes, adds a
version byte and widens the phone from six to ten bytes.

Nothing a terminal sends raises: what is no frame is counted under a name in `Reader.faults`, and reading goes on at the next
0x7E.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dispatch.devices.jt808.fields import digits

FLAG = b"\x7e"
BODY_BITS, ENCRYPTION_BITS = 0x03FF, 0x1C00
SPLIT_BIT, VERSION_BIT = 0x2000, 0x4000
LONGEST_BODY = BODY_BITS
LONGEST_FRAME = 4096
"""Escaped bytes between two flags. A frame by the book has at most 2,090 when every byte is escaped."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who says what. `version` is nothing in editions 2011 and 2013; `number` of `total` is 1 of 1 in a message of one part."""

    message_id: int
    phone: str
    serial: int
    version: int | None = None
    encryption: int = 0
    total: int = 1
    number: int = 1

    @property
    def caller(self) -> str:
        """The phone without the zeros it is padded with: the same terminal in every edition."""
        return self.phone.lstrip("0")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose checksum was right. `raw` is its content without flags, escapes and checksum."""

    header: Header
    body: bytes
    raw: bytes
    whole: bool = True
    """False where the header announces another length than came: some firmwares count wrongly, the checksum is the judge."""


class Reader:
    """Turns what arrives on one connection into frames, however it is cut. Holds at most one unfinished frame."""

    def __init__(self, longest: int = LONGEST_FRAME) -> None:
        self.faults: Counter[str] = Counter()
        self._longest = longest
        self._pending = bytearray()
        self._inside = False

    @property
    def held(self) -> int:
        """Bytes waiting for the end of their frame."""
        return len(self._pending)

    def feed(self, arrived: bytes) -> Iterator[Frame]:
        """The frames that `arrived` completes. Lazy: a caller who stops early leaves the remainder of `arrived` unread."""
        *ended, open_end = arrived.split(FLAG)
        for piece in ended:
            frame = self._end(piece)
            if frame is not None:
                yield frame
        self._hold(open_end)

    def _end(self, piece: bytes) -> Frame | None:
        """A flag came: what was held and `piece` are a candidate. The flag that ends one frame may begin the next."""
        content = bytes(self._pending) + piece if self._pending else piece
        self._pending.clear()
        inside, self._inside = self._inside, True
        if not content:
            return None
        found = self._candidate(content) if inside else "garbage"
        if isinstance(found, Frame):
            return found
        self.faults[found] += 1
        return None

    def _candidate(self, content: bytes) -> Frame | str:
        return read(content) if len(content) <= self._longest else "too long"

    def _hold(self, piece: bytes) -> None:
        if len(self._pending) + len(piece) <= self._longest:
            self._pending += piece
            return
        # No frame is this long: forget it, and let what follows up to the next flag count as garbage.
        self.faults["too long" if self._inside else "garbage"] += 1
        self._pending.clear()
        self._inside = False


def read(escaped: bytes) -> Frame | str:
    """The frame between two flags, or the name of what is wrong with it."""
    content = unescape(escaped)
    if len(content) < 2 or checksum(content) != 0:
        return "checksum"
    raw = content[:-1]
    header, size = _header(raw)
    if header is None:
        return "short"
    announced = int.from_bytes(raw[2:4], "big") & BODY_BITS
    if not 1 <= header.number <= header.total:
        return "part"
    return Frame(header, raw[size:], raw, whole=announced == len(raw) - size)


def _header(raw: bytes) -> tuple[Header | None, int]:
    """The header and its length in bytes; nothing where there are too few bytes for one."""
    attributes = int.from_bytes(raw[2:4], "big")
    versioned, split = bool(attributes & VERSION_BIT), bool(attributes & SPLIT_BIT)
    begin, width = (5, 10) if versioned else (4, 6)
    phone_end = begin + width
    size = phone_end + (6 if split else 2)
    if len(raw) < size:
        return None, size
    header = Header(
        message_id=int.from_bytes(raw[0:2], "big"),
        phone=digits(raw[begin:phone_end]),
        serial=int.from_bytes(raw[phone_end : phone_end + 2], "big"),
        version=raw[4] if versioned else None,
        encryption=(attributes & ENCRYPTION_BITS) >> 10,
    )
    if not split:
        return header, size
    total, number = (int.from_bytes(raw[i : i + 2], "big") for i in (phone_end + 2, phone_end + 4))
    return replace(header, total=total, number=number), size


def write(header: Header, body: bytes) -> bytes:
    """One frame as bytes, flags included. The phone goes back in the width and digits it came in."""
    if len(body) > LONGEST_BODY:
        raise ValueError(f"a body of {len(body)} bytes needs parts")
    attributes = len(body) | header.encryption << 10
    front = bytes.fromhex(header.phone)
    if header.version is not None:
        attributes |= VERSION_BIT
        front = bytes([header.version]) + front
    parts = b""
    if header.total > 1:
        attributes |= SPLIT_BIT
        parts = words((header.total, header.number))
    raw = words((header.message_id, attributes)) + front + words((header.serial,)) + parts + body
    return FLAG + escape(raw + bytes([checksum(raw)])) + FLAG


def words(values: Iterable[int]) -> bytes:
    """Numbers of two bytes each, high byte first."""
    return b"".join(value.to_bytes(2, "big") for value in values)


def checksum(content: bytes) -> int:
    """Exclusive or of all bytes; zero over content that ends with its own checksum."""
    return functools.reduce(operator.xor, content, 0)


def escape(content: bytes) -> bytes:
    """0x7D and 0x7E made harmless."""
    return content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(escaped: bytes) -> bytes:
    """The content as it was. A 0x7D without 01 or 02 after it stays: some firmwares forget to escape it, the checksum decides."""
    if b"\x7d" not in escaped:
        return escaped
    return escaped.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")

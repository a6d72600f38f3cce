"""What a frame means: one dataclass per message, and one table from message number to the function that reads it.

`meaning(frame)` never raises. A body that ends too early is `Unreadable`, a message nobody here reads is `Unread`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.devices.jt808.fields import Cursor, TooShort, iccid, text
from dispatch.devices.jt808.frames import Frame, Header
from dispatch.devices.jt808.positions import Batch, Position, batch, position

TERMINAL_REPLY, HEARTBEAT, DEREGISTER = 0x0001, 0x0002, 0x0003
REGISTER, AUTHENTICATE, PROPERTIES = 0x0100, 0x0102, 0x0107
POSITION, BATCH = 0x0200, 0x0704

IMEI_SIZE = 15


@dataclass(frozen=True, slots=True)
class Reply:
    """The terminal's answer to something the platform sent (0x0001, table 4). Zero is success, three is not supported."""

    serial: int
    message_id: int
    result: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Still here (0x0002)."""


@dataclass(frozen=True, slots=True)
class Deregister:
    """Taken out of service (0x0003)."""


@dataclass(frozen=True, slots=True)
class Register:
    """A terminal introduces itself (0x0100, table 7). `edition` is the layout that was read: 2011, 2013 or 2019."""

    edition: int
    province: int
    city: int
    maker: str
    model: str
    terminal_id: str
    plate_colour: int
    plate: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """A terminal shows the code it was given (0x0102); edition 2019 adds IMEI and firmware."""

    code: str
    imei: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Properties:
    """What the terminal is (0x0107, table 20), with the ICCID of the SIM that is in it."""

    kind: int
    maker: str
    model: str
    terminal_id: str
    iccid: str | None
    hardware: str
    firmware: str
    gnss: int | None
    network: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that is none of ours: pictures, driver cards, passenger counts."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message of ours whose body is damaged or shorter than its fields."""

    message_id: int


Message = Reply | Heartbeat | Deregister | Register | Authenticate | Properties | Position | Batch | Unread | Unreadable


def meaning(frame: Frame) -> Message:
    """What this frame says."""
    header = frame.header
    reader = READERS.get(header.message_id)
    if reader is None or header.encryption:
        return Unread(header.message_id)
    try:
        return reader(Cursor(frame.body), header)
    except TooShort:
        return Unreadable(header.message_id)


def _reply(cursor: Cursor, _: Header) -> Reply:
    return Reply(cursor.number(2), cursor.number(2), cursor.number(1))


REGISTER_WIDTHS = {2011: (5, 8, 7), 2013: (5, 20, 7), 2019: (11, 30, 30)}
"""Bytes of maker, model and terminal id."""


def _register(cursor: Cursor, header: Header) -> Register:
    edition = _edition(cursor.left, header.version)
    maker, model, terminal_id = REGISTER_WIDTHS[edition]
    return Register(
        edition=edition,
        province=cursor.number(2),
        city=cursor.number(2),
        maker=cursor.word(maker),
        model=cursor.word(model),
        terminal_id=cursor.word(terminal_id),
        plate_colour=cursor.number(1),
        plate=text(cursor.rest()),
    )


def _edition(size: int, version: int | None) -> int:
    """Which layout a registration of `size` bytes has.

    The header tells 2019 apart. Editions 2011 and 2013 differ by the 12 bytes of a longer model: a plate never has so many, and
    2011 knows nothing else to put there. Terminals that wear a 2019 header on the older body are read by its length too.
    """

    def fits(edition: int) -> bool:
        return size >= 5 + sum(REGISTER_WIDTHS[edition])

    if version is not None and fits(2019):
        return 2019
    return 2013 if fits(2013) else 2011


def _authenticate(cursor: Cursor, header: Header) -> Authenticate:
    body = cursor.rest()
    if header.version is None or not body or body[0] >= len(body):
        return Authenticate(text(body))
    rest = Cursor(body)
    code = text(rest.counted())
    imei = text(rest.take(min(IMEI_SIZE, rest.left)))
    return Authenticate(code, imei or None, _firmware(rest.rest()) or None)


def _firmware(raw: bytes) -> str:
    """Twenty bytes by the standard; some terminals send a length byte first."""
    return text(raw[1:] if raw and raw[0] == len(raw) - 1 else raw)


PROPERTIES_WIDTHS = ((5, 20, 7), (5, 30, 30), (11, 30, 30), (5, 8, 7))
"""Seen in the field: 2013, 2019 with a maker of five bytes, 2019 with eleven, and terminals that kept the short model of 2011."""


def _properties(cursor: Cursor, _: Header) -> Properties:
    """The layout whose lengths come out even; of two that do, the one whose ICCID begins as every SIM's does, with 89."""
    body = cursor.rest()
    readings = [reading for widths in PROPERTIES_WIDTHS if (reading := _properties_as(body, widths)) is not None]
    if not readings:
        raise TooShort
    return max(readings, key=lambda one: (one.iccid or "").startswith("89"))


def _properties_as(body: bytes, widths: tuple[int, int, int]) -> Properties | None:
    cursor = Cursor(body)
    try:
        kind = cursor.number(2)
        maker, model, terminal_id = (cursor.word(width) for width in widths)
        card = iccid(cursor.take(10))
        hardware, firmware = text(cursor.counted()), text(cursor.counted())
    except TooShort:
        return None
    if cursor.left not in (0, 1, 2):
        return None
    modules: list[int | None] = [*cursor.rest(), None, None]
    return Properties(kind, maker, model, terminal_id, card, hardware, firmware, modules[0], modules[1])


READERS: dict[int, Callable[[Cursor, Header], Message]] = {
    TERMINAL_REPLY: _reply,
    HEARTBEAT: lambda _cursor, _header: Heartbeat(),
    DEREGISTER: lambda _cursor, _header: Deregister(),
    REGISTER: _register,
    AUTHENTICATE: _authenticate,
    PROPERTIES: _properties,
    POSITION: lambda cursor, _: position(cursor),
    BATCH: lambda cursor, _: batch(cursor),
}

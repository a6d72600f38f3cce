"""Single values inside a message body: numbers, BCD digits, Chinese text, local time (table 1, data types)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""Every time in the protocol is GMT+8, wherever the vehicle is."""


class TooShort(ValueError):
    """A body ends before its last field. Never leaves this package."""


class Cursor:
    """Reads a body from front to back; asking for more than there is raises `TooShort`."""

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._body) - self._at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self._at + size
        if end > len(self._body):
            raise TooShort
        piece, self._at = self._body[self._at : end], end
        return piece

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned number, high byte first."""
        return int.from_bytes(self.take(size), "big")

    def word(self, size: int) -> str:
        """The next `size` bytes as padded text."""
        return text(self.take(size))

    def counted(self) -> bytes:
        """A length byte and that many bytes."""
        return self.take(self.number(1))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.left)


def text(raw: bytes) -> str:
    """Padded GBK as a string fit to be stored and shown.

    GB18030 contains GBK and rarer characters. Damaged bytes inside become the replacement character, at the ends they are padding
    and go; so do zeros and other control characters wherever they are, which some firmwares leave behind.
    """
    shown = "".join(one for one in raw.decode("gb18030", "replace") if one.isprintable())
    return shown.strip(" \ufffd")


def digits(raw: bytes) -> str:
    """Packed decimal, two digits a byte. Some ICCIDs and phones carry letters, so a half byte above nine stays a letter."""
    return raw.hex().upper()


def iccid(raw: bytes) -> str | None:
    """The ICCID of a properties reply, or nothing where the terminal has none to tell (all zeros, all ones)."""
    value = digits(raw)
    return None if set(value) <= {"0"} or set(value) <= {"F"} else value


def moment(raw: bytes) -> datetime | None:
    """Six BCD bytes YY MM DD hh mm ss in GMT+8 as a moment in UTC; nothing where they are no time, as before the first fix."""
    shown = raw.hex()
    if not shown.isdigit():
        return None
    year, month, day, hour, minute, second = (int(shown[i : i + 2]) for i in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None

"""What the platform says: general reply 0x8001, registration reply 0x8100, properties query 0x8107, control 0x8105."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.devices.jt808.frames import Header, words, write

GENERAL, REGISTERED, CONTROL, ASK_PROPERTIES = 0x8001, 0x8100, 0x8105, 0x8107

RESTART = 4
"""The word of a control message (table 17) that has a terminal start anew."""

DONE, FAILED, WRONG, UNSUPPORTED = 0, 1, 2, 3
"""Results of the general reply (table 5)."""
ACCEPTED, NO_SUCH_TERMINAL = 0, 4
"""Results of the registration reply (table 8)."""


@dataclass(slots=True)
class Voice:
    """Writes the platform's frames to one terminal, in the edition and with the phone the terminal uses, numbered in a row."""

    serial: int = 0

    def general(self, to: Header, result: int) -> bytes:
        """Received, and what became of it (0x8001, table 5)."""
        return self._say(GENERAL, to, words((to.serial, to.message_id)) + bytes([result]))

    def registered(self, to: Header, result: int, code: str = "") -> bytes:
        """Answer to a registration (0x8100, table 8); the code is there only when it succeeded."""
        return self._say(REGISTERED, to, words((to.serial,)) + bytes([result]) + code.encode("gb18030"))

    def ask_properties(self, to: Header) -> bytes:
        """Tell me what you are and which SIM is in you (0x8107, no body)."""
        return self._say(ASK_PROPERTIES, to, b"")

    def restart(self, to: Header) -> tuple[int, bytes]:
        """Start anew (0x8105): the number by which the terminal will answer, and the frame."""
        return self.serial, self._say(CONTROL, to, bytes([RESTART]))

    def _say(self, message_id: int, to: Header, body: bytes) -> bytes:
        serial, self.serial = self.serial, (self.serial + 1) % 0x10000
        return write(Header(message_id, to.phone, serial, to.version), body)

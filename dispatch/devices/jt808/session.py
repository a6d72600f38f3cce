"""The conversation with one terminal, from its first frame to its last: frames in, answers and observations out. No network.

A terminal registers and is given a code, shows the code (authenticates) and may then report. The code follows from its phone and
our secret, so a terminal that kept its code may authenticate at once after we restart. Whoever is not configured gets a refusal
and is sent away, whatever it says.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.devices.jt808.frames import Frame, Header
from dispatch.devices.jt808.messages import (
    READERS,
    Authenticate,
    Deregister,
    Message,
    Properties,
    Register,
    Reply,
    Unread,
    Unreadable,
    meaning,
)
from dispatch.devices.jt808.observations import Observation, Terminal, observed
from dispatch.devices.jt808.parts import Parts
from dispatch.devices.jt808.positions import Batch, Position
from dispatch.devices.jt808.replies import (
    ACCEPTED,
    ASK_PROPERTIES,
    CONTROL,
    DONE,
    FAILED,
    NO_SUCH_TERMINAL,
    UNSUPPORTED,
    WRONG,
    Voice,
)

Known = Callable[[str, str | None], Terminal | None]
"""`known(phone without leading zeros, terminal id if it told one)`: who is this, if it may speak? Must answer at once.
Both are as a stranger sent them: a phone may contain the letters A to F."""

MOST_QUESTIONS, QUESTION_SECONDS = 3, 60.0
"""A terminal that does not say which SIM it has is asked again, so often and so far apart."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one frame leads to. With `later`, the answer waits until the observations are stored."""

    answers: tuple[bytes, ...] = ()
    observations: tuple[Observation, ...] = ()
    later: Header | None = None
    fault: str | None = None
    leave: str | None = None
    replied: tuple[int, int] | None = None
    """The terminal answered something we had it do: our number for that, and its result."""


SILENCE = Heard()


class Session:
    """One connection's state: who it is, whether it has proven so, what is still to be asked."""

    def __init__(self, known: Known, secret: bytes) -> None:
        self.terminal: Terminal | None = None
        self.caller = ""
        self.parts = Parts()
        self._known = known
        self._secret = secret
        self._voice = Voice()
        self._terminal_id: str | None = None
        self._header: Header | None = None
        self._questions = 0
        self._asked_at = float("-inf")

    def hear(self, frame: Frame, at: datetime, steady: float) -> Heard:
        """Answer one frame. `at` is the moment it came, `steady` the same on a clock that only goes forward, in seconds."""
        caller = frame.header.caller
        if self.terminal is not None and caller == self.caller:
            return self._proven(self.terminal, frame, at, steady)
        message = meaning(frame)
        if self.terminal is not None and not isinstance(message, Register):
            return self._failed(frame.header, "another phone")
        return self._unproven(frame, message, at, steady)

    def stored(self, header: Header, *, well: bool) -> bytes:
        """The answer that waited for its observations."""
        return self._voice.general(header, DONE if well else FAILED)

    def still_known(self) -> bool:
        """May the terminal of this session still speak? Asked now and then: configuration changes while terminals stay."""
        if self.terminal is None:
            return True
        return self._known(self.caller, self._terminal_id) == self.terminal

    def _unproven(self, frame: Frame, message: Message, at: datetime, steady: float) -> Heard:
        header = frame.header
        terminal_id = message.terminal_id if isinstance(message, Register) else self._terminal_id
        terminal = self._known(header.caller, terminal_id)
        if terminal is None:
            return self._refused(header, message)
        if isinstance(message, Register):
            return self._registered(terminal, frame, message, at)
        if isinstance(message, Authenticate):
            return self._authenticated(terminal, frame, message, at, steady)
        return SILENCE if isinstance(message, Reply) else self._failed(header, "not authenticated")

    def _refused(self, header: Header, message: Message) -> Heard:
        refusal = (
            self._voice.registered(header, NO_SUCH_TERMINAL)
            if isinstance(message, Register)
            else self._voice.general(header, FAILED)
        )
        return Heard((refusal,), fault="unknown terminal", leave="unknown terminal")

    def _registered(self, terminal: Terminal, frame: Frame, message: Register, at: datetime) -> Heard:
        self._terminal_id = message.terminal_id
        if (terminal, frame.header.caller) != (self.terminal, self.caller):
            self.terminal = None
        answer = self._voice.registered(frame.header, ACCEPTED, code_of(self._secret, frame.header.caller))
        return Heard((answer,), observed(terminal, frame, message, at))

    def _authenticated(self, terminal: Terminal, frame: Frame, message: Authenticate, at: datetime, steady: float) -> Heard:
        header = frame.header
        right = code_of(self._secret, header.caller)
        if not hmac.compare_digest(right.encode(), message.code.encode()):
            self.terminal = None
            return self._failed(header, "code")
        self.terminal, self.caller, self._header = terminal, header.caller, header
        answers = (self._voice.general(header, DONE), *self._question(header, steady))
        return Heard(answers, observed(terminal, frame, message, at))

    def restart(self) -> tuple[int, bytes] | None:
        """Have the terminal start anew: the number it will answer, and the frame; nothing before it has proven who it is."""
        return self._voice.restart(self._header) if self.terminal is not None and self._header is not None else None

    def _proven(self, terminal: Terminal, frame: Frame, at: datetime, steady: float) -> Heard:
        header = self._header = frame.header
        if header.total > 1:
            whole = self.parts.join(frame, steady) if header.message_id in READERS else None
            if whole is None:
                return Heard((self._voice.general(header, DONE),))
            frame = whole
        message = meaning(frame)
        match message:
            case Register():
                return self._unproven(frame, message, at, steady)
            case Authenticate():
                return self._authenticated(terminal, frame, message, at, steady)
            case Reply():
                return self._replied(message)
            case Unread():
                return Heard((self._voice.general(header, UNSUPPORTED),))
            case Unreadable():
                return Heard((self._voice.general(header, WRONG),), fault="unreadable")
            case _:
                return self._reported(terminal, frame, message, at, steady)

    def _reported(self, terminal: Terminal, frame: Frame, message: Message, at: datetime, steady: float) -> Heard:
        header = frame.header
        observations = observed(terminal, frame, message, at)
        if isinstance(message, Properties):
            self._questions = MOST_QUESTIONS
        if isinstance(message, Deregister):
            return Heard((self._voice.general(header, DONE),), observations, leave="deregistered")
        asked = self._question(header, steady)
        if isinstance(message, Position | Batch | Properties) and observations:
            return Heard(asked, observations, later=header)
        if isinstance(message, Batch):
            return Heard((self._voice.general(header, WRONG), *asked), fault="unreadable")
        return Heard((self._voice.general(header, DONE), *asked), observations)

    def _replied(self, message: Reply) -> Heard:
        if message.message_id == ASK_PROPERTIES and message.result == UNSUPPORTED:
            self._questions = MOST_QUESTIONS  # edition 2011 does not know the question
        if message.message_id == CONTROL:
            return Heard(replied=(message.serial, message.result))
        return SILENCE

    def _question(self, header: Header, steady: float) -> tuple[bytes, ...]:
        if self._questions >= MOST_QUESTIONS or steady - self._asked_at < QUESTION_SECONDS:
            return ()
        self._questions += 1
        self._asked_at = steady
        return (self._voice.ask_properties(header),)

    def _failed(self, header: Header, fault: str) -> Heard:
        return Heard((self._voice.general(header, FAILED),), fault=fault)


def code_of(secret: bytes, caller: str) -> str:
    """The code a terminal is given at registration: sixteen characters nobody without the secret can make."""
    return hmac.new(secret, b"jt808 " + caller.encode(), hashlib.sha256).hexdigest()[:16]

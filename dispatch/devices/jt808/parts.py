"""Long messages joined from their parts (table 3), within limits: nobody makes the platform hold more than a little."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace

from dispatch.devices.jt808.frames import Frame


@dataclass(frozen=True, slots=True)
class PartLimits:
    """What one connection may have unfinished."""

    messages: int = 4
    parts: int = 64
    held_bytes: int = 65_536
    seconds: float = 120.0


@dataclass(slots=True)
class _Unfinished:
    begun: float
    bodies: dict[int, Frame] = field(default_factory=dict)


class Parts:
    """The unfinished messages of one connection."""

    def __init__(self, limits: PartLimits | None = None) -> None:
        self.faults: Counter[str] = Counter()
        self._limits = limits or PartLimits()
        self._unfinished: OrderedDict[tuple[int, int, int], _Unfinished] = OrderedDict()
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes of bodies that wait for their other parts."""
        return self._held

    def join(self, frame: Frame, at: float) -> Frame | None:
        """The whole message if this part completes it (a frame of one part always does). `at` is any steady clock in seconds."""
        header = frame.header
        if header.total == 1:
            return frame
        self._forget_old(at)
        if header.total > self._limits.parts:
            self.faults["too many parts"] += 1
            return None
        # Parts of one message are numbered in a row, so the first one's number is the same for all of them.
        key = (header.message_id, header.total, (header.serial - header.number) % 0x10000)
        unfinished = self._unfinished.setdefault(key, _Unfinished(at))
        self._keep(unfinished, frame)
        if len(unfinished.bodies) == header.total:
            self._drop(key)
            return _joined(unfinished.bodies, frame)
        self._make_room()
        return None

    def _keep(self, unfinished: _Unfinished, frame: Frame) -> None:
        before = unfinished.bodies.get(frame.header.number)
        self._held += len(frame.body) - (len(before.body) if before else 0)
        unfinished.bodies[frame.header.number] = frame

    def _make_room(self) -> None:
        while len(self._unfinished) > self._limits.messages or self._held > self._limits.held_bytes:
            self._drop(next(iter(self._unfinished)))
            self.faults["unfinished"] += 1

    def _forget_old(self, at: float) -> None:
        old = [key for key, one in self._unfinished.items() if at - one.begun > self._limits.seconds]
        for key in old:
            self._drop(key)
            self.faults["unfinished"] += 1

    def _drop(self, key: tuple[int, int, int]) -> None:
        dropped = self._unfinished.pop(key)
        self._held -= sum(len(part.body) for part in dropped.bodies.values())


def _joined(bodies: dict[int, Frame], last: Frame) -> Frame:
    body = b"".join(bodies[number].body for number in sorted(bodies))
    header = replace(last.header, total=1, number=1)
    return Frame(header, body, last.raw[: len(last.raw) - len(last.body)] + body, all(part.whole for part in bodies.values()))

"""Observations on their way to storage: gathered into batches, answered when stored, stored once although sent twice."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from dispatch.devices.jt808.limits import Limits
from dispatch.devices.jt808.observations import Observation

Sink = Callable[[Sequence[Observation]], Awaitable[None]]
"""Stores a batch, or raises. What it returns from is answered as received; what it raises on the terminals send again, all of the
batch: an observation that can never be stored is for the sink to put aside."""

Answer = Callable[[bool], None]
"""Called once, with whether the observations were stored."""

RETRY_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Letter:
    """The observations of one message and everybody who waits for their fate."""

    observations: tuple[Observation, ...]
    answers: list[Answer] = field(default_factory=list)
    key: tuple[int, int] | None = None
    again: bool = False
    """Nobody will send this a second time: when storing fails, try again."""


class Mailbox:
    """A queue in front of the sink. `put` never waits; who puts looks at `full` and stops reading, and is told when to go on."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self.counts: Counter[str] = Counter()
        self._sink = sink
        self._limits = limits
        self._letters: deque[Letter] = deque()
        self._pending = 0
        self._waiting: list[Callable[[], None]] = []
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        self._recent: dict[int, OrderedDict[int, Letter | None]] = {}
        self._task = asyncio.create_task(self._run(), name="jt808 mailbox")

    @property
    def pending(self) -> int:
        """Observations not stored yet."""
        return self._pending

    @property
    def full(self) -> bool:
        """Too much waits already."""
        return self._pending >= self._limits.pending

    def call_when_room(self, again: Callable[[], None]) -> None:
        """Call once there is room again."""
        self._waiting.append(again)

    def put(self, observations: tuple[Observation, ...], answer: Answer, digest: int | None = None) -> None:
        """Take over some observations of one terminal; `answer` is called when their fate is known.

        With a `digest` the message is one a terminal sends until it is answered. A repetition is not stored again: its answer
        waits for the first one's fate, or is given at once where that is known. Without, it is we who try again.
        """
        key = None if digest is None else (observations[0].who, digest)
        if key is not None and self._repeated(key, answer):
            return
        letter = Letter(observations, [answer], key, again=key is None)
        if key is not None:
            self._remember(key, letter)
        self._letters.append(letter)
        self._pending += len(observations)
        self._arrived.set()

    def _repeated(self, key: tuple[int, int], answer: Answer) -> bool:
        who, digest = key
        recent = self._recent.get(who)
        if recent is None or digest not in recent:
            return False
        self.counts["repeated"] += 1
        letter = recent[digest]
        if letter is None:
            answer(True)
        else:
            letter.answers.append(answer)
        return True

    def _remember(self, key: tuple[int, int], letter: Letter) -> None:
        who, digest = key
        recent = self._recent.setdefault(who, OrderedDict())
        recent[digest] = letter
        if len(recent) > self._limits.remembered:
            recent.popitem(last=False)

    async def close(self) -> None:
        """Store what is there, then stop."""
        self._closing.set()
        self._arrived.set()
        await self._task

    async def _run(self) -> None:
        while self._letters or not self._closing.is_set():
            await self._gather()
            letters = self._next()
            if letters:
                await self._deliver(letters)
            self._tell_room()

    async def _deliver(self, letters: list[Letter]) -> None:
        well = await self._store([one for letter in letters for one in letter.observations])
        kept = [] if well or self._closing.is_set() or self.full else [one for one in letters if one.again]
        for letter in letters:
            if letter not in kept:
                self._settle(letter, well=well)
        if kept:
            self._letters.extendleft(reversed(kept))
            self._arrived.set()
            await asyncio.sleep(min(RETRY_SECONDS, self._limits.linger_seconds * 10))

    async def _gather(self) -> None:
        """Wait for something to do, then a moment longer for more of it."""
        await self._arrived.wait()
        if self._pending < self._limits.batch and not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), self._limits.linger_seconds)
            except TimeoutError:
                return

    def _next(self) -> list[Letter]:
        letters: list[Letter] = []
        room = self._limits.batch
        while self._letters and room > 0:
            letters.append(self._letters.popleft())
            room -= len(letters[-1].observations)
        if not self._letters and not self._closing.is_set():
            self._arrived.clear()
        return letters

    async def _store(self, observations: list[Observation]) -> bool:
        try:
            await asyncio.wait_for(self._sink(observations), self._limits.sink_seconds)
        except Exception:
            # Whatever failed is not lost: terminals that get no success keep their reports and send them again.
            log.exception("%d observations were not stored", len(observations))
            self.counts["not stored"] += len(observations)
            return False
        self.counts["stored"] += len(observations)
        self.counts["batches"] += 1
        return True

    def _settle(self, letter: Letter, *, well: bool) -> None:
        self._pending -= len(letter.observations)
        if letter.key is not None:
            who, digest = letter.key
            recent = self._recent[who]
            if recent.get(digest) is letter:
                recent[digest] = None
                if not well:
                    del recent[digest]
        for answer in letter.answers:
            answer(well)

    def _tell_room(self) -> None:
        if self._waiting and self._pending <= self._limits.pending // 2:
            waiting, self._waiting = self._waiting, []
            for again in waiting:
                again()

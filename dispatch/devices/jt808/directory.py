"""Who may speak: the configured terminals by phone and by terminal id, in memory, as `gateway.serve` wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.devices.jt808.observations import Terminal


@dataclass(frozen=True, slots=True)
class Entry:
    """A configured terminal: our number for it, and the two of its numbers it may show."""

    who: int
    phone: str | None = None
    terminal_id: str | None = None


class Directory:
    """Answers `known(phone, terminal_id)`. Make a new one when the configuration changes; it never changes itself.

    A terminal is found by its phone. One whose phone we do not have is found by the terminal id it registers with. Numbers that
    two terminals share find nobody, and a known phone that shows another terminal's id is not believed: it may be an exchanged
    terminal that still reports under the old number, and evidence must not go to the wrong one.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        listed = list(entries)
        self._by_phone = _unique((bare(one.phone), one) for one in listed)
        self._by_id = _unique((bare(one.terminal_id), one) for one in listed)

    def known(self, phone: str, terminal_id: str | None) -> Terminal | None:
        """The terminal that shows these numbers, if it is exactly one of ours."""
        shown = bare(terminal_id)
        by_phone = self._by_phone.get(bare(phone))
        if by_phone is None:
            by_id = self._by_id.get(shown)
            return Terminal(by_id.who) if by_id is not None and not bare(by_id.phone) else None
        expected = bare(by_phone.terminal_id)
        if shown and expected and shown != expected:
            return None
        return Terminal(by_phone.who)


def bare(number: str | None) -> str:
    """A number without blanks, the zeros it is padded with, and the case somebody typed it in."""
    return (number or "").strip().lstrip("0").upper()


def _unique(pairs: Iterable[tuple[str, Entry]]) -> dict[str, Entry]:
    given = [(number, entry) for number, entry in pairs if number]
    times = Counter(number for number, _ in given)
    return {number: entry for number, entry in given if times[number] == 1}

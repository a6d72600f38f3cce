"""Our numbers in what people write: in any case, with spaces, dashes or full-width signs, in the middle of a note."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from dispatch.finance.matching.facts import OpenItem

LEAST_SIGNS, LEAST_DIGITS = 6, 4
"""A shorter number stands in too many notes by chance."""
_RUN = re.compile(r"[A-Z0-9](?:[ \-_./·—–]*[A-Z0-9])*")
_BETWEEN = re.compile(r"[^A-Z0-9]+")


def compact(text: str) -> str:
    """A number without what people put between its signs."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).upper())


def says_enough(number: str) -> bool:
    """Is a number long enough to be told from others?"""
    return len(number) >= LEAST_SIGNS and sum(sign.isdigit() for sign in number) >= LEAST_DIGITS


class Numbers:
    """The items by each number they are known by."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.items: dict[str, list[OpenItem]] = {}
        for item in items:
            for number in {compact(each) for each in (item.number, *item.others)}:
                if says_enough(number):
                    self.items.setdefault(number, []).append(item)
        self.lengths = sorted({len(number) for number in self.items})

    def named(self, *texts: str | None) -> list[OpenItem]:
        """The items that texts name, each once, in the order of the texts."""
        found: dict[int, OpenItem] = {}
        for text in texts:
            for number in self._in(text) if text else ():
                found.update((item.id, item) for item in self.items[number])
        return list(found.values())

    def _in(self, text: str) -> Iterator[str]:
        plain = text if text in self.items else ""
        if plain:
            yield plain
            return
        for run in _RUN.findall(unicodedata.normalize("NFKC", text).upper()):
            yield from self._in_run(run)

    def _in_run(self, run: str) -> Iterator[str]:
        """Numbers in signs that only spaces and dashes part: they begin and end where a number may."""
        places = [at for at, sign in enumerate(run) if sign.isalnum()]
        signs = "".join(run[at] for at in places)
        for start, at in enumerate(places):
            if start and places[start - 1] == at - 1 and not (signs[start - 1].isdigit() and signs[start].isalpha()):
                continue
            for length in self.lengths:
                end = start + length
                if end > len(signs):
                    break
                glued = end < len(signs) and places[end] == places[end - 1] + 1 and signs[end].isdigit()
                if not glued and signs[start:end] in self.items:
                    yield signs[start:end]

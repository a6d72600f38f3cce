"""What stands around a list that pages and sorts: read from its address, and the addresses of its other pages and orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request, url_for

from dispatch.lists import MOST_LEAVES, Cut, Part, Sorts
from dispatch.typed import number_in


def cut_asked(sorts: Sorts, usual: str, of: str = "") -> Cut:
    """The part of a list that the address asks for, sorted as `usual` where it asks for no sort that there is.

    `of` stands before the names in the address where a page has another list beside its own.
    """
    number, sort = number_in(request.args.get(f"{of}page", "")) or 1, request.args.get(f"{of}sort", "")
    return Cut(min(number, MOST_LEAVES), sort if sort.removeprefix("-") in sorts else usual)


def address_with(endpoint: str | None = None, **changed: object) -> str:
    """This page's address with something in it changed; what is None is left out.

    `endpoint` is the list's own where it is shown in answer to a form, too.
    """
    asked = endpoint or request.endpoint or ""
    needed = next(current_app.url_map.iter_rules(asked)).arguments
    placed = {name: value for name, value in (request.view_args or {}).items() if name in needed}
    held: dict[str, Any] = {**request.args.to_dict(), **placed, **changed}
    return url_for(asked, **held)


@dataclass(frozen=True)
class Leaf:
    """The page of a list that is shown, for the macro that draws it.

    `prefix` is that of `cut_asked`, `anchor` where the list stands on a page that shows more, `held` what its address need not
    have said.
    """

    number: int
    pages: int
    total: int
    endpoint: str | None = None
    prefix: str = ""
    anchor: str | None = None
    held: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, part: Part[Any], endpoint: str | None = None, *, prefix: str = "", anchor: str | None = None, **held: str
    ) -> Leaf:
        """Where a part stands in its list."""
        return cls(part.number, part.pages, part.total, endpoint, prefix, anchor, held)

    def url(self, number: int) -> str:
        """Another page of the same list."""
        return address_with(self.endpoint, **self.held, **{f"{self.prefix}page": number, "_anchor": self.anchor})


@dataclass(frozen=True)
class Heads:
    """Which head a list is sorted by, and where its heads lead; sorted anew it begins at its first page."""

    chosen: str
    endpoint: str | None = None
    prefix: str = ""
    anchor: str | None = None

    @property
    def key(self) -> str:
        """The head in use."""
        return self.chosen.removeprefix("-")

    @property
    def down(self) -> bool:
        """The greatest first."""
        return self.chosen.startswith("-")

    def url(self, key: str) -> str:
        """The list sorted by another head, or by this one turned round."""
        turned = f"-{key}" if self.chosen == key else key
        changed = {f"{self.prefix}sort": turned, f"{self.prefix}page": None, "_anchor": self.anchor}
        return address_with(self.endpoint, **changed)

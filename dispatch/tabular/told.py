"""What a person said about a file before it is read: which column is what, where the headings stand, what a cell should say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NO_HEADINGS = 0


@dataclass(frozen=True)
class Told:
    """`keys`: a heading (as `columns.label` reduces it) or place ("#3") -> key of a column, "" for one that is not to be read.

    `heads`: name of a sheet -> number of its row of headings, NO_HEADINGS where there is none. `cells`: number of a row -> key
    of a column -> what was typed in the place of what the file says.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys or self.heads or self.cells)

    @property
    def by_place(self) -> bool:
        """Are columns named by their place, as in a file without headings?"""
        return any(name.startswith("#") and key for name, key in self.keys.items())

    def with_cells(self, typed: Mapping[int, Mapping[str, str]]) -> Told:
        """The same with more cells typed."""
        return replace(self, cells={**self.cells, **{row: {**self.cells.get(row, {}), **typed[row]} for row in typed}})

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the file."""
        cells = {str(row): dict(typed) for row, typed in self.cells.items()}
        return {"keys": dict(self.keys), "heads": dict(self.heads), "cells": cells}


NOTHING = Told()


def place(column: int) -> str:
    """What a column without a heading is called: "#1" for the first, which `column` counts as 0."""
    return f"#{column + 1}"


def told_from(stored: Mapping[str, Any] | None) -> Told:
    """What `as_json` gave."""
    if not stored:
        return NOTHING
    return Told(stored["keys"], stored["heads"], {int(row): typed for row, typed in stored["cells"].items()})

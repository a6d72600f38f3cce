"""The ladder of approval (P3, Q14): the department manager first, and above him whom the rules name by kind, size and branch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from dispatch.orders.rules import KIND_WORDS
from dispatch.permissions import ROLES
from dispatch.words import Text, say

MANAGER = "order.approve"
ABOVE = ("supervisor", "director", "finance")
"""Who may be asked besides the manager, each by the permission `order.approve_` and his name."""
MOST_ABOVE = len(ABOVE)

LEVEL_WORDS: dict[str, Text] = {MANAGER: ROLES["manager"]} | {f"order.approve_{role}": ROLES[role] for role in ABOVE}
LADDER_KINDS: dict[str, Text] = {**KIND_WORDS}
"""The kinds of business that rules speak of."""


@dataclass(frozen=True)
class LevelRule:
    """Business of this kind, from `least` to `most` in size (None: without an end), needs these roles in turn, too.

    The size of an order is how many vehicles it names. `branch_id` None is every branch.
    """

    kind: str
    roles: tuple[str, ...]
    least: Decimal = Decimal(1)
    most: Decimal | None = None
    branch_id: int | None = None

    def fits(self, kind: str, size: Decimal, branch_id: int) -> bool:
        """Whether it speaks of such a piece of business."""
        here = self.branch_id is None or self.branch_id == branch_id
        return here and kind == self.kind and self.least <= size and (self.most is None or size <= self.most)


def ladder(kind: str, size: Decimal | int, branch_id: int, rules: Iterable[LevelRule]) -> tuple[str, ...]:
    """The permissions of those who decide, one after the other: always the manager's first, no level twice.

    What several rules ask for is asked in the order of the rules.
    """
    asked = (f"order.approve_{role}" for rule in rules if rule.fits(kind, Decimal(size), branch_id) for role in rule.roles)
    return tuple(dict.fromkeys((MANAGER, *asked)))


def level_word(permission: str) -> Text:
    """Who decides a level, as a word."""
    return LEVEL_WORDS.get(permission, say("Another level"))

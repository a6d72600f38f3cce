"""The ladder of approval (P3, Q14): who decides first about a kind of business, and whom the table adds by size and branch.

One mechanism for everything that somebody has to approve: work orders, purchases, goodwill, money given back, charges let off,
contractors' settlements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dispatch.permissions import ROLES
from dispatch.words import Text, say

MANAGER = "order.approve"
FAVOUR = "favour.approve"
"""The first level of what is given away: supervisor or manager, or the director in their place."""
ABOVE = ("supervisor", "director", "finance")
"""Who may be asked besides the manager, each by the permission `order.approve_` and his name."""
MOST_ABOVE = 3
FEN = Decimal("0.01")

LEVEL_WORDS: dict[str, Text] = {MANAGER: ROLES["manager"]} | {f"order.approve_{role}": ROLES[role] for role in ABOVE}
"""Who decides levels of orders."""
FAVOUR_WORD = say("Supervisor or manager")


@dataclass(frozen=True)
class Business:
    """A kind of business: its word, whether its size is an amount in yuan (else vehicles), who decides first, and whom the
    table can name after him. `usual` are those asked where no rule of the table fits."""

    word: Text
    in_yuan: bool = True
    first: str = FAVOUR
    names: tuple[str, ...] = ("supervisor", "manager", "director", "finance")
    usual: tuple[str, ...] = ()


BUSINESS: dict[str, Business] = {
    "installation": Business(say("Installation"), in_yuan=False, first=MANAGER, names=ABOVE),
    "repair": Business(say("Repair"), in_yuan=False, first=MANAGER, names=ABOVE),
    "purchase": Business(say("Purchase"), first=MANAGER, names=ABOVE, usual=("finance", "director")),
    "goodwill": Business(say("Goodwill")),
    "refund": Business(say("Refund")),
    "overrule": Business(say("Charge let off")),
    "quotation": Business(say("Quotation below the list")),
    "settlement": Business(say("Contractor's settlement"), first=MANAGER, names=ABOVE),
}
"""What the table speaks of. An order has no amount when it is approved: visit and installation are free, and what a repair will
need is known on site (P10); so the number of its vehicles is its size. Everything else is sized by its amount in yuan."""
LADDER_KINDS: dict[str, Text] = {kind: business.word for kind, business in BUSINESS.items()}
REQUESTS = ("purchase", "goodwill", "refund", "overrule", "quotation", "settlement")
"""The kinds that are no orders: each is a Request."""
OF_NO_ORDER = ("purchase", "settlement")
"""Requests that belong to no order."""
FAVOURS = ("goodwill", "refund", "overrule", "quotation")
"""What gives something away, on an order."""

_TOLD = ("ask", "pass", "approve", "refuse", "withdraw")
TOLD = dict.fromkeys(REQUESTS, _TOLD) | {"purchase": (*_TOLD, "again", "done"), "refund": (*_TOLD, "done")}
"""What the history tells of a request, by kind: the action is kind and verb."""


@dataclass(frozen=True)
class LevelRule:
    """Business of this kind, from `least` to `most` in size (None: without an end), needs these roles in turn, too.

    No roles: nobody after the first. The size of an order is how many vehicles it names, else it is an amount. `branch_id` None
    is every branch.
    """

    kind: str
    roles: tuple[str, ...]
    least: Decimal = Decimal(1)
    most: Decimal | None = None
    branch_id: int | None = None

    def fits(self, kind: str, size: Decimal | None, branch_id: int) -> bool:
        """Whether it speaks of such a piece of business. Of what nobody knows the size of (None) every span speaks."""
        if kind != self.kind or self.branch_id not in (None, branch_id):
            return False
        return size is None or (self.least <= size and (self.most is None or size <= self.most))


def level_of(role: str) -> str:
    """The permission by which a role decides a level."""
    return MANAGER if role == "manager" else f"order.approve_{role}"


def ladder(kind: str, size: Decimal | int | None, branch_id: int, rules: Iterable[LevelRule]) -> tuple[str, ...]:
    """The permissions of those who decide, one after the other: the kind's first, then whom the rules name, no level twice.

    What several rules ask for is asked in the order of the rules; where none fits, whom the kind usually asks. "Supervisor or
    manager" is not asked besides a supervisor or manager whom a rule names.
    """
    business, known = BUSINESS[kind], None if size is None else Decimal(size)
    fitting = [rule for rule in rules if rule.fits(kind, known, branch_id)]
    roles = [role for rule in fitting for role in rule.roles] if fitting else list(business.usual)
    first = () if business.first == FAVOUR and {"supervisor", "manager"} & set(roles) else (business.first,)
    return tuple(dict.fromkeys((*first, *map(level_of, roles))))


def level_word(permission: str) -> Text:
    """Who decides a level, as a word."""
    return FAVOUR_WORD if permission == FAVOUR else LEVEL_WORDS.get(permission, say("Another level"))


# --- whose turn it is


@dataclass(frozen=True)
class Turn:
    """Somebody about to decide an open level (`permission`): what he may, and who had a hand in it before.

    `asked_by` are those whose request it is, `decided_by` those who had a hand in the levels before, `helped_by` those of them in
    whose place or by whose link others decided.
    """

    permission: str | None
    actor_id: int | None
    held: frozenset[str]
    asked_by: frozenset[int | None]
    decided_by: frozenset[int | None] = frozenset()
    helped_by: frozenset[int | None] = frozenset()

    @property
    def barred(self) -> frozenset[int | None]:
        """Who cannot decide it, whatever he may: whoever asked, and whoever had a hand before."""
        return self.asked_by | self.decided_by


def not_your_turn(turn: Turn) -> Text | None:
    """Levels decide one after the other."""
    if turn.permission is None:
        return say("No approval is open.")
    return None if turn.permission in turn.held else say("The next decision is not yours.")


def your_own(turn: Turn) -> Text | None:
    """Nobody approves his own request (P3)."""
    own = turn.actor_id is not None and turn.actor_id in turn.asked_by
    return say("This is your own request: somebody else has to decide.") if own else None


def second_time(turn: Turn) -> Text | None:
    """Each level is decided by somebody else, whatever roles one person holds (P3)."""
    if turn.actor_id is None or turn.actor_id not in turn.decided_by:
        return None
    if turn.actor_id in turn.helped_by:
        return say("An earlier level was decided in your place or by a link that you made: somebody else has to decide this one.")
    return say("You have decided an earlier level: somebody else has to decide this one.")


def why_not_decide(turn: Turn) -> Text | None:
    """Why somebody cannot decide the open level; None when he can."""
    return next((no for check in (not_your_turn, your_own, second_time) if (no := check(turn))), None)


# --- how a request stands

_STATES: dict[str, Text] = {
    "open": say("Awaiting approval"),
    "approved": say("Approved"),
    "rejected": say("Rejected"),
    "withdrawn": say("Withdrawn"),
    "done": say("Done"),
}
_OWN_STATES: dict[tuple[str, str], Text] = {
    ("goodwill", "done"): say("Approved"),
    ("overrule", "done"): say("Charge let off"),
    ("quotation", "done"): say("Approved"),
    ("refund", "approved"): say("Approved: to be given back"),
    ("refund", "done"): say("Given back"),
    ("purchase", "approved"): say("Approved: to be ordered"),
    ("purchase", "done"): say("Goods received"),
}
STATE_LOOKS = {
    "open": "awaiting_approval",
    "approved": "approved",
    "rejected": "rejected",
    "withdrawn": "cancelled",
    "done": "done",
}
"""State -> the status of an order that looks like it."""


_LAST_YES = {"goodwill": "done", "overrule": "done", "quotation": "done"}
"""Kind -> the state in which its last yes leaves a request, where it is carried out with it."""


def word_after_yes(kind: str, following: Sequence[str]) -> Text:
    """What a request comes to by a yes to its open level, after which these levels follow."""
    if following:
        return say("Goes on to: %(level)s", level=level_word(following[0]))
    return state_word(kind, _LAST_YES.get(kind, "approved"))


def state_word(kind: str, state: str) -> Text:
    """How a request of a kind stands, as a word."""
    return _OWN_STATES.get((kind, state), _STATES[state])

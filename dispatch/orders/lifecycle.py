"""THE table: every status an order, a line or a visit can have, and every way from one to another.

A row says: the action, from where, to where, who may (None: the system, as a consequence), what must be there, and whether a
reason is asked for. Pages draw their buttons from it, operations obey it, the README prints it. While work goes on an order's
status follows from its lines and visits by `followed_status`, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dispatch.approvals.rules import Turn, not_your_turn, second_time, your_own
from dispatch.orders.status_words import WORDS
from dispatch.orders.verbal_rules import OWN_WORD
from dispatch.orders.waiting_rules import WaitFor
from dispatch.words import Text, say

ORDER_STATUSES = (
    "draft",
    "awaiting_approval",
    "approved",
    "planned",
    "dispatched",
    "working",
    "waiting",
    "done",
    "closed",
    "rejected",
    "cancelled",
)
LINE_STATUSES = ("open", "done", "not_done", "residual")
VISIT_STATUSES = ("planned", "dispatched", "on_the_way", "on_site", "finished", "abandoned")

VISIT_LIVE = ("planned", "dispatched", "on_the_way", "on_site")
VISIT_MOVING = ("on_the_way", "on_site")
LINE_SETTLED = ("done", "not_done")
FOLLOWING = ("approved", "planned", "dispatched", "working", "done")
"""While an order is in one of these, its status follows from its lines and visits."""


@dataclass(frozen=True)
class Named:
    """Whoever is said to have approved by word; without permissions once he has left or has no business with the branch."""

    id: int | None
    name: str
    permissions: frozenset[str]


@dataclass(frozen=True)
class OrderFacts:
    """What the checks of this table look at, gathered by the readers that features register. Plain data.

    While an approval is open: `asked_by` are those who took, rewrote or sent in the order, `decided_by` those who had a hand in
    the levels before it, `helped_by` those of them in whose place or by whose link others decided, `named` whose word the actor
    reports. While a visit is about to begin: `to_end_first` is the number of the order whose visit its technician has to end
    before. `wait` is what the order is to wait for.
    """

    order_status: str = "draft"
    created_by_id: int | None = None
    actor_id: int | None = None
    open_step_permission: str | None = None
    step_requested_by_id: int | None = None
    asked_by: frozenset[int | None] = frozenset()
    decided_by: frozenset[int | None] = frozenset()
    helped_by: frozenset[int | None] = frozenset()
    named: Named | None = None
    actor_permissions: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    missing: tuple[Text, ...] = field(default=())
    to_end_first: str | None = None
    wait: WaitFor | None = None

    @property
    def turn(self) -> Turn:
        """The actor before the level that is open."""
        asked = frozenset({self.created_by_id, self.step_requested_by_id, *self.asked_by})
        held = self.actor_permissions
        return Turn(self.open_step_permission, self.actor_id, held, asked, self.decided_by, self.helped_by)


Check = Callable[[OrderFacts], Text | None]


@dataclass(frozen=True)
class Transition:
    """One row. `target` None means: wherever `followed_status` says."""

    action: str
    sources: tuple[str, ...]
    target: str | None
    permission: str | None
    label: Text
    needs: tuple[Check, ...] = ()
    reason: bool = False


def has_lines(facts: OrderFacts) -> Text | None:
    """An order is about at least one vehicle."""
    return None if facts.lines else say("The order names no vehicle.")


def not_ones_own(facts: OrderFacts) -> Text | None:
    """Nobody approves his own request (P3)."""
    return your_own(facts.turn)


def not_twice(facts: OrderFacts) -> Text | None:
    """Each level is decided by somebody else, whatever roles one person holds (P3)."""
    return second_time(facts.turn)


def is_approvers_turn(facts: OrderFacts) -> Text | None:
    """Levels decide one after the other, the manager first."""
    return not_your_turn(facts.turn)


NAME_HIM = say("Say who has approved by word.")
"""What the form of an approval by word asks for: no reason to shut the way to it."""


def somebody_is_named(facts: OrderFacts) -> Text | None:
    """An approval by word is somebody's."""
    return None if facts.named else NAME_HIM


def named_could_decide(facts: OrderFacts) -> Text | None:
    """Whoever approved by word could have decided the open level himself, in writing (P3)."""
    named = facts.named
    if named is None or facts.open_step_permission is None:
        return say("No approval is open.")
    if facts.open_step_permission not in named.permissions:
        return say("%(name)s cannot decide this level.", name=named.name)
    if named.id in {facts.created_by_id, facts.step_requested_by_id, *facts.asked_by}:
        return say("%(name)s asked for this order himself: somebody else has to decide.", name=named.name)
    if named.id in facts.decided_by:
        return say(
            "%(name)s has decided an earlier level, or had a hand in it: somebody else has to decide this one.", name=named.name
        )
    return None


def named_is_somebody_else(facts: OrderFacts) -> Text | None:
    """Nobody reports his own word."""
    return OWN_WORD if facts.named and facts.named.id == facts.actor_id else None


def nobody_moving(facts: OrderFacts) -> Text | None:
    """What is under way is brought to an end on site first."""
    moving = any(v in VISIT_MOVING for v in facts.visits)
    return say("A technician is on the way or on site. End the visit first.") if moving else None


def no_live_visit(facts: OrderFacts) -> Text | None:
    """Waiting orders keep no technician's time."""
    live = any(v in VISIT_LIVE for v in facts.visits)
    return say("Visits are still planned. Take them off the plan first.") if live else None


SAY_WHAT_FOR = say("Say what it waits for, and until which day.")
"""What the form of waiting asks for: no reason to shut the way to it."""


def says_what_for(facts: OrderFacts) -> Text | None:
    """An order waits for something, and until a day on which it wakes by itself."""
    return None if facts.wait else SAY_WHAT_FOR


def all_settled(facts: OrderFacts) -> Text | None:
    """Every vehicle is done, or a reason says why not."""
    settled = facts.lines and all(line in LINE_SETTLED for line in facts.lines)
    return None if settled else say("Not every vehicle is done or given up with a reason.")


def papers_complete(facts: OrderFacts) -> Text | None:
    """An order with a paper missing cannot be closed (P8)."""
    return facts.missing[0] if facts.missing else None


def order_is_at_work(facts: OrderFacts) -> Text | None:
    """Only approved orders that are not waiting send people out (P3)."""
    if facts.order_status in FOLLOWING:
        return None
    return say("The order is not approved or is waiting, so nobody can be sent.")


def nowhere_else(facts: OrderFacts) -> Text | None:
    """A technician is under way to one place at a time."""
    number = facts.to_end_first
    return say("You are under way to another visit. End the visit of %(number)s first.", number=number) if number else None


_UNDER_WAY = ("approved", "planned", "dispatched", "working")

ORDER: tuple[Transition, ...] = (
    Transition("submit", ("draft",), "awaiting_approval", "order.take", say("Send for approval"), (has_lines,)),
    Transition(
        "approve",
        ("awaiting_approval",),
        "approved",
        "order.decide",
        say("Approve"),
        (is_approvers_turn, not_ones_own, not_twice),
    ),
    Transition(
        "reject",
        ("awaiting_approval",),
        "rejected",
        "order.decide",
        say("Reject"),
        (is_approvers_turn, not_ones_own, not_twice),
        reason=True,
    ),
    Transition(
        "approve_by_word",
        ("awaiting_approval",),
        "approved",
        "order.take",
        say("Approved by word"),
        (somebody_is_named, named_is_somebody_else, named_could_decide),
    ),
    Transition("rework", ("rejected",), "draft", "order.take", say("Rework")),
    Transition("follow", FOLLOWING, None, None, say("Follows the work")),
    Transition("hold", _UNDER_WAY, "waiting", "order.plan", say("Let it wait"), (no_live_visit, says_what_for)),
    Transition("put_off", _UNDER_WAY, "waiting", None, say("Waits, as said on site"), (no_live_visit, says_what_for)),
    Transition("resume", ("waiting",), None, "order.plan", say("Resume")),
    Transition("wake", ("waiting",), None, None, say("Wakes on its day")),
    Transition(
        "cancel",
        ("draft", "awaiting_approval", "approved", "planned", "dispatched", "waiting", "rejected"),
        "cancelled",
        "order.cancel",
        say("Cancel order"),
        (nobody_moving,),
        reason=True,
    ),
    Transition("close", ("done",), "closed", "order.close", say("Close order"), (all_settled, no_live_visit, papers_complete)),
    Transition("auto_close", ("done",), "closed", None, say("Closes by rule"), (all_settled, no_live_visit, papers_complete)),
    Transition("reopen", ("closed",), None, "order.close", say("Reopen"), reason=True),
    Transition("not_solved", ("done", "closed"), None, None, say("Not solved, says the customer"), reason=True),
)

LINE: tuple[Transition, ...] = (
    Transition("complete", ("open", "residual"), "done", "line.settle", say("Done"), (order_is_at_work,)),
    Transition(
        "give_up", ("open", "residual"), "not_done", "line.settle", say("Cannot be done"), (order_is_at_work,), reason=True
    ),
    Transition("leave_over", ("open",), "residual", "line.settle", say("Did not come"), (order_is_at_work,), reason=True),
    Transition("carry_over", ("residual",), "not_done", None, say("Into an order of its own"), (order_is_at_work,), reason=True),
    Transition(
        "take_up",
        ("done", "not_done", "residual"),
        "open",
        "order.plan",
        say("Take up again"),
        (order_is_at_work,),
        reason=True,
    ),
    Transition(
        "not_solved",
        ("done", "not_done"),
        "open",
        None,
        say("Not solved, says the customer"),
        (order_is_at_work,),
        reason=True,
    ),
)

VISIT: tuple[Transition, ...] = (
    Transition("dispatch", ("planned",), "dispatched", "order.plan", say("Dispatch"), (order_is_at_work,)),
    Transition("recall", ("dispatched",), "planned", "order.plan", say("Recall"), reason=True),
    Transition("depart", ("dispatched",), "on_the_way", "visit.drive", say("Depart"), (order_is_at_work, nowhere_else)),
    Transition("arrive", ("on_the_way",), "on_site", "visit.drive", say("Arrived"), (order_is_at_work,)),
    Transition("finish", ("on_site",), "finished", "visit.drive", say("Finish"), (order_is_at_work,)),
    Transition("abandon", VISIT_LIVE, "abandoned", "visit.abandon", say("Abandon"), reason=True),
)

TABLES: dict[str, tuple[Transition, ...]] = {"order": ORDER, "line": LINE, "visit": VISIT}


def transition(table: str, action: str) -> Transition:
    """The row of one action. Raises KeyError for an action that does not exist."""
    return next((t for t in TABLES[table] if t.action == action), None) or _unknown(table, action)


def _unknown(table: str, action: str) -> Transition:
    raise KeyError(f"{table}.{action}")


def why_not(row: Transition, table: str, status: str, facts: OrderFacts) -> Text | None:
    """Why a row cannot be taken now, or None when it can. Permission comes first: a page then need not explain the rest."""
    if row.permission is not None and row.permission not in facts.actor_permissions:
        return say("Your role does not allow this. Ask your administrator if you need it.")
    if status not in row.sources:
        return say("Not possible while it is %(status)s.", status=WORDS[table][status])
    return next((no for check in row.needs if (no := check(facts))), None)


def followed_status(lines: Iterable[str], visits: Iterable[str]) -> str:
    """The one written rule for an order at work.

    A technician moving: working. Else all lines settled: done. Else some visits finished while others are still to come:
    working. Else dispatched if any visit is, planned if any visit is, and approved (back in the planner's queue) when no visit
    is live.
    """
    lines, visits = tuple(lines), tuple(visits)
    live = [v for v in visits if v in VISIT_LIVE]
    if any(v in VISIT_MOVING for v in live):
        return "working"
    if lines and all(line in LINE_SETTLED for line in lines):
        return "done"
    if live and "finished" in visits:
        return "working"
    return next((s for s in ("dispatched", "planned") if s in live), "approved")

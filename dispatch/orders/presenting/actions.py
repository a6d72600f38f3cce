"""The buttons of an order, from the lifecycle table: what may be done now, and why the rest may not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dispatch.orders.facts import decided_by
from dispatch.orders.lifecycle import LINE, ORDER, OrderFacts, Transition, transition, why_not
from dispatch.orders.models import Approval, Order, OrderLine
from dispatch.permissions import permissions_of
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

FORWARD = ("approve", "submit", "close", "resume", "rework")
DANGEROUS = ("cancel", "reject", "refuse", "turn_down")
WITH_FORM = ("approve_by_word", "hold")
"""Taken on a page of their own, which asks for more than a reason."""
WHAT: dict[str, Text] = {
    "reject": say("The order goes back to whoever took it, with your reason."),
    "turn_down": say("Whoever asked for it reads your reason."),
    "cancel": say("The order ends here: planned visits are taken off the plan and open approvals are withdrawn."),
    "refuse": say("The work stays as it is, but the order is not closed before the director has settled it."),
    "settle": say("The order can be closed once this is written down, as far as nothing else is missing."),
    "reopen": say("The order is taken up again and has to be closed anew."),
}
"""What will happen, said before it does."""


@dataclass(frozen=True)
class Action:
    """One button. `why` says why it is shut; `near` that it would fit the order's status, so that the reason is worth reading."""

    name: str
    label: Text
    url: str
    version: int
    allowed: bool
    why: Text | None
    needs_reason: bool
    near: bool = True
    primary: bool = False

    @property
    def danger(self) -> bool:
        """Ends or turns back the order."""
        return self.name in DANGEROUS

    @property
    def what(self) -> Text | None:
        """What will happen, for the dialog."""
        return WHAT.get(self.name)


@dataclass(frozen=True)
class Actions:
    """All buttons of an order: the one that leads on, the others that are open, and the shut ones by how near they are."""

    primary: Action | None
    open: list[Action]
    near: list[Action]
    far: list[Action]

    def named(self, name: str) -> Action | None:
        """The button of an action while it can be pressed."""
        pressable = [*self.open, *([self.primary] if self.primary else [])]
        return next((action for action in pressable if action.name == name), None)


def actions_of(order: Order, facts: OrderFacts, url: Callable[[str], str]) -> Actions:
    """The buttons of an order for the person whose `facts` these are; `url` makes the address of an action."""
    made = [_action(row, order, facts, url(row.action)) for row in ORDER if row.permission and row.action not in WITH_FORM]
    usable = [action for action in made if action.allowed]
    primary = next((a for name in FORWARD for a in usable if a.name == name), None)
    shut = [action for action in made if not action.allowed]
    return Actions(
        primary=_as_primary(primary) if primary else None,
        open=[action for action in usable if action is not primary],
        near=[action for action in shut if action.near],
        far=[action for action in shut if not action.near],
    )


def _action(row: Transition, order: Order, facts: OrderFacts, url: str) -> Action:
    no = why_not(row, "order", order.status, facts)
    near = order.status in row.sources and row.permission in facts.actor_permissions
    return Action(row.action, row.label, url, order.version, no is None, no, row.reason, near)


def _as_primary(action: Action) -> Action:
    return Action(**{**action.__dict__, "primary": True})


def line_actions(line: OrderLine, version: int, facts: OrderFacts, url: Callable[[str], str]) -> list[Action]:
    """What may be done with one vehicle now, each with a reason. `version` is the order's, as every press on its page names."""
    rows = [row for row in LINE if row.permission and row.reason and why_not(row, "line", line.status, facts) is None]
    return [Action(row.action, row.label, url(row.action), version, True, None, True) for row in rows]


def decisions_of(approval: Approval, by: Actor, url: Callable[[str], str]) -> list[Action]:
    """Approve and reject for one waiting approval, or one shut button that says why `by` cannot decide it."""
    facts = _waiting_facts(approval, by)
    rows = [transition("order", name) for name in ("approve", "reject")]
    made = [_action(row, approval.order, facts, url(row.action)) for row in rows]
    if all(action.allowed for action in made):
        return [_as_primary(made[0]), made[1]]
    return [Action("decide", say("Approve or reject"), "", approval.order.version, False, _first_why(made), False)]


def _first_why(actions: Iterable[Action]) -> Text | None:
    return next((action.why for action in actions if action.why), None)


def _waiting_facts(approval: Approval, by: Actor) -> OrderFacts:
    return OrderFacts(
        order_status=approval.order.status,
        created_by_id=approval.order.created_by_id,
        actor_id=by.id,
        open_step_permission=approval.permission,
        step_requested_by_id=approval.requested_by_id,
        decided_by=decided_by(approval, approval.order.approvals),
        actor_permissions=permissions_of(by.roles),
        lines=tuple(line.status for line in approval.order.lines),
    )

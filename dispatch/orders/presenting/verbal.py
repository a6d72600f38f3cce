"""Approvals by word on pages: the mark of an order, the cards of whoever has to backfill, whose names a form offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dispatch.orders.lifecycle import Named, OrderFacts, transition, why_not
from dispatch.orders.models import Order
from dispatch.orders.operations.verbal import AT_WORK
from dispatch.orders.presenting.actions import Action
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_rules import escalates_at, still_decides
from dispatch.permissions import ROLES, permissions_of
from dispatch.staff.models import Person
from dispatch.words import Text, say


@dataclass(frozen=True)
class Mark:
    """What an order carries beside its status while an approval by word is open."""

    label: Text
    icon: str
    tone: str = "backfill"


TO_BACKFILL = Mark(say("To be backfilled"), "clock-history")
OVERDUE = Mark(say("To be backfilled: overdue"), "exclamation-circle", "breached")
ESCALATED = Mark(say("To be backfilled: overdue, with the director"), "exclamation-circle", "breached")
DISOWNED = Mark(say("Refused afterwards"), "x-circle")


def mark_of(order: Order, at: datetime) -> Mark | None:
    """The mark of an order; what was refused goes before what is still owed."""
    if order.disowned:
        return DISOWNED
    if order.backfill_due is None:
        return None
    return _mark_by_time(order.backfill_due, at)


def _mark_by_time(due_at: datetime, at: datetime) -> Mark:
    if escalates_at(due_at) < at:
        return ESCALATED
    return OVERDUE if due_at < at else TO_BACKFILL


def mark_of_word(word: VerbalApproval, at: datetime) -> Mark:
    """The mark of one approval by word that is open."""
    return DISOWNED if word.disowned else _mark_by_time(word.due_at, at)


@dataclass(frozen=True)
class WordCard:
    """One approval by word that waits for the reader, with his buttons."""

    word: VerbalApproval
    actions: list[Action]
    overdue: bool
    mark: Mark
    instead: bool
    """The reader answers in the place of whoever is named."""
    left: bool
    """Only the named person can answer, and has not for too long: the reader sees to it that he does."""

    def named(self, name: str) -> Action | None:
        """The button of this name, if it is there."""
        return next((action for action in self.actions if action.name == name), None)


LABELS = {
    "confirm": say("Yes, I approved this"),
    "confirm_instead": say("Yes, this was approved"),
    "refuse": say("No, I did not"),
    "refuse_instead": say("No, it was not"),
    "settle": say("Write how it was settled"),
}


def card_of(word: VerbalApproval, me: int | None, at: datetime, url: Callable[[str], str]) -> WordCard:
    """The card of an approval by word; somebody else than the named person answers in his place."""
    mine = word.approver_id == me
    own = "" if mine else "_instead"
    left = word.waits and not mine and word.approver.active and still_decides(word.approver.roles, word.permission)
    if left:
        actions = []
    elif word.disowned:
        actions = [_action("settle", "", url, needs_reason=True, primary=True)]
    else:
        actions = [_action("confirm", own, url, primary=True), _action("refuse", own, url, needs_reason=True)]
    return WordCard(word, actions, word.overdue(at), mark_of_word(word, at), not mine and not left and word.waits, left)


def _action(name: str, own: str, url: Callable[[str], str], *, needs_reason: bool = False, primary: bool = False) -> Action:
    return Action(name, LABELS[name + own], url(name), 0, True, None, needs_reason, primary=primary)


def way_to_word(order: Order, facts: OrderFacts) -> bool:
    """Whether the reader may record an approval by word now: for the open level, or for the work."""
    if order.status in AT_WORK:
        return "word.record" in facts.actor_permissions
    return order.status == "awaiting_approval" and "order.take" in facts.actor_permissions


def nameable(order: Order, facts: OrderFacts, people: Sequence[Person]) -> list[Person]:
    """Those of the people whose word would do: for an open level, who could decide it himself."""
    if order.status in AT_WORK:
        return list(people)
    row = transition("order", "approve_by_word")
    return [one for one in people if why_not(row, "order", order.status, replace(facts, named=_named(one))) is None]


def _named(person: Person) -> Named:
    return Named(person.id, person.name, permissions_of(person.roles))


def options(people: Sequence[Person]) -> list[tuple[int, Text]]:
    """People as the choices of a form, each with the role in which he decides."""
    return [(one.id, say("%(name)s (%(role)s)", name=one.name, role=_role(one))) for one in people]


def _role(person: Person) -> Text:
    return next(ROLES[role] for role in ("director", "manager", "supervisor", "finance") if role in person.roles)

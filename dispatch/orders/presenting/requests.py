"""Requests that climb the ladder beside orders, on pages: their buttons for the reader, and whom they wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.approvals.models import ALIVE, Request, RequestStep
from dispatch.approvals.operations.linking import why_not_make
from dispatch.approvals.operations.steps import DECIDED
from dispatch.approvals.queries import deciders_and_deputies, turn_of
from dispatch.approvals.rules import level_word, state_word, why_not_decide, word_after_yes
from dispatch.orders.presenting.actions import Action
from dispatch.orders.presenting.ladder import next_people
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

Address = Callable[[str], str]


@dataclass(frozen=True)
class Asked:
    """One request as the reader meets it."""

    request: Request
    actions: list[Action]
    own_branch: bool
    may_link: bool = False
    """He may make a link for its open level."""

    @property
    def can_decide(self) -> bool:
        """He may decide its open level."""
        return bool(self.actions) and self.actions[0].allowed

    @property
    def state(self) -> Text:
        """How it stands."""
        return state_word(self.request.kind, self.request.state)


def asked_card(request: Request, by: Actor, address: Callable[[int, int], Address]) -> Asked:
    """A request with its buttons; `address` makes those of a request and step."""
    step = request.open_step
    actions = decisions(request, by, address(request.id, step.id)) if step else []
    own_branch = by.sees_branch(request.branch_id)
    may_link = step is not None and own_branch and why_not_make(turn_of(request, by), by) is None
    return Asked(request, actions, own_branch, may_link)


def decisions(request: Request, by: Actor, url: Address) -> list[Action]:
    """Approve and reject for the open level, or one shut button that says why the reader cannot."""
    no = why_not_decide(turn_of(request, by))
    if no is not None:
        return [Action("decide", say("Approve or reject"), "", 0, False, no, False)]
    yes = Action("approve", say("Approve"), url("approve"), 0, True, None, False, primary=True)
    return [yes, Action("turn_down", say("Reject"), url("reject"), 0, True, None, True)]


@dataclass(frozen=True)
class Choice:
    """One of several requests that are to be approved together: what a yes comes to, or came to, or why there is none."""

    request: Request
    step: RequestStep | None
    """The level that was on the page."""
    given: bool
    """The reader has said yes to it."""
    why_not: Text | None

    @property
    def open(self) -> bool:
        """A yes is possible."""
        return not self.given and self.why_not is None

    @property
    def outcome(self) -> Text:
        """What the reader's yes to it comes to."""
        return word_after_yes(self.request.kind, (self.step.following or ()) if self.step else ())


def choice_of(request: Request, step_id: int, by: Actor, refused: Text | None = None) -> Choice:
    """A chosen request, as it stands; `refused` is what the rules have just said."""
    step = next((one for one in request.steps if one.id == step_id), None)
    given = step is not None and step.decision == "approved" and step.decided_by_id == by.id
    over = step is None or step.decision is not None
    return Choice(request, step, given, None if given else refused or (DECIDED if over else why_not_decide(turn_of(request, by))))


def may_withdraw(request: Request, by: Actor) -> bool:
    """Whether the reader has asked for it, and it may still come to something."""
    return request.state in ALIVE and by.id in turn_of(request, by).asked_by


def waits_for_people(session: Session, request: Request, by: Actor, at: datetime) -> tuple[Text, list[Text | str]] | None:
    """The open level as a word, and who may decide it; None where nothing is open."""
    step = request.open_step
    if step is None:
        return None
    turn = turn_of(request, by)
    people = deciders_and_deputies(session, step.permission, request.branch_id, at)
    return level_word(step.permission), next_people(people, step.permission, turn.barred)

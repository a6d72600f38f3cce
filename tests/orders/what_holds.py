"""What holds of an order whatever people do: its status, its visits, its approvals, its history."""

from __future__ import annotations

import itertools

from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.orders.lifecycle import FOLLOWING, LINE_SETTLED, VISIT_LIVE, followed_status
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor


def status_follows(order: Order) -> None:
    """The order stands where its vehicles and visits say, and is closed only with all of them settled."""
    lines = [line.status for line in order.lines]
    if order.status in FOLLOWING:
        assert order.status == followed_status(lines, [v.status for v in order.visits])
    if order.status == "closed":
        assert all(line in LINE_SETTLED for line in lines)


def nobody_is_booked_twice(order: Order) -> None:
    """No technician is in two places at once, and no vehicle is served by two visits."""
    live = sorted((v.technician_id, v.starts_at, v.ends_at) for v in order.visits if v.status in VISIT_LIVE)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in itertools.pairwise(live))
    covered = [vl.line_id for v in order.visits if v.status in VISIT_LIVE for vl in v.visit_lines]
    assert len(covered) == len(set(covered)), "two visits are to serve one vehicle"


def approvals_are_honest(order: Order, *, untrained: Actor) -> None:
    """Nobody is sent without approval or training, and nobody approves his own."""
    assert order.approved or not order.visits
    assert not any(v.technician_id == untrained.id for v in order.visits), "an untrained technician was sent"
    assert all(step.decided_by_id != order.created_by_id for step in order.approvals if step.decided_by_id)
    for _, steps in itertools.groupby(order.approvals, key=lambda step: step.round):
        levels = list(steps)
        hands = [{step.decided_by_id, step.for_id, step.link_by_id} - {None} for step in levels]
        assert sum(map(len, hands)) == len(set().union(*hands)), "one person had a hand in two levels"
        assert all(order.created_by_id not in each for each in hands), "whoever asked had a hand in it"
        assert [step.step for step in levels] == list(range(1, len(levels) + 1)) and levels[0].permission == "order.approve"
        assert all(step.decision in ("approved", "by_word") for step in levels[:-1]), "a level was left out"
    last = order.approvals[-1]
    assert not order.approved or (last.decision in ("approved", "by_word") and not last.following), (
        "approved before its last level"
    )


def words_are_answered_for(order: Order) -> None:
    """Each approval by word is answered by the person it names, before the order is closed."""
    by_word = {step.id for step in order.approvals if step.decision == "by_word"}
    assert {word.approval_id for word in order.verbal_approvals if word.approval_id} == by_word
    for word in order.verbal_approvals:
        assert word.recorded_by_id not in (word.approver_id, word.decided_by_id, word.settled_by_id)
        assert word.decided_by_id in (None, word.approver_id), "somebody else answered for a word"
        assert order.status != "closed" or not (word.waits or word.disowned), "closed before it was backfilled"


def actions_of_a_whole_history(session: Session, order: Order) -> set[str]:
    """What was done with the order; its chain is unbroken and ends where the order stands."""
    assert not list(broken_chains(session))
    entries = history(session, ("order", order.id))
    told = [e.detail["to"] for e in entries if e.action.startswith("order.") and "to" in e.detail]
    assert told[0] == order.status, "the history does not end where the order stands"
    return {e.action for e in entries}

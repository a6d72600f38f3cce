"""First-contact ownership (Q2, Q6): who owns what a customer came with, until the customer has confirmed that it is settled.

It stands beside closing: closing is about our papers, confirming is the customer's word. Neither waits for the other, and a
contact that nobody has confirmed stays with its owner although its order is closed. "Not solved" sets the work going again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.words import Text, say

HOW: dict[str, Text] = {
    "phone": say("by phone"),
    "link": say("by the link"),
    "signature": say("with the signature on site"),
    "earlier": say("closed before confirmations were kept"),
}
"""How the customer said that it is settled."""

SETTLED = ("done", "closed", "rejected", "cancelled")
"""Where an order stands when there is something to tell the customer."""
REOPENS = ("done", "closed")
"""From where "not solved" sends an order back to work."""

ANSWERS = ("solved", "not_solved")

UNKNOWN = say("This link leads nowhere. Perhaps a part of it was lost on the way: ask for a new one.")


@dataclass(frozen=True)
class ContactFacts:
    """What the acts on a contact hang on. `order_status` is None for remote help without an order."""

    order_status: str | None
    owner_id: int
    offered_to_id: int | None
    confirmed: bool
    unsolved: bool = False


def why_not_confirm(facts: ContactFacts) -> Text | None:
    """Why the customer's word cannot be noted now; None when it can."""
    if facts.confirmed:
        return say("The customer has confirmed it already.")
    if facts.order_status is None:
        return say("The customer said that it is not solved: an order is to be made of it.") if facts.unsolved else None
    if facts.order_status not in SETTLED:
        return say("The work is not done yet: there is no result to be confirmed.")
    return None


def why_not_unsolved(facts: ContactFacts) -> Text | None:
    """Why "not solved" cannot be noted now; None when it can. What was confirmed may turn out not to be."""
    if facts.order_status is None:
        return say("The customer said so already: an order is to be made of it.") if facts.unsolved else None
    if facts.order_status not in REOPENS:
        return say("The work is not done yet: it goes on anyway.")
    return None


def why_not_offer(facts: ContactFacts, to_id: int) -> Text | None:
    """Why a contact cannot be handed over to somebody; None when it can be offered."""
    if facts.confirmed:
        return say("The customer has confirmed it already.")
    if facts.offered_to_id is not None:
        return say("It is offered to somebody already: wait for the answer, or take the offer back.")
    return say("It is his already.") if to_id == facts.owner_id else None


@dataclass(frozen=True)
class ContactLinkFacts:
    """What the fate of a link to confirm hangs on. `signed_in` is the name of whoever of ours opened it: it is the customer's."""

    answered: bool
    revoked: bool
    expires_at: datetime
    contact: ContactFacts
    signed_in: str | None = None


def why_not_use(link: ContactLinkFacts, at: datetime) -> Text | None:
    """Why a link to confirm cannot be used at a moment; None when it can."""
    ours = say(
        "This link is the customer's, and you are signed in as %(name)s: write down yourself what he says.", name=link.signed_in
    )
    checks: tuple[tuple[bool, Text], ...] = (
        (link.signed_in is not None, ours),
        (link.answered, say("This link was used already. Thank you for your answer.")),
        (link.revoked, say("A newer link was sent to you: please use that one.")),
        (link.contact.confirmed, say("This was confirmed in another way meanwhile. Nothing is left to do.")),
        (link.expires_at <= at, say("This link has ended: it was good for a limited time. Please call us.")),
    )
    said = next((text for bad, text in checks if bad), None)
    return said or (say("The work goes on: you will be asked when it is done.") if why_not_confirm(link.contact) else None)


def raised(urgency: str) -> str:
    """How urgent an order is once somebody called about it again. An emergency is declared by a person, never by counting."""
    return "urgent" if urgency == "normal" else urgency

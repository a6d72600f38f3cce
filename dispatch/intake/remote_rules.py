"""Remote help (Q5): only with the customer's recorded consent, and on record whether it helped."""

from __future__ import annotations

from dispatch.words import Text, say

CONSENTS: dict[str, Text] = {
    "spoken": say("said yes on the phone"),
    "written": say("wrote it in a message"),
    "signed": say("signed for it"),
}
"""How somebody at the customer's agreed that we work on his terminal from afar."""
RESULTS = ("solved", "not_solved")

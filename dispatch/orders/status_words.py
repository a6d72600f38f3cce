"""What people read for the statuses of the lifecycle."""

from __future__ import annotations

from dispatch.words import Text, say

ORDER_WORDS: dict[str, Text] = {
    "draft": say("Draft"),
    "awaiting_approval": say("Awaiting approval"),
    "approved": say("Approved"),
    "planned": say("Planned"),
    "dispatched": say("Dispatched"),
    "working": say("Working"),
    "waiting": say("Waiting"),
    "done": say("Done"),
    "closed": say("Closed"),
    "rejected": say("Rejected"),
    "cancelled": say("Cancelled"),
}
LINE_WORDS: dict[str, Text] = {
    "open": say("Open"),
    "done": say("Done"),
    "not_done": say("Not done"),
    "residual": say("Left over"),
}
VISIT_WORDS: dict[str, Text] = {
    "planned": say("Planned"),
    "dispatched": say("Dispatched"),
    "on_the_way": say("On the way"),
    "on_site": say("On site"),
    "finished": say("Finished"),
    "abandoned": say("Abandoned"),
}
WORDS = {"order": ORDER_WORDS, "line": LINE_WORDS, "visit": VISIT_WORDS}

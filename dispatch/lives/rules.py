"""The chapters of a life, by which its history is filtered."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.words import Text, say

CHAPTERS: Mapping[str, Text] = {
    "move": say("Who had it"),
    "vehicle": say("In and out of vehicles"),
    "order": say("Orders and visits"),
    "test": say("Test-runs"),
    "sheet": say("Sheets"),
    "repair": say("Returns for repair"),
    "heard": say("Silences and restarts"),
    "carrier": say("At the carrier"),
    "owner": say("Whose it was"),
    "tool": say("Calibrations"),
    "record": say("The record"),
}
"""In the order of the filters."""
AT_ONCE = ("record", "order", "move", "owner", "carrier", "heard", "repair", "tool", "test", "sheet")
"""Of what happened at the same moment, this is the order in which one led to the other; a move is one, in a vehicle or not."""
PAGE_SIZE = 50

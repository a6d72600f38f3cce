"""Why a unit moved, in words. The ledger stores the code."""

from __future__ import annotations

from dispatch.words import Text, say

REASONS: dict[str, Text] = {
    "receive": say("Taken into stock"),
    "issue": say("Issued"),
    "return": say("Returned to the store"),
    "given_again": say("Given to us again by the customer"),
    "hand_over": say("Handed to a colleague"),
    "contract_out": say("Given to a contractor"),
    "contract_back": say("Back from a contractor"),
    "found": say("Found in the vehicle"),
    "install": say("Installed"),
    "swap_in": say("Fitted in a swap"),
    "swap_out": say("Taken out in a swap"),
    "remove": say("Removed"),
    "move_out": say("Taken out to be moved to another vehicle"),
    "move_in": say("Moved in from another vehicle"),
    "repair": say("Sent for repair"),
    "bench": say("Received at the repair bench"),
    "from_supplier": say("Back from the supplier"),
    "repaired": say("Repaired"),
    "no_fault": say("No fault found"),
    "replacement": say("Sent by the supplier as a replacement"),
    "correct": say("Corrected"),
    "send": say("Sent to another branch"),
    "arrive": say("Arrived from another branch"),
    "come_back": say("Sending taken back"),
    "turn_up": say("Turned up again"),
    "scrap": say("Scrapped"),
    "write_off": say("Written off the stock"),
    "short": say("Fewer counted than on record"),
    "surplus": say("More counted than on record"),
    "use": say("Used on a vehicle"),
    "lose": say("Lost"),
    "found_again": say("Found again"),
}


def reason_word(code: str) -> Text | str:
    """The word of a reason; a code nobody knows is shown as it is."""
    return REASONS.get(code, code)

"""How the form above a request starts: what the file says, and what is known of its place."""

from __future__ import annotations

from collections import Counter

from sqlalchemy.orm import Session

from dispatch.customers.queries import place_known
from dispatch.intake.requests import Request, RequestHeader
from dispatch.intake.rules import show_place
from dispatch.staff.rules import Actor

SALESMAN = "业务员："
"""As the customer's own file says it: the note stays with the order, whoever reads it in whichever language."""


def header_texts(session: Session, found: Request | None, by: Actor) -> dict[str, str]:
    """What the file says, the commonest address of its lines, the place if it is known; blanks for a file not understood yet."""
    header = found.header if found else RequestHeader()
    addresses = Counter(line.address for line in found.lines if line.address) if found else Counter[str]()
    address = header.address or next((text for text, _count in addresses.most_common(1)), "")
    site = place_known(session, address, by) if address else None
    return {
        "customer": header.customer,
        "contact": header.contact,
        "phone": header.phone,
        "address": address,
        "place": show_place(site.lat, site.lon) if site else "",
        "model": header.model,
        "wanted_on": header.wanted_on.isoformat() if header.wanted_on else "",
        "urgency": "normal",
        "note": f"{SALESMAN}{header.salesman}" if header.salesman else "",
    }

"""A row of a list of calls as a call: what it lacks to be taken, and what a person should look at."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from dispatch.customers.rules import Doubt
from dispatch.intake.calls import RepairCall
from dispatch.intake.forms import NO_VEHICLE, Call, call_doubts, missing_in
from dispatch.orders.rules import symptom_in
from dispatch.words import Text, say

FILE_ACCURACY_M = 100

MISSING: dict[str, Text] = {
    "customer": say("the customer's name is missing"),
    "contact": say("the caller's name is missing"),
    "phone": say("the phone number is missing"),
    "address": say("the address is missing"),
    "model": say("the product model is missing"),
    "plate": NO_VEHICLE,
}
COLUMN_OF = {"contact": "caller"}
"""The column of a list that gives a field of a call, where it has another name."""


def call_reasons(row: RepairCall) -> tuple[dict[str, Text], dict[str, Doubt]]:
    """What stands in the way of a row, and what is doubtful in it, by column."""
    call = call_of(row, uuid.UUID(int=0), "UTC")
    missing = {COLUMN_OF.get(name, name): MISSING.get(name, text) for name, text in missing_in(call).items()}
    return missing, {name: doubt for name, (_, doubt) in call_doubts(call).items()}


def call_of(row: RepairCall, key: uuid.UUID, zone: str) -> Call:
    """A row of the list as a call. Its time is the branch's, its place as exact as such lists are."""
    return Call(
        customer=row.customer,
        contact=row.caller,
        phone=row.phone.written,
        address=row.address,
        model=row.model,
        symptom=symptom_in(row.symptom),
        plate=row.plate,
        vin=row.vin,
        symptom_text=row.symptom,
        purchased_on=row.purchased_on,
        place=(row.lat, row.lon) if row.lat is not None and row.lon is not None else None,
        place_source="file",
        accuracy_m=FILE_ACCURACY_M,
        urgency=row.urgency,
        received_at=row.at.replace(tzinfo=ZoneInfo(zone)),
        request_key=key,
    )

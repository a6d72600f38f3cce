"""A list of repair calls as JSON and back, for a preview that is kept until a person confirms it."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import date, datetime

from dispatch.customers.rules import read_phone
from dispatch.intake.calls import RepairCall
from dispatch.intake.models import Upload
from dispatch.intake.rules import show_place
from dispatch.intake.stored import Json
from dispatch.orders.rules import symptom_in


def call_to_json(call: RepairCall) -> Json:
    """One call as read."""
    purchased = call.purchased_on and call.purchased_on.isoformat()
    return asdict(call) | {"at": call.at.isoformat(), "phone": call.phone.written, "purchased_on": purchased}


def call_from_json(stored: Json) -> RepairCall:
    """What `call_to_json` gave -> RepairCall."""
    purchased = stored["purchased_on"] and date.fromisoformat(stored["purchased_on"])
    read = {"at": datetime.fromisoformat(stored["at"]), "phone": read_phone(stored["phone"]), "purchased_on": purchased}
    return RepairCall(**stored | read)


def key_of(upload: Upload, row: int) -> uuid.UUID:
    """The request key of a row: the same for the same file at the same branch, however often it is sent in."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{upload.branch_id}:{upload.file_hash.hex()}:{row}")


def call_texts(upload: Upload, row: int) -> dict[str, str]:
    """A row of a kept list as the call page's texts; {} for a row it does not have."""
    stored = next((each for each in upload.content["rows"] if each["row"] == row), None)
    if stored is None:
        return {}
    names = {"customer": "customer", "contact": "caller", "phone": "phone", "plate": "plate", "vin": "vin", "model": "model"}
    more = {"address": "address", "purchased_on": "purchased_on", "urgency": "urgency", "symptom_text": "symptom"}
    texts = {field: stored[key] or "" for field, key in (names | more).items()}
    place = show_place(stored["lat"], stored["lon"])
    return texts | {"place": place, "symptom": symptom_in(stored["symptom"]), "request_key": str(key_of(upload, row))}

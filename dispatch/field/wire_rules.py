"""What a phone and the server say to each other: the shapes of a batch of facts, of a fact, and of the answers.

Every call names the phone in its headers: `Dispatch-Phone` (a UUID that the app made for itself and this person), `Dispatch-App`
(its version, counted from 1) and `Dispatch-Time` (its clock as it sends, ISO 8601 with offset).

    POST /api/field/facts           {"facts": [fact, …]}           -> {"format", "next", "update", "offset_ms", "facts": […]}
    GET  /api/field/blobs/SHA256                                   -> {"received": bytes, "done": bool}
    PUT  /api/field/blobs/SHA256    one piece, with Content-Range  -> the same
    POST /api/field/receipt-blocks  {"known": [ids], "left": n}    -> {"blocks": [{"id", "first", "last", "prefix"}, …]}
    GET  /api/field/phones/UUID     (without a login)              -> 204, or 410 {"code": "wipe"}

A fact is `{"id": UUID, "seq": n, "kind": word, "visit": id, "at": ISO 8601, "content": {…}, "spot": {"lat", "lon",
"accuracy_m"}}`; `seq` counts this phone's facts from 1 without a gap, and they are sent in that order. An answer is `{"id",
"seq", "answer", "state", "told"}`: `answer` is "kept", "before" (it had come already: this is what was said then) or "later"
(one before it is missing, or the batch is too long: send again from `next` on); `state` is "new", "waiting" (for its photo),
"applied" or "disputed", `told` why. What is damaged, unknown or nobody's is kept and disputed: nothing of the field is ever
refused. `update` is "" for a version in use, "can" for the one before and "must" for older ones, whose facts are kept all the
same.

401: log in again and send the same; 409: this phone is another person's; 410 with the code "wipe": the phone was locked out.
What was waiting on it is kept for the office; once its answers are there it deletes all it has and says so with `"wiped": true`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.devices.rules import Spot, spot_of
from dispatch.words import Text, say, text_from_json

FORMAT = 1
APP_VERSION = 1
"""The version of the app that this server comes with; the one before it counts as good."""
MOST_FACTS = 200
DEEPEST, LARGEST_KEY = 30, 2**63 - 1

NO_TIME = say("This record does not say when it was made.")
NO_CONTENT = say("This record is damaged: its content cannot be read.")
NO_VISIT = say("This record names no visit.")
HALF = say("This record is only half there.")


@dataclass(frozen=True)
class WireFact:
    """A fact as far as it could be read. Without a `seq` it has no place among the phone's others; `wrong`: what is damaged."""

    id: uuid.UUID
    sent_id: Any
    seq: int | None
    kind: str
    visit_id: int | None
    at: datetime | None
    content: dict[str, Any]
    spot: Spot | None
    wrong: Text | None


def read_body(body: bytes) -> dict[str, Any] | None:
    """The JSON object that was sent; None for anything else. Numbers that no column holds become texts."""
    try:
        read = json.loads(body, parse_float=_fraction, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _fraction(text: str) -> float | str:
    number = float(text)
    return number + 0.0 if math.isfinite(number) else text  # there is no minus zero in the database


def read_fact(raw: Any, phone: uuid.UUID) -> WireFact:
    """One record of a batch, however damaged: what has no UUID is given one that follows from what was sent."""
    given: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    key, seq = _uuid(given.get("id")), _seq(given.get("seq"))
    content, kind, visit, at = given.get("content", {}), given.get("kind"), given.get("visit"), moment_in(given.get("at"))
    whole = {"visit": visit, **content} if isinstance(content, dict) else None
    wrong = _wrong(key is not None and seq is not None, whole, at, kind)
    return WireFact(
        id=key if key and seq else uuid.uuid5(phone, _text(raw)),
        sent_id=_plain(given.get("id")),
        seq=seq if key else None,
        kind=_kind(kind),
        visit_id=key_in(visit),
        at=at,
        content=whole if whole is not None and is_sound(whole) else {"as_sent": _text(raw)},
        spot=_spot(given.get("spot")),
        wrong=wrong,
    )


def _wrong(named: bool, whole: dict[str, Any] | None, at: datetime | None, kind: Any) -> Text | None:
    if not named or not isinstance(kind, str):
        return HALF
    if whole is None or not is_sound(whole):
        return NO_CONTENT
    if at is None:
        return NO_TIME
    return NO_VISIT if key_in(whole.get("visit")) is None else None


def is_sound(value: Any, depth: int = 0) -> bool:
    """Whether the database can give a value back as it was sent."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    if depth > DEEPEST:
        return False
    if isinstance(value, dict):
        return all(is_sound(name) and is_sound(inner, depth + 1) for name, inner in value.items())
    return all(is_sound(inner, depth + 1) for inner in value) if isinstance(value, list) else True


def _text(raw: Any) -> str:
    """What was sent in one line of text that can be stored whatever it was."""
    try:
        return json.dumps(raw, sort_keys=True).replace("\\u0000", "\\\\u0000")
    except (ValueError, RecursionError):
        return "…"


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int)) else None


def _kind(value: Any) -> str:
    return value[:60] if isinstance(value, str) and value and is_sound(value) else "unknown"


def _uuid(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _seq(value: Any) -> int | None:
    number = key_in(value)
    return number if number and number < 2**53 else None


def key_in(value: Any) -> int | None:
    """A number that a row can have."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_KEY else None


def moment_in(value: Any) -> datetime | None:
    """A moment with its offset, in a year that a calendar can show; None for anything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and 1990 <= moment.year <= 2150 else None


def _spot(value: Any) -> Spot | None:
    given = value if isinstance(value, dict) else {}
    return spot_of(**{name: _degrees(given.get(name)) for name in ("lat", "lon", "accuracy_m")})


def _degrees(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9 else None


def records_of(body: Mapping[str, Any]) -> Sequence[Any] | None:
    """The records of a batch; None for what is no batch."""
    facts = body.get("facts")
    return facts if isinstance(facts, list) else None


def update_of(version: int | None) -> str:
    """What an app of this version is to hear: "", "can" or "must" be updated."""
    if version is None or version < APP_VERSION - 1:
        return "must"
    return "can" if version < APP_VERSION else ""


def why_of(outcome: Mapping[str, Any] | None) -> Text | None:
    """Why a fact is disputed or waits, out of how applying it ended; None where nothing is to be said."""
    return text_from_json(outcome) if outcome and "msgid" in outcome else None


def second_id(fact_id: uuid.UUID, content_hash: bytes, person_id: int) -> uuid.UUID:
    """Under what a record is kept whose own UUID came before with another content, or from somebody else."""
    return uuid.uuid5(fact_id, f"{person_id}:{content_hash.hex()}")


def is_sha256(text: str) -> bool:
    """Whether a text can name a blob."""
    return len(text) == hashlib.sha256().digest_size * 2 and all(sign in "0123456789abcdef" for sign in text)


def phone_called(agent: str) -> str:
    """What a person recognises a phone by, out of what its browser says of itself: "Android 13; SM-A536B"."""
    found = re.search(r"\((?:Linux; )?([^)]+)\)", agent)
    name = found[1] if found else agent
    return name.removesuffix("; wv").strip()[:60]

"""Photos, and the customer's signature or refusal under the summary that was shown."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.field.acts import Act
from dispatch.field.models import Photo, Signature
from dispatch.field.rules import PHOTO_KINDS
from dispatch.field.summary import FORMAT, summary_of
from dispatch.files.strokes import is_drawn
from dispatch.words import say

CHANGED = say("Something was changed after the summary was shown. Show it again and have it signed again.")


def add_photo(session: Session, act: Act) -> None:
    """A photo whose file is kept already; `content` says what it is and what the camera wrote."""
    content = act.content
    if content["kind"] not in PHOTO_KINDS:
        raise NotFound
    _check_under_way(act)
    line = act.line(session) if content.get("line") else None
    taken = content.get("taken_at")
    photo = Photo(
        id=act.sent.id,
        kind=content["kind"],
        order_id=act.order.id,
        visit_id=act.visit.id,
        line_id=line.id if line else None,
        sha256=content["sha256"],
        width=content["width"],
        height=content["height"],
        taken_at=datetime.fromisoformat(taken) if taken else None,
        lat=content.get("lat"),
        lon=content.get("lon"),
        by_id=act.by.id or 0,
        by_name=act.by.name,
        at=act.when,
        received_at=act.heard_at,
    )
    session.add(photo)
    act.tell(session, line=photo.line_id, kind=photo.kind, sha256=photo.sha256)


def _check_under_way(act: Act) -> None:
    """Raises RuleBroken unless it was taken while the visit was under way, and the order can still take it."""
    visit = act.visit
    if visit.status == "finished" and visit.departed_at and visit.finished_at and act.order.status != "closed":
        under_way = visit.departed_at <= act.when <= visit.finished_at
    else:
        under_way = visit.status in ("on_the_way", "on_site")
    if not under_way:
        raise RuleBroken(say("Photos belong to a visit that is under way."))


def sign(session: Session, act: Act) -> None:
    """The customer signs: strokes drawn by finger, bound to the summary by its hash."""
    act.must_be_on_site()
    points = act.content.get("points")
    if not is_drawn(points):
        raise Invalid({"points": say("This is not a signature yet. Please sign in the field.")})
    signed = Signature(refused=False, points=points, **_under(session, act))
    session.add(signed)
    act.tell(session, name=signed.signer, summary=signed.summary_hash.hex())


def refuse(session: Session, act: Act) -> None:
    """The customer does not sign: why, and a photo taken there and then."""
    act.must_be_on_site()
    reason, photo = str(act.content.get("reason") or "").strip(), _photo(session, act)
    wrong = {}
    if not reason:
        wrong["reason"] = say("Write down why the customer does not sign.")
    if photo is None:
        wrong["photo"] = say("Take a photo as evidence.")
    if wrong:
        raise Invalid(wrong)
    refused = Signature(refused=True, reason=reason, photo_id=photo, **_under(session, act))
    session.add(refused)
    act.tell(session, name=refused.signer, reason=reason, summary=refused.summary_hash.hex())


def _photo(session: Session, act: Act) -> uuid.UUID | None:
    given = act.content.get("photo")
    photo = session.get(Photo, uuid.UUID(given)) if given else None
    return photo.id if photo and photo.visit_id == act.visit.id else None


def _under(session: Session, act: Act) -> dict[str, Any]:
    """What both kinds have in common. Raises Conflict when the summary is not the one that was shown."""
    signer = str(act.content.get("signer") or "").strip()
    if not signer:
        raise Invalid({"signer": say("Enter the name of the person who stands there.")})
    summary = summary_of(session, act.order, act.visit)
    shown = _shown(act, summary)
    return {
        "id": act.sent.id,
        "order_id": act.order.id,
        "visit_id": act.visit.id,
        "signer": signer[:100],
        "phone": str(act.content.get("phone") or "").strip()[:40] or None,
        "summary": shown,
        "summary_hash": _digest(shown),
        "summary_then": summary if canonical(summary) != canonical(shown) else None,
        "device": act.sent.device,
        **{name: act.content.get(name) for name in ("lat", "lon", "accuracy_m")},
        "by_id": act.by.id or 0,
        "by_name": act.by.name,
        "at": act.when,
        "received_at": act.heard_at,
    }


def _shown(act: Act, summary: dict[str, Any]) -> dict[str, Any]:
    """What the customer read before he signed. A phone without signal sends it along, and it may differ from the record by now: a
    true signature all the same. A page shows the record's, and has to show it again.
    """
    sent, claimed = act.content.get("summary"), act.content.get("summary_hash")
    if isinstance(sent, dict) and sent.get("format") == FORMAT:
        if _digest(sent).hex() != claimed:
            raise RuleBroken(say("The signature does not belong to the summary that came with it."))
        return sent
    if _digest(summary).hex() != claimed:
        raise Conflict(CHANGED)
    return summary


def _digest(summary: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(summary)).digest()

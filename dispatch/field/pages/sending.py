"""How a page sends what a technician did: each form carries the UUID of its fact, so that a second press counts once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.rules import Spot, spot_of
from dispatch.errors import Conflict, Invalid, NotFound, Refusal, RuleBroken
from dispatch.field.acting import act
from dispatch.field.forms import read_position
from dispatch.field.operations import SentBefore, SentFact
from dispatch.field.presenting.day import gone
from dispatch.typed import key_in
from dispatch.web.access import current
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

Answer = str | Response | tuple[str, int]
Acts = Sequence[tuple[str, dict[str, Any]]]
"""Kinds of facts with their contents, in the order in which they are applied."""

MENDED_HERE = frozenset({"visit.arrive", "goodwill.ask", "sign", "sign.refuse", "photo"})
"""Facts about which a dispatcher could do nothing better than the technician on the spot."""
UNITS = frozenset({"terminal", "sim", "old_terminal", "old_sim"})
DISPUTED = say("This does not fit what the office knows. It was kept, and the dispatcher will sort it out.")


@dataclass(frozen=True)
class Refused:
    """A form that was refused, with what was typed and what is wrong; `step` is the kind of fact it would have become.

    `insist`: he may send it all the same, for a dispatcher to decide.
    """

    step: str
    form: Form
    url: str
    insist: bool = False

    @property
    def sentence(self) -> Text:
        """What is wrong with the whole of it; where he may insist, what he would insist on."""
        errors = self.form.errors
        told = next(iter(errors.values())) if self.insist else errors.get("")
        return told or say("This was not sent yet. What you typed is still here.")

    @property
    def typed(self) -> Iterator[tuple[str, str]]:
        """Every name and text of the form, as it would be sent again."""
        return ((name, text) for name in self.form.values for text in self.form.texts(name))


def taken(
    visit_id: int, step: str, read: Callable[[Form], Acts], *, told: Text | None, to: str, again: Callable[[Refused], str]
) -> Answer:
    """Read the form, send what it says, answer: on to the page `to`, or the page that `again` makes with the refusal on it."""
    form, key, reading = Form.sent(), fact_key(), True
    try:
        acts = read(form)
        reading = False
        applied = send(visit_id, key, acts, insist=form.text("insist") == "1")
    except NotFound as missing:
        with transaction() as db:
            raise gone(db, visit_id, current()) from missing
    except Refusal as refusal:
        insist = not reading and may_insist(step, refusal)
        return again(Refused(step, form.refused(refusal), request.path, insist)), refusal.status
    if not applied:
        flash(tr(DISPUTED), "warning")
    elif told:
        flash(tr(told), "success")
    return redirect(to, 303)


def send(visit_id: int, key: uuid.UUID, acts: Acts, *, insist: bool = False) -> bool:
    """Keep and apply the facts of one form in one transaction; False when one of them waits for a dispatcher."""
    with transaction() as db:
        return send_in(db, visit_id, key, acts, at=now(), insist=insist)


def send_in(db: Session, visit_id: int, key: uuid.UUID, acts: Acts, *, at: datetime, insist: bool = False) -> bool:
    """The same within a transaction. The first fact has the form's own UUID, the others have ones that follow from it."""
    applied = True
    for place, (kind, content) in enumerate(acts):
        own = uuid.uuid5(key, str(place)) if place else key
        whole = {"visit": visit_id, **content}
        sent = SentFact(own, kind, device(), _seq(at) + place, whole, at, 0, visit_id=visit_id, spot=_spot())
        applied &= act(db, sent, by=current(), at=at, insist=insist).state == "applied"
    return applied


def _spot() -> Spot | None:
    """Where the phone says it is."""
    return spot_of(**dict.fromkeys(("lat", "lon")) | read_position(request.form))


def may_insist(step: str, refusal: Refusal) -> bool:
    """Whether the world may be right and the record wrong: then a dispatcher decides, not the form."""
    if step in MENDED_HERE or isinstance(refusal, SentBefore):
        return False
    if isinstance(refusal, Invalid):
        return bool(UNITS & refusal.fields.keys())
    return isinstance(refusal, RuleBroken | Conflict)


def fact_key() -> uuid.UUID:
    """The UUID that was made when the form was shown. Raises NotFound for a form without one."""
    key = key_in(request.form.get("fact", ""))
    if key is None:
        raise NotFound
    return key


def device() -> str:
    """This browser's own name, kept in its cookie."""
    if "device" not in session:
        session["device"] = f"web-{uuid.uuid4()}"
    return str(session["device"])


def _seq(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)

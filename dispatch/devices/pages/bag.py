"""The technician's own bag on the phone: what is in it, what the store and colleagues give him, and what he gives them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices import handing_over
from dispatch.devices.bench_queries import debts
from dispatch.devices.hand_overs import offers
from dispatch.devices.models import HandOver
from dispatch.devices.page_forms import read_ids, read_key, read_some_parts
from dispatch.devices.pages.acting import Acting, carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.papers import accepted, overdue
from dispatch.devices.part_moves import field_of
from dispatch.devices.part_queries import parts_held
from dispatch.devices.queries import bag, stores, units_held
from dispatch.errors import NotFound, Refusal
from dispatch.staff.queries import technicians
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.security import allow_compiled

LONGEST_LIST = 500
STORE = "s"
"""Marks a store among those to whom something can be handed."""


@pages.get("/my-bag")
@may("bag.hand_over")
def my_bag() -> Answer:
    """My terminals, SIMs and parts, offers to me and by me."""
    return _page(Form.of({}))


@pages.post("/my-bag")
@may("bag.hand_over")
def hand_to_colleague() -> Answer:
    """Offer the ticked units, and so many of each part, to a colleague, or give them back to a store."""

    def hand(db: Session, form: Form) -> str:
        chosen = read_ids(form.texts("units")) if form.texts("units") else []
        parts = read_some_parts({name: form.text(name) for name in form.values})
        facts: dict[str, Any] = {"note": form.text("note"), "key": read_key(form.text("key")), "by": current(), "at": now()}
        to = form.text("to")
        facts |= {"to_store_id": number_in(to[1:])} if to.startswith(STORE) else {"to_person_id": number_in(to)}
        return _offered(handing_over.offer(db, chosen, parts=parts, **facts))

    return carry_out(hand, to=url_for("devices.my_bag"), again=_page)


def _offered(made: HandOver) -> str:
    count, name = len(made.units), made.to_holder.person.name if made.to_holder.person else made.to_holder.name
    if made.parts:
        return str(_("Offered to %(name)s. All of it stays yours until he accepts.", name=name))
    words = ngettext(
        "%(num)d unit is offered to %(name)s. It stays yours until he accepts.",
        "%(num)d units are offered to %(name)s. They stay yours until he accepts.",
        count,
        name=name,
    )
    return str(words)


@pages.post("/my-bag/<int:hand_over_id>/accept")
@may("bag.hand_over")
def accept(hand_over_id: int) -> Answer:
    """I have what is ticked: it is mine now; or, of what the store says I gave back, yes, I did."""

    def take(db: Session, form: Form) -> str:
        offered = db.get(HandOver, hand_over_id)
        if offered is None:
            raise NotFound
        count = accepted(db, offered, form)
        if offered.kind == "return":
            return str(_("Both have said yes: it is the store's again."))
        if offered.kind == "bench":
            return str(_("Both have said yes: the repair bench has it."))
        if not count:
            return str(_("They are in your bag already."))
        if offered.parts:
            return str(_("It is in your bag now."))
        return str(ngettext("%(num)d unit is in your bag now.", "%(num)d units are in your bag now.", count))

    return _settled(take, hand_over_id)


@pages.post("/my-bag/<int:hand_over_id>/decline")
@may("bag.hand_over")
def decline(hand_over_id: int) -> Answer:
    """I have not got them."""

    def refuse(db: Session, form: Form) -> str:
        handing_over.decline(db, hand_over_id, reason=form.text("reason"), by=current(), at=now())
        return str(_("Noted: it stays where it was."))

    return _settled(refuse, hand_over_id)


@pages.post("/my-bag/<int:hand_over_id>/withdraw")
@may("bag.hand_over")
def withdraw(hand_over_id: int) -> Answer:
    """I take my offer back."""

    def take_back(db: Session, _form: Form) -> str:
        handing_over.withdraw(db, hand_over_id, by=current(), at=now())
        return str(_("Taken back: they stay yours."))

    return _settled(take_back)


def _settled(act: Acting, about: int | None = None) -> Answer:
    return carry_out(act, to=url_for("devices.my_bag"), again=lambda form, refusal: _page(form, refusal, about))


def _page(form: Form, refusal: Refusal | None = None, about: int | None = None) -> Answer:
    allow_compiled()
    with transaction() as db:
        page = render_template("devices/my_bag.html", form=form, refusal=refusal, about=about, **_shown(db))
    return (page, refusal.status) if refusal else page


def _shown(db: Session) -> Mapping[str, Any]:
    me = current()
    assert me.id is not None and me.branch_id is not None
    mine = bag(db, me.id)
    units = units_held(db, mine.id, limit=LONGEST_LIST) if mine else []
    to_me, by_me = offers(db, me.id)
    rooms = [room for room in stores(db, me) if room.branch_id == me.branch_id] if mine else []
    return {
        "units": units,
        "counted": parts_held(db, mine.id) if mine else [],
        "old": {case.unit_id: case for case in debts(db, me.id)},
        "at": now(),
        "today": local_day(now(), me.zone),
        "to_me": to_me,
        "by_me": by_me,
        "promised": {line.unit_id for each in (*by_me, *to_me) for line in each.units if line.open},
        "gone": _promised(mine.id if mine else 0, (*by_me, *to_me)),
        "overdue": now() - overdue(),
        "field_of": field_of,
        "takers": [
            *((f"{STORE}{room.id}", _("Back to %(store)s", store=room.name)) for room in rooms),
            *((each.id, each.name) for each in technicians(db, me.branch_id) if each.id != me.id),
        ],
        "key": uuid.uuid4(),
        "blank": Form(),
    }


def _promised(bag_id: int, papers: Iterable[HandOver]) -> Counter[int]:
    """How many of each part the bag has promised on papers that wait: part id -> count."""
    return sum((_open_parts(paper) for paper in papers if paper.from_holder_id == bag_id), Counter[int]())


def _open_parts(paper: HandOver) -> Counter[int]:
    return Counter({line.part_id: line.open for line in paper.parts})

"""The technician's own bag on the phone: what is in it, what colleagues hand to him, and handing over to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices import handing_over
from dispatch.devices.bench_queries import debts
from dispatch.devices.page_forms import read_ids, read_key
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.part_queries import parts_held
from dispatch.devices.queries import bag, units_held
from dispatch.errors import NotFound, Refusal
from dispatch.staff.queries import technicians
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form

LONGEST_LIST = 500


@pages.get("/my-bag")
@may("bag.hand_over")
def my_bag() -> Answer:
    """My terminals and SIMs, offers to me and by me."""
    return _page(Form.of({}))


@pages.post("/my-bag")
@may("bag.hand_over")
def hand_to_colleague() -> Answer:
    """Offer the ticked units to a colleague."""
    form = Form.sent()
    try:
        with transaction() as db:
            chosen = read_ids(form.texts("units")) if form.texts("units") else []
            to, key = number_in(form.text("to")), read_key(form.text("key"))
            made = handing_over.offer(db, chosen, to_person_id=to, note=form.text("note"), key=key, by=current(), at=now())
            count, name = len(made.units), made.to_holder.person.name if made.to_holder.person else ""
    except Refusal as refusal:
        return _page(form.refused(refusal), refusal)
    words = ngettext(
        "%(num)d unit is offered to %(name)s. It stays yours until he accepts.",
        "%(num)d units are offered to %(name)s. They stay yours until he accepts.",
        count,
        name=name,
    )
    flash(words, "success")
    return redirect(url_for("devices.my_bag"))


@pages.post("/my-bag/<int:hand_over_id>/accept")
@may("bag.hand_over")
def accept(hand_over_id: int) -> Answer:
    """I have them."""

    def take(db: Session) -> str:
        count = handing_over.accept(db, hand_over_id, by=current(), at=now())
        if not count:
            return str(_("They are in your bag already."))
        return str(ngettext("%(num)d unit is in your bag now.", "%(num)d units are in your bag now.", count))

    return _settled(take)


@pages.post("/my-bag/<int:hand_over_id>/decline")
@may("bag.hand_over")
def decline(hand_over_id: int) -> Answer:
    """I have not got them."""
    reason = Form.sent().text("reason")

    def refuse(db: Session) -> str:
        handing_over.decline(db, hand_over_id, reason=reason, by=current(), at=now())
        return str(_("Noted: they stay with your colleague."))

    return _settled(refuse, hand_over_id)


@pages.post("/my-bag/<int:hand_over_id>/withdraw")
@may("bag.hand_over")
def withdraw(hand_over_id: int) -> Answer:
    """I take my offer back."""

    def take_back(db: Session) -> str:
        handing_over.withdraw(db, hand_over_id, by=current(), at=now())
        return str(_("Taken back: they stay yours."))

    return _settled(take_back)


def _settled(act: Callable[[Session], str], about: int | None = None) -> Answer:
    try:
        with transaction() as db:
            words = act(db)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(Form.sent().refused(refusal), refusal, about)
    flash(words, "success")
    return redirect(url_for("devices.my_bag"))


def _page(form: Form, refusal: Refusal | None = None, about: int | None = None) -> Answer:
    with transaction() as db:
        page = render_template("devices/my_bag.html", form=form, refusal=refusal, about=about, **_shown(db))
    return (page, refusal.status) if refusal else page


def _shown(db: Session) -> Mapping[str, Any]:
    me = current()
    assert me.id is not None and me.branch_id is not None
    mine = bag(db, me.id)
    units = units_held(db, mine.id, limit=LONGEST_LIST) if mine else []
    to_me, by_me = handing_over.offers(db, me.id)
    return {
        "units": units,
        "counted": parts_held(db, mine.id) if mine else [],
        "old": {case.unit_id: case for case in debts(db, me.id)},
        "at": now(),
        "today": local_day(now(), me.zone),
        "to_me": to_me,
        "by_me": by_me,
        "promised": {line.unit_id for each in by_me for line in each.units if line.open},
        "colleagues": [(each.id, each.name) for each in technicians(db, me.branch_id) if each.id != me.id],
        "key": uuid.uuid4(),
    }

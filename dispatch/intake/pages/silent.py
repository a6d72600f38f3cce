"""Terminals that fell silent: what each can be told from afar, an order for it, or why nobody has to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.nearby import nearby
from dispatch.db import transaction
from dispatch.devices.page_forms import read_ids
from dispatch.devices.restarting import ask_restart
from dispatch.errors import NotFound, Refusal, RuleBroken
from dispatch.intake.first_steps import step_of, waits_until, way_of
from dispatch.intake.operations.dismissing import dismiss
from dispatch.intake.operations.handling_outages import skip_restart
from dispatch.intake.outage_queries import outages_now
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.silence_rules import DISMISS_DAYS, DISMISS_REASONS, ENDED_BY
from dispatch.intake.silences import hears, left_out
from dispatch.intake.silent_queries import SILENT_SORTS, ended_since, silence, silent_now, silent_one
from dispatch.jobs import enqueue
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text, say

LIST = "intake.silent"
WAYS = {"jt808": "JT/T 808", "traccar": "Traccar"}
RESTARTS: dict[str, Text] = {
    "done": say("The terminal was told to start anew."),
    "kept": say("Traccar tells it to start anew when it connects."),
    "refused": say("It did not take the order to start anew."),
    "unreached": say("It could not be reached."),
    "under way": say("It is being told to start anew."),
}


@pages.get("/silent")
@may("silence.see")
def silent() -> str:
    """All of the branch: outages first, then one by one, then those that somebody looks after already."""
    return _page(Form())


def _page(form: Form, asked: Sequence[int] = ()) -> str:
    at = now()
    with transaction() as db:
        cut = cut_asked(SILENT_SORTS, "heard")
        found = silent_now(db, current(), at=at, cut=cut)
        return render_template(
            "intake/silent.html",
            incidents=outages_now(db, current()),
            found=found,
            page=Leaf.of(found.single, LIST),
            sort=Heads(cut.sort, LIST),
            held={name: request.args[name] for name in ("page", "sort") if request.args.get(name)},
            left_out=left_out(db, current(), at=at),
            ended=ended_since(db, current(), at - timedelta(days=1)),
            deaf=settings().jt808_port > 0 and not hears(db, "jt808", at=at),
            near=nearby(db, current()).site,
            **acting(at),
            form=form,
            asked=asked,
        )


def acting(at: datetime) -> dict[str, Any]:
    """What the rows of silent terminals need: their next steps, and the words for them."""
    known = {"way_of": lambda one: way_of(one, at), "step_of": lambda one: step_of(one, at), "waits_until": waits_until}
    return known | _words()


def _words() -> dict[str, Any]:
    return {"days": DISMISS_DAYS, "reasons": DISMISS_REASONS, "restarts": RESTARTS, "ways": WAYS, "ended_by": ENDED_BY}


@pages.post("/silent/<int:silence_id>/restart")
@may("silence.act")
def restart(silence_id: int) -> Answer:
    """Have a terminal start anew, over whatever reaches it."""
    try:
        with transaction() as db:
            _restart(db, silence_id)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(Form().refused(refusal)), refusal.status
    flash(_("The terminal is told to start anew. Whether it did is shown here within minutes."), "success")
    return _back()


def _restart(db: Session, silence_id: int) -> None:
    one = silent_one(db, silence_id, current())
    way = way_of(one, now())
    if way is None:
        raise RuleBroken(say("This terminal cannot be reached from afar now."))
    asked = ask_restart(db, one.row.unit_id, way, by=current(), at=now())
    if way == "traccar" and asked.sent_at is None:
        enqueue(db, "intake.restart_by_platform", restart=asked.id)


@pages.post("/silent/<int:silence_id>/skip")
@may("silence.act")
def skip(silence_id: int) -> Answer:
    """An order is to be made without a restart; on to the call."""
    form = Form.sent()
    try:
        with transaction() as db:
            found = skip_restart(db, silence_id, reason=form.text("skip"), by=current(), at=now())
            vehicle_id = found.vehicle_id
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal), [silence_id]), refusal.status
    return redirect(url_for("intake.call", vehicle_id=vehicle_id, silence=silence_id), 303)


@pages.post("/silent/dismiss")
@may("silence.act")
def dismiss_silent() -> Answer:
    """Nobody has to be sent for these, for some time."""
    form = Form.sent()
    ids = read_ids(form.texts("silence"))
    try:
        with transaction() as db:
            count = dismiss(db, ids, reason=_reason(form), days=number_in(form.text("days")) or 0, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal), ids), refusal.status
    flash(_("Set aside: %(n)s.", n=count) if count else _("They report again already."), "success")
    return _back()


def _reason(form: Form) -> str:
    """The reason that was tapped, in the words of whoever tapped it, or what was written instead."""
    chosen = DISMISS_REASONS.get(form.text("why"))
    return " · ".join(part for part in (tr(chosen) if chosen else "", form.text("reason")) if part)


def _back() -> Response:
    return redirect(url_for("intake.silent"), 303)


def silent_fill(db: Session) -> dict[str, str]:
    """What a silence puts into the fields of a call, where the address names one; its key makes one order of two presses."""
    number = number_in(request.args.get("silence", ""))
    if number is None:
        return {}
    found = silence(db, number, current())
    since = f"{found.last_heard_at.astimezone(ZoneInfo(current().zone)):%m-%d %H:%M}"
    said = say("Silent since %(time)s; terminal %(serial)s.", time=since, serial=found.terminal.serial)
    key = str(found.request_key)
    return {"request_key": key, "symptom": "offline", "symptom_text": tr(said), "model": found.terminal.model}

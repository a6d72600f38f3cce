"""Issuing out of a store into a technician's bag, and what the next workday's picking list needs of the same things."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from dispatch.board.picked import day_list
from dispatch.board.spoken_for import Spoken, runs_short, spoken_for
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.hand_overs import units_issued
from dispatch.devices.issuing import Wanted, count_field, issue
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of
from dispatch.devices.page_forms import is_issue_field, read_issue
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import chosen_store, moved_words, own_branch
from dispatch.devices.parts import part_key
from dispatch.devices.queries import units_by_id
from dispatch.devices.shelves import shelves
from dispatch.devices.sim_life import sims_warned
from dispatch.errors import Invalid, Refusal
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.models import Person
from dispatch.staff.queries import technicians
from dispatch.staff.roster_queries import AHEAD, calendar_of
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text, say


@pages.route("/stock/issue", methods=["GET", "POST"], endpoint="issue")
@may("stock.change")
def issue_to_bag() -> Answer:
    """Issue units to a technician: scanned or typed numbers, or so many of a model. They are his once he has said yes, too.

    An address may fill the form's own fields: `technician`, `store`, `sims`, and `count-` with a model's name.
    """
    if request.method == "GET":
        return _issue_page(Form.of({name: text for name, text in request.args.items() if is_issue_field(name)}))
    form, at = Form.sent(), now()
    try:
        sent = read_issue({name: form.text(name) for name in form.values})
        with transaction() as db:
            person = _technician(db, sent.person_id)
            wanted, store = Wanted(sent.numbers, sent.terminals, sent.sims), chosen_store(db, sent.store_id)
            spoken, stored = _needed(db, store, person.id)
            count = issue(db, store=store, person_id=person.id, wanted=wanted, key=sent.key, by=current(), at=at)
            words = moved_words(count, bag_of(db, person_id=person.id, branch_id=person.branch_id))
            gone = units_issued(db, sent.key)
            warned: list[Text] = [*runs_short(spoken, stored, _taken(db, gone) if count else {})]
            warned += sims_warned(db, gone, local_day(at, current().zone))
    except Refusal as refusal:
        return _issue_page(form.refused(refusal), refusal)
    flash(words, "success")
    for text in warned:
        flash(tr(text), "warning")
    return redirect(url_for("devices.counter", person_id=sent.person_id))


def _needed(db: Session, store: Holder, person_id: int | None) -> tuple[dict[str, Spoken], Mapping[str, int]]:
    """What the next workday's list gives to others out of this store, and what the store has."""
    at, zone = now(), current().zone
    today, branch_id = local_day(at, zone), store.branch_id
    day = next_workday(calendar_of(db, branch_id, today, today + AHEAD), today)
    made = day_list(db, DayOfBranch(branch_id, day, zone, at), Ways.of(settings()), store)
    return spoken_for(made, day, without=person_id), made.stored


def _taken(db: Session, unit_ids: Sequence[int]) -> Counter[str]:
    units = units_by_id(db, unit_ids).values()
    return Counter(part_key(unit.kind, unit.terminal.model if unit.terminal else None) for unit in units)


def _technician(db: Session, person_id: int) -> Person:
    found = next((person for person in technicians(db, own_branch()) if person.id == person_id), None)
    if found is None:
        raise Invalid({"technician": say("Choose a technician.")})
    return found


def _issue_page(form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        rooms = [row for row in shelves(db, current(), branch_id=own_branch()) if row.holder.kind == "store"]
        people = [(person.id, f"{person.name} · {person.staff_no}") for person in technicians(db, own_branch())]
        chosen = next((row for row in rooms if str(row.holder.id) == form.text("store")), rooms[0] if rooms else None)
        page = render_template(
            "devices/issue.html",
            form=form,
            stores=rooms,
            people=people,
            chosen=chosen,
            count_field=count_field,
            spoken=_needed(db, chosen.holder, number_in(form.text("technician")))[0] if chosen and people else {},
            kept={name: text for name, text in form.values.items() if is_issue_field(name)},
            key=form.text("key") or uuid.uuid4(),
            problems=getattr(refusal, "problems", ()),
        )
    return (page, refusal.status) if refusal else page

"""The repair bench: what is to be received, what lies there, what is away or to be given up; and one return with its acts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices import bench_undoing, benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_history import happenings
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_queries import (
    FIGURES_DAYS,
    RETURN_SORTS,
    outcomes,
    return_counts,
    returns,
    returns_numbered,
    top_faults,
    unit_return,
    usual_sort,
)
from dispatch.devices.bench_rules import (
    FAULTS,
    FOUND_FAULTY,
    ON_BENCH,
    OPEN,
    OWED,
    PROPOSED,
    SENT,
    STATUS_WORDS,
    STEP_WORDS,
    faults_of,
    steps_from,
    why_not_scrap,
)
from dispatch.devices.bench_steps import Seen
from dispatch.devices.benching import Back
from dispatch.devices.operations import describe
from dispatch.devices.page_forms import read_key
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import stores
from dispatch.errors import NotFound, Refusal
from dispatch.lists import Part
from dispatch.orders.rules import SYMPTOMS
from dispatch.orders.ties import order_numbers
from dispatch.permissions import permissions_of
from dispatch.staff.rules import Actor
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.words import Text, say

TABS: dict[str, tuple[Text, tuple[str, ...]]] = {
    "receive": (say("To be received"), OWED),
    "bench": (say("On the bench"), ON_BENCH),
    "supplier": (say("At the supplier"), SENT),
    "scrap": (say("To be scrapped?"), PROPOSED),
    "done": (say("Settled"), ("repaired", "no_fault_found", "replaced", "scrapped")),
}
CUSTOMER = "customer"
UNDO = "undo"

Does = Callable[[Session, Seen, Form, Mapping[str, Any]], UnitReturn]


def _back(form: Form) -> Back:
    place, _colon, whose = form.text("back").partition(":")
    return Back(None if place == CUSTOMER else number_in(place) or 0, whose, form.text("reason"))


ACTS: dict[str, Does] = {
    "receive": lambda db, seen, form, who: benching.receive(db, seen, **who),
    "diagnose": lambda db, seen, form, who: benching.diagnose(
        db, seen, fault=form.text("fault"), remark=form.text("remark"), **who
    ),
    "no_fault": lambda db, seen, form, who: benching.find_no_fault(db, seen, back=_back(form), remark=form.text("remark"), **who),
    "repair": lambda db, seen, form, who: benching.repair(db, seen, back=_back(form), remark=form.text("remark"), **who),
    "send": lambda db, seen, form, who: benching.send(
        db,
        seen,
        supplier=form.text("supplier"),
        rma=form.text("rma_number"),
        tracking=form.text("tracking_number"),
        **who,
    ),
    "take_back": lambda db, seen, form, who: benching.take_back(db, seen, remark=form.text("remark"), **who),
    "replace": lambda db, seen, form, who: benching.replace(
        db, seen, number=form.text("number"), store_id=number_in(form.text("store")), **who
    ),
    "propose_scrap": lambda db, seen, form, who: benching.propose_scrap(db, seen, reason=form.text("reason"), **who),
    "keep": lambda db, seen, form, who: benching.keep(db, seen, reason=form.text("reason"), **who),
    "scrap": lambda db, seen, form, who: benching.scrap(db, seen, **who),
    UNDO: lambda db, seen, form, who: bench_undoing.undo_step(db, seen, reason=form.text("reason"), **who),
}
"""Step of the table, or its undoing -> what its form asks for, handed to its operation."""


@pages.get("/bench", endpoint="bench")
@may("bench.see")
def bench() -> Answer:
    """What the bench has to do, by tab; a number in `q` leads to the return of that unit."""
    words = request.args.get("q", "").strip()[:60]
    tab = request.args.get("tab", "receive")
    label, statuses = TABS.get(tab, TABS["receive"])
    branch_id = current().branch_id or 0
    with transaction() as db:
        found = returns_numbered(db, branch_id, words) if words else []
        if only := _the_one(found):
            return redirect(url_for("devices.bench_case", return_id=only.id))
        counts = return_counts(db, branch_id)
        cut = cut_asked(RETURN_SORTS, usual_sort(statuses))
        part = Part(found, 1, len(found)) if words else returns(db, branch_id, statuses, cut=cut)
        shown = part.rows
        return render_template(
            "devices/bench.html",
            q=words,
            tab=tab if tab in TABS else "receive",
            label=label,
            rows=shown,
            page=Leaf.of(part),
            sort=Heads(cut.sort),
            by_time=usual_sort(statuses).removeprefix("-"),
            tabs=[_tab(name, tab, counts, words) for name in TABS],
            outcomes=outcomes(db, branch_id, now()),
            faults=top_faults(db, branch_id, now()),
            asked=papers_of(db, [row.unit_id for row in shown if row.status in OWED]),
            numbers=order_numbers(db, {row.order_id for row in shown if row.order_id}, current()),
            days=FIGURES_DAYS,
            **_words(),
        )


def _the_one(found: Any) -> UnitReturn | None:
    """The only return that a number can mean: the one that is open, or the only one at all."""
    still_open = [each for each in found if each.status in OPEN]
    chosen = still_open or found
    return chosen[0] if len(chosen) == 1 else None


def _tab(name: str, chosen: str, counts: Mapping[str, int], words: str) -> dict[str, Any]:
    label, statuses = TABS[name]
    count = None if name == "done" else sum(counts.get(status, 0) for status in statuses)
    active = not words and name == (chosen if chosen in TABS else "receive")
    return {"label": tr(label), "url": url_for("devices.bench", tab=name), "count": count, "active": active}


def _words() -> dict[str, Any]:
    symptoms = {code: symptom.words for code, symptom in SYMPTOMS.items()} | FOUND_FAULTY
    key, at = uuid.uuid4(), now()
    return {"statuses": STATUS_WORDS, "fault_words": FAULTS, "symptoms": symptoms, "describe": describe, "key": key, "at": at}


@pages.get("/bench/<int:return_id>", endpoint="bench_case")
@may("bench.see")
def bench_case(return_id: int) -> Answer:
    """One return: the unit, where it came from, what happened, what can be done."""
    return _case_page(return_id)


@pages.post("/bench/<int:return_id>/<action>", endpoint="bench_act")
@may("bench.work", "bench.scrap")
def bench_act(return_id: int, action: str) -> Answer:
    """One step of a return; what is refused comes back with what was typed."""
    if action not in ACTS:
        raise NotFound
    form = Form.sent()
    seen = Seen(return_id, number_in(form.text("step")) or 0, read_key(form.text("key")))
    try:
        with transaction() as db:
            case = ACTS[action](db, seen, form, {"by": current(), "at": now()})
            told = _told(case, action)
    except NotFound:
        raise
    except Refusal as refusal:
        return _case_page(return_id, form.refused(refusal), refusal, action)
    flash(told, "success")
    if form.text("from") == "list":
        return redirect(url_for("devices.bench"))
    return redirect(url_for("devices.bench_case", return_id=return_id))


def _told(case: UnitReturn, action: str) -> str:
    """What came of a step: the new state, or whose yes it waits for."""
    bag = case.unit.position.holder if case.unit.position else None
    if action == "receive" and case.status in OWED and bag and bag.person:
        sentence = _("%(unit)s is received when %(name)s has said yes, too.", unit=case.unit.number, name=bag.person.name)
        return str(sentence)
    return str(_("%(unit)s: %(status)s.", unit=case.unit.number, status=tr(STATUS_WORDS[case.status])))


def _case_page(return_id: int, form: Form | None = None, refusal: Refusal | None = None, action: str = "") -> Answer:
    me = current()
    with transaction() as db:
        case = unit_return(db, return_id, me)
        page = render_template(
            "devices/bench_case.html",
            case=case,
            asked=papers_of(db, [case.unit_id]).get(case.unit_id),
            steps=steps_from(case.status, permissions_of(me.roles)),
            shut=why_not_scrap(case.scrap_by_id, me.id),
            entries=happenings(case, history(db, ("return", case.id))),
            order_number=order_numbers(db, {case.order_id}, me).get(case.order_id) if case.order_id else None,
            faults=faults_of(case.unit.kind),
            newest=_undoable(db, case, me),
            step_words=STEP_WORDS,
            places=[(store.id, store.name) for store in stores(db, me) if store.branch_id == case.branch_id],
            form=form or Form(),
            refusal=refusal,
            refused=action,
            **_words(),
        )
    return (page, refusal.status) if refusal else page


def _undoable(db: Session, case: UnitReturn, me: Actor) -> ReturnStep | None:
    """The step that the reader may take back, if it made the unit's newest move or none."""
    step = bench_undoing.standing_step(db, case.id)
    if step is None or not me.may(bench_undoing.needed_to_undo(step)):
        return None
    place = case.unit.position
    moved_on = place is not None and step.entry is not None and step.action != "replace" and place.seq != step.entry.seq
    return None if moved_on else step

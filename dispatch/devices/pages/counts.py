"""Counting a store or bag: the list, the count with its numbers and differences, approving it."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices import counting
from dispatch.devices.counts import (
    COUNT_SORTS,
    branch_names,
    count_numbered,
    count_totals,
    counts,
    findings,
    has_counted,
    holders_named,
    last_scan,
    strangers,
)
from dispatch.devices.models import CountScan, StockCount
from dispatch.devices.operations import describe
from dispatch.devices.page_forms import read_key, read_numbers
from dispatch.devices.pages.acting import Acting, carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.part_counting import waiting_counts
from dispatch.devices.queries import holder
from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.lists import Part
from dispatch.tabular.tables import read
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.web.uploads import sent_file
from dispatch.words import say

MOST_NUMBERS = 2000
SHOWN_FIRST = 12
"""While a place is counted nearly all of it is still missing: so many are shown, the others on demand."""
MOST_SHOWN = 200
"""So many differences are shown with a field of their own; the explanation for the rest covers what is beyond."""
EXPLAINS = "why-"


@pages.get("/stock/counts", endpoint="counts")
@may("order.see")
def count_list() -> Answer:
    """Counts of the branch, the newest first."""
    status = request.args.get("status") if request.args.get("status") in counting.NOT_SO else None
    cut = cut_asked(COUNT_SORTS, "-number")
    with transaction() as db:
        totals = count_totals(db, current())
        rows = counts(db, current(), status=status, cut=cut)
        total = totals[status] if status else totals.total()
        around = {"page": Leaf.of(Part(rows, cut.number, total)), "sort": Heads(cut.sort), "chips": _chips(totals, status)}
        waiting = waiting_counts(db, current()) if status in (None, "finished") else ()
        return render_template("devices/counts.html", rows=rows, waiting=waiting, **around)


def _chips(totals: Counter[str], chosen: str | None) -> list[dict[str, Any]]:
    words = {
        None: _("All"),
        "open": _("Being counted"),
        "finished": _("Waits for approval"),
        "approved": _("Approved"),
        "dropped": _("Dropped"),
    }
    return [
        {
            "label": word,
            "count": totals[status] if status else totals.total(),
            "active": status == chosen,
            "url": url_for("devices.counts", status=status),
        }
        for status, word in words.items()
    ]


@pages.post("/stock/<int:holder_id>/count", endpoint="start_count")
@may("stock.change")
def start(holder_id: int) -> Answer:
    """Begin to count a store or bag."""
    key = read_key(Form.sent().text("key"))
    try:
        with transaction() as db:
            made = counting.start(db, holder(db, holder_id, current()), key=key, by=current(), at=now())
    except Conflict as refusal:
        flash(tr(refusal.text), "warning")
        return redirect(url_for("devices.holder", holder_id=holder_id))
    return redirect(url_for("devices.count", number=made.number))


@pages.get("/stock/counts/<number>", endpoint="count")
@may("order.see")
def show_count(number: str) -> Answer:
    """What is expected, what was counted, what differs."""
    return _page(number, Form.of({}))


def _page(number: str, form: Form, refusal: Refusal | None = None, acting: str = "") -> Answer:
    me = current()
    with transaction() as db:
        made = count_numbered(db, number, me)
        found = findings(db, made) if made.status != "dropped" else ()
        told = last_scan(db, made) if made.status == "open" else None
        page = render_template(
            "devices/count.html",
            made=made,
            form=form,
            refusal=refusal,
            acting=acting,
            tally=Counter(each.kind for each in found),
            expected=sum(each.line.expected for each in found),
            differences=[each for each in found if each.is_difference],
            moved=[each for each in found if each.kind == "moved"],
            scan=told,
            strangers=strangers(db, made),
            answers=_answers(db, made, told) if told else [],
            may_change=me.may("stock.change"),
            may_approve=me.may("stock.decide") and not has_counted(db, made, me.id),
            describe=describe,
            most=MOST_SHOWN,
            shown_first=SHOWN_FIRST,
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


def _answers(db: Session, made: StockCount, told: CountScan) -> list[tuple[str, str, Any]]:
    """What was said to the numbers of a list that are not simply as expected: number, verdict, where it belongs."""
    odd = [each for each in told.told if each[1] != "there"]
    holders = holders_named(db, {place for _number, _verdict, place in odd if place})
    names = branch_names(db) if any(each.branch_id != made.branch_id for each in holders.values()) else {}
    answers = []
    for number, verdict, place_id in odd:
        place = holders.get(place_id)
        foreign = place is not None and place.branch_id != made.branch_id
        answers.append((number, "other_branch", names[place.branch_id]) if foreign and place else (number, verdict, place))
    return answers


def _act(number: str, acting: str, act: Acting) -> Answer:
    to = url_for("devices.count", number=number)
    return carry_out(act, to=to, again=lambda form, refusal: _page(number, form, refusal, acting))


@pages.post("/stock/counts/<number>/scan", endpoint="scan_count")
@may("stock.change")
def scan(number: str) -> Answer:
    """Numbers that were scanned, typed or sent as a file."""

    def note(db: Session, form: Form) -> None:
        numbers = [*read_numbers(form.text("numbers")), *_numbers_of_file()]
        if len(numbers) > MOST_NUMBERS:
            raise Invalid({"numbers": say("At most %(n)s numbers at a time, please.", n=MOST_NUMBERS)})
        counting.scan(db, number, numbers, key=read_key(form.text("key")), by=current(), at=now())

    return _act(number, "scan", note)


def _numbers_of_file() -> list[str]:
    """The cells of a file, if one was sent: each is a number, but for words above them."""
    if not request.files.get("file"):
        return []
    file = sent_file()
    cells = [cell for sheet in read(file.name, file.content).sheets for row in sheet.rows for cell in row]
    return [cell for cell in cells if not isinstance(cell, date) and any(sign.isdigit() for sign in cell)]


@pages.post("/stock/counts/<number>/finish", endpoint="finish_count")
@may("stock.change")
def finish(number: str) -> Answer:
    """All is counted, each difference is explained."""

    def end(db: Session, form: Form) -> str:
        typed = {number_in(name.removeprefix(EXPLAINS)): form.text(name) for name in form.values if name.startswith(EXPLAINS)}
        why = {unit_id: text for unit_id, text in typed.items() if unit_id is not None and text}
        found = counting.finish(db, number, why, rest=form.text("rest"), by=current(), at=now())
        if not found:
            return str(_("Finished: everything is as expected."))
        differ = ngettext("Finished with %(num)d difference.", "Finished with %(num)d differences.", len(found))
        return str(_("%(words)s A manager who did not count approves it.", words=differ))

    return _act(number, "finish", end)


@pages.post("/stock/counts/<number>/send-back", endpoint="send_back_count")
@may("stock.change", "stock.decide")
def send_back(number: str) -> Answer:
    """Something is to be counted again."""

    def reopen(db: Session, form: Form) -> str:
        counting.send_back(db, number, reason=form.text("reason"), by=current(), at=now())
        return str(_("The count goes on."))

    return _act(number, "send_back", reopen)


@pages.post("/stock/counts/<number>/drop", endpoint="drop_count")
@may("stock.change")
def drop(number: str) -> Answer:
    """The count is given up."""

    def give_up(db: Session, _form: Form) -> str:
        counting.drop(db, number, by=current(), at=now())
        return str(_("Dropped: nothing was booked."))

    return _act(number, "drop", give_up)


@pages.post("/stock/counts/<number>/approve", endpoint="approve_count")
@may("stock.decide")
def approve(number: str) -> Answer:
    """The differences are booked."""

    def agree(db: Session, _form: Form) -> str:
        found = counting.approve(db, number, by=current(), at=now())
        lost, here = (sum(each.line.outcome == outcome for each in found) for outcome in ("lost", "moved_here"))
        return str(_("Approved: %(lost)s booked as lost, %(here)s moved here.", lost=lost, here=here))

    return _act(number, "approve", agree)

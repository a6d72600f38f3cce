"""Counted parts: the catalogue, where a part has been, and what stores and bags do with theirs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.utils import redirect

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of, describe
from dispatch.devices.page_forms import read_key, read_parts
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.part_counting import Counted, count, waiting_count
from dispatch.devices.part_found import still_lost
from dispatch.devices.part_moves import field_of
from dispatch.devices.part_queries import CATALOGUE_SORTS, MOVE_SORTS, catalogue, holdings, is_use, part, part_history, parts_held
from dispatch.devices.part_stock import (
    OF_DECISIONS,
    OF_TRANSFERS,
    OF_TWO,
    PartFacts,
    add_part,
    change_part,
    correct,
    hand_over,
    receive,
    write_off,
)
from dispatch.devices.queries import holder, stores
from dispatch.devices.reasons import reason_word
from dispatch.errors import Invalid, NotAllowed, NotFound, Refusal
from dispatch.field.using import take_back_use
from dispatch.orders.ties import order_numbers
from dispatch.staff.queries import technicians
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import Text, say

WAS = "was-"


# --- the catalogue


@pages.get("/stock/parts", endpoint="parts")
@may("order.see")
def part_list() -> str:
    """Every part with how many the branch's stores and bags have."""
    whole = request.args.get("all") == "1"
    with transaction() as db:
        cut = cut_asked(CATALOGUE_SORTS, "code")
        found = catalogue(db, current().branch_id or 0, whole=whole, cut=cut)
        rooms = [room for room in stores(db, current()) if room.branch_id == current().branch_id]
    around = {"page": Leaf.of(found.part), "sort": Heads(cut.sort), "all": found.every, "used": found.used}
    return render_template("devices/parts_list.html", rows=found.part.rows, whole=whole, stores=rooms, **around)


@pages.route("/stock/parts/new", methods=["GET", "POST"], endpoint="new_part")
@may("stock.change")
def add() -> Answer:
    """Put a part on the catalogue."""
    if request.method == "GET":
        return render_template("devices/part_new.html", form=Form())
    form = Form.sent()
    try:
        with transaction() as db:
            made = add_part(db, form.text("code"), _facts(form, active=True), by=current(), at=now())
            part_id, name = made.id, made.name
    except Refusal as refusal:
        return render_template("devices/part_new.html", form=form.refused(refusal)), refusal.status
    flash(_("%(name)s was added.", name=name), "success")
    return redirect(url_for("devices.part", part_id=part_id), 303)


def _facts(form: Form, *, active: bool) -> PartFacts:
    return PartFacts(form.text("name"), form.text("unit"), active)


@pages.route("/stock/parts/<int:part_id>", methods=["GET", "POST"], endpoint="part")
@may("order.see")
def one_part(part_id: int) -> Answer:
    """A part: who has it, its moves, its words."""
    if request.method == "GET":
        return part_page(part_id, None)
    form = Form.sent()
    try:
        with transaction() as db:
            change_part(db, part_id, _facts(form, active=form.text("active") == "1"), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return part_page(part_id, form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("devices.part", part_id=part_id), 303)


def part_page(part_id: int, form: Form | None, refusal: Refusal | None = None, taking_back: int | None = None) -> Answer:
    """A part's page; `form` is one that was refused, `taking_back` the entry that it is about."""
    with transaction() as db:
        found = part(db, part_id)
        cut = cut_asked(MOVE_SORTS, "-when")
        moved = part_history(db, part_id, current(), cut=cut)
        moves = moved.rows
        filled = Form.of({"name": found.name, "unit": found.unit, "active": "1" if found.active else ""})
        page = render_template(
            "devices/part.html",
            part=found,
            holdings=holdings(db, part_id, current()),
            moves=moves,
            page=Leaf.of(moved, "devices.part"),
            sort=Heads(cut.sort, "devices.part"),
            numbers=order_numbers(db, {move.entry.order_id for move in moves if move.entry.order_id}, current()),
            form=filled if form is None or taking_back else form,
            refused=form,
            taking_back=taking_back,
            describe=describe,
            reason_word=reason_word,
            of_transfers=OF_TRANSFERS,
            of_decisions=OF_DECISIONS,
            lost=still_lost(db, [move.entry.id for move in moves]) if current().may("stock.decide") else {},
            rooms=[(room.id, room.name or "") for room in stores(db, current()) if room.branch_id == current().branch_id],
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


@pages.post("/stock/parts/<int:part_id>/take-back", endpoint="take_back_parts")
@may("stock.change")
def take_back(part_id: int) -> Answer:
    """A wrong move is mended by a counter-entry."""
    form = Form.sent()
    entry_id = number_in(form.text("entry")) or 0
    try:
        with transaction() as db:
            undo = take_back_use if is_use(db, entry_id) else correct
            undo(db, entry_id, reason=form.text("reason"), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return part_page(part_id, form.refused(refusal), refusal, taking_back=entry_id)
    flash(_("Taken back."), "success")
    return redirect(url_for("devices.part", part_id=part_id), 303)


# --- stores and bags


@dataclass(frozen=True)
class Deed:
    """One thing that can be done with the parts of a place: its word, what its button says, who may."""

    label: Text
    button: Text
    permission: str
    places: tuple[str, ...]


DEEDS: dict[str, Deed] = {
    "issue": Deed(say("Issue parts"), say("Issue"), "stock.change", ("store",)),
    "return": Deed(say("Return parts"), say("Return"), "stock.change", ("bag",)),
    "receive": Deed(say("Take in"), say("Take in"), "stock.change", ("store",)),
    "count": Deed(say("Count parts"), say("Hand the count in"), "stock.change", ("store", "bag")),
    "write_off": Deed(say("Write off parts"), say("Write off parts"), "stock.decide", ("store", "bag")),
}


@pages.get("/stock/<int:holder_id>/parts", endpoint="holder_parts")
@may("stock.see")
def show_parts(holder_id: int) -> Answer:
    """What a store or bag has of each part, and the form of what is to be done with them."""
    return holder_page(holder_id, request.args.get("do", ""), Form())


def holder_page(holder_id: int, do: str, form: Form, refusal: Refusal | None = None) -> Answer:
    """The page of a place's parts, with the form of what is to be done."""
    me = current()
    with transaction() as db:
        place = holder(db, holder_id, me)
        open_to = {name: deed for name, deed in DEEDS.items() if place.kind in deed.places and me.may(deed.permission)}
        doing = do if do in open_to else ""
        page = render_template(
            "devices/holder_parts.html",
            place=place,
            rows=parts_held(db, place.id, every=doing in ("receive", "count")),
            deeds=open_to,
            do=doing,
            targets=_targets(db, place) if doing in ("issue", "return") else [],
            form=form,
            field_of=field_of,
            reader=me.id,
            waiting=waiting_count(db, place.id) if me.may("order.see") else None,
            key=form.text("key") or uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


def _targets(db: Session, place: Holder) -> list[tuple[str, str]]:
    """Where parts of a place can go: out of a store to the technicians' bags, out of a bag back into a store."""
    if place.kind == "store":
        return [(f"p{one.id}", one.name) for one in technicians(db, place.branch_id)]
    return [(f"s{room.id}", room.name or "") for room in stores(db, current()) if room.branch_id == place.branch_id]


@pages.post("/stock/<int:holder_id>/parts", endpoint="move_parts")
@may("stock.change", "stock.decide")
def do_with_parts(holder_id: int) -> Answer:
    """Issue, return, take in, count or write off what was entered."""
    form = Form.sent()
    do = form.text("do")
    if do not in DEEDS:
        raise NotFound
    try:
        with transaction() as db:
            place = holder(db, holder_id, current())
            if place.kind not in DEEDS[do].places:
                raise NotFound
            words = _DOERS[do](db, place, form)
            person_id = _whose_yes(db, place, form) if do in OF_TWO else None
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        return holder_page(holder_id, do, form.refused(refusal), refusal)
    flash(words, "success")
    if person_id:
        return redirect(url_for("devices.counter", person_id=person_id), 303)
    return redirect(url_for("devices.holder_parts", holder_id=holder_id), 303)


def _whose_yes(db: Session, place: Holder, form: Form) -> int | None:
    """Which technician has to say yes, too."""
    return place.person_id or _chosen(db, place, form.text("to")).person_id


def _typed(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in form.values}


def _told(kinds: int, words: str) -> str:
    return words if kinds else str(_("This was done already; nothing was moved twice."))


def _issue(db: Session, place: Holder, form: Form) -> str:
    to = _chosen(db, place, form.text("to"))
    facts = {"note": form.text("note"), "key": read_key(form.text("key")), "by": current(), "at": now()}
    kinds = hand_over(db, place, to, read_parts(_typed(form)), **facts)  # type: ignore[arg-type]
    name = to.person.name if to.person else to.name
    words = ngettext(
        "%(num)d kind of part goes to %(name)s once both have said yes.",
        "%(num)d kinds of parts go to %(name)s once both have said yes.",
        kinds,
        name=name,
    )
    return _told(kinds, str(words))


def _chosen(db: Session, place: Holder, wanted: str) -> Holder:
    """The store or bag that was chosen. Raises Invalid for none."""
    if wanted not in [code for code, _name in _targets(db, place)]:
        raise Invalid({"to": say("Choose where the parts should go.")})
    number = int(wanted[1:])
    return bag_of(db, person_id=number, branch_id=place.branch_id) if wanted[0] == "p" else holder(db, number, current())


def _receive(db: Session, place: Holder, form: Form) -> str:
    key = read_key(form.text("key"))
    kinds = receive(db, place, read_parts(_typed(form)), note=form.text("note"), key=key, by=current(), at=now())
    return _told(kinds, ngettext("%(num)d kind of part was taken in.", "%(num)d kinds of parts were taken in.", kinds))


def _write_off(db: Session, place: Holder, form: Form) -> str:
    key = read_key(form.text("key"))
    kinds = write_off(db, place, read_parts(_typed(form)), note=form.text("note"), key=key, by=current(), at=now())
    return _told(kinds, ngettext("%(num)d kind of part was written off.", "%(num)d kinds of parts were written off.", kinds))


def _count(db: Session, place: Holder, form: Form) -> str:
    there = read_parts(_typed(form), least=0)
    counted = {part_id: Counted(form.number(f"{WAS}{part_id}", 0), number) for part_id, number in there.items()}
    differ = count(db, place, counted, note=form.text("note"), key=read_key(form.text("key")), by=current(), at=now())
    if not differ:
        return str(_("Counted: everything is as on record."))
    differs = ngettext("Counted: %(num)d difference.", "Counted: %(num)d differences.", differ)
    return str(_("%(words)s A manager who did not count books it.", words=differs))


_DOERS: Mapping[str, Callable[[Session, Holder, Form], str]] = {
    "issue": _issue,
    "return": _issue,
    "receive": _receive,
    "count": _count,
    "write_off": _write_off,
}

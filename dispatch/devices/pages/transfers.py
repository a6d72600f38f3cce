"""Transfers between branches: the list, sending, the document, and what the other branch says to it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices import part_missing, transferring
from dispatch.devices.issuing import Wanted, count_field
from dispatch.devices.models import Holder, Transfer
from dispatch.devices.page_forms import read_arrived, read_ids, read_key, read_sending
from dispatch.devices.pages.acting import Acting, carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import branch_stores, chosen_store
from dispatch.devices.part_moves import field_of
from dispatch.devices.part_queries import parts_held
from dispatch.devices.shelves import shelves
from dispatch.devices.transfers import KINDS, TRANSFER_SORTS, transfer, transfer_counts, transfers, who_may_answer
from dispatch.errors import Refusal
from dispatch.lists import Part
from dispatch.staff.queries import branches
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked


@pages.get("/stock/transfers", endpoint="transfers")
@may("order.see")
def transfer_list() -> Answer:
    """Transfers from and to the branch, the newest first."""
    kind = request.args.get("kind") if request.args.get("kind") in KINDS else None
    cut = cut_asked(TRANSFER_SORTS, "-number")
    with transaction() as db:
        counts = transfer_counts(db, current())
        rows = transfers(db, current(), kind=kind, cut=cut)
        around = {"page": Leaf.of(Part(rows, cut.number, counts[kind])), "sort": Heads(cut.sort), "chips": _chips(counts, kind)}
        return render_template("devices/transfers.html", rows=rows, **around)


def _chips(counts: Mapping[str | None, int], chosen: str | None) -> list[dict[str, Any]]:
    words = {None: _("All"), "to_us": _("On the way to us"), "from_us": _("On the way from us"), "missing": _("Not all arrived")}
    return [
        {"label": word, "count": counts[kind], "active": kind == chosen, "url": url_for("devices.transfers", kind=kind)}
        for kind, word in words.items()
    ]


@pages.route("/stock/transfers/new", methods=["GET", "POST"], endpoint="new_transfer")
@may("stock.change")
def new_transfer() -> Answer:
    """Send units and parts of a store to another branch: scanned or typed numbers, so many of a model, so many of a part."""
    if request.method == "GET":
        return _new_page(Form.of({"store": request.args.get("store", ""), "numbers": request.args.get("numbers", "")}))
    form = Form.sent()
    try:
        sent = read_sending({name: form.text(name) for name in form.values})
        with transaction() as db:
            facts: dict[str, Any] = {"to_branch_id": number_in(form.text("to")), "note": form.text("note"), "key": sent.key}
            wanted = Wanted(sent.numbers, sent.terminals, sent.sims)
            store = chosen_store(db, sent.store_id)
            facts |= {"parts": sent.parts, "by": current(), "at": now()}
            made = transferring.send(db, store=store, wanted=wanted, **facts)
            words = _on_the_way(made)
    except Refusal as refusal:
        return _new_page(form.refused(refusal), refusal)
    flash(words, "success")
    return redirect(url_for("devices.transfer", number=made.number))


def _on_the_way(made: Transfer) -> str:
    if made.parts:
        return str(_("%(number)s is on the way.", number=made.number))
    return str(ngettext("%(num)d unit is on the way.", "%(num)d units are on the way.", len(made.lines)))


def _new_page(form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        rooms = [row for row in shelves(db, current(), branch_id=current().branch_id or 0) if row.holder.kind == "store"]
        others = [(branch.id, branch.name) for branch in branches(db) if branch.id != current().branch_id]
        chosen = next((row for row in rooms if str(row.holder.id) == form.text("store")), rooms[0] if rooms else None)
        page = render_template(
            "devices/transfer_new.html",
            form=form,
            stores=rooms,
            branch_options=others,
            chosen=chosen,
            held=parts_held(db, chosen.holder.id) if chosen else [],
            count_field=count_field,
            field_of=field_of,
            key=form.text("key") or uuid.uuid4(),
            problems=getattr(refusal, "problems", ()),
        )
    return (page, refusal.status) if refusal else page


@pages.get("/stock/transfers/<number>", endpoint="transfer")
@may("order.see")
def show_transfer(number: str) -> Answer:
    """The document: what is sent, what has arrived, what is missing and who answers for it."""
    return _page(number, Form.of({}))


def _page(number: str, form: Form, refusal: Refusal | None = None, acting: str = "") -> Answer:
    me = current()
    with transaction() as db:
        made = transfer(db, number, me)
        receiving = made.status == "sent" and made.to_branch_id == me.branch_id and me.may("stock.change")
        page = render_template(
            "devices/transfer.html",
            made=made,
            form=form,
            refusal=refusal,
            acting=acting,
            receiving=receiving,
            sending=made.status == "sent" and made.from_branch_id == me.branch_id and me.may("stock.change"),
            may_find=me.may("stock.change") and me.branch_id in (made.from_branch_id, made.to_branch_id),
            rooms=_rooms(db) if receiving else [],
            people=[(each.id, each.name) for each in who_may_answer(db, made)] if receiving else [],
            field_of=field_of,
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


def _rooms(db: Session) -> list[tuple[int, str]]:
    return [(room.id, room.name or "") for room in branch_stores(db)]


def _act(number: str, acting: str, act: Acting) -> Answer:
    to = url_for("devices.transfer", number=number)
    return carry_out(act, to=to, again=lambda form, refusal: _page(number, form, refusal, acting))


@pages.post("/stock/transfers/<number>/receive", endpoint="receive_transfer")
@may("stock.change")
def receive(number: str) -> Answer:
    """The ticked units have arrived, the others have not; and so many of each part."""

    def take(db: Session, form: Form) -> str:
        into = db.get(Holder, number_in(form.text("into")) or 0)
        why: dict[str, Any] = {"reason": form.text("reason"), "answers_id": number_in(form.text("answers"))}
        why |= {"parts": read_arrived({name: form.text(name) for name in form.values}), "by": current(), "at": now()}
        count = transferring.receive(db, number, read_ids(form.texts("units")), into=into, **why)
        if not count:
            return str(_("Noted."))
        place = into.name if into else ""
        if why["parts"]:
            return str(_("What has arrived is in %(place)s now.", place=place))
        return str(ngettext("%(num)d unit is in %(place)s.", "%(num)d units are in %(place)s.", count, place=place))

    return _act(number, "receive", take)


@pages.post("/stock/transfers/<number>/withdraw", endpoint="withdraw_transfer")
@may("stock.change")
def withdraw(number: str) -> Answer:
    """It is not sent after all."""

    def take_back(db: Session, _form: Form) -> str:
        transferring.withdraw(db, number, by=current(), at=now())
        return str(_("Taken back: everything is in your store again."))

    return _act(number, "withdraw", take_back)


@pages.post("/stock/transfers/<number>/units/<int:unit_id>/found", endpoint="transfer_unit_found")
@may("stock.change")
def found(number: str, unit_id: int) -> Answer:
    """A missing unit turned up with us."""

    def find(db: Session, _form: Form) -> str:
        place = transferring.turn_up(db, number, unit_id, by=current(), at=now())
        return str(_("It is in %(place)s now.", place=place.name))

    return _act(number, f"unit-{unit_id}", find)


@pages.post("/stock/transfers/<number>/units/<int:unit_id>/lost", endpoint="transfer_unit_lost")
@may("stock.decide")
def lost(number: str, unit_id: int) -> Answer:
    """A missing unit is given up."""

    def give_up(db: Session, form: Form) -> str:
        transferring.write_off(db, number, unit_id, note=form.text("note"), by=current(), at=now())
        return str(_("Written off as lost."))

    return _act(number, f"unit-{unit_id}", give_up)


@pages.post("/stock/transfers/<number>/parts/<int:part_id>/found", endpoint="transfer_part_found")
@may("stock.change")
def parts_found(number: str, part_id: int) -> Answer:
    """So many missing parts turned up with us."""

    def find(db: Session, form: Form) -> str:
        facts: dict[str, Any] = {"key": read_key(form.text("key")), "by": current(), "at": now()}
        place = part_missing.turn_up_parts(db, number, part_id, number_in(form.text("count")) or 0, **facts)
        return str(_("It is in %(place)s now.", place=place.name))

    return _act(number, f"part-{part_id}", find)


@pages.post("/stock/transfers/<number>/parts/<int:part_id>/lost", endpoint="transfer_part_lost")
@may("stock.decide")
def parts_lost(number: str, part_id: int) -> Answer:
    """What is still missing of a part is given up."""

    def give_up(db: Session, form: Form) -> str:
        part_missing.write_off_parts(db, number, part_id, note=form.text("note"), by=current(), at=now())
        return str(_("Written off as lost."))

    return _act(number, f"part-{part_id}", give_up)

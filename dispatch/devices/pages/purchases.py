"""Purchases: the list, asking for one (from what is to be ordered, or freely), mending it, and what came with the delivery."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.approvals.queries import request_seen
from dispatch.approvals.rules import STATE_LOOKS, state_word
from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.models import Purchase
from dispatch.devices.page_forms import read_key
from dispatch.devices.pages.acting import carry_out
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import MOST_PAGES, PAGE_SIZE, Pager, branch_stores
from dispatch.devices.part_queries import parts_in_use
from dispatch.devices.purchase_forms import OTHER, read_delivery, read_wanted
from dispatch.devices.purchases import SORTS, STANDING, purchase_counts, purchase_of, purchases
from dispatch.devices.purchasing import ask_purchase, mend_purchase, receive_purchase
from dispatch.devices.queries import holder
from dispatch.devices.reorder_rules import ware_key, ware_words
from dispatch.devices.reorders import known_wares, part_name
from dispatch.errors import NotFound, Refusal
from dispatch.orders.pages.requests import WORDS, shown
from dispatch.orders.presenting.history import Naming, told
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr

HEADS = {"number": ("newest", "oldest"), "amount": ("most", "least"), "supplier": ("supplier", "supplier_down")}
DOWN = ("newest", "most", "supplier_down")


class Sort:
    """Which head the list is sorted by, and where its heads lead."""

    def __init__(self, chosen: str, args: dict[str, Any]) -> None:
        self.key = next(key for key, sorts in HEADS.items() if chosen in sorts)
        self.down = chosen in DOWN
        self._chosen, self._args = chosen, args

    def url(self, key: str) -> str:
        """The list sorted by another head, or by this one turned round."""
        first, second = HEADS[key]
        return url_for("devices.purchases", **self._args, sort=second if self._chosen == first else first)


@pages.get("/stock/purchases", endpoint="purchases")
@may("order.see")
def purchase_list() -> str:
    """What the branch has asked to buy, sorted and a hundred a page."""
    state = request.args.get("state") if request.args.get("state") in STANDING else None
    sort = request.args.get("sort", "") if request.args.get("sort") in SORTS else "newest"
    number = min(max(1, request.args.get("page", 1, type=int)), MOST_PAGES)
    args: dict[str, Any] = {"state": state} if state else {}
    with transaction() as db:
        counts = purchase_counts(db, current())
        rows = purchases(db, current(), state=state, sort=sort, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        chips = _chips(counts, state)
        pager = Pager(number, counts[state], {**args, "sort": sort})
        heads = {"sort": Sort(sort, args), "state_word": state_word, "state_looks": STATE_LOOKS}
        return render_template("devices/purchases.html", rows=rows, pager=pager, chips=chips, **heads)


def _chips(counts: Mapping[str | None, int], chosen: str | None) -> list[dict[str, Any]]:
    words: dict[str | None, str] = {None: _("All")} | {state: tr(state_word("purchase", state)) for state in STANDING}
    return [
        {"label": word, "count": counts[state], "active": state == chosen, "url": url_for("devices.purchases", state=state)}
        for state, word in words.items()
    ]


# --- asking


@pages.route("/stock/purchases/new", methods=["GET", "POST"], endpoint="new_purchase")
@may("stock.change")
def ask() -> Answer:
    """Ask that something is bought; the list of what is to be ordered fills in what and how many."""
    if request.method == "GET":
        return _form_page(Form.of({"ware": request.args.get("ware", ""), "count": request.args.get("count", "")}))

    def asked(db: Session, form: Form) -> str:
        made = ask_purchase(db, read_wanted(form.values), key=read_key(form.text("key")), by=current(), at=now())
        return str(_("%(number)s is asked for. Whoever decides sees it among his approvals.", number=made.number))

    return carry_out(asked, to=url_for("devices.purchases"), again=_form_page)


def _form_page(form: Form, refusal: Refusal | None = None, mended: int | None = None) -> Answer:
    with transaction() as db:
        page = render_template("devices/purchase_form.html", form=form, options=_options(db), mended=mended, key=uuid.uuid4())
    return (page, refusal.status) if refusal else page


def _options(db: Session) -> list[tuple[str, str]]:
    """Everything that can be bought by its key, and something else."""
    units = [(key, tr(ware_words(key))) for key in known_wares(db)]
    parts = [(ware_key("part", part.code), part_name(part)) for part in parts_in_use(db)]
    return [*units, *parts, (OTHER, _("Something else"))]


# --- one purchase


@pages.get("/stock/purchases/<int:request_id>", endpoint="purchase")
@may("order.see")
def show(request_id: int) -> Answer:
    """One purchase: how it stands, who decides, what came."""
    return _page(request_id, None)


def _page(request_id: int, form: Form | None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        asked = request_seen(db, request_id, current())
        bought = purchase_of(db, request_id)
        own = {
            "bought": bought,
            "stores": [(room.id, room.name) for room in branch_stores(db) if room.branch_id == asked.branch_id],
            "history": told(history(db, ("request", asked.id)), Naming({}, {}, current().zone)),
            "form": form,
            "refusal": refusal,
        }
        page = render_template("devices/purchase.html", **shown(db, asked), **WORDS, **own, refused=None)
    return (page, refusal.status) if refusal else page


@pages.route("/stock/purchases/<int:request_id>/mend", methods=["GET", "POST"], endpoint="mend_purchase")
@may("stock.change")
def mend(request_id: int) -> Answer:
    """Mend what was rejected and send it in again."""
    if request.method == "GET":
        with transaction() as db:
            asked = request_seen(db, request_id, current())
            if asked.state != "rejected":
                raise NotFound
            return _form_page(Form.of({**_typed(purchase_of(db, request_id)), "reason": asked.reason}), mended=request_id)

    def mended(db: Session, form: Form) -> str:
        mend_purchase(db, request_id, read_wanted(form.values), by=current(), at=now())
        return str(_("Sent in again: all levels decide anew."))

    return carry_out(
        mended,
        to=url_for("devices.purchase", request_id=request_id),
        again=lambda form, refusal: _form_page(form, refusal, request_id),
    )


def _typed(bought: Purchase) -> dict[str, str]:
    """A purchase as the form has it."""
    other = bought.kind == "other"
    facts = {"ware": OTHER if other else bought.key, "other": bought.name if other else "", "count": str(bought.count)}
    return {**facts, "unit_price": f"{bought.unit_price:.2f}", "supplier": bought.supplier}


@pages.post("/stock/purchases/<int:request_id>/receive", endpoint="receive_purchase")
@may("stock.change")
def receive(request_id: int) -> Answer:
    """What came, with its delivery note."""

    def received(db: Session, form: Form) -> str:
        request_seen(db, request_id, current())
        came = read_delivery(form.values)
        facts: dict[str, Any] = {"store": holder(db, came.store_id, current()), "by": current(), "at": now()}
        bought = receive_purchase(db, request_id, came.received, delivery=came.delivery, **facts)
        return str(_("%(number)s is received.", number=bought.number))

    return carry_out(
        received,
        to=url_for("devices.purchase", request_id=request_id),
        again=lambda form, refusal: _page(request_id, form, refusal),
    )

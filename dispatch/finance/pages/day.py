"""The day list: every receipt and refund of a branch's day, filtered, and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.fees.ledger_rules import HAND_IN_WORDS, VOUCHER_WORDS
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.pages.blueprint import pages, seen_branch
from dispatch.finance.queries import DayEntry, DayReceipt, day_entries, day_receipts
from dispatch.staff.models import Branch
from dispatch.tabular.writing import Table
from dispatch.typed import day_in, number_in
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.locale import tr

AMOUNT_COLUMN = 6


@dataclass(frozen=True)
class Filter:
    """What the address asks for."""

    day: date
    channel: str | None
    person_id: int | None
    branch_id: int | None = None

    @classmethod
    def asked(cls) -> Filter:
        """The filter in the address; what cannot be read counts as not given."""
        day = day_in(request.args.get("day")) or local_day(now(), current().zone)
        channel = request.args.get("channel", "")
        mine = (channel if channel in CHANNEL_WORDS else None, number_in(request.args.get("person")))
        return cls(day, *mine, seen_branch(number_in(request.args.get("branch"))))

    @property
    def whole(self) -> bool:
        """Whether it lets the whole day through."""
        return self == replace(self, channel=None, person_id=None)

    def rows(self, db: Session) -> list[DayReceipt]:
        """The receipts it lets through."""
        return day_receipts(db, branch=self.branch(db), day=self.day, channel=self.channel, person_id=self.person_id)

    def entries(self, db: Session) -> list[DayEntry]:
        """What finance settled or corrected on the day; nothing while only some receipts are asked for."""
        return day_entries(db, branch=self.branch(db), day=self.day) if self.whole else []

    def branch(self, db: Session) -> Branch:
        """Whose day it is: the reader's branch, or another one that he sees."""
        return db.get(Branch, self.branch_id or 0) or db.get_one(Branch, current().branch_id)


@pages.get("/finance/day")
@may("money.see")
def day_list() -> str:
    """The receipts of one day."""
    wanted = Filter.asked()
    with transaction() as db:
        rows = wanted.rows(db)
        others = rows if wanted.whole else replace(wanted, channel=None, person_id=None).rows(db)
        entries, branch = wanted.entries(db), wanted.branch(db)
    people = {row.receipt.by_id: row.receipt.by_name for row in others}
    total = sum((row.receipt.amount for row in rows), Decimal(0))
    return render_template(
        "finance/day.html",
        rows=rows,
        wanted=wanted,
        people=people,
        total=total,
        on_account=sum((row.receipt.amount for row in rows if row.receipt.channel == "account"), Decimal(0)),
        of=branch,
        entries=entries,
        VOUCHER_WORDS=VOUCHER_WORDS,
        CHANNEL_WORDS=CHANNEL_WORDS,
        HAND_IN_WORDS=HAND_IN_WORDS,
    )


@pages.get("/finance/day.xlsx")
@may("money.see")
def day_export() -> Response:
    """The same list as a spreadsheet."""
    wanted = Filter.asked()
    with transaction() as db:
        rows, entries = wanted.rows(db), wanted.entries(db)
    heads = [
        pgettext("clock", "Time"),
        _("Receipt"),
        _("Order"),
        _("Taken by"),
        _("Channel"),
        _("Payer"),
        _("Amount"),
        _("Invoice"),
        _("Hand-in"),
    ]
    receipts = Table(str(wanted.day), heads, _lines(rows), AMOUNT_COLUMN)
    more = [_("Voucher"), pgettext("clock", "Time"), _("What"), _("Paper"), _("Booked by"), _("Reason"), _("Amount")]
    settled = Table(_("Settled at finance"), more, _entry_lines(entries), AMOUNT_COLUMN, summed=False)
    return spreadsheet(f"receipts-{wanted.day}.xlsx", receipts, *([settled] if entries else []))


def _entry_lines(entries: list[DayEntry]) -> Iterator[list[Any]]:
    for each in entries:
        voucher = each.voucher
        yield [
            voucher.number,
            _minute(voucher.at),
            tr(VOUCHER_WORDS[voucher.kind]),
            each.paper,
            voucher.by_name,
            each.reason,
            each.amount,
        ]


def _minute(at: datetime) -> str:
    return at.astimezone(ZoneInfo(current().zone)).strftime("%Y-%m-%d %H:%M")


def _lines(rows: list[DayReceipt]) -> Iterator[list[Any]]:
    for row in rows:
        receipt = row.receipt
        at = _minute(receipt.at)
        more = (receipt.payer or "", receipt.amount, receipt.invoice_number or "", row.hand_in)
        yield [at, receipt.number, row.order, receipt.by_name, tr(CHANNEL_WORDS[receipt.channel]), *more]

"""Cash on its way to finance: yesterday morning's hand-ins are counted and confirmed, of this morning's the first.

One of yesterday's was taken back and handed in again. What stands of them is paid into the bank, once with the wrong slip.
"""

from __future__ import annotations

import io
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from dispatch.demo.company import Company
from dispatch.fees.cash_queries import held_in
from dispatch.fees.deposit_models import BankDeposit
from dispatch.fees.deposit_queries import to_deposit
from dispatch.fees.ledger_queries import receipts_handed, receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.models import HandIn
from dispatch.fees.operations import (
    add_slip,
    confirm_hand_in,
    deposit,
    hand_in,
    settle_difference,
    take_back_deposit,
    take_back_hand_in,
)
from dispatch.files.scans import Scan, read_scan
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

MORNING = time(8, 40)
FORGETS = "yang"
"""Who still holds what he took two days ago."""
SHORT = {"wei": Decimal("5.00"), "yun": Decimal("20.00")}
"""Whose hand-in was short yesterday, and by how much."""
PAID = "yun"
"""Who has paid it in meanwhile."""
AGAIN = "su"
"""Whose hand-in was taken back yesterday and handed in again."""
COUNTED = 1
"""So many of this morning's hand-ins are counted by now."""
WHY = {Decimal("5.00"): "找零时多找给客户 5 元，本人承担", Decimal("20.00"): "少一张 20 元，当场清点不足"}
BROUGHT = "回车上找到，当日补交"
BANK = "招商银行深圳科技园支行 尾号 1234"
WRONG_SLIP = "拿错了另一天的回单"
MIXED_UP = "两人的现金放在一起清点，重新分开清点"


def build(company: Company, moment: datetime) -> None:
    """On both mornings they hand in what they held from the days before. Of today's all but one wait to be counted."""
    zone = ZoneInfo(company.zone)
    today = moment.astimezone(zone).date()
    yesterday = datetime.combine(today - timedelta(days=1), MORNING, zone)
    first = _handed_in(company, yesterday)
    _count(company, first, yesterday + timedelta(minutes=12), moment)
    _paid_in(company, first, yesterday + timedelta(minutes=45))
    _again(company, first, yesterday + timedelta(minutes=70))
    _to_the_bank(company, yesterday + timedelta(hours=3))
    morning = min(datetime.combine(today, MORNING, zone), moment)
    _count(company, _handed_in(company, morning)[:COUNTED], morning + timedelta(minutes=25), moment)


def _handed_in(company: Company, at: datetime) -> list[HandIn]:
    """What everybody hands in who held cash when the day began."""
    session, forgetful = company.session, company.people[FORGETS].id
    midnight = at.replace(hour=0, minute=0, second=0)
    made = []
    held = [(each.since, each.person_id) for each in held_in(session, at=at, branch_id=None) if each.since]
    for _, holder in sorted(each for each in held if each[0] < midnight):
        chosen = [receipt.id for receipt in receipts_in_hand(session, holder) if receipt.at < midnight]
        if chosen and holder != forgetful:
            made.append(hand_in(session, chosen, by=actor_of(session.get_one(Person, holder)), at=at))
    return made


def _count(company: Company, waiting: list[HandIn], at: datetime, moment: datetime) -> None:
    """The clerk counts, one after the other."""
    for number, made in enumerate(waiting):
        _confirm(company, made, min(at + timedelta(minutes=4 * number), moment))


def _confirm(company: Company, made: HandIn, at: datetime) -> None:
    """Of two hand-ins something is missing, which their technicians answer for."""
    missing = {company.people[name].id: amount for name, amount in SHORT.items()}.get(made.person_id, Decimal(0))
    why = {"reason": WHY[missing], "owner_id": made.person_id} if missing else {"reason": None, "owner_id": None}
    counts = _notes(made.declared - missing)
    confirm_hand_in(company.session, made.id, counts=counts, counted=None, **why, by=company.people["qian"], at=at)
    if missing:
        add_slip(company.session, made, _photo(made.number), by=company.people["qian"], at=at)


def _again(company: Company, counted: list[HandIn], at: datetime) -> None:
    """The clerk notices that she has put two people's cash together: it is taken back, and handed in and counted anew."""
    session, holder = company.session, company.people[AGAIN]
    for made in [each for each in counted if each.person_id == holder.id]:
        chosen = [receipt.id for receipt in receipts_handed(session, made.id)]
        take_back_hand_in(session, made.id, reason=MIXED_UP, by=company.people["qian"], at=at)
        anew = hand_in(session, chosen, by=holder, at=at + timedelta(minutes=6))
        _confirm(company, anew, at + timedelta(minutes=11))


def _paid_in(company: Company, counted: list[HandIn], at: datetime) -> None:
    """One of those who answer for a difference brings what was missing."""
    for made in counted:
        if made.difference and made.person_id == company.people[PAID].id:
            facts = {"how": "paid", "reason": BROUGHT, "request_key": None, "by": company.people["qian"], "at": at}
            settle_difference(company.session, made.id, amount=-made.difference, **facts)  # type: ignore[arg-type]


def _to_the_bank(company: Company, at: datetime) -> None:
    """All of it; the clerk takes the slip of another day first, notices it, and books the right one."""
    made = _banked(company, at, f"{at:%Y%m%d}-0077")
    take_back_deposit(company.session, made.id, reason=WRONG_SLIP, by=company.people["qian"], at=at + timedelta(minutes=9))
    _banked(company, at + timedelta(minutes=10), f"{at:%Y%m%d}-0105")


def _banked(company: Company, at: datetime, slip: str) -> BankDeposit:
    """All hand-ins that wait for the bank, by one slip."""
    clerk, session = company.people["qian"], company.session
    branch_id = clerk.branch_id or 0
    waiting = to_deposit(session, branch_id, 100)
    return deposit(
        session,
        [made.id for made in waiting],
        branch_id=branch_id,
        amount=sum((made.counted or Decimal(0) for made in waiting), Decimal(0)),
        bank_account=BANK,
        slip=slip,
        paid_at=at,
        reason=None,
        request_key=None,
        by=clerk,
        at=at,
        scan=_photo(slip),
    )


def _photo(number: str) -> Scan:
    """A slip as a phone shows it, more or less."""
    paper = Image.new("RGB", (480, 320), "#f4f1e8")
    drawn = ImageDraw.Draw(paper)
    drawn.rectangle((16, 16, 464, 304), outline="#7a7468", width=2)
    for line in range(5):
        drawn.line((40, 110 + 36 * line, 440, 110 + 36 * line), fill="#b9b2a3")
    drawn.text((40, 48), number, fill="#2b2a27", font_size=32)
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=70)
    return read_scan(out.getvalue())


def _notes(total: Decimal) -> dict[str, int]:
    """The fewest notes and coins that make a sum."""
    counts = {}
    for worth in DENOMINATIONS:
        counts[str(worth)], total = int(total // worth), total % worth
    return counts

"""What a day comes to out of its movements, and the day on which something is booked: no database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dispatch.fees.ledger_rules import accounting_day
from dispatch.finance.day_rules import Movement, day_hash, ledger_of

MOVED = (
    ("charge", "receivable", None, None, "600"),
    ("charge", "income", None, None, "-566.04"),
    ("charge_back", "receivable", None, None, "-45"),
    ("receipt", "receivable", None, None, "-555"),
    ("receipt", "cash_in_hand", None, 1, "300"),
    ("receipt", "clearing", "wechat", 2, "200"),
    ("refund", "clearing", "wechat", 2, "-20"),
    ("refund", "cash_desk", None, 1, "-10"),
    ("receipt", "on_account", None, 1, "85"),
    ("hand_in", "cash_in_hand", None, None, "-300"),
    ("hand_in", "cash_desk", None, None, "295"),
    ("hand_in", "difference", None, None, "5"),
    ("difference_settled", "difference", None, None, "-5"),
    ("difference_settled", "cash_desk", None, None, "5"),
    ("bank_deposit", "bank", None, None, "290"),
    ("bank_deposit", "cash_desk", None, None, "-290"),
    ("account_payment", "on_account", None, None, "-40"),
)


def test_a_day_out_of_its_movements() -> None:
    rows = [Movement(*row[:4], Decimal(row[4])) for row in MOVED]
    day = ledger_of(rows, {"cash_desk": Decimal(10), "cash_in_hand": Decimal("1.50")})
    assert (day.charged, day.on_account, day.expected) == (555, 85, 470)
    assert (day.collected, day.taken, day.missing) == ({"cash": 290, "wechat": 180}, 470, 0)
    assert day.people == {1: {"cash": 290}, 2: {"wechat": 180}}
    assert (day.handed_in, day.received, day.difference, day.settled) == (300, 295, 5, 5)
    assert (day.deposited, day.account_paid) == (290, 40)
    assert day.balances == {
        "cash_in_hand": Decimal("1.50"),
        "cash_desk": 10,
        "bank": 290,
        "clearing": 180,
        "at_channel": 0,
        "on_account": 45,
        "difference": 0,
    }
    plain = day.as_json()
    assert plain["people"] == {"1": {"cash": "290.00"}, "2": {"wechat": "180.00"}} and "difference" not in plain["balances"]
    assert ledger_of([], {}).as_json()["collected"] == {}


def test_the_hash_of_a_day_stands_on_the_day_before() -> None:
    monday, told = date(2026, 11, 23), {"ledger": {"charged": "1.00"}}
    first = day_hash(b"", branch="SZ", day=monday, figures=told)
    assert first == day_hash(b"", branch="SZ", day=monday, figures=dict(told))
    assert (
        len({first, day_hash(first, branch="SZ", day=monday, figures=told), day_hash(b"", branch="GZ", day=monday, figures=told)})
        == 3
    )


def test_what_happened_on_a_closed_day_is_booked_on_the_next_open_one() -> None:
    monday, tuesday, friday = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)
    assert accounting_day(monday, None) == monday
    assert accounting_day(tuesday, monday) == tuesday and accounting_day(friday, monday) == friday
    assert accounting_day(monday, monday) == tuesday and accounting_day(date(2026, 11, 1), monday) == tuesday

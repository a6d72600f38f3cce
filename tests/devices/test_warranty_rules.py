"""Which term of a warranty counts, from when, and what an exchange, a repair and a move make of it (P10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dispatch.devices.warranty_rules import Fit, Known, Life, Question, Term, add_months, decide_warranty

OURS, OTHERS = 1, 2
NEW, OLD = 10, 20
SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 7, 1), date(2026, 10, 1)
PLAIN = Life("SN10", "BD-808A", own_months=12, fits=(Fit(1, SPRING, OURS),))
HT = Term(24, customer_id=OURS, contract="HT-2025-17", valid_from=date(2025, 1, 1), valid_to=date(2026, 12, 31))
MODEL = Term(18, model="BD-808A", valid_from=date(2026, 1, 1))
GENERAL = Term(6, valid_from=date(2020, 1, 1))
UNLISTED = replace(PLAIN, own_months=0)


def decided(*lives: Life, terms: tuple[Term, ...] = (), unit: int = NEW, **asked: object) -> tuple[str, str]:
    """Until when, and by which rule; the first life is the terminal that is asked about, the second the one it replaced."""
    known = Known(dict(zip((NEW, OLD), lives, strict=False)), terms, {"TK-310": 24}, repair_months=3)
    found = decide_warranty(replace(Question(OURS, unit), **asked), known)  # type: ignore[arg-type]
    return str(found.until), str(found.rule)


@pytest.mark.parametrize(
    ("terms", "life", "until", "rule"),
    [
        ((), PLAIN, "2027-03-01", "12 months from installation on 2026-03-01"),
        ((MODEL, GENERAL), PLAIN, "2027-09-01", "18 months from installation on 2026-03-01"),
        ((HT, MODEL), PLAIN, "2028-03-01", "contract HT-2025-17, 24 months from installation on 2026-03-01"),
        ((HT, replace(HT, model="BD-808A", months=36)), PLAIN, "2029-03-01", "contract HT-2025-17, 36 months from"),
        (
            (HT, replace(HT, contract="HT-2026-1", months=9, valid_from=SPRING)),
            PLAIN,
            "2026-12-01",
            "contract HT-2026-1, 9 months",
        ),
        ((replace(HT, customer_id=OTHERS),), PLAIN, "2027-03-01", "12 months from installation"),
        ((replace(HT, valid_to=date(2026, 2, 28)),), PLAIN, "2027-03-01", "12 months from installation"),
        ((replace(HT, model="BD-809V"),), PLAIN, "2027-03-01", "12 months from installation"),
        ((replace(MODEL, valid_from=SUMMER),), PLAIN, "2027-03-01", "12 months from installation"),
        ((GENERAL,), PLAIN, "2027-03-01", "12 months from installation"),
        ((GENERAL,), UNLISTED, "2026-09-01", "6 months from installation"),
        ((GENERAL,), replace(UNLISTED, model="TK-310"), "2028-03-01", "24 months from installation"),
        ((), UNLISTED, "2027-03-01", "12 months from installation"),
        ((replace(HT, start="purchase"),), PLAIN, "2028-01-15", "24 months from purchase on 2026-01-15"),
        ((replace(HT, start="delivery"),), PLAIN, "2028-03-01", "24 months from delivery on 2026-03-01"),
        (
            (replace(HT, start="delivery"),),
            replace(PLAIN, delivered_on=date(2026, 2, 10)),
            "2028-02-10",
            "24 months from delivery on 2026-02-10",
        ),
    ],
)
def test_which_term_counts_and_from_when(terms: tuple[Term, ...], life: Life, until: str, rule: str) -> None:
    found = decided(life, terms=terms, purchased_on=date(2026, 1, 15))
    assert found[0] == until and rule in found[1]


def exchanged(on: date, replaced: int | None = OLD) -> Life:
    """A terminal that was put in for another one on a day."""
    return replace(PLAIN, fits=(Fit(9, on, OURS, replaced),))


SOLD = replace(PLAIN, serial="SN20")
BACK = replace(PLAIN, fits=(Fit(1, SPRING, OURS), Fit(9, AUTUMN, OURS)))


@pytest.mark.parametrize(
    ("lives", "until", "rule"),
    [
        ((exchanged(AUTUMN), SOLD), "2027-03-01", "carried on from SN20: 12 months from installation on 2026-03-01"),
        ((exchanged(date(2027, 3, 1)), SOLD), "2027-03-01", "carried on from SN20"),
        ((exchanged(date(2027, 3, 2)), SOLD), "2028-03-02", "12 months from installation on 2027-03-02"),
        (
            (exchanged(AUTUMN), replace(SOLD, fits=(Fit(1, SPRING, OURS, found=True),))),
            "2027-10-01",
            "from installation on 2026-10",
        ),
        ((replace(exchanged(AUTUMN), repaired_on=(SUMMER,)), SOLD), "2027-03-01", "carried on"),
        (
            (replace(exchanged(date(2027, 2, 1)), repaired_on=(date(2027, 1, 20),)), SOLD),
            "2027-04-20",
            "from the repair on 2027-01-20",
        ),
        ((BACK,), "2027-03-01", "installation on 2026-03-01"),
        ((replace(BACK, repaired_on=(date(2026, 9, 20),)),), "2027-03-01", "installation on 2026-03-01"),
        (
            (replace(BACK, own_months=1, repaired_on=(date(2026, 9, 20),)),),
            "2026-12-20",
            "3 months from the repair on 2026-09-20",
        ),
        ((replace(PLAIN, own_months=1, repaired_on=(SUMMER,)),), "2026-04-01", "1 months from installation"),
        ((replace(BACK, fits=(Fit(1, SPRING, OTHERS), Fit(9, AUTUMN, OURS))),), "2027-10-01", "installation on 2026-10-01"),
        ((replace(PLAIN, fits=(Fit(1, SPRING, OURS, found=True),)),), "None", "Neither installation nor purchase"),
        ((replace(PLAIN, fits=()),), "None", "Neither installation nor purchase"),
    ],
    ids=[
        "exchanged within warranty",
        "on its last day",
        "a day later it is sold",
        "for one that nobody knows",
        "repaired before, but less than what is carried on",
        "repaired before, and later",
        "put back or moved to another vehicle",
        "put back after a repair, the rest is longer",
        "put back after a repair, the repair is longer",
        "repaired and not fitted again",
        "had been another customer's",
        "found, nobody knows since when",
        "never fitted",
    ],
)
def test_exchange_repair_and_move(lives: tuple[Life, ...], until: str, rule: str) -> None:
    found = decided(*lives)
    assert found[0] == until and rule in found[1]


def test_the_past_is_asked_as_it_stood() -> None:
    assert decided(replace(BACK, own_months=1, repaired_on=(date(2026, 9, 20),)), upto=1)[0] == "2026-04-01"


def test_without_a_terminal_the_purchase_decides() -> None:
    bought = {"unit": 0, "purchased_on": SPRING, "model": "BD-808A"}
    assert decided(terms=(MODEL,), **bought) == ("2027-09-01", "18 months from purchase on 2026-03-01")  # type: ignore[arg-type]
    assert decided(**bought | {"model": "TK-310"})[0] == "2028-03-01"  # type: ignore[arg-type]


@pytest.mark.parametrize(("months", "ends"), [(12, "2029-02-28"), (48, "2032-02-29"), (1, "2028-03-29"), (0, "2028-02-29")])
def test_what_begins_on_29_february_ends_on_the_last_of_february_in_a_common_year(months: int, ends: str) -> None:
    assert add_months(date(2028, 2, 29), months) == date.fromisoformat(ends)

"""What proves a point of a test-run, what speaks against it, and what says nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.field.evidence_rules import Asked, Evidence, Fitted, evidence
from dispatch.field.rules import TEST_ITEMS
from tests.conftest import AT

HERE = (22.543096, 114.057865)
ICCID = "89860622588667878485"
FITTED = Fitted(terminal_id="4316102", phone="013912344323", imei="359121104139382", iccid=ICCID[:19])
ASKED = Asked(FITTED, AT, HERE)


@dataclass(frozen=True)
class Seen:
    """An observation three minutes after the swap, unless said otherwise."""

    id: int = 1
    kind: str = "position"
    source: str = "jt808"
    phone: str = "013912344323"
    received_at: datetime = AT + timedelta(minutes=3)
    device_time: datetime | None = None
    late: bool = False
    whole: bool = True
    positioned: bool | None = None
    lat: float | None = None
    lon: float | None = None
    acc: bool | None = None
    satellites: int | None = None
    signal: int | None = None
    power_cut: bool | None = None
    iccid: str | None = None
    imei: str | None = None
    terminal_id: str | None = None
    firmware: str | None = None


EVERYTHING = Seen(
    device_time=AT + timedelta(minutes=2),
    positioned=True,
    lat=HERE[0],
    lon=HERE[1],
    acc=True,
    satellites=9,
    signal=23,
    power_cut=True,
    iccid=ICCID,
    imei="359121104139382",
    terminal_id="4316102",
    firmware="V2.1.10",
)
"""No message tells all of it, but what it proves is the same."""


def series(*changes: dict[str, Any]) -> list[Seen]:
    """One observation after the other, each a minute later."""
    return [Seen(id=n, **{"received_at": AT + timedelta(minutes=n), **change}) for n, change in enumerate(changes, 1)]


def point(item: str, *changes: dict[str, Any], asked: Asked = ASKED) -> tuple[str, str, int | None]:
    """Verdict, sentence and observation of one point."""
    found = evidence(asked, series(*changes))[item]
    return found.verdict, str(found.said), found.told.id if found.told else None


def verdicts(found: dict[str, Evidence]) -> set[str]:
    return {one.verdict for one in found.values()}


# --- what counts at all


def test_every_point_has_an_answer() -> None:
    assert set(evidence(ASKED, [])) == set(TEST_ITEMS)
    assert verdicts(evidence(ASKED, [])) == {"unknown"}


def test_what_came_after_the_swap_proves_all_but_acc_at_once() -> None:
    found = evidence(ASKED, [EVERYTHING])
    assert {item for item, one in found.items() if one.verdict == "proven"} == set(TEST_ITEMS) - {"acc"}
    assert verdicts(evidence(ASKED, [EVERYTHING, replace(EVERYTHING, id=2, acc=False)])) == {"proven"}


@pytest.mark.parametrize(
    "flaw",
    [
        {"late": True},
        {"whole": False},
        {"kind": "left"},
        {"received_at": AT},
        {"received_at": AT - timedelta(seconds=1)},
        {"device_time": AT - timedelta(seconds=1)},
        {"device_time": AT + timedelta(hours=8)},
    ],
    ids=["kept back", "half a frame", "goodbye", "the same moment", "before", "measured before", "a clock hours ahead"],
)
def test_what_is_late_half_or_from_before_proves_nothing(flaw: dict[str, Any]) -> None:
    bad = replace(EVERYTHING, **flaw)
    assert verdicts(evidence(ASKED, [bad, replace(bad, id=2, acc=False)])) == {"unknown"}


def test_nor_does_it_contradict() -> None:
    bad = replace(EVERYTHING, whole=False, iccid="8986" + "9" * 16, terminal_id="7777777", signal=1, lat=10.0)
    assert verdicts(evidence(ASKED, [bad, replace(bad, late=True, whole=True)])) == {"unknown"}


# --- who reports


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"terminal_id": "4316102"}, "proven"),
        ({"terminal_id": "0004316102"}, "proven"),
        ({"imei": "359121104139382", "phone": "1"}, "proven"),
        ({"imei": "35912110413938"}, "proven"),
        ({"phone": "13912344323"}, "proven"),
        ({"imei": "000000000000000"}, "proven"),
        ({"imei": "000000000000000", "phone": "1"}, "unknown"),
        ({"imei": "abc", "phone": "1"}, "unknown"),
        ({"phone": "013900000000"}, "unknown"),
        ({"terminal_id": "7777777"}, "contradicted"),
        ({"imei": "860000000000000"}, "contradicted"),
        ({"imei": "359121104139382", "terminal_id": "7777777"}, "contradicted"),
    ],
)
def test_who_reports_is_told_by_its_numbers(told: dict[str, Any], verdict: str) -> None:
    assert point("identity", told)[0] == verdict


def test_a_record_without_numbers_proves_nobody() -> None:
    assert point("identity", {"terminal_id": "1", "imei": "860000000000000"}, asked=Asked(Fitted(), AT))[0] == "unknown"


def test_the_old_terminal_under_the_new_number_proves_nothing_of_the_fitted_one() -> None:
    old = replace(EVERYTHING, terminal_id="7777777", imei=None)
    found = evidence(ASKED, [replace(EVERYTHING, terminal_id=None, imei=None), old, replace(old, acc=False, terminal_id=None)])
    assert found["identity"].verdict == "contradicted" and str(found["identity"].said) == "it calls itself 7777777"
    assert {item for item, one in found.items() if one.verdict == "unknown"} == set(TEST_ITEMS) - {"identity"}


def test_once_the_right_one_reports_only_what_it_says_counts() -> None:
    wrong, right = {"terminal_id": "7777777", "signal": 20}, {"terminal_id": "4316102"}
    assert point("identity", wrong, right) == ("proven", "its number is 4316102", 2)
    assert point("signal", wrong, right)[0] == "unknown"
    assert point("online", wrong, right)[2] == 2
    assert point("signal", wrong, right, {"signal": 21}) == ("proven", "strength 21 of 31", 3)


# --- the SIM


@pytest.mark.parametrize("told", [ICCID, ICCID[:19], ICCID[:19] + "F"])
def test_a_sim_is_known_by_its_first_nineteen(told: str) -> None:
    assert point("iccid", {"iccid": told}) == ("proven", "it has SIM 8986 0622 5886 6787 848", 1)


def test_letters_of_an_iccid_may_be_small() -> None:
    asked = replace(ASKED, fitted=replace(FITTED, iccid="89860624293A2245176"))
    assert point("iccid", {"iccid": "89860624293a22451760"}, asked=asked)[0] == "proven"


def test_another_sim_contradicts_until_the_fitted_one_is_named() -> None:
    other, own = {"iccid": "8986" + "9" * 16}, {"iccid": ICCID}
    assert point("iccid", own, other) == (
        "contradicted",
        "it has SIM 8986 9999 9999 9999 999, and fitted is 8986 0622 5886 6787 848",
        2,
    )
    assert point("iccid", other, own, own) == ("proven", "it has SIM 8986 0622 5886 6787 848", 2)


def test_without_a_sim_on_record_nothing_is_compared() -> None:
    assert point("iccid", {"iccid": ICCID}, asked=replace(ASKED, fitted=replace(FITTED, iccid=None)))[0] == "unknown"


# --- the place


def at(lat: float, lon: float = HERE[1]) -> dict[str, Any]:
    return {"positioned": True, "lat": lat, "lon": lon}


def test_a_position_near_the_phone_proves_it_once_and_for_all() -> None:
    assert point("fix", at(HERE[0] + 0.001)) == ("proven", "111 m from the phone", 1)
    assert point("fix", at(HERE[0]), {"positioned": False}, at(30.0))[2] == 1


def test_a_position_far_away_or_none_contradicts() -> None:
    assert point("fix", at(HERE[0] + 0.1)) == ("contradicted", "it is 11.1 km from the phone", 1)
    assert point("fix", {"positioned": False, "lat": HERE[0], "lon": HERE[1]}) == ("contradicted", "it has no fix", 1)


def test_how_far_is_too_far_is_a_setting() -> None:
    assert point("fix", at(HERE[0] + 0.001), asked=replace(ASKED, within_m=100))[0] == "contradicted"


def test_where_the_phone_was_not_exact_a_little_too_far_says_nothing() -> None:
    vague = replace(ASKED, accuracy_m=2_000)
    assert point("fix", at(HERE[0] + 0.01), asked=vague)[0] == "unknown"
    assert point("fix", at(HERE[0] + 0.1), asked=vague)[0] == "contradicted"


@pytest.mark.parametrize("told", [at(0.0, 0.0), {"positioned": True}])
def test_a_fix_without_a_place_says_nothing(told: dict[str, Any]) -> None:
    assert point("fix", told)[0] == "unknown"


def test_without_the_place_of_the_phone_nothing_is_compared() -> None:
    assert point("fix", at(HERE[0]), asked=replace(ASKED, place=None))[0] == "unknown"


# --- signal, ACC, power


@pytest.mark.parametrize(
    ("signals", "verdict"),
    [([10], "proven"), ([3, 12, 4], "proven"), ([9], "contradicted"), ([99], "unknown"), ([99, 2], "contradicted")],
)
def test_the_signal_was_strong_enough_once(signals: list[int], verdict: str) -> None:
    assert point("signal", *({"signal": n} for n in signals))[0] == verdict


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [([4], "proven"), ([2, 9, 1], "proven"), ([3], "contradicted"), ([], "unknown")],
)
def test_enough_satellites_were_seen_once(seen: list[int], verdict: str) -> None:
    assert point("satellites", *({"satellites": n, "positioned": True} for n in seen))[0] == verdict
    assert point("satellites", *({"satellites": n, "positioned": False} for n in seen))[0] == "unknown", "without a fix"


@pytest.mark.parametrize(
    ("told", "least", "verdict"),
    [
        ("V1.10", "V1.9", "proven"),
        ("v1.9.0", "1.9", "proven"),
        ("BSJ-A6 V2.1b", "BSJ-A6 V2.1a", "proven"),
        ("V1.9", "V1.10", "contradicted"),
        ("V1.2", "V1.2.0.1", "contradicted"),
        ("GT02_20190101", "BSJ_V2", "unknown"),
        ("V1.2beta", "V1.2", "unknown"),
        ("beta", "V1", "unknown"),
        ("beta", None, "proven"),
        (None, "V1", "unknown"),
    ],
)
def test_firmware_is_compared_as_far_as_it_can_be(told: str | None, least: str | None, verdict: str) -> None:
    assert point("firmware", {"firmware": told}, asked=replace(ASKED, least_firmware=least))[0] == verdict


def test_the_newest_firmware_counts_it_may_have_been_renewed_on_the_spot() -> None:
    asked = replace(ASKED, least_firmware="V2")
    assert point("firmware", {"firmware": "V1"}, {"firmware": "V2"}, {}, asked=asked) == ("proven", "firmware V2", 2)


def test_acc_has_to_be_seen_both_on_and_off() -> None:
    on, off = {"acc": True}, {"acc": False}
    assert point("acc", on, on) == ("unknown", "ACC on was reported, off not yet.", None)
    assert point("acc", off) == ("unknown", "ACC off was reported, on not yet.", None)
    assert point("acc", on, on, off, on) == ("proven", "both on and off", 3)


def test_cutting_the_power_raises_the_alarm_or_is_not_known() -> None:
    assert point("power", {"power_cut": False}) == ("unknown", "No such alarm has come yet.", None)
    assert point("power", {"power_cut": True}, {"power_cut": False}) == ("proven", "main power was gone", 1)

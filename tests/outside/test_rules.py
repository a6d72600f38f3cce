"""Each way in which a contractor's link is good for nothing has its sentence; what names a customer is masked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.outside.rules import (
    MOST_TRIES,
    OfferFacts,
    masked_address,
    masked_name,
    masked_plate,
    state_of,
    why_not_accept,
    why_not_open,
    why_not_work,
)
from tests.conftest import AT

OPEN = OfferFacts("approved", AT + timedelta(hours=2))
HIS = replace(OPEN, order_status="dispatched", accepted=True, visit="dispatched")


@pytest.mark.parametrize(
    ("facts", "sentence", "state"),
    [
        (replace(OPEN, signed_in="林晓"), "you are signed in as 林晓", "offered"),
        (replace(HIS, revoked=True, visit="abandoned"), "The office has taken this order back", "revoked"),
        (replace(OPEN, declined=True), "You have declined", "declined"),
        (replace(OPEN, taken=True), "Somebody else has accepted this order before you", "taken"),
        (replace(OPEN, wrong_pins=MOST_TRIES), "wrong too often", "shut"),
        (replace(HIS, still_his=False), "given this order to somebody else", "given"),
        (replace(HIS, work_accepted=True, visit="finished"), "Your work was accepted", "to_settle"),
        (replace(HIS, visit="abandoned"), "it was broken off", "over"),
        (replace(OPEN, order_status="cancelled"), "closed or cancelled", "offered"),
        (replace(OPEN, expires_at=AT), "was to be accepted in time", "expired"),
        (replace(HIS, expires_at=AT), "until some time after the visit", "accepted"),
        (replace(OPEN, order_status="waiting"), "nobody can be sent now", "offered"),
    ],
)
def test_each_case_has_its_sentence(facts: OfferFacts, sentence: str, state: str) -> None:
    for why in (why_not_open, why_not_accept, why_not_work):
        assert sentence in str(why(facts, AT))
    assert state_of(facts, AT) == state


def test_a_good_link_opens_and_only_who_has_accepted_works() -> None:
    assert why_not_open(OPEN, AT) is None and why_not_accept(OPEN, AT) is None
    assert "Accept the order first" in str(why_not_work(OPEN, AT))
    assert why_not_open(HIS, AT) is None and why_not_work(HIS, AT) is None
    assert "accepted this order already" in str(why_not_accept(HIS, AT))
    finished = replace(HIS, visit="finished")
    assert why_not_work(finished, AT) is None and state_of(finished, AT) == "to_check"
    assert state_of(OPEN, AT) == "offered" and state_of(replace(finished, work_accepted=True), AT, settled=True) == "settled"


@pytest.mark.parametrize(
    ("whole", "masked"),
    [
        ("广东省深圳市宝安区宝安国际机场货运村", "广东省深圳市宝安区***"),
        ("上海市浦东新区张江路1号", "上海市浦东新区***"),
        ("宝安区凤凰工业区", "宝安区***"),
        ("Airport Road 5", "Ai***"),
        ("", "***"),
    ],
)
def test_an_address_is_told_down_to_its_district(whole: str, masked: str) -> None:
    assert masked_address(whole) == masked


def test_names_and_plates_are_masked() -> None:
    assert masked_name("恒通物流有限公司") == "恒***" and masked_name("") == "***"
    assert masked_plate("粤B12345") == "粤B***45" and masked_plate(None) == "***" == masked_plate("粤B1")

"""Where an address is: places on record first, answers kept for a while, the district when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.customers import finding
from dispatch.customers.finding import FOUND_DAYS, UNKNOWN_DAYS, configure, find_places, forget_old
from dispatch.customers.models import Site
from dispatch.db import transaction
from dispatch.geo.gateway import Place
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.geo.test_services import ADDRESS, HERE, Known

OTHER = Place(39.92, 116.44, "amap", "区县", 15_000, "北京市朝阳区")
DAY = timedelta(days=1)


@pytest.fixture
def known(database: str, cast: Cast) -> Iterator[Known]:
    """The only service; it can be told what it knows."""
    service = Known(HERE)
    configure([service])
    yield service
    configure([])


def test_an_answer_is_kept_for_a_month_and_ignorance_for_a_day(known: Known, cast: Cast) -> None:
    for _twice in range(2):
        found = find_places(f"  {ADDRESS} ", cast.lin, at=AT)
        assert found.places == [HERE] and found.is_clear and not found.away
    assert known.asked == 1
    find_places(ADDRESS, cast.lin, at=AT + (FOUND_DAYS + 1) * DAY)
    assert known.asked == 2
    known.places = []
    assert find_places("某处", cast.lin, at=AT).places == find_places("某处", cast.lin, at=AT).places == []
    assert known.asked == 3
    find_places("某处", cast.lin, at=AT + (UNKNOWN_DAYS + 1) * DAY)
    assert known.asked == 4
    with transaction() as db:
        assert [forget_old(db, AT + (2 * FOUND_DAYS + 2) * DAY), forget_old(db, AT + 99 * DAY)] == [2, 0]


def test_a_place_that_a_person_set_goes_before_every_service(known: Known, cast: Cast) -> None:
    with transaction() as db:
        mine = repair_order(db, cast).customer_id
        db.add(Site(customer_id=mine, address=ADDRESS, lat=22.5, lon=113.9, source="pin", accuracy_m=20))
        db.add(Site(customer_id=mine, address="朝阳区", lat=39.9, lon=116.4, source="district", accuracy_m=20_000))
    (place,) = find_places(ADDRESS, cast.lin, at=AT).places
    assert (place.source, place.lat, known.asked) == ("pin", 22.5, 0)
    known.places = [HERE, OTHER]
    found = find_places("朝阳区", cast.lin, at=AT)
    assert found.places == [HERE, OTHER] and not found.is_clear


def test_without_an_answer_the_district_is_known_and_nothing_is_kept(known: Known, cast: Cast) -> None:
    known.away = True
    found = find_places(ADDRESS, cast.lin, at=AT)
    assert found.away and [place.source for place in found.places] == ["district"]
    known.away = False
    assert find_places(ADDRESS, cast.lin, at=AT).places == [HERE]
    configure([])
    assert find_places(" ", cast.lin, at=AT) == finding.Finding([])


def test_the_page_offers_what_may_be_meant(known: Known, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    configure([known])
    one = lin.get("/places", query_string={"address": ADDRESS}).text
    assert 'data-source="geocoder"' in one and "±50 m" in one and "Which one" not in one
    known.places = [HERE, OTHER]
    assert "2 places may be meant" in lin.get("/places?address=朝阳").text
    known.away = True
    away = lin.get("/places?address=朝阳区").text
    assert "does not answer" in away and away.count('data-source="district"') == 2
    assert "Nobody knows" in lin.get("/places?address=xyz").text and "first" in lin.get("/places").text
    assert "&lt;b&gt;" in lin.get("/places?address=<b>").text or "<b>" not in lin.get("/places?address=<b>").text
    assert as_person(cast.su).get("/places?address=x").status_code == 404

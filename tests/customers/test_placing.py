"""The worker puts addresses on the map that are clear, leaves to people what is not, and never touches what they set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers import finding
from dispatch.customers.models import FoundAddress, Site, SiteSearch
from dispatch.customers.placing import place_some, why_not
from dispatch.geo.gateway import AddressServiceAway, Place
from dispatch.geo.rules import Coordinates
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.geo.test_services import HERE

DAY = timedelta(days=1)
DISTRICT = Place(22.7, 113.9, "district", "district", 15_000, "广东省深圳市宝安区")


class Atlas:
    """A service that knows some addresses, has a quota, and can be away."""

    def __init__(self, known: dict[str, list[Place]]) -> None:
        self.known, self.asked, self.quota = known, list[str](), 99

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        self.asked.append(address)
        if self.quota <= 0:
            raise AddressServiceAway
        self.quota -= 1
        return self.known.get(address, [])


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (finding.Finding([HERE]), None),
        (finding.Finding([HERE, DISTRICT]), "several"),
        (finding.Finding([DISTRICT]), "coarse"),
        (finding.Finding([replace(HERE, accuracy_m=15_000)]), "coarse"),
        (finding.Finding([]), "unknown"),
        (finding.Finding([DISTRICT], away=True), "away"),
    ],
)
def test_only_what_is_clear_and_exact_is_set(found: finding.Finding, why: str | None) -> None:
    assert why_not(found) == why


def test_old_addresses_come_on_the_map_one_round_after_the_other(db: Session, cast: Cast, as_person: SignIn) -> None:
    mine = repair_order(db, cast).customer_id
    placed = {site.id for site in db.scalars(sa.select(Site).where(Site.lat.is_not(None)))}
    db.execute(sa.update(Site).values(lat=22.5, lon=113.9, source="pin", accuracy_m=20))
    names = ["清楚路1号", "朝阳区某处", "含糊路2号", "谁也不知", "本院"]
    sites = {name: Site(customer_id=mine, address=name) for name in names}
    sites["本院"].lat, sites["本院"].lon, sites["本院"].source = 22.6, 113.8, "pin"
    db.add_all(sites.values())
    db.commit()
    atlas, naps = Atlas({"清楚路1号": [HERE], "含糊路2号": [HERE, DISTRICT], "本院": [HERE]}), list[float]()
    finding.configure([atlas])
    try:
        atlas.quota = 2  # the service says no after two answers
        place_some(AT, most=50, sleep=naps.append)
        assert len(atlas.asked) == 4 and naps == [1.0] * 4
        atlas.quota = 99
        assert place_some(AT, most=50) == 0 and len(atlas.asked) == 4  # whose turn it is not is left alone
        place_some(AT + 2 * timedelta(hours=1), most=50, sleep=naps.append)
        assert len(atlas.asked) == 6
        place_some(AT + 2 * DAY, most=50)
        assert len(atlas.asked) == 6
        db.expire_all()
        assert (sites["清楚路1号"].lat, sites["清楚路1号"].source) == (HERE.lat, "geocoder")
        assert sites["本院"].lat == 22.6 and len(placed) >= 0
        why = {row.site_id: row.why for row in db.scalars(sa.select(SiteSearch))}
        assert {name: why.get(site.id) for name, site in sites.items()} == {
            "清楚路1号": None,
            "朝阳区某处": "several",
            "含糊路2号": "several",
            "谁也不知": "unknown",
            "本院": None,
        }
        assert db.get(FoundAddress, "清楚路1号")
    finally:
        finding.configure([])

    lin, url = as_person(cast.lin), "/places/unclear"
    page = lin.get(url).text
    assert "朝阳区某处" in page and "Nobody knows this address." in page and "清楚路1号" not in page
    site = sites["含糊路2号"].id
    seen = db.get_one(SiteSearch, site).at.isoformat()
    lin.post(f"{url}/{site}", data={"nth": "0", "seen": "yesterday"})
    db.expire_all()
    assert db.get_one(Site, site).lat is None
    assert lin.post(f"{url}/{site}", data={"nth": "7", "seen": seen}).status_code == 404
    assert lin.post(f"{url}/{site}", data={"nth": "x", "seen": seen}).status_code == 404
    for _twice in range(2):
        assert lin.post(f"{url}/{site}", data={"nth": "0", "seen": seen}).status_code == 302
    db.expire_all()
    assert db.get_one(Site, site).lat == HERE.lat
    assert "含糊路2号" not in lin.get(url).text.split("<tbody>")[-1]
    assert as_person(cast.he).post(f"{url}/{sites['朝阳区某处'].id}", data={"nth": "0", "seen": seen}).status_code == 404

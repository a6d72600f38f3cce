"""A vehicle that is done and was never photographed holds back closing, until the office says why it does without."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.field.correcting import waive_photo
from dispatch.field.papers import field_papers_missing
from dispatch.field.photographed import waivers_of
from dispatch.field.rules import TEST_ITEMS
from dispatch.orders.facts import owed_papers
from dispatch.orders.models import Order, OrderPapers, Visit
from dispatch.orders.operations.moves import locked_order, move_order
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.field.building import arrived, carrying, do, sign, take_photo

PASSED = {item: {"result": "passed"} for item in TEST_ITEMS}


def ended(session: Session, cast: Cast, visit: Visit) -> Order:
    """Every vehicle tested, the customer has signed, and the visit is over."""
    for line in visit.order.lines:
        do(session, visit, "test.run", cast.su, line=line.id, results=PASSED)
    sign(session, visit, cast.su)
    do(session, visit, "visit.finish", cast.su)
    session.refresh(visit.order)
    return visit.order


def missing(session: Session, order: Order) -> list[str]:
    return [str(text) for text in field_papers_missing(session, order)]


def counted(session: Session, order: Order) -> list[str]:
    """The photos among the papers last counted: by which vehicle they are missing."""
    papers = session.get_one(OrderPapers, order.id, populate_existing=True).missing
    return [paper["params"]["vehicle"] for paper in papers if "no photo" in paper["msgid"]]


def plate(order: Order, index: int = 0) -> str:
    plate = str(order.lines[index].vehicle.plate)
    return f"{plate[:2]}·{plate[2:]}"


# --- a repair


@pytest.mark.parametrize("kinds", [(), ("work", "unit", "paper", "refusal")])
def test_a_repair_needs_its_vehicle_as_it_was(
    db: Session, cast: Cast, order: Order, on_site: Visit, kinds: tuple[str, ...]
) -> None:
    for kind in kinds:
        take_photo(db, on_site, cast.su, kind=kind, line=order.lines[0].id)
    done = ended(db, cast, on_site)
    sentence = f"苏杰: there is no photo of {plate(order)} before the work."
    assert missing(db, done) == [sentence]
    assert [(p.owes, p.place) for p in owed_papers(db, done) if str(p.text) == sentence] == [("technician", "on-site")]
    assert counted(db, done) == [plate(order)]


@pytest.mark.parametrize("named", [True, False])
def test_the_only_vehicle_is_the_one_on_a_photo_that_names_none(
    db: Session, cast: Cast, order: Order, on_site: Visit, named: bool
) -> None:
    take_photo(db, on_site, cast.su, line=order.lines[0].id if named else None)
    assert missing(db, ended(db, cast, on_site)) == []


def test_of_several_each_needs_its_own(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=3)
    visit = arrived(db, cast, order, cast.su)
    take_photo(db, visit, cast.su)
    take_photo(db, visit, cast.su, line=order.lines[1].id)
    for line in order.lines[:2]:
        do(db, visit, "test.run", cast.su, line=line.id, results=PASSED)
    sign(db, visit, cast.su)
    gone = order.lines[2].id
    do(db, visit, "visit.finish", cast.su, not_done=[gone], how="give_up", reason="车已报废")
    db.refresh(order)
    assert missing(db, order) == [f"苏杰: there is no photo of {plate(order)} before the work."], "of what was given up none"


# --- an installation


def test_of_an_installed_vehicle_any_photo_will_do(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=4, kind="installation", symptom=None)
    visit = arrived(db, cast, order, cast.su)
    boxes, cards = carrying(db, cast, cast.su, 4)
    for line, box, card in zip(order.lines, boxes, cards, strict=True):
        do(db, visit, "line.install", cast.su, line=line.id, terminal=box.number, sim=card.number)
    for kind, line in zip(("condition", "work", "unit", "paper"), order.lines, strict=True):
        take_photo(db, visit, cast.su, kind=kind, line=line.id)
    assert missing(db, ended(db, cast, visit)) == [f"苏杰: there is no photo of {plate(order, 3)}."]


# --- the office does without


def test_the_office_may_do_without_for_a_reason(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    done, line = ended(db, cast, on_site), order.lines[0].id
    with pytest.raises(RuleBroken, match="no photo"):
        move_order(db, locked_order(db, done.id), "close", by=cast.wang, at=AT)
    for refusal, given in ((Invalid, {"reason": " "}), (NotAllowed, {"by": cast.lin}), (NotAllowed, {"by": cast.su})):
        with pytest.raises(refusal):
            waive_photo(db, done.id, line, **({"reason": "已施工", "by": cast.wang, "at": AT} | given))
    with pytest.raises(NotFound):
        waive_photo(db, done.id, 999_999, reason="已施工", by=cast.wang, at=AT)
    waive_photo(db, done.id, line, reason=" 手机摔坏，照片没有了 ", by=cast.wang, at=AT)
    assert missing(db, done) == [] and counted(db, done) == []
    told = waivers_of(db, done.id)[line]
    assert (told.reason, told.by_name, told.at) == ("手机摔坏，照片没有了", cast.wang.name, AT)
    assert history(db, ("order", done.id))[0].action == "photo.waive"
    with pytest.raises(RuleBroken, match="No photo of this vehicle is missing"):
        waive_photo(db, done.id, line, reason="再说一次", by=cast.wang, at=AT)


def test_nothing_is_waived_before_the_vehicle_is_done(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    with pytest.raises(RuleBroken, match="No photo of this vehicle is missing"):
        waive_photo(db, order.id, order.lines[0].id, reason="省事", by=cast.wang, at=AT)


def test_a_visit_that_was_broken_off_leaves_no_order_stuck(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    line = order.lines[0].id
    do(db, on_site, "line.done", cast.su, line=line)
    do(db, on_site, "visit.abandon", cast.su, reason="车主离开")
    db.refresh(order)
    assert order.status == "done" and counted(db, order) == [plate(order)]
    waive_photo(db, order.id, line, reason="车主离开", by=cast.wang, at=AT)
    assert counted(db, order) == []


def test_the_page_of_the_order_says_it_and_mends_it(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        order = approved_order(session, cast)
        ended(session, cast, arrived(session, cast, order, cast.su))
        number, line = order.number, order.lines[0].id
    wang, section = as_person(cast.wang), f"/orders/{number}/on-site"
    url = f"/orders/{number}/corrections/no-photo/{line}"
    assert "No photo before the work" in wang.get(section).text and url in wang.get(section).text
    seen = as_person(cast.lin).get(section).text
    assert "No photo before the work" in seen and url not in seen
    assert "no photo" in wang.get(url).text
    assert as_person(cast.lin).post(url, data={"reason": "x"}).status_code == 404
    assert 'id="correct-reason-error"' in wang.post(url, data={"reason": ""}).text
    assert wang.post(url, data={"reason": "手机摔坏"}).status_code == 303
    after = wang.get(section).text
    assert "手机摔坏" in after and cast.wang.name in after and url not in after
    assert "closes without a photo" in wang.get(f"/orders/{number}").text

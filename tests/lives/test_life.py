"""Everything that ever happened to a unit or a vehicle, in order, a page of it at a time, and all of it on paper (P16)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.fitting import swap, undo
from dispatch.devices.restarting import ask_restart, end
from dispatch.intake.operations.dismissing import dismiss
from dispatch.intake.silences import Missed, propose
from dispatch.intake.silent_queries import silent_now
from dispatch.lives import queries as lives
from dispatch.lives.presenting import Event, events
from dispatch.lives.queries import life_of_unit, life_of_vehicle
from tests.building import installation_order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.devices.building import carried, fitted_by, work

LATER = AT + timedelta(minutes=30)


def words(told: list[Event]) -> list[str]:
    """What each says, the oldest first, as one reads it."""
    return [str(one.what) for one in reversed(told)]


def lived(db: Session, cast: Cast) -> tuple[int, int, int, str]:
    """A terminal that was fitted, fell silent, was told to restart, was swapped two days late, and put back: the ids of old and
    new and of their vehicle, and the order's number."""
    order = installation_order(db, cast, lines=1)
    box, _card = fitted_by(db, cast, cast.su, order)
    vehicle_id = order.lines[0].vehicle_id
    silent = Missed(box.id, vehicle_id, order.customer_id, order.branch_id, "中国移动", AT, 22.5, 114.0, "jt808")
    propose(db, [silent], at=AT + timedelta(minutes=1))
    found = [one.row.id for one in silent_now(db, cast.lin, at=AT).ordered.rows]
    dismiss(db, found, reason="车在修", days=1, by=cast.lin, at=AT + timedelta(minutes=2))
    asked = ask_restart(db, box.id, "jt808", by=cast.lin, at=AT + timedelta(minutes=3))
    end(db, asked.id, "refused", at=AT + timedelta(minutes=4))
    [new] = carried(db, cast, cast.su, boxes=1)
    done = swap(db, work(order, at=LATER), new.id, by=cast.su, at=LATER + timedelta(days=2))
    undo(db, done.id, reason="装错车", by=cast.su, at=LATER + timedelta(days=3))
    return box.id, new.id, vehicle_id, order.number


def test_a_unit_and_its_vehicle_tell_all_of_it_in_order(db: Session, cast: Cast) -> None:
    old, new, vehicle_id, number = lived(db, cast)
    life = life_of_unit(db, old, cast.lin)
    told = events(life, old)
    happened = [word for word in words(told) if "→" not in word and "Order" not in word and "Belongs" not in word]
    assert happened == [
        "Taken into stock",
        "Issued",
        "Installed",
        "It fell silent",
        "Silence set aside",
        "Restart from afar: it refused",
        "Taken out in a swap",
        "To be brought to the repair bench",
        "Corrected",
        "Ended without the bench: Corrected",
    ]
    assert [one.row.at for one in told] == sorted((one.row.at for one in told), reverse=True)
    taken_out = next(one for one in told if one.row.action == "swap_out")
    assert taken_out.undone and taken_out.row.detail["undone_why"] == "装错车" and taken_out.number == number
    assert taken_out.old and taken_out.old.id == new and taken_out.row.recorded_at == LATER + timedelta(days=2)
    of_car = words(events(life_of_vehicle(db, vehicle_id, cast.lin)))
    assert [word for word in of_car if word.startswith(("Terminal", "Restart", "It fell"))] == [
        "Terminal fitted",
        "It fell silent",
        "Restart from afar: it refused",
        "Terminal swapped",
        "Terminal put back as it was before",
    ]
    assert life.total == len(told) == sum(life.counts.values())


def test_whoever_does_not_see_an_order_reads_no_more_than_that_it_was(db: Session, cast: Cast) -> None:
    old, _new, _vehicle, _number = lived(db, cast)
    told = events(life_of_unit(db, old, cast.wei), old)
    of_orders = [one for one in told if one.row.order_id is not None]
    assert of_orders and all(one.hidden and one.why is None and one.sheet is None for one in of_orders)


def test_a_page_at_a_time_a_chapter_alone_and_all_on_paper(
    database: str, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as db:
        old, _new, vehicle_id, number = lived(db, cast)
    monkeypatch.setattr(lives, "PAGE_SIZE", 3)
    monkeypatch.setattr("dispatch.lives.pages.PAGE_SIZE", 3)
    lin = as_person(cast.lin)
    with queries() as seen:
        first = lin.get(f"/units/{old}").text
    assert len(seen) <= 12 and "Page 1 of" in first and "Taken into stock" not in first
    alone = lin.get(f"/units/{old}?what=heard&page=2").text
    assert "Taken into stock" not in alone and lin.get(f"/units/{old}?what=nonsense&page=99").status_code == 200
    for page in (f"/units/{old}/paper", f"/vehicles/{vehicle_id}/paper"):
        paper = lin.get(page).text
        assert number in paper and "It fell silent" in paper and "装错车" in paper and 'class="rail"' not in paper
        assert as_person(cast.he).get(page).status_code == 404

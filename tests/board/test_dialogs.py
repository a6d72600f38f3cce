"""The dialogs of the board: who could go, what speaks against it, and changes by hand."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.board.building import (
    MODEL,
    TODAY,
    TOMORROW,
    approved_order,
    at_clock,
    fill_bag,
    moment,
    visit_at,
    visits_of,
    window,
)
from tests.conftest import Cast
from tests.devices.building import terminals

DAY = TOMORROW.isoformat()
HTMX = {"HX-Request": "true"}
ON_BOARD = {**HTMX, "HX-Current-URL": f"http://localhost/plan?day={DAY}"}


def test_the_assign_dialog_lists_who_could_go(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, symptom="power")
    db.commit()
    url = f"/plan/orders/{order.number}/assign?day={DAY}&site={order.site_id}"
    part, whole = lin.get(url, headers=HTMX).text, lin.get(url).text
    assert "<html" not in part and "<html" in whole
    for page in (part, whole):
        assert f'value="{cast.su.id}@' in page
        assert "lacks skill Vehicle electrics 1" in page
        assert "has not passed the product training" in page


def test_a_proposal_is_taken_with_one_press(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    url = f"/plan/orders/{order.number}/assign"
    pick = re.search(r'name="pick" value="([^"]+)"', lin.get(f"{url}?day={DAY}", headers=HTMX).text)
    assert pick
    answer = lin.post(url, data={"day": DAY, "site": order.site_id, "pick": pick[1]}, headers=ON_BOARD)
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    (made,) = visits_of(db, order.id)
    assert f"{made.technician_id}@" in pick[1] and made.by_hand


def test_what_speaks_against_a_choice_is_told_before_and_after(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    choice = {"day": DAY, "site": order.site_id, "technician": cast.su.id, "start": "18:00"}
    told = lin.get(f"/plan/orders/{order.number}/against", query_string=choice, headers=HTMX).text
    assert "outside the shift" in told and "Do it anyway" in told
    hard = lin.get(f"/plan/orders/{order.number}/against", query_string={**choice, "technician": cast.zhou.id}, headers=HTMX).text
    assert "Not possible" in hard and "Do it anyway" not in hard
    refused = lin.post(f"/plan/orders/{order.number}/assign", data=choice, headers=HTMX)
    assert refused.status_code == 422
    assert "Tick the box" in refused.text and 'value="18:00"' in refused.text
    done = lin.post(f"/plan/orders/{order.number}/assign", data={**choice, "anyway": "1"})
    assert done.status_code == 303
    assert visits_of(db, order.id)[0].starts_at == moment("18:00")


def test_an_unfinished_choice_is_asked_for_again(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, lines=2)
    db.commit()
    refused = lin.post(f"/plan/orders/{order.number}/assign", data={"day": DAY, "start": "25:00", "count": "9"})
    assert refused.status_code == 422
    assert "Choose a number from 1 to 2." in refused.text and 'max="2" value="9"' in refused.text
    refused = lin.post(f"/plan/orders/{order.number}/assign", data={"day": DAY, "start": "25:00"})
    assert "Choose a technician." in refused.text and "Give a time such as 14:30." in refused.text
    assert visits_of(db) == []


def test_a_second_press_finds_nothing_left_to_assign(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    sent = {"day": DAY, "site": order.site_id, "pick": f"{cast.su.id}@{at_clock('10:00')}"}
    lin.post(f"/plan/orders/{order.number}/assign", data=sent)
    again = lin.post(f"/plan/orders/{order.number}/assign", data=sent, follow_redirects=True)
    assert "Nothing of this order waits for a visit any more." in again.text
    assert len(visits_of(db)) == 1


def test_a_visit_is_moved_recalled_and_taken_off(db: Session, cast: Cast, lin: FlaskClient) -> None:
    made = visit_at(db, cast, approved_order(db, cast), cast.su, "09:00")
    db.commit()
    dialog = lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert "Move to another person or time" in dialog and "Take it off the plan" in dialog
    sent = {"version": made.version, "technician": cast.wei.id, "start": "13:30"}
    assert "Nothing speaks against it." in lin.get(f"/plan/visits/{made.id}/against", query_string=sent, headers=HTMX).text
    moved = lin.post(f"/plan/visits/{made.id}/move", data=sent, follow_redirects=True)
    assert f"{made.order.number} now goes to {cast.wei.name}, 12-03 13:30." in moved.text
    stale = lin.post(f"/plan/visits/{made.id}/move", data=sent, headers=HTMX)
    assert stale.status_code == 422 and "while you were looking" in stale.text
    lin.post("/plan/dispatch", data={"day": DAY})
    assert "Take it back from the phone" in lin.get(f"/plan/visits/{made.id}", headers=HTMX).text
    assert lin.post(f"/plan/visits/{made.id}/recall", data={"reason": ""}).status_code == 422
    recalled = lin.post(f"/plan/visits/{made.id}/recall", data={"reason": "等配件"}, follow_redirects=True)
    assert f"was taken back from {cast.wei.name}&#39;s phone; it stays planned for 12-03 13:30." in recalled.text
    gone = lin.post(f"/plan/visits/{made.id}/take_off", data={"reason": "改期"}, follow_redirects=True)
    assert f"{made.order.number} was taken off the plan ({cast.wei.name}, 12-03 13:30)" in gone.text
    (found,) = visits_of(db)
    assert (found.status, found.technician_id, found.reason) == ("abandoned", cast.wei.id, "改期")


def test_another_day_than_the_customer_wants_is_told_and_needs_the_tick(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, wanted_on=TODAY, **window("14:00", "16:00"))
    db.commit()
    url = f"/plan/orders/{order.number}/assign"
    sent = {"day": DAY, "site": order.site_id, "pick": f"{cast.su.id}@{at_clock('10:00')}"}
    refused = lin.post(url, data=sent, headers=HTMX)
    assert refused.status_code == 422
    assert "comes on 2026-12-03 at 10:00, but the customer wants 2026-12-02 14:00–16:00" in refused.text
    again = {**sent, "pick": "", "technician": cast.su.id, "start": "10:00", "anyway": "1"}
    assert 'value="10:00"' in refused.text  # the proposal is filled in, only the tick is missing
    done = lin.post(url, data=again, follow_redirects=True)
    assert f"{order.number} was assigned to {cast.su.name}, 12-03 10:00." in done.text
    row = re.search(r'<li class="stop tone-planned edge-risk">.*?</li>', done.text, re.S)
    assert row and "wanted 2026-12-02 14:00–16:00" in row[0]


def test_both_times_are_told_when_the_hours_are_missed(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast, wanted_on=TOMORROW, **window("14:00", "16:00"))
    db.commit()
    choice = {"day": DAY, "site": order.site_id, "technician": cast.su.id, "start": "10:00"}
    told = lin.get(f"/plan/orders/{order.number}/against", query_string=choice, headers=HTMX).text
    assert "starts at 10:00, outside the promised time 14:00–16:00" in told


def test_a_fleet_is_offered_as_far_as_a_bag_goes(db: Session, cast: Cast, lin: FlaskClient) -> None:
    fill_bag(db, cast, cast.su, terminals=4, sims=4)
    order = approved_order(db, cast, lines=9, kind="installation", symptom=None, model=MODEL)
    db.commit()
    url = f"/plan/orders/{order.number}/assign?day={DAY}"
    dialog = lin.get(url, headers=HTMX).text
    assert 'max="9" value="4"' in dialog and "As many as one technician can take" in dialog
    assert f'value="{cast.su.id}@' in dialog
    asked = lin.get(f"{url}&count=9", headers=HTMX).text
    assert 'max="9" value="9"' in asked and "nobody could take it" in asked
    field = dialog[dialog.index('class="filters how-many"') : dialog.index('id="who-could"')]
    assert 'hx-target="#who-could" hx-select="#who-could"' in field  # the field itself is not put in place anew


def test_where_bags_are_short_a_link_fills_them(db: Session, cast: Cast, lin: FlaskClient) -> None:
    fill_bag(db, cast, cast.su, terminals=1, sims=1)
    terminals(db, cast, 3, model=MODEL)  # in the store
    order = approved_order(db, cast, lines=3, kind="installation", symptom=None, model=MODEL)
    visit_at(db, cast, order, cast.su, "09:00", by_hand=True)
    db.commit()
    page = unescape(lin.get(f"/plan?day={DAY}").text)
    url = f"/stock/issue?technician={cast.su.id}&sims=2&count-{MODEL}=2"
    assert f'href="{url}"' in page
    form = lin.get(url).text
    assert f'<option value="{cast.su.id}" selected' in form
    assert re.search(rf'name="count-{MODEL}"[^>]*value="2"', form)
    assert page.count(url) == 1


def test_after_a_change_on_a_page_of_its_own_the_day_is_opened(db: Session, cast: Cast, lin: FlaskClient) -> None:
    order = approved_order(db, cast)
    db.commit()
    here = f"/plan/orders/{order.number}/assign"
    sent = {"day": DAY, "site": order.site_id, "pick": f"{cast.su.id}@{at_clock('10:00')}"}
    answer = lin.post(here, data=sent, headers={**HTMX, "HX-Current-URL": f"http://localhost{here}?day={DAY}"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/plan?day={DAY}")

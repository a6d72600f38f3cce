"""What is done to the demonstration company before its pages are looked at, and the server that shows them."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.finance.jobs import read_statement
from dispatch.finance.keeping import note_progress as tell_reading
from dispatch.finance.models import Statement
from dispatch.intake.carrying import carry_out
from dispatch.intake.models import FileWork
from dispatch.intake.operations.working import begin_work, note_progress
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.models import Approval, Order, Visit
from dispatch.orders.operations.confirming import make_contact_link
from dispatch.orders.operations.linking import make_link
from dispatch.sheets.models import Sheet
from dispatch.sheets.operations import begin_version, release_version
from dispatch.staff.models import Person
from dispatch.staff.operations import start_session
from dispatch.staff.queries import actor_of
from tests.conftest import SAME_SITE
from tests.intake.building import send_file


@contextmanager
def answering(app: Flask) -> Iterator[str]:
    """The application behind a real socket, in threads of this process; gives its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send_files(client: FlaskClient) -> None:
    """Files that wait on their previews."""
    for path, name in (
        ("/requests/new", "install_request_1.xlsx"),
        ("/requests/new", "install_request_2.csv"),
        ("/calls/import", "repair_calls.csv"),
        ("/import/terminals", "stock_terminals.csv"),
        ("/import/sims", "stock_sims.csv"),
        ("/import/technicians", "technicians.csv"),
        ("/import/prices", "prices.csv"),
    ):
        assert send_file(client, path, name).status_code == 302, name


def send_large_files(client: FlaskClient) -> None:
    """A large file that is being taken in, and one that could not be read."""
    whole = "车牌号,车牌颜色\n" + "".join(f"粤C{n:05d},蓝\n" for n in range(5_000))
    for name, content in (("车队名单.csv", whole.encode()), ("名单.xlsx", b"PK\x03\x04" + b"\x00" * 70_000)):
        assert send_file(client, "/requests/new", name, content).status_code == 302
    with transaction() as session:
        first, second = session.scalars(sa.select(FileWork.id).order_by(FileWork.id)).all()
        begin_work(session, first, at=now())
        note_progress(session, first, "reading", 1_900, 5_000, at=now())
    carry_out(second)


def send_statements(client: FlaskClient) -> None:
    """A statement whose columns are asked for, one that is being read, and one that could not be."""
    unknown = "银行流水\n哪天,来了多少,去了多少,说明,号码\n2026-12-01,80.00,,维修费,K1\n2026-12-01,,15.00,手续费,K2\n"
    large = "交易日期,收入金额,流水号\n" + "".join(f"2026-12-01,{n}.00,K{n}\n" for n in range(1, 4_000))
    for name, content in (("流水.csv", unknown), ("十二月.csv", large), ("坏了.csv", large.replace("K7\n", "K7,多,了\n"))):
        assert send_file(client, "/finance/statements", name, content.encode()).status_code == 302
    with transaction() as session:
        reading, broken = session.scalars(sa.select(Statement.id).where(Statement.state == "asked").order_by(Statement.id)).all()
        session.execute(sa.update(Statement).where(Statement.id == reading).values(state="running"))
        tell_reading(session, reading, "reading", 1_900, 4_000, at=now())
    read_statement(broken)


def make_a_draft(client: FlaskClient) -> str:
    """An order that was rejected and taken back to be changed; its number."""
    with transaction() as session:
        step = session.scalars(sa.select(Approval).where(Approval.decision.is_(None)).order_by(Approval.id)).first()
        assert step is not None
        number, step_id = step.order.number, step.id
    client.post(f"/approvals/{step_id}/reject", data={"reason": "先联系客户"})
    with transaction() as session:
        version = session.scalars(sa.select(Order.version).where(Order.number == number)).one()
    assert client.post(f"/orders/{number}/rework", data={"version": version}).status_code == 302
    return number


def make_it_large() -> tuple[str, int, str]:
    """An installation under way, grown by 130 vehicles in all states; its number, one of its visits, and whose that is."""
    with transaction() as session:
        mine = sa.select(Visit).join(Visit.order).join(Person, Person.id == Visit.technician_id)
        under_way = (Order.kind == "installation", Order.status == "working", Visit.dispatched_at.is_not(None))
        visit = session.scalars(mine.where(*under_way).order_by(Visit.status.desc(), Visit.id)).first()
        assert visit is not None
        session.execute(sa.text(MORE_VEHICLES), {"order": visit.order_id})
        session.execute(sa.text(MORE_LINES), {"order": visit.order_id})
        return visit.order.number, visit.id, visit.technician.username or ""


MORE_VEHICLES = """
INSERT INTO vehicle (branch_id, customer_id, plate, plate_colour, vin, created_at, search_text)
SELECT o.branch_id, o.customer_id, '粤Z' || lpad(n::text, 5, '0'), 'yellow', 'LFW' || lpad(n::text, 14, '0'), now(),
'粤z' || lpad(n::text, 5, '0') FROM generate_series(1, 130) n, work_order o WHERE o.id = :order"""
MORE_LINES = """
INSERT INTO order_line (order_id, position, vehicle_id, status, reason, model) SELECT :order, 100 + n, v.id,
CASE WHEN n % 3 = 0 THEN 'done' WHEN n % 20 = 1 THEN 'residual' ELSE 'open' END, CASE WHEN n % 20 = 1 THEN '没来' END, 'BD-808A'
FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM vehicle WHERE plate LIKE '粤Z%') v"""


def choose_some() -> list[str]:
    """Boxes of the order list: two that wait for approval, two that are approved and one that is cancelled."""
    with transaction() as session:
        mine = sa.select(Order.id, Order.version).join(Person, Person.id == Order.owner_id).where(Person.username == "lin")
        found = [
            row
            for status, count in (("awaiting_approval", 2), ("approved", 2), ("cancelled", 1))
            for row in session.execute(mine.where(Order.status == status).order_by(Order.id).limit(count))
        ]
    return [f"{order_id}.{version}" for order_id, version in found]


def act_on_several(client: FlaskClient) -> tuple[list[str], str]:
    """Some orders become urgent at once, where that is possible; the boxes of the list, and the address that tells of it."""
    sent = {"ids": choose_some(), "key": str(uuid.uuid4()), "urgency": "urgent", "back": ""}
    told = client.post("/orders/many/urgency", data=sent).location
    return choose_some(), told


def send_what_fits_nothing(client: FlaskClient) -> None:
    """The technician arrives at a visit that is over."""
    with transaction() as session:
        mine = sa.select(Visit.id).join(Person, Visit.technician_id == Person.id).where(Person.username == "su")
        over = session.scalars(mine.where(Visit.status == "finished").limit(1)).one()
    client.post(f"/my-day/visits/{over}/arrive", data={"fact": str(uuid.uuid4())})


def issue_a_sheet() -> tuple[str, str]:
    """The first sheet that was asked for is issued, whatever is in its file; the codes of this one and of one that waits."""
    with transaction() as session:
        first, waiting = session.scalars(sa.select(Sheet).order_by(Sheet.id).limit(2)).all()
        draft = begin_version(session, first.id, at=now())
        assert draft is not None
        release_version(session, draft, b"%PDF-1.7", warnings=[], at=now())
        return first.token, waiting.token


def make_a_link() -> str:
    """The token of a link by which Wang could decide what has waited longest."""
    with transaction() as session:
        wang, chen = (session.scalars(sa.select(Person).where(Person.username == name)).one() for name in ("wang", "chen"))
        mine = (Approval.decision.is_(None), Order.branch_id == wang.branch_id, Order.created_by_id != wang.id)
        step = session.scalars(sa.select(Approval).join(Order).where(*mine).order_by(Approval.id)).first()
        assert step is not None
        by, lasts = actor_of(chen), timedelta(hours=1)
        return make_link(session, step.order_id, step.id, wang.id, lasts=lasts, by=by, at=now())[1]


def make_a_customers_link() -> str:
    """The token of a link by which a customer could say whether it is solved."""
    with transaction() as session:
        done = (Order.status == "done", OwnedContact.confirmed_at.is_(None))
        contact, owner = session.execute(
            sa.select(OwnedContact, Person)
            .join(Order, Order.id == OwnedContact.order_id)
            .join(OwnedContact.owner)
            .where(*done)
            .limit(1)
        ).one()
        return make_contact_link(session, contact.id, lasts=timedelta(hours=1), by=actor_of(owner), at=now())[1]


def signed_in(app: Flask, username: str) -> FlaskClient:
    with transaction() as session:
        person = session.scalars(sa.select(Person).where(Person.username == username)).one()
        token = start_session(session, person, address="test", browser="test", at=now())
    client = app.test_client()
    client.environ_base.update(SAME_SITE)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client

"""Papers that end: kept and renewed on a person's page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotAllowed, NotFound
from dispatch.staff.models import PersonPaper
from dispatch.staff.person_papers import Paper, ended_papers, keep_paper, papers_of, put_away
from tests.conftest import AT, Cast, SignIn

TODAY = date(2026, 12, 2)
LICENCE = Paper("驾驶证", TODAY)


def test_a_paper_is_good_on_its_last_day(db: Session, cast: Cast) -> None:
    su = cast.su.id or 0
    keep_paper(db, su, LICENCE, by=cast.wang, at=AT)
    keep_paper(db, su, Paper("电工证", TODAY - timedelta(days=1)), by=cast.wang, at=AT)
    assert [paper.name for paper in papers_of(db, su)] == ["电工证", "驾驶证"]
    assert [paper.name for paper in ended_papers(db, su, TODAY)] == ["电工证"]


def test_a_renewed_paper_takes_the_place_of_the_old_one(db: Session, cast: Cast) -> None:
    su = cast.su.id or 0
    for until in (TODAY, TODAY + timedelta(days=900)):
        keep_paper(db, su, Paper("驾驶证", until), by=cast.wang, at=AT)
    (kept,) = papers_of(db, su)
    assert kept.valid_until == TODAY + timedelta(days=900)
    assert put_away(db, su, kept.id, by=cast.wang, at=AT) == "驾驶证" and papers_of(db, su) == []
    told = [entry.action for entry in history(db, ("person", su))]
    assert told[:3] == ["person.paper_away", "person.paper", "person.paper"]


def test_papers_are_kept_by_who_may_change_people(db: Session, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        keep_paper(db, cast.su.id or 0, LICENCE, by=cast.lin, at=AT)
    with pytest.raises(NotFound):
        put_away(db, cast.su.id or 0, 999, by=cast.wang, at=AT)
    with pytest.raises(NotFound):
        keep_paper(db, cast.he.id or 0, LICENCE, by=cast.wang, at=AT)


def test_the_page_of_a_person_shows_and_takes_papers(database: str, cast: Cast, as_person: SignIn) -> None:
    path, wang = f"/people/{cast.su.id}", as_person(cast.wang)
    refused = wang.post(f"{path}/papers", data={"paper": "驾驶证", "valid_until": "明年"})
    assert refused.status_code == 422 and 'value="驾驶证"' in refused.text and 'value="明年"' in refused.text
    until = (local_day(now(), "Asia/Shanghai") - timedelta(days=1)).isoformat()
    assert wang.post(f"{path}/papers", data={"paper": "驾驶证", "valid_until": until}).status_code == 302
    assert "驾驶证" in wang.get(path).text and "No longer needed" in wang.get(path).text
    assert "No longer needed" not in as_person(cast.lin).get(path).text
    with transaction() as db:
        paper_id = db.scalars(sa.select(PersonPaper.id)).one()
    assert wang.post(f"{path}/papers/{paper_id}/away").status_code == 302
    assert "驾驶证" in wang.get(path).text and "驾驶证" not in wang.get(path).text  # told once, then gone

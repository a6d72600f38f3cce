"""Work at the repair bench, as hypothesis draws it: chosen by a page, then done in a session."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.devices import benching
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import OPEN, STEPS
from dispatch.devices.bench_steps import Seen
from dispatch.devices.bench_undoing import undo_step
from dispatch.devices.benching import Back
from dispatch.devices.setting_aside import Faulty, set_aside
from tests.devices.acting import ASTRAY, NOTHING, Doing, Outcome, Page, form_key, picked

SUPPLIER = "博实结"
_mends = sa.orm.aliased(ReturnStep)
_STANDS = sa.exists().where(
    ReturnStep.return_id == UnitReturn.id,
    ReturnStep.corrects_id.is_(None),
    ~sa.exists().where(_mends.corrects_id == ReturnStep.id),
)
TO_WORK = sa.select(UnitReturn).order_by(UnitReturn.status.not_in(OPEN), UnitReturn.changed_at.desc(), UnitReturn.id)
TO_UNDO = sa.select(UnitReturn).order_by(~_STANDS, UnitReturn.changed_at.desc(), UnitReturn.id)


@dataclass(frozen=True)
class SettingAside:
    """A unit of a bag or of the store does not work; somebody says so whose business it is, or not."""

    who: str | None
    pick: int
    by: str
    form: int

    def on(self, page: Page) -> Doing:
        place, by = page.bag_id(self.who) if self.who else page.store_id, page.people[self.by]
        unit_id, key = page.unit(self.pick, place), form_key(self.form, by)

        def aside(s: Session) -> Outcome:
            set_aside(s, unit_id, Faulty("found_dead", "", key), by=by, at=page.at)
            return NOTHING

        return aside


Step = Callable[[Session, Seen, Any, dict[str, Any]], object]
_STEPS: dict[str, Step] = {
    "receive": lambda s, seen, _store, who: benching.receive(s, seen, **who),
    "diagnose": lambda s, seen, _store, who: benching.diagnose(s, seen, fault="power", remark="", **who),
    "no_fault": lambda s, seen, store, who: benching.find_no_fault(s, seen, back=Back(store, "his"), remark="", **who),
    "repair": lambda s, seen, store, who: benching.repair(s, seen, back=Back(store, "ours", "so"), remark="", **who),
    "send": lambda s, seen, _store, who: benching.send(s, seen, supplier=SUPPLIER, rma="R1", tracking="", **who),
    "take_back": lambda s, seen, _store, who: benching.take_back(s, seen, remark="", **who),
    "scrap": lambda s, seen, _store, who: benching.scrap(s, seen, **who),
    "propose_scrap": lambda s, seen, _store, who: benching.propose_scrap(s, seen, reason="gone", **who),
    "keep": lambda s, seen, _store, who: benching.keep(s, seen, reason="not gone", **who),
}
TWO_DECIDE = {"propose_scrap": "lin", "scrap": "wang"}


@dataclass(frozen=True)
class AtBench:
    """One of the steps that a return's status allows, or any step for a pick that is ASTRAY."""

    pick: int
    way: int
    by: str
    form: int

    def on(self, page: Page) -> Doing:
        case = _chosen(page, TO_WORK, self.pick)
        ways = [name for name in _STEPS if case.status in STEPS[name].sources] if self.pick < ASTRAY else []
        action = picked(ways or list(_STEPS), self.way)
        by = page.people[TWO_DECIDE.get(action, self.by) if self.pick < ASTRAY else self.by]
        seen = Seen(case.id, case.step, form_key(self.form, by))
        who: dict[str, Any] = {"by": by, "at": page.at}
        return _told(seen, lambda s: _STEPS[action](s, seen, page.store_id, who))


@dataclass(frozen=True)
class Unstepping:
    """The newest step of a return is taken back by who may, or not."""

    pick: int
    by: str
    form: int

    def on(self, page: Page) -> Doing:
        case, by = _chosen(page, TO_UNDO, self.pick), page.people[self.by]
        seen = Seen(case.id, case.step, form_key(self.form, by))
        return _told(seen, lambda s: undo_step(s, seen, reason="wrong", by=by, at=page.at))


def _chosen(page: Page, query: sa.Select[UnitReturn], pick: int) -> UnitReturn:
    return picked(page.session.scalars(query.limit(pick + 1)).all(), pick)


MINE = sa.text("SELECT count(entry_id) FROM return_step WHERE return_id = :id AND xmin = pg_current_xact_id()::xid")


def _told(seen: Seen, do: Callable[[Session], object]) -> Doing:
    """A form pressed twice finds what the first one did: only what this transaction wrote counts."""

    def step(s: Session) -> Outcome:
        do(s)
        return Outcome(moves=s.scalar(MINE, {"id": seen.return_id}) or 0)

    return step


def place_on_bench(session: Session, unit_id: int, page: Any) -> None:
    """A unit that was at the supplier lies on the bench and is to be scrapped: so these places exist."""
    case = set_aside(session, unit_id, Faulty("found_dead", "", uuid.uuid4()), **page)
    for action in ("receive", "diagnose", "send", "take_back", "propose_scrap"):
        _STEPS[action](session, Seen(case.id, case.step, uuid.uuid4()), None, page)


_PICK = st.sampled_from([0, 0, 0, 1, 1, 2, 9])
_FORM = st.one_of(st.just(0), st.just(0), st.integers(1, 2_000))
_WHOSE = st.sampled_from([("su", "su"), ("su", "lin"), ("wei", "wei"), (None, "lin"), ("wei", "su")])
_BENCH = st.sampled_from(["lin", "lin", "wang", "wang", "su"])

SET_ASIDE = st.builds(lambda two, pick, form: SettingAside(two[0], pick, two[1], form), _WHOSE, _PICK, _FORM)
AT_BENCH = st.builds(AtBench, _PICK, st.sampled_from([0, 1, 2, 3, 4, 4]), _BENCH, _FORM)
UNSTEP = st.builds(Unstepping, _PICK, _BENCH, _FORM)

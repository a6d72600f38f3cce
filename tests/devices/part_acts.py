"""What is done with counted parts besides, as hypothesis draws it: issued, returned, used on a vehicle."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.devices.models import Holder, Part
from dispatch.devices.part_stock import hand_over
from dispatch.devices.part_use import use_part
from tests.devices.acting import NOTHING, Doing, Outcome, Page


@dataclass(frozen=True)
class Shelving:
    """The office issues parts to a bag, or says that they came back: nothing moves before the technician has said so, too."""

    who: str
    back: bool
    counts: tuple[int, int]

    def on(self, page: Page) -> Doing:
        ends = (page.store_id, page.bag_id(self.who))
        source, to = ends[::-1] if self.back else ends
        counts = page.part_counts(self.counts)
        facts: dict[str, Any] = {"note": "", "key": uuid.uuid4(), "by": page.people["lin"], "at": page.at}

        def shelve(s: Session) -> Outcome:
            hand_over(s, s.get_one(Holder, source), s.get_one(Holder, to), counts, **facts)
            return NOTHING

        return shelve


@dataclass(frozen=True)
class Using:
    """A technician uses so many of a part on a vehicle."""

    who: str
    line: int
    counts: tuple[int, int]

    def on(self, page: Page) -> Doing:
        at_work, by = page.work(self.who, self.line, 0), page.people[self.who]
        counts = page.part_counts(self.counts)

        def use(s: Session) -> Outcome:
            for part_id, count in counts.items():
                use_part(s, at_work, code=s.get_one(Part, part_id).code, quantity=count, by=by, at=page.at)
            return Outcome(parts=len(counts))

        return use


_FEW = st.tuples(st.sampled_from([1, 1, 2, 3, 9]), st.sampled_from([0, 1, 2]))
_WHO = st.sampled_from(["su", "su", "wei"])

SHELVE = st.builds(Shelving, _WHO, st.booleans(), _FEW)
USE = st.builds(Using, _WHO, st.integers(0, 2), _FEW)

"""One stop: everything that was done there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from sqlalchemy.orm import Session

from dispatch.customers.models import Site
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting, PartEntry
from dispatch.devices.part_use import parts_used
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.parts import unpriced
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.field.driving import LINE_TO_DO
from dispatch.field.models import FieldFact, Photo, Signature
from dispatch.field.photographed import VEHICLE, PhotoAsked, Taken, kinds_owed
from dispatch.field.point_models import PointList
from dispatch.field.point_rules import Points
from dispatch.field.points import Asking, tests_and_lists
from dispatch.field.presenting.day import lines_of, site_of, symptom_of
from dispatch.field.presenting.disputed import OwnDispute, own_disputes
from dispatch.field.presenting.site_steps import steps_of
from dispatch.field.presenting.steps import Step, run_state
from dispatch.field.queries import facts_told, photos_of, word_of
from dispatch.field.summary import UNTESTED, Run, standing
from dispatch.invoices.models import InvoiceDoubt
from dispatch.invoices.papers import without_invoice
from dispatch.invoices.queries import open_doubts
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.words import Text


class Stop:
    """A visit, as `own_visit` read it, with everything that was done on it; each part is read when a page asks for it."""

    def __init__(self, session: Session, visit: Visit) -> None:
        self._session = session
        self.visit = visit

    @cached_property
    def _read(self) -> Sequence[int]:
        """The vehicles that were read with the visit: all of a small order."""
        return [line.id for line in self.order.lines]

    @cached_property
    def fittings(self) -> Sequence[Fitting]:
        """What was changed in the order's vehicles and still stands."""
        return fittings_of(self._session, self.visit.order_id, self._read)

    @cached_property
    def tests(self) -> Mapping[int, Run]:
        """Line id -> its test-run."""
        return self._tested[0]

    @cached_property
    def _tested(self) -> tuple[Mapping[int, Run], Sequence[PointList]]:
        return tests_and_lists(self._session, self.visit.order_id, self.fittings, self._read)

    def run(self, line: OrderLine) -> Run:
        """The test-run of a vehicle."""
        return self.tests.get(line.id, UNTESTED)

    @cached_property
    def asking(self) -> Asking:
        """Which points of the test-run are asked for."""
        return Asking(self._tested[1], self.order, self.fittings, self.order.visits)

    def points(self, line: OrderLine) -> Points:
        """Those of a vehicle."""
        return self.asking.points(line, self.run(line))

    @cached_property
    def parts(self) -> Sequence[PartEntry]:
        """The counted parts that the order's vehicles were given."""
        return parts_used(self._session, self.visit.order_id, self._read)

    @cached_property
    def photos(self) -> Sequence[Photo]:
        """What was photographed on this visit."""
        return [photo for photo in self._photos if photo.visit_id == self.visit.id]

    @cached_property
    def _photos(self) -> Sequence[Photo]:
        """What was photographed for the order, by colleagues and on earlier visits too."""
        return photos_of(self._session, self.visit.order_id, self._read)

    @cached_property
    def photos_owed(self) -> Mapping[int, Sequence[str]]:
        """Line id -> the kinds of photos that closing will miss."""
        return kinds_owed(self._session, self._taken, self.order.lines)

    @cached_property
    def _taken(self) -> Taken:
        return Taken(self.asking, self.tests, self._photos)

    def photos_to_take(self, line: OrderLine) -> dict[str, PhotoAsked]:
        """Kind -> the photos that are asked for besides one of the vehicle; what the office does without is as if there."""
        missing = self.photos_owed.get(line.id, ())
        wanted = self._taken.wanted(line)
        return {one.kind: one if one.optional else replace(one, there=one.kind not in missing) for one in wanted}

    @cached_property
    def charges(self) -> Sequence[Charge]:
        """What the order costs, without what was taken back."""
        return standing(charges_of(self._session, self.visit.order_id))

    @cached_property
    def receipts(self) -> Sequence[Receipt]:
        """What was paid for the order, and given back."""
        return receipts_of(self._session, self.visit.order_id)

    @cached_property
    def invoice_doubts(self) -> Sequence[InvoiceDoubt]:
        """Numbers that were noted for receipts and cannot be their invoices'."""
        return open_doubts(self._session, self.visit.order_id) if without_invoice(self.receipts) else ()

    @cached_property
    def unpriced(self) -> Sequence[Text]:
        """What was fitted but has no price. Parts of an installation were sold with it."""
        charged = {charge.fitting_id for charge in self.charges}
        doubtful = any(fitting.new_unit_id and fitting.id not in charged for fitting in self.fittings)
        return unpriced(self._session, self.order) if doubtful and self.order.kind == "repair" else ()

    @property
    def signature(self) -> Signature | None:
        """The customer's word under this visit."""
        return self._word[0] if self._word else None

    @property
    def changed_since(self) -> bool:
        """Whether something was changed after that."""
        return self._word is not None and self._word[1]

    @cached_property
    def _word(self) -> tuple[Signature, bool] | None:
        return word_of(self._session, self.visit.id)

    @cached_property
    def disputes(self) -> Sequence[OwnDispute]:
        """What he sent from here that the dispatcher has to settle, or has settled."""
        return own_disputes(self._session, [fact for fact in self._told if fact.state == "disputed"], self.order.lines)

    @cached_property
    def _told(self) -> Sequence[FieldFact]:
        return facts_told(self._session, self.visit.id)

    def waits_for(self, line: OrderLine) -> bool:
        """Whether the dispatcher has still to decide about a vehicle."""
        return any(one.line_id == line.id and one.answer is None for one in self.disputes)

    @property
    def words(self) -> list[VerbalApproval]:
        """What was approved by word during the work."""
        return [word for word in self.order.verbal_approvals if word.approval_id is None]

    @property
    def order(self) -> Order:
        """The order it is for."""
        return self.visit.order

    @property
    def live(self) -> bool:
        """Whether he is at work there now."""
        return self.visit.status == "on_site"

    @property
    def many(self) -> bool:
        """Whether there is a list of vehicles to choose from."""
        return len(self.order.lines) > 1

    @cached_property
    def lines(self) -> list[OrderLine]:
        """The visit's own vehicles."""
        return lines_of(self.visit)

    @property
    def line(self) -> OrderLine:
        """The only vehicle."""
        return self.order.lines[0]

    @property
    def site(self) -> Site:
        """Where it is."""
        return site_of(self.visit)

    @property
    def symptom(self) -> Text | None:
        """What a repair is about."""
        return symptom_of(self.order)

    @cached_property
    def left(self) -> list[OrderLine]:
        """Those that were left over on this visit."""
        waiting = [line for line in self.order.lines if line.status == "residual"]
        told = {fact.content["line"] for fact in self._told if fact.state == "applied"} if waiting else ()
        return [line for line in waiting if line.id in told]

    @property
    def to_do(self) -> list[OrderLine]:
        """Those of its vehicles that are still to be settled."""
        return [line for line in self.lines if line.status in LINE_TO_DO and line not in self.left]

    @property
    def total(self) -> Decimal:
        """What the order costs."""
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def due(self) -> Decimal:
        """What is still to be paid."""
        return self.total - sum((receipt.amount for receipt in self.receipts), Decimal(0))

    @cached_property
    def steps(self) -> list[Step]:
        """What there is to do on site, in order."""
        return steps_of(self)

    @property
    def begun(self) -> bool:
        """Whether any of it was done."""
        return any(step.state != "open" for step in self.steps)

    @property
    def next(self) -> str:
        """The first step that is not done; "finish" when all are."""
        return next((step.name for step in self.steps if step.state == "open"), "finish")

    @property
    def lacking(self) -> list[Text]:
        """What will be missing for closing if he finishes now."""
        return [text for step in self.steps for text in step.lacks]

    def worked_on(self, line: OrderLine) -> bool:
        """Whether something was fitted into a vehicle, or it was tested."""
        return any(fitting.line_id == line.id for fitting in self.fittings) or line.id in self.tests

    def begun_at(self, line: OrderLine) -> bool:
        """Whether a vehicle is done or worked on: what closing will miss of it can be said."""
        return line.status == "done" or self.worked_on(line)

    def lacks_photo(self, line: OrderLine) -> bool:
        """Whether a vehicle that is done or worked on still has to be photographed."""
        return line.id in self.photos_owed and self.begun_at(line)

    def lacks_vehicle_photo(self, line: OrderLine) -> bool:
        """Whether what is missing is a photo of the vehicle itself."""
        return VEHICLE in self.photos_owed.get(line.id, ()) and self.begun_at(line)

    def run_state(self, line: OrderLine) -> str:
        """How far the test-run of a vehicle is: a key of TEST_NOTES."""
        return run_state(self.run(line), self.points(line))

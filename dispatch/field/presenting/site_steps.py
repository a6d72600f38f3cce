"""The steps of a stop on site, in order, with what each still lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dispatch.fees.rules import yuan
from dispatch.field.photographed import VEHICLE
from dispatch.field.presenting.steps import TEST_NOTES, Step, named
from dispatch.field.rules import PHOTOS
from dispatch.invoices.papers import invoices_owed
from dispatch.words import Text, say

if TYPE_CHECKING:
    from dispatch.field.presenting.stops import Stop

FINE = ("passed", "nothing")
"""The test-runs that closing finds nothing amiss with."""
CHANGED = say("Something was changed after the customer had signed.")
NO_PHOTO = {
    "repair": say("There is no photo of the vehicle before the work."),
    "installation": say("There is no photo of the vehicle."),
}


def steps_of(stop: Stop) -> list[Step]:
    """What there is to do on site: at a list of vehicles, or at the only one."""
    first = (_vehicles(stop),) if stop.many else (_photo(stop), _work(stop), *_proof(stop), _test(stop))
    return [*first, _price(stop), _pay(stop), _sign(stop)]


def _vehicles(stop: Stop) -> Step:
    done = sum(line.status == "done" for line in stop.lines)
    note = say("%(done)s of %(all)s done", done=done, all=len(stop.lines))
    lacks = (*_unphotographed(stop), *_untested(stop))
    return Step("vehicles", say("Vehicles"), "open" if stop.to_do else "done", note, lacks)


def _untested(stop: Stop) -> Iterator[Text]:
    untested = [line for line in stop.lines if stop.begun_at(line) and stop.run_state(line) not in FINE]
    if untested:
        yield say("Vehicles whose test-run is not complete: %(n)s", n=len(untested))


def _unphotographed(stop: Stop) -> Iterator[Text]:
    """Named, so that he need not look through the list for the one he forgot."""
    lacking = [line for line in stop.lines if stop.lacks_photo(line)]
    bare = [line for line in lacking if stop.lacks_vehicle_photo(line)]
    some = [line for line in lacking if line not in bare]
    if bare:
        yield say("Vehicles without a photo: %(n)s (%(names)s)", n=len(bare), names=named(bare))
    if some:
        yield say("Vehicles that lack photos for closing: %(n)s (%(names)s)", n=len(some), names=named(some))


def _photo(stop: Stop) -> Step:
    count = sum(photo.kind == "condition" for photo in stop.photos)
    note = say("Photos: %(n)s", n=count) if count else None
    lacks = (NO_PHOTO[stop.order.kind],) if VEHICLE in stop.photos_owed.get(stop.line.id, ()) else ()
    return Step("photo", say("Photo before the work"), "done" if count else "open", note, lacks)


def _proof(stop: Stop) -> Iterator[Step]:
    """The photos that are asked for besides, where any are; optional ones are open and hold nothing back."""
    asked = stop.photos_to_take(stop.line).values()
    if asked:
        missing = [one for one in asked if not one.there and not one.optional]
        lacks = tuple(say("The photo “%(photo)s” is missing.", photo=PHOTOS[one.kind]) for one in missing)
        note = say("%(done)s of %(all)s photos", done=sum(one.there for one in asked), all=len(asked))
        yield Step("proof", say("Photos for closing"), "open" if lacks else "done", note, lacks)


def _work(stop: Stop) -> Step:
    begun = bool(stop.fittings) or bool(stop.tests)
    label = say("Swap terminal or SIM") if stop.order.kind == "repair" else say("Fit terminal and SIM")
    return Step("work", label, "done" if begun else "open", _fitted_note(stop))


def _fitted_note(stop: Stop) -> Text | None:
    if not stop.fittings:
        return say("No swap") if stop.tests else None
    kinds = {fitting.unit_kind for fitting in stop.fittings}
    both = say("Terminal and SIM")
    return both if len(kinds) == 2 else say("Terminal") if "terminal" in kinds else say("SIM")


def _test(stop: Stop) -> Step:
    state = stop.run_state(stop.line)
    shown = {"none": "open", "partly": "open", "failed": "odd", "passed": "done", "nothing": "done"}[state]
    lacks = () if state in FINE else (say("The test-run is not complete, or a point failed."),)
    return Step("test", say("Test-run"), shown, TEST_NOTES[state], lacks)


def _priced(stop: Stop) -> bool:
    """Whether the price was looked at, as far as what followed tells."""
    return bool(stop.charges or stop.receipts or stop.signature) and not stop.unpriced


def _price(stop: Stop) -> Step:
    lacks = (say("Something that was fitted has no price."),) if stop.unpriced else ()
    note = yuan(stop.total) if stop.charges else None
    return Step("price", say("Price"), "done" if _priced(stop) else "open", note, lacks)


def _pay(stop: Stop) -> Step:
    label, lacks = say("Payment"), tuple(invoices_owed(stop.receipts, stop.invoice_doubts))
    if stop.due > 0:
        owed = say("%(due)s to be paid", due=yuan(stop.due))
        return Step("pay", label, "open", owed, (say("%(due)s is not paid.", due=yuan(stop.due)), *lacks))
    if stop.due < 0:
        over = say("¥%(amount)s more was taken than is charged: give it back.", amount=f"{-stop.due:,.2f}")
        return Step("pay", label, "odd", say("%(amount)s too much was paid", amount=yuan(-stop.due)), (over, *lacks))
    numbers = ", ".join(receipt.number for receipt in stop.receipts)
    note = (numbers or say("Nothing to pay")) if _priced(stop) else None
    return Step("pay", label, "odd" if lacks else "done" if _priced(stop) else "open", note, lacks)


def _sign(stop: Stop) -> Step:
    if stop.signature is None:
        return Step("sign", say("Signature"), "open", None, (say("The customer has not signed."),))
    if stop.changed_since:
        return Step("sign", say("Signature"), "open", say("Changed since: have it signed again"), (CHANGED,))
    if stop.signature.refused:
        return Step("sign", say("Signature"), "odd", say("Refused: %(reason)s", reason=stop.signature.reason))
    return Step("sign", say("Signature"), "done", stop.signature.signer)

"""How each action of an order's history is told: its sentence, icon and colour."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.words import Text, say


@dataclass(frozen=True)
class Look:
    """How an action is told: its sentence (with parameters filled from the entry), icon and colour."""

    what: Text
    icon: str
    tone: str


LOOKS: dict[str, Look] = {
    "order.take": Look(say("Order taken: %(lines)s vehicles"), "telephone", "draft"),
    "order.take.one": Look(say("Order taken: one vehicle"), "telephone", "draft"),
    "order.submit": Look(say("Sent for approval"), "send", "awaiting"),
    "order.approve": Look(say("Approved"), "check-lg", "done"),
    "approval.pass": Look(say("Approved at level %(step)s: the next level decides"), "check-lg", "awaiting"),
    "approval.pass_by_word": Look(say("Approved by word at level %(step)s: the next level decides"), "check-lg", "awaiting"),
    "approval.link": Look(say("A link to decide was made for %(name)s"), "send", "awaiting"),
    "approval.unlink": Look(say("The link to decide for %(name)s was taken back"), "x-circle", "draft"),
    "request.link": Look(say("A link to decide was made for %(name)s: %(about)s"), "send", "awaiting"),
    "request.unlink": Look(say("The link to decide for %(name)s was taken back: %(about)s"), "x-circle", "draft"),
    "order.approve_by_word": Look(say("Approved by word"), "check-lg", "backfill"),
    "word.record": Look(say("%(name)s approved by word (%(medium)s): to be backfilled"), "clock-history", "backfill"),
    "word.confirm": Look(say("Backfilled: %(name)s approved by word"), "check-lg", "done"),
    "word.refuse": Look(say("Refused afterwards: %(name)s is said to have approved by word"), "x-circle", "refused"),
    "word.settle": Look(say("Settled: the approval by word that %(name)s is said to have given"), "check-circle", "done"),
    "order.reject": Look(say("Rejected"), "x-circle", "refused"),
    "order.rewrite": Look(say("Draft changed"), "pencil", "draft"),
    "order.rework": Look(say("Taken back to be reworked"), "pencil", "draft"),
    "order.urgency": Look(say("Urgency changed"), "exclamation-circle", "draft"),
    "order.follow": Look(say("The order follows the work"), "arrow-repeat", "draft"),
    "order.hold": Look(say("Put on hold"), "pause-circle", "waiting"),
    "order.put_off": Look(say("Put on hold by the technician"), "pause-circle", "waiting"),
    "recall.confirm": Look(say("%(vehicle)s: a recall of %(number)s"), "arrow-repeat", "waiting"),
    "recall.caused": Look(say("Called about again, a recall: %(number)s"), "arrow-repeat", "waiting"),
    "recall.cleared": Look(say("Called about again, no recall: %(number)s"), "check-lg", "draft"),
    "recall.deny": Look(say("%(vehicle)s: no recall of %(number)s"), "check-lg", "draft"),
    "order.wake": Look(say("Taken up again: its day has come"), "play-circle", "approved"),
    "clock.warned": Look(say("The limit is near (%(stage)s): %(names)s told"), "clock", "waiting"),
    "clock.supervisor": Look(say("The limit is broken (%(stage)s): %(names)s told"), "exclamation-circle", "refused"),
    "clock.manager": Look(say("The limit is still broken (%(stage)s): %(names)s told"), "exclamation-circle", "refused"),
    "order.resume": Look(say("Resumed"), "play-circle", "approved"),
    "order.cancel": Look(say("Cancelled"), "slash-circle", "refused"),
    "order.close": Look(say("Closed"), "archive", "closed"),
    "order.auto_close": Look(say("Closed by rule: its papers were complete for long enough"), "archive", "closed"),
    "order.reopen": Look(say("Reopened"), "arrow-repeat", "waiting"),
    "order.not_solved": Look(say("The customer says that it is not solved"), "arrow-repeat", "refused"),
    "order.beside": Look(
        say("An order of its own, although %(number)s about the vehicle was under way"), "clipboard-plus", "waiting"
    ),
    "call.join": Look(say("%(name)s called about it again"), "telephone", "waiting"),
    "contact.note": Look(say("The owner notes"), "pencil", "draft"),
    "contact.offer": Look(say("%(name)s is asked to take the contact over"), "send", "awaiting"),
    "contact.accept": Look(say("The contact is taken over from %(name)s"), "people", "planned"),
    "contact.decline": Look(say("The contact is not taken over"), "x-circle", "waiting"),
    "contact.withdraw": Look(say("%(name)s is not asked any more to take the contact over"), "arrow-left", "draft"),
    "contact.idle": Look(say("Nothing has happened for long: %(name)s is reminded"), "clock-history", "waiting"),
    "contact.link": Look(say("The customer gets a link to say whether it is solved"), "send", "awaiting"),
    "contact.confirm": Look(say("The customer confirms %(how)s: %(name)s"), "check-circle", "done"),
    "contact.not_solved": Look(say("The customer says that it is not solved"), "arrow-repeat", "refused"),
    "help.record": Look(say("Helped from afar: %(name)s agreed"), "broadcast-pin", "draft"),
    "line.not_solved": Look(say("%(vehicle)s is open again: not solved"), "arrow-repeat", "planned"),
    "line.complete": Look(say("%(vehicle)s is done"), "check-circle", "done"),
    "line.give_up": Look(say("%(vehicle)s cannot be done"), "dash-circle", "refused"),
    "line.leave_over": Look(say("%(vehicle)s did not come"), "arrow-repeat", "waiting"),
    "line.carry_over": Look(say("%(vehicle)s is in an order of its own"), "arrow-right", "planned"),
    "line.take_up": Look(say("%(vehicle)s is taken up again"), "arrow-repeat", "planned"),
    "line.role": Look(say("%(vehicle)s: it is about another terminal of the vehicle"), "cpu", "planned"),
    "line.fit": Look(say("%(vehicle)s: %(unit)s swapped"), "arrow-repeat", "done"),
    "line.found": Look(say("%(vehicle)s: %(unit)s %(number)s found and registered"), "search", "waiting"),
    "part.use": Look(say("%(vehicle)s: %(name)s × %(quantity)s used"), "tools", "done"),
    "part.put_back": Look(say("%(vehicle)s: %(name)s × %(quantity)s put back"), "arrow-left", "refused"),
    "charge.add": Look(say("Charged: %(name)s × %(quantity)s, %(amount)s"), "receipt", "planned"),
    "charge.take_back": Look(say("Charge taken back: %(name)s, %(amount)s"), "receipt", "refused"),
    "loan.begin": Look(say("%(vehicle)s: %(number)s is lent until %(day)s"), "clock", "waiting"),
    "loan.end": Look(say("%(vehicle)s: the loaner %(number)s came back"), "check-circle", "done"),
    "loan.sell": Look(say("%(vehicle)s: the loaner %(number)s is sold"), "receipt", "done"),
    "goodwill.ask": Look(say("%(vehicle)s: goodwill asked for"), "shield-check", "awaiting"),
    "goodwill.approve": Look(say("%(vehicle)s: goodwill approved, asked for by %(name)s"), "shield-check", "done"),
    "goodwill.refuse": Look(say("%(vehicle)s: goodwill refused, asked for by %(name)s"), "x-circle", "refused"),
    "goodwill.pass": Look(
        say("%(vehicle)s: goodwill approved at level %(step)s: the next level decides"), "shield-check", "awaiting"
    ),
    "goodwill.withdraw": Look(say("%(vehicle)s: goodwill is not asked for any more"), "arrow-left", "draft"),
    "refund.ask": Look(say("Asked: %(about)s"), "cash-coin", "awaiting"),
    "refund.pass": Look(say("Approved at level %(step)s, the next level decides: %(about)s"), "check-lg", "awaiting"),
    "refund.approve": Look(say("Approved: %(about)s"), "check-lg", "done"),
    "refund.refuse": Look(say("Refused: %(about)s"), "x-circle", "refused"),
    "refund.withdraw": Look(say("Not asked for any more: %(about)s"), "arrow-left", "draft"),
    "refund.done": Look(say("Done: %(about)s"), "cash-coin", "done"),
    "overrule.ask": Look(say("Asked: %(about)s"), "receipt", "awaiting"),
    "overrule.pass": Look(say("Approved at level %(step)s, the next level decides: %(about)s"), "check-lg", "awaiting"),
    "overrule.approve": Look(say("Approved: %(about)s"), "check-lg", "done"),
    "overrule.refuse": Look(say("Refused: %(about)s"), "x-circle", "refused"),
    "overrule.withdraw": Look(say("Not asked for any more: %(about)s"), "arrow-left", "draft"),
    "purchase.ask": Look(say("Asked: %(about)s"), "cart3", "awaiting"),
    "purchase.pass": Look(say("Approved at level %(step)s, the next level decides: %(about)s"), "check-lg", "awaiting"),
    "purchase.approve": Look(say("Approved: %(about)s"), "check-lg", "done"),
    "purchase.refuse": Look(say("Refused: %(about)s"), "x-circle", "refused"),
    "purchase.again": Look(say("Mended and sent in again: %(about)s"), "pencil", "awaiting"),
    "purchase.withdraw": Look(say("Not asked for any more: %(about)s"), "arrow-left", "draft"),
    "purchase.done": Look(say("Received: %(received)s, delivery note %(delivery)s"), "box-seam", "done"),
    "receipt.take": Look(say("%(amount)s taken: %(channel)s, receipt %(receipt)s"), "cash-coin", "done"),
    "receipt.refund": Look(say("%(amount)s given back: %(channel)s, receipt %(receipt)s"), "cash-coin", "refused"),
    "account.pay": Look(say("%(amount)s of receipt %(receipt)s paid at finance: %(channel)s"), "cash-coin", "done"),
    "account.take_back": Look(say("Payment of receipt %(receipt)s taken back: %(channel)s, %(amount)s"), "cash-coin", "refused"),
    "invoice.note": Look(say("Invoice %(invoice)s noted for receipt %(receipt)s"), "receipt", "done"),
    "invoice.forget": Look(say("Invoice %(before)s stands beside receipt %(receipt)s no more"), "receipt", "refused"),
    "invoice.doubt": Look(say("Invoice %(invoice)s noted for receipt %(receipt)s, and it cannot be that"), "receipt", "waiting"),
    "visit.plan": Look(say("Visit planned: %(technician)s, %(starts_at)s"), "calendar-check", "planned"),
    "visit.change": Look(say("Visit changed: %(technician)s, %(starts_at)s"), "calendar3", "planned"),
    "visit.overrule": Look(say("Planned although something spoke against it"), "exclamation-triangle", "waiting"),
    "visit.dispatch": Look(say("%(technician)s is sent"), "send", "dispatched"),
    "visit.recall": Look(say("%(technician)s is called back"), "arrow-left", "waiting"),
    "visit.depart": Look(say("%(technician)s sets out"), "truck", "moving"),
    "visit.arrive": Look(say("%(technician)s has arrived"), "geo-alt", "site"),
    "visit.finish": Look(say("%(technician)s has finished"), "check-circle", "done"),
    "visit.abandon": Look(say("The visit of %(technician)s is abandoned"), "dash-circle", "refused"),
    "visit.take_over": Look(say("%(vehicle)s is taken over"), "arrow-repeat", "planned"),
    "test.run": Look(say("%(vehicle)s: test-run passed"), "check-circle", "done"),
    "photo": Look(say("Photo taken: %(photo)s"), "camera", "draft"),
    "photo.withdraw": Look(say("Photo withdrawn: %(photo)s"), "camera", "refused"),
    "photo.waive": Look(say("%(vehicle)s: closes without a photo"), "camera", "waiting"),
    "sign": Look(say("%(name)s has signed"), "pencil", "done"),
    "sign.refuse": Look(say("%(name)s did not sign"), "x-circle", "waiting"),
    "sheet.release": Look(say("Sheet issued: %(name)s"), "file-earmark-text", "done"),
    "field.dispute": Look(
        say("A message of %(technician)s does not fit what the office knows"), "exclamation-triangle", "waiting"
    ),
    "field.settle": Look(say("A message of %(technician)s was settled"), "check-circle", "draft"),
    "field.apply": Look(say("What %(technician)s sent late was entered as sent"), "check-circle", "done"),
    "field.set_aside": Look(say("A message of %(technician)s was set aside, not entered"), "dash-circle", "draft"),
    "outside.ask": Look(say("Help from outside asked for"), "people", "awaiting"),
    "outside.approve": Look(say("Help from outside approved"), "check-lg", "done"),
    "outside.reject": Look(say("Help from outside refused"), "x-circle", "refused"),
    "outside.withdraw": Look(say("Help from outside is not needed any more"), "x-circle", "draft"),
    "outside.offer": Look(say("Offered to the contractor %(name)s until %(until)s"), "send", "awaiting"),
    "outside.take_back": Look(say("Taken back from the contractor %(name)s"), "arrow-left", "waiting"),
    "outside.shut": Look(say("The link of %(name)s was shut: the PIN was wrong too often"), "exclamation-triangle", "waiting"),
    "outside.accept": Look(say("The contractor %(name)s has accepted, for %(amount)s"), "check-circle", "planned"),
    "outside.decline": Look(say("The contractor %(name)s has declined"), "x-circle", "waiting"),
    "outside.give_back": Look(say("No contractor has accepted in time: back with the dispatcher"), "arrow-left", "waiting"),
    "outside.renew": Look(say("A new link for %(name)s, which works until %(until)s"), "send", "draft"),
    "outside.object": Look(say("The work of %(name)s is not accepted yet"), "exclamation-triangle", "waiting"),
    "outside.work": Look(say("The work of %(name)s is accepted: %(amount)s"), "check-circle", "done"),
    "outside.settle": Look(say("%(amount)s settled with %(name)s"), "cash-coin", "done"),
    "phone.reveal": Look(say("Asked for the phone number of %(name)s"), "eye", "draft"),
}
PLAIN = Look(say("Something was done: %(action)s"), "circle-fill", "draft")


FITTED: dict[str, Look] = {
    "install": Look(say("%(vehicle)s: %(unit)s %(new)s fitted"), "tools", "done"),
    "remove": Look(say("%(vehicle)s: %(unit)s %(old)s taken out"), "box-seam", "waiting"),
    "move_out": Look(say("%(vehicle)s: %(unit)s %(old)s moved to another vehicle"), "truck", "waiting"),
    "move_in": Look(say("%(vehicle)s: %(unit)s %(new)s moved in from another vehicle"), "truck", "done"),
    "undo": Look(say("%(vehicle)s: %(unit)s put back as it was before"), "arrow-left", "refused"),
}
"""How a fitting that is no swap is told, by its kind."""

TESTED: dict[str, Look] = {
    "failed": Look(say("%(vehicle)s: the test-run failed"), "x-circle", "refused"),
    "overruled": Look(say("%(vehicle)s: the test-run counts as passed"), "exclamation-triangle", "waiting"),
}
"""How a test-run is told whose worst result is no plain pass."""

"""Until when a terminal is in warranty, and the rule that says so (P10). What is known of terminals and terms in, one answer out.

Which term counts, the first that there is: the customer's contract that is in force on the day (one for the model before one for
all models), the model's own term, what its delivery note said, the model's usual one, the company's general one, twelve months.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from dispatch.devices.rules import UNKNOWN_MODEL_MONTHS
from dispatch.words import Text, say

REPAIR_MONTHS = 3
"""The warranty of a repaired terminal, and of a SIM or part that a repair put in, in months, if nothing else is configured."""

STARTS: dict[str, Text] = {
    "installation": say("installation"),
    "delivery": say("delivery"),
    "purchase": say("purchase"),
}
"""Where a warranty begins: its words in forms."""

_FROM: dict[str, Text] = {
    "installation": say("%(months)s months from installation on %(day)s"),
    "delivery": say("%(months)s months from delivery on %(day)s"),
    "purchase": say("%(months)s months from purchase on %(day)s"),
}


@dataclass(frozen=True)
class Warranty:
    """Until when a repair is free and which rule says so (P10)."""

    until: date | None
    rule: Text

    def holds_on(self, day: date) -> bool:
        """True while the warranty is in force on `day`."""
        return self.until is not None and day <= self.until


LENT = Warranty(None, say("On loan from us"))
NOTHING_KNOWN = Warranty(None, say("Neither installation nor purchase date is known"))


@dataclass(frozen=True)
class Term:
    """So many months from `start`; for one customer by contract or for all, for one model or for all (None), while in force."""

    months: int
    start: str = "installation"
    customer_id: int | None = None
    contract: str | None = None
    model: str | None = None
    valid_from: date = date.min
    valid_to: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether it counts for what begins on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Fit:
    """A terminal was put into a vehicle of a customer: when, by which entry of the ledger, and in exchange for which other one.

    `found`: it was met there, nobody knows since when. `lent`: it is a loaner that stands for the one it replaced.
    """

    entry_id: int
    day: date
    customer_id: int
    replaced: int | None = None
    found: bool = False
    lent: bool = False


@dataclass(frozen=True)
class Life:
    """What is known of one terminal: its model, the months of its delivery note (0: none), when it was delivered to a customer,
    where it was fitted (oldest first), and the days of its repairs."""

    serial: str
    model: str
    own_months: int = 0
    delivered_on: date | None = None
    fits: tuple[Fit, ...] = ()
    repaired_on: tuple[date, ...] = ()


@dataclass(frozen=True)
class Question:
    """Which terminal of which customer, as it stood after an entry of the ledger (None: as it stands).

    Without a terminal on record the model and the day of purchase decide, as far as somebody named them.
    """

    customer_id: int | None
    unit_id: int | None = None
    upto: int | None = None
    purchased_on: date | None = None
    model: str | None = None


@dataclass(frozen=True)
class Known:
    """What warranties are decided by: terminals by id, the terms, each model's usual months, and how long repairs count."""

    lives: Mapping[int, Life] = field(default_factory=dict)
    terms: Sequence[Term] = ()
    usual: Mapping[str, int] = field(default_factory=dict)
    repair_months: int = REPAIR_MONTHS


def decide_warranty(asked: Question, known: Known) -> Warranty:
    """The warranty of a terminal at its customer's: the latest end that any of these rules gives, with that rule's sentence.

    - A terminal begins a warranty of its own once, when it first goes into a vehicle of the customer. To move it to another of
      his vehicles, or to put it back after a repair, begins nothing: else a warranty would grow with every screw that is turned.
    - Given in exchange for one that was in warranty that day, it carries on the end of the one it replaced: the customer bought
      so many months once, and neither loses them nor gets them anew because we exchanged the box.
    - Given in exchange for one out of warranty it was paid for, and so it is sold and begins its own.
    - A loaner has none: what is asked of it is answered for the customer's own terminal for which it stands, and his own one put
      back in its place begins nothing.
    - Fitted again after a repair it is in warranty until the later of what was left and the repair's own term from the day of the
      repair: we answer for our work, and for nothing less than before it.
    """
    life = known.lives.get(asked.unit_id or 0)
    if life is None:
        return _from_purchase(asked, known)
    loan = _loan(asked, life)
    if loan is not None:
        return decide_warranty(replace(asked, unit_id=loan.replaced, upto=loan.entry_id - 1), known) if loan.replaced else LENT
    ends = list(_ends(asked, life, known))
    return max(ends, key=lambda end: end.until or date.min) if ends else NOTHING_KNOWN


def of_repair(day: date | None, months: int) -> Warranty | None:
    """The term of its own that a SIM or a part has which a repair put in on a day; None where none did, or it has no term."""
    if day is None or not months:
        return None
    told = say("%(months)s months from the repair on %(day)s", months=months, day=day)
    return Warranty(add_months(day, months), told)


def longer(one: Warranty, other: Warranty | None) -> Warranty:
    """The warranty that ends later, with its rule."""
    return other if other and other.until and other.until > (one.until or date.min) else one


def _from_purchase(asked: Question, known: Known) -> Warranty:
    if asked.purchased_on is None:
        return NOTHING_KNOWN
    return _running(asked, Life("", asked.model or ""), None, known)


def _ends(asked: Question, life: Life, known: Known) -> Iterator[Warranty]:
    fits = [fit for fit in _fits(asked, life) if not fit.lent]
    for place, fit in enumerate(fits):
        carried = _carried_on(asked, fit, known) if fit.replaced else None
        if carried:
            yield carried
        elif place == 0 or (fit.replaced and not _was_lent(asked, fit, known)):
            yield _running(asked, life, fit, known)
    repairs = [day for day in life.repaired_on if any(day <= fit.day for fit in fits)]
    if repairs:
        months, day = known.repair_months, max(repairs)
        yield Warranty(add_months(day, months), say("%(months)s months from the repair on %(day)s", months=months, day=day))


def _fits(asked: Question, life: Life) -> list[Fit]:
    return [fit for fit in life.fits if fit.customer_id == asked.customer_id and fit.entry_id <= (asked.upto or fit.entry_id)]


def _loan(asked: Question, life: Life) -> Fit | None:
    """The loan by which a terminal is at the customer's, if the last that is known of it there is one."""
    fits = _fits(asked, life)
    return fits[-1] if fits and fits[-1].lent else None


def _was_lent(asked: Question, fit: Fit, known: Known) -> bool:
    life = known.lives.get(fit.replaced or 0)
    return life is not None and _loan(replace(asked, upto=fit.entry_id - 1), life) is not None


def _carried_on(asked: Question, fit: Fit, known: Known) -> Warranty | None:
    """The warranty of the terminal that was replaced, where it was in force on that day."""
    earlier = replace(asked, unit_id=fit.replaced, upto=fit.entry_id - 1)
    old, life = decide_warranty(earlier, known), known.lives.get(fit.replaced or 0)
    if not old.holds_on(fit.day) or life is None:
        return None
    return Warranty(old.until, say("carried on from %(unit)s: %(rule)s", unit=life.serial, rule=old.rule))


def _running(asked: Question, life: Life, fit: Fit | None, known: Known) -> Warranty:
    """The warranty that a terminal begins for itself, from where its term says, else from installation, else from purchase."""
    installed = fit.day if fit and not fit.found else None
    delivered = min(life.delivered_on, installed) if life.delivered_on and installed else installed
    days = {"installation": installed, "delivery": delivered, "purchase": asked.purchased_on}
    usual = known.usual.get(life.model) or known.usual.get(asked.model or "")
    term = term_for(life, asked.customer_id, installed or asked.purchased_on, usual, known.terms)
    start = next((name for name in (term.start, "installation", "purchase") if days[name]), None)
    day = days[start] if start else None
    if start is None or day is None:
        return NOTHING_KNOWN
    told: Text = Text(_FROM[start].msgid, {"months": term.months, "day": day})
    if term.contract:
        told = say("contract %(number)s, %(rule)s", number=term.contract, rule=told)
    return Warranty(add_months(day, term.months), told)


def term_for(life: Life, customer_id: int | None, day: date | None, usual: int | None, terms: Sequence[Term]) -> Term:
    """The term that counts for a terminal (see the head of this file) which begins its warranty on a day."""
    current = [term for term in terms if day is not None and term.in_force(day)]
    contracts = [term for term in current if customer_id is not None and term.customer_id == customer_id]
    listed = [term for term in current if term.customer_id is None]
    own = [term for term in contracts if term.model == life.model] or [term for term in contracts if term.model is None]
    own = own or [term for term in listed if term.model == life.model]
    if own:
        return max(own, key=lambda term: term.valid_from)
    months = life.own_months or usual
    general = [term for term in listed if term.model is None]
    if months or not general:
        return Term(months or UNKNOWN_MODEL_MONTHS)
    return max(general, key=lambda term: term.valid_from)


def add_months(day: date, months: int) -> date:
    """The same day `months` later; the last of the month where that day does not exist (31 January + 1 = 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")

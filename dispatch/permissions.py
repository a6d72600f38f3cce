"""Who may do what: one table, permission -> roles. Read it aloud; change it here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.words import Text, say

ROLES: dict[str, Text] = {
    "specialist": say("Dispatcher"),
    "supervisor": say("Supervisor"),
    "manager": say("Manager"),
    "director": say("Director"),
    "qa": say("QA inspector"),
    "technician": say("Technician"),
    "finance": say("Finance"),
    "administrator": say("Administrator"),
}

OUTSIDE = "contractor"
"""What a contractor's worker is while he works on his one order by its link. Nobody of the house can hold it: it is no role."""

DESK = ("specialist", "supervisor", "manager", "director")
OFFICE = (*DESK, "qa", "finance", "administrator")

PERMISSIONS: dict[str, tuple[str, ...]] = {
    # orders
    "order.see": OFFICE,
    "order.take": ("specialist", "supervisor", "manager"),
    "order.approve": ("manager",),
    "order.approve_supervisor": ("supervisor",),
    "order.approve_director": ("director",),
    "order.approve_finance": ("finance",),
    "order.decide": ("manager", "director", "supervisor", "finance"),
    "favour.approve": ("supervisor", "manager", "director"),
    "approval.rules": ("director", "administrator"),
    "approval.rules_see": ("supervisor", "manager", "director", "finance", "administrator"),
    "word.record": ("specialist", "supervisor", "manager", "technician"),
    "contact.reassign": ("supervisor", "manager"),
    "order.cancel": ("specialist", "supervisor", "manager"),
    "order.close": ("supervisor", "manager"),
    "closing.see": ("specialist", "supervisor", "manager", "finance"),
    "order.plan": ("specialist", "supervisor", "manager"),
    "visit.drive": ("technician", OUTSIDE),
    "visit.abandon": ("technician", OUTSIDE, "specialist", "supervisor", "manager"),
    "line.settle": ("technician", OUTSIDE, "specialist", "supervisor", "manager"),
    "clock.limits": ("manager", "director", "administrator"),
    "recall.decide": ("specialist", "supervisor", "manager"),
    # when nobody is free
    "outside.see": (*DESK, "qa", "finance"),
    "outside.ask": ("specialist", "supervisor", "manager"),
    "outside.check": ("supervisor", "manager", "qa"),
    "outside.settle": ("finance",),
    # customers and devices
    "customer.see": OFFICE,
    "customer.change": ("specialist", "supervisor", "manager"),
    "stock.see": (*OFFICE, "technician"),
    "stock.change": ("specialist", "supervisor", "manager", "administrator"),
    "stock.decide": ("manager", "director"),
    "binding.rules": ("manager", "administrator"),
    "bag.hand_over": ("technician",),
    "bench.see": (*DESK, "qa", "administrator"),
    "bench.work": ("specialist", "supervisor", "manager", "qa", "administrator"),
    "bench.scrap": ("manager", "director"),
    "silence.see": (*DESK, "qa"),
    "silence.act": ("specialist", "supervisor", "manager"),
    "fact.correct": ("supervisor", "manager"),
    "points.decide": ("manager", "qa"),
    # money: who is on site takes it, the office corrects and gives back
    "fee.take": ("technician", OUTSIDE, "supervisor", "manager", "finance"),
    "goodwill.ask": ("technician", "specialist", "supervisor", "manager"),
    "quote.make": ("specialist", "supervisor", "manager", "finance"),
    "fee.refund": ("supervisor", "manager", "finance"),
    # invoices: whoever is at the customer's asks for one, finance issues it; its number is noted on site by who takes the money
    "invoice.see": ("finance", *DESK, "qa"),
    "invoice.ask": ("technician", "specialist", "supervisor", "manager", "finance"),
    "invoice.issue": ("finance",),
    "money.see": ("finance", "supervisor", "manager", "director"),
    "money.confirm": ("finance",),
    "money.write_off": ("manager", "director"),
    "difference.assign": ("manager", "director"),
    "merit.see": ("finance", "manager", "director"),
    "merit.give": ("finance", "manager", "director"),
    "cash.limits": ("finance", "manager"),
    "discount.limits": ("manager", "director"),
    "cash.let_pass": ("manager", "director"),
    "day.close": ("finance",),
    "day.reopen": ("director",),
    # what the day came to
    "figures.see": ("supervisor", "manager", "director", "qa"),
    # the house
    "price.see": OFFICE,
    "price.change": ("finance", "manager", "administrator"),
    "staff.see": OFFICE,
    "staff.change": ("manager", "administrator"),
    "staff.import": ("manager", "administrator"),
    "phone.lock": ("specialist", "supervisor", "manager", "administrator"),
    "branch.change": ("administrator",),
    # who is there when
    "roster.see": OFFICE,
    "roster.change": ("supervisor", "manager"),
    "leave.decide": ("manager", "director"),
    "calendar.change": ("manager", "director", "administrator"),
    "audit.see": ("director", "administrator", "qa"),
    "branches.all": ("director", "administrator", "finance", "qa"),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """Every permission that at least one of the roles carries."""
    held = set(roles)
    return frozenset(name for name, carriers in PERMISSIONS.items() if not held.isdisjoint(carriers))


def allows(roles: Iterable[str], permission: str) -> bool:
    """True if any of the roles carries the permission. An unknown permission is a programming error and raises KeyError."""
    return not set(PERMISSIONS[permission]).isdisjoint(roles)

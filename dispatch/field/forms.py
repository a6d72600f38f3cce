"""What a technician ticks and writes on his phone: texts -> the content of a fact, or a refusal beside the field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatch.devices.models import UNIT_KINDS
from dispatch.devices.part_stock import MOST, WHOLE
from dispatch.devices.slot_rules import ROLES
from dispatch.devices.swap_rules import LONGEST, WHYS
from dispatch.errors import Invalid, NotFound
from dispatch.fees.money_forms import read_charge as read_typed_charge
from dispatch.fees.money_forms import read_payment as read_typed_payment
from dispatch.field.rules import DEPARTURE_ITEMS, TEST_ITEMS, TEST_RESULTS, without_reason
from dispatch.files.strokes import read_strokes
from dispatch.orders.waiting_rules import WaitFor, wrong_with
from dispatch.tabular.cells import read_date
from dispatch.typed import number_in
from dispatch.words import Text, say

Acts = list[tuple[str, dict[str, Any]]]

REASONS: dict[str, Text] = {
    "absent": say("The customer was not there"),
    "part": say("A part was missing"),
    "vehicle": say("The vehicle was away"),
    "unsafe": say("It was unsafe"),
    "cannot": say("It cannot be done"),
    "other": say("Something else"),
}
"""Why a visit is broken off."""
WAITS_FOR = {"absent": "customer", "part": "part", "vehicle": "vehicle", "unsafe": "unsafe"}
"""What the order then waits for; the others are words of his own."""

LEFT: dict[str, Text] = {"leave_over": say("They did not come"), "give_up": say("They cannot be done")}
"""What becomes of the vehicles that are not done: the action of the line table, and its words on the phone."""

LEFT_ONE: dict[str, Text] = {"leave_over": say("It did not come"), "give_up": say("It cannot be done")}
"""The same of one vehicle."""

MOST_LETTERS = 500
CHOOSE = say("Choose one of these.")


# --- setting out, arriving, ending


def read_departure(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was checked before leaving. Raises Invalid when something is missing and no note says what."""
    checks = {item: bool(values.get(f"check-{item}")) for item in DEPARTURE_ITEMS}
    note = _written(values, "note")
    if not all(checks.values()) and not note:
        raise Invalid({"note": say("Tick all four, or write what is missing.")})
    return {"checks": checks, "note": note}


def read_position(values: Mapping[str, Any]) -> dict[str, float]:
    """Where the phone says it is: lat, lon and accuracy_m as far as they were sent."""
    numbers = {name: _decimal(values.get(name)) for name in ("lat", "lon", "accuracy_m")}
    return {name: number for name, number in numbers.items() if number is not None}


@dataclass(frozen=True)
class Finish:
    """How a visit ended: the lines that were not done, what becomes of them, and why. All others are done."""

    not_done: tuple[int, ...] = ()
    how: str = "leave_over"
    reason: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept in the fact; nothing for a visit whose vehicles are all done."""
        return {"not_done": list(self.not_done), "how": self.how, "reason": self.reason} if self.not_done else {}


def read_finish(shown: Iterable[str], done: Iterable[str], values: Mapping[str, Any]) -> Finish:
    """From the lines the page showed and those that were ticked. Raises Invalid when some are not and no reason is given."""
    ticked = set(done)
    left = tuple(line for text in shown if text not in ticked and (line := number_in(text)))
    if not left:
        return Finish()
    reason, how = _written(values, "reason"), str(values.get("how") or "leave_over")
    if not reason:
        raise Invalid({"reason": say("Say why these vehicles are not done.")})
    if how not in LEFT:
        raise Invalid({"how": CHOOSE})
    return Finish(left, how, reason)


def read_abandon(values: Mapping[str, Any], today: date) -> tuple[Text, dict[str, Any]]:
    """Why a visit is broken off, as one of REASONS with what was written beside it; and what the order is to wait for, where
    somebody named a day. Raises Invalid.
    """
    code, more = str(values.get("why") or ""), _written(values, "more")
    if code not in REASONS:
        raise Invalid({"why": CHOOSE})
    again = _written(values, "again")
    if not more and (code == "other" or (again and code not in WAITS_FOR)):
        raise Invalid({"more": say("Please write what it is.")})
    why = REASONS[code]
    told = Text("%(more)s", {"more": more}) if code == "other" else say("%(why)s: %(more)s", why=why, more=more) if more else why
    if not again:
        return told, {}
    wait = _read_again(WAITS_FOR.get(code, "other"), more, again, today)
    return say("%(why)s (again from %(day)s)", why=told, day=wait["next_on"]), {"wait": wait}


def _read_again(why: str, words: str, again: str, today: date) -> dict[str, Any]:
    """From which day it can be tried again. Raises Invalid."""
    next_on = read_date(again)
    wrong = wrong_with(WaitFor(why, next_on, words), today).get("next_on") if isinstance(next_on, date) else next_on or CHOOSE
    if wrong or not isinstance(next_on, date):
        raise Invalid({"again": wrong or CHOOSE})
    return {"why": why, "words": words, "next_on": next_on.isoformat()}


# --- work at a vehicle


def read_fitting(values: Mapping[str, Any], present: Collection[str], line_id: int) -> Acts:
    """The facts of one press: what replaces something is a swap, what goes into an empty place an installation.

    A number that was typed goes before the one that was chosen; `present` are the kinds the record knows in the vehicle, and
    `none_terminal`, `none_sim` say that there really is none. Raises Invalid when no new unit is named, a SIM alone for a
    vehicle that has no terminal, or a swap that has no reason.
    """
    new = {kind: number for kind in UNIT_KINDS if (number := _number(values, kind))}
    bare = "terminal" not in present and values.get("none_terminal")
    if not new or (bare and "terminal" not in new):
        kind = "sim" if values.get("only") == "sim" else "terminal"
        raise Invalid({kind: say("Choose one from your bag, or type its number.")})
    empty = {kind for kind in new if kind not in present and values.get(f"none_{kind}")}
    swaps = {kind: number for kind, number in new.items() if kind not in empty}
    old = {f"old_{kind}": _written(values, f"old_{kind}") for kind in swaps if kind not in present}
    model = {"old_model": _written(values, "old_model") or None} if "old_terminal" in old else {}
    at = {"line": line_id, **read_role(values)}
    acts: Acts = [("line.swap", {**at, **swaps, **old, **model, **read_why(values)})] if swaps else []
    installs = {kind: number for kind, number in new.items() if kind in empty}
    both: Acts = [*acts, ("line.install", {**at, **installs})] if installs else acts
    return _lent(both, values) if values.get("lend") else both


def read_why(values: Mapping[str, Any]) -> dict[str, str]:
    """Why something is swapped, a tap and words beside it; what is only lent says so by itself. Raises Invalid."""
    code = str(values.get("why") or ("loan" if values.get("lend") else ""))
    words = _written(values, "why_words")[:LONGEST]
    if code not in WHYS:
        raise Invalid({"why": CHOOSE})
    if code == "other" and not words:
        raise Invalid({"why_words": say("Please write what it is.")})
    return {"why": code, **({"why_words": words} if words else {})}


def _lent(acts: Acts, values: Mapping[str, Any]) -> Acts:
    """The same with the days for which the new terminal is only lent. Raises Invalid."""
    days = number_in(values.get("lend_days"))
    if days is None or not any("terminal" in content for _, content in acts):
        raise Invalid({"lend_days": CHOOSE if days is None else say("Only a terminal can be lent.")})
    return [(kind, content | ({"lend_days": days} if "terminal" in content else {})) for kind, content in acts]


def read_move(values: Mapping[str, Any], units: Iterable[str]) -> dict[str, Any]:
    """From which vehicle, and what of it. Raises Invalid."""
    vehicle, kinds = number_in(values.get("vehicle")), [kind for kind in UNIT_KINDS if kind in set(units)]
    wrong = {name: CHOOSE for name, given in (("vehicle", vehicle), ("units", kinds)) if not given}
    if wrong:
        raise Invalid(wrong)
    return {"vehicle": vehicle, "units": kinds, **read_role(values)}


def read_role(values: Mapping[str, Any]) -> dict[str, str]:
    """Which of the vehicle's terminals it is, where the page says so. Raises NotFound for what is none."""
    role = _written(values, "role")
    if role and role not in ROLES:
        raise NotFound
    return {"role": role} if role else {}


def _number(values: Mapping[str, Any], kind: str) -> str:
    return _written(values, kind) or _written(values, f"pick_{kind}")


def read_removal(values: Mapping[str, Any], units: Iterable[str]) -> list[str]:
    """The kinds to be taken out. Raises Invalid when none is named."""
    wanted = [kind for kind in UNIT_KINDS if kind in set(units)]
    if not wanted:
        raise Invalid({"units": CHOOSE})
    return wanted


def read_part(values: Mapping[str, Any]) -> dict[str, Any]:
    """Which counted part went into a vehicle, and how many. Raises Invalid."""
    code, quantity, wrong = _written(values, "code"), number_in(values.get("quantity")) or 0, {}
    if not code:
        wrong["code"] = say("Choose a part.")
    if not 1 <= quantity <= MOST:
        wrong["quantity"] = WHOLE
    if wrong:
        raise Invalid(wrong)
    return {"code": code, "quantity": quantity}


def read_results(values: Mapping[str, Any], must: Collection[str] = TEST_ITEMS) -> dict[str, dict[str, str]]:
    """The points of a test-run whose result is not the one the page showed (`was-…`).

    `rest` gives one to those of `must` that have none: what may stay open passes only where somebody says so.

    Raises Invalid where a point is overruled without a word, or one of `must` not available.
    """
    rest = values.get("rest")
    chosen = {item: str(values.get(f"result-{item}") or (rest if item in must else "") or "") for item in TEST_ITEMS}
    if any(result not in ("", *TEST_RESULTS) for result in chosen.values()):
        raise NotFound
    found = {item: (result, _written(values, f"reason-{item}")) for item, result in chosen.items() if result}
    wrong = [without_reason(item, result, reason, must) for item, (result, reason) in found.items()]
    if any(wrong):
        raise Invalid({field: text for each in wrong for field, text in each.items()})
    return {
        item: {"result": result} | ({"reason": reason} if reason and result != "passed" else {})
        for item, (result, reason) in found.items()
        if (result, reason) != (values.get(f"was-{item}"), _written(values, f"was-reason-{item}"))
    }


def read_not_done(values: Mapping[str, Any]) -> dict[str, str]:
    """Why one vehicle is not done, and what becomes of it. Raises Invalid."""
    how, reason, wrong = str(values.get("how") or ""), _written(values, "reason"), {}
    if how not in LEFT:
        wrong["how"] = CHOOSE
    if not reason:
        wrong["reason"] = say("Please give a reason.")
    if wrong:
        raise Invalid(wrong)
    return {"how": how, "reason": reason}


def read_reason(values: Mapping[str, Any]) -> str:
    """Why something is taken back. Raises Invalid."""
    reason = _written(values, "reason")
    if not reason:
        raise Invalid({"reason": say("Please give a reason.")})
    return reason


# --- money and signature


def read_charge(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is charged beside the parts. Raises Invalid."""
    typed = read_typed_charge(values)
    return {"code": typed.code, "quantity": typed.quantity, "line": typed.line_id}


def read_payment(values: Mapping[str, Any]) -> dict[str, Any]:
    """Money as it was taken. Raises Invalid; an odd invoice number is asked about once (`invoice_anyway`)."""
    typed = read_typed_payment(values)
    if typed.warnings and not values.get("invoice_anyway"):
        raise Invalid(typed.warnings)
    named = {name: getattr(typed, name) for name in ("channel", "payer", "reference", "invoice_number")}
    return {"amount": f"{typed.amount:.2f}", **named}


def read_signature(values: Mapping[str, Any]) -> dict[str, Any]:
    """Who signed what, where, and how the pen went; what is no signature counts as none and is not kept."""
    return {**read_signer(values), "points": read_strokes(str(values.get("points") or "[]")), **read_position(values)}


def read_signer(values: Mapping[str, Any]) -> dict[str, Any]:
    """The person who stands there, and the summary that was shown to him."""
    return {
        "signer": _written(values, "signer"),
        "phone": _written(values, "phone"),
        "summary_hash": str(values.get("summary_hash") or ""),
    }


def _decimal(typed: object) -> float | None:
    try:
        number = float(str(typed))
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None  # not a number is below nothing


def _written(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()[:MOST_LETTERS]

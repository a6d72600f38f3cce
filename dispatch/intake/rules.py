"""What intake decides by itself: which model a wording means, and which vehicle each line of a request becomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dispatch.customers.rules import COLOURS, likely_colour, show_plate
from dispatch.intake.lines import Problem, RequestLine
from dispatch.words import listed, say, text_to_json

SAME_PLACE_DEGREES = 0.00001
"""About a metre: what a place loses when it is shown with five decimals."""


def model_of(text: str, known: Iterable[str]) -> str:
    """`BD-808A 部标一体机` -> BD-808A: the model a wording starts with, else the code before a Chinese name, else itself."""
    folded = text.casefold()
    for name in sorted(known, key=len, reverse=True):
        rest = folded[len(name) :]
        if folded.startswith(name.casefold()) and not (rest[:1].isascii() and rest[:1].isalnum()):
            return name
    head, _, tail = text.partition(" ")
    return head if head.isascii() and not tail.isascii() else text


def colour_of(plate: str, given: str, on_record: Iterable[str]) -> str:
    """The colour a plate is taken with: as given, else the only one on record, else a guess; "" without a plate."""
    if not plate or given in COLOURS:
        return given if plate else ""
    recorded = set(on_record)
    return recorded.pop() if len(recorded) == 1 else likely_colour(plate)


def show_place(lat: float | None, lon: float | None) -> str:
    """22.639, 113.811; "" for a place not known."""
    return f"{lat:.5f}".rstrip("0") + ", " + f"{lon:.5f}".rstrip("0") if lat is not None and lon is not None else ""


# --- which vehicle a line becomes


@dataclass(frozen=True)
class OnRecord:
    """A vehicle that is on record. `owner` is None when it is already this customer's, or `branch` says that it is elsewhere.

    `terminals` are the serials of those that are in it now.
    """

    id: int
    plate: str | None
    colour: str | None
    vin: str | None
    owner: str | None = None
    branch: str | None = None
    terminals: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The plate as it is read aloud, else the VIN."""
        return show_plate(self.plate) if self.plate else self.vin or ""


@dataclass(frozen=True)
class Settled:
    """A line and the vehicle it becomes: plate, colour and VIN ("" for none) are unique within the request.

    What the file says beyond that is kept in `remark`. `vehicle_id` is the vehicle on record, None for a new one; `owner` whose
    it is when it is somebody else's, `branch` which one's when that is not to be seen; `problems` what a person should look at,
    the file's and the record's.
    """

    index: int
    line: RequestLine
    plate: str
    colour: str
    vin: str
    remark: str
    problems: tuple[Problem, ...]
    left_out: bool = False
    vehicle_id: int | None = None
    owner: str | None = None
    branch: str | None = None

    @property
    def blocks(self) -> bool:
        """Does it stand in the way of taking the request in?"""
        return not self.left_out and any(problem.blocks for problem in self.problems)

    @property
    def attention(self) -> list[dict[str, object]]:
        """The problems as an order line keeps them."""
        return [{"code": problem.code, **text_to_json(problem.text)} for problem in self.problems]


class Register:
    """Vehicles on record, looked up by plate and by VIN."""

    def __init__(self, vehicles: Iterable[OnRecord]) -> None:
        known = list(vehicles)
        self._by_plate = {(v.plate, v.colour): v for v in known if v.plate}
        self._by_vin = {v.vin: v for v in known if v.vin}
        self._colours: dict[str, list[str]] = {}
        for plate, colour in self._by_plate:
            self._colours.setdefault(plate, []).append(colour or "")

    def colours(self, plate: str) -> list[str]:
        """The colours this plate is on record with."""
        return self._colours.get(plate, [])

    def plated(self, plate: str, colour: str) -> OnRecord | None:
        """The vehicle with this plate and colour."""
        return self._by_plate.get((plate, colour)) if plate else None

    def with_vin(self, vin: str) -> OnRecord | None:
        """The vehicle with this VIN."""
        return self._by_vin.get(vin) if vin else None


def settle(
    lines: Sequence[RequestLine], register: Register, *, left_out: Iterable[int] = (), moved: Iterable[int] = ()
) -> tuple[Settled, ...]:
    """Decide for each line (checked by `check_lines`) which vehicle it becomes.

    `left_out` and `moved` are indexes of lines: not to be taken, and to be moved to this customer although it is another's.
    """
    out, willing = set(left_out), set(moved)
    taken: dict[int, int] = {}
    settled = []
    for index, line in enumerate(lines):
        one = _against_record(_within_file(index, line, register), register)
        one = replace(_owned(_once(one, taken), index in willing), left_out=index in out)
        if one.vehicle_id is not None and not one.left_out:
            taken.setdefault(one.vehicle_id, line.row)
        settled.append(one)
    return tuple(settled)


def _within_file(index: int, line: RequestLine, register: Register) -> Settled:
    """A plate or VIN that stands twice in the file names its first line only; the second keeps it as a remark."""
    codes = {problem.code for problem in line.problems}
    plate, vin, remarks = line.plate, line.vin, [line.remark] if line.remark else []
    problems = list(line.problems)
    if "plate_repeats" in codes:
        remarks.append(show_plate(plate))
        plate = ""
    if "vin_repeats" in codes:
        remarks.append(f"VIN {vin}")
        vin = ""
    if not plate and not vin and "nameless" not in codes:
        problems.append(Problem("twice", say("this vehicle stands in the list already"), blocks=True))
    colour = colour_of(plate, line.colour, register.colours(plate))
    return Settled(index, line, plate, colour, vin, "; ".join(remarks), tuple(problems))


def _against_record(one: Settled, register: Register) -> Settled:
    """The vehicle on record that the line means, by its plate first; a VIN that is another vehicle's is kept as a remark."""
    by_plate, by_vin = register.plated(one.plate, one.colour), register.with_vin(one.vin)
    found = by_plate or by_vin
    if found is None:
        return one
    one = _equipped(replace(one, vehicle_id=found.id, owner=found.owner, branch=found.branch), found)
    if by_plate and by_vin and by_plate.id != by_vin.id:
        text = say("its VIN is on record for %(vehicle)s", vehicle=by_vin.shown)
        return _without_vin(one, Problem("vin_elsewhere", text))
    if by_plate and one.vin and by_plate.vin and by_plate.vin != one.vin:
        return _without_vin(one, Problem("vin_differs", say("on record with the VIN %(vin)s", vin=by_plate.vin)))
    if not by_plate and one.plate and found.plate:
        return _with_problem(
            one, Problem("plate_differs", say("its VIN is on record with the plate %(plate)s", plate=found.shown))
        )
    return one


def _equipped(one: Settled, found: OnRecord) -> Settled:
    """A vehicle that has a terminal may want a second one, or stands in the list by mistake."""
    if not found.terminals:
        return one
    text = say("has a terminal of ours already: %(serials)s", serials=listed(found.terminals))
    return _with_problem(one, Problem("has_terminal", text))


def _without_vin(one: Settled, problem: Problem) -> Settled:
    remark = "; ".join(filter(None, (one.remark, f"VIN {one.vin}")))
    return _with_problem(replace(one, vin="", remark=remark), problem)


def _once(one: Settled, taken: dict[int, int]) -> Settled:
    first = taken.get(one.vehicle_id) if one.vehicle_id is not None else None
    if first is None:
        return one
    return _with_problem(
        one, Problem("twice", say("this is the vehicle of row %(row)s", row=first), blocks=True, other_row=first)
    )


def _owned(one: Settled, willing: bool) -> Settled:
    if one.branch is not None:
        text = say("on record at another branch: %(branch)s", branch=one.branch)
        return _with_problem(one, Problem("other_branch", text, blocks=True))
    if one.owner is None:
        return one
    return _with_problem(one, Problem("other_owner", say("on record under %(owner)s", owner=one.owner), blocks=not willing))


def _with_problem(one: Settled, problem: Problem) -> Settled:
    return replace(one, problems=(*one.problems, problem))

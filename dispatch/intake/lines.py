"""The lines of an installation request: one vehicle each, with whatever a person should look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from dispatch.customers.rules import (
    COLOURS,
    Doubt,
    Plate,
    normalise_plate,
    normalise_vin,
    phone_doubt,
    plate_warnings,
    read_colour,
    read_phones,
    read_plate,
    vin_warnings,
)
from dispatch.tabular.cells import line_of, pieces, read_date, says_nothing, text_of
from dispatch.tabular.columns import Table, TableRow
from dispatch.words import Text, say


@dataclass(frozen=True)
class Driver:
    """A driver of a vehicle. `phone` in digits, as typed when it is no known number; `shift` in the file's words."""

    name: str
    phone: str
    shift: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a line needs a person. `blocks`: it cannot become an order line as it is. `other_row`: the line it repeats."""

    code: str
    text: Text
    blocks: bool = False
    other_row: int | None = None


@dataclass(frozen=True)
class RequestLine:
    """One vehicle. `row` counts from 1 in its sheet; `plate` is "" when unplated; `colour` is a code of
    `customers.rules.COLOURS`, "" when not given, or the word typed when it is none. `model` and `address` are the
    line's own, "" when the header's hold."""

    row: int
    plate: str
    colour: str
    vin: str
    vehicle_type: str = ""
    engine_no: str = ""
    make: str = ""
    drivers: tuple[Driver, ...] = ()
    parking: str = ""
    remark: str = ""
    model: str = ""
    address: str = ""
    sheet: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def status(self) -> str:
        """ "ok" or "attention"."""
        return "attention" if self.problems else "ok"

    @property
    def usable(self) -> bool:
        """Can it become an order line as it is?"""
        return not any(problem.blocks for problem in self.problems)


# --- reading


def lines_of(table: Table, wanted_on: date | None = None) -> list[RequestLine]:
    """The lines of a table, of a request for that day. A row that only adds a driver to the one above is no line."""
    lines: list[RequestLine] = []
    previous: TableRow | None = None
    for row in table.rows:
        if previous and _only_adds_driver(row, previous):
            lines[-1] = add_drivers(lines[-1], drivers_of(row))
        else:
            lines.append(_line(table, row, wanted_on))
        previous = row
    return lines


def _only_adds_driver(row: TableRow, previous: TableRow) -> bool:
    """Either nothing but a driver, or (merged cells) the same number, plate and VIN as the row above with another driver."""
    if not drivers_of(row):
        return False
    named = [key for key in ("number", "plate", "vin") if not says_nothing(row.cell(key))]
    if not named:
        return True
    return "number" in named and all(row.code(key) == previous.code(key) for key in ("number", "plate", "vin"))


def _line(table: Table, row: TableRow, wanted_on: date | None) -> RequestLine:
    plate = read_plate(row.code("plate"), row.code("colour"))
    return RequestLine(
        row=row.row,
        plate=plate.text,
        colour=plate.colour or _text(row, "colour"),
        vin=normalise_vin(row.code("vin")),
        vehicle_type=_text(row, "vehicle_type"),
        engine_no=row.code("engine_no"),
        make=_text(row, "make"),
        drivers=drivers_of(row),
        parking=_text(row, "parking"),
        remark=_remark(table, row, wanted_on),
        model=_text(row, "model"),
        address=_text(row, "address"),
        sheet=table.sheet,
    )


def _text(row: TableRow, key: str) -> str:
    return "" if says_nothing(row.cell(key)) else row.text(key)


def _remark(table: Table, row: TableRow, wanted_on: date | None) -> str:
    """The remark, the fleet's own number, a day of its own, and what stood in columns nobody knows: nothing written is lost."""
    same_day = wanted_on is not None and read_date(row.cell("wanted_on")) == wanted_on
    keys = ("own_number",) if same_day else ("own_number", "wanted_on")
    own = [f"{table.heading(key)}: {row.text(key)}" for key in keys if _text(row, key)]
    extra = [f"{name}: {value}" for name, value in row.extra.items()]
    return "; ".join([*filter(None, [_text(row, "remark")]), *own, *extra])


def drivers_of(row: TableRow) -> tuple[Driver, ...]:
    """The drivers in a row: the columns of the first and second driver; `张三/李四` with as many phones are two."""
    shift = _text(row, "shift")
    return (*_drivers(row, "driver", "driver_phone", shift), *_drivers(row, "driver2", "driver2_phone", ""))


def _drivers(row: TableRow, name_key: str, phone_key: str, shift: str) -> Iterable[Driver]:
    names = [] if says_nothing(row.cell(name_key)) else [line_of(piece) for piece in pieces(text_of(row.cell(name_key)))]
    phones = [phone.written for phone in read_phones(text_of(row.cell(phone_key)))]
    if len(names) <= 1 or len(names) < len(phones):
        names, phones = [", ".join(names)], [" / ".join(phones)]
    for name, phone in zip_longest(names, phones, fillvalue=""):
        if name or phone:
            yield Driver(name, phone, shift)


def add_drivers(line: RequestLine, drivers: Iterable[Driver]) -> RequestLine:
    """The line with more drivers; one who is there already is not added twice."""
    return replace(line, drivers=tuple(dict.fromkeys((*line.drivers, *drivers))))


def mended_drivers(drivers: Sequence[Driver], typed: Mapping[int, tuple[str, str]]) -> tuple[Driver, ...]:
    """The drivers with the name and phone a person typed for some of them, by index; one without either is gone."""
    mended = [_mended(driver, *typed[index]) if index in typed else driver for index, driver in enumerate(drivers)]
    return tuple(driver for driver in mended if driver.name or driver.phone)


def _mended(driver: Driver, name: str, phone: str) -> Driver:
    same = phone == driver.phone
    return replace(driver, name=line_of(name), phone=phone if same else " / ".join(one.written for one in read_phones(phone)))


# --- checking


def check_lines(lines: Sequence[RequestLine]) -> tuple[RequestLine, ...]:
    """The lines with plate, colour and VIN tidied and their problems found anew: run it again after a person changed one.

    Of the problems of one cell only the gravest is named.
    """
    tidied = [
        replace(line, plate=normalise_plate(line.plate), vin=normalise_vin(line.vin), colour=_colour(line)) for line in lines
    ]
    plates = _repeats(tidied, lambda line: line.plate)
    vins = _repeats(tidied, lambda line: line.vin)
    colours_given = any(line.colour for line in tidied)
    return tuple(
        replace(line, problems=_problems(line, plates.get(index), vins.get(index), colours_given))
        for index, line in enumerate(tidied)
    )


def _colour(line: RequestLine) -> str:
    return read_colour(line.colour) or line.colour.strip()


def _repeats(lines: Sequence[RequestLine], key: Callable[[RequestLine], str]) -> dict[int, int]:
    """Index of a line -> row of the first line with the same value, for all but that first one."""
    first: dict[str, int] = {}
    repeats: dict[int, int] = {}
    for index, line in enumerate(lines):
        value = key(line)
        if value and first.setdefault(value, index) != index:
            repeats[index] = lines[first[value]].row
    return repeats


def _problems(line: RequestLine, same_plate: int | None, same_vin: int | None, colours_given: bool) -> tuple[Problem, ...]:
    if not line.plate and not line.vin:
        return (Problem("nameless", say("neither plate nor VIN"), blocks=True),)
    found = (
        _plate_problem(line, same_plate),
        _colour_problem(line, colours_given),
        _vin_problem(line, same_vin),
        _phone_problem(line),
    )
    return tuple(problem for problem in found if problem)


def _plate_problem(line: RequestLine, same_plate: int | None) -> Problem | None:
    if not line.plate:
        return Problem("unplated", say("unplated: identified by its VIN"))
    if same_plate is not None:
        return Problem("plate_repeats", say("plate repeats another line"), other_row=same_plate)
    known = line.colour if line.colour in COLOURS else ""
    return _first(plate_warnings(Plate(line.plate, known)))


def _colour_problem(line: RequestLine, colours_given: bool) -> Problem | None:
    """A blank colour is worth a word only in a file that gives colours; otherwise one note says it for all lines."""
    if line.colour and line.colour not in COLOURS:
        return Problem("colour_unknown", say("plate colour “%(colour)s” is not known", colour=line.colour))
    if line.plate and not line.colour and colours_given:
        return Problem("colour_missing", say("plate colour is missing"))
    return None


def _vin_problem(line: RequestLine, same_vin: int | None) -> Problem | None:
    if same_vin is not None:
        return Problem("vin_repeats", say("VIN repeats another line"), other_row=same_vin)
    return _first(vin_warnings(line.vin))


def _phone_problem(line: RequestLine) -> Problem | None:
    doubts = (phone_doubt(phone) for driver in line.drivers for phone in read_phones(driver.phone))
    return _first([doubt for doubt in doubts if doubt])


def _first(doubts: Sequence[Doubt]) -> Problem | None:
    return Problem(doubts[0].code, doubts[0].text) if doubts else None

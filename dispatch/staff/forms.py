"""Technicians: a file -> rows with home, skills, shift and what they carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from functools import partial

from dispatch.staff.rules import SKILLS
from dispatch.staff.workday_rules import ENDS, within
from dispatch.tabular.cells import Cell, pieces, plain, read_decimal, read_time, read_whole
from dispatch.tabular.columns import Column
from dispatch.tabular.imports import Import, RowReader, read_rows
from dispatch.tabular.tables import Workbook
from dispatch.words import Text, say

LEVELS = range(1, 6)

COLUMNS = (
    Column("staff_no", ("工号", "员工编号", "员工号", "Staff number", "Staff no", "Employee number"), required=True),
    Column("name", ("姓名", "技术员", "员工姓名", "Name", "Technician"), required=True),
    Column("phone", ("手机", "手机号", "手机号码", "电话", "联系电话", "Phone", "Mobile")),
    Column("home_address", ("驻地", "地址", "住址", "驻点", "Home", "Base", "Address")),
    Column("home_lat", ("纬度", "Lat", "Latitude")),
    Column("home_lon", ("经度", "Lon", "Lng", "Longitude")),
    Column("skills", ("技能", "技能等级", "Skills", "Skill")),
    Column("shift", ("班次", "班次时间", "工作时间", "Shift", "Hours")),
    Column("pace", ("用时比例", "用时百分比", "工作速度", "Time taken", "Pace")),
    Column("overtime_minutes", ("可加班分钟", "加班上限", "加班分钟", "Overtime", "Overtime minutes")),
    Column("max_vehicles", ("每日最多车辆", "每天最多车辆数", "日上限", "Vehicles a day", "Most vehicles")),
    Column("max_travel_minutes", ("每日最多行车分钟", "每天最多行车分钟", "Minutes on the road", "Most travel")),
    Column("terminals", ("随车终端", "随车终端数", "Terminals", "Terminals carried")),
    Column("sims", ("随车SIM", "随车SIM卡", "SIMs", "SIMs carried")),
    Column("number", ("序号", "No", "#")),
)

_SKILL_WORDS = {
    "安装": "install",
    "installation": "install",
    "维修": "repair",
    "修理": "repair",
    "电路": "electrics",
    "电气": "electrics",
    "电工": "electrics",
    "油感": "oil-sensor",
    "油位": "oil-sensor",
    "油量传感器": "oil-sensor",
    "视频": "video",
}


@dataclass(frozen=True)
class Skill:
    """A skill by its code, and its level from 1."""

    code: str
    level: int


@dataclass(frozen=True)
class Shift:
    """Working hours of a day; `until` before `start` means over midnight."""

    start: time
    until: time


@dataclass(frozen=True)
class TechnicianRow:
    """A technician. `terminals` and `sims` are how many the bag should hold; degrees are WGS-84."""

    row: int
    staff_no: str
    name: str
    phone: str
    home_address: str
    home_lat: float | None
    home_lon: float | None
    skills: tuple[Skill, ...]
    shift: Shift | None
    terminals: int
    sims: int
    pace: int | None = None
    overtime_minutes: int | None = None
    max_vehicles: int | None = None
    max_travel_minutes: int | None = None


def read_technicians(workbook: Workbook) -> Import[TechnicianRow]:
    """A list of technicians -> rows; a staff number may stand only once."""
    return read_rows(workbook, COLUMNS, _technician, (("staff_no", _staff_no),))


def _staff_no(row: TechnicianRow) -> str:
    return row.staff_no


def _technician(reader: RowReader) -> TechnicianRow:
    return TechnicianRow(
        row=reader.row,
        staff_no=reader.need("staff_no", plain, ""),
        name=reader.needed_text("name"),
        phone=reader.maybe("phone", _read_mobile) or "",
        home_address=reader.text("home_address"),
        home_lat=reader.maybe("home_lat", _read_latitude),
        home_lon=reader.maybe("home_lon", _read_longitude),
        skills=reader.maybe("skills", read_skills) or (),
        shift=reader.maybe("shift", read_shift),
        terminals=reader.maybe("terminals", read_whole) or 0,
        sims=reader.maybe("sims", read_whole) or 0,
        **{name: reader.maybe(name, partial(_read_within, name)) for name in ENDS},
    )


def _read_within(name: str, cell: Cell) -> int | Text | None:
    number = read_whole(re.sub(r"\s*(?:%|分钟|分|min)$", "", plain(cell)))
    return within(name, number) if isinstance(number, int) else number


def _read_mobile(cell: Cell) -> str | Text:
    digits = re.sub(r"^\+?86(?=1\d{10}$)", "", re.sub(r"[\s\-]", "", plain(cell)))
    return digits if re.fullmatch(r"\+?\d{7,15}", digits) else say("“%(text)s” is not a phone number", text=plain(cell))


def _read_latitude(cell: Cell) -> float | Text | None:
    return _degrees(cell, 90)


def _read_longitude(cell: Cell) -> float | Text | None:
    return _degrees(cell, 180)


def _degrees(cell: Cell, most: int) -> float | Text | None:
    number = read_decimal(cell)
    if number is None or isinstance(number, Text):
        return number
    return (
        float(number)
        if abs(number) <= most
        else say("“%(text)s” is not between -%(most)s and %(most)s", text=plain(cell), most=most)
    )


def read_skills(cell: Cell) -> tuple[Skill, ...] | Text:
    """`install:2;repair:1` -> skills by code; without a level it is 1; of a skill named twice the higher level counts."""
    best: dict[str, int] = {}
    for piece in pieces(plain(cell)):
        skill = _read_skill(piece)
        if isinstance(skill, Text):
            return skill
        best[skill.code] = max(skill.level, best.get(skill.code, 0))
    return tuple(Skill(code, level) for code, level in best.items())


def _read_skill(piece: str) -> Skill | Text:
    match = re.fullmatch(r"(.+?)\s*[:=*(\s]?\s*(?:L|lv)?(\d{1,2})?\s*级?\)?", piece, re.IGNORECASE)
    word = match[1].casefold() if match else piece
    code = _SKILL_WORDS.get(word, word.replace(" ", "-").replace("_", "-"))
    level = int(match[2]) if match and match[2] else 1
    if code not in SKILLS:
        return say("“%(skill)s” is not a known skill; known are %(known)s", skill=piece, known=", ".join(SKILLS))
    return (
        Skill(code, level) if level in LEVELS else say("“%(skill)s”: levels go from 1 to %(most)s", skill=piece, most=LEVELS[-1])
    )


def read_shift(cell: Cell) -> Shift | Text:
    """`08:30-17:30`, `8:30~17:30`, `8:30至17:30` -> Shift."""
    text = plain(cell)
    ends = [read_time(part) for part in re.split(r"\s*(?:-|~|—|–|至|到|to)+\s*", text)]
    if len(ends) == 2 and isinstance(ends[0], time) and isinstance(ends[1], time) and ends[0] != ends[1]:
        return Shift(ends[0], ends[1])
    return say("“%(text)s” is not a shift; write it like 08:30-17:30", text=text)

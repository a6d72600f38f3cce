"""A list of technicians."""

from __future__ import annotations

from datetime import time

import pytest

from dispatch.errors import Invalid
from dispatch.staff.forms import Shift, Skill, read_shift, read_skills, read_technicians
from dispatch.staff.page_forms import read_person
from dispatch.staff.workday_rules import Workday
from dispatch.words import Text
from tests.tabular.files import book, expected, full_width, sample, table


def test_the_sample() -> None:
    people = read_technicians(sample("technicians.csv"))
    assert len(people.rows) == expected("technicians.csv")["lines"] and not people.problems and not people.unknown_columns
    first = people.rows[0]
    assert (first.staff_no, first.name, first.phone, first.home_lat, first.home_lon) == (
        "JS001",
        "苏杰",
        "18972515240",
        22.479,
        113.906,
    )
    assert first.skills == (Skill("install", 2), Skill("repair", 2))
    assert (first.shift, first.terminals, first.sims) == (Shift(time(12), time(21)), 8, 8)


@pytest.mark.parametrize(
    "typed",
    [
        "install:1;install:2;repair:1",
        "安装:2;维修:1",
        "Install 2, repair",
        "安装2级、维修",
        "install:2 / repair:1",
        full_width("install:2;repair:1"),
    ],
)
def test_skills_however_written(typed: str) -> None:
    assert read_skills(typed) == (Skill("install", 2), Skill("repair", 1))


@pytest.mark.parametrize("typed", ["juggling:2", "install:9", "install:0"])
def test_unknown_skills_and_levels_are_named(typed: str) -> None:
    answer = read_skills(typed)
    assert isinstance(answer, Text) and typed in str(answer)


@pytest.mark.parametrize(
    "typed", ["08:30-17:30", "8:30~17:30", "8:30—17:30", "8:30至17:30", "08:30 - 17:30", full_width("08:30-17:30")]
)
def test_shifts(typed: str) -> None:
    assert read_shift(typed) == Shift(time(8, 30), time(17, 30))


@pytest.mark.parametrize("typed", ["早班", "08:30", "08:30-25:00", "08:30-08:30", "8-17"])
def test_no_shifts(typed: str) -> None:
    assert isinstance(read_shift(typed), Text)


def test_problems_and_duplicates() -> None:
    rows = [
        ["工号", "姓名", "手机", "纬度", "技能", "班次", "随车终端"],
        ["JS1", "苏杰", 18972515240, 22.5, "install:2", "08:30-17:30", 8],
        ["JS1", "卫晨", "", "", "", "", ""],
        ["JS3", "", "12", 222, "juggling", "late", "many"],
    ]
    people = read_technicians(book(rows))
    assert [row.phone for row in people.rows] == ["18972515240"]
    assert [(problem.row, problem.column) for problem in people.problems] == [
        (3, "工号"),
        *[(4, column) for column in ("姓名", "手机", "纬度", "技能", "班次", "随车终端")],
    ]
    assert str(people.problems[0].text) == "JS1 in row 3 stands already in row 2"


def test_english_headings() -> None:
    heading = "Staff number,Name,Mobile,Home,Latitude,Longitude,Skills,Shift\n"
    people = read_technicians(table(heading + "T1,Su Jie,18972515240,Shekou,22.5,113.9,repair:1,08:30-17:30\n"))
    assert people.rows[0].home_address == "Shekou" and people.rows[0].skills == (Skill("repair", 1),)


def test_how_somebody_works_a_day_comes_with_the_list() -> None:
    head = "工号,姓名,用时比例,可加班分钟,每日最多车辆,每日最多行车分钟"
    people = read_technicians(table(f"{head}\nJS1,甲,115%,60分钟,8,\nJS2,乙,500,,,\n"))
    first = people.rows[0]
    told = (first.pace, first.overtime_minutes, first.max_vehicles, first.max_travel_minutes)
    assert told == (115, 60, 8, None)
    (problem,) = people.problems
    assert "from 50 to 200" in str(problem.text)


def test_what_the_planner_reckons_with_is_read_or_refused_beside_its_field() -> None:
    typed = {"staff_no": "x", "name": "x", "branch_id": "1", "pace": "90", "max_vehicles": "6", "open_end": "1"}
    assert read_person(typed, ["technician"]).workday == Workday(pace=90, max_vehicles=6, open_end=True)
    with pytest.raises(Invalid) as refusal:
        read_person({**typed, "pace": "20", "overtime_minutes": "-5", "max_travel_minutes": "x"}, ["technician"])
    assert set(refusal.value.fields) == {"pace", "overtime_minutes", "max_travel_minutes"}

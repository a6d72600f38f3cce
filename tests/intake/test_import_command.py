"""`./run import`: a look at a file with and without a database, and taking it in once, for whoever is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from dispatch import cli
from dispatch.db import transaction
from dispatch.devices.models import Terminal
from dispatch.intake.models import Upload
from dispatch.orders.models import Order
from tests.conftest import Cast
from tests.intake.building import HEAD, table
from tests.intake.test_imports import SAMPLE
from tests.tabular.files import SAMPLES, expected, xlsx


def run(*arguments: object) -> Result:
    """The command as it is typed, in English."""
    return CliRunner().invoke(cli.cli, ["import", *map(str, arguments), "--lang", "en"])


def seen(*arguments: object) -> dict[str, Any]:
    """What a dry run tells a program."""
    answer = run(*arguments, "--dry-run", "--json")
    assert answer.exit_code in (0, 1), answer.output
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def statuses(told: dict[str, Any]) -> list[tuple[int, str]]:
    return [(line["row"], line["status"]) for line in told["lines"]]


def test_the_first_sample_line_by_line_without_a_database() -> None:
    told, truth = seen("vehicles", SAMPLES / "install_request_1.xlsx"), expected("install_request_1.xlsx")
    assert told["request"]["address"] == truth["address"] and told["request"]["wanted_on"] == "2026-12-01"
    assert statuses(told) == [(line["row"], line["status"]) for line in truth["lines"]]
    assert [line["values"]["vin"] for line in told["lines"]] == [line["vin"] for line in truth["lines"]]
    assert [line["reasons"] for line in told["lines"]] == [[line["why"]] if line["why"] else [] for line in truth["lines"]]
    assert told["lines"][17]["cells"] == [{"column": "plate", "code": "plate_repeats", "value": "粤BYLH7D"}]


def test_the_other_samples_without_a_database() -> None:
    second, third = seen("vehicles", SAMPLES / "install_request_2.csv"), seen("vehicles", SAMPLES / "install_request_3.xlsx")
    assert len(second["lines"]) == 17 and second["request"]["blank_rows"] == 2
    assert len(third["lines"]) == 220 and sum(len(line["values"]["drivers"]) for line in third["lines"]) == 294
    for kind, name in SAMPLE.items():
        if kind != "parts":
            truth = expected(name)
            assert len(seen(kind, SAMPLES / name)["lines"]) == truth.get("lines") or truth.get("calls"), kind
    letters = [
        line for line in seen("sims", SAMPLES / "stock_sims.csv")["lines"] if not line["values"]["iccid"]["printed"].isdigit()
    ]
    assert len(letters) == expected("stock_sims.csv")["with_letters"]


def test_what_is_wrong_is_said_and_ends_with_its_own_number(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("工号,姓名,技能\nJS900,新人,kochen\nJS901,旧人,安装:2\n", encoding="utf-8")
    answer = run("technicians", file, "--dry-run")
    assert answer.exit_code == 1 and "2: rejected – “kochen” is not a known skill" in answer.output
    assert "2 lines: 1 ok, 0 need attention, 1 rejected." in answer.output
    (bad, _) = seen("technicians", file)["lines"]
    assert (bad["values"]["skills"], bad["cells"][0]["column"]) == ("kochen", "skills")
    for arguments, words in (
        (("vehicles", tmp_path / "none.xlsx", "--dry-run"), "cannot be read"),
        (("vehicles", SAMPLES / "prices.csv", "--dry-run"), "Say on the page which column is what"),
        (("vehicles", file), "--by USERNAME"),
        (("prices", file, "--dry-run", "--set", "customer=X"), "none of store"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 2 and words in refused.output
    chinese = CliRunner().invoke(cli.cli, ["import", "technicians", str(file), "--dry-run", "--lang", "zh"])
    assert "共 2 行" in chinese.output


def count(table_: type) -> int:
    with transaction() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(table_)) or 0


@pytest.fixture
def named(cast: Cast, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works on the test's own database."""
    own = {
        "DATABASE_URL": database,
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "test",
        "ARGON2_MEMORY_KIB": "64",
        "ARGON2_TIME_COST": "1",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)


def test_a_request_is_taken_in_once_and_whole_or_not_at_all(named: None, tmp_path: Path) -> None:
    first = SAMPLES / "install_request_1.xlsx"
    assert run("vehicles", first, "--by", "nobody").exit_code == 2
    looked = run("vehicles", first, "--by", "lin", "--dry-run")
    assert looked.exit_code == 0 and count(Upload) == 0
    made = run("vehicles", first, "--by", "lin")
    assert made.exit_code == 0 and "with 43 vehicles is saved and waits for approval" in made.output, made.output
    again = run("vehicles", first, "--by", "wang")
    assert again.exit_code == 0 and "nothing was taken twice" in again.output and count(Order) == 1
    second = SAMPLES / "install_request_2.csv"
    refused = run("vehicles", second, "--by", "lin")
    assert refused.exit_code == 1 and "customer" in refused.output and count(Order) == 1 and count(Upload) == 1
    fields = [part for name in ("customer", "contact", "phone") for part in ("--set", f"{name}={HEAD[name]}")]
    assert run("vehicles", second, "--by", "lin", *fields).exit_code == 0 and count(Order) == 2
    nameless = tmp_path / "half.xlsx"
    nameless.write_bytes(table(["粤B11111", "黄", "", HEAD["address"]], ["无", "", "", ""]))
    half = run("vehicles", nameless, "--by", "lin", *fields)
    assert half.exit_code == 1 and "Nothing was taken in" in half.output and count(Order) == 2
    assert run("vehicles", nameless, "--by", "lin", *fields, "--leave-out").exit_code == 0 and count(Order) == 3


def test_lists_are_taken_in_by_those_who_may_and_once(named: None, tmp_path: Path) -> None:
    file = tmp_path / "terminals.xlsx"
    file.write_bytes(xlsx([["序列号", "型号", "仓库"], ["SN1", "BD-808A", "总仓"], ["SN2", "BD-808A", "总仓"]]))
    assert run("prices", SAMPLES / "prices.csv", "--by", "lin").exit_code == 2, "a dispatcher sets no prices"
    assert run("terminals", file, "--by", "lin").exit_code == 0 and count(Terminal) == 2
    told = seen("terminals", file, "--by", "lin")
    assert statuses(told) == [(2, "rejected"), (3, "rejected")] and "on record already" in told["lines"][0]["reasons"][0]
    assert "nothing was taken twice" in run("terminals", file, "--by", "lin").output and count(Terminal) == 2
    for _ in range(2):
        assert run("calls", SAMPLES / "repair_calls.csv", "--by", "lin").exit_code == 0
    assert count(Order) == expected("repair_calls.csv")["calls"]

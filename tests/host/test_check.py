"""`./run check`: content with a whole record, and every kind of damage is named so that a person can find it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dispatch import cli
from dispatch.audit.operations import make_digest
from dispatch.db import transaction
from dispatch.host import commands
from dispatch.sheets.gateway import missing_libraries
from tests import resetting
from tests.conftest import AT, Cast
from tests.databases import database
from tests.host.house import Company, build, settings_for


@pytest.fixture(scope="module")
def whole(cluster_url: str, template: tuple[str, Cast], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with a whole record in a database of its own, which is remembered."""
    with database(cluster_url, f"whole_{os.getpid()}", template[0]) as url:
        company = build(settings_for(url, tmp_path_factory.mktemp("whole")), template[1])
        resetting.prepare(url)
        yield company


@pytest.fixture
def company(whole: Company) -> Iterator[Company]:
    """This company, to be damaged: its database is brought back, its store of files is the same."""
    version = whole.ask("SELECT version_num FROM alembic_version")
    resetting.restore(whole.settings.database_url)
    yield whole.opened()
    whole.tamper(f"UPDATE alembic_version SET version_num = '{version}'")


def test_a_whole_record_is_content(company: Company) -> None:
    assert company.wrong() == []


DAMAGES = {
    "an entry of the trail": ("UPDATE audit_entry SET detail = '{}' WHERE action = 'receipt.take'", "audit: order ", "WX-"),
    "the end of a chain": ("DELETE FROM audit_entry WHERE action = 'receipt.refund'", "audit: order ", "head does not match"),
    "a unit that was moved": (
        "UPDATE custody_position SET holder_id = (SELECT min(id) FROM holder WHERE kind = 'store'), holder_kind = 'store' "
        "WHERE holder_kind = 'slot' AND unit_kind = 'terminal'",
        "custody: terminal ",
        "it stands at holder",
    ),
    "a move that was changed": ("UPDATE custody_entry SET reason = 'lost' WHERE seq = 2", "custody: ", "entry 2 of its custody"),
    "a unit nobody has": ("DELETE FROM custody_position WHERE unit_kind = 'sim'", "custody: sim ", "nobody has it"),
    "a fitting": ("UPDATE fitting SET in_entry_id = out_entry_id", "custody: Fitting ", "of order WX-"),
    "a message": ("UPDATE field_fact SET content = '{}' WHERE kind = 'payment.take'", "facts: Message ", "payment.take"),
    "a signature": ("UPDATE signature SET summary = '{}'", "facts: Signature ", "of order WX-"),
    "a test's proof": (
        "WITH said AS (INSERT INTO observation (unit_id, kind, phone, serial, received_at, late, whole, raw) "
        "SELECT min(unit_id), 'online', '1', 1, now(), false, true, '' FROM terminal RETURNING id) UPDATE test_result SET "
        "observation_id = (SELECT id FROM said) WHERE result = 'passed' AND order_id = (SELECT max(order_id) FROM test_result)",
        "tests: Test result ",
        "never in the vehicle",
    ),
    "a correction": (
        "UPDATE test_result SET reason = '?', corrects_id = (SELECT min(id) FROM test_result) "
        "WHERE id = (SELECT max(id) FROM test_result)",
        "tests: Test result ",
        "another point",
    ),
    "a clock that runs on": (
        "UPDATE order_clock SET state = 'running', met_at = NULL WHERE stage = 'repair' AND state = 'met'",
        "clocks: A clock of order WX-",
        "is over: Completion",
    ),
    "a wait that was left": (
        "INSERT INTO order_wait (order_id, why, next_on, pauses, since) SELECT min(id), 'part', current_date, true, now() "
        "FROM work_order",
        "waits: Order ",
        "do not agree",
    ),
    "a silence": (
        "WITH out AS (UPDATE custody_position SET since = '2020-01-01' WHERE unit_kind = 'terminal' AND holder_kind <> 'slot' "
        "RETURNING unit_id) INSERT INTO silence (unit_id, vehicle_id, customer_id, branch_id, last_heard_at, found_at, "
        "request_key) SELECT unit_id, v.id, customer_id, branch_id, now(), now(), gen_random_uuid() FROM out, vehicle v LIMIT 1",
        "silences: Silence ",
        "is not in ",
    ),
    "a receipt's amount": ("UPDATE receipt SET amount = 190 WHERE amount = 200", "receipts: Receipt RSZ000001", "200.00 wechat"),
    "a refund": ("UPDATE receipt SET amount = -210 WHERE amount < 0", "receipts: The refunds of receipt RSZ000001", "210.00"),
    "a receipt that is gone": ("DELETE FROM receipt WHERE amount < 0", "receipts: Number RSZ", "has no receipt"),
    "a receipt's number": ("UPDATE receipt SET running = 40 WHERE amount > 0", "receipts: Receipt RSZ000001", "of its block"),
    "a posting": ("UPDATE posting SET amount = amount + 1 WHERE seq = 1", "money: ", ""),
    "a file without its row": ("DELETE FROM stored_file WHERE media_type = 'image/jpeg'", "files: File ", "photo "),
    "a job": ("UPDATE procrastinate_jobs SET status = 'failed'", "jobs: Job ", "sheets.make"),
    "the version": ("UPDATE alembic_version SET version_num = '0002'", "tables: ", "0002"),
    "a later version": ("UPDATE alembic_version SET version_num = '9999'", "tables: ", "older than they are"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_kind_of_damage_is_named(company: Company, damage: str) -> None:
    statement, begins, says = DAMAGES[damage]
    company.tamper(statement)
    named = [line for line in company.wrong() if line.startswith(begins) and says in line]
    assert named, company.wrong()


DIGESTS = {
    "its hash": ("UPDATE audit_digest SET hash = sha256(hash)",),
    "its number of chains": ("UPDATE audit_digest SET heads = heads - 1",),
    "a whole chain is gone": (
        "DELETE FROM audit_entry WHERE (subject_kind, subject_id) = (SELECT subject_kind, subject_id FROM audit_head LIMIT 1)",
        "DELETE FROM audit_head WHERE ctid = (SELECT ctid FROM audit_head LIMIT 1)",
    ),
}


@pytest.mark.parametrize("tampering", DIGESTS)
def test_a_nights_digest_speaks_for_all_chains(company: Company, tampering: str) -> None:
    night = AT + timedelta(days=1)
    with transaction() as session:
        make_digest(session, day=night.date(), at=night)
    assert company.wrong() == []
    company.tamper(*DIGESTS[tampering])
    assert f"audit: The digest of {night.date()} is not what the entries up to then give." in company.wrong()


@pytest.mark.skipif(bool(missing_libraries()), reason="sheets cannot be made here")
def test_changed_facts_of_a_sheet_and_a_foreign_pdf_are_named(company: Company) -> None:
    company.tamper(
        "UPDATE sheet_version SET facts = '{}'",
        "UPDATE sheet_release SET sha256 = (SELECT sha256 FROM stored_file WHERE media_type = 'image/jpeg' LIMIT 1)",
    )
    wrong = company.wrong()
    assert any(line.startswith("sheets: Sheet ") and "its facts were changed" in line for line in wrong)
    assert any(line.startswith("releases: Sheet ") and "not a PDF" in line for line in wrong)


def photo_of(company: Company) -> Path:
    """The place on disk of the photo."""
    sha256 = str(company.ask("SELECT sha256 FROM photo LIMIT 1"))
    return company.settings.data_dir / "files" / sha256[:2] / sha256[2:4] / sha256


def test_a_missing_a_changed_and_a_leftover_file(company: Company) -> None:
    place = photo_of(company)
    kept = place.read_bytes()
    leftover = place.parent / ("f" * 64)
    try:
        place.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        leftover.write_bytes(b"?")
        [changed] = company.wrong()
        assert (
            changed.startswith(f"files: File {place.name}")
            and "was changed" in changed
            and "photo " in changed
            and "WX-" in changed
        )
        place.unlink()
        [missing] = company.wrong()
        assert "is missing" in missing and place.name in missing
    finally:
        place.write_bytes(kept)
        leftover.unlink()


def run(company: Company, *arguments: str) -> tuple[int, str]:
    settings = company.settings
    environment = {"DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir), "FILES_KEY": "", "SECRET_KEY": ""}
    group = cli.cli
    group.add_command(commands.check)
    done = CliRunner().invoke(group, ["check", *arguments], env=environment)
    return done.exit_code, done.output


def test_the_command_speaks_two_languages_and_json_and_its_code_tells(company: Company) -> None:
    code, said = run(company, "--lang", "en", "--quick")
    assert code == 0 and "All is well." in said
    code, said = run(company, "--lang", "zh_CN.UTF-8", "--quick")
    assert code == 0 and "All is well." not in said
    company.tamper("UPDATE signature SET summary = '{}'")
    code, said = run(company, "--json", "--quick", "--lang", "en")
    told = json.loads(said)
    assert code == 1 and told["content"] is False and {problem["area"] for problem in told["problems"]} == {"facts"}


def test_a_look_makes_no_database(tmp_path: Path) -> None:
    cli.cli.add_command(commands.check)
    for lang, says in (("en", "no database"), ("zh", "没有数据库")):
        nowhere = {"DATA_DIR": str(tmp_path / "none"), "DATABASE_URL": "", "LANG": lang}
        done = CliRunner().invoke(cli.cli, ["check", "--lang", lang], env=nowhere)
        assert done.exit_code == 2 and says in done.output and not (tmp_path / "none").exists()


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    cli.cli.add_command(commands.check)
    gone = {"DATA_DIR": str(tmp_path), "DATABASE_URL": f"postgresql:///x?host={tmp_path}"}
    done = CliRunner().invoke(cli.cli, ["check", "--lang", "en"], env=gone)
    assert done.exit_code == 2 and "cannot be read" in done.output
